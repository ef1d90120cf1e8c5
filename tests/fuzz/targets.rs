//! What is fuzzed: each target hands bytes to a reader, which must give a result: no panic, no more memory than the bytes
//! explain. `libFuzzer` drives them from here, the gate from `tests/it/fuzz.rs`.

use std::fs;
use std::path::Path;

use autodiff::Program;
use nn::data::{Csv, Npz, read_idx, read_npy};
use nn::{Activation, Adam, Dataset, Mlp, Trainer, loss};
use rand::SeedableRng;

/// A target: its name, which is its corpus's folder too, and what it does with the bytes, which lie in this file.
pub(crate) type Target = (&'static str, fn(&Path, &[u8]));

/// All targets.
pub(crate) const TARGETS: [Target; 9] = [
    ("weights", weights),
    ("weights_info", weights_info),
    ("checkpoint", checkpoint),
    ("csv", csv),
    ("table", table),
    ("idx", idx),
    ("npy", npy),
    ("npz", npz),
    ("program", program),
];

fn weights(file: &Path, _: &[u8]) {
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let model = Mlp::<f64>::new(&[3, 5, 4, 2], Activation::Tanh, rng);
    if nn::load(&model, file).is_ok() {
        nn::parameters(&model, |_, p| assert!(p.value().is_finite(), "weights that are no numbers were loaded"));
    }
}

fn weights_info(file: &Path, _: &[u8]) {
    let _ = nn::weights_info(file);
}

/// A run that is over goes on from the file, or says what is wrong with it and leaves the model alone.
fn checkpoint(file: &Path, bytes: &[u8]) {
    let folder = file.with_extension("run");
    fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("checkpoint.safetensors"), bytes)).expect("writes");
    let data = Dataset::new(ndarray::array![[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ndarray::array![[1.0], [1.0], [0.0]]);
    let data = data.expect("as many rows");
    let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    let trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.1)).epochs(2).batch_size(2);
    let mut trainer = trainer.early_stopping(5).checkpoints(folder).progress(false);
    let weights = |model: &Mlp<f64>| {
        let mut all = Vec::new();
        nn::parameters(model, |_, p| all.extend(p.value().to_array()));
        all
    };
    let before = weights(trainer.model());
    let result = trainer.fit(&data, &data);
    assert!(result.is_ok() || weights(trainer.model()) == before, "a file that was refused changed the model");
}

fn csv(file: &Path, _: &[u8]) {
    let _ = Csv::new().read(file);
}

fn table(file: &Path, _: &[u8]) {
    let _ = Csv::new().header(false).classes(65, 10).read(file).and_then(|columns| columns.dataset::<f64>(65));
}

fn idx(file: &Path, bytes: &[u8]) {
    if let Ok(array) = read_idx::<f32>(file) {
        // Packed bytes may be up to a thousandfold.
        assert!(array.len() <= 2000 * bytes.len());
    }
}

fn npy(file: &Path, bytes: &[u8]) {
    if let Ok(array) = read_npy::<f64>(file) {
        assert!(array.len() <= bytes.len());
    }
}

fn npz(file: &Path, _: &[u8]) {
    let Ok(mut archive) = Npz::open(file) else { return };
    for name in ["x", "t", "small", "large", "truth", "number", "empty"] {
        let _ = archive.array::<f64>(name);
    }
}

/// A program that is accepted can be run.
fn program(_: &Path, bytes: &[u8]) {
    let Ok(program) = serde_json::from_slice::<Program<f64>>(bytes) else { return };
    if program.inputs() > 1000 {
        return;
    }
    let x = vec![0.5; program.inputs()];
    let _ = program.values(&x);
    let _ = program.vjp(&x, &vec![1.0; program.outputs()]);
    if program.outputs() == 1 {
        let _ = program.hvp(&x, &x);
    }
    let again = serde_json::to_vec(&program).expect("what was read can be written");
    assert!(serde_json::from_slice::<Program<f64>>(&again).is_ok(), "what was written can be read");
}
