//! An own operation whose gradient has a mistake.

use std::rc::Rc;

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tape, Tensor};
use ndarray::{ArrayD, ArrayViewD};

pub(super) type Function = Rc<dyn Fn(&[Tensor<f64>]) -> Tensor<f64>>;

/// A vector-Jacobian product: inputs, output and adjoint give a gradient for each input.
pub(super) type Rule = Rc<dyn Fn(&[Tensor<f64>], &Tensor<f64>, &Tensor<f64>) -> Vec<Tensor<f64>>>;

/// The rule of any function, from a tape of its own. It has no derivative.
pub(super) fn swept(f: &Function) -> Rule {
    let f = Rc::clone(f);
    Rc::new(move |inputs, _, adjoint| {
        let tape = Tape::new();
        let leaves: Vec<Tensor<f64>> = inputs.iter().map(|x| tape.tensor(x.to_array())).collect();
        let gradients = (f(&leaves) * Tensor::constant(adjoint.to_array())).sum().backward();
        leaves.iter().map(|x| Tensor::constant(gradients.wrt_or_zeros(x))).collect()
    })
}

/// What is wrong with a vjp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mistake {
    Sign(usize),
    Factor(usize, f64),
    /// `None` for an input that needs a gradient.
    Dropped(usize),
    /// A gradient a little to the side, along the last axis.
    OffByOne(usize),
    /// The loop begins one element late, or ends one early.
    FirstLost(usize),
    LastLost(usize),
    /// The gradient in reverse order along the first axis.
    Reversed(usize),
    Transposed(usize),
    /// Inputs, output and adjoint are read along the other axis, and so the gradient is written.
    WrongAxis(usize),
    /// An input that has changed since the operation ran.
    Stale(usize),
    StaleOutput,
    /// The adjoint is taken to be 1.
    AdjointIgnored,
    /// Only the adjoint's first slice along its first axis counts: a sum over a broadcast axis is missing.
    SumMissing(usize),
    /// The first two inputs in each other's place, before and after the vjp.
    InputsSwapped,
    GradientsSwapped,
    /// The adjoint's mean in place of the adjoint, as if it had been summed too early.
    SummedEarly,
}

impl Mistake {
    /// Everything that can be wrong with an operation of so many inputs.
    pub(super) fn all(arity: usize) -> Vec<Self> {
        use Mistake::{
            AdjointIgnored, Dropped, Factor, FirstLost, GradientsSwapped, InputsSwapped, LastLost, OffByOne, Reversed,
            Sign, Stale, StaleOutput, SumMissing, SummedEarly, Transposed, WrongAxis,
        };
        let mut all = vec![StaleOutput, AdjointIgnored, SummedEarly, InputsSwapped, GradientsSwapped];
        for i in 0..arity {
            all.extend([Sign(i), Factor(i, 2.0), Factor(i, 1.0 + 1e-5), Dropped(i), OffByOne(i), FirstLost(i)]);
            all.extend([LastLost(i), Reversed(i), Transposed(i), WrongAxis(i), Stale(i), SumMissing(i)]);
        }
        all
    }
}

/// A function as an own operation, with its rule and perhaps a mistake.
pub(super) struct Own {
    pub(super) f: Function,
    pub(super) rule: Rule,
    pub(super) mistake: Option<Mistake>,
}

impl Op<f64> for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        let x: Vec<Tensor<f64>> = x.iter().map(|x| Tensor::constant(x.to_owned())).collect();
        Ok((self.f)(&x).to_array())
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        let inputs: Vec<Tensor<f64>> = (0..cx.arity()).map(|i| cx.input(i).clone()).collect();
        gradients(&self.rule, self.mistake, &inputs, cx.output(), cx.grad()).into()
    }
}

fn stale(x: &Tensor<f64>) -> Tensor<f64> {
    x * 0.9 + 0.05
}

/// 1 for an element, 0 for all others.
fn unit(shape: &[usize], element: usize) -> Tensor<f64> {
    let elements = (0..shape.iter().product()).map(|k| f64::from(u8::from(k == element))).collect();
    Tensor::constant(ArrayD::from_shape_vec(shape, elements).expect("as many as the shape says"))
}

/// What a rule gives with a mistake. A mistake that cannot be made with these operands changes nothing.
fn gradients(
    rule: &Rule,
    mistake: Option<Mistake>,
    inputs: &[Tensor<f64>],
    output: &Tensor<f64>,
    adjoint: &Tensor<f64>,
) -> Vec<Option<Tensor<f64>>> {
    let square = |x: &Tensor<f64>| x.ndim() == 2 && x.shape()[0] == x.shape()[1];
    let with_adjoint = |adjoint: &Tensor<f64>| rule(inputs, output, adjoint);
    let with_inputs = |inputs: &[Tensor<f64>]| rule(inputs, output, adjoint);
    let alike = inputs.len() > 1 && inputs[0].shape() == inputs[1].shape();
    let mut found = match mistake {
        Some(Mistake::Stale(i)) => {
            let mut inputs = inputs.to_vec();
            inputs[i] = stale(&inputs[i]);
            with_inputs(&inputs)
        }
        Some(Mistake::InputsSwapped) if alike => {
            let mut inputs = inputs.to_vec();
            inputs.swap(0, 1);
            with_inputs(&inputs)
        }
        Some(Mistake::StaleOutput) => rule(inputs, &stale(output), adjoint),
        Some(Mistake::AdjointIgnored) => with_adjoint(&Tensor::ones(adjoint.shape())),
        Some(Mistake::SummedEarly) => with_adjoint(&(adjoint * 0.0 + adjoint.mean())),
        _ => with_inputs(inputs),
    };
    let change = match mistake {
        Some(Mistake::Sign(i)) => (i, -&found[i]),
        Some(Mistake::Factor(i, c)) => (i, &found[i] * c),
        Some(Mistake::Dropped(i)) => {
            return found.into_iter().enumerate().map(|(k, g)| (k != i).then_some(g)).collect();
        }
        Some(Mistake::OffByOne(i)) if found[i].ndim() > 0 => (i, found[i].roll(1, found[i].ndim() - 1)),
        Some(Mistake::FirstLost(i)) => (i, &found[i] - &found[i] * unit(found[i].shape(), 0)),
        Some(Mistake::LastLost(i)) => (i, &found[i] - &found[i] * unit(found[i].shape(), found[i].len() - 1)),
        Some(Mistake::Reversed(i)) if found[i].ndim() > 0 => (i, found[i].flip(&[0])),
        Some(Mistake::Transposed(i)) if square(&found[i]) => (i, found[i].transpose()),
        Some(Mistake::WrongAxis(i)) if inputs.iter().chain([output]).all(square) => {
            let turned: Vec<Tensor<f64>> = inputs.iter().map(Tensor::transpose).collect();
            (i, rule(&turned, &output.transpose(), &adjoint.transpose())[i].transpose())
        }
        Some(Mistake::SumMissing(i)) if adjoint.ndim() > 0 => {
            let rows = adjoint.shape()[0];
            let first = unit(&[rows], 0).reshape(&[vec![rows], vec![1; adjoint.ndim() - 1]].concat());
            (i, with_adjoint(&(adjoint * first)).swap_remove(i))
        }
        Some(Mistake::GradientsSwapped) if alike => {
            found.swap(0, 1);
            return found.into_iter().map(Some).collect();
        }
        _ => return found.into_iter().map(Some).collect(),
    };
    found[change.0] = change.1;
    found.into_iter().map(Some).collect()
}
