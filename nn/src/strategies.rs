//! Strategies of `proptest` for property tests of networks. With the feature `proptest`.

use std::ops::RangeInclusive;

use autodiff::Real;
use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;

use crate::init::Init;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;
use crate::layers::mlp::Mlp;

/// Activations without kinks: a gradient can be checked at any point.
pub fn smooth_activation() -> impl Strategy<Value = Activation> + Clone {
    use Activation::{Gelu, Identity, LogSoftmax, Sigmoid, Silu, Softmax, Softplus, Tanh};
    prop::sample::select(vec![Identity, Sigmoid, Tanh, Softplus, Gelu, Silu, Softmax, LogSoftmax])
}

/// Dense layers with random weights.
pub fn linear<T: Real>(
    inputs: RangeInclusive<usize>,
    outputs: RangeInclusive<usize>,
) -> impl Strategy<Value = Linear<T>> + Clone {
    (inputs, outputs, any::<u64>()).prop_map(|(inputs, outputs, seed)| {
        Linear::new(inputs, outputs, Init::XavierNormal, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed))
    })
}

/// Multilayer perceptrons of up to `depth` hidden layers and up to `width` units a layer, with random weights.
pub fn mlp<T: Real>(depth: usize, width: usize) -> impl Strategy<Value = Mlp<T>> + Clone {
    (vec(1..=width, 2..=depth + 2), smooth_activation(), any::<u64>()).prop_map(|(sizes, activation, seed)| {
        Mlp::new(&sizes, activation, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed))
    })
}
