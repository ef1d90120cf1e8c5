//! A Wasserstein GAN with gradient penalty (Gulrajani et al. 2017): two models, two optimisers. The critic's objective
//! holds its own slope at points between real and generated ones.
//!
//! `cargo run --release -p examples --example wgan_gp`

use autodiff::Tensor;
use ndarray::Array2;
use nn::{Activation, Adam, Init, Layer, Mlp, Optimizer, data::generate};
use rand::{Rng, RngExt, SeedableRng};

/// How much higher the critic rates generated points than real ones, which it minimises, and `mean (‖∇‖ - 1)²`.
fn critic_loss(critic: &Mlp<f64>, real: &Tensor<f64>, fake: &Tensor<f64>, share: &Tensor<f64>) -> Tensor<f64> {
    let between = nn::track(critic, &(fake + share * (real - fake)));
    let slopes = critic.forward(&between).sum().grad(&[&between]).remove(0);
    let penalty = (slopes.norm_axes(2.0, &[1], false) - 1.0).square().mean();
    critic.forward(fake).mean() - critic.forward(real).mean() + penalty
}

fn normal(items: usize, rng: &mut impl Rng) -> Tensor<f64> {
    Init::Normal(1.0).sample(&[items, 2], 1, 1, rng)
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (small, real, fake) =
        (Mlp::new(&[2, 3, 1], Activation::Tanh, &mut rng), normal(4, &mut rng), normal(4, &mut rng));
    let share = Tensor::constant(ndarray::array![[0.1], [0.4], [0.6], [0.8]]);
    nn::check::model(&small, |critic| critic_loss(critic, &real, &fake, &share)).assert_pass();
    nn::check::model_hessian(&small, |critic| critic_loss(critic, &real, &fake, &share)).assert_pass();

    let centres = ndarray::array![[-2.0, 0.0], [2.0, 1.0]];
    let [generator, critic] = [[2, 32, 2], [2, 32, 1]].map(|units| Mlp::new(&units, Activation::Tanh, &mut rng));
    let [mut of_generator, mut of_critic] = [(); 2].map(|()| Adam::new(0.003).betas(0.5, 0.9));
    for _ in 0..2000 {
        for _ in 0..3 {
            let real = generate::blobs(64, &centres, 0.3, &mut rng).all().0;
            let fake = generator.forward(&normal(64, &mut rng));
            let share = Tensor::constant(Array2::from_shape_simple_fn((64, 1), || rng.random()));
            let slopes = nn::param_grad(&critic, |critic| critic_loss(critic, &real, &fake, &share))?;
            of_critic.step_with(&critic, &slopes)?;
        }
        let z = normal(64, &mut rng);
        let slopes = nn::param_grad(&generator, |generator| -critic.forward(&generator.forward(&z)).mean())?;
        of_generator.step_with(&generator, &slopes)?;
    }

    let made = generator.forward(&normal(1000, &mut rng));
    for centre in centres.outer_iter() {
        let distances = (&made - Tensor::constant(centre.to_owned())).norm_axes(2.0, &[1], false);
        let near = distances.view().iter().filter(|&&distance| distance < 1.0).count();
        println!("{near} of 1000 points are near {centre}");
        assert!((350..650).contains(&near));
    }
    Ok(())
}
