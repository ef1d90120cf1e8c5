//! A guide in short chapters, each with examples that run. [`autodiff::guide`] comes first: the tape, tensors, own operations,
//! checks.
//!
//! 1. [Own losses and layers](own_losses_and_layers)
//! 2. [Training, saving, resuming](training)
//!
//! To look things up: [from PyTorch](from_pytorch), and an [index of error messages](messages). From JAX:
//! [`autodiff::guide::from_jax`].

#[doc = include_str!("guide/own_losses_and_layers.md")]
pub mod own_losses_and_layers {}

#[doc = include_str!("guide/training.md")]
pub mod training {}

#[doc = include_str!("guide/from_pytorch.md")]
pub mod from_pytorch {}

#[doc = include_str!("guide/messages.md")]
pub mod messages {}
