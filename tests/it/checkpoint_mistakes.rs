//! Mistakes in the steps of a checkpointed sequence, and what the tape is worth after them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use autodiff::checkpoint::{self, Sequence};
use autodiff::{Tape, Var};
use tests::{raises, raises_here};

const FOREIGN: &str = "mul: operands are recorded on two different tapes; record both on one tape, or pass one as a \
                       constant (`.value()`, `.detach()`)";

const STALE: &str = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a \
                     tape live until the next reset";

fn outputs(step: usize, got: usize) -> String {
    format!(
        "checkpoint: step {step} returned {got} variables for a state of 2; a step maps the state to the next one, so it \
         returns as many as it was given, parameters included"
    )
}

fn foreign(step: usize) -> String {
    format!(
        "checkpoint: output 1 of step {step} is a variable of another tape; steps are recorded on a tape of their own, \
         so put what they need into the state and return it unchanged"
    )
}

/// The tape is as good as new.
fn works(tape: &Tape<f64>, state: &[Var<f64>]) {
    let y = checkpoint::sequence(state, 4, |s, _| [s[0] * s[1], s[1]])[0];
    let (x, p) = (state[0].value(), state[1].value());
    assert_eq!(y.backward().wrt(state[1]), 4.0 * p.powi(3) * x);
    let dy = tape.grad(y, &[state[0]])[0];
    assert_eq!((dy.value(), dy.backward().wrt(state[1])), (p.powi(4), 4.0 * p.powi(3)));
}

#[test]
fn mistakes_in_a_step() {
    let tape = Tape::new();
    let state = tape.vars(&[0.5, 2.0]);
    let captured = tape.var(3.0);
    raises_here(|| checkpoint::sequence(&state, 3, |s, _| s[0]), &outputs(0, 1));
    raises_here(|| checkpoint::sequence(&state, 3, |s, k| vec![s[0]; 2 + k / 2]), &outputs(2, 3));
    raises(|| checkpoint::sequence(&state, 3, move |s, _| [s[0] * captured, s[1]]), FOREIGN);
    raises_here(|| checkpoint::sequence(&state, 3, move |s, _| [s[0], captured]), &foreign(0));
    let (constant, message) = (Var::constant(1.0), foreign(0));
    raises_here(|| checkpoint::sequence(&[constant; 2], 3, move |s, _| [s[0], captured * s[0]]), &message);
    raises_here(
        || Sequence::new(3).slots(0),
        "checkpoint: 0 slots for 3 steps: at least 1 is needed, to keep the state that the steps start from",
    );
    raises(|| checkpoint::sequence(&state, 3, |s, k| if k == 2 { panic!("boom") } else { [s[0], s[1]] }), "boom");
    // A variable of an earlier step.
    let held = RefCell::new(None);
    let keeps = move |s: &[Var<f64>], _: usize| [*held.borrow_mut().get_or_insert(s[0]), s[1]];
    raises_here(|| checkpoint::sequence(&state, 3, keeps), STALE);
    works(&tape, &state);
}

#[test]
fn mistakes_in_a_state() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, y) = (tape.var(1.0), other.var(1.0));
    let step = |s: &[Var<f64>], _: usize| s.to_vec();
    raises_here(
        || checkpoint::sequence(&[x, y], 1, step),
        "checkpoint: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
         (`.value()`, `.detach()`)",
    );
    other.reset();
    raises_here(|| checkpoint::sequence(&[y], 1, step), STALE);
}

/// Runs five steps, the third of which goes wrong from its second evaluation on: in a plain and in a recorded sweep.
fn fails_later(wrong: impl Fn(&[Var<f64>]) -> Vec<Var<f64>> + Clone + 'static, plain: &str, recorded: &str) {
    for record in [false, true] {
        let tape = Tape::new();
        let state = tape.vars(&[0.5, 2.0]);
        let (calls, wrong) = (Cell::new(0), wrong.clone());
        let end = checkpoint::sequence(&state, 5, move |s, k| {
            calls.set(calls.get() + usize::from(k == 2));
            if k == 2 && calls.get() > 1 { wrong(s) } else { vec![s[0] * s[1], s[1]] }
        });
        let (y, x) = (end[0].sin(), state[0]);
        if record {
            raises(|| tape.grad(y, &[x]), recorded);
        } else {
            raises(|| y.backward(), plain);
        }
        works(&tape, &state);
    }
}

#[test]
fn steps_that_change_their_minds() {
    fails_later(|_| panic!("boom"), "boom", "boom");
    fails_later(|s| s[..1].to_vec(), &outputs(2, 1), &outputs(2, 1));
    let rest = "when it was evaluated again, and";
    let rule = "at first; a step must depend on its state and number alone";
    fails_later(
        |s| vec![s[0] * s[1] + 0.25, s[1]],
        &format!("checkpoint: step 2 gave 4.25 as output 0 {rest} 4 {rule}"),
        &format!("checkpoint: step 4 gave 17 as output 0 {rest} 16 {rule}"),
    );
}

#[test]
fn a_variable_captured_behind_the_runs_back() {
    let tape = Tape::new();
    let state = tape.vars(&[0.5, 2.0]);
    let captured = tape.var(0.0);
    let place = Rc::new(Cell::new(None));
    let later = Rc::clone(&place);
    let end = checkpoint::sequence(&state, 3, move |s, _| match later.get() {
        None => [s[0] * s[1], s[1]],
        Some(captured) => [s[0] * s[1] + captured, s[1]],
    });
    place.set(Some(captured));
    raises(|| end[0].backward(), &FOREIGN.replace("mul", "add"));
    // Steps that are recorded again stand on the state's own tape, where the variable is at home.
    raises(
        || tape.grad(end[0], &state),
        "checkpoint: a step uses entry 2 of the tape, which is not in its state; put what the steps need into the \
         state and return it unchanged",
    );
    works(&tape, &state);
}

#[test]
fn steps_that_reset_the_tape() {
    for calls_before in [0, 1] {
        let tape = Rc::new(Tape::new());
        let state = tape.vars(&[0.5, 2.0]);
        let (calls, held) = (Cell::new(0), Rc::clone(&tape));
        let run = || {
            checkpoint::sequence(&state, 1, move |s, _| {
                if calls.replace(calls.get() + 1) == calls_before {
                    held.reset();
                }
                [s[0] * s[1], s[1]]
            })[0]
        };
        if calls_before == 0 {
            raises_here(run, STALE);
        } else {
            let y = run();
            raises(|| tape.grad(y, &state), STALE);
        }
        works(&tape, &tape.vars(&[0.5, 2.0]));
    }
}
