//! What is done with a case.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::numeric::{self, Estimate};
use autodiff::{Gradients, Real, Tape, Tensor, Var, tensor};
use ndarray::ArrayD;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::case::{Case, Domain, spread};
use super::view::View;

/// Tests all cases of a table; `double` and `single` are the same table in both precisions.
///
/// # Panics
/// If a case fails, after all have run.
pub(crate) fn run(double: &[Case<f64>], single: &[Case<f32>]) {
    let mut failed = Vec::new();
    for (double, single) in double.iter().zip(single) {
        for set in &double.sets {
            if catch_unwind(AssertUnwindSafe(|| check(double, single, set))).is_err() {
                failed.push(format!("{} {set:?}", double.op));
            }
        }
    }
    assert!(failed.is_empty(), "failed (the messages stand above): {failed:#?}");
}

/// Tests a case on operands of given shapes, in every way that its flags and the shapes allow.
fn check(double: &Case<f64>, single: &Case<f32>, set: &[Vec<usize>]) {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    check_at(double, single, &Point::new(double, set, &mut rng));
    if let (Some(double), Some(single)) = (double.on_diagonal(set), single.on_diagonal(set)) {
        check_at(&double, &single, &Point::new(&double, &double.sets[0], &mut rng));
    }
}

/// Operands, and the numbers by which sums are weighted.
struct Point {
    name: String,
    shapes: Vec<Vec<usize>>,
    values: Vec<Vec<f64>>,
    /// For each operand whether it may be a variable.
    variable: Vec<bool>,
    /// Two directions in the space of all operands.
    directions: [Vec<Vec<f64>>; 2],
}

impl Point {
    fn new(case: &Case<f64>, set: &[Vec<usize>], rng: &mut ChaCha8Rng) -> Self {
        let values = case.values(set, rng);
        let variable: Vec<bool> = (0..set.len()).map(|i| matches!(case.domain(i), Domain::Between(..))).collect();
        let directions = [(); 2].map(|()| {
            let direction = |(x, &variable): (&Vec<f64>, &bool)| {
                let places = spread(x.len(), rng).into_iter();
                places.map(|place| if variable { single(2.0 * place - 0.9) } else { 0.0 }).collect()
            };
            values.iter().zip(&variable).map(direction).collect()
        });
        Self { name: format!("{} {set:?}", case.op), shapes: set.to_vec(), values, variable, directions }
    }

    fn operands<T: Real>(&self, values: &[Vec<f64>], view: View) -> Vec<Tensor<T>> {
        self.shapes.iter().zip(values).map(|(shape, x)| view.lay(shape, x)).collect()
    }

    fn flat(&self) -> Vec<f64> {
        self.values.concat()
    }

    /// The inverse of [`flat`](Self::flat).
    fn split(&self, flat: &[Var<f64>]) -> Vec<Vec<f64>> {
        let mut rest = flat.iter().map(|x| x.value());
        self.values.iter().map(|x| rest.by_ref().take(x.len()).collect()).collect()
    }
}

/// The nearest number of single precision.
fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

/// A constant of fixed numbers between -0.9 and 1.1 without a pattern.
fn weights<T: Real>(seed: u32, shape: &[usize]) -> Tensor<T> {
    let place = |k: usize| (f64::from(seed) * 0.37 + (k + 1) as f64 * 0.618_033_988_749_894_9).fract();
    let elements: Vec<f64> = (0..shape.iter().product()).map(|k| single(2.0 * place(k) - 0.9)).collect();
    View::Plain.lay(shape, &elements)
}

/// `Σ u y + Σ v y²`: the result has two consumers, and a second derivative where the operation is linear, too.
fn loss<T: Real>(y: &Tensor<T>) -> Tensor<T> {
    (weights(1, y.shape()) * y).sum() + (weights(2, y.shape()) * y.square()).sum()
}

/// What autodiff finds, for all operands one after another.
struct Found {
    value: Vec<f64>,
    shape: Vec<usize>,
    /// The gradient of the loss.
    first: Vec<f64>,
    /// The gradient of the gradient's product with the first direction.
    second: Vec<f64>,
}

fn numbers<T: Real>(array: &ArrayD<T>) -> impl Iterator<Item = f64> {
    array.iter().map(|x| x.primal())
}

fn or_zeros<T: Real>(gradients: Option<&Gradients<T>>, x: &Tensor<T>) -> ArrayD<T> {
    let found = if x.is_tracked() { gradients.and_then(|g| g.get(x)) } else { None };
    found.unwrap_or_else(|| ArrayD::zeros(x.shape()))
}

