//! What is saved can be read, to the bit: numbers that are not finite, the sign of zero, subnormal numbers.

use std::fs;
use std::ops::ControlFlow;

use autodiff::{Program, Real, Tensor, Var};
use ndarray::{Array1, array};
use nn::{Buffer, Curve, Dataset, Epoch, GradientNorm, History, Init, Layer, Linear, Sgd, Trainer, Visit, loss};
use rand::SeedableRng;
use serde_json::Value;
use tempfile::tempdir;

const ODD: [f64; 10] =
    [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, -0.0, 5e-324, -f64::MIN_POSITIVE / 3.0, f64::MAX, 0.1, 3.0];

fn bits(x: impl IntoIterator<Item = f64>) -> Vec<u64> {
    x.into_iter().map(f64::to_bits).collect()
}

/// A number that JSON holds as one or as a text.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().expect("a number or a text").parse().expect("a number"))
}

macro_rules! programs_of {
    ($($t:ident)*) => { $(
        #[test]
        fn $t() {
            let odd = ODD.map(<$t>::of);
            // A constant beside an input, one that is an output, one in a comparison; and the inputs it was recorded at.
            let f = |x: &[Var<$t>]| {
                let mut y: Vec<Var<$t>> = x.iter().zip(&odd).map(|(&x, &c)| x.max(Var::from(c)) + c).collect();
                y.extend(odd.map(Var::from));
                if x[8] < Var::from(odd[0]) { y } else { Vec::new() }
            };
            let program = Program::record(f, &odd);
            let text = serde_json::to_string(&program).unwrap();
            let back: Program<$t> = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
            for x in [odd, [1.0; 10]] {
                let [got, want] = [&back, &program].map(|program| program.values(&x).unwrap());
                assert_eq!(got.iter().map(|y| y.to_bits()).collect::<Vec<_>>(), want.iter().map(|y| y.to_bits()).collect::<Vec<_>>());
            }
            let value: Value = serde_json::from_str(&text).unwrap();
            let at = value["recorded_at"].as_array().unwrap().iter().map(|x| <$t>::of(number(x)).to_bits());
            assert_eq!(at.collect::<Vec<_>>(), odd.map(<$t>::to_bits));
            for wrong in ["\"3\"", "\"one\"", "null"] {
                assert!(serde_json::from_str::<Program<$t>>(&text.replacen("\"inf\"", wrong, 1)).is_err(), "{wrong}");
            }
        }
    )* };
}

mod programs {
    use super::*;
    programs_of! { f32 f64 }
}

#[test]
fn histories() {
    let epoch = |k: usize| {
        let odd = |more: usize| ODD[(k + more) % ODD.len()];
        Epoch {
            train_loss: odd(0),
            train_accuracy: odd(1),
            valid_loss: odd(2),
            valid_accuracy: odd(3),
            penalty: odd(4),
            rate: odd(5),
            gradient_norm: odd(6),
            batch_size: k,
        }
    };
    let history = History {
        epochs: (0..ODD.len()).map(epoch).collect(),
        metrics: vec![Curve { name: "r2".to_owned(), train: ODD.to_vec(), valid: ODD.to_vec() }],
        layers: vec![GradientNorm { name: "layers.0".to_owned(), norms: ODD.to_vec() }],
        ..History::default()
    };
    let folder = tempdir().unwrap();
    let (json, table) = (folder.path().join("h.json"), folder.path().join("h.csv"));
    history.save_json(&json).unwrap();
    history.save_csv(&table).unwrap();
    let json: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    let rows = json["epochs"].as_array().unwrap();
    let table = fs::read_to_string(table).unwrap();
    for (k, (name, column)) in history.columns().into_iter().enumerate() {
        assert_eq!(bits(rows.iter().map(|row| number(&row[&name]))), bits(column.clone()), "{name}");
        let read = table.lines().skip(1).map(|line| line.split(',').nth(k).unwrap().parse::<f64>().unwrap());
        let same = read.zip(column).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
        assert!(same, "{name} as CSV");
    }
    let text = serde_json::to_string(&(&history.epochs, &history.metrics, &history.layers)).unwrap();
    let (epochs, metrics, layers): (Vec<Epoch>, Vec<Curve>, Vec<GradientNorm>) = serde_json::from_str(&text).unwrap();
    let back = History { epochs, metrics, layers, ..History::default() };
    let all = |history: &History| bits(history.columns().into_iter().flat_map(|(_, column)| column));
    assert_eq!(all(&back), all(&history));
}

/// A line, and values that it does not compute with.
struct Marked(Linear<f64>, Buffer<f64>);

impl Layer<f64> for Marked {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.0.forward(x)
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("line", &self.0);
        v.buffer("odd", &self.1);
    }
}

fn marked(values: [f64; 10]) -> Marked {
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(1);
    Marked(Linear::new(1, 1, Init::XavierNormal, rng), Buffer::new(Array1::from(values.to_vec())))
}

#[test]
fn checkpoints() {
    let folder = tempdir().unwrap();
    let data = Dataset::new(array![[1.0], [2.0]], array![[0.5], [1.0]]).unwrap();
    let trainer = |values| {
        let trainer = Trainer::new(marked(values), loss::squared_error, Sgd::new(0.1)).progress(false);
        trainer.epochs(4).early_stopping(9).metric("odd", |_, _| f64::INFINITY).checkpoints(folder.path())
    };
    let mut first = trainer(ODD).on_epoch(|_, _, _| ControlFlow::Break(()));
    let begun = first.fit(&data, &data).unwrap();
    let mut second = trainer([0.0; 10]);
    let whole = second.fit(&data, &data).unwrap();
    assert_eq!((begun.epochs.len(), whole.epochs.len()), (1, 4));
    assert_eq!(bits(second.model().1.value().to_array()), bits(ODD));
    assert_eq!(whole.metric("odd").unwrap().train, [f64::INFINITY; 4]);
}

#[test]
fn weights() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    let (model, other) = (marked(ODD), marked([0.0; 10]));
    nn::save(&model, &file).unwrap();
    nn::load(&other, &file).unwrap();
    assert_eq!(bits(other.1.value().to_array()), bits(ODD));
    // What would not be loaded is not saved, and what is there stays.
    let before = fs::read(&file).unwrap();
    nn::parameters(&model, |_, p| p.map(|_| f64::NAN));
    let message = nn::save(&model, &file).unwrap_err().to_string();
    assert!(message.ends_with("`line.weight` holds a number that is not finite"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), before);
}
