//! The solvers of differential-equations run in our numbers: duals carry sensitivities forward, a tape gives the adjoint.

use autodiff::interop::nalgebra::SendVar;
use autodiff::{Dual, Tape};
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
    let years: Vec<R> = (0..HARE.len()).map(|year| of(year as f64)).collect();
    let system = Populations([x[0], x[1], x[2], x[3]]);
    let method = ExplicitRungeKutta::dop853().rtol(of(1e-10)).atol(of(1e-10)).h0(of(0.01));
    let problem = IVP::ode(&system, years[0], years[years.len() - 1], [x[4], x[5]]).t_eval(&years);
    let solution = problem.method(method).solve()?;
    assert_eq!(solution.y.len(), years.len());
    let left = |(y, k): (&[R; 2], usize)| (y[0] - of(HARE[k].ln())).powi(2) + (y[1] - of(LYNX[k].ln())).powi(2);
    Ok(solution.y.iter().zip(0..).map(left).fold(R::zero(), |sum, left| sum + left))
}

/// Thousands of pelts that the Hudson Bay Company bought, 1900 to 1920.
pub const HARE: [f64; 21] = [
    30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6,
    16.2, 24.7,
];
pub const LYNX: [f64; 21] = [
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
    let reverse = misfit::<SendVar<f64>>(inputs.map(|x| x.send())).expect("a solution").var().backward();
    // What `examples/ode.rs` finds by steps of order 5 and checkpoints.
    let example = [0.0; 6];
    for i in 0..6 {
        let at = |h: f64| misfit(std::array::from_fn(|k| if k == i { x[k] + h } else { x[k] })).expect("a solution");
        let difference = (8.0 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
        println!("{} {} {} {}", forward.tangent()[i], reverse.wrt(inputs[i]), example[i], difference);
        for (other, tolerance) in [(reverse.wrt(inputs[i]), 1e-9), (example[i], 1e-6), (difference, 1e-6)] {
            assert!(
                (forward.tangent()[i] - other).abs() < tolerance * other.abs().max(1.0),
                "{i}: {forward:?} {other}"
            );
        }
    }
}
