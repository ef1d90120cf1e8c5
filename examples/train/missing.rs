//! Values that a table lacks.

use ndarray::{Array2, Axis};
use nn::data::Schema;
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// What to do with rows in which a value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Missing {
    /// Leave them out.
    Drop,
    /// Take the mean of the column's numbers, or its most frequent category, among the rows to train on.
    Mean,
    /// Take the median, or the most frequent category.
    Median,
}

impl Missing {
    /// What stands for a missing value, column by column of the matrix of these rows; nothing if none is to be filled in.
    pub(crate) fn learn(self, schema: &Schema, rows: &Array2<f64>) -> Outcome<Vec<f64>> {
        let mut fills = Vec::with_capacity(rows.ncols());
        for column in &schema.columns {
            let width = column.categories.as_ref().map_or(1, Vec::len);
            let known: Vec<Vec<f64>> = (fills.len()..fills.len() + width)
                .map(|k| rows.column(k).iter().copied().filter(|x| !x.is_nan()).collect())
                .collect();
            if self != Self::Drop && known.iter().any(Vec::is_empty) {
                let name = &column.name;
                return Err(
                    format!("column `{name}` has no values in the rows to train on; leave it out with --skip").into()
                );
            }
            if column.categories.is_some() {
                let counts: Vec<f64> = known.iter().map(|known| known.iter().sum()).collect();
                let most = counts.iter().copied().fold(0.0, f64::max);
                let first = counts.iter().position(|&count| count == most);
                fills.extend((0..width).map(|k| f64::from(u8::from(Some(k) == first))));
            } else if self == Self::Median {
                fills.push(median(known[0].clone()));
            } else {
                // Divided first: a sum may overflow.
                let n = known[0].len() as f64;
                fills.push(known[0].iter().map(|x| x / n).sum());
            }
        }
        Ok(if self == Self::Drop { Vec::new() } else { fills })
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (low, high) = (numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2]);
    0.5 * low + 0.5 * high
}

/// Puts what was learnt in the place of what is missing.
pub(crate) fn fill(fills: &[f64], rows: &mut Array2<f64>) {
    for mut row in rows.rows_mut() {
        row.iter_mut().zip(fills).filter(|(x, _)| x.is_nan()).for_each(|(x, &fill)| *x = fill);
    }
}

/// The numbers of the rows that lack nothing.
pub(crate) fn whole(rows: &Array2<f64>) -> Vec<usize> {
    let lacks = |row: &ndarray::ArrayView1<f64>| row.iter().any(|x| x.is_nan());
    rows.axis_iter(Axis(0)).enumerate().filter(|(_, row)| !lacks(row)).map(|(i, _)| i).collect()
}
