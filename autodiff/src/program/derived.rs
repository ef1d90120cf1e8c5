//! Derivatives along a direction, of programs with loops: programs themselves, with loops of their own.

use std::sync::Arc;

use super::optimize::Order;
use super::recorded::Program;
use crate::tape::code::Code;
use crate::tape::passes;
use crate::{Real, Var};

/// To record a derivative takes some 3 µs an entry, once: for longer programs this is more than people would wait for one product.
const LARGEST: usize = 1 << 15;

impl<T: Real> Program<T> {
    /// From inputs and a direction to the outputs' derivatives along it.
    pub(super) fn along(&self) -> Option<&Self> {
        self.derived(0, |code, x, v| {
            let values = passes::tangents::<Var<T>, 1>(code, self.inputs, x, |i| [v[i]]);
            let zero = Var::constant(T::zero());
            self.outputs.iter().map(|y| y.map_or(zero, |root| values.as_slice()[root].tangent()[0])).collect()
        })
    }

    /// From inputs and a direction to the derivatives of the only output's gradient along it.
    pub(super) fn second(&self) -> Option<&Self> {
        let root = self.outputs[0].ok()?;
        self.derived(1, |code, x, v| {
            let adjoints = passes::second_order::<Var<T>, 1>(code, root, self.inputs, x, |i| [v[i]]);
            adjoints.as_slice()[..self.inputs].iter().map(|adjoint| adjoint.tangent()[0]).collect()
        })
    }

    /// What `f` makes of the code with variables for numbers; none if the program has no loops.
    fn derived(
        &self,
        which: usize,
        f: impl Fn(Code<'_, Var<T>>, &[Var<T>], &[Var<T>]) -> Vec<Var<T>>,
    ) -> Option<&Self> {
        let record = || {
            let is_worth_it = self.rolled().is_some() && self.blocks.is_empty() && self.len() <= LARGEST;
            let own = self.code();
            let at = [&self.at[..], &vec![T::one(); self.inputs]].concat();
            let program = || {
                let constants: Vec<Var<T>> = own.constants.iter().map(|&c| Var::constant(c)).collect();
                let code = Code { ops: own.ops, operands: own.operands, constants: &constants, blocks: &[] };
                let program = Self::record_in(
                    Order::ResultsLast,
                    |z: &[Var<T>]| f(code, &z[..self.inputs], &z[self.inputs..]),
                    &at,
                );
                Self { native: self.native, ..if self.exact { program.exact() } else { program } }
            };
            is_worth_it.then(|| Arc::new(program()))
        };
        self.found.derived[which].get_or_init(record).as_deref()
    }
}
