//! The crate's error type, with all wording in one place.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a file, a data set or a training run: where, what was found and what was expected.
///
/// `Debug`, which `unwrap` prints, adds a last line that names a chapter of the [guide](crate::guide).
pub struct Error(Box<Kind>);

/// The message; names in it may come from files, so that spaces stand for control characters.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.0.to_string()))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\nsee `nn::guide::{}`", self.0.chapter())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<autodiff::Error> for Error {
    fn from(error: autodiff::Error) -> Self {
        Kind::Derivative(error).into()
    }
}

impl Error {
    pub(crate) fn data(what: String) -> Self {
        Kind::Data { what }.into()
    }

    pub(crate) fn weights(path: &Path, message: String) -> Self {
        Kind::Weights { path: path.to_owned(), message }.into()
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Kind::Read { path: path.to_owned(), source }.into()
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Kind::Write { path: path.to_owned(), source }.into()
    }
}

#[derive(Debug, thiserror::Error)]
#[cfg_attr(not(feature = "data"), expect(dead_code, reason = "readers of files say some of it"))]
pub(crate) enum Kind {
    #[error("{}: cannot read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}: cannot write: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{}: the file holds no rows; expected {expected}", path.display())]
    EmptyTable { path: PathBuf, expected: String },
    #[error("{}: column `{}` has no values; leave it out", path.display(), shortened(name))]
    NoValues { path: PathBuf, name: String },
    #[error("{}:{line}: {}, expected {expected}{hint}", path.display(), count(*found, "field"))]
    Fields { path: PathBuf, line: u64, found: usize, expected: usize, hint: String },
    #[error("{}:{line}: {field} is {:?}, expected {expected}", path.display(), shortened(found))]
    Field { path: PathBuf, line: u64, field: Field, found: String, expected: String },
    #[error("{}:{line}: {message}", path.display())]
    Text { path: PathBuf, line: u64, message: String },
    #[error("no column `{wanted}`; there are {}", listed(columns))]
    Column { wanted: String, columns: Vec<String> },
    #[error("{place}: byte {offset}: {found}, expected {expected}")]
    Bytes { place: String, offset: u64, found: String, expected: String },
    #[error("{place}: byte {offset}: cannot unpack: {source}")]
    Unpack { place: String, offset: u64, source: std::io::Error },
    #[error("{}: {message}; expected a ZIP archive of NPY files", path.display())]
    Archive { path: PathBuf, message: String },
    #[error("{}: no array `{wanted}`; there are {}", path.display(), listed(arrays))]
    Array { path: PathBuf, wanted: String, arrays: Vec<String> },
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
    #[error("{}: the weights are those of the architecture {}, the model's is {expected}", path.display(), cut(found, 200))]
    Architecture { path: PathBuf, found: String, expected: String },
    #[error("{}: {message}", path.display())]
    Checkpoint { path: PathBuf, message: String },
    #[error("ranks: {what}")]
    Ranks { what: String },
    #[error("ranks: {source}")]
    Ended { source: std::io::Error },
    #[error(
        "parts: the loss of a batch is {}, but the {} over its parts is {}: {rule}",
        number(*whole), if *mean { "mean" } else { "sum" }, number(*parts)
    )]
    Parts { whole: f64, parts: f64, mean: bool, rule: &'static str },
    #[error("data set: {n} {first} but {m} {other}")]
    Lengths { first: String, n: usize, other: String, m: usize },
    #[error("data set: {what}")]
    Data { what: String },
    #[error("no gradient reaches parameter `{name}`: {why}")]
    MissingGradient { name: String, why: String },
    #[error("{op}: {message}")]
    Operand { op: &'static str, message: String },
    #[error("the model has two things called `{name}`; in a layer's `visit` each needs a name of its own")]
    SameName { name: String },
    #[error(
        "`{layer}` computes with a parameter of shape {shape:?} that its `visit` does not list, so it would never be trained; list it \
         (`v.param(\"name\", &self.name)`), or compute with its `value()` if it is a constant"
    )]
    Unlisted { layer: String, shape: Vec<usize> },
    #[error(
        "{what} in epoch {}, batch {}; the weights are those of the step before. In step {} {cause}",
        place.epoch, place.batch, place.step
    )]
    Diverged { what: String, place: Place, cause: String },
    #[error("the gradient of `{name}` holds {}, expected finite numbers; no parameter was changed", number(*value))]
    Gradient { name: String, value: f64 },
    #[error(
        "the factor of the learning rate after {step} steps is {}, expected a finite number, 0 or above; no parameter was changed",
        number(*factor)
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
    #[error("random states: found {found}, expected {expected}, one for each generator of the model, in this order")]
    RandomStates { found: String, expected: String },
    #[error("Dag: {what}")]
    Graph { what: String },
    #[error("{0}")]
    Derivative(autodiff::Error),
    #[error("the objective is {value} at the start, expected a finite number")]
    Start { value: f64 },
    #[error("the objective's gradient holds {value} at the start, expected finite numbers")]
    StartGradient { value: f64 },
}

impl Kind {
    /// The chapter of the guide that says more.
    fn chapter(&self) -> &'static str {
        match self {
            Self::SameName { .. }
            | Self::Unlisted { .. }
            | Self::MissingGradient { .. }
            | Self::Operand { .. }
            | Self::Graph { .. } => "own_losses_and_layers",
            _ => "training",
        }
    }
}

/// Where a training run is: all count from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) epoch: usize,
    pub(crate) batch: usize,
    pub(crate) step: usize,
}

/// A field of a table: its number from 1 and, if it has one, its column's name.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) number: usize,
    pub(crate) name: Option<String>,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {}", self.number)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " ({})", shortened(name)))
    }
}

/// What a file says may be long.
pub(crate) fn shortened(text: &str) -> String {
    cut(text, 40)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The text in one line, of signs that every format and terminal takes: spaces stand for control characters, and for the two
/// that XML forbids besides.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'), " ")
}

/// A number with all its digits, with an exponent where these would be many.
pub(crate) fn number(x: f64) -> String {
    let many = x != 0.0 && x.is_finite() && !(1e-5..1e16).contains(&x.abs());
    if many { format!("{x:e}") } else { x.to_string() }
}

/// A number with so many digits behind the point, with an exponent where there would be many before it.
pub(crate) fn rounded(x: f64, digits: usize) -> String {
    if x.abs() < 1e9 || !x.is_finite() { format!("{x:.digits$}") } else { format!("{x:.digits$e}") }
}

/// `1 item`, `2 items`.
pub(crate) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Names for a message, the first ones if they are many.
pub(crate) fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{}`", shortened(name))).collect();
    let more = names.len().saturating_sub(MOST);
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// Names for a message.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
