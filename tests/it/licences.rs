//! What the workspace depends on may be used under the licences that `deny.toml` allows. `cargo deny` says the same and
//! more, where it is installed; this needs cargo alone.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Whether an expression like `(MIT OR Apache-2.0) AND Unicode-3.0` can be met with these licences.
fn allowed(expression: &str, licences: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // Every conjunct needs an alternative that is allowed; with `A OR B AND C` unbracketed, this asks for more than it must.
    let one = |choice: &str| licences.iter().any(|licence| licence == choice.trim());
    expression.split(" AND ").all(|part| part.split(" OR ").any(one))
}

/// The list `allow` of `deny.toml`.
fn list(text: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.starts_with("allow = [")).expect("a list of licences");
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn dependencies_are_under_licences_that_are_allowed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let licences = list(&std::fs::read_to_string(root.join("deny.toml")).expect("deny.toml"));
    assert!(licences.len() > 3);
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8(rustc.stdout).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform");
    // What other platforms need is not here unless somebody fetched it.
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    let output = cargo.args(["metadata", "--format-version=1", "--all-features", "--offline", "--locked"]);
    let output = output.args(["--filter-platform", host]).current_dir(&root).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    assert!(packages.len() > 50);
    for package in packages {
        let (name, licence) = (package["name"].as_str().expect("a name"), package["license"].as_str());
        let licence = licence.unwrap_or_else(|| panic!("{name} names no licence"));
        assert!(allowed(licence, &licences), "{name} is under `{licence}`, and deny.toml allows {licences:?}");
        let source = package["source"].as_str();
        let known = source.is_none_or(|source| source == "registry+https://github.com/rust-lang/crates.io-index");
        assert!(known, "{name} comes from {source:?}");
    }
}

#[test]
fn expressions() {
    let licences = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
    assert!(allowed("MIT/Apache-2.0", &licences) && allowed("(MIT OR Apache-2.0) AND Unicode-3.0", &licences));
    assert!(!allowed("GPL-3.0", &licences) && !allowed("MIT AND GPL-3.0", &licences));
}
