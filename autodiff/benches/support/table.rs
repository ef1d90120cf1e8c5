//! Prints what Criterion measured as ratios.

use super::median::median;

/// A workload measured as `name/plain`, and in the forms of [`FORMS`] that it has.
pub(crate) struct Row {
    /// The workload's name.
    pub(crate) name: String,
    /// Elementary operations in one evaluation.
    pub(crate) operations: usize,
    /// Milliseconds to compile its program, and what became of it.
    pub(crate) native: Option<(f64, String)>,
}

/// Ways to the gradient.
const FORMS: [&str; 7] = ["gradient", "idiomatic", "tensor", "replayed", "rolled", "hvp", "jit"];

/// One line a workload: the plain function, then gradients as multiples of it, and per operation.
pub(crate) fn print(rows: &[Row]) {
    print!("\n{:<14} {:>14} {:>14} {:>9}", "workload", "plain ns", "gradient ns", "ns/op");
    for form in FORMS {
        print!(" {form:>9}");
    }
    println!();
    for row in rows {
        let (name, of) = (&row.name, |kind| median(&row.name, kind));
        let (Some(plain), Some(gradient)) = (of("plain"), of("gradient")) else { continue };
        let per_operation = gradient / row.operations as f64;
        print!("{name:<14} {plain:>14.1} {gradient:>14.1} {per_operation:>9.2}");
        for kind in FORMS {
            match of(kind) {
                Some(time) => print!(" {:>9.1}", time / plain),
                None => print!(" {:>9}", "–"),
            }
        }
        println!();
    }
    for (name, (time, shown)) in rows.iter().filter_map(|row| Some((&row.name, row.native.as_ref()?))) {
        println!("{name:<14} compiled in {time:.1} ms: {shown}");
    }
}
