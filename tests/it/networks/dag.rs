//! Networks of arbitrary topology (L18).

use autodiff::{Real, Tape, Tensor, Var};
use ndarray::{Array2, array};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::{Activation, Dag, Init, Layer, Linear, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{all_close, raises};

/// Units `h1 = tanh(u·x)`, `h2 = tanh(v·(x, h1))`, `y = w·(x1, x2, h1, h2)`: every unit reads all earlier ones.
fn units() -> Dag<f64> {
    let unit = |weights: Array2<f64>, bias: f64| Linear::from_weights(weights, array![bias]);
    Dag::builder()
        .concat("a1", &["input"], unit(array![[0.5, -1.0]], 0.1))
        .concat("h1", &["a1"], Activation::Tanh)
        .concat("a2", &["input", "h1"], unit(array![[1.0, 0.25, -0.75]], -0.2))
        .concat("h2", &["a2"], Activation::Tanh)
        .concat("y", &["input", "h1", "h2"], unit(array![[0.3, -0.6, 1.5, 2.0]], 0.4))
        .build("y")
        .unwrap()
}

/// The same network in scalars, its weights in the order of the layers.
fn in_scalars(w: &[Var<f64>], x: [f64; 2]) -> Var<f64> {
    let h1 = (w[0] * x[0] + w[1] * x[1] + w[2]).tanh();
    let h2 = (w[3] * x[0] + w[4] * x[1] + w[5] * h1 + w[6]).tanh();
    w[7] * x[0] + w[8] * x[1] + w[9] * h1 + w[10] * h2 + w[11]
}

#[test]
fn backpropagation_through_skip_connections_is_the_scalar_networks() {
    let (x, t) = (array![[0.5, -1.5], [2.0, 0.25], [-0.75, 1.0]], [0.3, -1.0, 2.0]);
    let model = units();
    let mut weights = Vec::new();
    nn::parameters(&model, |_, p| weights.extend(p.value().to_array()));
    let error = |w: &[Var<f64>]| {
        let term = |(x, &t): (ndarray::ArrayView1<'_, f64>, &f64)| {
            let residual = in_scalars(w, [x[0], x[1]]) - t;
            0.5 * residual * residual
        };
        x.rows().into_iter().zip(&t).map(term).sum::<Var<f64>>()
    };
    let want = autodiff::grad(error, &weights);

    let tape = Tape::new();
    nn::watch(&model, &tape);
    let y = model.forward(&x.clone().into());
    let targets = Tensor::from(array![0.3, -1.0, 2.0]).reshape(&[3, 1]);
    let g = HalfSquaredError::new().reduction(Sum).loss(&y, &targets).backward();
    let mut got = Vec::new();
    nn::parameters(&model, |_, p| got.extend(p.gradient(&g).unwrap().to_array()));
    all_close("weights", &got, &want, 1e-13);
}

#[test]
fn a_chain_is_a_multilayer_perceptron() {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let mlp = Mlp::<f64>::new(&[3, 4, 2], Activation::Sigmoid, rng);
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    // Given from the output to the input.
    let chain = Dag::builder()
        .concat("h", &["a"], Activation::Sigmoid)
        .concat("a", &["input"], Linear::new(3, 4, Init::XavierUniform, rng))
        .concat("y", &["h"], Linear::new(4, 2, Init::XavierUniform, rng))
        .build("y")
        .unwrap();
    let x = Tensor::from(array![[0.1, -2.0, 0.7]]);
    assert_eq!(chain.forward(&x).view(), mlp.forward(&x).view());
    assert_eq!(nn::names(&chain), ["a.weight", "a.bias", "y.weight", "y.bias"]);
}

#[test]
fn sums_and_joined_inputs() {
    let model = Dag::<f64>::builder()
        .concat("twice", &["input", "input"], Activation::Identity)
        .sum("sum", &["twice", "twice", "twice"], Activation::Relu)
        .build("sum")
        .unwrap();
    let y = model.forward(&Tensor::from(array![[1.0, -2.0]]));
    assert_eq!(y.to_array(), array![[3.0, 0.0, 3.0, 0.0]].into_dyn());
    assert_eq!(
        nn::summary(&model, &[5, 2]).to_string(),
        "layer    kind      output  parameters\n\
         (model)  Dag       [5, 4]           0\n\
         twice    identity  [5, 4]           0\n\
         sum      relu      [5, 4]           0\n\
         total for an input of [5, 2]: 0 parameters\n"
    );
}

/// A plan by names alone; `+` before a name stands for a sum.
fn message(nodes: &[(&str, &[&str])], output: &str) -> String {
    let plan = nodes.iter().fold(Dag::<f64>::builder(), |plan, (name, reads)| match name.strip_prefix('+') {
        Some(name) => plan.sum(name, reads, Activation::Tanh),
        None => plan.concat(name, reads, Activation::Tanh),
    });
    plan.build(output).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn mistakes_in_a_plan_are_explained() {
    assert_eq!(
        message(&[("a", &["input", "c"]), ("b", &["a"]), ("c", &["b"])], "c"),
        "Dag: `a` reads `c` reads `b` reads `a`: a feed-forward network has no cycles"
    );
    assert_eq!(
        message(&[("x", &["y"]), ("y", &["y"])], "x"),
        "Dag: `y` reads `y`: a feed-forward network has no cycles"
    );
    assert_eq!(
        message(&[("a", &["inputs"])], "a"),
        "Dag: node `a` reads `inputs`, which is no node; there are `input`, `a`"
    );
    assert_eq!(message(&[("a", &["input"])], "b"), "Dag: the output `b` is no node; there are `a`");
    assert_eq!(
        message(&[("a", &["input"]), ("a", &["input"])], "a"),
        "Dag: there are two nodes `a`; each needs a name of its own"
    );
    assert_eq!(message(&[("+a", &[])], "a"), "Dag: node `a` reads nothing, expected `input` or other nodes");
    assert_eq!(
        message(&[("a", &["input"]), ("b", &["input"])], "b"),
        "Dag: node `a` leads nowhere: nothing on the way to the output `b` reads it"
    );
    for name in ["", "input", "a.b"] {
        assert_eq!(
            message(&[(name, &["input"])], name),
            format!(
                "Dag: `{name}` is no name for a node; expected a name without dots, which part the names of parameters, \
                 and other than `input`"
            )
        );
    }
}

#[test]
fn shapes_that_do_not_go_together_are_named() {
    fn model<T: Real>(sum: bool) -> Dag<T> {
        let rng = &mut ChaCha8Rng::seed_from_u64(2);
        let plan = Dag::builder().concat("a", &["input"], Linear::new(2, 3, Init::Zeros, rng));
        let plan = plan.concat("flat", &["a"], nn::Flatten);
        let reads = &["input", "flat"];
        let plan = if sum { plan.sum("y", reads, Activation::Tanh) } else { plan.concat("y", reads, Activation::Tanh) };
        plan.build("y").unwrap()
    }
    let x = Tensor::<f64>::zeros(&[4, 2]);
    raises(
        || model(true).forward(&x),
        "Dag: node `y` adds `input` of shape [4, 2] and `flat` of shape [4, 3]; the shapes must be equal",
    );
    assert_eq!(model(false).forward(&x).shape(), [4, 5]);
    let widths =
        |plan: nn::layers::DagBuilder<f64>| plan.concat("y", &["input", "p"], Activation::Tanh).build("y").unwrap();
    let pooled = widths(Dag::builder().concat("p", &["input"], nn::Flatten));
    raises(
        || pooled.forward(&Tensor::zeros(&[4, 2, 2])),
        "Dag: node `y` joins `input` of shape [4, 2, 2] and `p` of shape [4, 4]; all lengths but the last must be equal",
    );
}

#[test]
fn a_long_chain_of_units_is_no_deeper_than_the_heap() {
    let mut plan = Dag::<f64>::builder().sum("n0", &["input"], Activation::Identity);
    for k in 1..2000 {
        plan = plan.sum(&format!("n{k}"), &[&format!("n{}", k - 1), "input"], Activation::Identity);
    }
    let y = plan.build("n1999").unwrap().forward(&Tensor::from(array![[1.0]]));
    assert_eq!(y.item(), 2000.0);
}
