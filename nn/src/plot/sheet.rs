//! What all charts have.

use plotters::prelude::*;

use super::canvas::{Canvas, Picture};

/// The words around a plot, and the size of a picture of the chart alone.
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
}

/// A part of the picture, in pixels; the corner is the upper left one.
#[derive(Clone, Copy)]
pub(super) struct Rect {
    pub(super) corner: (f64, f64),
    pub(super) size: (f64, f64),
}

/// What is drawn into a part of a picture, or is a picture by itself.
pub(super) trait Chart {
    fn sheet(&self) -> &Sheet;

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B>;
}

impl<C: Chart> Picture for C {
    fn size(&self) -> (u32, u32) {
        self.sheet().size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> DrawResult<(), B> {
        let (width, height) = self.sheet().size;
        Chart::draw(self, canvas, Rect { corner: (0.0, 0.0), size: (width.into(), height.into()) })
    }
}
