//! Lines and points over two axes.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{self, Axis, Ruler, Tick};
use super::canvas::{Canvas, FRAME, GRID, INK, VERMILION};
use super::error::Error;
use super::{Figure, font};

/// Okabe and Ito's palette, told apart with any colour vision; its yellow is too pale for lines on white.
const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    VERMILION,
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    INK,
];

/// Further series take the colours again, in another dash.
const DASHES: [Option<(f64, f64)>; 3] = [None, Some((8.0, 4.0)), Some((2.0, 3.0))];

const TITLE: f64 = 18.0;
const LABEL: f64 = 15.0;
const SMALL: f64 = 13.0;
/// Height of a row of the legend.
const ROW: f64 = LABEL + 6.0;
const GAP: f64 = 10.0;
/// Left of and below a chart.
const EDGE: f64 = 11.0;
const LINE: f64 = 2.0;
const DOT: f64 = 3.5;
/// Length of a line in the legend.
const SAMPLE: f64 = 26.0;

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
    title: String,
    x_label: String,
    y_label: String,
    log_x: bool,
    log_y: bool,
    size: (u32, u32),
    series: Vec<Series>,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    joined: bool,
}

impl LineChart {
    /// A chart without curves, 1200 by 500 pixels; an empty title takes no room.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Training");
    /// ```
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: String::new(),
            y_label: String::new(),
            log_x: false,
            log_y: false,
            size: (1200, 500),
            series: Vec::new(),
        }
    }

    /// Names the horizontal axis; an empty name takes no room.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Training").x_label("epoch");
    /// ```
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// Names the vertical axis; an empty name takes no room.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Training").y_label("loss");
    /// ```
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = label.into();
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
        self.add(name.into(), points, true)
    }

    /// Adds points that no line joins, for example the data behind a fit.
    ///
    /// ```
    /// use nn::plot::LineChart;
    ///
    /// let chart = LineChart::new("Fit").points("data", [(0.0, 0.1), (1.0, 0.9)]).series("fit", [(0.0, 0.0), (1.0, 1.0)]);
    /// ```
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.add(name.into(), points, false)
    }

    fn add(mut self, name: String, points: impl IntoIterator<Item = (f64, f64)>, joined: bool) -> Self {
        self.series.push(Series { name, points: points.into_iter().collect(), joined });
        self
    }

    /// Makes the horizontal axis logarithmic; points with x ≤ 0 are then skipped.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Error").log_x().series("forward", [(1e-8, 1e-8), (1e-2, 1e-2)]);
    /// ```
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// Makes the vertical axis logarithmic; points with y ≤ 0 are then skipped.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Loss").log_y().series("loss", [(1.0, 2.3), (2.0, 1e-3)]);
    /// ```
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Sets width and height in pixels; in a [`Figure`] the figure's size counts instead.
    ///
    /// ```
    /// let chart = nn::plot::LineChart::new("Loss").size(800, 600);
    /// ```
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width, height);
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
        let (width, height) = self.size;
        Figure::new("").panel(self.clone()).size(width, height).save(path)
    }

    /// Draws into a rectangle given by its upper left corner and size.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        corner: (f64, f64),
        size: (f64, f64),
    ) -> DrawResult<(), B> {
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|&&point| self.shows(point));
        let x_axis = Axis::new(points().map(|&(x, _)| x), self.log_x);
        let y_axis = Axis::new(points().map(|&(_, y)| y), self.log_y);

        let room = |label: &str, height: f64| if label.is_empty() { 0.0 } else { height + GAP };
        let rows = self.legend_rows(size.0 - 4.0 * GAP);
        let top = 1.5 * GAP + room(&self.title, TITLE) + ROW * rows.len() as f64;
        let bottom = 1.5 * GAP + SMALL + room(&self.x_label, LABEL);
        let height = size.1 - top - bottom - EDGE;
        let y_ticks = y_axis.ticks(tick_count(height, 45.0), |_| true);
        let widest = y_ticks.iter().map(|tick| font::width(&tick.label, SMALL)).fold(0.0, f64::max);
        let left = 1.5 * GAP + room(&self.y_label, LABEL) + widest;
        let width = size.0 - left - 2.0 * GAP - EDGE;

        let middle = corner.0 + EDGE + left + width / 2.0;
        let title = font::fit(&self.title, TITLE, size.0 - 2.0 * GAP);
        // Over the plot if there is room to both sides, else over the whole rectangle.
        let half = font::width(&title, TITLE) / 2.0 + GAP;
        let center = middle.min(corner.0 + size.0 - half).max(corner.0 + half);
        canvas.text((center, corner.1 + GAP + 0.7 * TITLE), &title, TITLE, INK, HPos::Center)?;
        self.draw_legend(canvas, &rows, (middle, corner.1 + top - 0.5 * GAP))?;

        if width < 1.0 || height < 1.0 {
            // The labels leave no room for a plot.
            return Ok(());
        }
        let x_ticks = x_axis.ticks(tick_count(width, 80.0), |ticks| apart(&x_axis, ticks, width));

        let at = |x: f64, y: f64| (canvas.units(corner.0 + x), canvas.units(corner.1 + y));
        let whole = (canvas.units(size.0), canvas.units(size.1));
        let mut chart = ChartBuilder::on(&canvas.area.clone().shrink(at(0.0, 0.0), whole))
            .margin_top(canvas.units(top))
            .margin_right(canvas.units(2.0 * GAP))
            .margin_bottom(canvas.units(EDGE))
            .margin_left(canvas.units(EDGE))
            .x_label_area_size(canvas.units(bottom))
            .y_label_area_size(canvas.units(left))
            .build_cartesian_2d(Ruler { axis: x_axis, ticks: x_ticks }, Ruler { axis: y_axis, ticks: y_ticks })?;
        chart
            .configure_mesh()
            .bold_line_style(canvas.stroke(GRID, 1.0))
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(canvas.units(0.4 * GAP))
            .label_style(canvas.font(SMALL, INK))
            .axis_desc_style(canvas.font(LABEL, INK))
            .x_desc(font::fit(&self.x_label, LABEL, width))
            .y_desc(font::fit(&self.y_label, LABEL, height))
            .draw()?;

        for (index, series) in self.series.iter().enumerate() {
            let (color, dash) = look(index);
            for run in series.points.split(|&point| !self.shows(point)) {
                let places: Vec<_> = run.iter().map(|point| chart.backend_coord(point)).collect();
                // A single point has no line to show it.
                if series.joined && places.len() > 1 {
                    canvas.curve(places, canvas.stroke(color, LINE), dash)?;
                } else {
                    places.into_iter().try_for_each(|place| canvas.dot(place, DOT, color))?;
                }
            }
        }
        let (x, y) = chart.plotting_area().get_pixel_range();
        let around = [(x.start, y.start), (x.end, y.start), (x.end, y.end), (x.start, y.end), (x.start, y.start)];
        canvas.curve(around.to_vec(), canvas.stroke(FRAME, 1.0), None)
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        axis::shows(x, self.log_x) && axis::shows(y, self.log_y)
    }

    /// The named series' indices with their names as drawn, in as many rows as they need: beside no data.
    fn legend_rows(&self, room: f64) -> Vec<Vec<(usize, String)>> {
        let mut rows: Vec<Vec<(usize, String)>> = Vec::new();
        let mut used = f64::INFINITY;
        for (index, series) in self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()) {
            let name = font::fit(&series.name, LABEL, room - SAMPLE - 3.0 * GAP);
            let width = entry_width(&name);
            if used + width > room {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += width;
            rows.last_mut().expect("the first entry starts a row").push((index, name));
        }
        rows
    }

    /// Rows end at `bottom` and are centred about `middle`.
    fn draw_legend<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        rows: &[Vec<(usize, String)>],
        (middle, bottom): (f64, f64),
    ) -> DrawResult<(), B> {
        for (row, entries) in rows.iter().enumerate() {
            let y = bottom - ROW * (rows.len() - row) as f64 + 0.5 * ROW;
            let mut x = middle - entries.iter().map(|(_, name)| entry_width(name)).sum::<f64>() / 2.0 + GAP;
            for (index, name) in entries {
                let (color, dash) = look(*index);
                let ends = [(x, y), (x + SAMPLE, y)].map(|(x, y)| (canvas.units(x), canvas.units(y)));
                if self.series[*index].joined {
                    canvas.curve(ends.to_vec(), canvas.stroke(color, LINE + 0.5), dash)?;
                } else {
                    canvas.dot((i32::midpoint(ends[0].0, ends[1].0), ends[0].1), DOT, color)?;
                }
                canvas.text((x + SAMPLE + 0.7 * GAP, y), name, LABEL, INK, HPos::Left)?;
                x += entry_width(name);
            }
        }
        Ok(())
    }
}

fn look(index: usize) -> (RGBColor, Option<(f64, f64)>) {
    (PALETTE[index % PALETTE.len()], DASHES[index / PALETTE.len() % DASHES.len()])
}

fn entry_width(name: &str) -> f64 {
    SAMPLE + font::width(name, LABEL) + 3.0 * GAP
}

/// As many ticks as stand at a distance, from 2 to 15.
fn tick_count(room: f64, distance: f64) -> usize {
    (3..=15).take_while(|&count| count as f64 * distance <= room).last().unwrap_or(2)
}

/// Is there a gap between any two labels under the axis, and does the last one end within the picture?
fn apart(axis: &Axis, ticks: &[Tick], room: f64) -> bool {
    let half = |tick: &Tick| font::width(&tick.label, SMALL) / 2.0;
    let place = |tick: &Tick| axis.place(tick.value) * room;
    ticks.windows(2).all(|pair| place(&pair[1]) - place(&pair[0]) >= half(&pair[0]) + half(&pair[1]) + GAP)
        && ticks.last().is_none_or(|tick| place(tick) + half(tick) <= room + 2.0 * GAP)
}
