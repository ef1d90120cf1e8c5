//! Trains networks from the command line.
//!
//! ```text
//! cargo run --release -p examples --example train -- digits      # 80 % trained on, 20 % tested on
//! cargo run --release -p examples --example train -- iris        # 5-fold cross-validation
//! cargo run --release -p examples --example train -- diabetes    # 5-fold cross-validation of a regression
//! cargo run --release -p examples --example train -- spirals     # as many new points as were trained on
//! cargo run --release -p examples --example train -- fit data.csv --target species --out run/
//! cargo run --release -p examples --example train -- predict run/ new.csv
//! cargo run --release -p examples --example train -- resume run/
//! ```
//!
//! Each writes weights, curves and other pictures. Ctrl-C keeps what was reached; the same command, or `resume`, goes on
//! from there to the same bits.

mod missing;
mod network;
mod problem;
mod report;
mod table;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use network::Flags;

/// What is wrong, in one line; or nothing.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Trains networks on built-in problems or on your own table.
#[derive(Parser)]
#[command(name = "train")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Handwritten digits: trains on 80 %, tests on the others.
    Digits(Builtin),
    /// Species of iris: 5-fold cross-validation.
    Iris(Builtin),
    /// Progression of diabetes, a regression: 5-fold cross-validation.
    Diabetes(Builtin),
    /// Two spirals of 1000 points: tests on 1000 others.
    Spirals(Builtin),
    /// Trains on a CSV file with a header: part of the rows to train on, part to stop by, part to test on.
    Fit(table::Fit),
    /// Writes the predictions of a trained model for another CSV file.
    Predict(table::Predict),
    /// Goes on with an interrupted `fit`.
    Resume(table::Resume),
}

/// Options of the built-in problems.
#[derive(clap::Args)]
struct Builtin {
    #[command(flatten)]
    flags: Flags,
    /// How many seeds to try, counted up from --seed.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Where pictures, weights and unfinished runs are kept; target/train/<problem> if not given.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Test on a fifth of what is trained on instead: to choose settings without a look at what figures are reported of.
    #[arg(long)]
    validate: bool,
    /// Start over, whatever unfinished run there is.
    #[arg(long)]
    fresh: bool,
}

/// Text for a terminal: names in it may come from files.
fn shown(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Digits(options) => problem::run(&problem::digits(), &options),
        Command::Iris(options) => problem::run(&problem::iris(), &options),
        Command::Diabetes(options) => problem::run(&problem::diabetes(), &options),
        Command::Spirals(options) => problem::run(&problem::spirals(), &options),
        Command::Fit(options) => options.run(),
        Command::Predict(options) => options.run(),
        Command::Resume(options) => options.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train: {}", shown(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}
