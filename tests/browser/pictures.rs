//! Pictures for people to look at.

use std::fs;
use std::path::Path;

use crate::driver::Browser;
use crate::pages;

pub(crate) async fn screenshots(browser: &Browser) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
    fs::create_dir_all(&folder).expect("a folder");
    let (two_paths, xor, digits) = (pages::two_paths(), pages::xor(), pages::digits());
    for (name, html, place, scheme) in [
        ("two_paths", &two_paths, "#11", "light"),
        ("two_paths_end", &two_paths, "#end", "light"),
        ("two_paths_dark", &two_paths, "#9", "dark"),
        ("xor", &xor, "#22", "light"),
        ("xor_dark", &xor, "#end", "dark"),
        ("digits", &digits, "#28", "light"),
        ("digits_end", &digits, "#end", "light"),
        ("severed", &pages::severed(), "#5", "light"),
        ("long", &pages::long(100_000), "#30", "light"),
        ("run", &pages::run().to_owned(), "", "light"),
    ] {
        browser.media(scheme, "").await;
        browser.show(html, place).await;
        let png = browser.screenshot().await;
        // Width and height stand in the header's first chunk.
        let side = |at: usize| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]);
        assert_eq!((side(16), side(20)), (1280, 800), "{name}");
        fs::write(folder.join(name).with_extension("png"), png).expect("a file");
    }
    browser.media("", "").await;
}
