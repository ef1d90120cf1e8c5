//! Sums of elementwise formulas beside the formula followed by a sum: the same bits, of any shape, on any number of threads.

use autodiff::tensor::{Path, limited_to, small_parts};
use autodiff::{Real, Tape, Tensor, elementwise, tensor};
use ndarray::{ArrayD, array};

elementwise!(wave(x, c) => (x * c).sin() * c.exp() + 0.5 * x);
elementwise! {
    /// The sum of `wave`.
    #[must_use]
    pub(crate) sum waves(x, c) => (x * c).sin() * c.exp() + 0.5 * x
}
elementwise!(sum affine(a, x, b) => a * x + b);
elementwise!(sum four(a, b, c, d) => a * b.sigmoid() - (c / d).exp_m1());
elementwise!(sum squares(x, c) => (x - c).square());

/// Shapes of two operands, and axes to be summed over.
const CASES: &[(&[usize], &[usize], &[usize])] = &[
    (&[], &[], &[]),
    (&[0, 3], &[3], &[0]),
    (&[7, 1, 5], &[1, 9, 5], &[2]),
    (&[7, 1, 5], &[1, 9, 5], &[0]),
    (&[7, 1, 5], &[1, 9, 5], &[0, 2]),
    (&[7, 1, 5], &[1, 9, 5], &[2, 1, 0]),
    (&[40, 1, 30], &[1, 33, 30], &[2]),
    (&[40, 1, 30], &[1, 33, 30], &[0, 1]),
    (&[40, 1, 30], &[1, 33, 30], &[0, 2]),
    (&[40, 1, 30], &[1, 33, 30], &[0, 1, 2]),
    (&[40, 1, 30], &[1, 33, 30], &[]),
    (&[3, 1, 5000], &[4, 1], &[0, 2]),
    (&[700, 3], &[3], &[0]),
    (&[10_007], &[1], &[0]),
    (&[3, 2, 70, 1], &[90], &[2, 3]),
    (&[2, 1, 3, 1, 4], &[5, 1, 6, 1], &[1, 3]),
];

fn numbers<T: Real>(shape: &[usize], from: f64) -> ArrayD<T> {
    let mut i = 0.0;
    ArrayD::from_shape_fn(shape, |_| {
        i += 1.0;
        T::of(0.9 * (from + 0.37 * i * i).sin())
    })
}

fn bits<T: Real>(x: &ArrayD<T>) -> Vec<u64> {
    x.iter().map(|x| x.primal().to_bits()).collect()
}

/// The value, the gradients of a weighted sum, and the same once recorded, as bits; then second derivatives.
fn orders<T: Real>(case: (&[usize], &[usize], &[usize]), fused: bool) -> (Vec<Vec<u64>>, Vec<ArrayD<T>>) {
    let (a, b, axes) = case;
    let tape = Tape::<T>::new();
    let [x, c] = [tape.tensor(numbers::<T>(a, 0.3)), tape.tensor(numbers::<T>(b, 1.1))];
    let y = if fused { waves(&x, &c, axes, true) } else { wave(&x, &c).sum_axes(axes, true) };
    let root = (&y * Tensor::constant(numbers::<T>(y.shape(), 0.7))).sum();
    let mut all = vec![bits(&y.to_array())];
    let g = root.backward();
    all.extend([&x, &c].map(|x| bits(&g.wrt(x))));
    let recorded = tape.grad(&root, &[&x, &c]);
    all.extend(recorded.iter().map(|g| bits(&g.to_array())));
    let norm = recorded[0].square().sum() + recorded[1].square().sum();
    let second = norm.backward();
    let mut further = [&x, &c].map(|x| second.wrt(x)).to_vec();
    let second = tape.grad(&norm, &[&x, &c]);
    further.extend(second.iter().map(Tensor::to_array));
    let third = (second[0].sum() + second[1].sum()).backward();
    further.extend([&x, &c].map(|x| third.wrt(x)));
    (all, further)
}

fn beside_the_two_operations<T: Real>(tolerance: f64) {
    for &case in CASES {
        let ((one, further), (two, expected)) = (orders::<T>(case, true), orders::<T>(case, false));
        assert!(one == two, "{case:?}");
        for (k, (a, b)) in further.iter().zip(&expected).enumerate() {
            let most = b.iter().fold(1.0, |most: f64, x| most.max(x.primal().abs()));
            let close = |(a, b): (&T, &T)| (a.primal() - b.primal()).abs() <= tolerance * most;
            assert!(a.shape() == b.shape() && a.iter().zip(b).all(close), "{case:?}, number {k}: {a} and {b}");
        }
    }
}

#[test]
fn bits_are_those_of_the_formula_and_a_sum() {
    beside_the_two_operations::<f64>(1e-11);
}

