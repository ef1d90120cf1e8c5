//! The derivations of the lectures, row by row: each module states one, measures it, and asserts it.
//!
//! `cargo run --release -p examples --example lectures` runs all rows and prints a table; `-- l14` (one or several rows)
//! prints rows in full; `-- --quick` measures less; `-- --list` lists. Pictures go to `target/lectures/`. The program ends
//! with 1 if a row does not hold. `examples/README.md` is the table of contents.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use examples::{Page, Row, Summary, run};

mod l01_perceptrons;
mod l02_linear_separability;
mod l03_minimal_xor;
mod l04_activations;
mod l05_linear_layers_collapse;
mod l06_multilayer_network;
mod l07_symmetries;
mod l08_universal_approximation;
mod l09_to_l11_likelihood_losses;
mod l12_hinge_and_svm;
mod l13_regularisation;
mod l14_chain_rule;
mod l15_exponentially_many_paths;
mod l16_three_ways;
mod l17_cost;
mod l18_backpropagation;
mod l19_jacobian_and_hessian;
mod l20_memory_and_depth;
mod l21_incremental_descent;
mod l22_batches;
mod l23_learning_rate;
mod l24_restarts;
mod l25_real_data;

const ROWS: &[Row] = &[
    Row { name: "l1", statement: "No perceptron fits XOR; one on (x1, x2, x1·x2) does", show: l01_perceptrons::show },
    Row { name: "l2", statement: "Separable by a line: yes or no, with proof", show: l02_linear_separability::show },
    Row { name: "l3", statement: "Two Heaviside units decide XOR, but cannot learn", show: l03_minimal_xor::show },
    Row { name: "l4", statement: "Activations and their derivatives", show: l04_activations::show },
    Row { name: "l5", statement: "Linear layers collapse into one", show: l05_linear_layers_collapse::show },
    Row { name: "l6", statement: "Any depth; item by item = batch", show: l06_multilayer_network::show },
    Row { name: "l7", statement: "M! 2^M weight vectors for one function", show: l07_symmetries::show },
    Row {
        name: "l8",
        statement: "One hidden layer approximates any continuous function",
        show: l08_universal_approximation::show,
    },
    Row {
        name: "l9",
        statement: "Normal noise makes the squared error: dE/da = y - t",
        show: l09_to_l11_likelihood_losses::regression,
    },
    Row {
        name: "l10",
        statement: "Two classes make cross-entropy: dE/da = y - t",
        show: l09_to_l11_likelihood_losses::two_classes,
    },
    Row {
        name: "l11",
        statement: "K classes and softmax: dE/da_j = y_j - t_j",
        show: l09_to_l11_likelihood_losses::classes,
    },
    Row { name: "l12", statement: "Hinge loss: primal and dual meet, KKT holds", show: l12_hinge_and_svm::show },
    Row { name: "l13", statement: "L2 shrinks weights, L1 makes them 0", show: l13_regularisation::show },
    Row { name: "l14", statement: "The total derivative sums over both paths", show: l14_chain_rule::show },
    Row { name: "l15", statement: "2^n paths, 4n edges", show: l15_exponentially_many_paths::show },
    Row { name: "l16", statement: "Symbols, differences, the sweep; errors over e", show: l16_three_ways::show },
    Row { name: "l17", statement: "The sweep is O(|w|), differences are O(|w|²)", show: l17_cost::show },
    Row { name: "l18", statement: "Backpropagation by hand = the tape", show: l18_backpropagation::show },
    Row {
        name: "l19",
        statement: "Jacobian and Hessian by inputs and by weights",
        show: l19_jacobian_and_hessian::show,
    },
    Row {
        name: "l20",
        statement: "Checkpoints: memory for time; gradients vanish, explode",
        show: l20_memory_and_depth::show,
    },
    Row { name: "l21", statement: "IGD by hand = the trainer, step by step", show: l21_incremental_descent::show },
    Row {
        name: "l22",
        statement: "Batches: one rate for all sizes; noise leaves poor minima",
        show: l22_batches::show,
    },
    Row {
        name: "l23",
        statement: "eta_opt = 1/h; up to twice it converges; Newton's step",
        show: l23_learning_rate::show,
    },
    Row { name: "l24", statement: "Starts reach different minima; restarts solve XOR", show: l24_restarts::show },
    Row { name: "l25", statement: "Handwritten digits and a regression set", show: l25_real_data::show },
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
        ROWS.iter().for_each(|row| println!("{:<4} {}", row.name, row.statement));
        return ExitCode::SUCCESS;
    }
    let plain = |name: &str| name.to_lowercase().replace("l0", "l");
    let chosen: Vec<String> = options.rows.iter().map(|name| plain(name)).collect();
    if let Some(unknown) = chosen.iter().find(|name| ROWS.iter().all(|row| row.name != **name)) {
        eprintln!("lectures: there is no row {unknown:?}; --list lists the rows");
        return ExitCode::from(2);
    }
    let fails = Row { name: "l0", statement: "A row that does not hold", show: |page| Ok(page.holds("1 = 2", false)) };
    let rows = ROWS.iter().filter(|row| chosen.is_empty() || chosen.iter().any(|name| name == row.name)).copied();
    let mut summary = Summary::default();
    println!("{}", Summary::HEAD);
    for row in rows.chain(options.fail.then_some(fails)) {
        let shown = run(row, Page::new(options.quick, &options.out));
        if !chosen.is_empty() {
            println!("\n{}", shown.text);
        }
        println!("{shown}");
        summary.add(&shown);
    }
    println!("{summary}; pictures are in {}", options.out.display());
    if summary.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
