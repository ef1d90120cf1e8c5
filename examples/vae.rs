//! A variational autoencoder (Kingma and Welling 2014) of handwritten digits.
//!
//! `cargo run --release -p examples --example vae`

use autodiff::Tensor;
use nn::{Activation, Adam, Batch, Dataset, Init, Layer, Mlp, Random, Trainer, Visit};
use rand::{Rng, SeedableRng};

/// Codes `z ~ N(μ(x), σ²(x))` of images, and images of codes.
struct Vae {
    encoder: Mlp<f64>,
    decoder: Mlp<f64>,
    noise: Random,
    codes: usize,
}

impl Vae {
    fn new(pixels: usize, hidden: usize, codes: usize, rng: &mut impl Rng) -> Self {
        let encoder = Mlp::new(&[pixels, hidden, 2 * codes], Activation::Tanh, rng);
        Self { encoder, decoder: Mlp::new(&[codes, hidden, pixels], Activation::Tanh, rng), noise: Random::new(rng), codes }
    }

    /// Mean and `ln σ` of the codes.
    fn encode(&self, x: &Tensor<f64>) -> [Tensor<f64>; 2] {
        let parts = self.encoder.forward(x).chunks(1, self.codes);
        parts.try_into().expect("two parts")
    }

    /// Minus the evidence lower bound, in nats an image, with `z = μ + σ ε`: what the image costs given its code, and the
    /// divergence of the codes from `N(0, 1)`, `½ Σ (μ² + σ² - 1) - ln σ`.
    fn loss(&self, x: &Tensor<f64>, epsilon: &Tensor<f64>) -> Tensor<f64> {
        let [mean, log_sigma] = self.encode(x);
        let image = self.decoder.forward(&(&mean + log_sigma.exp() * epsilon)).bce_with_logits(x);
        let divergence = 0.5 * (mean.square() + (2.0 * &log_sigma).exp() - 1.0) - log_sigma;
        (image.sum() + divergence.sum()) / x.shape()[0] as f64
    }

    fn draw(&self, items: usize) -> Tensor<f64> {
        self.noise.draw(|rng| Init::Normal(1.0).sample(&[items, self.codes], 1, 1, rng))
    }
}

impl Layer<f64> for Vae {
    /// The image of the mean code.
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.decoder.forward(&self.encode(x)[0]).sigmoid()
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
    let epsilon = small.draw(2);
    nn::check::model(&small, |small| small.loss(&x, &epsilon)).assert_pass();
    nn::check::model_hessian(&small, |small| small.loss(&x, &epsilon)).assert_pass();

    let data = examples::digits(concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv"))?;
    let (train, test) = data.split(0.8, &mut rng)?;
    let objective = |vae: &Vae, batch: &Batch<f64>| vae.loss(batch.inputs(), &vae.draw(batch.len()));
    let mut trainer = Trainer::objective(Vae::new(64, 64, 8, &mut rng), objective, Adam::new(0.003)).epochs(40);
    let bound = trainer.fit(&train, &test)?.last().expect("an epoch").valid_loss;

    let error = |y: &Tensor<f64>| nn::metrics::mse(&y.broadcast_to(test.inputs().shape()), &test.inputs().into());
    let mean = train.all().0.mean_axis(0);
    let (with, without) = (error(&trainer.model().forward(&test.all().0)), error(&mean));
    println!("unseen digits: at most {bound:.1} nats; squared error {with:.4}, of the mean image {without:.4}");
    assert!(bound < 26.0 && with < 0.4 * without);
    Ok(())
}
