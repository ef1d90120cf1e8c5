//! L12 Hinge loss and the support vector machine, primal and dual.
//!
//! With targets `t = ±1` the hinge loss is `[1 - t y]_+`. The soft-margin machine minimises, over `w` and `w0`,
//!
//! ```text
//! primal   P = 1/2 |w|² + C sum_n [1 - t_n y(x_n)]_+,    y(x) = w·x + w0
//! dual     D = sum_n a_n - 1/2 sum_nm a_n a_m t_n t_m k(x_n, x_m),    0 <= a_n <= C,  sum_n a_n t_n = 0
//! ```
//!
//! with `w = sum_n a_n t_n x_n`, and `y(x) = sum_n a_n t_n k(x_n, x) + w0` for any kernel `k`. Always `D <= P`, and at the solution
//! they are equal. There the Karush–Kuhn–Tucker conditions hold: `a_n = 0` needs `t_n y_n >= 1`, `0 < a_n < C` needs
//! `t_n y_n = 1`, `a_n = C` needs `t_n y_n <= 1`. So only points on or inside the margin (support vectors) count.
//!
//! The dual is solved by sequential minimal optimisation: the pair that violates the conditions most moves along
//! `a_i t_i + a_j t_j = const` to its optimum (Platt 1998, Keerthi et al. 2001). The primal is trained by stochastic
//! subgradients: divided by `C N` it is the mean hinge loss with weight decay `lambda = 1/C` (L13). The subgradient of the hinge at
//! `t y = 1` is 0 here.

use std::fmt::Write;

use autodiff::{Tape, Tensor};
use examples::{Outcome, Page};
use ndarray::{Array1, Array2, ArrayView1, array};
use nn::data::generate;
use nn::plot::LineChart;
use nn::schedule::polynomial;
use nn::{Init, Layer, Linear, Regularizer, Sgd, Trainer, is_bias, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type Kernel = fn(ArrayView1<'_, f64>, ArrayView1<'_, f64>) -> f64;
const C: f64 = 1.0;

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
fn dual(page: &mut Page, name: &str, x: &Array2<f64>, t: &Array1<f64>, kernel: Kernel) -> (f64, Array1<f64>) {
    let k = Array2::from_shape_fn((t.len(), t.len()), |(n, m)| kernel(x.row(n), x.row(m)));
    let (a, w0) = smo(&k, t);
    let weighted = &a * t;
    let square = weighted.dot(&k.dot(&weighted));
    let agreement = (k.dot(&weighted) + w0) * t;
    let hinge: f64 = agreement.iter().map(|ty| (1.0 - ty).max(0.0)).sum();
    let (primal, dual) = (0.5 * square + C * hinge, a.sum() - 0.5 * square);
    let violation = |(&a, &ty): (&f64, &f64)| {
        if a == 0.0 {
            (1.0 - ty).max(0.0)
        } else if a == C {
            (ty - 1.0).max(0.0)
        } else {
            (ty - 1.0).abs()
        }
    };
    let kkt = a.iter().zip(&agreement).map(violation).fold(weighted.sum().abs(), f64::max);
    let support = a.iter().filter(|a| **a > 0.0).count();
    let right = agreement.iter().filter(|ty| **ty > 0.0).count();
    let all = t.len();
    page.holds(
        format_args!(
            "{name}: primal {primal:.9} and dual {dual:.9}, gap {:.0e}, KKT residual {kkt:.0e}",
            primal - dual
        ),
        (primal - dual).abs() < 1e-6 * primal && kkt < 1e-8,
    );
    page.holds(
        format_args!("{name}: {support} of {all} are support vectors, {right} right"),
        support < all && right * 10 > all * 9,
    );
    (dual, weighted)
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let signs = |data: &nn::Dataset<f64>| -> nn::Result<Array1<f64>> {
        Ok(data.classes()?.iter().map(|&class| 2.0 * class as f64 - 1.0).collect())
    };
    let blobs = generate::blobs::<f64>(page.size(60, 120), &array![[-1.0, -0.5], [1.0, 0.5]], 0.6, &mut rng);
    let (x, t) = (blobs.inputs().clone().into_dimensionality()?, signs(&blobs)?);
    let (optimum, weighted) = dual(page, "linear kernel", &x, &t, |a, b| a.dot(&b));
    let rings = generate::circles::<f64>(page.size(60, 120), 0.4, 0.1, &mut rng);
    let gaussian: Kernel = |a, b| (-2.0 * (&a - &b).mapv(|d| d * d).sum()).exp();
    let ring_signs = rings.targets().iter().map(|class| 2.0 * class - 1.0).collect();
    dual(page, "Gaussian kernel", &rings.inputs().clone().into_dimensionality()?, &ring_signs, gaussian);

    // The primal: P / (C N) = mean hinge + (1/C)/N · 1/2 |w|², by minibatches of subgradients with a falling rate.
    let (n, epochs) = (t.len(), page.size(300, 2000));
    let data = blobs.with_targets(t.clone().insert_axis(ndarray::Axis(1)))?;
    let sgd = Sgd::new(0.5).schedule(polynomial(epochs * n.div_ceil(10), 2.0));
    let model = Linear::<f64>::new(2, 1, Init::Zeros, &mut rng);
    let mut trainer = Trainer::new(model, loss::hinge, sgd).epochs(epochs).batch_size(10).progress(false);
    trainer = trainer.regularizer(Regularizer::l2(1.0 / C, n).except(is_bias));
    trainer.fit(&data, &data)?;
    let (inputs, targets) = data.all();
    let w = trainer.model().weight().value();
    let y = trainer.model().forward(&inputs);
    let primal = 0.5 * w.square().sum().item() + C * loss::sum::hinge(&y, &targets).item();
    page.holds(
        format_args!("subgradient descent: primal {primal:.6}, the optimum {optimum:.6}"),
        primal >= optimum - 1e-9 && primal < optimum * 1.002,
    );
    writeln!(page, "w by subgradients {:.3}, sum a_n t_n x_n = {:.3}", w.to_array(), weighted.dot(&x))?;

    // Sparsity: an item beyond the margin passes no gradient on.
    let tape = Tape::new();
    let y = tape.tensor(y.detach());
    let slopes = loss::sum::hinge(&y, &targets).backward().wrt(&y);
    let inside = (&y * &targets).to_array().iter().filter(|ty| **ty < 1.0).count();
    let pulling = slopes.iter().filter(|slope| **slope != 0.0).count();
    page.holds(
        format_args!("{pulling} of {n} points have dE/dy ≠ 0, {inside} have t y < 1"),
        pulling == inside && inside < n / 2,
    );

    let curve = |error: fn(f64) -> f64| (-200..=200).map(move |i| f64::from(i) / 100.0).map(move |ty| (ty, error(ty)));
    let chart = LineChart::new("A point's error").x_label("t·y").y_label("error").size(1200, 600);
    let chart = chart
        .series("0-1", curve(|ty| f64::from(ty < 0.0)))
        .series("squared (1 - t y)²", curve(|ty| (1.0 - ty).powi(2)));
    let chart = chart.series("hinge [1 - t y]_+", curve(|ty| Tensor::scalar(1.0 - ty).relu().item()));
    page.chart(
        "l12_errors",
        &chart.series("cross-entropy ln(1 + e^(-t y)) / ln 2", curve(|ty| (-ty).exp().ln_1p() / 2.0_f64.ln())),
    )
}
