//! How operations on tensors and their gradients are written: what an operation tells `explain` about itself.

use crate::rules::Unary;
use crate::rules::notation::Notation;
use crate::rules::notation::sign::{
    A, Argument, B, Call, INVERSE_TRANSPOSED, MINUS, Matrix, Piece, Power, Prefix, SIGMA, SPACE, Series, Sign,
    TRANSPOSED,
};

/// A formula over an operation's inputs, its result and the gradient of the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// The gradient of the result. Outside of products, one number for all elements is an array of ones times it.
    G,
    /// The result.
    Y,
    /// An input.
    X(usize),
    Constant(f64),
    /// A number that tells one from others.
    Index(usize),
    /// One over a count.
    Share(usize),
    /// Terms with their coefficients, added up.
    Plus([(f64, Box<Self>); 2]),
    /// The product by elements.
    Times(Vec<Self>),
    /// A row of the table.
    Row(Unary, Box<Self>),
    /// The sum of all elements, before which coefficients are written: `½ Σ x`.
    Total(Box<Self>),
    /// An array, written so.
    Array(Notation, Vec<Self>),
    /// A number, written so.
    Scalar(Notation, Vec<Self>),
    /// An array that this operation alone makes, written so: with other axes or indices it would look the same.
    Own(Notation, Vec<Self>),
}

use Term::{Array, G, Own, Plus, Scalar, Times, X};

impl Term {
    pub(crate) fn plus(self, other: Self) -> Self {
        Plus([(1.0, self.into()), (1.0, other.into())])
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Plus([(1.0, self.into()), (-1.0, other.into())])
    }

    /// The product of matrices.
    pub(crate) fn dot(self, other: Self) -> Self {
        Array(Matrix(&[A, SPACE, B]), vec![self, other])
    }

    pub(crate) fn outer(self, other: Self) -> Self {
        Array(Matrix(&[A, Sign(" ⊗ ", r" \otimes "), B]), vec![self, other])
    }

    pub(crate) fn transposed(self) -> Self {
        Array(Power(&[A, TRANSPOSED]), vec![self])
    }
}

/// A function of the gradient alone.
pub(crate) fn of_gradient(function: Piece) -> Term {
    Own(Call(function), vec![G])
}

/// `Σ x` over all elements.
pub(crate) const SUM: Notation = Series(&[SIGMA, A]);

/// What is known of an operation's operands where it stands on the tape.
pub(crate) struct Operands {
    /// The shapes of the inputs.
    pub(crate) shapes: Vec<Vec<usize>>,
    /// The shape of the result.
    pub(crate) shape: Vec<usize>,
    /// Whether an input is a constant without effect: a bias of zeros.
    pub(crate) zeros: Vec<bool>,
    /// Whether the second input is a constant whose last axis adds up to 1: targets that are probabilities.
    pub(crate) unit_targets: bool,
    /// Whether the gradient of the result is one number for all elements.
    pub(crate) uniform: bool,
}

impl Operands {
    /// Whether a layer is given one item: a vector, or a batch of one row. It is written `W x + b` then, else `x Wᵀ + b`.
    pub(crate) fn one_item(&self) -> bool {
        let shape = &self.shapes[0];
        shape[..shape.len() - 1].iter().all(|&n| n == 1)
    }

    /// Whether the result differs from the first input in axes of length 1 only.
    pub(crate) fn same_but_ones(&self) -> bool {
        let longer = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        longer(&self.shapes[0]) == longer(&self.shape)
    }

    /// `term`, which has the result's shape, summed over the axes along which input `k` was stretched.
    pub(crate) fn summed(&self, k: usize, term: Term) -> Term {
        let shape = &self.shapes[k];
        let items = self.shape.len() == shape.len() + 1 && self.shape[1..] == *shape;
        let notation = if items {
            Series(&[Sign("Σ_items ", r"\sum_{\text{items}} "), A])
        } else if shape.is_empty() {
            SUM
        } else {
            Series(&[STRETCHED, A])
        };
        if shape.is_empty() { Scalar(notation, vec![term]) } else { Array(notation, vec![term]) }
    }
}

/// The sum over the axes along which an input was stretched.
pub(crate) const STRETCHED: Piece = Sign("Σ_stretched ", r"\sum_{\text{stretched}} ");

/// Where an operation's result is written if it has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a line of its own.
    Line,
    /// Inside the formula that reads it.
    Inside,
    /// Nowhere: the result is its input, seen with other axes of length 1.
    Nowhere,
}

/// How an operation is written.
pub(crate) struct Written {
    pub(crate) place: Place,
    /// The result; unless given, a function with the operation's name.
    pub(crate) value: Option<Term>,
    /// The gradients of the inputs; the last one serves all further inputs.
    pub(crate) gradients: Vec<Term>,
}

impl Written {
    /// An operation that is a function with its name.
    pub(crate) fn named(gradients: impl Into<Vec<Term>>) -> Self {
        Self { place: Place::Line, value: None, gradients: gradients.into() }
    }

    /// An operation whose gradient is a function of the gradient of the result alone.
    pub(crate) fn linear(adjoint: Piece) -> Self {
        Self::named([of_gradient(adjoint)])
    }

    pub(crate) fn new(value: Term, gradients: impl Into<Vec<Term>>) -> Self {
        Self { place: Place::Line, value: Some(value), gradients: gradients.into() }
    }

    /// Written inside the formulas that read it.
    pub(crate) fn inside(self) -> Self {
        Self { place: Place::Inside, ..self }
    }
}

/// `G ⊙ f(…)`.
pub(crate) fn scaled(partial: Notation, terms: impl Into<Vec<Term>>) -> Term {
    Times(vec![G, Own(partial, terms.into())])
}

/// `f(X)`, `X` being the first input.
pub(crate) fn of_input(function: Piece) -> Term {
    Array(Call(function), vec![X(0)])
}

/// The gradients of the solution of a linear system.
pub(crate) fn solve_gradients() -> [Term; 2] {
    let matrix = Prefix(&[MINUS, A, INVERSE_TRANSPOSED, SPACE, B, SPACE, Argument(2), TRANSPOSED]);
    let side = Prefix(&[A, INVERSE_TRANSPOSED, SPACE, B]);
    [Own(matrix, vec![X(0), G, Term::Y]), Own(side, vec![X(0), G])]
}
