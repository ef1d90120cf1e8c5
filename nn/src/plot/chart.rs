//! Lines and points over two axes.

use std::path::Path;

use plotters::prelude::*;

use super::axis::Axis;
use super::canvas::{Canvas, Picture, Rect};
use super::color::{PALETTE, tint};
use super::error::Error;
use super::frame::{Frame, Labels, Plot, Sheet};
use super::legend::{Dash, Mark};
use super::{axis, canvas};

/// Further series take the colours again, in another dash.
const DASHES: [Dash; 3] = [None, Some((8.0, 4.0)), Some((2.0, 3.0))];

const LINE: f64 = 2.0;
const DOT: f64 = 3.5;

/// A chart of curves and points, for example losses over epochs.
///
/// Points with a coordinate that is not finite, is beyond 1e300, or has no logarithm on a logarithmic axis, are
/// skipped: the curve has a gap there. A chart without points shows its axes, a constant curve lies in the middle.
///
/// ```
/// use nn::plot::LineChart;
///
/// let folder = tempfile::tempdir()?;
/// LineChart::new("Training")
///     .x_label("epoch")
///     .y_label("loss")
///     .log_y()
///     .series("training", [(1.0, 2.3), (2.0, 0.4), (3.0, 0.09)])
///     .series("validation", [(1.0, 2.4), (2.0, 0.7), (3.0, 0.31)])
///     .save(folder.path().join("loss.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LineChart {
    sheet: Sheet,
    log_x: bool,
    log_y: bool,
    series: Vec<Series>,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    Line,
    Points,
    /// A line with the area under it.
    Filled,
}

impl LineChart {
    /// A chart without curves, 1200 by 500 pixels; an empty title takes no room.
    pub fn new(title: impl Into<String>) -> Self {
        Self { sheet: Sheet::new(title, (1200, 500)), log_x: false, log_y: false, series: Vec::new() }
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

    /// Adds a curve through the points in their order; one with an empty name is left out of the legend.
    ///
    /// ```
    /// use nn::plot::LineChart;
    ///
    /// let losses = [2.3, 0.4, 0.09];
    /// let chart = LineChart::new("Training").series("loss", (1..).map(f64::from).zip(losses));
    /// ```
    pub fn series(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.add(name.into(), points, Look::Line)
    }

    /// Adds points that no line joins, for example the data behind a fit.
    ///
    /// ```
    /// use nn::plot::LineChart;
    ///
    /// let chart = LineChart::new("Fit").points("data", [(0.0, 0.1), (1.0, 0.9)]).series("fit", [(0.0, 0.0), (1.0, 1.0)]);
    /// ```
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.add(name.into(), points, Look::Points)
    }

    /// Adds a histogram of values: the share of each bin in percent, filled down to the axis. Values that are not finite are
    /// left out; the number of bins is `2 n^(1/3)`, at most 60.
    ///
    /// ```
    /// use nn::plot::LineChart;
    ///
    /// let weights = (0..100).map(|i| (f64::from(i) * 0.7).sin());
    /// let chart = LineChart::new("First layer").x_label("weight").y_label("share, %").histogram("weights", weights);
    /// ```
    pub fn histogram(self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|&value| axis::shows(value, false)).collect();
        self.add(name.into(), outline(&values), Look::Filled)
    }

    fn add(mut self, name: String, points: impl IntoIterator<Item = (f64, f64)>, look: Look) -> Self {
        self.series.push(Series { name, points: points.into_iter().collect(), look });
        self
    }

    /// Makes the horizontal axis logarithmic; points with x ≤ 0 are then skipped.
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// Makes the vertical axis logarithmic; points with y ≤ 0 are then skipped.
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Sets width and height in pixels; in a [`Figure`](super::Figure) the figure's size counts instead.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.sheet.size = (width, height);
        self
    }

    /// Writes the chart as `.svg` or `.png`, whole or not at all, over a file of that name.
    ///
    /// # Errors
    /// Another extension, a folder that does not exist, a file that cannot be written, a side of 0 or above 10000 pixels.
    ///
    /// ```
    /// use nn::plot::LineChart;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("square.png");
    /// LineChart::new("x²").series("", (0..=10).map(|i| (f64::from(i), f64::from(i * i)))).save(&path)?;
    /// assert!(path.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        canvas::save(self, path.as_ref())
    }

    fn draw_series<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        plot: &Plot,
        index: usize,
        series: &Series,
    ) -> DrawResult<(), B> {
        let (color, dash) = look(index);
        for run in series.points.split(|&point| !self.shows(point)) {
            let places: Vec<_> = run.iter().map(|&point| canvas.place(plot.place(point))).collect();
            // A single point has no line to show it.
            if series.look != Look::Points && places.len() > 1 {
                canvas.curve(places, canvas.stroke(color, LINE), dash)?;
            } else {
                places.into_iter().try_for_each(|place| canvas.dot(place, DOT, color))?;
            }
        }
        Ok(())
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        axis::shows(x, self.log_x) && axis::shows(y, self.log_y)
    }
}

