//! A function of scalars, applied to the rows of a tensor as one entry.

use std::rc::Rc;

use super::gradients::gradients;
use super::outputs::{Outputs, constants};
use super::recorded::recorded;
use crate::error::{Error, Kind};
use crate::rules::notation::sign::{A, DOT, Over, Piece, Product, Same, Sign};
use crate::tensor::layout::Dims;
use crate::tensor::rule::Rule;
use crate::tensor::written::Term::{G, Own};
use crate::tensor::written::Written;
use crate::tensor::{Grads, Vjp};
use crate::{Real, Tape, Tensor, Var};

/// A function of a row. Without its type, because the gradient of one is one again.
type RowFn<T> = Rc<dyn Fn(&[Var<T>], &mut Vec<Var<T>>)>;

/// The gradient of a function of `inputs` numbers to `outputs` numbers, applied to all rows.
fn row_by_row<T: Real>(cx: &Vjp<'_, T>, &(ref f, inputs, outputs, _): &(RowFn<T>, usize, usize, bool)) -> Grads<T> {
    let (x, g) = (cx.input(0), cx.grad());
    if cx.recording() {
        // The gradient of a row is a function of the row and of the gradient that comes in.
        let axis = x.ndim() - 1;
        let f = Rc::clone(f);
        let pulled: RowFn<T> = Rc::new(move |row, out| pull(&f, inputs, row, out));
        return apply(pulled, &Tensor::concat(&[x, g], axis), true).into();
    }
    let (rows, cotangents) = (x.row_major(), g.row_major());
    let (rows, cotangents) = (rows.as_slice().expect("row-major"), cotangents.as_slice().expect("row-major"));
    let (tape, mut y) = (Tape::beside(cx.inputs), Vec::new());
    let gradient = Tensor::build(x.shape(), |out| {
        let rows = rows.chunks_exact(inputs.max(1)).zip(cotangents.chunks_exact(outputs.max(1)));
        for ((row, cotangent), out) in rows.zip(out.chunks_exact_mut(inputs.max(1))) {
            tape.reset();
            let vars = tape.vars(row);
            y.clear();
            f(&vars, &mut y);
            let tracked = y.iter().zip(cotangent);
            let seeds: Vec<(usize, T)> = tracked.filter_map(|(y, &g)| Some((y.place()?.1 as usize, g))).collect();
            let found = gradients(tape.cell(), &seeds, None);
            for (out, &x) in out.iter_mut().zip(&vars) {
                *out = found.wrt(x);
            }
        }
    });
    gradient.into()
}

/// The gradient of `Σ g f(x)` with respect to `x`, where `row` is `x` and then `g`.
fn pull<T: Real>(f: &RowFn<T>, inputs: usize, row: &[Var<T>], out: &mut Vec<Var<T>>) {
    let (x, g) = row.split_at(inputs);
    let mut y = Vec::new();
    f(x, &mut y);
    let total = crate::dot(&y, g);
    let zero = Var::constant(T::zero());
    let Some((cell, root, _)) = total.place() else { return out.extend(x.iter().map(|_| zero)) };
    let places: Vec<usize> = x.iter().filter_map(|x| Some(x.place()?.1 as usize)).collect();
    let found = recorded(cell, root as usize, None, &places);
    let gradient = |x: &Var<T>| x.place().and_then(|(_, index, _)| found.scalar(index));
    out.extend(x.iter().map(|x| gradient(x).unwrap_or(zero)));
}

/// Evaluates a function of rows and records it. `differentiates` says that it sweeps, for which rows must be variables.
#[track_caller]
fn apply<T: Real>(f: RowFn<T>, x: &Tensor<T>, differentiates: bool) -> Tensor<T> {
    let (inputs, shape) = (x.shape().last().copied(), x.shape());
    let (Some(inputs @ 1..), false) = (inputs, x.is_empty()) else {
        x.refuse("map_rows", "there must be a row, with a number in it, to know what a row becomes")
    };
    let elements = x.row_major();
    let elements = elements.as_slice().expect("row-major");
    let tape = Tape::new();
    let (mut values, mut y, mut outputs) = (Vec::new(), Vec::new(), None);
    for (number, row) in elements.chunks_exact(inputs).enumerate() {
        tape.reset();
        let vars = if differentiates { tape.vars(row) } else { constants(row) };
        y.clear();
        f(&vars, &mut y);
        let foreign = |y: &Var<T>| y.place().is_some_and(|(cell, ..)| !std::ptr::eq(cell, tape.cell()));
        if y.iter().any(foreign) {
            Error::from(Kind::RowCaptured).raise();
        }
        let want = *outputs.get_or_insert(y.len());
        if y.len() != want {
            Error::from(Kind::RowOutputs { row: number, got: y.len(), want }).raise();
        }
        values.extend(y.iter().map(|y| y.value()));
    }
    let outputs = outputs.unwrap_or(0);
    let mut shape: Dims = shape.iter().copied().collect();
    *shape.last_mut().expect("has a last axis") = outputs;
    let output = Tensor::build(&shape, |out| out.copy_from_slice(&values));
    Rule {
        name: "map_rows",
        with: (f, inputs, outputs, differentiates),
        forward: |x, (f, _, _, differentiates)| Ok(apply(Rc::clone(f), &x[0], *differentiates)),
        vjp: row_by_row,
        notation: |_, _| {
            const SLOPE: Piece = Over(&[Same("d f")], &[Sign("d row", r"d \text{row}")]);
            Written::named([Own(Product(&[A, DOT, SLOPE]), vec![G])])
        },
    }
    .record(&[x], output)
}

impl<T: Real> Tensor<T> {
    /// Applies a function of scalars to each row: `[…, inputs]` to `[…, outputs]`, as one entry.
    ///
    /// `f` is ordinary code on [`Var`]: loops, branches, other crates' generic functions. It gets the numbers along the
    /// last axis and gives one variable or several, always as many. A sweep records one row after another on a tape that
    /// it keeps for that; the gradient can be differentiated again, to any order.
    ///
    /// ```
    /// use autodiff::{Tape, Var};
    /// use ndarray::array;
    /// // Newton's method for the root of y³ + a y = b, row by row, with as many steps as it takes.
    /// let root = |row: &[Var<f64>]| {
    ///     let (a, b, mut y) = (row[0], row[1], Var::constant(1.0));
    ///     for _ in 0..100 {
    ///         let step = (y.powi(3) + a * y - b) / (3.0 * y * y + a);
    ///         y -= step;
    ///         if step.abs() < 1e-15 { break }
    ///     }
    ///     y
    /// };
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 2.0], [2.0, 12.0]]);
    /// let y = x.map_rows(root);
    /// assert_eq!((y.shape(), tape.len()), (&[2, 1][..], 2));
    /// let slope = y.sum().backward().wrt(&x);
    /// assert!((slope[[1, 1]] - 1.0 / (3.0 * 4.0 + 2.0)).abs() < 1e-12);   // 1 / (3 y² + a)
    /// ```
    ///
    /// # Panics
    /// If there are no rows; if rows give different numbers of variables; if `f` uses a recorded variable that is not in
    /// its row.
    #[doc(alias = "vmap")]
    #[track_caller]
    pub fn map_rows<Y: Outputs<T>>(&self, f: impl Fn(&[Var<T>]) -> Y + 'static) -> Self {
        apply(Rc::new(move |row, out| out.extend_from_slice(f(row).outputs())), self, false)
    }
}