/// The operands, those for which `tracked` says so as variables.
fn variables<T: Real>(
    tape: &Tape<T>,
    point: &Point,
    values: &[Vec<f64>],
    view: View,
    tracked: &[bool],
) -> Vec<Tensor<T>> {
    let operands = point.operands::<T>(values, view).into_iter().zip(tracked);
    operands.map(|(x, &tracked)| if tracked { tape.tensor(x) } else { x }).collect()
}

/// The gradient of the loss, by a plain sweep.
fn gradient<T: Real>(y: &Tensor<T>, operands: &[Tensor<T>]) -> Vec<f64> {
    let gradients = y.is_tracked().then(|| loss(y).backward());
    operands.iter().flat_map(|x| or_zeros(gradients.as_ref(), x)).map(Real::primal).collect()
}

/// Runs a case where the operands for which `tracked` says so are variables.
fn derivatives<T: Real>(case: &Case<T>, point: &Point, view: View, tracked: &[bool]) -> Found {
    let what = format!("{}, {view:?}, variables {tracked:?}", point.name);
    let tape = Tape::new();
    let operands = variables(&tape, point, &point.values, view, tracked);
    let y = (case.f)(&operands);
    let first = gradient(&y, &operands);
    let value = numbers(&y.to_array()).collect();
    let mut found = Found { value, shape: y.shape().to_vec(), second: vec![0.0; first.len()], first };
    assert!(!(case.constant && y.is_tracked()), "{what}: should be a constant");
    if !y.is_tracked() {
        return found;
    }
    let loss = loss(&y);
    let leaves: Vec<&Tensor<T>> = operands.iter().filter(|x| x.is_tracked()).collect();
    let mut recorded = tape.grad(&loss, &leaves).into_iter();
    let (mut inner, mut again) = (Tensor::scalar(T::zero()), Vec::new());
    for (x, direction) in operands.iter().zip(&point.directions[0]) {
        if !x.is_tracked() {
            again.extend(vec![0.0; x.len()]);
            continue;
        }
        let gradient = recorded.next().expect("a gradient for each leaf");
        assert_eq!(gradient.shape(), x.shape(), "{what}: shape of the gradient");
        inner = inner + (&gradient * View::Plain.lay::<T>(x.shape(), direction)).sum();
        again.extend(numbers(&gradient.to_array()));
    }
    agree(&format!("{what}: recorded gradient"), &again, &found.first, 64.0 * T::epsilon().primal());
    let second = inner.is_tracked().then(|| inner.backward());
    found.second = operands.iter().flat_map(|x| or_zeros(second.as_ref(), x)).map(Real::primal).collect();
    found
}

/// Asserts that two lists of numbers agree, relative to the largest of them.
#[track_caller]
fn agree(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    let scale = scale(want);
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        tests::close(format_args!("{what} [{i}], scale {scale:e}"), got / scale, want / scale, tolerance);
    }
}

