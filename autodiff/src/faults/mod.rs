//! Wrong rules, put in on purpose, so that the checks can show that they find them. In unit tests only.
//!
//! Six places consult the fault that is in force in the thread: where a row's slope is evaluated, where an n-ary rule is,
//! where the scalar sweep adds a term to an operand's adjoint, and where the engine calls a tensor operation's vjp, asks for
//! a gradient's inner product with a direction, or for the vjp of all rows of a Jacobian.

mod good;
mod rows;
mod shortcuts;
mod sweep;
mod tensors;

use std::cell::Cell;

use smallvec::SmallVec;

use crate::rules::{Algebra, Binary, Nary, Unary};
use crate::tape::reverse::Adjoint;
use crate::tensor::Vjp;
use crate::{Real, Tensor};

/// A fault and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// In a row, with respect to operand 0 or 1.
    Unary(Unary, Bend),
    Binary(Binary, usize, Bend),
    Nary(Nary, List),
    /// In what the sweep does for entries of this opcode.
    Edge(u8, Edge),
    /// In the vjp of the operation of this name.
    Vjp(&'static str, Mistake),
    /// In the inner product of its gradient with a direction.
    Along(&'static str, Mistake),
    /// In its vjp of many adjoints at once.
    Rows(&'static str, Mistake),
}

/// What is wrong with a slope.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bend {
    Sign,
    Factor(f64),
    Offset(f64),
    Dropped,
    /// Argument and result, or both arguments, in each other's place.
    Swapped,
    /// The first argument has a value that it had earlier.
    Stale,
    /// The result is taken to be the first argument's.
    StaleResult,
    /// The value in place of the slope.
    Value,
    /// The slope with respect to the other argument.
    Other,
}

/// What is wrong with a list of slopes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum List {
    Sign,
    Factor(f64),
    /// Each goes to the next argument.
    OffByOne,
    FirstDropped,
    LastDropped,
    Reversed,
}

/// What is wrong with a term on its way to an operand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    Sign,
    Twice,
    Dropped,
    /// It goes to the entry before, or behind the first one.
    Neighbour,
    /// The terms of entries 0 and 1 are exchanged, of 2 and 3, and so on.
    Exchanged,
    /// It replaces what other entries have passed on.
    Overwrites,
}

/// What is wrong with a vjp.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    Sign(usize),
    Factor(usize, f64),
    /// `None` for an input that needs a gradient.
    Dropped(usize),
    /// A gradient a little to the side, along the last axis.
    OffByOne(usize),
    /// The loop ends one element early.
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
    /// The gradient replaces what other operations have passed on.
    Overwrites,
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Runs `work` with a fault in force.
fn with<R>(fault: Fault, work: impl FnOnce() -> R) -> R {
    struct Mend;
    impl Drop for Mend {
        fn drop(&mut self) {
            FAULT.set(None);
        }
    }
    FAULT.set(Some(fault));
    let _mend = Mend;
    work()
}

fn earlier<R: Algebra>(x: R) -> R {
    x * R::constant(0.9) + R::constant(0.05)
}

impl Bend {
    fn of<R: Algebra>(self, slope: R) -> R {
        match self {
            Self::Sign => -slope,
            Self::Factor(c) => slope * R::constant(c),
            Self::Offset(c) => slope + R::constant(c),
            Self::Dropped => R::constant(0.0),
            Self::Swapped | Self::Stale | Self::StaleResult | Self::Value | Self::Other => slope,
        }
    }
}

/// A row's slope at `x` with value `y`, wrong if it is to be.
#[inline(always)]
pub(crate) fn unary<R: Algebra>(f: Unary, x: R, y: R, slope: fn(Unary, R, R) -> R) -> R {
    if FAULT.get().is_some() { faulty_unary(f, x, y, slope) } else { slope(f, x, y) }
}

/// Apart, so that the loop of each row stays as short as it is without.
#[cold]
#[inline(never)]
fn faulty_unary<R: Algebra>(f: Unary, x: R, y: R, slope: fn(Unary, R, R) -> R) -> R {
    match FAULT.get() {
        Some(Fault::Unary(at, bend)) if at == f => match bend {
            Bend::Swapped => slope(f, y, x),
            Bend::Stale => slope(f, earlier(x), y),
            Bend::StaleResult => slope(f, x, earlier(y)),
            Bend::Value => y,
            bend => bend.of(slope(f, x, y)),
        },
        _ => slope(f, x, y),
    }
}

type Slope2<R> = fn(Binary, R, R, R) -> R;

/// A row's slope with respect to operand `i`.
#[inline(always)]
pub(crate) fn binary<R: Algebra>(f: Binary, i: usize, [a, b, y]: [R; 3], slopes: [Slope2<R>; 2]) -> R {
    if FAULT.get().is_some() { faulty_binary(f, i, [a, b, y], slopes) } else { slopes[i](f, a, b, y) }
}

