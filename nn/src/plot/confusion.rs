//! The confusion matrix as a picture.

use super::map::HeatMap;
use crate::metrics::confusion::Confusion;

/// Draws a confusion matrix: in each cell how many items of the row's class were taken for the column's, coloured by their
/// share of the row, so that classes of different sizes can be compared. Rows of classes without items are grey.
///
/// ```
/// use nn::{metrics::Confusion, plot};
///
/// let confusion = Confusion::new(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 2], 3).names(["cat", "dog", "owl"]);
/// let folder = tempfile::tempdir()?;
/// plot::confusion_matrix("Animals", &confusion).save(folder.path().join("confusion.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn confusion_matrix(title: impl Into<String>, confusion: &Confusion) -> HeatMap {
    let counts = confusion.counts();
    let share = |(row, column): (usize, usize)| 100.0 * counts[(row, column)] as f64 / confusion.support(row) as f64;
    let map = HeatMap::new(title, ndarray::Array2::from_shape_fn(counts.dim(), share));
    let map = map.texts(counts.mapv(|count| count.to_string())).value_range(0.0..=100.0);
    let (names, map) = (confusion.class_names(), map.value_label("share of the true class, %"));
    map.x_names(names).y_names(names).x_label("predicted class").y_label("true class").size(1000, 840)
}
