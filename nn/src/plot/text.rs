//! The built-in font: widths for the layout, outlines for PNG.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// `DejaVu Sans` 2.35 cut down by fonttools' `pyftsubset` to ASCII, Latin-1, Greek, raised and lowered digits and some
/// mathematics: pictures look the same on every machine. Its licence lies beside it.
static FACE: LazyLock<Face<'static>> = LazyLock::new(|| {
    Face::parse(include_bytes!("../../assets/DejaVuSans-subset.ttf"), 0).expect("the built-in font is valid")
});

/// A letter that the font lacks becomes `U+FFFD`, a visible mark.
fn glyph(letter: char) -> GlyphId {
    FACE.glyph_index(letter).or_else(|| FACE.glyph_index('\u{FFFD}')).unwrap_or_default()
}

fn advance(letter: char) -> f64 {
    f64::from(FACE.glyph_hor_advance(glyph(letter)).unwrap_or(0)) / units_per_em()
}

pub(super) fn units_per_em() -> f64 {
    f64::from(FACE.units_per_em())
}

/// Width in pixels at a font size in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    size * text.chars().map(advance).sum::<f64>()
}

/// The text, or as much of it as fits with an ellipsis.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut room = room - width("…", size);
    let kept = text.chars().take_while(|&letter| {
        room -= size * advance(letter);
        room >= 0.0
    });
    kept.chain(['…']).collect()
}

/// Every letter with its left edge in font units.
pub(super) fn letters(text: &str) -> impl Iterator<Item = (GlyphId, f64)> {
    text.chars().scan(0.0, |right, letter| {
        let left = *right;
        *right += advance(letter) * units_per_em();
        Some((glyph(letter), left))
    })
}

/// A letter's shape in font units, y upwards.
pub(super) fn outline(glyph: GlyphId, path: &mut impl OutlineBuilder) {
    // A letter without an outline is a space.
    FACE.outline_glyph(glyph, path);
}
