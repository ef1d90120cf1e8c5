//! The confusion matrix and what follows from it.

use std::fmt;

use autodiff::{Real, Tensor};
use ndarray::{Array2, Axis};

use super::rows::{largest, rows};
use crate::error::one_line;
use crate::expect;

/// How often each class was taken for each: rows are the targets' classes, columns the predicted ones.
///
/// With TP, FP and FN the numbers of a class's items that were found, of others taken for it, and of its items that
/// were missed:
///
/// | | formula | undefined for a class |
/// |---|---|---|
/// | precision | TP / (TP + FP) | that was never predicted |
/// | recall | TP / (TP + FN) | without items |
/// | F1 | 2 TP / (2 TP + FP + FN) | without items and never predicted |
///
/// Undefined is NaN. In an average over classes an undefined value counts as 0, and classes without items that were
/// never predicted do not count: the convention of scikit-learn.
///
/// ```
/// use nn::metrics::{Average, Confusion};
/// let confusion = Confusion::new(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 2], 3).names(["cat", "dog", "owl"]);
/// assert_eq!(confusion.precision(1), 2.0 / 3.0);
/// assert!(confusion.precision(2).is_nan());
/// assert_eq!(confusion.mean_recall(Average::Macro), (1.0 + 2.0 / 3.0 + 0.0) / 3.0);
/// let table = "\
/// true \\ predicted  cat  dog  owl
/// cat                 1    0    0
/// dog                 1    2    0
/// owl                 0    1    0
/// ";
/// assert_eq!(confusion.to_string(), table);
/// ```
#[doc(alias("confusion_matrix", "classification_report"))]
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    counts: Array2<usize>,
    names: Vec<String>,
}

/// How the classes' values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// Every class counts as much.
    Macro,
    /// Every item counts as much: TP, FP and FN are added up first. With one class an item this is the accuracy.
    Micro,
    /// Every class counts as much as it has items.
    Weighted,
}

impl Confusion {
    /// Counts from the predicted class and the target's class of each item, all below `classes`.
    ///
    /// # Panics
    /// If the numbers of items differ, or if a class is not below `classes`.
    #[track_caller]
    pub fn new(predicted: &[usize], targets: &[usize], classes: usize) -> Self {
        let (n, m) = (predicted.len(), targets.len());
        assert!(n == m, "confusion: {n} predicted classes and {m} targets, expected as many");
        let mut counts = Array2::zeros((classes, classes));
        for (i, (&p, &t)) in predicted.iter().zip(targets).enumerate() {
            let Some(count) = counts.get_mut((t, p)) else {
                panic!(
                    "confusion: item {i} is of class {t} and was taken for {p}; the classes are those below {classes}"
                )
            };
            *count += 1;
        }
        Self { counts, names: (0..classes).map(|class| class.to_string()).collect() }
    }

    /// Counts from outputs and targets; with one output the classes are 0 and 1.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn of<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Self {
        let (y, t) = rows("confusion", y, t);
        let classes = |rows: &Array2<f64>| -> Vec<usize> {
            match rows.ncols() {
                1 => rows.iter().map(|&x| usize::from(x >= 0.5)).collect(),
                _ => rows.rows().into_iter().map(|row| largest(&row)).collect(),
            }
        };
        Self::new(&classes(&y), &classes(&t), if y.ncols() == 1 { 2 } else { y.ncols() })
    }

    /// Names the classes.
    ///
    /// # Panics
    /// If there are more or fewer names than classes.
    #[track_caller]
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = expect::names("confusion", names, self.names.len(), "classes");
        self
    }

    /// The counts: how often class `row` was taken for class `column`.
    pub fn counts(&self) -> &Array2<usize> {
        &self.counts
    }

    /// The classes' names.
    pub fn class_names(&self) -> &[String] {
        &self.names
    }

    /// The fraction of items whose class was found.
    pub fn accuracy(&self) -> f64 {
        self.counts.diag().sum() as f64 / self.counts.sum() as f64
    }

    /// The number of items of a class.
    ///
    /// # Panics
    /// If there is no such class, as in the methods below.
    #[track_caller]
    pub fn support(&self, class: usize) -> usize {
        self.counts.row(class).sum()
    }

    /// The fraction of the items taken for this class that are of it.
    #[doc(alias = "precision_score")]
    #[track_caller]
    pub fn precision(&self, class: usize) -> f64 {
        let (found, predicted, _) = self.class(class);
        found / predicted
    }

    /// The fraction of the items of this class that were found.
    #[doc(alias = "recall_score")]
    #[track_caller]
    pub fn recall(&self, class: usize) -> f64 {
        let (found, _, support) = self.class(class);
        found / support
    }

    /// The harmonic mean of precision and recall.
    #[doc(alias = "f1_score")]
    #[track_caller]
    pub fn f1(&self, class: usize) -> f64 {
        let (found, predicted, support) = self.class(class);
        2.0 * found / (predicted + support)
    }

    /// The average [`precision`](Self::precision) of all classes.
    pub fn mean_precision(&self, average: Average) -> f64 {
        self.mean(average, Self::precision)
    }

    /// The average [`recall`](Self::recall) of all classes.
    pub fn mean_recall(&self, average: Average) -> f64 {
        self.mean(average, Self::recall)
    }

    /// The average [`f1`](Self::f1) of all classes.
    pub fn mean_f1(&self, average: Average) -> f64 {
        self.mean(average, Self::f1)
    }

    /// How many items of a class were found, how many were taken for it, how many there are.
    #[track_caller]
    fn class(&self, class: usize) -> (f64, f64, f64) {
        let predicted: usize = self.counts.column(class).sum();
        (self.counts[[class, class]] as f64, predicted as f64, self.support(class) as f64)
    }

    fn mean(&self, average: Average, value: fn(&Self, usize) -> f64) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for class in 0..self.names.len() {
            let (_, predicted, support) = self.class(class);
            let weight = match average {
                // Each miss of one class is a false find of another: all three values are the accuracy.
                Average::Micro => return self.accuracy(),
                Average::Macro => f64::from(u8::from(predicted + support > 0.0)),
                Average::Weighted => support,
            };
            let value = value(self, class);
            sum += if value.is_nan() { 0.0 } else { weight * value };
            weights += weight;
        }
        sum / weights
    }
}

/// A table with the classes' names; the columns are as wide as they need to be.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CORNER: &str = "true \\ predicted";
        let width = |text: &str| text.chars().count();
        let names: Vec<String> = self.names.iter().map(|name| one_line(name)).collect();
        let first = names.iter().map(|name| width(name)).fold(width(CORNER), usize::max);
        let columns = self.counts.axis_iter(Axis(1)).zip(&names);
        let widths: Vec<usize> = columns
            .map(|(column, name)| column.iter().map(|n| n.to_string().len()).fold(width(name), usize::max))
            .collect();
        write!(f, "{CORNER:first$}")?;
        names.iter().zip(&widths).try_for_each(|(name, width)| write!(f, "  {name:>width$}"))?;
        writeln!(f)?;
        for (row, name) in self.counts.rows().into_iter().zip(&names) {
            write!(f, "{name:first$}")?;
            row.iter().zip(&widths).try_for_each(|(count, width)| write!(f, "  {count:>width$}"))?;
            writeln!(f)?;
        }
        Ok(())
    }
}
