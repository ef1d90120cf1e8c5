//! Linear algebra over leading axes: each matrix as if it stood alone, to the bit.

use autodiff::tensor::Triangle;
use autodiff::{Real, Tape, Tensor};
use ndarray::{ArrayD, Axis, IxDyn};

/// Numbers without a pattern.
fn numbers<T: Real>(seed: usize, shape: &[usize]) -> Tensor<T> {
    let mut k = seed;
    Tensor::constant(ArrayD::from_shape_simple_fn(shape, || {
        k += 1;
        T::of((k as f64 * 0.618_033_988_749_894_9).fract() - 0.4)
    }))
}

fn definite<T: Real>(shape: &[usize]) -> Tensor<T> {
    let n = shape[shape.len() - 1];
    numbers::<T>(3, shape) + Tensor::constant(ndarray::Array2::<f64>::eye(n).mapv(T::of)) * T::of(n as f64)
}

/// An operation on a matrix and a right side, which some do not look at.
type Operation<T> = fn(&Tensor<T>, &Tensor<T>) -> Tensor<T>;

fn operations<T: Real>() -> [(&'static str, bool, Operation<T>); 7] {
    [
        ("solve", true, |a, b| a.solve(b).expect("regular")),
        ("lower", true, |a, b| a.solve_triangular(b, Triangle::Lower).expect("regular")),
        ("upper", true, |a, b| a.solve_triangular(b, Triangle::Upper).expect("regular")),
        ("inverse", false, |a, _| a.inverse().expect("regular")),
        ("cholesky", false, |a, _| a.cholesky().expect("definite")),
        ("det", false, |a, _| a.det()),
        ("logdet", false, |a, _| a.logdet().expect("regular")),
    ]
}

/// Value, gradients and recorded gradients.
fn outcome<T: Real>(f: Operation<T>, a: &Tensor<T>, b: &Tensor<T>) -> Vec<ArrayD<T>> {
    let tape = Tape::new();
    let (a, b) = (tape.tensor(a.clone()), tape.tensor(b.clone()));
    let y = f(&a, &b);
    let weights = (0..y.len()).map(|k| T::of(1.0 + (k % 5) as f64)).collect::<ndarray::Array1<T>>();
    let root = (&y * Tensor::constant(weights).reshape(y.shape())).sum();
    let plain = root.backward();
    let recorded = root.grad(&[&a, &b]);
    let mut all = vec![y.to_array(), plain.wrt_or_zeros(&a), plain.wrt_or_zeros(&b)];
    all.extend(recorded.iter().map(Tensor::to_array));
    all
}

#[test]
fn bits_of_single_matrices() {
    fn check<T: Real>() {
        // Small ones, and one large enough for halves.
        for n in [1, 2, 5, 40] {
            let a = definite::<T>(&[3, n, n]);
            for (name, reads, f) in operations::<T>() {
                for b in [numbers::<T>(9, &[3, n, 5]), numbers(8, &[3, n])] {
                    let together = outcome(f, &a, &b);
                    for k in 0..3 {
                        let one = |x: &Tensor<T>| x.narrow(0, k..k + 1).squeeze(0);
                        // Weights of a stack go on from one matrix to the next.
                        let alone = (one(&a), one(&b));
                        let value = f(&alone.0, &alone.1).to_array();
                        let same = together[0].index_axis(Axis(0), k).to_owned() == value;
                        assert!(same, "{name} {n}: matrix {k}");
                    }
                    for (of, plain) in [(3, 1), (4, 2)] {
                        let largest = together[plain].iter().fold(1.0, |most: f64, x| most.max(x.primal().abs()));
                        let far = |(x, y): (&T, &T)| (*x - *y).primal().abs() > 256.0 * T::epsilon().primal() * largest;
                        let differ = together[of].iter().zip(&together[plain]).any(far);
                        assert!(!differ, "{name} {n}: recorded gradient {plain}");
                    }
                    if !reads {
                        break;
                    }
                }
            }
        }
    }
    check::<f64>();
    check::<f32>();
}

/// Gradients of a stack are those of its matrices, where the weights are the same for each.
#[test]
fn gradients_of_single_matrices() {
    for (name, _, f) in operations::<f64>() {
        let (a, b) = (definite::<f64>(&[2, 4, 4]), numbers::<f64>(5, &[2, 4, 3]));
        let sum = |t: &[Tensor<f64>]| f(&t[0], &t[1]).square().sum();
        let together = autodiff::tensor::grad(sum, &[a.clone(), b.clone()]);
        for k in 0..2 {
            let one = |x: &Tensor<f64>| x.narrow(0, k..k + 1).squeeze(0);
            let alone = autodiff::tensor::grad(sum, &[one(&a), one(&b)]);
            for (together, alone) in together.iter().zip(&alone) {
                assert_eq!(together.index_axis(Axis(0), k), *alone, "{name}: matrix {k}");
            }
        }
    }
}

/// Shapes as `torch.linalg.solve` has them.
#[test]
fn shapes_of_solutions() {
    let shapes: [(&[usize], &[usize], &[usize]); 9] = [
        (&[3, 3], &[3], &[3]),
        (&[3, 3], &[3, 2], &[3, 2]),
        (&[4, 3, 3], &[3], &[4, 3]),
        (&[4, 3, 3], &[4, 3], &[4, 3]),
        (&[4, 3, 3], &[3, 2], &[4, 3, 2]),
        (&[3, 3, 3], &[3, 3], &[3, 3]),
        (&[3, 3], &[4, 3, 2], &[4, 3, 2]),
        (&[5, 1, 3, 3], &[4, 3, 2], &[5, 4, 3, 2]),
        (&[0, 3, 3], &[3, 2], &[0, 3, 2]),
    ];
    for (a, b, x) in shapes {
        let (a, b) = (definite::<f64>(a), numbers::<f64>(1, b));
        let found = a.solve(&b).expect("regular");
        assert_eq!(found.shape(), x, "{:?} {:?}", a.shape(), b.shape());
        assert_eq!(a.tril(0).solve_triangular(&b, Triangle::Lower).expect("regular").shape(), x);
        // A X = B, with vectors as columns.
        let vectors = b.ndim() == 1 || *b.shape() == a.shape()[..a.ndim() - 1];
        let column = |x: &Tensor<f64>| if vectors { x.expand(x.ndim()) } else { x.clone() };
        let product = a.matmul(&column(&found));
        let missed = (product - column(&b)).to_array().iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        assert!(missed < 1e-14, "{:?} {:?}: {missed:e}", a.shape(), b.shape());
    }
    let empty: Tensor<f64> = Tensor::zeros(&[2, 0, 0]);
    assert_eq!(empty.det().to_array(), ArrayD::<f64>::ones(IxDyn(&[2])));
    assert_eq!(empty.logdet().expect("regular").to_array(), ArrayD::<f64>::zeros(IxDyn(&[2])));
}
