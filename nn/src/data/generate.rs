//! Problems made by a formula: seeded, of any size, in two dimensions where nothing else is said.
//!
//! Items come in turn from all classes, so that the classes' sizes differ by one at most. With `ε` a number from the
//! normal distribution with mean 0 and standard deviation `noise`, drawn anew at each place, and `u` one from the uniform
//! distribution on [0, 1):
//!
//! | | class | point |
//! |---|---|---|
//! | [`xor`] | `a ⊕ b` | `(a + ε, b + ε)`, (a, b) = (0, 0), (0, 1), (1, 0), (1, 1) in turn |
//! | [`moons`] | 0 | `(cos πu + ε, sin πu + ε)` |
//! | | 1 | `(1 - cos πu + ε, ½ - sin πu + ε)` |
//! | [`circles`] | 0 | `(cos 2πu + ε, sin 2πu + ε)` |
//! | | 1 | `(inner · cos 2πu + ε, inner · sin 2πu + ε)` |
//! | [`spirals`] | `k` of `arms` | `(r cos φ + ε, r sin φ + ε)`, r = √u, φ = 2π (turns · r + k / arms) |
//! | [`blobs`] | `k` | `centre_k + ε` in each coordinate |
//! | [`noisy_curve`] | | input `x = a + (b - a) u`, target `f(x) + ε` |
//!
//! Problems of two classes have one target column with 0 and 1, `spirals` and `blobs` have one-hot rows. Numbers are
//! drawn in `f64` whatever `T` is, item by item.

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use autodiff::Real;
use ndarray::Array2;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal};

use super::dataset::Dataset;
use crate::loss::one_hot;

/// Exclusive or: the four corners of a square, of which opposite ones are of the same class. Four points without noise are
/// its truth table.
///
/// ```
/// use nn::data::generate;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let table = generate::xor::<f64>(4, 0.0, &mut rng);
/// assert_eq!(table.inputs(), &ndarray::array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]].into_dyn());
/// assert_eq!(table.targets(), &ndarray::array![[0.], [1.], [1.], [0.]].into_dyn());
/// ```
///
/// # Panics
/// If the noise is negative or not finite.
#[track_caller]
pub fn xor<T: Real>(items: usize, noise: f64, rng: &mut impl Rng) -> Dataset<T> {
    let corner = |i: usize| ((i / 2 % 2) as f64, (i % 2) as f64);
    let class = |i: usize| (i / 2 % 2) ^ (i % 2);
    binary(items, normal("xor", noise), class, |i, _: &mut _| corner(i), rng)
}

/// Two half circles that reach into each other; no line separates them.
///
/// # Panics
/// If the noise is negative or not finite.
#[track_caller]
pub fn moons<T: Real>(items: usize, noise: f64, rng: &mut impl Rng) -> Dataset<T> {
    let point = |i: usize, rng: &mut _| {
        let (sin, cos) = (PI * uniform(rng)).sin_cos();
        if i.is_multiple_of(2) { (cos, sin) } else { (1.0 - cos, 0.5 - sin) }
    };
    binary(items, normal("moons", noise), |i| i % 2, point, rng)
}

/// A circle of radius 1 around one of radius `inner`.
///
/// # Panics
/// If the noise is negative or not finite, or if `inner` is not between 0 and 1.
#[track_caller]
pub fn circles<T: Real>(items: usize, inner: f64, noise: f64, rng: &mut impl Rng) -> Dataset<T> {
    assert!((0.0..1.0).contains(&inner), "circles: the inner radius is {inner}, expected from 0 to less than 1");
    let point = |i: usize, rng: &mut _| {
        let (sin, cos) = (TAU * uniform(rng)).sin_cos();
        let radius = if i.is_multiple_of(2) { 1.0 } else { inner };
        (radius * cos, radius * sin)
    };
    binary(items, normal("circles", noise), |i| i % 2, point, rng)
}

/// Spirals wound into each other, one a class, each with this many turns from the centre to radius 1. Points are about
/// as dense everywhere.
///
/// # Panics
/// If there are no arms, if `turns` is not finite, or if the noise is negative or not finite.
#[track_caller]
pub fn spirals<T: Real>(items: usize, arms: usize, turns: f64, noise: f64, rng: &mut impl Rng) -> Dataset<T> {
    assert!(arms > 0, "spirals: 0 arms, expected at least 1");
    assert!(turns.is_finite(), "spirals: {turns} turns, expected a finite number");
    let point = |i: usize, rng: &mut _| {
        let radius = uniform(rng).sqrt();
        let (sin, cos) = (TAU * (turns * radius + (i % arms) as f64 / arms as f64)).sin_cos();
        (radius * cos, radius * sin)
    };
    let inputs = plane(items, normal("spirals", noise), point, rng);
    classified(inputs, arms)
}

