//! What the operations say of arguments that do not fit, at the caller's line. See `shapes` for more of them.

use autodiff::Tensor;
use ndarray::{Array1, SliceInfoElem, array, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::raises_here;

fn zeros(shape: &[usize]) -> Tensor<f64> {
    Tensor::zeros(shape)
}

const MANY: usize = usize::MAX / 2;

#[test]
fn reductions() {
    let a = zeros(&[2, 3]);
    for axes in [&[2][..], &[1, 1]] {
        let rule = format!("shape [2, 3]: axes {axes:?} must be different and below 2");
        raises_here(|| a.prod_axes(axes, false), &format!("prod: {rule}"));
        raises_here(|| a.max_axes(axes, false), &format!("max_axes: {rule}"));
        raises_here(|| a.min_axes(axes, true), &format!("min_axes: {rule}"));
        raises_here(|| a.var_axes(axes, 0, true), &format!("var: {rule}"));
        raises_here(|| a.std_axes(axes, 0, true), &format!("std: {rule}"));
        raises_here(|| a.norm_axes(3.0, axes, true), &format!("norm: {rule}"));
        raises_here(|| a.norm_axes(f64::INFINITY, axes, true), &format!("norm: {rule}"));
        raises_here(|| a.logsumexp_axes(axes, true), &format!("logsumexp: {rule}"));
    }
    let rule = "shape [2, 3]: axes [2] must be different and below 2";
    raises_here(|| a.max_axis(2), &format!("max_axes: {rule}"));
    raises_here(|| a.min_axis(2), &format!("min_axes: {rule}"));
    raises_here(|| a.prod_axis(2), &format!("prod: {rule}"));
    raises_here(|| a.argmax(2), &format!("argmax: {rule}"));
    raises_here(|| a.argmin(2), &format!("argmin: {rule}"));
    raises_here(|| a.cumsum(2), "cumsum: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2");
    let rule = "shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2";
    raises_here(|| a.cumprod(2), &format!("cumprod: {rule}"));
    raises_here(|| a.logcumsumexp(2), &format!("logcumsumexp: {rule}"));
    raises_here(|| a.sort(2), &format!("sort: {rule}"));
    raises_here(|| a.argsort(2), &format!("argsort: {rule}"));
    raises_here(|| a.top_k(1, 2), &format!("top_k: {rule}"));
    let last_but_one = "top_k: shape [2, 3]: there is no axis -2; axes are counted from 0, and there are 2";
    raises_here(|| a.top_k(1, usize::MAX - 1), last_but_one);
    raises_here(|| a.top_k(4, 1), "top_k: shape [2, 3]: axis 1 has 3 elements, from which 4 cannot be taken");
}

#[test]
fn constants() {
    let message = "arange: from 0 to 1 in steps of 0; the numbers must be finite and the step not 0";
    raises_here(|| Tensor::arange(0.0, 1.0, 0.0), message);
    let message = "arange: from NaN to 1 in steps of 1; the numbers must be finite and the step not 0";
    raises_here(|| Tensor::arange(f64::NAN, 1.0, 1.0), message);
    let message = "arange: from 0 to 1e300 in steps of 1 there are too many elements";
    raises_here(|| Tensor::arange(0.0, 1e300, 1.0), &message.replace("1e300", &1e300_f64.to_string()));
    raises_here(
        || Tensor::<f64>::eye(MANY),
        &format!("diag: shape [{MANY}]: a square matrix of this size has too many elements"),
    );
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let message = "rand_uniform: from 1 to 0; both must be finite, and the lower not above the upper";
    raises_here(|| Tensor::rand_uniform(&[2], 1.0, 0.0, &mut rng), message);
    for class in [3.0, -1.0, 0.5, f64::NAN] {
        let rule = "the number of a class is whole, from 0 on, and below 3";
        let numbers = Tensor::from(vec![0.0, class]);
        raises_here(|| numbers.one_hot(3), &format!("one_hot: shape [2]: element 1 is {class}; {rule}"));
    }
}

#[test]
fn nothing_to_reduce() {
    let a = zeros(&[0, 3]);
    let rule = "shape [0, 3]: no elements along axes [0]; at least one is needed to choose from";
    raises_here(|| a.max_axes(&[0], false), &format!("max_axes: {rule}"));
    raises_here(|| a.min_axes(&[0], true), &format!("min_axes: {rule}"));
    raises_here(|| a.argmax(0), &format!("argmax: {rule}"));
    raises_here(|| a.argmin(0), &format!("argmin: {rule}"));
    let rule = "shape [0, 3]: no elements along axes [0, 1]; at least one is needed to choose from";
    raises_here(|| a.max_all(), &format!("max_axes: {rule}"));
    raises_here(|| a.min_all(), &format!("min_axes: {rule}"));
    let few = |n: usize, c: usize| format!("hold {n} elements; more than the correction, {c}, are needed");
    raises_here(|| a.var_axes(&[0], 0, false), &format!("var: shape [0, 3]: axes [0] {}", few(0, 0)));
    raises_here(|| zeros(&[2]).std(2), &format!("std: shape [2]: axes [0] {}", few(2, 2)));
    raises_here(|| zeros(&[]).var(1), &format!("var: shape []: axes [] {}", few(1, 1)));
}

#[test]
fn norms() {
    for p in [0.5, 0.0, f64::NEG_INFINITY, f64::NAN] {
        let message = format!("norm: p is {p}; a norm needs p of at least 1, infinity included");
        raises_here(|| zeros(&[2]).norm(p), &message);
    }
}

#[test]
fn parts() {
    let a = zeros(&[2, 3]);
    raises_here(
        || a.slice(s![.., 5..]),
        &format!("slice: shape [2, 3]: {} reaches beyond an axis of length 3", slice(5, None)),
    );
    let still = vec![SliceInfoElem::from(..), SliceInfoElem::Slice { start: 0, end: None, step: 0 }];
    raises_here(|| a.slice(still), "slice: shape [2, 3]: a step of 0 goes nowhere");
    raises_here(
        || a.split(2, &[1]),
        "split: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2",
    );
    let sum = "must add up to that of axis 1, 3";
    raises_here(|| a.split(1, &[1, 1]), &format!("split: shape [2, 3]: the lengths [1, 1] {sum}"));
    let lengths = [usize::MAX, 4];
    raises_here(|| a.split(1, &lengths), &format!("split: shape [2, 3]: the lengths {lengths:?} {sum}"));
    raises_here(
        || a.chunks(2, 1),
        "chunks: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2",
    );
    raises_here(|| a.chunks(0, 0), "chunks: shape [2, 3]: chunks of length 0 never come to an end");
}

fn slice(start: isize, end: Option<isize>) -> String {
    format!("{:?}", SliceInfoElem::Slice { start, end, step: 1 })
}

#[test]
fn indices() {
    let a = zeros(&[2, 3]);
    let rule = "the array of indices may differ along the named axis only";
    raises_here(|| a.gather(0, &array![0]), &format!("gather: shapes [2, 3] and [1] do not fit: {rule}"));
    raises_here(|| a.gather(0, &array![[0]]), &format!("gather: shapes [2, 3] and [1, 1] do not fit: {rule}"));
    raises_here(
        || a.gather(2, &array![[0]]),
        "gather: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2",
    );
    raises_here(|| a.gather(1, &array![[0], [3]]), "gather: shape [2, 3]: axis 1 of length 3 has no index 3");
    let one = zeros(&[2, 1]);
    raises_here(
        || a.scatter_add(1, &array![[0], [3]], &one),
        "scatter_add: shape [2, 3]: axis 1 of length 3 has no index 3",
    );
    raises_here(
        || a.scatter_add(1, &array![[0], [1]], &zeros(&[2])),
        "scatter_add: shapes [2, 1] and [2] do not fit: there must be an index for each element of the source",
    );
    raises_here(|| zeros(&[0]).gather(0, &Array1::zeros(2)), "gather: shape [0]: axis 0 of length 0 has no index 0");
}

#[test]
fn moving_around() {
    let a = zeros(&[2, 3]);
    raises_here(|| a.pad(&[(1, 1)], 0.0), "pad: shape [2, 3]: 1 pairs of widths were given; each axis needs one");
    let widths = [(usize::MAX, 1), (0, 0)];
    raises_here(|| a.pad(&widths, 0.0), &format!("pad: shape [2, 3]: too many elements with widths {widths:?}"));
    let widths = [(MANY, 0), (0, 0)];
    raises_here(|| a.pad(&widths, 0.0), &format!("pad: shape [2, 3]: too many elements with widths {widths:?}"));
    raises_here(|| a.flip(&[2]), "flip: shape [2, 3]: axes [2] must be different and below 2");
    raises_here(|| a.flip(&[1, 1]), "flip: shape [2, 3]: axes [1, 1] must be different and below 2");
    raises_here(|| a.roll(1, 2), "roll: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2");
    raises_here(
        || a.swap_axes(0, 2),
        "swap_axes: shape [2, 3]: there is no axis 2; axes are counted from 0, and there are 2",
    );
    raises_here(|| zeros(&[2]).mT(), "mT: shape [2]: a matrix is needed, or several");
    raises_here(|| a.unsqueeze(3), "expand: shape [2, 3]: a new axis 3 must come at 2 at the latest");
    raises_here(|| a.tile(&[MANY]), &format!("tile: shape [2, 3]: too many elements, repeated [1, {MANY}] times"));
}

#[test]
fn matrices() {
    for (shape, rule) in [(&[][..], "a vector or a matrix is needed"), (&[2, 2, 2], "a vector or a matrix is needed")] {
        raises_here(|| zeros(shape).diag(), &format!("diag: shape {shape:?}: {rule}"));
    }
    let long = zeros(&[1]).broadcast_to(&[MANY]);
    raises_here(|| long.diag(), &format!("diag: shape [{MANY}]: a square matrix of this size has too many elements"));
    raises_here(|| zeros(&[2]).trace(), "trace: shape [2]: a matrix is needed");
    raises_here(|| zeros(&[2]).tril(0), "tril: shape [2]: a matrix is needed, or several");
    raises_here(|| zeros(&[]).triu(0), "triu: shape []: a matrix is needed, or several");
}

#[test]
fn comparisons() {
    let (a, b) = (zeros(&[2, 3]), zeros(&[2]));
    let rule = "shapes [2, 3] and [2] do not fit: matched from the last axis, lengths must be equal or 1";
    raises_here(|| a.less(&b), &format!("less: {rule}"));
    raises_here(|| a.less_equal(&b), &format!("less_equal: {rule}"));
    raises_here(|| a.greater(&b), &format!("greater: {rule}"));
    raises_here(|| a.greater_equal(&b), &format!("greater_equal: {rule}"));
    raises_here(|| a.equal(&b), &format!("equal: {rule}"));
    raises_here(|| a.not_equal(&b), &format!("not_equal: {rule}"));
    raises_here(
        || b.masked_fill(&a, 0.0),
        "masked_fill: shapes [2] and [2, 3] do not fit: matched from the last axis, the mask's lengths must be 1 or equal \
         the tensor's",
    );
}

#[test]
fn too_many_elements() {
    let one = zeros(&[1]);
    let shape = [MANY, 3];
    raises_here(|| one.broadcast_to(&shape), &format!("broadcast_to: shape [1]: too many elements in shape {shape:?}"));
    let long = one.broadcast_to(&[MANY]);
    let message = format!("concat: shape [{MANY}]: 3 tensors joined have too many elements");
    raises_here(|| Tensor::concat(&[&long, &long, &long], 0), &message);
    let (a, b) = (one.broadcast_to(&[MANY, 1]), zeros(&[3]));
    raises_here(
        || &a + &b,
        &format!("add: shapes [{MANY}, 1] and [3] do not fit: together they have too many elements"),
    );
}
