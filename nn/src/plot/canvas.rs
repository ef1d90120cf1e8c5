//! A picture drawn through plotters once, written as SVG or PNG.

use std::io;
use std::path::Path;

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::error::{Error, Kind};
use super::font;
use super::raster::Raster;
use crate::atomic;
use crate::error::one_line;

/// A longer side asks for gigabytes as PNG.
const MOST: u32 = 10_000;

/// What is drawn into a part of a picture, or is one by itself.
pub(super) trait Picture {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B>;
}

/// A part of the picture, in pixels; the corner is the upper left one.
#[derive(Clone, Copy)]
pub(super) struct Rect {
    pub(super) corner: (f64, f64),
    pub(super) size: (f64, f64),
}

/// Takes lengths in pixels of the finished picture. Plotters knows whole numbers only: a pixel is `scale` of them, so
/// that curves are smooth.
pub(super) struct Canvas<B: DrawingBackend> {
    pub(super) area: DrawingArea<B, plotters::coord::Shift>,
    scale: u32,
}

impl<B: DrawingBackend> Canvas<B> {
    pub(super) fn units(&self, length: f64) -> i32 {
        (length * f64::from(self.scale)).round() as i32
    }

    pub(super) fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (self.units(x), self.units(y))
    }

    pub(super) fn stroke(&self, color: RGBColor, width: f64) -> ShapeStyle {
        color.stroke_width(self.units(width).unsigned_abs())
    }

    pub(super) fn font(&self, size: f64, color: RGBColor) -> TextStyle<'static> {
        (font::FAMILY, size * font::PLOTTERS_SIZE * f64::from(self.scale)).into_font().color(&color)
    }

    /// Draws a curve whose points are in plotters' numbers; `dash` is (drawn, left out) in pixels.
    pub(super) fn curve(
        &self,
        points: Vec<(i32, i32)>,
        style: ShapeStyle,
        dash: Option<(f64, f64)>,
    ) -> DrawResult<(), B> {
        match dash {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((on, off)) => self.area.draw(&DashedPathElement::new(points, self.units(on), self.units(off), style)),
        }
    }

    pub(super) fn dot(&self, center: (i32, i32), radius: f64, color: RGBColor) -> DrawResult<(), B> {
        self.area.draw(&Circle::new(center, self.units(radius), color.filled()))
    }

    pub(super) fn rect(&self, (x, y): (f64, f64), (width, height): (f64, f64), color: RGBColor) -> DrawResult<(), B> {
        let corners = [self.place((x, y)), self.place((x + width, y + height))];
        self.area.draw(&Rectangle::new(corners, color.filled()))
    }

    /// Fills a rectangle pixel by pixel, in squares of `pixel`; neighbours of one colour are one shape. `color` takes
    /// places from 0 to 1, from the left and from the top.
    pub(super) fn fill(
        &self,
        corner: (f64, f64),
        size: (f64, f64),
        pixel: f64,
        color: impl Fn(f64, f64) -> RGBColor,
    ) -> DrawResult<(), B> {
        let count = |length: f64| (length / pixel).round() as i32;
        let (columns, rows) = (count(size.0), count(size.1));
        for row in 0..rows {
            let y = (f64::from(row) + 0.5) / f64::from(rows);
            let colors: Vec<RGBColor> =
                (0..columns).map(|column| color((f64::from(column) + 0.5) / f64::from(columns), y)).collect();
            let mut left = 0;
            for run in colors.chunk_by(|a, b| a == b) {
                let place = (corner.0 + left as f64 * pixel, corner.1 + f64::from(row) * pixel);
                self.rect(place, (run.len() as f64 * pixel, pixel), run[0])?;
                left += run.len();
            }
        }
        Ok(())
    }

    /// Draws text whose small letters have their middle at the place's height.
    pub(super) fn text(
        &self,
        place: (f64, f64),
        text: &str,
        size: f64,
        color: RGBColor,
        anchor: HPos,
    ) -> DrawResult<(), B> {
        if text.is_empty() {
            return Ok(());
        }
        self.area.draw_text(
            &one_line(text),
            &self.font(size, color).pos(Pos::new(anchor, VPos::Center)),
            self.place(place),
        )
    }

    /// Draws text that is read from below, centred about a place.
    pub(super) fn upright(&self, place: (f64, f64), text: &str, size: f64, color: RGBColor) -> DrawResult<(), B> {
        if text.is_empty() {
            return Ok(());
        }
        let style = self.font(size, color).transform(FontTransform::Rotate270);
        self.area.draw_text(&one_line(text), &style.pos(Pos::new(HPos::Center, VPos::Center)), self.place(place))
    }
}

