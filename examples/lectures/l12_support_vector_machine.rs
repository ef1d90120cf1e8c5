//! L12 The support vector machine in its dual form, with kernels.
//!
//! The dual of the soft-margin problem of `l12_hinge_loss.rs` is to maximise
//!
//! ```text
//! D = sum_n a_n - 1/2 sum_nm a_n a_m t_n t_m k(x_n, x_m),    0 <= a_n <= C,  sum_n a_n t_n = 0
//! ```
//!
//! with `y(x) = sum_n a_n t_n k(x_n, x) + w0`; for the linear kernel `k(x, x') = x·x'` that is `w = sum_n a_n t_n x_n`. Always
//! `D <= P`, and at the solution they are equal. There the conditions of Karush, Kuhn and Tucker hold: `a_n = 0` needs
//! `t_n y_n >= 1`, `0 < a_n < C` needs `t_n y_n = 1`, `a_n = C` needs `t_n y_n <= 1`. So only points on or inside the margin
//! (support vectors) count.
//!
//! Sequential minimal optimisation: the pair that violates the conditions most moves along `a_i t_i + a_j t_j = const` to its
//! optimum (Platt 1998; Keerthi et al. 2001).

use autodiff::Tensor;
use examples::{Outcome, Page, matrix};
use ndarray::{Array1, Array2, ArrayView1};
use nn::Dataset;
use nn::data::generate;
use nn::plot::DecisionRegions;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) type Kernel = fn(ArrayView1<'_, f64>, ArrayView1<'_, f64>) -> f64;
pub(crate) const C: f64 = 1.0;

/// A trained machine.
pub(crate) struct Machine {
    kernel: Kernel,
    x: Array2<f64>,
    /// `a_n t_n`.
    pub(crate) weighted: Array1<f64>,
    w0: f64,
    /// The value of the dual, and so of the primal.
    pub(crate) value: f64,
}

impl Machine {
    fn output(&self, x: &ArrayView1<'_, f64>) -> f64 {
        let points = self.x.rows().into_iter().zip(&self.weighted).filter(|(_, at)| **at != 0.0);
        self.w0 + points.map(|(x_n, at)| at * (self.kernel)(x_n, *x)).sum::<f64>()
    }
}

/// The dual's multipliers `a` and the bias `w0`, for a matrix of kernel values.
fn smo(k: &Array2<f64>, t: &Array1<f64>) -> (Array1<f64>, f64) {
    let n = t.len();
    let (mut a, mut f) = (Array1::<f64>::zeros(n), -t); // f_n = sum_m a_m t_m k_mn - t_n
    loop {
        // a_i t_i may still rise, a_j t_j still fall; at the solution every f of the first kind is at least those of the second.
        let may_rise = |i: &usize| if t[*i] > 0.0 { a[*i] < C } else { a[*i] > 0.0 };
        let may_fall = |j: &usize| if t[*j] > 0.0 { a[*j] > 0.0 } else { a[*j] < C };
        let i = (0..n).filter(may_rise).min_by(|&i, &j| f[i].total_cmp(&f[j])).expect("both classes");
        let j = (0..n).filter(may_fall).max_by(|&i, &j| f[i].total_cmp(&f[j])).expect("both classes");
        if f[j] - f[i] < 1e-9 {
            return (a, -(f[i] + f[j]) / 2.0);
        }
        let room = |i: usize, up: bool| if up == (t[i] > 0.0) { C - a[i] } else { a[i] };
        let curvature = (k[[i, i]] + k[[j, j]] - 2.0 * k[[i, j]]).max(1e-12);
        let step = ((f[j] - f[i]) / curvature).min(room(i, true)).min(room(j, false));
        // A multiplier that arrives at a bound is put there exactly.
        let moved = |a: f64| {
            if a < 1e-14 {
                0.0
            } else if a > C - 1e-14 {
                C
            } else {
                a
            }
        };
        (a[i], a[j]) = (moved(a[i] + step * t[i]), moved(a[j] - step * t[j]));
        f = &f + &((&k.row(i) - &k.row(j)) * step);
    }
}

/// Solves the dual, and checks the conditions and that both values meet.
pub(crate) fn solve(page: &mut Page, name: &str, x: Array2<f64>, t: &Array1<f64>, kernel: Kernel) -> Machine {
    let k = Array2::from_shape_fn((t.len(), t.len()), |(n, m)| kernel(x.row(n), x.row(m)));
    let (a, w0) = smo(&k, t);
    let weighted = &a * t;
    let square = weighted.dot(&k.dot(&weighted));
    let agreement = (k.dot(&weighted) + w0) * t;
    let hinge: f64 = agreement.iter().map(|ty| (1.0 - ty).max(0.0)).sum();
    let (primal, dual) = (0.5 * square + C * hinge, a.sum() - 0.5 * square);
    let violation = |(&a, &ty): (&f64, &f64)| match a {
        0.0 => (1.0 - ty).max(0.0),
        C => (ty - 1.0).max(0.0),
        _ => (ty - 1.0).abs(),
    };
    let kkt = a.iter().zip(&agreement).map(violation).fold(weighted.sum().abs(), f64::max);
    let (support, right) = (a.iter().filter(|a| **a > 0.0).count(), agreement.iter().filter(|ty| **ty > 0.0).count());
    let (gap, all) = (primal - dual, t.len());
    page.holds(
        format_args!("{name}: primal {primal:.9}, dual {dual:.9}, gap {gap:.0e}, KKT residual {kkt:.0e}"),
        gap.abs() < 1e-6 * primal && kkt < 1e-8,
    );
    let text = format!("{name}: {support} of {all} points are support vectors, {right} right");
    page.holds(text, support < all && right * 10 > all * 9);
    Machine { kernel, x, weighted, w0, value: dual }
}

/// The Gaussian kernel on two rings, which no line separates.
pub(crate) fn show(page: &mut Page) -> Outcome {
    let rings = generate::circles::<f64>(page.size(60, 120), 0.4, 0.1, &mut ChaCha8Rng::seed_from_u64(12));
    let gaussian: Kernel = |a, b| (-2.0 * a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>()).exp();
    let t = rings.targets().iter().map(|class| 2.0 * class - 1.0).collect();
    let machine = solve(page, "Gaussian kernel", matrix(&rings.all().0), &t, gaussian);
    // The picture takes an output of 1/2 for the border, the machine 0.
    let outputs = |x: &Tensor<f64>| -> Tensor<f64> {
        let y = matrix(x).rows().into_iter().map(|x| machine.output(&x)).collect::<Array1<f64>>();
        Tensor::from(y.insert_axis(ndarray::Axis(1))).sigmoid()
    };
    let support: Vec<usize> = (0..t.len()).filter(|&n| machine.weighted[n] != 0.0).collect();
    let kept: Dataset<f64> = rings.subset(&support);
    let picture = DecisionRegions::new("Gaussian kernel: where y > 0, and the support vectors", &kept, outputs);
    let picture = picture.names(["t = -1", "t = 1"]).x_label("x1").y_label("x2");
    page.save("l12_kernel", |path| Ok(picture.save(path)?))
}
