//! What is seen, heard and printed.

use serde_json::json;

use crate::driver::Browser;
use crate::pages;

pub(crate) async fn all_text_has_contrast(browser: &Browser) {
    const LEAST: f64 = 4.5;
    let mut least = f64::INFINITY;
    for scheme in ["light", "dark"] {
        browser.media(scheme, "").await;
        for html in [
            pages::two_paths(),
            pages::xor(),
            pages::severed(),
            pages::digits(),
            pages::long(3_000),
            pages::run().to_owned(),
        ] {
            for place in ["", "#turn", "#8", "#20", "#end"] {
                browser.show(&html, place).await;
                browser.js("document.querySelector('svg .node')?.dispatchEvent(new Event('pointerenter'))").await;
                let pairs = browser.js(include_str!("contrast.js")).await;
                let pairs = pairs.as_array().expect("pairs");
                assert!(pairs.len() > 1, "{pairs:?}");
                let ratio = |pair: &serde_json::Value| pair[1].as_f64().expect("a ratio");
                let poor: Vec<_> = pairs.iter().filter(|pair| ratio(pair) < LEAST).collect();
                assert!(poor.is_empty(), "{scheme} {place}: {poor:#?}");
                least = pairs.iter().map(ratio).fold(least, f64::min);
            }
        }
    }
    browser.media("", "").await;
    println!("  least contrast {least}");
}

pub(crate) async fn everything_that_acts_has_a_name(browser: &Browser) {
    for html in [&pages::xor(), pages::run()] {
        browser.show(html, "#20").await;
        let tree = browser.developer("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().expect("nodes").iter().filter(|node| node["ignored"] == false);
        let acting = ["button", "slider", "combobox", "link", "DisclosureTriangle", "img", "region"];
        let acting = nodes.filter(|node| acting.iter().any(|role| node["role"]["value"] == *role)).collect::<Vec<_>>();
        assert!(acting.len() >= 6, "{acting:?}");
        for node in acting {
            assert!(node["name"]["value"].as_str().is_some_and(|name| !name.trim().is_empty()), "{node:#}");
        }
    }
    // A step is said aloud.
    browser.show(&pages::xor(), "").await;
    assert_eq!(browser.count("#now[aria-live]").await, 1);
}

pub(crate) async fn paper_shows_all(browser: &Browser) {
    browser.show(&pages::xor(), "#end").await;
    browser.media("light", "print").await;
    let hidden = browser.js("return document.querySelector('.controls').checkVisibility()").await;
    let cut = "return [...document.querySelectorAll('.card')].filter((x) => x.scrollHeight > x.clientHeight + 1).map((x) => x.className)";
    let cut = browser.js(cut).await;
    browser.media("", "").await;
    assert_eq!((hidden, cut), (json!(false), json!([])));
    let paper = browser.developer("Page.printToPDF", json!({})).await;
    assert!(paper["data"].as_str().is_some_and(|data| data.len() > 20_000));
}
