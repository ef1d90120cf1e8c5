//! Lines of equal height over a grid of samples.

use ndarray::Array2;

/// A point in numbers of columns and rows.
type Point = (f64, f64);

/// Pieces of the line on which the samples, joined linearly along the grid, have this height: at most two in each square
/// of four samples. Squares with a sample that is not a number have none.
pub(super) fn contour(samples: &Array2<f64>, level: f64) -> Vec<[Point; 2]> {
    let mut pieces = Vec::new();
    for ((row, column), square) in samples.windows((2, 2)).into_iter().enumerate().map(|(k, square)| {
        let width = samples.ncols() - 1;
        ((k / width, k % width), square)
    }) {
        if square.iter().any(|sample| !sample.is_finite()) {
            continue;
        }
        // Around the square, from the first sample on.
        let corners = [(0, 0), (0, 1), (1, 1), (1, 0)];
        let crossings: Vec<Point> = (0..4)
            .filter_map(|k| {
                let (from, to) = (corners[k], corners[(k + 1) % 4]);
                let (a, b) = (square[from], square[to]);
                let share = (level - a) / (b - a);
                let between = |from: usize, to: usize| from as f64 + share * (to as f64 - from as f64);
                let point = (column as f64 + between(from.1, to.1), row as f64 + between(from.0, to.0));
                ((a < level) != (b < level)).then_some(point)
            })
            .collect();
        match crossings[..] {
            [a, b] => pieces.push([a, b]),
            // A saddle: the middle says which corners belong together.
            [a, b, c, d] => {
                let middle = square.mean().expect("four samples") < level;
                let joined = middle == (square[(0, 0)] < level);
                pieces.extend(if joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
            }
            _ => {}
        }
    }
    pieces
}

/// The value at a place in numbers of columns and rows, linear between samples.
pub(super) fn between(samples: &Array2<f64>, (x, y): Point) -> f64 {
    let split = |place: f64, count: usize| {
        let last = count.saturating_sub(1);
        #[expect(clippy::cast_sign_loss, reason = "places are not negative")]
        let first = (place.max(0.0) as usize).min(last.saturating_sub(1));
        (first, (first + 1).min(last), place - first as f64)
    };
    let ((left, right, dx), (top, bottom, dy)) = (split(x, samples.ncols()), split(y, samples.nrows()));
    let row = |row: usize| samples[[row, left]] * (1.0 - dx) + samples[[row, right]] * dx;
    row(top) * (1.0 - dy) + row(bottom) * dy
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn contours_are_where_the_samples_say() {
        let slope = Array2::from_shape_fn((3, 4), |(_, column)| column as f64);
        let pieces = contour(&slope, 1.25);
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().flatten().all(|&(x, _)| x == 1.25), "{pieces:?}");
        assert_eq!(contour(&array![[0.0, 1.0], [1.0, 0.0]], 0.4).len(), 2, "a saddle");
        assert!(contour(&array![[0.0, f64::NAN], [1.0, 2.0]], 0.5).is_empty());
        let bowl = Array2::from_shape_fn((41, 41), |(i, j)| (i as f64 - 20.0).hypot(j as f64 - 20.0));
        for (x, y) in contour(&bowl, 13.3).into_iter().flatten() {
            assert!(((x - 20.0).hypot(y - 20.0) - 13.3).abs() < 0.02, "({x}, {y})");
        }
        assert_eq!(between(&array![[0.0, 1.0], [2.0, 5.0]], (0.5, 0.25)), 0.75 * 0.5 + 0.25 * 3.5);
        assert_eq!(between(&array![[7.0]], (0.0, 0.0)), 7.0);
        assert_eq!(between(&slope, (3.0, 2.0)), 3.0);
    }
}
