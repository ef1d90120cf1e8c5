//! A guide in short chapters, each with examples that run. `nn::guide` goes on with networks.
//!
//! 1. [The tape in one page](tape)
//! 2. [Scalars](scalars)
//! 3. [Tensors and shapes](tensors)
//! 4. [Own operations](own_operations)
//! 5. [Higher orders](higher_orders)
//! 6. [Checking a gradient](checking)
//! 7. [Programs](programs)
//! 8. [When something is NaN, severed or slow](trouble)
//!
//! To look things up: [from JAX](from_jax), [other crates beside this one](neighbours), and an
//! [index of error messages](messages). From PyTorch: `nn::guide::from_pytorch`.

#[doc = include_str!("guide/tape.md")]
pub mod tape {}

#[doc = include_str!("guide/scalars.md")]
pub mod scalars {}

#[doc = include_str!("guide/tensors.md")]
pub mod tensors {}

#[doc = include_str!("guide/own_operations.md")]
pub mod own_operations {}

#[doc = include_str!("guide/higher_orders.md")]
pub mod higher_orders {}

#[doc = include_str!("guide/checking.md")]
pub mod checking {}

#[doc = include_str!("guide/programs.md")]
pub mod programs {}

#[doc = include_str!("guide/trouble.md")]
pub mod trouble {}

#[doc = include_str!("guide/from_jax.md")]
pub mod from_jax {}

#[doc = include_str!("guide/neighbours.md")]
pub mod neighbours {}

#[doc = include_str!("guide/messages.md")]
pub mod messages {}
