//! Small grayscale pictures in rows.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Picture, Rect};
use super::color::{FRAME, INK, VERMILION};
use super::error::{Error, Kind};
use super::{canvas, font};

const TITLE: f64 = 18.0;
const CAPTION: f64 = 14.0;
/// Sides of about this length for pictures with few pixels.
const SIDE: usize = 96;
const GAP: f64 = 16.0;

/// Small grayscale pictures with a caption below each, for example handwritten digits and what was predicted.
///
/// ```
/// use nn::plot::ImageGrid;
///
/// let folder = tempfile::tempdir()?;
/// ImageGrid::new("Predictions", 2)
///     .image(2, 2, [0.0, 1.0, 1.0, 0.0], "7", false)
///     .image(2, 2, [1.0, 0.0, 0.0, 1.0], "predicted 3, is 8", true)
///     .save(folder.path().join("digits.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageGrid {
    title: String,
    columns: usize,
    images: Vec<Image>,
}

#[derive(Clone, Debug)]
struct Image {
    rows: usize,
    cols: usize,
    pixels: Vec<f64>,
    caption: String,
    highlight: bool,
}

impl ImageGrid {
    /// A grid without images; an empty title takes no room.
    pub fn new(title: impl Into<String>, columns: usize) -> Self {
        Self { title: title.into(), columns, images: Vec::new() }
    }

    /// Adds an image of rows × cols pixels, row by row from the top, 0 black and 1 white; `highlight` frames it in colour.
    ///
    /// Values outside of 0 to 1 count as the nearer end, NaN as 0. A wrong number of pixels is reported by
    /// [`save`](Self::save).
    ///
    /// ```
    /// use nn::plot::ImageGrid;
    ///
    /// let grid = ImageGrid::new("", 1).image(1, 3, [0.0, 0.5, 1.0], "from black to white", false);
    /// ```
    pub fn image(
        mut self,
        rows: usize,
        cols: usize,
        pixels: impl Into<Vec<f64>>,
        caption: impl Into<String>,
        highlight: bool,
    ) -> Self {
        self.images.push(Image { rows, cols, pixels: pixels.into(), caption: caption.into(), highlight });
        self
    }

    /// Writes the grid as `.svg` or `.png`, whole or not at all, over a file of that name; the images decide its size.
    ///
    /// # Errors
    /// No column, an image whose number of pixels is not rows × cols, another extension, a folder that does not exist, a
    /// file that cannot be written, a picture with a side above 10000 pixels.
    ///
    /// ```
    /// use nn::plot::ImageGrid;
    ///
    /// let error = ImageGrid::new("", 1).image(8, 8, [0.0; 60], "7", false).save("digits.png").unwrap_err();
    /// assert_eq!(error.to_string(), "image 0 has 60 pixels, expected 8×8");
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.check()?;
        canvas::save(self, path.as_ref())
    }

    fn layout(&self) -> Layout {
        let largest = |length: fn(&Image) -> f64| self.images.iter().map(length).fold(0.0, f64::max);
        let widest = largest(Image::width).max(largest(|image| font::width(&image.caption, CAPTION)));
        let cell = (widest.ceil() + GAP, largest(Image::height) + CAPTION + 2.0 * GAP);
        let columns = self.columns.min(self.images.len()) as f64;
        let rows = self.images.len().div_ceil(self.columns) as f64;

        let top = if self.title.is_empty() { GAP } else { TITLE + 2.0 * GAP };
        let title_width = font::width(&self.title, TITLE).ceil();
        let width = (columns * cell.0).max(title_width) + 2.0 * GAP;
        let left = ((width - columns * cell.0) / 2.0).floor();
        Layout { size: (width, top + rows * cell.1), corner: (left, top), cell }
    }

    fn check(&self) -> Result<(), Error> {
        if self.columns == 0 {
            return Err(Kind::Columns.into());
        }
        for (index, image) in self.images.iter().enumerate() {
            let (rows, cols, found) = (image.rows, image.cols, image.pixels.len());
            if rows.checked_mul(cols) != Some(found) {
                return Err(Kind::Pixels { index, found, rows, cols }.into());
            }
        }
        Ok(())
    }
}

impl Picture for ImageGrid {
    fn size(&self) -> (u32, u32) {
        let (width, height) = self.layout().size;
        (whole(width), whole(height))
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, _whole: Rect) -> DrawResult<(), B> {
        let Layout { size, corner, cell } = self.layout();
        let title = font::fit(&self.title, TITLE, size.0);
        canvas.text((size.0 / 2.0, GAP + 0.7 * TITLE), &title, TITLE, INK, HPos::Center)?;
        for (index, image) in self.images.iter().enumerate() {
            let x = corner.0 + ((index % self.columns) as f64 + 0.5) * cell.0;
            image.draw(canvas, x, corner.1 + (index / self.columns) as f64 * cell.1)?;
        }
        Ok(())
    }
}

/// Where images stand; each is centred in a cell.
struct Layout {
    size: (f64, f64),
    corner: (f64, f64),
    cell: (f64, f64),
}

impl Image {
    /// A pixel's side on the screen, whole so that pixels are equal.
    fn scale(&self) -> f64 {
        (SIDE / self.rows.max(self.cols).max(1)).max(1) as f64
    }

    fn width(&self) -> f64 {
        self.cols as f64 * self.scale()
    }

    fn height(&self) -> f64 {
        self.rows as f64 * self.scale()
    }

    /// Draws below `top`, centred about `center`.
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, center: f64, top: f64) -> DrawResult<(), B> {
        let (scale, width, height) = (self.scale(), self.width(), self.height());
        let left = (center - width / 2.0).floor();
        let (thick, color) = if self.highlight { (4.0, VERMILION) } else { (1.0, FRAME) };
        canvas.rect((left - thick, top - thick), (width + 2.0 * thick, height + 2.0 * thick), color)?;
        canvas.rect((left, top), (width, height), BLACK)?;
        for (index, &pixel) in self.pixels.iter().enumerate() {
            let gray = gray(pixel);
            // The ground is black already: half of a digit needs no rectangles.
            if gray > 0 {
                let (row, col) = (index / self.cols, index % self.cols);
                let corner = (left + col as f64 * scale, top + row as f64 * scale);
                canvas.rect(corner, (scale, scale), RGBColor(gray, gray, gray))?;
            }
        }
        let color = if self.highlight { VERMILION } else { INK };
        let caption = font::fit(&self.caption, CAPTION, f64::INFINITY);
        canvas.text((center, top + height + 0.7 * CAPTION + 0.5 * GAP), &caption, CAPTION, color, HPos::Center)
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped, and NaN becomes 0")]
fn gray(pixel: f64) -> u8 {
    (pixel.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[expect(clippy::cast_sign_loss, reason = "a sum of lengths; one too large becomes the largest, which is refused")]
fn whole(length: f64) -> u32 {
    length as u32
}
