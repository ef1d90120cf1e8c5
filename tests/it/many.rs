//! Functions of many arguments: values, derivatives of three orders, edges.

use autodiff::{
    Dual, Real, Tape, Var, dot, grad, hessian, hvp, logsumexp, mean, norm, poly_eval, product, softmax, sum, sum_sq,
};
use tests::{close, raises, slope};

type F = fn(&[Var<f64>]) -> Var<f64>;
type Forward = Dual<Dual<f64>>;
type Plain = fn(&[Forward]) -> Forward;

const STALE: &str = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a tape live until the next reset";

/// Each function beside the same thing in plain code.
fn cases() -> Vec<(&'static str, F, Plain)> {
    vec![
        ("sum", |x| sum(x), |x| x[1..].iter().fold(x[0], |s, &x| s + x)),
        ("mean", |x| mean(x), |x| x[1..].iter().fold(x[0], |s, &x| s + x) / Forward::of(x.len() as f64)),
        ("sum_sq", |x| sum_sq(x), |x| x[1..].iter().fold(x[0] * x[0], |s, &x| s + x * x)),
        ("norm", |x| norm(x), |x| x[1..].iter().fold(x[0] * x[0], |s, &x| s + x * x).sqrt()),
        ("product", |x| product(x), |x| x[1..].iter().fold(x[0], |p, &x| p * x)),
        (
            "dot",
            |x| dot(&x[..x.len() / 2], &x[x.len() / 2..]),
            |x| {
                let (a, b) = x.split_at(x.len() / 2);
                a.iter().zip(b).skip(1).fold(a[0] * b[0], |s, (&a, &b)| s + a * b)
            },
        ),
        ("dot with itself", |x| dot(x, x), |x| x[1..].iter().fold(x[0] * x[0], |s, &x| s + x * x)),
        ("logsumexp", |x| logsumexp(x), |x| x[1..].iter().fold(x[0].exp(), |s, x| s + x.exp()).ln()),
        ("softmax", |x| softmax(x)[1], |x| x[1].exp() / x[1..].iter().fold(x[0].exp(), |s, x| s + x.exp())),
        (
            "poly_eval",
            |x| poly_eval(x[0], &x[1..]),
            |x| x[1..x.len() - 1].iter().rev().fold(x[x.len() - 1], |y, &c| y * x[0] + c),
        ),
        (
            "iterators",
            |x| x.iter().copied().sum::<Var<f64>>() * x.iter().product::<Var<f64>>(),
            |x| x[1..].iter().fold(x[0], |s, &x| s + x) * x[1..].iter().fold(x[0], |p, &x| p * x),
        ),
    ]
}

#[test]
fn values_and_derivatives() {
    let points = [vec![0.7, -1.3], vec![0.5, 1.5, -0.25, 2.0], (0..20).map(|i| 1.2 - 0.11 * f64::from(i)).collect()];
    for (name, f, plain) in cases() {
        for x in &points {
            let n = x.len();
            let forward = |i: usize, j: usize| {
                let at = |k: usize| {
                    let (p, q) = (f64::from(u8::from(k == i)), f64::from(u8::from(k == j)));
                    Dual::new(Dual::new(x[k], [q]), [Dual::constant(p)])
                };
                plain(&(0..n).map(at).collect::<Vec<_>>())
            };
            let tape = Tape::new();
            let vars = tape.vars(x);
            close(name, f(&vars).value(), forward(0, 0).value().value(), 1e-14);
            let (g, h) = (grad(f, x), hessian(f, x));
            let recorded = tape.grad(f(&vars), &vars);
            let v: Vec<f64> = (0..n).map(|i| 0.5 - 0.3 * i as f64).collect();
            let along = hvp(f, x, &v);
            for i in 0..n {
                let numeric = slope(
                    |t| {
                        let mut x = x.clone();
                        x[i] = t;
                        f(&x.into_iter().map(Var::constant).collect::<Vec<_>>()).value()
                    },
                    x[i],
                );
                close(format_args!("{name} {i}: numeric"), g[i], numeric, 1e-8);
                close(format_args!("{name} {i}"), g[i], forward(i, 0).tangent()[0].value(), 1e-12);
                close(format_args!("{name} {i}: recorded"), recorded[i].value(), g[i], 1e-12);
                let second =
                    if recorded[i].is_tracked() { tape.grad(recorded[i], &vars) } else { vec![Var::constant(0.0); n] };
                let row: f64 = (0..n).map(|j| h[[i, j]] * v[j]).sum();
                close(format_args!("{name} {i}: hvp"), along[i], row, 1e-11);
                for j in 0..n {
                    let want = forward(i, j).tangent()[0].tangent()[0];
                    close(format_args!("{name} {i} {j}: hessian"), h[[i, j]], want, 1e-11);
                    close(format_args!("{name} {i} {j}: recorded"), second[j].value(), want, 1e-11);
                }
            }
        }
    }
}

