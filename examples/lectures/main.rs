//! The derivations of the lectures, row by row: each module states one, measures it, and asserts it.
//!
//! `cargo run --release -p examples --example lectures` runs all rows and prints a table; `-- l14` (one or several rows)
//! prints rows in full; `-- --quick` measures less; `-- --list` lists. Pictures go to `target/lectures/`; where all rows run,
//! `index.html` in that folder shows everything. The program ends with 1 if a row does not hold. `examples/README.md` is the table of contents.

#![expect(clippy::unnecessary_wraps, reason = "most rows write files and can fail; all are called alike")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::{Index, Page, Row, Summary, row, run};

mod l01_perceptrons;
mod l02_linear_separability;
mod l03_minimal_xor;
mod l04_activations;
mod l05_linear_layers_collapse;
mod l06_multilayer_network;
mod l07_symmetries;
mod l08_universal_approximation;
mod l09_to_l11_likelihood_losses;
mod l12_hinge_loss;
mod l12_support_vector_machine;
mod l13_regularisation;
mod l14_chain_rule;
mod l15_exponentially_many_paths;
mod l16_three_ways;
mod l17_cost;
mod l18_any_topology;
mod l18_backpropagation;
mod l18_written_out;
mod l19_jacobian_and_hessian;
mod l20_deep_gradients;
mod l20_memory;
mod l21_incremental_descent;
mod l22_batches;
mod l22_escape;
mod l23_learning_rate;
mod l24_restarts;
mod l25_real_data;

const ROWS: &[Row] = &[
    row!("l1", "No perceptron fits XOR; one on (x1, x2, x1·x2) does", l01_perceptrons::show),
    row!("l2", "Separable by a line: yes or no, with proof", l02_linear_separability::show),
    row!("l3", "Two Heaviside units decide XOR, but cannot learn", l03_minimal_xor::show),
    row!("l4", "Activations and their derivatives", l04_activations::show),
    row!("l5", "Linear layers collapse into one", l05_linear_layers_collapse::show),
    row!("l6", "Any depth; item by item = batch", l06_multilayer_network::show),
    row!("l7", "M! 2^M weight vectors for one function", l07_symmetries::show),
    row!("l8", "One hidden layer approximates continuous functions", l08_universal_approximation::show),
    row!("l9", "Normal noise: squared error, dE/da = y - t", l09_to_l11_likelihood_losses::regression),
    row!("l10", "Two classes: cross-entropy, dE/da = y - t", l09_to_l11_likelihood_losses::two_classes),
    row!("l11", "K classes: softmax, dE/da_j = y_j - t_j", l09_to_l11_likelihood_losses::classes),
    row!("l12", "Hinge loss: primal and dual meet, KKT holds", l12_hinge_loss::show),
    row!("l13", "L2 shrinks weights, L1 makes them 0", l13_regularisation::show),
    row!("l14", "The total derivative sums over both paths", l14_chain_rule::show),
    row!("l15", "2^n paths, 4n edges", l15_exponentially_many_paths::show),
    row!("l16", "Symbols, differences, the sweep; errors over e", l16_three_ways::show),
    row!("l17", "The sweep is O(|w|), differences are O(|w|²)", l17_cost::show),
    row!("l18", "Backpropagation by hand = the tape", l18_backpropagation::show),
    row!("l19", "Jacobian and Hessian by inputs and by weights", l19_jacobian_and_hessian::show),
    row!("l20", "Memory for time; gradients vanish, explode", l20_memory::show),
    row!("l21", "IGD by hand = the trainer, step by step", l21_incremental_descent::show),
    row!("l22", "One rate for all batch sizes; noise leaves poor minima", l22_batches::show),
    row!("l23", "eta_opt = 1/h; to twice it converges; Newton's step", l23_learning_rate::show),
    row!("l24", "Starts reach different minima; restarts solve XOR", l24_restarts::show),
    row!("l25", "Handwritten digits and a regression set", l25_real_data::show),
];

/// Runs rows of the lectures and prints what they found.
#[derive(Parser)]
struct Options {
    /// Rows to print in full, as in `l14 l15`; without any, all rows run and a table is printed.
    rows: Vec<String>,
    /// Measure less.
    #[arg(long)]
    quick: bool,
    /// List the rows.
    #[arg(long)]
    list: bool,
    /// Where pictures are written.
    #[arg(long, default_value = "target/lectures")]
    out: PathBuf,
    /// Also run a row that does not hold, to see how the program ends then.
    #[arg(long, hide = true)]
    fail: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if options.list {
        let rows: Vec<String> = ROWS.iter().map(|row| format!("{:<4} {}", row.name, row.statement)).collect();
        println!("{}", rows.join("\n"));
        return ExitCode::SUCCESS;
    }
    let plain = |name: &str| name.to_lowercase().replace("l0", "l");
    let chosen: Vec<String> = options.rows.iter().map(|name| plain(name)).collect();
    if let Some(unknown) = chosen.iter().find(|name| ROWS.iter().all(|row| row.name != **name)) {
        eprintln!("lectures: there is no row {unknown:?}; --list lists the rows");
        return ExitCode::from(2);
    }
    let fails = Row::new("l0", "A row that does not hold", "", |page| {
        page.holds("1 = 2", false);
        Ok(())
    });
    let rows = ROWS.iter().filter(|row| chosen.is_empty() || chosen.iter().any(|name| name == row.name)).copied();
    let (mut summary, mut index) = (Summary::default(), Index::default());
    println!("{}", Summary::HEAD);
    for row in rows.chain(options.fail.then_some(fails)) {
        let shown = run(row, Page::new(options.quick, &options.out));
        if !chosen.is_empty() {
            println!("\n{}", shown.page.text());
        }
        println!("{shown}");
        summary.add(&shown);
        index.add(&shown);
    }
    let saved = if chosen.is_empty() { index.save(&options.out, summary) } else { Ok(()) };
    let saved = saved.inspect_err(|error| eprintln!("lectures: {}: {error}", options.out.display()));
    println!("{summary}; pictures are in {}", options.out.display());
    if summary.holds() && saved.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
