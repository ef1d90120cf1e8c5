//! Sparse derivatives of many outputs, and what shortening a program keeps apart.

use std::collections::HashSet;

use autodiff::{Program, Real, Var, jacobian};
use num_traits::Float;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::close;

/// The sparse Jacobian beside the dense one.
fn agrees(what: &str, inputs: u8, f: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) {
    let along = |start: f64, step: f64| (0..inputs).map(move |i| start + step * f64::from(i)).collect::<Vec<_>>();
    let (at, x) = (along(0.4, 0.03), along(1.2, -0.02));
    let (program, want) = (Program::record(&f, &at), jacobian(&f, &x));
    // Twice: the second one finds its plan and its buffers.
    for _ in 0..2 {
        let got = program.sparse_jacobian(&x).unwrap();
        assert_eq!(got.shape, want.dim(), "{what}");
        assert!(got.iter().map(|(i, j, _)| (i, j)).is_sorted(), "{what}: ordered by row and column");
        for (k, (got, want)) in got.to_dense().iter().zip(&want).enumerate() {
            close(format_args!("{what} [{k}]"), *got, *want, 1e-11);
        }
    }
}

#[test]
fn rows_and_columns() {
    agrees("neighbours", 23, |x| x.windows(3).map(|x| (x[0] * x[1] - x[2]).sin() * x[0]).collect());
    agrees("an arrow", 19, |x| {
        let all = x.iter().map(|x| x.sin()).sum::<Var<f64>>();
        std::iter::once(all * x[3]).chain(x.iter().map(|&y| y * y.exp() * x[0])).collect()
    });
    agrees("the same outputs again, inputs, constants", 7, |x| {
        let y = (x[2] * x[5]).tanh();
        vec![y, x[3], Var::constant(2.0), y, x[3], y * x[2], y, Var::constant(-1.0), x[6] - x[6]]
    });
    // Forward sweeps: many outputs of few inputs, each of which needs what all share.
    agrees("a long way to many outputs", 5, |x| {
        let long = (0..200).fold(x[0], |y, k| (y * x[k % 5]).sin() + x[(k + 1) % 5]);
        (0..60_u8).map(|k| (long * f64::from(k)).cos() * x[usize::from(k) % 5]).collect()
    });
    agrees("rows far from each other that share entries", 16, |x| {
        let shared: Vec<_> = x.windows(2).map(|x| (x[0] / x[1]).exp()).collect();
        shared.iter().map(|y| y.sin()).chain(shared.iter().map(|y| y.cos())).collect()
    });
}

/// Residuals of bundle adjustment: of a camera (rotation vector, centre, focal length, principal point, two of
/// distortion), a point and a weight.
fn residuals<R: Real>(x: &[R], observations: &[(usize, usize, [f64; 2])], cameras: usize, points: usize) -> Vec<R> {
    let (camera, rest) = x.split_at(11 * cameras);
    let (point, weight) = rest.split_at(3 * points);
    let cross = |a: [R; 3], b: [R; 3]| [[1, 2], [2, 0], [0, 1]].map(|[i, j]| a[i] * b[j] - a[j] * b[i]);
    let each = |(&(k, j, seen), &w): (&(usize, usize, [f64; 2]), &R)| {
        let (camera, point) = (&camera[11 * k..][..11], &point[3 * j..][..3]);
        let (r, from) = ([0, 1, 2].map(|i| camera[i]), [0, 1, 2].map(|i| point[i] - camera[3 + i]));
        let square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        let y = if square > R::of(0.0) {
            let theta = Float::sqrt(square);
            let (sin, cos, axis) = (Float::sin(theta), Float::cos(theta), r.map(|r| r / theta));
            let (turned, along) = (cross(axis, from), axis[0] * from[0] + axis[1] * from[1] + axis[2] * from[2]);
            [0, 1, 2].map(|i| from[i] * cos + turned[i] * sin + axis[i] * along * (R::one() - cos))
        } else {
            let turned = cross(r, from);
            [0, 1, 2].map(|i| from[i] + turned[i])
        };
        let at = [y[0] / y[2], y[1] / y[2]];
        let square = at[0] * at[0] + at[1] * at[1];
        let scale = R::one() + camera[9] * square + camera[10] * square * square;
        [0, 1].map(|i| w * (at[i] * scale * camera[6] + camera[7 + i] - R::of(seen[i])))
    };
    observations.iter().zip(weight).flat_map(each).collect()
}

