//! What a comparison found, and how it is shown.

use std::fmt;

use super::cause::Cause;
use crate::Real;
use crate::numeric::Estimate;

/// Up to this many entries are shown in order; of more, the worst.
const SHOWN_IN_ORDER: usize = 20;
/// The rows shown of a longer report.
const SHOWN_WORST: usize = 10;

/// Whether a derivative is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Both sides agree, within a small numerical error.
    Pass,
    /// The sides differ by more than the numerical error.
    Fail,
    /// Numerical differentiation cannot tell.
    Inconclusive(Reason),
}

impl Verdict {
    /// How bad: failures before the undecided before what passes.
    fn rank(self) -> u8 {
        match self {
            Self::Fail => 2,
            Self::Inconclusive(_) => 1,
            Self::Pass => 0,
        }
    }
}

/// Why numerical differentiation cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The function has a kink or a jump at the point, or closer to it than can be resolved.
    Kink,
    /// Rounding in the function leaves too few digits, or it varies on a finer scale than differences can follow.
    Noise,
    /// The function is not finite at the point or around it, or its differences overflow.
    Domain,
    /// Entries were left out; those compared agree. None of these checks leaves any out: what is too much to be compared
    /// entry by entry is compared along random directions.
    Budget,
}

/// One derivative, computed in two ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<T> {
    /// Where it stands: `[i]`, `[i, j]`, or the input followed by the element; empty for the function's value.
    pub index: Vec<usize>,
    /// From the tape.
    pub autodiff: T,
    /// By numerical differentiation, with its error bound.
    pub numeric: Estimate<T>,
    /// Whether they agree.
    pub verdict: Verdict,
}

impl<T: Real> Entry<T> {
    /// `|autodiff - numeric| / max(|autodiff|, |numeric|)`; 0 if the difference is within the numerical error bound, infinite
    /// if a side is not finite.
    pub fn relative_difference(&self) -> T {
        let (a, b) = (self.autodiff, self.numeric.value);
        let difference = (a - b).abs();
        if !(a.is_finite() && b.is_finite()) {
            return T::infinity();
        }
        if difference <= self.numeric.error { T::zero() } else { difference / a.abs().max(b.abs()) }
    }

    /// The columns of the entry's row.
    fn cells(&self, names: &[(String, usize)]) -> [String; 5] {
        let numeric = format!("{:.10e} ± {:.0e}", self.numeric.value.primal(), self.numeric.error.primal());
        let (a, b) = (self.autodiff.primal(), self.numeric.value.primal());
        let relative = (a - b).abs() / a.abs().max(b.abs());
        let digits = if a == b {
            "all".to_owned()
        } else if relative.is_finite() {
            format!("{:.0}", (-relative.log10()).floor().max(0.0) + 0.0)
        } else {
            "-".to_owned()
        };
        let index = match (self.index.as_slice(), names) {
            ([], _) => "value".to_owned(),
            (index, []) => format!("{index:?}"),
            (index, names) => named(index, names),
        };
        [index, format!("{a:.10e}"), numeric, digits, self.verdict.to_string()]
    }
}

/// Derivatives along random directions, in place of very many entries.
///
/// A direction has 1 or -1 for each entry, so a single wrong entry shows with its full error in every direction: it is
/// missed only below [`resolution`](Self::resolution). If several entries are wrong, one of them by more than that, each
/// direction misses them with probability 1/2 at most (for second derivatives, each pair of directions with 3/4), whatever
/// the others are. The signs come from a fixed seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Directions<T> {
    /// The derivative along each direction; the index counts directions.
    pub entries: Vec<Entry<T>>,
    /// The error of an entry that is seen for sure: the largest difference that the numerical error leaves open.
    pub resolution: T,
    /// The probability that several wrong entries, one of them off by more than the resolution, are all missed; of a single
    /// one it is 0.
    pub missed: f64,
}

/// One of the ways in which [`op`](super::op) looks at an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Case<T> {
    /// What was done: `input 0 transposed`.
    pub name: String,
    /// What came of it, by itself.
    pub report: Report<T>,
}

