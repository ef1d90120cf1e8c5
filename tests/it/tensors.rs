//! Every tensor operation, contiguous, transposed and sliced: first and second order against finite differences.

use autodiff::{Real, Tape, Tensor};
use ndarray::{ArrayD, IxDyn, s};
use tests::{all_close, slope_with};

/// An operation by name, with its operands' shapes.
struct Case<T: Real>(&'static str, &'static [&'static [usize]], fn(&[Tensor<T>]) -> Tensor<T>);

type Table<T> = fn() -> Vec<Case<T>>;

/// How an operand lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    Plain,
    Transposed,
    Sliced,
}

impl View {
    /// The shape of the leaf.
    pub(crate) fn stored(self, shape: &[usize]) -> Vec<usize> {
        match self {
            Self::Plain => shape.to_vec(),
            Self::Transposed => shape.iter().rev().copied().collect(),
            Self::Sliced => shape.iter().map(|len| len + 2).collect(),
        }
    }

    /// The operand, seen in the leaf.
    pub(crate) fn seen<T: Real>(self, leaf: &Tensor<T>) -> Tensor<T> {
        match self {
            Self::Plain => leaf.clone(),
            Self::Transposed => leaf.transpose(),
            Self::Sliced => (0..leaf.ndim()).fold(leaf.clone(), |t, axis| t.narrow(axis, 1..leaf.shape()[axis] - 1)),
        }
    }
}

fn arithmetic<T: Real>() -> Vec<Case<T>> {
    vec![
        Case("add", &[&[2, 3], &[2, 3]], |t| &t[0] + &t[1]),
        Case("add, rows", &[&[2, 3], &[3]], |t| &t[0] + &t[1]),
        Case("add, scalar", &[&[], &[2, 3]], |t| &t[0] + &t[1]),
        Case("add, nothing", &[&[0, 3], &[3]], |t| &t[0] + &t[1]),
        Case("add, stretched to nothing", &[&[2, 1], &[1, 0]], |t| &t[0] + &t[1]),
        Case("sub, outer", &[&[2, 1], &[1, 3]], |t| &t[0] - &t[1]),
        Case("mul", &[&[3, 2], &[3, 2]], |t| &t[0] * &t[1]),
        Case("mul, three axes", &[&[2, 1, 2], &[3, 1]], |t| &t[0] * &t[1]),
        Case("mul, itself", &[&[2, 2]], |t| &t[0] * &t[0]),
        Case("div, columns", &[&[2, 3], &[2, 1]], |t| &t[0] / &t[1]),
        Case("rem", &[&[2, 3], &[]], |t| &t[0] % (&t[1] * T::of(0.01) + T::of(3.0))),
        Case("numbers", &[&[2, 3]], |t| (&t[0] * T::of(2.0) + T::one()) / T::of(3.0) - T::one()),
        Case("neg", &[&[2, 3]], |t| -&t[0]),
        Case("powf", &[&[2, 3], &[3]], |t| t[0].powf(&t[1])),
        Case("powf, itself", &[&[3]], |t| t[0].powf(&t[0])),
        Case("powi", &[&[2, 2]], |t| t[0].powi(-2)),
        Case("hypot", &[&[3], &[2, 1]], |t| t[0].hypot(&t[1])),
        Case("atan2", &[&[3], &[2, 1]], |t| t[0].atan2(&t[1])),
        Case("max and min", &[&[2, 3], &[3]], |t| t[0].max(&t[1]) * t[0].min(&t[1])),
        Case("xlogy", &[&[2, 3], &[1]], |t| t[0].xlogy(&t[1])),
        Case("unary rows", &[&[2, 3]], |t| t[0].exp().ln_1p() + t[0].sqrt() * t[0].tanh() - t[0].recip()),
        Case("unary of nothing", &[&[2, 0]], |t| t[0].exp()),
        Case("clamp", &[&[3, 4]], |t| t[0].clamp(T::of(0.6), T::of(1.0))),
        Case("select", &[&[3, 4], &[4]], |t| Tensor::select(&t[0].mask(|x| x > T::of(0.8)), &t[0].square(), &t[1])),
        Case("select, broad", &[&[2, 1], &[], &[3]], |t| {
            Tensor::select(&t[0].mask(|x| x > T::of(0.6)), &t[1], &(&t[2] * &t[0]))
        }),
        Case("two consumers", &[&[2, 3]], |t| {
            let y = t[0].tanh();
            y.matmul(&y.transpose()) * y.sum() + y.mean_axis(1)
        }),
    ]
}

fn shapes<T: Real>() -> Vec<Case<T>> {
    vec![
        Case("sum", &[&[2, 3]], |t| t[0].sum()),
        Case("sum of nothing", &[&[0, 3]], |t| t[0].sum()),
        Case("sum of one", &[&[]], |t| t[0].sum()),
        Case("sum_axis 0", &[&[2, 3]], |t| t[0].sum_axis(0)),
        Case("sum_axis 1", &[&[2, 3]], |t| t[0].sum_axis(1)),
        Case("sum_axis of nothing", &[&[0, 3]], |t| t[0].sum_axis(0)),
        Case("sum_axes", &[&[2, 3, 2]], |t| t[0].sum_axes(&[2, 0], false)),
        Case("sum_axes, kept", &[&[2, 3, 2]], |t| t[0].sum_axes(&[1], true)),
        Case("sum_axes, none", &[&[2, 3]], |t| t[0].sum_axes(&[], false)),
        Case("mean", &[&[2, 3]], |t| t[0].mean()),
        Case("mean_axis", &[&[2, 3]], |t| t[0].mean_axis(0)),
        Case("mean_axes, kept", &[&[2, 3, 2]], |t| t[0].mean_axes(&[0, 1], true)),
        Case("broadcast_to", &[&[2, 1]], |t| t[0].broadcast_to(&[4, 2, 3])),
        Case("broadcast_to, scalar", &[&[]], |t| t[0].broadcast_to(&[2])),
        Case("broadcast_to, nothing", &[&[1]], |t| t[0].broadcast_to(&[2, 0])),
        Case("broadcast_to, then sum", &[&[3, 1]], |t| t[0].broadcast_to(&[3, 2]).sum_axis(0)),
        Case("reshape", &[&[2, 3]], |t| t[0].reshape(&[3, 1, 2])),
        Case("reshape to a scalar", &[&[1, 1]], |t| t[0].reshape(&[])),
        Case("reshape, repeated", &[&[2]], |t| t[0].broadcast_to(&[3, 2]).reshape(&[2, 3])),
        Case("flatten", &[&[2, 3]], |t| t[0].flatten()),
        Case("squeeze", &[&[2, 1, 3]], |t| t[0].squeeze(1)),
        Case("expand", &[&[2, 3]], |t| (t[0].expand(0) * t[0].expand(1)).expand(3)),
        Case("permute", &[&[2, 3, 2]], |t| t[0].permute(&[2, 0, 1])),
        Case("transpose", &[&[2, 3, 4]], |t| t[0].transpose()),
        Case("slice", &[&[3, 4]], |t| t[0].slice(s![1, ..;2])),
        Case("slice, backwards", &[&[3, 4]], |t| t[0].slice(s![..;-1, -3..])),
        Case("slice, new axis", &[&[3, 2]], |t| t[0].slice(s![ndarray::NewAxis, 1.., ..])),
        Case("slice, nothing", &[&[3, 2]], |t| t[0].slice(s![1..1, ..])),
        Case("narrow", &[&[3, 4]], |t| t[0].narrow(1, 1..3)),
        Case("narrow, nothing", &[&[3, 4]], |t| t[0].narrow(0, 3..3)),
        Case("overlapping parts", &[&[4]], |t| t[0].narrow(0, 0..3) * t[0].narrow(0, 1..4)),
        Case("index_select", &[&[3, 2]], |t| t[0].index_select(0, &[2, 0, 2, 2])),
        Case("index_select, inner", &[&[2, 3, 2]], |t| t[0].index_select(1, &[1, 1])),
        Case("index_select, nothing", &[&[3, 2]], |t| t[0].index_select(1, &[])),
        Case("at", &[&[2, 3]], |t| (t[0].at([1, 2]) * t[0].at([0, 1]) + t[0].at([1, 2])).into()),
        Case("at and whole", &[&[2, 2]], |t| &t[0] * Tensor::from(t[0].at([1, 0]))),
        Case("to_vars and from_vars", &[&[2, 3]], |t| {
            let squares: Vec<_> = t[0].to_vars().into_iter().map(|x| x * x).collect();
            Tensor::from_vars(&squares, &[3, 2])
        }),
        Case("concat", &[&[2, 3], &[1, 3]], |t| Tensor::concat(&[&t[0], &t[1], &t[0]], 0)),
        Case("concat, inner", &[&[2, 1], &[2, 3], &[2, 0]], |t| Tensor::concat(&[&t[0], &t[2], &t[1]], 1)),
        Case("stack", &[&[2, 3], &[2, 3]], |t| Tensor::stack(&[&t[0], &t[1]], 1)),
        Case("stack, last", &[&[3]], |t| Tensor::stack(&[&t[0], &t[0]], 1)),
        Case("stack of scalars", &[&[], &[]], |t| Tensor::stack(&[&t[0], &t[1]], 0)),
    ]
}

fn products<T: Real>() -> Vec<Case<T>> {
    vec![
        Case("matmul", &[&[2, 3], &[3, 4]], |t| t[0].matmul(&t[1])),
        Case("matmul, vectors", &[&[3], &[3]], |t| t[0].matmul(&t[1])),
        Case("matmul, vector left", &[&[3], &[3, 2]], |t| t[0].matmul(&t[1])),
        Case("matmul, vector right", &[&[2, 3], &[3]], |t| t[0].matmul(&t[1])),
        Case("matmul, itself", &[&[2, 2]], |t| t[0].matmul(&t[0])),
        Case("matmul, gram", &[&[2, 3]], |t| t[0].transpose().matmul(&t[0])),
        Case("matmul, repeated", &[&[3], &[3, 2]], |t| t[0].broadcast_to(&[2, 3]).matmul(&t[1])),
        Case("matmul, outer", &[&[3, 1], &[1, 2]], |t| t[0].matmul(&t[1])),
        Case("matmul, nothing", &[&[0, 3], &[3, 2]], |t| t[0].matmul(&t[1])),
        Case("matmul over nothing", &[&[2, 0], &[0, 3]], |t| t[0].matmul(&t[1])),
        Case("linear", &[&[2, 3], &[4, 3], &[4]], |t| t[0].linear(&t[1], &t[2])),
        Case("linear, one item", &[&[3], &[4, 3], &[4]], |t| t[0].linear(&t[1], &t[2])),
        Case("linear, nothing", &[&[0, 3], &[4, 3], &[4]], |t| t[0].linear(&t[1], &t[2])),
        Case("linear, itself", &[&[3, 3], &[3]], |t| t[0].linear(&t[0], &t[1])),
        Case("linear, repeated", &[&[3], &[4, 3], &[4]], |t| t[0].broadcast_to(&[2, 3]).linear(&t[1], &t[2])),
        Case("matmul chain", &[&[2, 3], &[3, 2], &[2]], |t| t[0].matmul(&t[1]).matmul(&t[2]).tanh()),
        Case("softmax", &[&[2, 3]], |t| t[0].softmax(1)),
        Case("softmax, outer", &[&[2, 3, 2]], |t| t[0].softmax(0)),
        Case("log_softmax", &[&[2, 3]], |t| t[0].log_softmax(1)),
        Case("log_softmax, inner", &[&[2, 3, 2]], |t| t[0].log_softmax(1)),
        Case("logsumexp", &[&[2, 3]], |t| t[0].logsumexp(0)),
        Case("logsumexp, last", &[&[2, 3]], |t| t[0].logsumexp(1)),
        Case("softmax of nothing", &[&[2, 0]], |t| t[0].softmax(1)),
    ]
}

/// Numbers between 0.3 and 1.4, never on a multiple of 0.1, and different from operand to operand.
fn numbers(operand: usize, len: usize) -> impl Iterator<Item = f64> {
    (0..len).map(move |k| 0.35 + 0.1 * ((7 * k + 3 * operand) % 11) as f64 + 0.013 * operand as f64)
}

/// The operands' elements, one after another, as leaves of their shapes.
fn leaves<T: Real>(tape: &Tape<T>, x: &[f64], shapes: &[Vec<usize>]) -> Vec<Tensor<T>> {
    let mut x = x.iter().map(|&x| T::of(x));
    let mut leaf = |shape: &Vec<usize>| {
        let elements = x.by_ref().take(shape.iter().product()).collect();
        tape.tensor(ArrayD::from_shape_vec(IxDyn(shape), elements).expect("as many as the shape says"))
    };
    shapes.iter().map(&mut leaf).collect()
}

/// `Σ w (y + y²)`: a scalar whose second derivative is not 0 even where the operation is linear.
fn loss<T: Real>(case: &Case<T>, view: View, leaves: &[Tensor<T>]) -> Tensor<T> {
    let y = case.2(&leaves.iter().map(|leaf| view.seen(leaf)).collect::<Vec<_>>());
    (weights(7, y.shape()) * (y.square() + &y)).sum()
}

fn weights<T: Real>(seed: usize, shape: &[usize]) -> Tensor<T> {
    let elements = numbers(seed, shape.iter().product()).map(|x| T::of(x - 0.9)).collect();
    Tensor::constant(ArrayD::from_shape_vec(IxDyn(shape), elements).expect("as many as the shape says"))
}

fn flat<T: Real>(gradients: impl Iterator<Item = ArrayD<T>>) -> Vec<f64> {
    gradients.flatten().map(Real::primal).collect()
}

/// The gradient by a plain sweep, the recorded one, and the derivative of a weighted sum of its elements.
fn derivatives<T: Real>(case: &Case<T>, view: View, x: &[f64], shapes: &[Vec<usize>]) -> [Vec<f64>; 3] {
    let tape = Tape::new();
    let leaves = leaves(&tape, x, shapes);
    let y = loss(case, view, &leaves);
    let plain = y.backward();
    // What does not depend on an operand with no elements has no gradient.
    let get = |g: &autodiff::Gradients<T>, x| g.get(x).unwrap_or_else(|| ArrayD::zeros(Tensor::shape(x)));
    let recorded = tape.grad(&y, &leaves);
    let weighted = recorded.iter().enumerate().map(|(i, g)| (g * weights(i, g.shape())).sum());
    let sum = weighted.reduce(|a, b| a + b).expect("an operand");
    let second = if sum.is_tracked() {
        let g = sum.backward();
        flat(leaves.iter().map(|x| get(&g, x)))
    } else {
        vec![0.0; x.len()]
    };
    for (leaf, g) in leaves.iter().zip(&recorded) {
        assert_eq!(leaf.shape(), g.shape(), "{}", case.0);
    }
    [flat(leaves.iter().map(|x| get(&plain, x))), flat(recorded.iter().map(Tensor::to_array)), second]
}

fn check(case: &Case<f64>, view: View) {
    let what = format!("{} ({view:?})", case.0);
    let shapes: Vec<Vec<usize>> = case.1.iter().map(|shape| view.stored(shape)).collect();
    let lengths = shapes.iter().map(|shape| shape.iter().product());
    let x: Vec<f64> = lengths.enumerate().flat_map(|(i, len)| numbers(i, len)).collect();
    let [first, recorded, second] = derivatives(case, view, &x, &shapes);
    all_close(format_args!("{what}: recorded"), &recorded, &first, 1e-13);
    let moved = |i: usize, value: f64| {
        let mut x = x.clone();
        x[i] = value;
        x
    };
    let value = |x: &[f64]| {
        let tape = Tape::new();
        loss(case, view, &leaves(&tape, x, &shapes)).item()
    };
    // The gradient was compared above, so its weighted sum may serve as the function to differentiate next.
    let weights: Vec<f64> =
        shapes.iter().enumerate().flat_map(|(i, shape)| weights::<f64>(i, shape).into_array()).collect();
    let inner = |x: &[f64]| derivatives(case, view, x, &shapes)[0].iter().zip(&weights).map(|(g, w)| g * w).sum();
    for i in 0..x.len() {
        let numeric = slope_with(|v| value(&moved(i, v)), x[i], 0.01);
        tests::close(format_args!("{what}: first order, {i}"), first[i], numeric, 1e-8);
        let numeric = slope_with(|v| inner(&moved(i, v)), x[i], 0.01);
        tests::close(format_args!("{what}: second order, {i}"), second[i], numeric, 1e-8);
    }
}

fn check_all(table: Table<f64>) {
    for case in table() {
        for view in [View::Plain, View::Transposed, View::Sliced] {
            check(&case, view);
        }
    }
}

#[test]
fn elementwise_operations() {
    check_all(arithmetic);
}

#[test]
fn shapes_and_parts() {
    check_all(shapes);
}

#[test]
fn products_and_softmax() {
    check_all(products);
}

#[test]
fn single_precision() {
    let tables: [(Table<f32>, Table<f64>); 3] = [(arithmetic, arithmetic), (shapes, shapes), (products, products)];
    for (single, double) in tables {
        for (single, double) in single().iter().zip(&double()) {
            let shapes: Vec<Vec<usize>> = single.1.iter().map(|shape| shape.to_vec()).collect();
            let lengths = shapes.iter().map(|shape| shape.iter().product());
            let x: Vec<f64> = lengths.enumerate().flat_map(|(i, len)| numbers(i, len)).collect();
            let got = derivatives(single, View::Plain, &x, &shapes);
            let want = derivatives(double, View::Plain, &x, &shapes);
            for (got, want) in got.iter().zip(&want) {
                all_close(single.0, got, want, 1e-4);
            }
        }
    }
}
