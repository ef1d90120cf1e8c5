//! The workloads: what a step does, and the number that its first one has to give.

use autodiff::{Tape, Tensor, elementwise, tensor};
use nn::{Activation, Element, Layer, Loss, Mlp, Optimizer, Sgd, loss};

use crate::data::{digits, matrix, network, signs, vector, weight};
use crate::networks;

/// Runs a step; gives the loss, or what else is known of its result.
pub(crate) type Step = Box<dyn FnMut() -> f64>;

/// One of the programs that are compared.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// Multiplications and additions in the matrix products of a step, where these decide.
    pub(crate) operations: f64,
    /// Whether in f64.
    pub(crate) double: bool,
    /// What the first step gives.
    pub(crate) first: f64,
    /// What the tenth step gives, where that is known.
    pub(crate) tenth: Option<f64>,
    pub(crate) build: fn() -> Step,
}

const IDENTITY: Activation = Activation::Identity;
const RELU: Activation = Activation::Relu;
const TANH: Activation = Activation::Tanh;

/// All of them.
pub(crate) fn all() -> Vec<Workload> {
    let workload = |name, what, operations, first, build| {
        let double = matches!(name, "W5" | "W15");
        let tenth = match name {
            "W11" => Some(1.945_388_3),
            "W12" => Some(1.441_044_1),
            "W13" => Some(0.107_394_93),
            "W14" => Some(1.386_948_59),
            "W15" => Some(0.226_844_39),
            _ => None,
        };
        Workload { name, what, operations, double, first, tenth, build }
    };
    vec![
        workload("W1", "XOR 2-2-1, sigmoid, batch 4", 0.0, 0.252_616_6, xor),
        workload("W2", "784-128-10, batch 32", products(32, &[784, 128, 10]), 2.457_989, || small::<f32>()),
        workload("W3", "784-512-512-10, batch 128", products(128, &[784, 512, 512, 10]), 2.392_396, || {
            classifier(3, &[784, 512, 512, 10], 128, 0.05)
        }),
        workload("W4", "1024-2048³-10, batch 512", products(512, &[1024, 2048, 2048, 2048, 10]), 2.529_686, || {
            classifier(4, &[1024, 2048, 2048, 2048, 10], 512, 0.02)
        }),
        workload("W5", "W2 in f64", products(32, &[784, 128, 10]), 2.457_989_31, || small::<f64>()),
        workload("W6", "W2 with batch 1", products(1, &[784, 128, 10]), 2.217_011, one_by_one),
        workload("W7", "64 layers 64-64, tanh, batch 16", products(16, &[64; 65]), 0.103_048_9, deep),
        workload("W8", "elementwise loss over 10⁶", 0.0, 1.519_983, formula),
        workload("W9", "Hessian-vector product of W2's loss", 0.0, 84.829_28, hessian_vector),
        workload("W10", "64 × 64 Jacobian through width 256", 0.0, 5.806_248, || jacobian(true)),
        workload("W10e", "the same, row by row", 0.0, 5.806_248, || jacobian(false)),
        workload("W11", "convolutions of 16 and 32, batch 32", 0.0, 2.424_786_6, networks::convolutional),
        workload("W12", "causal attention, width 64, batch 8", 0.0, 1.705_491_3, networks::attention),
        workload("W13", "GRU, 64 units, 50 steps, batch 16", 0.0, 0.107_595_24, networks::recurrent),
        workload("W14", "embeddings of 16, batch 256", 0.0, 1.431_671_26, networks::factorisation),
        workload("W15", "u'' of 1-32-32-1, 128 points, f64", 0.0, 4.804_489_86, networks::physics),
    ]
}

/// Multiplications and additions of a step: two products a layer, three but for the first.
fn products(batch: usize, units: &[usize]) -> f64 {
    let layers = units.windows(2).enumerate();
    layers.map(|(l, w)| 2.0 * (batch * w[0] * w[1]) as f64 * if l == 0 { 2.0 } else { 3.0 }).sum()
}

/// Steps of gradient descent on a loss; the batches are used in turn.
fn descent<T: Element>(
    model: Mlp<T>,
    batches: Vec<(Tensor<T>, Tensor<T>)>,
    loss: impl Loss<T> + 'static,
    rate: f64,
) -> Step {
    minimizing(model, batches, move |model, (x, t)| loss.loss(&model.forward(x), t), rate)
}

