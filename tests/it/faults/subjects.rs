//! Functions of tensors to put mistakes into: every operation that has a vjp, and every function of many scalars.

use std::rc::Rc;

use autodiff::rules::{Binary, Unary};
use autodiff::tensor::{Conv, Pool, Triangle};
use autodiff::{Tensor, Var, dot, elementwise, logsumexp, mean, norm, poly_eval, product, softmax, sum, sum_sq};
use ndarray::{Array2, array, s};

use super::mistake::{Function, Rule, swept};

/// A function with the shapes of its operands; where they are square, a mistake may turn them.
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) shapes: Vec<Vec<usize>>,
    pub(super) f: Function,
    pub(super) rule: Rule,
}

fn subject(name: &'static str, shapes: &[&[usize]], f: impl Fn(&[Tensor<f64>]) -> Tensor<f64> + 'static) -> Subject {
    let f: Function = Rc::new(f);
    Subject { name, shapes: shapes.iter().map(|shape| shape.to_vec()).collect(), rule: swept(&f), f }
}

elementwise!(wave(a, b) => (a * b).sin() * b.exp());

const SQUARE: &[&[usize]] = &[&[3, 3]];
const TWO: &[&[usize]] = &[&[2, 2], &[2, 2]];
const WIDE: &[&[usize]] = &[&[2, 3], &[3]];

fn regular(a: &Tensor<f64>) -> Tensor<f64> {
    a + Tensor::constant(Array2::<f64>::eye(a.shape()[0]) * 3.0)
}

/// Every operation, and the functions of many scalars.
pub(super) fn all() -> Vec<Subject> {
    [operations(), factors(), rows(), of_scalars(), by_hand()].into_iter().flatten().collect()
}

fn operations() -> Vec<Subject> {
    let places = || array![[0, 2, 1], [1, 1, 0], [2, 0, 0]].into_dyn();
    vec![
        subject("select", TWO, |t| Tensor::select(&t[0].mask(|x| x > 0.8), &t[0], &t[1])),
        subject("wave", TWO, |t| wave(&t[0], &t[1])),
        subject("wave", WIDE, |t| wave(&t[0], &t[1])),
        subject("map_rows", SQUARE, |t| t[0].map_rows(|x| vec![x[0] * x[1].sin(), x[2] * x[0], x[1].exp()])),
        subject("on_grad", SQUARE, |t| t[0].on_grad(Tensor::clone).square()),
        subject("sum", SQUARE, |t| t[0].sum()),
        subject("sum_axis", SQUARE, |t| t[0].sum_axis(1)),
        subject("mean", SQUARE, |t| t[0].mean()),
        subject("prod_axes", SQUARE, |t| t[0].prod_axes(&[1], false)),
        subject("prod", SQUARE, |t| t[0].prod()),
        subject("norm", SQUARE, |t| t[0].norm(2.0)),
        subject("norm_axes", SQUARE, |t| t[0].norm_axes(3.0, &[1], true)),
        subject("logsumexp", SQUARE, |t| t[0].logsumexp(1)),
        subject("softmax", SQUARE, |t| t[0].softmax(1)),
        subject("log_softmax", SQUARE, |t| t[0].log_softmax(1)),
        subject("cumsum", SQUARE, |t| t[0].cumsum(1)),
        subject("recurrence", SQUARE, |t| t[0].cumprod(1)),
        subject("softmax_cross_entropy", TWO, |t| t[0].softmax_cross_entropy(&t[1], 1)),
        subject("bce_with_logits", TWO, |t| t[0].bce_with_logits(&t[1])),
        subject("matmul", TWO, |t| t[0].matmul(&t[1])),
        subject("matmul", &[&[2, 3], &[3, 4]], |t| t[0].matmul(&t[1])),
        subject("matmul", &[&[2, 3, 3], &[3, 3]], |t| t[0].matmul(&t[1])),
        subject("einsum", TWO, |t| Tensor::einsum("ij,jk->ki", &[&t[0], &t[1]])),
        subject("linear", &[&[2, 2], &[2, 2], &[2]], |t| t[0].linear(&t[1], &t[2])),
        subject("broadcast_to", &[&[3]], |t| t[0].broadcast_to(&[3, 3])),
        subject("reshape", SQUARE, |t| t[0].reshape(&[9])),
        subject("transpose", SQUARE, |t| t[0].transpose()),
        subject("slice", SQUARE, |t| t[0].slice(s![.., ..;-1])),
        subject("index_select", SQUARE, |t| t[0].index_select(0, &[2, 0, 2])),
        subject("gather", SQUARE, move |t| t[0].gather(1, &places())),
        subject("scatter_add", &[&[3, 3], &[3, 3]], move |t| t[0].scatter_add(1, &places(), &t[1])),
        subject("pad", SQUARE, |t| t[0].pad(&[(1, 0), (0, 2)], 0.5)),
        subject("flip", SQUARE, |t| t[0].flip(&[1])),
        subject("roll", SQUARE, |t| t[0].roll(1, 1)),
        subject("concat", TWO, |t| Tensor::concat(&[&t[0], &t[1]], 1)),
        subject("diag", &[&[3]], |t| t[0].diag()),
        subject("diag", SQUARE, |t| t[0].diag()),
        subject("diagonal", SQUARE, |t| Tensor::einsum("ii->i", &[&t[0]])),
        subject("tril", SQUARE, |t| t[0].tril(0)),
        subject("triu", SQUARE, |t| t[0].triu(0)),
        subject("conv2d", &[&[1, 1, 3, 3], &[1, 1, 2, 2]], |t| t[0].conv2d(&t[1], None, Conv::new())),
        subject("avg_pool2d", &[&[1, 1, 4, 4]], |t| t[0].avg_pool2d(Pool::new(2))),
        subject("max_pool2d", &[&[1, 1, 4, 4]], |t| t[0].max_pool2d(Pool::new(2))),
        subject("max_axes", SQUARE, |t| t[0].max_axes(&[1], false)),
        subject("min_axes", SQUARE, |t| t[0].min_axes(&[0], true)),
    ]
}

