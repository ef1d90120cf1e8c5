//! Matrix operations: what does not fit is said with the operation, the shapes and what would be right, at the caller's
//! line; what depends on the numbers is an error.

use autodiff::tensor::{Conv, Pool, Triangle};
use autodiff::{Tape, Tensor};
use ndarray::array;
use tests::raises_here;

fn zeros(shape: &[usize]) -> Tensor<f64> {
    Tensor::zeros(shape)
}

#[test]
fn einsum_texts() {
    let (m, v) = (zeros(&[2, 3]), zeros(&[3]));
    let wrong = |text: &str, operands: &[&Tensor<f64>], what: &str| {
        raises_here(|| Tensor::einsum(text, operands), &format!("einsum(\"{text}\"): {what}"));
    };
    let form = "an index is a letter, `...` stands for further axes (once in a term), commas separate the operands, and \
                the result follows after one `->`";
    for (text, c) in
        [("i1", '1'), ("ij->i->j", '-'), ("ij>", '>'), ("i..", '.'), ("......", '.'), ("ij->i,j", ','), ("é", 'é')]
    {
        wrong(text, &[&m], &format!("{c:?} is not an index: {form}"));
    }
    wrong("ij", &[&m, &v], "1 terms for 2 operands; each operand needs a term of its own");
    wrong("ij,j,", &[&m, &v], "3 terms for 2 operands; each operand needs a term of its own");
    wrong("", &[], "1 terms for 0 operands; each operand needs a term of its own");
    wrong("ij,jk", &[&m, &v], "operand 1 of shape [3] has 1 axes, and its term \"jk\" has 2 indices");
    wrong("i,j", &[&m, &v], "operand 0 of shape [2, 3] has 2 axes, and its term \"i\" has 1 indices");
    wrong("...ijk", &[&m], "operand 0 of shape [2, 3] has 2 axes, and its term \"...ijk\" has 3 indices");
    wrong("ij->k", &[&m], "the result has the index 'k', which no operand has");
    wrong("ij->ii", &[&m], "the result has the index 'i' twice; each can stand there once");
    wrong("...i->i", &[&m], "the result needs `...`, too; to add up, name the axes");
    wrong("ij,i", &[&m, &v], "the index 'i' has length 2 in operand 0 and 3 in operand 1; they must be equal or 1");
    wrong("ii", &[&m], "the index 'i' has length 2 in operand 0 and 3 in operand 0; a diagonal needs one length");
    wrong(
        "...,...",
        &[&m, &zeros(&[2])],
        "an axis of `...` has length 3 in operand 0 and 2 in operand 1; they must be equal or 1",
    );
    wrong(
        "ij,ii",
        &[&m, &zeros(&[2, 1])],
        "the index 'i' has length 2 in operand 1 and 1 in operand 1; a diagonal needs one length",
    );
}

#[test]
fn convolutions() {
    let x = zeros(&[1, 4, 5, 5]);
    let refuse = |shape: &[usize], how: Conv, rule: &str| {
        let message = format!("conv2d: shapes [1, 4, 5, 5] and {shape:?} do not fit: {rule}");
        raises_here(|| x.conv2d(&zeros(shape), None, how), &message);
    };
    let axes =
        "the input needs the axes items, channels, rows, columns, and the kernel outputs, channels, rows, columns";
    refuse(&[4, 3, 3], Conv::new(), axes);
    refuse(&[2, 3, 3, 3], Conv::new(), "the kernel needs as many channels as the input");
    let groups = "the input's channels must be the kernel's times the groups, and the outputs a multiple of the groups";
    refuse(&[2, 4, 3, 3], Conv::new().groups(2), groups);
    refuse(&[3, 2, 3, 3], Conv::new().groups(2), groups);
    refuse(&[2, 4, 0, 3], Conv::new(), "the kernel needs at least one element for each channel");
    let large = "the kernel is larger than the padded input; pad more, or take a smaller kernel or dilation";
    refuse(&[2, 4, 6, 1], Conv::new(), large);
    refuse(&[2, 4, 3, 3], Conv::new().dilation(3), large);
    refuse(&[2, 4, 3, 3], Conv::new().dilation(usize::MAX), large);
    raises_here(
        || x.conv2d(&zeros(&[2, 4, 3, 3]), Some(&zeros(&[4])), Conv::new()),
        "conv2d: shapes [2, 4, 3, 3] and [4] do not fit: the bias needs one number for each output, the kernel's first length",
    );
    raises_here(
        || x.conv1d(&zeros(&[2, 4, 3]), None, Conv::new()),
        "conv1d: shapes [1, 4, 5, 5] and [2, 4, 3] do not fit: the input needs the axes items, channels, length, and the \
         kernel outputs, channels, length",
    );
    raises_here(|| Conv::new().stride(0), "Conv: stride [0, 0] has a 0; it must be at least 1");
    raises_here(|| Conv::new().dilation([1, 0]), "Conv: dilation [1, 0] has a 0; it must be at least 1");
    raises_here(|| Conv::new().groups(0), "Conv: groups [0, 0] has a 0; it must be at least 1");
}

