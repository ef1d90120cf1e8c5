//! Comparisons that a recording depends on.
//!
//! A tape knows one path through a function: the one that its values took. While a [`Program`](crate::Program) is
//! recorded, every comparison is noted with its outcome and its place in the source, so that a replay at other inputs can
//! tell when the function would have taken another path.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use crate::numbers::question::Question;

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Cow<'static, str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl From<&'static Location<'static>> for Place {
    fn from(at: &'static Location<'static>) -> Self {
        Self { file: at.file().into(), line: at.line(), column: at.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What a question was asked about: an entry of the program or a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Term<T> {
    Entry(u32),
    Constant(T),
}

impl<T> Term<T> {
    /// Looks up what the term stands for.
    pub(crate) fn resolve<R>(self, entry: impl FnOnce(usize) -> R, constant: impl FnOnce(T) -> R) -> R {
        match self {
            Self::Entry(index) => entry(index as usize),
            Self::Constant(c) => constant(c),
        }
    }
}

/// A question with the answer it had while recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guard<T> {
    pub(crate) question: Question,
    pub(crate) left: Term<T>,
    pub(crate) right: Term<T>,
    pub(crate) answer: bool,
    pub(crate) place: Place,
}
