//! The public door: what to derive, and with which choices.

use super::derivation::{Derivation, Question, write};
use crate::engine::{Handle, Root};
use crate::error::one_line;
use crate::tape::cell::TapeCell;
use crate::{Real, Tensor};

/// Writes out the derivative of a scalar root with respect to a variable or an intermediate value.
///
/// # Panics
/// If the root is a constant, stale, or not a scalar; if `wrt` is not on its tape; if the tape is being swept.
///
/// ```
/// use autodiff::{Tape, explain};
/// let tape = Tape::<f64>::new();
/// let w = tape.var(2.0).named("w");
/// let loss = (w * 3.0 - 1.0).square().named("E");
/// let text = explain::derivation(loss, w).to_string();
/// assert!(text.contains("E = (3w − 1)² = 25"));
/// assert!(text.contains("dE/dw = 6(3w − 1) = 30"));
/// ```
#[track_caller]
pub fn derivation<T: Real, Y: Root<T>, X: Handle<T>>(root: Y, wrt: X) -> Derivation {
    Explain::of(root).derivation(&[wrt])
}

/// A derivation to be set up: with respect to several variables at once, with names for constants, with more lines.
///
/// ```
/// use autodiff::{Tape, Tensor, explain::Explain};
/// use ndarray::array;
/// let tape = Tape::<f64>::new();
/// let w = tape.tensor(array![[1.0, 2.0]]).named("W");
/// let b = tape.tensor(array![0.5]).named("b");
/// let (x, t) = (Tensor::constant(array![3.0, -1.0]), Tensor::constant(array![1.0]));
/// let y = x.linear(&w, &b).named("y");
/// let loss = ((y - &t).square().sum() * 0.5).named("E");
/// let text = Explain::of(&loss).constant("x", &x).constant("t", &t).derivation(&[&w, &b]).to_string();
/// assert!(text.contains("y = W x + b"));
/// assert!(text.contains("dE/dW = (y − t) ⊗ x"));
/// ```
pub struct Explain<T: Real> {
    cell: &'static TapeCell<T>,
    root: usize,
    seed: Option<crate::engine::vjp::Seed<T>>,
    constants: Vec<(String, Tensor<T>)>,
    lines: usize,
}

impl<T: Real> Explain<T> {
    /// Starts a derivation of this scalar's derivatives.
    ///
    /// # Panics
    /// If the root is a constant, stale, or not a scalar.
    #[track_caller]
    pub fn of(root: impl Root<T>) -> Self {
        let (cell, root, seed) = root.seed("explain");
        Self { cell, root, seed, constants: Vec::new(), lines: 40 }
    }

    /// Names a constant tensor, which is on no tape and cannot be [named](Tensor::named) there: an input, a target.
    pub fn constant(mut self, name: impl Into<String>, tensor: &Tensor<T>) -> Self {
        self.constants.push((one_line(&name.into()), tensor.clone()));
        self
    }

    /// Limits the lines of the values, and those of the derivatives; 40 each unless set.
    pub fn lines(self, lines: usize) -> Self {
        Self { lines, ..self }
    }

    /// Writes the derivation with respect to these handles.
    ///
    /// # Panics
    /// If one is not on the root's tape; if the tape is being swept.
    #[track_caller]
    pub fn derivation<X: Handle<T>>(self, wrt: &[X]) -> Derivation {
        let Self { cell, root, seed, constants, lines } = self;
        let mut places = Vec::with_capacity(wrt.len());
        for x in wrt {
            places.push(x.index_on(Some(cell)));
        }
        let scalars = [(root, T::one())];
        let scalars = if seed.is_some() { &[][..] } else { &scalars[..] };
        let gradients = crate::engine::gradients::all_gradients(cell, scalars, seed);
        write(&Question { cell, root, gradients: &gradients, wrt: places, constants: &constants, lines })
    }
}

#[cfg(test)]
mod tests {
    use super::derivation;
    use crate::Tape;
    use crate::explain::paths;
    use crate::graph::Graph;

    #[test]
    fn millions_of_entries_are_folded_or_refused() {
        let tape = Tape::<f64>::new();
        let x = tape.var(0.5).named("x");
        let y = (0..2_000_000).fold(x, |y, _| y.sin());
        let text = derivation(y, x).to_string();
        assert!(text.lines().count() < 30, "{text}");
        assert!(text.contains("more like this one"), "{text}");
        let paths = paths(y, x);
        assert_eq!((paths.count(), paths.edges(), paths.list().len()), (Some(1), 2_000_000, 0));
        assert!(Graph::of(y).unwrap_err().to_string().contains("2000001 nodes are more than the limit of 200"));
    }
}
