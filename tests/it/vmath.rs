//! The vector functions of the kernels, through tensors: accuracy, edges, the same bits on every path and at every place.

use autodiff::Real;
use autodiff::rules::Unary;
use autodiff::tensor::{Path, Tensor, limited_to};
use ndarray::Array1;

/// Rows with a vector function, and the largest errors that may be, in units in the last place: `f32`, `f64`. Measured over
/// some six million arguments each, then rounded up.
const ROWS: [(Unary, f64, f64); 14] = [
    (Unary::Exp, 0.95, 0.95),
    (Unary::ExpM1, 1.2, 1.3),
    (Unary::Ln, 0.85, 0.85),
    (Unary::Ln1p, 0.9, 0.9),
    (Unary::Tanh, 1.0, 1.0),
    (Unary::Sigmoid, 1.5, 1.6),
    (Unary::Softplus, 1.7, 1.7),
    (Unary::LogSigmoid, 1.7, 1.7),
    (Unary::Sin, 0.85, 0.85),
    (Unary::Cos, 0.85, 0.85),
    (Unary::NormalCdf, 1.3, 1.3),
    (Unary::NormalPdf, 0.8, 0.8),
    (Unary::Erf, 1.1, 1.1),
    (Unary::Erfc, 1.3, 1.3),
];

const PATHS: [Path; 3] = [Path::Portable, Path::Avx2, Path::Avx512];

fn map<T: Real>(f: Unary, x: &[T]) -> Vec<T> {
    Tensor::constant(Array1::from(x.to_vec())).unary(f).to_array().iter().copied().collect()
}

