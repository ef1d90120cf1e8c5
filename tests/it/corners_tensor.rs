//! Corners of tensors that other tests pass by; see `corners`.

use autodiff::tensor::{self, checkpoint};
use autodiff::{Real, Tape, Tensor, Var, check, explain, fuse, softmax, sum};
use ndarray::{Array1, array};
use tests::raises;

fn matrix() -> Tensor<f64> {
    Tensor::constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

#[test]
fn arrays_of_parts_and_turned_tensors() {
    // The tensors that these are parts of are gone: nobody else uses the elements.
    assert_eq!(matrix().narrow(0, 1..2).into_array(), array![[4.0, 5.0, 6.0]].into_dyn());
    assert_eq!(matrix().narrow(0, 0..1).into_array(), array![[1.0, 2.0, 3.0]].into_dyn());
    assert_eq!(matrix().transpose().into_array(), array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].into_dyn());
    assert_eq!(matrix().into_array(), matrix().to_array());
    let (second, first) =
        (array![1.0, 2.0, 3.0].slice_move(ndarray::s![1..]), array![1.0, 2.0].slice_move(ndarray::s![..1]));
    assert_eq!(Tensor::constant(second).to_array(), array![2.0, 3.0].into_dyn());
    assert_eq!(Tensor::constant(first).to_array(), array![1.0].into_dyn());
}

#[test]
fn updates_of_parts_and_of_what_others_use() {
    let ten = |shape: &[usize]| Tensor::full(shape, 10.0);
    let updated = |mut x: Tensor<f64>| {
        x.update(&ten(x.shape()), |a, b| a + b);
        x.into_array()
    };
    assert_eq!(updated(matrix().narrow(0, 1..2)), array![[14.0, 15.0, 16.0]].into_dyn());
    assert_eq!(updated(matrix().narrow(0, 0..1)), array![[11.0, 12.0, 13.0]].into_dyn());
    assert_eq!(updated(matrix().transpose()), array![[11.0, 14.0], [12.0, 15.0], [13.0, 16.0]].into_dyn());
    let whole = matrix();
    let (part, same) = (whole.narrow(0, 1..2), whole.clone());
    assert_eq!(updated(whole), array![[11.0, 12.0, 13.0], [14.0, 15.0, 16.0]].into_dyn());
    assert_eq!((part.to_array(), same.to_array()), (array![[4.0, 5.0, 6.0]].into_dyn(), matrix().to_array()));
}

#[test]
fn comparisons() {
    let (a, b) = (Tensor::constant(array![1.0, 2.0, 3.0]), Tensor::constant(array![2.0, 2.0, 2.0]));
    let all = [a.less(&b), a.less_equal(&b), a.greater(&b), a.greater_equal(&b)];
    let want = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]];
    for (got, want) in all.iter().zip(want) {
        assert_eq!(got.to_array(), Array1::from(want.to_vec()).into_dyn());
    }
}

#[test]
fn einsum_without_inner_indices_and_with_axes_of_length_one() {
    let (u, v, m) = (Tensor::constant(array![1.0, 2.0]), Tensor::constant(array![3.0, 5.0, 7.0]), matrix());
    let outer = Tensor::einsum("i,j->ij", &[&u, &v]);
    assert_eq!(outer.to_array(), array![[3.0, 5.0, 7.0], [6.0, 10.0, 14.0]].into_dyn());
    assert_eq!(Tensor::einsum("ij,ij->ij", &[&m, &m]).to_array(), m.square().to_array());
    assert_eq!(Tensor::einsum("ij,ij->i", &[&m, &m]).to_array(), array![14.0, 77.0].into_dyn());
    assert_eq!(Tensor::einsum("ij,ij->", &[&m, &m]).item(), 91.0);
    let row = m.narrow(0, 0..1);
    let column = Tensor::constant(array![[2.0], [3.0]]);
    assert_eq!(Tensor::einsum("ij,ij->i", &[&column, &m]).to_array(), array![12.0, 45.0].into_dyn());
    assert_eq!(Tensor::einsum("ij,ij->j", &[&m, &column]).to_array(), array![14.0, 19.0, 24.0].into_dyn());
    assert_eq!(Tensor::einsum("ii,i->i", &[&Tensor::full(&[1, 1], 2.0), &u]).to_array(), (&u * 2.0).to_array());
    assert_eq!(Tensor::einsum("...i,...i->...", &[&row, &row]).to_array(), array![14.0].into_dyn());
    assert_eq!(Tensor::einsum("...i,...i->...", &[&row, &m]).to_array(), array![14.0, 32.0].into_dyn());
}

