//! Shapes that do not fit: every tensor operation says so, with its name and the shapes, at the caller's line.

use autodiff::{Tape, Tensor, Var, tensor};
use ndarray::{array, s};
use tests::raises_here;

const BROADCAST: &str = "matched from the last axis, lengths must be equal or 1";

fn zeros(shape: &[usize]) -> Tensor<f64> {
    Tensor::zeros(shape)
}

#[test]
fn elementwise() {
    let (a, b) = (zeros(&[2, 3]), zeros(&[2]));
    let message = |op: &str| format!("{op}: shapes [2, 3] and [2] do not fit: {BROADCAST}");
    raises_here(|| &a + &b, &message("add"));
    raises_here(|| &a - &b, &message("sub"));
    raises_here(|| &a * &b, &message("mul"));
    raises_here(|| &a / &b, &message("div"));
    raises_here(|| &a % &b, &message("rem"));
    raises_here(|| a.powf(&b), &message("powf"));
    raises_here(|| a.hypot(&b), &message("hypot"));
    raises_here(|| a.max(&b), &message("max"));
    raises_here(|| a.xlogy(&b), &message("xlogy"));
    raises_here(|| Tensor::select(&b, &a, &a), &format!("select: shapes [2] and [2, 3] do not fit: {BROADCAST}"));
    raises_here(|| Tensor::select(&a, &a, &b), &message("select"));
    let zero = format!("add: shapes [0] and [3] do not fit: {BROADCAST}");
    raises_here(|| zeros(&[0]) + zeros(&[3]), &zero);
}

#[test]
fn matrix_products() {
    let inner = "the first operand's last length must equal the second's last but one, or a vector's only one";
    for (a, b) in [
        (&[2, 3][..], &[2, 3][..]),
        (&[3], &[2]),
        (&[3], &[2, 3]),
        (&[2, 3], &[2]),
        (&[4, 2, 3], &[4, 2, 3]),
        (&[2], &[2, 3, 2]),
    ] {
        let message = format!("matmul: shapes {a:?} and {b:?} do not fit: {inner}");
        raises_here(|| zeros(a).matmul(&zeros(b)), &message);
    }
    for (a, b) in [(&[][..], &[3][..]), (&[3], &[]), (&[], &[])] {
        let message = format!("matmul: shapes {a:?} and {b:?} do not fit: each operand needs at least one axis");
        raises_here(|| zeros(a).matmul(&zeros(b)), &message);
    }
    let batch = "matched from the right, the lengths before the last two must be equal or 1";
    for (a, b) in [(&[4, 2, 3][..], &[5, 3, 2][..]), (&[0, 2, 3], &[2, 3, 2]), (&[4, 1, 2, 3], &[5, 2, 3, 2])] {
        let message = format!("matmul: shapes {a:?} and {b:?} do not fit: {batch}");
        raises_here(|| zeros(a).matmul(&zeros(b)), &message);
    }
    for (a, b) in [(&[2][..], &[3][..]), (&[], &[]), (&[2, 2], &[2, 2])] {
        let rule = "both must be vectors of one length; `matmul` multiplies matrices";
        raises_here(|| zeros(a).dot(&zeros(b)), &format!("dot: shapes {a:?} and {b:?} do not fit: {rule}"));
    }
    let rule = "both must be vectors; `einsum` has products of more axes";
    raises_here(|| zeros(&[2]).outer(&zeros(&[2, 1])), &format!("outer: shapes [2] and [2, 1] do not fit: {rule}"));
}

#[test]
fn affine_maps() {
    for (w, b) in [(&[4, 3][..], &[3][..]), (&[4, 3], &[]), (&[4], &[4]), (&[2, 4, 3], &[2]), (&[], &[])] {
        let rule = "the weights need the shape [outputs, inputs] and the bias [outputs]";
        raises_here(
            || zeros(&[2, 3]).linear(&zeros(w), &zeros(b)),
            &format!("linear: shapes {w:?} and {b:?} do not fit: {rule}"),
        );
    }
    for x in [&[2, 4][..], &[4], &[], &[1, 3, 2]] {
        let rule = "the input's last length must equal the second length of the weights";
        raises_here(
            || zeros(x).linear(&zeros(&[4, 3]), &zeros(&[4])),
            &format!("linear: shapes {x:?} and [4, 3] do not fit: {rule}"),
        );
    }
}

#[test]
fn updates_leave_other_users_alone() {
    let mut w = Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    let before = w.clone();
    let step = Tensor::constant(ndarray::array![[10.0, 20.0], [30.0, 40.0]]).transpose();
    w.update(&step, |w, g| w + g);
    let once = ndarray::array![[11.0, 32.0], [23.0, 44.0]].into_dyn();
    assert_eq!(w.to_array(), once);
    assert_eq!(before.to_array(), ndarray::array![[1.0, 2.0], [3.0, 4.0]].into_dyn());
    // Nobody else uses the new values: this happens in place.
    w.update(&step, |w, g| w - g);
    assert_eq!(w.to_array(), before.to_array());
    raises_here(
        || zeros(&[2]).update(&zeros(&[3]), |w, _| w),
        "update: shapes [2] and [3] do not fit: both need the same shape",
    );
}

#[test]
fn reductions() {
    let a = zeros(&[2, 3]);
    for axes in [&[2][..], &[0, 0]] {
        let rule = format!("shape [2, 3]: axes {axes:?} must be different and below 2");
        raises_here(|| a.sum_axes(axes, true), &format!("sum: {rule}"));
        raises_here(|| a.mean_axes(axes, false), &format!("mean: {rule}"));
    }
    let rule = "shape [2, 3]: axes [5] must be different and below 2";
    raises_here(|| a.sum_axis(5), &format!("sum: {rule}"));
    raises_here(|| a.mean_axis(5), &format!("mean: {rule}"));
    raises_here(|| a.softmax(5), &format!("softmax: {rule}"));
    raises_here(|| a.log_softmax(5), &format!("log_softmax: {rule}"));
    raises_here(|| a.logsumexp(5), &format!("logsumexp: {rule}"));
}

