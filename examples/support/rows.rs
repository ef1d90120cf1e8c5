//! Rows of the lectures, and the table of what they found.

use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::{Outcome, Page};

/// A row of the lectures.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// As on the command line: `l14`.
    pub name: &'static str,
    /// What it shows.
    pub statement: &'static str,
    /// Its module's text, whose header is the derivation.
    pub source: &'static str,
    /// Measures and asserts it.
    pub show: fn(&mut Page) -> Outcome,
}

impl Row {
    /// A row.
    pub const fn new(
        name: &'static str,
        statement: &'static str,
        source: &'static str,
        show: fn(&mut Page) -> Outcome,
    ) -> Self {
        Self { name, statement, source, show }
    }
}

/// A row by a function of a module, whose header is the derivation: `row!("l14", "statement", l14_chain_rule::show)`.
#[macro_export]
macro_rules! row {
    ($name:literal, $statement:literal, $module:ident :: $show:ident) => {
        $crate::Row::new($name, $statement, include_str!(concat!(stringify!($module), ".rs")), $module::$show)
    };
}

/// A row that was run.
#[derive(Debug)]
pub struct Shown {
    pub(crate) row: Row,
    /// What the row wrote on.
    pub page: Page,
    measured: String,
    /// How many findings hold, of how many.
    count: (usize, usize),
    pub(crate) holds: bool,
    elapsed: Duration,
}

/// Runs a row on a page of its own. It holds if there are findings, all as they should be, and no error or panic.
pub fn run(row: Row, mut page: Page) -> Shown {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (row.show)(&mut page)));
    let error = match result {
        Ok(result) => result.err().map(|error| format!("error: {error}")),
        Err(_) => Some("panicked; the message is above".to_owned()),
    };
    let findings = page.findings();
    let wrong = findings.iter().find(|finding| !finding.holds).map(|finding| finding.measured.clone());
    let first = findings.first().map(|finding| finding.measured.clone());
    let holding = findings.iter().filter(|finding| finding.holds).count();
    let holds = error.is_none() && page.holds_throughout();
    Shown {
        row,
        count: (holding, findings.len()),
        measured: error.or(wrong).or(first).unwrap_or_else(|| "nothing was measured".to_owned()),
        holds,
        elapsed: start.elapsed(),
        page,
    }
}

impl Display for Shown {
    /// A line of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, measured, count: (holding, of), elapsed, .. } = self;
        let verdict = if self.holds { "holds" } else { "FAILS" };
        let label = row.name.to_uppercase();
        write!(
            f,
            "{label:<4} {:<58} {holding:>2}/{of:<2} {verdict}  {:>5.1} s  ",
            row.statement,
            elapsed.as_secs_f64()
        )?;
        write!(f, "{measured}")
    }
}

/// What all rows came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    rows: usize,
    failed: usize,
}

impl Summary {
    /// The table's head.
    pub const HEAD: &str =
        "row  statement                                                  findings, verdict, time; measured";

    /// Counts a row.
    pub fn add(&mut self, shown: &Shown) {
        self.rows += 1;
        self.failed += usize::from(!shown.holds);
    }

    /// Whether there were rows and all hold.
    pub fn holds(self) -> bool {
        self.rows > 0 && self.failed == 0
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} rows hold", self.rows - self.failed, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(show: fn(&mut Page) -> Outcome) -> Shown {
        run(Row::new("l0", "a row", "", show), Page::new(true, "nowhere"))
    }

    #[test]
    fn a_row_holds_only_with_findings_that_all_hold() {
        let good = shown(|page| {
            page.near("1/3", 0.333_333_33, 1.0 / 3.0, 1e-8);
            Ok(())
        });
        let none = shown(|_| Ok(()));
        let wrong = shown(|page| {
            page.holds("one", true);
            page.at_most("two", f64::NAN, 1.0);
            Ok(())
        });
        let error = shown(|page| {
            page.holds("one", true);
            Err("no disk".into())
        });
        let panicked = shown(|_| panic!("on purpose"));
        let unequal = shown(|page| {
            page.agree("lists", &[0.0, f64::NAN], &[0.0, 1.0], 1.0);
            Ok(())
        });
        assert!(good.to_string().starts_with("L0   a row"), "{good}");
        assert!(good.to_string().contains(" 1/1  holds "), "{good}");
        for (row, measured) in [
            (none, "nothing was measured"),
            (wrong, "two: NaN ≤ 1e0"),
            (error, "error: no disk"),
            (panicked, "panicked; the message is above"),
            (unequal, "lists: 2 numbers, largest difference NaN ≤ 1e0"),
        ] {
            let line = row.to_string();
            assert!(line.contains("FAILS") && line.ends_with(measured), "{line}");
            let mut summary = Summary::default();
            summary.add(&good);
            assert!(summary.holds());
            summary.add(&row);
            assert!(!summary.holds());
            assert_eq!(summary.to_string(), "1 of 2 rows hold");
        }
        assert!(!Summary::default().holds());
    }
}
