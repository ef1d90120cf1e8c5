//! The IDX format, in which MNIST and its relatives come.

use std::io::Read;
use std::path::Path;

use autodiff::Real;
use flate2::bufread::MultiGzDecoder;
use ndarray::ArrayD;

use super::binary::{Input, Number, NumberKind};
use crate::error::{Error, Result};

/// Reads an IDX file, plain or packed with gzip: what the file begins with decides.
///
/// The format: two zero bytes, a byte for the type of the numbers, a byte for the number of axes, each axis' length in four
/// bytes, then the numbers; all with the highest byte first. Numbers become the nearest ones of type `T`.
///
/// ```
/// use nn::data::{labels, one_hot, read_idx};
/// use nn::Dataset;
/// let folder = std::env::temp_dir();
/// let (images, classes) = (folder.join("nn-idx-doc-images"), folder.join("nn-idx-doc-labels"));
/// // Two images of 1 × 3 bytes, and their labels.
/// std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 255, 0, 51, 0, 102, 255]).unwrap();
/// std::fs::write(&classes, [0, 0, 8, 1, 0, 0, 0, 2, 1, 0]).unwrap();
/// let (x, t) = (read_idx::<f32>(&images)? / 255.0, labels(&read_idx::<f32>(&classes)?)?);
/// let data = Dataset::new(x, one_hot(&t, 2)?)?;
/// assert_eq!(data.inputs(), &ndarray::array![[[1.0, 0.0, 0.2]], [[0.0, 0.4, 1.0]]].into_dyn());
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read, is not an IDX file, ends early or continues after its last number, or if a packed file is
/// damaged. The error names the byte; in a packed file that of what is unpacked.
pub fn read_idx<T: Real>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let place = format!("{}, unpacked", path.display());
        parse(Input::packed(place, MultiGzDecoder::new(&bytes[..]), bytes.len()))
    } else {
        parse(Input::plain(path.display().to_string(), &bytes))
    }
}

fn parse<T: Real>(mut input: Input<impl Read>) -> Result<ArrayD<T>> {
    let magic = input.take(4, "an IDX file's beginning")?;
    if magic[..2] != [0, 0] {
        let found = format!("the first bytes are {:02x} {:02x}", magic[0], magic[1]);
        return Err(input.fail(0, found, "00 00 as in every IDX file"));
    }
    let kind = match magic[2] {
        0x08 => NumberKind::U8,
        0x09 => NumberKind::I8,
        0x0b => NumberKind::I16,
        0x0c => NumberKind::I32,
        0x0d => NumberKind::F32,
        0x0e => NumberKind::F64,
        other => return Err(input.fail(2, format!("the type is {other:02x}"), "08, 09, 0b, 0c, 0d or 0e")),
    };
    if magic[3] == 0 {
        return Err(input.fail(3, "there are 0 axes", "at least 1"));
    }
    let lengths = input.take(4 * u64::from(magic[3]), "axes' lengths")?;
    let (lengths, _) = lengths.as_chunks();
    let shape: Vec<usize> = lengths.iter().map(|&length| u32::from_be_bytes(length) as usize).collect();
    input.array(Number { kind, is_big_endian: true }, &shape, false)
}
