//! Networks for your own tables: `fit`, `resume`, `predict`.

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::Tensor;
use nn::data::{Columns, Schema, Values};
use nn::{Checkpoints, Csv, Dataset, Layer, Standardizer, Stop, plot};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::network::{Flags, Hidden, Network, Rule, Settings, Task};
use crate::{Outcome, report};

const RUN: &str = "run.json";
const WEIGHTS: &str = "weights.safetensors";
/// A column of numbers is taken for classes if it has at most so many different whole numbers.
const MOST_CLASSES: usize = 10;

#[derive(clap::Args)]
pub(crate) struct Fit {
    /// A CSV file with a header.
    data: PathBuf,
    /// The column to predict, by name or number.
    #[arg(long)]
    target: String,
    /// Classes or numbers; if not given, the column decides: words and at most 10 different whole numbers are classes.
    #[arg(long, value_enum)]
    task: Option<Task>,
    /// Columns to leave out, by name or number, separated by commas.
    #[arg(long, value_delimiter = ',')]
    skip: Vec<String>,
    #[command(flatten)]
    flags: Flags,
    /// Epochs to wait for a lower loss on the validation part before training ends.
    #[arg(long, default_value_t = 30)]
    patience: usize,
    /// A new folder for the model, pictures and the report.
    #[arg(long)]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Resume {
    /// The folder of an interrupted `fit`.
    run: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Predict {
    /// The folder of a finished `fit`.
    run: PathBuf,
    /// A CSV file with the same columns; the target may be missing.
    data: PathBuf,
    /// Where to write; predictions.csv in the run's folder if not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// All that is needed to go on, and to predict.
#[derive(Serialize, Deserialize)]
struct Run {
    data: PathBuf,
    target: String,
    skip: Vec<String>,
    task: Task,
    patience: usize,
    settings: Settings,
    /// The inputs' columns.
    schema: Schema,
    classes: Vec<String>,
    /// Means and deviations of the inputs, and of a regression's targets.
    inputs: (Vec<f64>, Vec<f64>),
    targets: Option<(Vec<f64>, Vec<f64>)>,
}

impl Fit {
    pub(crate) fn run(&self) -> Outcome {
        let defaults = Settings {
            hidden: vec![16, 16],
            activation: Hidden::Tanh,
            dropout: 0.0,
            optimizer: Rule::Adamw,
            rate: 5e-3,
            decay: 0.01,
            batch: 32,
            epochs: 200,
            seed: 1,
        };
        let settings = self.flags.over(&defaults)?;
        if self.out.join(RUN).exists() {
            let out = self.out.display();
            return Err(format!(
                "{out} holds a run already: `resume {out}` goes on with it; --out another folder for a new one"
            )
            .into());
        }
        let (columns, task) = self.read()?;
        let target = columns.get(self.target.as_str())?;
        let classes = match &target.values {
            Values::Categories { names, .. } => names.clone(),
            _ => Vec::new(),
        };
        let schema = columns.schema().without(self.target.as_str())?;
        let whole = columns.dataset::<f64>(self.target.as_str())?;
        let (train, _, _) = parts(&whole, task, settings.seed)?;
        let pair = |scale: Standardizer<f64>| (scale.means().to_vec(), scale.deviations().to_vec());
        let inputs = pair(Standardizer::fit(train.inputs())?);
        let targets = if task == Task::Regress { Some(pair(Standardizer::fit(train.targets())?)) } else { None };
        fs::create_dir_all(&self.out).map_err(|error| format!("{}: {error}", self.out.display()))?;
        let (data, target, skip) = (fs::canonicalize(&self.data)?, self.target.clone(), self.skip.clone());
        let patience = self.patience;
        let run = Run { data, target, skip, task, patience, settings, schema, classes, inputs, targets };
        write(&self.out.join(RUN), serde_json::to_string_pretty(&run)?)?;
        run.train(&self.out)
    }

    /// The table, and whether the target is classes.
    fn read(&self) -> Outcome<(Columns, Task)> {
        let csv = csv(&self.skip);
        let columns = csv.read(&self.data)?;
        let decided = match &columns.get(self.target.as_str())?.values {
            Values::Numbers(numbers) => {
                let mut different: Vec<f64> = numbers.clone();
                different.sort_by(f64::total_cmp);
                different.dedup();
                let whole = different.iter().all(|x| x.fract() == 0.0);
                if whole && different.len() <= MOST_CLASSES { Task::Classify } else { Task::Regress }
            }
            _ => Task::Classify,
        };
        match (self.task.unwrap_or(decided), &columns.get(self.target.as_str())?.values) {
            (Task::Regress, Values::Numbers(_)) => Ok((columns, Task::Regress)),
            (Task::Regress, _) => {
                Err(format!("column `{}` holds words, expected numbers for a regression", self.target).into())
            }
            (Task::Classify, _) => Ok((csv.categories(self.target.as_str()).read(&self.data)?, Task::Classify)),
        }
    }
}

impl Resume {
    pub(crate) fn run(&self) -> Outcome {
        let run = Run::read(&self.run)?;
        if self.run.join(WEIGHTS).exists() {
            return Err(format!("{} is finished; `predict` uses it", self.run.display()).into());
        }
        run.train(&self.run)
    }
}

impl Predict {
    pub(crate) fn run(&self) -> Outcome {
        let run = Run::read(&self.run)?;
        let (file, weights) = (&self.data, self.run.join(WEIGHTS));
        if !weights.exists() {
            return Err(format!("{0} is not finished: `resume {0}` first", self.run.display()).into());
        }
        let table = Csv::new().like(&run.schema).read(file)?.matrix::<f64>()?;
        let scale = Standardizer::new(run.inputs.0.clone(), run.inputs.1.clone())?;
        let x = Tensor::constant(scale.apply(&table.into_dyn())?);
        let network = run.network();
        nn::load(&network, &weights)?;
        let y = network.forward(&x);
        let out = self.out.clone().unwrap_or_else(|| self.run.join("predictions.csv"));
        let rows = x.shape()[0];
        write(&out, run.predictions(&y)?)?;
        println!("{rows} predictions are in {}", out.display());
        Ok(())
    }
}

impl Run {
    fn read(folder: &Path) -> Outcome<Self> {
        let file = folder.join(RUN);
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}; expected the folder of a `fit`", file.display()))?;
        Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?)
    }

