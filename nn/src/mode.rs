//! Training and evaluation.

use std::cell::Cell;

use autodiff::Real;

use crate::Layer;
use crate::visit::{Part, PartMut, parts, parts_mut};

/// Whether a model is being trained. Layers such as [`Dropout`](crate::Dropout) and [`BatchNorm1d`](crate::BatchNorm1d)
/// compute differently then; the others have no mode.
///
/// A new model is in [`Mode::Eval`]: `forward` is a function of its input, gives the same result twice, and treats the
/// items of a batch one by one. (PyTorch starts in training mode.) Training is asked for by [`train_mode`]; a
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
/// A layer of one's own that has a mode keeps it in a `Cell<Mode>` and lists it: `v.mode(&self.mode)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Statistics of the batch, random masks.
    Train,
    /// Running statistics, nothing random.
    #[default]
    Eval,
}

/// Sets all layers of a model that have a mode to [`Mode::Train`].
pub fn train_mode<T: Real>(model: &mut (impl Layer<T> + ?Sized)) {
    set(model, Mode::Train);
}

/// Sets all layers of a model that have a mode to [`Mode::Eval`].
pub fn eval_mode<T: Real>(model: &mut (impl Layer<T> + ?Sized)) {
    set(model, Mode::Eval);
}

/// The mode of a model; `None` if none of its layers has one, or if they differ.
pub fn mode<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Option<Mode> {
    let mut modes = Vec::new();
    parts(model, |_, part| modes.extend(cell(&part).map(Cell::get)));
    let first = modes.first().copied()?;
    modes.iter().all(|&mode| mode == first).then_some(first)
}

fn set<T: Real>(model: &mut (impl Layer<T> + ?Sized), mode: Mode) {
    parts_mut(model, |_, part| {
        if let PartMut::Mode(cell) = part {
            cell.set(mode);
        }
    });
}

fn cell<'a, T: Real>(part: &Part<'a, T>) -> Option<&'a Cell<Mode>> {
    if let Part::Mode(cell) = part { Some(cell) } else { None }
}

/// Runs `action` with all layers in [`Mode::Eval`], and puts their modes back, also on unwinding.
pub(crate) fn evaluating<T: Real, M: Layer<T> + ?Sized, R>(model: &M, action: impl FnOnce() -> R) -> R {
    struct PutBack<'a, T: Real, M: Layer<T> + ?Sized>(&'a M, Vec<Mode>, std::marker::PhantomData<T>);
    impl<T: Real, M: Layer<T> + ?Sized> Drop for PutBack<'_, T, M> {
        fn drop(&mut self) {
            let mut old = self.1.iter();
            parts(self.0, |_, part| {
                if let Some(cell) = cell(&part) {
                    cell.set(*old.next().expect("a mode for each cell"));
                }
            });
        }
    }
    let mut old = Vec::new();
    parts(model, |_, part| old.extend(cell(&part).map(|cell| cell.replace(Mode::Eval))));
    let _put_back = PutBack(model, old, std::marker::PhantomData);
    action()
}
