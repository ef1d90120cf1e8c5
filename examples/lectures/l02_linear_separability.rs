//! L2 Linear separability: are there `w0 … wp` with `sum_j w_j x_j >= 0` on one set and `< 0` on the other (`x0 = 1`)?
//!
//! With `s = 1` on the first set and `-1` on the second, finite sets are separable if and only if some `w` has
//! `s_n w·x_n > 0` for all `n` (raise `w0` by half the distance to the second set). Exactly one of two statements is true
//! (Gordan 1873):
//!
//! ```text
//! yes: there is w with s_n w·x_n > 0 for all n
//! no:  there are a_n >= 0, not all 0, with sum_n a_n s_n x_n = 0
//! ```
//!
//! The second is a proof of "no": multiplied by any `w` the sum is 0, but were `w` to separate, it would be positive. As
//! `x0 = 1`, the `a_n` add up to the same on both sides: the sets' convex hulls share the point `sum a_n x_n / sum a_n`.
//!
//! Both sides are linear programs. Whatever the solver says, its answer is checked by plain arithmetic here.

use std::fmt::Write;

use examples::{Outcome, Page};
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use nn::data::generate;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A proof of the answer.
enum Answer {
    /// The weights, bias first.
    Separable(Vec<f64>),
    /// The multipliers `a_n`, which add up to 1 on either side.
    Inseparable(Vec<f64>),
}

/// `s_n (1, x_n)` for each point.
fn signed(points: &[(Vec<f64>, bool)]) -> Vec<Vec<f64>> {
    let sign = |first: bool| if first { 1.0 } else { -1.0 };
    let row = |(x, first): &(Vec<f64>, bool)| [1.0].iter().chain(x).map(|x| sign(*first) * x).collect();
    points.iter().map(row).collect()
}

/// The widest margin `m` with `s_n w·x_n >= m` and all `|w_j| <= 1`; if that is 0, the multipliers that prove it.
fn separate(points: &[(Vec<f64>, bool)]) -> Result<Answer, Box<dyn std::error::Error>> {
    let rows = signed(points);
    let mut primal = Problem::new(OptimizationDirection::Maximize);
    let w: Vec<_> = rows[0].iter().map(|_| primal.add_var(0.0, (-1.0, 1.0))).collect();
    let margin = primal.add_var(1.0, (0.0, f64::INFINITY));
    for row in &rows {
        let terms: Vec<_> = w.iter().copied().zip(row.iter().copied()).chain([(margin, -1.0)]).collect();
        primal.add_constraint(&terms, ComparisonOp::Ge, 0.0);
    }
    let best = primal.solve()?.into_solution().map_err(|_| "the program was interrupted")?;
    if best.objective() > 1e-9 {
        return Ok(Answer::Separable(w.iter().map(|&w| best.var_value(w)).collect()));
    }
    let mut dual = Problem::new(OptimizationDirection::Minimize);
    let a: Vec<_> = rows.iter().map(|_| dual.add_var(0.0, (0.0, 1.0))).collect();
    for j in 0..w.len() {
        let terms: Vec<_> = a.iter().zip(&rows).map(|(&a, row)| (a, row[j])).collect();
        dual.add_constraint(&terms, ComparisonOp::Eq, 0.0);
    }
    let all: Vec<_> = a.iter().map(|&a| (a, 1.0)).collect();
    dual.add_constraint(&all, ComparisonOp::Eq, 2.0);
    let proof = dual.solve()?.into_solution().map_err(|_| "the program was interrupted")?;
    Ok(Answer::Inseparable(a.iter().map(|&a| proof.var_value(a)).collect()))
}

/// Whether a proof proves what it says, by multiplying it out.
fn is_proven(points: &[(Vec<f64>, bool)], answer: &Answer) -> bool {
    let rows = signed(points);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    match answer {
        Answer::Separable(w) => rows.iter().all(|row| dot(w, row) > 1e-9),
        Answer::Inseparable(a) => {
            let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<_>>();
            (0..rows[0].len()).all(|j| dot(a, &column(j)).abs() < 1e-9)
                && a.iter().all(|&a| a >= 0.0)
                && a.iter().sum::<f64>() > 1.0
        }
    }
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let table = |t: [u8; 4]| corners.iter().zip(t).map(|(x, t)| (x.to_vec(), t == 1)).collect::<Vec<_>>();
    let cloud = |noise: f64| -> nn::Result<Vec<(Vec<f64>, bool)>> {
        let centres = ndarray::array![[-1.0, 0.0, 0.5], [1.0, 0.5, 0.0]];
        let data = generate::blobs::<f64>(60, &centres, noise, &mut ChaCha8Rng::seed_from_u64(2));
        let rows = data.inputs().outer_iter().map(|x| x.iter().copied().collect());
        Ok(rows.zip(data.classes()?).map(|(x, class)| (x, class == 1)).collect())
    };
    for (name, points, wanted) in [
        ("XOR", table([0, 1, 1, 0]), false),
        ("AND", table([0, 0, 0, 1]), true),
        ("OR", table([0, 1, 1, 1]), true),
        ("NAND", table([1, 1, 1, 0]), true),
        ("60 points in 3 dimensions, narrow clouds", cloud(0.2)?, true),
        ("60 points in 3 dimensions, wide clouds", cloud(1.0)?, false),
    ] {
        let answer = separate(&points)?;
        let (found, text) = match &answer {
            Answer::Separable(w) => (true, format!("yes, w = {w:.2?}")),
            Answer::Inseparable(a) => {
                let weigh = |j: usize| points.iter().zip(a).filter(|((_, s), _)| *s).map(|((x, _), a)| a * x[j]).sum();
                let shared: Vec<f64> = (0..points[0].0.len()).map(weigh).collect();
                (false, format!("no, both hulls contain {shared:.2?}"))
            }
        };
        page.holds(format_args!("{name}: {text}; proof checked"), found == wanted && is_proven(&points, &answer));
    }
    // All 16 functions of two bits: 14 are separable, all but XOR and its negation.
    let functions = (0..16_u8).map(|f| table([f & 1, f >> 1 & 1, f >> 2 & 1, f >> 3]));
    let answers = functions.map(|points| separate(&points).map(|answer| (is_proven(&points, &answer), answer)));
    let answers = answers.collect::<Result<Vec<_>, _>>()?;
    let separable = answers.iter().filter(|(_, answer)| matches!(answer, Answer::Separable(_))).count();
    writeln!(page, "of the 16 functions of two bits {separable} are separable")?;
    page.holds("14 of 16, all proven", separable == 14 && answers.iter().all(|(proven, _)| *proven));
    Ok(())
}
