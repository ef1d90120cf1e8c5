//! One byte says what an entry is.
//!
//! | byte | entry | operand words |
//! |---|---|---|
//! | 0 | leaf | none |
//! | 1 | tensor operation | slot in the tape's side table |
//! | 2 | element of a tensor | slot, flat position |
//! | 3 | fused block | count, place of the partial derivatives, block, operands, count again |
//! | 4 … | n-ary function | count, place of the partial derivatives if they are stored, operands, count again |
//! | 16 … | unary row | one entry |
//! | 96 … | binary row, three bytes each | two entries; or one entry and the place of a constant |
//!
//! Among the operands of a block or an n-ary function, the bit [`CONSTANT`] marks the place of a constant.

use super::nary::Nary;
use crate::rules::{Binary, Unary};

pub(crate) const LEAF: u8 = 0;
pub(crate) const TENSOR: u8 = 1;
pub(crate) const AT: u8 = 2;
pub(crate) const BLOCK: u8 = 3;
pub(crate) const NARY: u8 = 4;
pub(crate) const UNARY: u8 = 16;
pub(crate) const BINARY: u8 = 96;

/// Marks an operand that is a constant, among the operands of an n-ary entry.
pub(crate) const CONSTANT: u32 = 1 << 31;

/// So many entries fit on a tape: the highest bit of an operand marks a constant.
pub(crate) const INDEX_LIMIT: usize = CONSTANT as usize;

/// Which operands of a binary entry are variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Form {
    /// Both.
    Both = 0,
    /// The first; the second is a constant.
    First = 1,
    /// The second; the first is a constant. The variable comes first among the operand words all the same.
    Second = 2,
}

const _: () = assert!(NARY as usize + Nary::ALL.len() <= UNARY as usize);
const _: () = assert!(UNARY as usize + Unary::ALL.len() <= BINARY as usize);
const _: () = assert!(BINARY as usize + 3 * Binary::ALL.len() <= 256);

#[inline(always)]
pub(crate) const fn unary(f: Unary) -> u8 {
    UNARY + f as u8
}

#[inline(always)]
pub(crate) const fn binary(f: Binary, form: Form) -> u8 {
    BINARY + 3 * f as u8 + form as u8
}

#[inline(always)]
pub(crate) const fn nary(f: Nary) -> u8 {
    NARY + f as u8
}

// The commonest operations, for which the sweeps do not look at the table.
pub(crate) const ADD: u8 = binary(Binary::Add, Form::Both);
pub(crate) const ADD_CONSTANT: u8 = binary(Binary::Add, Form::First);
pub(crate) const CONSTANT_ADD: u8 = binary(Binary::Add, Form::Second);
pub(crate) const SUB: u8 = binary(Binary::Sub, Form::Both);
pub(crate) const SUB_CONSTANT: u8 = binary(Binary::Sub, Form::First);
pub(crate) const SUB_FROM_CONSTANT: u8 = binary(Binary::Sub, Form::Second);
pub(crate) const MUL: u8 = binary(Binary::Mul, Form::Both);
pub(crate) const MUL_CONSTANT: u8 = binary(Binary::Mul, Form::First);
pub(crate) const CONSTANT_MUL: u8 = binary(Binary::Mul, Form::Second);
pub(crate) const SUM: u8 = nary(Nary::Sum);
pub(crate) const DOT: u8 = nary(Nary::Dot);
pub(crate) const PRODUCT: u8 = nary(Nary::Product);

/// What a byte stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Leaf,
    Tensor,
    At,
    Block,
    Nary(Nary),
    Unary(Unary),
    Binary(Binary, Form),
}

#[inline(always)]
pub(crate) fn decode(op: u8) -> Kind {
    match op {
        LEAF => Kind::Leaf,
        TENSOR => Kind::Tensor,
        AT => Kind::At,
        BLOCK => Kind::Block,
        NARY..UNARY => Kind::Nary(Nary::ALL[usize::from(op - NARY)]),
        UNARY..BINARY => Kind::Unary(Unary::ALL[usize::from(op - UNARY)]),
        BINARY.. => {
            let k = op - BINARY;
            let form = [Form::Both, Form::First, Form::Second][usize::from(k % 3)];
            Kind::Binary(Binary::ALL[usize::from(k / 3)], form)
        }
    }
}

/// The number of operand words, or `None` if the entry says it itself, at both ends.
#[inline(always)]
pub(crate) fn words(op: u8) -> Option<usize> {
    match op {
        LEAF => Some(0),
        TENSOR | UNARY..BINARY => Some(1),
        AT | BINARY.. => Some(2),
        BLOCK..UNARY => None,
    }
}

/// The first entry's operand words, without counts, and what follows them.
#[inline(always)]
pub(crate) fn split(op: u8, operands: &[u32]) -> (&[u32], &[u32]) {
    if let Some(count) = words(op) {
        return operands.split_at(count);
    }
    let count = operands[0] as usize;
    (&operands[1..=count], &operands[count + 2..])
}

/// How many words the first entry takes, its counts included.
#[inline(always)]
pub(crate) fn taken(op: u8, operands: &[u32]) -> usize {
    words(op).unwrap_or_else(|| operands[0] as usize + 2)
}

/// Those of an entry's operand words that are entries or, marked, constants. None for an element of a tensor.
#[inline(always)]
pub(crate) fn operands(op: u8, words: &[u32]) -> &[u32] {
    let (skip, take) = operand_words(op);
    &words[skip..words.len().min(take)]
}

/// The entries among operands.
#[inline]
pub(crate) fn entries(operands: &[u32]) -> impl Iterator<Item = usize> {
    operands.iter().filter(|&&operand| operand & CONSTANT == 0).map(|&operand| operand as usize)
}

/// As [`operands`], to be changed.
pub(crate) fn operands_mut(op: u8, words: &mut [u32]) -> &mut [u32] {
    let ((skip, take), count) = (operand_words(op), words.len());
    &mut words[skip..count.min(take)]
}

/// Where the operands begin among the words, and where they end at the latest.
#[inline(always)]
fn operand_words(op: u8) -> (usize, usize) {
    match decode(op) {
        Kind::Leaf | Kind::Tensor | Kind::At => (0, 0),
        Kind::Block => (2, usize::MAX),
        Kind::Nary(f) => (usize::from(f.stores_partials()), usize::MAX),
        Kind::Unary(_) | Kind::Binary(_, Form::Both) => (0, usize::MAX),
        Kind::Binary(..) => (0, 1),
    }
}
