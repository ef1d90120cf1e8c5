//! Finds parameters that a model computes with but does not list.

use autodiff::Real;

use crate::error::{Kind, Result};
use crate::layer::{Layer, Part};
use crate::uses::Search;
use crate::visit::parts;

/// Whose parameters a computation may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The model's alone.
    Model,
    /// Other models' too, as constants.
    Anybody,
}

/// Refuses what a search found while the model was computing with its parameters on a tape. Those of other models are told apart
/// by where they lie: not inside the model or a layer that it lists.
pub(crate) fn refuse<T: Real, M: Layer<T>>(search: Search, model: &M, owner: Owner) -> Result<()> {
    for (address, shape) in search.found() {
        if let Some(layer) = holder(model, address).or_else(|| (owner == Owner::Model).then(|| model.describe())) {
            return Err(Kind::Unlisted { layer, shape }.into());
        }
    }
    Ok(())
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
