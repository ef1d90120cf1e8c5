//! Derivatives of several orders, by every function that gives them, against closed forms.

use autodiff::{
    Dual, Real, Tape, Tensor, Var, grad, hessian, hvp, jacobian, jvp, logsumexp, tensor, value_and_grad, vjp,
};
use ndarray::{Array1, Array2, array};
use tests::{all_close, close, raises_here};

/// A function with its gradient and Hessian in closed form.
trait Case {
    const AT: &'static [f64];
    fn f<R: Real>(x: &[R]) -> R;
    fn gradient(x: &[f64]) -> Vec<f64>;
    fn hessian(x: &[f64]) -> Array2<f64>;
}

struct Rosenbrock;

impl Case for Rosenbrock {
    const AT: &'static [f64] = &[-1.2, 1.0];

    fn f<R: Real>(x: &[R]) -> R {
        (R::one() - x[0]).square() + R::of(100.0) * (x[1] - x[0] * x[0]).powi(2)
    }

    fn gradient(x: &[f64]) -> Vec<f64> {
        let slack = x[1] - x[0] * x[0];
        vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * slack, 200.0 * slack]
    }

    fn hessian(x: &[f64]) -> Array2<f64> {
        array![[2.0 - 400.0 * x[1] + 1200.0 * x[0] * x[0], -400.0 * x[0]], [-400.0 * x[0], 200.0]]
    }
}

/// `ln Σ e^x`, without the shift.
struct LogSum;

impl Case for LogSum {
    const AT: &'static [f64] = &[0.3, -1.2, 2.0];

    fn f<R: Real>(x: &[R]) -> R {
        x.iter().map(|x| x.exp()).sum::<R>().ln()
    }

    fn gradient(x: &[f64]) -> Vec<f64> {
        let total: f64 = x.iter().map(|x| x.exp()).sum();
        x.iter().map(|x| x.exp() / total).collect()
    }

    fn hessian(x: &[f64]) -> Array2<f64> {
        let p = Array1::from(Self::gradient(x));
        Array2::from_shape_fn((3, 3), |(i, j)| if i == j { p[i] - p[i] * p[i] } else { -p[i] * p[j] })
    }
}

/// `Σ a_ij x_i sin x_j`.
struct Form;

const A: [[f64; 3]; 3] = [[1.0, -2.0, 0.5], [3.0, 0.1, -1.0], [0.7, 2.0, -0.4]];

impl Case for Form {
    const AT: &'static [f64] = &[0.4, -1.1, 2.3];

    fn f<R: Real>(x: &[R]) -> R {
        let term = |i: usize, j: usize| R::of(A[i][j]) * x[i] * x[j].sin();
        (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| term(i, j)).sum()
    }

    fn gradient(x: &[f64]) -> Vec<f64> {
        let row = |k: usize| (0..3).map(|j| A[k][j] * x[j].sin()).sum::<f64>();
        let column = |k: usize| (0..3).map(|i| A[i][k] * x[i]).sum::<f64>();
        (0..3).map(|k| row(k) + x[k].cos() * column(k)).collect()
    }

    fn hessian(x: &[f64]) -> Array2<f64> {
        let column = |k: usize| (0..3).map(|i| A[i][k] * x[i]).sum::<f64>();
        Array2::from_shape_fn((3, 3), |(k, l)| {
            let bend = if k == l { x[k].sin() * column(k) } else { 0.0 };
            A[k][l] * x[l].cos() + A[l][k] * x[k].cos() - bend
        })
    }
}

/// `x^y / z^2`.
struct Powers;

impl Case for Powers {
    const AT: &'static [f64] = &[1.7, 2.4, -0.8];

    fn f<R: Real>(x: &[R]) -> R {
        x[0].powf(x[1]) * x[2].powi(-2)
    }

    fn gradient(x: &[f64]) -> Vec<f64> {
        let (p, l, z) = (x[0].powf(x[1]), x[0].ln(), x[2]);
        vec![p * x[1] / x[0] / (z * z), p * l / (z * z), -2.0 * p / z.powi(3)]
    }

    fn hessian(x: &[f64]) -> Array2<f64> {
        let ([x, y, z], l) = ([x[0], x[1], x[2]], x[0].ln());
        let f = x.powf(y) / (z * z);
        let xy = f * (y * l + 1.0) / x;
        array![
            [f * y * (y - 1.0) / (x * x), xy, -2.0 * f * y / (x * z)],
            [xy, f * l * l, -2.0 * f * l / z],
            [-2.0 * f * y / (x * z), -2.0 * f * l / z, 6.0 * f / (z * z)]
        ]
    }
}

