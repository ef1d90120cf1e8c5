//! Charts and small images as SVG and PNG files, without system fonts or libraries.
//!
//! Everything is drawn once through plotters, into either format; text is measured, and in PNG drawn, with a built-in
//! font, so nothing depends on what is installed. The same data gives the same bytes.

mod axis;
mod canvas;
mod chart;
mod error;
mod figure;
mod font;
mod grid;
mod raster;
#[cfg(test)]
mod tests;

pub use chart::LineChart;
pub use error::Error;
pub use figure::Figure;
pub use grid::ImageGrid;
