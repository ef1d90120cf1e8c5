//! `elementwise!` beside the same formula in tensor operations: values, gradients of orders 1 to 3, shapes, threads.

use autodiff::rules::Algebra;
use autodiff::tensor::{Elem, Formula, Path, limited_to};
use autodiff::{Real, Tape, Tensor, elementwise};
use ndarray::{Array, array};

elementwise! {
    /// All that has a vector function, and what has none.
    #[must_use]
    pub(crate) mixed(y, t) =>
        (-(t * y)).exp().ln_1p() + 0.1 * y.abs().powf(1.5) + y.sin() * (-(y * y)).exp() + (t * y).tanh() / (2.0 + t.cosh())
}
elementwise!(affine(a, x, b) => a * x + b);
elementwise!(four(a, b, c, d) => a * b.sigmoid() - (c / d).exp_m1());
elementwise!(cube(x) => x.powi(3) - 1.0);
elementwise!(huber(r) => Elem::select(r.abs().less(1.0), 0.5 * r * r, r.abs() - 0.5));
elementwise!(waves(x) => x.sin() + x.cos());

fn composed<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    let power = 0.1 * y.abs().powf(1.5);
    (-(t * y)).exp().ln_1p() + power + y.sin() * (-(y * y)).exp() + (t * y).tanh() / (2.0 + t.cosh())
}

fn assert_close<T: Real>(a: &Tensor<T>, b: &Tensor<T>, tolerance: f64, what: &str) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    for (a, b) in a.to_array().iter().zip(&b.to_array()) {
        let (a, b) = (a.primal(), b.primal());
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}: {a} {b}");
    }
}

/// Derivatives of orders 1, 2, 3 with respect to both arguments; the second shape broadcasts.
fn orders<T: Real>(tolerance: f64) {
    let tape = Tape::<T>::new();
    let y = Array::from_shape_fn((4, 35), |(i, j)| T::of(f64::from(i as i32 * 35 + j as i32 - 61) * 0.043));
    let y = tape.tensor(y);
    let t = tape.tensor(Array::from_shape_fn((4, 1), |(i, _)| T::of(f64::from(i as i32) - 1.3)));
    let mut sides = [mixed(&y, &t), composed(&y, &t)].map(|z| vec![z]);
    assert_close(&sides[0][0], &sides[1][0], tolerance, "value");
    for order in 1..=3 {
        sides = sides.map(|side| side.iter().flat_map(|z| tape.grad(z.sum(), &[&y, &t])).collect());
        for (k, (a, b)) in sides[0].iter().zip(&sides[1]).enumerate() {
            assert_close(a, b, tolerance * 20f64.powi(order), &format!("order {order}, number {k}"));
        }
    }
    // Not recorded, the gradient takes one pass.
    let (fused, plain) = (mixed(&y, &t).sum().backward(), composed(&y, &t).sum().backward());
    for x in [&y, &t] {
        let [a, b] = [&fused, &plain].map(|g| Tensor::constant(g.wrt(x)));
        assert_close(&a, &b, 20.0 * tolerance, "first order");
    }
}

#[test]
fn equals_the_composition_to_third_order() {
    orders::<f64>(1e-14);
    orders::<f32>(1e-5);
}

#[test]
fn every_number_of_arguments_and_every_choice_of_gradients() {
    let values = [0.7, -0.4, 1.3, 2.0];
    for mask in 1..16_usize {
        let tape = Tape::<f64>::new();
        let x: Vec<Tensor<f64>> = (0..4)
            .map(|i| {
                let x = Tensor::full(&[3], values[i]);
                if mask >> i & 1 == 1 { tape.tensor(x.to_array()) } else { x }
            })
            .collect();
        let y = four(&x[0], &x[1], &x[2], &x[3]);
        let plain = &x[0] * x[1].sigmoid() - (&x[2] / &x[3]).exp_m1();
        assert_close(&y, &plain, 1e-15, "value");
        let (fused, plain) = (y.sum().backward(), plain.sum().backward());
        for x in x.iter().filter(|x| x.is_tracked()) {
            let [a, b] = [&fused, &plain].map(|g| Tensor::constant(g.wrt(x)));
            assert_close(&a, &b, 1e-14, &format!("choice {mask}"));
        }
    }
}

#[test]
fn shapes() {
    let tape = Tape::<f64>::new();
    // Transposed, a row, without axes, in one.
    let a = tape.tensor(Array::from_shape_fn((300, 2), |(i, j)| (i * 2 + j) as f64));
    let x = tape.tensor(Array::from_shape_fn(300, |i| 0.5 * i as f64));
    let b = tape.tensor(ndarray::arr0(3.0));
    let y = affine(&a.transpose(), &x, &b);
    assert_eq!(y.to_array(), (a.transpose() * &x + &b).to_array());
    let g = y.sum().backward();
    assert_eq!(g.wrt(&b), ndarray::arr0(600.0).into_dyn());
    assert_eq!(g.wrt(&a), Array::from_shape_fn((300, 2), |(i, _)| 0.5 * i as f64).into_dyn());
    assert_eq!(g.wrt(&x), Array::from_shape_fn(300, |i| 4.0 * i as f64 + 1.0).into_dyn());

    let empty = tape.tensor(Array::<f64, _>::zeros((0, 3)));
    let y = affine(&empty, &tape.tensor(array![1.0, 2.0, 3.0]), &b);
    assert_eq!(y.shape(), [0, 3]);
    assert_eq!(y.sum().backward().wrt(&b), ndarray::arr0(0.0).into_dyn());

    let zero = tape.tensor(ndarray::arr0(2.0));
    let y = cube(&zero);
    assert_eq!((y.shape(), y.item(), y.backward().wrt(&zero)[[]]), (&[][..], 7.0, 12.0));
}

