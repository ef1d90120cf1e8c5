//! The number of threads changes no bit: of any operation's value and gradients, and of training.
//!
//! Loops and products are split from a small part of the usual size on, so small operands take the same way through the code
//! as large ones do. `tests/it/elementwise.rs` and `kernels/gemm.rs` look at the usual sizes.

use autodiff::rules::{Binary, Unary};
use autodiff::tensor::{Conv, Pool, Triangle, small_parts};
use autodiff::{Real, Tape, Tensor, elementwise};
use ndarray::{Array2, ArrayD};

/// More than the size from which loops are split, and no power of two; rows enough for a product to be split.
const ROWS: usize = 131;
const COLS: usize = 17;

type Function<T> = Box<dyn Fn(&[Tensor<T>]) -> Tensor<T> + Send + Sync>;

elementwise!(sum waves(a, b) => (a * b).sin() * b.exp() + (1.0 + a * a).ln());
elementwise!(wave(a, b) => (a * b).sin() * b.exp() + (1.0 + a * a).ln());

/// The table's rows, on equal shapes and broadcast.
fn rows<T: Real>() -> Vec<(String, Function<T>)> {
    let mut all: Vec<(String, Function<T>)> = Vec::new();
    for &f in Unary::ALL {
        all.push((f.name().to_owned(), Box::new(move |t| t[0].unary(f))));
    }
    for &f in Binary::ALL {
        all.push((f.name().to_owned(), Box::new(move |t| t[0].binary(f, &t[1]))));
        all.push((format!("{}, broadcast", f.name()), Box::new(move |t| t[0].binary(f, &t[3]))));
    }
    all
}

