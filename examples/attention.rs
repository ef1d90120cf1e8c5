//! A layer of one's own on batches of matrices: causal self-attention with several heads. The model reads six numbers, then
//! the same again, of which it tells each from what stands before it.
//!
//! `cargo run --release -p examples --example attention`

use autodiff::{Tensor, tensor};
use ndarray::{Array2, Axis, concatenate, s};
use nn::{
    Adam, Dataset, Embedding, Init, Layer, Linear, Param, Residual, Sequential, Trainer, Visit, loss::CrossEntropy,
};
use rand::{Rng, RngExt, SeedableRng};

/// `softmax(Q Kᵀ / √d + B) V` for each head, where place `i` sees places `j ≤ i`; `B` depends on the places alone.
struct Attention {
    qkv: Linear<f64>,
    places: Param<f64>,
    out: Linear<f64>,
}
impl Attention {
    fn new(width: usize, heads: usize, steps: usize, rng: &mut impl Rng) -> Self {
        let mut linear = |outputs| Linear::new(width, outputs, Init::XavierUniform, rng).without_bias();
        Self { qkv: linear(3 * width), places: Param::new(Tensor::zeros(&[heads, steps, steps])), out: linear(width) }
    }
}
impl Layer<f64> for Attention {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let (qkv, places) = (self.qkv.forward(x).chunks(2, x.shape()[2]), self.places.tensor());
        let heads = [x.shape()[0], x.shape()[1], places.shape()[0], x.shape()[2] / places.shape()[0]];
        let [q, k, v] = [0, 1, 2].map(|part: usize| qkv[part].reshape(&heads).permute(&[0, 2, 1, 3]));
        let scores = q.matmul(&k.mT()) / (heads[3] as f64).sqrt() + &places;
        let later = Tensor::ones(&places.shape()[1..]).triu(1);
        let seen = scores.masked_fill(&later, f64::NEG_INFINITY).softmax(3).matmul(&v);
        self.out.forward(&seen.permute(&[0, 2, 1, 3]).reshape(x.shape()))
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("qkv", &self.qkv);
        v.param("places", &self.places);
        v.layer("out", &self.out);
    }
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (small, x) = (Attention::new(4, 2, 3, &mut rng), Tensor::randn(&[1, 3, 4], &mut rng));
    nn::check::model(&small, |small| small.forward(&x).square().sum()).assert_pass();
    nn::check::model_hessian(&small, |small| small.forward(&x).square().sum()).assert_pass();
    // No place reads a later one: these derivatives are exactly 0.
    let slopes = &tensor::jacobian(|x| small.forward(&x[0]), &[x])[0];
    assert!(slopes.indexed_iter().all(|((y, x), &slope)| (slope == 0.0) == (x / 4 > y / 4)));

    let table = Embedding::new(8, 32, &mut rng);
    let block = Residual::new(Attention::new(32, 4, 11, &mut rng));
    let model = Sequential::new().then(table).then(block).then(Linear::new(32, 8, Init::XavierUniform, &mut rng));
    let numbers = Array2::from_shape_simple_fn((1280, 6), || f64::from(rng.random_range(0..8)));
    let inputs = concatenate![Axis(1), numbers, numbers.slice(s![.., ..5])];
    let data = Dataset::new(inputs, concatenate![Axis(1), Array2::from_elem((1280, 5), -1.0), numbers])?;
    let (train, test) = data.split(0.8, &mut rng)?;
    let mut trainer = Trainer::new(model, CrossEntropy::from_logits().ignore(-1), Adam::new(0.003)).epochs(20);
    let accuracy = trainer.fit(&train, &test)?.last().expect("an epoch").valid_accuracy;
    println!("numbers told rightly: {:.1} %", 100.0 * accuracy);
    assert!(accuracy > 0.99);
    Ok(())
}
