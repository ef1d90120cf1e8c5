//! Arrays that stay on the disk.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use autodiff::Real;
use ndarray::{ArrayD, IxDyn};

use super::binary::{Input, Number};
use super::npy::header;
use crate::error::{Error, Kind, Result, shortened};

/// An array in one file or in a folder of them, of which a batch reads its rows: for data beyond memory, with
/// [`Dataset::with_stored`](crate::Dataset::with_stored).
///
/// | made by | of |
/// |---|---|
/// | [`npy`](Self::npy) | one `.npy` file, a row for each index of its first axis |
/// | [`folder`](Self::folder) | `.npy` files or `.csv` files of numbers, one after the other in the order of their names |
///
/// Items are shuffled as those in memory are. A row is read by its position in the file, so that nothing but the rows of a batch
/// is held, and eight bytes for each line of CSV. What is read often stays in the memory that the system has to spare.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("nn-stored-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// std::fs::write(folder.join("a.csv"), "x,y,label\n0.5,1.5,0\n2.5,3.5,1\n").unwrap();
/// std::fs::write(folder.join("b.csv"), "x,y,label\n4.5,5.5,1\n").unwrap();
/// let table = nn::data::Stored::<f64>::folder(&folder)?;
/// let data = nn::Dataset::default().with_stored("inputs", table.columns(0..2))?.with_stored("targets", table.columns(2..3))?;
/// let batch = data.batch(&[2, 0]);
/// assert_eq!(batch.inputs().to_array(), ndarray::array![[4.5, 5.5], [0.5, 1.5]].into_dyn());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stored<T> {
    shards: Arc<Vec<Shard>>,
    /// The shape of an item in the files.
    item: Vec<usize>,
    /// The columns that are read, if not all.
    columns: Option<Range<usize>>,
    /// The items, if not all in their order.
    chosen: Option<Arc<[usize]>>,
    number: std::marker::PhantomData<fn() -> T>,
}

#[derive(Debug)]
struct Shard {
    path: PathBuf,
    file: Mutex<File>,
    rows: usize,
    format: Format,
}

#[derive(Debug)]
enum Format {
    /// Numbers of one kind from a place in the file on.
    Npy { number: Number, start: u64 },
    /// Where each line begins, and the last one ends.
    Csv { starts: Vec<u64> },
}

impl<T: Real> Stored<T> {
    /// Opens an `.npy` file of real numbers in C order, as `numpy.save` writes it.
    ///
    /// # Errors
    /// If the file cannot be read, is no such file, or is longer or shorter than it says.
    pub fn npy(path: impl AsRef<Path>) -> Result<Self> {
        let (shard, item) = npy(path.as_ref())?;
        Ok(Self::of(vec![shard], item))
    }

    /// Opens the `.npy` files of a folder, or its `.csv` files, as one array, in the order of their names. Lines of CSV are numbers
    /// between commas; a first line that does not begin with a number is passed over.
    ///
    /// # Errors
    /// If there are none or both, if one cannot be read or is no such file, or if their rows have different shapes.
    pub fn folder(path: impl AsRef<Path>) -> Result<Self> {
        let folder = path.as_ref();
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut files: Vec<PathBuf> =
            entries.map_err(Error::read(folder))?.iter().map(std::fs::DirEntry::path).collect();
        files.sort();
        let of = |kind: &str| files.iter().filter(|file| file.extension().is_some_and(|found| found == kind)).collect();
        let (arrays, tables): (Vec<&PathBuf>, Vec<&PathBuf>) = (of("npy"), of("csv"));
        let shards = match (arrays.is_empty(), tables.is_empty()) {
            (false, true) => arrays.into_iter().map(|file| npy(file)).collect::<Result<Vec<_>>>()?,
            (true, false) => tables.into_iter().map(|file| csv(file)).collect::<Result<Vec<_>>>()?,
            (none, _) => {
                let found = if none { "no files that end in .npy or .csv" } else { "both .npy and .csv files" };
                return Err(Error::data(format!("{} has {found}, expected files of one kind", folder.display())));
            }
        };
        let item = shards[0].1.clone();
        if let Some((shard, found)) = shards.iter().find(|(_, found)| *found != item) {
            let (first, file) = (shards[0].0.path.display(), shard.path.display());
            return Err(Error::data(format!("the rows of {first} have shape {item:?}, those of {file} {found:?}")));
        }
        Ok(Self::of(shards.into_iter().map(|(shard, _)| shard).collect(), item))
    }

    fn of(shards: Vec<Shard>, item: Vec<usize>) -> Self {
        Self { shards: Arc::new(shards), item, columns: None, chosen: None, number: std::marker::PhantomData }
    }

    /// Some of the columns of a table: for inputs and targets in one file.
    ///
    /// # Panics
    /// If it is no table, or has not so many columns.
    #[track_caller]
    pub fn columns(&self, columns: Range<usize>) -> Self {
        let shape = self.shape();
        assert!(
            shape.len() == 2 && columns.start <= columns.end && columns.end <= shape[1],
            "Stored::columns: {columns:?} of an array of shape {shape:?}"
        );
        let start = self.columns.as_ref().map_or(0, |columns| columns.start);
        Self { columns: Some(start + columns.start..start + columns.end), ..self.clone() }
    }

    /// The shape, the number of items first.
    pub fn shape(&self) -> Vec<usize> {
        let all = || self.shards.iter().map(|shard| shard.rows).sum();
        let items = self.chosen.as_ref().map_or_else(all, |chosen| chosen.len());
        let mut shape = [&[items], &self.item[..]].concat();
        if let Some(columns) = &self.columns {
            shape[1] = columns.len();
        }
        shape
    }