fn factors() -> Vec<Subject> {
    vec![
        subject("cholesky", SQUARE, |t| regular(&t[0]).cholesky().expect("definite")),
        subject("solve_triangular", TWO, |t| regular(&t[0]).solve_triangular(&t[1], Triangle::Lower).expect("regular")),
        subject("solve", TWO, |t| regular(&t[0]).solve(&t[1]).expect("regular")),
        subject("inverse", SQUARE, |t| regular(&t[0]).inverse().expect("regular")),
        subject("det", SQUARE, |t| regular(&t[0]).det()),
        subject("logdet", SQUARE, |t| regular(&t[0]).logdet().expect("regular")),
    ]
}

/// Some rows of the table, with and without broadcasting; mistakes in the slopes themselves stand in `rows.rs`.
fn rows() -> Vec<Subject> {
    use Binary::{Add, Atan2, Div, Hypot, LogAddExp, Mul, Pow, Sub};
    let two = [Add, Sub, Mul, Div, Pow, Hypot, Atan2, LogAddExp];
    let two =
        two.into_iter().flat_map(|f| [TWO, WIDE].map(|set| subject(f.name(), set, move |t| t[0].binary(f, &t[1]))));
    let one = [Unary::Exp, Unary::Tanh, Unary::Sqrt, Unary::Erf];
    two.chain(one.into_iter().map(|f| subject(f.name(), SQUARE, move |t| t[0].unary(f)))).collect()
}

fn of_scalars() -> Vec<Subject> {
    let function = |name, f: fn(&[Var<f64>]) -> Vec<Var<f64>>| {
        subject(name, &[&[4]], move |t| {
            let y = f(&t[0].to_vars());
            Tensor::from_vars(&y, &[y.len()])
        })
    };
    vec![
        function("scalars: sum", |x| vec![sum(x)]),
        function("scalars: mean", |x| vec![mean(x)]),
        function("scalars: dot", |x| vec![dot(&x[..2], &x[2..])]),
        function("scalars: product", |x| vec![product(x)]),
        function("scalars: sum_sq", |x| vec![sum_sq(x)]),
        function("scalars: norm", |x| vec![norm(x)]),
        function("scalars: logsumexp", |x| vec![logsumexp(x.iter().copied())]),
        function("scalars: poly_eval", |x| vec![poly_eval(x[0], &x[1..])]),
        function("scalars: softmax", |x| softmax(x)),
        function("scalars: mul_add", |x| vec![x[0].mul_add(x[1], x[2]) * x[3]]),
    ]
}

fn with(
    subject: Subject,
    rule: impl Fn(&[Tensor<f64>], &Tensor<f64>, &Tensor<f64>) -> Vec<Tensor<f64>> + 'static,
) -> Subject {
    Subject { rule: Rc::new(rule), ..subject }
}

/// Rules that are written down, with output and adjoint: these have derivatives of their own.
pub(super) fn by_hand() -> Vec<Subject> {
    vec![
        with(subject("by hand: exp", SQUARE, |t| t[0].exp()), |_, y, g| vec![g * y]),
        with(subject("by hand: tanh", SQUARE, |t| t[0].tanh()), |_, y, g| vec![g * (1.0 - y.square())]),
        with(subject("by hand: square root", SQUARE, |t| t[0].sqrt()), |_, y, g| vec![0.5 * g / y]),
        with(subject("by hand: quotient", TWO, |t| &t[0] / &t[1]), |x, y, g| vec![g / &x[1], -(g * y) / &x[1]]),
        with(subject("by hand: a b²", TWO, |t| &t[0] * t[1].square()), |x, _, g| {
            vec![g * x[1].square(), 2.0 * g * &x[0] * &x[1]]
        }),
        with(subject("by hand: softmax", SQUARE, |t| t[0].softmax(1)), |_, y, g| {
            vec![y * (g - (g * y).sum_axes(&[1], true))]
        }),
        with(subject("by hand: sums of products", TWO, |t| (&t[0] * &t[1]).sum_axes(&[1], true)), |x, _, g| {
            vec![g * &x[1], g * &x[0]]
        }),
    ]
}
