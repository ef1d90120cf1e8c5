//! Derivative functions within functions that are themselves differentiated, checked, recomputed, or part of a vjp.

use autodiff::tensor::{checkpoint, no_grad, recorded};
use autodiff::{Real, Tape, Tensor, Var, check, grad, hessian, hvp, jacobian, jvp, tensor, vjp};
use ndarray::{ArrayD, array};
use tests::{all_close, close, raises, raises_here};

type T = Tensor<f64>;

/// A function of tensors that has derivative functions in it.
type Nested = fn(&[T]) -> T;

/// `Σ x⁵ w`, as the functions below differentiate it.
fn quintic(x: &T, w: &T) -> T {
    (x.powi(5) * w).sum()
}

/// Each gives `Σ c x^p w` on `x` and `w`, by all functions of the kind and with captured tensors: the name, `c` and `p`.
const FUNCTIONS: &[(&str, f64, i32, Nested)] = &[
    ("grad", 5.0, 4, |t| recorded::grad(|u| quintic(&u[0], &t[1]), &t[..1])[0].sum()),
    ("grad, both inputs", 5.0, 4, |t| recorded::grad(|u| quintic(&u[0], &u[1]), t)[0].sum()),
    ("value_and_grad", 5.0, 4, |t| {
        let (value, slopes) = recorded::value_and_grad(|u| quintic(&u[0], &t[1]), &t[..1]);
        slopes[0].sum() + value * 0.0
    }),
    ("vjp", 20.0, 4, |t| recorded::vjp(|u| u[0].powi(5), &t[..1], &(&t[1] * 4.0))[0].sum()),
    ("jvp", 5.0, 4, |t| recorded::jvp(|u| u[0].powi(5), &t[..1], &t[1..]).sum()),
    ("jvp of a scalar", 5.0, 4, |t| recorded::jvp(|u| u[0].powi(5).sum(), &t[..1], &t[1..])),
    ("hvp", 20.0, 3, |t| recorded::hvp(|u| u[0].powi(5).sum(), &t[..1], &t[1..])[0].sum()),
    ("jacobian", 5.0, 4, |t| recorded::jacobian(|u| u[0].powi(5) * &t[1], &t[..1])[0].sum()),
    ("hessian", 20.0, 3, |t| recorded::hessian(|u| quintic(&u[0], &t[1]), &t[..1]).sum()),
    ("grad of grad", 20.0, 3, |t| {
        let slope = |u: &[T]| recorded::grad(|v| quintic(&v[0], &t[1]), u)[0].sum();
        recorded::grad(slope, &t[..1])[0].sum()
    }),
    ("grad of hvp", 60.0, 2, |t| {
        let bent = |u: &[T]| recorded::hvp(|v| v[0].powi(5).sum(), &u[..1], &[t[1].clone()])[0].sum();
        recorded::grad(bent, &t[..1])[0].sum()
    }),
    ("trace of a hessian's gradient", 60.0, 2, |t| {
        let trace = |u: &[T]| recorded::hessian(|v| quintic(&v[0], &t[1]), u).trace();
        recorded::grad(trace, &t[..1])[0].sum()
    }),
    // All inputs are constants, and what is captured is not.
    ("grad at a constant", 1.0, 5, |t| {
        let third = Tensor::full(&[3], 1.0 / 3.0);
        recorded::grad(|u| (&u[0] * &u[0] * quintic(&t[0], &t[1])).sum(), &[third])[0].sum() / 2.0
    }),
];

fn x() -> T {
    Tensor::constant(array![0.7, -1.2])
}

fn w() -> T {
    Tensor::constant(array![0.5, -2.0])
}

fn one(x: &T) -> &[T] {
    std::slice::from_ref(x)
}

fn flat(all: &[ArrayD<f64>]) -> Vec<f64> {
    all.iter().flatten().copied().collect()
}

