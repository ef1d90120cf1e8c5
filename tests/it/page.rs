//! The page: what its script is given says what the sweep does, whatever the tape and its names.

use autodiff::page::Page;
use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tape, Tensor, fuse};
use ndarray::{ArrayD, ArrayViewD, array};
use nn::Reduction::Sum;
use nn::loss::HalfSquaredError;
use nn::plot::{DecisionRegions, RunPage};
use nn::{Activation, Dataset, History, Layer, Linear, Mlp};
use serde_json::Value;

use crate::graph::well_formed;

/// What the script reads.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once(r#"<script type="application/json" id="data">"#).expect("data");
    let (json, _) = rest.split_once("</script>").expect("the data end");
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn row<'a>(data: &'a Value, name: &str) -> &'a Value {
    let rows = data["rows"].as_array().expect("rows");
    rows.iter().find(|row| row["n"] == name).unwrap_or_else(|| panic!("no {name}: {rows:#?}"))
}

/// A number, or an array's elements.
fn numbers(of: &Value) -> Option<Vec<f64>> {
    let number = |x: &Value| x.as_f64().unwrap_or_else(|| x.as_str().expect("a number").parse().expect("a number"));
    match of {
        Value::Null => None,
        Value::Object(array) => Some(array.get("d")?.as_array()?.iter().map(number).collect()),
        of => Some(vec![number(of)]),
    }
}

/// The terms that flow into each entry add up to what the sweep found.
#[track_caller]
fn adds_up(data: &Value, eps: f64) {
    let rows = data["rows"].as_array().expect("rows");
    let mut sums: Vec<Option<Vec<f64>>> = vec![None; rows.len()];
    for edge in rows.iter().filter(|row| row["stop"].is_null()).flat_map(|row| row["e"].as_array().unwrap()) {
        let Some(term) = numbers(&edge["t"]) else { continue };
        let sum = &mut sums[edge["to"].as_u64().unwrap() as usize];
        match sum {
            Some(sum) if sum.len() == term.len() => sum.iter_mut().zip(term).for_each(|(a, b)| *a += b),
            Some(_) => *sum = None,
            None => *sum = Some(term),
        }
    }
    for (row, sum) in rows.iter().zip(sums) {
        let (Some(sum), Some(adjoint)) = (sum, numbers(&row["a"])) else { continue };
        if sum.len() == adjoint.len() {
            for (a, b) in sum.iter().zip(&adjoint) {
                assert!((a - b).abs() <= eps * b.abs().max(1.0), "{}: {a} {b}\n{data:#}", row["n"]);
            }
        }
    }
}

#[test]
fn the_chain_rule_with_two_paths() {
    // L14.
    let tape = Tape::<f64>::new();
    tape.trace_lines(true);
    let y = tape.var(1.3).named("y");
    let x = (2.0 * y).named("x");
    let z = y.sin().named("z");
    let f = (x * x * z).named("f");
    let before = (tape.len(), f.backward().wrt(y));
    let html = Page::of(f).title("Two <paths>").checked().html();
    assert_eq!((tape.len(), f.backward().wrt(y)), before, "the tape is only read");
    assert!(html.contains("<title>Two &lt;paths&gt;</title>"));
    let data = data(&html);
    let names: Vec<&str> = data["rows"].as_array().unwrap().iter().map(|row| row["n"].as_str().unwrap()).collect();
    assert_eq!(names, ["y", "x", "z", "u1", "f"]);
    let exact = 8.0 * 1.3 * 1.3_f64.sin() + 4.0 * 1.3 * 1.3 * 1.3_f64.cos();
    let y = row(&data, "y");
    assert_eq!((y["a"].as_f64(), y["r"].as_str(), &y["v"]), (Some(exact), Some("input"), &Value::from(1.3)));
    assert_eq!((y["c"][0].as_str().unwrap()[..7].to_owned(), y["c"][2].as_str()), ("11.8293".to_owned(), Some("pass")));
    assert_eq!(y["paths"]["list"], serde_json::json!([[4, 3, 1, 0], [4, 2, 0]]));
    assert!(y["l"].as_str().unwrap().contains("page.rs:"));
    let u1 = row(&data, "u1");
    assert_eq!((u1["f"].as_str(), u1["e"][0]["x"].as_f64()), (Some("x²"), Some(5.2)));
    assert!(u1["e"][0]["f"].as_str().unwrap().contains("<mn>2</mn>"), "{u1}");
    adds_up(&data, 1e-14);
    // Nothing is fetched, and what is drawn is well-formed.
    let fetched = html.replace("http://www.w3.org/", "");
    assert!(
        !["http:", "https:", "src=", "@import", "url("]
            .iter()
            .any(|part| fetched.replace("url(#arrow)", "").contains(part))
    );
    let svg = &html[html.find("<svg").unwrap()..html.find("</svg>").unwrap() + 6];
    well_formed(svg);
    assert_eq!(svg.matches("class=\"node ").count(), 5);
    let folder = tempfile::tempdir().unwrap();
    Page::of(f).save(folder.path().join("page.html")).unwrap();
    let error = Page::of(f).save(folder.path().join("no/page.html")).unwrap_err().to_string();
    assert!(error.contains("page.html: "), "{error}");
}

