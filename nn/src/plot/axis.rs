//! One axis: which values it shows, where they stand, and its ticks.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Beyond these sizes a span or a step would overflow or vanish.
const LARGEST: f64 = 1e300;
const SMALLEST: f64 = 1e-290;

/// Can a value stand on such an axis?
pub(super) fn shows(value: f64, log: bool) -> bool {
    value.abs() < LARGEST && (!log || value > SMALLEST)
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// Ends are common logarithms if `log`.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    /// The low end is where the high end usually is.
    turned: bool,
}

impl Axis {
    /// An axis around the values, all of which it must be able to show; without values from 0 to 1, or 1 to 10.
    pub(super) fn new(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let values = values.map(|value| if log { value.log10() } else { value });
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Self { low: 0.0, high: 1.0, log, turned: false };
        }
        let largest = low.abs().max(high.abs());
        // Closer values count as one: rounding would show, and ticks could not be told apart.
        let least = (1e-12 * largest).max(if log { 1e-12 } else { SMALLEST });
        let margin = if high - low > least {
            0.04 * (high - low)
        } else if log || largest <= SMALLEST {
            0.5
        } else {
            0.1 * largest
        };
        Self { low: low - margin, high: high + margin, log, turned: false }
    }

    /// An axis from one value to a larger one, without a margin.
    pub(super) fn exact(low: f64, high: f64, log: bool) -> Self {
        let end = |value: f64| if log { value.log10() } else { value };
        let (low, high) = (end(low), end(high));
        Self { low, high: if high > low { high } else { low + 1.0 }, log, turned: false }
    }

    /// The same values, from the other end.
    pub(super) fn turned(self) -> Self {
        Self { turned: !self.turned, ..self }
    }

    /// The value that stands at a place.
    pub(super) fn between(&self, place: f64) -> f64 {
        let place = if self.turned { 1.0 - place } else { place };
        let value = self.low + place * (self.high - self.low);
        if self.log { 10f64.powf(value) } else { value }
    }

    /// Where a value stands: 0 at the low end, 1 at the high end, or the other way round.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        let place = (value - self.low) / (self.high - self.low);
        if self.turned { 1.0 - place } else { place }
    }

    /// About `most` ticks or fewer, as many as fit.
    pub(super) fn ticks(&self, most: usize, fit: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
        let sets = (2..=most).rev().map(|count| self.about(count));
        let mut last = Vec::new();
        for ticks in sets {
            if fit(&ticks) {
                return ticks;
            }
            last = ticks;
        }
        last.truncate(1);
        last
    }

    fn about(&self, count: usize) -> Vec<Tick> {
        if !self.log {
            return linear(self.low, self.high, count);
        }
        let decades = self.multiples(&[1]);
        if decades.len() >= 3 {
            let stride = decades.len().div_ceil(count);
            let even = |&(_, power): &(i32, i32)| (power.unsigned_abs() as usize).is_multiple_of(stride);
            return self.labelled(decades.into_iter().filter(even).collect());
        }
        let finer = self.multiples(&[1, 2, 5]);
        if finer.len() >= 3 && finer.len() <= count {
            return self.labelled(finer);
        }
        if decades.len() == 2 {
            return self.labelled(decades);
        }
        // Less than a decade: ticks at round values, wherever they stand.
        linear(10f64.powf(self.low), 10f64.powf(self.high), count)
    }

    /// All (digit, power of ten) within the ends.
    fn multiples(&self, digits: &[i32]) -> Vec<(i32, i32)> {
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let all = powers.flat_map(|power| digits.iter().map(move |&digit| (digit, power)));
        all.filter(|&(digit, power)| {
            let place = f64::from(digit).log10() + f64::from(power);
            (self.low..=self.high).contains(&place)
        })
        .collect()
    }

    fn labelled(&self, multiples: Vec<(i32, i32)>) -> Vec<Tick> {
        let plain = self.low > -4.0 && self.high < 4.5;
        let label = |(digit, power): (i32, i32)| match (plain, digit) {
            (true, _) if power < 0 => format!("{:.*}", power.unsigned_abs() as usize, value_of((digit, power))),
            (true, _) => value_of((digit, power)).to_string(),
            (false, 1) => format!("10{}", superscript(power)),
            (false, _) => format!("{digit}×10{}", superscript(power)),
        };
        multiples.into_iter().map(|multiple| Tick { value: value_of(multiple), label: label(multiple) }).collect()
    }
}

