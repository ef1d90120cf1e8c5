//! Networks for your own tables: `fit`, `resume`, `predict`.

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::Tensor;
use ndarray::{Array1, Array2, Axis};
use nn::data::{ColumnSchema, Schema, Values};
use nn::{Checkpoints, Csv, Dataset, Layer, Standardizer, Stop, plot};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::missing::{self, Missing};
use crate::network::{Flags, Hidden, Network, Rule, Settings, Task};
use crate::{Outcome, report, shown};

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
    /// What separates the fields of a line: a sign, or `tab`.
    #[arg(long, default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// What to do with rows in which a value is missing; without this they are refused. Rows without a target are left out.
    #[arg(long, value_enum)]
    missing: Option<Missing>,
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
    /// What separates the fields of a line, if not what did in the table that was trained on.
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Where to write; predictions.csv in the run's folder if not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// All that is needed to go on, and to predict.
#[derive(Serialize, Deserialize)]
struct Run {
    data: PathBuf,
    delimiter: u8,
    target: String,
    task: Task,
    patience: usize,
    settings: Settings,
    missing: Option<Missing>,
    /// What stands for a missing value in each column of the inputs, if something does.
    fills: Vec<f64>,
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
        let (schema, target, task) = self.read()?;
        let (name, classes) = (target.name.clone(), target.categories.clone().unwrap_or_default());
        if task == Task::Classify && classes.len() < 2 {
            let only = classes.first().map_or(String::new(), |class| format!(", `{class}`"));
            return Err(format!("column `{name}` has one class{only}; expected at least two to tell apart").into());
        }
        let data = fs::canonicalize(&self.data).map_err(|error| format!("{}: {error}", self.data.display()))?;
        let mut run = Run {
            data,
            delimiter: self.delimiter,
            target: name,
            task,
            patience: self.patience,
            settings,
            missing: self.missing,
            fills: Vec::new(),
            schema,
            classes,
            inputs: (Vec::new(), Vec::new()),
            targets: None,
        };
        run.learn()?;
        fs::create_dir_all(&self.out).map_err(|error| format!("{}: {error}", self.out.display()))?;
        write(&self.out.join(RUN), serde_json::to_string_pretty(&run)?)?;
        run.train(&self.out)
    }

    /// The columns of the inputs, that of the target, and whether it is classes.
    fn read(&self) -> Outcome<(Schema, ColumnSchema, Task)> {
        let csv = Csv::new().delimiter(self.delimiter).missing(self.missing.is_some());
        let csv = self.skip.iter().fold(csv, |csv, column| csv.skip(column.as_str()));
        let columns = csv.read(&self.data)?;
        let target = columns.get(self.target.as_str())?;
        let schema = columns.schema().without(self.target.as_str())?;
        if schema.columns.is_empty() {
            return Err(format!("`{}` is the only column, expected others as inputs", target.name).into());
        }
        let column = |categories| ColumnSchema { name: target.name.clone(), categories };
        let numbers = match &target.values {
            Values::Numbers(numbers) => numbers,
            Values::Categories { .. } if self.task == Some(Task::Regress) => {
                return Err(format!("column `{}` holds words, expected numbers for a regression", target.name).into());
            }
            Values::Categories { names, .. } => return Ok((schema, column(Some(names.clone())), Task::Classify)),
            _ => return Err(format!("column `{}` holds neither numbers nor words", target.name).into()),
        };
        let mut different: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
        different.sort_by(f64::total_cmp);
        different.dedup();
        let whole = different.iter().all(|x| x.fract() == 0.0) && different.len() <= MOST_CLASSES;
        if self.task.map_or(!whole, |task| task == Task::Regress) {
            return Ok((schema, column(None), Task::Regress));
        }
        // Classes are told apart as they are written.
        let columns = csv.categories(self.target.as_str()).read(&self.data)?;
        let Values::Categories { indices, names } = &columns.get(self.target.as_str())?.values else {
            unreachable!("asked for as categories")
        };
        let known = |class: usize| indices.iter().zip(numbers).any(|(&index, x)| index == class && !x.is_nan());
        let classes = names.iter().enumerate().filter(|(class, _)| known(*class)).map(|(_, name)| name.clone());
        Ok((schema, column(Some(classes.collect())), Task::Classify))
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
        let mut table = run.inputs(file, self.delimiter.unwrap_or(run.delimiter))?;
        missing::fill(&run.fills, &mut table);
        let (rows, all) = (missing::whole(&table), table.nrows());
        let scale = Standardizer::new(run.inputs.0.clone(), run.inputs.1.clone())?;
        let x = Tensor::constant(scale.apply(&table.select(Axis(0), &rows).into_dyn())?);
        let network = run.network();
        nn::load(&network, &weights)?;
        let y = network.forward(&x);
        let out = self.out.clone().unwrap_or_else(|| self.run.join("predictions.csv"));
        write(&out, run.predictions(&y, &rows, all)?)?;
        println!("{} predictions are in {}", rows.len(), out.display());
        if rows.len() < all {
            println!("{} rows have missing values, and none", all - rows.len());
        }
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
        let (table, rows) = self.table()?;
        let [train, valid, test] = self.parts(table, &rows)?;
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
            shown(&self.target)
        );
        match self.missing {
            Some(Missing::Drop) => println!("rows with missing values are left out"),
            Some(_) => println!("missing values are filled in from the rows to train on"),
            None => {}
        }
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
            shown(&format!("{} of {}, network {shape}", self.target, self.data.display())),
            format!("{} epochs, {}{best}", history.epochs.len(), history.stop),
            format!("\non {} rows not trained on:", test.len()),
        ];
        let figures = report::figures(self.task, &y, &t)
            .into_iter()
            .map(|(name, value)| format!("  {name}: {}", report::short(value)));
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

    /// The columns of the inputs in a file, with NaN where a value is missing.
    fn inputs(&self, file: &Path, delimiter: u8) -> nn::Result<Array2<f64>> {
        Csv::new().delimiter(delimiter).missing(self.missing.is_some()).like(&self.schema).read(file)?.matrix()
    }

    /// The table's inputs; and the rows that are used, with their targets.
    fn table(&self) -> Outcome<(Array2<f64>, Dataset<f64>)> {
        let inputs = self.inputs(&self.data, self.delimiter)?;
        let categories = (self.task == Task::Classify).then(|| self.classes.clone());
        let target = Schema { columns: vec![ColumnSchema { name: self.target.clone(), categories }] };
        let csv = Csv::new().delimiter(self.delimiter).missing(self.missing.is_some()).like(&target);
        let targets = csv.read(&self.data)?.matrix::<f64>()?;
        let mut rows = missing::whole(&targets);
        if self.missing == Some(Missing::Drop) {
            let known = missing::whole(&inputs);
            rows.retain(|row| known.binary_search(row).is_ok());
        }
        let targets = targets.select(Axis(0), &rows);
        let used = Dataset::default().with("targets", targets)?.with_ids(ROW, Array1::from(rows))?;
        Ok((inputs, used.with_class_names(self.classes.clone())))
    }

    /// Learns from the rows to train on what stands for missing values, and the scale of all.
    fn learn(&mut self) -> Outcome {
        let (table, rows) = self.table()?;
        let (train, _, _) = split(&rows, self.task, self.settings.seed)?;
        if let Some(missing) = self.missing {
            self.fills = missing.learn(&self.schema, &table.select(Axis(0), &numbers(&train)))?;
        }
        let [train, _, _] = self.parts(table, &rows)?;
        let pair = |scale: Standardizer<f64>| (scale.means().to_vec(), scale.deviations().to_vec());
        self.inputs = pair(Standardizer::fit(train.inputs())?);
        if self.task == Task::Regress {
            self.targets = Some(pair(Standardizer::fit(train.targets())?));
        }
        Ok(())
    }

    /// To train on, to stop by, to test on, with nothing missing.
    fn parts(&self, mut table: Array2<f64>, rows: &Dataset<f64>) -> nn::Result<[Dataset<f64>; 3]> {
        missing::fill(&self.fills, &mut table);
        let (train, valid, test) = split(rows, self.task, self.settings.seed)?;
        let [train, valid, test] = [train, valid, test]
            .map(|part| Dataset::new(table.select(Axis(0), &numbers(&part)), part.targets().clone()));
        Ok([train?, valid?, test?])
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

    /// A row for each of all rows of a table, empty where these are not among them: the number; or the class, then the
    /// probability of each.
    fn predictions(&self, y: &Tensor<f64>, rows: &[usize], all: usize) -> Outcome<Vec<u8>> {
        let mut header = vec![self.target.clone()];
        let mut written: Vec<Vec<String>> = Vec::with_capacity(rows.len());
        if self.task == Task::Regress {
            written.extend(self.in_units(y)?.view().iter().map(|y| vec![y.to_string()]));
        } else {
            header.extend(self.classes.iter().map(|class| format!("probability of {class}")));
            let shares = y.softmax(1);
            for (class, row) in nn::metrics::classes(&shares).into_iter().zip(shares.view().outer_iter()) {
                let shares = row.iter().map(|share| format!("{share:.6}"));
                written.push([self.classes[class].clone()].into_iter().chain(shares).collect());
            }
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header)?;
        let nothing = vec![String::new(); header.len()];
        for row in 0..all {
            writer.write_record(rows.binary_search(&row).map_or(&nothing, |at| &written[at]))?;
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

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" => Ok(b'\t'),
        &[sign] if sign.is_ascii() && !matches!(sign, b'"' | b'\n' | b'\r') => Ok(sign),
        _ => Err("expected one sign, or `tab`".to_owned()),
    }
}

/// The name under which rows keep their numbers in the table.
const ROW: &str = "row";

fn numbers(rows: &Dataset<f64>) -> Vec<usize> {
    rows.ids(ROW).iter().copied().collect()
}

/// To train on, to stop by, to test on: 70, 15 and 15 %; classes are shared out evenly.
fn split(data: &Dataset<f64>, task: Task, seed: u64) -> nn::Result<(Dataset<f64>, Dataset<f64>, Dataset<f64>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut split = |data: &Dataset<f64>, fraction| match task {
        Task::Classify => data.stratified_split(fraction, &mut rng),
        Task::Regress => data.split(fraction, &mut rng),
    };
    let (train, rest) = split(data, 0.7)?;
    let (valid, test) = split(&rest, 0.5)?;
    Ok((train, valid, test))
}
