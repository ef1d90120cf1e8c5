//! What the full-batch methods minimise: a function of a flat list of numbers, with derivatives.

use autodiff::{Program, Real, Tape, Tensor, Var};
use ndarray::{Array2, ArrayD, IxDyn};

use crate::error::Result;
use crate::layer::Layer;
use crate::unlisted::{self, Owner};
use crate::uses::Search;
use crate::visit::{try_parameters, unnamed, watch};

/// A function of several numbers with its derivatives, as [`Lbfgs`](super::Lbfgs) and [`Newton`](super::Newton) minimise it: a closure
/// on variables, a reference to a recorded [`Program`], or a type of your own.
///
/// ```
/// use autodiff::Program;
/// use nn::optim::{Lbfgs, Newton, Objective};
/// let program = Program::record(|x| (x[0] - 3.0).powi(2) + x[1].powi(4), &[0.0, 1.0]);
/// assert_eq!(Newton::new().minimize_objective(&program, &[0.0, 1.0])?.x[0], 3.0);
///
/// /// `(x - 1)²`, by hand.
/// struct Square;
/// impl Objective<f64> for Square {
///     fn value_and_gradient(&mut self, x: &[f64]) -> nn::Result<(f64, Vec<f64>)> {
///         Ok(((x[0] - 1.0).powi(2), vec![2.0 * (x[0] - 1.0)]))
///     }
/// }
/// assert!((Lbfgs::new().minimize_objective(Square, &[5.0])?.x[0] - 1.0).abs() < 1e-8);
/// # Ok::<(), nn::Error>(())
/// ```
pub trait Objective<T: Real> {
    /// The value and the gradient, an element for each of `x`.
    ///
    /// # Errors
    /// Whatever ends the minimisation; an [`autodiff::Error`] becomes one by `?`.
    fn value_and_gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)>;

    /// The Hessian, which Newton's method asks for.
    ///
    /// # Errors
    /// As [`value_and_gradient`](Self::value_and_gradient), and if there is none, as by default.
    fn hessian(&mut self, _x: &[T]) -> Result<Array2<T>> {
        let message = "Newton's method needs a Hessian, and this objective has none; implement `Objective::hessian`, or use `Lbfgs`";
        Err(autodiff::Error::custom(message).into())
    }
}

impl<T: Real, F: Fn(&[Var<T>]) -> Var<T>> Objective<T> for F {
    fn value_and_gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)> {
        Ok(autodiff::value_and_grad(&*self, x))
    }

    fn hessian(&mut self, x: &[T]) -> Result<Array2<T>> {
        Ok(autodiff::hessian(&*self, x))
    }
}

impl<T: Real> Objective<T> for &Program<T> {
    fn value_and_gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)> {
        Ok(Program::value_and_gradient(self, x)?)
    }

    fn hessian(&mut self, x: &[T]) -> Result<Array2<T>> {
        Ok(Program::hessian(self, x)?)
    }
}

/// A closure on a model, as a function of the model's parameters, one after the other.
pub(super) struct OfModel<'m, M, F> {
    pub(super) model: &'m M,
    pub(super) objective: F,
}

/// A model's parameters as one list.
pub(super) fn flat<T: Real>(model: &impl Layer<T>) -> Vec<T> {
    let mut values = Vec::new();
    unnamed(model, |param| values.extend(param.value().view().iter()));
    values
}

/// Gives the parameters values from such a list.
pub(super) fn set<T: Real>(model: &impl Layer<T>, mut x: &[T]) {
    unnamed(model, |param| {
        let old = param.value();
        let (values, rest) = x.split_at(old.len());
        x = rest;
        let shape = IxDyn(old.shape());
        param.set(ArrayD::from_shape_vec(shape, values.to_vec()).expect("as many numbers as the parameter has"));
    });
}

impl<M, F> OfModel<'_, M, F> {
    /// Puts the parameters at `x` on a tape and records the objective.
    fn record<T: Real>(&self, x: &[T], tape: &Tape<T>) -> Result<Tensor<T>>
    where
        M: Layer<T>,
        F: Fn(&M) -> Tensor<T>,
    {
        set(self.model, x);
        watch(self.model, tape);
        let search = Search::begin();
        let value = (self.objective)(self.model);
        unlisted::refuse(search, self.model, Owner::Anybody)?;
        Ok(value)
    }
}

impl<T: Real, M: Layer<T>, F: Fn(&M) -> Tensor<T>> Objective<T> for OfModel<'_, M, F> {
    fn value_and_gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)> {
        let tape = Tape::new();
        let value = self.record(x, &tape)?;
        let gradients = value.backward();
        let mut flat = Vec::with_capacity(x.len());
        try_parameters(self.model, |name, param| {
            param.require(name, &gradients).map(|gradient| flat.extend(gradient.view().iter()))
        })?;
        Ok((value.item(), flat))
    }

    /// Reverse over reverse: the gradient is recorded, and each of its entries swept back.
    fn hessian(&mut self, x: &[T]) -> Result<Array2<T>> {
        let tape = Tape::new();
        let value = self.record(x, &tape)?;
        let mut tensors = Vec::new();
        unnamed(self.model, |param| tensors.push(param.tensor()));
        let mut hessian = Array2::zeros((x.len(), x.len()));
        let mut row = 0;
        for gradient in tape.grad(&value, &tensors) {
            for position in 0..gradient.len() {
                // A gradient that depends on no parameter has derivative 0.
                if gradient.is_tracked() {
                    let mut unit = ArrayD::zeros(gradient.shape());
                    unit.as_slice_mut().expect("just made")[position] = T::one();
                    let second = gradient.backward_with(&Tensor::constant(unit));
                    let mut column = 0;
                    for tensor in &tensors {
                        if let Some(part) = second.tensor(tensor) {
                            let entries = part.view();
                            entries.iter().enumerate().for_each(|(k, &entry)| hessian[[row, column + k]] = entry);
                        }
                        column += tensor.len();
                    }
                }
                row += 1;
            }
        }
        Ok(hessian)
    }
}
