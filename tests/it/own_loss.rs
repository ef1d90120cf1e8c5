//! A loss of one's own, from outside the crate.

use autodiff::{Real, Tape, Tensor};
use ndarray::array;
use nn::{Activation, Dataset, Loss, Mlp, Reduction, Sgd, Trainer};
use rand::SeedableRng;

/// `ln cosh(y - t)`, written so that it does not overflow.
#[derive(Default)]
struct LogCosh(Reduction);

impl<T: Real> Loss<T> for LogCosh {
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        let e = y - t;
        let losses = &e + (&e * T::of(-2.0)).softplus() - T::of(std::f64::consts::LN_2);
        self.0.apply(&losses)
    }
}

#[test]
fn a_loss_is_a_struct_and_a_method() {
    let tape = Tape::new();
    let (y, t) = (tape.tensor(array![1.0, -300.0]), Tensor::zeros(&[2]));
    let error = LogCosh(Reduction::Sum).loss(&y, &t);
    assert!((error.item() - (1.0_f64.cosh().ln() + 300.0 - 2.0_f64.ln())).abs() < 1e-12);
    assert_eq!(error.backward().wrt(&y), array![1.0_f64.tanh(), -1.0].into_dyn());

    let line = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]]).unwrap();
    let model = Mlp::<f64>::new(&[1, 1], Activation::Identity, &mut rand_chacha::ChaCha8Rng::seed_from_u64(3));
    let mut trainer = Trainer::new(model, LogCosh::default(), Sgd::new(0.3)).epochs(300).batch_size(3).progress(false);
    assert!(trainer.fit(&line, &line).unwrap().last().unwrap().valid_loss < 1e-6);
}
