//! An ordinary differential equation fitted to data: Dormand and Prince's steps of order 5 under control of order 4, with the gradient of
//! the numbers computed by checkpointed reverse sweeps. Lotka and Volterra's equations on the Hudson Bay Company's pelts, 1900 to 1920
//! (thousands; E. Odum, Fundamentals of Ecology, 1953).
//!
//! `cargo run --release -p examples --example ode`

use autodiff::{Dual, Real, Tape, Var, check, checkpoint, value_and_grad};
use nn::Lbfgs;

const HARE: [f64; 21] = [
    30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6,
    16.2, 24.7,
];
const LYNX: [f64; 21] = [
    4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6,
];
const TOLERANCE: f64 = 1e-9;

/// Where each stage starts from those before; the last row is the step itself. Then its difference to the step of order 4.
const STAGES: [&[f64]; 7] = [
    &[],
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// Hares are born and eaten, lynxes die and eat; on logarithms, so that nothing becomes negative: `p` is `ln α, ln β, ln γ, ln δ`.
fn slope<R: Real>(y: [R; 2], p: &[R]) -> [R; 2] {
    [p[0].exp() - (p[1] + y[1]).exp(), (p[3] + y[0]).exp() - p[2].exp()]
}

/// One step, and its error as far as order 4 knows.
fn step<R: Real>(y: [R; 2], p: &[R], h: f64) -> ([R; 2], [R; 2]) {
    let moved = |k: &[[R; 2]], by: &[f64], from: [R; 2]| {
        let add = |y: [R; 2], (k, &a): (&[R; 2], &f64)| [y[0] + R::of(h * a) * k[0], y[1] + R::of(h * a) * k[1]];
        k.iter().zip(by).fold(from, add)
    };
    let (mut k, mut next) = (Vec::with_capacity(7), y);
    for stage in STAGES {
        next = moved(&k, stage, y);
        k.push(slope(next, p));
    }
    (next, moved(&k, &ERROR, [R::zero(); 2]))
}

/// The steps that keep the error to the tolerance, each with the year that it ends at, if it does. Chosen on plain numbers: what is
/// differentiated are the numbers that these very steps give.
fn plan(x: &[f64]) -> Vec<(f64, Option<usize>)> {
    let (mut y, mut h, mut steps) = ([x[4], x[5]], 0.1_f64, Vec::new());
    for year in 1..HARE.len() {
        let mut left = 1.0;
        while left > 0.0 {
            let length = if h > 0.99 * left { left } else { h };
            let (next, error) = step(y, &x[..4], length);
            let size = error[0].abs().max(error[1].abs()) / TOLERANCE;
            if size <= 1.0 {
                left -= length;
                y = next;
                steps.push((length, (left <= 0.0).then_some(year)));
            }
            h = length * (0.9 * size.powf(-0.2)).clamp(0.2, 5.0);
        }
    }
    steps
}

/// The squared difference of logarithms in a year.
fn misfit<R: Real>(y: &[R], year: usize) -> R {
    (y[0] - R::of(HARE[year].ln())).powi(2) + (y[1] - R::of(LYNX[year].ln())).powi(2)
}

/// What a step makes of the populations, the parameters, which stay, and the misfit so far.
fn carry<R: Real>(s: &[R], (h, year): (f64, Option<usize>)) -> [R; 7] {
    let (y, _) = step([s[0], s[1]], &s[2..6], h);
    [y[0], y[1], s[2], s[3], s[4], s[5], year.map_or(s[6], |year| s[6] + misfit(&y, year))]
}

fn start<R: Real>(x: &[R]) -> [R; 7] {
    [x[4], x[5], x[0], x[1], x[2], x[3], misfit(&x[4..], 0)]
}

/// The loss of given steps, as one entry of the tape however many these are.
fn loss(x: &[Var<f64>], steps: Vec<(f64, Option<usize>)>) -> Var<f64> {
    checkpoint::sequence(&start(x), steps.len(), move |s, k| carry(s, steps[k]))[6]
}

fn main() -> nn::Result<()> {
    // Of ln α, ln β, ln γ, ln δ and the logarithms of both populations in 1900.
    let first = [0.5_f64, 0.02, 1.0, 0.02, 30.0, 4.0].map(f64::ln);
    let steps = plan(&first);
    let frozen = |x: &[Var<f64>]| loss(x, steps.clone());
    let (_, gradient) = value_and_grad(frozen, &first);
    let dual: Vec<Dual<f64, 6>> =
        (0..6).map(|i| Dual::new(first[i], std::array::from_fn(|k| f64::from(u8::from(i == k))))).collect();
    let forward = steps.iter().fold(start(&dual), |s, &step| carry(&s, step))[6];
    for (reverse, &forward) in gradient.iter().zip(forward.tangent()) {
        assert!((reverse - forward).abs() <= 1e-10 * forward.abs().max(1.0), "{reverse} and {forward}");
    }
    check::gradient(frozen, &first).assert_pass();
    let tape = Tape::<f64>::new();
    loss(&tape.vars(&first), steps.clone());
    println!(
        "{} steps, {} entries on the tape; gradient as in forward mode and as numerically",
        steps.len(),
        tape.len()
    );

    let whole = |x: &[Var<f64>]| loss(x, plan(&x.iter().map(|x| x.value()).collect::<Vec<_>>()));
    let fit = Lbfgs::new().tolerance(1e-6).minimize(whole, &first)?;
    let x: Vec<f64> = fit.x.iter().map(|x| x.exp()).collect();
    println!(
        "{:?} after {} steps: the misfit falls from {:.2} to {:.4}",
        fit.outcome,
        fit.steps(),
        fit.course[0].value,
        fit.value
    );
    println!(
        "α = {:.4}, β = {:.5}, γ = {:.4}, δ = {:.5} a year; {:.1} and {:.1} thousand in 1900",
        x[0], x[1], x[2], x[3], x[4], x[5]
    );
    // Bayesian estimates with weak priors (B. Carpenter, 2018).
    for (x, known) in x.iter().zip([0.55, 0.028, 0.80, 0.024, 34.0, 5.9]) {
        assert!((x / known - 1.0).abs() < 0.05, "{x}, expected {known}");
    }
    Ok(())
}
