//! A matrix as colours.

use std::ops::RangeInclusive;
use std::path::Path;

use ndarray::Array2;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::canvas::{Canvas, Picture, Rect};
use super::color::{INK, text_on};
use super::contour::{between, contour};
use super::error::Error;
use super::frame::{Frame, Labels, Plot, SMALL, Sheet};
use super::scale::Scale;
use super::{canvas, font};
use crate::expect;

/// A matrix of values as colours, with a bar that says which is which.
///
/// The colour map is viridis: equal steps look equal, with any colour vision and in print. Values that are not finite,
/// or have no logarithm on a logarithmic scale, are grey. The first row is on top, as a matrix is written, unless the
/// vertical axis has numbers ([`y_range`](Self::y_range)).
///
/// ```
/// use nn::plot::HeatMap;
/// use ndarray::array;
///
/// let folder = tempfile::tempdir()?;
/// HeatMap::new("Correlations", array![[1.0, 0.3], [0.3, 1.0]])
///     .x_names(["length", "width"])
///     .y_names(["length", "width"])
///     .value_label("correlation")
///     .save(folder.path().join("correlations.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeatMap {
    sheet: Sheet,
    values: Array2<f64>,
    x: Side,
    y: Side,
    value_label: String,
    value_range: Option<(f64, f64)>,
    log: bool,
    texts: Option<Array2<String>>,
    bands: Option<usize>,
    marks: Vec<(f64, f64)>,
}

#[derive(Clone, Debug, Default)]
struct Side {
    names: Option<Vec<String>>,
    range: Option<(f64, f64)>,
}

impl Side {
    fn axis(&self, places: usize) -> (Axis, Labels<'_>) {
        let places = places.max(1) as f64;
        match (&self.names, self.range) {
            (Some(names), _) => (Axis::exact(0.0, places, false), Labels::Names(names)),
            (None, Some((low, high))) => (Axis::exact(low, high, false), Labels::Numbers),
            // Numbers of columns, each in the middle of its own.
            (None, None) => (Axis::exact(-0.5, places - 0.5, false), Labels::Numbers),
        }
    }
}

impl HeatMap {
    /// A map of these values, 1200 by 700 pixels; an empty title takes no room.
    pub fn new(title: impl Into<String>, values: Array2<f64>) -> Self {
        Self {
            sheet: Sheet::new(title, (1200, 700)),
            values,
            x: Side::default(),
            y: Side::default(),
            value_label: String::new(),
            value_range: None,
            log: false,
            texts: None,
            bands: None,
            marks: Vec::new(),
        }
    }

