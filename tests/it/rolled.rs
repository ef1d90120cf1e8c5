//! Programs as loops against the same functions on plain numbers and on the tape: random loops of random bodies, with
//! strides, gathers, tables and carried numbers, among irregular stretches and comparisons.

use autodiff::tensor::{Path, limited_to};
use autodiff::{Program, Real, Tape, Var};
use ndarray::{Array1, Array2, Array3, Axis, s};
use num_traits::Float;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{compiled, is_long};

/// What an operation reads.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// An earlier result of the same trip.
    Own(usize),
    /// Every so many of what came before.
    Stride(usize, usize),
    /// What came before, in no order.
    Gather(u64),
    Same(usize),
    Constant(f64),
    /// Another constant in each trip.
    Table(u64),
    /// The result of the trip before.
    Carry,
}

#[derive(Debug)]
enum Part {
    Loop {
        trips: usize,
        body: Vec<(u8, Source, Source)>,
        /// Only the sum of the results is read.
        is_summed: bool,
    },
    Single(Vec<(u8, usize, usize)>),
    Branch(usize, f64),
    Sum(usize),
    Inner(usize, usize),
    /// Rows of a matrix times a vector, which is constant or stands from some place on.
    Layer {
        rows: usize,
        width: usize,
        matrix: [usize; 2],
        vector: Option<usize>,
    },
}

