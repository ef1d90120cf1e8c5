//! NumPy's archives of arrays.

use std::borrow::Cow;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use autodiff::Real;
use ndarray::ArrayD;
use zip::ZipArchive;

use super::binary::Input;
use super::npy;
use crate::error::{Error, Kind, Result};

/// An `.npz` file, packed or not, as `numpy.savez` and `numpy.savez_compressed` write it.
///
/// ```
/// use nn::data::{Dataset, Npz, labels, one_hot};
/// // numpy.savez_compressed("packed.npz", x=..., t=..., ...)
/// let mut file = Npz::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/packed.npz"))?;
/// assert_eq!(file.names()[..2], ["x", "t"]);
/// let (x, t) = (file.array::<f32>("x")?, labels(&file.array::<f32>("t")?)?);
/// let data = Dataset::new(x, one_hot(&t, 3)?)?;
/// assert_eq!(data.classes()?, [2, 0, 1]);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Debug)]
pub struct Npz {
    path: PathBuf,
    size: usize,
    names: Vec<String>,
    archive: ZipArchive<Cursor<Vec<u8>>>,
}

impl Npz {
    /// Opens a file and reads the list of its arrays.
    ///
    /// # Errors
    /// If the file cannot be read or is not a ZIP archive.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let bytes = std::fs::read(&path).map_err(Error::read(&path))?;
        let size = bytes.len();
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&path, &error.to_string()))?;
        let name = |name: Cow<'_, str>| name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let names = archive.file_names().map(|n| n.map(name)).collect::<Result<_, _>>();
        let names = names.map_err(|error| broken(&path, &error.to_string()))?;
        Ok(Self { path, size, names, archive })
    }

    /// The names of the arrays, in the file's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads an array; [`read_npy`](super::read_npy) says which ones can be read.
    ///
    /// # Errors
    /// If there is none of this name, if it cannot be unpacked, or if it is not an NPY file of real numbers. The error
    /// names the byte of what is unpacked.
    pub fn array<T: Real>(&mut self, name: &str) -> Result<ArrayD<T>> {
        let full = format!("{name}.npy");
        let full = if self.archive.index_for_name(&full).is_some() { full } else { name.to_owned() };
        if self.archive.index_for_name(&full).is_none() {
            let (path, wanted, arrays) = (self.path.clone(), name.to_owned(), self.names.clone());
            return Err(Kind::Array { path, wanted, arrays }.into());
        }
        let place = format!("{}, `{name}`", self.path.display());
        let file = self.archive.by_name(&full).map_err(|error| broken(&self.path, &format!("`{name}`: {error}")))?;
        npy::parse(Input::packed(place, file, self.size))
    }
}

fn broken(path: &Path, message: &str) -> Error {
    Kind::Archive { path: path.to_owned(), message: message.to_owned() }.into()
}
