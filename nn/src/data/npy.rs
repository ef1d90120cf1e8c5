//! NumPy's format for an array.

use std::io::Read;
use std::path::Path;

use autodiff::Real;
use ndarray::ArrayD;

use super::binary::{Input, Number, NumberKind};
use crate::error::{Error, Result, shortened};

/// As many as NumPy knows.
const MOST_AXES: usize = 64;

/// Reads a `.npy` file of real numbers, as `numpy.save` writes it: integers of 1 to 8 bytes, floats of 2, 4 or 8,
/// truth values as 0 and 1, with either byte order and either order of axes. Numbers become the nearest ones of type `T`.
///
/// ```
/// let file = std::env::temp_dir().join("nn-npy-doc.npy");
/// let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }\n";
/// let start = b"\x93NUMPY\x01\x00".as_slice();
/// let bytes = [start, &[header.len() as u8, 0], header.as_bytes(), &[7, 0, 0xff, 0xff]].concat();
/// std::fs::write(&file, bytes).unwrap();
/// assert_eq!(nn::data::read_npy::<f64>(&file)?, ndarray::array![[7.0], [-1.0]].into_dyn());
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read, is not an NPY file, holds anything but real numbers, ends early or continues after its last
/// number. The error names the byte.
pub fn read_npy<T: Real>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    parse(Input::plain(path.display().to_string(), &bytes))
}

/// The format: a magic number, a version, the header's length in two bytes or, from version 2 on, four, the header, the
/// numbers.
pub(super) fn parse<T: Real>(mut input: Input<impl Read>) -> Result<ArrayD<T>> {
    let header = header(&mut input)?;
    input.array(header.number, &header.shape, header.is_fortran)
}

/// What stands before the numbers.
pub(super) fn header(input: &mut Input<impl Read>) -> Result<Header> {
    let start = input.take(8, "an NPY file's beginning")?;
    if start[..6] != *b"\x93NUMPY" {
        let found = format!("the file begins with {:?}", String::from_utf8_lossy(&start[..6]));
        return Err(input.fail(0, found, "\"\\x93NUMPY\""));
    }
    let width = match start[6] {
        1 => 2,
        2 | 3 => 4,
        other => return Err(input.fail(6, format!("the version is {other}"), "1, 2 or 3")),
    };
    let mut length = input.take(width, "the header's length")?;
    length.resize(4, 0);
    let length = u32::from_le_bytes(length.try_into().expect("four bytes"));
    let text = input.take(u64::from(length), "the header")?;
    Header::parse(&text).map_err(|wrong| {
        let found = String::from_utf8_lossy(&text[wrong.at.min(text.len())..]);
        let found = format!("the header has {:?}", shortened(&found));
        input.fail(8 + width + wrong.at as u64, found, wrong.expected)
    })
}

/// What a header says: a Python dictionary with the keys `descr`, `fortran_order` and `shape`.
pub(super) struct Header {
    pub(super) number: Number,
    pub(super) is_fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// Where a header is wrong.
struct Wrong {
    at: usize,
    expected: &'static str,
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, Wrong> {
        let mut cursor = Cursor { text, at: 0 };
        let (mut number, mut is_fortran, mut shape) = (None, None, None);
        cursor.expect(b"{", "a dictionary in braces")?;
        while !cursor.eat(b"}") {
            let start = cursor.at;
            let key = cursor.string("one of the keys 'descr', 'fortran_order' and 'shape'")?;
            cursor.expect(b":", "a colon")?;
            match key {
                b"descr" => number = Some(cursor.number()?),
                b"fortran_order" => is_fortran = Some(cursor.truth()?),
                b"shape" => shape = Some(cursor.shape()?),
                _ => return Err(Wrong { at: start, expected: "one of the keys 'descr', 'fortran_order' and 'shape'" }),
            }
            if !cursor.eat(b",") {
                cursor.expect(b"}", "a comma or a closing brace")?;
                break;
            }
        }
        cursor.skip_space();
        if cursor.at != text.len() {
            return Err(Wrong { at: cursor.at, expected: "nothing after the closing brace" });
        }
        match (number, is_fortran, shape) {
            (Some(number), Some(is_fortran), Some(shape)) => Ok(Self { number, is_fortran, shape }),
            _ => Err(Wrong { at: 0, expected: "all of the keys 'descr', 'fortran_order' and 'shape'" }),
        }
    }
}

/// A place in a header.
struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    fn skip_space(&mut self) {
        self.at += self.text[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    }

    /// Whether this comes next; if so it is passed.
    fn eat(&mut self, token: &[u8]) -> bool {
        self.skip_space();
        let is_next = self.text[self.at..].starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    fn expect(&mut self, token: &[u8], expected: &'static str) -> Result<(), Wrong> {
        if self.eat(token) { Ok(()) } else { Err(Wrong { at: self.at, expected }) }
    }

    /// What stands in quotes; none of NumPy's names has an escape sequence.
    fn string(&mut self, expected: &'static str) -> Result<&'t [u8], Wrong> {
        self.skip_space();
        let wrong = Wrong { at: self.at, expected };
        let Some((&quote @ (b'\'' | b'"'), rest)) = self.text[self.at..].split_first() else { return Err(wrong) };
        let Some(length) = rest.iter().position(|&b| b == quote) else { return Err(wrong) };
        self.at += length + 2;
        Ok(&rest[..length])
    }

    fn truth(&mut self) -> Result<bool, Wrong> {
        if self.eat(b"True") {
            return Ok(true);
        }
        self.expect(b"False", "True or False").map(|()| false)
    }

    /// A byte order, a letter for the kind and the size, as in `<f8`.
    fn number(&mut self) -> Result<Number, Wrong> {
        const EXPECTED: &str =
            "real numbers: 'b1', or i, u with 1, 2, 4, 8 or f with 2, 4, 8 after '<', '>', '=' or '|'";
        self.skip_space();
        let wrong = Wrong { at: self.at, expected: EXPECTED };
        let (order, name) = match self.string(EXPECTED)? {
            [order @ (b'<' | b'>' | b'=' | b'|'), name @ ..] => (*order, name),
            name => (b'=', name),
        };
        let kind = match name {
            b"b1" => NumberKind::Bool,
            b"i1" => NumberKind::I8,
            b"u1" => NumberKind::U8,
            b"i2" => NumberKind::I16,
            b"u2" => NumberKind::U16,
            b"i4" => NumberKind::I32,
            b"u4" => NumberKind::U32,
            b"i8" => NumberKind::I64,
            b"u8" => NumberKind::U64,
            b"f2" => NumberKind::F16,
            b"f4" => NumberKind::F32,
            b"f8" => NumberKind::F64,
            _ => return Err(wrong),
        };
        Ok(Number { kind, is_big_endian: order == b'>' || order == b'=' && cfg!(target_endian = "big") })
    }

    /// A tuple of whole numbers; Python 2 put an L behind large ones.
    fn shape(&mut self) -> Result<Vec<usize>, Wrong> {
        let mut shape = Vec::new();
        self.expect(b"(", "a shape in parentheses")?;
        while !self.eat(b")") {
            self.skip_space();
            let rest = &self.text[self.at..];
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let length = str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
            shape.push(length.ok_or(Wrong { at: self.at, expected: "a length that fits into 64 bits" })?);
            if shape.len() > MOST_AXES {
                return Err(Wrong { at: self.at, expected: "no more than the 64 axes that an array can have" });
            }
            self.at += digits;
            self.eat(b"L");
            if !self.eat(b",") {
                self.expect(b")", "a comma or a closing parenthesis")?;
                break;
            }
        }
        Ok(shape)
    }
}
