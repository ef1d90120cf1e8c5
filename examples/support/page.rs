//! A row's page.

use std::error::Error;
use std::fmt::{self, Display, Write};
use std::fs;
use std::path::PathBuf;

use autodiff::explain::Derivation;
use nn::plot::{Figure, LineChart};

/// How a row ends: findings are on the page, an error says what kept it from measuring.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Something that was measured, and whether it is as the lectures say.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was measured, with the value.
    pub measured: String,
    /// Whether it is as it should be.
    pub holds: bool,
}

/// What a row of the lectures writes on: text (by `writeln!`), findings, and pictures.
///
/// ```
/// use std::fmt::Write;
/// let mut page = examples::Page::new(true, "target/lectures");
/// writeln!(page, "E = {}", 0.5)?;
/// page.near("dE/da", 1.0 + 1e-15, 1.0, 1e-12);
/// assert!(page.findings()[0].holds && page.text().contains("E = 0.5"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Debug)]
pub struct Page {
    quick: bool,
    folder: PathBuf,
    text: String,
    findings: Vec<Finding>,
    derivations: Vec<String>,
    pictures: Vec<String>,
    steps: Vec<String>,
}

impl Page {
    /// An empty page whose pictures go to `folder`; `quick` runs measure less.
    pub fn new(quick: bool, folder: impl Into<PathBuf>) -> Self {
        let (derivations, pictures, steps) = (Vec::new(), Vec::new(), Vec::new());
        Self { quick, folder: folder.into(), text: String::new(), findings: Vec::new(), derivations, pictures, steps }
    }

    /// The first of two sizes in a quick run, else the second.
    pub fn size<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Notes that something holds, or not. The first finding stands for the row in the table.
    pub fn holds(&mut self, measured: impl Display, holds: bool) {
        let mark = if holds { "✓" } else { "✗" };
        self.text += &[mark, " ", &measured.to_string(), "\n"].concat();
        self.findings.push(Finding { measured: measured.to_string(), holds });
    }

    /// Notes a number that must be at most `bound`.
    pub fn at_most(&mut self, what: impl Display, value: f64, bound: f64) {
        self.holds(format_args!("{what}: {value:.2e} ≤ {bound:.0e}"), value <= bound);
    }

    /// Notes that a number is another one but for a relative difference of `tolerance`.
    pub fn near(&mut self, what: impl Display, value: f64, wanted: f64, tolerance: f64) {
        let difference = (value - wanted).abs() / wanted.abs().max(1.0);
        self.holds(format_args!("{what}: {value} = {wanted} to {difference:.0e}"), difference <= tolerance);
    }

    /// Notes the largest difference between two lists of numbers, each relative to the larger of 1 and the number.
    pub fn agree<'a>(
        &mut self,
        what: impl Display,
        a: impl IntoIterator<Item = &'a f64>,
        b: impl IntoIterator<Item = &'a f64>,
        tolerance: f64,
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().copied().collect(), b.into_iter().copied().collect());
        let difference = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(1.0);
        // A NaN is no agreement, and `max` would drop it.
        let largest = a.iter().zip(&b).map(difference).fold(0.0, |most: f64, d| if d <= most { most } else { d });
        let same = a.len() == b.len() && !a.is_empty();
        let what = format_args!("{what}: {} numbers, largest difference {largest:.1e} ≤ {tolerance:.0e}", a.len());
        self.holds(what, same && largest <= tolerance);
    }

    /// Saves a chart as `name.svg` and `name.png`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn chart(&mut self, name: &str, chart: &LineChart) -> Outcome {
        self.save(name, |path| Ok(chart.save(path)?))
    }

    /// Saves a figure as `name.svg` and `name.png`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn figure(&mut self, name: &str, figure: &Figure) -> Outcome {
        self.save(name, |path| Ok(figure.save(path)?))
    }

    /// Saves a picture of any kind: `save` writes the file that it is given, once with `.svg` and once with `.png`.
    ///
    /// # Errors
    /// If the folder cannot be made, or as `save` says.
    pub fn save(&mut self, name: &str, save: impl Fn(PathBuf) -> Outcome) -> Outcome {
        fs::create_dir_all(&self.folder)?;
        for extension in ["svg", "png"] {
            save(self.folder.join(name).with_extension(extension))?;
        }
        self.pictures.push(format!("{name}.svg"));
        writeln!(self, "picture: {}", self.folder.join(name).with_extension("png").display())?;
        Ok(())
    }

    /// Writes a picture that is text, such as a graph's SVG.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn file(&mut self, name: &str, text: &str) -> Outcome {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(name);
        fs::write(&path, text)?;
        self.pictures.push(name.to_owned());
        writeln!(self, "picture: {}", path.display())?;
        Ok(())
    }

    /// Keeps a derivation for the index, where it is typeset.
    pub fn derivation(&mut self, derivation: &Derivation) {
        self.derivations.push(derivation.mathml());
    }

    /// Writes the page on which a sweep is watched step by step, as `name.html`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn steps(&mut self, name: &str, steps: &autodiff::page::Page<f64>) -> Outcome {
        fs::create_dir_all(&self.folder)?;
        let name = format!("{name}.html");
        let path = self.folder.join(&name);
        steps.save(&path)?;
        writeln!(self, "step by step: {}", path.display())?;
        self.steps.push(name);
        Ok(())
    }

    /// The derivations, in MathML.
    pub fn derivations(&self) -> &[String] {
        &self.derivations
    }

    /// The names of the pictures' files, and of the pages that show a sweep step by step.
    pub fn files(&self) -> (&[String], &[String]) {
        (&self.pictures, &self.steps)
    }

    /// All that was written, findings among it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there are findings and all are as they should be.
    pub fn holds_throughout(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.holds)
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text += text;
        Ok(())
    }
}