#[test]
fn values_are_those_of_plain_code() {
    let x: Vec<f64> = (0..100).map(|i| (f64::from(i) * 0.7).sin() + 1.1).collect();
    let tape = Tape::<f64>::new();
    let vars = tape.vars(&x);
    assert_eq!(sum(&vars).value().to_bits(), x.iter().sum::<f64>().to_bits());
    assert_eq!(product(&vars).value().to_bits(), x.iter().product::<f64>().to_bits());
    assert_eq!(mean(&vars).value().to_bits(), (x.iter().sum::<f64>() / 100.0).to_bits());
    let squares = x.iter().map(|x| x * x).sum::<f64>();
    assert_eq!(dot(&vars, &vars).value().to_bits(), squares.to_bits());
    assert_eq!(sum_sq(&vars).value().to_bits(), squares.to_bits());
    assert_eq!(norm(&vars).value().to_bits(), squares.sqrt().to_bits());
}

/// A product of every small number of factors, with a constant among them.
#[test]
fn products_of_any_length() {
    for n in 1..12_usize {
        let x: Vec<f64> = (0..n).map(|i| 0.5 + i as f64 * 0.3).collect();
        for constant in 0..=n {
            let f = |x: &[Var<f64>]| {
                let mut factors = x.to_vec();
                factors.insert(constant, Var::constant(-1.5));
                product(factors)
            };
            for (i, got) in grad(f, &x).into_iter().enumerate() {
                let others: f64 = x.iter().enumerate().filter(|&(k, _)| k != i).map(|(_, x)| x).product();
                close(format_args!("{n} {constant} {i}"), got, -1.5 * others, 1e-15);
            }
        }
    }
    // On the way to a normal number the product leaves the normal numbers.
    let g = grad(|x: &[Var<f64>]| product(x), &[1e-200, 1e-120, 1e300, 1e5]);
    close("of the first", g[0] / 1e185, 1.0, 1e-15);
}

