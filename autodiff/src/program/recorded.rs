//! A recorded function and its derivatives.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ndarray::Array2;
use smallvec::SmallVec;

use super::optimize::optimize;
use super::rolled::{Batch, For, Rolled};
use crate::engine::Outputs;
use crate::engine::outputs::{count, index_on_tape};
use crate::engine::sparse::{Compression, Plan};
use crate::error::{Error, Kind, Result, sure};
use crate::kernels::storage::Storage;
use crate::numbers::question::Question;
use crate::tape::block::Located;
use crate::tape::code::{Code, OwnedCode};
use crate::tape::guard::Guard;
use crate::tape::passes::{self, Output};
use crate::tape::replay::replay;
use crate::{Real, Tape, Var};

/// A recorded function that can be evaluated and differentiated at other inputs without running it again.
///
/// Recording follows the one path that the function takes at the given inputs. Entries that no output needs are dropped,
/// repeated subexpressions are computed once, and long sums become one entry; values stay the same bit for bit.
/// Comparisons on the way are kept as guards: a replay at inputs where one of them comes out differently is an error that
/// names its place, and never a wrong number.
///
/// ```
/// use autodiff::{Program, Var};
/// let huber = |x: &[Var<f64>]| if x[0] < 1.0 { x[0] * x[0] * 0.5 } else { x[0] - 0.5 };
/// let mut program = Program::record(huber, &[0.5]);
/// assert_eq!(program.gradient(&[0.25])?, [0.25]);
/// assert_eq!(program.hvp(&[0.25], &[3.0])?, [3.0]);
///
/// let error = program.value(&[2.0]).unwrap_err().to_string();
/// assert!(error.contains("`0.5 < 1` held when the program was recorded, `2 < 1` does not"), "{error}");
///
/// // Records the other branch and goes on.
/// assert_eq!(program.eval_or_record(huber, &[2.0], Program::gradient), [1.0]);
/// assert_eq!(program.value(&[3.0])?, 2.5);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// With the feature `serde` a program can be written to disk and read again, unless it has fused blocks.
///
/// # Loops
///
/// What the function wrote as a loop is found again in a recording of some 256 operands and more, when it is evaluated for the
/// first time (0.1 µs an entry), and kept: values, gradients and products with the Jacobian or the Hessian run over columns, each
/// operation for many trips at once. The trips of a loop may read whatever came before it, in any pattern. Interpreted, entry by
/// entry, are chains (loops whose trips read what earlier ones made), fused blocks, number types other than `f32` and `f64`,
/// stretches without a pattern, programs that consist of these for the most part, sparse Jacobians by rows. Chains run
/// at many inputs side by side in batches, and as native code with feature `jit` (`Program::jit`). `Debug` shows what
/// was found:
///
/// ```
/// use autodiff::Program;
/// let x = vec![0.5_f64; 1000];
/// let program = Program::record(|x| x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2)).sum::<autodiff::Var<f64>>(), &x);
/// let found = "Program(1000 inputs, 1 outputs, 3998 entries: 3 operations × 999, a sum of 999, 0 guards)";
/// assert_eq!(format!("{program:?}"), found);
/// ```
///
/// Values are those of the function bit for bit, but for the vector functions (see [`exact`](Self::exact)); a gradient differs
/// from the interpreter's by no more than the rounding of its terms' sum. All are the same on every processor and for any number of
/// threads.
///
/// # What is guarded
///
/// Everything by which a variable can steer the function, in this type or as the value of a [`Dual`](crate::Dual) or of a
/// `SendVar`:
///
/// - comparisons, and the questions of `num_traits` and nalgebra (`is_nan`, `is_zero`, `is_sign_negative`, `classify`, …);
/// - approximate comparisons (`abs_diff_eq`, `relative_eq`, `ulps_eq`), step by step. Where `ulps_eq` comes to count units
///   in the last place, the program holds for these two numbers alone;
/// - conversion to integers (`to_i64` and its kin): the integer part must stay;
/// - whatever makes something else of the number, such as `to_f64`, `NumCast::from`, `integer_decode`, `primal` and printing:
///   the program holds for this very value.
///
/// Tensors, [`checkpoint`](crate::checkpoint) and [`backward`](Var::backward) are refused while a program is recorded.
///
/// What the function takes out by [`value`](Var::value), reads off the tape (`explain`, `graph`) or captures is a constant of
/// the program.
///
/// # Errors
/// Every evaluation fails if a comparison comes out differently than while recording.
///
/// # Panics
/// Every evaluation panics if the number of inputs (weights, directions) is not the program's, and those that need a
/// single output if there are several.
#[doc(alias("jit", "make_jaxpr", "torch.compile"))]
#[derive(Clone)]
pub struct Program<T: Real = f64> {
    pub(super) code: OwnedCode<T>,
    pub(super) blocks: Vec<Located<T>>,
    pub(super) inputs: usize,
    pub(super) outputs: Vec<Output<T>>,
    pub(super) guards: Vec<Guard<T>>,
    /// The inputs at which it was recorded, for messages.
    pub(super) at: Vec<T>,
    /// Whether loops keep to the standard library's functions.
    pub(super) exact: bool,
    /// What loops are looked for, if any.
    pub(super) wanted: Option<For>,
    pub(super) found: Found<T>,
}

