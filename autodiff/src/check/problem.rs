//! What is checked: a function of numbers that can be evaluated and recorded.

use crate::engine::outputs::{constants, index_on_tape};
use crate::engine::tensor_functions::swept;
use crate::inspect::recording::Target;
use crate::tape::trace::Place;
use crate::tensor::layout::index_of;
use crate::{Real, Tape, Tensor, Var};

/// What a recording gives: what to differentiate, or, for a constant, where it became one if that was noted.
pub(super) type Root<T> = Result<Target<T>, Option<(&'static str, Place)>>;

/// A scalar function of numbers, which may be elements of tensors.
pub(super) trait Problem<T: Real> {
    /// The numbers.
    fn x(&self) -> &[T];

    /// What the number at a position is called in a report.
    fn index(&self, flat: usize) -> Vec<usize>;

    /// The value elsewhere, without a tape.
    fn eval(&self, x: &[T]) -> T;

    /// Records the function on an empty tape, its inputs first; with a vector, its gradient times that.
    fn record(&self, tape: &Tape<T>, x: &[T], slope: Option<&[T]>) -> Root<T>;

    /// How many entries the inputs take.
    fn inputs(&self) -> usize;
}

/// A function of variables.
pub(super) struct Scalars<'a, T, F> {
    pub(super) f: F,
    pub(super) x: &'a [T],
}

impl<T: Real, F: Fn(&[Var<T>]) -> Var<T>> Problem<T> for Scalars<'_, T, F> {
    fn x(&self) -> &[T] {
        self.x
    }

    fn index(&self, flat: usize) -> Vec<usize> {
        vec![flat]
    }

    fn eval(&self, x: &[T]) -> T {
        (self.f)(&constants(x)).value()
    }

    fn record(&self, tape: &Tape<T>, x: &[T], slope: Option<&[T]>) -> Root<T> {
        let vars = tape.vars(x);
        let y = (self.f)(&vars);
        let Some(u) = slope.filter(|_| y.is_tracked()) else { return scalar(tape, y) };
        // What has no weight is left out, finite or not.
        let weighted = tape.grad(y, &vars).into_iter().zip(constants(u)).filter(|(_, u)| u.value() != T::zero());
        let (slopes, u): (Vec<Var<T>>, Vec<Var<T>>) = weighted.unzip();
        scalar(tape, crate::dot(&slopes, &u))
    }

    fn inputs(&self) -> usize {
        self.x.len()
    }
}

fn scalar<T: Real>(tape: &Tape<T>, y: Var<T>) -> Root<T> {
    if y.is_tracked() { Ok((index_on_tape(y, tape, "the result"), None)) } else { Err(None) }
}

/// A function of tensors.
pub(super) struct Tensors<F, T> {
    pub(super) f: F,
    shapes: Vec<Vec<usize>>,
    x: Vec<T>,
    /// What counts as the place of what the function records, instead of its own.
    place: Option<Place>,
}

impl<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>> Tensors<F, T> {
    pub(super) fn new(f: F, inputs: &[Tensor<T>], place: Option<Place>) -> Self {
        let shapes = inputs.iter().map(|x| x.shape().to_vec()).collect();
        let x = inputs.iter().flat_map(|x| x.view().iter().copied().collect::<Vec<T>>()).collect();
        Self { f, shapes, x, place }
    }

    /// The inputs from their numbers.
    pub(super) fn tensors(&self, x: &[T]) -> Vec<Tensor<T>> {
        let mut rest = x;
        let tensor = |shape: &Vec<usize>| {
            let (own, others) = rest.split_at(shape.iter().product());
            rest = others;
            Tensor::build(shape, |out| out.copy_from_slice(own))
        };
        self.shapes.iter().map(tensor).collect()
    }

    /// Puts the inputs on a tape and evaluates the function.
    pub(super) fn run(&self, tape: &Tape<T>, x: &[T]) -> (Vec<Tensor<T>>, Tensor<T>) {
        let leaves: Vec<Tensor<T>> = self.tensors(x).into_iter().map(|x| tape.tensor(x)).collect();
        let _origin = tape.cell().on_behalf(self.place);
        let y = (self.f)(&leaves);
        (leaves, y)
    }

    /// The gradient, its elements one after another; 0 for what the sweep does not reach.
    pub(super) fn swept(&self) -> Vec<T> {
        let tape = Tape::new();
        let (leaves, y) = self.run(&tape, &self.x);
        swept(&y, &leaves).into_iter().flatten().collect()
    }
}

impl<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>> Problem<T> for Tensors<F, T> {
    fn x(&self) -> &[T] {
        &self.x
    }

    fn index(&self, mut flat: usize) -> Vec<usize> {
        for (k, shape) in self.shapes.iter().enumerate() {
            let len = shape.iter().product();
            if flat < len {
                return [vec![k], index_of(shape, flat)].concat();
            }
            flat -= len;
        }
        unreachable!("a position among the inputs' elements")
    }

    fn eval(&self, x: &[T]) -> T {
        (self.f)(&self.tensors(x)).item()
    }

    fn record(&self, tape: &Tape<T>, x: &[T], slope: Option<&[T]>) -> Root<T> {
        let (leaves, y) = self.run(tape, x);
        let Some(u) = slope.filter(|_| y.is_tracked()) else { return tensor(&y) };
        let slopes = tape.grad(y, &leaves);
        let weighted = slopes.iter().zip(self.tensors(u)).map(|(slope, u)| {
            let chosen = Tensor::select(&u.mask(|u| u != T::zero()), slope, 0.0);
            (chosen * u).sum()
        });
        tensor(&weighted.reduce(|sum, term| sum + term).unwrap_or_else(|| Tensor::scalar(T::zero())))
    }

    fn inputs(&self) -> usize {
        self.shapes.len()
    }
}

fn tensor<T: Real>(y: &Tensor<T>) -> Root<T> {
    match y.place() {
        Some(node) => Ok((node.index as usize, Some((node, Tensor::ones(y.shape()))))),
        None => Err(y.cuts().first().map(|cut| (cut.by, cut.place))),
    }
}

/// Weights for the sum of a tensor's elements that are all different, so that no two mistakes cancel.
pub(super) fn weights<T: Real>(shape: &[usize]) -> Tensor<T> {
    Tensor::build(shape, |out| {
        for (k, out) in out.iter_mut().enumerate() {
            *out = T::of(0.5 + ((1.0 + k as f64) * 0.618_033_988_749_894_8).fract());
        }
    })
}