/// Arrays of constants are kept once, wherever they stand.
#[test]
fn arrays_of_constants() {
    let tape = Tape::<f64>::new();
    let w = tape.vars(&[1.0, 2.0, 3.0]);
    let constants = |c: [f64; 3]| c.map(Var::constant);
    let inputs = [[1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [0.0, 2.0, 4.0], [1.0, 2.0, 3.0]];
    for input in inputs.into_iter().chain(inputs) {
        for y in [dot(&w, constants(input)), dot(constants(input), &w)] {
            let g = y.backward();
            assert_eq!([g.wrt(w[0]), g.wrt(w[1]), g.wrt(w[2])], input);
        }
    }
    let y = dot(&w, constants(inputs[0]));
    let before = tape.bytes();
    let z = dot(&w, constants(inputs[0]));
    assert_eq!(tape.bytes() - before, 1 + 8 + 4 * 8, "an opcode, a value, six operands and two counts");
    assert_eq!((y + z).backward().wrt(w[2]), 6.0);
}

#[test]
fn one_entry_each() {
    let tape = Tape::<f64>::new();
    let x = tape.vars(&[1.0, 2.0, 3.0]);
    for f in [sum as fn(Vec<Var<f64>>) -> Var<f64>, mean, sum_sq, norm, product, logsumexp] {
        let before = tape.len();
        f(x.clone());
        assert_eq!(tape.len(), before + 1);
    }
    let before = tape.len();
    let (_, _): (Var<f64>, Var<f64>) = (x.iter().sum(), x.iter().copied().product());
    assert_eq!(tape.len(), before + 2);
}

#[test]
fn edges() {
    let g = |f: F, x: &[f64]| grad(f, x);
    assert_eq!(g(|x| product(x), &[0.0, 3.0, 4.0]), [12.0, 0.0, 0.0]);
    assert_eq!(g(|x| product(x), &[0.0, 3.0, 0.0]), [0.0, 0.0, 0.0]);
    assert_eq!(hessian(|x| product(x), &[0.0, 3.0, 0.0])[[0, 2]], 3.0);
    assert_eq!(g(|x| norm(x), &[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(g(|x| norm(x), &[3e-200, -4e-200]), [0.6, -0.8]);
    close("norm", norm([Var::constant(3e-200), Var::constant(4e-200)]).value(), 5e-200, 1e-15);
    close("norm", norm([Var::constant(3e200), Var::constant(4e200)]).value() / 5e200, 1.0, 1e-15);
    assert_eq!(norm([Var::constant(f64::INFINITY), Var::constant(1.0)]).value(), f64::INFINITY);
    assert!(norm([Var::constant(f64::NAN), Var::constant(1.0)]).value().is_nan());
    let empty = f64::NEG_INFINITY;
    assert_eq!(g(|x| logsumexp(x), &[empty, empty]), [0.0, 0.0]);
    assert_eq!(g(|x| logsumexp(x), &[empty, 1.0]), [0.0, 1.0]);
    assert_eq!(logsumexp::<f64>(&[] as &[Var<f64>]).value(), empty);
    // With no argument: as the standard library has it.
    let none: [Var<f64>; 0] = [];
    assert_eq!(sum(none).value().to_bits(), (-0.0_f64).to_bits());
    assert_eq!((product(none).value(), dot(none, none).value(), sum_sq(none).value()), (1.0, 0.0, 0.0));
    assert!(mean(none).value().is_nan());
    assert!(softmax(none).is_empty());
    // Constants among the arguments, before and after the first variable.
    let c = Var::constant;
    let g = |f: &dyn Fn(&[Var<f64>]) -> Var<f64>, x: &[f64]| grad(f, x);
    assert_eq!(g(&|x: &[Var<f64>]| sum([c(1.0), x[0], c(2.0), x[0]]), &[5.0]), [2.0]);
    assert_eq!(g(&|x: &[Var<f64>]| dot([c(2.0), x[0]], [x[0], c(3.0)]), &[5.0]), [5.0]);
    assert_eq!(g(&|x: &[Var<f64>]| poly_eval(x[0], [c(1.0), c(2.0), c(3.0)]), &[2.0]), [14.0]);
    assert!(!sum([c(1.0), c(2.0)]).is_tracked());
    let big = g(&|x: &[Var<f64>]| logsumexp(x), &[1e4, 1e4]);
    assert_eq!(big, [0.5, 0.5]);
    close("f32", f64::from(grad(|x: &[Var<f32>]| logsumexp(x), &[0.5_f32, 1.5])[0]), 1.0 / (1.0 + 1f64.exp()), 1e-6);
    assert!(logsumexp([c(f64::NAN), c(1.0)]).value().is_nan());
}

#[test]
fn misuse_is_told() {
    let tape = Tape::<f64>::new();
    let x = tape.vars(&[1.0, 2.0]);
    raises(|| dot(&x, &x[..1]), "dot: shapes [2] and [1] do not fit: both vectors need the same length");
    let other = Tape::<f64>::new();
    let y = other.var(1.0);
    raises(
        || sum([x[0], y]),
        "sum: operands are recorded on two different tapes; record both on one tape, or pass one as a constant (`.value()`, `.detach()`)",
    );
    other.reset();
    raises(|| product([y, y]), STALE);
    raises(|| product([x[0], y]), STALE);
}
