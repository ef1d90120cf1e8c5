//! Every layer and every loss has a case: the lists are read from the source.

use super::cases::{layers, losses};

/// Public names that are no layers.
const NO_LAYERS: [&str; 2] = ["DagBuilder", "MlpBuilder"];
/// Public names that are no losses.
const NO_LOSSES: [&str; 3] = ["Loss", "Reduction", "one_hot"];

/// The names that a module hands on.
fn exported(source: &str) -> Vec<&str> {
    let uses = source.split("pub use ").skip(1).map(|rest| rest.split(';').next().expect("a statement"));
    let names = uses.flat_map(|path| path.rsplit("::").next().expect("a name").split(','));
    names
        .map(|name| name.trim_matches(|c: char| c.is_whitespace() || "{}".contains(c)))
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn every_layer_has_a_case() {
    let cases = layers::<f64>();
    let names = exported(include_str!("../../../nn/src/layers/mod.rs"));
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let has_case = cases.iter().any(|case| case.name.split(' ').next() == Some(name));
        assert!(has_case != NO_LAYERS.contains(&name), "{name}: a case for each layer, none for what is no layer");
    }
}

#[test]
fn every_loss_has_a_case() {
    let cases = losses::<f64>();
    let names = exported(include_str!("../../../nn/src/loss/mod.rs"));
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let has_case = cases.iter().any(|case| case.name.split(' ').next() == Some(name));
        assert!(has_case != NO_LOSSES.contains(&name), "{name}: a case for each loss, none for what is no loss");
    }
}