    fn network(&self) -> Network {
        self.settings.network(self.inputs.0.len(), self.classes.len().max(1))
    }

    /// Trains, from where it was interrupted if it was, and writes all that a run leaves.
    fn train(&self, out: &Path) -> Outcome {
        let csv = csv(&self.skip);
        let csv = if self.task == Task::Classify { csv.categories(self.target.as_str()) } else { csv };
        let whole = csv.read(&self.data)?.dataset::<f64>(self.target.as_str())?;
        let (train, valid, test) = parts(&whole, self.task, self.settings.seed)?;
        let network = self.network();
        let (inputs, outputs) = (self.inputs.0.len(), self.classes.len().max(1));
        let what = match self.task {
            Task::Classify => format!("{outputs} classes"),
            Task::Regress => "a number".to_owned(),
        };
        println!(
            "{} rows to train on, {} to stop by, {} to test on; `{}` is {what}",
            train.len(),
            valid.len(),
            test.len(),
            self.target
        );
        println!("network {}, {} weights", self.settings.shape(inputs, outputs), nn::count(&network));
        let (train, valid, test) = (self.scaled(&train)?, self.scaled(&valid)?, self.scaled(&test)?);
        let unfinished = out.join("unfinished");
        let trainer = self.settings.trainer(self.task, network, train.len()).early_stopping(self.patience);
        let mut trainer = trainer.checkpoints(Checkpoints::new(&unfinished).every_epochs(5));
        let history = trainer.fit(&train, &valid)?;
        if history.stop == Stop::Interrupted {
            eprintln!("`resume {}` does so", out.display());
            std::process::exit(130);
        }
        let network = trainer.into_model();
        let (x, t) = test.all();
        let (y, t) = (self.in_units(&network.forward(&x))?, self.in_units(&t)?);
        let best = history.best_epoch.map_or(String::new(), |epoch| format!("; weights of epoch {epoch}"));
        let shape = self.settings.shape(inputs, outputs);
        let head = [
            format!("{} of {}, network {shape}", self.target, self.data.display()),
            format!("{} epochs, {}{best}", history.epochs.len(), history.stop),
            format!("\non {} rows not trained on:", test.len()),
        ];
        let figures =
            report::figures(self.task, &y, &t).into_iter().map(|(name, value)| format!("  {name}: {value:.4}"));
        let text = head.into_iter().chain(figures).collect::<Vec<_>>().join("\n") + "\n";
        plot::learning_curves(&*self.target, &history).save(out.join("curves.png"))?;
        plot::learning_curves(&*self.target, &history).save(out.join("curves.svg"))?;
        report::pictures(self.task, &self.classes, &y, &t, out)?;
        history.save_csv(out.join("history.csv"))?;
        write(&out.join("report.txt"), &text)?;
        nn::save(&network, out.join(WEIGHTS))?;
        fs::remove_dir_all(&unfinished)?;
        println!("\n{text}\nthe model, curves and this report are in {}", out.display());
        Ok(())
    }

