//! The table's rows on whole tensors, and number types inside number types.

use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tape, Tensor, Var, grad, hessian};
use ndarray::{Array1, ArrayD};
use tests::{all_close, close, close_f32, has_vector_function, ulps};

/// The gradient of a sum, recorded if there is anything to record.
fn again(tape: &Tape<f64>, y: &Tensor<f64>, x: &Tensor<f64>) -> Tensor<f64> {
    if y.is_tracked() { tape.grad(y.sum(), &[x]).remove(0) } else { Tensor::zeros(x.shape()) }
}

#[test]
fn unary_on_tensors() {
    for &f in Unary::ALL {
        let (name, points) = (f.name(), f.points());
        let tape = Tape::new();
        let x = tape.tensor(Array1::from(points.to_vec()));
        let y = x.unary(f);
        let own = has_vector_function(f);
        for (&y, &x) in y.view().iter().zip(points) {
            let plain = f.value(x);
            assert!(y.to_bits() == plain.to_bits() || own && ulps(y, plain) <= 3.0, "{name}({x}): {y}, {plain}");
        }
        let scalar = |x: &[Var<f64>]| x[0].unary(f);
        let first: Vec<f64> = points.iter().map(|&x| grad(scalar, &[x])[0]).collect();
        let second: Vec<f64> = points.iter().map(|&x| hessian(scalar, &[x])[[0, 0]]).collect();
        all_close(name, &y.sum().backward().wrt_or_zeros(&x), &first, 1e-14);
        let recorded = again(&tape, &y, &x);
        all_close(name, &recorded.to_array(), &first, 1e-14);
        all_close(name, &again(&tape, &recorded, &x).to_array(), &second, 1e-12);
        if recorded.is_tracked() {
            all_close(name, &recorded.sum().backward().wrt_or_zeros(&x), &second, 1e-12);
        }
    }
}

#[test]
fn binary_on_tensors() {
    for &f in Binary::ALL {
        let (name, (left, right)) = (f.name(), f.points().iter().copied().unzip::<f64, f64, Vec<_>, Vec<_>>());
        let tape = Tape::new();
        let x = [tape.tensor(Array1::from(left)), tape.tensor(Array1::from(right))];
        let y = x[0].binary(f, &x[1]);
        let exact = |(y, &(a, b)): (&f64, &(f64, f64))| y.to_bits() == f.value(a, b).to_bits();
        assert!(y.view().iter().zip(f.points()).all(exact), "{name}");
        let scalar = |x: &[Var<f64>]| x[0].binary(f, x[1]);
        let g = y.sum().backward();
        for i in 0..2 {
            let first: Vec<f64> = f.points().iter().map(|&(a, b)| grad(scalar, &[a, b])[i]).collect();
            all_close(name, &g.wrt(&x[i]), &first, 1e-14);
            let recorded = again(&tape, &y, &x[i]);
            all_close(name, &recorded.to_array(), &first, 1e-14);
            for (j, operand) in x.iter().enumerate() {
                let second: Vec<f64> = f.points().iter().map(|&(a, b)| hessian(scalar, &[a, b])[[i, j]]).collect();
                all_close(format_args!("{name} {i}{j}"), &again(&tape, &recorded, operand).to_array(), &second, 1e-12);
            }
        }
        let shared = again(&tape, &x[1].binary(f, &x[1]), &x[1]);
        let want: Vec<f64> = f.points().iter().map(|&(_, b)| grad(|x| x[0].binary(f, x[0]), &[b])[0]).collect();
        all_close(name, &shared.to_array(), &want, 1e-14);
    }
}

#[test]
fn rows_on_f32_tensors() {
    for &f in Unary::ALL {
        let points: Array1<f32> = f.points().iter().map(|&x| x as f32).collect();
        let tape = Tape::new();
        let x = tape.tensor(points.clone());
        for (&got, &x) in x.unary(f).sum().backward().wrt_or_zeros(&x).iter().zip(&points) {
            close_f32(f.name(), got, grad(|v| v[0].unary(f), &[f64::from(x)])[0], 1e-5);
        }
    }
}

