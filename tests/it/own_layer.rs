//! A layer of one's own, from outside the crate.

use autodiff::{Real, Tape, Tensor};
use ndarray::array;
use nn::{Activation, Dataset, Layer, Linear, Param, Sequential, Sgd, Trainer, Visit, loss};

/// `x ⊙ gate`: a struct, a forward, and a list of parameters.
struct Gate<T: Real>(Param<T>);

impl<T: Real> Layer<T> for Gate<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x * self.0.tensor()
    }
    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("gate", &self.0);
    }
}

#[test]
fn a_layer_is_a_struct_a_forward_and_a_list() {
    let gate = Gate(Param::new(array![2.0, 3.0]));
    let tape = Tape::new();
    nn::watch(&gate, &tape);
    let y = gate.forward(&Tensor::constant(array![[1.0, -1.0]]));
    assert_eq!(gate.0.gradient(&y.square().sum().backward()).unwrap().to_array(), array![4.0, 6.0].into_dyn());
    drop(tape);

    // It trains, and is named, counted and printed like any other.
    let line = Dataset::new(array![[1.0, 1.0], [2.0, 0.0]], array![[5.0], [8.0]]).unwrap();
    let sum = Linear::from_weights(array![[1.0, 1.0]], array![0.0]).without_bias();
    let model = Sequential::new().then(gate).then(Activation::Identity).then(sum);
    assert_eq!((nn::names(&model).remove(0), nn::count(&model)), ("layers.0.gate".to_owned(), 4));
    assert!(nn::summary(&model, &[1, 2]).to_string().contains("layers.0  Gate  "));
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.02)).epochs(300).full_batch().progress(false);
    assert!(trainer.fit(&line, &line).unwrap().last().unwrap().valid_loss < 1e-6);
}