fn bundle<T: Real>(tolerance: f64) {
    let (cameras, points, mut rng) = (3, 10, ChaCha8Rng::seed_from_u64(7));
    let observations: Vec<_> = (0..40).map(|i| (rng.random_range(0..cameras), i % points, [0.5, -0.25])).collect();
    let mut x: Vec<T> =
        (0..11 * cameras + 3 * points + 40).map(|_| T::of(f64::from(rng.random_range(2_u8..50)) * 0.02)).collect();
    // Points before the cameras.
    (0..points).for_each(|j| x[11 * cameras + 3 * j + 2] += T::of(5.0));
    // A camera that is not turned takes the other branch.
    x[11..14].fill(T::zero());
    let f = |x: &[Var<T>]| residuals(x, &observations, cameras, points);
    let (got, want) = (Program::record(f, &x).sparse_jacobian(&x).unwrap(), jacobian(f, &x));
    assert_eq!(got.values.len(), 80 * 14, "all but the other coordinate of the principal point");
    let scale = want.iter().fold(0.0_f64, |scale, x| scale.max(x.to_f64().unwrap().abs()));
    for (got, want) in got.to_dense().iter().zip(&want) {
        let (got, want) = (got.to_f64().unwrap(), want.to_f64().unwrap());
        assert!((got - want).abs() <= tolerance * scale, "{got} {want}");
    }
}

#[test]
fn bundle_adjustment() {
    bundle::<f64>(1e-14);
    bundle::<f32>(1e-6);
}

#[test]
fn sums_of_one_and_of_two_are_told_apart() {
    let sums = |x: &[Var<f64>]| vec![autodiff::sum(&x[1..2]), autodiff::sum([x[1], x[0]]), autodiff::sum(&x[1..2])];
    let program = Program::record(sums, &[1.0, 2.0]);
    assert_eq!(program.values(&[1.0, 2.0]).unwrap(), [2.0, 3.0, 2.0]);
    assert_eq!(program.len(), 2 + 2);
}

/// Operations that are no sums: as many entries as there are different expressions that an output needs.
#[test]
fn each_expression_once() {
    for seed in 0..200 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let steps: Vec<_> = (0..rng.random_range(1..400))
            .map(|_| (rng.random_range(0..5), rng.next_u64() as usize, rng.next_u64() as usize))
            .collect();
        // Constants that are equal, or differ in the sign of zero.
        let constants = [0.5, -0.0, 3.0, 0.0];
        let run = |x: &[Var<f64>]| {
            let mut all = x.to_vec();
            for &(op, a, b) in &steps {
                let (x, y, c) = (all[a % all.len()], all[b % all.len()], constants[b % constants.len()]);
                all.push([x * y, x.sin(), x * c, c / x, x.hypot(y)][op]);
            }
            all.split_off(all.len() - 1)
        };
        // Each expression by the places of its operands among all that are different.
        let mut known: Vec<(usize, usize, usize)> = (0..3).map(|i| (9, i, i)).collect();
        let mut all: Vec<usize> = (0..3).collect();
        for &(op, a, b) in &steps {
            let (x, y) = (all[a % all.len()], all[b % all.len()]);
            let expression = (op, x, [y, 0, b % constants.len(), b % constants.len(), y][op]);
            let place = known.iter().position(|&k| k == expression).unwrap_or(known.len());
            if place == known.len() {
                known.push(expression);
            }
            all.push(place);
        }
        let (mut needed, mut stack) = (HashSet::new(), vec![all[all.len() - 1]]);
        while let Some(i) = stack.pop() {
            if i >= 3 && needed.insert(i) {
                let (op, x, y) = known[i];
                stack.extend(if matches!(op, 0 | 4) { vec![x, y] } else { vec![x] });
            }
        }
        assert_eq!(Program::record(run, &[0.7, 1.3, 2.1]).len(), 3 + needed.len(), "seed {seed}");
    }
}

/// A thousand operations on one variable are found again, wherever they are looked for.
#[test]
fn many_operations_on_one_variable() {
    let f = |x: &[Var<f64>]| {
        let products = || (0..1000).map(|k| (x[0] * (f64::from(k) + 0.5)).sin());
        products().zip(products()).map(|(a, b)| a.max(b)).collect::<Vec<_>>()
    };
    let program = Program::record(f, &[0.3]);
    assert_eq!(program.len(), 1 + 3 * 1000);
    assert_eq!(program.sparse_jacobian(&[0.3]).unwrap().values.len(), 1000);
}
