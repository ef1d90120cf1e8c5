//! Derivatives of determinants at any rank, against the sum over permutations and closed forms.

use autodiff::{Real, Tape, Tensor, Var, grad, hessian, tensor};
use ndarray::{Array1, Array2, array};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::{all_close, close};

/// The determinant by expansion along rows: a polynomial in scalars.
fn expanded<R: Real>(x: &[R], n: usize) -> R {
    fn minor<R: Real>(x: &[R], n: usize, row: usize, cols: &[usize]) -> R {
        let term = |k: usize| {
            let others: Vec<usize> = cols.iter().copied().filter(|&c| c != cols[k]).collect();
            let term = x[row * n + cols[k]] * minor(x, n, row + 1, &others);
            if k.is_multiple_of(2) { term } else { -term }
        };
        if cols.is_empty() { R::one() } else { (0..cols.len()).map(term).sum() }
    }
    minor(x, n, 0, &(0..n).collect::<Vec<_>>())
}

fn matrix(rng: &mut ChaCha8Rng, rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_simple_fn((rows, cols), || rng.random_range(-1.0..1.0))
}

fn of_rank(rng: &mut ChaCha8Rng, n: usize, rank: usize) -> Array2<f64> {
    matrix(rng, n, rank).dot(&matrix(rng, rank, n))
}

/// The derivative of order three along directions, by a recorded gradient of a recorded gradient.
fn third(a: &Array2<f64>, u: &Array2<f64>, v: &Array2<f64>) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.tensor(a.clone());
    let along = |y: &Tensor<f64>, v: &Array2<f64>| (&y.grad(&[&x])[0] * Tensor::constant(v.clone())).sum();
    let second = along(&along(&x.det(), u), v);
    second.grad(&[&x])[0].to_array().into_iter().collect()
}

fn third_expanded(a: &Array2<f64>, u: &Array2<f64>, v: &Array2<f64>) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.vars(&a.iter().copied().collect::<Vec<_>>());
    let along = |y: Var<f64>, v: &Array2<f64>| -> Var<f64> { y.grad(&x).iter().zip(v).map(|(&g, &v)| g * v).sum() };
    let second = along(along(expanded(&x, a.nrows()), u), v);
    second.grad(&x).iter().map(|g| g.value()).collect()
}

#[test]
fn two_by_two() {
    let at = |a: Array2<f64>| [Tensor::constant(a)];
    let det = |t: &[Tensor<f64>]| t[0].det();
    assert_eq!(tensor::grad(det, &at(array![[1.0, 2.0], [2.0, 4.0]]))[0], array![[4.0, -2.0], [-2.0, 1.0]].into_dyn());
    let second = array![[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, -1.0, 0.0], [0.0, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
    for a in [array![[1.0, 2.0], [2.0, 4.0]], array![[0.0, 0.0], [0.0, 0.0]], array![[0.0, 3.0], [0.0, 0.0]]] {
        let cofactors = array![[a[[1, 1]], -a[[1, 0]]], [-a[[0, 1]], a[[0, 0]]]].into_dyn();
        assert_eq!(tensor::grad(det, &at(a.clone()))[0], cofactors);
        assert_eq!(tensor::hessian(det, &at(a.clone())), second);
        assert_eq!(third(&a, &array![[1.0, 2.0], [3.0, 4.0]], &array![[5.0, 1.0], [7.0, 2.0]]), [0.0; 4]);
    }
}

/// Every rank of small matrices, to order three.
#[test]
fn all_ranks() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for n in 1..=5 {
        for rank in 0..=n {
            let (a, u, v) = (of_rank(&mut rng, n, rank), matrix(&mut rng, n, n), matrix(&mut rng, n, n));
            let flat: Vec<f64> = a.iter().copied().collect();
            let f = |x: &[Var<f64>]| expanded(x, n);
            let inputs = [Tensor::constant(a.clone())];
            let what = format!("{n} by {n}, rank {rank}");
            let gradient = &tensor::grad(|t| t[0].det(), &inputs)[0];
            all_close(format_args!("{what}: gradient"), gradient, &grad(f, &flat), 1e-13);
            all_close(
                format_args!("{what}: Hessian"),
                &tensor::hessian(|t| t[0].det(), &inputs),
                &hessian(f, &flat),
                1e-12,
            );
            all_close(format_args!("{what}: third"), &third(&a, &u, &v), &third_expanded(&a, &u, &v), 1e-11);
        }
    }
}

/// With pivots of all sizes: neither nearly singular nor nothing.
#[test]
fn near_singular_and_graded() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for small in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15] {
        for n in 2..=4 {
            for rank in 1..n {
                let a = of_rank(&mut rng, n, rank) + small * matrix(&mut rng, n, n);
                let (u, v) = (matrix(&mut rng, n, n), matrix(&mut rng, n, n));
                let flat: Vec<f64> = a.iter().copied().collect();
                let f = |x: &[Var<f64>]| expanded(x, n);
                let inputs = [Tensor::constant(a.clone())];
                let what = format!("{n} by {n}, rank {rank}, {small:e}");
                let gradient = &tensor::grad(|t| t[0].det(), &inputs)[0];
                all_close(format_args!("{what}: gradient"), gradient, &grad(f, &flat), 1e-13);
                // Nothing is divided by what is small: half of the digits are left at order three.
                let second = tensor::hessian(|t| t[0].det(), &inputs);
                all_close(format_args!("{what}: Hessian"), &second, &hessian(f, &flat), 1e-11);
                all_close(format_args!("{what}: third"), &third(&a, &u, &v), &third_expanded(&a, &u, &v), 1e-7);
            }
        }
    }
    let sizes = [1.0, 1e-12, 1e-20, 1e-40];
    let others = |without: &[usize]| (0..4).filter(|k| !without.contains(k)).map(|k| sizes[k]).product::<f64>();
    let inputs = [Tensor::constant(Array2::from_diag(&array![1.0, 1e-12, 1e-20, 1e-40]))];
    let (first, second) = (&tensor::grad(|t| t[0].det(), &inputs)[0], tensor::hessian(|t| t[0].det(), &inputs));
    for i in 0..4 {
        tests::near(format_args!("{i}"), first[[i, i]], others(&[i]), 1e-14);
        for j in (0..4).filter(|&j| j != i) {
            tests::near(format_args!("{i} {j}"), second[[5 * i, 5 * j]], others(&[i, j]), 1e-14);
            tests::near(format_args!("{i} {j}, exchanged"), second[[4 * i + j, 4 * j + i]], -others(&[i, j]), 1e-14);
        }
    }
}

