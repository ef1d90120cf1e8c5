//! Operations from closures, functions on rows, recomputed functions, hooks, and derivatives of whole functions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use autodiff::tensor::{self, Grads, checkpoint, no_grad};
use autodiff::{Tape, Tensor, Var, hessian};
use ndarray::{Array2, ArrayD, array};
use nn::{Activation, Layer, Mlp, loss};
use rand::SeedableRng;
use tests::{all_close, panics, raises, raises_here};

fn matrix() -> Tensor<f64> {
    Tensor::constant(array![[0.3, 0.8], [1.1, 0.4], [0.9, 1.7]])
}

/// The Hessian of a function of one tensor, and that of the same function on its elements as scalars.
#[track_caller]
fn same_hessian(
    what: &str,
    x: &Tensor<f64>,
    tensors: impl Fn(&Tensor<f64>) -> Tensor<f64>,
    scalars: impl Fn(&[Var<f64>]) -> Var<f64>,
) {
    let flat: Vec<f64> = x.view().iter().copied().collect();
    let h = tensor::hessian(|t| tensors(&t[0]), std::slice::from_ref(x));
    all_close(what, &h, &hessian(&scalars, &flat), 1e-12);
    let g = tensor::grad(|t| tensors(&t[0]), std::slice::from_ref(x));
    all_close(what, &g[0], &autodiff::grad(&scalars, &flat), 1e-13);
    let v: Vec<f64> = (0..flat.len()).map(|k| 0.5 - 0.3 * k as f64).collect();
    let direction = Tensor::constant(ArrayD::from_shape_vec(x.shape(), v.clone()).expect("as many"));
    let along = tensor::hvp(|t| tensors(&t[0]), std::slice::from_ref(x), &[direction]);
    all_close(what, &along[0], &autodiff::hvp(&scalars, &flat, &v), 1e-12);
}

#[test]
fn custom_operations() {
    let cube = |x: &Tensor<f64>| {
        let vjp = |cx: &tensor::Vjp<'_, f64>| Grads::from(3.0 * cx.input(0).square() * cx.grad());
        Tensor::custom("cube", &[x], |x| x[0].mapv(|x| x.powi(3)), vjp)
    };
    same_hessian("cube", &matrix(), |x| cube(x).sum(), |x| x.iter().map(|x| x.powi(3)).sum());
    autodiff::check::tensor_gradient(|t| cube(&t[0]).tanh().sum(), &[matrix()]).assert_pass();
    let tape = Tape::new();
    let wrong = |x: &Tensor<f64>| {
        Tensor::custom("two", &[x], |x| x[0].to_owned(), |cx| Grads::from([Some(cx.grad().clone()), None]))
    };
    raises(|| wrong(&tape.tensor(array![1.0])).sum().backward(), "two: vjp returned 2 gradients for 1 inputs");
}

/// Two inputs, gradients as plain arrays.
#[track_caller]
fn product(a: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    Tensor::custom(
        "product",
        &[a, b],
        |x| &x[0] * &x[1],
        |cx| {
            let part = |i: usize| cx.needs(i).then(|| &cx.grad().view() * &cx.input(1 - i).view());
            Grads::arrays([part(0), part(1)])
        },
    )
}

#[test]
fn plain_gradients_have_no_derivatives() {
    let tape = Tape::new();
    let (a, b) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![3.0, 5.0]));
    let y = product(&a, &b).sum();
    let place = format!("{}:{}", file!(), line!() - 1);
    assert_eq!(y.backward().wrt(&a), array![3.0, 5.0].into_dyn());
    // A recorded gradient is right; only its derivative is not to be had.
    let first = tape.grad(y.square(), &[&a, &b]);
    assert_eq!(first[1].to_array(), array![2.0 * 13.0, 2.0 * 13.0 * 2.0].into_dyn());
    let text = panics(|| first[0].sum().backward()).expect("a panic");
    let (start, end) = (
        "a second derivative was asked for through `product` at ",
        ", whose vjp gives plain arrays; write its vjp in tensor operations",
    );
    assert!(text.starts_with(&format!("{start}{place}:")) && text.ends_with(end), "{text}");
    assert_eq!(panics(|| tape.grad(first[0].sum(), &[&b])).as_deref(), Some(text.as_str()));
}

