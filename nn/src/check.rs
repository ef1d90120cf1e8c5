//! A model's derivatives against numerical ones.

use autodiff::check::{Report, tensor_gradient, tensor_hessian};
use autodiff::{Real, Tensor};

use crate::layer::Layer;
use crate::track::scope;
use crate::visit::{parameters, values, with_parameters};

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
/// let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let (x, t) = (Tensor::constant(array![[0.5, -1.0]]), Tensor::constant(array![[0.3]]));
/// let report = nn::check::model(&model, |model| loss::squared_error(&model.forward(&x), &t));
/// report.assert_pass();
/// assert!(report.to_string().contains("\nlayers.0.weight[0, 1] "));
/// nn::check::model_hessian(&model, |model| loss::squared_error(&model.forward(&x), &t)).assert_pass();
/// ```
///
/// # Panics
/// If the objective is not a scalar.
#[track_caller]
pub fn model<T: Real, M: Layer<T>>(model: &M, objective: impl Fn(&M) -> Tensor<T>) -> Report<T> {
    lent(model, objective, |f, weights| tensor_gradient(f, weights))
}

/// Checks the Hessian of `objective` with respect to a model's parameters; see [`model`].
///
/// # Panics
/// If the objective is not a scalar, or if an operation has no second derivative.
#[track_caller]
pub fn model_hessian<T: Real, M: Layer<T>>(model: &M, objective: impl Fn(&M) -> Tensor<T>) -> Report<T> {
    lent(model, objective, |f, weights| tensor_hessian(f, weights))
}

/// Runs a check of the objective as a function of the model's weights.
#[track_caller]
fn lent<T: Real, M: Layer<T>>(
    model: &M,
    objective: impl Fn(&M) -> Tensor<T>,
    check: impl FnOnce(&dyn Fn(&[Tensor<T>]) -> Tensor<T>, &[Tensor<T>]) -> Report<T>,
) -> Report<T> {
    let mut names = Vec::new();
    parameters(model, |name, param| names.push((name.to_owned(), param.value().ndim())));
    let weights = values(model);
    let at = |weights: &[Tensor<T>]| {
        let differentiated = weights.iter().any(Tensor::is_tracked);
        let value = |model: &M| {
            let value = objective(model);
            if differentiated { value } else { value.detach() }
        };
        scope(|| with_parameters(model, weights, value))
    };
    check(&at, &weights).with_names(names)
}
