//! A parquet file, by arrow, as a data set.

use std::fs::File;
use std::path::Path;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, cast::AsArray, types::Float64Type};
use ndarray::Array2;
use nn::{Dataset, Linear, Sgd, Trainer, loss};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Columns of numbers; the last one holds the targets.
fn dataset(path: &Path) -> Result<Dataset<f64>> {
    let (mut x, mut t) = (Vec::new(), Vec::new());
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        let batch = batch?;
        for column in batch.columns() {
            let numbers = column.as_primitive_opt::<Float64Type>().ok_or("a column is not of 64-bit numbers")?;
            if numbers.iter().any(|number| number.is_none()) {
                return Err("a number is missing".into());
            }
        }
        let column = |k: usize| batch.column(k).as_primitive::<Float64Type>().values();
        let last = batch.num_columns() - 1;
        x.extend((0..batch.num_rows()).flat_map(|i| (0..last).map(move |k| column(k)[i])));
        t.extend_from_slice(column(last));
    }
    let rows = t.len();
    Ok(Dataset::new(Array2::from_shape_vec((rows, x.len() / rows), x)?, Array2::from_shape_vec((rows, 1), t)?)?)
}

#[test]
fn trains_on_a_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows.parquet");
    let numbers = |f: fn(f64) -> f64| -> ArrayRef {
        std::sync::Arc::new((0..64).map(f64::from).map(f).collect::<Float64Array>())
    };
    let (a, b) = (|i: f64| (i % 8.0) / 4.0 - 1.0, |i: f64| (i / 8.0).floor() / 4.0 - 1.0);
    let t = |i: f64| 2.0 * ((i % 8.0) / 4.0 - 1.0) - 3.0 * ((i / 8.0).floor() / 4.0 - 1.0) + 1.0;
    let batch = RecordBatch::try_from_iter([("a", numbers(a)), ("b", numbers(b)), ("t", numbers(t))])?;
    let mut writer = ArrowWriter::try_new(File::create(&path)?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    let data = dataset(&path)?;
    assert_eq!((data.inputs().shape(), data.targets()[[9, 0]]), (&[64, 2][..], t(9.0)));
    let model = Linear::from_weights(ndarray::array![[0.0, 0.0]], ndarray::array![0.0]);
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(200);
    trainer.fit(&data, &data)?;
    // The targets are 2 a - 3 b + 1.
    let mut found = Vec::new();
    nn::parameters(trainer.model(), |_, p| found.extend(p.value().view().iter().copied()));
    assert!(found.iter().zip([2.0, -3.0, 1.0]).all(|(x, y)| (x - y).abs() < 1e-6), "{found:?}");
    Ok(())
}
