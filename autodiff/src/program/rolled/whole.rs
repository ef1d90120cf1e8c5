//! A program as loops and stretches, with its outputs and guards.

use std::collections::BTreeMap;
use std::fmt;

use super::checks::Checks;
use super::form::Item;
#[cfg(feature = "jit")]
use super::jit::Native;
use crate::Real;
use crate::tape::guard::Guard;
use crate::tape::passes::Output;

/// The loops that were found in a program. Each value that is kept has a place; inputs have the first ones.
#[derive(Debug)]
pub(in crate::program) struct Rolled<T: Real> {
    pub(super) items: Vec<Item<T>>,
    /// Whether functions are the standard library's, in place of vector functions.
    pub(super) exact: bool,
    /// The loops as native code.
    #[cfg(feature = "jit")]
    pub(super) native: Option<Native<T>>,
    /// How many places there are.
    pub(in crate::program) places: usize,
    /// By place.
    pub(in crate::program) outputs: Vec<Output<T>>,
    /// By place.
    pub(in crate::program) guards: Vec<Guard<T>>,
    /// The same, as columns.
    pub(super) checks: Checks<T>,
}

impl<T: Real> fmt::Display for Rolled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut shapes, mut sums, mut single) = (Vec::<(usize, usize, usize)>::new(), BTreeMap::new(), 0);
        let mut add = |place, terms| *sums.entry(place).or_insert(0) += terms;
        for item in &self.items {
            match item {
                Item::Stretch { ops, .. } => single += ops.len(),
                Item::Loop(own) if own.trips == 1 => single += own.entries,
                Item::Sum { place, parts, .. } => add(*place, parts.iter().map(|part| part.terms).sum::<usize>()),
                Item::Loop(own) => {
                    own.sums().for_each(|place| add(place, own.trips));
                    match shapes.iter_mut().find(|shape| (shape.0, shape.1) == (own.entries, own.trips)) {
                        Some(shape) => shape.2 += 1,
                        None => shapes.push((own.entries, own.trips, 1)),
                    }
                }
            }
        }
        let shown = shapes.iter().take(4).map(|&(body, trips, count)| match count {
            1 => format!("{body} operations × {trips}"),
            _ => format!("{count} times {body} operations × {trips}"),
        });
        let mut parts: Vec<String> = shown.collect();
        if shapes.len() > 4 {
            parts.push(format!("{} further loops", shapes[4..].iter().map(|shape| shape.2).sum::<usize>()));
        }
        match sums.first_key_value() {
            None => {}
            Some((_, terms)) if sums.len() == 1 => parts.push(format!("a sum of {terms}")),
            Some(_) => parts.push(format!("{} sums", sums.len())),
        }
        if single > 0 {
            parts.push(format!("{single} by themselves"));
        }
        #[cfg(feature = "jit")]
        parts.extend(self.native.as_ref().map(|native| format!("{} bytes of native code", native.bytes())));
        f.write_str(&parts.join(", "))
    }
}
