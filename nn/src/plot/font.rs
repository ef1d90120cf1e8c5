//! The built-in font: pictures look the same on every machine.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};

use crate::error::one_line;

/// What an SVG viewer is to look for; the built-in font comes first.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Plotters' sizes are this many times the size of an em.
pub(super) const PLOTTERS_SIZE: f64 = 1.24;

/// `DejaVu Sans` 2.35 cut down by fonttools' `pyftsubset` to ASCII, Latin-1, Greek, raised and lowered digits and some
/// mathematics. Its licence lies beside it.
pub(super) static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../assets/DejaVuSans-subset.ttf")).expect("the built-in font is valid")
});

/// The scale at which an em has this many pixels.
pub(super) fn scale(em: f64) -> PxScale {
    PxScale::from(em as f32 * FONT.height_unscaled() / FONT.units_per_em().unwrap_or(1.0))
}

/// A letter that the font lacks becomes `U+FFFD`, a visible mark.
pub(super) fn glyph(letter: char) -> GlyphId {
    let known = |letter| Some(FONT.glyph_id(letter)).filter(|id| id.0 != 0);
    known(letter).or_else(|| known('\u{FFFD}')).unwrap_or_default()
}

/// Width in pixels at a font size in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let font = FONT.as_scaled(scale(size));
    text.chars().map(|letter| f64::from(font.h_advance(glyph(letter)))).sum()
}

/// The text as one line, or as much of it as fits with an ellipsis.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    let text = one_line(text);
    if width(&text, size) <= room {
        return text;
    }
    let mut room = room - width("…", size);
    let kept = text.chars().take_while(|letter| {
        room -= width(letter.encode_utf8(&mut [0; 4]), size);
        room >= 0.0
    });
    kept.chain(['…']).collect()
}
