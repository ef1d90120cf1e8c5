//! What a figure is made of.

use plotters::prelude::*;

use super::canvas::{Canvas, Picture, Rect};
use super::chart::LineChart;
use super::map::HeatMap;
use super::regions::DecisionRegions;

/// Any chart, as a part of a [`Figure`](super::Figure).
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