#[test]
fn shares_beyond_all_exponentials() {
    let x = Tensor::constant(array![1e8, 1e8 - 1.0]);
    let share = 1.0 / (1.0 + (-1.0_f64).exp());
    let tape = Tape::new();
    let leaf = tape.tensor(x.clone());
    let y = leaf.logsumexp(0);
    let recorded = tape.grad(&y, &[&leaf])[0].to_array();
    for got in [y.backward().wrt(&leaf)[0], recorded[0]] {
        assert!((got - share).abs() < 1e-15, "{got} instead of {share}");
    }
    let scalars = softmax([Var::constant(1000.0), Var::constant(999.0)]);
    assert!((scalars[0].value() - share).abs() < 1e-15, "{scalars:?}");
    // Columns, which do not lie in order.
    let columns = Tensor::constant(array![[800.0, 1.0], [800.0, 2.0]]).logsumexp(0);
    assert_eq!(columns.at([0]).value(), 800.0 + 2.0_f64.ln());
}

#[test]
fn stale_variables_among_fresh_ones() {
    let tape = Tape::<f64>::new();
    let old = tape.var(1.0);
    tape.reset();
    let new = tape.var(2.0);
    let stale = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a tape live until the next reset";
    raises(|| sum([new, old]), stale);
    raises(|| fuse([new, old], |[a, b]| a * b), stale);
}

/// The functions of the table as methods of any number type.
fn methods<R: Real>(x: R, b: R) -> Vec<(&'static str, R)> {
    vec![
        ("sigmoid", x.sigmoid()),
        ("log_sigmoid", x.log_sigmoid()),
        ("softplus", x.softplus()),
        ("relu", x.relu()),
        ("step", x.step()),
        ("xlogy", x.xlogy(b)),
        ("xlog1py", x.xlog1py(b)),
        ("log_add_exp", x.log_add_exp(b)),
        ("erf", x.erf()),
        ("erfc", x.erfc()),
        ("inv_erf", x.inv_erf()),
        ("ln_gamma", x.ln_gamma()),
        ("digamma", x.digamma()),
        ("polygamma", x.polygamma(2)),
        ("logit", x.logit()),
        ("sinc", x.sinc()),
        ("spherical_jn", x.spherical_jn(2)),
        ("normal_cdf", x.normal_cdf()),
        ("normal_pdf", x.normal_pdf()),
        ("normal_ln_pdf", x.normal_ln_pdf()),
    ]
}

#[test]
fn methods_of_numbers_are_the_rows_of_the_table() {
    use autodiff::rules::{Binary, Unary};
    let (x, b) = (0.3_f64, 1.7_f64);
    let row = |name: &str| {
        let order = if matches!(name, "polygamma" | "spherical_jn") { 2.0 } else { b };
        let unary = Unary::ALL.iter().find(|f| f.name() == name).map(|f| f.value(x));
        unary.unwrap_or_else(|| Binary::ALL.iter().find(|f| f.name() == name).expect("a row").value(x, order))
    };
    for ((name, plain), (_, dual)) in
        methods(x, b).into_iter().zip(methods(autodiff::Dual::<f64, 1>::constant(x), b.into()))
    {
        assert_eq!(plain.to_bits(), row(name).to_bits(), "{name}");
        assert_eq!(dual.primal().to_bits(), row(name).to_bits(), "{name}");
    }
    for (name, recorded) in methods(Tape::new().var(x), Var::constant(b)) {
        assert_eq!(recorded.primal().to_bits(), row(name).to_bits(), "{name}");
    }
}

#[test]
fn sums_of_negative_zeros() {
    let bits = |x: f64| x.to_bits();
    let plain: f64 = [-0.0, -0.0].iter().sum();
    let dual: autodiff::Dual<f64, 1> = [-0.0, -0.0].map(autodiff::Dual::constant).into_iter().sum();
    let recorded: Var<f64> = [-0.0, -0.0].map(Var::constant).into_iter().sum();
    assert_eq!((bits(dual.value()), bits(recorded.value())), (bits(plain), bits(plain)));
}

#[test]
fn a_checkpoint_that_gives_no_number_the_second_time() {
    let tape = Tape::new();
    let t = tape.tensor(array![1.0]);
    let times = std::rc::Rc::new(std::cell::Cell::new(0));
    let y = checkpoint(
        move |t| {
            times.set(times.get() + 1);
            if times.get() > 1 { &t[0] * f64::NAN } else { t[0].square() }
        },
        &[&t],
    );
    let message = tests::panics(|| y.sum().backward()).expect("another result");
    assert!(message.contains("checkpoint"), "{message}");
    assert!(tape.stats().by_operation.iter().any(|row| row.name == "checkpoint"));
}

