//! Labelled rows from a CSV file.

use std::path::Path;

use autodiff::Real;
use ndarray::Array2;

use super::dataset::Dataset;
use super::rows::{Rows, number};
use crate::error::{Error, Kind, Result};
use crate::loss::one_hot;

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
    ///
    /// # Panics
    /// If there are no classes.
    #[track_caller]
    pub fn new(features: usize, classes: usize) -> Self {
        assert!(classes > 0, "Table: 0 classes, expected at least 1");
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
        let mut rows = Rows::new(path, &text, b',');
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        let expected = self.features + 1;
        while let Some(row) = rows.next()? {
            row.check_len(expected)?;
            for (i, field) in row.fields.iter().take(self.features).enumerate() {
                let x = number(field.trim()).ok_or_else(|| row.fail(i, None, "a finite number"))?;
                inputs.push(T::of(x * self.scale));
            }
            let label = row.fields[self.features].trim().parse::<usize>().ok().filter(|&label| label < self.classes);
            let fail = || row.fail(self.features, None, format!("a label from 0 to {}", self.classes - 1));
            labels.push(label.ok_or_else(fail)?);
        }
        if labels.is_empty() {
            let expected = format!("rows of {expected} comma-separated numbers");
            return Err(Kind::EmptyTable { path: path.to_owned(), expected }.into());
        }
        let shape = (labels.len(), self.features);
        let inputs = Array2::from_shape_vec(shape, inputs).expect("as many numbers as rows times features");
        Dataset::new(inputs, one_hot(&labels, self.classes)?)
    }
}