/// An axis with its ticks, as plotters draws it.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    pub(super) axis: Axis,
    pub(super) ticks: Vec<Tick>,
}

impl Ranged for Ruler {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (self.axis.place(*value) * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No lines between ticks.
        let shown = if hint.weight().allow_light_points() { &[] } else { self.ticks.as_slice() };
        shown.iter().map(|tick| tick.value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.axis.low..self.axis.high
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.value == *value).map_or_else(String::new, |tick| tick.label.clone())
    }
}

/// Parsed, so that it is the number nearest to the written one.
fn value_of((digit, power): (i32, i32)) -> f64 {
    format!("{digit}e{power}").parse().expect("digits, e and an integer are a number")
}

fn superscript(power: i32) -> String {
    let raised = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    power.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| raised[digit as usize])).collect()
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten.
fn linear(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let raw = (high - low) / count as f64;
    let mut power = raw.log10().floor() as i32;
    let digit = [1, 2, 5, 10].into_iter().find(|&digit| value_of((digit, power)) >= raw).unwrap_or(10);
    let step = value_of((digit, power));
    if digit == 10 {
        power += 1;
    }
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let values: Vec<f64> = (first..=last).map(|index| index as f64 * step).collect();
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let top = if largest > 0.0 { largest.log10().floor() as i32 } else { power };
    let label = |value: f64| {
        let text = if value == 0.0 {
            "0".to_owned()
        } else if (-5..6).contains(&top) && power >= -9 {
            format!("{value:.*}", (-power).max(0).unsigned_abs() as usize)
        } else {
            format!("{value:.*e}", (top - power).max(0).unsigned_abs() as usize)
        };
        text.replace('-', "−")
    };
    values.iter().map(|&value| Tick { value, label: label(value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(ends: [f64; 2], log: bool, most: usize) -> Vec<Tick> {
        Axis::new(ends.into_iter(), log).ticks(most, |_| true)
    }

    #[track_caller]
    fn assert_labels(ticks: &[Tick], labels: &[&str]) {
        let found: Vec<_> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(found, labels);
    }

    #[test]
    fn a_constant_series_lies_in_the_middle() {
        for value in [0.0, 1.0, -2e-300, 1e-300, 7e20, -1e299] {
            let axis = Axis::new([value, value].into_iter(), false);
            assert!((axis.place(value) - 0.5).abs() < 1e-12, "{value}");
        }
        assert_eq!(Axis::new([3.0].into_iter(), true).place(3.0), 0.5);
        // Logarithms can be further apart than the values' last digits.
        for log in [false, true] {
            let near = ticks([1.0, 1.0 + f64::EPSILON], log, 8);
            assert!(near.windows(2).all(|pair| pair[0].label != pair[1].label), "{near:?}");
        }
    }

    #[test]
    fn tick_labels() {
        assert_labels(&ticks([0.0, 1.0], false, 6), &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_labels(&ticks([-40.0, 40.0], false, 5), &["−40", "−20", "0", "20", "40"]);
        assert_labels(&ticks([0.0, 2e-7], false, 5), &["0", "5.0e−8", "1.0e−7", "1.5e−7", "2.0e−7"]);
        assert_labels(&ticks([0.0, 3e6], false, 4), &["0", "1e6", "2e6", "3e6"]);
        assert_labels(&ticks([1e-3, 10.0], true, 6), &["0.001", "0.01", "0.1", "1", "10"]);
        assert_labels(&ticks([1e-16, 1.0], true, 6), &["10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
        assert_labels(&ticks([0.9, 11.0], true, 6), &["1", "2", "5", "10"]);
        assert_labels(&ticks([3.0, 4.0], true, 3), &["3.0", "3.5", "4.0"]);
        let fewer = Axis::new([0.0, 1.0].into_iter(), false).ticks(6, |ticks| ticks.len() < 4);
        assert_labels(&fewer, &["0", "0.5", "1.0"]);
    }
}
