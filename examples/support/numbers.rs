//! From tensors to plain arrays.

use autodiff::Tensor;
use ndarray::Array2;
use nn::Layer;

/// A tensor's numbers, row by row.
pub fn numbers(tensor: &Tensor<f64>) -> Vec<f64> {
    tensor.view().iter().copied().collect()
}

/// A tensor of two axes as a matrix.
///
/// # Panics
/// If it has not two axes.
pub fn matrix(tensor: &Tensor<f64>) -> Array2<f64> {
    tensor.to_array().into_dimensionality().expect("a tensor of two axes")
}

/// All weights of a model, one parameter after another.
pub fn weights(model: &(impl Layer<f64> + ?Sized)) -> Vec<f64> {
    let mut all = Vec::new();
    nn::parameters(model, |_, param| all.extend(param.value().view()));
    all
}