/// Writes the picture whole or not at all; the extension decides the format.
pub(super) fn save(picture: &impl Picture, path: &Path) -> Result<(), Error> {
    let (width, height) = picture.size();
    if !(1..=MOST).contains(&width) || !(1..=MOST).contains(&height) {
        return Err(Kind::Size { width, height, most: MOST }.into());
    }
    let encode = match path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).as_deref() {
        Some("svg") => svg,
        Some("png") => png,
        _ => return Err(Kind::Extension { path: path.to_owned() }.into()),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Kind::Folder { path: path.to_owned(), folder: folder.to_owned() }.into());
    }
    let written = encode(picture).and_then(|bytes| atomic::replace(path, &bytes));
    written.map_err(|cause| Kind::Write { path: path.to_owned(), cause }.into())
}

fn draw<B: DrawingBackend>(picture: &impl Picture, backend: B, scale: u32) -> io::Result<()> {
    let canvas = Canvas { area: backend.into_drawing_area(), scale };
    let (width, height) = picture.size();
    let whole = Rect { corner: (0.0, 0.0), size: (width.into(), height.into()) };
    let drawn = canvas.area.fill(&WHITE).and_then(|()| picture.draw(&canvas, whole));
    let drawn = drawn.and_then(|()| canvas.area.present());
    drawn.map_err(|error| io::Error::other(error.to_string()))
}

pub(super) fn svg(picture: &impl Picture) -> io::Result<Vec<u8>> {
    let (width, height) = picture.size();
    let scale = 10;
    let mut text = String::new();
    let (wide, high) = (width * scale, height * scale);
    draw(picture, SVGBackend::with_string(&mut text, (wide, high)), scale)?;
    // The view box stays: it shrinks the picture to its size.
    let size = format!("width=\"{wide}\" height=\"{high}\"");
    let shown = format!("width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\"");
    // The grid is made of lines, images of rectangles: they are not smeared over two pixels.
    let sharp = ">\n<style>line,rect{shape-rendering:crispEdges}</style>\n";
    let text = text.replacen(&size, &shown, 1).replacen(">\n", sharp, 1);
    // What is so anyway: an image has thousands of rectangles.
    Ok(text.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").into_bytes())
}

pub(super) fn png(picture: &impl Picture) -> io::Result<Vec<u8>> {
    let (width, height) = picture.size();
    // Every pixel is the mean of 16; a giant picture has to do with 4.
    let scale = if u64::from(width) * u64::from(height) > 20_000_000 { 2 } else { 4 };
    let (wide, high) = (width * scale, height * scale);
    let mut fine = vec![255; 3 * wide as usize * high as usize];
    let bitmap = BitMapBackend::with_buffer(&mut fine, (wide, high));
    draw(picture, Raster { bitmap, scale }, scale)?;
    let small = shrink(&fine, wide as usize, scale as usize);

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&small)?;
    Ok(bytes)
}

/// Every channel's mean over squares of `side` times `side` pixels.
fn shrink(fine: &[u8], wide: usize, side: usize) -> Vec<u8> {
    let mut small = Vec::with_capacity(fine.len() / (side * side));
    let mut sums = vec![0_usize; 3 * wide / side];
    for band in fine.chunks_exact(3 * wide * side) {
        sums.fill(0);
        for (index, &value) in band.iter().enumerate() {
            let column = index % (3 * wide);
            sums[column / 3 / side * 3 + column % 3] += usize::from(value);
        }
        small.extend(sums.iter().map(|sum| (sum / (side * side)) as u8));
    }
    small
}