/// Steps of gradient descent on a function of model and batch; the batches are used in turn.
pub(crate) fn minimizing<T: Element, M: Layer<T> + 'static, B: 'static>(
    model: M,
    batches: Vec<B>,
    objective: impl Fn(&M, &B) -> Tensor<T> + 'static,
    rate: f64,
) -> Step {
    let (tape, mut sgd, mut k) = (Tape::new(), Sgd::new(rate), 0);
    Box::new(move || {
        let batch = &batches[k % batches.len()];
        k += 1;
        tape.reset();
        nn::watch(&model, &tape);
        let error = objective(&model, batch);
        let gradients = error.backward();
        // Once the tape lets go of the parameters, they change in place.
        tape.reset();
        sgd.step(&model, &gradients).expect("every parameter has a gradient");
        error.item().primal()
    })
}

fn xor() -> Step {
    let x = ndarray::array![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let t = ndarray::array![[0.0_f32], [1.0], [1.0], [0.0]];
    let model = network(1, &[2, 2, 1], Activation::Sigmoid, Activation::Sigmoid);
    descent(model, vec![(x.into(), t.into())], loss::squared_error, 0.5)
}

fn small<T: Element>() -> Step {
    descent(
        network::<T>(2, &[784, 128, 10], RELU, IDENTITY),
        vec![digits(2, 32, 784)],
        loss::softmax_cross_entropy,
        0.05,
    )
}

fn classifier(workload: u64, units: &[usize], batch: usize, rate: f64) -> Step {
    let batches = vec![digits(workload, batch, units[0])];
    descent(network::<f32>(workload, units, RELU, IDENTITY), batches, loss::softmax_cross_entropy, rate)
}

fn one_by_one() -> Step {
    let (x, t) = digits::<f32>(6, 256, 784);
    let singles = (0..256).map(|i| (x.narrow(0, i..i + 1), t.narrow(0, i..i + 1))).collect();
    descent(network::<f32>(2, &[784, 128, 10], RELU, IDENTITY), singles, loss::softmax_cross_entropy, 0.01)
}

fn deep() -> Step {
    let batches = vec![(matrix(7200, 16, 64, 1.0), matrix(7300, 16, 64, 0.5))];
    descent(network::<f32>(7, &[64; 65], TANH, TANH), batches, loss::squared_error, 0.05)
}

elementwise!(terms(y, t) => (-(t * y)).exp().ln_1p() + 0.1 * y.abs().powf(1.5) + y.sin() * (-(y * y)).exp());

fn formula() -> Step {
    let n = 1_000_000;
    let (tape, y, t) = (Tape::new(), vector::<f32>(8200, n, 4.0), signs(8300, n));
    Box::new(move || {
        tape.reset();
        let y = tape.tensor(y.clone());
        let loss = terms(&y, &t).mean();
        assert_eq!(loss.backward().tensor(&y).map(Tensor::len), Some(n));
        f64::from(loss.item())
    })
}

/// The Hessian-vector product of W2's loss with respect to all parameters.
fn hessian_vector() -> Step {
    let units = [784, 128, 10];
    let model = network::<f32>(2, &units, RELU, IDENTITY);
    let (x, t) = digits(2, 32, 784);
    let direction = |l: usize| {
        let (inputs, outputs, stream) = (units[l], units[l + 1], 2400 + l as u64);
        [weight(stream, inputs, outputs, 1.0), vector(stream + 100, outputs, 1.0)]
    };
    let v: Vec<Tensor<f32>> = (0..2).flat_map(direction).collect();
    let mut first = true;
    Box::new(move || {
        let objective = |model: &Mlp<f32>| loss::softmax_cross_entropy(&model.forward(&x), &t);
        let product = nn::param_hvp(&model, objective, &v).expect("a direction for each parameter");
        if std::mem::take(&mut first) {
            return product.iter().zip(&v).map(|(h, v)| f64::from((h * v).sum().item())).sum();
        }
        f64::from(product[3].view()[0])
    })
}

/// The Jacobian of a network's 64 outputs with respect to its 64 inputs, all rows in one sweep or one at a time.
fn jacobian(at_once: bool) -> Step {
    let model = network::<f32>(10, &[64, 256, 256, 64], TANH, IDENTITY);
    let (x, mut first) = (matrix(10_200, 1, 64, 1.0), true);
    Box::new(move || {
        let entries = if at_once {
            tensor::jacobian_rows(|x| model.forward(x), &x).into_raw_vec_and_offset().0
        } else {
            tensor::jacobian(|t| model.forward(&t[0]), std::slice::from_ref(&x)).remove(0).into_raw_vec_and_offset().0
        };
        if std::mem::take(&mut first) {
            return entries.iter().map(|&x| f64::from(x * x)).sum::<f64>().sqrt();
        }
        f64::from(entries[0])
    })
}