/// All other operations, on `x` and `z` of 131 × 17, `w` of 17 × 17 and a vector of 17.
fn operations() -> Vec<(String, Function<f64>)> {
    let mut all: Vec<(String, Function<f64>)> = Vec::new();
    let mut add = |name: &str, f: Function<f64>| all.push((name.to_owned(), f));
    let solved = |y: autodiff::Result<Tensor<f64>>| y.expect("regular");
    let regular = |w: &Tensor<f64>| w + Tensor::constant(Array2::<f64>::eye(COLS) * 40.0);
    let index = || ArrayD::from_shape_fn(vec![ROWS, COLS], |at| (7 * at[0] + 3 * at[1]) % COLS);
    add("elementwise", Box::new(|t| wave(&t[0], &t[1])));
    add("elementwise, broadcast", Box::new(|t| wave(&t[0], &t[3])));
    add("elementwise_sum, rows", Box::new(|t| waves(&t[0], &t[1], &[1], false)));
    add("elementwise_sum, columns", Box::new(|t| waves(&t[0], &t[3], &[0], false)));
    add("elementwise_sum", Box::new(|t| waves(&t[0], &t[3], &[0, 1], false)));
    add("select", Box::new(|t| Tensor::select(&t[0].greater(&t[1]), &t[0], &t[1])));
    add("clamp", Box::new(|t| t[0].clamp(0.5, 0.7)));
    add("sum", Box::new(|t| t[0].sum()));
    add("sum, rows", Box::new(|t| t[0].sum_axis(1)));
    add("sum, columns", Box::new(|t| t[0].sum_axis(0)));
    add("mean", Box::new(|t| t[0].mean_axis(0)));
    add("prod", Box::new(|t| t[0].prod_axes(&[1], false)));
    add("max", Box::new(|t| t[0].max_axes(&[0], false)));
    add("min", Box::new(|t| t[0].min_axes(&[1], true)));
    add("var", Box::new(|t| t[0].var_axes(&[0], 1, false)));
    add("std", Box::new(|t| t[0].std_axes(&[1], 0, true)));
    add("norm", Box::new(|t| t[0].norm(3.0)));
    add("cumsum", Box::new(|t| t[0].cumsum(0)));
    add("cumprod", Box::new(|t| t[0].cumprod(1)));
    add("logcumsumexp", Box::new(|t| t[0].logcumsumexp(0)));
    add("sort", Box::new(|t| t[0].sort(0)));
    add("logsumexp", Box::new(|t| t[0].logsumexp(1)));
    add("softmax", Box::new(|t| t[0].softmax(1)));
    add("softmax, columns", Box::new(|t| t[0].softmax(0)));
    add("log_softmax", Box::new(|t| t[0].log_softmax(0)));
    add("softmax_cross_entropy", Box::new(|t| t[0].softmax_cross_entropy(&t[1].softmax(1).detach(), 1)));
    add("bce_with_logits", Box::new(|t| t[0].bce_with_logits(&t[1])));
    add("matmul", Box::new(|t| t[0].matmul(&t[2])));
    add("matmul, long", Box::new(|t| t[0].transpose().matmul(&t[1])));
    add("matmul, square", Box::new(|t| t[0].matmul(&t[1].transpose())));
    add("matmul, batch", Box::new(|t| Tensor::stack(&[&t[0], &t[1]], 0).matmul(&t[2])));
    let matrices = |t: &Tensor<f64>, shape: [usize; 3]| t.narrow(0, 0..130).reshape(&shape);
    add("matmul, each", Box::new(move |t| matrices(&t[0], [10, 13, COLS]).matmul(&matrices(&t[1], [10, COLS, 13]))));
    add("linear", Box::new(|t| t[0].linear(&t[2], &t[3])));
    add("dot", Box::new(|t| t[0].flatten().dot(&t[1].flatten())));
    add("outer", Box::new(|t| t[3].outer(&t[0].flatten())));
    add("einsum", Box::new(|t| Tensor::einsum("ij,jk,ik->k", &[&t[0], &t[2], &t[1]])));
    add("transpose", Box::new(|t| t[0].transpose().square()));
    add("reshape", Box::new(|t| t[0].transpose().reshape(&[ROWS, COLS])));
    add("slice", Box::new(|t| t[0].slice(ndarray::s![..;-2, 1..])));
    add("index_select", Box::new(|t| t[0].index_select(0, &[5, 5, 130, 0])));
    add("gather", Box::new(move |t| t[0].gather(1, &index())));
    add("scatter_add", Box::new(move |t| t[0].scatter_add(1, &index(), &t[1])));
    add("pad", Box::new(|t| t[0].pad(&[(3, 1), (0, 2)], 0.5)));
    add("flip", Box::new(|t| t[0].flip(&[0, 1])));
    add("roll", Box::new(|t| t[0].roll(5, 0)));
    add("concat", Box::new(|t| Tensor::concat(&[&t[0], &t[1]], 1)));
    add("broadcast_to", Box::new(|t| t[3].broadcast_to(&[ROWS, COLS])));
    add("tile", Box::new(|t| t[0].tile(&[2, 2])));
    add("diag", Box::new(|t| t[2].diag().diag()));
    add("tril", Box::new(|t| t[0].tril(-3)));
    add("triu", Box::new(|t| t[0].triu(2)));
    add("map_rows", Box::new(|t| t[0].map_rows(|x| vec![x[0] * x[1].sin(), autodiff::sum_sq(x)])));
    add(
        "conv2d",
        Box::new(|t| {
            let weights = t[2].narrow(0, 0..1).narrow(1, 0..9).reshape(&[1, 1, 3, 3]);
            t[0].reshape(&[1, 1, ROWS, COLS]).conv2d(&weights, None, Conv::new().padding(1))
        }),
    );
    add(
        "conv2d, items",
        Box::new(|t| {
            let weights = t[2].narrow(0, 0..1).narrow(1, 0..9).reshape(&[1, 1, 3, 3]);
            t[0].narrow(0, 0..128).reshape(&[8, 1, 16, COLS]).conv2d(&weights, None, Conv::new())
        }),
    );
    add("max_pool2d", Box::new(|t| t[0].reshape(&[1, 1, ROWS, COLS]).max_pool2d(Pool::new(2))));
    add("avg_pool2d", Box::new(|t| t[0].reshape(&[1, 1, ROWS, COLS]).avg_pool2d(Pool::new([3, 2]))));
    add("solve", Box::new(move |t| solved(regular(&t[2]).solve(&t[0].transpose()))));
    add(
        "solve_triangular",
        Box::new(move |t| solved(regular(&t[2]).solve_triangular(&t[0].transpose(), Triangle::Lower))),
    );
    add("inverse", Box::new(move |t| solved(regular(&t[2]).inverse())));
    add("cholesky", Box::new(move |t| solved(regular(&t[2]).cholesky())));
    add("logdet", Box::new(move |t| solved(regular(&t[2]).logdet())));
    all
}

