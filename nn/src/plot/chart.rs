//! Lines and points over two axes.

use std::path::Path;

use super::axis::{self, Axis, Tick};
use super::error::Error;
use super::scene::{Anchor, Color, FRAME, GRID, Scene, TextStyle};
use super::{Figure, text};

/// Okabe and Ito's palette, told apart with any colour vision; its yellow is too pale for lines on white.
const PALETTE: [Color; 7] = [
    Color(0, 114, 178),
    Color(213, 94, 0),
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(230, 159, 0),
    Color(86, 180, 233),
    Color(34, 34, 34),
];

/// Further series take the colours again, in another dash.
const DASHES: [Option<(f64, f64)>; 3] = [None, Some((8.0, 4.0)), Some((2.0, 3.0))];

const TITLE: f64 = 18.0;
const LABEL: f64 = 15.0;
const SMALL: f64 = 13.0;
const GAP: f64 = 10.0;
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
    pub(super) fn draw(&self, scene: &mut Scene, corner: (f64, f64), size: (f64, f64)) {
        let points = || self.series.iter().flat_map(|series| &series.points).filter(|&&point| self.shows(point));
        let x_axis = Axis::new(points().map(|&(x, _)| x), self.log_x);
        let y_axis = Axis::new(points().map(|&(_, y)| y), self.log_y);

        let room = |label: &str, height: f64| if label.is_empty() { 0.0 } else { height + GAP };
        let rows = self.legend_rows(size.0 - 4.0 * GAP);
        let top = corner.1 + GAP + room(&self.title, TITLE) + (LABEL + 6.0) * rows.len() as f64 + 0.5 * GAP;
        let bottom = (corner.1 + size.1 - 2.5 * GAP - SMALL - room(&self.x_label, LABEL)).max(top + 1.0);
        let y_ticks = y_axis.ticks(tick_count(bottom - top, 45.0), |_| true);
        let widest = y_ticks.iter().map(|tick| text::width(&tick.label, SMALL)).fold(0.0, f64::max);
        let left = corner.0 + 1.5 * GAP + room(&self.y_label, LABEL) + widest + GAP;
        let right = (corner.0 + size.0 - 2.0 * GAP).max(left + 1.0);
        let x_ticks = x_axis.ticks(tick_count(right - left, 80.0), |ticks| apart(&x_axis, ticks, right - left));

        let frame = Frame { left, right, top, bottom, x_axis, y_axis };
        frame.draw_grid(scene, &x_ticks, &y_ticks);
        for (index, series) in self.series.iter().enumerate() {
            self.draw_series(scene, &frame, index, series);
        }
        frame.draw_border(scene);

        let middle = f64::midpoint(left, right);
        let title = text::fit(&self.title, TITLE, size.0 - 2.0 * GAP);
        // Over the plot if there is room to both sides, else over the whole rectangle.
        let half = text::width(&title, TITLE) / 2.0 + GAP;
        let center = middle.min(corner.0 + size.0 - half).max(corner.0 + half);
        scene.text((center, corner.1 + GAP + TITLE), &title, TextStyle::new(TITLE, Anchor::Middle));
        self.draw_legend(scene, &rows, middle, top - 0.5 * GAP);
        let label = text::fit(&self.x_label, LABEL, right - left);
        scene.text((middle, corner.1 + size.1 - 1.5 * GAP), &label, TextStyle::new(LABEL, Anchor::Middle));
        let label = text::fit(&self.y_label, LABEL, bottom - top);
        let style = TextStyle { upwards: true, ..TextStyle::new(LABEL, Anchor::Middle) };
        scene.text((corner.0 + GAP + LABEL, f64::midpoint(top, bottom)), &label, style);
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        axis::shows(x, self.log_x) && axis::shows(y, self.log_y)
    }

    fn draw_series(&self, scene: &mut Scene, frame: &Frame, index: usize, series: &Series) {
        let (color, dash) = look(index);
        for run in series.points.split(|&point| !self.shows(point)) {
            let places: Vec<_> = run.iter().map(|&point| frame.place(point)).collect();
            // A single point has no line to show it.
            if series.joined && places.len() > 1 {
                scene.line(places, color, LINE, dash);
            } else {
                for place in places {
                    scene.dot(place, DOT, color);
                }
            }
        }
    }

    /// The named series' indices with their names as drawn, in as many rows as they need: beside no data.
    fn legend_rows(&self, room: f64) -> Vec<Vec<(usize, String)>> {
        let mut rows: Vec<Vec<(usize, String)>> = Vec::new();
        let mut used = f64::INFINITY;
        for (index, series) in self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()) {
            let name = text::fit(&series.name, LABEL, room - SAMPLE - 3.0 * GAP);
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
    fn draw_legend(&self, scene: &mut Scene, rows: &[Vec<(usize, String)>], middle: f64, bottom: f64) {
        for (row, entries) in rows.iter().enumerate() {
            let y = bottom - (LABEL + 6.0) * (rows.len() - row) as f64 + LABEL;
            let mut x = middle - entries.iter().map(|(_, name)| entry_width(name)).sum::<f64>() / 2.0 + GAP;
            for (index, name) in entries {
                let (color, dash) = look(*index);
                let height = y - 0.35 * LABEL;
                if self.series[*index].joined {
                    scene.line(vec![(x, height), (x + SAMPLE, height)], color, LINE + 0.5, dash);
                } else {
                    scene.dot((x + SAMPLE / 2.0, height), DOT, color);
                }
                scene.text((x + SAMPLE + 0.7 * GAP, y), name, TextStyle::new(LABEL, Anchor::Start));
                x += entry_width(name);
            }
        }
    }
}