#[test]
fn bits_are_those_of_the_formula_and_a_sum_in_single_precision() {
    beside_the_two_operations::<f32>(2e-3);
}

#[test]
fn threads_and_processors_change_no_bit() {
    // Of the large ones one: with small parts, the others are cut as well.
    let cases = || CASES.iter().filter(|case| case.0 != [40, 1, 30] || case.2 == [2]);
    let run = || cases().map(|&case| orders::<f64>(case, true).0).collect::<Vec<_>>();
    let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(run);
    let one = on(1);
    let parts = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| small_parts(run))
    };
    assert!(one == parts(2) && one == parts(5));
    assert!(limited_to(Path::Portable, || on(1)) == one);
}

#[test]
fn other_numbers_and_more_arguments() {
    let x = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    let two = Tensor::constant(array![2.0, -1.0]);
    let dual = |x: &Tensor<f64>| Tensor::constant(x.to_array().mapv(autodiff::Dual::<f64>::from));
    assert_eq!(
        squares(&dual(&x), &dual(&two), &[1], false).to_array().mapv(autodiff::Dual::value),
        array![10.0, 26.0].into_dyn()
    );

    let tape = Tape::<f64>::new();
    let [a, x, b] = [array![2.0].into_dyn(), numbers(&[3, 4], 0.0), numbers(&[5, 1, 1], 1.0)].map(|x| tape.tensor(x));
    let y = affine(&a, &x, &b, &[0, 2], false);
    assert_eq!(y.shape(), [3]);
    let (g, plain) = (y.square().sum(), (&a * &x + &b).sum_axes(&[0, 2], false).square().sum());
    let norm = |y: &Tensor<f64>| {
        let g = tape.grad(y, &[&a, &x, &b]);
        tape.grad(g.iter().map(|g| g.square().sum()).reduce(|a, b| a + b).expect("three"), &[&a, &x, &b])
    };
    for (fused, plain) in norm(&g).iter().zip(&norm(&plain)) {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-10 * (1.0 + b.abs());
        assert!(fused.to_array().iter().zip(&plain.to_array()).all(close), "{fused} {plain}");
    }

    // Each argument of four in turn, at orders 1 and 2.
    let at: Vec<Tensor<f64>> = [0.7, -0.4, 1.3, 2.0].iter().map(|&x| Tensor::full(&[2], x)).collect();
    let all = |t: &[Tensor<f64>]| four(&t[0], &t[1], &t[2], &t[3], &[0], false).square();
    let plain = |t: &[Tensor<f64>]| (&t[0] * t[1].sigmoid() - (&t[2] / &t[3]).exp_m1()).sum().square();
    for i in 0..4 {
        let with = |f: &dyn Fn(&[Tensor<f64>]) -> Tensor<f64>, x: &[Tensor<f64>]| {
            f(&(0..4).map(|k| if k == i { x[0].clone() } else { at[k].clone() }).collect::<Vec<_>>())
        };
        let direction = [Tensor::constant(array![0.3, 1.0])];
        let [a, b] = [&all as &dyn Fn(&[Tensor<f64>]) -> Tensor<f64>, &plain]
            .map(|f| tensor::hvp(|x| with(f, x), std::slice::from_ref(&at[i]), &direction).remove(0));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13 * (1.0 + b.abs())), "argument {i}: {a} and {b}");
    }
}

#[test]
fn zeros_pass_nothing_on() {
    elementwise!(sum roots(x, c) => (x * c).sqrt());
    let tape = Tape::<f64>::new();
    let x = tape.tensor(array![[0.0, 4.0], [9.0, 1.0]]);
    let y = roots(&x, &Tensor::scalar(1.0), &[1], false);
    // The first row, with a slope that is infinite, is not chosen.
    let chosen = Tensor::select(&Tensor::constant(array![0.0, 1.0]), &y, 0.0);
    assert_eq!(chosen.sum().backward().wrt(&x), array![[0.0, 0.0], [1.0 / 6.0, 0.5]].into_dyn());
    let g = &tape.grad(chosen.sum(), &[&x])[0];
    assert_eq!(g.sum().backward().wrt(&x), array![[0.0, 0.0], [-1.0 / 108.0, -0.25]].into_dyn());
}

#[test]
#[should_panic(expected = "squares: shapes [2] and [3] do not fit")]
fn shapes_that_do_not_fit() {
    let _ = squares(&Tensor::<f64>::ones(&[2]), &Tensor::ones(&[3]), &[0], false);
}

#[test]
#[should_panic(expected = "squares: shape [2]: axes [2] must be different and below 1")]
fn axes_that_are_not_there() {
    let _ = squares(&Tensor::<f64>::ones(&[2]), &Tensor::ones(&[2]), &[2], false);
}
