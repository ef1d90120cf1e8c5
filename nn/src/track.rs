//! Inputs on the tape that a model computes on.

use std::any::Any;
use std::cell::RefCell;

use autodiff::{Real, Tape, Tensor};

use crate::layer::Layer;
use crate::visit::unnamed;

thread_local! {
    /// The tapes, made when they are needed, of functions on models that are on none: the last is that of the innermost.
    static TAPES: RefCell<Vec<Option<Box<dyn Any>>>> = const { RefCell::new(Vec::new()) };
}

/// Puts an input on the tape that the model's parameters are on, so that an objective can differentiate the model's output by
/// it: `y.grad(&[&x])`. An input that is on a tape is returned as it is.
///
/// It works in every function that the library calls with a model: objectives, losses, metrics and callbacks of a
/// [`Trainer`](crate::Trainer), what [`Lbfgs`](crate::Lbfgs) and [`Newton`](crate::Newton) minimise, what
/// [`param_grad`](crate::param_grad) and [`check::model`](crate::check::model) differentiate. Where these only want a value, the
/// parameters are constants, and the input is on a tape of the call.
///
/// ```
/// use ndarray::array;
/// use nn::{Activation, Layer, Mlp};
/// use rand::SeedableRng;
/// let model = Mlp::<f64>::new(&[1, 8, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
/// // The square of the model's slope, as a function of its weights.
/// let report = nn::check::model(&model, |model| {
///     let x = nn::track(model, &array![[0.5]].into());
///     model.forward(&x).grad(&[&x])[0].square().sum()
/// });
/// report.assert_pass();
/// ```
///
/// # Panics
/// If the model's parameters are on no tape, elsewhere than in such a function.
#[track_caller]
pub fn track<T: Real>(model: &(impl Layer<T> + ?Sized), x: &Tensor<T>) -> Tensor<T> {
    if x.is_tracked() {
        return x.clone();
    }
    let mut on = None;
    unnamed(model, |param| on = on.take().or_else(|| param.watched()));
    let found = on.map(|on| x.beside(&on)).or_else(|| {
        TAPES.with_borrow_mut(|tapes| {
            let tape = tapes.last_mut()?.get_or_insert_with(|| Box::new(Tape::<T>::new()));
            tape.downcast_ref().map(|tape: &Tape<T>| tape.tensor(x.clone()))
        })
    });
    match found {
        Some(x) => x,
        None => panic!("track: the model's parameters are on no tape; put them on one with `nn::watch(&model, &tape)`"),
    }
}

/// Runs a function on a model; what is [tracked](track) meanwhile is on a tape that ends with it.
pub(crate) fn scope<R>(run: impl FnOnce() -> R) -> R {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            drop(TAPES.with_borrow_mut(Vec::pop));
        }
    }
    TAPES.with_borrow_mut(|tapes| tapes.push(None));
    let _end = End;
    run()
}