#[test]
fn tensors_are_shown() {
    assert_eq!(format!("{}", matrix()), format!("{}", matrix().to_array()));
    assert!(format!("{:?}", matrix()).contains("constant, shape [2, 3]"), "{:?}", matrix());
    assert!(format!("{:?}", autodiff::Dual::<f64, 1>::new(2.5, [0.25])).contains("0.25"));
}

/// Whatever they are called.
#[test]
fn own_operations_are_told_from_built_in_ones() {
    autodiff::elementwise!(reshape(a) => a.sin() * a);
    let tape = Tape::<f64>::new();
    let t = tape.tensor(array![1.0, 2.0]).named("t");
    let own = Tensor::custom("reshape", &[&t], |x| x[0].mapv(|x| 2.0 * x), |cx| (2.0 * cx.grad()).into());
    for y in [own, reshape(&t)] {
        let text = explain::derivation(y.square().sum(), &t).to_string();
        assert!(text.contains("vjp of reshape("), "{text}");
    }
    // What gives its gradient as an array has no second derivative, and says so.
    let first = Tensor::custom(
        "arrays",
        &[&t],
        |x| x[0].mapv(|x| x * x),
        |cx| tensor::Grads::arrays([Some((2.0 * cx.grad() * cx.input(0)).to_array())]),
    );
    let slope = &tape.grad(first.sum(), &[&t])[0];
    let message = tests::panics(|| slope.sum().backward().wrt(&t)).expect("no second derivative");
    assert!(message.contains("arrays"), "{message}");
}

/// More than 1024 numbers: the second derivatives along directions, without the gradient.
#[test]
fn products_along_directions() {
    let numbers = |shape: &[usize], scale: f64| {
        let n: usize = shape.iter().product();
        let all = (0..n).map(|k| (k as f64 * scale).sin()).collect();
        Tensor::constant(ndarray::ArrayD::from_shape_vec(shape, all).unwrap())
    };
    let f = |t: &[Tensor<f64>]| t[0].matmul(&t[1]).linear(&t[2], &t[3]).tanh().sum();
    let x = [numbers(&[2, 4], 0.7), numbers(&[4, 3], 0.5), numbers(&[5, 3], 0.3), numbers(&[5], 0.9)];
    check::tensor_hessian(f, &x).assert_pass();
}

#[test]
fn rows_on_both_sides_of_a_product() {
    let x = Tensor::constant(array![[0.5]]);
    let want = 0.5_f64.sin() + 0.5 * 0.5_f64.cos();
    let bias = Tensor::constant(array![1.0]);
    let product = tensor::jacobian_rows(|x| x.matmul(&x.sin()), &x);
    let affine = tensor::jacobian_rows(|x| x.linear(&x.sin(), &bias), &x);
    for got in [product[[0, 0, 0]], affine[[0, 0, 0]]] {
        assert!((got - want).abs() < 1e-15, "{got} instead of {want}");
    }
}

/// Numbers with tangents, recorded and in tensors.
#[test]
fn tapes_of_dual_numbers() {
    type D = autodiff::Dual<f64, 1>;
    let at = D::new(0.5, [2.0]);
    let near = |got: D, value: f64, slope: f64| {
        assert!((got.value() - value).abs() < 1e-15 && (got.tangent()[0] - 2.0 * slope).abs() < 1e-14, "{got:?}");
    };
    let tape = Tape::<D>::new();
    let x = tape.var(at);
    let cube = x * x * x;
    near(cube.backward().wrt(x), 3.0 * 0.25, 6.0 * 0.5);
    let recorded = tape.grad(cube, &[x])[0];
    near(recorded.value(), 3.0 * 0.25, 6.0 * 0.5);
    near(recorded.backward().wrt(x), 6.0 * 0.5, 6.0);
    // A factor of 1 that moves is more than a factor of 1.
    let moving = x * Var::constant(D::new(1.0, [6.0]));
    near(moving.backward().wrt(x), 1.0, 3.0);
    near(tape.grad(moving, &[x])[0].value(), 1.0, 3.0);
    let t = tape.tensor(Tensor::full(&[2], at));
    let y = t.sin() * &t / Tensor::full(&[2], D::constant(4.0));
    let (sin, cos) = 0.5_f64.sin_cos();
    near(y.at([1]).value(), sin * 0.5 / 4.0, (cos * 0.5 + sin) / 4.0);
    near(y.sum().backward().wrt(&t)[0], (cos * 0.5 + sin) / 4.0, (2.0 * cos - 0.5 * sin) / 4.0);
}
