//! Are the pages HTML?

use std::fs;
use std::path::Path;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::RcDom;

use crate::driver::Browser;
use crate::pages;

fn parse(what: &str, html: &str) {
    let dom = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

pub(crate) async fn pages_parse_without_errors(_: &Browser) {
    for (what, html) in [
        ("two paths", pages::two_paths()),
        ("xor", pages::xor()),
        ("digits", pages::digits()),
        ("severed", pages::severed()),
        ("long", pages::long(2_000)),
        ("run", pages::run().to_owned()),
    ] {
        parse(what, &html);
    }
    for name in pages::NAMES {
        parse(name, &pages::named(name));
    }
    // The lectures' pages, where they have been written.
    let lectures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/lectures");
    for file in fs::read_dir(lectures).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "html") {
            parse(&file.display().to_string(), &fs::read_to_string(&file).expect("a page"));
        }
    }
}
