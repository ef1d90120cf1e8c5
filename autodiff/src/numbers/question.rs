//! Comparisons, as questions that numbers answer.

use std::fmt;
use std::num::FpCategory;

use num_traits::Float;

/// A question to one or two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    /// Whether both are the same number, the sign of a zero included; a NaN is itself.
    Exactly,
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
    const ALL: [(Self, &str); 14] = [
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Equal, "=="),
        (Self::Exactly, "is exactly"),
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
    #[inline]
    #[track_caller]
    pub(crate) fn answer<F: Float>(self, a: F, b: F) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
            Self::Equal => a == b,
            Self::Exactly => a.integer_decode() == b.integer_decode(),
            Self::IntegerPart => a.trunc() == b || a.is_nan() && b.is_nan(),
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
            Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::Equal
                | Self::Exactly
                | Self::IntegerPart
        );
        if alone { format!("{a} {}", self.name()) } else { format!("{a} {} {b}", self.name()) }
    }
}

/// What kind of number this is, by questions that are answered one after the other.
#[track_caller]
pub(crate) fn category<F: Float>(x: F) -> FpCategory {
    if x.is_nan() {
        FpCategory::Nan
    } else if x.is_infinite() {
        FpCategory::Infinite
    } else if x.is_zero() {
        FpCategory::Zero
    } else if x.is_subnormal() {
        FpCategory::Subnormal
    } else {
        FpCategory::Normal
    }
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