fn mix(i: u64) -> u64 {
    let mut z = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Random bit patterns, ranges in which the functions bend, and edges.
fn arguments(count: u64) -> Vec<f64> {
    let unit = |i: u64| (mix(i) >> 11) as f64 * 2f64.powi(-53);
    let mut x: Vec<f64> = (0..count).map(|i| f64::from_bits(mix(i))).collect();
    x.extend((0..count).map(|i| f64::from(f32::from_bits(mix(i) as u32))));
    for (k, scale) in [0.05, 0.7, 2.0, 10.0, 60.0, 400.0, 1e5, 1e9].into_iter().enumerate() {
        x.extend((0..count).map(|i| scale * (2.0 * unit(i + (k as u64 + 1) * count) - 1.0)));
    }
    x.extend((0..count).map(|i| 1.0 + (unit(i) - 0.5) * 10f64.powf(-16.0 * unit(i + count))));
    x.extend((1..1000).map(|k| f64::from(k * k) * std::f64::consts::FRAC_PI_2));
    for edge in
        [0.0, 1.0, 2f64.powi(-149), f64::from_bits(1), 2f64.powi(-126), 88.722_84, 103.972_08, 709.782_712_893_384]
    {
        x.extend([edge, -edge, edge.next_up(), edge.next_down(), -edge.next_up(), -edge.next_down()]);
    }
    x.extend([
        745.133_219_101_941_2,
        -745.133_219_101_941_2,
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ]);
    x
}

/// The distance of two consecutive numbers at `x`.
fn unit_f32(x: f64) -> f64 {
    let x = (x as f32).abs().min(f32::MAX.next_down());
    f64::from(x.next_up()) - f64::from(x)
}

#[test]
fn f32_is_accurate_everywhere() {
    let x: Vec<f32> = arguments(20_000).into_iter().map(|x| x as f32).collect();
    for (f, bound, _) in ROWS {
        let (mut worst, mut place) = (0.0, 0.0);
        for (&x, y) in x.iter().zip(map(f, &x)) {
            let exact = f.value(f64::from(x));
            if !(exact as f32).is_finite() || exact as f32 == 0.0 {
                let plain = exact as f32;
                assert!(plain.is_nan() && y.is_nan() || y == plain, "{f:?}({x:e}) = {y:e}, exactly {exact:e}");
                continue;
            }
            let error = (f64::from(y) - exact).abs() / unit_f32(exact);
            if error > worst {
                (worst, place) = (error, x);
            }
        }
        assert!(worst <= bound, "{f:?}: {worst} ulp at {place:e}, at most {bound} is right");
        assert!(worst > 0.4, "{f:?}: {worst}: the test has seen nothing");
    }
}

#[test]
fn f64_agrees_with_sixty_digits() {
    let mut seen = [0; ROWS.len()];
    for line in include_str!("../data/vmath.csv").lines() {
        let mut fields = line.split(',');
        let name = fields.next().unwrap();
        let [x, high, low] = [(); 3].map(|()| f64::from_bits(u64::from_str_radix(fields.next().unwrap(), 16).unwrap()));
        let row = ROWS.iter().position(|(f, ..)| f.name() == name).unwrap();
        let (f, _, bound) = ROWS[row];
        seen[row] += 1;
        let y = map(f, &[x])[0];
        if high == 0.0 || high.is_infinite() {
            assert_eq!(y, high, "{name}({x:e})");
            continue;
        }
        let unit = high.abs().next_up() - high.abs();
        let error = ((y - high) - low).abs() / unit;
        assert!(error <= bound, "{name}({x:e}) = {y:e}: {error} ulp");
    }
    assert!(seen.iter().all(|&seen| seen > 150), "{seen:?}");
}

#[test]
fn edges_are_the_standard_library_s() {
    fn check<T: Real>() {
        let edges =
            [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e300, -1.0, 1.0, -2.0, 1e-320, -1e-320];
        let edges = edges.map(T::of);
        for (f, ..) in ROWS {
            for (&x, y) in edges.iter().zip(map(f, &edges)) {
                let plain = x.unary(f);
                let close = (y - plain).abs() <= T::epsilon() * T::of(2.0) * plain.abs();
                let same = y == plain && y.is_sign_negative() == plain.is_sign_negative();
                assert!(
                    same || close && plain != T::zero() || y.is_nan() && plain.is_nan(),
                    "{f:?}({x:?}): {y:?}, {plain:?}"
                );
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn every_path_gives_the_same_bits_at_every_place() {
    fn check<T: Real>(bits: impl Fn(T) -> u64) {
        let x: Vec<T> = arguments(300).into_iter().map(T::of).collect();
        for (f, ..) in ROWS {
            let [first, rest @ ..] = PATHS.map(|path| limited_to(path, || map(f, &x)));
            // One by one, and in slices that begin anywhere.
            let single: Vec<T> = x.iter().map(|&x| map(f, &[x])[0]).collect();
            let same = |y: &[T], from: usize| {
                for (i, (&a, &b)) in y.iter().zip(&first[from..]).enumerate() {
                    assert!(bits(a) == bits(b) || a.is_nan() && b.is_nan(), "{f:?}({:?}): {a:?}, {b:?}", x[from + i]);
                }
            };
            for y in rest {
                same(&y, 0);
            }
            same(&single, 0);
            for path in PATHS {
                for len in 0..70 {
                    let from = 3 * len + len % 5;
                    let y = limited_to(path, || map(f, &x[from..from + len]));
                    assert_eq!(y.len(), len);
                    same(&y, from);
                }
            }
        }
    }
    check::<f32>(|x| x.bits().unwrap());
    check::<f64>(|x| x.bits().unwrap());
}

#[test]
fn powers_and_roots() {
    let x = [0.0, -0.0, 2.25, -2.25, 1e-310, 1e200, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for b in [0.5, 1.0, 1.5, 2.0, 3.0] {
        let powers = Tensor::constant(Array1::from(x.to_vec())).powf(b).to_array();
        for (x, &fast) in x.into_iter().zip(&powers) {
            let plain = x.powf(b);
            let same = fast == plain && fast.is_sign_negative() == plain.is_sign_negative();
            let close = (fast - plain).abs() <= 2.0 * f64::EPSILON * plain.abs();
            assert!(same || close && plain != 0.0 || fast.is_nan() && plain.is_nan(), "{x}^{b}: {fast}, {plain}");
        }
    }
}
