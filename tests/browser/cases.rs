//! What a visitor does on the pages.

use fantoccini::key::Key;

use crate::driver::Browser;
use crate::pages;

/// The cells of the table's row for an entry of this name: entry, name, formula, value, derivative, numerical.
async fn row(browser: &Browser, name: &str) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('#tape tr')].filter((line) => line.cells[1].textContent === {name:?})
            .map((line) => [...line.cells].map((cell) => cell.textContent))[0]"
    );
    let cells = browser.js(&script).await;
    let cells = cells.as_array().unwrap_or_else(|| panic!("no row {name}"));
    cells.iter().map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect()
}

/// A number as the page writes it, in six digits.
fn number(text: &str) -> f64 {
    text.replace('−', "-").replace(['[', ']'], "").parse().unwrap_or_else(|_| panic!("a number: {text:?}"))
}

async fn step(browser: &Browser) -> (u64, u64) {
    let text = browser.text("#where").await;
    let numbers: Vec<u64> = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [at, end] => (at, end),
        _ => (0, 0),
    }
}

pub(crate) async fn the_sweep_over_two_paths_forward_and_back(browser: &Browser) {
    browser.show(&pages::two_paths(), "").await;
    assert_eq!(browser.text("#where").await, "Start");
    let y: f64 = 1.3;
    let exact = 8.0 * y * y.sin() + 4.0 * y * y * y.cos();
    // Values appear one after another.
    for (name, value) in [("y", 1.3), ("x", 2.6), ("z", y.sin()), ("u1", 6.76), ("f", 6.76 * y.sin())] {
        assert_eq!(row(browser, name).await[3], "", "{name} is not known yet");
        browser.press(&Key::Right).await;
        assert!((number(&row(browser, name).await[3]) - value).abs() < 1e-5, "{name}");
        assert_eq!(browser.count("#tape tr.now").await, 1);
        assert_eq!(browser.count("svg .node.now").await, 1);
    }
    // Derivatives arrive term by term, each with its local factor in symbols and in numbers.
    browser.press(&Key::Right).await;
    assert_eq!(row(browser, "f").await[4], "1");
    let mut said = Vec::new();
    let (_, end) = step(browser).await;
    while step(browser).await.0 < end {
        browser.press(&Key::Right).await;
        said.push(browser.text("#now").await.split_whitespace().collect::<String>());
        assert_eq!(browser.count("svg .edge.now").await, 1, "{said:?}");
    }
    assert!(said.iter().any(|said| said.contains("cosy") && said.contains("6.76·0.267499=1.80829")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("·2=5.0105·2=10.021")), "{said:?}");
    assert!(said.last().is_some_and(|said| said.contains("term2of2;sofar:")), "{said:?}");
    let cells = row(browser, "y").await;
    assert!((number(&cells[4]) - exact).abs() < 5e-5, "{cells:?} {exact}");
    assert!(cells[5].starts_with("pass: 11.8293"), "{cells:?}");
    // The total derivative is the sum over both paths.
    let total: String = browser.text("#total").await.split_whitespace().collect();
    assert!(total.contains("cosy") && total.contains("=11.8293") && total.contains("2pathsinall,2complete"), "{total}");
    assert!(total.contains("numerical:pass"), "{total}");
    // And back again.
    for _ in 0..end {
        browser.press(&Key::Left).await;
    }
    assert_eq!(browser.text("#where").await, "Start");
    assert_eq!([row(browser, "y").await[3].as_str(), &row(browser, "y").await[4]], ["", ""]);
    // Over an entry: its value, and where it was recorded.
    browser.js("document.querySelector('svg .node').dispatchEvent(new Event('pointerenter'))").await;
    let tip = browser.text("#tip").await;
    assert!(tip.contains("1.3") && tip.contains("pages.rs:"), "{tip}");
}

pub(crate) async fn buttons_slider_and_run(browser: &Browser) {
    browser.show(&pages::two_paths(), "#turn").await;
    let (turn, end) = step(browser).await;
    for (button, at) in [("#on", turn + 1), ("#back", turn), ("#last", end), ("#turn", turn), ("#first", 0)] {
        browser.click(button).await;
        assert_eq!(step(browser).await.0, at, "{button}");
    }
    browser.js("const at = document.getElementById('at'); at.value = 4; at.dispatchEvent(new Event('input'))").await;
    assert_eq!(step(browser).await.0, 4);
    browser.js("document.getElementById('speed').value = 16").await;
    browser.click("#run").await;
    assert_eq!(browser.text("#run").await, "Pause");
    browser.until("document.getElementById('run').innerText === 'Run'").await;
    assert_eq!(step(browser).await.0, end);
    // What is chosen: by the list, in the picture, in the table.
    for choose in [
        "const list = document.getElementById('chosen'); list.value = 2; list.dispatchEvent(new Event('change'))",
        "document.querySelectorAll('svg .node')[2].dispatchEvent(new MouseEvent('click'))",
        "document.querySelectorAll('#tape tr')[2].click()",
    ] {
        browser.click("#tape tr:first-child").await;
        browser.js(choose).await;
        assert_eq!(browser.text("#tape tr.chosen td.n").await, "z", "{choose}");
    }
    let width = "document.querySelector('#graph svg').getBoundingClientRect().width";
    let before = browser.js(&format!("return {width}")).await.as_f64().expect("a width");
    browser.click("#in").await;
    let after = browser.js(&format!("return {width}")).await.as_f64().expect("a width");
    assert!((after / before - 1.25).abs() < 0.01, "{before} {after}");
}

