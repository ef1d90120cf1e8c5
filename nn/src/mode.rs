//! Training and evaluation.

/// Whether a model is being trained. Layers such as [`Dropout`](crate::Dropout) and [`BatchNorm1d`](crate::BatchNorm1d)
/// compute differently then; the others have no mode.
///
/// A new model is in [`Mode::Eval`]: `forward` is a function of its input, gives the same result twice, and treats the
/// items of a batch one by one. (PyTorch starts in training mode.) [`train_mode`](crate::train_mode) turns training on; a
/// [`Trainer`](crate::Trainer) does so by itself and leaves the model in `Eval`.
///
/// ```
/// use nn::{Activation, Dropout, Init, Linear, Mode, Sequential};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut model = Sequential::<f64>::new()
///     .then(Linear::new(2, 8, Init::XavierUniform, &mut rng))
///     .then(Activation::Tanh)
///     .then(Dropout::new(0.5, &mut rng));
/// assert_eq!(nn::mode(&model), Some(Mode::Eval));
/// nn::train_mode(&mut model);
/// assert_eq!(nn::mode(&model), Some(Mode::Train));
/// nn::eval_mode(&mut model);
/// ```
///
/// A layer of your own that has a mode keeps it in a `Cell<Mode>` and lists it: `v.mode(&self.mode)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Training: statistics of the batch, random masks.
    Train,
    /// Evaluation: running statistics, nothing random.
    #[default]
    Eval,
}
