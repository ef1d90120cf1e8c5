//! Names of every kind in every format that takes names: each output can be read by what reads the format, and a terminal shows
//! it as it is.

use std::fs;

use autodiff::explain::{self, Explain};
use autodiff::graph::{Graph, Node, Role};
use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::metrics::Confusion;
use nn::plot::{self, ImageGrid, LineChart};
use nn::{Csv, Curve, Epoch, History, Init, Layer, Linear, Trace, Visit};
use tempfile::tempdir;

use crate::graph::{accepted_by_graphviz, well_formed};
use crate::typeset::refuse;

const NAMES: [&str; 35] = [
    "",
    " ",
    "a\u{0}b",
    "\u{1b}[31mred\u{1b}[0m",
    "two\nlines",
    "a\r\nb\tc",
    "\u{7f}\u{85}\u{9b}1m",
    "\u{fffe}\u{ffff}",
    "<b> & \"c\" 'd'",
    "]]><!-- --",
    "&lt;&amp;&#0;",
    "<script>alert(1)</script>",
    "\\",
    "\\n\\\"",
    "\\end{align*}",
    "{",
    "}",
    "}{",
    "50 % of $1 #2 a_b_c ~^",
    "_",
    "a_",
    "x'''",
    "x'_1'",
    "W[1]'",
    "W[a]b]",
    "[0]",
    "]",
    "a,b;c",
    "=1+1",
    "# comment",
    "\"quoted\"",
    "\"; x [label=\"",
    "//",
    "Größe 漢字 θ",
    "a very long name that goes on and on and on and on and on and on and on",
];

/// No sign that moves the cursor, rings the bell or ends a line where none ends.
#[track_caller]
fn shown_as_it_is(name: &str, text: &str, lines: usize) {
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{name:?}: {text:?}");
    assert_eq!(text.trim_end_matches('\n').split('\n').count(), lines, "{name:?}: {text}");
}

#[test]
fn graphs() {
    for name in NAMES {
        let tape = Tape::<f64>::new();
        let x = tape.var(0.5).named(name);
        let y = tape.group(name, || (x.sin() * x).named(name).adjoint_named(name)).exp();
        let mut own = Graph::new();
        let group = Some(own.add_group(name, None));
        let node = || Node { title: name.to_owned(), lines: vec![name.to_owned()], role: Role::Input, group };
        let (a, b) = (own.add_node(node()), own.add_node(node()));
        own.add_edge(a, b, name);
        for graph in [Graph::of(y).unwrap(), own] {
            let (dot, svg) = (graph.dot(), graph.svg());
            well_formed(&svg);
            for text in [&dot, &svg] {
                assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{name:?}: {text:?}");
                assert!(!text.contains(['\u{fffe}', '\u{ffff}']), "{name:?}");
            }
            for line in dot.lines().filter(|line| !line.contains("label=<")) {
                // Quotes come in pairs, but for those behind an odd number of strokes.
                let plain = line.replace("\\\\", "").replace("\\\"", "");
                assert_eq!(plain.matches('"').count() % 2, 0, "{name:?}: {line}");
            }
            accepted_by_graphviz(&dot);
        }
    }
}

#[test]
fn derivations() {
    for name in NAMES {
        let tape = Tape::<f64>::new();
        let w = tape.tensor(array![[0.3, -0.2]]).named(name);
        let x = Tensor::constant(array![1.0, 2.0]);
        let h =
            x.linear(&w, &Tensor::constant(array![0.5])).named(name).adjoint_named(name).tanh().function_named(name);
        let y = (&h * &h).sum().named(name);
        let derivation = Explain::of(&y).constant(name, &x).derivation(&[&w]);
        let text = derivation.to_string();
        // Long lines are broken.
        shown_as_it_is(name, &text, text.trim_end().split('\n').count());
        assert_eq!(refuse(&derivation.latex()), None, "{name:?}: {}", derivation.latex());
        let mathml = derivation.mathml();
        well_formed(&mathml);
        shown_as_it_is(name, &mathml, mathml.trim_end().split('\n').count());
        shown_as_it_is(name, &explain::paths(&y, &w).to_string(), 2);
    }
    // Primes without end.
    let tape = Tape::<f64>::new();
    let x = tape.var(0.5).named("'".repeat(100_000));
    assert!(explain::derivation(x.sin(), x).latex().len() > 100_000);
}