/// `x / (x^2 + y^2)`.
struct Rational;

impl Case for Rational {
    const AT: &'static [f64] = &[0.6, -1.5];

    fn f<R: Real>(x: &[R]) -> R {
        x[0] / (x[0].square() + x[1].square())
    }

    fn gradient(x: &[f64]) -> Vec<f64> {
        let (x, y) = (x[0], x[1]);
        let d = x * x + y * y;
        vec![(y * y - x * x) / (d * d), -2.0 * x * y / (d * d)]
    }

    fn hessian(x: &[f64]) -> Array2<f64> {
        let (x, y) = (x[0], x[1]);
        let d = (x * x + y * y).powi(3);
        let (xx, xy) = ((2.0 * x.powi(3) - 6.0 * x * y * y) / d, (6.0 * x * x * y - 2.0 * y.powi(3)) / d);
        array![[xx, xy], [xy, -xx]]
    }
}

const V: [f64; 3] = [0.3, -1.7, 0.9];

fn check<C: Case>(name: &str) {
    let (x, n) = (C::AT, C::AT.len());
    let (v, first, second) = (&V[..n], C::gradient(x), C::hessian(x));
    let (value, g) = value_and_grad(C::f, x);
    assert_eq!(value.to_bits(), C::f(x).to_bits(), "{name}: value");
    all_close(name, &g, &first, 1e-12);
    let plain = |x: &[Var<f64>]| C::f(x);
    every_way(name, plain, x, &first, &second);
    // The same through tensors, which makes the second order reverse over reverse.
    let through = |x: &[Var<f64>]| C::f(&(-(-Tensor::from_vars(x, &[1, x.len()]))).to_vars());
    every_way(&format!("{name} through to_vars"), through, x, &first, &second);
    let elements = |x: &[Var<f64>]| {
        let t = Tensor::from_vars(x, &[x.len(), 1]) * 2.0;
        C::f(&(0..x.len()).map(|i| 0.5 * t.at([i, 0])).collect::<Vec<_>>())
    };
    every_way(&format!("{name} through at"), elements, x, &first, &second);

    // Third order: recorded three times, and the Hessian in dual numbers.
    let along = hessian(C::f, &x.iter().zip(v).map(|(&x, &v)| Dual::new(x, [v])).collect::<Vec<_>>());
    all_close(name, &along.mapv(Dual::value), &second, 1e-12);
    for f in [&plain as &dyn Fn(&[Var<f64>]) -> Var<f64>, &through, &elements] {
        let tape = Tape::new();
        let x = tape.vars(x);
        for (i, dy) in tape.grad(f(&x), &x).into_iter().enumerate() {
            for (j, ddy) in again(&tape, dy, &x).into_iter().enumerate() {
                let third = again(&tape, ddy, &x);
                let got: f64 = third.iter().zip(v).map(|(t, v)| t.value() * v).sum();
                close(format_args!("{name}: third order {i}{j}"), got, along[[i, j]].tangent()[0], 1e-12);
            }
        }
    }
}

fn again(tape: &Tape<f64>, y: Var<f64>, x: &[Var<f64>]) -> Vec<Var<f64>> {
    if y.is_tracked() { tape.grad(y, x) } else { vec![Var::constant(0.0); x.len()] }
}

fn every_way(name: &str, f: impl Fn(&[Var<f64>]) -> Var<f64>, x: &[f64], first: &[f64], second: &Array2<f64>) {
    let v = &V[..x.len()];
    all_close(format_args!("{name}: grad"), &grad(&f, x), first, 1e-12);
    all_close(format_args!("{name}: hessian"), &hessian(&f, x), second, 1e-12);
    let along = second.dot(&Array1::from(v.to_vec()));
    all_close(format_args!("{name}: hvp"), &hvp(&f, x, v), &along, 1e-12);
    let slope: f64 = first.iter().zip(v).map(|(g, v)| g * v).sum();
    let pair = |x: &[Var<f64>]| {
        let y = f(x);
        [y, x[0], 2.0 * y, Var::constant(1.0)]
    };
    all_close(format_args!("{name}: jvp"), &jvp(pair, x, v), &[slope, v[0], 2.0 * slope, 0.0], 1e-12);
    let u = [0.5, 3.0, -1.0, 7.0];
    let want: Vec<f64> = first.iter().enumerate().map(|(i, g)| -1.5 * g + if i == 0 { 3.0 } else { 0.0 }).collect();
    all_close(format_args!("{name}: vjp"), &vjp(pair, x, &u), &want, 1e-12);
    let j = jacobian(pair, x);
    all_close(format_args!("{name}: jacobian"), j.row(0), first, 1e-12);
    all_close(format_args!("{name}: jacobian"), &Array1::from(u.to_vec()).dot(&j), &want, 1e-12);
    let tape = Tape::new();
    let x = tape.vars(x);
    let recorded = tape.grad(f(&x), &x);
    for (i, dy) in recorded.into_iter().enumerate() {
        close(format_args!("{name}: recorded {i}"), dy.value(), first[i], 1e-12);
        for (j, ddy) in again(&tape, dy, &x).into_iter().enumerate() {
            close(format_args!("{name}: recorded {i}{j}"), ddy.value(), second[[i, j]], 1e-12);
        }
    }
}

