//! The chain rule with two paths at any place: row L14 of the lectures, whose module this shows.
//!
//! `cargo run -p examples --example chain_rule -- 1.3`

use std::process::ExitCode;

use examples::Page;

#[path = "lectures/l14_chain_rule.rs"]
#[expect(dead_code, reason = "the row itself has a place of its own")]
mod l14_chain_rule;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let at = match argument.as_deref().map_or(Ok(1.3), str::parse::<f64>) {
        Ok(at) if at.is_finite() => at,
        _ => {
            eprintln!("chain_rule: {:?} is not a finite number", argument.unwrap_or_default());
            return ExitCode::from(2);
        }
    };
    let mut page = Page::new(false, "target/lectures");
    let shown = l14_chain_rule::at(&mut page, at);
    print!("{}", page.text());
    if shown.is_ok() && page.holds_throughout() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
