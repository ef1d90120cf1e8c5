//! Reads what Criterion measured.

use std::fs;
use std::path::PathBuf;

/// The median time in nanoseconds, if the benchmark ran.
pub(crate) fn median(name: &str, kind: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let file = target.join("criterion").join(name).join(kind).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
