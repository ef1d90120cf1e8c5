//! Properties at random points, shapes and networks, with the library's own strategies.

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tensor, Var, check, prop_assert_gradient, prop_assert_op, strategies};
use ndarray::{ArrayD, ArrayViewD};
use nn::Layer;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// `a / b`, element by element, with broadcasting.
#[derive(Debug)]
struct Ratio {
    /// What the second gradient is multiplied with: -1 is right.
    factor: f64,
}

impl Op<f64> for Ratio {
    fn name(&self) -> &'static str {
        "ratio"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        Ok(&x[0] / &x[1])
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        let g = cx.grad() / cx.input(1);
        [Some(g.clone()), Some(g * cx.output() * self.factor)].into()
    }
}

/// The shape of a model's first parameter: outputs × inputs.
fn weight_shape(model: &impl Layer<f64>) -> Vec<usize> {
    let mut first = None;
    nn::parameters(model, |_, param| first = first.take().or(Some(param.value().shape().to_vec())));
    first.expect("has weights")
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn gradients_off_kinks(x in strategies::point::<f64, _>(3, -4.0..4.0, &[0.0, 1.0])) {
        let f = |x: &[Var<f64>]| x[0].relu() * x[1].sin() + (x[1] - 1.0).abs() * x[2].tanh() + x[2].exp();
        prop_assert_gradient!(f, &x);
    }

    #[test]
    fn magnitudes_far_apart(a in strategies::magnitude::<f64>(), b in strategies::magnitude::<f64>()) {
        let report = check::gradient(|x| x[0] * x[1] + x[0].atan(), &[a, b]);
        prop_assert!(report.verdict != check::Verdict::Fail, "{report}");
    }

    #[test]
    fn broadcast_operands(
        (a, b) in strategies::broadcastable(0..=2, 3).prop_flat_map(|(a, b)| {
            (strategies::tensor::<f64>(&a, -2.0..2.0, &[]), strategies::tensor::<f64>(&b, 0.5..2.0, &[]))
        })
    ) {
        strategies::outcome(&check::tensor_gradient(|t| (t[0].tanh() / &t[1]).square().sum(), &[a, b]))?;
    }
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn own_operations(
        a in strategies::tensor::<f64>(&[2, 2], -2.0..2.0, &[0.0]),
        b in strategies::tensor::<f64>(&[2, 2], 0.5..2.0, &[]),
    ) {
        prop_assert_op!(Ratio { factor: -1.0 }, &[a, b]);
    }

    #[test]
    fn networks(model in nn::strategies::mlp::<f64>(2, 3), seed in 0.1..1.0) {
        let inputs = weight_shape(&model)[1];
        let x = Tensor::constant(ndarray::Array2::from_shape_fn((2, inputs), |(i, j)| seed + 0.3 * i as f64 - 0.2 * j as f64));
        strategies::outcome(&nn::check::model(&model, |model| model.forward(&x).square().sum()))?;
    }
}

#[test]
fn a_case_that_fails_says_the_report() {
    let mut runner = TestRunner::new(cases(8));
    let inputs = (strategies::tensor::<f64>(&[2, 2], 1.0..2.0, &[]), strategies::tensor::<f64>(&[2, 2], 1.0..2.0, &[]));
    let failed = runner.run(&inputs, |(a, b)| {
        prop_assert_op!(Ratio { factor: 1.0 }, &[a, b]);
        Ok(())
    });
    let Err(TestError::Fail(reason, _)) = failed else { panic!("the operation is wrong: {failed:?}") };
    let text = reason.message();
    assert!(
        text.starts_with("op `ratio`: FAIL, in ") && text.contains("cause: the derivative of `ratio` at "),
        "{text}"
    );
}

#[test]
fn layers_have_shapes() {
    let mut runner = TestRunner::new(cases(32));
    let layers = nn::strategies::linear::<f64>(1..=4, 1..=4);
    let ran = runner.run(&layers, |layer| {
        let shape = weight_shape(&layer);
        prop_assert!(shape.iter().all(|n| (1..=4).contains(n)));
        let y = layer.forward(&Tensor::ones(&[3, shape[1]]));
        prop_assert_eq!(y.shape(), [3, shape[0]]);
        Ok(())
    });
    assert!(ran.is_ok(), "{ran:?}");
}