#[test]
fn rows_of_scalars() {
    // Branches by value, a loop whose length depends on the row, passive values.
    let f = |x: &[Var<f64>]| {
        let top = x[0].value().max(x[1].value());
        let mut y = (x[0] - top).exp() + (x[1] - top).exp();
        let mut rounds = 0;
        while y.value() < 5.0 && rounds < 4 {
            y *= x[0] + 1.0;
            rounds += 1;
        }
        if x[0] > x[1] { [y.ln() + top, x[0] * x[1]] } else { [x[1].sin() * y, x[1] / x[0]] }
    };
    let tensors = |x: &Tensor<f64>| (x.map_rows(f) * Tensor::constant(array![1.0, 0.5])).tanh().sum();
    let scalars = |x: &[Var<f64>]| {
        let rows = x.chunks_exact(2).map(f);
        rows.map(|[a, b]| a.tanh() + (b * 0.5).tanh()).sum()
    };
    same_hessian("map_rows", &matrix(), tensors, scalars);
    let y = matrix().map_rows(f);
    for (row, y) in matrix().view().rows().into_iter().zip(y.view().rows()) {
        let want = f(&[Var::constant(row[0]), Var::constant(row[1])]);
        assert_eq!(y.to_vec(), want.map(Var::value));
    }
    // Third order, and other ranks.
    let tape = Tape::new();
    for shape in [&[4][..], &[2, 4], &[2, 1, 4]] {
        let x = tape.tensor(Tensor::full(shape, 2.0));
        let y = x.transpose().transpose().map_rows(|x| x.iter().map(|x| x.powi(4)).sum::<Var<f64>>());
        assert_eq!(y.shape(), [&shape[..shape.len() - 1], &[1]].concat());
        let first = &tape.grad(y.sum(), &[&x])[0];
        let second = &tape.grad(first.sum(), &[&x])[0];
        let third = &tape.grad(second.sum(), &[&x])[0];
        for (derivative, value) in [(first, 32.0), (second, 48.0), (third, 48.0)] {
            assert_eq!(derivative.to_array(), ArrayD::from_elem(shape, value));
        }
    }
    // What a row does not use has gradient 0, and so has a constant result.
    let x = tape.tensor(array![[1.0, 2.0]]);
    assert_eq!(x.map_rows(|x| x[0]).sum().backward().wrt(&x), array![[1.0, 0.0]].into_dyn());
    let y = x.map_rows(|_| Var::constant(1.0)).sum();
    assert_eq!(y.backward().wrt(&x), array![[0.0, 0.0]].into_dyn());
    assert_eq!(tape.grad(y, &[&x])[0].to_array(), array![[0.0, 0.0]].into_dyn());
    // In single precision.
    let tape = Tape::<f32>::new();
    let x = tape.tensor(array![[1.0_f32, 2.0]]);
    assert_eq!(x.map_rows(|x| x[0] * x[1]).sum().backward().wrt(&x), array![[2.0_f32, 1.0]].into_dyn());
}

#[test]
fn mistakes_with_rows() {
    let tape = Tape::new();
    let (x, v) = (tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]), tape.var(2.0));
    let captured = "map_rows: the function uses a recorded variable that is not in its row; make it a column, or take its \
                    `value()` if no gradient is to flow to it";
    raises_here(|| x.map_rows(move |x| x[0].value() * v), captured);
    let uneven = |x: &[Var<f64>]| if x[0] > 2.0 { vec![x[0]] } else { vec![x[0], x[1]] };
    let message = "map_rows: row 1 gave 1 variables and row 0 gave 2; all rows must give as many";
    raises_here(|| x.map_rows(uneven), message);
    let empty = "there must be a row, with a number in it, to know what a row becomes";
    for shape in [&[0, 2][..], &[2, 0], &[]] {
        let none = Tensor::<f64>::zeros(shape);
        raises_here(|| none.map_rows(|x| x[0]), &format!("map_rows: shape {shape:?}: {empty}"));
    }
    assert_eq!((&x * 2.0).sum().backward().wrt(&x), ArrayD::from_elem(&[2, 2][..], 2.0));
}

fn deep(t: &[Tensor<f64>]) -> Tensor<f64> {
    (0..20).fold(t[0].clone(), |x, _| x.matmul(&t[1]).tanh() + &t[0])
}

