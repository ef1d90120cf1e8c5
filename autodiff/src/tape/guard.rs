//! Comparisons that a recording depends on.
//!
//! A tape knows one path through a function: the one that its values took. While a [`Program`](crate::Program) is
//! recorded, every comparison is noted with its outcome and its place in the source, so that a replay at other inputs can
//! tell when the function would have taken another path.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use num_traits::Float;

/// A question to one or two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    /// Whether the integer part of the first is the second.
    IntegerPart,
    Nan,
    Infinite,
    Finite,
    Normal,
    Subnormal,
    SignPositive,
    SignNegative,
}

impl Question {
    const ALL: [(Self, &str); 13] = [
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Equal, "=="),
        (Self::IntegerPart, "has the integer part"),
        (Self::Nan, "is NaN"),
        (Self::Infinite, "is infinite"),
        (Self::Finite, "is finite"),
        (Self::Normal, "is normal"),
        (Self::Subnormal, "is subnormal"),
        (Self::SignPositive, "has a positive sign"),
        (Self::SignNegative, "has a negative sign"),
    ];

    /// The question in words.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The question of a name.
    #[cfg(feature = "serde")]
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|known| known.1 == name).map(|known| known.0)
    }

    /// The answer. Questions to one number look at the first.
    pub(crate) fn answer<F: Float>(self, a: F, b: F) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
            Self::Equal => a == b,
            Self::IntegerPart => a.trunc() == b,
            Self::Nan => a.is_nan(),
            Self::Infinite => a.is_infinite(),
            Self::Finite => a.is_finite(),
            Self::Normal => a.is_normal(),
            Self::Subnormal => a.is_subnormal(),
            Self::SignPositive => a.is_sign_positive(),
            Self::SignNegative => a.is_sign_negative(),
        }
    }

    /// The question in words, for messages.
    pub(crate) fn about(self, a: impl fmt::Display, b: impl fmt::Display) -> String {
        let alone = !matches!(
            self,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual | Self::Equal | Self::IntegerPart
        );
        if alone { format!("{a} {}", self.name()) } else { format!("{a} {} {b}", self.name()) }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_at_their_questions() {
        for (i, (question, _)) in Question::ALL.into_iter().enumerate() {
            assert_eq!(question as usize, i);
        }
        assert_eq!(Question::Less.about(1, 2), "1 < 2");
        assert_eq!(Question::Nan.about(1, 1), "1 is NaN");
    }
}
