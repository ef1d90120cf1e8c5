//! Colours for columns: those of one colour share no row, and can be computed together.

use super::pattern::Pattern;

/// The rows of the transposed pattern.
pub(crate) fn transpose(pattern: &Pattern, columns: usize) -> Pattern {
    let mut transposed = vec![Vec::new(); columns];
    for (row, entries) in pattern.iter().enumerate() {
        for &column in entries {
            transposed[column as usize].push(row as u32);
        }
    }
    transposed
}

/// A colour for each column, first fit in the order of the columns' lengths (Welsh and Powell 1967 for the order), and
/// the number of colours.
pub(crate) fn columns(rows: &Pattern, columns: &Pattern) -> (Vec<u32>, usize) {
    const NONE: u32 = u32::MAX;
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&column| std::cmp::Reverse(columns[column].len()));
    let mut colors = vec![NONE; columns.len()];
    // The column for whose sake a colour was last found to be taken.
    let mut taken: Vec<usize> = Vec::new();
    for column in order {
        for &row in &columns[column] {
            for &other in &rows[row as usize] {
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
