//! Metrics: the numbers of scikit-learn (`tests/data/metrics.py`), and the cases without a number.

use autodiff::Tensor;
use ndarray::{Array2, array};
use nn::metrics::{Average, Confusion, accuracy, classes, log_loss, mae, mse, r2, roc_auc, top_k};
use serde_json::Value;
use tests::{close, raises_here};

type Own = fn(&Confusion, usize) -> f64;
type Mean = fn(&Confusion, Average) -> f64;

fn cases(kind: &str) -> Vec<Value> {
    let text = include_str!("../data/metrics.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// A list of numbers or of rows.
fn tensor(value: &Value) -> Tensor<f64> {
    let rows = value.as_array().unwrap();
    let flat = |row: &Value| row.as_array().map_or_else(|| vec![number(row)], |row| row.iter().map(number).collect());
    let numbers: Vec<f64> = rows.iter().flat_map(flat).collect();
    let shape = if rows[0].is_array() { vec![rows.len(), numbers.len() / rows.len()] } else { vec![rows.len()] };
    Tensor::constant(ndarray::ArrayD::from_shape_vec(shape, numbers).unwrap())
}

#[test]
fn classification_agrees_with_scikit_learn() {
    for case in cases("classification") {
        let name = case["name"].as_str().unwrap();
        let (y, t) = (tensor(&case["y"]), tensor(&case["t"]));
        let check = |what: &str, got: f64, want: &Value| close(format!("{name}: {what}"), got, number(want), 1e-12);
        check("accuracy", accuracy(&y, &t), &case["accuracy"]);
        check("log loss", log_loss(&y, &t), &case["log_loss"]);
        match case.get("roc_auc") {
            Some(want) => check("area", roc_auc(&y, &t), want),
            None => assert!(roc_auc(&y, &t).is_nan(), "{name}"),
        }
        for pair in case["top_k"].as_array().into_iter().flatten() {
            check("top k", top_k(&y, &t, usize::try_from(pair[0].as_u64().unwrap()).unwrap()), &pair[1]);
        }

        let confusion = Confusion::of(&y, &t);
        let counts: Vec<u64> = confusion.counts().iter().map(|&n| n as u64).collect();
        let rows = case["confusion"].as_array().unwrap();
        let want: Vec<u64> = rows.iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_u64().unwrap()).collect();
        assert_eq!(counts, want, "{name}");
        check("accuracy from the matrix", confusion.accuracy(), &case["accuracy"]);
        let scores: [(&str, Own, Mean); 3] = [
            ("precision", Confusion::precision, Confusion::mean_precision),
            ("recall", Confusion::recall, Confusion::mean_recall),
            ("f1", Confusion::f1, Confusion::mean_f1),
        ];
        for (score, own, mean) in scores {
            let want = &case[score];
            check(score, mean(&confusion, Average::Macro), &want["macro"]);
            check(score, mean(&confusion, Average::Micro), &want["micro"]);
            check(score, mean(&confusion, Average::Weighted), &want["weighted"]);
            for (class, want) in want["classes"].as_array().unwrap().iter().enumerate() {
                close(
                    format!("{name}: {score} of {class}"),
                    own(&confusion, class),
                    want.as_f64().unwrap_or(f64::NAN),
                    1e-12,
                );
            }
        }
    }
}

#[test]
fn regression_agrees_with_scikit_learn() {
    for case in cases("regression") {
        let name = case["name"].as_str().unwrap();
        let (y, t) = (tensor(&case["y"]), tensor(&case["t"]));
        for (what, got) in [("mse", mse(&y, &t)), ("mae", mae(&y, &t)), ("r2", r2(&y, &t))] {
            close(format!("{name}: {what}"), got, number(&case[what]), 1e-12);
        }
    }
}

#[test]
fn the_area_is_the_fraction_of_ordered_pairs() {
    let (y, t) = ([0.5, 0.1, 0.5, 0.9, 0.5, 0.1, 0.3], [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    let mut pairs = Vec::new();
    for i in 0..7 {
        for j in 0..7 {
            if t[i] > t[j] {
                pairs.push(if y[i] > y[j] {
                    1.0
                } else if y[i] == y[j] {
                    0.5
                } else {
                    0.0
                });
            }
        }
    }
    let want = pairs.iter().sum::<f64>() / pairs.len() as f64;
    let tensor = |x: [f64; 7]| Tensor::constant(ndarray::arr1(&x));
    close("area", roc_auc(&tensor(y), &tensor(t)), want, 1e-15);
    // Ranks alone matter; one column says as much as two that add up to 1.
    let logits = y.map(|p: f64| (p / (1.0 - p)).ln());
    close("logits", roc_auc(&tensor(logits), &tensor(t)), want, 1e-15);
    let both =
        |x: [f64; 7]| Tensor::constant(Array2::from_shape_fn((7, 2), |(i, j)| if j == 1 { x[i] } else { 1.0 - x[i] }));
    close("two columns", roc_auc(&both(y), &both(t)), want, 1e-15);
}

#[test]
fn what_is_undefined_is_nan() {
    let tensor = |x: &[f64]| Tensor::constant(ndarray::arr1(x));
    let half = tensor(&[0.5, 0.25]);
    for one_sided in [[0.0, 0.0], [1.0, 1.0]] {
        assert!(roc_auc(&half, &tensor(&one_sided)).is_nan());
    }
    assert!(roc_auc(&tensor(&[0.5, f64::NAN]), &tensor(&[0.0, 1.0])).is_nan());
    // The mean of three tenths is not a tenth: a variance from rounding would make a number.
    let tenths = tensor(&[0.1, 0.1, 0.1]);
    assert!(r2(&tenths, &tenths).is_nan() && r2(&tensor(&[1.0, 2.0, 3.0]), &tenths).is_nan());
    assert!(r2(&tensor(&[1.0]), &tensor(&[2.0])).is_nan());

    let nothing = Tensor::<f64>::zeros(&[0, 3]);
    for metric in [accuracy, mse, mae, r2, roc_auc, log_loss] {
        assert!(metric(&nothing, &nothing).is_nan());
    }
    assert!(top_k(&nothing, &nothing, 2).is_nan());
    let none = Confusion::of(&nothing, &nothing);
    assert!(none.accuracy().is_nan() && none.precision(0).is_nan() && none.recall(0).is_nan() && none.f1(0).is_nan());
    for average in [Average::Macro, Average::Micro, Average::Weighted] {
        assert!(none.mean_f1(average).is_nan());
    }
}

#[test]
fn edges_of_metrics() {
    let t = Tensor::constant(array![[1.0, 0.0], [0.0, 1.0]]);
    // A wrong certainty costs everything, a right one nothing.
    assert_eq!(log_loss(&t, &t), 0.0);
    assert_eq!(log_loss(&Tensor::constant(array![[0.0, 1.0], [0.0, 1.0]]), &t), f64::INFINITY);
    assert_eq!(log_loss(&Tensor::constant(array![1.0, 0.5]), &Tensor::constant(array![1.0, 0.0])), 0.5 * 2.0_f64.ln());

    // NaN is never right, whatever the class.
    let nan = Tensor::constant(array![[f64::NAN, f64::NAN], [f64::NAN, 0.1]]);
    assert_eq!((accuracy(&nan, &t), top_k(&nan, &t, 1)), (0.5, 0.5));
    assert_eq!(classes(&nan), [0, 1]);
    assert_eq!(accuracy(&Tensor::constant(array![f64::NAN, 0.2]), &Tensor::constant(array![0.0, 0.0])), 0.5);

    // Ties go to the first class in each of them.
    let tie = Tensor::constant(array![[0.5, 0.5], [0.5, 0.5]]);
    assert_eq!((accuracy(&tie, &t), top_k(&tie, &t, 1), top_k(&tie, &t, 2)), (0.5, 0.5, 1.0));
    assert_eq!(Confusion::of(&tie, &t).counts(), &array![[1, 0], [1, 0]]);

    // Items in a grid count one by one.
    let grid =
        Tensor::constant(ndarray::Array3::from_shape_fn((2, 3, 2), |(i, j, k)| f64::from(u8::from((i + j) % 2 == k))));
    assert_eq!(accuracy(&grid, &grid), 1.0);
    assert_eq!(Confusion::of(&grid, &grid).counts(), &array![[3, 0], [0, 3]]);
    assert_eq!(
        accuracy(&Tensor::constant(array![0.2_f32, 0.7, 0.9]), &Tensor::constant(array![0.0, 1.0, 0.0])),
        2.0 / 3.0
    );
}

#[test]
fn confusion_tables_are_as_wide_as_their_names() {
    let confusion = Confusion::new(&[0, 0, 1], &[0, 1, 1], 2).names(["Äpfel und Birnen", "x"]);
    let table = "\
true \\ predicted  Äpfel und Birnen  x
Äpfel und Birnen                 1  0
x                                1  1
";
    assert_eq!(confusion.to_string(), table);
    let many = Confusion::new(&[0; 1000], &[0; 1000], 1);
    assert_eq!(many.to_string(), "true \\ predicted     0\n0                 1000\n");
    assert_eq!((many.support(0), many.class_names()), (1000, ["0".to_owned()].as_slice()));
}

#[test]
fn slips_with_metrics_are_told() {
    let (two, three) = (Tensor::<f64>::zeros(&[2, 2]), Tensor::<f64>::zeros(&[3, 2]));
    let shapes = "outputs have shape [2, 2] and targets [3, 2]; they need the same shape";
    raises_here(|| mse(&two, &three), &format!("mse: {shapes}"));
    raises_here(|| roc_auc(&two, &three), &format!("roc_auc: {shapes}"));
    raises_here(|| accuracy(&two, &three), &format!("accuracy: {shapes}"));
    let hint = "expected probabilities; logits go through a sigmoid or softmax first";
    let logits = Tensor::constant(array![[0.5, 0.5], [2.5, -0.5]]);
    raises_here(|| log_loss(&logits, &two), &format!("log_loss: the outputs of item 1 are [2.5, -0.5], {hint}"));
    let sums = Tensor::constant(array![[0.5, 0.6], [0.5, 0.5]]);
    raises_here(|| log_loss(&sums, &two), &format!("log_loss: the outputs of item 0 are [0.5, 0.6], {hint}"));
    raises_here(|| top_k(&two, &two, 0), "top_k: k is 0, expected at least 1");
    let one = Tensor::<f64>::zeros(&[2, 1]);
    raises_here(|| top_k(&one, &one, 1), "top_k: outputs have 1 columns, expected one for each of several classes");
    raises_here(
        || Confusion::new(&[0, 3], &[0, 1], 3),
        "confusion: item 1 is of class 1 and was taken for 3; the classes are those below 3",
    );
    raises_here(|| Confusion::new(&[0], &[0, 1], 3), "confusion: 1 predicted classes and 2 targets, expected as many");
    raises_here(|| Confusion::new(&[0], &[0], 3).names(["a"]), "confusion: 1 names for 3 classes");
}

#[test]
fn accuracy_of_class_numbers() {
    let y = Tensor::constant(array![[0.1, 0.7, 0.2], [0.9, 0.0, 0.1], [0.3, 0.3, 0.4], [f64::NAN, f64::NAN, f64::NAN]]);
    // The item whose number is no class does not count; outputs that are not numbers are never right.
    for (numbers, want) in [([1.0, 0.0, 2.0, 255.0], 1.0), ([1.0, 2.0, 2.0, 0.0], 0.5)] {
        let t = Tensor::from(ndarray::Array1::from_vec(numbers.to_vec()));
        assert_eq!(accuracy(&y, &t), want);
        assert_eq!(accuracy(&y, &t.reshape(&[4, 1])), want);
    }
    assert!(accuracy(&y, &Tensor::full(&[4], -1.0)).is_nan());
}