#[test]
fn pools() {
    let x = zeros(&[1, 2, 3, 4]);
    let axes = "the input needs the axes items, channels";
    raises_here(|| x.max_pool1d(Pool::new(2)), &format!("max_pool1d: shape [1, 2, 3, 4]: {axes}, length"));
    raises_here(
        || zeros(&[3, 4]).avg_pool2d(Pool::new(2)),
        &format!("avg_pool2d: shape [3, 4]: {axes}, rows, columns"),
    );
    let large = "avg_pool2d: shape [1, 2, 3, 4]: the window [4, 4] is larger than the input with its padding [0, 0], or the input is empty";
    raises_here(|| x.avg_pool2d(Pool::new(4)), large);
    let nothing = "max_pool2d: shape [1, 2, 0, 4]: the window [2, 2] is larger than the input with its padding [1, 1], or the input is empty";
    raises_here(|| zeros(&[1, 2, 0, 4]).max_pool2d(Pool::new(2).padding(1)), nothing);
    let outside = "max_pool2d: shape [1, 2, 3, 4]: padding [2, 0] is more than half of the window [3, 2], which would see nothing";
    raises_here(|| x.max_pool2d(Pool::new([3, 2]).padding([2, 0])), outside);
    raises_here(|| Pool::new(0), "Pool: size [0, 0] has a 0; it must be at least 1");
    raises_here(|| Pool::new(2).stride([0, 1]), "Pool: stride [0, 1] has a 0; it must be at least 1");
}

#[test]
fn losses() {
    let rule = "shapes [2, 3] and [3] do not fit: logits and targets need the same shape";
    raises_here(|| zeros(&[2, 3]).bce_with_logits(&zeros(&[3])), &format!("bce_with_logits: {rule}"));
    raises_here(|| zeros(&[2, 3]).softmax_cross_entropy(&zeros(&[3]), 1), &format!("softmax_cross_entropy: {rule}"));
    let axis = "softmax_cross_entropy: shape [3]: axes [1] must be different and below 1";
    raises_here(|| zeros(&[3]).softmax_cross_entropy(&zeros(&[3]), 1), axis);
}

