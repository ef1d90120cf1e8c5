//! A run on disk.

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use autodiff::{Real, Tensor};
use serde::{Deserialize, Serialize};

use super::checkpoints::Checkpoints;
use super::history::Epoch;
use super::run::{Run, Weights};
use super::stop::Stop;
use super::trainer::Settings;
use crate::atomic;
use crate::data::dataset::Dataset;
use crate::error::{Error, Kind, Result};
use crate::layer::Layer;
use crate::optim::optimizer::Optimizer;
use crate::optim::state::State;
use crate::persist::element::Codec;
use crate::persist::file::{Reader, Writer};
use crate::persist::weights;
use crate::persist::weights::WeightsInfo;
use crate::random::RandomState;
use crate::state::{random_states, restore_random_states};
use crate::visit::stored;

/// Checkpoints of one run.
pub(super) struct Store<T> {
    checkpoints: Checkpoints,
    file: PathBuf,
    codec: Codec<T>,
    identity: Identity,
    /// Where several ranks run, one of them writes.
    is_writer: bool,
}

/// What tells a run from others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    seed: u64,
    items: usize,
    /// A hash of the training set.
    data: u64,
    metrics: Vec<String>,
    /// Into how many parts batches are cut, if they are.
    #[serde(default)]
    parts: Option<usize>,
}

/// What the file says about itself.
#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    info: WeightsInfo,
    run: Position,
}

/// Where the run is.
#[derive(Serialize, Deserialize)]
struct Position {
    #[serde(flatten)]
    identity: Identity,
    epochs: usize,
    batch: usize,
    batch_size: Option<usize>,
    steps: usize,
    /// The generator's position, in words, before the current epoch's shuffle; text, since JSON's numbers are shorter.
    generator: String,
    elapsed_seconds: f64,
    stop: Stop,
    is_over: bool,
    has_best: bool,
    /// The names of the optimiser's numbers.
    optimizer: Vec<String>,
    /// The generators inside layers, by name: seed, stream and position as [`RandomState`] writes them.
    layers: Vec<(String, Vec<u8>)>,
}

impl<T: Real> Store<T> {
    pub(super) fn open(
        checkpoints: &Checkpoints,
        settings: &Settings,
        (metrics, parts): (Vec<String>, Option<usize>),
        train: &Dataset<T>,
        is_writer: bool,
    ) -> Result<Self> {
        let folder = &checkpoints.folder;
        if is_writer {
            fs::create_dir_all(folder).and_then(|()| atomic::sweep(folder)).map_err(Error::write(folder))?;
        }
        let file = folder.join("checkpoint.safetensors");
        let Some(codec) = Codec::find() else {
            let message = format!("checkpoints hold f32 or f64, not {}", std::any::type_name::<T>());
            return Err(Kind::Checkpoint { path: file, message }.into());
        };
        let identity = Identity { seed: settings.seed, items: train.len(), data: hash(train)?, metrics, parts };
        Ok(Self { checkpoints: checkpoints.clone(), file, codec, identity, is_writer })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.checkpoints.folder
    }

    pub(super) fn is_due_after_step(&self, run: &Run<T>) -> bool {
        self.checkpoints.steps.is_some_and(|steps| run.history.steps.is_multiple_of(steps))
    }

    pub(super) fn is_due_after_epoch(&self, run: &Run<T>) -> bool {
        run.epoch().is_multiple_of(self.checkpoints.epochs)
    }

    /// The size of the batches that come next, if there are any.
    fn batch_size(&self, settings: &Settings, epoch: usize) -> Option<usize> {
        (epoch < settings.epochs).then(|| settings.batch_size(epoch, self.identity.items))
    }

    pub(super) fn save(
        &self,
        settings: &Settings,
        run: &Run<T>,
        model: &impl Layer<T>,
        optimizer: &impl Optimizer<T>,
    ) -> Result<()> {
        if !self.is_writer {
            return Ok(());
        }
        let mut writer = Writer::default();
        weights::put(model, self.codec, &mut writer);
        let state = optimizer.state();
        let (names, numbers): (Vec<String>, Vec<f64>) = state.numbers.into_iter().unzip();
        writer.numbers(RATE, &[optimizer.rate()]);
        writer.numbers(OPTIMIZER, &numbers);
        for (name, array) in &state.arrays {
            writer.array(self.codec, format!("{OPTIMIZER}/{name}"), array);
        }
        writer.numbers(SUMS, &run.sums.numbers());
        writer.numbers(HISTORY, &rows(run).concat());
        if let Some(best) = &run.best {
            let mut best = best.iter();
            stored(model, |name, _| {
                writer.array(self.codec, format!("{BEST}/{name}"), best.next().expect("one for each"));
            });
        }
        let header = Header {
            info: WeightsInfo::of(model, self.codec.dtype),
            run: Position {
                identity: self.identity.clone(),
                epochs: run.epoch(),
                batch: run.batch,
                batch_size: self.batch_size(settings, run.epoch()),
                steps: run.history.steps,
                generator: run.rng.get_word_pos().to_string(),
                elapsed_seconds: run.history.elapsed.as_secs_f64(),
                stop: run.history.stop,
                is_over: run.is_over,
                has_best: run.best.is_some(),
                optimizer: names,
                layers: random_states(model)
                    .iter()
                    .map(|(name, state)| (name.clone(), state.to_bytes().into()))
                    .collect(),
            },
        };
        writer.save(&self.file, &header)
    }