fn scale(numbers: &[f64]) -> f64 {
    numbers.iter().fold(1.0, |scale, x| scale.max(x.abs()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The numerical baseline: the gradient of the loss, and the second derivative along pairs of directions.
struct Baseline {
    first: Vec<Estimate<f64>>,
    /// Along the first direction once, and along each of the two.
    second: [Estimate<f64>; 2],
}

impl Baseline {
    fn new(case: &Case<f64>, point: &Point) -> Self {
        let value = |x: &[Var<f64>]| {
            let operands = point.operands(&point.split(x), View::Plain);
            Var::constant(loss(&(case.f)(&operands)).item())
        };
        // The gradient is compared with differences of values, so it may serve as the function to differentiate next.
        let slope = |x: &[Var<f64>]| {
            let tape = Tape::new();
            let operands = variables(&tape, point, &point.split(x), View::Plain, &point.variable);
            let gradient = gradient(&(case.f)(&operands), &operands);
            Var::constant(dot(&gradient, &point.directions[0].concat()))
        };
        let x = point.flat();
        let second = [0, 1].map(|k| numeric::directional(slope, &x, &point.directions[k].concat()));
        Self { first: numeric::gradient(value, &x), second }
    }

    fn compare(&self, what: &str, found: &Found, point: &Point) {
        let [first, second] = [scale(&found.first), scale(&found.second)];
        let variable = point.values.iter().zip(&point.variable).flat_map(|(x, &variable)| vec![variable; x.len()]);
        for (i, ((&got, want), variable)) in found.first.iter().zip(&self.first).zip(variable).enumerate() {
            if variable {
                near(&format!("{what}: first order [{i}]"), got, want, first);
            }
        }
        for (k, want) in self.second.iter().enumerate() {
            let got = dot(&found.second, &point.directions[k].concat());
            near(&format!("{what}: second order, direction {k}"), got, want, second);
        }
    }
}

/// Asserts that a derivative agrees with a numerical one, which must be sharp enough to tell.
fn near(what: &str, got: f64, want: &Estimate<f64>, scale: f64) {
    assert!(want.error <= 1e-6 * scale, "{what}: the baseline {want} is too coarse at scale {scale:e}; got {got:e}");
    let difference = (got - want.value).abs();
    assert!(difference <= 10.0 * want.error + 1e-9 * scale, "{what}: got {got:e}, numerically {want}");
}

/// Both orders in both precisions and in every layout; then what does not depend on the layout.
fn check_at(double: &Case<f64>, single: &Case<f32>, point: &Point) {
    let tracked = &point.variable;
    let plain = derivatives(double, point, View::Plain, tracked);
    let baseline = (!double.constant).then(|| Baseline::new(double, point));
    for view in View::ALL {
        let what = format!("{}, {view:?}", point.name);
        let found = derivatives(double, point, view, tracked);
        assert_eq!(found.shape, plain.shape, "{what}: shape");
        agree(&format!("{what}: value"), &found.value, &plain.value, 1e-14);
        if let Some(baseline) = &baseline {
            baseline.compare(&what, &found, point);
        }
        let half = derivatives(single, point, view, tracked);
        assert_eq!(half.shape, plain.shape, "{what}: shape in f32");
        agree(&format!("{what}: value in f32"), &half.value, &plain.value, 1e-5);
        agree(&format!("{what}: first order in f32"), &half.first, &plain.first, 1e-4);
        agree(&format!("{what}: second order in f32"), &half.second, &plain.second, 1e-3);
        if !double.constant {
            transposed_jacobian(double, point, view, 1e-12);
            transposed_jacobian(single, point, view, 1e-4);
        }
    }
    constants_on_one_side(double, point, &plain);
}

/// `<u, J v> = <Jᵀ u, v>`, forward against reverse.
fn transposed_jacobian<T: Real>(case: &Case<T>, point: &Point, view: View, tolerance: f64) {
    let operands = point.operands::<T>(&point.values, view);
    let variables = |all: &[Tensor<T>]| -> Vec<Tensor<T>> {
        all.iter().zip(&point.variable).filter(|(_, variable)| **variable).map(|(x, _)| x.clone()).collect()
    };
    let f = |x: &[Tensor<T>]| {
        let mut x = x.iter();
        let mut all = operands.clone();
        for (operand, _) in all.iter_mut().zip(&point.variable).filter(|(_, variable)| **variable) {
            operand.clone_from(x.next().expect("one for each variable"));
        }
        (case.f)(&all)
    };
    let (inputs, v) = (variables(&operands), variables(&point.operands(&point.directions[1], View::Plain)));
    let forward = tensor::jvp(f, &inputs, &v);
    let u = weights(3, forward.shape());
    let reverse = tensor::vjp(f, &inputs, &u);
    let left = dot(&numbers(&forward).collect::<Vec<_>>(), &numbers(&u.to_array()).collect::<Vec<_>>());
    let right: f64 = reverse.iter().zip(&v).map(|(g, v)| numbers(&(g * &v.view())).sum::<f64>()).sum();
    let size = reverse.iter().flatten().fold(1.0_f64, |size, g| size.max(g.primal().abs()));
    tests::close(format_args!("{}, {view:?}: <u, J v>", point.name), left / size, right / size, tolerance);
}

/// Some operands are constants: the gradients of the others stay as they are.
fn constants_on_one_side(case: &Case<f64>, point: &Point, all: &Found) {
    let variables: Vec<usize> = (0..point.variable.len()).filter(|&i| point.variable[i]).collect();
    for &i in variables.iter().filter(|_| variables.len() > 1) {
        for only in [true, false] {
            let tracked: Vec<bool> =
                point.variable.iter().enumerate().map(|(k, &variable)| variable && (k == i) == only).collect();
            let found = derivatives(case, point, View::Plain, &tracked);
            let ranges = point.values.iter().scan(0, |start, x| {
                *start += x.len();
                Some(*start - x.len()..*start)
            });
            for (range, tracked) in ranges.zip(&tracked) {
                let want = if *tracked { all.first[range.clone()].to_vec() } else { vec![0.0; range.len()] };
                agree(&format!("{}, variables {only} {i}", point.name), &found.first[range], &want, 1e-14);
            }
        }
    }
}
