//! Steps evaluated one at a time, forward and in the reverse sweep.

use std::rc::Rc;

use super::plan::{Plan, stride};
use crate::engine::gradients::gradients;
use crate::error::{Error, Kind};
use crate::tape::cell::TapeCell;
use crate::tensor::entry::{Region, Source};
use crate::{Outputs, Real, Tape, Tensor, Var};

/// Marks an element that is not what the field says.
const NONE: u32 = u32::MAX;

/// One element of a state: its value, and which variable it is.
///
/// The plain loop adds everything that flows to a variable to one adjoint, wherever in the state, and in how many
/// states, the variable stands. To add up in the same order, elements that are one variable have to be known as such.
#[derive(Clone, Copy)]
struct Element<T> {
    value: T,
    /// The first place in the state where this variable stands; `NONE` for a constant.
    first: u32,
    /// Which of the variables it is that the sequence started from; `NONE` for what a step has computed.
    initial: u32,
}

impl<T: Real> Element<T> {
    fn same(&self, other: &Self) -> bool {
        same(self.value, other.value) && self.first == other.first && self.initial == other.initial
    }
}

fn same<T: Real>(a: T, b: T) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

/// A state that is kept: that before step `at`.
#[derive(Clone)]
struct Kept<T> {
    at: usize,
    state: Rc<[Element<T>]>,
}

/// A sequence of steps that has run.
struct Steps<T, F> {
    plan: Plan,
    step: F,
    /// The states that the sweep begins with, and the one before the last step.
    kept: Vec<Kept<T>>,
    end: Vec<Element<T>>,
}

/// Runs the steps and puts them on the state's tape as one entry.
#[track_caller]
pub(super) fn run<T: Real, Y: Outputs<T>, F: Fn(&[Var<T>], usize) -> Y + 'static>(
    plan: Plan,
    state: &[Var<T>],
    step: F,
) -> Vec<Var<T>> {
    let (start, variables) = elements(state);
    let mut runner = Runner::new(&step);
    let (kept, end) = runner.forward(plan, &start);
    let computed = |x: &Element<T>| x.first != NONE && x.initial == NONE;
    let mut region = None;
    // A sequence that hands on nothing but what it was given needs no entry.
    if let Some((cell, _, epoch)) = variables.first().and_then(|x| x.place())
        && end.iter().any(computed)
    {
        // A step may have reset the tape, of all things.
        cell.check(epoch);
        let value = Tensor::build(&[end.len()], |out| out.iter_mut().zip(&end).for_each(|(out, x)| *out = x.value));
        let places = variables.iter().filter_map(|x| x.place()).map(|(_, index, _)| index).collect();
        let steps = Rc::new(Steps { plan, step, kept, end: end.clone() });
        region =
            Some(value.enter(cell, Source::Region { region: steps, places, shape: [end.len()].into_iter().collect() }));
    }
    let mut results: Vec<Var<T>> = Vec::with_capacity(end.len());
    for (j, x) in end.iter().enumerate() {
        results.push(match (&region, x.first, x.initial) {
            (_, NONE, _) => Var::constant(x.value),
            (Some(region), first, NONE) if first as usize == j => region.element(j, x.value),
            (_, first, NONE) => results[first as usize],
            (_, _, initial) => variables[initial as usize],
        });
    }
    results
}

/// The first state, and the variables that are in it.
#[track_caller]
fn elements<T: Real>(state: &[Var<T>]) -> (Vec<Element<T>>, Vec<Var<T>>) {
    let mut variables: Vec<Var<T>> = Vec::new();
    let mut elements = Vec::with_capacity(state.len());
    let mut tracked: Vec<(u32, u32)> = Vec::new();
    let mut tape = None;
    for (j, x) in state.iter().enumerate() {
        if let Some((cell, index, epoch)) = x.place() {
            cell.check(epoch);
            cell.refuse_in_program(
                "`checkpoint`",
                "a program keeps what its steps do: let it run them as a plain loop",
            );
            if *tape.get_or_insert(std::ptr::from_ref(cell)) != std::ptr::from_ref(cell) {
                Error::from(Kind::Foreign { op: "checkpoint" }).raise();
            }
            tracked.push((index, j as u32));
        }
        elements.push(Element { value: x.value(), first: NONE, initial: NONE });
    }
    // Sorted, the places of one variable stand together, the first of them first.
    tracked.sort_unstable();
    for run in tracked.chunk_by(|a, b| a.0 == b.0) {
        let (first, initial) = (run[0].1, variables.len() as u32);
        variables.push(state[first as usize]);
        for &(_, j) in run {
            elements[j as usize] = Element { first, initial, ..elements[j as usize] };
        }
    }
    (elements, variables)
}

