//! From values to colours, and the bar that shows which is which.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::canvas::Canvas;
use super::color::{FRAME, INK, NOTHING, viridis};
use super::frame::{GAP, SMALL, outline, tick_count};
use super::{axis, font};

const LABEL: f64 = 15.0;
const WIDTH: f64 = 18.0;
/// Between the plot and the bar.
const DISTANCE: f64 = 14.0;

pub(super) struct Scale {
    axis: Axis,
    log: bool,
    /// So many colours; without a number, all.
    bands: Option<usize>,
}

impl Scale {
    /// From the lowest to the highest of the values that it can show.
    pub(super) fn new<'a>(values: impl Iterator<Item = &'a f64>, log: bool, bands: Option<usize>) -> Self {
        let shown = values.copied().filter(|&value| axis::shows(value, log));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let axis = if low < high {
            Axis::exact(low, high, log)
        } else {
            // One value, or none: its colour is that in the middle.
            Axis::new((low == high).then_some(low).into_iter(), log)
        };
        Self { axis, log, bands }
    }

    fn band(&self, place: f64) -> f64 {
        let Some(bands) = self.bands else { return place };
        let last = bands.saturating_sub(1).max(1) as f64;
        (place * bands as f64).floor().clamp(0.0, last) / last
    }

    pub(super) fn color(&self, value: f64) -> RGBColor {
        if axis::shows(value, self.log) { viridis(self.band(self.axis.place(value))) } else { NOTHING }
    }

    /// The values between the bands.
    pub(super) fn levels(&self) -> Vec<f64> {
        let bands = self.bands.unwrap_or(1);
        (1..bands).map(|k| self.axis.between(k as f64 / bands as f64)).collect()
    }

    /// The width that the bar takes with its numbers and its name.
    pub(super) fn room(&self, label: &str, height: f64) -> f64 {
        let ticks = self.axis.ticks(tick_count(height, 45.0), |_| true);
        let widest = ticks.iter().map(|tick| font::width(&tick.label, SMALL)).fold(0.0, f64::max);
        let name = if label.is_empty() { 0.0 } else { LABEL + GAP };
        (DISTANCE + WIDTH + 0.9 * GAP + widest + name).ceil()
    }

    /// Draws to the right of a plot, as high as that.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        label: &str,
        (right, top): (f64, f64),
        height: f64,
    ) -> DrawResult<(), B> {
        let left = (right + DISTANCE).round();
        canvas.fill((left, top), (WIDTH, height), 1.0, |_, y| viridis(self.band(1.0 - y)))?;
        outline(canvas, (left, top), (WIDTH, height))?;
        let ticks = self.axis.ticks(tick_count(height, 45.0), |_| true);
        let mut widest = 0.0_f64;
        for tick in &ticks {
            let y = top + (1.0 - self.axis.place(tick.value)) * height;
            let ends = [left + WIDTH, left + WIDTH + 0.4 * GAP].map(|x| canvas.place((x, y)));
            canvas.curve(ends.to_vec(), canvas.stroke(FRAME, 1.0), None)?;
            canvas.text((left + WIDTH + 0.8 * GAP, y), &tick.label, SMALL, INK, HPos::Left)?;
            widest = widest.max(font::width(&tick.label, SMALL));
        }
        let x = left + WIDTH + 0.8 * GAP + widest + 0.9 * GAP + 0.5 * LABEL;
        canvas.upright((x, top + height / 2.0), &font::fit(label, LABEL, height), LABEL, INK)
    }
}
