//! Colours for columns: those of one colour share no row, and can be computed together.

use super::pattern::Pattern;

/// A colour for each column of a pattern, which is given by rows and by columns, and the number of colours: first fit in the
/// order of the columns' lengths (Welsh and Powell 1967 for the order).
pub(crate) fn columns(rows: &Pattern, columns: &Pattern) -> (Vec<u32>, usize) {
    const NONE: u32 = u32::MAX;
    let mut order: Vec<usize> = (0..columns.rows()).collect();
    order.sort_by_key(|&column| std::cmp::Reverse(columns.range(column).len()));
    let mut colors = vec![NONE; columns.rows()];
    // The column for whose sake a colour was last found to be taken.
    let mut taken: Vec<usize> = Vec::new();
    for column in order {
        for &row in columns.row(column) {
            for &other in rows.row(row as usize) {
                if let Some(taken) = taken.get_mut(colors[other as usize] as usize) {
                    *taken = column;
                }
            }
        }
        let free = taken.iter().position(|&by| by != column).unwrap_or(taken.len());
        if free == taken.len() {
            taken.push(usize::MAX);
        }
        colors[column] = free as u32;
    }
    (colors, taken.len())
}