#[cold]
#[inline(never)]
fn faulty_binary<R: Algebra>(f: Binary, i: usize, [a, b, y]: [R; 3], slopes: [Slope2<R>; 2]) -> R {
    match FAULT.get() {
        Some(Fault::Binary(at, operand, bend)) if at == f && operand == i => match bend {
            Bend::Swapped => slopes[i](f, b, a, y),
            Bend::Stale => slopes[i](f, earlier(a), b, y),
            Bend::StaleResult => slopes[i](f, a, b, earlier(y)),
            Bend::Value => y,
            Bend::Other => slopes[1 - i](f, a, b, y),
            bend => bend.of(slopes[i](f, a, b, y)),
        },
        _ => slopes[i](f, a, b, y),
    }
}

/// The slopes of an n-ary rule.
pub(crate) fn nary<R: Algebra>(f: Nary, slopes: &mut [R]) {
    let Some(Fault::Nary(at, list)) = FAULT.get() else { return };
    if at != f {
        return;
    }
    match list {
        List::Sign => slopes.iter_mut().for_each(|slope| *slope = -*slope),
        List::Factor(c) => slopes.iter_mut().for_each(|slope| *slope = *slope * R::constant(c)),
        List::OffByOne => slopes.rotate_right(1),
        List::FirstDropped => slopes[0] = R::constant(0.0),
        List::LastDropped => *slopes.last_mut().expect("an argument") = R::constant(0.0),
        List::Reversed => slopes.reverse(),
    }
}

/// Where a term goes, and the term.
pub(crate) fn edge<S, A: Adjoint<S>>(op: u8, adjoints: &[A], operand: usize, term: A) -> (usize, A) {
    let Some(Fault::Edge(at, edge)) = FAULT.get() else { return (operand, term) };
    if at != op {
        return (operand, term);
    }
    let plus = |mut a: A, b: A| {
        a.add(b);
        a
    };
    match edge {
        Edge::Sign => (operand, term.negated()),
        Edge::Twice => (operand, plus(term, term)),
        Edge::Dropped => (operand, plus(term, term.negated())),
        Edge::Neighbour => (if operand == 0 { 1 } else { operand - 1 }, term),
        Edge::Exchanged => (operand ^ 1, term),
        Edge::Overwrites => (operand, plus(term, adjoints[operand].negated())),
    }
}

type Found<T> = SmallVec<[Option<Tensor<T>>; 2]>;

/// What a vjp gives.
pub(crate) fn vjp<T: Real>(name: &str, cx: &Vjp<'_, T>, vjp: impl Fn(&Vjp<'_, T>) -> Found<T>) -> Found<T> {
    match FAULT.get() {
        Some(Fault::Vjp(at, mistake)) if at == name => wrong(mistake, cx, vjp),
        _ => vjp(cx),
    }
}

