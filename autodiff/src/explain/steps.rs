//! The tape entry by entry: what each computes, and what it passes on to those it reads.

use std::collections::HashMap;

use super::forms::Text;
use super::formulas::Formulas;
use super::names;
use super::quantities::{Quantities, is_variable};
use super::text;
use crate::inspect::reader::Reader;
use crate::{Real, Tensor};

/// An entry by itself, the others by their names.
pub(crate) struct Step {
    pub(crate) name: Text,
    /// What the root's derivative with respect to it is called.
    pub(crate) derivative: Text,
    /// What it computes; `None` for variables.
    pub(crate) formula: Option<Text>,
    /// What it passes on, for each entry that it reads, once.
    pub(crate) passes: Vec<Pass>,
}

/// What flows backward along an edge.
pub(crate) struct Pass {
    pub(crate) to: usize,
    /// The local derivative and its value, where both ends are numbers.
    pub(crate) factor: Option<(Text, f64)>,
    /// The whole term, where one end is an array.
    pub(crate) term: Option<Text>,
}

/// All entries that the root depends on.
pub(crate) fn steps<T: Real>(reader: &Reader<T>, constants: &[(String, Tensor<T>)]) -> HashMap<usize, Step> {
    let quantities = Quantities::every(reader);
    let formulas = Formulas::new(reader, &quantities, constants);
    let (arena, root) = (&formulas.arena, formulas.name(reader.root));
    let written = |id| text::render(arena, id);
    let derivative = |i: usize| match reader.adjoint(i) {
        Some(name) => names::name(name),
        None => Text::ratio("d", "d", &written(root), &written(formulas.name(i))),
    };
    let pass = |i: usize, to: usize| {
        if reader.shape(i).is_none() && reader.shape(to).is_none() {
            let factor = formulas.step(i, to).map(|local| (text::factor(arena, local.id(arena)), local.value));
            return Pass { to, factor, term: None };
        }
        let adjoint = arena.name(derivative(i), reader.is_array(i));
        let term = formulas.contribution(i, to, adjoint, f64::NAN).map(|term| written(term.id(arena)));
        Pass { to, factor: None, term }
    };
    let step = |i: usize| {
        let formula = (!is_variable(reader, i)).then(|| written(formulas.expression(i)));
        let passes = formulas.children(i).into_iter().map(|to| pass(i, to)).collect();
        (i, Step { name: written(formulas.name(i)), derivative: derivative(i), formula, passes })
    };
    (0..=reader.root).filter(|&i| reader.live[i]).map(step).collect()
}
