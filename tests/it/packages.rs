//! What a registry wants of a package is there.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    let output = cargo.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = output.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn packages_hold_what_a_registry_wants() {
    let text = cargo(&["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"]);
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    for name in ["autodiff", "nn"] {
        let package = packages.iter().find(|package| package["name"] == name).expect("a package");
        for key in ["description", "license", "documentation", "readme", "rust_version"] {
            assert!(package[key].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {key}");
        }
        let keywords = package["keywords"].as_array().expect("a list");
        assert!((1..=5).contains(&keywords.len()), "{name} has {} keywords", keywords.len());
        assert!(keywords.iter().all(|word| word.as_str().is_some_and(|word| word.len() <= 20)), "{keywords:?}");
        let categories = package["categories"].as_array().expect("a list");
        assert!((1..=5).contains(&categories.len()), "{name} has {} categories", categories.len());

        let files = cargo(&["package", "--list", "--allow-dirty", "--offline", "-p", name]);
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.toml", "src/lib.rs", "src/guide/messages.md"]
        {
            assert!(files.lines().any(|line| line == file), "the package {name} lacks {file}:\n{files}");
        }
    }
}