    /// The checkpoint in the folder, if there is one.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>> {
        match fs::read(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some).map_err(Error::read(&self.file)),
        }
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// If it is damaged or another run's; nothing is changed then.
    pub(super) fn resume(
        &self,
        bytes: &[u8],
        settings: &Settings,
        run: &mut Run<T>,
        model: &impl Layer<T>,
        optimizer: &mut impl Optimizer<T>,
    ) -> Result<()> {
        let file = Reader::new(&self.file, bytes)?;
        let Some(Header { run: position, .. }) = file.header::<Header>()? else {
            return Err(self.refuse("it holds no training state; expected a checkpoint".to_owned()));
        };
        self.check(&position, settings)?;
        let weights = weights::take(model, &self.file, &file, &self.codec.only(), self.codec.dtype, &|_| false)?;
        let best = if position.has_best { Some(self.best(&file, model)?) } else { None };
        let width = Epoch::COLUMNS.len() + 2 * run.history.metrics.len() + run.history.layers.len();
        let sums = file.numbers(SUMS, run.sums.numbers().len())?;
        let rows = file.numbers(HISTORY, position.epochs.saturating_mul(width))?;
        let generator = position.generator.parse().map_err(|_| {
            self.refuse(format!("the generator's position is {:?}, expected a whole number", position.generator))
        })?;
        let elapsed = Duration::try_from_secs_f64(position.elapsed_seconds)
            .map_err(|_| self.refuse(format!("the time is {} s, expected 0 or more", position.elapsed_seconds)))?;
        let generators = self.generators(&position)?;
        let before = random_states(model);
        restore_random_states(model, &generators).map_err(|error| self.refuse(error.to_string()))?;
        if let Err(error) = self.restore(&file, &position, model, optimizer) {
            restore_random_states(model, &before).expect("they are the model's");
            return Err(error);
        }

        weights::set(model, weights);
        run.rng.set_word_pos(generator);
        run.batch = position.batch;
        run.sums.set(&sums);
        rows.chunks_exact(width).for_each(|row| add_row(run, row));
        (run.history.steps, run.history.stop, run.history.elapsed) = (position.steps, position.stop, elapsed);
        (run.best, run.is_over) = (best, position.is_over);
        Ok(())
    }

    fn generators(&self, position: &Position) -> Result<Vec<(String, RandomState)>> {
        let read = |(name, bytes): &(String, Vec<u8>)| {
            let state = bytes.as_slice().try_into().map(RandomState::from_bytes);
            let fail = |_| self.refuse(format!("the generator `{name}` has {} bytes, expected 56", bytes.len()));
            state.map(|state| (name.clone(), state)).map_err(fail)
        };
        position.layers.iter().map(read).collect()
    }

    fn refuse(&self, message: String) -> Error {
        Kind::Checkpoint { path: self.file.clone(), message }.into()
    }

    /// Whether the checkpoint is of a run like this one.
    fn check(&self, position: &Position, settings: &Settings) -> Result<()> {
        let same = |what: &str, found: &dyn Debug, expected: &dyn Debug| {
            let [found, expected] = [found, expected].map(|value| format!("{value:?}"));
            let rule = "use another folder for another run";
            let message = || format!("the checkpoint's run has {what} {found}, this one {expected}; {rule}");
            if found == expected { Ok(()) } else { Err(self.refuse(message())) }
        };
        let (found, expected) = (&position.identity, &self.identity);
        same("seed", &found.seed, &expected.seed)?;
        same("metrics", &found.metrics, &expected.metrics)?;
        same("a number of parts", &found.parts, &expected.parts)?;
        same("a training set of size", &found.items, &expected.items)?;
        if found.data != expected.data {
            return Err(self.refuse("the checkpoint's run has other training data; use another folder".to_owned()));
        }
        if let (Some(found), Some(expected)) = (position.batch_size, self.batch_size(settings, position.epochs)) {
            same("batches of", &found, &expected)?;
        }
        let batches = position.batch_size.map_or(0, |_| settings.batches(position.epochs, self.identity.items));
        if position.batch > batches {
            return Err(self.refuse(format!("{} batches of an epoch are done, of {batches}", position.batch)));
        }
        Ok(())
    }

    fn best(&self, file: &Reader<'_>, model: &impl Layer<T>) -> Result<Weights<T>> {
        let mut shapes = Vec::new();
        stored(model, |name, value| shapes.push((format!("{BEST}/{name}"), value.shape().to_vec())));
        let read = |(name, shape): &(String, Vec<usize>)| file.array(self.codec.only(), self.codec.dtype, name, shape);
        shapes.iter().map(read).collect()
    }

    /// Gives the optimiser its memory back.
    fn restore(
        &self,
        file: &Reader<'_>,
        position: &Position,
        model: &impl Layer<T>,
        optimizer: &mut impl Optimizer<T>,
    ) -> Result<()> {
        let numbers = file.numbers(OPTIMIZER, position.optimizer.len())?;
        let prefix = format!("{OPTIMIZER}/");
        let mut arrays: Vec<(String, Tensor<T>)> = Vec::new();
        for full in file.names() {
            if let Some(name) = full.strip_prefix(&prefix) {
                arrays.push((name.to_owned(), file.any(self.codec, full)?));
            }
        }
        let rate = file.numbers(RATE, 1)?[0];
        let before = optimizer.state();
        optimizer
            .restore(model, &State { numbers: position.optimizer.iter().cloned().zip(numbers).collect(), arrays })
            .map_err(|error| self.refuse(error.to_string()))?;
        if optimizer.rate().to_bits() == rate.to_bits() {
            return Ok(());
        }
        let found = optimizer.rate();
        optimizer.restore(model, &before)?;
        Err(self.refuse(format!(
            "the checkpoint's run goes on with the learning rate {rate}, this one with {found}; use another folder for another run"
        )))
    }
}