impl Picture for LineChart {
    fn size(&self) -> (u32, u32) {
        self.sheet.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B> {
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|&&point| self.shows(point));
        let entry = |(index, series): (usize, &Series)| (series.name.clone(), mark(index, series));
        let frame = Frame {
            sheet: &self.sheet,
            x: (Axis::new(points().map(|&(x, _)| x), self.log_x), Labels::Numbers),
            y: (Axis::new(points().map(|&(_, y)| y), self.log_y), Labels::Numbers),
            legend: self.series.iter().enumerate().map(entry).collect(),
            grid: true,
            right: 0.0,
        };
        frame.draw(canvas, within, |plot| {
            let all = || self.series.iter().enumerate();
            // No area hides a line.
            for (index, series) in all().filter(|(_, series)| series.look == Look::Filled) {
                let area = series.points.iter().map(|&point| canvas.place(plot.place(point))).collect::<Vec<_>>();
                canvas.area.draw(&Polygon::new(area, look(index).0.mix(0.3)))?;
            }
            all().try_for_each(|(index, series)| self.draw_series(canvas, plot, index, series))
        })
    }
}

fn mark(index: usize, series: &Series) -> Mark {
    let (color, dash) = look(index);
    match series.look {
        Look::Line => Mark::Line(color, dash),
        Look::Points => Mark::Dot(color),
        Look::Filled => Mark::Bar(tint(color, 0.3)),
    }
}

fn look(index: usize) -> (RGBColor, Dash) {
    (PALETTE[index % PALETTE.len()], DASHES[index / PALETTE.len() % DASHES.len()])
}

/// The corners of a histogram's outline: edges and shares in percent. As many bins as Rice's rule says, `2 n^(1/3)`.
fn outline(values: &[f64]) -> Vec<(f64, f64)> {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    if values.is_empty() {
        return Vec::new();
    }
    #[expect(clippy::cast_sign_loss, reason = "a root of a count")]
    let bins = ((2.0 * (values.len() as f64).cbrt()).ceil() as usize).min(60);
    // Equal values are one bin about them.
    let margin = if high > low { 0.0 } else { (0.05 * low.abs()).max(1e-3) };
    let (low, high) = (low - margin, high + margin);
    let mut counts = vec![0_usize; bins];
    for value in values {
        #[expect(clippy::cast_sign_loss, reason = "not below the lowest value")]
        let bin = ((value - low) / (high - low) * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    let edge = |bin: usize| low + (high - low) * bin as f64 / bins as f64;
    let share = |count: usize| 100.0 * count as f64 / values.len() as f64;
    let steps =
        counts.iter().enumerate().flat_map(|(k, &count)| [(edge(k), share(count)), (edge(k + 1), share(count))]);
    [(low, 0.0)].into_iter().chain(steps).chain([(high, 0.0)]).collect()
}
