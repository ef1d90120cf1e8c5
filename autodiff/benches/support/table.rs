//! Prints what Criterion measured as ratios.

use super::median::median;

/// A workload measured as `name/plain`, `name/gradient`, `name/idiomatic`, `name/replay` and, perhaps, `name/tensor`.
pub(crate) struct Row {
    /// The workload's name.
    pub(crate) name: String,
    /// Elementary operations in one evaluation.
    pub(crate) operations: usize,
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
