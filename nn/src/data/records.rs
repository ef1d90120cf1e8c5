//! The rows of a CSV file, each with its line.

use std::path::Path;

use csv::{ErrorKind, Position, Reader, ReaderBuilder, StringRecord};

use crate::error::{Error, Field, Kind, Result};

/// Walks through the rows of a file that is in memory.
pub(super) struct Records<'a> {
    path: &'a Path,
    text: &'a [u8],
    delimiter: u8,
    reader: Reader<&'a [u8]>,
    record: StringRecord,
}

/// A row and where it is.
pub(super) struct Record<'a> {
    path: &'a Path,
    text: &'a [u8],
    delimiter: u8,
    pub(super) line: u64,
    pub(super) fields: &'a StringRecord,
}

impl<'a> Records<'a> {
    /// # Errors
    /// If quotes are such that the reader would take rows for part of a field.
    pub(super) fn new(path: &'a Path, text: &'a [u8], delimiter: u8) -> Result<Self> {
        if let Some((line, message)) = bad_quote(text, delimiter) {
            return Err(Kind::Text { path: path.to_owned(), line, message: message.to_owned() }.into());
        }
        Ok(Self { path, text, delimiter, reader: reader(text, delimiter), record: StringRecord::new() })
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>> {
        if !self.reader.read_record(&mut self.record).map_err(|error| unreadable(self.path, &error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, |position| line(self.text, position));
        let Self { path, text, delimiter, .. } = *self;
        Ok(Some(Record { path, text, delimiter, line, fields: &self.record }))
    }
}

impl Record<'_> {
    /// That there are as many fields as expected.
    pub(super) fn check_len(&self, expected: usize) -> Result<()> {
        if self.fields.len() == expected {
            return Ok(());
        }
        let (path, found) = (self.path.to_owned(), self.fields.len());
        let hint = self.other_delimiter().map_or(String::new(), |other| format!("; {other}"));
        Err(Kind::Fields { path, line: self.line, found, expected, hint }.into())
    }

    /// That the delimiter is not one that the file does without, as far as its first lines tell.
    pub(super) fn check_delimiter(&self) -> Result<()> {
        match self.other_delimiter() {
            Some(other) if self.fields.len() == 1 => Err(self.reject(other)),
            _ => Ok(()),
        }
    }

    /// What to say if another delimiter gives the first lines one number of fields, more than one.
    fn other_delimiter(&self) -> Option<String> {
        const LINES: usize = 20;
        let width = |delimiter: u8| {
            let mut widths =
                reader(self.text, delimiter).into_byte_records().take(LINES).map(|row| row.map(|row| row.len()));
            let first = widths.next()?.ok()?;
            widths.all(|width| width.is_ok_and(|width| width == first)).then_some(first)
        };
        let others = *b",;\t|"
            .iter()
            .filter(|&&other| other != self.delimiter && width(other) > Some(1))
            .max_by_key(|&&other| width(other))?;
        let [other, own] = [others, self.delimiter].map(|delimiter| char::from(delimiter).escape_default());
        Some(format!("the fields seem to be separated by '{other}', not by '{own}': set the delimiter"))
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

fn reader(text: &[u8], delimiter: u8) -> Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    // Small, for what is read is in memory.
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(1 << 12);
    builder.from_reader(text)
}

/// The line of a quote that opens a field and what is wrong with it: it is never closed, or where it is closed the field goes
/// on. Both come of a stray quote, and the reader would take all up to the next one for part of the field.
fn bad_quote(text: &[u8], delimiter: u8) -> Option<(u64, &'static str)> {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut line, mut opens) = (1, true);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'"' || !opens {
            opens = byte == delimiter || byte == b'\n' || byte == b'\r';
            line += u64::from(byte == b'\n');
            continue;
        }
        let opened = line;
        loop {
            let Some(length) = rest.iter().position(|&byte| byte == b'"') else {
                return Some((opened, "a field begins with a quote that is never closed"));
            };
            line += rest[..length].split(|&byte| byte == b'\n').skip(1).count() as u64;
            rest = &rest[length + 1..];
            // Two quotes stand for one.
            match rest.strip_prefix(b"\"") {
                Some(more) => rest = more,
                None => break,
            }
        }
        let next = rest.iter().find(|&&byte| byte != b' ' || byte == delimiter);
        if next.is_some_and(|&byte| byte != delimiter && byte != b'\n' && byte != b'\r') {
            return Some((
                opened,
                "a field begins with a quote, and goes on after the quote that closes it; double quotes within a field",
            ));
        }
        opens = false;
    }
    None
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
