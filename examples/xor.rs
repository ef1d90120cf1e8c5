//! XOR: a network that decides but cannot learn (L3), and networks that learn, from several starts (L24). These are rows of the
//! lectures, whose modules this shows in short.
//!
//! `cargo run --release -p examples --example xor`

use std::process::ExitCode;

use examples::{Outcome, Page};

#[path = "lectures/l03_minimal_xor.rs"]
mod l03_minimal_xor;
#[path = "lectures/l24_restarts.rs"]
mod l24_restarts;

fn main() -> ExitCode {
    let rows: [fn(&mut Page) -> Outcome; 2] = [l03_minimal_xor::show, l24_restarts::show];
    let mut all = true;
    for show in rows {
        let mut page = Page::new(true, "target/xor");
        let shown = show(&mut page);
        println!("{}", page.text());
        all &= page.holds_throughout();
        if let Err(error) = shown {
            eprintln!("xor: {error}");
            all = false;
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
