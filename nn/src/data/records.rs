//! The rows of a CSV file, each with its line.

use std::path::Path;

use csv::{ErrorKind, Position, Reader, ReaderBuilder, StringRecord};

use crate::error::{Error, Field, Kind, Result};

/// Walks through the rows of a file that is in memory.
pub(super) struct Records<'a> {
    path: &'a Path,
    text: &'a [u8],
    reader: Reader<&'a [u8]>,
    record: StringRecord,
}

/// A row and where it is.
pub(super) struct Record<'a> {
    pub(super) path: &'a Path,
    pub(super) line: u64,
    pub(super) fields: &'a StringRecord,
}

impl<'a> Records<'a> {
    pub(super) fn new(path: &'a Path, text: &'a [u8], delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        Self { path, text, reader, record: StringRecord::new() }
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>> {
        if !self.reader.read_record(&mut self.record).map_err(|error| unreadable(self.path, &error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, |position| line(self.text, position));
        Ok(Some(Record { path: self.path, line, fields: &self.record }))
    }
}

impl Record<'_> {
    /// That there are as many fields as expected.
    pub(super) fn check_len(&self, expected: usize) -> Result<()> {
        if self.fields.len() == expected {
            return Ok(());
        }
        Err(Kind::Fields { path: self.path.to_owned(), line: self.line, found: self.fields.len(), expected }.into())
    }

    /// That field number `index` from 0 is not what was expected.
    pub(super) fn fail(&self, index: usize, name: Option<&str>, expected: impl Into<String>) -> Error {
        let field = Field { number: index + 1, name: name.map(str::to_owned) };
        let found = self.fields[index].to_owned();
        Kind::Field { path: self.path.to_owned(), line: self.line, field, found, expected: expected.into() }.into()
    }

    /// That there is something wrong with the line as a whole.
    pub(super) fn reject(&self, message: String) -> Error {
        Kind::Text { path: self.path.to_owned(), line: self.line, message }.into()
    }
}

/// The text as a finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|x: &f64| x.is_finite())
}

/// The line of a record. The reader's position is where it began to look: before any blank lines that it skipped.
fn line(text: &[u8], position: &Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = text.get(start..).unwrap_or_default().iter().take_while(|b| matches!(b, b'\n' | b'\r'));
    position.line() + blank.filter(|&&b| b == b'\n').count() as u64
}

/// What the CSV reader objects to: text that is not UTF-8.
fn unreadable(path: &Path, error: &csv::Error) -> Error {
    let message = match error.kind() {
        ErrorKind::Utf8 { err, .. } => format!("{err}, expected UTF-8 text"),
        _ => error.to_string(),
    };
    let line = error.position().map_or(0, Position::line);
    Kind::Text { path: path.to_owned(), line, message }.into()
}
