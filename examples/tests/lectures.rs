//! The lectures' program from the outside: all rows hold, their pictures are there, and a row that does not hold is noticed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::tempdir;

/// `cargo test` builds the examples beside the tests.
fn lectures(arguments: &[&str], out: &Path) -> Output {
    let tests = std::env::current_exe().expect("a running test");
    let program = tests.ancestors().nth(2).expect("target/<profile>").join("examples/lectures");
    Command::new(program).args(arguments).arg("--out").arg(out).output().expect("the program runs")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The modules of the rows: name and text.
fn modules() -> Vec<(String, String)> {
    let files = fs::read_dir(folder().join("lectures")).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// The cells of the README's table, row by row.
fn table() -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| L"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn all_rows_hold_and_every_picture_of_the_table_exists() {
    let out = tempdir().unwrap();
    let output = lectures(&["--quick"], out.path());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('L')).collect();
    assert_eq!(rows.len(), 25, "{text}");
    for (row, number) in rows.iter().zip(1..) {
        assert!(row.starts_with(&format!("L{number} ")) && row.contains(" holds "), "{row}");
    }
    assert!(text.contains("25 of 25 rows hold"), "{text}");

    let named = table().iter().flat_map(|row| quoted(&row[3])).map(str::to_owned).collect::<BTreeSet<String>>();
    let (graphs, named): (BTreeSet<String>, BTreeSet<String>) = named.into_iter().partition(|name| name.contains('.'));
    assert!(graphs.iter().all(|name| fs::read_to_string(out.path().join(name)).unwrap().contains("<svg")));
    for name in &named {
        let png = fs::read(out.path().join(name).with_extension("png")).expect(name);
        // The width stands in the header's first chunk.
        assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 1200, "{name}");
        let svg = fs::read_to_string(out.path().join(name).with_extension("svg")).expect(name);
        assert!(svg.starts_with("<svg") && svg.contains("<text"), "{name}");
    }
    let index = fs::read_to_string(out.path().join("index.html")).unwrap();
    assert_eq!(index.matches("<section id=\"l").count(), 25);
    assert_eq!(index.matches("<span class=\"holds\">holds</span>").count(), 25);
    let links =
        [" href=\"", " src=\""].map(|start| index.split(start).skip(1).map(|rest| rest.split('"').next().unwrap()));
    let links: BTreeSet<&str> = links.into_iter().flatten().filter(|link| !link.starts_with('#')).collect();
    assert!(links.iter().all(|link| out.path().join(link).is_file()), "{links:?}");
    for name in named.iter().map(|name| format!("{name}.svg")).chain(graphs) {
        assert!(links.contains(name.as_str()), "{name} is in the index");
    }
    assert!(index.matches("<math").count() >= 8 && index.contains("<pre>"));

    let written: BTreeSet<String> = fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(written, named, "the pictures that the table names");
}

#[test]
fn a_row_that_does_not_hold_is_told_by_the_end() {
    let out = tempdir().unwrap();
    let failed = lectures(&["l5", "--quick", "--fail"], out.path());
    let text = String::from_utf8(failed.stdout).unwrap();
    assert_eq!(failed.status.code(), Some(1), "{text}");
    assert!(text.contains("✗ 1 = 2") && text.contains("1 of 2 rows hold"), "{text}");
    let fine = lectures(&["L05", "--quick"], out.path());
    let text = String::from_utf8(fine.stdout).unwrap();
    assert!(fine.status.success() && text.contains("1 of 1 rows hold"), "{text}");
    let unknown = lectures(&["l26"], out.path());
    assert_eq!(unknown.status.code(), Some(2));
    let message = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(message, "lectures: there is no row \"l26\"; --list lists the rows\n");
    let list = String::from_utf8(lectures(&["--list"], out.path()).stdout).unwrap();
    assert_eq!(list.lines().count(), 25, "{list}");
}

#[test]
fn examples_are_short_and_say_what_they_show() {
    for (name, text) in modules() {
        let header = text.lines().take_while(|line| line.starts_with("//!")).count();
        let lines = text.lines().count() - header;
        assert!(lines <= 120, "{name}: {lines} lines without the header comment, at most 120");
        assert!(header >= 3, "{name}: the header states what is shown");
        if let Some(row) = name.strip_prefix('l').and_then(|rest| rest.get(..2)) {
            let number = row.trim_start_matches('0');
            assert!(text.starts_with(&format!("//! L{number} ")), "{name} starts with its row");
        }
    }
}

#[test]
fn the_table_of_contents_is_complete() {
    let table = table();
    let rows: Vec<&str> = table.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(rows, (1..=25).map(|k| format!("L{k}")).collect::<Vec<_>>());
    let named: BTreeSet<String> = table.iter().flat_map(|row| quoted(&row[1])).map(str::to_owned).collect();
    let there = modules().into_iter().map(|(name, _)| name).filter(|name| name != "main.rs").collect();
    assert_eq!(named, there, "the modules that the table names");
}
