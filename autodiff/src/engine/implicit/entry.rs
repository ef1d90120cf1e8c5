//! The entry that stands for a point, and its rule.

use std::rc::Rc;

use ndarray::{ArrayD, ArrayViewD};

use super::krylov::{self, System};
use crate::engine::recorded_functions as recorded;
use crate::engine::tensor_functions::{jacobian, jvp};
use crate::error::{Error, Kind, Result, mismatch, sure};
use crate::tensor::{Grads, Op, Vjp};
use crate::{Real, Tape, Tensor};

/// The left side of an equation `f(x, p) = 0`. Without its type, because an entry's rule makes further ones.
pub(super) type Function<T> = Rc<dyn Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T>>;

/// An equation, and how systems with its matrix `∂f/∂x` are solved.
#[derive(Clone)]
pub(super) struct Equation<T: Real> {
    pub(super) op: &'static str,
    pub(super) f: Function<T>,
    pub(super) system: System,
}

/// The largest of some numbers in size; NaN if one is.
pub(super) fn largest<T: Real>(x: &Tensor<T>) -> (usize, f64) {
    let sizes = x.view().iter().map(|x| x.primal().abs()).enumerate().collect::<Vec<_>>();
    sizes.into_iter().fold((0, 0.0), |most, next| if most.1 >= next.1 || most.1.is_nan() { most } else { next })
}

fn plain<T: Real>(inputs: &[&Tensor<T>]) -> Vec<Tensor<T>> {
    inputs.iter().map(|x| x.untracked()).collect()
}

/// The steps of Newton's method, and the halvings of one.
const STEPS: usize = 100;
const HALVINGS: usize = 30;

impl<T: Real> Equation<T> {
    /// The left side at constants.
    #[track_caller]
    pub(super) fn at(&self, x: &Tensor<T>, p: &[Tensor<T>]) -> Tensor<T> {
        let y = (self.f)(x, p);
        if y.is_tracked() {
            Error::from(Kind::ImplicitCaptured { op: self.op }).raise();
        }
        if y.shape() != x.shape() {
            mismatch(
                self.op,
                y.shape(),
                x.shape(),
                "the equation must have the shape of the point, a number for each unknown",
            );
        }
        y
    }

    /// The point as a function of the parameters, if it solves the equation to the tolerance.
    #[track_caller]
    pub(super) fn solved_by(self, x: &Tensor<T>, params: &[&Tensor<T>], tolerance: f64) -> Result<Tensor<T>> {
        let x = x.untracked();
        if x.view().iter().any(|x| x.bits().is_none()) {
            return Err(Kind::NotPlain { op: self.op }.into());
        }
        // Not in the call: a panic is to point at the caller.
        let (place, left) = largest(&self.at(&x, &plain(params)));
        if left <= tolerance {
            return Ok(self.recorded(x, params));
        }
        Err(Kind::NotRoot { op: self.op, place, left, tolerance }.into())
    }

    /// Records the point.
    #[track_caller]
    pub(super) fn recorded(self, x: Tensor<T>, params: &[&Tensor<T>]) -> Tensor<T> {
        let entry = Entry { equation: self, x: x.clone(), params: plain(params) };
        Tensor::record(entry, params, x)
    }

    /// A root by Newton's method from `x` on, with steps that are halved until less is left.
    pub(super) fn newton(&self, x: &Tensor<T>, p: &[Tensor<T>], tolerance: f64) -> Result<Tensor<T>> {
        let mut x = x.untracked();
        let mut left = self.at(&x, p);
        for steps in 0..=STEPS {
            let size = largest(&left).1;
            let reached = || {
                let failed = Kind::NoRoot { op: self.op, steps, left: size };
                if size <= tolerance { Ok(()) } else { Err(Error::from(failed)) }
            };
            if size == 0.0 || steps == STEPS || !size.is_finite() {
                reached()?;
                return Ok(x);
            }
            let step = match self.newton_step(&x, p, &left) {
                Err(_) if size <= tolerance => return Ok(x),
                step => step?,
            };
            let mut lower = None;
            for halvings in 0..HALVINGS {
                let next = &x - &step * T::of(0.5_f64.powi(halvings as i32));
                let rest = self.at(&next, p);
                if largest(&rest).1 < size {
                    lower = Some((next, rest));
                    break;
                }
                // A step that rounding swallows.
                if largest(&step).1 <= 8.0 * T::epsilon().primal() * largest(&x).1 {
                    break;
                }
            }
            let Some((next, rest)) = lower else {
                reached()?;
                return Ok(x);
            };
            (x, left) = (next, rest);
        }
        unreachable!("the last step returns")
    }