#[test]
fn one_tensor_twice() {
    let tape = Tape::<f64>::new();
    let x = tape.tensor(array![2.0, 3.0]);
    let y = affine(&x, &x, &x);
    assert_eq!(y.to_array(), array![6.0, 12.0].into_dyn());
    assert_eq!(y.sum().backward().wrt(&x), array![5.0, 7.0].into_dyn());
    let first = &tape.grad(y.sum(), &[&x])[0];
    assert_eq!(tape.grad(first.sum(), &[&x])[0].to_array(), array![2.0, 2.0].into_dyn());
}

#[test]
fn choices_and_an_argument_without_influence() {
    elementwise!(first(a, _b) => a);
    let tape = Tape::<f64>::new();
    let r = tape.tensor(array![-3.0, -0.5, 0.0, 0.5, 3.0]);
    let y = huber(&r);
    assert_eq!(y.to_array(), array![2.5, 0.125, 0.0, 0.125, 2.5].into_dyn());
    assert_eq!(y.sum().backward().wrt(&r), array![-1.0, -0.5, 0.0, 0.5, 1.0].into_dyn());
    let b = tape.tensor(array![1.0]);
    assert_eq!(first(&r, &b).sum().backward().wrt(&b), array![0.0].into_dyn());
    assert_eq!(tape.grad(first(&r, &b).sum(), &[&b])[0].to_array(), array![0.0].into_dyn());
}

#[test]
fn angles_beyond_reach_stay_exact() {
    let x: Vec<f64> = (0..600).map(|i| if i % 97 == 5 { 1e15 + f64::from(i) } else { f64::from(i) }).collect();
    let tape = Tape::<f64>::new();
    let leaf = tape.tensor(Array::from_vec(x.clone()));
    let y = waves(&leaf);
    let slopes = y.sum().backward().wrt(&leaf);
    for (i, &x) in x.iter().enumerate() {
        assert!((y.to_array()[i] - (x.sin() + x.cos())).abs() < 1e-15, "{x}");
        assert!((slopes[i] - (x.cos() - x.sin())).abs() < 1e-15, "{x}");
    }
}

#[test]
fn threads_and_processors_change_no_bit() {
    // Long enough to be split, and of shapes that split in each way.
    let shapes = [vec![150_011], vec![3, 50_021], vec![50_021, 3]];
    for shape in shapes.into_iter().take(if tests::is_long() { 3 } else { 1 }) {
        let elements: usize = shape.iter().product();
        let y = Array::from_shape_fn(elements, |i| (i % 1009) as f32 * 0.01 - 5.0)
            .into_shape_with_order(shape.clone())
            .unwrap();
        let t = Array::from_elem(vec![1; shape.len()], 0.7_f32);
        let run = || {
            let tape = Tape::new();
            let (y, t) = (tape.tensor(y.clone()), tape.tensor(t.clone()));
            let z = mixed(&y, &t);
            let g = z.sum().backward();
            let all = z.to_array().into_iter().chain(g.wrt(&y)).chain(g.wrt(&t)).chain(y.exp().to_array());
            all.map(f32::to_bits).collect::<Vec<_>>()
        };
        let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run);
        let one = on(1);
        assert!(one == on(2) && one == on(5), "{shape:?}");
        for path in [Path::Portable, Path::Avx2] {
            assert!(limited_to(path, || on(1)) == one || cfg!(not(target_arch = "x86_64")), "{shape:?} {path:?}");
        }
    }
}

struct Scaled(f64);

impl Formula<1> for Scaled {
    const NAME: &'static str = "scaled";

    fn eval<A: Algebra>(&self, [x]: [Elem<A>; 1]) -> Elem<A> {
        self.0 * x
    }
}

#[test]
fn a_formula_with_a_parameter() {
    let tape = Tape::<f64>::new();
    let x = tape.tensor(array![1.0, -2.0]);
    let y = Tensor::elementwise(Scaled(3.0), [&x]);
    assert_eq!(y.to_array(), array![3.0, -6.0].into_dyn());
    assert_eq!(y.sum().backward().wrt(&x), array![3.0, 3.0].into_dyn());
}

#[test]
#[should_panic(expected = "affine: shapes [2] and [3] do not fit")]
fn shapes_that_do_not_fit() {
    let (a, x) = (Tensor::full(&[2], 1.0), Tensor::full(&[3], 1.0));
    let _ = affine(&a, &x, &Tensor::scalar(0.0));
}

#[test]
#[should_panic(expected = "cube: operands are recorded on two different tapes")]
fn tapes_that_differ() {
    elementwise!(cube(a, b) => a * b);
    let (one, other) = (Tape::new(), Tape::new());
    let _ = cube(&one.tensor(array![1.0]), &other.tensor(array![1.0]));
}