/// Evaluates steps, each on an empty tape. Dropped if one panics.
struct Runner<'a, T: Real, F> {
    step: &'a F,
    tape: Tape<T>,
    /// The state from which the next evaluation starts.
    state: Vec<Element<T>>,
    /// The state to which the last evaluation led.
    next: Vec<Element<T>>,
    /// The last evaluation's arguments.
    inputs: Vec<Var<T>>,
    /// The element that each leaf stands for.
    leaves: Vec<u32>,
    /// For each entry on the tape, the output that it is first; `NONE` between evaluations.
    seen: Vec<u32>,
}

impl<'a, T: Real, Y: Outputs<T>, F: Fn(&[Var<T>], usize) -> Y> Runner<'a, T, F> {
    fn new(step: &'a F) -> Self {
        let (state, next) = (Vec::new(), Vec::new());
        Self { step, tape: Tape::new(), state, next, inputs: Vec::new(), leaves: Vec::new(), seen: Vec::new() }
    }

    /// Evaluates step `k`: from `state` to `next`.
    #[track_caller]
    fn evaluate(&mut self, k: usize) -> Y {
        self.tape.reset();
        self.inputs.clear();
        self.leaves.clear();
        for (j, x) in self.state.iter().enumerate() {
            self.inputs.push(match x.first {
                NONE => Var::constant(x.value),
                first if first as usize == j => {
                    self.leaves.push(first);
                    self.tape.var(x.value)
                }
                first => self.inputs[first as usize],
            });
        }
        let y = (self.step)(&self.inputs, k);
        let outputs = y.outputs();
        count(k, outputs.len(), self.state.len());
        if self.seen.len() < self.tape.len() {
            self.seen.resize(self.tape.len(), NONE);
        }
        self.next.clear();
        for (j, output) in outputs.iter().enumerate() {
            let (mut first, mut initial) = (NONE, NONE);
            if let Some(index) = place(output, self.tape.cell(), k, j) {
                let seen = &mut self.seen[index];
                if *seen == NONE {
                    *seen = j as u32;
                }
                first = *seen;
                // The leaves come first on the tape. One that is returned stays the variable that it is.
                initial = self.leaves.get(index).map_or(NONE, |&leaf| self.state[leaf as usize].initial);
            }
            self.next.push(Element { value: output.value(), first, initial });
        }
        for (_, index, _) in outputs.iter().filter_map(|output| output.place()) {
            self.seen[index as usize] = NONE;
        }
        y
    }

    #[track_caller]
    fn advance(&mut self, k: usize) {
        self.evaluate(k);
        std::mem::swap(&mut self.state, &mut self.next);
    }

    /// Evaluates all steps. Gives the states that the sweep begins with, and the last one.
    #[track_caller]
    fn forward(&mut self, plan: Plan, start: &[Element<T>]) -> (Vec<Kept<T>>, Vec<Element<T>>) {
        let mut kept = vec![Kept { at: 0, state: start.into() }];
        let Some(last) = plan.steps().checked_sub(1) else { return (kept, start.to_vec()) };
        self.approach(last, plan, &mut kept);
        if kept.last().is_some_and(|kept| kept.at < last) {
            kept.push(Kept { at: last, state: self.state[..].into() });
        }
        self.advance(last);
        (kept, std::mem::take(&mut self.state))
    }

    /// Goes from the last kept state to that before step `last`, keeping states on the way as the schedule says.
    #[track_caller]
    fn approach(&mut self, last: usize, plan: Plan, kept: &mut Vec<Kept<T>>) {
        let from = kept.last().expect("the first state is kept until the end");
        self.state.clear();
        self.state.extend_from_slice(&from.state);
        let mut at = from.at;
        while at < last {
            let free = plan.slots().saturating_sub(kept.len());
            let stop = if free == 0 { last } else { at + stride(last + 1 - at, free + 1) };
            for k in at..stop {
                self.advance(k);
            }
            at = stop;
            if at < last {
                kept.push(Kept { at, state: self.state[..].into() });
            }
        }
    }

