//! Every loss: derivatives, reductions.

use autodiff::{Real, Tape, Tensor};
use ndarray::ArrayD;
use nn::Reduction;
use nn::loss::{self, Loss};
use tests::{close, raises};

use super::cases::{LossCase, losses};
use super::harness::{Derivatives, check, derivatives};

#[test]
fn derivatives_of_first_and_second_order_in_both_precisions() {
    fn evaluate<T: Real>(case: &LossCase<T>, order: usize, at: &[f64]) -> Derivatives {
        let tape = Tape::new();
        let values = at.iter().map(|&x| T::of(x)).collect();
        let y = tape.tensor(ArrayD::from_shape_vec(case.y.shape(), values).unwrap());
        let value = case.loss.loss(&y, &case.t);
        assert_eq!(value.ndim(), 0, "a scalar");
        derivatives(order, &tape, &value, &[y])
    }
    for (double, single) in losses::<f64>().into_iter().zip(losses::<f32>()) {
        let at: Vec<f64> = double.y.to_array().iter().map(|&y| f64::from(y as f32)).collect();
        check(double.name, &at, |order, at| evaluate(&double, order, at), |order, at| evaluate(&single, order, at));
    }
}

#[test]
fn a_batch_is_the_sum_or_the_mean_of_its_items() {
    for case in losses::<f64>() {
        let items = case.y.shape()[0];
        let one = |i: usize| case.loss.loss(&case.y.narrow(0, i..i + 1), &case.t.narrow(0, i..i + 1)).item();
        let all: f64 = (0..items).map(one).sum();
        let got = case.loss.loss(&case.y, &case.t).item();
        // Means of items that weigh differently are tested against PyTorch.
        if case.name == "CrossEntropy with options" {
            continue;
        }
        let is_sum = (got - all).abs() < 1e-12;
        assert!(is_sum || (got - all / items as f64).abs() < 1e-12, "{}: {got} and {all}", case.name);
    }
}

#[test]
fn reductions_of_a_loss_agree() {
    let y = Tensor::constant(ndarray::array![[0.5, -1.0], [2.0, 0.25]]);
    let t = Tensor::constant(ndarray::array![[1.0, -1.0], [-1.0, 1.0]]);
    let value = |reduction| loss::Hinge::new().reduction(reduction).loss(&y, &t);
    assert_eq!(value(Reduction::None).to_array(), ndarray::array![[0.5, 0.0], [3.0, 0.75]].into_dyn());
    assert_eq!((value(Reduction::Sum).item(), value(Reduction::Mean).item()), (4.25, 1.0625));
    // The plain function's mean is over the items.
    assert_eq!(loss::hinge(&y, &t).item(), 2.125);
}

#[test]
fn accuracy_stays_where_losses_are_small() {
    let losses = |weights: &[f64], a: f64, t: f64| {
        let loss = loss::BinaryCrossEntropy::from_logits().pos_weight(weights);
        loss.loss(&Tensor::constant(ndarray::array![[a]]), &Tensor::constant(ndarray::array![[t]])).item()
    };
    let tiny = (-40.0_f64).exp().ln_1p();
    assert_eq!(losses(&[1.0], 40.0, 1.0), tiny);
    assert_eq!(losses(&[3.0], -40.0, 0.0), tiny);
    close("weighted", losses(&[3.0], -1e4, 1.0), 3e4, 1e-15);
}

#[test]
fn a_class_that_is_ruled_out_costs_nothing() {
    let tape = Tape::new();
    let a = tape.tensor(ndarray::array![[0.0, f64::NEG_INFINITY, 0.0]]);
    let classes = Tensor::constant(ndarray::array![2.0]);
    let error = loss::CrossEntropy::from_logits().loss(&a, &classes);
    assert_eq!(error.item(), 2.0_f64.ln());
    assert_eq!(error.backward().wrt(&a), ndarray::array![[0.5, 0.0, -0.5]].into_dyn());
}

#[test]
fn all_items_ignored_leave_no_mean() {
    let (a, t) = (Tensor::<f64>::zeros(&[2, 3]), Tensor::full(&[2], -100.0));
    let loss = loss::CrossEntropy::from_logits().ignore(-100);
    assert!(loss.loss(&a, &t).item().is_nan());
    assert_eq!(loss.reduction(Reduction::Sum).loss(&a, &t).item(), 0.0);
}

#[test]
fn mistakes_are_explained() {
    let y = Tensor::<f64>::zeros(&[2, 3]);
    let says = |loss: &dyn Loss<f64>, t: Tensor<f64>, message: &str| {
        raises(|| loss.loss(&y, &t), message);
    };
    let cross_entropy = loss::CrossEntropy::from_logits();
    says(
        &cross_entropy,
        Tensor::zeros(&[3]),
        "CrossEntropy: outputs have shape [2, 3] and targets [3]; expected the same shape, or [2] for class numbers",
    );
    says(
        &cross_entropy,
        Tensor::from(ndarray::array![1.0, 3.0]),
        "CrossEntropy: target 1 is 3, expected a class from 0 to 2",
    );
    says(
        &cross_entropy,
        Tensor::from(ndarray::array![0.5, 1.0]),
        "CrossEntropy: target 0 is 0.5, expected a class from 0 to 2",
    );
    says(
        &cross_entropy.clone().ignore(1),
        Tensor::zeros(&[2, 3]),
        "CrossEntropy: a class to ignore goes with class numbers, but the targets of shape [2, 3] are rows",
    );
    says(
        &cross_entropy.class_weights(&[1.0, 2.0]),
        Tensor::zeros(&[2]),
        "CrossEntropy: 2 class weights for 3 classes, expected one for each class",
    );
    says(
        &loss::MultiHinge::new(),
        Tensor::full(&[2, 3], 0.5),
        "MultiHinge: target 0 is [0.5, 0.5, 0.5], expected a row with a single 1 among zeros",
    );
    says(&loss::Hinge::new(), Tensor::zeros(&[2, 3]), "Hinge: target 0 is 0, expected -1 or 1");
    says(
        &loss::Huber::new(1.0),
        Tensor::zeros(&[2, 1]),
        "Huber: outputs have shape [2, 3] and targets [2, 1]; they need the same shape",
    );
    says(
        &loss::GaussianNll::new(),
        Tensor::zeros(&[2, 3]),
        "GaussianNll: outputs have shape [2, 3] and targets [2, 3]; expected [items, 2 D], means and log-variances, and \
         [items, D]",
    );
    says(
        &loss::BinaryCrossEntropy::from_logits().pos_weight(&[1.0, 2.0]),
        Tensor::zeros(&[2, 3]),
        "BinaryCrossEntropy: 2 weights for 3 outputs, expected one, or one for each output",
    );
    raises(|| loss::Huber::new(0.0), "Huber: δ is 0, expected a finite number above 0");
    raises(
        || loss::CrossEntropy::from_logits().class_weights(&[1.0, -1.0]),
        "CrossEntropy: weight 1 is -1, expected a finite number, 0 or above",
    );
    raises(
        || loss::CrossEntropy::from_logits().class_weights(&[]),
        "CrossEntropy: weights: none are given, expected one or more",
    );
    raises(
        || loss::BinaryCrossEntropy::from_logits().label_smoothing(1.5),
        "BinaryCrossEntropy: label smoothing is 1.5, expected a number from 0 to 1",
    );
}