/// What a vjp of many adjoints gives, one in each row.
pub(crate) fn vjp_rows<T: Real>(
    name: &str,
    cx: &Vjp<'_, T>,
    vjp_rows: impl Fn(&Vjp<'_, T>) -> Option<Found<T>>,
) -> Option<Found<T>> {
    match FAULT.get() {
        Some(Fault::Rows(at, mistake)) if at == name => {
            vjp_rows(cx)?;
            Some(wrong(mistake, cx, |cx| vjp_rows(cx).expect("as before")))
        }
        _ => vjp_rows(cx),
    }
}

/// The inner product of the gradient with respect to operand `i` and a direction.
pub(crate) fn along<T: Real>(
    name: &str,
    cx: &Vjp<'_, T>,
    i: usize,
    direction: &Tensor<T>,
    along: impl Fn(&Vjp<'_, T>, &Tensor<T>) -> Option<Tensor<T>>,
) -> Option<Tensor<T>> {
    let mistake = match FAULT.get() {
        Some(Fault::Along(at, mistake)) if at == name => mistake,
        _ => return along(cx, direction),
    };
    let with = |inputs: &[Tensor<T>], grad: &Tensor<T>| {
        along(&Vjp { inputs, output: cx.output, grad, needs: cx.needs.clone(), recording: cx.recording }, direction)
    };
    match mistake {
        Mistake::Sign(k) if k == i => along(cx, direction).map(|term| -term),
        Mistake::Factor(k, c) if k == i => along(cx, direction).map(|term| term * T::of(c)),
        Mistake::Dropped(k) if k == i => along(cx, direction).map(|term| term * T::zero()),
        Mistake::OffByOne(k) if k == i => along(cx, &direction.roll(1, direction.ndim() - 1)),
        Mistake::LastLost(k) if k == i => along(cx, &(direction - direction * last(direction.shape()))),
        Mistake::Reversed(k) if k == i => along(cx, &direction.flip(&[0])),
        Mistake::Stale(k) if k < cx.arity() => {
            let mut inputs = cx.inputs.to_vec();
            inputs[k] = stale(&inputs[k]);
            with(&inputs, cx.grad)
        }
        Mistake::AdjointIgnored => with(cx.inputs, &Tensor::ones(cx.grad.shape())),
        Mistake::SummedEarly => with(cx.inputs, &(cx.grad * T::zero() + cx.grad.mean())),
        _ => along(cx, direction),
    }
}

fn stale<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    x * T::of(0.9) + T::of(0.05)
}

/// What a vjp with a mistake gives.
fn wrong<T: Real>(mistake: Mistake, cx: &Vjp<'_, T>, vjp: impl Fn(&Vjp<'_, T>) -> Found<T>) -> Found<T> {
    let with = |inputs: &[Tensor<T>], output: &Tensor<T>, grad: &Tensor<T>| {
        vjp(&Vjp { inputs, output, grad, needs: cx.needs.clone(), recording: cx.recording })
    };
    let adjoint = |grad: &Tensor<T>| with(cx.inputs, cx.output, grad);
    let square = |x: &Tensor<T>| x.ndim() == 2 && x.shape()[0] == x.shape()[1];
    let mut found = vjp(cx);
    // What does not apply to these operands changes nothing.
    let mut change =
        |i: usize, applies: &dyn Fn(&Tensor<T>) -> bool, change: &dyn Fn(&Tensor<T>) -> Option<Tensor<T>>| {
            if let Some(Some(g)) = found.get(i).cloned()
                && applies(&g)
            {
                found[i] = change(&g);
            }
        };
    let has_axes = |g: &Tensor<T>| g.ndim() > 0;
    match mistake {
        Mistake::Sign(i) => change(i, &|_| true, &|g| Some(-g)),
        Mistake::Factor(i, c) => change(i, &|_| true, &|g| Some(g * T::of(c))),
        Mistake::Dropped(i) => change(i, &|_| true, &|_| None),
        Mistake::OffByOne(i) => change(i, &has_axes, &|g| Some(g.roll(1, g.ndim() - 1))),
        Mistake::LastLost(i) => change(i, &has_axes, &|g| Some(g - g * last(g.shape()))),
        Mistake::Reversed(i) => change(i, &has_axes, &|g| Some(g.flip(&[0]))),
        Mistake::Transposed(i) => change(i, &square, &|g| Some(g.transpose())),
        Mistake::WrongAxis(i) => change(i, &|_| cx.inputs.iter().chain([cx.output]).all(square), &|_| {
            let turned: Vec<Tensor<T>> = cx.inputs.iter().map(Tensor::transpose).collect();
            with(&turned, &cx.output.transpose(), &cx.grad.transpose())[i].as_ref().map(Tensor::transpose)
        }),
        Mistake::SumMissing(i) => change(i, &|_| has_axes(cx.grad), &|_| {
            let slice = |k: usize| {
                let shape = [&[1], &cx.grad.shape()[1..]].concat();
                Tensor::full(&shape, if k == 0 { T::one() } else { T::zero() })
            };
            let slices: Vec<Tensor<T>> = (0..cx.grad.shape()[0]).map(slice).collect();
            let first = Tensor::concat(&slices.iter().collect::<Vec<_>>(), 0);
            adjoint(&(cx.grad * first))[i].clone()
        }),
        Mistake::Stale(i) if i < cx.arity() => {
            let mut inputs = cx.inputs.to_vec();
            inputs[i] = stale(&inputs[i]);
            found = with(&inputs, cx.output, cx.grad);
        }
        Mistake::StaleOutput => found = with(cx.inputs, &stale(cx.output), cx.grad),
        Mistake::AdjointIgnored => found = adjoint(&Tensor::ones(cx.grad.shape())),
        Mistake::SummedEarly => found = adjoint(&(cx.grad * T::zero() + cx.grad.mean())),
        Mistake::InputsSwapped if cx.arity() > 1 && cx.input(0).shape() == cx.input(1).shape() => {
            let mut inputs = cx.inputs.to_vec();
            inputs.swap(0, 1);
            found = with(&inputs, cx.output, cx.grad);
        }
        Mistake::GradientsSwapped if cx.arity() > 1 && cx.input(0).shape() == cx.input(1).shape() => found.swap(0, 1),
        Mistake::Stale(_) | Mistake::InputsSwapped | Mistake::GradientsSwapped | Mistake::Overwrites => {}
    }
    found
}

/// 1 for the last element, 0 for all others.
fn last<T: Real>(shape: &[usize]) -> Tensor<T> {
    let len: usize = shape.iter().product();
    let elements = (1..=len).map(|k| if k == len { T::one() } else { T::zero() }).collect();
    Tensor::constant(ndarray::ArrayD::from_shape_vec(shape, elements).expect("as many as the shape says"))
}

/// Forgets what has been added to a tensor's adjoint, if that is the fault.
pub(crate) fn accumulation<T: Real>(name: &str, sum: &mut Option<Tensor<T>>) {
    if FAULT.get().is_some_and(|fault| matches!(fault, Fault::Vjp(at, Mistake::Overwrites) if at == name)) {
        *sum = None;
    }
}
