//! A network's parameters in a struct of one's own, and a recorded program, by serde.

use autodiff::Program;
use nn::{Activation, Layer, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Saved {
    sizes: Vec<usize>,
    parameters: Vec<Vec<f64>>,
}

impl Saved {
    fn new(sizes: &[usize], model: &Mlp<f64>) -> Self {
        let mut parameters = Vec::new();
        nn::parameters(model, |_, p| parameters.push(p.value().view().iter().copied().collect()));
        Self { sizes: sizes.to_vec(), parameters }
    }

    fn model(&self) -> Mlp<f64> {
        let model = Mlp::new(&self.sizes, Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(0));
        let mut values = self.parameters.iter();
        nn::parameters(&model, |_, p| {
            let value = ndarray::ArrayD::from_shape_vec(p.value().shape(), values.next().expect("one each").clone());
            p.set(value.expect("as many numbers"));
        });
        model
    }
}

#[test]
fn comes_back_to_the_bit() -> Result<(), Box<dyn std::error::Error>> {
    let sizes = [2, 3, 1];
    let model = Mlp::new(&sizes, Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(7));
    let again: Saved = serde_json::from_str(&serde_json::to_string(&Saved::new(&sizes, &model))?)?;
    let x = ndarray::array![[0.3, -0.7]].into();
    assert_eq!(again.model().forward(&x).item(), model.forward(&x).item());
    let program = Program::record(|x| x[0] * x[1].sin(), &[1.0, 2.0]);
    let read: Program<f64> = serde_json::from_str(&serde_json::to_string(&program)?)?;
    assert_eq!(read.gradient(&[3.0, 0.5])?, [0.5_f64.sin(), 3.0 * 0.5_f64.cos()]);
    Ok(())
}
