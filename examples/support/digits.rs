//! Handwritten digits, and their copies moved by a pixel.

use std::path::Path;

use ndarray::{Array3, Axis, concatenate};
use nn::{Csv, Dataset};

/// Digits from a file of 64 grey values up to 16 and a class a line; the inputs go up to 1.
///
/// # Errors
/// If the file cannot be read, or holds something else.
pub fn digits(file: impl AsRef<Path>) -> nn::Result<Dataset<f64>> {
    let data = Csv::new().header(false).classes(65, 10).read(file)?.dataset(65)?;
    data.with_inputs(data.inputs() / 16.0)
}

/// Digits of 8 × 8 pixels and their copies moved by one pixel left, right, up and down: a moved digit is the same digit.
///
/// # Errors
/// If there are no digits.
///
/// # Panics
/// If an item has not 64 inputs.
pub fn with_shifts(data: &Dataset<f64>) -> nn::Result<Dataset<f64>> {
    let n = data.len();
    let images = data.inputs().to_shape((n, 8, 8)).expect("64 pixels");
    let moved = |down: isize, right: isize| {
        Array3::from_shape_fn((n, 8, 8), |(i, r, c)| {
            let (Some(r), Some(c)) = (r.checked_add_signed(-down), c.checked_add_signed(-right)) else { return 0.0 };
            images.get((i, r, c)).copied().unwrap_or(0.0)
        })
    };
    let copies = [moved(0, 0), moved(1, 0), moved(-1, 0), moved(0, 1), moved(0, -1)];
    let copies: Vec<_> = copies.iter().map(|images| images.to_shape((n, 64)).expect("64 pixels")).collect();
    let inputs = concatenate(Axis(0), &copies.iter().map(|images| images.view()).collect::<Vec<_>>());
    let targets = concatenate(Axis(0), &vec![data.targets().view(); copies.len()]);
    Dataset::new(inputs.expect("equal shapes"), targets.expect("equal shapes"))
}