    /// Records step `k` from `state` and sweeps back through it. `after` is the state that followed, `adjoints` holds
    /// an adjoint for each of its elements and then for each of `state`. `waiting` has the adjoints, from outside, of
    /// variables that the sequence started from and that the sweep has not met yet.
    fn reverse(&mut self, k: usize, after: &[Element<T>], adjoints: &mut [T], waiting: &mut [Option<T>]) {
        let y = self.evaluate(k);
        if let Some(output) = (0..after.len()).find(|&j| !after[j].same(&self.next[j])) {
            changed(k, output, after[output].value, self.next[output].value);
        }
        let mut seeds = Vec::with_capacity(adjoints.len());
        for (j, output) in y.outputs().iter().enumerate() {
            if let (true, Some((_, index, _))) = (after[j].first as usize == j, output.place()) {
                seeds.push((index as usize, adjoints[j]));
            }
        }
        for (leaf, &j) in self.leaves.iter().enumerate() {
            // Not among the outputs, or it would have been met: this step is the last to see it.
            let initial = self.state[j as usize].initial;
            if let Some(adjoint) = waiting.get_mut(initial as usize).and_then(Option::take) {
                seeds.push((leaf, adjoint));
            }
        }
        let found = gradients(self.tape.cell(), &seeds, None);
        for &j in &self.leaves {
            adjoints[j as usize] = found.wrt(self.inputs[j as usize]);
        }
    }
}

#[track_caller]
fn count(step: usize, got: usize, want: usize) {
    if got != want {
        Error::from(Kind::StepOutputs { step, got, want }).raise();
    }
}

#[track_caller]
fn changed<T: Real>(step: usize, output: usize, before: T, now: T) -> ! {
    Error::from(Kind::StepChanged { step, output, before: before.primal(), now: now.primal() }).raise()
}

/// Where an output stands on the tape of its step; `None` for a constant.
#[track_caller]
fn place<T: Real>(output: &Var<T>, cell: &'static TapeCell<T>, step: usize, j: usize) -> Option<usize> {
    let (of, index, epoch) = output.place()?;
    of.check(epoch);
    if !std::ptr::eq(of, cell) {
        Error::from(Kind::StepForeign { step, output: j }).raise();
    }
    Some(index as usize)
}

impl<T: Real, Y: Outputs<T>, F: Fn(&[Var<T>], usize) -> Y> Region<T> for Steps<T, F> {
    fn sweep(&self, outputs: &[T], inputs: &mut [T]) {
        if outputs.iter().all(|adjoint| adjoint.is_exact_zero()) {
            return;
        }
        let mut waiting: Vec<Option<T>> = inputs.iter().copied().map(Some).collect();
        let mut adjoints = outputs.to_vec();
        for x in self.end.iter().filter(|x| x.initial != NONE) {
            if let Some(adjoint) = waiting[x.initial as usize].take() {
                adjoints[x.first as usize] = adjoint;
            }
        }
        let mut runner = Runner::new(&self.step);
        let (mut kept, mut after) = (self.kept.clone(), self.end.clone());
        for k in (0..self.plan.steps()).rev() {
            runner.approach(k, self.plan, &mut kept);
            runner.reverse(k, &after, &mut adjoints, &mut waiting);
            std::mem::swap(&mut runner.state, &mut after);
            kept.pop_if(|kept| kept.at == k);
        }
        for x in &after {
            if let Some(input) = inputs.get_mut(x.initial as usize) {
                *input = adjoints[x.first as usize];
            }
        }
    }

    fn replay(&self, inputs: &[Var<T>]) -> Vec<Var<T>> {
        let start = self.kept.first().expect("the first state is kept until the end");
        let variable = |x: &Element<T>| inputs.get(x.initial as usize).copied();
        let mut state: Vec<Var<T>> =
            start.state.iter().map(|x| variable(x).unwrap_or_else(|| Var::constant(x.value))).collect();
        for k in 0..self.plan.steps() {
            let y = (self.step)(&state, k);
            count(k, y.outputs().len(), state.len());
            state.copy_from_slice(y.outputs());
        }
        if let Some(output) = (0..state.len()).find(|&j| !same(state[j].value(), self.end[j].value)) {
            changed(self.plan.steps() - 1, output, self.end[output].value, state[output].value());
        }
        state
    }
}