#[test]
fn closed_forms() {
    check::<Rosenbrock>("Rosenbrock");
    check::<LogSum>("log sum exp");
    check::<Form>("quadratic form with sine");
    check::<Powers>("powers");
    check::<Rational>("rational");
    every_way("logsumexp", |x| logsumexp(x), LogSum::AT, &LogSum::gradient(LogSum::AT), &LogSum::hessian(LogSum::AT));
}

#[test]
fn third_derivatives_in_closed_form() {
    type F = fn(Var<f64>) -> Var<f64>;
    let x = 0.7_f64;
    let cases: [(&str, F, f64); 5] = [
        ("sin", |x| x.sin(), -x.cos()),
        ("x^5", |x| x.powi(5), 60.0 * x * x),
        ("1/x", |x| 1.0 / x, -6.0 / x.powi(4)),
        ("exp(x^2)", |x| (x * x).exp(), (12.0 * x + 8.0 * x.powi(3)) * (x * x).exp()),
        ("ln(1 + x)", |x| x.ln_1p(), 2.0 / (1.0 + x).powi(3)),
    ];
    for (name, f, want) in cases {
        let tape = Tape::new();
        let x = [tape.var(x)];
        let third = (0..3).fold(f(x[0]), |y, _| tape.grad(y, &x)[0]);
        close(name, third.value(), want, 1e-12);
        let t = tape.tensor(array![0.7]);
        let third = (0..3).fold(f(t.at([0])), |y, _| tape.grad(y, &[&t])[0].at([0]));
        close(name, third.value(), want, 1e-12);
    }
}

/// `tanh(W x)` as a tensor, and coded in scalars, where W comes before x
fn scalar_layer<R: Real>(p: &[R]) -> [R; 2] {
    [0, 1].map(|i| (0..3).map(|j| p[3 * i + j] * p[6 + j]).sum::<R>().tanh())
}

#[test]
fn functions_of_tensors() {
    let (w, x) = (array![[0.5, -1.0, 0.3], [0.2, 0.7, -0.6]], array![0.4, -0.9, 1.1]);
    let point: Vec<f64> = w.iter().chain(&x).copied().collect();
    let inputs = [Tensor::constant(w), Tensor::constant(x)];
    let layer = |t: &[Tensor<f64>]| t[0].matmul(&t[1]).tanh();
    let want = jacobian(scalar_layer, &point);
    let got = tensor::jacobian(layer, &inputs);
    all_close("jacobian in W", &got[0], want.slice(ndarray::s![.., ..6]), 1e-13);
    all_close("jacobian in x", &got[1], want.slice(ndarray::s![.., 6..]), 1e-13);

    let v: Vec<f64> = (0..9).map(|i| f64::from(i).sin()).collect();
    let shaped = |v: &[f64]| {
        let w = Array2::from_shape_vec((2, 3), v[..6].to_vec()).expect("six elements");
        [Tensor::constant(w), Tensor::constant(Array1::from(v[6..].to_vec()))]
    };
    let flat = |g: Vec<ndarray::ArrayD<f64>>| g.into_iter().flatten().collect::<Vec<f64>>();
    all_close("jvp", &tensor::jvp(layer, &inputs, &shaped(&v)), &jvp(scalar_layer, &point, &v), 1e-13);
    let u = [0.3, -2.0];
    let cotangent = Tensor::constant(array![u[0], u[1]]);
    all_close("vjp", &flat(tensor::vjp(layer, &inputs, &cotangent)), &vjp(scalar_layer, &point, &u), 1e-13);

    let loss = |t: &[Tensor<f64>]| layer(t).square().sum();
    let scalar_loss = |p: &[Var<f64>]| scalar_layer(p).map(|y| y.square()).into_iter().sum::<Var<f64>>();
    all_close("grad", &flat(tensor::grad(loss, &inputs)), &grad(scalar_loss, &point), 1e-13);
    let (value, g) = tensor::value_and_grad(loss, &inputs);
    close("value", value, value_and_grad(scalar_loss, &point).0, 1e-15);
    all_close("value_and_grad", &flat(g), &grad(scalar_loss, &point), 1e-13);
    all_close("hvp", &flat(tensor::hvp(loss, &inputs, &shaped(&v))), &hvp(scalar_loss, &point, &v), 1e-13);
}