/// Numbers between 0.3 and 0.9, inside the domain of nearly every row.
fn numbers<T: Real>(seed: u8, shape: &[usize]) -> Tensor<T> {
    let mut state = f64::from(seed) * 0.37;
    Tensor::constant(ArrayD::from_shape_simple_fn(shape, || {
        state = (state + 0.618_033_988_749_894_9).fract();
        T::of(0.3 + 0.6 * state)
    }))
}

fn operands<T: Real>() -> [Tensor<T>; 4] {
    [numbers(1, &[ROWS, COLS]), numbers(2, &[ROWS, COLS]), numbers(3, &[COLS, COLS]), numbers(4, &[COLS])]
}

/// Value, plain gradients and recorded gradients, as bits.
fn bits<T: Real>(f: &Function<T>) -> Vec<u64> {
    let tape = Tape::new();
    let leaves = operands::<T>().map(|x| tape.tensor(x));
    let y = f(&leaves);
    let mut all: Vec<u64> = y.view().iter().map(|x| x.primal().to_bits()).collect();
    if y.is_tracked() {
        let loss = (&y * numbers(5, y.shape())).sum();
        let gradients = loss.backward();
        let recorded = tape.grad(&loss, &leaves.each_ref());
        for (x, recorded) in leaves.iter().zip(recorded) {
            all.extend(gradients.wrt_or_zeros(x).iter().chain(&recorded.to_array()).map(|x| x.primal().to_bits()));
        }
    }
    all
}

fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(|| small_parts(work))
}

fn same_on_any_number<T: Real>(operations: fn() -> Vec<(String, Function<T>)>) {
    let run = || operations().iter().map(|(_, f)| bits(f)).collect::<Vec<_>>();
    let one = on(1, run);
    for threads in [2, 4] {
        for ((name, _), (one, other)) in operations().iter().zip(one.iter().zip(on(threads, run))) {
            assert!(*one == other, "{name}: other bits on {threads} threads");
        }
    }
}

#[test]
fn rows_in_both_precisions() {
    same_on_any_number(rows::<f64>);
    same_on_any_number(rows::<f32>);
}

#[test]
fn operations_on_tensors() {
    same_on_any_number(operations);
}

/// Two layers, ten steps of descent.
#[test]
fn training() {
    let train = || {
        let tape = Tape::<f64>::new();
        let [x, t, first, _] = operands();
        let (mut first, mut second) = (first, numbers(7, &[COLS, COLS]));
        for _ in 0..10 {
            tape.reset();
            let (a, b) = (tape.tensor(first.clone()), tape.tensor(second.clone()));
            let loss = (x.matmul(&a).tanh().matmul(&b) - &t).square().mean();
            let gradients = loss.backward();
            first = &first - Tensor::constant(gradients.wrt(&a) * 0.1);
            second = &second - Tensor::constant(gradients.wrt(&b) * 0.1);
        }
        [first, second].map(|w| w.to_array().mapv(f64::to_bits))
    };
    let one = on(1, train);
    assert!(one == on(2, train) && one == on(4, train));
}
