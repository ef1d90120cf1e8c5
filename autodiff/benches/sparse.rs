//! Bundle adjustment: 49 cameras, 7,776 points, 31,843 observations of two residuals each. The program is recorded, and its
//! sparse Jacobian computed for the first time, pattern and plan included, and again.
//!
//! `cargo bench -p autodiff --bench sparse`

use std::hint::black_box;

use autodiff::{Program, Real, Var};
use criterion::{BatchSize, Criterion};
use num_traits::Float;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CAMERAS: usize = 49;
const POINTS: usize = 7_776;
const OBSERVATIONS: usize = 31_843;

/// Camera, point and place in the picture.
type Observation = (usize, usize, [f64; 2]);

/// A point seen by a camera: rotation vector, centre, focal length, principal point, two of distortion.
fn seen<R: Real>(camera: &[R], point: &[R]) -> [R; 2] {
    let (r, from) = ([0, 1, 2].map(|i| camera[i]), [0, 1, 2].map(|i| point[i] - camera[3 + i]));
    let cross = |a: [R; 3]| [[1, 2], [2, 0], [0, 1]].map(|[i, j]| a[i] * from[j] - a[j] * from[i]);
    let square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
    let y = if square > R::of(1e-10) {
        let theta = Float::sqrt(square);
        let (sin, cos, axis) = (Float::sin(theta), Float::cos(theta), r.map(|r| r / theta));
        let along = (axis[0] * from[0] + axis[1] * from[1] + axis[2] * from[2]) * (R::one() - cos);
        let turned = cross(axis);
        [0, 1, 2].map(|i| from[i] * cos + turned[i] * sin + axis[i] * along)
    } else {
        let turned = cross(r);
        [0, 1, 2].map(|i| from[i] + turned[i])
    };
    let at = [y[0] / y[2], y[1] / y[2]];
    let square = at[0] * at[0] + at[1] * at[1];
    let scale = R::one() + camera[9] * square + camera[10] * square * square;
    [0, 1].map(|i| at[i] * scale * camera[6] + camera[7 + i])
}

/// Weighted differences of what is seen and what should be: of cameras, points and weights.
fn residuals<R: Real>(x: &[R], observations: &[Observation]) -> Vec<R> {
    let (cameras, rest) = x.split_at(11 * CAMERAS);
    let (points, weights) = rest.split_at(3 * POINTS);
    let each = |(&(k, j, place), &w): (&Observation, &R)| {
        let seen = seen(&cameras[11 * k..][..11], &points[3 * j..][..3]);
        [0, 1].map(|i| w * (seen[i] - R::of(place[i])))
    };
    observations.iter().zip(weights).flat_map(each).collect()
}

fn main() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut x = Vec::new();
    for _ in 0..CAMERAS {
        let scales = [0.4, 0.4, 0.4, 1.0, 1.0, 1.0, 500.0, 1.0, 1.0, 0.01, 0.01];
        x.extend(scales.map(|scale| scale * rng.random_range(0.5..1.5)));
    }
    for _ in 0..POINTS {
        x.extend([0.0, 0.0, 5.0].map(|far| far + rng.random_range(0.0..1.0)));
    }
    x.extend((0..OBSERVATIONS).map(|_| rng.random_range(0.5..1.5)));
    let observations: Vec<Observation> = (0..OBSERVATIONS)
        .map(|i| (rng.random_range(0..CAMERAS), i % POINTS, [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)]))
        .collect();
    let record = || Program::record(|x: &[Var<f64>]| residuals(x, &observations), black_box(&x));

    let mut c = Criterion::default().configure_from_args();
    let mut group = c.benchmark_group("bundle adjustment");
    group.sample_size(10);
    group.bench_function("plain", |b| b.iter(|| residuals::<f64>(black_box(&x), &observations)));
    group.bench_function("record", |b| b.iter(record));
    let program = record();
    group.bench_function("first sparse Jacobian", |b| {
        // A clone has no plan yet.
        b.iter_batched(|| program.clone(), |program| program.sparse_jacobian(&x), BatchSize::PerIteration);
    });
    program.sparse_jacobian(&x).expect("the branches that were recorded");
    group.bench_function("sparse Jacobian", |b| b.iter(|| program.sparse_jacobian(black_box(&x))));
    group.finish();
}