#[test]
fn functions_that_do_not_depend_on_their_arguments() {
    let constant = |_: &[Var<f64>]| Var::constant(3.0);
    assert_eq!(value_and_grad(constant, &[1.0, 2.0]), (3.0, vec![0.0, 0.0]));
    assert_eq!(hessian(constant, &[1.0]), array![[0.0]]);
    assert_eq!(hvp(constant, &[1.0], &[1.0]), [0.0]);
    assert_eq!(jvp(constant, &[1.0], &[1.0]), [0.0]);
    assert_eq!(vjp(constant, &[1.0], &[1.0]), [0.0]);
    // A result that is one of the arguments: nothing is recorded beside them.
    assert_eq!(jacobian(|x| [x[1], x[0]], &[1.0, 2.0]), array![[0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(hessian(|x| x[0], &[1.0, 2.0]), array![[0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(grad(|_| Var::<f64>::constant(1.0), &[]), [0.0; 0]);
    let (x, v) = ([Tensor::constant(array![1.0, 2.0])], [Tensor::constant(array![1.0, 1.0])]);
    assert_eq!(tensor::jvp(|_| Tensor::scalar(2.0), &x, &v), ndarray::arr0(0.0).into_dyn());
    assert_eq!(tensor::jacobian(|_| Tensor::scalar(2.0), &x)[0], array![[0.0, 0.0]]);
    assert_eq!(tensor::hvp(|t| t[0].sum(), &x, &v)[0], array![0.0, 0.0].into_dyn());
    let zero = array![0.0, 0.0].into_dyn();
    assert_eq!(tensor::value_and_grad(|_| Tensor::scalar(2.0), &x), (2.0, vec![zero.clone()]));
    assert_eq!(tensor::hessian(|_| Tensor::scalar(2.0), &x), array![[0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(tensor::vjp(|_| Tensor::scalar(2.0), &x, &Tensor::scalar(1.0))[0], zero);
    // A result of one input alone, of what was taken off the tape, and of a step.
    let [a, b] = [x[0].clone(), Tensor::constant(array![[3.0]])];
    assert_eq!(tensor::grad(|t| t[0].sum(), &[a, b])[1], array![[0.0]].into_dyn());
    assert_eq!(tensor::grad(|t| t[0].detach().square().sum(), &x)[0], zero);
    assert_eq!(tensor::grad(|t| t[0].floor().sum(), &x)[0], zero);
    // What is no scalar, or has another shape, is told all the same.
    let rule =
        "but a gradient needs a scalar; reduce it with `.sum()` or `.mean()`, or pass a cotangent to `backward_with`";
    let two = |_: &[Tensor<f64>]| Tensor::ones(&[2]);
    raises_here(|| tensor::grad(two, &x), &format!("backward: the root has shape [2], {rule}"));
    raises_here(|| tensor::hessian(two, &x), &format!("hessian: the root has shape [2], {rule}"));
    raises_here(|| tensor::hvp(two, &x, &v), &format!("hvp: the root has shape [2], {rule}"));
    raises_here(
        || tensor::vjp(two, &x, &Tensor::ones(&[3])),
        "vjp: shapes [2] and [3] do not fit: the cotangent needs the result's shape",
    );
}

#[test]
fn many_columns_at_once() {
    // More variables than Hessian columns in one sweep, and not a multiple of them.
    let x: Vec<f64> = (0..11).map(|i| 0.3 + 0.1 * f64::from(i)).collect();
    let f = |x: &[Var<f64>]| x.iter().copied().product::<Var<f64>>();
    let (h, y) = (hessian(f, &x), x.iter().product::<f64>());
    for ((i, j), &got) in h.indexed_iter() {
        close(format_args!("{i} {j}"), got, if i == j { 0.0 } else { y / (x[i] * x[j]) }, 1e-12);
    }
}