/// First and second derivative of every row by reverse over reverse, forward over reverse and reverse over forward.
#[test]
fn nested_number_types() {
    for &f in Unary::ALL {
        for &x in f.points() {
            let name = f.name();
            let second = Dual::variable(Dual::variable(x)).unary(f).tangent()[0].tangent()[0];

            let (outer, inner) = (Tape::<f64>::new(), Tape::<Var<f64>>::new());
            let u = outer.var(x);
            let v = inner.var(u);
            let slope = v.unary(f).backward().wrt(v);
            let got = if slope.is_tracked() { slope.backward().wrt(u) } else { 0.0 };
            close(format_args!("{name} at {x}: Var<Var>"), got, second, 1e-12);

            let tape = Tape::<Dual<f64>>::new();
            let v = tape.var(Dual::variable(x));
            let got = v.unary(f).backward().wrt(v).tangent()[0];
            close(format_args!("{name} at {x}: Var<Dual>"), got, second, 1e-12);

            let u = outer.var(x);
            let slope = Dual::variable(u).unary(f).tangent()[0];
            let got = if slope.is_tracked() { slope.backward().wrt(u) } else { 0.0 };
            close(format_args!("{name} at {x}: Dual<Var>"), got, second, 1e-12);
        }
    }
}

#[test]
fn tensors_of_nested_numbers() {
    // A Hessian-vector product of a matrix function: tensors of duals.
    let tape = Tape::<Dual<f64>>::new();
    let x = Array1::from_iter([0.3, -0.8].map(Dual::variable)).into_shape_with_order((1, 2)).expect("two elements");
    let x = tape.tensor(x);
    let w = Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, -1.0]].mapv(Dual::constant));
    let g = x.matmul(&w).sin().sum().backward().wrt(&x);
    let plain = |x: &[Var<f64>]| (x[0] + 3.0 * x[1]).sin() + (2.0 * x[0] - x[1]).sin();
    let (first, second) = (grad(plain, &[0.3, -0.8]), autodiff::hvp(plain, &[0.3, -0.8], &[1.0, 1.0]));
    let (value, tangent): (ArrayD<f64>, ArrayD<f64>) = (g.mapv(Dual::value), g.mapv(|d| d.tangent()[0]));
    all_close("gradient", &value, &first, 1e-14);
    all_close("along (1, 1)", &tangent, &second, 1e-13);
}

/// `D(x -> x D(y -> x + y))` is 1; an implementation that mixes up the two derivatives says 2.
#[test]
fn perturbations_are_not_confused() {
    let x = Dual::<f64>::variable(3.0);
    let inner = (Dual::constant(x) + Dual::variable(Dual::constant(1.0))).tangent()[0];
    assert_eq!((x * inner).tangent()[0], 1.0, "Dual<Dual>");

    let (outer, nested) = (Tape::<f64>::new(), Tape::<Var<f64>>::new());
    let x = outer.var(3.0);
    let y = nested.var(Var::constant(1.0));
    let inner = (Var::constant(x) + y).backward().wrt(y);
    assert_eq!((x * inner).backward().wrt(x), 1.0, "Var<Var>");

    let inner = (Dual::constant(x) + Dual::variable(Var::constant(1.0))).tangent()[0];
    assert_eq!((x * inner).backward().wrt(x), 1.0, "Dual<Var>");

    let y = outer.var(1.0);
    let inner = outer.grad(x + y, &[y])[0];
    assert_eq!((x * inner).backward().wrt(x), 1.0, "one tape");

    let inner = grad(|y| Var::constant(3.0) + y[0], &[1.0])[0];
    assert_eq!(grad(|x| x[0] * inner, &[3.0]), [1.0], "closures");
}
