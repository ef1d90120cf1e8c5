//! What a comparison found, and how it is shown.

use std::fmt;

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

/// Why numerical differentiation cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The function has a kink or a jump at the point, or closer to it than can be resolved.
    Kink,
    /// Rounding in the function leaves too few digits.
    Noise,
    /// The function is not finite at the point or around it.
    Domain,
    /// Too many entries: those compared agree, the others were not compared.
    Budget,
}

/// One derivative, computed in two ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<T> {
    /// Where it stands: `[i]`, `[i, j]`, or the input followed by the element.
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
    /// if a side is NaN.
    pub fn relative_difference(&self) -> T {
        let (a, b) = (self.autodiff, self.numeric.value);
        let difference = (a - b).abs();
        if difference <= self.numeric.error {
            return T::zero();
        }
        let relative = difference / a.abs().max(b.abs());
        if relative.is_nan() { T::infinity() } else { relative }
    }

    /// How bad: failures before the undecided before what passes.
    fn rank(&self) -> u8 {
        match self.verdict {
            Verdict::Fail => 2,
            Verdict::Inconclusive(_) => 1,
            Verdict::Pass => 0,
        }
    }

    /// The columns of the entry's row.
    fn cells(&self) -> [String; 5] {
        let numeric = format!("{:.10e} ± {:.0e}", self.numeric.value.primal(), self.numeric.error.primal());
        let (a, b) = (self.autodiff.primal(), self.numeric.value.primal());
        let relative = (a - b).abs() / a.abs().max(b.abs());
        let digits = if a == b {
            "all".to_owned()
        } else if relative.is_finite() {
            format!("{:.0}", (-relative.log10()).floor().max(0.0))
        } else {
            "-".to_owned()
        };
        [format!("{:?}", self.index), format!("{a:.10e}"), numeric, digits, self.verdict.to_string()]
    }
}

/// A comparison of derivatives, entry by entry.
///
/// Displays as a line with the verdict and a table: at most 20 entries in order, of more the 10 worst.
///
/// ```
/// use autodiff::check;
/// let report = check::gradient(|x| x[0] * x[0], &[3.0]);
/// assert!(report.to_string().starts_with("gradient: PASS, 1 of 1 entries agree\n"));
/// assert_eq!(report.entries[0].autodiff, 6.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Report<T> {
    /// Fail if any entry fails; inconclusive if any is, or if some were not compared; else pass.
    pub verdict: Verdict,
    /// The entries compared, in order.
    pub entries: Vec<Entry<T>>,
    what: &'static str,
    total: usize,
}

impl<T: Real> Report<T> {
    /// `total` counts the entries that were not compared as well.
    pub(crate) fn new(what: &'static str, entries: Vec<Entry<T>>, total: usize) -> Self {
        let worst = entries.iter().rev().max_by_key(|entry| entry.rank());
        let verdict = match worst.map_or(Verdict::Pass, |entry| entry.verdict) {
            Verdict::Pass if entries.len() < total => Verdict::Inconclusive(Reason::Budget),
            verdict => verdict,
        };
        Self { verdict, entries, what, total }
    }

    /// Whether every entry was compared and agrees.
    pub fn is_pass(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// The largest [`Entry::relative_difference`]; 0 if there are no entries.
    pub fn max_relative_difference(&self) -> T {
        self.entries.iter().map(Entry::relative_difference).fold(T::zero(), T::max)
    }

    /// The entry that is worst: by its verdict, then by its relative difference. `None` if there are no entries.
    pub fn worst(&self) -> Option<&Entry<T>> {
        self.ranked().into_iter().next()
    }

    /// Panics with the table unless the verdict is [`Verdict::Pass`].
    ///
    /// # Panics
    /// If an entry fails or cannot be decided.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.is_pass(), "{self}");
    }

    /// The entries, worst first.
    fn ranked(&self) -> Vec<&Entry<T>> {
        let mut entries: Vec<&Entry<T>> = self.entries.iter().collect();
        let key = |entry: &Entry<T>| (entry.rank(), entry.relative_difference().primal());
        entries.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
        });
        entries
    }
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
        let (count, what) = match self.verdict {
            Verdict::Fail => (self.entries.iter().filter(|entry| entry.verdict == Verdict::Fail).count(), "wrong"),
            Verdict::Inconclusive(Reason::Budget) => (self.entries.len(), "compared, these agree"),
            Verdict::Inconclusive(_) => (self.entries.iter().filter(|entry| entry.rank() > 0).count(), "undecided"),
            Verdict::Pass => (self.entries.len(), "agree"),
        };
        writeln!(f, "{}: {}, {count} of {} entries {what}", self.what, self.verdict, self.total)?;
        let shown: Vec<&Entry<T>> = if self.entries.len() > SHOWN_IN_ORDER {
            self.ranked().into_iter().take(SHOWN_WORST).collect()
        } else {
            self.entries.iter().collect()
        };
        let mut rows = vec![["index", "autodiff", "numeric ± bound", "digits", "verdict"].map(str::to_owned)];
        rows.extend(shown.iter().map(|entry| entry.cells()));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 4] = std::array::from_fn(width);
        for [index, autodiff, numeric, digits, verdict] in &rows {
            let [a, b, c, d] = widths;
            writeln!(f, "{index:a$}  {autodiff:>b$}  {numeric:>c$}  {digits:>d$}  {verdict}")?;
        }
        let hidden = self.entries.len() - shown.len();
        if hidden > 0 { writeln!(f, "({hidden} entries that are no worse are left out)") } else { Ok(()) }
    }
}
