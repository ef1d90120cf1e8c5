//! What the ranks do, and what it is to end with.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use autodiff::Tensor;
use nn::data::Stored;
use nn::{
    Activation, Adam, Batch, Checkpoints, Csv, Dataset, Dropout, Engine, History, Init, Linear, Sequential, Sgd,
    Threads, Trainer, loss,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type Fail = Box<dyn std::error::Error>;
type Loss = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;
type Run = Trainer<Sequential<f64>, Loss, Adam<f64>>;

/// The folder that a mode works in.
pub(crate) const FOLDER: &str = "NN_MPI_FOLDER";
/// How long a step takes at least, in milliseconds.
pub(crate) const PAUSE: &str = "NN_MPI_PAUSE";

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// The program under `mpirun`.
pub(crate) fn run(mode: &str) -> ExitCode {
    nn_mpi::run(|engine| rank(mode, engine))
}

fn rank(mode: &str, engine: nn_mpi::Mpi) -> Result<(), Fail> {
    let rank = engine.rank();
    say(&format!("pid {}", std::process::id()));
    if mode == "stored" {
        return stored(engine);
    }
    if (mode, rank) == ("error before", 1) {
        return Err("no such file".into());
    }
    let trainer = match mode {
        "digits" => digits().engine(engine),
        "three parts" => digits().epochs(1).parts(3).engine(engine),
        "nan" => few()?.engine(engine).measure("none", |_: &Sequential<f64>, _: &Batch<f64>| 0.0),
        "other seeds" => few()?.seed(rank as u64).engine(engine),
        "panic" => {
            few()?.engine(engine).measure("bad", move |_, _: &Batch<f64>| if rank == 1 { panic!("here") } else { 0.0 })
        }
        "kept" | "error before" | "error in" => few()?.engine(engine),
        mode => return Err(format!("no mode {mode}").into()),
    };
    let (train, valid) = data(mode == "digits" || mode == "three parts")?;
    let (train, valid) = match (mode, rank) {
        // A data set of which one item cannot be read.
        ("error in", 1) => (broken(&train)?, valid),
        ("nan", _) => (train.with_targets(train.targets() * 1e308)?, valid),
        _ => (train, valid),
    };
    let mut trainer = trainer;
    let history = trainer.fit(&train, &valid)?;
    let found = hash(&trainer, &history);
    if rank == 0 {
        say(&format!("result {found}"));
    }
    say(&format!("rank {found}"));
    Ok(())
}

/// In one piece, so that the ranks' lines do not mix.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes()).and_then(|()| output.flush()).unwrap();
}

/// The digits, or some of them.
fn data(all: bool) -> Result<(Dataset<f64>, Dataset<f64>), Fail> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.csv");
    let data = Csv::new().header(false).classes(65, 10).read(file)?.dataset(65)?;
    let data = data.with_inputs(data.inputs() / 16.0)?;
    let data = if all { data } else { data.subset(&(0..150).collect::<Vec<_>>()) };
    Ok(data.split(0.8, &mut ChaCha8Rng::seed_from_u64(1))?)
}

fn network(rng: &mut ChaCha8Rng) -> Sequential<f64> {
    let model = Sequential::new().then(Linear::new(64, 32, Init::XavierUniform, rng)).then(Activation::Tanh);
    model.then(Dropout::new(0.1, rng)).then(Linear::new(32, 10, Init::XavierUniform, rng))
}

fn trainer(rate: f64) -> Run {
    let model = network(&mut ChaCha8Rng::seed_from_u64(2));
    let measure = |model: &Sequential<f64>, batch: &Batch<f64>| {
        nn::metrics::mse(&nn::Layer::forward(model, batch.inputs()), batch.targets())
    };
    let trainer: Run = Trainer::new(model, loss::softmax_cross_entropy, Adam::new(rate));
    trainer.progress(false).measure("mse", measure)
}

/// Ten epochs on all digits.
fn digits() -> Run {
    trainer(0.003).epochs(10).batch_size(45)
}