#[test]
fn the_deltas_of_the_xor_network() {
    // L18.
    let layer = |w, b| (Linear::from_weights(w, b), Activation::Sigmoid);
    let model = Mlp::from_layers(vec![
        layer(array![[0.1, 0.2], [0.3, -0.4]], array![0.1, 0.2]),
        layer(array![[0.5, 0.6]], array![0.3]),
    ]);
    let (x, t) = (Tensor::from(array![1.0, 0.0]), Tensor::from(array![1.0]));
    let html = model.page(HalfSquaredError::new().reduction(Sum), &x, &t).checked().html();
    let data = data(&html);
    for (name, want) in [("a[2]", vec![-0.056_190_9]), ("a[1]", vec![-0.006_954_09, -0.007_923_05])] {
        let got = numbers(&row(&data, name)["a"]).unwrap();
        assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-7), "{name}: {got:?}");
        assert!(row(&data, name)["d"].as_str().unwrap().contains("<mi>δ</mi>"));
    }
    for row in data["rows"].as_array().unwrap().iter().filter(|row| row["n"] != "E") {
        assert_eq!(row["c"][2], "pass", "{row}");
    }
    let bars: Vec<&str> = data["bars"].as_array().unwrap().iter().map(|bar| bar[0].as_str().unwrap()).collect();
    assert_eq!(bars, ["layer 1", "layer 2"]);
    assert!(html.contains("<mo>⊗</mo>") && html.matches("class=\"group\"").count() == 2);
    assert!(row(&data, "W[1]")["z"].as_str().unwrap().starts_with("2 of 4 elements"));
    adds_up(&data, 1e-14);
}

#[test]
fn a_training_run_moves_through_its_regions() {
    let data = Dataset::new(array![[0.0, 0.0], [1.0, 1.0]], array![[0.0], [1.0]]).unwrap();
    let model = Linear::from_weights(array![[1.0, 1.0]], array![-1.0]);
    let regions = || DecisionRegions::new("", &data, |x| model.forward(x).sigmoid()).size(200, 150);
    let folder = tempfile::tempdir().unwrap();
    let history = History::default();
    let name = "<script>\"{FRAMES}";
    let page = RunPage::new(name, &history).regions("epoch 1", regions()).regions(name, regions());
    page.save(folder.path().join("run.html")).unwrap();
    let html = std::fs::read_to_string(folder.path().join("run.html")).unwrap();
    assert!(html.contains("<title>&lt;script&gt;&quot;&#123;FRAMES}</title>"), "{html}");
    assert_eq!([" hidden>", "data:image/png;base64,", "<script>"].map(|part| html.matches(part).count()), [1, 2, 1]);
    let error = page.save(folder.path().join("no/run.html")).unwrap_err().to_string();
    assert!(error.starts_with("cannot write ") && error.contains("run.html"), "{error}");
}

#[test]
#[should_panic(expected = "`Page::keep` was given a tape that its root is not on")]
fn another_tape_is_not_kept() {
    let tape = Tape::<f64>::new();
    let _ = Page::of(tape.var(1.0).sin()).keep(Tape::new());
}