#[test]
fn new_shapes() {
    let a = zeros(&[2, 3]);
    raises_here(
        || a.reshape(&[4]),
        "reshape: shapes [2, 3] and [4] do not fit: a reshape keeps the number of elements",
    );
    let stretch = "matched from the last axis, the first shape's lengths must be 1 or equal the second's";
    for shape in [&[3][..], &[3, 3], &[2, 1], &[2, 3, 1]] {
        let message = format!("broadcast_to: shapes [2, 3] and {shape:?} do not fit: {stretch}");
        raises_here(|| a.broadcast_to(shape), &message);
    }
    raises_here(|| a.squeeze(0), "squeeze: shape [2, 3]: axis 0 must exist and have length 1");
    raises_here(|| a.squeeze(2), "squeeze: shape [2, 3]: axis 2 must exist and have length 1");
    raises_here(|| a.expand(3), "expand: shape [2, 3]: a new axis 3 must come at 2 at the latest");
    for axes in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
        let message = format!("permute: shape [2, 3]: {axes:?} must name each of its axes once");
        raises_here(|| a.permute(axes), &message);
    }
    let many = [usize::MAX, 2];
    raises_here(|| zeros(&many), &format!("full: shape {many:?}: too many elements"));
    raises_here(
        || a.reshape(&many),
        &format!("reshape: shapes [2, 3] and {many:?} do not fit: a reshape keeps the number of elements"),
    );
}

#[test]
fn parts() {
    let a = zeros(&[2, 3]);
    raises_here(|| a.slice(s![0]), "slice: shape [2, 3]: the slice names 1 axes");
    let cut = "slice: shape [2, 3]: Slice { start: 0, end: Some(4), step: 1 } reaches beyond an axis of length 3";
    raises_here(|| a.slice(s![.., 0..4]), cut);
    raises_here(|| a.slice(s![2, ..]), "slice: shape [2, 3]: Index(2) reaches beyond an axis of length 2");
    raises_here(|| a.slice(s![-3, ..]), "slice: shape [2, 3]: Index(-3) reaches beyond an axis of length 2");
    raises_here(|| a.narrow(1, 1..4), "narrow: shape [2, 3]: axis 1 has no range 1..4");
    raises_here(|| a.narrow(2, 0..0), "narrow: shape [2, 3]: axis 2 has no range 0..0");
    let backward = std::ops::Range { start: 2, end: 1 };
    raises_here(|| a.narrow(1, backward), "narrow: shape [2, 3]: axis 1 has no range 2..1");
    raises_here(|| a.index_select(0, &[1, 2]), "index_select: shape [2, 3]: axis 0 has no index 2");
    raises_here(|| a.index_select(2, &[]), "index_select: shape [2, 3]: no axis 2");
    raises_here(|| a.at([1, 3]), "at: shape [2, 3]: there is no element [1, 3]");
    raises_here(|| a.at([1]), "at: shape [2, 3]: there is no element [1]");
    raises_here(|| a.item(), "item: shape [2, 3]: `item` needs exactly one element");
    let two = [Var::constant(1.0); 2];
    raises_here(|| Tensor::from_vars(&two, &[3]), "from_vars: shape [3]: 2 scalars were given");
}

#[test]
fn joining() {
    let (a, b) = (zeros(&[2, 3]), zeros(&[2]));
    let rule = "all lengths but that of the joined axis must be equal";
    raises_here(|| Tensor::concat(&[&a, &b], 0), &format!("concat: shapes [2, 3] and [2] do not fit: {rule}"));
    raises_here(
        || Tensor::concat(&[&a, &zeros(&[3, 2])], 1),
        &format!("concat: shapes [2, 3] and [3, 2] do not fit: {rule}"),
    );
    raises_here(|| Tensor::concat(&[&a], 2), "concat: shape [2, 3]: axes [2] must be different and below 2");
    raises_here(
        || Tensor::stack(&[&a, &zeros(&[2, 2])], 0),
        &format!("concat: shapes [1, 2, 3] and [1, 2, 2] do not fit: {rule}"),
    );
    raises_here(|| Tensor::stack(&[&b], 2), "expand: shape [2]: a new axis 2 must come at 1 at the latest");
    let none = "concat: no tensors given; at least one is needed to know the shape";
    raises_here(|| Tensor::concat::<Tensor<f64>>(&[], 0), none);
    raises_here(|| Tensor::stack::<Tensor<f64>>(&[], 0), none);
}

#[test]
fn updates_and_directions() {
    let mut a = zeros(&[2, 3]);
    raises_here(
        || a.update(&zeros(&[3]), |a, b| a + b),
        "update: shapes [2, 3] and [3] do not fit: both need the same shape",
    );
    let (x, v) = ([zeros(&[2])], [zeros(&[3])]);
    let rule = "shapes [2] and [3] do not fit: a direction needs its input's shape";
    tests::raises(|| tensor::jvp(|t| t[0].square(), &x, &v), &format!("jvp: {rule}"));
    tests::raises(|| tensor::hvp(|t| t[0].square().sum(), &x, &v), &format!("hvp: {rule}"));
    let tape = Tape::new();
    let t = tape.tensor(array![1.0, 2.0]);
    // A shape error leaves nothing on the tape.
    let before = tape.len();
    raises_here(|| &t + zeros(&[3]), &format!("add: shapes [2] and [3] do not fit: {BROADCAST}"));
    assert_eq!(tape.len(), before);
}
