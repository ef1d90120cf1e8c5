//! Data sets: splits, standardising, generators.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, Axis, array};
use nn::data::generate::{blobs, circles, moons, noisy_curve, spirals, xor};
use nn::data::labels;
use nn::{Dataset, Standardizer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::{close, raises_here};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[track_caller]
fn message<R>(result: nn::Result<R>) -> String {
    result.err().expect("an error").to_string()
}

/// Items that know their number, with classes of these sizes.
fn numbered(sizes: &[usize]) -> Dataset<f64> {
    let classes: Vec<usize> = sizes.iter().enumerate().flat_map(|(class, &size)| vec![class; size]).collect();
    let inputs = Array2::from_shape_fn((classes.len(), 1), |(i, _)| i as f64);
    Dataset::new(inputs, nn::data::one_hot(&classes, sizes.len()).unwrap()).unwrap()
}

/// How many items of each class there are.
fn sizes(data: &Dataset<f64>) -> Vec<usize> {
    labels(&data.targets().sum_axis(Axis(0))).unwrap()
}

fn numbers(data: &Dataset<f64>) -> Vec<usize> {
    labels(data.inputs()).unwrap()
}

#[test]
fn splits_lose_nothing_and_keep_proportions() {
    let mut seeds = rng(3);
    for _ in 0..200 {
        let classes: Vec<usize> = (0..seeds.random_range(1..6)).map(|_| seeds.random_range(2..40)).collect();
        let data = numbered(&classes);
        let fraction = seeds.random_range(0.05..0.95);
        #[allow(clippy::cast_sign_loss, reason = "neither factor is negative")]
        let share = (fraction * data.len() as f64).round() as usize;
        let Ok((first, second)) = data.stratified_split(fraction, &mut seeds) else {
            assert!(share.min(data.len() - share) < classes.len(), "{classes:?} at {fraction} can be split");
            continue;
        };
        let mut all = [numbers(&first), numbers(&second)].concat();
        all.sort_unstable();
        assert_eq!(all, (0..data.len()).collect::<Vec<_>>());
        assert_eq!(first.len(), share);
        let is_plain = classes.iter().all(|&n| (1.0..=n as f64 - 1.0).contains(&(fraction * n as f64)));
        for (part, &n) in sizes(&first).iter().zip(&classes) {
            assert!((1..n).contains(part), "{classes:?} at {fraction}: {part} of {n}");
            assert!(
                !is_plain || (*part as f64 - fraction * n as f64).abs() < 1.0,
                "{classes:?} at {fraction}: {part} of {n}"
            );
        }
    }
}

#[test]
fn folds_hold_each_item_once() {
    for k in [2, 3, 7] {
        let data = numbered(&[10, 23, 7]);
        for (stratified, folds) in
            [(false, data.k_fold(k, &mut rng(1)).unwrap()), (true, data.stratified_k_fold(k, &mut rng(1)).unwrap())]
        {
            assert_eq!(folds.len(), k);
            let (mut seen, mut lengths) = (Vec::new(), Vec::new());
            for (train, valid) in folds {
                let mut all = [numbers(&train), numbers(&valid)].concat();
                all.sort_unstable();
                assert_eq!(all, (0..40).collect::<Vec<_>>());
                lengths.push(valid.len());
                seen.extend(numbers(&valid));
                for (part, n) in sizes(&valid).into_iter().zip([10, 23, 7]) {
                    assert!(!stratified || part == n / k || part == n / k + 1, "{part} of {n} in one of {k}");
                }
            }
            assert!(lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 1);
            assert!(!seen.is_sorted(), "shuffled");
            seen.sort_unstable();
            assert_eq!(seen, (0..40).collect::<Vec<_>>());
        }
    }
    let order = |seed| data_order(&numbered(&[10, 23, 7]), seed);
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

fn data_order(data: &Dataset<f64>, seed: u64) -> Vec<usize> {
    data.stratified_k_fold(3, &mut rng(seed)).unwrap().flat_map(|(_, valid)| numbers(&valid)).collect()
}

#[test]
fn splits_that_cannot_be() {
    let data = numbered(&[10, 2]);
    let folds = |k| message(data.k_fold(k, &mut rng(1)));
    let range = "expected from 2 to as many as there are items";
    assert_eq!(folds(1), format!("data set: cannot split 12 items into 1 folds, {range}"));
    assert_eq!(folds(13), format!("data set: cannot split 12 items into 13 folds, {range}"));
    assert_eq!(
        message(data.stratified_k_fold(3, &mut rng(1))),
        "data set: class 1 has 2 items, expected at least 3 to have one in every fold"
    );
    assert_eq!(
        message(numbered(&[10, 1]).stratified_split(0.5, &mut rng(1))),
        "data set: class 1 has 1 item, expected at least 2 to have one in both parts"
    );
    assert_eq!(
        message(data.stratified_split(0.1, &mut rng(1))),
        "data set: splitting 12 items at 0.1 leaves one part without some of the 2 classes"
    );
    assert_eq!(
        message(data.stratified_split(-0.1, &mut rng(1))),
        "data set: cannot split off a fraction of -0.1, expected 0 to 1"
    );
    let with = |targets: Array2<f64>| Dataset::new(Array2::zeros((2, 1)), targets).unwrap();
    let whole = "expected a one-hot row or a whole number";
    assert_eq!(
        message(with(array![[1.], [0.5]]).classes()),
        format!("data set: the target of item 1 is [0.5], {whole}")
    );
    let soft = with(array![[0.1, 0.9], [0., 1.]]);
    assert_eq!(message(soft.classes()), format!("data set: the target of item 0 is [0.1, 0.9], {whole}"));
    let two = with(array![[1., 1.], [0., 1.]]);
    assert_eq!(
        message(two.stratified_k_fold(2, &mut rng(1))),
        format!("data set: the target of item 0 is [1.0, 1.0], {whole}")
    );
}

#[test]
fn standardising() {
    let mut rng = rng(4);
    // Far from 0 and with spreads of all sizes; the last feature does not vary, and its mean would be rounded.
    let x = Array2::<f64>::from_shape_fn((101, 4), |(_, j)| match j {
        3 => 0.1,
        j => 1e6 + [1e-3, 1.0, 1e3][j] * rng.random_range(-1.0..1.0),
    });
    let x = x.into_dyn();
    let scale = Standardizer::fit(&x).unwrap();
    assert_eq!((scale.means()[3], scale.deviations()[3]), (0.1, 1.0));
    let z = scale.apply(&x).unwrap();
    for (j, column) in z.axis_iter(Axis(1)).enumerate() {
        let mean: f64 = column.mean().unwrap();
        let variance = column.mapv(|z| (z - mean).powi(2)).mean().unwrap();
        // What can be said of numbers around a million that differ by a thousandth.
        let tolerance = if j == 0 { 1e-7 } else { 1e-10 };
        close(format!("mean {j}"), mean, 0.0, tolerance);
        close(format!("variance {j}"), variance, f64::from(u8::from(j < 3)), tolerance);
    }
    let back = scale.invert(&z).unwrap();
    back.iter().zip(&x).for_each(|(back, x)| close("back", *back, *x, 1e-15));

    // Another part is treated as the first one was.
    let other = array![[1e6, 1e6, 1e6, 0.3]].into_dyn();
    let moved = scale.apply(&other).unwrap();
    for j in 0..4 {
        assert_eq!(moved[[0, j]], (other[[0, j]] - scale.means()[j]) / scale.deviations()[j]);
    }
    let again = Standardizer::new(scale.means().to_vec(), scale.deviations().to_vec()).unwrap();
    assert_eq!(again, scale);
    // Images: every pixel by itself; targets of one number an item.
    let images = ndarray::Array3::from_shape_fn((2, 2, 2), |(i, j, k)| (i * (2 * j + k + 1)) as f32).into_dyn();
    assert_eq!(Standardizer::fit(&images).unwrap().deviations(), [0.5, 1.0, 1.5, 2.0]);
    let line = array![1.0, 3.0].into_dyn();
    assert_eq!(Standardizer::fit(&line).unwrap().apply(&line).unwrap(), array![-1.0, 1.0].into_dyn());

    assert_eq!(message(scale.apply(&line)), "data set: an array of shape [2] does not hold items of 4 features each");
    assert_eq!(
        message(Standardizer::fit(&Array2::<f64>::zeros((0, 2)).into_dyn())),
        "data set: nothing to fit a standardizer to, expected at least 1 item"
    );
    let feature = "expected finite numbers and a deviation above 0";
    assert_eq!(
        message(Standardizer::fit(&array![[1e200], [-1e200]].into_dyn())),
        format!("data set: feature 0 has mean 0 and deviation inf, {feature}")
    );
    assert_eq!(
        message(Standardizer::new(vec![1.0, 2.0], vec![1.0, 0.0])),
        format!("data set: feature 1 has mean 2 and deviation 0, {feature}")
    );
    assert_eq!(message(Standardizer::new(vec![1.0], vec![])), "data set: 1 means and 0 deviations, expected as many");
}

#[test]
fn generators_follow_their_formulas() {
    let radius = |row: ndarray::ArrayView1<'_, f64>| row[0].hypot(row[1]);
    let inputs = |data: &Dataset<f64>| data.inputs().clone().into_dimensionality::<ndarray::Ix2>().unwrap();
    let data = moons::<f64>(101, 0.0, &mut rng(1));
    assert_eq!(data.classes().unwrap(), (0..101).map(|i| i % 2).collect::<Vec<_>>());
    for (i, row) in inputs(&data).rows().into_iter().enumerate() {
        // The second half circle is the first one, turned around and moved.
        let (x, y) = if i % 2 == 0 { (row[0], row[1]) } else { (1.0 - row[0], 0.5 - row[1]) };
        assert!((x.hypot(y) - 1.0).abs() < 1e-15 && y >= 0.0);
    }
    let data = circles::<f64>(100, 0.4, 0.0, &mut rng(1));
    for (i, row) in inputs(&data).rows().into_iter().enumerate() {
        close("radius", radius(row), if i % 2 == 0 { 1.0 } else { 0.4 }, 1e-15);
    }
    let data = spirals::<f64>(300, 3, 1.5, 0.0, &mut rng(1));
    assert_eq!(sizes(&data), [100; 3]);
    for (i, row) in inputs(&data).rows().into_iter().enumerate() {
        let angle = TAU * (1.5 * radius(row) + (i % 3) as f64 / 3.0);
        close("spiral", row[0] * angle.sin() - row[1] * angle.cos(), 0.0, 1e-14);
        assert!(row[0] * angle.cos() + row[1] * angle.sin() >= 0.0);
    }
    // Half of the area, half of the points.
    let inner = inputs(&spirals::<f64>(4000, 2, 1.0, 0.0, &mut rng(2)))
        .rows()
        .into_iter()
        .filter(|row| radius(*row) < 0.5_f64.sqrt())
        .count();
    assert!((1850..2150).contains(&inner), "{inner}");

    let centres = array![[0.0, 10.0, -10.0], [5.0, 5.0, 5.0]];
    let data = blobs::<f64>(4000, &centres, 0.5, &mut rng(1));
    for class in 0..2 {
        for j in 0..3 {
            let x: Vec<f64> = (class..4000).step_by(2).map(|i| data.inputs()[[i, j]] - centres[[class, j]]).collect();
            let mean = x.iter().sum::<f64>() / 2000.0;
            let deviation = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
            // Five standard errors.
            assert!(mean.abs() < 5.0 * 0.5 / 2000.0_f64.sqrt(), "{mean}");
            assert!((deviation - 0.5).abs() < 5.0 * 0.5 / 4000.0_f64.sqrt(), "{deviation}");
        }
    }
    let noisy = noisy_curve::<f64>(2000, |x| (PI * x).sin(), -1.0..1.0, 0.1, &mut rng(1));
    let noise = noisy.inputs().iter().zip(noisy.targets()).map(|(x, t)| (t - (PI * x).sin()).powi(2));
    close("noise", (noise.sum::<f64>() / 2000.0).sqrt(), 0.1, 0.01);
    assert!(xor::<f64>(9, 0.1, &mut rng(1)).inputs() != xor::<f64>(9, 0.1, &mut rng(2)).inputs());
    assert_eq!(xor::<f64>(9, 0.1, &mut rng(1)).inputs(), xor::<f64>(9, 0.1, &mut rng(1)).inputs());
    // The same numbers, rounded.
    let narrow = xor::<f32>(9, 0.1, &mut rng(1));
    assert_eq!(narrow.inputs(), &xor::<f64>(9, 0.1, &mut rng(1)).inputs().mapv(|x| x as f32));
    assert!(moons::<f64>(0, 0.0, &mut rng(1)).is_empty());
}

#[test]
fn generators_refuse_nonsense() {
    let noise = "expected a finite number that is not negative";
    raises_here(|| xor::<f64>(4, -1.0, &mut rng(1)), &format!("xor: the noise is -1, {noise}"));
    raises_here(|| moons::<f64>(4, f64::NAN, &mut rng(1)), &format!("moons: the noise is NaN, {noise}"));
    raises_here(
        || circles::<f64>(4, 1.0, 0.0, &mut rng(1)),
        "circles: the inner radius is 1, expected from 0 to less than 1",
    );
    raises_here(|| spirals::<f64>(4, 0, 1.0, 0.0, &mut rng(1)), "spirals: 0 arms, expected at least 1");
    let endless = f64::INFINITY;
    raises_here(|| spirals::<f64>(4, 2, endless, 0.0, &mut rng(1)), "spirals: inf turns, expected a finite number");
    raises_here(|| blobs::<f64>(4, &Array2::zeros((0, 2)), 0.0, &mut rng(1)), "blobs: no centres, expected at least 1");
    raises_here(
        || noisy_curve::<f64>(4, f64::ln, 1.0..1.0, 0.0, &mut rng(1)),
        "noisy_curve: the range is 1..1, expected finite ends in ascending order",
    );
    let at: f64 = rng(1).random();
    raises_here(
        || noisy_curve::<f64>(1, |_| f64::NAN, 0.0..1.0, 0.0, &mut rng(1)),
        &format!("noisy_curve: the function is NaN at {at}, expected a finite number"),
    );
}
