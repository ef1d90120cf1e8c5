//! XOR with two hidden sigmoid units, trained on-line: some starts end in a local minimum, restarts do not (L24).
//!
//! `cargo run --release -p examples --example xor_restarts`

use std::ops::ControlFlow;

use ndarray::array;
use nn::{Activation, Dataset, Init, Mlp, Sgd, Trainer, loss, restarts};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SEEDS: u64 = 50;
/// Seeds that are tried together.
const TRIES: usize = 5;

fn main() -> Result<(), nn::Error> {
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let xor = Dataset::new(inputs, array![[0.0], [1.0], [1.0], [0.0]])?;
    let runs = restarts(1..=SEEDS, &xor, &xor, |seed| {
        let network = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
        let model = network.init(Init::Normal(1.0)).build(&mut ChaCha8Rng::seed_from_u64(seed));
        // Each step is one item; the run ends when the minimum is reached, or after 2000 passes.
        let trainer = Trainer::new(model, loss::bce, Sgd::new(0.5)).epochs(2000).batch_size(1).seed(seed);
        trainer.on_epoch(
            |epoch, _, _| {
                if epoch.valid_loss < 0.02 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
    });
    println!("{runs}\n");
    let solved = |rows: &[nn::Trial]| rows.iter().filter(|row| row.metrics[0].1 == 1.0).count();
    let right = solved(&runs.rows);
    println!(
        "2-2-1 sigmoid, on-line: {right} of {SEEDS} seeds reach XOR, {:.0} %",
        100.0 * right as f64 / SEEDS as f64
    );
    let groups: Vec<bool> = runs.rows.chunks(TRIES).map(|rows| solved(rows) > 0).collect();
    let reached = groups.iter().filter(|&&reached| reached).count();
    println!("the best of {TRIES} seeds reaches it in {reached} of {} groups", groups.len());
    assert_eq!(reached, groups.len(), "restarts reach the global minimum");
    assert!(right > 25, "{right} of {SEEDS} seeds");
    Ok(())
}
