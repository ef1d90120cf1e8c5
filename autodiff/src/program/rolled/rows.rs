//! Inner products of a loop's trips as rows of a matrix times a vector.

use super::form::{Lists, Operand, Rows, Vector};
use crate::Real;

/// So many terms of a row are put together.
const LEAST: usize = 8;

/// What an operand word is: something outside, or an entry of the same trip.
pub(super) type Read<T> = Result<Operand<T>, usize>;

/// Factors, first and second ones, in which terms of a matrix's row times a vector are put together.
pub(super) fn with_rows<T: Real>(read: &[Read<T>], rows: &mut Vec<Rows>, lists: &mut Lists<T>) -> Vec<Read<T>> {
    let terms = read.len() / 2;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut k = 0;
    while k < terms {
        let pair = |k: usize, order: usize| [read[k + order * terms], read[k + (1 - order) * terms]];
        let counts =
            [0, 1].map(|order| (k..terms).take_while(|&at| follows(pair(k, order), pair(at, order), at - k)).count());
        let order = usize::from(counts[1] > counts[0]);
        let count = counts[order];
        match pair(k, order) {
            [Ok(Operand::Strided(place, stride)), Ok(vector)] if count >= LEAST => {
                let vector = if let Operand::Same(place) = vector {
                    Vector::Places(place)
                } else {
                    let start = lists.tables.len() as u32;
                    let constant =
                        |at| if let [_, Ok(Operand::Constant(c))] = pair(at, order) { Some(c) } else { None };
                    lists.tables.extend((k..k + count).filter_map(constant));
                    Vector::Table(start)
                };
                first.push(Ok(Operand::Rows(rows.len() as u32)));
                second.push(Ok(Operand::Constant(T::one())));
                rows.push(Rows { first: place, stride, count: count as u32, vector });
                k += count;
            }
            _ => {
                let [a, b] = pair(k, 0);
                first.push(a);
                second.push(b);
                k += 1;
            }
        }
    }
    first.append(&mut second);
    first
}

/// Whether this is the row's term so many places on.
fn follows<T: Real>(first: [Read<T>; 2], term: [Read<T>; 2], on: usize) -> bool {
    let on = on as u32;
    match (first, term) {
        ([Ok(Operand::Strided(a, stride)), Ok(x)], [Ok(Operand::Strided(b, own)), Ok(y)]) => {
            let vector = match (x, y) {
                (Operand::Constant(_), Operand::Constant(_)) => true,
                (Operand::Same(x), Operand::Same(y)) => y == x + on,
                _ => false,
            };
            vector && own == stride && b == a + on
        }
        _ => false,
    }
}
