//! Tables with named columns from CSV files.

use std::collections::BTreeMap;
use std::path::Path;

use super::columns::{Column, ColumnId, Columns, Schema, Values};
use super::records::{Record, Records, number};
use crate::error::{Error, Kind, Result, listed};
use crate::expect;

/// What stands for a missing value, besides an empty field.
const MISSING: [&str; 6] = ["na", "n/a", "nan", "null", "none", "?"];

/// Reads a CSV file column by column.
///
/// A column holds numbers or categories; the first row decides, and a later field of the other kind is an error, as is a
/// missing value: an empty field, `NA`, `N/A`, `NaN`, `null`, `none` or `?` in any case. A column that
/// [`categories`](Self::categories) names may hold anything but an empty field. Spaces around a field do not count. Errors
/// name the file, the line and the field.
///
/// ```
/// use nn::data::{Csv, Values};
/// let file = std::env::temp_dir().join("nn-csv-doc.csv");
/// std::fs::write(&file, "id,height,kind\n17,1.5,oak\n18,0.2,fern\n").unwrap();
/// let columns = Csv::new().skip("id").read(&file)?;
/// assert_eq!(columns.get("height")?.values, Values::Numbers(vec![1.5, 0.2]));
/// let names = ["fern", "oak"].map(String::from).to_vec();
/// assert_eq!(columns.get("kind")?.values, Values::Categories { indices: vec![1, 0], names });
///
/// std::fs::write(&file, "id,height,kind\n17,1.5,oak\n18,,fern\n").unwrap();
/// let message = Csv::new().read(&file).unwrap_err().to_string();
/// assert!(message.ends_with(".csv:3: field 2 (height) is \"\", expected a number; fill in the value or leave out the row"));
/// # Ok::<(), nn::Error>(())
/// ```
#[doc(alias = "read_csv")]
#[derive(Clone, Debug)]
pub struct Csv {
    header: bool,
    delimiter: u8,
    categories: Vec<ColumnId>,
    classes: Vec<(ColumnId, usize)>,
    skip: Vec<ColumnId>,
    missing: bool,
    schema: Option<Schema>,
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Csv {
    /// Reads files with a header, separated by commas.
    pub fn new() -> Self {
        Self {
            header: true,
            delimiter: b',',
            categories: Vec::new(),
            classes: Vec::new(),
            skip: Vec::new(),
            missing: false,
            schema: None,
        }
    }

    /// Sets whether the first line names the columns. Otherwise they are called 1, 2 and so on.
    pub fn header(self, header: bool) -> Self {
        Self { header, ..self }
    }

    /// Sets what separates the fields of a line; a comma unless set.
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// Reads a column as categories even if it looks like numbers.
    pub fn categories(mut self, column: impl Into<ColumnId>) -> Self {
        self.categories.push(column.into());
        self
    }

    /// Reads a column as class numbers from 0 to `count - 1`, whether or not all of them occur.
    ///
    /// ```
    /// use nn::Csv;
    /// let file = std::env::temp_dir().join("nn-classes-doc.csv");
    /// std::fs::write(&file, "0.5,1,0\n2,3,1\n").unwrap();
    /// let data = Csv::new().header(false).classes(3, 4).read(&file)?.dataset::<f64>(3)?;
    /// assert_eq!(data.inputs(), &ndarray::array![[0.5, 1.0], [2.0, 3.0]].into_dyn());
    /// assert_eq!(data.targets(), &ndarray::array![[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]].into_dyn());
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there are no classes.
    #[track_caller]
    pub fn classes(mut self, column: impl Into<ColumnId>, count: usize) -> Self {
        self.classes.push((column.into(), expect::at_least_one("Csv: the number of classes", count)));
        self
    }

    /// Leaves a column out.
    pub fn skip(mut self, column: impl Into<ColumnId>) -> Self {
        self.skip.push(column.into());
        self
    }

    /// Sets whether values may be missing; they may not unless set. A missing number is read as NaN, a missing category as
    /// the index behind the last name; both are NaN in a [matrix](Columns::matrix). A field is missing where without this it
    /// would be an error for that.
    ///
    /// ```
    /// use nn::data::{Csv, Values};
    /// let file = std::env::temp_dir().join("nn-missing-doc.csv");
    /// std::fs::write(&file, "height,kind\n,oak\n0.2,?\n").unwrap();
    /// let columns = Csv::new().missing(true).read(&file)?;
    /// let names = vec!["oak".to_owned()];
    /// assert_eq!(columns.get("kind")?.values, Values::Categories { indices: vec![0, 1], names });
    /// let matrix = columns.matrix::<f64>()?;
    /// assert!(matrix[(0, 0)].is_nan() && matrix[(1, 0)] == 0.2 && matrix[(1, 1)].is_nan());
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn missing(self, allowed: bool) -> Self {
        Self { missing: allowed, ..self }
    }

    /// Reads columns as in another file: the same ones in the same order, the same categories with the same indices.
    /// With a header they are found by name, and others are left out. What [`categories`](Self::categories),
    /// [`classes`](Self::classes) and [`skip`](Self::skip) say is ignored then.
    ///
    /// ```
    /// use nn::data::Csv;
    /// let folder = std::env::temp_dir();
    /// let (old, new) = (folder.join("nn-like-old.csv"), folder.join("nn-like-new.csv"));
    /// std::fs::write(&old, "height,kind,age\n1.5,oak,3\n0.2,fern,1\n").unwrap();
    /// std::fs::write(&new, "kind,height\noak,1.7\n").unwrap();
    /// let schema = Csv::new().read(&old)?.schema().without("age")?;
    /// let matrix = Csv::new().like(&schema).read(&new)?.matrix::<f64>()?;
    /// assert_eq!(matrix, ndarray::array![[1.7, 0.0, 1.0]]);
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn like(self, schema: &Schema) -> Self {
        Self { schema: Some(schema.clone()), ..self }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, has no rows, or is not as expected: the fields seem to be separated by another delimiter, a
    /// quote is never closed, the header has no names or one of them twice, a column that was asked for is not there, a row has
    /// more or fewer fields than the first one, a value is missing, not finite or of the other kind.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Columns> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(Error::read(path))?;
        let mut rows = Records::new(path, &text, self.delimiter)?;
        let empty = || {
            let expected = if self.header { "a header, then at least one row" } else { "at least one row" };
            Error::from(Kind::EmptyTable { path: path.to_owned(), expected: expected.to_owned() })
        };
        let first = rows.next()?.ok_or_else(empty)?;
        first.check_delimiter()?;
        let names =
            if self.header { header(&first)? } else { (1..=first.fields.len()).map(|n| n.to_string()).collect() };
        // As many rows like the first as the text can hold: right for most files, and never more than the text's size.
        let room = text.len() / (first.fields.as_slice().len() + names.len()) + 1;
        let width = names.len();
        let mut builders = self.builders(&first, names, room)?;
        let (mut texts, mut count) = (Texts::new(), 0);
        if !self.header {
            builders.iter_mut().try_for_each(|builder| builder.push(&first, &mut texts))?;
            count = 1;
        }
        while let Some(row) = rows.next()? {
            row.check_len(width)?;
            builders.iter_mut().try_for_each(|builder| builder.push(&row, &mut texts))?;
            count += 1;
        }
        if count == 0 {
            return Err(empty());
        }
        let mut by_id = vec![""; texts.len()];
        for (text, &id) in &texts {
            by_id[id] = text;
        }
        let columns = builders.into_iter().map(|builder| builder.finish(&by_id, path)).collect::<Result<_>>()?;
        Ok(Columns::new(columns, count))
    }

    /// What to read, and from which fields.
    fn builders(&self, first: &Record<'_>, names: Vec<String>, room: usize) -> Result<Vec<Builder>> {
        let index = |column: &ColumnId| column.find(&names).map_err(|error| first.reject(error.to_string()));
        if let Some(schema) = &self.schema {
            if !self.header {
                first.check_len(schema.columns.len())?;
            }
            let builder = |(position, column): (usize, &super::ColumnSchema)| {
                let same = |name: &String| *name == column.name;
                let found = if self.header { names.iter().position(same) } else { Some(position) };
                let index = found.ok_or_else(|| {
                    let missing = Kind::Column { wanted: column.name.clone(), columns: names.clone() };
                    first.reject(missing.to_string())
                })?;
                let kind = match &column.categories {
                    None => Building::Numbers { numbers: Vec::with_capacity(room), decided: None },
                    Some(names) => {
                        let (names, places) = (names.clone(), places(names)?);
                        Building::Known { names, places, indices: Vec::with_capacity(room) }
                    }
                };
                Ok(Builder { index, name: column.name.clone(), named: self.header, missing: self.missing, kind })
            };
            return schema.columns.iter().enumerate().map(builder).collect();
        }
        let skipped = self.skip.iter().map(index).collect::<Result<Vec<usize>>>()?;
        let categories = self.categories.iter().map(index).collect::<Result<Vec<usize>>>()?;
        let classes = self.classes.iter().map(|(column, count)| Ok((index(column)?, *count)));
        let classes = classes.collect::<Result<Vec<(usize, usize)>>>()?;
        let mut builders = Vec::with_capacity(names.len());
        for (index, name) in names.into_iter().enumerate().filter(|(index, _)| !skipped.contains(index)) {
            let is_named = categories.contains(&index);
            let categories = || Building::Categories { ids: Vec::with_capacity(room), decided: None };
            let count = classes.iter().find(|(column, _)| *column == index).map(|(_, count)| *count);
            let kind = match count {
                Some(count) => Building::Classes { count, indices: Vec::with_capacity(room) },
                None if is_named => categories(),
                None => Building::Undecided { room, missing: 0 },
            };
            builders.push(Builder { index, name, named: self.header, missing: self.missing, kind });
        }
        Ok(builders)
    }
}

/// The names in a header. A column without one is called by its number.
fn header(row: &Record<'_>) -> Result<Vec<String>> {
    if row.fields.iter().all(|field| number(field.trim()).is_some()) {
        let message = "all fields are numbers, expected a header; without one, read the file with `header(false)`";
        return Err(row.reject(message.to_owned()));
    }
    let mut names = Vec::with_capacity(row.fields.len());
    let mut seen = BTreeMap::new();
    for (i, name) in row.fields.iter().map(str::trim).enumerate() {
        let name = if name.is_empty() { (i + 1).to_string() } else { name.to_owned() };
        if let Some(before) = seen.insert(name.clone(), i + 1) {
            return Err(row.fail(i, None, format!("a name that differs from that of field {before}")));
        }
        names.push(name);
    }
    Ok(names)
}

/// The texts of all columns of categories, numbered as they come: one map, however many columns there are.
type Texts = BTreeMap<String, usize>;

/// A column that is being read.
struct Builder {
    index: usize,
    name: String,
    /// Whether the name came from a header.
    named: bool,
    /// Whether values may be missing.
    missing: bool,
    kind: Building,
}

enum Building {
    /// The first value is still to come; so many are missing.
    Undecided { room: usize, missing: usize },
    /// Numbers; the line that decided so, if it was no schema.
    Numbers { numbers: Vec<f64>, decided: Option<u64> },
    /// Categories as numbers of texts; the line that decided so, if the user did not.
    Categories { ids: Vec<usize>, decided: Option<u64> },
    /// Class numbers below a count.
    Classes { count: usize, indices: Vec<usize> },
    /// Categories from a schema, and where each has its place.
    Known { names: Vec<String>, places: BTreeMap<String, usize>, indices: Vec<usize> },
}

/// The number of a text that is missing.
const NO_TEXT: usize = usize::MAX;

/// What to do where a column is taken for what it is not.
const NAMED: &str = "a column of categories that may be numbers has to be named as such";

impl Builder {
    fn push(&mut self, row: &Record<'_>, texts: &mut Texts) -> Result<()> {
        let text = row.fields[self.index].trim();
        let is_missing = text.is_empty() || MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing));
        let name = self.named.then_some(self.name.as_str());
        let fail = |expected: String| Err(row.fail(self.index, name, expected));
        let missing = |what: &str| fail(format!("{what}; fill in the value or leave out the row"));
        if self.missing && is_missing && self.kind.take_missing(text) {
            return Ok(());
        }
        if let Building::Undecided { room, missing: before } = self.kind {
            self.kind = if is_missing {
                return missing("a number or a category");
            } else if text.parse::<f64>().is_ok() {
                let mut numbers = Vec::with_capacity(room);
                numbers.resize(before, f64::NAN);
                Building::Numbers { numbers, decided: Some(row.line) }
            } else {
                let mut ids = Vec::with_capacity(room);
                ids.resize(before, NO_TEXT);
                Building::Categories { ids, decided: Some(row.line) }
            };
        }
        match &mut self.kind {
            Building::Undecided { .. } => unreachable!("decided above"),
            Building::Numbers { .. } if is_missing => return missing("a number"),
            Building::Numbers { numbers, decided } => match (number(text), decided) {
                (Some(x), _) => numbers.push(x),
                (None, Some(line)) if text.parse::<f64>().is_err() => {
                    return fail(format!("a finite number as in line {line}; {NAMED}"));
                }
                (None, _) => return fail("a finite number".to_owned()),
            },
            Building::Categories { decided: Some(_), .. } if is_missing => return missing("a category"),
            Building::Categories { decided: Some(line), .. } if number(text).is_some() => {
                let hint = if self.named { "" } else { ", and a header has to be asked for" };
                return fail(format!("no number, as in line {line}; {NAMED}{hint}"));
            }
            Building::Classes { count, indices } => match text.parse() {
                Ok(class) if class < *count => indices.push(class),
                _ => return fail(format!("a class from 0 to {}", *count - 1)),
            },
            Building::Categories { .. } | Building::Known { .. } if text.is_empty() => return missing("a category"),
            Building::Categories { ids, .. } => {
                let next = texts.len();
                ids.push(match texts.get(text) {
                    Some(id) => *id,
                    None => *texts.entry(text.to_owned()).or_insert(next),
                });
            }
            Building::Known { names, places, indices } => match places.get(text) {
                Some(index) => indices.push(*index),
                None => return fail(format!("a known category: {}", listed(names))),
            },
        }
        Ok(())
    }

    /// The column, given the texts by their numbers.
    fn finish(self, texts: &[&str], path: &Path) -> Result<Column> {
        let values = match self.kind {
            Building::Undecided { .. } => return Err(Kind::NoValues { path: path.to_owned(), name: self.name }.into()),
            Building::Categories { ids, .. } if ids.iter().all(|&id| id == NO_TEXT) => {
                return Err(Kind::NoValues { path: path.to_owned(), name: self.name }.into());
            }
            Building::Numbers { numbers, .. } => Values::Numbers(numbers),
            Building::Classes { count, indices } => {
                Values::Categories { indices, names: (0..count).map(|class| class.to_string()).collect() }
            }
            Building::Known { names, indices, .. } => Values::Categories { indices, names },
            Building::Categories { ids, .. } => categories(&ids, texts),
        };
        Ok(Column { name: self.name, values })
    }
}

