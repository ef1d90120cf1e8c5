//! Where a number stopped being finite.

use autodiff::Real;

use crate::data::batch::Batch;
use crate::layer::Layer;
use crate::trace::Trace;
use crate::visit::parameters;

/// The first thing in a model that is not finite, on the way from the parameters through the layers to the loss.
pub(super) fn cause<T: Real>(model: &impl Layer<T>, batch: &Batch<T>) -> String {
    let mut found = None;
    parameters(model, |name, param| {
        if found.is_none() && !param.value().is_finite() {
            found = Some(format!("the parameter `{name}` was not finite"));
        }
    });
    found.unwrap_or_else(|| {
        let Some(x) = batch.find_inputs() else { return "all parameters were finite".to_owned() };
        let mut trace = Trace { looks: true, ..Trace::default() };
        let y = model.trace(x, &mut trace);
        match trace.broken {
            Some(name) => format!("`{name}` was the first layer whose output was not finite"),
            None if y.is_finite() => "the model's output was finite".to_owned(),
            None => "the model's output was not finite".to_owned(),
        }
    })
}