/// Value, gradient, Hessian and a part of the third derivatives of a function, against `Σ c x^p w`.
fn is_power(what: &str, f: impl Fn(&[T]) -> T, c: f64, p: i32) {
    let inputs = [x(), w()];
    let (x, w) = (x().to_array(), w().to_array());
    // The derivative of order `k` of `c x^p`.
    let power = |k: i32| {
        let factor = (0..k).fold(c, |factor, k| factor * f64::from(p - k));
        x.mapv(|x| if p < k { 0.0 } else { factor * x.powi(p - k) })
    };
    let at = |k: i32| power(k) * &w;
    close(format_args!("{what}: value"), f(&inputs).item(), at(0).sum(), 1e-13);
    assert!(!f(&inputs).is_tracked(), "{what}: a constant of constants");
    let (value, slopes) = tensor::value_and_grad(&f, &inputs);
    close(format_args!("{what}: recorded value"), value, at(0).sum(), 1e-13);
    all_close(format_args!("{what}: gradient"), &flat(&slopes), &flat(&[at(1), power(0)]), 1e-13);
    let second = |f: &dyn Fn(&[T]) -> T, k: i32| {
        let h = tensor::hessian(f, &inputs);
        let blocks = |k: i32| [at(k), power(k - 1), power(k - 1), ArrayD::zeros(vec![2])];
        for (block, want) in blocks(k).into_iter().enumerate() {
            let (row, col) = (block - block % 2, 2 * (block % 2));
            let got = h.slice(ndarray::s![row..row + 2, col..col + 2]);
            let want = ndarray::Array2::from_diag(&want.into_dimensionality::<ndarray::Ix1>().expect("two numbers"));
            all_close(format_args!("{what}: order {k}, block {block}"), got, &want, 1e-11);
        }
    };
    second(&f, 2);
    second(&|t: &[T]| recorded::grad(&f, t)[0].sum(), 3);
    // With a tape at hand, and one input a constant.
    let tape = Tape::new();
    let t = inputs.each_ref().map(|x| tape.tensor(x.clone()));
    let y = f(&t);
    all_close(format_args!("{what}: on a tape"), &y.backward().wrt(&t[1]), &power(0), 1e-13);
    let slope = y.grad(&t);
    all_close(format_args!("{what}: recorded"), &slope[0].to_array(), &at(1), 1e-13);
    all_close(format_args!("{what}: again"), &slope[0].sum().backward().wrt_or_zeros(&t[1]), &power(1), 1e-12);
    let y = f(&[t[0].clone(), inputs[1].clone()]);
    all_close(format_args!("{what}: w constant"), &y.backward().wrt(&t[0]), &at(1), 1e-13);
    let y = f(&[inputs[0].clone(), t[1].clone()]);
    all_close(format_args!("{what}: x constant"), &y.backward().wrt(&t[1]), &power(0), 1e-13);
}

#[test]
fn in_every_function() {
    for &(name, c, p, f) in FUNCTIONS {
        is_power(name, f, c, p);
        check::tensor_gradient(f, &[x(), w()]).assert_pass();
        check::tensor_hessian(f, &[x(), w()]).assert_pass();
    }
}

#[test]
fn in_checkpoints() {
    for &(name, c, p, f) in FUNCTIONS {
        let kept = |t: &[T]| checkpoint(f, &[&t[0], &t[1]]);
        is_power(&format!("{name} in checkpoint"), kept, c, p);
    }
}

/// A function as an operation whose vjp is a derivative function.
fn operation(f: Nested, x: &[&T]) -> T {
    let value = move |x: &[ndarray::ArrayViewD<'_, f64>]| {
        f(&[Tensor::constant(x[0].to_owned()), Tensor::constant(x[1].to_owned())]).into_array()
    };
    Tensor::custom("nested", x, value, move |cx| {
        let pulled = recorded::vjp(f, &[cx.input(0).clone(), cx.input(1).clone()], cx.grad());
        pulled.into_iter().map(Some).collect()
    })
}