fn mixed(seed: u64, k: usize) -> usize {
    let z = (seed ^ k as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (z ^ z >> 29) as usize >> 3
}

/// A function that stays in a moderate range.
fn apply<R: Real>(op: u8, a: R, b: R) -> R {
    let (half, one) = (R::of(0.5), R::one());
    match op {
        0 | 1 => a * half + b * R::of(0.3),
        2 | 3 => a * b * R::of(0.2),
        4 => a - b * R::of(0.7),
        5 => a / (b * b + one),
        6 => a.sin(),
        7 => (a * half).tanh(),
        8 => (a * a + one).ln(),
        9 => (a * a + one).sqrt() - b.abs(),
        10 => Float::max(a, b),
        11 => a.hypot(b + half),
        12 => (-(a * a)).exp() * b,
        13 => -a,
        14 => a.powi(3) * R::of(0.05),
        15 => R::FRAC_PI_2() - a,
        16 => (a * a + R::of(0.1)).powf(half + half * b.sin()),
        _ => Real::square(a) * R::of(0.1) + b,
    }
}

fn run<R: Real>(parts: &[Part], x: &[R]) -> Vec<R> {
    let mut all = x.to_vec();
    for part in parts {
        let known = all.len();
        match part {
            Part::Loop { trips, body, is_summed } => {
                let (mut last, mut total) = (all[0], R::zero());
                for trip in 0..*trips {
                    let mut own: Vec<R> = Vec::new();
                    for &(op, a, b) in body {
                        let read = |source: Source| match source {
                            Source::Own(k) if own.is_empty() => all[k % known],
                            Source::Own(k) => own[k % own.len()],
                            Source::Stride(first, stride) => all[(first + stride * trip) % known],
                            Source::Gather(seed) => all[mixed(seed, trip) % known],
                            Source::Same(k) => all[k % known],
                            Source::Constant(c) => R::of(c),
                            Source::Table(seed) => R::of((mixed(seed, trip) % 1000) as f64 * 0.002 - 1.0),
                            Source::Carry => last,
                        };
                        own.push(apply(op, read(a), read(b)));
                    }
                    last = own[own.len() - 1];
                    if *is_summed {
                        total += last;
                    } else {
                        all.push(last);
                    }
                    if body.len() > 3 {
                        all.push(own[1]);
                    }
                }
                if *is_summed {
                    all.push(total * R::of(1.0 / *trips as f64));
                }
            }
            Part::Single(steps) => {
                for &(op, a, b) in steps {
                    let next = apply(op, all[a % all.len()], all[b % all.len()]);
                    all.push(next);
                }
            }
            Part::Branch(k, limit) => {
                let x = all[k % known];
                all.push(if x < R::of(*limit) { x.sin() } else { x * R::of(0.5) });
            }
            Part::Sum(count) => {
                let sum = all[known.saturating_sub(*count)..].iter().fold(R::zero(), |sum, &x| sum + x);
                all.push(sum * R::of(1.0 / *count as f64));
            }
            Part::Layer { rows, width, matrix: [first, stride], vector } => {
                for row in 0..*rows {
                    let mut sum = all[row % known];
                    for k in 0..*width {
                        let by = vector
                            .map_or_else(|| R::of(mixed(7, k) as f64 % 0.7 - 0.3), |start| all[(start + k) % known]);
                        sum += all[(first + row * stride + k) % known] * by;
                    }
                    all.push((sum * R::of(0.2)).tanh());
                }
            }
            Part::Inner(a, count) => {
                let terms = (0..*count).map(|k| all[(a + k) % known] * all[known - 1 - k % known]);
                let sum = terms.fold(R::zero(), |sum, x| sum + x);
                all.push(sum * R::of(1.0 / *count as f64));
            }
        }
    }
    let last = all[all.len() - all.len() / 3..].iter().fold(R::zero(), |sum, &x| sum + x);
    vec![last, all[all.len() - 1], all[all.len() / 2]]
}

fn parts(rng: &mut ChaCha8Rng) -> Vec<Part> {
    let source = |rng: &mut ChaCha8Rng| match rng.random_range(0..40) {
        0..14 => Source::Own(rng.random_range(0..8)),
        14..26 => Source::Stride(rng.random_range(0..40), *[1, 1, 1, 1, 2, 3].choose(rng).expect("some")),
        26..28 => Source::Gather(rng.next_u64()),
        28..31 => Source::Same(rng.random_range(0..50)),
        31..34 => Source::Constant(rng.random_range(-1.0..1.0)),
        34..38 => Source::Table(rng.next_u64()),
        _ => Source::Carry,
    };
    let part = |rng: &mut ChaCha8Rng| match rng.random_range(0..11) {
        0..6 => {
            let body =
                (0..rng.random_range(1..7)).map(|_| (rng.random_range(0..18), source(rng), source(rng))).collect();
            Part::Loop { trips: rng.random_range(2..200), body, is_summed: rng.random_range(0..4) == 0 }
        }
        6 => {
            let step =
                |rng: &mut ChaCha8Rng| (rng.random_range(0..18), rng.random_range(0..99), rng.random_range(0..99));
            Part::Single((0..rng.random_range(1..20)).map(|_| step(rng)).collect())
        }
        7 => Part::Branch(rng.random_range(0..200), rng.random_range(-1.0..1.0)),
        8 => Part::Sum(rng.random_range(3..400)),
        9 => {
            let width = rng.random_range(3..20);
            let (matrix, vector) = ([rng.random_range(0..20), width], rng.random_range(0..60));
            Part::Layer { rows: rng.random_range(2..40), width, matrix, vector: (vector < 40).then_some(vector) }
        }
        _ => Part::Inner(rng.random_range(0..50), rng.random_range(3..300)),
    };
    (0..rng.random_range(1..6)).map(|_| part(rng)).collect()
}

/// Bit for bit; no number is like any other.
fn same<T: Real>(a: T, b: T) -> bool {
    a.bits() == b.bits() || a.is_nan() && b.is_nan()
}

/// Within so many units of rounding of the largest.
#[track_caller]
fn near<T: Real>(what: &str, got: &[T], want: &[T], units: f64) {
    let largest = want.iter().fold(T::one(), |largest, x| Float::max(largest, x.abs()));
    let most = T::of(units) * T::epsilon() * largest;
    for (k, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(
            (*got - *want).abs() <= most || same(*got, *want),
            "{what} [{k}]: {got} in place of {want}, at most {most} apart"
        );
    }
}

/// One random program at two points. Tells whether it has loops.
fn compare<T: Real + Send + Sync>(seed: u64) -> bool {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let parts = parts(&mut rng);
    let inputs = rng.random_range(3..300);
    let mut point = || -> Vec<T> { (0..inputs).map(|_| T::of(rng.random_range(-1.0..1.0))).collect() };
    let (at, weights) = (point(), point());
    let near_by: Vec<T> = at.iter().map(|&x| x * T::of(1.001)).collect();
    let program = compiled(Program::record(|x: &[Var<T>]| run(&parts, x), &at));
    let exact = program.clone().exact();
    let what = format!("seed {seed}, {program:?}");
    for x in [&at, &near_by] {
        let want = run(&parts, x);
        let Ok(values) = exact.values(x) else {
            assert!(program.values(x).is_err() && x == &near_by, "{what}: another branch");
            continue;
        };
        assert!(values.iter().zip(&want).all(|(got, want)| same(*got, *want)), "{what}: {values:?} {want:?}");
        near(&what, &program.values(x).expect("the same branches"), &want, 1e5);
        if want.iter().any(|y| !y.is_finite()) {
            // On the way to infinity terms cancel that no bound knows of.
            return false;
        }
        let tape = Tape::new();
        let vars = tape.vars(x);
        let y = run(&parts, &vars);
        let sum = y.iter().zip(&weights).map(|(&y, &u)| y * u).fold(vars[0] * T::zero(), |sum, y| sum + y);
        let gradients = sum.backward();
        let want: Vec<T> = vars.iter().map(|&x| gradients.wrt(x)).collect();
        near(&what, &exact.vjp(x, &weights[..3]).expect("the same branches"), &want, 256.0);
        let got = program.vjp(x, &weights[..3]).expect("the same branches");
        near(&what, &got, &want, 1e5);
        for path in [Path::Portable, Path::Avx2] {
            let own = limited_to(path, || program.vjp(x, &weights[..3])).expect("the same branches");
            assert!(own.iter().zip(&got).all(|(own, got)| same(*own, *got)), "{what}: other bits by {path:?}");
        }
    }
    batches(&what, &[program, exact], &[at, near_by]);
    format!("{:?}", Program::record(|x: &[Var<T>]| run(&parts, x), &vec![T::of(0.5); inputs])).contains('×')
}

/// Batches beside their rows one by one.
fn batches<T: Real + Send + Sync>(what: &str, [program, exact]: &[Program<T>; 2], points: &[Vec<T>; 2]) {
    let rows = Array2::from_shape_fn((5, points[0].len()), |(row, i)| points[usize::from(row == 4)][i]);
    let Ok(jacobians) = program.batch_jacobians(&rows.view()) else {
        assert!(program.values(&points[1]).is_err(), "{what}: another branch");
        return;
    };
    let exacts = exact.batch_jacobians(&rows.view()).expect("the same branches");
    for (row, x) in [(0, &points[0]), (4, &points[1])] {
        let want = program.jacobian(x).expect("the same branches");
        let at = |all: &Array3<T>| all.index_axis(Axis(0), row).iter().copied().collect::<Vec<_>>();
        let want: Vec<T> = want.iter().copied().collect();
        near(what, &at(&exacts), &want, 256.0);
        // Next to a pole the last bit of a function's value is no small matter.
        if want.iter().all(|slope| slope.abs() < T::of(1e9)) {
            near(what, &at(&jacobians), &want, 1e5);
        }
    }
}

#[test]
fn products_with_jacobian_and_hessian() {
    let mut loops = 0;
    for seed in 0..if is_long() { 1_000 } else { 60 } {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let parts = parts(&mut rng);
        let inputs = rng.random_range(3..100);
        let mut point = || -> Vec<f64> { (0..inputs).map(|_| rng.random_range(-1.0..1.0)).collect() };
        let (x, v) = (point(), point());
        let program = compiled(Program::record(|x: &[Var<f64>]| run(&parts, x)[0], &x).exact());
        if !program.value(&x).unwrap().is_finite() {
            continue;
        }
        let v_column = Array1::from(v.clone());
        let replayed = program.clone().interpreted();
        let (jacobian, hessian) = (replayed.jacobian(&x).unwrap(), replayed.hessian(&x).unwrap());
        let what = format!("seed {seed}, {program:?}");
        near(&what, &program.jvp(&x, &v).unwrap(), &jacobian.dot(&v_column).to_vec(), 1e4);
        near(&what, &program.hvp(&x, &v).unwrap(), &hessian.dot(&v_column).to_vec(), 1e5);
        let flat = |matrix: Array2<f64>| matrix.into_iter().collect::<Vec<_>>();
        near(&what, &flat(program.hessian(&x).unwrap()), &flat(hessian), 1e5);
        let of_all = compiled(Program::record(|x: &[Var<f64>]| run(&parts, x), &x).exact());
        let (jacobian, want) = (of_all.jacobian(&x).unwrap(), of_all.clone().interpreted().jacobian(&x).unwrap());
        near(&what, &flat(jacobian), &flat(want.clone()), 1e4);
        near(&what, &flat(of_all.sparse_jacobian(&x).unwrap().to_dense()), &flat(want), 1e4);
        loops += usize::from(what.contains('×'));
        // Side by side with others, as many as fill more than one share.
        let rows = Array2::from_shape_fn((70, inputs), |(row, i)| if row == 3 { v[i] } else { x[i] });
        if let Ok(gradients) = program.batch_gradients(&rows.view()) {
            let alone = program.batch_gradients(&rows.slice(s![3..4, ..])).unwrap();
            assert!(alone.iter().zip(gradients.row(3)).all(|(a, b)| same(*a, *b)), "{what}: other bits alone");
            for (row, x) in [(0, &x), (3, &v), (69, &x)] {
                near(&what, &gradients.row(row).to_vec(), &program.gradient(x).unwrap(), 1e3);
            }
        }
    }
    assert!(loops > 10, "{loops} have loops");
}

#[test]
fn second_derivatives_of_small_programs() {
    for seed in 0..if is_long() { 2_000 } else { 100 } {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let steps: Vec<_> = (0..rng.random_range(1..30))
            .map(|_| (rng.random_range(0..18), rng.random_range(0..99), rng.random_range(0..99)))
            .collect();
        let rows = Array2::from_shape_fn((70, 4), |_| rng.random_range(-1.0..1.0));
        let f = |x: &[Var<f64>]| run(&[Part::Single(steps.clone())], x)[0];
        let program = Program::record(f, &[0.5, -0.3, 0.2, 0.7]).exact();
        let (values, hessians) = match (program.batch_values(&rows.view()), program.batch_hessians(&rows.view())) {
            (Ok(values), Ok(hessians)) => (values, hessians),
            (values, hessians) => {
                assert_eq!(values.unwrap_err().to_string(), hessians.unwrap_err().to_string());
                continue;
            }
        };
        // The others in a batch, and how it is split, are of no influence.
        let alone = program.batch_hessians(&rows.slice(s![69.., ..])).unwrap();
        assert!(alone.iter().zip(hessians.index_axis(Axis(0), 69)).all(|(a, b)| same(*a, *b)), "seed {seed}");
        for (row, x) in rows.rows().into_iter().enumerate() {
            let x = x.to_vec();
            assert!(same(values[row], program.value(&x).unwrap()), "seed {seed}");
            let hessian: Vec<f64> = hessians.index_axis(Axis(0), row).iter().copied().collect();
            let want: Vec<f64> = program.hessian(&x).unwrap().into_iter().collect();
            near(&format!("seed {seed} {steps:?}"), &hessian, &want, 1e4);
        }
    }
}

/// Operations without a pattern, so many.
fn straight<R: Real>(x: R, count: usize) -> R {
    (0..count).fold(x, |y, k| match (k * k + k / 3) % 5 {
        0 => y.sin() + x,
        1 => y * R::of(0.7),
        2 => (y * R::of(0.1)).exp(),
        3 => y - R::of(0.01 * k as f64),
        _ => y * x * R::of(0.5),
    })
}

/// Straight code, so many steps in order, each with constants, an input of its own and the speed some steps back, straight code
/// again, and a long sum.
fn stepped<R: Real>(x: &[R], [before, steps, after]: [usize; 3], back: usize) -> R {
    let (mut at, mut speeds) = (straight(x[0] + x[1], before), vec![x[1]; back]);
    for k in 0..steps {
        let speed = speeds[k % back];
        let far = at + speed * R::of(0.05 + 0.001 * (k * k % 7) as f64);
        speeds[k % back] = speed * R::of(0.99) - far.sin() * R::of(0.1) + x[k % x.len()] * R::of(0.02);
        at = far;
    }
    straight(at, after) * speeds[0] + x.iter().map(|&x| x * x * R::of(0.25)).sum::<R>()
}

#[test]
fn chains_between_straight_code() {
    let (inputs, rows) = (40, 67);
    let rows = Array2::from_shape_fn((rows, inputs), |(row, i)| 0.3 + 0.6 * ((7 * row + 3 * i) as f64).sin());
    let lengths = [
        [0, 11, 0],
        [0, 12, 0],
        [3, 13, 2],
        [95, 40, 1],
        [96, 40, 95],
        [97, 100, 96],
        [1, 100, 97],
        [200, 30, 200],
        [5, 400, 0],
    ];
    for (lengths, back) in lengths.into_iter().flat_map(|lengths| [1, 3].map(|back| (lengths, back))) {
        let program =
            compiled(Program::record(|x: &[Var<f64>]| stepped(x, lengths, back), &rows.row(0).to_vec()).exact());
        let (what, replayed) = (format!("{lengths:?} {back} {program:?}"), program.clone().interpreted());
        let (values, gradients) =
            (program.batch_values(&rows.view()).unwrap(), program.batch_gradients(&rows.view()).unwrap());
        for (k, x) in rows.rows().into_iter().enumerate() {
            let x = x.to_vec();
            let want = replayed.gradient(&x).unwrap();
            assert!(same(values[k], stepped(&x, lengths, back)), "{what}: row {k}");
            near(&what, &gradients.row(k).to_vec(), &want, 256.0);
            near(&what, &program.gradient(&x).unwrap(), &want, 256.0);
        }
    }
}

#[test]
fn random_programs() {
    let count = if is_long() { 10_000 } else { 400 };
    let loops =
        (0..count).filter(|&seed| if seed % 4 == 3 { compare::<f32>(seed) } else { compare::<f64>(seed) }).count();
    assert!(4 * loops > count as usize, "{loops} of {count} have loops");
}

/// Loops multiply plainly; where that is not finite, the interpreter's answer is given.
#[test]
fn an_exact_zero_passes_nothing_on() {
    let weight = |k: usize| if k.is_multiple_of(3) { 0.0 } else { 1.0 };
    let f = |x: &[Var<f64>]| x.iter().enumerate().map(|(k, x)| x.sqrt() * weight(k)).sum::<Var<f64>>();
    let program = compiled(Program::record(f, &[0.5; 150]));
    let replayed = program.clone().interpreted();
    let x: Vec<f64> = (0..150).map(weight).collect();
    let gradient = program.gradient(&x).unwrap();
    assert!(gradient.iter().zip(&x).all(|(slope, x)| *slope == 0.5 * x), "{gradient:?}");
    assert_eq!(program.vjp(&x, &[2.0]).unwrap(), replayed.vjp(&x, &[2.0]).unwrap());
    let rows = Array2::from_shape_fn((3, 150), |(_, k)| x[k]);
    assert!(program.batch_gradients(&rows.view()).unwrap().rows().into_iter().all(|row| row.to_vec() == gradient));
}
