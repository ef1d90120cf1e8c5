//! What the colours of a chart stand for: rows between its title and its plot, beside no data.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::canvas::Canvas;
use super::color::{FRAME, INK, tint};
use super::font;

const LABEL: f64 = 15.0;
pub(super) const ROW: f64 = LABEL + 6.0;
const GAP: f64 = 10.0;
/// Length of a mark.
const SAMPLE: f64 = 26.0;
const LINE: f64 = 2.5;
const DOT: f64 = 4.0;

/// Lengths drawn and left out, in pixels.
pub(super) type Dash = Option<(f64, f64)>;

#[derive(Clone, Copy)]
pub(super) enum Mark {
    Line(RGBColor, Dash),
    Dot(RGBColor),
    /// A dot on ground of its colour.
    Region(RGBColor),
    Bar(RGBColor),
}

pub(super) type Entry = (String, Mark);

/// The entries, names cut to what fits, in as many rows as they need.
pub(super) fn rows(entries: impl IntoIterator<Item = Entry>, room: f64) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut used = f64::INFINITY;
    for (name, mark) in entries.into_iter().filter(|(name, _)| !name.is_empty()) {
        let name = font::fit(&name, LABEL, room - SAMPLE - 3.0 * GAP);
        let width = entry_width(&name);
        if used + width > room {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += width;
        rows.last_mut().expect("the first entry starts a row").push((name, mark));
    }
    rows
}

/// The widest row's.
pub(super) fn width(rows: &[Vec<Entry>]) -> f64 {
    rows.iter().map(|entries| row_width(entries)).fold(0.0, f64::max)
}

/// Rows end at `bottom` and are centred about `middle`.
pub(super) fn draw<B: DrawingBackend>(
    canvas: &Canvas<B>,
    rows: &[Vec<Entry>],
    (middle, bottom): (f64, f64),
) -> DrawResult<(), B> {
    for (row, entries) in rows.iter().enumerate() {
        let y = bottom - ROW * (rows.len() - row) as f64 + 0.5 * ROW;
        let mut x = middle - row_width(entries) / 2.0 + GAP;
        for (name, mark) in entries {
            draw_mark(canvas, *mark, (x, y))?;
            canvas.text((x + SAMPLE + 0.7 * GAP, y), name, LABEL, INK, HPos::Left)?;
            x += entry_width(name);
        }
    }
    Ok(())
}

fn draw_mark<B: DrawingBackend>(canvas: &Canvas<B>, mark: Mark, (x, y): (f64, f64)) -> DrawResult<(), B> {
    let middle = canvas.place((x + SAMPLE / 2.0, y));
    let (corner, size) = ((x, y - 0.35 * LABEL), (SAMPLE, 0.7 * LABEL));
    match mark {
        Mark::Line(color, dash) => {
            let ends = vec![canvas.place((x, y)), canvas.place((x + SAMPLE, y))];
            canvas.curve(ends, canvas.stroke(color, LINE), dash)
        }
        Mark::Dot(color) => canvas.dot(middle, DOT, color),
        Mark::Region(color) => {
            canvas.rect(corner, size, tint(color, 0.3))?;
            canvas.dot(middle, DOT, color)
        }
        Mark::Bar(color) => {
            canvas.rect((corner.0 - 1.0, corner.1 - 1.0), (size.0 + 2.0, size.1 + 2.0), FRAME)?;
            canvas.rect(corner, size, color)
        }
    }
}

fn row_width(entries: &[Entry]) -> f64 {
    entries.iter().map(|(name, _)| entry_width(name)).sum()
}

fn entry_width(name: &str) -> f64 {
    SAMPLE + font::width(name, LABEL) + 3.0 * GAP
}
