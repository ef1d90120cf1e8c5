//! The guide in the documentation: what it lists is what there is. Its examples run as doctests.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use autodiff::{Tape, Tensor};
use syn::{Item, Lit, Meta};

fn sources(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first text in tokens.
fn first_text(tokens: proc_macro2::TokenStream) -> String {
    let literal = tokens.into_iter().next().expect("a message").to_string();
    let Lit::Str(text) = syn::parse_str(&literal).expect("a literal") else { panic!("{literal} is no text") };
    text.value()
}

/// A message as the index shows it: `…` for what varies, without the advice.
fn shown(message: &str) -> String {
    let mut shown = String::new();
    for (k, part) in message.split('{').enumerate() {
        let fixed = if k == 0 { part } else { part.split_once('}').expect("a closing brace").1 };
        if k > 0 && !shown.ends_with('…') {
            shown.push('…');
        }
        shown.push_str(fixed);
    }
    shown.split("; ").next().expect("a part").to_owned()
}

/// The messages of a crate's errors.
fn messages(of: &str) -> Vec<String> {
    let file = syn::parse_file(&read(sources(of).join("error.rs"))).expect("Rust");
    let kinds = file.items.into_iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "Kind" => Some(item.variants),
        _ => None,
    });
    let attributes = kinds.expect("an enum `Kind`").into_iter().flat_map(|variant| variant.attrs);
    let messages = attributes.filter_map(|attribute| match attribute.meta {
        Meta::List(list) if list.path.is_ident("error") => Some(shown(&first_text(list.tokens))),
        _ => None,
    });
    messages.collect()
}

#[test]
fn the_index_has_every_message() {
    for of in ["autodiff", "nn"] {
        let index = read(sources(of).join("guide/messages.md"));
        let rows = index.lines().filter_map(|line| line.strip_prefix("| `` ")?.split_once(" `` |"));
        let rows: BTreeSet<String> = rows.map(|(message, _)| message.to_owned()).collect();
        let messages = messages(of);
        assert!(messages.len() > 30, "{of} has {} kinds of errors", messages.len());
        for message in &messages {
            assert!(rows.contains(message), "{of}/src/guide/messages.md lacks the row:\n| `` {message} `` | | | |");
        }
        for row in &rows {
            assert!(messages.contains(row), "{of}/src/guide/messages.md has a message that no error has: {row}");
        }
    }
}

#[test]
fn errors_name_chapters_that_exist() {
    for of in ["autodiff", "nn"] {
        let modules = read(sources(of).join("guide.rs"));
        let text = read(sources(of).join("error.rs"));
        let (_, choice) = text.split_once("fn chapter(&self)").expect("a choice of chapters");
        let (choice, _) = choice.split_once("\n    }").expect("an end");
        let chapters: BTreeSet<&str> =
            choice.split("=> \"").skip(1).filter_map(|part| part.split('"').next()).collect();
        assert!(chapters.len() >= 2);
        for chapter in chapters {
            assert!(modules.contains(&format!("pub mod {chapter} {{}}")), "{of}::guide has no chapter {chapter}");
        }
        for file in fs::read_dir(sources(of).join("guide")).expect("a folder") {
            let name = file.expect("a file").file_name().into_string().expect("a name");
            assert!(modules.contains(&format!("guide/{name}")), "{of}::guide does not show {name}");
        }
    }
}

/// Panics and `Debug` end with the chapter; `Display` does not.
#[test]
fn the_last_line_names_the_chapter() {
    let (a, b) = (Tensor::<f64>::ones(&[2]), Tensor::ones(&[3]));
    let panic = catch_unwind(AssertUnwindSafe(|| &a + &b)).map(drop).expect_err("shapes do not fit");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert_eq!(text.lines().last(), Some("see `autodiff::guide::tensors`"), "{text}");

    let tape = Tape::<f64>::new();
    let x = tape.tensor(vec![1.0]);
    let loss = x.detach().sum();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(loss.backward()))).expect_err("nothing to differentiate");
    let text = panic.downcast_ref::<String>().expect("a text");
    assert_eq!(text.lines().last(), Some("see `autodiff::guide::trouble`"), "{text}");

    let error = Tensor::<f64>::zeros(&[2, 2]).cholesky().expect_err("no factor");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(format!("{error:?}"), format!("{error}\nsee `autodiff::guide::tensors`"));

    let error = nn::weights_info("no such file").expect_err("no file");
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(format!("{error:?}"), format!("{error}\nsee `nn::guide::training`"));
}

/// A row is a line of one block that runs: the other library's name as a comment, then ours.
#[test]
fn the_tables_have_sixty_rows() {
    for table in ["autodiff/src/guide/from_jax.md", "nn/src/guide/from_pytorch.md"] {
        let text = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(table));
        let block = text.split("```").nth(1).expect("a block");
        assert!(block.starts_with('\n') && !block.contains("\n# /*"), "{table}: the rows run and are shown");
        let rows = block.lines().filter(|line| line.starts_with("/* "));
        let rows = rows.filter(|line| line.split_once("*/").is_some_and(|(_, ours)| !ours.trim().is_empty())).count();
        assert!(rows >= 60, "{table} has {rows} rows");
    }
}

/// What the chapter shows stands in a tested file, and each file has its place in it.
#[test]
fn the_neighbours_are_shown_as_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("neighbours/src");
    let chapter = read(sources("autodiff").join("guide/neighbours.md"));
    let mut shown = BTreeSet::new();
    for section in chapter.split("\n## ").skip(1) {
        let (_, rest) = section.split_once("\n`tests/neighbours/src/").expect("a file's name");
        let (name, rest) = rest.split_once(".rs`:").expect("a file's name");
        let tested = read(folder.join(name).with_extension("rs"));
        let blocks: Vec<&str> = rest.split("```").skip(1).step_by(2).collect();
        assert!(!blocks.is_empty(), "{name}: the chapter shows nothing");
        for block in blocks {
            let code = block.strip_prefix("ignore\n").expect("code that is not run here");
            assert!(tested.contains(code), "tests/neighbours/src/{name}.rs has no such lines:\n{code}");
        }
        shown.insert(name.to_owned());
    }
    let listed = read(folder.join("lib.rs"));
    let listed = listed.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    assert_eq!(shown, listed.map(str::to_owned).collect());
}
