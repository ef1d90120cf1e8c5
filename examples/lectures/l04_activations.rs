//! L4 Activations: identity, Heaviside, logistic, tanh, `relu`, softmax.
//!
//! ```text
//! sigmoid z = 1 / (1 + e^-z)        sigmoid' = sigmoid (1 - sigmoid)
//! tanh z = sigmoid(2z) - sigmoid(-2z) = (e^{2z} - 1) / (e^{2z} + 1),   tanh' = 1 - tanh²
//! relu z = 0 for z <= 0, z for z > 0
//! softmax(z)_k = e^{z_k} / sum_j e^{z_j}
//! ```
//!
//! Note: one lecture gives the derivative of `relu` at 0 as 1. The function has none there: every number from 0 to 1 is a
//! subgradient. Here it is 0, the one of least norm, which goes with `relu z = 0 for z <= 0`.

use autodiff::{Tape, Tensor, Var, explain, grad, jacobian};
use examples::{Outcome, Page};
use nn::Activation;
use nn::plot::{Figure, LineChart};

type Scalar = fn(Var<f64>) -> Var<f64>;

pub(crate) fn show(page: &mut Page) -> Outcome {
    let z: Vec<f64> = (-80..=80).map(|i| f64::from(i) / 10.0).collect();
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let map = |f: &dyn Fn(f64) -> f64| z.iter().map(|&z| f(z)).collect::<Vec<f64>>();
    let slope = |f: Scalar| map(&|z| grad(|z| f(z[0]), &[z])[0]);

    page.agree(
        "sigmoid' = sigmoid (1 - sigmoid)",
        &slope(Var::sigmoid),
        &map(&|z| sigmoid(z) * (1.0 - sigmoid(z))),
        1e-15,
    );
    page.agree(
        "tanh z = sigmoid(2z) - sigmoid(-2z)",
        &map(&f64::tanh),
        &map(&|z| sigmoid(2.0 * z) - sigmoid(-2.0 * z)),
        1e-15,
    );
    let tape = Tape::new();
    let at = tape.var(0.5).named("z");
    page.derivation(&explain::derivation(at.sigmoid().named("h"), at));
    let quotient = map(&|z| ((2.0 * z).exp() - 1.0) / ((2.0 * z).exp() + 1.0));
    page.agree("tanh z = (e^2z - 1) / (e^2z + 1)", &map(&f64::tanh), &quotient, 1e-14);
    page.agree("tanh' = 1 - tanh²", &slope(Var::tanh), &map(&|z| 1.0 - z.tanh().powi(2)), 1e-15);
    let relu = |z: f64| grad(|z| z[0].relu(), &[z])[0];
    let at = [relu(-1.0), relu(0.0), relu(1.0)];
    page.holds(format_args!("relu' at -1, 0, 1: {at:?} (the derivative at 0 is 0)"), at == [0.0, 0.0, 1.0]);
    let heaviside = Activation::Heaviside.apply(&Tensor::constant(ndarray::array![-0.1, 0.0, 0.1])).to_array();
    page.holds(format_args!("H at -0.1, 0, 0.1: {heaviside}"), heaviside == ndarray::array![0.0, 1.0, 1.0].into_dyn());

    // Softmax: a distribution, unchanged when all inputs shift, with the Jacobian diag(y) - y yᵀ.
    let inputs = [0.5, -1.0, 2.0];
    let y = Tensor::constant(ndarray::arr1(&inputs)).softmax(0).to_array();
    let shifted = Tensor::constant(ndarray::arr1(&inputs) + 700.0).softmax(0).to_array();
    page.near("softmax: sum", y.sum(), 1.0, 1e-15);
    page.agree("softmax is unchanged by a shift of 700", &shifted, &y, 1e-13);
    let by_formula = |(k, j): (usize, usize)| y[k] * (f64::from(k == j) - y[j]);
    let formula = ndarray::Array2::from_shape_fn((3, 3), by_formula);
    page.agree("dy_k/dz_j = y_k ([k = j] - y_j)", &jacobian(|z| autodiff::softmax(z), &inputs), &formula, 1e-15);

    let mut values = LineChart::new("Activations").x_label("z").y_label("h(z)");
    let mut slopes = LineChart::new("Derivatives").x_label("z").y_label("h'(z)");
    let functions: [(&str, Activation, Scalar); 3] = [
        ("sigmoid", Activation::Sigmoid, Var::sigmoid),
        ("tanh", Activation::Tanh, Var::tanh),
        ("relu", Activation::Relu, Var::relu),
    ];
    let near: Vec<f64> = (-300..=300).map(|i| f64::from(i) / 100.0).collect();
    for (name, activation, f) in functions {
        let h = activation.apply(&Tensor::constant(ndarray::arr1(&near))).to_array();
        values = values.series(name, near.iter().copied().zip(h));
        slopes = slopes.series(name, near.iter().map(|&z| (z, grad(|z| f(z[0]), &[z])[0])));
    }
    let step = Activation::Heaviside.apply(&Tensor::constant(ndarray::arr1(&near))).to_array();
    values = values.series("Heaviside", near.iter().copied().zip(step));
    page.figure("l04_activations", &Figure::new("").panel(values).panel(slopes))
}
