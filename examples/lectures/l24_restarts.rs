//! L24 Local minima and restarts: from different starts descent reaches different minima.
//!
//! A 2-2-1 network of sigmoid units can represent XOR, but its error has poor local minima and plateaus as well, where one or two
//! of the four points stay wrong. Which one a run reaches is a matter of its initial weights. If a start succeeds with
//! probability `p`, the best of `k` starts does with `1 - (1 - p)^k`.

use std::fmt::Write;
use std::ops::ControlFlow;

use examples::{Outcome, Page};
use nn::data::generate;
use nn::plot::{DecisionRegions, Figure, LineChart};
use nn::{Activation, Init, Layer, Mlp, Sgd, Trainer, loss, metrics, restarts};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn show(page: &mut Page) -> Outcome {
    let data = generate::xor::<f64>(4, 0.0, &mut ChaCha8Rng::seed_from_u64(1));
    let (seeds, epochs) = (page.size(10, 50), page.size(900, 2500));
    let build = |seed| {
        let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
        let model = builder.init(Init::Normal(1.0)).build(&mut ChaCha8Rng::seed_from_u64(seed));
        let trainer = Trainer::new(model, loss::bce, Sgd::new(0.5)).epochs(epochs).batch_size(1).seed(seed);
        // Right and sure: no need to go on.
        trainer.progress(false).on_epoch(|epoch, _, _| match epoch.valid_loss {
            loss if loss < 0.02 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    };
    let runs = restarts(1..=seeds, &data, &data, build);
    writeln!(page, "2-2-1 networks of sigmoid units, trained on-line from {seeds} starts:\n{runs}\n")?;
    let losses: Vec<f64> = runs.rows.iter().map(|row| row.valid_loss).collect();
    let solved = losses.iter().filter(|loss| **loss < 0.1).count();
    let p = solved as f64 / seeds as f64;
    page.holds(
        format_args!("{solved} of {seeds} starts solve XOR, the others end elsewhere"),
        (0.2..1.0).contains(&p) && losses.iter().all(|loss| loss.is_finite()),
    );
    let groups = || losses.chunks(5).map(|five| five.iter().any(|loss| *loss < 0.1));
    let (reached, of) = (groups().filter(|reached| *reached).count(), groups().count());
    let (x, t) = data.all();
    let best = runs.model().ok_or("no run")?;
    let y = best.forward(&x);
    for (x, y) in data.inputs().outer_iter().zip(y.to_array()) {
        writeln!(page, "  {} xor {} = {y:.4}", x[0], x[1])?;
    }
    page.holds(
        format_args!("the best of five does in {reached} of {of} groups: probability {:.3}", 1.0 - (1.0 - p).powi(5)),
        reached == of && metrics::accuracy(&y, &t) == 1.0,
    );
    // Two points right and two at 1/2 cost (2 ln 2)/4.
    let poor = losses.iter().copied().filter(|loss| *loss > 0.1).fold(f64::INFINITY, f64::min);
    page.near("the others: two points at 1/2, error ln 2 / 2", poor, 2.0_f64.ln() / 2.0, 0.02);

    let stuck = (1..=seeds).zip(&losses).find(|(_, loss)| **loss > 0.1).ok_or("all starts solve XOR")?.0;
    let mut again = build(stuck);
    again.fit(&data, &data)?;
    let regions = |title: String, model: &Mlp<f64>| {
        DecisionRegions::new(title, &data, |x| model.forward(x)).names(["0", "1"]).x_label("x1").y_label("x2")
    };
    let mut sorted = losses;
    sorted.sort_by(f64::total_cmp);
    let points = sorted.into_iter().enumerate().map(|(k, loss)| (k as f64 + 1.0, loss));
    let chart = LineChart::new("Last errors").x_label("start, by its last error").y_label("cross-entropy").log_y();
    let figure = Figure::new("XOR from different starts").panel(chart.points("one start", points));
    let figure = figure.panel(regions("The best start".to_owned(), best));
    page.figure("l24_restarts", &figure.panel(regions(format!("Start {stuck}"), again.model())))
}
