//! statrs's distributions beside densities written with our functions, whose gradients serve where statrs has none.

use autodiff::{Real, Var, value_and_grad};
use statrs::distribution::{Beta, Continuous, Discrete, Gamma, Normal, Poisson, StudentsT};

fn normal<R: Real>(x: R, p: &[R]) -> R {
    R::of(-0.5) * ((x - p[0]) / p[1]).powi(2) - p[1].ln() - R::of(0.5 * std::f64::consts::TAU.ln())
}

fn gamma<R: Real>(x: R, p: &[R]) -> R {
    p[0] * p[1].ln() - p[0].ln_gamma() + (p[0] - R::one()) * x.ln() - p[1] * x
}

fn beta<R: Real>(x: R, p: &[R]) -> R {
    let one = R::one();
    (p[0] + p[1]).ln_gamma() - p[0].ln_gamma() - p[1].ln_gamma() + (p[0] - one) * x.ln() + (p[1] - one) * (-x).ln_1p()
}

/// Location, scale and degrees of freedom.
fn students_t<R: Real>(x: R, p: &[R]) -> R {
    let half = |n: R| n * R::of(0.5);
    let (z, more) = ((x - p[0]) / p[1], p[2] + R::one());
    half(more).ln_gamma()
        - half(p[2]).ln_gamma()
        - half((R::of(std::f64::consts::PI) * p[2]).ln())
        - p[1].ln()
        - half(more) * (z * z / p[2]).ln_1p()
}

fn poisson<R: Real>(x: R, p: &[R]) -> R {
    x * p[0].ln() - p[0] - (x + R::one()).ln_gamma()
}

fn agrees<const N: usize>(ours: impl Fn(&[Var<f64>]) -> Var<f64>, theirs: impl Fn([f64; N]) -> f64, p: [f64; N]) {
    let (value, gradient) = value_and_grad(ours, &p);
    assert!((value - theirs(p)).abs() < 1e-12, "{value}, {} by statrs", theirs(p));
    for (i, slope) in gradient.into_iter().enumerate() {
        let at = |h: f64| theirs(std::array::from_fn(|k| if k == i { p[k] + h } else { p[k] }));
        let difference = (8.0 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
        assert!((slope - difference).abs() < 1e-8, "{i}: {slope}, {difference} by differences");
    }
}

#[test]
fn log_densities_agree() {
    let x = Var::constant(0.7);
    agrees(|p| normal(x, p), |[m, s]| Normal::new(m, s).unwrap().ln_pdf(0.7), [0.2, 1.3]);
    agrees(|p| gamma(x, p), |[a, b]| Gamma::new(a, b).unwrap().ln_pdf(0.7), [2.2, 1.3]);
    agrees(|p| beta(x, p), |[a, b]| Beta::new(a, b).unwrap().ln_pdf(0.7), [2.2, 1.3]);
    agrees(|p| students_t(x, p), |[m, s, n]| StudentsT::new(m, s, n).unwrap().ln_pdf(0.7), [0.2, 1.3, 4.0]);
    agrees(|p| poisson(Var::constant(3.0), p), |[rate]| Poisson::new(rate).unwrap().ln_pmf(3), [2.2]);
}
