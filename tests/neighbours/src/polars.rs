//! A polars frame as a data set.

use ndarray::Array2;
use nn::Dataset;
use polars::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// All columns but `target` are inputs; numbers of other types are cast.
fn dataset(frame: &DataFrame, target: &str) -> Result<Dataset<f64>> {
    let matrix = |columns: &[&Column]| -> Result<Array2<f64>> {
        let mut matrix = Array2::zeros((frame.height(), columns.len()));
        for (mut to, column) in matrix.columns_mut().into_iter().zip(columns) {
            let column = column.cast(&DataType::Float64)?;
            for (to, from) in to.iter_mut().zip(column.f64()?.iter()) {
                *to = from.ok_or_else(|| format!("column {} has gaps", column.name()))?;
            }
        }
        Ok(matrix)
    };
    let inputs: Vec<&Column> = frame.columns().iter().filter(|column| column.name() != target).collect();
    Ok(Dataset::new(matrix(&inputs)?, matrix(&[frame.column(target)?])?)?)
}

#[test]
fn reads_a_frame() -> Result<()> {
    let frame = df!("a" => [1.0, 2.0, 3.0], "price" => [10, 20, 30], "b" => [4_i64, 5, 6])?;
    let data = dataset(&frame, "price")?;
    assert_eq!(*data.inputs(), ndarray::array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].into_dyn());
    assert_eq!(*data.targets(), ndarray::array![[10.0], [20.0], [30.0]].into_dyn());
    assert!(dataset(&df!("a" => [Some(1.0), None], "price" => [1.0, 2.0])?, "price").is_err());
    Ok(())
}
