//! Every layer and every loss has a case: the lists are those of the public interface.

use super::cases::{layers, losses};

/// Held to the sources by `public_api`.
const INTERFACE: &str = include_str!("../../data/api_nn.txt");

/// The types that are a layer, or a loss.
fn implement(name: &str) -> Vec<&str> {
    let all = INTERFACE.lines().filter_map(|line| line.split_once(&format!(" {name}<T> for "))).map(|(_, of)| of);
    // For boxes, closures and bare lists, too; ids have no derivatives (`parameters`).
    all.map(|of| of.split('<').next().expect("a name"))
        .filter(|&of| !["Box", "F", "Vec", "Embedding"].contains(&of))
        .collect()
}

/// The functions of outputs and targets in the loss module, with their path in it.
fn functions() -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), None);
    for line in INTERFACE.lines() {
        if let Some(item) = line.strip_prefix("    fn ") {
            let (name, rest) = item.split_once('<').unwrap_or((item, ""));
            if let Some(path) = path
                && rest.contains("t: &Tensor<T>) -> Tensor<T>")
            {
                found.push(format!("{path}{name}"));
            }
        } else if !line.starts_with(' ') {
            path = line.strip_prefix("loss/").map(|file| if file == "sum.rs" { "sum::" } else { "" });
        }
    }
    found
}

fn has_case<'a>(mut cases: impl Iterator<Item = &'a str>, name: &str) -> bool {
    cases.any(|case| case.split(' ').next() == Some(name))
}

#[test]
fn every_layer_has_a_case() {
    let (cases, names) = (layers::<f64>(), implement("Layer"));
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(has_case(cases.iter().map(|case| case.name.as_str()), name), "{name} has no case");
    }
}

#[test]
fn every_loss_has_a_case() {
    let (cases, functions, mut names) = (losses::<f64>(), functions(), implement("Loss"));
    assert!(names.len() > 10 && functions.len() > 3, "{names:?} {functions:?}");
    names.extend(functions.iter().map(String::as_str));
    for name in names {
        assert!(has_case(cases.iter().map(|case| case.name), name), "{name} has no case");
    }
}
