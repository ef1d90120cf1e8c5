//! Graphs of tapes and models: what is on them, DOT that Graphviz can read, SVG that is well formed.

use std::process::Command;

use autodiff::graph::{Graph, Node, Role};
use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::{Activation, Init, Linear, Mlp, Residual, Sequential};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn lecture() -> Graph {
    let tape = Tape::<f64>::new();
    let y = tape.var(1.3).named("y");
    let x = (2.0 * y).named("x");
    let z = y.sin().named("z");
    let _aside = z.exp();
    Graph::of((x * x * z).named("f")).unwrap()
}

#[test]
fn nodes_show_names_operations_values_and_adjoints() {
    let graph = lecture();
    let nodes: Vec<(&str, Vec<&str>, Role)> = graph
        .nodes()
        .iter()
        .map(|node| (node.title.as_str(), node.lines.iter().map(String::as_str).collect(), node.role))
        .collect();
    assert_eq!(
        nodes,
        [
            ("y", vec!["1.3", "df/dy = 11.8293"], Role::Input),
            ("x", vec!["2 ×", "2.6", "df/dx = 5.0105"], Role::Operation),
            ("z", vec!["sin", "0.963558", "df/dz = 6.76"], Role::Operation),
            ("×", vec!["6.76", "adjoint = 0.963558"], Role::Operation),
            ("f", vec!["×", "6.51365"], Role::Output),
        ]
    );
    let edges: Vec<(usize, usize, &str)> =
        graph.edges().iter().map(|edge| (edge.from, edge.to, edge.label.as_str())).collect();
    assert_eq!(edges, [(0, 1, ""), (0, 2, ""), (1, 3, "2×"), (3, 4, ""), (2, 4, "")]);
}

/// Statements of DOT in the form in which they are written here; gives nodes and edges.
fn parsed(dot: &str) -> (usize, usize) {
    assert!(dot.starts_with("digraph {\n") && dot.ends_with("}\n"), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
    let (mut nodes, mut edges) = (0, 0);
    for line in dot.lines().map(str::trim) {
        if line.contains(" -> ") {
            edges += 1;
        } else if line.contains("[label=<") {
            assert!(line.ends_with("];") && line.matches('<').count() == line.matches('>').count(), "{line}");
            nodes += 1;
        }
    }
    (nodes, edges)
}

/// Has Graphviz read it, where that is installed.
pub(crate) fn accepted_by_graphviz(dot: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.dot");
    std::fs::write(&file, dot).unwrap();
    match Command::new("dot").arg("-Tsvg").arg(&file).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("Graphviz is not installed: the text was looked at"),
    }
}

/// Tags that open and close, attributes in quotes, no bare ampersand.
pub(crate) fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(text.split('&').skip(1).all(|rest| rest.contains(';')), "{text}");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for nothing in ["NaN", "inf"] {
        assert!(!svg.contains(&format!("\"{nothing}")), "{nothing}");
    }
}

fn xor(rng: &mut ChaCha8Rng) -> Mlp<f64> {
    Mlp::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid).build(rng)
}

#[test]
fn dot_and_svg_can_be_read() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut odd = Graph::new();
    let strange = Node { title: "a<b> & \"c\"\\".into(), lines: vec!["{}|".into()], role: Role::Input, group: None };
    let (a, b) = (odd.add_node(strange.clone()), odd.add_node(strange));
    odd.add_edge(a, b, "\"<&");
    let group = odd.add_group("g \"1\" <", None);
    odd.add_node(Node { title: "in".into(), lines: vec![], role: Role::Output, group: Some(group) });
    let tape_graph = nn::tape_graph(&mut xor(&mut rng), &Tensor::from(array![[1.0, 0.0]])).unwrap();
    let layers = nn::graph(&xor(&mut rng), &[1, 2]);
    for graph in [lecture(), tape_graph, layers, odd, Graph::new()] {
        let dot = graph.dot();
        assert_eq!(parsed(&dot), (graph.nodes().len(), graph.edges().len()), "{dot}");
        accepted_by_graphviz(&dot);
        let svg = graph.svg();
        well_formed(&svg);
        assert_eq!(svg.matches("marker-end").count(), graph.edges().len());
        assert_eq!(graph.svg(), svg, "the same graph gives the same bytes");
    }
}

#[test]
fn boxes_do_not_cover_each_other() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut model = Mlp::<f64>::new(&[3, 5, 4, 2], Activation::Tanh, &mut rng);
    let svg = nn::tape_graph(&mut model, &Tensor::ones(&[2, 3])).unwrap().svg();
    let number = |line: &str, name: &str| -> f64 {
        let rest = line.split(&format!(" {name}=\"")).nth(1).unwrap();
        rest[..rest.find('"').unwrap()].parse().unwrap()
    };
    let boxes: Vec<[f64; 4]> = svg
        .lines()
        .filter(|line| line.starts_with("<rect x=") && line.contains("rx=\"6\""))
        .map(|line| ["x", "y", "width", "height"].map(|name| number(line, name)))
        .collect();
    assert_eq!(boxes.len(), 12);
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            let apart = |k: usize| a[k] + a[k + 2] <= b[k] || b[k] + b[k + 2] <= a[k];
            assert!(apart(0) || apart(1), "{a:?} {b:?}");
        }
    }
}

#[test]
fn a_models_layers_are_boxes_and_groups() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut linear = || Linear::<f64>::new(4, 4, Init::XavierUniform, &mut rng);
    let block = Sequential::new().then(linear()).then(Activation::Tanh);
    let mut model = Sequential::new().then(linear()).then(Residual::new(block)).then(linear());
    let graph = nn::graph(&model, &[3, 4]);
    let titles: Vec<&str> = graph.nodes().iter().map(|node| node.title.as_str()).collect();
    let layer = "Linear(4 -> 4)";
    assert_eq!(titles, ["input", layer, layer, "tanh", layer, "output"]);
    assert_eq!(graph.nodes()[1].lines, ["layers.0", "shape 3×4", "20 parameters"]);
    let groups: Vec<&str> = graph.groups().iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups[0], "Sequential");
    assert!(groups.len() > 1 && graph.groups()[1].parent == Some(0), "{groups:?}");
    // On the tape: each layer's operations and parameters stand in its group.
    let graph = nn::tape_graph(&mut model, &Tensor::ones(&[3, 4])).unwrap();
    let of = |title: &str| {
        let node = graph.nodes().iter().find(|node| node.title == title).unwrap();
        node.group.map(|group| graph.groups()[group].name.clone())
    };
    assert_eq!(of("layers.0.weight").as_deref(), Some("layers.0"));
    assert_eq!(of("layers.2.bias").as_deref(), Some("layers.2"));
    assert!(graph.nodes().iter().any(|node| node.role == Role::Parameter));
}

#[test]
fn a_tensor_without_an_adjoint_can_be_drawn() {
    let tape = Tape::<f64>::new();
    let w = tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]).named("W");
    let y = tape.group("outer", || {
        let a = tape.group("inner", || w.exp());
        a.matmul(&Tensor::from(array![1.0, -1.0])) + 1.0
    });
    let graph = Graph::of(&y).unwrap();
    assert!(graph.nodes().iter().all(|node| node.lines.iter().all(|line| !line.contains("adjoint"))));
    let groups: Vec<_> = graph.groups().iter().map(|group| (group.name.as_str(), group.parent)).collect();
    assert_eq!(groups, [("outer", None), ("inner", Some(0))]);
    assert!(Graph::of(y.sum()).unwrap().dot().contains("adjoint = "));
}
