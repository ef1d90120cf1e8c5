//! What a figure is made of.

use std::path::Path;

use plotters::prelude::*;

use super::canvas::Canvas;
use super::error::Error;
use super::frame::Rect;
use super::{DecisionRegions, Figure, HeatMap, LineChart};

/// What all charts have: words around the plot, and the size of a picture of the chart alone.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) size: (u32, u32),
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, size: (u32, u32)) -> Self {
        Self { title: title.into(), x_label: String::new(), y_label: String::new(), size }
    }

    /// Writes a picture of the chart that the sheet is of.
    pub(super) fn save(&self, chart: impl Into<Panel>, path: impl AsRef<Path>) -> Result<(), Error> {
        let (width, height) = self.size;
        Figure::new("").panel(chart).size(width, height).save(path)
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
