//! Guards in strips: those of one line of the source are the trips of a comparison.

use std::collections::HashMap;

use super::form::{Lists, Operand, constants, variables};
use crate::Real;
use crate::numbers::question::Question;
use crate::tape::guard::{Guard, Term};

/// The guards of a program.
#[derive(Clone, Debug)]
pub(super) struct Checks<T> {
    pub(super) groups: Vec<Group<T>>,
    pub(super) lists: Lists<T>,
}

/// Guards with one question and one answer.
#[derive(Clone, Debug)]
pub(super) struct Group<T> {
    pub(super) question: Question,
    pub(super) answer: bool,
    pub(super) count: usize,
    pub(super) sides: [Operand<T>; 2],
}

impl<T: Real> Checks<T> {
    pub(super) fn new(guards: &[Guard<T>]) -> Self {
        let mut known = HashMap::new();
        let mut alike: Vec<Vec<&Guard<T>>> = Vec::new();
        for guard in guards {
            let is_entry = |term: &Term<T>| matches!(term, Term::Entry(_));
            let what = (guard.question as u8, guard.answer, is_entry(&guard.left), is_entry(&guard.right));
            let number =
                *known.entry((what, &guard.place.file, guard.place.line, guard.place.column)).or_insert(alike.len());
            if number == alike.len() {
                alike.push(Vec::new());
            }
            alike[number].push(guard);
        }
        let mut lists = Lists::new();
        let group = |guards: Vec<&Guard<T>>| {
            let mut side = |term: &dyn Fn(usize) -> Term<T>| match term(0) {
                Term::Entry(_) => {
                    let place = |k| term(k).resolve(|place| place as u32, |_| unreachable!("all are alike"));
                    variables(guards.len(), &place, &mut lists)
                }
                Term::Constant(_) => {
                    let value = |k| term(k).resolve(|_| unreachable!("all are alike"), |c| c);
                    constants(guards.len(), &value, &mut lists)
                }
            };
            let sides = [side(&|k| guards[k].left), side(&|k| guards[k].right)];
            Group { question: guards[0].question, answer: guards[0].answer, count: guards.len(), sides }
        };
        let groups = alike.into_iter().map(group).collect();
        Self { groups, lists }
    }
}
