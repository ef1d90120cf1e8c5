//! Figures, pictures and weights of a trained network.

use std::path::Path;

use autodiff::Tensor;
use nn::metrics::{Average, Confusion};
use nn::plot::{self, DecisionRegions, LineChart};
use nn::{Layer, metrics};

use crate::Outcome;
use crate::network::Task;
use crate::problem::{Problem, Trained};

/// A figure in four digits behind the point, with an exponent if it is large.
pub(crate) fn short(x: f64) -> String {
    if x.abs() < 1e6 || !x.is_finite() { format!("{x:.4}") } else { format!("{x:.4e}") }
}

/// A figure in words.
pub(crate) fn score(task: Task, score: f64, items: usize) -> String {
    match task {
        Task::Classify => {
            let right = (score * items as f64).round();
            format!("accuracy {:.2} % on items not trained on, {right} of {items}", 100.0 * score)
        }
        Task::Regress => format!("R² {} on {items} items not trained on", short(score)),
    }
}

/// Both formats of a picture.
fn save(out: &Path, name: &str, save: impl Fn(&Path) -> Result<(), plot::Error>) -> Result<(), plot::Error> {
    ["svg", "png"].iter().try_for_each(|extension| save(&out.join(name).with_extension(extension)))
}

pub(crate) fn write(problem: &Problem, trained: &Trained, out: &Path) -> Outcome {
    let curves = plot::learning_curves(problem.name, &trained.history);
    save(out, "curves", |path| curves.save(path))?;
    pictures(problem.task, &problem.classes, &trained.outputs, &trained.targets, out)?;
    let weights = plot::weight_histograms("Weights after training", &trained.model);
    save(out, "weights", |path| weights.save(path))?;
    if trained.test.inputs().shape()[1] == 2 {
        let regions = DecisionRegions::new("What the network sees", &trained.test, |x| trained.model.forward(x));
        let regions = regions.names(problem.classes.iter().cloned());
        save(out, "regions", |path| regions.save(path))?;
    }
    trained.history.save_csv(out.join("history.csv"))?;
    nn::save(&trained.model, out.join("weights.safetensors"))?;
    Ok(())
}

/// The confusion matrix, or predictions over true values.
pub(crate) fn pictures(task: Task, classes: &[String], y: &Tensor<f64>, t: &Tensor<f64>, out: &Path) -> Outcome {
    match task {
        Task::Classify => {
            let confusion = Confusion::of(y, t).names(classes.iter().cloned());
            let map = plot::confusion_matrix("Items not trained on", &confusion);
            save(out, "confusion", |path| map.save(path))?;
        }
        Task::Regress => {
            let pairs: Vec<(f64, f64)> = t.view().iter().copied().zip(y.view().iter().copied()).collect();
            let ends = pairs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &(t, _)| (l.min(t), h.max(t)));
            let chart = LineChart::new("Items not trained on").x_label("true value").y_label("prediction");
            let chart = chart.points("items", pairs).series("as it should be", [(ends.0, ends.0), (ends.1, ends.1)]);
            save(out, "predictions", |path| chart.save(path))?;
        }
    }
    Ok(())
}

/// All metrics of the task by name.
pub(crate) fn figures(task: Task, y: &Tensor<f64>, t: &Tensor<f64>) -> Vec<(&'static str, f64)> {
    match task {
        Task::Classify => {
            let confusion = Confusion::of(y, t);
            vec![
                ("accuracy", confusion.accuracy()),
                ("precision, mean of the classes", confusion.mean_precision(Average::Macro)),
                ("recall, mean of the classes", confusion.mean_recall(Average::Macro)),
                ("F1, mean of the classes", confusion.mean_f1(Average::Macro)),
                ("log-loss", metrics::log_loss(&y.softmax(1), t)),
            ]
        }
        Task::Regress => vec![
            ("R²", metrics::r2(y, t)),
            ("root of the mean squared error", metrics::mse(y, t).sqrt()),
            ("mean absolute error", metrics::mae(y, t)),
        ],
    }
}