pub(crate) async fn the_keyboard_alone_serves(browser: &Browser) {
    browser.show(&pages::xor(), "").await;
    browser.press(&Key::End).await;
    let (at, end) = step(browser).await;
    assert!(at == end && end > 20);
    browser.press(&Key::Home).await;
    assert_eq!(browser.text("#where").await, "Start");
    // Everything that acts is reached, a group's name and a node among it.
    let mut reached = Vec::new();
    for _ in 0..60 {
        browser.press(&Key::Tab).await;
        let script = "const at = document.activeElement;
            return at.id || at.getAttribute('aria-label') || at.closest('[id]')?.id || at.tagName";
        reached.push(browser.js(script).await.as_str().unwrap_or_default().to_owned());
        if reached.last().is_some_and(|name| name == "layer layer 1") {
            browser.press(&Key::Enter).await;
            assert_eq!(browser.count("svg .group.folded").await, 1);
            browser.press(&Key::Enter).await;
            assert_eq!(browser.count("svg .group.folded").await, 0);
        }
        if reached.last().is_some_and(|name| name.starts_with("W[2], tensor")) {
            browser.press(&Key::Enter).await;
            assert_eq!(browser.text("#tape tr.chosen td.n").await, "W[2]");
            assert!(browser.text("#tip").await.contains("W[2]"), "what has the focus is explained");
        }
    }
    for name in ["first", "back", "run", "on", "turn", "last", "at", "speed", "chosen", "in", "rows", "layer layer 1"] {
        assert!(reached.iter().any(|at| at == name), "{name} is not reached: {reached:?}");
    }
    assert!(reached.iter().any(|at| at.starts_with("W[2], tensor")), "{reached:?}");
    // Steps, runs and pauses, also where a part of the page has the focus.
    browser.js("document.getElementById('rows').focus()").await;
    browser.press(&Key::Right).await;
    assert_eq!(step(browser).await.0, 1);
    browser.press(" ").await;
    browser.until("document.getElementById('where').innerText.startsWith('Step 3')").await;
    browser.press(" ").await;
    assert_eq!(browser.text("#run").await, "Run");
    browser.press("+").await;
    browser.press("0").await;
}

pub(crate) async fn xor_shows_the_deltas_of_the_lecture(browser: &Browser) {
    browser.show(&pages::xor(), "#end").await;
    // By hand: delta[2] = (y - t) h'(a[2]), delta[1] = h'(a[1]) ⊙ W[2]ᵀ delta[2].
    let h = |a: f64| 1.0 / (1.0 + (-a).exp());
    let z = [h(0.2), h(0.5)];
    let y = h(0.5 * z[0] + 0.6 * z[1] + 0.3);
    let delta2 = (y - 1.0) * y * (1.0 - y);
    let delta1 = [0.5, 0.6].into_iter().zip(z).map(|(w, z)| z * (1.0 - z) * w * delta2).collect::<Vec<f64>>();
    for (name, want) in [("a[2]", vec![delta2]), ("a[1]", delta1)] {
        let cells = row(browser, name).await;
        let got: Vec<f64> = cells[4].split(", ").map(number).collect();
        assert!(
            got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-6) && got.len() == want.len(),
            "{cells:?} {want:?}"
        );
        assert_eq!(cells[5], format!("pass: {} of {0}", want.len()));
    }
    // With δ for it, in the sum over the terms.
    browser
        .js("[...document.querySelectorAll('#tape tr')].find((x) => x.cells[1].textContent === 'a[1]').click()")
        .await;
    let total = browser.text("#total").await;
    assert!(total.contains('δ'), "{total}");
    let bars = browser.text("#bars").await;
    assert!(bars.contains("layer 1") && bars.contains("layer 2"), "{bars}");
    assert!(browser.count("#written mtr").await > 12);
}