fn look(index: usize) -> (Color, Option<(f64, f64)>) {
    (PALETTE[index % PALETTE.len()], DASHES[index / PALETTE.len() % DASHES.len()])
}

fn entry_width(name: &str) -> f64 {
    SAMPLE + text::width(name, LABEL) + 3.0 * GAP
}

/// As many ticks as stand at a distance, from 2 to 15.
fn tick_count(room: f64, distance: f64) -> usize {
    (3..=15).take_while(|&count| count as f64 * distance <= room).last().unwrap_or(2)
}

/// Is there a gap between any two labels under the axis?
fn apart(axis: &Axis, ticks: &[Tick], room: f64) -> bool {
    ticks.windows(2).all(|pair| {
        let half = |tick: &Tick| text::width(&tick.label, SMALL) / 2.0;
        (axis.place(pair[1].value) - axis.place(pair[0].value)) * room >= half(&pair[0]) + half(&pair[1]) + GAP
    })
}

/// The plot within its border, in pixels.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_axis: Axis,
    y_axis: Axis,
}

impl Frame {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let x = self.left + self.x_axis.place(x) * (self.right - self.left);
        let y = self.bottom - self.y_axis.place(y) * (self.bottom - self.top);
        (x, y)
    }

    fn draw_grid(&self, scene: &mut Scene, x_ticks: &[Tick], y_ticks: &[Tick]) {
        for tick in x_ticks {
            let x = sharp(self.left + self.x_axis.place(tick.value) * (self.right - self.left));
            scene.line(vec![(x, sharp(self.top)), (x, sharp(self.bottom))], GRID, 1.0, None);
            let half = text::width(&tick.label, SMALL) / 2.0;
            // The last label stays within the picture.
            let center = x.min(self.right + 1.5 * GAP - half);
            let style = TextStyle::new(SMALL, Anchor::Middle);
            scene.text((center, self.bottom + SMALL + 0.6 * GAP), &tick.label, style);
        }
        for tick in y_ticks {
            let y = sharp(self.bottom - self.y_axis.place(tick.value) * (self.bottom - self.top));
            scene.line(vec![(sharp(self.left), y), (sharp(self.right), y)], GRID, 1.0, None);
            let style = TextStyle::new(SMALL, Anchor::End);
            scene.text((self.left - 0.7 * GAP, y + 0.36 * SMALL), &tick.label, style);
        }
    }

    fn draw_border(&self, scene: &mut Scene) {
        let (left, right) = (sharp(self.left), sharp(self.right));
        let (top, bottom) = (sharp(self.top), sharp(self.bottom));
        let around = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        scene.line(around, FRAME, 1.0, None);
    }
}

/// The middle of a pixel: a line of width 1 is then not smeared over two.
fn sharp(place: f64) -> f64 {
    place.floor() + 0.5
}
