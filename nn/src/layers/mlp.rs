//! The multilayer perceptron.

use std::marker::PhantomData;

use autodiff::{Real, Tensor};
use rand::Rng;

use super::activation::Activation;
use super::linear::Linear;
use crate::init::Init;
use crate::layer::{Layer, Visit};
use crate::trace::Trace;

/// A multilayer perceptron of any depth: `a = W z + b`, `z = h(a)` for each layer (L6).
///
/// ```
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// // 64 inputs, two hidden layers, 10 outputs (logits: no activation on the last layer).
/// let model = Mlp::<f32>::new(&[64, 32, 16, 10], Activation::Relu, &mut rng);
/// assert_eq!(nn::count(&model), 64 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10);
/// // Layer by layer:
/// let builder = Mlp::<f32>::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Sigmoid);
/// let model: Mlp<f32> = builder.build(&mut rng);
/// ```
#[derive(Clone, Debug)]
pub struct Mlp<T: Real> {
    layers: Vec<(Linear<T>, Activation)>,
}

impl<T: Real> Mlp<T> {
    /// Creates a network with these numbers of units, from input to output. Hidden layers use `hidden`, the last none:
    /// its outputs are a regression's values or a classifier's logits.
    ///
    /// # Panics
    /// If there are fewer than two numbers.
    #[track_caller]
    pub fn new(units: &[usize], hidden: Activation, rng: &mut impl Rng) -> Self {
        let [inputs, hidden_units @ .., outputs] = units else {
            panic!("Mlp: units {units:?}: expected at least the numbers of inputs and outputs")
        };
        let builder = hidden_units.iter().fold(Self::builder(*inputs), |builder, &n| builder.layer(n, hidden));
        builder.layer(*outputs, Activation::Identity).build(rng)
    }

    /// Starts a network layer by layer.
    pub fn builder(inputs: usize) -> MlpBuilder<T> {
        MlpBuilder { inputs, layers: Vec::new(), init: None, number: PhantomData }
    }

    /// Joins layers to a network.
    pub fn from_layers(layers: Vec<(Linear<T>, Activation)>) -> Self {
        Self { layers }
    }

    /// The layers, from input to output.
    pub fn layers(&self) -> &[(Linear<T>, Activation)] {
        &self.layers
    }
}

impl<T: Real> Layer<T> for Mlp<T> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        // Not a fold: in a closure, operations would not be recorded as the caller's.
        let mut x = x.clone();
        for (linear, activation) in &self.layers {
            x = activation.apply(&linear.forward(&x));
        }
        x
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        for (i, (linear, _)) in self.layers.iter().enumerate() {
            v.layer_at("layers", i, linear);
        }
    }

    /// Units and activations, from input to output: `{"mlp":{"activations":["tanh","identity"],"units":[2,3,1]}}`.
    fn architecture(&self) -> Option<String> {
        let width = |(linear, _): &(Linear<T>, Activation), axis: usize| linear.weight().value().shape()[axis];
        let inputs = self.layers.first().map(|layer| width(layer, 1));
        let units: Vec<usize> = inputs.into_iter().chain(self.layers.iter().map(|layer| width(layer, 0))).collect();
        let activations: Vec<String> = self.layers.iter().map(|(_, activation)| activation.to_string()).collect();
        Some(serde_json::json!({ "mlp": { "units": units, "activations": activations } }).to_string())
    }

    fn trace(&self, x: &Tensor<T>, trace: &mut Trace) -> Tensor<T> {
        self.layers.iter().enumerate().fold(x.clone(), |x, (i, (linear, activation))| {
            let a = trace.layer(&format!("layers.{i}"), linear, &x);
            trace.layer(&format!("activations.{i}"), activation, &a)
        })
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}

/// The plan of an [`Mlp`].
#[derive(Clone, Debug)]
pub struct MlpBuilder<T> {
    inputs: usize,
    layers: Vec<(usize, Activation)>,
    init: Option<Init>,
    number: PhantomData<T>,
}

impl<T: Real> MlpBuilder<T> {
    /// Adds a layer of `units` units.
    pub fn layer(mut self, units: usize, activation: Activation) -> Self {
        self.layers.push((units, activation));
        self
    }

    /// Sets how all weights are drawn, instead of by each layer's [`Activation::init`].
    pub fn init(mut self, init: Init) -> Self {
        self.init = Some(init);
        self
    }

    /// Draws the weights, layer by layer; biases are 0.
    pub fn build(self, rng: &mut impl Rng) -> Mlp<T> {
        let mut inputs = self.inputs;
        let layers = self.layers.into_iter().map(|(units, activation)| {
            let linear = Linear::new(inputs, units, self.init.unwrap_or(activation.init()), rng);
            inputs = units;
            (linear, activation)
        });
        Mlp { layers: layers.collect() }
    }
}
