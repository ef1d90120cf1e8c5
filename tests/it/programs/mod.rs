//! Small programs against JAX: value, gradient and a product with the Hessian, from `data/programs.json`
//! (`data/programs.py` writes it, and has each program once more).

mod algebra;
mod nested;
mod networks;
mod parts;
mod reductions;
mod windows;

use autodiff::{Gradients, Tape, Tensor};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value;

type T = Tensor<f64>;

/// A program by its name in the data. The tape is for programs that differentiate.
type Program = (&'static str, fn(&Tape<f64>, &[T]) -> T);

/// `n` one-hot rows, class after class.
fn hot(n: usize, classes: usize) -> T {
    let one = |(i, k): (usize, usize)| if i % classes == k { 1.0 } else { 0.0 };
    Tensor::constant(ndarray::Array2::from_shape_fn((n, classes), one))
}

/// 0, 1, 0, 1 and so on.
fn alternating(shape: &[usize]) -> T {
    let numbers = (0..shape.iter().product()).map(|k: usize| (k % 2) as f64).collect();
    Tensor::constant(ArrayD::from_shape_vec(IxDyn(shape), numbers).expect("as many"))
}

fn identity(n: usize) -> T {
    Tensor::constant(ndarray::Array2::eye(n))
}

/// `u(seed, k)`: splitmix64 as a number between 0 and 1.
fn u(seed: u64, k: usize) -> f64 {
    let mut z = seed.wrapping_add((k as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 * 2.0_f64.powi(-53)
}

fn uniform(low: f64, high: f64, seed: u64, shape: &[usize]) -> T {
    let numbers = (0..shape.iter().product()).map(|k| low + (high - low) * u(seed, k)).collect();
    Tensor::constant(ArrayD::from_shape_vec(IxDyn(shape), numbers).expect("as many"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Compares lists of numbers, to `1e-12` of the largest.
fn agree(what: &str, got: &[ArrayD<f64>], want: &Value) {
    let want: Vec<f64> = list(want).iter().flat_map(list).map(number).collect();
    let got: Vec<f64> = got.iter().flatten().copied().collect();
    assert_eq!(got.len(), want.len(), "{what}: numbers");
    let scale = want.iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        let error = (got - want).abs();
        assert!(error <= 1e-12 * scale, "{what} [{i}]: got {got:e}, want {want:e} at scale {scale:e}");
    }
}

fn check(record: &Value, program: fn(&Tape<f64>, &[T]) -> T) {
    let name = record["name"].as_str().expect("a name");
    let tape = Tape::new();
    let (mut leaves, mut directions) = (Vec::new(), Vec::new());
    for input in list(&record["inputs"]) {
        let shape: Vec<usize> =
            list(&input["shape"]).iter().map(|len| len.as_u64().expect("a length") as usize).collect();
        let seed = |key: &str| input[key].as_u64().expect("a seed");
        leaves.push(tape.tensor(uniform(number(&input["low"]), number(&input["high"]), seed("seed"), &shape)));
        directions.push(uniform(-1.0, 1.0, seed("direction"), &shape));
    }
    let found = |gradients: Gradients<f64>| -> Vec<ArrayD<f64>> {
        leaves.iter().map(|x| gradients.get(x).unwrap_or_else(|| ArrayD::zeros(x.shape()))).collect()
    };
    let y = program(&tape, &leaves);
    tests::near(format_args!("{name}: value"), y.item(), number(&record["value"]), 1e-12);
    agree(&format!("{name}: gradient"), &found(y.backward()), &record["gradient"]);
    let recorded = tape.grad(&y, &leaves);
    let arrays: Vec<_> = recorded.iter().map(Tensor::to_array).collect();
    agree(&format!("{name}: recorded gradient"), &arrays, &record["gradient"]);
    let along = recorded.iter().zip(&directions).map(|(g, v)| (g * v).sum());
    let along = along.reduce(|a, b| a + b).expect("an input");
    agree(&format!("{name}: product with the Hessian"), &found(along.backward()), &record["hessian_product"]);
}

#[test]
fn as_jax_computes_them() {
    let families = [
        networks::PROGRAMS,
        windows::PROGRAMS,
        algebra::PROGRAMS,
        parts::PROGRAMS,
        nested::PROGRAMS,
        reductions::PROGRAMS,
    ];
    let programs: Vec<Program> = families.concat();
    let data: Value = serde_json::from_str(include_str!("../../data/programs.json")).expect("the file is whole");
    assert_eq!(list(&data).len(), programs.len(), "a record for each program");
    let mut failed = Vec::new();
    for (name, program) in programs {
        let record = list(&data).iter().find(|record| record["name"] == name);
        let record = record.unwrap_or_else(|| panic!("programs.json has no record of {name}"));
        if std::panic::catch_unwind(|| check(record, program)).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "failed (the messages stand above): {failed:?}");
}
