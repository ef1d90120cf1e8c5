//! Numbers in binary files, read without trusting what a header says.

use std::io::Read;

use autodiff::Real;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::error::{Error, Kind, Result};

/// Deflate makes at most this many bytes of one.
const DEFLATE: u64 = 1032;

/// At most this much memory is taken in advance for what is unpacked.
const ROOM: u64 = 1 << 16;

/// A file, or what is unpacked from one, that is read from its beginning to its end.
pub(super) struct Input<R> {
    /// The file's name for messages.
    place: String,
    reader: R,
    offset: u64,
    /// How many bytes there are; at most, if packed.
    size: u64,
    packed: bool,
}

impl<'a> Input<&'a [u8]> {
    /// A file in memory.
    pub(super) fn plain(place: String, bytes: &'a [u8]) -> Self {
        Self::file(place, bytes, bytes.len() as u64)
    }
}

impl<R: Read> Input<R> {
    /// A file of this many bytes.
    pub(super) fn file(place: String, reader: R, size: u64) -> Self {
        Self { place, reader, offset: 0, size, packed: false }
    }

    /// How many bytes have been taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is unpacked from a file with this many bytes.
    pub(super) fn packed(place: String, reader: R, size: usize) -> Self {
        Self { place, reader, offset: 0, size: (size as u64).saturating_mul(DEFLATE), packed: true }
    }

    /// The error that something at an offset is not what was expected.
    pub(super) fn fail(&self, offset: u64, found: impl Into<String>, expected: impl Into<String>) -> Error {
        Kind::Bytes { place: self.place.clone(), offset, found: found.into(), expected: expected.into() }.into()
    }

    /// The next bytes.
    pub(super) fn take(&mut self, count: u64, what: &str) -> Result<Vec<u8>> {
        let left = self.size - self.offset;
        let expected = || format!("{count} bytes of {what}");
        if count > left {
            let most = if self.packed { "at most " } else { "" };
            return Err(self.fail(self.offset, format!("{most}{left} bytes follow"), expected()));
        }
        let room = if self.packed { count.min(ROOM) } else { count };
        let mut bytes = Vec::with_capacity(usize::try_from(room).expect("no more than a file in memory has"));
        self.reader.by_ref().take(count).read_to_end(&mut bytes).map_err(self.unreadable())?;
        if (bytes.len() as u64) < count {
            return Err(self.fail(self.offset, format!("{} bytes follow", bytes.len()), expected()));
        }
        self.offset += count;
        Ok(bytes)
    }

    /// An array of which the shape is known, and after it the end of the file.
    pub(super) fn array<T: Real>(mut self, number: Number, shape: &[usize], is_fortran: bool) -> Result<ArrayD<T>> {
        // What a zero multiplies out has to make sense too: strides are computed from it.
        let entries = shape.iter().filter(|&&n| n > 0).try_fold(number.kind.size() as u64, |product, &n| {
            product.checked_mul(n as u64).filter(|&product| isize::try_from(product).is_ok())
        });
        let Some(entries) = entries else {
            let found = format!("the shape before is {shape:?}");
            return Err(self.fail(self.offset, found, "an array that fits into memory"));
        };
        let bytes = if shape.contains(&0) { 0 } else { entries };
        let bytes = self.take(bytes, &format!("numbers for the shape {shape:?}"))?;
        self.end()?;
        let dimensions = IxDyn(shape).set_f(is_fortran);
        let array =
            ArrayD::from_shape_vec(dimensions, number.decode(&bytes)).expect("as many numbers as the shape says");
        Ok(if is_fortran { array.as_standard_layout().into_owned() } else { array })
    }

    /// That nothing follows, and that a packed file's check sum is right.
    fn end(&mut self) -> Result<()> {
        let mut more = [0];
        let count = loop {
            match self.reader.read(&mut more) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result.map_err(self.unreadable())?,
            }
        };
        if count == 0 { Ok(()) } else { Err(self.fail(self.offset, "there are more bytes", "the end of the file")) }
    }

    fn unreadable(&self) -> impl FnOnce(std::io::Error) -> Error {
        let (place, offset) = (self.place.clone(), self.offset);
        move |source| Kind::Unpack { place, offset, source }.into()
    }
}

/// How a number is written in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) kind: NumberKind,
    pub(super) is_big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NumberKind {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    F32,
    F64,
}

impl NumberKind {
    fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

impl Number {
    /// In bytes.
    pub(super) fn size(self) -> usize {
        self.kind.size()
    }

    /// The nearest numbers of type `T`.
    #[allow(clippy::cast_lossless, reason = "one form for all types, of which two are longer than the fraction")]
    pub(super) fn decode<T: Real>(self, bytes: &[u8]) -> Vec<T> {
        match self.kind {
            NumberKind::Bool => self.each(bytes, |[b]| f64::from(b != 0)),
            NumberKind::I8 => self.each(bytes, |b| i8::from_le_bytes(b) as f64),
            NumberKind::U8 => self.each(bytes, |b| u8::from_le_bytes(b) as f64),
            NumberKind::I16 => self.each(bytes, |b| i16::from_le_bytes(b) as f64),
            NumberKind::U16 => self.each(bytes, |b| u16::from_le_bytes(b) as f64),
            NumberKind::I32 => self.each(bytes, |b| i32::from_le_bytes(b) as f64),
            NumberKind::U32 => self.each(bytes, |b| u32::from_le_bytes(b) as f64),
            NumberKind::I64 => self.each(bytes, |b| i64::from_le_bytes(b) as f64),
            NumberKind::U64 => self.each(bytes, |b| u64::from_le_bytes(b) as f64),
            NumberKind::F16 => self.each(bytes, |b| half::f16::from_le_bytes(b).to_f64()),
            NumberKind::F32 => self.each(bytes, |b| f32::from_le_bytes(b) as f64),
            NumberKind::F64 => self.each(bytes, f64::from_le_bytes),
        }
    }

    /// Reads each number, its lowest byte first.
    fn each<T: Real, const N: usize>(self, bytes: &[u8], read: fn([u8; N]) -> f64) -> Vec<T> {
        let (numbers, _) = bytes.as_chunks::<N>();
        let number = |mut bytes: [u8; N]| {
            if self.is_big_endian {
                bytes.reverse();
            }
            T::of(read(bytes))
        };
        numbers.iter().copied().map(number).collect()
    }
}
