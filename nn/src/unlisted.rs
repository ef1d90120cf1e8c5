//! Finds parameters that a model computes with but does not list.

use std::cell::RefCell;

use autodiff::Real;

use crate::error::{Kind, Result};
use crate::layer::{Layer, Part};
use crate::visit::parts;

/// A parameter that was used while it was on no tape: where it lies, and its shape.
type Use = (usize, Vec<usize>);

thread_local! {
    /// Those used so far; `None` while nobody looks.
    static USES: RefCell<Option<Vec<Use>>> = const { RefCell::new(None) };
}

/// Takes note of the use of a parameter that is on no tape.
pub(crate) fn note(address: usize, shape: &[usize]) {
    USES.with_borrow_mut(|uses| uses.iter_mut().for_each(|uses| uses.push((address, shape.to_vec()))));
}

/// Whose parameters a computation may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The model's alone.
    Model,
    /// Other models' too, as constants.
    Anybody,
}

/// Looks, until it is [finished](Search::finish), for parameters that are used while they are on no tape.
pub(crate) struct Search(Option<Vec<Use>>);

impl Search {
    pub(crate) fn begin() -> Self {
        Self(USES.replace(Some(Vec::new())))
    }

    /// Refuses what was found. Parameters of other models are told apart by where they lie: not inside the model or a layer
    /// that it lists.
    pub(crate) fn finish<T: Real, M: Layer<T>>(self, model: &M, owner: Owner) -> Result<()> {
        let uses = USES.take().unwrap_or_default();
        drop(self);
        for (address, shape) in uses {
            if let Some(layer) = holder(model, address).or_else(|| (owner == Owner::Model).then(|| model.describe())) {
                return Err(Kind::Unlisted { layer, shape }.into());
            }
        }
        Ok(())
    }
}

/// Whoever looked before goes on.
impl Drop for Search {
    fn drop(&mut self) {
        USES.set(self.0.take());
    }
}

/// The innermost of the model's layers in whose memory an address lies.
fn holder<T: Real, M: Layer<T>>(model: &M, address: usize) -> Option<String> {
    let holds = |layer: &dyn Layer<T>| {
        let start = std::ptr::from_ref(layer).addr();
        (start..start + size_of_val(layer)).contains(&address).then(|| (size_of_val(layer), layer.describe()))
    };
    let mut smallest = holds(model);
    parts(model, |_, part| {
        if let Part::Layer(layer) = part {
            let inner = holds(layer).filter(|(size, _)| smallest.as_ref().is_none_or(|(least, _)| size < least));
            smallest = inner.or(smallest.take());
        }
    });
    smallest.map(|(_, layer)| layer)
}