#[test]
fn in_vjps() {
    for &(name, c, p, f) in FUNCTIONS {
        is_power(&format!("{name} in a vjp"), |t| operation(f, &[&t[0], &t[1]]), c, p);
    }
    let (_, _, _, slope) = FUNCTIONS[0];
    check::op_with(|t: &[&T]| operation(slope, t), &[x(), w()]).assert_pass();
    check::tensor_hessian(|t| checkpoint(slope, &[&t[0], &t[1]]), &[x(), w()]).assert_pass();
}

/// In single precision.
#[test]
fn single_precision() {
    let x = Tensor::constant(array![0.7_f32, 1.2]);
    let slope = |t: &[Tensor<f32>]| recorded::grad(|u| u[0].powi(4).sum(), t)[0].sum();
    let want = array![12.0 * 0.7_f32 * 0.7, 12.0 * 1.2 * 1.2].into_dyn();
    let got = &tensor::grad(slope, &[x])[0];
    assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5 * b), "{got}");
}

/// `D(x -> x D(y -> x + y))` is 1, however `x` comes in.
#[test]
fn perturbations_are_not_confused() {
    let three = [Tensor::scalar(3.0)];
    let zero_d = |value: f64| ndarray::arr0(value).into_dyn();
    let captured = |x: &[T]| &x[0] * &recorded::grad(|y| &x[0] + &y[0], &[Tensor::scalar(1.0)])[0];
    assert_eq!(tensor::grad(captured, &three)[0], zero_d(1.0));
    let at_itself = |x: &[T]| &x[0] * &recorded::grad(|y| &x[0] * &y[0], x)[0];
    assert_eq!(tensor::grad(at_itself, &three)[0], zero_d(6.0));
    let twice = |x: &[T]| recorded::grad(|y| &y[0] * y[1].square(), &[x[0].clone(), x[0].clone()])[1].clone();
    assert_eq!(tensor::grad(twice, &three)[0], zero_d(12.0));
    let bent = |x: &[T]| recorded::hvp(|y| &x[0] * y[0].square(), x, &[Tensor::scalar(1.0)])[0].clone();
    assert_eq!(tensor::grad(bent, &three)[0], zero_d(2.0));
    // Results are those of the tape, not of the variable inside.
    let tape = Tape::new();
    let x = tape.tensor(array![3.0]);
    let slope = &recorded::grad(|y| (&x * y[0].square()).sum(), one(&x))[0];
    assert_eq!(slope.to_array(), array![18.0].into_dyn());
    assert_eq!(slope.backward().wrt(&x), array![12.0].into_dyn());
}

