//! What the full-batch methods minimise: a function of a flat list of numbers, with derivatives.

use autodiff::{Real, Tape, Tensor, Var};
use ndarray::{Array2, ArrayD, IxDyn};

use crate::error::Result;
use crate::layer::Layer;
use crate::unlisted::{self, Owner};
use crate::uses::Search;
use crate::visit::{try_parameters, unnamed, watch};

/// A function of several numbers.
pub(super) trait Objective<T: Real> {
    fn gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)>;

    fn hessian(&mut self, x: &[T]) -> Result<Array2<T>>;
}

/// A closure on scalar variables.
pub(super) struct Function<F>(pub(super) F);

impl<T: Real, F: Fn(&[Var<T>]) -> Var<T>> Objective<T> for Function<F> {
    fn gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)> {
        Ok(autodiff::value_and_grad(&self.0, x))
    }

    fn hessian(&mut self, x: &[T]) -> Result<Array2<T>> {
        Ok(autodiff::hessian(&self.0, x))
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
    fn gradient(&mut self, x: &[T]) -> Result<(T, Vec<T>)> {
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
