//! The solvers of differential-equations run in our numbers: duals carry sensitivities forward, a tape gives the adjoint.

use autodiff::interop::nalgebra::SendVar;
use autodiff::{Dual, Tape, Var};
use differential_equations::error::Error;
use differential_equations::prelude::{ExplicitRungeKutta, IVP, ODE};
use nalgebra::RealField;

/// Lotka and Volterra's equations for logarithms: `ln α`, `ln β`, `ln γ`, `ln δ`.
struct Populations<R>([R; 4]);

impl<R: RealField + Copy> ODE<R, [R; 2]> for Populations<R> {
    fn diff(&self, _: R, y: &[R; 2], slope: &mut [R; 2]) {
        let p = self.0;
        *slope = [p[0].exp() - (p[1] + y[1]).exp(), (p[3] + y[0]).exp() - p[2].exp()];
    }
}

/// The squared differences of logarithms to the pelts of hares and lynxes; `x` holds the parameters and the start.
fn misfit<R: RealField + Copy>(x: [R; 6]) -> Result<R, Error<R, [R; 2]>> {
    let of = |x: f64| R::from_subset(&x);
    let (system, mut y, mut sum) = (Populations([x[0], x[1], x[2], x[3]]), [x[4], x[5]], R::zero());
    for year in 0..HARE.len() {
        if year > 0 {
            // From year to year, for what is asked for between steps is interpolated, to fewer digits.
            let method = ExplicitRungeKutta::dop853().rtol(of(1e-11)).atol(of(1e-11)).h0(of(0.01));
            let solution = IVP::ode(&system, of(year as f64 - 1.0), of(year as f64), y).method(method).solve()?;
            y = *solution.y.last().expect("the year's end");
        }
        sum += (y[0] - of(HARE[year].ln())).powi(2) + (y[1] - of(LYNX[year].ln())).powi(2);
    }
    Ok(sum)
}

/// Thousands of pelts that the Hudson Bay Company bought, 1900 to 1920.
const HARE: [f64; 21] = [
    30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6,
    16.2, 24.7,
];
const LYNX: [f64; 21] = [
    4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6,
];

#[test]
fn sensitivities_agree() {
    let x = [0.5_f64, 0.02, 1.0, 0.02, 30.0, 4.0].map(f64::ln);
    let forward =
        misfit(std::array::from_fn(|i| Dual::<f64, 6>::new(x[i], std::array::from_fn(|k| f64::from(i == k)))));
    let forward = forward.expect("a solution");
    let tape = Tape::<f64>::new();
    let inputs = x.map(|x| tape.var(x));
    let reverse = misfit::<SendVar<f64>>(inputs.map(Var::send)).expect("a solution").var().backward();
    // What `examples/ode.rs` finds by checkpoints, its tolerance set to 1e-12.
    let example =
        [-111.662_505_175, -20.028_391_356, -4.566_204_098, -91.772_539_452, -80.584_412_197, -25.666_493_824];
    for (i, (&slope, example)) in forward.tangent().iter().zip(example).enumerate() {
        let at = |h: f64| misfit(std::array::from_fn(|k| if k == i { x[k] + h } else { x[k] })).expect("a solution");
        let difference = (8.0 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
        for (other, tolerance) in [(reverse.wrt(inputs[i]), 1e-9), (example, 1e-7), (difference, 1e-7)] {
            assert!((slope - other).abs() < tolerance * other.abs().max(1.0), "{i}: {slope} and {other}");
        }
    }
}