/// Normally distributed points around centres, one a row and a class, in as many dimensions as the rows have entries.
///
/// ```
/// use nn::data::generate;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let data = generate::blobs::<f64>(5, &ndarray::array![[0.0, 0.0, 9.0], [5.0, 5.0, 0.0]], 0.0, &mut rng);
/// assert_eq!(data.inputs().shape(), [5, 3]);
/// assert_eq!(data.classes()?, [0, 1, 0, 1, 0]);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Panics
/// If there are no centres, if one is not finite, or if the noise is negative or not finite.
#[track_caller]
pub fn blobs<T: Real>(items: usize, centres: &Array2<f64>, noise: f64, rng: &mut impl Rng) -> Dataset<T> {
    assert!(centres.nrows() > 0, "blobs: no centres, expected at least 1");
    assert!(centres.iter().all(|x| x.is_finite()), "blobs: the centres are {centres}, expected finite numbers");
    let noise = normal("blobs", noise);
    let mut inputs = Array2::zeros((items, centres.ncols()));
    for (i, mut row) in inputs.outer_iter_mut().enumerate() {
        let centre = centres.row(i % centres.nrows());
        row.iter_mut().zip(centre).for_each(|(x, centre)| *x = T::of(centre + noise.sample(rng)));
    }
    classified(inputs, centres.nrows())
}

/// A function of one variable on a range, with noise on its values.
///
/// ```
/// use nn::data::generate;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let data = generate::noisy_curve::<f64>(20, f64::sin, 0.0..6.0, 0.0, &mut rng);
/// assert!(data.inputs().iter().zip(data.targets()).all(|(x, t)| *t == x.sin() && (0.0..6.0).contains(x)));
/// ```
///
/// # Panics
/// If the range is empty or not finite, if the function's value is not finite somewhere, or if the noise is negative or
/// not finite.
#[track_caller]
pub fn noisy_curve<T: Real>(
    items: usize,
    f: impl Fn(f64) -> f64,
    range: Range<f64>,
    noise: f64,
    rng: &mut impl Rng,
) -> Dataset<T> {
    let Range { start, end } = range;
    let is_sound = (end - start).is_finite() && start < end;
    assert!(is_sound, "noisy_curve: the range is {start}..{end}, expected finite ends in ascending order");
    let noise = normal("noisy_curve", noise);
    let (mut inputs, mut targets) = (Array2::zeros((items, 1)), Array2::zeros((items, 1)));
    for (x, t) in inputs.iter_mut().zip(&mut targets) {
        let at = start + (end - start) * uniform(rng);
        let value = f(at);
        assert!(value.is_finite(), "noisy_curve: the function is {value} at {at}, expected a finite number");
        (*x, *t) = (T::of(at), T::of(value + noise.sample(rng)));
    }
    dataset(inputs, targets)
}

fn uniform(rng: &mut impl Rng) -> f64 {
    rng.random()
}

#[track_caller]
fn normal(name: &str, noise: f64) -> Normal<f64> {
    match Normal::new(0.0, noise) {
        Ok(normal) if noise >= 0.0 => normal,
        _ => panic!("{name}: the noise is {noise}, expected a finite number that is not negative"),
    }
}

/// Points in the plane, with noise.
fn plane<T: Real, R: Rng>(
    items: usize,
    noise: Normal<f64>,
    point: impl Fn(usize, &mut R) -> (f64, f64),
    rng: &mut R,
) -> Array2<T> {
    let mut inputs = Array2::zeros((items, 2));
    for (i, mut row) in inputs.outer_iter_mut().enumerate() {
        let (x, y) = point(i, rng);
        row[0] = T::of(x + noise.sample(rng));
        row[1] = T::of(y + noise.sample(rng));
    }
    inputs
}

/// Points in the plane of two classes.
fn binary<T: Real, R: Rng>(
    items: usize,
    noise: Normal<f64>,
    class: impl Fn(usize) -> usize,
    point: impl Fn(usize, &mut R) -> (f64, f64),
    rng: &mut R,
) -> Dataset<T> {
    let targets = Array2::from_shape_fn((items, 1), |(i, _)| T::of(class(i) as f64));
    dataset(plane(items, noise, point, rng), targets)
}

/// Points whose classes take turns.
fn classified<T: Real>(inputs: Array2<T>, classes: usize) -> Dataset<T> {
    let labels: Vec<usize> = (0..inputs.nrows()).map(|i| i % classes).collect();
    dataset(inputs, one_hot(&labels, classes).expect("labels are below the number of classes"))
}

fn dataset<T: Real>(inputs: Array2<T>, targets: Array2<T>) -> Dataset<T> {
    Dataset::new(inputs, targets).expect("as many finite inputs as targets")
}