/// What is found out about a program when it is first asked for, and kept.
#[derive(Clone)]
pub(super) struct Found<T: Real> {
    /// The loops in it, if they are worth it.
    rolled: OnceLock<Option<Arc<Rolled<T>>>>,
    /// Its loops for inputs side by side, if most of it are chains.
    pub(super) chains: OnceLock<Option<Arc<Rolled<T>>>>,
    /// Its values, Jacobian and Hessian at inputs side by side, if they can be had so.
    pub(super) batches: [OnceLock<Option<Arc<Batch<T>>>>; 3],
    /// Its loops with tangents, if it has loops.
    pub(super) tangents: OnceLock<Option<Arc<Rolled<T>>>>,
    pub(super) jacobian: OnceLock<Plan>,
    pub(super) hessian: OnceLock<Compression>,
}

impl<T: Real> Default for Found<T> {
    fn default() -> Self {
        let (rolled, chains, batches, tangents, jacobian, hessian) = Default::default();
        Self { rolled, chains, batches, tangents, jacobian, hessian }
    }
}

#[allow(clippy::missing_errors_doc, reason = "the type's page says it for all evaluations")]
impl<T: Real> Program<T> {
    /// Records `f` at `x`.
    ///
    /// # Panics
    /// If `f` uses its variables in tensors, in `checkpoint` or for `backward`: a program consists of scalar operations.
    #[track_caller]
    pub fn record<Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Self {
        let tape = Tape::new();
        let cell = tape.cell();
        cell.note_comparisons();
        let vars = tape.vars(x);
        let y = f(&vars);
        let mut outputs = Vec::with_capacity(y.outputs().len());
        for y in y.outputs() {
            outputs.push(if y.is_tracked() { Ok(index_on_tape(*y, &tape, "an output")) } else { Err(y.value()) });
        }
        let (guards, blocks) = (cell.take_guards(), cell.copy_blocks());
        let frozen = cell.freeze();
        let (code, outputs, guards) = if x.is_empty() {
            (OwnedCode::default(), outputs, guards)
        } else {
            optimize(frozen.code(frozen.len() - 1), frozen.values(), x.len(), &outputs, guards)
        };
        let (inputs, at, found) = (x.len(), x.to_vec(), Found::default());
        Self { code, blocks, inputs, outputs, guards, at, exact: false, wanted: Some(For::Columns), found }
    }

