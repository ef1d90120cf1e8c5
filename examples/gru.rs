//! A recurrent layer of one's own: a gated recurrent unit (Cho et al. 2014) that says after each bit whether the number of
//! ones so far is odd. Trained on sequences of 20 bits, it is right on sequences of 100.
//!
//! `cargo run --release -p examples --example gru`

use autodiff::Tensor;
use ndarray::{Array3, Axis};
use nn::{Adam, Dataset, Init, Layer, Linear, Sequential, Trainer, Visit, loss, metrics};
use rand::{Rng, RngExt, SeedableRng};

/// With `r, z = σ(W [x, h])`: `h ← z ⊙ h + (1 - z) ⊙ tanh(V [x, r ⊙ h])`, from 0.
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
}
impl Layer<f64> for Gru {
    /// From items × steps × inputs to items × steps × units.
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let (mut h, mut states) = (Tensor::zeros(&[x.shape()[0], self.units]), Vec::new());
        for x in x.chunks(1, 1).iter().map(|x| x.squeeze(1)) {
            let gates = self.gates.forward(&Tensor::concat(&[&x, &h], 1)).sigmoid().chunks(1, self.units);
            let (r, z) = (&gates[0], &gates[1]);
            let candidate = self.candidate.forward(&Tensor::concat(&[&x, &(r * &h)], 1)).tanh();
            h = z * h + (1.0 - z) * candidate;
            states.push(h.clone());
        }
        Tensor::stack(&states, 1)
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
    odd.accumulate_axis_inplace(Axis(1), |&before, bit| *bit = (before - *bit).abs());
    Dataset::new(bits, odd)
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (small, x) = (Gru::new(1, 2, &mut rng), parity(2, 3, &mut rng)?.all().0);
    nn::check::model(&small, |small| small.forward(&x).square().sum()).assert_pass();
    nn::check::model_hessian(&small, |small| small.forward(&x).square().sum()).assert_pass();

    let (train, long) = (parity(512, 20, &mut rng)?, parity(64, 100, &mut rng)?);
    let model = Sequential::new().then(Gru::new(1, 4, &mut rng)).then(Linear::new(4, 1, Init::XavierUniform, &mut rng));
    let trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.03)).epochs(40);
    let history = trainer.metric("accuracy", |y, t| metrics::accuracy(&y.sigmoid(), t)).fit(&train, &long)?;
    let accuracy = history.last().expect("an epoch").valid_accuracy;
    println!("parity of 100 bits: {:.1} % right", 100.0 * accuracy);
    assert!(accuracy > 0.99);
    Ok(())
}
