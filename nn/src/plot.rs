//! Charts and small images as SVG and PNG files, without system fonts or libraries.
//!
//! A picture is a list of shapes, drawn once and written in either format; text is measured, and in PNG drawn, with a
//! built-in font, so nothing depends on what is installed. The same data gives the same bytes.

mod axis;
mod chart;
mod error;
mod figure;
mod grid;
mod raster;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use chart::LineChart;
pub use error::Error;
pub use figure::Figure;
pub use grid::ImageGrid;
