//! A recorded program to be read: what was done, without the values.

use smallvec::SmallVec;

use super::alloc;
use super::block::Located;
use super::opcode::{self, AT, CONSTANT, TENSOR};
use crate::Real;

/// A recorded program. Only `store` makes one, from what was recorded, so it is well-formed: it has the operand words that
/// its opcodes say, and those that are entries come before the entry they are operands of.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a, T: Real> {
    pub(crate) ops: &'a [u8],
    pub(crate) operands: &'a [u32],
    pub(crate) constants: &'a [T],
    pub(crate) blocks: &'a [Located<T>],
}

impl<T: Real> Code<'_, T> {
    /// Where the operand words begin of the entry with opcode `op` whose words end at `end`.
    #[inline]
    pub(crate) fn before(&self, op: u8, end: usize) -> usize {
        end - match opcode::words(op) {
            Some(count) => count,
            None => self.operands[end - 1] as usize + 2,
        }
    }

    /// An owned copy, without the blocks.
    pub(crate) fn to_owned(self) -> OwnedCode<T> {
        OwnedCode {
            ops: alloc::copied(self.ops),
            operands: alloc::copied(self.operands),
            constants: alloc::copied(self.constants),
        }
    }

    /// Calls `visit` with every entry in order: index, opcode, operand words.
    pub(crate) fn walk(self, mut visit: impl FnMut(usize, u8, &[u32])) {
        let mut operands = self.operands;
        for (i, &op) in self.ops.iter().enumerate() {
            let (words, rest) = opcode::split(op, operands);
            visit(i, op, words);
            operands = rest;
        }
    }

    /// The stored partial derivatives of an entry that has some, and its operands.
    #[inline(always)]
    pub(crate) fn stored<'w>(&self, op: u8, words: &'w [u32]) -> (&[T], &'w [u32]) {
        let operands = opcode::operands(op, words);
        let start = words[0] as usize;
        (&self.constants[start..start + operands.len()], operands)
    }
}

/// A copy of a program.
#[derive(Clone, Debug)]
pub(crate) struct OwnedCode<T> {
    pub(crate) ops: Vec<u8>,
    pub(crate) operands: Vec<u32>,
    pub(crate) constants: Vec<T>,
}

impl<T> Default for OwnedCode<T> {
    fn default() -> Self {
        Self { ops: Vec::new(), operands: Vec::new(), constants: Vec::new() }
    }
}

impl<T: Real> OwnedCode<T> {
    /// The program, with the blocks it refers to.
    pub(crate) fn view<'a>(&'a self, blocks: &'a [Located<T>]) -> Code<'a, T> {
        Code { ops: &self.ops, operands: &self.operands, constants: &self.constants, blocks }
    }
}

/// The arguments of an n-ary entry in number type `R`, from its operands.
#[inline]
pub(crate) fn arguments<R>(
    operands: &[u32],
    value: impl Fn(usize) -> R,
    constant: impl Fn(usize) -> R,
) -> SmallVec<[R; 8]> {
    let argument = |&i: &u32| if i & CONSTANT == 0 { value(i as usize) } else { constant((i ^ CONSTANT) as usize) };
    operands.iter().map(argument).collect()
}

/// Which entries of a program depend on one of the `sources`, given which tensor slots do so.
pub(crate) fn dependents<T: Real>(
    code: Code<'_, T>,
    sources: &[bool],
    mut tensor: impl FnMut(usize, usize, &[bool]) -> bool,
) -> Vec<bool> {
    let mut depends = alloc::copied(sources);
    code.walk(|i, op, words| {
        if !depends[i] {
            depends[i] = match op {
                TENSOR | AT => tensor(i, words[0] as usize, &depends),
                _ => opcode::operands(op, words).iter().any(|&a| a & CONSTANT == 0 && depends[a as usize]),
            };
        }
    });
    depends
}
