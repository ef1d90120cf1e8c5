//! A scene as PNG.

use std::io;

use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use super::scene::{Anchor, Color, Scene, Shape, TextStyle};
use super::text;

pub(super) fn encode(scene: &Scene) -> io::Result<Vec<u8>> {
    let mut pixels = Pixmap::new(scene.width, scene.height).ok_or(io::ErrorKind::OutOfMemory)?;
    for shape in &scene.shapes {
        draw(&mut pixels, shape);
    }
    pixels.encode_png().map_err(io::Error::other)
}

fn draw(pixels: &mut Pixmap, shape: &Shape) {
    let still = Transform::identity();
    match shape {
        Shape::Line { points, color, width, dash } => {
            let stroke = Stroke {
                width: *width as f32,
                line_join: LineJoin::Round,
                dash: dash.and_then(|(on, off)| StrokeDash::new(vec![on as f32, off as f32], 0.0)),
                ..Stroke::default()
            };
            if let Some(path) = polyline(points) {
                pixels.stroke_path(&path, &paint(*color), &stroke, still, None);
            }
        }
        Shape::Rect { x, y, width, height, color } => {
            if let Some(rect) = Rect::from_xywh(*x as f32, *y as f32, *width as f32, *height as f32) {
                pixels.fill_rect(rect, &paint(*color), still, None);
            }
        }
        Shape::Dot { x, y, radius, color } => {
            if let Some(path) = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32) {
                pixels.fill_path(&path, &paint(*color), FillRule::Winding, still, None);
            }
        }
        Shape::Text { x, y, text, style } => draw_text(pixels, (*x, *y), text, style),
    }
}

fn paint(Color(red, green, blue): Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}

fn polyline(points: &[(f64, f64)]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        if index == 0 {
            path.move_to(x as f32, y as f32);
        } else {
            path.line_to(x as f32, y as f32);
        }
    }
    path.finish()
}

fn draw_text(pixels: &mut Pixmap, (x, y): (f64, f64), text: &str, style: &TextStyle) {
    let width = text::width(text, style.size);
    let back = match style.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let turn = if style.upwards { -90.0 } else { 0.0 };
    let scale = (style.size / text::units_per_em()) as f32;
    let place = Transform::from_translate(x as f32, y as f32)
        .pre_rotate(turn)
        .pre_translate(-back as f32, 0.0)
        .pre_scale(scale, -scale);
    for (glyph, left) in text::letters(text) {
        let mut letter = Letter { left: left as f32, path: PathBuilder::new() };
        text::outline(glyph, &mut letter);
        if let Some(path) = letter.path.finish() {
            pixels.fill_path(&path, &paint(style.color), FillRule::Winding, place, None);
        }
    }
}

/// Takes a font outline, moved to the letter's place in its line.
struct Letter {
    left: f32,
    path: PathBuilder,
}

impl OutlineBuilder for Letter {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.left + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.left + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.left + x1, y1, self.left + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.left + x1, y1, self.left + x2, y2, self.left + x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