    fn scaled(&self, data: &Dataset<f64>) -> nn::Result<Dataset<f64>> {
        let data = Standardizer::new(self.inputs.0.clone(), self.inputs.1.clone())?.dataset(data)?;
        match &self.targets {
            Some((means, deviations)) => {
                let scale = Standardizer::new(means.clone(), deviations.clone())?;
                data.with_targets(scale.apply(data.targets())?)
            }
            None => Ok(data),
        }
    }

    /// Numbers as in the table; logits as they are.
    fn in_units(&self, y: &Tensor<f64>) -> nn::Result<Tensor<f64>> {
        match &self.targets {
            Some((means, deviations)) => {
                let scale = Standardizer::new(means.clone(), deviations.clone())?;
                Ok(Tensor::constant(scale.invert(&y.to_array())?))
            }
            None => Ok(y.clone()),
        }
    }

    /// A row for each item: the number; or the class, then the probability of each.
    fn predictions(&self, y: &Tensor<f64>) -> Outcome<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        if self.task == Task::Regress {
            writer.write_record([&self.target])?;
            self.in_units(y)?.view().iter().try_for_each(|y| writer.write_record([y.to_string()]))?;
        } else {
            let names = self.classes.iter().map(|class| format!("probability of {class}"));
            writer.write_record([self.target.clone()].into_iter().chain(names))?;
            let shares = y.softmax(1);
            for (class, row) in nn::metrics::classes(&shares).into_iter().zip(shares.view().outer_iter()) {
                let shares = row.iter().map(|share| format!("{share:.6}"));
                writer.write_record([self.classes[class].clone()].into_iter().chain(shares.collect::<Vec<_>>()))?;
            }
        }
        Ok(writer.into_inner()?)
    }
}

/// Writes a file that appears whole or not at all.
fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Outcome {
    let part = path.with_added_extension("part");
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| format!("{}: {error}", path.display()).into())
}

fn csv(skip: &[String]) -> Csv {
    skip.iter().fold(Csv::new(), |csv, column| csv.skip(column.as_str()))
}

/// To train on, to stop by, to test on: 70, 15 and 15 %; classes are shared out evenly.
fn parts(data: &Dataset<f64>, task: Task, seed: u64) -> nn::Result<(Dataset<f64>, Dataset<f64>, Dataset<f64>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut split = |data: &Dataset<f64>, fraction| match task {
        Task::Classify => data.stratified_split(fraction, &mut rng),
        Task::Regress => data.split(fraction, &mut rng),
    };
    let (train, rest) = split(data, 0.7)?;
    let (valid, test) = split(&rest, 0.5)?;
    Ok((train, valid, test))
}
