//! A recurrent layer of one's own: a gated recurrent unit (Cho et al. 2014) that says after each bit whether the number of
//! ones so far is odd. Trained on sequences of 10 bits, it is right on sequences of 100.
//!
//! `cargo run --release -p examples --example gru`

use autodiff::Tensor;
use ndarray::Array3;
use nn::{Activation, Adam, Dataset, Init, Layer, Linear, Sequential, Trainer, Visit, loss, metrics};
use rand::{Rng, RngExt, SeedableRng};

/// With `r, z = σ(W [x, h])`: `h ← z ⊙ h + (1 - z) ⊙ tanh(V [x, r ⊙ h])`.
struct Gru {
    gates: Linear<f64>,
    candidate: Linear<f64>,
    units: usize,
}

impl Gru {
    fn new(inputs: usize, units: usize, rng: &mut impl Rng) -> Self {
        let mut linear = |outputs| Linear::new(inputs + units, outputs, Init::XavierUniform, rng);
        Self { gates: linear(2 * units), candidate: linear(units), units }
    }

    fn step(&self, x: &Tensor<f64>, h: &Tensor<f64>) -> Tensor<f64> {
        let gates = self.gates.forward(&Tensor::concat(&[x, h], 1)).sigmoid().chunks(1, self.units);
        let (r, z) = (&gates[0], &gates[1]);
        let candidate = self.candidate.forward(&Tensor::concat(&[x, &(r * h)], 1)).tanh();
        z * h + (1.0 - z) * candidate
    }
}

impl Layer<f64> for Gru {
    /// From items × steps × inputs to items × steps × units, from a state of zeros.
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let mut states = vec![Tensor::zeros(&[x.shape()[0], self.units])];
        for x in x.chunks(1, 1) {
            states.push(self.step(&x.squeeze(1), &states[states.len() - 1]));
        }
        Tensor::stack(&states[1..].iter().collect::<Vec<_>>(), 1)
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("gates", &self.gates);
        v.layer("candidate", &self.candidate);
    }
}

/// Random bits, and after each bit whether the number of ones so far is odd.
fn parity(items: usize, steps: usize, rng: &mut impl Rng) -> nn::Result<Dataset<f64>> {
    let bits = Array3::from_shape_simple_fn((items, steps, 1), || f64::from(rng.random_bool(0.5)));
    let mut odd = bits.clone();
    odd.accumulate_axis_inplace(ndarray::Axis(1), |&before, bit| *bit = (before - *bit).abs());
    Dataset::new(bits, odd)
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let model = |units, rng: &mut _| Sequential::new().then(Gru::new(1, units, rng)).then(Linear::new(units, 1, Init::XavierUniform, rng));
    let (x, t) = parity(2, 3, &mut rng)?.all();
    let small = model(2, &mut rng);
    nn::check::model(&small, |model| loss::bce_with_logits(&model.forward(&x), &t)).assert_pass();
    nn::check::model_hessian(&small, |model| loss::bce_with_logits(&model.forward(&x), &t)).assert_pass();

    let (train, long) = (parity(512, 10, &mut rng)?, parity(64, 100, &mut rng)?);
    let accuracy = |y: &Tensor<f64>, t: &Tensor<f64>| metrics::accuracy(&y.sigmoid(), t);
    let mut trainer = Trainer::new(model(8, &mut rng), loss::bce_with_logits, Adam::new(0.02)).metric("accuracy", accuracy);
    let history = trainer.epochs(40).fit(&train, &long)?;
    let last = history.last().expect("an epoch");
    println!("parity of sequences of 10: {:.1} %, of 100: {:.1} %", 100.0 * last.train_accuracy, 100.0 * last.valid_accuracy);
    assert!(last.valid_accuracy > 0.999);
    Ok(())
}