/// A comparison of derivatives, entry by entry.
///
/// Displays as a line with the verdict and a table: at most 20 entries in order, of more the 10 worst. If it fails, the
/// causes follow.
///
/// ```
/// use autodiff::check;
/// let report = check::gradient(|x| x[0] * x[0], &[3.0]);
/// assert!(report.to_string().starts_with("gradient: PASS, 1 of 1 entries agree\n"));
/// assert_eq!(report.entries[0].autodiff, 6.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Report<T> {
    /// Fail if any entry, direction or case fails; inconclusive if an entry or direction is; else pass.
    pub verdict: Verdict,
    /// The entries compared, in order; with [`directions`](Self::directions), those found wrong.
    pub entries: Vec<Entry<T>>,
    /// In place of the entries, where these are very many.
    pub directions: Option<Directions<T>>,
    /// What is to blame if derivatives are wrong, the worst first; empty if nothing was found.
    pub causes: Vec<Cause<T>>,
    /// The ways in which an operation was looked at; only in reports of [`op`](super::op).
    pub cases: Vec<Case<T>>,
    what: String,
    total: usize,
    /// The inputs' names and numbers of axes, if they have names.
    names: Vec<(String, usize)>,
}

impl<T: Real> Report<T> {
    /// `total` counts the entries that were not compared as well.
    pub(crate) fn new(what: impl Into<String>, entries: Vec<Entry<T>>, total: usize) -> Self {
        let (verdict, what) = (worst_verdict(&entries), what.into());
        let (causes, cases, names) = (Vec::new(), Vec::new(), Vec::new());
        Self { verdict, entries, directions: None, causes, cases, what, total, names }
    }

    /// A comparison along directions, and entries that were found wrong.
    pub(crate) fn along(
        what: impl Into<String>,
        located: Vec<Entry<T>>,
        directions: Directions<T>,
        total: usize,
    ) -> Self {
        let verdict = worst_verdict(&directions.entries);
        Self { verdict, directions: Some(directions), ..Self::new(what, located, total) }
    }

    /// The same report with the inputs' names in place of their numbers: of each tensor its name and its number of axes.
    ///
    /// ```
    /// use autodiff::{Tensor, check};
    /// use ndarray::array;
    /// let w = Tensor::constant(array![[1.0, 2.0]]);
    /// let report = check::tensor_gradient(|t| t[0].square().sum(), &[w]).with_names([("weight".to_owned(), 2)]);
    /// assert!(report.to_string().contains("\nweight[0, 1] "));
    /// ```
    pub fn with_names(self, names: impl IntoIterator<Item = (String, usize)>) -> Self {
        Self { names: names.into_iter().collect(), ..self }
    }

    /// An operation looked at in several ways: that as given comes first.
    pub(crate) fn of_cases(what: String, cases: Vec<Case<T>>) -> Self {
        // What cannot be decided in another way of looking is no fault: equal operands may be a kink.
        let shown = failed_case(&cases).or(cases.first()).map(|case| case.report.clone());
        Self { cases, what, ..shown.unwrap_or_else(|| Self::new("", Vec::new(), 0)) }
    }

    /// An entry that fails, the worst of them.
    pub(crate) fn failed(&self) -> Option<&Entry<T>> {
        self.worst().filter(|entry| entry.verdict == Verdict::Fail)
    }

    /// Whether everything was compared and agrees.
    pub fn is_pass(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// The largest [`Entry::relative_difference`], directions included; 0 if there are none.
    pub fn max_relative_difference(&self) -> T {
        self.all().map(Entry::relative_difference).fold(T::zero(), T::max)
    }

    /// The entry that is worst: by its verdict, then by its relative difference. `None` if there are no entries.
    pub fn worst(&self) -> Option<&Entry<T>> {
        ranked(&self.entries).into_iter().next()
    }

    /// Panics with the report unless the verdict is [`Verdict::Pass`].
    ///
    /// # Panics
    /// If an entry fails or cannot be decided.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.is_pass(), "{self}");
    }

    fn all(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter().chain(self.directions.iter().flat_map(|directions| &directions.entries))
    }

