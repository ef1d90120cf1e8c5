//! The one error type, with all wording in one place.

use std::fmt;
use std::panic::Location;

/// What went wrong, said so that it can be mended: the operation, the shapes or values, and what would be right.
///
/// Returned where input comes from outside: a user's operation, sizes read from data. A slip in code (two shapes
/// that do not fit in an operator, a stale handle) panics at the caller's line with the same wording.
///
/// `Debug`, which `unwrap` prints, and panics add a last line that names a chapter of the [guide](crate::guide).
pub struct Error(Box<Kind>);

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a user's own operation or function, in its own words.
    ///
    /// ```
    /// let error = autodiff::Error::custom("my_op: the first input must be square");
    /// assert_eq!(error.to_string(), "my_op: the first input must be square");
    /// ```
    pub fn custom(message: impl Into<String>) -> Self {
        Kind::Custom(message.into()).into()
    }

    /// Ends the program's current line of thought with this message, at the caller's line.
    #[cold]
    #[track_caller]
    pub(crate) fn raise(self) -> ! {
        panic!("{self:?}")
    }
}

/// The text in one line, of signs that every format and terminal takes: spaces stand for control characters, and for the two
/// that XML forbids besides.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'), " ")
}

/// Raises that two shapes do not go together.
#[cold]
#[track_caller]
pub(crate) fn mismatch(op: &str, a: &[usize], b: &[usize], rule: &'static str) -> ! {
    Error::from(Kind::Shapes { op: op.into(), a: a.to_vec(), b: b.to_vec(), rule }).raise()
}

/// The value of what cannot fail, or whose failure is a slip in the caller's code.
#[track_caller]
pub(crate) fn sure<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => error.raise(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\nsee `autodiff::guide::{}`", self.0.chapter())
    }
}

