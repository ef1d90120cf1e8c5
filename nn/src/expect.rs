//! Checks of the numbers that layers, losses, optimisers, schedules and regularisers are built from. Each panics at the
//! caller's line, saying what the number is for, what it is and what would be right.

use crate::error::number;

#[track_caller]
pub(crate) fn positive(what: &str, value: f64) -> f64 {
    require(value.is_finite() && value > 0.0, what, value, "a finite number above 0")
}

#[track_caller]
pub(crate) fn not_negative(what: &str, value: f64) -> f64 {
    require(value.is_finite() && value >= 0.0, what, value, "a finite number, 0 or above")
}

#[track_caller]
pub(crate) fn below_one(what: &str, value: f64) -> f64 {
    require((0.0..1.0).contains(&value), what, value, "a number from 0 up to, but not, 1")
}

#[track_caller]
pub(crate) fn fraction(what: &str, value: f64) -> f64 {
    require((0.0..=1.0).contains(&value), what, value, "a number from 0 to 1")
}

#[track_caller]
pub(crate) fn at_least_one(what: &str, count: usize) -> usize {
    assert!(count > 0, "{what} is 0, expected 1 or more");
    count
}

/// Weights, one or more, none of which is negative.
#[track_caller]
pub(crate) fn weights(what: &str, weights: &[f64]) -> Vec<f64> {
    assert!(!weights.is_empty(), "{what}s: none are given, expected one or more");
    // Not in a closure: a panic is to point at the caller.
    for (k, &weight) in weights.iter().enumerate() {
        not_negative(&format!("{what} {k}"), weight);
    }
    weights.to_vec()
}

/// Names, as many as there are things to name: `of` says which, in the plural.
#[track_caller]
pub(crate) fn names<S: Into<String>>(
    what: &str,
    names: impl IntoIterator<Item = S>,
    expected: usize,
    of: &str,
) -> Vec<String> {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    assert!(names.len() == expected, "{what}: {} names for {expected} {of}", names.len());
    names
}

#[track_caller]
fn require(holds: bool, what: &str, value: f64, right: &str) -> f64 {
    assert!(holds, "{what} is {}, expected {right}", number(value));
    value
}