    /// What the verdict means, with counts.
    fn counted(&self) -> String {
        if !self.cases.is_empty() {
            let failed = self.cases.iter().filter(|case| case.report.verdict == Verdict::Fail).count();
            let all = self.cases.len();
            return if failed > 0 { format!("in {failed} of {all} cases") } else { format!("{all} cases") };
        }
        let as_bad = |entry: &&Entry<T>| entry.verdict.rank() >= self.verdict.rank();
        let count = |entries: &[Entry<T>]| entries.iter().filter(as_bad).count();
        let Some(Directions { entries, .. }) = &self.directions else {
            let what = match self.verdict {
                Verdict::Fail => "wrong",
                Verdict::Inconclusive(_) => "undecided",
                Verdict::Pass => "agree",
            };
            return format!("{} of {} entries {what}", count(&self.entries), self.total);
        };
        let (what, does) = match self.verdict {
            Verdict::Fail => (format!("{} of", count(entries)), "wrong"),
            Verdict::Inconclusive(_) => (format!("{} undecided of", count(entries)), "compared"),
            Verdict::Pass => ("all of".to_owned(), "compared"),
        };
        format!("{what} {} random directions {does}, through {} entries", entries.len(), self.total)
    }
}

/// An index with the inputs' names in place of their numbers: `layers.0.weight[2, 1]`.
fn named(mut index: &[usize], names: &[(String, usize)]) -> String {
    let mut parts = Vec::new();
    while let Some((&input, rest)) = index.split_first() {
        let (name, axes) = &names[input];
        let (own, others) = rest.split_at(*axes);
        parts.push(format!("{name}{own:?}"));
        index = others;
    }
    parts.join(" ")
}

/// The entries, worst first.
fn ranked<T: Real>(entries: &[Entry<T>]) -> Vec<&Entry<T>> {
    let mut entries: Vec<&Entry<T>> = entries.iter().collect();
    let key = |entry: &Entry<T>| (entry.verdict.rank(), entry.relative_difference().primal());
    entries.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    entries
}

fn worst_verdict<T: Real>(entries: &[Entry<T>]) -> Verdict {
    entries.iter().rev().map(|entry| entry.verdict).max_by_key(|verdict| verdict.rank()).unwrap_or(Verdict::Pass)
}

fn failed_case<T: Real>(cases: &[Case<T>]) -> Option<&Case<T>> {
    cases.iter().find(|case| case.report.verdict == Verdict::Fail)
}

/// A table of entries: all of them, or the worst.
fn table<T: Real>(
    f: &mut fmt::Formatter<'_>,
    entries: &[Entry<T>],
    title: &str,
    names: &[(String, usize)],
) -> fmt::Result {
    let shown: Vec<&Entry<T>> = if entries.len() > SHOWN_IN_ORDER {
        ranked(entries).into_iter().take(SHOWN_WORST).collect()
    } else {
        entries.iter().collect()
    };
    let mut rows = vec![[title, "autodiff", "numeric ± bound", "digits", "verdict"].map(str::to_owned)];
    rows.extend(shown.iter().map(|entry| entry.cells(names)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    for [index, autodiff, numeric, digits, verdict] in &rows {
        let [a, b, c, d] = widths;
        writeln!(f, "{index:a$}  {autodiff:>b$}  {numeric:>c$}  {digits:>d$}  {verdict}")?;
    }
    let hidden = entries.len() - shown.len();
    if hidden > 0 { writeln!(f, "({hidden} entries that are no worse are left out)") } else { Ok(()) }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("PASS"),
            Self::Fail => f.write_str("FAIL"),
            Self::Inconclusive(reason) => write!(f, "INCONCLUSIVE ({reason})"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kink => "kink",
            Self::Noise => "noise",
            Self::Domain => "domain",
            Self::Budget => "budget",
        })
    }
}

impl<T: Real> fmt::Display for Report<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, {}", self.what, self.verdict, self.counted())?;
        let width = self.cases.iter().map(|case| case.name.chars().count()).max().unwrap_or(0);
        for Case { name, report } in &self.cases {
            writeln!(f, "  {name:width$}  {}", report.verdict)?;
        }
        if let Some(case) = failed_case(&self.cases) {
            writeln!(f, "{}:", case.name)?;
        }
        if !self.entries.is_empty() {
            table(f, &self.entries, "index", &self.names)?;
        }
        if let Some(Directions { entries, resolution, missed }) = &self.directions {
            table(f, entries, "direction", &[])?;
            write!(
                f,
                "(a wrong entry that is off by more than {:.0e} is missed with probability 0 ",
                resolution.primal()
            )?;
            writeln!(f, "if it is the only one, {missed:.0e} at most if others are wrong too)")?;
        }
        for cause in &self.causes {
            writeln!(f, "cause: {cause}")?;
        }
        Ok(())
    }
}
