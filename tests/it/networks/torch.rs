//! Layers and losses against PyTorch's numbers, written by `tests/data/networks.py`.

use autodiff::{Tape, Tensor};
use ndarray::ArrayD;
use nn::loss::{self, Loss};
use nn::{Activation, BatchNorm1d, Init, Layer, LayerNorm, Linear, Reduction, Sequential};
use rand::SeedableRng;
use serde_json::Value;
use tests::all_close;

fn table() -> Value {
    serde_json::from_str(include_str!("../../data/networks.json")).unwrap()
}

/// The shape of nested lists, and their numbers in order.
fn nested(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f64>) {
    let Some(list) = value.as_array() else { return numbers.push(value.as_f64().unwrap()) };
    if shape.len() == depth {
        shape.push(list.len());
    }
    for value in list {
        nested(value, depth + 1, shape, numbers);
    }
}

fn tensor(value: &Value) -> Tensor<f64> {
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    nested(value, 0, &mut shape, &mut numbers);
    Tensor::constant(ArrayD::from_shape_vec(shape, numbers).unwrap())
}

fn agree(what: &str, got: &Tensor<f64>, want: &Value) {
    all_close(what, got.view().iter(), tensor(want).view().iter(), 1e-13);
}

/// A loss under each reduction.
type Make = Box<dyn Fn(Reduction) -> Box<dyn Loss<f64>>>;

fn losses() -> Vec<(&'static str, Make)> {
    let weights = [0.5, 2.0, 1.5];
    let mut all: Vec<(&'static str, Make)> = Vec::new();
    macro_rules! case {
        ($name:literal, $loss:expr) => {{
            let loss = $loss;
            all.push(($name, Box::new(move |reduction| Box::new(loss.clone().reduction(reduction)))));
        }};
    }
    case!("half_squared", loss::HalfSquaredError::new());
    case!("absolute", loss::AbsoluteError::new());
    case!("huber", loss::Huber::new(0.8));
    case!("gaussian", loss::GaussianNll::new());
    case!("gaussian_full", loss::GaussianNll::new().with_constant());
    case!("binary", loss::BinaryCrossEntropy::from_probabilities());
    case!("binary_logits", loss::BinaryCrossEntropy::from_logits());
    case!("binary_weighted", loss::BinaryCrossEntropy::from_logits().pos_weight(&[3.0, 0.5, 1.0]));
    case!("binary_smooth", loss::BinaryCrossEntropy::from_logits().label_smoothing(0.2));
    case!("classes", loss::CrossEntropy::from_logits());
    case!("classes_weighted", loss::CrossEntropy::from_logits().class_weights(&weights));
    case!("classes_smooth", loss::CrossEntropy::from_logits().label_smoothing(0.1));
    case!("classes_ignored", loss::CrossEntropy::from_logits().ignore(7));
    let options = loss::CrossEntropy::from_logits().class_weights(&weights).label_smoothing(0.1);
    case!("classes_all", options.clone().ignore(7));
    case!("classes_probabilities", loss::CrossEntropy::from_probabilities());
    case!("rows", loss::CrossEntropy::from_logits());
    case!("rows_weighted", options.clone());
    case!("hinge", loss::Hinge::new());
    case!("squared_hinge", loss::SquaredHinge::new());
    case!("multi_hinge", loss::MultiHinge::new());
    case!("multi_hinge_all", loss::MultiHinge::new().squared().margin(0.7).class_weights(&weights));
    case!("poisson_log", loss::Poisson::from_log_rates());
    case!("poisson", loss::Poisson::from_rates());
    case!("kullback_leibler", loss::KullbackLeibler::from_probabilities());
    case!("kullback_leibler_logits", loss::KullbackLeibler::from_logits());
    case!("kullback_leibler_log", loss::KullbackLeibler::from_log_probabilities());
    all
}

#[test]
fn losses_under_each_reduction() {
    let table = &table()["losses"];
    let cases = losses();
    assert_eq!(table.as_object().unwrap().len(), cases.len());
    for (name, make) in cases {
        let case = &table[name];
        let (y, t) = (tensor(&case["y"]), tensor(&case["t"]));
        agree(&format!("{name}, none"), &make(Reduction::None).loss(&y, &t), &case["none"]);
        agree(&format!("{name}, sum"), &make(Reduction::Sum).loss(&y, &t), &case["sum"]);
        let tape = Tape::new();
        let y = tape.tensor(y);
        let mean = make(Reduction::Mean).loss(&y, &t);
        agree(&format!("{name}, mean"), &mean, &case["mean"]);
        agree(&format!("{name}, gradient"), &mean.backward().wrt(&y).into(), &case["gradient"]);
    }
}

#[test]
fn activations() {
    let table = table();
    let (a, weights) = (tensor(&table["points"]), tensor(&table["cotangent"]));
    for (name, case) in table["activations"].as_object().unwrap() {
        let activation: Activation = name.parse().unwrap();
        let tape = Tape::new();
        let a = tape.tensor(a.clone());
        let z = activation.apply(&a);
        agree(name, &z, &case["z"]);
        agree(&format!("{name}, gradient"), &z.backward_with(&weights).wrt_or_zeros(&a).into(), &case["gradient"]);
    }
}

/// Output and gradients of a layer with the given parameters.
fn differentiated(what: &str, layer: &mut dyn Layer<f64>, case: &Value) {
    let mut given = case["parameters"].as_array().unwrap().iter();
    nn::parameters(layer, |_, p| {
        let shape = p.value().shape().to_vec();
        p.set(tensor(given.next().unwrap()).reshape(&shape));
    });
    let tape = Tape::new();
    nn::watch(layer, &tape);
    let x = tape.tensor(tensor(&case["x"]));
    let y = layer.forward(&x);
    agree(what, &y, &case["y"]);
    let g = y.backward_with(&tensor(&case["cotangent"]));
    let mut want = case["gradients"].as_array().unwrap().iter();
    agree(&format!("{what}, gradient"), &g.wrt(&x).into(), want.next().unwrap());
    nn::parameters(layer, |name, p| {
        agree(&format!("{what}, gradient of {name}"), p.gradient(&g).unwrap(), want.next().unwrap());
    });
    assert!(given.next().is_none() && want.next().is_none());
}

#[test]
fn batch_normalisation_in_training_and_evaluation() {
    for name in ["batch_norm", "batch_norm_places"] {
        let case = &table()[name];
        let mut layer = BatchNorm1d::new(3).momentum(0.3).eps(1e-3);
        nn::train_mode(&layer);
        for step in case["training"].as_array().unwrap() {
            differentiated(name, &mut layer, step);
        }
        agree(name, &layer.running_mean().value(), &case["running_mean"]);
        agree(name, &layer.running_var().value(), &case["running_var"]);
        nn::eval_mode(&layer);
        differentiated(name, &mut layer, &case["evaluation"]);
    }
}

#[test]
fn layer_normalisation() {
    differentiated("layer_norm", &mut LayerNorm::new(&[2, 3]), &table()["layer_norm"]);
}

#[test]
fn a_network_with_buffers_saved_by_pytorch() {
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let model = Sequential::<f64>::new()
        .then(Linear::new(2, 3, Init::XavierUniform, rng))
        .then(BatchNorm1d::new(3))
        .then(Activation::Tanh)
        .then(Linear::new(3, 1, Init::XavierUniform, rng));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("network.safetensors");
    std::fs::write(&file, include_bytes!("../../data/network.safetensors")).unwrap();
    nn::load(&model, &file).unwrap();
    let case = &table()["network"];
    agree("network", &model.forward(&tensor(&case["x"])), &case["y"]);
}
