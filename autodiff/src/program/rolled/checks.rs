//! Guards in strips: those of one line of the source are the trips of a comparison.

use std::collections::HashMap;

use super::form::{Lists, Operand, constants, variables};
use super::strip::{STRIP, all};
use super::sweep::side;
use crate::Real;
use crate::kernels::cpu::Work;
use crate::kernels::element::Element;
use crate::numbers::question::Question;
use crate::tape::guard::{Guard, Term};

/// The guards of a program.
#[derive(Clone, Debug)]
pub(super) struct Checks<T> {
    groups: Vec<Group<T>>,
    lists: Lists<T>,
}

/// Guards with one question and one answer.
#[derive(Clone, Debug)]
struct Group<T> {
    question: Question,
    answer: bool,
    count: usize,
    sides: [Operand<T>; 2],
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

/// Whether all guards hold.
pub(super) struct Hold<'a, T> {
    pub(super) checks: &'a Checks<T>,
    pub(super) values: &'a [T],
}

impl<T: Element> Work for Hold<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut spare = [[T::zero(); STRIP]; 2];
        self.checks.groups.iter().all(|group| {
            (0..group.count).step_by(STRIP).all(|from| {
                let len = STRIP.min(group.count - from);
                let [first, second] = &mut spare;
                let a = side(group.sides[0], &self.checks.lists, from, self.values, &mut first[..len]);
                let b = side(group.sides[1], &self.checks.lists, from, self.values, &mut second[..len]);
                let (question, answer) = (group.question, group.answer);
                match question {
                    Question::Less => all(len, a, b, |a, b| (a < b) == answer),
                    Question::LessOrEqual => all(len, a, b, |a, b| (a <= b) == answer),
                    Question::Greater => all(len, a, b, |a, b| (a > b) == answer),
                    Question::GreaterOrEqual => all(len, a, b, |a, b| (a >= b) == answer),
                    _ => all(len, a, b, |a, b| question.answer(a, b) == answer),
                }
            })
        })
    }
}