/// `A = X D Y` with some zeros on the diagonal of `D`, along `X E Y` with ones there: the determinant is `t^zeros` times a
/// number.
#[test]
fn large_matrices() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let n = 40;
    let well = |rng: &mut ChaCha8Rng| Array2::eye(n) + matrix(rng, n, n) * 0.2;
    let (x, y) = (well(&mut rng), well(&mut rng));
    let det = |a: &Array2<f64>| Tensor::constant(a.clone()).det().item();
    let inverse = |a: &Array2<f64>| {
        let inverse = Tensor::constant(a.clone()).inverse().expect("regular").to_array();
        inverse.into_dimensionality::<ndarray::Ix2>().expect("a matrix")
    };
    let both = det(&x) * det(&y);
    for zeros in 1..=3 {
        let d = Array1::from_shape_fn(n, |k| f64::from(u8::from(k >= zeros)));
        let a = x.dot(&Array2::from_diag(&d)).dot(&y);
        let along = Tensor::constant(x.dot(&Array2::from_diag(&(1.0 - d))).dot(&y));
        let tape = Tape::new();
        let t = tape.tensor(a);
        let mut order = t.det();
        let value = order.item();
        assert!(value.abs() < 1e-10 * both.abs());
        let first = order.backward().wrt(&t);
        let mut cofactors = Array2::zeros((n, n));
        cofactors[[0, 0]] = if zeros == 1 { both } else { 0.0 };
        let want = inverse(&x).t().dot(&cofactors).dot(&inverse(&y).t());
        all_close(format_args!("{zeros} zeros"), &(first / both), &(want / both), 1e-11);
        let mut factorial = 1.0;
        for k in 1..=4 {
            order = (&order.grad(&[&t])[0] * &along).sum();
            factorial *= k as f64;
            let want = if k == zeros { factorial } else { 0.0 };
            close(format_args!("{zeros} zeros, order {k}"), order.item() / both, want, 1e-9);
        }
    }
    // Nothing at all is done quickly.
    let nothing = tape_of_zeros(300);
    assert!(nothing.iter().all(|&x| x == 0.0));
}

fn tape_of_zeros(n: usize) -> ndarray::ArrayD<f64> {
    tensor::grad(|t| t[0].det(), &[Tensor::zeros(&[n, n])]).remove(0)
}

#[test]
fn stacks_of_all_kinds() {
    let regular = array![[2.0, 1.0], [0.0, 3.0]];
    let singular = array![[1.0, 2.0], [2.0, 4.0]];
    let each = [&regular, &singular].map(|a| Tensor::constant(a.clone()));
    let stack = Tensor::stack(&[&each[0], &each[1]], 0);
    let g = tensor::grad(|t| (t[0].det() * Tensor::constant(array![1.0, 10.0])).sum(), &[stack]);
    assert_eq!(g[0], array![[[3.0, 0.0], [-1.0, 2.0]], [[40.0, -20.0], [-20.0, 10.0]]].into_dyn());
    // What is not finite is not for elimination to judge.
    for bad in [f64::NAN, f64::INFINITY] {
        let a = Tensor::constant(array![[bad, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
        assert!(tensor::grad(|t| t[0].det(), &[a])[0].iter().all(|x| x.is_nan()));
    }
    let single = Tensor::constant(array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
    let g = tensor::grad(|t| t[0].det(), &[single]).remove(0).mapv(f64::from);
    all_close("f32", &g, &array![[-3.0, 6.0, -3.0], [6.0, -12.0, 6.0], [-3.0, 6.0, -3.0]], 1e-5);
}
