//! Equations written on scalars.

use std::rc::Rc;

use crate::{Outputs, Real, Tensor, Var};

/// A function of scalars, `f(x, p)` with the elements of `x` and of all parameters one after another, as the functions of this
/// module take it.
///
/// Its value has the shape of `x` if it gives as many numbers, else it is a list. `f` is ordinary code on variables, as in
/// [`Tensor::map_rows`]; what it uses besides its arguments are constants.
///
/// ```
/// use autodiff::{Tape, Tensor, Var, implicit};
/// // Kepler's equation E - e sin E = M, solved by iteration.
/// let tape = Tape::<f64>::new();
/// let (e, m) = (tape.var(0.3), tape.var(1.0));
/// let solution = (0..60).fold(1.0, |x: f64, _| 1.0 + 0.3 * x.sin());
/// let kepler = implicit::scalars(|x: &[Var<f64>], p: &[Var<f64>]| x[0] - p[0] * x[0].sin() - p[1]);
/// let anomaly = implicit::root(kepler, vec![solution], &[&Tensor::from_vars(&[e, m], &[2])])?.at([0]);
/// let slope = anomaly.backward().wrt(m);
/// assert!((slope - 1.0 / (1.0 - 0.3 * solution.cos())).abs() < 1e-14);
/// # Ok::<(), autodiff::Error>(())
/// ```
pub fn scalars<T: Real, Y: Outputs<T>>(
    f: impl Fn(&[Var<T>], &[Var<T>]) -> Y + 'static,
) -> impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static {
    let f = Rc::new(f);
    move |x, p| {
        let (f, n) = (Rc::clone(&f), x.len());
        let all: Vec<Tensor<T>> = std::iter::once(x).chain(p).map(Tensor::flatten).collect();
        let y = Tensor::concat(&all, 0).expand(0).map_rows(move |row| f(&row[..n], &row[n..]));
        if y.len() == n { y.reshape(x.shape()) } else { y.flatten() }
    }
}
