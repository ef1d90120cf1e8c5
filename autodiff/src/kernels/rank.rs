//! Which rows and columns of a matrix carry it, and how far it is from singular.

/// Pivots are of one size down to this power of the precision. The inverse of a matrix whose pivots are has, after two
/// derivatives more, half of the digits still.
const STEEP: f64 = 0.25;

/// Whether pivots of these sizes are not of one size.
pub(crate) fn are_steep(sizes: impl Iterator<Item = f64> + Clone, epsilon: f64) -> bool {
    let (least, most) = (sizes.clone().fold(f64::INFINITY, f64::min), sizes.fold(0.0, f64::max));
    least < epsilon.powf(STEEP) * most
}

/// The order in which elimination with complete pivoting takes the rows and columns of a square, and how large the pivots are.
pub(crate) struct Ranked {
    pub(crate) rows: Vec<usize>,
    pub(crate) cols: Vec<usize>,
    /// Whether rows and columns together were exchanged an odd number of times.
    pub(crate) odd: bool,
    /// How many pivots in a row are of one size. What is left when all are counted is nothing but rounding.
    pub(crate) groups: Vec<usize>,
}

impl Ranked {
    /// Of a row-major square with elements of this precision; `None` if they are not finite.
    ///
    /// A pivot that is smaller than the first of its group by [`STEEP`] begins a group of its own.
    pub(crate) fn new(mut square: Vec<f64>, n: usize, epsilon: f64) -> Option<Self> {
        // The sizes of the terms that each element is the sum of: a pivot that is small beside them is none.
        let mut terms: Vec<f64> = square.iter().map(|x| x.abs()).collect();
        let mut found = Self { rows: (0..n).collect(), cols: (0..n).collect(), odd: false, groups: Vec::new() };
        let rounding = n as f64 * epsilon;
        let mut first = 0.0;
        for j in 0..n {
            let rest = (j..n).flat_map(|r| (j..n).map(move |c| (r, c)));
            let candidates = rest.filter(|&(r, c)| square[r * n + c].abs() > rounding * terms[r * n + c]);
            let size = |(r, c): (usize, usize)| square[r * n + c].abs();
            let Some((r, c)) = candidates.max_by(|&a, &b| size(a).total_cmp(&size(b))) else { break };
            let pivot = size((r, c));
            for of in [&mut square, &mut terms] {
                for k in 0..n {
                    of.swap(j * n + k, r * n + k);
                }
                for k in 0..n {
                    of.swap(k * n + j, k * n + c);
                }
            }
            found.rows.swap(j, r);
            found.cols.swap(j, c);
            found.odd ^= (r != j) ^ (c != j);
            for i in j + 1..n {
                let factor = square[i * n + j] / square[j * n + j];
                for k in j + 1..n {
                    let term = factor * square[j * n + k];
                    square[i * n + k] -= term;
                    terms[i * n + k] += term.abs();
                }
            }
            match found.groups.last_mut() {
                Some(group) if !are_steep([first, pivot].into_iter(), epsilon) => *group += 1,
                _ => {
                    found.groups.push(1);
                    first = pivot;
                }
            }
        }
        terms.iter().all(|x| x.is_finite()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(square: &[f64], n: usize) -> Option<Vec<usize>> {
        Ranked::new(square.to_vec(), n, f64::EPSILON).map(|ranked| ranked.groups)
    }

    #[test]
    fn pivots_by_size() {
        let ranked = Ranked::new(vec![1.0, 2.0, 2.0, 4.0], 2, f64::EPSILON).expect("finite");
        assert_eq!((ranked.rows, ranked.cols, ranked.odd, ranked.groups), (vec![1, 0], vec![1, 0], false, vec![1]));
        let ranked = Ranked::new(vec![0.0, 3.0, 1.0, 0.0], 2, f64::EPSILON).expect("finite");
        assert_eq!((ranked.rows, ranked.cols, ranked.odd, ranked.groups), (vec![0, 1], vec![1, 0], true, vec![2]));
        assert_eq!(groups(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 3), Some(vec![2]));
        assert_eq!(groups(&[0.0; 9], 3), Some(vec![]));
        // Small is not nothing, however far apart.
        let graded = [1.0, 0.0, 0.0, 0.0, 1e-20, 0.0, 0.0, 0.0, 1e-23];
        assert_eq!(groups(&graded, 3), Some(vec![1, 2]));
        assert_eq!(groups(&[0.1, 0.2, 0.3, 0.1 + 0.5], 2), Some(vec![1]));
        for bad in [f64::NAN, f64::INFINITY] {
            assert_eq!(groups(&[bad, 0.0, 0.0, 1.0], 2), None);
            assert_eq!(groups(&[1.0, 1.0, 1.0, bad], 2), None);
        }
    }
}
