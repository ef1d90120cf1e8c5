//! A list of shapes: charts and grids draw into it once, SVG and PNG are written from it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::error::{Error, Kind};
use super::{raster, svg};

/// A longer side asks for hundreds of megabytes as PNG.
const MOST: u32 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const WHITE: Color = Color(255, 255, 255);
pub(super) const INK: Color = Color(34, 34, 34);
pub(super) const GRID: Color = Color(226, 226, 226);
pub(super) const FRAME: Color = Color(120, 120, 120);
pub(super) const VERMILION: Color = Color(213, 94, 0);

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The point is on the text's baseline; `upwards` turns the text by a quarter to the left about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) color: Color,
    pub(super) anchor: Anchor,
    pub(super) upwards: bool,
}

impl TextStyle {
    pub(super) fn new(size: f64, anchor: Anchor) -> Self {
        Self { size, color: INK, anchor, upwards: false }
    }
}

/// Coordinates are pixels from the upper left corner.
#[derive(Debug)]
pub(super) enum Shape {
    /// `dash` is (drawn, left out) in pixels.
    Line {
        points: Vec<(f64, f64)>,
        color: Color,
        width: f64,
        dash: Option<(f64, f64)>,
    },
    Rect {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        color: Color,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        color: Color,
    },
    Text {
        x: f64,
        y: f64,
        text: String,
        style: TextStyle,
    },
}

#[derive(Debug)]
pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    /// An empty white picture.
    pub(super) fn new(width: u32, height: u32) -> Result<Self, Error> {
        if !(1..=MOST).contains(&width) || !(1..=MOST).contains(&height) {
            return Err(Kind::Size { width, height, most: MOST }.into());
        }
        let mut scene = Self { width, height, shapes: Vec::new() };
        scene.rect((0.0, 0.0), (f64::from(width), f64::from(height)), WHITE);
        Ok(scene)
    }

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, color: Color, width: f64, dash: Option<(f64, f64)>) {
        self.shapes.push(Shape::Line { points, color, width, dash });
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), color: Color) {
        self.shapes.push(Shape::Rect { x, y, width, height, color });
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, color: Color) {
        self.shapes.push(Shape::Dot { x, y, radius, color });
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), text: &str, style: TextStyle) {
        if text.is_empty() {
            return;
        }
        // XML has no place for control characters, and a picture's text is one line.
        let text = text.replace(|c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'), " ");
        self.shapes.push(Shape::Text { x, y, text, style });
    }

    /// Writes the picture whole or not at all; the extension decides the format.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let write_error = |cause| Kind::Write { path: path.to_owned(), cause };
        let bytes = match extension.as_deref() {
            Some("svg") => svg::encode(self).into_bytes(),
            Some("png") => raster::encode(self).map_err(write_error)?,
            _ => return Err(Kind::Extension { path: path.to_owned() }.into()),
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(Kind::Folder { path: path.to_owned(), folder: folder.to_owned() }.into());
        }
        replace(path, folder, &bytes).map_err(write_error)?;
        Ok(())
    }
}

fn replace(path: &Path, folder: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // A temporary file is private by default, a picture is as open as any new file.
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
