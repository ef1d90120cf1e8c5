//! Charts, maps and small images as SVG and PNG files, without system fonts or libraries.
//!
//! | picture | |
//! |---|---|
//! | learning curves | [`learning_curves`] from a [`History`](crate::History) |
//! | gradient norms by layer and step | [`gradient_norms`], [`gradient_norm_map`] |
//! | weights and gradients by layer | [`weight_histograms`], [`gradient_histograms`] |
//! | confusion matrix | [`confusion_matrix`] |
//! | decision regions | [`DecisionRegions`] |
//! | the loss along two directions | [`loss_surface`] |
//! | any curves, points, histograms | [`LineChart`] |
//! | any matrix, cells or contours | [`HeatMap`] |
//! | several of these in one picture | [`Figure`] |
//! | a training run as a page for browsers, with feature `page` | `RunPage` |
//! | small grayscale images | [`ImageGrid`] |
//!
//! Everything is drawn once through plotters, into either format; text is measured, and in PNG drawn, with a built-in
//! font, so nothing depends on what is installed. The same data gives the same bytes. Colours are Okabe and Ito's and
//! those of viridis, which are told apart with any colour vision.

mod axis;
mod canvas;
mod chart;
mod color;
mod confusion;
mod contour;
mod error;
mod figure;
mod font;
mod frame;
mod grid;
mod layers;
mod legend;
mod map;
#[cfg(feature = "page")]
mod page;
mod raster;
mod regions;
mod run;
mod scale;
mod surface;

pub use chart::LineChart;
pub use confusion::confusion_matrix;
pub use error::Error;
pub use figure::{Figure, Panel};
pub use grid::ImageGrid;
pub use layers::{gradient_histograms, weight_histograms};
pub use map::HeatMap;
#[cfg(feature = "page")]
pub use page::RunPage;
pub use regions::DecisionRegions;
pub use run::{gradient_norm_map, gradient_norms, learning_curves};
pub use surface::{loss_surface, random_direction};
