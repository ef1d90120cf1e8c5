//! The crate's error type, with all wording in one place.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a file, a data set or a training run: where, what was found, what was expected.
#[derive(Debug)]
pub struct Error(Box<Kind>);

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Kind::Read { path: path.to_owned(), source }.into()
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Kind::Write { path: path.to_owned(), source }.into()
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{}: cannot read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: cannot write: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{}: the file holds no rows; expected rows of {fields} comma-separated numbers", path.display())]
    EmptyTable { path: PathBuf, fields: usize },
    #[error("{}:{line}: {found} fields, expected {expected}", path.display())]
    Fields { path: PathBuf, line: u64, found: usize, expected: usize },
    #[error("{}:{line}: field {field} is {found:?}, expected a finite number", path.display())]
    Number { path: PathBuf, line: u64, field: usize, found: String },
    #[error("{}:{line}: field {field} is {found:?}, expected a label from 0 to {}", path.display(), classes - 1)]
    Label { path: PathBuf, line: u64, field: usize, found: String, classes: usize },
    #[error("{}:{line}: {message}", path.display())]
    Text { path: PathBuf, line: u64, message: String },
    #[error("{}: not a weights file: {message}", path.display())]
    Weights { path: PathBuf, message: String },
    #[error("{}: `{name}` is missing from the file; the model has {expected}", path.display())]
    MissingWeights { path: PathBuf, name: String, expected: String },
    #[error("{}: `{name}` is in the file but not in the model", path.display())]
    ForeignWeights { path: PathBuf, name: String },
    #[error("{}: `{name}` has shape {found:?}, the model needs {expected:?}", path.display())]
    WeightShape { path: PathBuf, name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error("{}: `{name}` holds {found} numbers, the model needs {expected}", path.display())]
    WeightType { path: PathBuf, name: String, found: String, expected: String },
    #[error("{}: `{name}` holds a number that is not finite", path.display())]
    WeightValue { path: PathBuf, name: String },
    #[error("data set: {inputs} inputs but {targets} targets")]
    Lengths { inputs: usize, targets: usize },
    #[error("data set: {what}")]
    Data { what: String },
    #[error(
        "no gradient reaches parameter `{name}`: no recorded operation leads from it to the loss; did a layer read its values instead of its tensor?"
    )]
    Severed { name: String },
    #[error("the loss became {loss} in epoch {epoch}, batch {batch}; the weights are those of the step before")]
    Diverged { loss: f64, epoch: usize, batch: usize },
    #[error("the gradient of `{name}` holds {value}, expected finite numbers; no parameter was changed")]
    Gradient { name: String, value: f64 },
    #[error(
        "the factor of the learning rate after {step} steps is {factor}, expected a finite number, 0 or above; no parameter was changed"
    )]
    Factor { step: usize, factor: f64 },
    #[error(
        "group {group} of the optimiser holds no parameter, or none that an earlier group does not hold; the model has {names}"
    )]
    EmptyGroup { group: usize, names: String },
    #[error("no parameter is regularised: the filter holds for none of {names}")]
    EmptyFilter { names: String },
    #[error(
        "the optimiser's steps so far were on {expected} where this model has {found}; each model needs an optimiser of its own"
    )]
    OtherModel { expected: String, found: String },
    #[error("optimiser state: `{name}` is missing, expected {expected}")]
    StateMissing { name: String, expected: String },
    #[error("optimiser state: `{name}` is not part of this optimiser on this model, or is there twice")]
    StateForeign { name: String },
    #[error("optimiser state: `{name}` is {found}, expected {expected}")]
    StateEntry { name: String, found: String, expected: String },
    #[error("the objective is {value} at the start, expected a finite number")]
    Start { value: f64 },
    #[error("the objective's gradient holds {value} at the start, expected finite numbers")]
    StartGradient { value: f64 },
}