    /// Some of the items, in this order.
    pub(super) fn subset(&self, indices: &[usize]) -> Self {
        let chosen = indices.iter().map(|&index| self.chosen.as_ref().map_or(index, |chosen| chosen[index])).collect();
        Self { chosen: Some(chosen), ..self.clone() }
    }

    /// Reads items.
    ///
    /// # Errors
    /// If a file cannot be read, or if a number is not finite.
    #[track_caller]
    pub(super) fn rows(&self, indices: &[usize]) -> Result<ArrayD<T>> {
        let mut shape = self.shape();
        if let Some(index) = indices.iter().find(|&&index| index >= shape[0]) {
            panic!("Dataset: there is no item {index}; there are {}", shape[0]);
        }
        shape[0] = indices.len();
        let mut numbers = Vec::with_capacity(shape.iter().product());
        for &index in indices {
            let mut row = self.chosen.as_ref().map_or(index, |chosen| chosen[index]);
            let mut shards = self.shards.iter();
            let shard = shards.find(|shard| {
                row < shard.rows || {
                    row -= shard.rows;
                    false
                }
            });
            let shard = shard.expect("as many rows as the shape says");
            let found: Vec<T> = shard.row(row, self.item.iter().product())?;
            let found = &found[self.columns.clone().unwrap_or(0..found.len())];
            if let Some(place) = found.iter().position(|x| !x.is_finite()) {
                let what = format!("number {place} of row {row} is {}", found[place]);
                return Err(Error::data(format!("{}: {what}, expected a finite number", shard.path.display())));
            }
            numbers.extend(found);
        }
        Ok(ArrayD::from_shape_vec(IxDyn(&shape), numbers).expect("as many as the shape says"))
    }
}

impl Shard {
    fn row<T: Real>(&self, row: usize, width: usize) -> Result<Vec<T>> {
        match &self.format {
            Format::Npy { number, start } => {
                let bytes = width * number.size();
                Ok(number.decode(&self.bytes(start + (row * bytes) as u64, bytes)?))
            }
            Format::Csv { starts } => {
                let bytes = self.bytes(starts[row], (starts[row + 1] - starts[row]) as usize)?;
                let text = String::from_utf8_lossy(&bytes);
                let fail = |found: &str, expected: String| {
                    let (place, found) = (self.path.display().to_string(), format!("{:?}", shortened(found)));
                    Kind::Bytes { place, offset: starts[row], found, expected }
                };
                let line = text.trim();
                let numbers = line
                    .split(',')
                    .map(|field| field.trim().parse().map(T::of).map_err(|_| fail(field, "a number".to_owned())));
                let numbers = numbers.collect::<Result<Vec<T>, Kind>>()?;
                if numbers.len() != width {
                    return Err(fail(line, format!("a line of {width} numbers")).into());
                }
                Ok(numbers)
            }
        }
    }

    fn bytes(&self, start: u64, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes));
        read.map(|()| bytes).map_err(Error::read(&self.path))
    }
}

/// A file, and the shape of its items.
fn npy(path: &Path) -> Result<(Shard, Vec<usize>)> {
    let file = File::open(path).map_err(Error::read(path))?;
    let size = file.metadata().map_err(Error::read(path))?.len();
    let place = path.display().to_string();
    let mut input = Input::file(place.clone(), BufReader::new(&file), size);
    let header = header(&mut input)?;
    let fail = |found: String, expected: &str| Kind::Bytes {
        place: place.clone(),
        offset: input.offset(),
        found,
        expected: expected.to_owned(),
    };
    let Some((&rows, item)) = header.shape.split_first().filter(|_| !header.is_fortran) else {
        let found = format!("the shape before is {:?}, in Fortran's order: {}", header.shape, header.is_fortran);
        return Err(fail(found, "a first axis, and C's order").into());
    };
    let bytes = header.shape.iter().try_fold(header.number.size(), |product, &n| product.checked_mul(n));
    if bytes.is_none_or(|bytes| (bytes as u64).checked_add(input.offset()) != Some(size)) {
        let found = format!("{} bytes follow", size - input.offset());
        return Err(fail(found, &format!("numbers for the shape {:?}", header.shape)).into());
    }
    let (start, item) = (input.offset(), item.to_vec());
    drop(input);
    let format = Format::Npy { number: header.number, start };
    Ok((Shard { path: path.to_owned(), file: Mutex::new(file), rows, format }, item))
}

fn csv(path: &Path) -> Result<(Shard, Vec<usize>)> {
    let file = File::open(path).map_err(Error::read(path))?;
    let mut reader = BufReader::new(&file);
    let (mut starts, mut at, mut line, mut width) = (Vec::new(), 0, Vec::new(), 0);
    let mut end = 0;
    loop {
        line.clear();
        let count = reader.read_until(b'\n', &mut line).map_err(Error::read(path))?;
        if count == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let is_names = at == 0 && text.split(',').next().is_some_and(|field| field.trim().parse::<f64>().is_err());
        if !text.trim().is_empty() && !is_names {
            width = if starts.is_empty() { text.split(',').count() } else { width };
            starts.push(at);
            end = at + count as u64;
        }
        at += count as u64;
    }
    let rows = starts.len();
    if rows == 0 {
        return Err(Kind::EmptyTable { path: path.to_owned(), expected: "lines of numbers".to_owned() }.into());
    }
    starts.push(end);
    Ok((Shard { path: path.to_owned(), file: Mutex::new(file), rows, format: Format::Csv { starts } }, vec![width]))
}