pub(crate) async fn groups_fold(browser: &Browser) {
    browser.show(&pages::xor(), "").await;
    let all = browser.count("svg .node:not(.hidden)").await;
    let high = "return document.querySelector('#graph svg').viewBox.baseVal.height";
    let before = browser.js(high).await.as_f64().expect("a height");
    browser.click("svg .group text").await;
    let folded = browser.count("svg .node:not(.hidden)").await;
    let after = browser.js(high).await.as_f64().expect("a height");
    assert!(folded < all && after < before, "{all} {folded}, {before} {after}");
    let own = "return document.querySelector('svg .group text').getAttribute('aria-expanded')";
    assert_eq!(browser.js(own).await, "false");
    // What is left still steps.
    browser.press(&Key::End).await;
    browser.click("svg .group text").await;
    assert_eq!(browser.count("svg .node:not(.hidden)").await, all);
    assert_eq!(browser.js(high).await.as_f64(), Some(before));
}

pub(crate) async fn a_severed_gradient_shows_its_place(browser: &Browser) {
    browser.show(&pages::severed(), "").await;
    let cuts = browser.text("#cuts").await;
    assert!(cuts.contains("h: `detach` at ") && cuts.contains("pages.rs:"), "{cuts}");
    assert_eq!(browser.count("svg .edge.cut").await, 1);
    let mut said = Vec::new();
    browser.press(&Key::Right).await;
    while step(browser).await.0 < step(browser).await.1 {
        said.push(browser.text("#now").await);
        browser.press(&Key::Right).await;
    }
    said.push(browser.text("#now").await);
    let forward = said.iter().find(|said| said.contains("No gradient flows back to h."));
    assert!(forward.is_some_and(|said| said.contains("`detach` at ")), "{said:?}");
    assert_eq!([row(browser, "x").await[4].as_str(), &row(browser, "h").await[4]], ["none", "none"]);
    // From the list to the entry.
    browser.js("[...document.querySelectorAll('#cuts button')].find((x) => x.textContent === 'h').click()").await;
    assert_eq!(browser.text("#tape tr.chosen td.n").await, "h");
    assert!(browser.text("#total").await.contains("`detach` at "));
}

pub(crate) async fn any_name_does_no_harm(browser: &Browser) {
    for name in pages::NAMES {
        browser.show(&pages::named(name), "#end").await;
        let shown = name.replace(char::is_control, " ");
        let cell = browser.js("return document.querySelector('#tape td.n').textContent").await;
        assert_eq!(cell, shown, "{name:?}");
        assert_eq!(browser.js("return document.querySelector('h1').textContent").await, shown, "{name:?}");
        let harm = "return [window.harm === undefined, document.scripts.length, document.images.length,
            document.querySelectorAll('b').length]";
        assert_eq!(browser.js(harm).await, serde_json::json!([true, 2, 0, 0]), "{name:?}");
        // Right-to-left text stays in its own box.
        assert_eq!(browser.count("#tape td.n > bdi").await, browser.count("#tape tr").await);
        assert_eq!(browser.js("return getComputedStyle(document.body).direction").await, "ltr");
    }
}

pub(crate) async fn long_tapes_open(browser: &Browser) {
    for (entries, rows, most) in [(1_990, 1_990, 1.0), (100_000, 400, 10.0)] {
        // The best of three: other programs only ever add time.
        let (html, mut seconds) = (pages::long(entries), f64::INFINITY);
        for _ in 0..3 {
            browser.show(&html, "").await;
            let script = "return performance.getEntriesByType('navigation')[0].loadEventEnd / 1000";
            seconds = seconds.min(browser.js(script).await.as_f64().expect("a time"));
        }
        assert!(browser.count("#tape tr").await > rows - 10);
        assert!(seconds > 0.0 && seconds < most, "{entries} entries open in {seconds} s");
        browser.press(&Key::End).await;
        let (at, end) = step(browser).await;
        assert!(at == end && end > rows, "{at} {end}");
        println!("  {entries} entries open in {seconds:.2} s");
    }
}

pub(crate) async fn a_training_run_is_gone_through(browser: &Browser) {
    browser.show(pages::run(), "").await;
    let seen = "return [...document.querySelectorAll('#frames img')].filter((x) => x.offsetHeight).map((x) => x.alt)";
    assert_eq!(browser.text("#when").await, "epoch 6");
    browser.press(&Key::Left).await;
    assert_eq!(browser.js(seen).await, serde_json::json!(["epoch 5"]));
    browser.press(&Key::Home).await;
    assert_eq!(browser.js(seen).await, serde_json::json!(["epoch 1"]));
    browser.click("#on").await;
    assert_eq!(browser.text("#when").await, "epoch 2");
    browser.click("#run").await;
    browser.until("document.getElementById('when').innerText === 'epoch 6'").await;
    assert_eq!(browser.count("section.card > svg").await, 2);
    let loaded = "return [...document.images].every((x) => x.naturalWidth === 800)";
    browser.press(&Key::Home).await;
    assert_eq!(browser.js(loaded).await, true);
}
