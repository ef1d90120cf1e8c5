//! A program as part of another function: one entry on the tape.

use std::rc::Rc;

use super::recorded::Program;
use crate::engine::outputs::count;
use crate::error::{Error, Kind, Result, sure};
use crate::kernels::storage::Storage;
use crate::tape::code::Code;
use crate::tape::passes::Output;
use crate::tape::replay::replay;
use crate::tensor::entry::{Region, Source};
use crate::{Real, Tensor, Var};

impl<T: Real> Program<T> {
    /// The outputs at variables, on their tape as one entry: the program is part of another function there.
    ///
    /// A sweep that comes to the entry evaluates [`vjp`](Self::vjp), with the program's loops. Where derivatives are recorded
    /// ([`Tape::grad`](crate::Tape::grad), second derivatives), the program's operations go on the tape one by one, as if
    /// the function had been called.
    ///
    /// ```
    /// use autodiff::{Program, Tape};
    /// let norm = Program::record(|x| (x[0] * x[0] + x[1] * x[1]).sqrt(), &[1.0, 1.0]);
    /// let tape = Tape::<f64>::new();
    /// let x = tape.vars(&[3.0, 4.0]);
    /// let y = norm.call(&x)?[0] * x[0];
    /// assert_eq!(y.value(), 15.0);
    /// assert!((y.backward().wrt(x[0]) - (5.0 + 3.0 * 0.6)).abs() < 1e-14);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function would take another branch there.
    ///
    /// # Panics
    /// If the variables are of two tapes or stale, or while a program is recorded. Second derivatives panic if the program has fused
    /// blocks.
    #[track_caller]
    pub fn call(&self, x: &[Var<T>]) -> Result<Vec<Var<T>>> {
        self.enter(x, 1)
    }

    /// The last state of so many steps from a state, each of them this program, on the state's tape as one entry.
    ///
    /// Beside [`checkpoint::sequence`](crate::checkpoint::sequence), which records each step anew: the step is recorded once, so it
    /// may have no branches that other states would take; all states are kept (8 bytes for each `f64`, `n` states
    /// for `n` steps), and a step is evaluated twice in all.
    ///
    /// ```
    /// use autodiff::{Program, Tape, Var};
    /// // An oscillator with semi-implicit Euler steps; the frequency is part of the state.
    /// fn step(s: &[Var<f64>]) -> Vec<Var<f64>> {
    ///     let v = s[1] - s[0] * s[2] * s[2] * 1e-3;
    ///     vec![s[0] + v * 1e-3, v, s[2]]
    /// }
    /// let tape = Tape::new();
    /// let start = tape.vars(&[1.0, 0.0, 2.0]);
    /// let end = Program::record(step, &[1.0, 0.0, 2.0]).repeat(&start, 500)?;
    /// let plain = (0..500).fold(start.clone(), |state, _| step(&state));
    /// assert_eq!(end[0].value(), plain[0].value());
    /// let [got, want] = [&end, &plain].map(|end| end[0].backward().wrt(start[2]));
    /// assert!((got - want).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function would take another branch at one of the states.
    ///
    /// # Panics
    /// As [`call`](Self::call), and if there are not as many outputs as inputs.
    #[track_caller]
    pub fn repeat(&self, state: &[Var<T>], steps: usize) -> Result<Vec<Var<T>>> {
        count("Program::repeat", self.outputs(), self.inputs(), "a step gives the next state");
        if steps == 0 { Ok(state.to_vec()) } else { self.enter(state, steps) }
    }

    #[track_caller]
    fn enter(&self, x: &[Var<T>], steps: usize) -> Result<Vec<Var<T>>> {
        let mut tape = None;
        let (mut places, mut of) = (Vec::new(), Vec::with_capacity(x.len()));
        for (cell, index, epoch) in x.iter().filter_map(|x| x.place()) {
            cell.check(epoch);
            cell.refuse_in_program("`Program::call`", "call the function that was recorded");
            if !std::ptr::eq(*tape.get_or_insert(cell), cell) {
                Error::from(Kind::Foreign { op: "Program::call" }).raise();
            }
            places.push(index);
        }
        places.sort_unstable();
        places.dedup();
        for x in x {
            of.push(x.place().map(|(_, index, _)| places.binary_search(&index).expect("it is among them")));
        }
        let mut states = vec![x.iter().map(|x| x.value()).collect::<Vec<T>>()];
        for _ in 1..steps {
            states.push(self.values(&states[states.len() - 1])?);
        }
        let end = self.values(&states[states.len() - 1])?;
        let Some(cell) = tape else { return Ok(end.into_iter().map(Var::constant).collect()) };
        let value = Tensor::build(&[end.len()], |out| out.copy_from_slice(&end));
        let region = Rc::new(Calls { program: self.clone(), states, of });
        let shape = [end.len()].into_iter().collect();
        let region = value.enter(cell, Source::Region { region, places: places.into(), shape });
        let output =
            |(k, &y): (usize, &T)| if self.outputs[k].is_err() { Var::constant(y) } else { region.element(k, y) };
        Ok(end.iter().enumerate().map(output).collect())
    }
}

/// A program that was called, once or again and again.
struct Calls<T: Real> {
    program: Program<T>,
    /// The inputs of each call.
    states: Vec<Vec<T>>,
    /// Which variable each of the first inputs is.
    of: Vec<Option<usize>>,
}

impl<T: Real> Region<T> for Calls<T> {
    fn sweep(&self, outputs: &[T], inputs: &mut [T]) {
        if outputs.iter().all(|adjoint| adjoint.is_exact_zero()) {
            return;
        }
        let mut adjoints = outputs.to_vec();
        for state in self.states.iter().rev() {
            adjoints = sure(self.program.vjp(state, &adjoints));
        }
        for (of, &adjoint) in self.of.iter().zip(&adjoints) {
            if let Some(input) = of.and_then(|of| inputs.get_mut(of)) {
                input.accumulate(adjoint);
            }
        }
    }

    fn replay(&self, inputs: &[Var<T>]) -> Vec<Var<T>> {
        let program = &self.program;
        if let Some(block) = program.blocks.first() {
            block.refuse_second_order();
        }
        let own = program.code();
        let constants: Vec<Var<T>> = own.constants.iter().map(|&c| Var::constant(c)).collect();
        let code = Code { ops: own.ops, operands: own.operands, constants: &constants, blocks: &[] };
        let first = self.of.iter().zip(&self.states[0]);
        let mut state: Vec<Var<T>> =
            first.map(|(of, &x)| of.map_or_else(|| Var::constant(x), |of| inputs[of])).collect();
        for _ in &self.states {
            let values: Storage<Var<T>> = replay(code, &state, &[]);
            let output = |y: &Output<T>| y.map_or_else(|c| Var::constant(c), |root| values.as_slice()[root]);
            state = program.outputs.iter().map(output).collect();
        }
        state
    }
}