/// A short run, kept after every step if there is a folder.
fn few() -> Result<Run, Fail> {
    let pause = std::env::var(PAUSE).map_or(Ok(0), |pause| pause.parse())?;
    let trainer = trainer(0.003).epochs(12).batch_size(20).early_stopping(50);
    let trainer = trainer.on_step(move |_, _| {
        std::thread::sleep(Duration::from_millis(pause));
        ControlFlow::Continue(())
    });
    Ok(match folder() {
        Some(folder) => trainer.checkpoints(Checkpoints::new(folder).every_steps(1)),
        None => trainer,
    })
}

/// All that a run ends with.
fn hash(trainer: &Run, history: &History) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights.safetensors");
    nn::save(trainer.model(), &file).unwrap();
    let mut hasher = DefaultHasher::new();
    std::fs::read(file).unwrap().hash(&mut hasher);
    for (name, column) in history.columns() {
        name.hash(&mut hasher);
        column.iter().map(|x| x.to_bits()).collect::<Vec<_>>().hash(&mut hasher);
    }
    (history.steps, history.best_epoch).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn fit(mut trainer: Run, all: bool) -> String {
    let (train, valid) = data(all).unwrap();
    let history = trainer.fit(&train, &valid).unwrap();
    hash(&trainer, &history)
}

/// Without an engine.
pub(crate) fn plain() -> String {
    fit(digits().parts(8), true)
}

pub(crate) fn threads(size: usize) -> Vec<String> {
    Threads::run(size, |engine| fit(digits().engine(engine), true))
}

/// What the run that is interrupted ends with if it is not.
pub(crate) fn kept() -> String {
    fit(few().unwrap().parts(8), false)
}

/// The same data, with inputs in a file that is cut off.
fn broken(data: &Dataset<f64>) -> Result<Dataset<f64>, Fail> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("inputs.npy");
    write_header(&file, (data.len(), 64), (data.len() * 64 * 8) as u64)?;
    let stored =
        Dataset::default().with_stored("inputs", Stored::npy(&file)?)?.with("targets", data.targets().clone())?;
    std::fs::OpenOptions::new().write(true).open(&file)?.set_len(200)?;
    Ok(stored)
}

/// A file of zeros that takes no room on the disk.
fn write_header(file: &Path, (rows, columns): (usize, usize), bytes: u64) -> Result<(), Fail> {
    let kind = if bytes == (rows * columns * 8) as u64 { "<f8" } else { "<f4" };
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let text = format!("{text:<117}\n");
    let mut output = std::fs::File::create(file)?;
    output.write_all(b"\x93NUMPY\x01\x00")?;
    output.write_all(&(text.len() as u16).to_le_bytes())?;
    output.write_all(text.as_bytes())?;
    Ok(output.set_len(10 + text.len() as u64 + bytes)?)
}

const ROWS: usize = 1 << 20;

/// Inputs of 4 GiB.
pub(crate) fn sparse(folder: &Path) {
    write_header(&folder.join("inputs.npy"), (ROWS, 1024), 4 << 30).unwrap();
}

fn stored(engine: nn_mpi::Mpi) -> Result<(), Fail> {
    let rank = engine.rank();
    let file = folder().ok_or("no folder")?.join("inputs.npy");
    let targets = ndarray::Array2::from_shape_fn((ROWS, 1), |(i, _)| (i % 7) as f32);
    let train = Dataset::default().with_stored("inputs", Stored::npy(file)?)?.with("targets", targets)?;
    let valid = train.subset(&(0..100).collect::<Vec<_>>());
    let model = Linear::<f32>::new(1024, 1, Init::XavierUniform, &mut ChaCha8Rng::seed_from_u64(1));
    let mut trainer =
        Trainer::new(model, loss::squared_error, Sgd::new(0.01)).epochs(1).batch_size(4096).engine(engine);
    let mut steps = 0;
    trainer = trainer.progress(false).on_step(move |_, _| {
        steps += 1;
        if steps == 40 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let history = trainer.fit(&train, &valid)?;
    if rank == 0 {
        say(&format!("result {}", history.steps));
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    let kib: f64 = peak.trim().trim_end_matches(" kB").trim().parse()?;
    say(&format!("MiB {:.1}", kib / 1024.0));
    Ok(())
}