#[test]
fn what_is_cut_says_where_and_why() {
    let tape = Tape::<f64>::new();
    let (x, w) = (tape.tensor(array![1.0, -2.0]).named("x"), tape.tensor(array![0.5, 1.5]).named("w"));
    let h = x.sin().named("h");
    let y = (h.detach() * &w).sum().named("y");
    let data = data(&Page::of(&y).html());
    // Where it is read, and at all that it keeps from having a gradient.
    let product = row(&data, "u1");
    let (from, why) = (product["cut"][0][0].as_u64().unwrap(), product["cut"][0][1].as_str().unwrap());
    assert_eq!(data["rows"][from as usize]["n"], "h");
    assert!(why.starts_with("`detach` at ") && why.contains("page.rs:"), "{why}");
    for name in ["x", "h"] {
        let row = row(&data, name);
        assert!(row["a"].is_null() && row["stop"] == 1, "{row}");
        assert!(row["z"].as_str().unwrap().starts_with("`detach` at "), "{row}");
    }
    // A scalar whose factor is exactly 0, and what comes before it.
    let (a, b) = (tape.var(-1.0).named("a"), tape.var(2.0).named("b"));
    let s = (a.exp() - 2.0).named("s");
    let data = self::data(&Page::of(s.relu() * b + b).html());
    let relu = data["rows"].as_array().unwrap().iter().find(|row| row["o"] == "relu").unwrap();
    assert_eq!(relu["e"][0]["x"], 0.0);
    for name in ["s", "a"] {
        assert!(row(&data, name)["z"].as_str().unwrap().contains("exactly 0"), "{}", row(&data, name));
    }
    assert!(row(&data, "b")["z"].is_null());
}

#[test]
fn any_name_does_no_harm() {
    let names = [
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "\"'`&<b>",
        "a\u{0}b\u{1b}[31m\r\nc\u{85}",
        "\u{202e}שלום\u{2066} مرحبا",
        "<!-- ]]> -->",
        "",
    ];
    for name in names {
        let tape = Tape::<f64>::new();
        let x = tape.var(0.5).named(name);
        let y = tape.group(name, || (x.sin() * x).named(name).adjoint_named(name).function_named(name)).exp();
        let w = tape.tensor(array![1.0, 2.0]).named(name);
        let y = (w * y).sum();
        let plain = {
            let tape = Tape::<f64>::new();
            Page::of(tape.var(0.5).sin()).html()
        };
        let html = Page::of(&y).title(name).constant(name, &Tensor::constant(array![1.0])).html();
        for tag in ["<script", "</script", "<img", "<!--"] {
            assert_eq!(html.matches(tag).count(), plain.matches(tag).count(), "{name:?}: {tag}");
        }
        assert!(html.chars().all(|c| c == '\n' || !c.is_control()), "{name:?}");
        let data = data(&html);
        let shown = name.replace(char::is_control, " ");
        assert_eq!(data["rows"][0]["n"], shown, "{name:?}");
        // Formulas are put into the page as they are: names in them are text.
        for row in data["rows"].as_array().unwrap() {
            for part in ["m", "d", "g"] {
                well_formed(row[part].as_str().unwrap_or(""));
            }
        }
        let svg = &html[html.find("<svg").unwrap()..html.find("</svg>").unwrap() + 6];
        well_formed(svg);
    }
}

/// x², whose gradient is wrong.
struct Wrong;

impl Op<f64> for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        Ok(x[0].mapv(|x| x * x))
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        Grads::from(3.0 * cx.input(0) * cx.grad())
    }
}

#[test]
fn numerical_derivatives_stand_beside_the_adjoints() {
    let tape = Tape::<f64>::new();
    let x = tape.tensor(array![0.5, 1.5]).named("x");
    let y = Tensor::apply(Wrong, &[&x]).unwrap().named("y");
    let checked = data(&Page::of(y.sin().sum()).checked().html());
    assert_eq!((&row(&checked, "x")["c"][2], &row(&checked, "y")["c"][2]), (&"fail".into(), &"pass".into()));
    // At a kink nothing can be said.
    let k = tape.var(0.0).named("k");
    let at_kink = data(&Page::of(k.relu()).checked().html());
    assert_eq!(row(&at_kink, "k")["c"][1], "inconclusive (kink)");
    assert!(row(&data(&Page::of(k.abs()).html()), "k")["c"].is_null());
}