    fn newton_step(&self, x: &Tensor<T>, p: &[Tensor<T>], left: &Tensor<T>) -> Result<Tensor<T>> {
        if self.system == System::Dense {
            let matrix = Tensor::constant(jacobian(|t| (self.f)(&t[0], p), std::slice::from_ref(x)).remove(0));
            let step = matrix.solve(&left.flatten()).map_err(|e| Kind::Singular { op: self.op, why: e.to_string() })?;
            return Ok(step.reshape(x.shape()));
        }
        let product = |v: &[T]| {
            let v = Tensor::from(v.to_vec()).reshape(x.shape());
            jvp(|t| (self.f)(&t[0], p), std::slice::from_ref(x), &[v]).into_iter().collect()
        };
        let step = krylov::solve(self.op, self.system, krylov::enough::<T>(), product, &elements(left))?;
        Ok(Tensor::from(step).reshape(x.shape()))
    }

    /// `w` with `∂f/∂xᵀ w = g`, recorded if `x`, the parameters or `g` are.
    fn transposed(&self, x: &Tensor<T>, p: &[Tensor<T>], g: &Tensor<T>) -> Result<Tensor<T>> {
        if self.system == System::Dense {
            let matrix = recorded::jacobian(|t| (self.f)(&t[0], p), std::slice::from_ref(x)).remove(0);
            let solved = matrix.transpose().solve(&g.flatten());
            return Ok(solved.map_err(|e| Kind::Singular { op: self.op, why: e.to_string() })?.reshape(g.shape()));
        }
        let w = {
            let (constant, p): (Tensor<T>, Vec<Tensor<T>>) = (x.untracked(), p.iter().map(Tensor::untracked).collect());
            let tape = Tape::of_function(std::slice::from_ref(&constant));
            let leaf = tape.tensor(constant);
            let y = (self.f)(&leaf, &p);
            let product = |v: &[T]| -> Vec<T> {
                if !y.is_tracked() {
                    return vec![T::zero(); v.len()];
                }
                let v = Tensor::from(v.to_vec()).reshape(y.shape());
                y.backward_with(&v).wrt_or_zeros(&leaf).into_iter().collect()
            };
            krylov::solve(self.op, self.system, krylov::enough::<T>(), product, &elements(g))?
        };
        // An equation again, linear in `w`, whose parameters are `g`, the point and its parameters.
        let f = Rc::clone(&self.f);
        let left =
            move |w: &Tensor<T>, q: &[Tensor<T>]| recorded::vjp(|t| f(&t[0], &q[2..]), &q[1..2], w).remove(0) - &q[0];
        let params: Vec<&Tensor<T>> = [g, x].into_iter().chain(p).collect();
        let equation = Self { op: self.op, f: Rc::new(left), system: self.system };
        Ok(equation.recorded(Tensor::from(w).reshape(g.shape()), &params))
    }
}

fn elements<T: Real>(x: &Tensor<T>) -> Vec<T> {
    x.view().iter().copied().collect()
}

/// A point that solves an equation, as a function of its parameters.
struct Entry<T: Real> {
    equation: Equation<T>,
    x: Tensor<T>,
    /// Where it does so.
    params: Vec<Tensor<T>>,
}

impl<T: Real> Op<T> for Entry<T> {
    fn name(&self) -> &str {
        self.equation.op
    }

    /// At other parameters the root is looked for from the one that is known.
    fn forward(&self, p: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        if p.iter().zip(&self.params).all(|(now, then)| *now == then.view()) {
            return Ok(self.x.to_array());
        }
        let p: Vec<Tensor<T>> = p.iter().map(Tensor::copied).collect();
        self.equation.newton(&self.x, &p, T::epsilon().primal().sqrt()).map(Tensor::into_array)
    }

    /// `dL/dp = -wᵀ ∂f/∂p` with `∂f/∂xᵀ w = dL/dx`.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let seen = |x: &Tensor<T>| if cx.recording() { x.clone() } else { x.untracked() };
        let (x, p) = (seen(cx.output()), (0..cx.arity()).map(|i| seen(cx.input(i))).collect::<Vec<_>>());
        let w = sure(self.equation.transposed(&x, &p, &seen(cx.grad())));
        let wanted: Vec<usize> = (0..p.len()).filter(|&i| cx.needs(i)).collect();
        let inputs: Vec<Tensor<T>> = wanted.iter().map(|&i| p[i].clone()).collect();
        let f = |t: &[Tensor<T>]| {
            let mut p = p.clone();
            wanted.iter().zip(t).for_each(|(&i, t)| p[i].clone_from(t));
            (self.equation.f)(&x, &p)
        };
        let mut found = recorded::vjp(f, &inputs, &-w).into_iter();
        (0..p.len()).map(|i| if cx.needs(i) { found.next() } else { None }).collect()
    }
}
