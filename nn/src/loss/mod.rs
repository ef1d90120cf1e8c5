//! Losses: the error of outputs `y` against targets `t`.
//!
//! The plain functions take the mean: over all elements for [`squared_error`], over the items of the batch (the first axis) for
//! the others.
//!
//! The structs have options, and a [`Reduction`]: the mean unless another is set. [`Reduction::Sum`] gives the errors of the
//! lectures, which are sums over the data set (L9–L11). Conventions are PyTorch's except where the column on the right says
//! otherwise. `C` is the number of classes, counted along the last axis.
//!
//! | | a loss | mean over | beside PyTorch |
//! |---|---|---|---|
//! | [`HalfSquaredError`] | `½ (y - t)²` (L9) | elements | half of `MSELoss`; the gradient is `y - t` |
//! | [`AbsoluteError`] | `abs(y - t)` | elements | `L1Loss`; gradient 0 at 0 |
//! | [`Huber`] | `½ e²` up to `δ`, then `δ (abs e - ½ δ)` | elements | `HuberLoss` |
//! | [`GaussianNll`] | `½ (s + (y - t)² e^-s)`, `s = ln σ²` (L9) | elements | `GaussianNLLLoss` has the variance itself, and clamps it |
//! | [`BinaryCrossEntropy`] | `-t ln y - (1 - t) ln(1 - y)` (L10) | elements | `BCELoss` cuts off logarithms at -100 |
//! | [`CrossEntropy`] | `-Σ_k t_k ln y_k` (L11) | items, by weight | `CrossEntropyLoss` has the classes along axis 1 |
//! | [`Hinge`] | `[1 - t y]_+` (L12) | elements | – |
//! | [`SquaredHinge`] | `[1 - t y]_+²` | elements | – |
//! | [`MultiHinge`] | `Σ_{k ≠ t} [m - y_t + y_k]_+ / C` | items | `MultiMarginLoss` |
//! | [`Poisson`] | `y - t ln y` | elements | `PoissonNLLLoss` adds 1e-8 to `y`; Stirling's approximation for the constant |
//! | [`KullbackLeibler`] | `Σ_k t_k (ln t_k - ln y_k)` | items | `KLDivLoss` with `batchmean` |
//!
//! ```
//! use nn::loss::{CrossEntropy, Loss, Reduction};
//! use autodiff::Tensor;
//! use ndarray::array;
//! let loss = CrossEntropy::from_logits().label_smoothing(0.1).ignore(255).reduction(Reduction::None);
//! let a = Tensor::constant(array![[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]);
//! let classes = Tensor::constant(array![0.0, 255.0]);
//! assert_eq!(loss.loss(&a, &classes).to_array()[1], 0.0);
//! ```

mod binary;
mod classes;
mod cross_entropy;
mod functions;
mod gaussian;
mod hinge;
mod huber;
mod kullback_leibler;
mod multi_hinge;
mod one_hot;
mod poisson;
mod reduction;
mod residual;
pub(crate) mod term;

pub use binary::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use functions::{bce, bce_with_logits, cross_entropy, hinge, softmax_cross_entropy, squared_error, squared_hinge};
pub use gaussian::GaussianNll;
pub use hinge::{Hinge, SquaredHinge};
pub use huber::Huber;
pub use kullback_leibler::KullbackLeibler;
pub use multi_hinge::MultiHinge;
pub use one_hot::one_hot;
pub use poisson::Poisson;
pub use reduction::Reduction;
pub use residual::{AbsoluteError, HalfSquaredError};
pub use term::Loss;
