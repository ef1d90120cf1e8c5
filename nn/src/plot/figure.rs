//! Charts side by side.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Picture, Rect};
use super::chart::LineChart;
use super::color::INK;
use super::error::Error;
use super::map::HeatMap;
use super::regions::DecisionRegions;
use super::{canvas, font};

const IN_A_ROW: usize = 3;
const TITLE: f64 = 22.0;
const TITLE_ROOM: f64 = 40.0;

/// Several charts in one picture, for example the loss on the left and the accuracy on the right.
///
/// Panels stand side by side, at most three in a row; without panels only the title is drawn.
///
/// ```
/// use nn::plot::{Figure, LineChart};
///
/// let folder = tempfile::tempdir()?;
/// Figure::new("Digits")
///     .panel(LineChart::new("Loss").x_label("epoch").series("training", [(1.0, 0.9), (2.0, 0.2)]))
///     .panel(LineChart::new("Accuracy").x_label("epoch").series("training", [(1.0, 0.7), (2.0, 0.96)]))
///     .save(folder.path().join("training.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Figure {
    title: String,
    panels: Vec<Panel>,
    size: Option<(u32, u32)>,
}

impl Figure {
    /// A figure without panels, 1200 pixels wide, 500 high for every row; an empty title takes no room.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), panels: Vec::new(), size: None }
    }

    /// Adds a chart to the right, or below when the row is full.
    pub fn panel(mut self, chart: impl Into<Panel>) -> Self {
        self.panels.push(chart.into());
        self
    }

    /// Sets width and height of the whole picture in pixels.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some((width, height));
        self
    }

    /// Writes the figure as `.svg` or `.png`, whole or not at all, over a file of that name.
    ///
    /// # Errors
    /// Another extension, a folder that does not exist, a file that cannot be written, a side of 0 or above 10000 pixels.
    ///
    /// ```
    /// use nn::plot::{Figure, LineChart};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("empty.png");
    /// Figure::new("Nothing yet").panel(LineChart::new("Loss")).save(&path)?;
    /// assert!(path.exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        canvas::save(self, path.as_ref())
    }

    fn rows(&self) -> usize {
        self.panels.len().div_ceil(IN_A_ROW).max(1)
    }
}

impl Picture for Figure {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((1200, u32::try_from(500 * self.rows()).unwrap_or(u32::MAX)))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B> {
        let (width, height) = within.size;
        let top = if self.title.is_empty() { 0.0 } else { TITLE_ROOM };
        let title = font::fit(&self.title, TITLE, width - 20.0);
        canvas.text((width / 2.0, 26.0), &title, TITLE, INK, HPos::Center)?;

        // Rows are filled evenly: four panels are two and two.
        let columns = self.panels.len().div_ceil(self.rows());
        let size = (width / columns as f64, (height - top) / self.rows() as f64);
        for (index, chart) in self.panels.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let corner = (column as f64 * size.0, top + row as f64 * size.1);
            chart.draw(canvas, Rect { corner, size })?;
        }
        Ok(())
    }
}

/// Any chart, as a part of a [`Figure`].
///
/// ```
/// use nn::plot::{Figure, HeatMap, LineChart};
///
/// let map = HeatMap::new("Values", ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
/// let figure = Figure::new("Both").panel(LineChart::new("Loss")).panel(map);
/// ```
#[derive(Clone, Debug)]
pub struct Panel(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Lines(LineChart),
    Map(Box<HeatMap>),
    Regions(Box<DecisionRegions>),
}

impl From<LineChart> for Panel {
    fn from(chart: LineChart) -> Self {
        Self(Kind::Lines(chart))
    }
}

impl From<HeatMap> for Panel {
    fn from(map: HeatMap) -> Self {
        Self(Kind::Map(Box::new(map)))
    }
}

impl From<DecisionRegions> for Panel {
    fn from(regions: DecisionRegions) -> Self {
        Self(Kind::Regions(Box::new(regions)))
    }
}

impl Panel {
    pub(super) fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B> {
        match &self.0 {
            Kind::Lines(chart) => chart.draw(canvas, within),
            Kind::Map(map) => map.draw(canvas, within),
            Kind::Regions(regions) => regions.draw(canvas, within),
        }
    }
}
