//! A history's curve, drawn by plotters.

use nn::{Dataset, History, Linear, Sgd, Trainer, loss};
use plotters::prelude::*;

/// The training loss over the epochs, on a logarithmic axis.
fn curve(history: &History) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (640, 360)).into_drawing_area();
        let losses: Vec<(f64, f64)> = (1..).map(f64::from).zip(history.epochs.iter().map(|e| e.train_loss)).collect();
        let (low, high) = losses.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x.1), high.max(x.1)));
        let mut chart =
            ChartBuilder::on(&area).margin(10).build_cartesian_2d(1.0..losses.len() as f64, (low..high).log_scale())?;
        chart.draw_series(LineSeries::new(losses, &BLUE))?;
        area.present()?;
    }
    Ok(svg)
}

/// On this line each step multiplies the error by a constant, so that the loss falls along a straight line.
#[test]
fn draws_a_run() -> Result<(), Box<dyn std::error::Error>> {
    let point = Dataset::new(ndarray::array![[1.0]], ndarray::array![[1.0]])?;
    let model = Linear::from_weights(ndarray::array![[0.0]], ndarray::array![0.0]);
    let history = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(20).fit(&point, &point)?;
    let svg = curve(&history)?;
    let points = svg.split_once("points=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a line").0;
    let points: Vec<Vec<f64>> =
        points.split_whitespace().map(|p| p.split(',').map(|x| x.parse().expect("a number")).collect()).collect();
    assert_eq!(points.len(), 20);
    assert_eq!((&points[0][..], &points[19][..]), (&[10.0, 10.0][..], &[629.0, 349.0][..]));
    for p in points {
        assert!(((p[0] - 10.0) / 619.0 - (p[1] - 10.0) / 339.0).abs() < 0.01, "{p:?}");
    }
    Ok(())
}