#[test]
fn recomputed_functions() {
    let square = Tensor::constant(array![[0.3, -0.2], [0.5, 0.1]]);
    let inputs = [matrix(), square.clone()];
    let plain = |t: &[Tensor<f64>]| deep(t).square().sum();
    let kept = |t: &[Tensor<f64>]| checkpoint(deep, &[&t[0], &t[1]]).square().sum();
    assert_eq!(tensor::value_and_grad(kept, &inputs), tensor::value_and_grad(plain, &inputs));
    all_close("hessian", &tensor::hessian(kept, &inputs), &tensor::hessian(plain, &inputs), 1e-11);
    // Constants among the inputs, checkpoints within checkpoints, third order.
    let tape = Tape::new();
    let x = tape.tensor(array![1.5]);
    let nested = |t: &[Tensor<f64>]| checkpoint(|t| t[0].powi(3) * &t[1], &[&t[0].square(), &t[1]]);
    let y = checkpoint(nested, &[&x, &Tensor::scalar(2.0)]);
    let first = &tape.grad(y.sum(), &[&x])[0];
    let second = &tape.grad(first.sum(), &[&x])[0];
    let third = &tape.grad(second.sum(), &[&x])[0];
    let want = [12.0 * 1.5_f64.powi(5), 60.0 * 1.5_f64.powi(4), 240.0 * 1.5_f64.powi(3)];
    all_close("nested", &[first.item(), second.item(), third.item()], &want, 1e-14);
    // A result that does not depend on the inputs.
    let z = checkpoint(|t| t[0].detach(), &[&x]);
    assert!(z.sum().backward().get(&x).is_none());
    assert_eq!(tape.grad(z.sum(), &[&x])[0].to_array(), array![0.0].into_dyn());
}

#[test]
fn recomputing_keeps_less() {
    let bytes = |apply: fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>| {
        let tape = Tape::new();
        let (x, w) = (tape.tensor(Tensor::full(&[100, 50], 0.01)), tape.tensor(Tensor::full(&[50, 50], 0.01)));
        let y = apply(&x, &w);
        assert!(y.sum().backward().get(&w).is_some());
        (tape.stats().bytes, tape.len())
    };
    let (plain, entries) = bytes(|x, w| deep(&[x.clone(), w.clone()]));
    let (kept, few) = bytes(|x, w| checkpoint(deep, &[x, w]));
    assert_eq!((few, entries), (4, 3 + 60));
    assert!(plain > 60 * 8 * 5000 && kept < 3 * 8 * 5000, "{plain} and {kept} bytes");
}

#[test]
fn mistakes_with_recomputing() {
    let tape = Tape::new();
    let (x, w) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![3.0, 4.0]));
    let captured = "checkpoint: the function uses a recorded tensor that is not among its inputs; pass it as an input, or \
                    `detach` it if no gradient is to flow to it";
    let held = w.clone();
    raises_here(
        || {
            let held = held.clone();
            checkpoint(move |t| &t[0] * &held, &[&x])
        },
        captured,
    );
    let calls = Cell::new(0.0);
    let y = checkpoint(
        move |t| {
            calls.set(calls.get() + 1.0);
            &t[0] * calls.get()
        },
        &[&x],
    );
    let changed = "checkpoint: the function gave another result when the sweep ran it again (shape [2] at first, [2] now); it \
                   must depend on its inputs alone";
    raises(|| y.sum().backward(), changed);
    assert_eq!((&x * &w).sum().backward().wrt(&x), array![3.0, 4.0].into_dyn());
}

#[test]
fn hooks() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 20.0]);
    let list = Rc::clone(&seen);
    let y = x.on_grad(move |g| {
        list.borrow_mut().push(g.to_array());
        g.clone()
    });
    assert_eq!(y.to_array(), x.to_array());
    let g = y.square().sum().backward();
    assert_eq!((g.wrt(&x), seen.take()), (array![2.0, 40.0].into_dyn(), vec![array![2.0, 40.0].into_dyn()]));
    // Any tensor on the tape may be asked for.
    assert_eq!(g.wrt(&y), g.wrt(&x));
    // Replaced, also where the gradient is recorded and differentiated again.
    let y = x.on_grad(|g| g * 0.5).square().sum();
    assert_eq!(y.backward().wrt(&x), array![1.0, 20.0].into_dyn());
    let slope = &tape.grad(&y, &[&x])[0];
    assert_eq!(slope.sum().backward().wrt(&x), array![0.5, 0.5].into_dyn());
    let y = x.on_grad(|_| Tensor::ones(&[3]));
    raises(|| y.sum().backward(), "on_grad: vjp returned a gradient of shape [3] for input 0 of shape [2]");
}

