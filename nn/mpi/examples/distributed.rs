//! Trains on handwritten digits with any number of processes, which all end with the same bits.
//!
//! ```sh
//! cd nn/mpi
//! cargo build --release --example distributed
//! mpirun -n 4 target/release/examples/distributed
//! ```
//!
//! Arguments: `--epochs 10`, `--parts 8`, `--checkpoints FOLDER` to go on where an earlier run ended, with this or another number
//! of processes, `--out FOLDER` for the weights and the history.

use std::path::PathBuf;
use std::process::ExitCode;

use nn::{Activation, Csv, Dataset, Engine, Mlp, Sgd, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

struct Options {
    epochs: usize,
    parts: usize,
    checkpoints: Option<PathBuf>,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    nn_mpi::run(|engine| train(options(std::env::args().skip(1))?, engine))
}

fn train(options: Options, engine: nn_mpi::Mpi) -> Result<(), Box<dyn std::error::Error>> {
    let (rank, size) = (engine.rank(), engine.size());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (train, test) = digits()?.split(0.8, &mut rng)?;
    let model = Mlp::new(&[64, 64, 10], Activation::Tanh, &mut rng);
    let trainer = Trainer::new(model, loss::softmax_cross_entropy, Sgd::new(0.05).momentum(0.9));
    let trainer = trainer.epochs(options.epochs).parts(options.parts).engine(engine);
    let mut trainer = match options.checkpoints {
        Some(folder) => trainer.checkpoints(folder),
        None => trainer.interruptible(),
    };
    let history = trainer.fit(&train, &test)?;
    if rank > 0 {
        return Ok(());
    }
    if let Some(last) = history.last() {
        let (epochs, seconds) = (history.epochs.len(), history.elapsed.as_secs_f64());
        println!("{size} ranks, {epochs} epochs in {seconds:.1} s ({})", history.stop);
        println!("loss {:.17}, on the test digits {:.17}", last.train_loss, last.valid_loss);
        println!("accuracy on the test digits {:.2} %", 100.0 * last.valid_accuracy);
    }
    if let Some(folder) = options.out {
        std::fs::create_dir_all(&folder)?;
        nn::save(trainer.model(), folder.join("weights.safetensors"))?;
        history.save_json(folder.join("history.json"))?;
    }
    Ok(())
}

/// 1797 digits: 64 grey values from 0 to 1, and a row that says which digit it is.
fn digits() -> Result<Dataset<f64>, Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.csv");
    let data = Csv::new().header(false).classes(65, 10).read(file)?.dataset(65)?;
    Ok(data.with_inputs(data.inputs() / 16.0)?)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { epochs: 10, parts: 8, checkpoints: None, out: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name}: a value is missing"))?;
        let number =
            || value.parse().ok().filter(|&n| n > 0).ok_or_else(|| format!("{name} {value}: expected a number from 1"));
        match name.as_str() {
            "--epochs" => options.epochs = number()?,
            "--parts" => options.parts = number()?,
            "--checkpoints" => options.checkpoints = Some(value.into()),
            "--out" => options.out = Some(value.into()),
            _ => return Err(format!("{name}: expected --epochs, --parts, --checkpoints or --out")),
        }
    }
    Ok(options)
}
