//! Every loss at the limits of its outputs and targets: what the formula tends to, in both precisions.

use autodiff::{Real, Tape, Tensor};
use ndarray::ArrayD;
use nn::loss::{self, Loss};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
/// These stand for the largest number and the smallest above 0 of either precision.
const MAX: f64 = f64::MAX;
const TINY: f64 = 5e-324;
const LN_2: f64 = std::f64::consts::LN_2;
const THIRD: f64 = 1.0 / 3.0;

/// Outputs and targets of one item, the loss, its gradient. NaN stands where there is no limit.
type Row = (&'static [f64], &'static [f64], f64, &'static [f64]);

fn of<T: Real>(x: f64) -> T {
    match x.abs() {
        size if size.is_finite() && size > 1e300 => T::max_value() * T::of(x / MAX),
        size if size > 0.0 && size < 1e-300 => T::min_positive_value() * T::epsilon() * T::of(x / TINY),
        _ => T::of(x),
    }
}

fn row<T: Real>(x: &[f64]) -> ArrayD<T> {
    ArrayD::from_shape_vec(vec![1, x.len()], x.iter().map(|&x| of(x)).collect()).unwrap()
}

fn agree<T: Real>(what: &str, got: T, want: f64) {
    let want = of::<T>(want);
    let near =
        got == want || got.is_nan() && want.is_nan() || (got - want).abs() <= T::of(8.0) * T::epsilon() * want.abs();
    assert!(near, "{what}: {got}, expected {want}");
}

fn check<T: Real>(name: &str, loss: &dyn Loss<T>, rows: &[Row]) {
    for &(y, t, value, gradient) in rows {
        let tape = Tape::new();
        let (output, target) = (tape.tensor(row(y)), Tensor::constant(row(t)));
        let error = loss.loss(&output, &target);
        let at = format!("{} {name} at y = {y:?}, t = {t:?}", std::any::type_name::<T>());
        agree(&at, error.item(), value);
        let (swept, recorded) = (error.backward().wrt(&output), tape.grad(&error, &[&output])[0].to_array());
        for ((&swept, &recorded), &want) in swept.iter().zip(&recorded).zip(gradient) {
            agree(&format!("{at}, gradient"), swept, want);
            agree(&format!("{at}, recorded gradient"), recorded, want);
        }
    }
}

macro_rules! limits {
    ($($loss:expr => [$($row:expr),* $(,)?];)*) => {
        #[test]
        fn values_and_gradients_are_the_limits() {
            $(
                let rows: &[Row] = &[$($row),*];
                check::<f64>(stringify!($loss), &$loss, rows);
                check::<f32>(stringify!($loss), &$loss, rows);
            )*
        }
    };
}

const SUM: nn::Reduction = nn::Reduction::Sum;

limits! {
    loss::squared_error => [
        (&[INF], &[0.0], INF, &[INF]), (&[-INF], &[0.0], INF, &[-INF]), (&[0.0], &[INF], INF, &[-INF]),
        (&[MAX], &[0.0], INF, &[INF]), (&[TINY], &[0.0], 0.0, &[2.0 * TINY]), (&[INF], &[INF], NAN, &[NAN]),
    ];
    loss::HalfSquaredError::new() => [
        (&[INF], &[0.0], INF, &[INF]), (&[-INF], &[0.0], INF, &[-INF]), (&[0.0], &[INF], INF, &[-INF]),
        (&[0.25 * MAX], &[0.0], INF, &[0.25 * MAX]), (&[TINY], &[0.0], 0.0, &[TINY]),
        (&[0.0], &[0.0], 0.0, &[0.0]), (&[0.0], &[0.25 * MAX], INF, &[-0.25 * MAX]), (&[INF], &[INF], NAN, &[NAN]),
    ];
    loss::AbsoluteError::new() => [
        (&[INF], &[0.0], INF, &[1.0]), (&[-INF], &[0.0], INF, &[-1.0]), (&[0.0], &[INF], INF, &[-1.0]),
        (&[MAX], &[-MAX], INF, &[1.0]), (&[MAX], &[0.0], MAX, &[1.0]), (&[TINY], &[0.0], TINY, &[1.0]),
        (&[0.0], &[0.0], 0.0, &[0.0]),
    ];
    loss::Huber::new(1.0) => [
        (&[INF], &[0.0], INF, &[1.0]), (&[-INF], &[0.0], INF, &[-1.0]), (&[0.0], &[INF], INF, &[-1.0]),
        (&[MAX], &[0.0], MAX, &[1.0]), (&[TINY], &[0.0], 0.0, &[TINY]), (&[0.0], &[0.0], 0.0, &[0.0]),
        (&[1.0], &[0.0], 0.5, &[1.0]),
    ];
    loss::Huber::new(1e30) => [(&[-INF], &[0.0], INF, &[-1e30]), (&[1e30], &[0.0], INF.min(5e59), &[1e30])];
    loss::GaussianNll::new() => [
        (&[5.0, -720.0], &[5.0], -360.0, &[0.0, 0.5]), (&[5.0, INF], &[5.0], INF, &[0.0, 0.5]),
        (&[5.0, -INF], &[5.0], -INF, &[0.0, 0.5]), (&[5.0, -MAX], &[5.0], -0.5 * MAX, &[0.0, 0.5]),
        (&[6.0, -INF], &[5.0], INF, &[INF, -INF]), (&[6.0, INF], &[5.0], INF, &[0.0, 0.5]),
        (&[INF, 0.0], &[5.0], INF, &[INF, -INF]), (&[-INF, 0.0], &[5.0], INF, &[-INF, -INF]),
        (&[0.0, 0.0], &[INF], INF, &[-INF, -INF]), (&[INF, -INF], &[5.0], INF, &[INF, -INF]),
        (&[0.25 * MAX, 0.0], &[0.0], INF, &[0.25 * MAX, -INF]), (&[MAX, MAX], &[0.0], 0.5 * MAX, &[0.0, 0.5]),
        (&[TINY, -MAX], &[0.0], INF, &[INF, -INF]), (&[TINY, 0.0], &[0.0], 0.0, &[TINY, 0.5]),
        (&[0.0, TINY], &[0.0], 0.0, &[0.0, 0.5]), (&[INF, INF], &[0.0], NAN, &[]),
    ];
    loss::bce_with_logits => [
        (&[INF], &[1.0], 0.0, &[0.0]), (&[INF], &[0.0], INF, &[1.0]), (&[INF], &[0.5], INF, &[0.5]),
        (&[-INF], &[1.0], INF, &[-1.0]), (&[-INF], &[0.0], 0.0, &[0.0]), (&[-MAX], &[1.0], MAX, &[-1.0]),
        (&[TINY], &[0.0], LN_2, &[0.5]),
    ];
    loss::BinaryCrossEntropy::from_logits() => [
        (&[INF], &[1.0], 0.0, &[0.0]), (&[INF], &[0.0], INF, &[1.0]), (&[INF], &[0.5], INF, &[0.5]),
        (&[-INF], &[1.0], INF, &[-1.0]), (&[-INF], &[0.0], 0.0, &[0.0]), (&[MAX], &[1.0], 0.0, &[0.0]),
        (&[MAX], &[0.0], MAX, &[1.0]), (&[-MAX], &[1.0], MAX, &[-1.0]), (&[0.0], &[1.0], LN_2, &[-0.5]),
    ];
    loss::BinaryCrossEntropy::from_logits().label_smoothing(0.5) => [
        (&[INF], &[1.0], INF, &[0.25]), (&[-INF], &[1.0], INF, &[-0.75]),
    ];
    loss::BinaryCrossEntropy::from_logits().pos_weight(&[3.0]) => [
        (&[INF], &[1.0], 0.0, &[0.0]), (&[INF], &[0.0], INF, &[1.0]), (&[INF], &[0.5], INF, &[0.5]),
        (&[-INF], &[1.0], INF, &[-3.0]), (&[-INF], &[0.0], 0.0, &[0.0]), (&[-INF], &[0.5], INF, &[-1.5]),
        (&[MAX], &[1.0], 0.0, &[0.0]), (&[MAX], &[0.0], MAX, &[1.0]), (&[-MAX], &[1.0], INF, &[-3.0]),
        (&[TINY], &[1.0], 3.0 * LN_2, &[-1.5]),
    ];
    loss::BinaryCrossEntropy::from_logits().pos_weight(&[0.0]) => [
        (&[-INF], &[1.0], 0.0, &[0.0]), (&[INF], &[1.0], 0.0, &[0.0]), (&[INF], &[0.0], INF, &[1.0]),
    ];
    loss::bce => [
        (&[0.0], &[0.0], 0.0, &[1.0]), (&[0.0], &[1.0], INF, &[-INF]), (&[1.0], &[1.0], 0.0, &[-1.0]),
        (&[1.0], &[0.0], INF, &[INF]), (&[TINY], &[0.0], TINY, &[1.0]), (&[0.0], &[0.5], INF, &[-INF]),
    ];
    loss::BinaryCrossEntropy::from_probabilities() => [
        (&[0.0], &[0.0], 0.0, &[1.0]), (&[0.0], &[1.0], INF, &[-INF]), (&[1.0], &[1.0], 0.0, &[-1.0]),
        (&[1.0], &[0.0], INF, &[INF]), (&[TINY], &[0.0], TINY, &[1.0]), (&[1.0], &[0.5], INF, &[INF]),
    ];
    loss::BinaryCrossEntropy::from_probabilities().pos_weight(&[3.0]) => [
        (&[0.0], &[0.0], 0.0, &[1.0]), (&[0.0], &[1.0], INF, &[-INF]), (&[1.0], &[1.0], 0.0, &[-3.0]),
        (&[1.0], &[0.0], INF, &[INF]), (&[TINY], &[0.0], TINY, &[1.0]),
    ];
    loss::BinaryCrossEntropy::from_probabilities().pos_weight(&[0.0]) => [
        (&[0.0], &[1.0], 0.0, &[0.0]), (&[1.0], &[0.0], INF, &[INF]),
    ];
    loss::cross_entropy => [
        (&[0.0, 1.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]), (&[0.0, 1.0], &[1.0, 0.0], INF, &[-INF, 0.0]),
        (&[0.0, 1.0], &[0.5, 0.5], INF, &[-INF, -0.5]), (&[TINY, 1.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]),
    ];
    loss::CrossEntropy::from_probabilities() => [
        (&[0.0, 1.0], &[1.0], 0.0, &[0.0, -1.0]), (&[0.0, 1.0], &[0.0], INF, &[-INF, 0.0]),
        (&[0.0, 1.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]),
    ];
    loss::CrossEntropy::from_probabilities().class_weights(&[0.0, 1.0]).reduction(SUM) => [
        (&[0.0, 1.0], &[0.0], 0.0, &[0.0, 0.0]),
    ];
    loss::softmax_cross_entropy => [
        (&[INF, 0.0], &[1.0, 0.0], 0.0, &[0.0, 0.0]), (&[INF, 0.0], &[0.0, 1.0], INF, &[1.0, -1.0]),
        (&[-INF, 0.0], &[0.0, 1.0], 0.0, &[0.0, 0.0]), (&[-INF, 0.0], &[0.5, 0.5], INF, &[-0.5, 0.5]),
    ];
    loss::CrossEntropy::from_logits() => [
        (&[0.0, -INF, 0.0], &[2.0], LN_2, &[0.5, 0.0, -0.5]), (&[INF, 0.0], &[0.0], 0.0, &[0.0, 0.0]),
        (&[INF, 0.0], &[1.0], INF, &[1.0, -1.0]), (&[INF, -INF], &[1.0], INF, &[1.0, -1.0]),
        (&[MAX, 0.0], &[0.0], 0.0, &[0.0, 0.0]), (&[MAX, 0.0], &[1.0], MAX, &[1.0, -1.0]),
        (&[MAX, -MAX], &[1.0], INF, &[1.0, -1.0]), (&[TINY, 0.0], &[0.0], LN_2, &[-0.5, 0.5]),
        // A tie at infinity is even, as that of large numbers; of classes all of which are ruled out none is left.
        (&[INF, INF], &[0.0], LN_2, &[-0.5, 0.5]), (&[-INF, -INF], &[0.0], NAN, &[NAN, NAN]),
    ];
    loss::CrossEntropy::from_logits().label_smoothing(0.5) => [
        (&[INF, 0.0], &[0.0], INF, &[0.25, -0.25]), (&[-INF, 0.0], &[1.0], INF, &[-0.25, 0.25]),
    ];
    loss::CrossEntropy::from_logits().class_weights(&[0.0, 1.0]).reduction(SUM) => [
        (&[-INF, 0.0], &[0.0], 0.0, &[0.0, 0.0]), (&[0.0, INF], &[0.0], 0.0, &[0.0, 0.0]),
    ];
    loss::KullbackLeibler::from_logits() => [
        (&[INF, 0.0], &[1.0, 0.0], 0.0, &[0.0, 0.0]), (&[INF, 0.0], &[0.0, 1.0], INF, &[1.0, -1.0]),
        (&[-INF, 0.0], &[0.0, 1.0], 0.0, &[0.0, 0.0]), (&[MAX, 0.0], &[1.0, 0.0], 0.0, &[0.0, 0.0]),
        (&[0.0, TINY], &[0.5, 0.5], 0.0, &[0.0, 0.0]),
    ];
    loss::KullbackLeibler::from_probabilities() => [
        (&[0.0, 1.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]), (&[0.0, 1.0], &[1.0, 0.0], INF, &[-INF, 0.0]),
        (&[TINY, 1.0], &[TINY, 1.0], 0.0, &[-1.0, -1.0]),
    ];
    loss::KullbackLeibler::from_log_probabilities() => [
        (&[-INF, 0.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]), (&[-INF, 0.0], &[1.0, 0.0], INF, &[-1.0, 0.0]),
        (&[-MAX, 0.0], &[1.0, 0.0], MAX, &[-1.0, 0.0]), (&[-TINY, 0.0], &[0.0, 1.0], 0.0, &[0.0, -1.0]),
    ];
    loss::Poisson::from_log_rates() => [
        (&[-INF], &[0.0], 0.0, &[0.0]), (&[-INF], &[2.0], INF, &[-2.0]), (&[INF], &[0.0], INF, &[INF]),
        (&[INF], &[2.0], INF, &[INF]), (&[MAX], &[0.0], INF, &[INF]), (&[MAX], &[2.0], INF, &[INF]),
        (&[-MAX], &[0.0], 0.0, &[0.0]), (&[-MAX], &[2.0], INF, &[-2.0]), (&[TINY], &[0.0], 1.0, &[1.0]),
        (&[0.0], &[MAX], 1.0, &[-MAX]),
    ];
    loss::Poisson::from_log_rates().with_constant() => [
        (&[-INF], &[0.0], 0.0, &[0.0]), (&[INF], &[1.0], INF, &[INF]), (&[0.0], &[MAX], INF, &[-MAX]),
    ];
    loss::Poisson::from_rates() => [
        (&[0.0], &[0.0], 0.0, &[1.0]), (&[0.0], &[2.0], INF, &[-INF]), (&[INF], &[0.0], INF, &[1.0]),
        (&[INF], &[2.0], INF, &[1.0]), (&[MAX], &[0.0], MAX, &[1.0]), (&[MAX], &[1.0], MAX, &[1.0]),
        (&[TINY], &[0.0], TINY, &[1.0]), (&[1.0], &[1.0], 1.0, &[0.0]),
    ];
    loss::hinge => [(&[INF], &[1.0], 0.0, &[0.0]), (&[-INF], &[1.0], INF, &[-1.0])];
    loss::squared_hinge => [(&[INF], &[1.0], 0.0, &[0.0]), (&[-INF], &[1.0], INF, &[-INF])];
    loss::Hinge::new() => [
        (&[INF], &[1.0], 0.0, &[0.0]), (&[-INF], &[1.0], INF, &[-1.0]), (&[INF], &[-1.0], INF, &[1.0]),
        (&[MAX], &[-1.0], MAX, &[1.0]), (&[TINY], &[1.0], 1.0, &[-1.0]), (&[1.0], &[1.0], 0.0, &[0.0]),
    ];
    loss::SquaredHinge::new() => [
        (&[INF], &[1.0], 0.0, &[0.0]), (&[-INF], &[1.0], INF, &[-INF]), (&[MAX], &[-1.0], INF, &[INF]),
        (&[TINY], &[1.0], 1.0, &[-2.0]),
    ];
    loss::MultiHinge::new() => [
        (&[INF, 0.0, 0.0], &[0.0], 0.0, &[0.0, 0.0, 0.0]), (&[0.0, -INF, 0.0], &[0.0], THIRD, &[-THIRD, 0.0, THIRD]),
        (&[0.0, INF, 0.0], &[0.0], INF, &[-2.0 * THIRD, THIRD, THIRD]),
        (&[-INF, 0.0, 0.0], &[1.0, 0.0, 0.0], INF, &[-2.0 * THIRD, THIRD, THIRD]),
        (&[MAX, -MAX], &[1.0], INF, &[0.5, -0.5]), (&[TINY, 0.0], &[0.0], 0.5, &[-0.5, 0.5]),
        (&[INF, INF], &[0.0], NAN, &[]),
    ];
    loss::MultiHinge::new().squared() => [
        (&[INF, 0.0], &[0.0], 0.0, &[0.0, 0.0]), (&[0.0, INF], &[0.0], INF, &[-INF, INF]),
        (&[0.0, -INF], &[0.0], 0.0, &[0.0, 0.0]), (&[0.0, MAX], &[0.0], INF, &[-MAX, MAX]),
    ];
    loss::MultiHinge::new().class_weights(&[0.0, 1.0]) => [(&[-INF, 0.0], &[0.0], 0.0, &[0.0, 0.0])];
}

#[test]
fn a_normal_deviation_overflows_only_where_the_loss_does() {
    let loss = |y: f64, s: f64| {
        loss::GaussianNll::new()
            .loss(&Tensor::constant(ndarray::array![[y, s]]), &Tensor::constant(ndarray::array![[0.0]]))
    };
    assert_eq!(loss(1e200, 1000.0).item(), 500.0);
    let want = 0.5 * ((1500.0 + 2.0 * 1e-310_f64.ln()).exp() - 1500.0);
    tests::close("subnormal", loss(1e-310, -1500.0).item() / want, 1.0, 1e-12);
}

#[test]
fn an_output_that_is_no_number_is_seen_whatever_the_target() {
    let item = |loss: &dyn Loss<f64>, y: &[f64], t: &[f64]| {
        loss.loss(&Tensor::constant(row(y)), &Tensor::constant(row(t))).item()
    };
    assert!(item(&loss::KullbackLeibler::from_log_probabilities(), &[NAN, 0.0], &[0.0, 1.0]).is_nan());
    assert!(item(&loss::Poisson::from_log_rates(), &[NAN], &[0.0]).is_nan());
    assert!(item(&loss::BinaryCrossEntropy::from_logits().pos_weight(&[0.0]), &[NAN], &[1.0]).is_nan());
    assert!(item(&loss::GaussianNll::new(), &[0.0, NAN], &[0.0]).is_nan());
    assert!(item(&loss::MultiHinge::new(), &[0.0, NAN], &[0.0]).is_nan());
}

/// What is ignored may be anything.
#[test]
fn ignored_items_are_silent() {
    for bad in [NAN, INF, -INF] {
        for logits in [true, false] {
            let loss =
                if logits { loss::CrossEntropy::from_logits() } else { loss::CrossEntropy::from_probabilities() };
            let loss = loss.ignore(-1).class_weights(&[1.0, 2.0]).label_smoothing(0.1);
            let gradients = |first: f64| {
                let tape = Tape::<f64>::new();
                let y = tape.tensor(ndarray::array![[first, first], [0.25, 0.75]]);
                let value = loss.loss(&y, &Tensor::constant(ndarray::array![[-1.0], [1.0]]));
                let first = tape.grad(&value, &[&y]).remove(0);
                let second = tape.grad(first.square().sum(), &[&y]).remove(0);
                (value.item(), value.backward().wrt(&y), first.to_array(), second.to_array())
            };
            assert_eq!(gradients(0.5), gradients(bad), "{bad}");
        }
    }
}
