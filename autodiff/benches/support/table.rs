//! Reads what Criterion measured and prints it as ratios.

use std::fs;
use std::path::PathBuf;

/// A workload measured as `name/plain`, `name/gradient`, `name/idiomatic`, `name/replay` and, perhaps, `name/tensor`.
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

/// One line a workload: the plain function, then gradients as multiples of it, and per operation.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "\n{:<14} {:>14} {:>14} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "workload", "plain ns", "gradient ns", "ns/op", "ratio", "idiomatic", "tensor", "replay"
    );
    for row in rows {
        let (name, of) = (&row.name, |kind| median(&row.name, kind));
        let (Some(plain), Some(gradient)) = (of("plain"), of("gradient")) else { continue };
        let per_operation = gradient / row.operations as f64;
        print!("{name:<14} {plain:>14.1} {gradient:>14.1} {per_operation:>9.2}");
        for kind in ["gradient", "idiomatic", "tensor", "replay"] {
            match of(kind) {
                Some(time) => print!(" {:>9.1}", time / plain),
                None => print!(" {:>9}", "–"),
            }
        }
        println!();
    }
}