/// Scalars and tensors of all kinds, in a number type of 64 or 32 bits.
macro_rules! mixed {
    ($t:ty, $eps:expr) => {{
        let tape = Tape::<$t>::new();
        let (a, b) = (tape.var(0.7).named("a"), tape.var(-1.2).named("b"));
        let w = tape.tensor(array![[0.1, 0.2], [0.3, -0.4]]).named("W");
        let many: Vec<_> = (1..9).map(|k| a * (k as $t)).collect();
        let block = fuse([a, b], |[a, b]| a * b.exp());
        let scalars =
            (a * b + a.exp()).tanh() / (1.0 + b.square()) + block + autodiff::logsumexp(many) + a.max(b) * (a * a);
        let h = Tensor::from_vars(&[a, b, scalars, a], &[2, 2]).matmul(&w).tanh();
        let picked = h.at([0, 1]) * a + h.at([1, 1]) * h.at([0, 1]);
        let root = h.softmax(1).square().sum() + Tensor::from(picked);
        let data = data(&Page::of(&root).checked().html());
        adds_up(&data, $eps);
        let checked = data["rows"].as_array().unwrap().iter().filter(|row| row["c"].is_array());
        let verdicts: Vec<&str> = checked.map(|row| row["c"][2].as_str().unwrap()).collect();
        assert!(verdicts.len() > 20 && !verdicts.contains(&"fail"), "{verdicts:?}");
        let passed = verdicts.iter().filter(|verdict| **verdict == "pass").count();
        (passed, data)
    }};
}

#[test]
fn all_kinds_of_entries_add_up() {
    let (passed, data) = mixed!(f64, 1e-13);
    assert!(passed + 1 >= data["rows"].as_array().unwrap().len() - 1, "{passed}: {data:#}");
    mixed!(f32, 1e-5);
}

#[test]
fn exact_zeros_keep_infinite_slopes_silent() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.0).named("x");
    let data = data(&Page::of(x.sqrt().named("r") * 0.0 + x).html());
    let r = row(&data, "r");
    assert_eq!((&r["stop"], &r["e"][0]["t"], &r["e"][0]["x"]), (&1.into(), &0.0.into(), &"Infinity".into()));
    assert_eq!(row(&data, "x")["a"], 1.0);
}

#[test]
fn long_tapes_are_summarised() {
    let tape = Tape::<f64>::new();
    let x = tape.vars(&[0.5, 0.9]);
    for (n, rows, nodes) in [(250, 250, 250), (1_900, 1_900, 60), (100_000, 510, 130)] {
        let y = (0..n / 5).fold(x[0], |y, _| (y.sin() * x[1] + y.cos()) * 0.9);
        let html = Page::of(y).html();
        let data = data(&html);
        let (listed, drawn) = (data["rows"].as_array().unwrap().len(), html.matches("class=\"node ").count());
        assert!(listed <= rows + 8 && drawn <= nodes + 8, "{n}: {listed} rows, {drawn} nodes");
        assert_eq!(data["short"].is_null(), n > 2000);
        assert!(html.len() < 3_000_000, "{n}: {}", html.len());
        for row in data["rows"].as_array().unwrap() {
            assert!((row["node"].as_u64().unwrap() as usize) < drawn);
        }
    }
}

#[test]
fn the_sources_stay_short() {
    for (text, most) in [
        (include_str!("../../autodiff/src/page/page.js"), 300),
        (include_str!("../../autodiff/src/page/page.css"), 150),
    ] {
        assert!(text.lines().count() <= most);
    }
}

#[test]
#[should_panic(expected = "stale handle")]
fn a_tape_that_was_reset_has_no_page() {
    let tape = Tape::<f64>::new();
    let page = Page::of(tape.var(1.0).sin());
    tape.reset();
    page.html();
}
