use autodiff::Program;
use diffsol::{NalgebraMat, OdeBuilder, SensitivitiesOdeSolverMethod};
#[test]
fn trial() {
    // states 0..2, parameters 2..6
    let f = |x: &[autodiff::Var<f64>]| vec![x[2].exp() - (x[3] + x[1]).exp(), (x[5] + x[0]).exp() - x[4].exp()];
    let program = Program::record(f, &[0.1; 6]);
    let join = |y: &[f64], p: &[f64]| [y, &p[..4]].concat();
    let x0 = [0.5_f64, 0.02, 1.0, 0.02, 30.0, 4.0].map(f64::ln);
    let (p1, p2, p3) = (program.clone(), program.clone(), program.clone());
    let problem = OdeBuilder::<NalgebraMat<f64>>::new()
        .p(x0)
        .rtol(1e-9)
        .atol([1e-9])
        .sens_rtol(1e-9)
        .sens_atol([1e-9])
        .rhs_sens_implicit(
            move |y, p, _t, out| out.copy_from_slice(&p1.values(&join(y, p)).unwrap()),
            move |y, p, _t, v, out| out.copy_from_slice(&p2.jvp(&join(y, p), &join(v, &[0.0; 4])).unwrap()),
            move |y, p, _t, v, out| out.copy_from_slice(&p3.jvp(&join(y, p), &join(&[0.0; 2], v)).unwrap()),
        )
        .init_sens(|p, _t, y| y.copy_from_slice(&p[4..6]), |_p, _t, v, y| y.copy_from_slice(&v[4..6]), 2)
        .build()
        .unwrap();
    let mut solver = problem.tsit45_sens().unwrap();
    let t: Vec<f64> = (0..=20).map(f64::from).collect();
    let (y, s, _) = solver.solve_dense_sensitivities(&t).unwrap();
    let o = [super::differential_equations::HARE, super::differential_equations::LYNX];
    for s in &s {
        let g: f64 = (0..21)
            .flat_map(|t| [0, 1].map(|k| (k, t)))
            .map(|(k, t)| 2.0 * (y[(k, t)] - o[k][t].ln()) * s[(k, t)])
            .sum();
        println!("DIFFSOL {g}");
    }
}