#[test]
fn pictures() {
    let folder = tempdir().unwrap();
    for name in NAMES {
        let chart = LineChart::new(name).x_label(name).y_label(name).series(name, [(0.0, 1.0), (1.0, 2.0)]);
        let grid = ImageGrid::new(name, 1).image(1, 1, [0.5], name, true);
        let confusion = Confusion::new(&[0, 1], &[0, 0], 2).names([name, "b"]);
        let map = plot::confusion_matrix(name, &confusion);
        let files = ["chart.svg", "grid.svg", "map.svg"].map(|file| folder.path().join(file));
        chart.save(&files[0]).unwrap();
        grid.save(&files[1]).unwrap();
        map.save(&files[2]).unwrap();
        for file in files {
            let svg = fs::read_to_string(file).unwrap();
            well_formed(&svg);
            assert!(svg.chars().all(|c| c == '\n' || !c.is_control()), "{name:?}");
        }
        shown_as_it_is(name, &confusion.to_string(), 3);
    }
}

/// A layer that is called anything.
struct Named(&'static str, Linear<f64>);

impl Layer<f64> for Named {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.1.forward(x)
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer(self.0, &self.1);
    }

    fn trace(&self, x: &Tensor<f64>, trace: &mut Trace) -> Tensor<f64> {
        trace.layer(self.0, &self.1, x)
    }

    fn describe(&self) -> String {
        self.0.to_owned()
    }
}

#[test]
fn tables_and_messages() {
    use rand::SeedableRng;
    let folder = tempdir().unwrap();
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(1);
    for name in NAMES {
        let model = Named(name, Linear::new(1, 1, Init::Zeros, rng));
        shown_as_it_is(name, &nn::summary(&model, &[1, 1]).to_string(), 4);
        well_formed(&nn::graph(&model, &[1, 1]).svg());

        let epoch = Epoch {
            train_loss: 1.0,
            train_accuracy: 0.5,
            valid_loss: 1.0,
            valid_accuracy: 0.5,
            penalty: 0.0,
            rate: 0.1,
            gradient_norm: 1.0,
            batch_size: 1,
        };
        let metrics = vec![Curve { name: name.to_owned(), train: vec![0.25], valid: vec![0.5] }];
        let history = History { epochs: vec![epoch], metrics, ..History::default() };
        let (json, table) = (folder.path().join("h.json"), folder.path().join("h.csv"));
        history.save_json(&json).unwrap();
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        assert_eq!(json["epochs"][0][format!("valid_{name}")], 0.5, "{name:?}");
        history.save_csv(&table).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(&table).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((&rows[0][9], &rows[1][9], rows.len()), (format!("valid_{name}").as_str(), "0.5", 2), "{name:?}");

        // As a category it is read as it was written, but for spaces around it; in messages it is in one line.
        let mut writer = csv::Writer::from_path(&table).unwrap();
        writer.write_record(["x", "kind", name]).unwrap();
        writer.write_record(["1", &format!("a{name}"), "2"]).unwrap();
        writer.write_record(["2", "b", "x"]).unwrap();
        writer.flush().unwrap();
        let message = Csv::new().read(&table).unwrap_err().to_string();
        shown_as_it_is(name, &message, 1);
        let column = Csv::new().categories(3).read(&table).unwrap();
        let data = column.dataset::<f64>("kind").unwrap();
        shown_as_it_is(name, &data.stratified_split(0.5, rng).unwrap_err().to_string(), 1);
        shown_as_it_is(name, &column.get("nothing").unwrap_err().to_string(), 1);
    }
}