#[test]
fn stretches_without_recording() {
    let tape = Tape::new();
    let (x, v) = (tape.tensor(array![1.0, 2.0]), tape.var(3.0));
    let before = tape.len();
    no_grad(|| {
        let y = x.square().sum();
        assert!(!y.is_tracked() && !x.at([0]).is_tracked() && !Tensor::from_vars(&[v], &[1]).is_tracked());
        no_grad(|| assert!(!x.exp().is_tracked()));
        assert!(!x.exp().is_tracked());
        // A derivative that is computed within has a tape of its own.
        assert_eq!(tensor::grad(|t| t[0].square().sum(), std::slice::from_ref(&x))[0], array![2.0, 4.0].into_dyn());
        // A sweep is no operation; what it runs again, it records for itself.
    });
    assert_eq!(tape.len(), before);
    let y = checkpoint(|t| t[0].powi(3), &[&x]).sum();
    assert_eq!(no_grad(|| y.backward()).wrt(&x), array![3.0, 12.0].into_dyn());
    // Recording goes on after a panic.
    raises(|| no_grad(|| -> () { panic!("boom") }), "boom");
    assert!(x.exp().is_tracked());
}

#[test]
fn jacobians_of_rows() {
    let w = Tensor::constant(array![[0.5, -1.0, 0.3], [2.0, 0.1, -0.4]]);
    let f = |x: &Tensor<f64>| x.matmul(&w).tanh();
    let all = tensor::jacobian_rows(f, &matrix());
    assert_eq!(all.shape(), [3, 3, 2]);
    for (i, jacobian) in all.outer_iter().enumerate() {
        let row = matrix().narrow(0, i..i + 1);
        let one = &tensor::jacobian(|t| f(&t[0]), &[row])[0];
        all_close("rows", jacobian.iter(), one.iter(), 1e-14);
    }
    assert_eq!(
        tensor::jacobian_rows(|x| Tensor::zeros(&[x.shape()[0], 2]), &matrix()),
        ndarray::Array3::<f64>::zeros((3, 2, 2))
    );
    let rule = "the function must map [n, inputs] to [n, outputs] for any n";
    let x = matrix();
    raises_here(
        || tensor::jacobian_rows(Tensor::sum, &x),
        &format!("jacobian_rows: shapes [3, 2] and [] do not fit: {rule}"),
    );
    let fixed = |_: &Tensor<f64>| Tensor::zeros(&[3, 2]);
    raises_here(
        || tensor::jacobian_rows(fixed, &x),
        &format!("jacobian_rows: shapes [6, 2] and [3, 2] do not fit: {rule}"),
    );
}

#[test]
fn parameters_of_a_model() {
    let mut model = Mlp::<f64>::new(&[2, 3, 2], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(4));
    let t = Tensor::constant(array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]);
    let objective = |model: &Mlp<f64>| loss::softmax_cross_entropy(&model.forward(&matrix()), &t);
    let (value, slopes) = nn::param_value_and_grad(&model, objective).unwrap();
    assert_eq!(value, objective(&model).item());
    let mut values = Vec::new();
    nn::parameters(&model, |_, param| values.push(param.value().clone()));
    // The same function of tensors.
    let written = |p: &[Tensor<f64>]| {
        let y = matrix().linear(&p[0], &p[1]).tanh().linear(&p[2], &p[3]);
        loss::softmax_cross_entropy(&y, &t)
    };
    assert_eq!(slopes.iter().map(Tensor::to_array).collect::<Vec<_>>(), tensor::grad(written, &values));
    let v: Vec<Tensor<f64>> = slopes.iter().map(|g| (g * 3.0).cos()).collect();
    let along = nn::param_hvp(&model, objective, &v).unwrap();
    for (a, b) in along.iter().zip(tensor::hvp(written, &values, &v)) {
        all_close("hvp", &a.to_array(), &b, 1e-13);
    }
    // Differences of the gradient along v.
    let n = values.iter().map(Tensor::len).sum::<usize>();
    let flat = |list: &[Tensor<f64>]| list.iter().flat_map(|t| t.to_array().into_iter()).collect::<Vec<_>>();
    let h: Array2<f64> = tensor::hessian(written, &values);
    all_close("hessian", h.dot(&ndarray::Array1::from(flat(&v))).iter(), &flat(&along), 1e-12);
    assert_eq!((h.nrows(), flat(&along).len()), (n, n));
    let error = |v: &[Tensor<f64>], model: &mut Mlp<f64>| nn::param_hvp(model, objective, v).unwrap_err().to_string();
    assert_eq!(error(&v[..3], &mut model), "param_hvp: 3 directions given for 4 parameters");
    let mut wrong = v.clone();
    wrong[1] = Tensor::zeros(&[2]);
    assert_eq!(
        error(&wrong, &mut model),
        "param_hvp: the direction of `layers.0.bias` has shape [2], the parameter [3]"
    );
}
