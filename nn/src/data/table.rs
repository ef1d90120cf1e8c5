//! Labelled rows from a CSV file.

use std::path::Path;

use autodiff::Real;
use ndarray::Array2;

use super::Dataset;
use crate::error::Kind;
use crate::loss::one_hot;
use crate::{Error, Result};

/// Reads rows of numbers with a class label in the last field.
///
/// Every row needs the same number of fields; there is no header. The error names file, line, field, what was found and
/// what was expected.
///
/// ```
/// use nn::Table;
/// let file = std::env::temp_dir().join("nn-table-doc.csv");
/// std::fs::write(&file, "0.5,1,0\n2,3,1\n").unwrap();
/// let data = Table::new(2, 2).scale(0.5).read::<f64>(&file)?;
/// assert_eq!(data.inputs(), &ndarray::array![[0.25, 0.5], [1.0, 1.5]].into_dyn());
/// assert_eq!(data.targets(), &ndarray::array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Table {
    features: usize,
    classes: usize,
    scale: f64,
}

impl Table {
    /// Rows of `features` numbers, then a label from 0 to `classes - 1`.
    pub fn new(features: usize, classes: usize) -> Self {
        Self { features, classes, scale: 1.0 }
    }

    /// Multiplies every feature by a factor.
    pub fn scale(self, factor: f64) -> Self {
        Self { scale: factor, ..self }
    }

    /// Reads a file: features as inputs, one-hot labels as targets.
    ///
    /// # Errors
    /// If the file cannot be read, is empty, or a row is not as expected.
    pub fn read<T: Real>(self, path: impl AsRef<Path>) -> Result<Dataset<T>> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(Error::read(path))?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        let expected = self.features + 1;
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| unreadable(path, &error))? {
            let line = record.position().map_or(0, |position| line(&text, position));
            let at = || path.to_owned();
            if record.len() != expected {
                return Err(Kind::Fields { path: at(), line, found: record.len(), expected }.into());
            }
            for (i, field) in record.iter().take(self.features).enumerate() {
                let number = field.trim().parse::<f64>().ok().filter(|x| x.is_finite());
                let fail = || Kind::Number { path: at(), line, field: i + 1, found: field.to_owned() };
                inputs.push(T::of(number.ok_or_else(fail)? * self.scale));
            }
            let field = &record[self.features];
            let label = field.trim().parse::<usize>().ok().filter(|&label| label < self.classes);
            let found = field.to_owned();
            labels.push(label.ok_or(Kind::Label {
                path: at(),
                line,
                field: expected,
                found,
                classes: self.classes,
            })?);
        }
        if labels.is_empty() {
            return Err(Kind::EmptyTable { path: path.to_owned(), fields: expected }.into());
        }
        let shape = (labels.len(), self.features);
        let inputs = Array2::from_shape_vec(shape, inputs).expect("as many numbers as rows times features");
        Dataset::new(inputs, one_hot(&labels, self.classes)?)
    }
}

/// The line of a record. The reader's position is where it began to look: before any blank lines that it skipped.
fn line(text: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = text.get(start..).unwrap_or_default().iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    position.line() + blank.filter(|&&b| b == b'\n').count() as u64
}

/// What the CSV reader objects to: text that is not UTF-8.
fn unreadable(path: &Path, error: &csv::Error) -> Error {
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("{err}, expected UTF-8 text"),
        _ => error.to_string(),
    };
    let line = error.position().map_or(0, csv::Position::line);
    Kind::Text { path: path.to_owned(), line, message }.into()
}
