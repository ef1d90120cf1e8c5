//! What an optimiser remembers, as plain data.

use autodiff::{Real, Tensor};

use crate::error::{Error, Kind, Result};
use crate::schedule::plateau::Progress;

/// An optimiser's memory: numbers and arrays by name, for a checkpoint.
///
/// An array that belongs to a parameter is named after it, its place in the chain and its part, as in
/// `layers.0.weight/rule/velocity`. A copy shares its elements with the optimiser until the next step. Numbers may be
/// infinite (the best loss before the first observation); counts are whole numbers.
#[derive(Clone, Debug)]
pub struct State<T: Real> {
    /// Counts and rates.
    pub numbers: Vec<(String, f64)>,
    /// Velocities, means of squares and the like.
    pub arrays: Vec<(String, Tensor<T>)>,
}

impl<T: Real> Default for State<T> {
    fn default() -> Self {
        Self { numbers: Vec::new(), arrays: Vec::new() }
    }
}

impl<T: Real> State<T> {
    /// The number of this name.
    pub(super) fn number(&self, name: &str) -> Result<f64> {
        let found = self.numbers.iter().find(|(found, _)| found == name);
        found.map(|&(_, value)| value).ok_or_else(|| missing(name, "a number"))
    }

    /// The number of this name, as a count.
    #[allow(clippy::cast_sign_loss, reason = "checked")]
    pub(super) fn count(&self, name: &str) -> Result<usize> {
        let value = self.number(name)?;
        // Whole numbers in between are exact in `f64`.
        if value >= 0.0 && value.fract() == 0.0 && value <= 2.0_f64.powi(53) {
            return Ok(value as usize);
        }
        Err(wrong(name, value.to_string(), "a whole number, 0 or above"))
    }

    /// The array of this name, of this shape.
    pub(super) fn array(&self, name: &str, shape: &[usize]) -> Result<&Tensor<T>> {
        let Some((_, array)) = self.arrays.iter().find(|(found, _)| found == name) else {
            return Err(missing(name, format!("an array of shape {shape:?}")));
        };
        if array.shape() == shape {
            return Ok(array);
        }
        Err(wrong(name, format!("an array of shape {:?}", array.shape()), format!("shape {shape:?}")))
    }

    /// What a plateau has seen.
    pub(super) fn progress(&self) -> Result<Progress> {
        let [factor, best] = [self.number(FACTOR)?, self.number(BEST)?];
        if !(0.0..=1.0).contains(&factor) {
            return Err(wrong(FACTOR, factor.to_string(), "a number from 0 to 1"));
        }
        if best.is_nan() {
            return Err(wrong(BEST, best.to_string(), "a loss"));
        }
        Ok(Progress { factor, best, waited: self.count(WAITED)?, cooling: self.count(COOLING)? })
    }

    /// Refuses what is not among these names, and what is there twice.
    pub(super) fn only(&self, numbers: &[&str], arrays: &[String]) -> Result<()> {
        let found = self.numbers.iter().map(|(name, _)| name).chain(self.arrays.iter().map(|(name, _)| name));
        let mut expected: Vec<&str> = numbers.iter().copied().chain(arrays.iter().map(String::as_str)).collect();
        for name in found {
            let Some(place) = expected.iter().position(|expected| expected == name) else {
                return Err(Kind::StateForeign { name: name.clone() }.into());
            };
            expected.swap_remove(place);
        }
        Ok(())
    }
}

fn missing(name: &str, expected: impl Into<String>) -> Error {
    Kind::StateMissing { name: name.to_owned(), expected: expected.into() }.into()
}

fn wrong(name: &str, found: String, expected: impl Into<String>) -> Error {
    Kind::StateEntry { name: name.to_owned(), found, expected: expected.into() }.into()
}

const FACTOR: &str = "plateau/factor";
const BEST: &str = "plateau/best";
const WAITED: &str = "plateau/waited";
const COOLING: &str = "plateau/cooling";

/// What a plateau has seen, by name.
pub(super) fn numbers(progress: Progress) -> [(&'static str, f64); 4] {
    let Progress { factor, best, waited, cooling } = progress;
    [(FACTOR, factor), (BEST, best), (WAITED, waited as f64), (COOLING, cooling as f64)]
}
