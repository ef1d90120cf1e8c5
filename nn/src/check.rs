//! A model's derivatives against numerical ones.

use std::cell::RefCell;

use autodiff::check::{Report, tensor_gradient, tensor_hessian};
use autodiff::{Real, Tensor};

use crate::layer::Layer;
use crate::visit::{parameters, parameters_mut, values};

/// Checks the gradient of `objective` with respect to a model's parameters, as [`autodiff::check`] does: entry by entry or,
/// for more than 1024 numbers, along random directions. Entries go by the parameters' names; a report that fails names the
/// operation that is wrong. The model is left as it was.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Activation, Layer, Mlp, loss};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let (x, t) = (Tensor::constant(array![[0.5, -1.0]]), Tensor::constant(array![[0.3]]));
/// let report = nn::check::model(&mut model, |model| loss::squared_error(&model.forward(&x), &t));
/// report.assert_pass();
/// assert!(report.to_string().contains("\nlayers.0.weight[0, 1] "));
/// nn::check::model_hessian(&mut model, |model| loss::squared_error(&model.forward(&x), &t)).assert_pass();
/// ```
///
/// # Panics
/// If the objective is not a scalar.
#[track_caller]
pub fn model<T: Real, M: Layer<T>>(model: &mut M, objective: impl Fn(&M) -> Tensor<T>) -> Report<T> {
    lent(model, objective, |f, weights| tensor_gradient(f, weights))
}

/// Checks the Hessian of `objective` with respect to a model's parameters; see [`model`].
///
/// # Panics
/// If the objective is not a scalar, or if an operation has no second derivative.
#[track_caller]
pub fn model_hessian<T: Real, M: Layer<T>>(model: &mut M, objective: impl Fn(&M) -> Tensor<T>) -> Report<T> {
    lent(model, objective, |f, weights| tensor_hessian(f, weights))
}

/// Runs a check of the objective as a function of the model's weights, and gives the model its own weights back.
#[track_caller]
fn lent<T: Real, M: Layer<T>>(
    model: &mut M,
    objective: impl Fn(&M) -> Tensor<T>,
    check: impl FnOnce(&dyn Fn(&[Tensor<T>]) -> Tensor<T>, &[Tensor<T>]) -> Report<T>,
) -> Report<T> {
    let mut names = Vec::new();
    parameters(model, |name, param| names.push((name.to_owned(), param.value().ndim())));
    let weights = values(model);
    let lend = |model: &mut M, weights: &[Tensor<T>]| {
        let mut weights = weights.iter();
        parameters_mut(model, |_, param| param.lend(weights.next().expect("a tensor for each parameter")));
    };
    let shared = RefCell::new(&mut *model);
    let at = |weights: &[Tensor<T>]| {
        lend(&mut shared.borrow_mut(), weights);
        objective(&**shared.borrow())
    };
    let report = check(&at, &weights);
    lend(model, &weights);
    report.with_names(names)
}
