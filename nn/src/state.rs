//! The modes of a model's layers, and the states of their generators.

use std::cell::Cell;

use autodiff::Real;

use crate::error::{Kind, Result, quoted};
use crate::layer::{Layer, Part};
use crate::mode::Mode;
use crate::random::RandomState;
use crate::visit::parts;

/// Sets all layers of a model that have a mode to [`Mode::Train`].
#[doc(alias = "train")]
pub fn train_mode<T: Real>(model: &(impl Layer<T> + ?Sized)) {
    set(model, Mode::Train);
}

/// Sets all layers of a model that have a mode to [`Mode::Eval`].
#[doc(alias = "eval")]
pub fn eval_mode<T: Real>(model: &(impl Layer<T> + ?Sized)) {
    set(model, Mode::Eval);
}

/// Returns the mode of a model; `None` if none of its layers has one, or if they differ.
pub fn mode<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Option<Mode> {
    let mut modes = Vec::new();
    parts(model, |_, part| modes.extend(cell(&part).map(Cell::get)));
    let first = modes.first().copied()?;
    modes.iter().all(|&mode| mode == first).then_some(first)
}

fn set<T: Real>(model: &(impl Layer<T> + ?Sized), mode: Mode) {
    parts(model, |_, part| cell(&part).into_iter().for_each(|cell| cell.set(mode)));
}

fn cell<'a, T: Real>(part: &Part<'a, T>) -> Option<&'a Cell<Mode>> {
    if let Part::Mode(cell) = part { Some(cell) } else { None }
}

/// Runs `action` with all layers in [`Mode::Eval`], and restores their modes, also on unwinding.
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

/// Returns the states of all generators in a model, by name, for the checkpoint of a training run. Weights files do not hold
/// them.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Dropout, Layer};
/// use rand::SeedableRng;
/// let model = Dropout::new(0.5, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
/// nn::train_mode::<f64>(&model);
/// let states = nn::random_states::<f64>(&model);
/// let x = Tensor::<f64>::ones(&[2, 8]);
/// let first = model.forward(&x);
/// nn::restore_random_states::<f64>(&model, &states)?;
/// assert_eq!(model.forward(&x).view(), first.view());
/// # Ok::<(), nn::Error>(())
/// ```
pub fn random_states<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<(String, RandomState)> {
    let mut states = Vec::new();
    parts(model, |name, part| {
        if let Part::Random(random) = part {
            states.push((name.to_owned(), random.state()));
        }
    });
    states
}

/// Restores the states of all generators: the masks that follow are bit for bit those that would have followed.
///
/// # Errors
/// If the names are not those of the model's generators, in their order. The model is unchanged then.
pub fn restore_random_states<T: Real>(
    model: &(impl Layer<T> + ?Sized),
    states: &[(String, RandomState)],
) -> Result<()> {
    let expected = random_states(model);
    if !expected.iter().map(|(name, _)| name).eq(states.iter().map(|(name, _)| name)) {
        let list = |states: &[(String, RandomState)]| {
            let names: Vec<&str> = states.iter().map(|(name, _)| name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { quoted(&names) }
        };
        return Err(Kind::RandomStates { found: list(states), expected: list(&expected) }.into());
    }
    let mut states = states.iter();
    parts(model, |_, part| {
        if let Part::Random(random) = part {
            random.restore(&states.next().expect("a state for each generator").1);
        }
    });
    Ok(())
}
