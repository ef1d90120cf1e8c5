//! Colours that are told apart with any colour vision.

use plotters::style::{RGBColor, WHITE};

pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
pub(super) const GRID: RGBColor = RGBColor(226, 226, 226);
pub(super) const FRAME: RGBColor = RGBColor(120, 120, 120);
pub(super) const VERMILION: RGBColor = RGBColor(213, 94, 0);
/// Where there is no value.
pub(super) const NOTHING: RGBColor = RGBColor(205, 205, 205);

/// Okabe and Ito's palette; its yellow is too pale for lines on white.
pub(super) const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    VERMILION,
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    INK,
];

/// The colour map viridis: perceptually uniform, from dark at 0 to light at 1.
pub(super) fn viridis(place: f64) -> RGBColor {
    let color = colorous::VIRIDIS.eval_continuous(place.clamp(0.0, 1.0));
    RGBColor(color.r, color.g, color.b)
}

/// A class's colour; more classes than the palette has are spread over the colour map.
pub(super) fn class(class: usize, classes: usize) -> RGBColor {
    if classes <= PALETTE.len() { PALETTE[class % PALETTE.len()] } else { viridis(class as f64 / (classes - 1) as f64) }
}

/// As much of a colour on white.
pub(super) fn tint(color: RGBColor, share: f64) -> RGBColor {
    let mix = |channel: u8| (255.0 - share * (255.0 - f64::from(channel))).round();
    #[expect(clippy::cast_sign_loss, reason = "between a channel and 255")]
    let channel = |channel| mix(channel) as u8;
    RGBColor(channel(color.0), channel(color.1), channel(color.2))
}

/// Black or white text, whichever stands out more from this ground.
pub(super) fn text_on(ground: RGBColor) -> RGBColor {
    // Relative luminance; both contrasts are equal where it is 0.21.
    let light = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
    let luminance = 0.2126 * light(ground.0) + 0.7152 * light(ground.1) + 0.0722 * light(ground.2);
    if luminance > 0.21 { INK } else { WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_map_grows_lighter_and_text_stands_out() {
        let light = |color: RGBColor| {
            [(0.2126, color.0), (0.7152, color.1), (0.0722, color.2)]
                .iter()
                .map(|&(weight, channel)| weight * (f64::from(channel) / 255.0).powf(2.2))
                .sum::<f64>()
        };
        let colors: Vec<f64> = (0..=20).map(|k| light(viridis(f64::from(k) / 20.0))).collect();
        assert!(colors.windows(2).all(|pair| pair[0] < pair[1]), "{colors:?}");
        for k in 0..=20 {
            let ground = viridis(f64::from(k) / 20.0);
            let (a, b) = (light(ground) + 0.05, light(text_on(ground)) + 0.05);
            assert!(a.max(b) / a.min(b) > 3.5, "text on {ground:?}");
        }
    }
}