impl Building {
    /// Takes down that a value is missing, unless the text is a category of this column.
    fn take_missing(&mut self, text: &str) -> bool {
        match self {
            Self::Undecided { missing, .. } => *missing += 1,
            Self::Numbers { numbers, .. } => numbers.push(f64::NAN),
            Self::Classes { count, indices } => indices.push(*count),
            Self::Categories { decided: None, .. } if !text.is_empty() => return false,
            Self::Categories { ids, .. } => ids.push(NO_TEXT),
            Self::Known { places, .. } if places.contains_key(text) => return false,
            Self::Known { names, indices, .. } => indices.push(names.len()),
        }
        true
    }
}

/// Categories in ascending order, from numbers of texts.
fn categories(ids: &[usize], texts: &[&str]) -> Values {
    let mut distinct = ids.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.pop_if(|id| *id == NO_TEXT);
    let mut order = distinct.clone();
    if order.iter().all(|&id| number(texts[id]).is_some()) {
        order.sort_by(|&a, &b| number(texts[a]).partial_cmp(&number(texts[b])).expect("finite numbers"));
    } else {
        order.sort_by_key(|&id| texts[id]);
    }
    let mut ranks: Vec<(usize, usize)> = order.iter().copied().zip(0..).collect();
    ranks.sort_unstable();
    let rank = |id: &usize| distinct.binary_search(id).map_or(order.len(), |place| ranks[place].1);
    Values::Categories {
        indices: ids.iter().map(rank).collect(),
        names: order.iter().map(|&id| texts[id].to_owned()).collect(),
    }
}

/// Where each of a schema's categories has its place.
fn places(names: &[String]) -> Result<BTreeMap<String, usize>> {
    let mut places = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        if places.insert(name.clone(), place).is_some() {
            return Err(Error::data(format!("the schema has the category `{name}` twice in one column")));
        }
    }
    Ok(places)
}