const RATE: &str = "train/rate";
const OPTIMIZER: &str = "train/optimizer";
const SUMS: &str = "train/sums";
const HISTORY: &str = "train/history";
const BEST: &str = "train/best";

/// The history, a row an epoch: [`Epoch`]'s fields, each metric on both sets, each layer's norm.
fn rows<T: Real>(run: &Run<T>) -> Vec<Vec<f64>> {
    let row = |(k, epoch): (usize, &Epoch)| {
        let metrics = run.history.metrics.iter().flat_map(move |curve| [curve.train[k], curve.valid[k]]);
        let norms = run.history.layers.iter().map(move |layer| layer.norms[k]);
        epoch.row().into_iter().chain(metrics).chain(norms).collect()
    };
    run.history.epochs.iter().enumerate().map(row).collect()
}

fn add_row<T: Real>(run: &mut Run<T>, row: &[f64]) {
    let (epoch, rest) = row.split_first_chunk().expect("as long as one that was written");
    let (metrics, norms) = rest.split_at(2 * run.history.metrics.len());
    run.history.epochs.push(Epoch::from_row(*epoch));
    for (curve, pair) in run.history.metrics.iter_mut().zip(metrics.chunks_exact(2)) {
        curve.train.push(pair[0]);
        curve.valid.push(pair[1]);
    }
    run.history.layers.iter_mut().zip(norms).for_each(|(layer, &norm)| layer.norms.push(norm));
}

/// A hash of a data set's shapes and numbers.
fn hash<T: Real>(data: &Dataset<T>) -> Result<u64> {
    let shape = |shape: &[usize]| shape.iter().map(|&n| n as u64).collect::<Vec<_>>();
    let (arrays, ids) = data.all_arrays();
    let mut hash = FNV;
    for array in arrays {
        hash = fnv(hash, shape(&array.shape()).into_iter());
        hash = fnv(hash, array.sample()?.iter().map(|x| x.primal().to_bits()));
    }
    let ids = ids.iter().flat_map(|ids| shape(ids.shape()).into_iter().chain(ids.iter().map(|&id| id as u64)));
    Ok(fnv(hash, ids))
}

/// Where hashes start.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// The FNV-1a hash of words, after others.
fn fnv(hash: u64, words: impl Iterator<Item = u64>) -> u64 {
    words.fold(hash, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persist::weights::RESERVED;

    #[test]
    fn every_array_of_a_checkpoint_stands_under_a_reserved_name() {
        for name in [RATE, OPTIMIZER, SUMS, HISTORY, BEST] {
            assert!(name.starts_with(RESERVED), "{name}");
        }
    }
}
