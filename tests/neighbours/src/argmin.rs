//! argmin's solvers on a recorded function: cost, gradient and Hessian are the program's.

use argmin::core::{CostFunction, Error, Executor, Gradient, Hessian};
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use autodiff::{Program, Var};

struct Problem(Program<f64>);

impl CostFunction for Problem {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.value(x)?)
    }
}

impl Gradient for Problem {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.0.gradient(x)?)
    }
}

impl Hessian for Problem {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;
    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, Error> {
        Ok(self.0.hessian(x)?.rows().into_iter().map(|row| row.to_vec()).collect())
    }
}

#[test]
fn finds_rosenbrocks_minimum() -> Result<(), Error> {
    let f = |x: &[Var<f64>]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0].powi(2)).powi(2);
    let (problem, start) = (Problem(Program::record(f, &[-1.2, 1.0])), vec![-1.2, 1.0]);
    let run = Executor::new(problem, TrustRegion::new(Steihaug::new().with_max_iters(2)));
    let found = run.configure(|state| state.param(start).max_iters(100)).run()?;
    assert!(found.state.best_param.unwrap().iter().all(|x| (x - 1.0).abs() < 1e-8));
    Ok(())
}
