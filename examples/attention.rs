//! A layer of one's own on batches of matrices: causal self-attention with several heads. A model of one such layer reads
//! numbers, and writes them again from the middle on.
//!
//! `cargo run --release -p examples --example attention`

use autodiff::{Tape, Tensor};
use ndarray::{Array2, Axis, concatenate, s};
use nn::loss::CrossEntropy;
use nn::{Adam, Dataset, Embedding, Init, Layer, Linear, Param, Residual, Sequential, Trainer, Visit};
use rand::{Rng, RngExt, SeedableRng};

/// `softmax(Q Kᵀ / √d) V` for each head, where place `i` sees places `j ≤ i`.
struct Attention {
    qkv: Linear<f64>,
    out: Linear<f64>,
    heads: usize,
}

impl Attention {
    fn new(width: usize, heads: usize, rng: &mut impl Rng) -> Self {
        let mut linear = |outputs| Linear::new(width, outputs, Init::XavierUniform, rng).without_bias();
        Self { qkv: linear(3 * width), out: linear(width), heads }
    }
}

impl Layer<f64> for Attention {
    /// Items × steps × width.
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let &[items, steps, width] = x.shape() else { panic!("Attention: {:?}, expected [items, steps, width]", x.shape()) };
        let d = width / self.heads;
        // 3 × items × heads × steps × d.
        let qkv = self.qkv.forward(x).reshape(&[items, steps, 3, self.heads, d]).permute(&[2, 0, 3, 1, 4]).chunks(0, 1);
        let [q, k, v] = [0, 1, 2].map(|part| qkv[part].squeeze(0));
        let scores = q.matmul(&k.permute(&[0, 1, 3, 2])) / (d as f64).sqrt();
        let seen = scores.masked_fill(&Tensor::ones(&[steps, steps]).triu(1), f64::NEG_INFINITY).softmax(3).matmul(&v);
        self.out.forward(&seen.permute(&[0, 2, 1, 3]).reshape(&[items, steps, width]))
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("qkv", &self.qkv);
        v.layer("out", &self.out);
    }
}

/// A vector of its own for each place, added to what stands there.
struct Places(Param<f64>);

impl Layer<f64> for Places {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x + self.0.tensor()
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("places", &self.0);
    }
}

/// Six of eight numbers, and the same again: each of the second six is to be told from what stands before it.
fn copies(items: usize, rng: &mut impl Rng) -> nn::Result<Dataset<f64>> {
    let first = Array2::from_shape_simple_fn((items, 6), || f64::from(rng.random_range(0..8)));
    let inputs = concatenate![Axis(1), first, first.slice(s![.., ..5])];
    Dataset::new(inputs, concatenate![Axis(1), Array2::from_elem((items, 5), -1.0), first])
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (small, x) = (Attention::new(4, 2, &mut rng), Init::Normal(1.0).sample(&[2, 3, 4], 1, 1, &mut rng));
    nn::check::model(&small, |small| small.forward(&x).square().sum()).assert_pass();
    nn::check::model_hessian(&small, |small| small.forward(&x).square().sum()).assert_pass();
    // No place reads a later one: the derivatives are exactly 0.
    let tape = Tape::new();
    let x = tape.tensor(x);
    let y = small.forward(&x);
    for place in 0..3 {
        let slopes = y.narrow(1, place..place + 1).sum().backward().wrt(&x);
        assert!(slopes.indexed_iter().all(|(at, &slope)| (slope == 0.0) == (at[1] > place)));
    }

    let model = Sequential::new()
        .then(Embedding::new(8, 32, &mut rng))
        .then(Places(Param::new(Init::Normal(1.0).sample(&[11, 32], 1, 1, &mut rng))))
        .then(Residual::new(Attention::new(32, 4, &mut rng)))
        .then(Linear::new(32, 8, Init::XavierUniform, &mut rng));
    let (train, test) = (copies(1024, &mut rng)?, copies(256, &mut rng)?);
    let mut trainer = Trainer::new(model, CrossEntropy::from_logits().ignore(-1), Adam::new(0.003)).epochs(20);
    let accuracy = trainer.fit(&train, &test)?.last().expect("an epoch").valid_accuracy;
    println!("numbers copied rightly: {:.1} %", 100.0 * accuracy);
    assert!(accuracy > 0.99);
    Ok(())
}