#[test]
fn large_logits() {
    fn check<T: autodiff::Real>() {
        let tape = Tape::<T>::new();
        let numbers = |x: [[f64; 3]; 2]| Tensor::constant(ndarray::arr2(&x).mapv(T::of));
        let a = tape.tensor(numbers([[1e4, -1e4, 0.0], [-1e4, f64::NEG_INFINITY, 1e4]]));
        let t = numbers([[0.0, 1.0, 0.0], [0.25, 0.0, 0.75]]);
        let losses = a.softmax_cross_entropy(&t, 1);
        assert_eq!(losses.to_array().mapv(T::primal), array![2e4, 5e3].into_dyn());
        let g = losses.sum().backward().wrt(&a).mapv(T::primal);
        assert_eq!(g, array![[1.0, -1.0, 0.0], [-0.25, 0.0, 0.25]].into_dyn());
        let a = tape.tensor(numbers([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]]));
        let losses = a.bce_with_logits(&t);
        let ln_2 = T::of(2.0_f64).ln().primal();
        assert_eq!(losses.to_array().mapv(T::primal), array![[1e4, 1e4, ln_2], [2.5e3, 1e4, 2.5e3]].into_dyn());
        let g = losses.sum().backward().wrt(&a).mapv(T::primal);
        assert_eq!(g, array![[1.0, -1.0, 0.5], [-0.25, 1.0, 0.25]].into_dyn());
        let logs = a.log_softmax(1).to_array().mapv(T::primal);
        assert_eq!(logs.iter().take(3).copied().collect::<Vec<_>>(), [0.0, -2e4, -1e4]);
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn ties_share() {
    let tape = Tape::new();
    let x = tape.tensor(array![[[2.0, 2.0, 1.0, 2.0, f64::NAN]]]);
    let y = x.max_pool1d(Pool::new(3).stride(1));
    assert!(y.to_array()[[0, 0, 2]].is_nan());
    let g = (&y * &Tensor::constant(array![[[1.0, 10.0, 0.0]]])).sum().backward().wrt(&x);
    assert_eq!(g, array![[[0.5, 5.5, 0.0, 5.0, 0.0]]].into_dyn());
}

#[test]
fn systems() {
    let all = |shape: &[usize], rule: &str| {
        let a = zeros(shape);
        let message = |op: &str| format!("{op}: shape {shape:?}: {rule}");
        raises_here(|| a.solve(&zeros(&[2])).is_ok(), &message("solve"));
        raises_here(|| a.inverse().is_ok(), &message("inverse"));
        raises_here(|| a.det(), &message("det"));
        raises_here(|| a.logdet().is_ok(), &message("logdet"));
        raises_here(|| a.cholesky().is_ok(), &message("cholesky"));
        raises_here(|| a.solve_triangular(&zeros(&[2]), Triangle::Lower).is_ok(), &message("solve_triangular"));
    };
    all(&[2, 3], "the matrix must be square");
    all(&[2], "a square matrix is needed, or several");
    all(&[], "a square matrix is needed, or several");
    let lie = "the matrices must be square; they lie in the last two axes, which have the lengths";
    all(&[2, 3, 4], &format!("{lie} 3 and 4"));
    all(&[3, 3, 1, 2], &format!("{lie} 1 and 2"));
    let unfit = |a: &[usize], b: &[usize], rule: &str| {
        let message = |op: &str| format!("{op}: shapes {a:?} and {b:?} do not fit: {rule}");
        raises_here(|| zeros(a).solve(&zeros(b)).is_ok(), &message("solve"));
        raises_here(|| zeros(a).solve_triangular(&zeros(b), Triangle::Upper).is_ok(), &message("solve_triangular"));
    };
    let rows = "the right side needs as many rows as the matrix, as a vector or in columns";
    for b in [&[3][..], &[], &[3, 2], &[2, 3, 1]] {
        unfit(&[2, 2], b, rows);
    }
    // Neither a vector for each of four matrices nor a matrix of three rows.
    unfit(&[4, 3, 3], &[5, 3], rows);
    unfit(&[4, 3, 3], &[1, 3], rows);
    unfit(&[4, 3, 3], &[4], rows);
    let lead = "matched from the right, the lengths before the last two must be equal or 1";
    unfit(&[4, 3, 3], &[2, 3, 1], lead);
}

#[test]
fn one_of_several_matrices() {
    let text = |result: autodiff::Result<Tensor<f64>>| result.expect_err("singular").to_string();
    let one: Tensor<f64> = Tensor::constant(array![[1.0, 0.0], [0.0, 1.0]]);
    let singular = Tensor::constant(array![[1.0, 2.0], [2.0, 4.0]]);
    let two = Tensor::stack(&[&one, &singular], 0);
    let rule = "is singular: pivot 1 of its elimination is 0e0, nothing but rounding beside the terms it is the difference \
                of; a row is a combination of others";
    let of_two = format!("shape [2, 2, 2]: matrix [1] of the batch {rule}");
    assert_eq!(text(two.solve(&zeros(&[2]))), format!("solve: {of_two}"));
    assert_eq!(text(two.inverse()), format!("inverse: {of_two}"));
    let more = Tensor::stack(&[&Tensor::stack(&[&one, &one], 0), &two, &two], 0);
    assert_eq!(text(more.logdet()), format!("logdet: shape [3, 2, 2, 2]: matrix [1, 1] of the batch {rule}"));
    assert_eq!(
        text((&more - 1.0).solve_triangular(&zeros(&[2]), Triangle::Lower)),
        "solve_triangular: shape [3, 2, 2, 2]: matrix [0, 0] of the batch is singular: pivot 0, the element of the diagonal, is 0e0"
    );
    let triangular = (&more - Tensor::constant(array![[0.0, 0.0], [0.0, 4.0]])).permute(&[0, 1, 3, 2]);
    let triangular = triangular.solve_triangular(&zeros(&[2]), Triangle::Upper);
    assert_eq!(
        text(triangular),
        "solve_triangular: shape [3, 2, 2, 2]: matrix [1, 1] of the batch is singular: pivot 1, the element of the diagonal, is 0e0"
    );
    let definite = text((&more * Tensor::constant(array![[1.0, 1.0], [1.0, 0.5]])).cholesky());
    assert!(definite.starts_with(
        "cholesky: shape [3, 2, 2, 2]: matrix [1, 1] of the batch is not positive definite: pivot 1 is -2e0, and each"
    ));
}

#[test]
fn singular_matrices() {
    let singular = Tensor::constant(array![[1.0, 2.0], [2.0, 4.0]]);
    let text = |result: autodiff::Result<Tensor<f64>>| result.expect_err("singular").to_string();
    let rule = "shape [2, 2]: the matrix is singular: pivot 1 of its elimination is 0e0, nothing but rounding beside the \
                terms it is the difference of; a row is a combination of others";
    assert_eq!(text(singular.solve(&zeros(&[2]))), format!("solve: {rule}"));
    assert_eq!(text(singular.inverse()), format!("inverse: {rule}"));
    assert_eq!(text(singular.logdet()), format!("logdet: {rule}"));
    let triangular = Tensor::constant(array![[1.0, 2.0], [2.0, 0.0]]).solve_triangular(&zeros(&[2]), Triangle::Lower);
    let rule_of_half = "shape [2, 2]: the matrix is singular: pivot 1, the element of the diagonal, is 0e0";
    assert_eq!(text(triangular), format!("solve_triangular: {rule_of_half}"));
    let indefinite = Tensor::constant(array![[4.0, 6.0], [6.0, 5.0]]).cholesky();
    let definite = "the matrix is not positive definite: pivot 1 is -4e0, and each must be above 0 by more than rounding; a \
                    covariance that should be definite needs a small multiple of the identity added";
    assert_eq!(text(indefinite), format!("cholesky: shape [2, 2]: {definite}"));
    // Equal up to rounding, not finite, of lower precision: never a number.
    let nearly = Tensor::constant(array![[0.1, 0.2], [0.3, 0.1 + 0.5]]);
    assert!(text(nearly.inverse()).contains("pivot 1 of its elimination is "));
    for bad in [f64::NAN, f64::INFINITY] {
        let a = Tensor::constant(array![[1.0, 0.0], [0.0, bad]]);
        assert!(text(a.logdet()).contains("singular: pivot 1 "));
        assert!(text(a.cholesky()).contains("positive definite: pivot 1 "));
    }
    let twice = Tensor::constant(array![[0.1_f32, 0.3], [0.2, 0.6]]);
    assert!(twice.solve(&Tensor::ones(&[2])).is_err());
}