    /// Keeps to the standard library's functions, so that values are those of the function that was recorded, bit for bit.
    ///
    /// By default the [loops](Self#loops) in a program use vector functions, which are within 2 units in the last place: faster
    /// where there are many exponentials, logarithms, sines. Programs without loops are exact
    /// anyway, but for their batches, which are loops.
    ///
    /// ```
    /// use autodiff::{Program, Real};
    /// use num_traits::Float;
    /// fn f<R: Real>(x: &[R]) -> R {
    ///     x.windows(2).map(|w| (w[0].sin() * w[1]).exp()).sum()
    /// }
    /// let x: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.01).collect();
    /// let program = Program::record(f, &x).exact();
    /// assert_eq!(program.value(&x)?.to_bits(), f(&x).to_bits());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, found: Found::default(), ..self }
    }

    /// Compiles the [loops](Self#loops) in a program to native code, with the crate Cranelift.
    ///
    /// Chains too are compiled: loops whose trips read what the trip before has made, as the steps of an integrator do. Loops with
    /// functions beyond roots stay as they are, since vector functions are faster; in chains these functions are called.
    /// Compiling takes 1 to 10 ms for a program of a few loops, more where there are many unlike ones, and is done at once.
    /// Where Cranelift has no code for the processor, and in programs without loops, nothing changes.
    ///
    /// Values stay the same bit for bit, as in [`exact`](Self::exact), but for the vector functions; gradients differ by the rounding
    /// of the sums of their terms. A program that is written to disk forgets its native code.
    ///
    /// ```
    /// use autodiff::{Program, Var};
    /// // A thousand steps of Euler's method for `x' = x - x³`.
    /// fn f(x: &[Var<f64>]) -> Var<f64> {
    ///     (0..1000).fold(x[0], |x, _| x + x * (x * x * -1.0 + 1.0) * 0.01)
    /// }
    /// let program = Program::record(f, &[0.1]).jit();
    /// assert_eq!(program.value(&[0.2])?, Program::record(f, &[0.2]).value(&[0.2])?);
    /// assert!(format!("{program:?}").contains("of native code"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[cfg(feature = "jit")]
    #[must_use]
    pub fn jit(self) -> Self {
        let program = Self { wanted: Some(For::Native), found: Found::default(), ..self };
        program.rolled();
        program
    }

    /// Runs entry by entry, without looking for [loops](Self#loops): for programs that are evaluated once or twice.
    ///
    /// ```
    /// use autodiff::{Program, Var};
    /// let square = |x: &[Var<f64>]| x.iter().map(|&x| x * x).sum::<Var<f64>>();
    /// let program = Program::record(square, &[1.0; 1000]).interpreted();
    /// assert_eq!(program.gradient(&[3.0; 1000])?, [6.0; 1000]);
    /// assert_eq!(format!("{program:?}"), "Program(1000 inputs, 1 outputs, 2001 entries, 0 guards)");
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[must_use]
    pub fn interpreted(self) -> Self {
        Self { wanted: None, found: Found::default(), ..self }
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// The number of entries, inputs included.
    pub fn len(&self) -> usize {
        self.code().ops.len()
    }

    /// Whether the program has neither inputs nor operations.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn code(&self) -> Code<'_, T> {
        self.code.view(&self.blocks)
    }

    /// The values of all entries at `x`, guards checked.
    #[track_caller]
    pub(super) fn run(&self, x: &[T]) -> Result<Storage<T>> {
        count("Program", x.len(), self.inputs, "one value for each input");
        let values = replay(self.code(), x, &[]);
        for guard in &self.guards {
            let now = [guard.left, guard.right].map(|term| term.resolve(|i| values.as_slice()[i], |c| c));
            if guard.question.answer(now[0], now[1]) != guard.answer {
                return Err(self.other_branch(guard, now));
            }
        }
        Ok(values)
    }

    pub(super) fn is_rollable(&self) -> bool {
        self.wanted.is_some() && Rolled::<T>::is_offered()
    }

    /// The loops in this program; found when they are first asked for.
    pub(super) fn rolled(&self) -> Option<&Rolled<T>> {
        let find = |wanted| Rolled::find(self.code(), self.inputs, &self.outputs, &self.guards, self.exact, wanted);
        #[cfg(feature = "jit")]
        let compiled =
            || (self.wanted == Some(For::Native)).then(|| find(For::Native)).flatten().and_then(Rolled::compiled);
        #[cfg(not(feature = "jit"))]
        let compiled = || None;
        let find = || self.is_rollable().then(|| compiled().or_else(|| find(For::Columns))).flatten().map(Arc::new);
        self.found.rolled.get_or_init(find).as_deref()
    }

    /// The values that `rolled` keeps at `x`, guards checked; with tangents along `v`, where `rolled` has such.
    #[track_caller]
    pub(super) fn run_rolled(&self, rolled: &Rolled<T>, x: &[T], v: &[T]) -> Result<Storage<T>> {
        count("Program", x.len(), self.inputs, "one value for each input");
        let mut storage = Storage::scratch(rolled.places);
        let values = storage.make_mut();
        values[..x.len()].copy_from_slice(x);
        values[rolled.places / 2..][..v.len()].copy_from_slice(v);
        rolled.forward(self.code(), values);
        if rolled.guards_hold(values) {
            return Ok(storage);
        }
        for (guard, own) in rolled.guards.iter().zip(&self.guards) {
            let now = [guard.left, guard.right].map(|term| term.resolve(|i| values[i], |c| c));
            if guard.question.answer(now[0], now[1]) != guard.answer {
                return Err(self.other_branch(own, now));
            }
        }
        Ok(storage)
    }

    #[cold]
    pub(super) fn other_branch(&self, guard: &Guard<T>, now: [T; 2]) -> Error {
        let recorded = replay(self.code(), &self.at, &[]);
        let then = [guard.left, guard.right].map(|term| term.resolve(|i| recorded.as_slice()[i], |c| c));
        let verbs = if guard.answer { ["held", "does not"] } else { ["did not hold", "does"] };
        let place = guard.place.to_string();
        if guard.question == Question::Exactly {
            return Kind::TakenOut { place, then: then[0].to_string(), now: now[0].to_string() }.into();
        }
        Kind::OtherBranch {
            place,
            then: format!("`{}` {}", guard.question.about(then[0], then[1]), verbs[0]),
            now: format!("`{}` {}", guard.question.about(now[0], now[1]), verbs[1]),
        }
        .into()
    }

    #[track_caller]
    pub(super) fn root(&self, op: &'static str) -> Output<T> {
        count(op, self.outputs.len(), 1, "it needs a program with one output");
        self.outputs[0]
    }

    /// The value of the only output.
    #[track_caller]
    pub fn value(&self, x: &[T]) -> Result<T> {
        self.root("Program::value").ok();
        Ok(self.values(x)?[0])
    }

    /// The values of all outputs.
    #[track_caller]
    pub fn values(&self, x: &[T]) -> Result<Vec<T>> {
        let (values, outputs) = match self.rolled() {
            Some(rolled) => (self.run_rolled(rolled, x, &[])?, &rolled.outputs),
            None => (self.run(x)?, &self.outputs),
        };
        Ok(read(outputs, values.as_slice()).to_vec())
    }

    /// The gradient of the only output.
    #[track_caller]
    pub fn gradient(&self, x: &[T]) -> Result<Vec<T>> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The value of the only output and its gradient.
    #[track_caller]
    pub fn value_and_gradient(&self, x: &[T]) -> Result<(T, Vec<T>)> {
        self.root("Program::gradient").ok();
        let (values, gradient) = self.pull(x, &[T::one()])?;
        Ok((values[0], gradient))
    }

    /// The values of all outputs, and the gradient of their sum with these weights.
    #[track_caller]
    fn pull(&self, x: &[T], weights: &[T]) -> Result<(SmallVec<[T; 1]>, Vec<T>)> {
        let seeds = |outputs: &[Output<T>]| -> SmallVec<[_; 1]> {
            outputs.iter().zip(weights).filter_map(|(output, &weight)| Some((output.ok()?, weight))).collect()
        };
        let mut outputs = None;
        if let Some(rolled) = self.rolled() {
            let mut values = self.run_rolled(rolled, x, &[])?;
            let adjoints = self.sweep(rolled, &mut values, &seeds(&rolled.outputs));
            let own = read(&rolled.outputs, values.as_slice());
            if let Some(gradient) = Rolled::all_finite(&adjoints.as_slice()[..self.inputs]) {
                return Ok((own, gradient));
            }
            outputs = Some(own);
        }
        let values = self.run(x)?;
        let adjoints = passes::adjoints(self.code(), values.as_slice(), &seeds(&self.outputs));
        let outputs = outputs.unwrap_or_else(|| read(&self.outputs, values.as_slice()));
        Ok((outputs, adjoints.as_slice()[..self.inputs].to_vec()))
    }

    /// The vector-Jacobian product `Σ_k u_k ∂f_k/∂x_i`.
    #[track_caller]
    pub fn vjp(&self, x: &[T], u: &[T]) -> Result<Vec<T>> {
        count("Program::vjp", u.len(), self.outputs.len(), "one weight for each output");
        Ok(self.pull(x, u)?.1)
    }

    /// The Jacobian-vector product `Σ_i v_i ∂f_k/∂x_i`.
    #[track_caller]
    pub fn jvp(&self, x: &[T], v: &[T]) -> Result<Vec<T>> {
        count("Program::jvp", v.len(), self.inputs, "a direction has one element for each input");
        if let Some(found) = self.along(x, v)? {
            return Ok(found);
        }
        self.admit(x)?;
        let values = passes::tangents::<T, 1>(self.code(), self.inputs, x, |i| [v[i]]);
        let values = values.as_slice();
        Ok(self.outputs.iter().map(|y| y.map_or_else(|_| T::zero(), |root| values[root].tangent()[0])).collect())
    }

    /// Checks the guards alone.
    #[track_caller]
    pub(super) fn admit(&self, x: &[T]) -> Result<()> {
        count("Program", x.len(), self.inputs, "one value for each input");
        match self.rolled() {
            _ if self.guards.is_empty() => Ok(()),
            Some(rolled) => self.run_rolled(rolled, x, &[]).map(drop),
            None => self.run(x).map(drop),
        }
    }

    /// The Jacobian `∂f_k/∂x_i`, a row for each output: several rows or columns at once, whichever are fewer.
    #[track_caller]
    pub fn jacobian(&self, x: &[T]) -> Result<Array2<T>> {
        if let Some(found) = self.jacobian_by_loops(x)? {
            return Ok(found);
        }
        let values = self.run(x)?;
        Ok(passes::jacobian(self.code(), &self.outputs, self.inputs, values.as_slice()))
    }

    /// The Hessian of the only output.
    ///
    /// Columns that no row shares are computed together, as in [`sparse_hessian`](Self::sparse_hessian).
    #[track_caller]
    pub fn hessian(&self, x: &[T]) -> Result<Array2<T>> {
        Ok(self.sparse_hessian(x)?.to_dense())
    }

    /// The Hessian-vector product `Σ_j ∂²f/∂x_i∂x_j v_j` of the only output.
    #[track_caller]
    pub fn hvp(&self, x: &[T], v: &[T]) -> Result<Vec<T>> {
        let root = self.root("Program::hvp");
        count("Program::hvp", v.len(), self.inputs, "a direction has one element for each input");
        if let Some(found) = self.second(x, v)? {
            return Ok(found);
        }
        self.admit(x)?;
        let Ok(root) = root else { return Ok(vec![T::zero(); self.inputs]) };
        let adjoints = passes::second_order::<T, 1>(self.code(), root, self.inputs, x, |i| [v[i]]);
        Ok(adjoints.as_slice()[..self.inputs].iter().map(|adjoint| adjoint.tangent()[0]).collect())
    }

    /// Evaluates as asked; if the function would take another path at `x`, records it there first.
    ///
    /// `evaluate` is any of the methods above, or a closure that calls one.
    ///
    /// # Panics
    /// If the function takes yet another path right after it was recorded: it is not a function of its inputs.
    #[track_caller]
    pub fn eval_or_record<Y: Outputs<T>, R>(
        &mut self,
        f: impl Fn(&[Var<T>]) -> Y,
        x: &[T],
        evaluate: impl Fn(&Self, &[T]) -> Result<R>,
    ) -> R {
        if let Ok(result) = evaluate(self, x) {
            return result;
        }
        *self = Self::record(f, x);
        sure(evaluate(self, x))
    }
}

/// What outputs are, where these are the values.
pub(super) fn read<T: Real>(outputs: &[Output<T>], values: &[T]) -> SmallVec<[T; 1]> {
    outputs.iter().map(|output| output.map_or_else(|constant| constant, |root| values[root])).collect()
}

impl<T: Real> fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, outputs, guards) = (self.inputs, self.outputs.len(), self.guards.len());
        write!(f, "Program({inputs} inputs, {outputs} outputs, {} entries", self.len())?;
        if let Some(rolled) = self.rolled() {
            write!(f, ": {rolled}")?;
        }
        write!(f, ", {guards} guards)")
    }
}
