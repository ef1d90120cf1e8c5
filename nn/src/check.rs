//! A model's derivatives against numerical ones.

use std::cell::RefCell;
use std::fmt;

use autodiff::check::{Report, tensor_gradient, tensor_hessian};
use autodiff::{Real, Tape, Tensor, Var, numeric};

use crate::error::{Error, Kind, Result};
use crate::layer::Layer;
use crate::visit::{parameters, parameters_mut, watch};

/// How far a model's gradient is from the numerical one, at its worst.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientCheck<T> {
    /// How many derivatives were compared: one for each number among the parameters.
    pub compared: usize,
    /// The parameter with the largest difference, and the position in it, row by row.
    pub worst: (String, usize),
    /// The largest difference, relative to the largest derivative by the same parameter.
    pub difference: T,
    /// The error bound of the numerical derivative there, relative to the same.
    pub bound: T,
}

impl<T: Real> fmt::Display for GradientCheck<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, position) = &self.worst;
        write!(
            f,
            "{} derivatives, largest relative difference {:.1e} (error bound {:.1e}) at {name}[{position}]",
            self.compared,
            self.difference.primal(),
            self.bound.primal()
        )
    }
}

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
    let (mut names, mut weights) = (Vec::new(), Vec::new());
    parameters(model, |name, param| {
        names.push((name.to_owned(), param.value().ndim()));
        weights.push(param.value().clone());
    });
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

/// Compares the gradient of `objective` with respect to every number among a model's parameters with extrapolated
/// differences. The model is left as it was.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Activation, Layer, Mlp, loss};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let (x, t) = (Tensor::constant(array![[0.5, -1.0]]), Tensor::constant(array![[0.3]]));
/// let check = nn::check_gradient(&mut model, |model| loss::squared_error(&model.forward(&x), &t))?;
/// assert_eq!(check.compared, 13);
/// assert!(check.difference < 1e-9, "{check}");
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If no gradient reaches one of the parameters, or if the model has none.
pub fn check_gradient<T: Real, M: Layer<T>>(
    model: &mut M,
    objective: impl Fn(&M) -> Tensor<T>,
) -> Result<GradientCheck<T>> {
    let tape = Tape::new();
    watch(model, &tape);
    let gradients = objective(model).backward();
    let mut exact: Vec<(String, Result<Vec<T>>)> = Vec::new();
    parameters(model, |name, param| {
        exact.push((name.to_owned(), param.require(name, &gradients).map(|g| g.to_array().into_iter().collect())));
    });
    drop(tape);

    let mut worst: Option<GradientCheck<T>> = None;
    let mut compared = 0;
    let model = RefCell::new(model);
    for (k, (name, gradient)) in exact.into_iter().enumerate() {
        let gradient = gradient?;
        compared += gradient.len();
        let largest = gradient.iter().fold(T::min_positive_value(), |largest, g| largest.max(g.abs()));
        for (position, &exact) in gradient.iter().enumerate() {
            let at = swap(&mut **model.borrow_mut(), k, position, None);
            let moved = |w: Var<T>| {
                swap(&mut **model.borrow_mut(), k, position, Some(w.value()));
                Var::constant(objective(&**model.borrow()).item())
            };
            let estimate = numeric::derivative(moved, at);
            swap(&mut **model.borrow_mut(), k, position, Some(at));
            let difference = (estimate.value - exact).abs() / largest;
            let bound = estimate.error / largest;
            // A NaN is worse than anything.
            if worst.as_ref().is_none_or(|worst| difference.is_nan() || difference > worst.difference) {
                worst = Some(GradientCheck { compared: 0, worst: (name.clone(), position), difference, bound });
            }
        }
    }
    let worst = worst.ok_or_else(|| Error::from(Kind::Data { what: "the model has no parameters".to_owned() }))?;
    Ok(GradientCheck { compared, ..worst })
}

/// Reads one number of parameter `k` and, if asked, replaces it.
fn swap<T: Real, M: Layer<T>>(model: &mut M, k: usize, position: usize, new: Option<T>) -> T {
    let mut seen = 0;
    let mut old = T::nan();
    parameters_mut(model, |_, param| {
        if seen == k {
            let mut values = param.value().to_array();
            let entry = values.iter_mut().nth(position).expect("a position within the parameter");
            old = *entry;
            if let Some(new) = new {
                *entry = new;
                param.set(values);
            }
        }
        seen += 1;
    });
    old
}
