//! A variational autoencoder (Kingma and Welling 2014) of handwritten digits.
//!
//! `cargo run --release -p examples --example vae`

use autodiff::Tensor;
use nn::{Activation, Adam, Batch, Layer, Mlp, Random, Trainer, Visit};
use rand::{Rng, SeedableRng};

/// The encoder gives mean and `ln σ` of an image's codes, the decoder an image for a code; `forward` that of the mean.
struct Vae {
    encoder: Mlp<f64>,
    decoder: Mlp<f64>,
    codes: usize,
    noise: Random,
}
impl Vae {
    fn new(pixels: usize, hidden: usize, codes: usize, rng: &mut impl Rng) -> Self {
        let mut mlp = |inputs, outputs| Mlp::new(&[inputs, hidden, outputs], Activation::Tanh, rng);
        Self { encoder: mlp(pixels, 2 * codes), decoder: mlp(codes, pixels), codes, noise: Random::new(rng) }
    }
    /// Minus the evidence lower bound, in nats an image, with a code `z = μ + σ ε`: the image's cross-entropy, and the
    /// divergence of `N(μ, σ²)` from `N(0, 1)`, `½ Σ (μ² + σ² - 1) - ln σ`.
    fn loss(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let parts = self.encoder.forward(x).chunks(1, self.codes);
        let (mean, ln_sigma) = (&parts[0], &parts[1]);
        let epsilon = self.noise.draw(|rng| Tensor::randn(mean.shape(), rng));
        let image = self.decoder.forward(&(mean + ln_sigma.exp() * epsilon)).bce_with_logits(x);
        let divergence = 0.5 * (mean.square() + (2.0 * ln_sigma).exp() - 1.0) - ln_sigma;
        (image.sum() + divergence.sum()) / x.shape()[0] as f64
    }
}
impl Layer<f64> for Vae {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.decoder.forward(&self.encoder.forward(x).narrow(1, 0..self.codes)).sigmoid()
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("encoder", &self.encoder);
        v.layer("decoder", &self.decoder);
        v.random("noise", &self.noise);
    }
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (small, x) = (Vae::new(3, 2, 1, &mut rng), Tensor::constant(ndarray::array![[0.1, 0.9, 0.5], [1.0, 0.0, 0.3]]));
    let state = small.noise.state();
    let again = |small: &Vae| {
        small.noise.restore(&state);
        small.loss(&x)
    };
    nn::check::model(&small, again).assert_pass();
    nn::check::model_hessian(&small, again).assert_pass();
    let (train, test) =
        examples::digits(concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv"))?.split(0.8, &mut rng)?;
    let objective = |vae: &Vae, batch: &Batch<f64>| vae.loss(batch.inputs());
    let mut trainer = Trainer::objective(Vae::new(64, 64, 8, &mut rng), objective, Adam::new(0.003)).epochs(40);
    let bound = trainer.fit(&train, &test)?.last().expect("an epoch").valid_loss;
    let error = |y: Tensor<f64>| (y - test.all().0).square().mean().item();
    let (with, without) = (error(trainer.model().forward(&test.all().0)), error(train.all().0.mean_axis(0)));
    println!("unseen digits: at most {bound:.1} nats; squared error {with:.4}, of the mean image {without:.4}");
    assert!(bound < 26.0 && with < 0.5 * without);
    Ok(())
}
