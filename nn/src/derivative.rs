//! Derivatives of functions of a model with respect to all its parameters.

use autodiff::{Real, Tape, Tensor};

use crate::error::Result;
use crate::layer::Layer;
use crate::unlisted::{self, Owner};
use crate::uses::Search;
use crate::visit::{one_for_each, try_parameters, unnamed, watch};

/// The gradient of `objective` with respect to all parameters of a model, in the order of [`parameters`](crate::parameters).
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, Linear, loss};
/// use ndarray::array;
/// let model = Linear::from_weights(array![[2.0]], array![0.0]);
/// let x = Tensor::constant(array![[3.0]]);
/// let g = nn::param_grad(&model, |model| model.forward(&x).square().sum())?;   // (3 w + b)²
/// assert_eq!((g[0].item(), g[1].item()), (36.0, 12.0));
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If no gradient reaches one of the parameters: the message names it and where the path ends. If the model computes with a
/// parameter that it does not list.
///
/// # Panics
/// If the objective is not a scalar, or a constant.
#[doc(alias("autograd.grad", "value_and_grad"))]
#[track_caller]
pub fn param_grad<T: Real, M: Layer<T>>(model: &M, objective: impl FnOnce(&M) -> Tensor<T>) -> Result<Vec<Tensor<T>>> {
    Ok(param_value_and_grad(model, objective)?.1)
}

/// The value of `objective` and its gradient with respect to all parameters, in the order of [`parameters`](crate::parameters).
///
/// # Errors
/// As [`param_grad`].
///
/// # Panics
/// As [`param_grad`].
#[track_caller]
pub fn param_value_and_grad<T: Real, M: Layer<T>>(
    model: &M,
    objective: impl FnOnce(&M) -> Tensor<T>,
) -> Result<(T, Vec<Tensor<T>>)> {
    let tape = Tape::new();
    watch(model, &tape);
    let search = Search::begin();
    let value = objective(model);
    unlisted::refuse(search, model, Owner::Anybody)?;
    let gradients = value.backward();
    let mut found = Vec::new();
    try_parameters(model, |name, param| {
        found.push(param.require(name, &gradients)?.clone());
        Ok(())
    })?;
    Ok((value.item(), found))
}

/// The Hessian-vector product of `objective` with respect to all parameters: the derivative of its gradient along
/// `directions`, one for each parameter in the order of [`parameters`](crate::parameters). Reverse over reverse.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, Linear};
/// use ndarray::array;
/// let model = Linear::from_weights(array![[2.0]], array![0.0]);
/// let x = Tensor::constant(array![[3.0]]);
/// let along = [Tensor::constant(array![[1.0]]), Tensor::constant(array![10.0])];
/// let h = nn::param_hvp(&model, |model| model.forward(&x).square().sum(), &along)?;
/// assert_eq!((h[0].item(), h[1].item()), (18.0 + 60.0, 6.0 + 20.0));
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If a parameter lacks a direction of its shape.
///
/// # Panics
/// If the objective is not a scalar, or a constant.
#[track_caller]
pub fn param_hvp<T: Real, M: Layer<T>>(
    model: &M,
    objective: impl FnOnce(&M) -> Tensor<T>,
    directions: &[Tensor<T>],
) -> Result<Vec<Tensor<T>>> {
    one_for_each("param_hvp", "direction", model, directions)?;
    let tape = Tape::new();
    watch(model, &tape);
    let mut leaves: Vec<Tensor<T>> = Vec::new();
    unnamed(model, |param| leaves.push(param.tensor()));
    let pairs: Vec<_> = leaves.iter().zip(directions).collect();
    let along = tape.directional(objective(model), &pairs);
    if !along.is_tracked() {
        return Ok(leaves.iter().map(|x| Tensor::zeros(x.shape())).collect());
    }
    let gradients = along.backward();
    Ok(leaves.iter().map(|x| gradients.tensor(x).cloned().unwrap_or_else(|| Tensor::zeros(x.shape()))).collect())
}
