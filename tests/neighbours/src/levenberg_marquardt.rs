//! levenberg-marquardt with our Jacobian. Its nalgebra is 0.34, here under the name `nalgebra_34`.

use autodiff::{Program, Var};
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra_34::{DMatrix, DVector, Dyn, storage::Owned};

struct Fit(Program<f64>, DVector<f64>);

impl LeastSquaresProblem<f64, Dyn, Dyn> for Fit {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;
    type ParameterStorage = Owned<f64, Dyn>;
    fn set_params(&mut self, x: &DVector<f64>) {
        self.1.copy_from(x);
    }
    fn params(&self) -> DVector<f64> {
        self.1.clone()
    }
    fn residuals(&self) -> Option<DVector<f64>> {
        self.0.values(self.1.as_slice()).ok().map(DVector::from)
    }
    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let j = self.0.jacobian(self.1.as_slice()).ok()?;
        Some(DMatrix::from_row_iterator(j.nrows(), j.ncols(), j.iter().copied()))
    }
}

/// NIST's problem Misra1a, with the certified values.
#[test]
fn fits_misra1a() {
    let x = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0];
    let y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78];
    let left = |b: &[Var<f64>]| -> Vec<_> { (0..14).map(|i| b[0] * (1.0 - (-b[1] * x[i]).exp()) - y[i]).collect() };
    let start = [500.0, 1e-4];
    let (fit, report) = LevenbergMarquardt::new().minimize(Fit(Program::record(left, &start), start.to_vec().into()));
    assert!(report.termination.was_successful());
    assert!((fit.1[0] / 2.389_421_291_8e2 - 1.0).abs() < 1e-8 && (fit.1[1] / 5.501_564_318_1e-4 - 1.0).abs() < 1e-8);
}
