//! Stops where an operation makes a NaN or an infinity.

use super::Tensor;
use super::entry::OpRef;
use super::layout::index_of;
use crate::Real;
use crate::error::{Error, Kind};
use crate::tape::trace::{Place, excuses};

/// The first element for which `is` holds, in row-major order: its index and value.
pub(crate) fn first<T: Real>(x: &Tensor<T>, is: impl Fn(T) -> bool) -> Option<(Vec<usize>, T)> {
    let flat = x.view().iter().position(|&x| is(x))?;
    let value = x.view().iter().nth(flat).copied()?;
    Some((index_of(x.shape(), flat), value))
}

/// The first NaN, or else the first infinity.
pub(crate) fn offender<T: Real>(x: &Tensor<T>) -> Option<(Vec<usize>, T)> {
    if x.is_finite() {
        return None;
    }
    first(x, T::is_nan).or_else(|| first(x, |x| !x.is_finite()))
}

/// Raises an error if a result that is not finite was born in this operation.
#[track_caller]
pub(super) fn check<T: Real>(op: &OpRef<T>, inputs: &[&Tensor<T>], output: &Tensor<T>, place: Place) {
    let Some((index, value)) = offender(output) else { return };
    let excuse = |x: &&Tensor<T>| first(x, |element| excuses(value, element, x.is_tracked())).is_some();
    if inputs.iter().any(excuse) {
        return;
    }
    let op_name = op.name().to_owned();
    let shapes: Vec<String> = inputs.iter().map(|x| format!("{:?}", x.shape())).collect();
    let shapes = format!("{} -> {:?}", shapes.join(", "), output.shape());
    let value = value.to_string();
    Error::from(Kind::NotFiniteTensor { op: op_name, place, value, index, from: operands(op, inputs, output), shapes })
        .raise();
}

/// The operands of the offending element, where each element has its own; otherwise what brought a NaN in.
fn operands<T: Real>(op: &OpRef<T>, inputs: &[&Tensor<T>], output: &Tensor<T>) -> String {
    let brought = inputs.iter().enumerate().find_map(|(i, x)| Some((i, first(x, T::is_nan)?.0)));
    if let Some((input, index)) = brought {
        return format!("; input {input}, a constant, holds NaN at {index:?}");
    }
    let (Some(_), Some((index, _))) = (op.row(), offender(output)) else { return String::new() };
    let element = |x: &&Tensor<T>| {
        let layout = x.layout().broadcast_to(output.shape()).expect("an operand broadcasts");
        x.with_layout(layout).view()[index.as_slice()].to_string()
    };
    format!(", from {}", inputs.iter().map(element).collect::<Vec<_>>().join(", "))
}

/// Raises an error if values that are put on a tape are not finite.
#[track_caller]
pub(super) fn check_leaf<T: Real>(x: &Tensor<T>, place: Place) {
    if let Some((index, value)) = offender(x) {
        let (op, shapes) = ("tensor".to_owned(), format!("{:?}", x.shape()));
        let (value, from) = (value.to_string(), "; it was put on the tape as it is".to_owned());
        Error::from(Kind::NotFiniteTensor { op, place, value, index, from, shapes }).raise();
    }
}
