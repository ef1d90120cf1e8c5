//! Which derivatives of a program can be other than 0, read off its entries.

use std::ops::Range;
use std::rc::Rc;

use crate::Real;
use crate::rules::Curvature;
use crate::tape::code::Code;
use crate::tape::opcode::{self, CONSTANT, Form, Kind, entries};
use crate::tape::passes::Output;
use crate::tape::reach::Reach;

/// For each row the columns that are not 0, in order.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// Where each row begins, and the last one ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
}

impl Pattern {
    /// So many empty rows.
    pub(crate) fn empty(rows: usize) -> Self {
        Self { starts: vec![0; rows + 1], columns: Vec::new() }
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// All columns, row after row.
    pub(crate) fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// Where a row stands among [`columns`](Self::columns).
    pub(crate) fn range(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// A row's columns.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        &self.columns[self.range(row)]
    }

    /// The length of the longest row.
    pub(crate) fn longest(&self) -> usize {
        self.starts.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0)
    }

    /// The transposed pattern's rows: for each of so many columns the rows.
    pub(crate) fn transposed(&self, columns: usize) -> Self {
        let mut starts = vec![0; columns + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for i in 0..columns {
            starts[i + 1] += starts[i];
        }
        let (mut next, mut rows) = (starts.clone(), vec![0; self.columns.len()]);
        for row in 0..self.rows() {
            for &column in self.row(row) {
                rows[next[column as usize]] = row as u32;
                next[column as usize] += 1;
            }
        }
        Self { starts, columns: rows }
    }
}

impl FromIterator<Vec<u32>> for Pattern {
    fn from_iter<I: IntoIterator<Item = Vec<u32>>>(rows: I) -> Self {
        let (mut starts, mut columns) = (vec![0], Vec::new());
        for row in rows {
            columns.extend(row);
            starts.push(columns.len());
        }
        Self { starts, columns }
    }
}

/// The inputs that each output depends on.
pub(crate) fn jacobian<T: Real>(outputs: &[Output<T>], inputs: usize, reach: &mut Reach<'_>) -> Pattern {
    let mut pattern = Pattern::empty(0);
    for output in outputs {
        let start = pattern.columns.len();
        reach.from(output.iter().copied(), |i| {
            if i < inputs {
                pattern.columns.push(i as u32);
            }
        });
        pattern.columns[start..].sort_unstable();
        pattern.starts.push(pattern.columns.len());
    }
    pattern
}

/// The pairs of inputs that meet in an operation which is not linear.
///
/// The inputs of an operation's operands are collected only where such an operation asks for them: a long sum at the end
/// of a program, in which all inputs meet, costs nothing.
pub(crate) fn hessian<T: Real>(code: Code<'_, T>, root: usize, inputs: usize) -> Pattern {
    let (live, asked) = live_and_asked(code, root);
    let mut rows = Rows { lists: vec![Vec::new(); inputs], tidy_at: vec![ROOM; inputs] };
    let mut sets: Vec<Option<Rc<[u32]>>> = vec![None; code.ops.len()];
    let none: Rc<[u32]> = Rc::new([]);
    code.walk(|i, op, words| {
        let operands = opcode::operands(op, words);
        let set = |operand: u32| match operand & CONSTANT {
            0 => sets[operand as usize].as_ref().unwrap_or(&none),
            _ => &none,
        };
        if live[i] {
            match curvature(op) {
                Curvature::None => {}
                Curvature::Product => {
                    let (a, b) = operands.split_at(operands.len() / 2);
                    for (&a, &b) in a.iter().zip(b) {
                        rows.pair(set(a), set(b));
                    }
                }
                Curvature::Full => {
                    let all = union(operands.iter().map(|&operand| set(operand)));
                    rows.pair(&all, &all);
                }
            }
        }
        if i < inputs {
            sets[i] = Some(Rc::new([i as u32]));
        } else if asked[i] {
            sets[i] = Some(union(operands.iter().map(|&operand| set(operand))));
        }
    });
    let tidied = |mut row| {
        tidy(&mut row);
        row
    };
    rows.lists.into_iter().map(tidied).collect()
}

/// Which entries the root depends on, and of which an operation that is not linear has to know the inputs.
fn live_and_asked<T: Real>(code: Code<'_, T>, root: usize) -> (Vec<bool>, Vec<bool>) {
    let (mut live, mut asked) = (vec![false; code.ops.len()], vec![false; code.ops.len()]);
    live[root] = true;
    let mut end = code.operands.len();
    for (i, &op) in code.ops.iter().enumerate().rev() {
        let start = code.before(op, end);
        let operands = opcode::operands(op, opcode::split(op, &code.operands[start..end]).0);
        let asks = asked[i] || (live[i] && curvature(op) != Curvature::None);
        for operand in entries(operands) {
            live[operand] |= live[i];
            asked[operand] |= asks;
        }
        end = start;
    }
    (live, asked)
}

fn curvature(op: u8) -> Curvature {
    match opcode::decode(op) {
        Kind::Leaf | Kind::Tensor | Kind::At => Curvature::None,
        Kind::Block => Curvature::Full,
        Kind::Nary(f) => f.curvature(),
        Kind::Unary(f) => f.curvature(),
        Kind::Binary(f, Form::Both) => f.curvature(),
        Kind::Binary(f, Form::First) => f.curvature_in_first(),
        Kind::Binary(f, Form::Second) => f.curvature_in_second(),
    }
}

/// A row is put in order when it has grown to this length, and then to twice its length.
const ROOM: usize = 64;

/// Rows that grow in any order, with repetitions.
struct Rows {
    lists: Vec<Vec<u32>>,
    tidy_at: Vec<usize>,
}

impl Rows {
    /// Marks every pair of an element of `a` with one of `b`.
    fn pair(&mut self, a: &[u32], b: &[u32]) {
        self.extend(a, b);
        if a != b {
            self.extend(b, a);
        }
    }

    fn extend(&mut self, rows: &[u32], columns: &[u32]) {
        for &i in rows {
            let i = i as usize;
            self.lists[i].extend_from_slice(columns);
            if self.lists[i].len() > self.tidy_at[i] {
                tidy(&mut self.lists[i]);
                self.tidy_at[i] = ROOM + 2 * self.lists[i].len();
            }
        }
    }
}

fn tidy(row: &mut Vec<u32>) {
    row.sort_unstable();
    row.dedup();
}

/// The union of ordered sets; shared if all but one are empty or the same.
fn union<'a>(sets: impl Iterator<Item = &'a Rc<[u32]>>) -> Rc<[u32]> {
    sets.fold(Rc::new([]) as Rc<[u32]>, |all, set| {
        if set.is_empty() || Rc::ptr_eq(&all, set) || all == *set {
            return all;
        }
        if all.is_empty() {
            return Rc::clone(set);
        }
        let mut merged: Vec<u32> = all.iter().chain(set.iter()).copied().collect();
        tidy(&mut merged);
        merged.into()
    })
}
