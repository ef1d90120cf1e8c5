//! A transform of one's own, from outside the crate.

use autodiff::{Real, Tape, Tensor};
use ndarray::array;
use nn::optim::{At, Transform};
use nn::{Linear, Optimizer, Sgd};

/// Lion (Chen et al. 2023): the sign of a mixture of gradient and velocity.
struct Lion(f64, f64);

impl<T: Real> Transform<T> for Lion {
    fn arrays(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
        let (b1, b2, one) = (T::of(self.0), T::of(self.1), T::one());
        let gradient = update.clone();
        let [velocity] = at.arrays();
        update.update(velocity, |g, v| (b1 * v + (one - b1) * g).signum());
        velocity.update(&gradient, |v, g| b2 * v + (one - b2) * g);
    }
}

#[test]
fn a_transform_is_a_struct_and_two_short_methods() {
    let model = Linear::from_weights(array![[1.0]], array![0.0]);
    let mut lion = Sgd::new(0.5).after(Lion(0.9, 0.99));
    // 0.9 · 0.03 - 0.1 · 0.2 > 0: in the second step the velocity still wins.
    for (slope, want) in [(3.0, 0.5), (-0.2, 0.0)] {
        let tape = Tape::new();
        nn::watch(&model, &tape);
        let error = model.weight().tensor().sum() * slope + model.bias().tensor().sum();
        lion.step(&model, &error.backward()).unwrap();
        assert_eq!(model.weight().value().item(), want);
    }
    assert_eq!(lion.state().arrays[0].0, "weight/after.0/velocity");
}
