//! The short programs, each of which asserts what it shows.

use std::process::Command;

use tempfile::tempdir;

/// Runs a program; its exit code and what it printed. `cargo test` builds the examples beside the tests.
fn run(name: &str, argument: Option<&str>) -> (Option<i32>, String) {
    let (folder, tests) = (tempdir().unwrap(), std::env::current_exe().expect("a running test"));
    let program = tests.ancestors().nth(2).expect("target/<profile>").join("examples").join(name);
    let output = Command::new(program).args(argument).current_dir(folder.path()).output().expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn what_they_show_holds() {
    for name in ["custom_layer", "custom_loss", "elementwise", "fuse", "implicit", "map_rows", "ode", "program"] {
        let (code, text) = run(name, None);
        assert_eq!(code, Some(0), "{name}: {text}");
    }
}

#[test]
fn rows_of_the_lectures_are_programs_of_their_own() {
    let (code, text) = run("chain_rule", Some("0.5"));
    assert!(code == Some(0) && text.contains("df/dy = 8 y sin y + 4 y² cos y: "), "{text}");
    assert_eq!(run("chain_rule", Some("half")).0, Some(2));
    let (code, text) = run("xor", None);
    assert!(code == Some(0) && text.contains("  0 xor 1 = 1\n"), "{text}");
}
