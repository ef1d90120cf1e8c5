//! Plotters' bitmap with lines that stay whole where points are close, and letters that stand where SVG has them.

use ab_glyph::{Font, ScaleFont, point};
use plotters::prelude::BitMapBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::font;
use super::font::FONT;

type Drawn<'a> = Result<(), DrawingErrorKind<<BitMapBackend<'a> as DrawingBackend>::ErrorType>>;

pub(super) struct Raster<'a> {
    pub(super) bitmap: BitMapBackend<'a>,
    /// So many of its pixels are one of the finished picture.
    pub(super) scale: u32,
}

impl<'a> DrawingBackend for Raster<'a> {
    type ErrorType = <BitMapBackend<'a> as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<'a> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<'a> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn<'a> {
        self.bitmap.draw_pixel(point, color)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn<'a> {
        self.bitmap.draw_rect(from, to, style, fill)
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn<'a> {
        self.bitmap.draw_circle(center, radius, style, fill)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn<'a> {
        self.draw_path([from, to], style)
    }

    /// One rectangle for every segment, a disc where two meet.
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn<'a> {
        let points: Vec<_> = path.into_iter().collect();
        for pair in points.windows(2) {
            self.segment(pair[0], pair[1], style)?;
        }
        let joints = points.len().saturating_sub(2) * usize::from(style.stroke_width() > self.scale);
        for &point in points.iter().skip(1).take(joints) {
            self.bitmap.draw_circle(point, style.stroke_width() / 2, &style.color(), true)?;
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, place: BackendCoord) -> Drawn<'a> {
        let em = style.size() / font::PLOTTERS_SIZE;
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5,
            HPos::Right => -1.0,
        };
        // As in plotters' SVG, where the height of a small letter is 0.55 em.
        let baseline = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.27,
            VPos::Bottom => -0.27,
        };
        let scale = font::scale(em);
        let mut pen = point((left * font::width(text, em)) as f32, (baseline * em) as f32);
        for letter in text.chars() {
            let glyph = font::glyph(letter).with_scale_and_position(scale, pen);
            pen.x += FONT.as_scaled(scale).h_advance(glyph.id);
            // A letter without an outline is a space.
            let Some(outline) = FONT.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut drawn = Ok(());
            outline.draw(|x, y, coverage| {
                let turned = style.transform().transform(x as i32 + corner.x as i32, y as i32 + corner.y as i32);
                let color = BackendColor { alpha: f64::from(coverage.min(1.0)), ..style.color() };
                if drawn.is_ok() && coverage > 0.0 {
                    drawn = self.bitmap.draw_pixel((place.0 + turned.0, place.1 + turned.1), color);
                }
            });
            drawn?;
        }
        Ok(())
    }
}

impl<'a> Raster<'a> {
    /// Fills all pixels whose middle is within half a stroke of the segment.
    fn segment<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn<'a> {
        let half = f64::from(style.stroke_width()) / 2.0;
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        let reach = half.ceil() as i32;
        let from = (self.sharp(from.0, dx, style), self.sharp(from.1, dy, style));
        let to = (from.0 + dx as i32, from.1 + dy as i32);
        for y in from.1.min(to.1) - reach..from.1.max(to.1) + reach {
            for x in from.0.min(to.0) - reach..from.0.max(to.0) + reach {
                let (px, py) = (f64::from(x - from.0) + 0.5, f64::from(y - from.1) + 0.5);
                let along = (px * dx + py * dy) / length;
                let across = (px * dy - py * dx) / length;
                if (0.0..=length).contains(&along) && across.abs() <= half {
                    self.bitmap.draw_pixel((x, y), style.color())?;
                }
            }
        }
        Ok(())
    }

    /// A thin upright or level line goes through the middle of a pixel: it is not smeared over two.
    fn sharp<S: BackendStyle>(&self, place: i32, change: f64, style: &S) -> i32 {
        if change != 0.0 || style.stroke_width() > self.scale {
            return place;
        }
        let scale = self.scale as i32;
        place.div_euclid(scale) * scale + scale / 2
    }
}
