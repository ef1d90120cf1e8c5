//! A Wasserstein GAN with gradient penalty (Gulrajani et al. 2017): two models, two optimisers. The critic's objective
//! holds its own slope at points between real and generated ones.
//!
//! `cargo run --release -p examples --example wgan_gp`

use autodiff::Tensor;
use nn::{Activation, Adam, Layer, Mlp, Optimizer, data::generate};
use rand::SeedableRng;

/// How much higher the critic rates generated points than real ones, which it minimises, and `mean (‖∇‖ - 1)²`.
fn critic_loss(critic: &Mlp<f64>, real: &Tensor<f64>, fake: &Tensor<f64>, share: &Tensor<f64>) -> Tensor<f64> {
    let between = nn::track(critic, &(fake + share * (real - fake)));
    let slopes = critic.forward(&between).sum().grad(&[&between]).remove(0);
    let penalty = (slopes.norm_axes(2.0, &[1], false) - 1.0).square().mean();
    critic.forward(fake).mean() - critic.forward(real).mean() + penalty
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let small = Mlp::new(&[2, 3, 1], Activation::Tanh, &mut rng);
    let [real, fake, share] = [2, 2, 1].map(|width| Tensor::randn(&[4, width], &mut rng));
    nn::check::model(&small, |critic| critic_loss(critic, &real, &fake, &share)).assert_pass();
    nn::check::model_hessian(&small, |critic| critic_loss(critic, &real, &fake, &share)).assert_pass();

    let centres = ndarray::array![[-2.0, 0.0], [2.0, 1.0]];
    let [generator, critic] = [[2, 32, 2], [2, 32, 1]].map(|units| Mlp::new(&units, Activation::Tanh, &mut rng));
    let [mut of_generator, mut of_critic] = [(); 2].map(|()| Adam::new(0.003).betas(0.5, 0.9));
    for _ in 0..2000 {
        for _ in 0..3 {
            let real = generate::blobs(64, &centres, 0.3, &mut rng).all().0;
            let fake = generator.forward(&Tensor::randn(&[64, 2], &mut rng));
            let share = Tensor::rand_uniform(&[64, 1], 0.0, 1.0, &mut rng);
            let slopes = nn::param_grad(&critic, |critic| critic_loss(critic, &real, &fake, &share))?;
            of_critic.step_with(&critic, &slopes)?;
        }
        let z = Tensor::randn(&[64, 2], &mut rng);
        let slopes = nn::param_grad(&generator, |generator| -critic.forward(&generator.forward(&z)).mean())?;
        of_generator.step_with(&generator, &slopes)?;
    }

    let made = generator.forward(&Tensor::randn(&[1000, 2], &mut rng));
    for centre in centres.outer_iter() {
        let distances = (&made - Tensor::constant(centre.to_owned())).norm_axes(2.0, &[1], false);
        let near = distances.view().iter().filter(|&&distance| distance < 1.0).count();
        println!("{near} of 1000 points are near {centre}");
        assert!((350..650).contains(&near));
    }
    Ok(())
}