/// The function runs where the youngest tape is that anything stands on.
#[test]
fn tapes_are_found() {
    let p = Tensor::constant(array![1.0, 2.0]);
    let tape = Tape::new();
    let x = tape.tensor(array![3.0, 5.0]);
    // The derivative by a captured tensor, within the derivative by a constant.
    let force = |u: &[T]| {
        let energy = |x: &[T]| (&x[0] * &x[0] * &u[0]).sum();
        recorded::grad(energy, one(&x))[0].square().sum()
    };
    let want = array![8.0 * 9.0, 16.0 * 25.0].into_dyn(); // Σ 4 x² u², by u: 8 x² u
    let found = &recorded::grad(force, one(&p))[0];
    assert_eq!(found.to_array(), want);
    assert_eq!(found.sum().backward().wrt(&x), array![16.0 * 3.0, 32.0 * 5.0].into_dyn());
    assert_eq!(tensor::grad(force, one(&p))[0], want);
    assert_eq!(tensor::hessian(force, one(&p)), array![[72.0, 0.0], [0.0, 200.0]]);
    // A function that uses variables of a function around it, and of a tape around that.
    let outer = |t: &[T]| {
        let inner = |u: &[T]| (&u[0] * &x * &t[0]).sum();
        recorded::grad(inner, &[Tensor::ones(&[2])])[0].square().sum()
    };
    assert_eq!(tensor::grad(outer, one(&p))[0], array![18.0, 100.0].into_dyn()); // 2 x² t
    let found = &recorded::grad(outer, one(&p))[0];
    assert_eq!(found.sum().backward().wrt(&x), array![12.0, 40.0].into_dyn());
    // Only the directions are recorded.
    let along = recorded::jvp(|t| t[0].square(), one(&p), one(&x));
    assert_eq!(along.sum().backward().wrt(&x), array![2.0, 4.0].into_dyn());
    let pulled = &recorded::vjp(|t| t[0].square(), one(&p), &x)[0];
    assert_eq!(pulled.sum().backward().wrt(&x), array![2.0, 4.0].into_dyn());
    let bent = &recorded::hvp(|t| t[0].powi(3).sum(), one(&p), one(&x))[0];
    assert_eq!(bent.sum().backward().wrt(&x), array![6.0, 12.0].into_dyn());
    // What does not depend on the inputs, and nothing that is recorded.
    for y in [recorded::grad(|_| x.sum(), one(&p)), recorded::grad(|_| Tensor::scalar(1.0), one(&p))] {
        assert!(!y[0].is_tracked() && y[0].to_array() == array![0.0, 0.0].into_dyn());
    }
    let (value, slopes) = recorded::value_and_grad(|_| x.square().sum(), one(&p));
    assert_eq!(value.backward().wrt(&x), array![6.0, 10.0].into_dyn());
    assert_eq!(slopes[0].to_array(), array![0.0, 0.0].into_dyn());
    assert_eq!(recorded::jvp(|_| x.clone(), one(&p), one(&p)).to_array(), array![0.0, 0.0].into_dyn());
    assert_eq!(recorded::jacobian(|_| x.clone(), one(&p))[0].to_array(), array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    assert_eq!(recorded::jacobian(|t| t[0].narrow(0, 0..0), one(&p))[0].shape(), [0, 2]);
    assert_eq!(recorded::hessian(|_| x.sum(), one(&p)).to_array(), array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    assert_eq!(recorded::hessian(|t| t[0].sum(), one(&p)).to_array(), array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    assert_eq!(recorded::hvp(|_| x.sum(), one(&p), one(&p))[0].to_array(), array![0.0, 0.0].into_dyn());
    let before = tape.len();
    let within = no_grad(|| recorded::grad(|t| (t[0].square() * &x).sum(), one(&x)).remove(0));
    assert!(!within.is_tracked() && tape.len() == before);
    assert_eq!(within.to_array(), array![18.0, 50.0].into_dyn());
}

/// What the functions that give plain numbers give, of closures with a captured tensor.
fn results(w: &T, input: &T, v: &[T]) -> Vec<ArrayD<f64>> {
    let inputs = one(input);
    let f = |t: &[T]| (t[0].powi(3) * w).sum();
    let g = |t: &[T]| t[0].square() * w.exp() + w;
    let mut all = vec![tensor::grad(f, inputs).remove(0), tensor::hessian(f, inputs).into_dyn()];
    all.push(tensor::value_and_grad(f, inputs).1.remove(0));
    all.push(tensor::hvp(f, inputs, v).remove(0));
    all.push(tensor::jvp(g, inputs, v));
    all.push(tensor::jvp(g, inputs, one(w)));
    all.push(tensor::vjp(g, inputs, w).remove(0));
    all.push(tensor::jacobian(g, inputs).remove(0).into_dyn());
    let rows = |t: &T| t.square() * w.exp();
    all.push(tensor::jacobian_rows(rows, &Tensor::stack(&[input, w], 0)).into_dyn());
    all.push(tensor::jacobian_rows(rows, &input.reshape(&[1, 2])).into_dyn());
    // Nothing of the inputs in it.
    all.push(tensor::grad(|_| w.sum(), inputs).remove(0));
    all.push(tensor::jacobian(|_| w.clone(), inputs).remove(0).into_dyn());
    let same = |t: &T| w.broadcast_to(t.shape());
    all.push(tensor::jacobian_rows(same, &input.reshape(&[1, 2])).into_dyn());
    all.push(tensor::jvp(|_| w.clone(), inputs, v));
    // Functions of scalars that use tensors.
    let scalars = |s: &[Var<f64>]| Tensor::from_vars(s, &[2]).square().dot(w).at([]);
    all.push(ndarray::Array1::from(grad(scalars, &[1.0, 2.0])).into_dyn());
    all.push(hessian(scalars, &[1.0, 2.0]).into_dyn());
    all
}

/// What a closure brings along from older tapes are constants to the functions that give plain numbers.
#[test]
fn captured_tensors_are_constants() {
    let tape = Tape::new();
    let x = tape.tensor(array![3.0, 5.0]);
    let v = [Tensor::constant(array![1.0, 10.0])];
    let want = results(&x.detach(), &v[0], &v);
    assert_eq!(results(&x, &v[0], &v), want);
    // Within another function, and with inputs that are recorded.
    let seen = tensor::value_and_grad(
        |t| {
            assert_eq!(results(&t[0], &v[0], &v), want);
            assert_eq!(results(&t[0], &t[0], &v), results(&x.detach(), &x.detach(), &v));
            assert_eq!(results(&x, &t[0], &v), results(&x.detach(), &x.detach(), &v));
            (&t[0] * &x).sum()
        },
        &[x.detach()],
    );
    assert_eq!(seen, (34.0, vec![array![3.0, 5.0].into_dyn()]));
    // Two tapes, of which neither is a function's own, are a mistake as ever; so is one that began within the function.
    let other = Tape::new();
    let y = other.tensor(array![1.0, 1.0]);
    let message = "mul: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
                   (`.detach()`)";
    raises_here(|| &x * &y, message);
    raises(|| tensor::grad(|t| ((&x * &y) * &t[0]).sum(), &v), message);
    assert_eq!(tensor::grad(|t| (&t[0] * &x * &y).sum(), &v)[0], array![3.0, 5.0].into_dyn());
    let within = |t: &[T]| {
        let tape = Tape::new();
        (tape.tensor(array![1.0, 1.0]) * &t[0]).sum()
    };
    raises(|| tensor::grad(within, &v), message);
    let message = message.replace("mul", "derivative");
    raises_here(|| recorded::grad(|t| (&t[0] * &t[1]).sum(), &[x.clone(), y.clone()]), &message);
}

#[test]
fn what_does_not_fit() {
    let tape = Tape::new();
    for p in [Tensor::constant(array![1.0, 2.0]), tape.tensor(array![1.0, 2.0])] {
        let (p, three) = (one(&p), [Tensor::ones(&[3])]);
        let rule = "but a gradient needs a scalar; reduce it with `.sum()` or `.mean()`, or pass a cotangent to \
                    `backward_with`";
        raises_here(|| recorded::grad(|t| t[0].clone(), p), &format!("grad: the root has shape [2], {rule}"));
        raises_here(|| recorded::hessian(|t| t[0].clone(), p), &format!("hessian: the root has shape [2], {rule}"));
        raises_here(|| recorded::hvp(|t| t[0].clone(), p, p), &format!("hvp: the root has shape [2], {rule}"));
        let fit = "shapes [2] and [3] do not fit: a direction needs its input's shape";
        raises_here(|| recorded::jvp(|t| t[0].square(), p, &three), &format!("jvp: {fit}"));
        raises_here(|| recorded::hvp(|t| t[0].square().sum(), p, &three), &format!("hvp: {fit}"));
        let none = "0 values given where 1 are needed (one direction for each input)";
        raises_here(|| recorded::jvp(|t| t[0].square(), p, &[]), &format!("jvp: {none}"));
        let cotangent = "vjp: shapes [2] and [3] do not fit: the cotangent needs the result's shape";
        raises_here(|| recorded::vjp(|t| t[0].square(), p, &three[0]), cotangent);
    }
}

/// A gradient that is asked for by handle, where it cannot be recorded.
#[test]
fn handles_in_a_plain_sweep() {
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 2.0]);
    let cube = |x: &T| {
        Tensor::custom(
            "cube",
            &[x],
            |x| x[0].mapv(|x| x.powi(3)),
            |cx| {
                let slope = cx.input(0).powi(3).sum().grad(&[cx.input(0)]).remove(0);
                (slope * cx.grad()).into()
            },
        )
    };
    let rest = "a tape while it is being swept: a vjp may use what its context gives it, or a tape of its own";
    raises(|| cube(&x).sum().backward(), &format!("a gradient was asked of {rest}"));
    let recorded = &cube(&x).sum().grad(&[&x])[0];
    assert_eq!(recorded.to_array(), array![3.0, 12.0].into_dyn());
}

/// Functions of scalars take numbers of any kind: recorded ones in a function that is itself differentiated.
#[test]
fn functions_of_scalars() {
    // Σ x_i⁵ and its derivatives, by all functions; each gives c Σ x^p.
    type Scalar = fn(&[Var<f64>]) -> Var<f64>;
    fn quintic<R: Real>(x: &[R]) -> R {
        x.iter().map(|x| x.powi(5)).sum()
    }
    let functions: [(&str, f64, i32, Scalar); 8] = [
        ("grad", 5.0, 4, |x| grad(quintic, x).into_iter().sum()),
        ("vjp", 5.0, 4, |x| vjp(quintic, x, &[Var::constant(1.0)]).into_iter().sum()),
        ("jvp", 5.0, 4, |x| jvp(quintic, x, &vec![Var::constant(1.0); x.len()])[0]),
        ("jacobian", 5.0, 4, |x| jacobian(quintic, x).into_iter().sum()),
        ("hessian", 20.0, 3, |x| hessian(quintic, x).into_iter().sum()),
        ("hvp", 20.0, 3, |x| hvp(quintic, x, &vec![Var::constant(1.0); x.len()]).into_iter().sum()),
        ("grad of grad", 20.0, 3, |x| grad(|x| grad(quintic, x).into_iter().sum(), x).into_iter().sum()),
        ("captured", 5.0, 5, |x| {
            // Σ y ∂/∂y (x⁵ y⁵) at y = 1
            let product = |y: &[Var<Var<f64>>]| -> Var<Var<f64>> {
                y.iter().zip(x).map(|(y, &x)| Var::constant(x.powi(5)) * y.powi(5)).sum()
            };
            grad(product, &vec![Var::constant(1.0); x.len()]).into_iter().sum()
        }),
    ];
    let x = [0.7, -1.3];
    for (name, c, p, f) in functions {
        let power = |k: i32| x.map(|x: f64| (0..k).fold(c, |c, k| c * f64::from(p - k)) * x.powi(p - k));
        close(name, f(&x.map(Var::constant)).value(), power(0).iter().sum(), 1e-13);
        all_close(format_args!("{name}: gradient"), &grad(f, &x), &power(1), 1e-13);
        let diagonal = |k: i32| ndarray::Array2::from_diag(&ndarray::arr1(&power(k)));
        all_close(format_args!("{name}: Hessian"), &hessian(f, &x), &diagonal(2), 1e-12);
        check::gradient(f, &x).assert_pass();
        check::hessian(f, &x).assert_pass();
        // Order three, recorded on one tape.
        let tape = Tape::new();
        let v = tape.vars(&x);
        let sum = |all: Vec<Var<f64>>| all.into_iter().sum::<Var<f64>>();
        let third = sum(sum(f(&v).grad(&v)).grad(&v)).grad(&v);
        all_close(
            format_args!("{name}: third"),
            &third.iter().map(|g| g.value()).collect::<Vec<_>>(),
            &power(3),
            1e-11,
        );
    }
}