impl std::error::Error for Error {}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{0}")]
    Custom(String),
    #[error("{op}: shapes {a:?} and {b:?} do not fit: {rule}")]
    Shapes { op: String, a: Vec<usize>, b: Vec<usize>, rule: &'static str },
    #[error("{op}: shape {shape:?}: {rule}")]
    Shape { op: String, shape: Vec<usize>, rule: String },
    #[error(
        "stale handle: this {what} was recorded before its tape was reset or dropped; values recorded on a tape live until the next reset"
    )]
    Stale { what: &'static str },
    #[error(
        "{op}: operands are recorded on two different tapes; record both on one tape, or pass one as a constant (`.value()`, `.detach()`)"
    )]
    Foreign { op: &'static str },
    #[error(
        "{what} was not recorded on this tape, or was recorded before the tape was reset; ask the tape it came from"
    )]
    NotOnTape { what: &'static str },
    #[error(
        "{op}: the root is a constant: no tracked variable went into it, so there is nothing to differentiate; make inputs with `tape.var` or `tape.tensor`"
    )]
    ConstantRoot { op: &'static str },
    #[error(
        "{op}: the root is a constant: `{by}` at {place} took its values off the tape, so there is nothing to differentiate"
    )]
    CutRoot { op: &'static str, by: &'static str, place: &'static Location<'static> },
    #[error(
        "{op}: the root has shape {shape:?}, but a gradient needs a scalar; reduce it with `.sum()` or `.mean()`, or pass a cotangent to `backward_with`"
    )]
    NonScalarRoot { op: &'static str, shape: Vec<usize> },
    #[error(
        "no gradient reaches this tensor of shape {shape:?}: {why}; if that is meant, ask with `get` or `wrt_or_zeros`"
    )]
    Severed { shape: Vec<usize>, why: String },
    #[error("check_finite: `{op}` at {place} gave {value}{from}")]
    NotFinite { op: &'static str, place: &'static Location<'static>, value: String, from: String },
    #[error("check_finite: `{op}` at {place} gave {value} at {index:?}{from}; shapes {shapes}")]
    NotFiniteTensor {
        op: String,
        place: &'static Location<'static>,
        value: String,
        index: Vec<usize>,
        from: String,
        shapes: String,
    },
    #[error("check_finite: in the sweep, the gradient of `{op}`{place} for {input} became {value}, and {came} came in")]
    NotFiniteAdjoint { op: String, place: String, input: String, value: String, came: String },
    #[error("{op}: {got} values given where {want} are needed ({why})")]
    Count { op: &'static str, got: usize, want: usize, why: &'static str },
    #[error(
        "the tape is full: {entries} entries recorded, the limit is {limit}; split the work, or `reset` between steps"
    )]
    TapeFull { entries: usize, limit: usize },
    #[error("out of memory: could not reserve {bytes} bytes for the tape after {entries} entries")]
    OutOfMemory { bytes: usize, entries: usize },
    #[error("out of memory: could not reserve {bytes} bytes for a buffer of {elements} elements")]
    NoRoom { bytes: usize, elements: usize },
    #[error("{what} a tape while it is being swept: a vjp may use what its context gives it, or a tape of its own")]
    Frozen { what: &'static str },
    #[error("Program: the function uses {what}; {rule}")]
    NotInProgram { what: &'static str, rule: &'static str },
    #[error(
        "the function takes another branch at these inputs ({place}): {then} when the program was recorded, {now}; record it again, or use `eval_or_record`"
    )]
    OtherBranch { place: String, then: String, now: String },
    #[error(
        "the program holds for one value of a number that was taken out of a variable ({place}): {then} when the program was recorded, {now} at these inputs; record it again, use `eval_or_record`, or take it out by `value()` if it is to stay as it was"
    )]
    TakenOut { place: String, then: String, now: String },
    #[error(
        "a second derivative was asked for through the fused block at {place}, which has first derivatives only; write its operations without `fuse`"
    )]
    FusedSecond { place: String },
    #[cfg(feature = "nalgebra")]
    #[error(
        "this variable was recorded on another thread: a tape and its variables stay on the thread that made them; send values (`.value()`) and record them there"
    )]
    Thread,
    #[error(
        "a second derivative was asked for through `{op}` at {place}, whose vjp gives plain arrays; write its vjp in tensor operations"
    )]
    FirstOnly { op: String, place: &'static Location<'static> },
    #[error(
        "checkpoint: the function uses a recorded tensor that is not among its inputs; pass it as an input, or `detach` it if no gradient is to flow to it"
    )]
    CheckpointCaptured,
    #[error(
        "checkpoint: the function gave another result when the sweep ran it again (shape {before:?} at first, {now:?} now); it must depend on its inputs alone"
    )]
    CheckpointChanged { before: Vec<usize>, now: Vec<usize> },
    #[error(
        "map_rows: the function uses a recorded variable that is not in its row; make it a column, or take its `value()` if no gradient is to flow to it"
    )]
    RowCaptured,
    #[error("map_rows: row {row} gave {got} variables and row 0 gave {want}; all rows must give as many")]
    RowOutputs { row: usize, got: usize, want: usize },
    #[error("{op}: vjp returned {got} gradients for {want} inputs")]
    VjpArity { op: String, got: usize, want: usize },
    #[error("{op}: vjp returned a gradient of shape {got:?} for input {input} of shape {want:?}")]
    VjpShape { op: String, input: usize, got: Vec<usize>, want: Vec<usize> },
    #[error("checkpoint: 0 slots for {steps} steps: at least 1 is needed, to keep the state that the steps start from")]
    Slots { steps: usize },
    #[error(
        "checkpoint: step {step} returned {got} variables for a state of {want}; a step maps the state to the next one, so it returns as many as it was given, parameters included"
    )]
    StepOutputs { step: usize, got: usize, want: usize },
    #[error(
        "checkpoint: output {output} of step {step} is a variable of another tape; steps are recorded on a tape of their own, so put what they need into the state and return it unchanged"
    )]
    StepForeign { step: usize, output: usize },
    #[error(
        "checkpoint: step {step} gave {now} as output {output} when it was evaluated again, and {before} at first; a step must depend on its state and number alone"
    )]
    StepChanged { step: usize, output: usize, before: f64, now: f64 },
    #[error(
        "checkpoint: a step uses entry {index} of the tape, which is not in its state; put what the steps need into the state and return it unchanged"
    )]
    Captured { index: usize },
    #[error(
        "{op}: the function uses a recorded tensor that is not among its parameters; make it a parameter, or `detach` it if no gradient is to flow to it"
    )]
    ImplicitCaptured { op: &'static str },
    #[error(
        "{op}: this is no root: the equation leaves {left:.1e} at element {place}, more than the tolerance {tolerance:.1e}; derivatives of the implicit function hold at a root only, so solve further, or set the tolerance that was reached"
    )]
    NotRoot { op: &'static str, place: usize, left: f64, tolerance: f64 },
    #[error("{op}: the point was found without derivatives, so it must be of plain numbers, `f32` or `f64`")]
    NotPlain { op: &'static str },
    #[error(
        "{op}: the equation still leaves {left:.1e} after {steps} steps of Newton's method; start nearer to a root"
    )]
    NoRoot { op: &'static str, steps: usize, left: f64 },
    #[error(
        "{op}: the derivative of the equation by the unknowns is singular, so that these are no function of the parameters here ({why})"
    )]
    Singular { op: &'static str, why: String },
    #[error(
        "{op}: the gradients of the constraints depend on each other linearly; leave out those that follow from others ({why})"
    )]
    DependentConstraints { why: String, op: &'static str },
    #[error(
        "{op}: after {products} products with the matrix {left:.1e} of the right side is left, more than {goal:.1e}; the matrix is singular or nearly so, or the method is not for it: use elimination where the matrix is small, and scale the unknowns"
    )]
    NotSolved { op: &'static str, products: usize, left: f64, goal: f64 },
    #[error(
        "{op}: the matrix is not positive definite (vᵀ A v = {along:.1e} for a vector of length 1), which conjugate gradients need; use `gmres`"
    )]
    NotDefinite { op: &'static str, along: f64 },
}

impl Kind {
    /// The chapter of the guide that says more.
    fn chapter(&self) -> &'static str {
        match self {
            Self::Stale { .. } | Self::Foreign { .. } | Self::NotOnTape { .. } | Self::Frozen { .. } => "tape",
            #[cfg(feature = "nalgebra")]
            Self::Thread => "scalars",
            Self::Shapes { .. } | Self::Shape { .. } | Self::Count { .. } | Self::NonScalarRoot { .. } => "tensors",
            Self::Custom(_)
            | Self::VjpArity { .. }
            | Self::VjpShape { .. }
            | Self::FirstOnly { .. }
            | Self::RowCaptured
            | Self::RowOutputs { .. } => "own_operations",
            Self::FusedSecond { .. } => "higher_orders",
            Self::NotInProgram { .. }
            | Self::OtherBranch { .. }
            | Self::TakenOut { .. }
            | Self::CheckpointCaptured
            | Self::CheckpointChanged { .. }
            | Self::Slots { .. }
            | Self::StepOutputs { .. }
            | Self::StepForeign { .. }
            | Self::StepChanged { .. }
            | Self::Captured { .. } => "programs",
            _ => "trouble",
        }
    }
}