    /// Names the horizontal axis; an empty name takes no room.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.sheet.x_label = label.into();
        self
    }

    /// Names the vertical axis; an empty name takes no room.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.sheet.y_label = label.into();
        self
    }

    /// Names the values, beside the colour bar.
    pub fn value_label(mut self, label: impl Into<String>) -> Self {
        self.value_label = label.into();
        self
    }

    /// Names the columns; names that are too long for their column are cut.
    ///
    /// # Panics
    /// If there are more or fewer names than columns.
    #[track_caller]
    pub fn x_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.x.names = Some(expect::names("HeatMap", names, self.values.ncols(), "columns"));
        self
    }

    /// Names the rows.
    ///
    /// # Panics
    /// If there are more or fewer names than rows.
    #[track_caller]
    pub fn y_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.y.names = Some(expect::names("HeatMap", names, self.values.nrows(), "rows"));
        self
    }

    /// Sets the ends of the horizontal axis: the outer edges of the first and last column, or, with
    /// [`contours`](Self::contours), their samples.
    ///
    /// # Panics
    /// If the ends are not finite or not in order.
    #[track_caller]
    pub fn x_range(mut self, range: RangeInclusive<f64>) -> Self {
        self.x.range = Some(ends(&range, "x_range"));
        self
    }

    /// Sets the ends of the vertical axis, upward: the first row is at the bottom then.
    ///
    /// # Panics
    /// If the ends are not finite or not in order.
    #[track_caller]
    pub fn y_range(mut self, range: RangeInclusive<f64>) -> Self {
        self.y.range = Some(ends(&range, "y_range"));
        self
    }

    /// Sets the ends of the colours; otherwise the values decide.
    ///
    /// # Panics
    /// If the ends are not finite or not in order.
    #[track_caller]
    pub fn value_range(mut self, range: RangeInclusive<f64>) -> Self {
        self.value_range = Some(ends(&range, "value_range"));
        self
    }

    /// Makes the colours follow the logarithm; values of 0 or less are grey then.
    pub fn log(mut self) -> Self {
        self.log = true;
        self
    }

    /// Takes the values for samples of a smooth function, drawn in so many colours with a line between any two.
    ///
    /// ```
    /// use nn::plot::HeatMap;
    /// use ndarray::Array2;
    ///
    /// let bowl = Array2::from_shape_fn((21, 21), |(i, j)| (i as f64 - 10.0).powi(2) + 4.0 * (j as f64 - 10.0).powi(2));
    /// let map = HeatMap::new("A bowl", bowl).x_range(-1.0..=1.0).y_range(-1.0..=1.0).contours(12).mark(0.0, 0.0);
    /// ```
    ///
    /// # Panics
    /// If `bands` is not from 2 to 256.
    #[track_caller]
    pub fn contours(mut self, bands: usize) -> Self {
        assert!((2..=256).contains(&bands), "HeatMap: contours({bands}), expected from 2 to 256 colours");
        self.bands = Some(bands);
        self
    }

    /// Writes a text into each cell.
    ///
    /// # Panics
    /// If the texts do not have as many rows and columns as the values.
    #[track_caller]
    pub fn texts(mut self, texts: Array2<String>) -> Self {
        let (found, expected) = (texts.dim(), self.values.dim());
        assert!(found == expected, "HeatMap: texts of shape {found:?} for values of shape {expected:?}");
        self.texts = Some(texts);
        self
    }

    /// Marks a point, given as the axes count, with a cross.
    pub fn mark(mut self, x: f64, y: f64) -> Self {
        self.marks.push((x, y));
        self
    }

    /// Sets width and height in pixels; in a [`Figure`](super::Figure) the figure's size counts instead.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.sheet.size = (width, height);
        self
    }

    /// The values.
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// Writes the map as `.svg` or `.png`, whole or not at all, over a file of that name.
    ///
    /// # Errors
    /// As [`LineChart::save`](super::LineChart::save).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        canvas::save(self, path.as_ref())
    }

    fn is_upward(&self) -> bool {
        self.y.range.is_some() && self.y.names.is_none()
    }

    /// A row's place, counted from the top.
    fn place_of(&self, row: usize) -> usize {
        if self.is_upward() { self.values.nrows() - 1 - row } else { row }
    }

    fn draw_cells<B: DrawingBackend>(&self, canvas: &Canvas<B>, plot: &Plot, scale: &Scale) -> DrawResult<(), B> {
        let (rows, columns) = self.values.dim();
        // Whole pixels, so that cells meet.
        let edge = |start: f64, length: f64, k: usize, of: usize| (start + length * k as f64 / of as f64).round();
        for ((row, column), &value) in self.values.indexed_iter() {
            let from_top = self.place_of(row);
            let [left, right] = [column, column + 1].map(|k| edge(plot.corner.0, plot.size.0, k, columns));
            let [top, bottom] = [from_top, from_top + 1].map(|k| edge(plot.corner.1, plot.size.1, k, rows));
            let color = scale.color(value);
            canvas.rect((left, top), (right - left, bottom - top), color)?;
            if let Some(texts) = &self.texts {
                let text = &texts[(row, column)];
                // As large as fits, down to what can still be read.
                let room = (right - left - 6.0).max(1.0);
                let size = (0.4 * (bottom - top)).min(18.0).min(SMALL * room / font::width(text, SMALL).max(1.0));
                if size >= 8.0 {
                    let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
                    canvas.text(middle, text, size, text_on(color), HPos::Center)?;
                }
            }
        }
        Ok(())
    }

    fn draw_samples<B: DrawingBackend>(&self, canvas: &Canvas<B>, plot: &Plot, scale: &Scale) -> DrawResult<(), B> {
        let (rows, columns) = self.values.dim();
        let heights = self.values.mapv(|value| if self.log { value.ln() } else { value });
        let value = |height: f64| if self.log { height.exp() } else { height };
        let (across, down) = ((columns - 1) as f64, (rows - 1) as f64);
        let turn = |y: f64| if self.is_upward() { 1.0 - y } else { y };
        canvas.fill(plot.corner, plot.size, 1.0, |x, y| {
            scale.color(value(between(&heights, (x * across, turn(y) * down))))
        })?;
        for level in scale.levels() {
            let level = if self.log { level.ln() } else { level };
            for piece in contour(&heights, level) {
                let places = piece.map(|(x, y)| {
                    let (x, y) = (x / across, turn(y / down));
                    canvas.place((plot.corner.0 + x * plot.size.0, plot.corner.1 + y * plot.size.1))
                });
                canvas.curve(places.to_vec(), canvas.stroke(INK, 0.6), None)?;
            }
        }
        Ok(())
    }
}

impl Picture for HeatMap {
    fn size(&self) -> (u32, u32) {
        self.sheet.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B> {
        let ends = self.value_range.map(|(low, high)| ndarray::arr2(&[[low, high]]));
        let scale = Scale::new(ends.as_ref().unwrap_or(&self.values).iter(), self.log, self.bands);
        let (rows, columns) = self.values.dim();
        let (y, y_labels) = self.y.axis(rows);
        let frame = Frame {
            sheet: &self.sheet,
            x: self.x.axis(columns),
            y: if self.is_upward() { (y, y_labels) } else { (y.turned(), y_labels) },
            legend: Vec::new(),
            grid: false,
            right: scale.room(&self.value_label, within.size.1),
        };
        frame.draw(canvas, within, |plot| {
            if self.values.is_empty() {
                return Ok(());
            }
            match self.bands {
                Some(_) => self.draw_samples(canvas, plot, &scale)?,
                None => self.draw_cells(canvas, plot, &scale)?,
            }
            self.marks.iter().try_for_each(|&mark| cross(canvas, plot.place(mark)))?;
            scale.draw(canvas, &self.value_label, (plot.corner.0 + plot.size.0, plot.corner.1), plot.size.1)
        })
    }
}

/// White on black, to be seen on any ground.
fn cross<B: DrawingBackend>(canvas: &Canvas<B>, (x, y): (f64, f64)) -> DrawResult<(), B> {
    let arm = 7.0;
    for (color, width) in [(INK, 5.0), (WHITE, 2.5)] {
        let arm = if color == INK { arm + 1.2 } else { arm };
        for (dx, dy) in [(arm, arm), (arm, -arm)] {
            let ends = [(x - dx, y - dy), (x + dx, y + dy)].map(|place| canvas.place(place));
            canvas.curve(ends.to_vec(), canvas.stroke(color, width), None)?;
        }
    }
    Ok(())
}

#[track_caller]
fn ends(range: &RangeInclusive<f64>, what: &str) -> (f64, f64) {
    let (low, high) = (*range.start(), *range.end());
    assert!(
        low.is_finite() && high.is_finite() && low < high,
        "HeatMap: {what}({low}..={high}), expected finite ends in order"
    );
    (low, high)
}
