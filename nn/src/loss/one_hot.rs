//! Class numbers as rows.

use autodiff::Real;

use crate::error::{Error, Result};

/// Converts class numbers to one-hot rows.
///
/// ```
/// assert_eq!(nn::loss::one_hot::<f64>(&[1, 0], 3)?, ndarray::array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If a label is not below `classes`.
#[doc(alias = "OneHotEncoder")]
pub fn one_hot<T: Real>(labels: &[usize], classes: usize) -> Result<ndarray::Array2<T>> {
    let mut rows = ndarray::Array2::zeros((labels.len(), classes));
    for (i, &label) in labels.iter().enumerate() {
        let Some(entry) = rows.get_mut((i, label)) else {
            return Err(Error::data(format!(
                "label {label} of item {i} is not below the number of classes, {classes}"
            )));
        };
        *entry = T::one();
    }
    Ok(rows)
}
