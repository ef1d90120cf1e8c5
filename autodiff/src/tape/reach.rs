//! What an entry depends on, and reverse sweeps over nothing else.

use std::ops::Range;

use super::code::Code;
use super::interpreter::Interpreter;
use super::opcode::{self, entries};
use super::reverse::reverse_from;
use crate::Real;

/// Finds the entries that others depend on.
pub(crate) struct Reach<'a> {
    ops: &'a [u8],
    operands: &'a [u32],
    /// Where each entry's operand words begin, and the last one's end.
    starts: Vec<usize>,
    /// The search in which an entry was last found.
    found: Vec<u32>,
    search: u32,
    stack: Vec<u32>,
}

impl<'a> Reach<'a> {
    /// Of this program.
    pub(crate) fn new<T: Real>(code: Code<'a, T>) -> Self {
        let mut starts = Vec::with_capacity(code.ops.len() + 1);
        let mut rest = code.operands;
        for &op in code.ops {
            starts.push(code.operands.len() - rest.len());
            rest = opcode::split(op, rest).1;
        }
        starts.push(code.operands.len());
        let found = vec![0; code.ops.len()];
        Self { ops: code.ops, operands: code.operands, starts, found, search: 0, stack: Vec::new() }
    }

    /// Visits the roots and what they depend on, each entry once.
    pub(crate) fn from(&mut self, roots: impl Iterator<Item = usize>, mut visit: impl FnMut(usize)) {
        self.search += 1;
        self.stack.extend(roots.map(|root| root as u32));
        while let Some(index) = self.stack.pop() {
            let index = index as usize;
            if std::mem::replace(&mut self.found[index], self.search) == self.search {
                continue;
            }
            visit(index);
            let op = self.ops[index];
            let (words, _) = opcode::split(op, &self.operands[self.starts[index]..]);
            self.stack.extend(entries(opcode::operands(op, words)).map(|operand| operand as u32));
        }
    }

    /// Stretches that hold these entries, which are in order, from the last to the first. A short gap is no end.
    pub(crate) fn stretches(&self, entries: &[u32]) -> impl Iterator<Item = Stretch> {
        let near = |&a: &u32, &b: &u32| b - a <= GAP;
        entries.chunk_by(near).rev().map(|chunk| {
            let (first, last) = (chunk[0] as usize, chunk[chunk.len() - 1] as usize);
            Stretch { first, end: last + 1, words: self.starts[last + 1] }
        })
    }
}

/// Entries so close to each other are in one stretch.
const GAP: u32 = 8;

/// Entries of a program that follow one another.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    first: usize,
    end: usize,
    /// Where the last one's operand words end.
    words: usize,
}

impl Stretch {
    /// Which entries they are.
    pub(crate) fn entries(&self) -> Range<usize> {
        self.first..self.end
    }

    /// Sweeps from the last of them to the first. The program is the one that the stretch is of.
    pub(crate) fn reverse<T: Real, I: Interpreter<T>>(
        &self,
        code: Code<'_, T>,
        interpreter: &mut I,
        adjoints: &mut [I::Adjoint],
    ) {
        let code = Code { ops: &code.ops[self.entries()], operands: &code.operands[..self.words], ..code };
        reverse_from(self.first, code, interpreter, &mut adjoints[..self.end]);
    }
}
