//! Conventions at kinks and edges: ties, zeros, NaN, nothing; and what shares the elements.

use autodiff::{Tape, Tensor};
use ndarray::{ArrayD, array, s};
use tests::all_close;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The gradient of the sum of `f` at `x`, and that of the gradient's own sum.
fn slopes(x: &ArrayD<f64>, f: impl Fn(&Tensor<f64>) -> Tensor<f64>) -> [ArrayD<f64>; 2] {
    let tape = Tape::new();
    let x = tape.tensor(x.clone());
    let y = f(&x).sum();
    let first = tape.grad(&y, &[&x]).remove(0);
    assert_eq!(y.backward().wrt(&x), first.to_array());
    let again = first.sum();
    let second = if again.is_tracked() { again.backward().get(&x) } else { None };
    [first.to_array(), second.unwrap_or_else(|| ArrayD::zeros(x.shape()))]
}

fn list(x: &[f64]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(vec![x.len()], x.to_vec()).expect("a vector")
}

#[test]
fn ties_share_evenly() {
    let x = list(&[2.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    let third = 1.0 / 3.0;
    assert_eq!(slopes(&x, Tensor::max_all), [list(&[0.5, 0.0, 0.5, 0.0, 0.0, 0.0]), list(&[0.0; 6])]);
    assert_eq!(slopes(&x, Tensor::min_all), [list(&[0.0, 0.0, 0.0, third, third, third]), list(&[0.0; 6])]);
    let top = |x: &Tensor<f64>| x.norm(INF);
    assert_eq!(slopes(&list(&[-2.0, 1.0, 2.0]), top), [list(&[-0.5, 0.0, 0.5]), list(&[0.0; 3])]);
    assert_eq!(slopes(&list(&[INF, INF]), Tensor::max_all)[0], list(&[0.5, 0.5]));
}

#[test]
fn nan_comes_through() {
    for x in [[NAN, 1.0], [1.0, NAN]] {
        let x = Tensor::constant(list(&x));
        assert!(x.max_all().item().is_nan() && x.min_all().item().is_nan());
        assert!(x.norm(1.0).item().is_nan() && x.norm(2.0).item().is_nan() && x.norm(3.0).item().is_nan());
        assert!(x.norm(INF).item().is_nan() && x.prod().item().is_nan() && x.std(0).item().is_nan());
    }
    let x = Tensor::constant(list(&[1.0, NAN, 5.0, NAN]));
    assert_eq!((x.argmax(0)[[]], x.argmin(0)[[]]), (1, 1));
    let x = Tensor::constant(list(&[3.0, 1.0, 3.0, 1.0]));
    assert_eq!((x.argmax(0)[[]], x.argmin(0)[[]]), (0, 1));
    // In comparisons a NaN is in no order, and different from itself.
    let x = Tensor::constant(list(&[1.0, NAN]));
    for mask in [x.less(&x), x.greater(&x), x.not_equal(&x)] {
        assert_eq!(mask.to_array()[0], 0.0);
    }
    for mask in [x.less_equal(&x), x.greater_equal(&x), x.equal(&x)] {
        assert_eq!(mask.to_array(), list(&[1.0, 0.0]));
    }
    assert_eq!(x.not_equal(&x).to_array(), list(&[0.0, 1.0]));
}

#[test]
fn zeros_among_factors() {
    let x = list(&[2.0, 0.0, 5.0]);
    // The Hessian's rows are (0, 5, 0), (5, 0, 2), (0, 2, 0).
    assert_eq!(slopes(&x, Tensor::prod), [list(&[0.0, 10.0, 0.0]), list(&[5.0, 7.0, 2.0])]);
    assert_eq!(slopes(&list(&[0.0, 3.0, 0.0]), Tensor::prod), [list(&[0.0; 3]), list(&[3.0, 0.0, 3.0])]);
    let tape = Tape::new();
    let x = tape.tensor(list(&[0.0, 0.0, 0.0]));
    let mut y = x.prod();
    for order in 1..=3 {
        y = tape.grad(&y, &[&x]).remove(0).sum();
        assert_eq!(y.item(), if order == 3 { 6.0 } else { 0.0 }, "{order}");
    }
}

#[test]
fn zeros_among_running_products() {
    // L = y_0 + … + y_3, so ∂L/∂x_i adds up the products of the others that end at i or later.
    let x = list(&[2.0, 0.0, 3.0, 5.0]);
    let [first, second] = slopes(&x, |x| x.cumprod(0));
    assert_eq!(first, list(&[1.0, 2.0 + 6.0 + 30.0, 0.0, 0.0]));
    // The Hessian's rows: (0, 19, 0, 0), (19, 0, 2 + 10, 6), (0, 12, 0, 0), (0, 6, 0, 0).
    assert_eq!(second, list(&[19.0, 37.0, 12.0, 6.0]));
    assert_eq!(slopes(&list(&[0.0, 0.0, 3.0]), |x| x.cumprod(0)), [list(&[1.0, 0.0, 0.0]), list(&[4.0, 4.0, 0.0])]);
    // What is not asked for passes nothing on, whatever stands there.
    let early = |x: &Tensor<f64>| x.cumprod(0).narrow(0, 0..1);
    assert_eq!(slopes(&list(&[2.0, INF, NAN]), early)[0], list(&[1.0, 0.0, 0.0]));
    let signs = Tensor::from(vec![-0.0_f64, 1.0, -1.0]).cumprod(0).to_array();
    assert!(signs.iter().map(|x| x.is_sign_negative()).eq([true, true, false]), "{signs}");
    assert!(Tensor::from(vec![0.0, INF]).cumprod(0).to_array()[1].is_nan());
}

#[test]
fn running_logsumexp_of_minus_infinity() {
    let x = list(&[-INF, -INF, 0.0, -INF, 0.0]);
    let y = Tensor::constant(x.clone()).logcumsumexp(0);
    assert_eq!(y.to_array(), list(&[-INF, -INF, 0.0, 0.0, 2.0_f64.ln()]));
    let finite = |x: &Tensor<f64>| x.logcumsumexp(0).narrow(0, 2..5);
    let [first, second] = slopes(&x, finite);
    all_close("first", &first, &list(&[0.0, 0.0, 2.5, 0.0, 0.5]), 1e-15);
    all_close("second", &second, &list(&[0.0; 5]), 1e-15);
    let all = |x: &Tensor<f64>| x.logcumsumexp(0);
    all_close("all", &slopes(&x, all)[0], &list(&[0.0, 0.0, 2.5, 0.0, 0.5]), 1e-15);
    let far = Tensor::from(vec![1e4, -1e4, 1e4]).logcumsumexp(0).to_array();
    assert_eq!(far, list(&[1e4, 1e4, 1e4 + 2.0_f64.ln()]));
    assert!(
        Tensor::from(vec![0.0, NAN, 0.0]).logcumsumexp(0).to_array().iter().map(|y| y.is_nan()).eq([false, true, true])
    );
}

#[test]
fn order_of_equals_and_of_nan() {
    let x = Tensor::from(vec![2.0, NAN, 1.0, 2.0, -INF, 1.0]);
    assert_eq!(x.argsort(0).into_raw_vec_and_offset().0, [4, 2, 5, 0, 3, 1]);
    let (values, places) = x.top_k(4, 0);
    assert_eq!(places.into_raw_vec_and_offset().0, [1, 0, 3, 2]);
    assert!(values.to_array()[0].is_nan());
    assert_eq!(values.to_array().iter().skip(1).collect::<Vec<_>>(), [&2.0, &2.0, &1.0]);
    let tape = Tape::new();
    let x = tape.tensor(list(&[1.0, 1.0, 0.0]));
    assert_eq!(x.top_k(1, 0).0.sum().backward().wrt(&x), list(&[1.0, 0.0, 0.0]));
    assert_eq!(x.sort(0).narrow(0, 1..2).sum().backward().wrt(&x), list(&[1.0, 0.0, 0.0]));
}

#[test]
fn kinks_at_zero() {
    let zero = list(&[0.0, 0.0]);
    for p in [1.0, 1.5, 2.0, 3.0, INF] {
        assert_eq!(slopes(&zero, |x| x.norm(p)), [zero.clone(), zero.clone()], "{p}");
    }
    let one = |x: &Tensor<f64>| x.norm(1.0);
    assert_eq!(slopes(&list(&[-3.0, 0.0]), one)[0], list(&[-1.0, 0.0]));
    let constant = list(&[0.1, 0.1, 0.1]);
    assert_eq!(Tensor::constant(constant.clone()).std(0).item(), 0.0);
    assert_eq!(slopes(&constant, |x| x.std(1)), [list(&[0.0; 3]), list(&[0.0; 3])]);
}

#[test]
fn norms_do_not_overflow() {
    let x = Tensor::constant(list(&[3e200, -4e200]));
    all_close("norm", &[x.norm(2.0).item(), x.norm(3.0).item()], &[5e200, 91.0_f64.cbrt() * 1e200], 1e-15);
    let x = Tensor::constant(list(&[3e-200, -4e-200]));
    assert!((x.norm(2.0).item() / 5e-200 - 1.0).abs() < 1e-15);
    let x = Tensor::constant(list(&[INF, 1.0]));
    assert_eq!((x.norm(2.0).item(), x.norm(1.0).item(), x.norm(4.0).item()), (INF, INF, INF));
}

#[test]
fn nothing_at_all() {
    let x = Tensor::<f64>::zeros(&[0, 2]);
    assert_eq!(x.prod_axes(&[0], false).to_array(), list(&[1.0, 1.0]));
    assert_eq!(x.logsumexp_axes(&[0], false).to_array(), list(&[-INF, -INF]));
    for p in [1.0, 2.0, 2.5, INF] {
        assert_eq!(x.norm_axes(p, &[0], false).to_array(), list(&[0.0, 0.0]));
    }
    // There is nothing to be the largest, but nobody asks.
    assert_eq!(x.max_axes(&[1], false).shape(), [0]);
    assert_eq!(x.argmax(1).shape(), [0]);
    assert_eq!(x.var_axes(&[1], 5, true).shape(), [0, 1]);
    assert!(x.chunks(0, 3).is_empty() && x.split(0, &[]).is_empty());
}

#[test]
fn logsumexp_of_nothing_but_minus_infinity() {
    let x = array![[-INF, -INF], [0.0, 0.0]].into_dyn();
    let tape = Tape::new();
    let t = tape.tensor(x.clone());
    let y = t.logsumexp_axes(&[1], true);
    assert_eq!(y.to_array(), array![[-INF], [2.0_f64.ln()]].into_dyn());
    let [first, second] = slopes(&x, |x| x.logsumexp_axes(&[1], true));
    all_close("first", &first, &array![[0.0, 0.0], [0.5, 0.5]].into_dyn(), 1e-15);
    all_close("second", &second, &ArrayD::zeros(vec![2, 2]), 1e-15);
    let all = Tensor::constant(array![[-INF, -INF]]);
    assert_eq!(all.logsumexp_axes(&[0, 1], false).item(), -INF);
}

#[test]
fn covered_elements_have_no_gradient() {
    let x = list(&[0.0, 4.0]);
    let root = |x: &Tensor<f64>| x.sqrt().masked_fill(&x.equal(0.0), 7.0);
    assert_eq!(slopes(&x, root), [list(&[0.0, 0.25]), list(&[0.0, -1.0 / 32.0])]);
}

/// Whether two tensors read the same memory: an element of one lies where one of the other does.
fn shares(part: &Tensor<f64>, whole: &Tensor<f64>) -> bool {
    let place = |x: &f64| std::ptr::from_ref(x);
    let (part, whole) = (part.view(), whole.view());
    part.iter().all(|x| whole.iter().any(|y| place(x) == place(y)))
}

#[test]
fn views_share_the_elements() {
    let x = Tensor::constant(ArrayD::from_shape_fn(vec![4, 6], |at| (6 * at[0] + at[1]) as f64));
    let parts = [
        x.slice(s![1, ..]),
        x.slice(s![..;2, 1..5;3]),
        x.slice(s![-1.., ..]).transpose(),
        x.slice(s![3..;-1, 0]),
        x.narrow(1, 2..5),
        x.diag(),
        x.slice(s![1.., ..]).diag(),
        x.split(1, &[2, 4]).remove(1),
        x.chunks(0, 3).remove(1),
        x.permute(&[1, 0]),
        x.broadcast_to(&[2, 4, 6]),
        x.reshape(&[2, 12]),
        x.expand(1).squeeze(1),
    ];
    for (k, part) in parts.iter().enumerate() {
        assert!(shares(part, &x), "{k}");
    }
    assert!(!shares(&x.flip(&[0]), &x) && !shares(&x.slice(s![..;-1, ..]), &x));
    assert_eq!(x.slice(s![1.., ..]).diag().to_array(), list(&[6.0, 13.0, 20.0]));
}
