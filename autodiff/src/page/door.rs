//! The public door: a page for a root.

use std::fs;
use std::path::Path;

use super::content::{Content, Subject, content};
use crate::engine::Root;
use crate::engine::vjp::Seed;
use crate::error::{Error, Result, one_line};
use crate::rules::mathml::escaped;
use crate::tape::cell::TapeCell;
use crate::{Real, Tape, Tensor};

const STYLE: &str = include_str!("page.css");
const BODY: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");

/// A page on which the sweep from a root is watched step by step. See the [module](crate::page).
pub struct Page<T: Real> {
    cell: &'static TapeCell<T>,
    epoch: u32,
    root: usize,
    seed: Option<Seed<T>>,
    constants: Vec<(String, Tensor<T>)>,
    title: Option<String>,
    checked: bool,
    /// Kept, so that the entries stay.
    _tape: Option<Tape<T>>,
}

impl<T: Real> Page<T> {
    /// Starts a page for this scalar and everything that went into it. The tape is read when the page is written.
    ///
    /// ```
    /// use autodiff::{Tape, page::Page};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.tensor(ndarray::array![[1.0, 2.0]]).named("W");
    /// let html = Page::of(&w.square().sum()).html();
    /// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("W"));
    /// ```
    ///
    /// # Panics
    /// If the root is a constant, stale, or not a scalar.
    #[track_caller]
    pub fn of(root: impl Root<T>) -> Self {
        let (cell, root, seed) = root.seed("Page");
        let (epoch, constants) = (cell.epoch(), Vec::new());
        Self { cell, epoch, root, seed, constants, title: None, checked: false, _tape: None }
    }

    /// Sets the title; the derivatives' root unless set.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(one_line(&title.into())), ..self }
    }

    /// Names a constant tensor, as [`Explain::constant`](crate::explain::Explain::constant) does: an input, a target.
    pub fn constant(mut self, name: impl Into<String>, tensor: &Tensor<T>) -> Self {
        self.constants.push((one_line(&name.into()), tensor.clone()));
        self
    }

    /// Takes the tape along, so that a function can record something and return its page.
    ///
    /// ```
    /// use autodiff::{Tape, page::Page};
    /// fn sine(at: f64) -> Page<f64> {
    ///     let tape = Tape::new();
    ///     Page::of(tape.var(at).named("x").sin()).keep(tape)
    /// }
    /// assert!(sine(1.3).html().contains("sin"));
    /// ```
    ///
    /// # Panics
    /// If the root is on another tape.
    #[track_caller]
    pub fn keep(self, tape: Tape<T>) -> Self {
        assert!(std::ptr::eq(tape.cell(), self.cell), "`Page::keep` was given a tape that its root is not on");
        Self { _tape: Some(tape), ..self }
    }

    /// Puts numerical derivatives beside the adjoints, with their bounds and verdicts, as [`check`](crate::check) gives them.
    ///
    /// Each is computed by running what follows on the tape again, with one number moved; of an array up to 64 elements.
    /// Variables come first; where the tape is long, other entries go without. What goes through a
    /// [checkpoint](crate::checkpoint) is not compared. Hooks and own operations run as recorded.
    ///
    /// ```
    /// use autodiff::{Tape, page::Page};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(1.3).named("x");
    /// assert!(Page::of(x.sin()).checked().html().contains("\"pass\""));
    /// ```
    pub fn checked(self) -> Self {
        Self { checked: true, ..self }
    }

    /// The page: one HTML file, complete in itself.
    ///
    /// # Panics
    /// If the tape was reset meanwhile or is being swept.
    #[track_caller]
    pub fn html(&self) -> String {
        self.cell.check(self.epoch);
        let Self { cell, root, seed, constants, checked, .. } = self;
        let subject = Subject { cell, root: *root, seed: seed.clone(), constants, checked: *checked };
        let Content { name, svg, json, derivation } = content(&subject);
        let title = escaped(&self.title.clone().unwrap_or_else(|| format!("Derivatives of {name}")));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header><h1><bdi>{title}</bdi></h1></header>\n\
             {BODY}<section class=\"card picture\" aria-label=\"Graph\"><div id=\"graph\" tabindex=\"0\">\n{svg}</div></section>\n\
             <details class=\"card written\" id=\"written\"><summary>The derivation, written out</summary>\n{derivation}</details>\n\
             <script type=\"application/json\" id=\"data\">{json}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
        )
    }

    /// Writes the page into a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If the tape was reset meanwhile or is being swept.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        fs::write(path, self.html()).map_err(|error| Error::custom(format!("{}: {error}", path.display())))
    }
}
