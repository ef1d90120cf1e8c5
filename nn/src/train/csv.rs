//! Histories and comparisons as CSV files. With the feature `data`.

use std::path::Path;

use super::compare::Comparison;
use super::history::History;
use crate::atomic;
use crate::error::Result;

impl History {
    /// Writes a CSV file: a header with the names of the [columns](Self::columns), then a row an epoch. It appears whole
    /// or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let columns = self.columns();
        writer.write_record(columns.iter().map(|(name, _)| name)).expect("text, in memory");
        for epoch in 0..self.epochs.len() {
            let row: Vec<f64> = columns.iter().map(|(_, column)| column[epoch]).collect();
            writer.serialize(row).expect("plain numbers, in memory");
        }
        atomic::write(path.as_ref(), &writer.into_inner().expect("in memory"))
    }
}

impl<M> Comparison<M> {
    /// Writes the table as CSV. The file appears whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        self.cells().iter().for_each(|row| writer.write_record(row).expect("text, in memory"));
        atomic::write(path.as_ref(), &writer.into_inner().expect("in memory"))
    }
}
