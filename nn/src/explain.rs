//! Backpropagation written out in the lectures' notation, and names for what a model holds.

use autodiff::explain::{Derivation, Explain};
use autodiff::{Real, Tape, Tensor};

use crate::layer::Layer;
use crate::layers::activation::Activation;
use crate::layers::mlp::Mlp;
use crate::loss::term::Loss;
use crate::visit::parameters;

/// Gives the parameters on a tape their full names, such as `layers.0.weight`, which [`explain`](autodiff::explain) and
/// [`graph`](autodiff::graph) then show.
///
/// ```
/// use autodiff::{Tape, Tensor, explain};
/// use nn::{Init, Layer, Linear};
/// use rand::SeedableRng;
/// let mut model = Linear::<f64>::new(2, 1, Init::Zeros, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
/// let tape = Tape::new();
/// nn::watch(&mut model, &tape);
/// nn::name_parameters(&model);
/// let loss = model.forward(&Tensor::ones(&[3, 2])).square().sum();
/// let text = explain::derivation(&loss, model.weight().tensor()).to_string();
/// assert!(text.contains("v1 = c1 weightᵀ + bias"));
/// ```
pub fn name_parameters<T: Real>(model: &(impl Layer<T> + ?Sized)) {
    parameters(model, |name, param| {
        param.tensor().clone().named(name);
    });
}

/// A forward pass on a tape of its own.
struct Pass<T: Real> {
    #[cfg_attr(not(feature = "page"), expect(dead_code, reason = "the others are on it"))]
    tape: Tape<T>,
    error: Tensor<T>,
    x: Tensor<T>,
    t: Tensor<T>,
    weights: Vec<Tensor<T>>,
}

impl<T: Real> Mlp<T> {
    /// Backpropagation through this network written out: the forward pass, and the derivatives of the loss `E` with respect to
    /// everything, in the lectures' notation (L18).
    ///
    /// A layer `s` has weights `W[s]` and bias `b[s]`; `a[s] = W[s] z[s-1] + b[s]`, `z[s] = h(a[s])`; `z[0]` is the input
    /// `x`, the last `z` is called `y`, and `delta[s]` is `dE/da[s]`. Layers with activations of different kinds have
    /// `h[1]`, `h[2]`, …. For one item (a vector, or a batch of one row) products are written as in the lectures; a batch,
    /// whose items are rows, has `z[s-1] W[s]ᵀ + b[s]` and `dE/dW[s] = delta[s]ᵀ z[s-1]`. The network's parameters are only
    /// read and stay off any tape.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// use nn::{Activation, Mlp, Reduction, loss::HalfSquaredError};
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
    /// let xor = builder.build(&mut rng);
    /// let (x, t) = (Tensor::from(array![1.0, 0.0]), Tensor::from(array![1.0]));
    /// let text = xor.explain(HalfSquaredError::new().reduction(Reduction::Sum), &x, &t).to_string();
    /// for line in [
    ///     "delta[2] = (y − t) ⊙ h'(a[2])",
    ///     "delta[1] = h'(a[1]) ⊙ W[2]ᵀ delta[2]",
    ///     "dE/dW[2] = delta[2] ⊗ z[1]",
    ///     "dE/dW[1] = delta[1] ⊗ z[0]",
    /// ] {
    ///     assert!(text.contains(line), "{text}");
    /// }
    /// ```
    ///
    /// # Panics
    /// If the network does not take `x`, or the loss does not take its output and `t`, or gives no scalar.
    #[track_caller]
    pub fn explain(&self, loss: impl Loss<T>, x: &Tensor<T>, t: &Tensor<T>) -> Derivation {
        let pass = self.pass(loss, x, t);
        let explain = Explain::of(&pass.error).constant("z[0]", &pass.x).constant("t", &pass.t);
        explain.lines(100).derivation(&pass.weights)
    }

    /// A page on which one training step of this network is watched in a browser: the forward pass, layer by layer, and
    /// backpropagation from the loss `E`, in the notation of [`explain`](Self::explain).
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// use nn::{Activation, Mlp, loss};
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
    /// let (x, t) = (Tensor::from(array![[1.0, 0.0], [0.0, 0.0]]), Tensor::from(array![[1.0], [0.0]]));
    /// let html = model.page(loss::squared_error, &x, &t).title("One step").checked().html();
    /// assert!(html.contains("layer 2"));
    /// ```
    ///
    /// # Panics
    /// If the network does not take `x`, or the loss does not take its output and `t`, or gives no scalar.
    #[cfg(feature = "page")]
    #[track_caller]
    pub fn page(&self, loss: impl Loss<T>, x: &Tensor<T>, t: &Tensor<T>) -> autodiff::page::Page<T> {
        let Pass { tape, error, x, t, .. } = self.pass(loss, x, t);
        autodiff::page::Page::of(&error).constant("z[0]", &x).constant("t", &t).keep(tape)
    }

    /// Records the forward pass and the loss under the lectures' names.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "losses are functions, passed as such to `Trainer` too")]
    fn pass(&self, loss: impl Loss<T>, x: &Tensor<T>, t: &Tensor<T>) -> Pass<T> {
        let tape = Tape::new();
        let last = self.layers().len();
        let (x, t) = (x.detach(), t.detach());
        let (mut z, mut weights) = (x.clone(), Vec::new());
        let kinds: Vec<Activation> =
            self.layers().iter().map(|layer| layer.1).filter(|h| *h != Activation::Identity).collect();
        let same = kinds.windows(2).all(|pair| pair[0] == pair[1]);
        for (i, (linear, activation)) in self.layers().iter().enumerate() {
            let (s, start) = (i + 1, tape.len());
            let w = tape.tensor(linear.weight().value().clone()).named(format!("W[{s}]"));
            let b = linear.bias().value().clone();
            let b = if linear.has_bias() { tape.tensor(b).named(format!("b[{s}]")) } else { b };
            let output = if s == last { "y".to_owned() } else { format!("z[{s}]") };
            let a = z.linear(&w, &b).adjoint_named(format!("delta[{s}]"));
            z = if *activation == Activation::Identity {
                a.named(output)
            } else {
                let a = a.named(format!("a[{s}]"));
                let h = if same { "h".to_owned() } else { format!("h[{s}]") };
                activation.apply(&a).named(output).function_named(h)
            };
            tape.group_since(format!("layer {s}"), start);
            weights.push(w);
            weights.extend(linear.has_bias().then_some(b));
        }
        let error = loss.loss(&z, &t).named("E");
        Pass { tape, error, x, t, weights }
    }
}
