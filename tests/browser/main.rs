//! The pages that the library writes, in a real browser: Chromium without a screen, driven by its driver.
//!
//! `cargo test` in this folder runs all cases, `cargo test -- keyboard` those with this in their names. Where Chromium or its
//! driver is missing, it says so and ends well. Screenshots go to `target/screenshots`.

mod cases;
mod driver;
mod html;
mod pages;
mod pictures;
mod sight;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use driver::{Browser, Driver, found};

type Case = for<'a> fn(&'a Browser) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Names and functions of the cases.
macro_rules! cases {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$((stringify!($name), |browser: &Browser| Box::pin($module::$name(browser)))),*]
    };
}

const CASES: &[(&str, Case)] = cases![
    html::pages_parse_without_errors,
    cases::the_sweep_over_two_paths_forward_and_back,
    cases::buttons_slider_and_run,
    cases::the_keyboard_alone_serves,
    cases::xor_shows_the_deltas_of_the_lecture,
    cases::groups_fold,
    cases::a_severed_gradient_shows_its_place,
    cases::any_name_does_no_harm,
    cases::long_tapes_open,
    cases::a_training_run_is_gone_through,
    sight::all_text_has_contrast,
    sight::everything_that_acts_has_a_name,
    sight::paper_shows_all,
    pictures::screenshots,
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let missing: Vec<&str> = ["chromium", "chromedriver"].into_iter().filter(|name| found(name).is_none()).collect();
    if !missing.is_empty() {
        println!("skipped: {} not found on PATH; no page was looked at in a browser", missing.join(" and "));
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let driver = Driver::start();
    let browser = runtime.block_on(Browser::open(&driver));
    let (mut ran, mut failed) = (0, 0);
    for (name, case) in CASES.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| name.contains(w))) {
        let start = Instant::now();
        let run = async {
            case(&browser).await;
            let errors = browser.errors().await;
            assert!(errors.is_empty(), "the console says {errors:?}");
        };
        let holds = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run))).is_ok();
        println!("test {name} ... {} ({:.1} s)", if holds { "ok" } else { "FAILED" }, start.elapsed().as_secs_f64());
        (ran, failed) = (ran + 1, failed + i32::from(!holds));
    }
    runtime.block_on(browser.close());
    println!("\ntest result: {}. {} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" }, ran - failed);
    if failed == 0 && ran > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
