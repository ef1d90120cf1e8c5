//! A training run on a page.

use std::fmt::Write;
use std::io;
use std::path::Path;

use super::canvas::{png, svg};
use super::error::{Error, Kind};
use super::regions::DecisionRegions;
use super::run::{gradient_norm_map, gradient_norms, learning_curves};
use crate::atomic;
use crate::error::one_line;
use crate::train::history::{GradientNorm, History};

const FRAME: &str = include_str!("page.html");
/// More layers than a chart tells apart by colours are drawn as a map.
const CURVES: usize = 7;

/// A training run as one HTML file, complete in itself: the curves of the loss and the metrics, the norm of each layer's
/// gradient, and the regions of the classes as they move with the epochs, which a slider, buttons and arrow keys go through.
///
/// ```
/// use nn::{Activation, Adam, Layer, Mlp, Trainer, data::generate, loss, plot::{DecisionRegions, RunPage}};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let moons = generate::moons::<f64>(60, 0.1, &mut rng);
/// let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rng);
/// let mut trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.05)).epochs(5);
/// let history = trainer.fit(&moons, &moons)?;
/// let end = DecisionRegions::new("", &moons, |x| trainer.model().forward(x).sigmoid());
/// let folder = tempfile::tempdir()?;
/// RunPage::new("Moons", &history).regions("epoch 5", end).save(folder.path().join("moons.html"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunPage<'a> {
    title: String,
    history: &'a History,
    /// What is counted, and the norms.
    norms: (&'static str, &'a [GradientNorm]),
    regions: Vec<(String, DecisionRegions)>,
}

impl<'a> RunPage<'a> {
    /// A page of this run's curves, and its norms over the epochs.
    pub fn new(title: impl Into<String>, history: &'a History) -> Self {
        Self { title: title.into(), history, norms: ("epoch", &history.layers), regions: Vec::new() }
    }

    /// Sets norms over the steps in place of those over the epochs, collected from
    /// [`Step::layer_norms`](crate::Step::layer_norms).
    pub fn step_norms(self, layers: &'a [GradientNorm]) -> Self {
        Self { norms: ("step", layers), ..self }
    }

    /// Adds what the model decides at some time of the run, `epoch 3`: from
    /// [`Trainer::on_epoch`](crate::Trainer::on_epoch), which is given the model.
    pub fn regions(mut self, when: impl Into<String>, regions: DecisionRegions) -> Self {
        self.regions.push((when.into(), regions));
        self
    }

    /// Writes the page, whole or not at all, over a file of that name.
    ///
    /// # Errors
    /// A file that cannot be written.
    ///
    /// # Panics
    /// If the layers have different numbers of norms.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let written = self.html().and_then(|html| atomic::replace(path, html.as_bytes()));
        written.map_err(|cause| Kind::Write { path: path.to_owned(), cause }.into())
    }

    #[track_caller]
    fn html(&self) -> io::Result<String> {
        let (unit, layers) = self.norms;
        let norms = match layers.len() {
            0 => None,
            n if n <= CURVES => Some(svg(&gradient_norms("Gradients by layer", layers).x_label(unit))?),
            _ => Some(svg(&gradient_norm_map("Gradients by layer", layers).x_label(unit))?),
        };
        let mut charts = String::new();
        let curves = svg(&learning_curves("", self.history))?;
        for (label, chart) in [("Learning curves", Some(curves)), ("Norms of gradients", norms)] {
            let Some(chart) = chart else { continue };
            let chart = String::from_utf8(chart).map_err(io::Error::other)?;
            let _ = writeln!(charts, "<section class=\"card\" aria-label=\"{label}\">\n{chart}</section>");
        }
        let mut frames = String::new();
        for (k, (when, regions)) in self.regions.iter().enumerate() {
            let (when, data) = (escaped(when), base64(&png(regions)?));
            let hidden = if k + 1 < self.regions.len() { " hidden" } else { "" };
            let _ = writeln!(frames, "<img alt=\"{when}\" src=\"data:image/png;base64,{data}\"{hidden}>");
        }
        let none = if frames.is_empty() { " hidden" } else { "" };
        let parts = [("TITLE", &escaped(&self.title)), ("NONE", &none.to_owned()), ("CHARTS", &charts)];
        let page = parts.iter().fold(FRAME.to_owned(), |page, (mark, text)| page.replace(&format!("{{{mark}}}"), text));
        // Last: it is long, and must not be searched.
        Ok(page.replacen("{FRAMES}", &frames, 1))
    }
}

/// Text as it stands between tags and inside of quotes.
fn escaped(text: &str) -> String {
    let text = one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // Braces mark the places in the frame.
    text.replace('{', "&#123;")
}

/// Bytes as text, six bits a letter.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, k| bits << 8 | usize::from(three.get(k).copied().unwrap_or(0)));
        for k in 0..4 {
            text.push(if k <= three.len() { LETTERS[bits >> (18 - 6 * k) & 63].into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn letters_are_those_of_the_standard() {
        // RFC 4648.
        for (text, want) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), want);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
