//! Named columns of numbers and categories.

use autodiff::Real;
use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use crate::error::{Error, Kind, Result};

/// More categories than this are not written as one-hot rows: they would dwarf the file they came from.
const MOST_CATEGORIES: usize = 1024;

/// The columns of a table, from [`Csv::read`](super::Csv::read).
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    columns: Vec<Column>,
    rows: usize,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// The name from the header; without one, the column's number from 1.
    pub name: String,
    /// The entries, one a row.
    pub values: Values,
}

/// The entries of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// Finite numbers; NaN where a value is missing, if it [may be](super::Csv::missing).
    Numbers(Vec<f64>),
    /// Categories.
    Categories {
        /// Every row's category, as an index into the names; their number where it is missing.
        indices: Vec<usize>,
        /// What the categories are called in the file, in ascending order: by number if all are numbers.
        names: Vec<String>,
    },
}

/// Names a column: by its name, or by its number from 1. A text that is not a column's name but a number counts as the
/// number.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnId {
    /// By name.
    Name(String),
    /// By number, from 1 as in messages.
    Number(usize),
}

impl From<&str> for ColumnId {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for ColumnId {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for ColumnId {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl ColumnId {
    /// The column's index from 0 among those with these names.
    pub(super) fn find(&self, names: &[impl AsRef<str>]) -> Result<usize> {
        let (wanted, number) = match self {
            Self::Number(number) => (number.to_string(), Some(*number)),
            Self::Name(name) => match names.iter().position(|other| other.as_ref() == name) {
                Some(index) => return Ok(index),
                None => (name.clone(), name.parse().ok()),
            },
        };
        let columns = || names.iter().map(|name| name.as_ref().to_owned()).collect();
        let number = number.filter(|number| (1..=names.len()).contains(number));
        Ok(number.ok_or_else(|| Kind::Column { wanted, columns: columns() })? - 1)
    }
}

/// Which columns a table has, and the categories in them: what is needed to read another file in the same way
/// ([`Csv::like`](super::Csv::like)). It can be serialised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// One entry a column.
    pub columns: Vec<ColumnSchema>,
}

/// A column's entry in a [`Schema`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// The column's name.
    pub name: String,
    /// The names of its categories; a column of numbers has none.
    pub categories: Option<Vec<String>>,
}

impl Schema {
    /// Returns the schema without one column, as for a file that lacks the target.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn without(&self, column: impl Into<ColumnId>) -> Result<Self> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let index = column.into().find(&names)?;
        let mut columns = self.columns.clone();
        columns.remove(index);
        Ok(Self { columns })
    }
}

impl Columns {
    /// Columns of equal length.
    pub(super) fn new(columns: Vec<Column>, rows: usize) -> Self {
        Self { columns, rows }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All columns, in the file's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns one column.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn get(&self, column: impl Into<ColumnId>) -> Result<&Column> {
        Ok(&self.columns[self.find(&column.into())?])
    }

    /// Returns what is needed to read another file in the same way.
    pub fn schema(&self) -> Schema {
        let entry = |column: &Column| {
            let categories = match &column.values {
                Values::Numbers(_) => None,
                Values::Categories { names, .. } => Some(names.clone()),
            };
            ColumnSchema { name: column.name.clone(), categories }
        };
        Schema { columns: self.columns.iter().map(entry).collect() }
    }

    /// Converts the table to numbers: numbers stay as they are, categories become one-hot rows, of NaN where one is missing.
    ///
    /// # Errors
    /// If a column has more than 1024 categories.
    pub fn matrix<T: Real>(&self) -> Result<Array2<T>> {
        matrix(self.columns.iter(), self.rows)
    }

    /// Takes one column as targets and the others as inputs, each as in [`matrix`](Self::matrix).
    ///
    /// ```
    /// use nn::data::Csv;
    /// let file = std::env::temp_dir().join("nn-columns-doc.csv");
    /// std::fs::write(&file, "weight,kind\n4.5,cat\n30,dog\n").unwrap();
    /// let data = Csv::new().read(&file)?.dataset::<f64>("kind")?;
    /// assert_eq!(data.inputs(), &ndarray::array![[4.5], [30.0]].into_dyn());
    /// assert_eq!(data.targets(), &ndarray::array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such column or no other one, if a column has more than 1024 categories, or if a number is missing or
    /// too large for `T`.
    pub fn dataset<T: Real>(&self, target: impl Into<ColumnId>) -> Result<Dataset<T>> {
        let target = self.find(&target.into())?;
        let others = self.columns.iter().enumerate().filter(|(i, _)| *i != target).map(|(_, column)| column);
        if self.columns.len() < 2 {
            let name = &self.columns[target].name;
            return Err(Error::data(format!("`{name}` is the only column, expected others as inputs")));
        }
        let targets = matrix([&self.columns[target]].into_iter(), self.rows)?;
        let data = Dataset::new(matrix(others, self.rows)?, targets)?;
        Ok(match &self.columns[target].values {
            Values::Numbers(_) => data,
            Values::Categories { names, .. } => data.with_class_names(names.clone()),
        })
    }

    fn find(&self, column: &ColumnId) -> Result<usize> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        column.find(&names)
    }
}

/// Columns side by side.
fn matrix<'c, T: Real>(columns: impl Iterator<Item = &'c Column> + Clone, rows: usize) -> Result<Array2<T>> {
    let mut width = 0;
    for column in columns.clone() {
        width += match &column.values {
            Values::Numbers(_) => 1,
            Values::Categories { names, .. } if names.len() > MOST_CATEGORIES => {
                return Err(Error::data(format!(
                    "column `{}` has {} categories, expected at most {MOST_CATEGORIES}; leave it out with `Csv::skip`",
                    column.name,
                    names.len()
                )));
            }
            Values::Categories { names, .. } => names.len(),
        };
    }
    let mut all = Array2::zeros((rows, width));
    let mut start = 0;
    for column in columns {
        match &column.values {
            Values::Numbers(numbers) => {
                all.column_mut(start).iter_mut().zip(numbers).for_each(|(entry, &x)| *entry = T::of(x));
                start += 1;
            }
            Values::Categories { indices, names } => {
                for (row, &index) in indices.iter().enumerate() {
                    match names.len() {
                        width if index == width => all.slice_mut(s![row, start..start + width]).fill(T::nan()),
                        _ => all[[row, start + index]] = T::one(),
                    }
                }
                start += names.len();
            }
        }
    }
    Ok(all)
}
