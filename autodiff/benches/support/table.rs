//! Reads what Criterion measured and prints it as ratios.

use std::fs;
use std::path::PathBuf;

/// A workload measured as `name/plain` and `name/gradient`.
pub(crate) struct Row {
    /// The workload's name.
    pub(crate) name: String,
    /// Elementary operations in one evaluation.
    pub(crate) operations: usize,
}

/// The median time in nanoseconds, if the benchmark ran.
fn median(name: &str, kind: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let file = target.join("criterion").join(name).join(kind).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

/// One line a workload: medians, nanoseconds per recorded and swept operation, ratio to plain code.
pub(crate) fn print(rows: &[Row]) {
    println!("\n{:<14} {:>14} {:>14} {:>9} {:>9}", "workload", "plain ns", "gradient ns", "ns/op", "ratio");
    for row in rows {
        let (Some(plain), Some(gradient)) = (median(&row.name, "plain"), median(&row.name, "gradient")) else {
            continue;
        };
        let per_operation = gradient / row.operations as f64;
        println!("{:<14} {plain:>14.1} {gradient:>14.1} {per_operation:>9.2} {:>9.1}", row.name, gradient / plain);
    }
}
