//! The loop: epochs of batches, a step for each.

use std::time::Duration;

use autodiff::Real;

use super::callback::Step;
use super::checkpoint::Store;
use super::clock::Clock;
use super::evaluate::{Evaluated, Evaluator, Found, scalar};
use super::history::History;
#[cfg(feature = "interrupt")]
use super::interrupt::interrupted;
use super::norms::Norms;
use super::objective::Criterion;
use super::parts::Work;
use super::progress::{self, Watcher};
use super::run::{Run, Weights, restore, weights};
use super::stop::Stop;
use super::trainer::Trainer;
use crate::data::batch::Batch;
use crate::data::batches::Batches;
use crate::data::dataset::Dataset;
use crate::error::{Error, Kind, Place, Result};
use crate::layer::Layer;
use crate::optim::optimizer::Optimizer;
use crate::state::{eval_mode, train_mode};
use crate::track::scope;
use crate::visit::distinct;

/// What stays the same during a run.
struct Frame<'a, T: Real> {
    train: &'a Dataset<T>,
    valid: &'a Dataset<T>,
    whole: Batch<T>,
    norms: Norms,
    store: Option<Store<T>>,
    is_interrupted: Box<dyn Fn() -> bool>,
    progress: Option<Box<dyn Watcher>>,
    start: Clock,
    /// The time that earlier runs took.
    before: Duration,
}

impl<T: Real> Frame<'_, T> {
    fn elapsed(&self) -> Duration {
        self.before + self.start.elapsed()
    }
}

impl<M, L, O> Trainer<M, L, O> {
    /// Trains on one data set and measures on another after every epoch.
    ///
    /// # Errors
    /// If a data set is empty, if no gradient reaches one of the parameters, if two things in the model have one name, or if it
    /// computes with a parameter that it does not list.
    ///
    /// If the loss or a gradient is no longer finite: the message names the step and the first layer whose output is not
    /// finite, or the parameter, and the model has the last weights that gave a finite loss.
    ///
    /// If a checkpoint cannot be written, or if the one that is there is damaged or another run's.
    ///
    /// With an [engine](Self::engine) of several ranks, if one of them ends, or if their programs differ. An error of one rank ends
    /// all of them.
    ///
    /// # Panics
    /// If the model and the data do not fit together: the message names the operation and the shapes. If the loss is no scalar.
    #[track_caller]
    pub fn fit<T: Real, K>(&mut self, train: &Dataset<T>, valid: &Dataset<T>) -> Result<History>
    where
        M: Layer<T>,
        L: Criterion<T, M, K>,
        O: Optimizer<T>,
    {
        let result = self.run(train, valid);
        if let (Err(error), Some(ranks)) = (&result, &mut self.ranks) {
            ranks.fail(error);
        }
        result
    }

    #[track_caller]
    fn run<T: Real, K>(&mut self, train: &Dataset<T>, valid: &Dataset<T>) -> Result<History>
    where
        M: Layer<T>,
        L: Criterion<T, M, K>,
        O: Optimizer<T>,
    {
        for (name, data) in [("training", train), ("validation", valid)] {
            if data.is_empty() {
                return Err(Error::data(format!("the {name} set is empty")));
            }
        }
        distinct(&self.model)?;
        let start = Clock::start();
        if !L::HAS_OUTPUTS {
            self.settings.metrics.without_outputs();
        }
        let names = metrics(self);
        let settings = &self.settings;
        let norms = Norms::new(&self.model);
        let mut run = Run::new(settings.seed, names.clone(), &norms.layers);
        let is_first = self.is_first();
        let parts = self.ranks.as_ref().map(|ranks| ranks.parts().count());
        if let Some(ranks) = &mut self.ranks {
            let program =
                (settings.seed, settings.epochs, train.len(), valid.len(), parts, &names, crate::names(&self.model));
            ranks.begin(&self.model, &format!("{program:?}"))?;
        }
        let store = settings
            .checkpoints
            .as_ref()
            .map(|checkpoints| Store::open(checkpoints, settings, (names, parts), train, is_first))
            .transpose()?;
        if let Some(store) = &store {
            let mut file = if is_first { store.read()? } else { None };
            if let Some(ranks) = &mut self.ranks {
                file = ranks.first(file.unwrap_or_default())?.into();
                file = file.filter(|bytes| !bytes.is_empty());
            }
            if let Some(bytes) = file {
                store.resume(&bytes, settings, &mut run, &self.model, &mut self.optimizer)?;
            }
        }
        let steps = |epoch| settings.batches(epoch, train.len());
        let steps = (0..settings.epochs).map(steps);
        let progress = progress::show(settings.progress && is_first, steps.sum(), run.history.steps);
        let is_interrupted = interrupted(settings.interruptible);
        let before = run.history.elapsed;
        let mut frame =
            Frame { train, valid, whole: valid.try_whole()?, norms, store, is_interrupted, progress, start, before };
        let mut evaluator = Evaluator::new();
        let result = epochs(self, &mut evaluator, &frame, &mut run);
        frame.progress = None;
        evaluator.release();
        eval_mode(&self.model);
        run.history.stop = result?;
        run.restore_best(&self.model);
        run.history.elapsed = frame.elapsed();
        if let (Stop::Interrupted, Some(store), true) = (run.history.stop, &frame.store, is_first) {
            let (epoch, steps, folder) = (run.epoch() + 1, run.history.steps, store.folder().display());
            eprintln!(
                "interrupted in epoch {epoch} after step {steps}: start the same run again to go on from {folder}"
            );
        }
        Ok(run.history)
    }
}

impl<M, L, O> Trainer<M, L, O> {
    /// Who evaluates batches in parts, if they are.
    fn work(&mut self) -> Option<Work<'_, M, L>> {
        let Self { model, loss, settings, callbacks, ranks, .. } = self;
        Some(Work { model, loss, settings, callbacks, ranks: ranks.as_mut()? })
    }

    /// Whether this rank decides, writes and shows what one is enough for.
    fn is_first(&self) -> bool {
        self.ranks.as_ref().is_none_or(|ranks| ranks.rank() == 0)
    }

    /// What ends the run, the same on every rank.
    fn agree(&mut self, stop: Option<Stop>) -> Result<Option<Stop>> {
        self.ranks.as_mut().map_or(Ok(stop), |ranks| ranks.agree(stop))
    }
}

/// Without the feature `interrupt` Ctrl-C ends the program.
#[cfg(not(feature = "interrupt"))]
fn interrupted(_interruptible: bool) -> Box<dyn Fn() -> bool> {
    Box::new(|| false)
}

/// The names of what is measured.
fn metrics<M, L, O>(trainer: &Trainer<M, L, O>) -> Vec<String> {
    let mut names = trainer.settings.metrics.names();
    names.extend(trainer.callbacks.measures.iter().map(|(name, _)| name.clone()));
    names
}

/// All epochs that are left.
#[track_caller]
fn epochs<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    evaluator: &mut Evaluator<T>,
    frame: &Frame<'_, T>,
    run: &mut Run<T>,
) -> Result<Stop> {
    if run.is_over {
        return Ok(run.history.stop);
    }
    let mut previous = Weights::new();
    while run.epoch() < trainer.settings.epochs {
        let batch_size = trainer.settings.batch_size(run.epoch(), frame.train.len());
        let mut rng = run.rng.clone();
        train_mode(&trainer.model);
        let mut batches = Batches::new(frame.train, batch_size, &mut rng);
        if trainer.settings.drop_last {
            batches = batches.drop_last();
        }
        batches.pass(run.batch);
        while let Some(items) = batches.indices() {
            let Some(evaluated) = evaluate(trainer, evaluator, frame, items)? else {
                run.batch += 1;
                continue;
            };
            let step = step(trainer, frame, run, &mut previous, evaluated)?;
            let called = trainer.is_first() && scope(|| trainer.callbacks.step(&step, &trainer.model));
            let mut stop = called.then_some(Stop::Callback);
            if trainer.settings.criteria.time.is_some_and(|limit| frame.elapsed() >= limit) {
                stop = Some(Stop::Time);
            }
            if (frame.is_interrupted)() {
                stop = Some(Stop::Interrupted);
            }
            stop = trainer.agree(stop)?;
            if let Some(store) = frame.store.as_ref().filter(|store| stop.is_some() || store.is_due_after_step(run)) {
                run.history.elapsed = frame.elapsed();
                store.save(&trainer.settings, run, &trainer.model, &trainer.optimizer)?;
            }
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
        run.rng = rng;
        evaluator.release();
        if let Some(stop) = end_of_epoch(trainer, frame, run, batch_size)? {
            return Ok(stop);
        }
    }
    Ok(Stop::Epochs)
}

/// The loss, the gradient and the metrics of some items; `None` if they have no loss.
#[track_caller]
fn evaluate<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    evaluator: &mut Evaluator<T>,
    frame: &Frame<'_, T>,
    items: &[usize],
) -> Result<Option<Evaluated<T>>> {
    if let Some(mut work) = trainer.work() {
        return work.evaluate(evaluator, frame.train, items);
    }
    let batch = frame.train.try_batch(items)?;
    let Trainer { model, loss, settings, callbacks, .. } = trainer;
    if !loss.counts(&batch) {
        return Ok(None);
    }
    evaluator.evaluate(model, loss, (settings, callbacks), &batch).map(Some)
}

/// One step. `previous` has the weights of the step before, none in a first step, and takes those of this one.
#[track_caller]
fn step<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    frame: &Frame<'_, T>,
    run: &mut Run<T>,
    previous: &mut Weights<T>,
    evaluated: Evaluated<T>,
) -> Result<Step> {
    let Trainer { model, optimizer, settings, ranks, .. } = trainer;
    let place = Place { epoch: run.epoch() + 1, batch: run.batch + 1, step: run.history.steps + 1 };
    let Evaluated { items, loss, penalty, found } = evaluated;
    let mut diverged = |what, cause| {
        restore(model, previous);
        let error = Kind::Diverged { what, place, cause };
        match ranks {
            Some(ranks) => ranks.met(error),
            None => Error::from(error),
        }
    };
    let Found { gradients, metrics } = match found {
        Ok(found) => found,
        Err(cause) => {
            let (name, value) = if loss.is_finite() { ("penalty", penalty) } else { ("loss", loss) };
            return Err(diverged(format!("the {name} became {value}"), cause));
        }
    };
    let mut norms = match frame.norms.measure(model, &gradients) {
        Ok(norms) => norms,
        Err((name, value)) => {
            let what = format!("the gradient of `{name}` became {value}");
            return Err(diverged(what, "the loss was finite".to_owned()));
        }
    };
    let rate = optimizer.rate();
    *previous = weights(model);
    optimizer.step(model, &gradients)?;
    let items = items as f64;
    let sums = &mut run.sums;
    sums.items += items;
    sums.steps += 1.0;
    sums.loss += loss * items;
    sums.penalty += penalty;
    sums.rate = rate;
    sums.norms.iter_mut().zip(&norms).for_each(|(sum, norm)| *sum += norm);
    sums.metrics.iter_mut().zip(metrics).for_each(|(sum, metric)| *sum += metric * items);
    run.batch += 1;
    run.history.steps += 1;
    let Place { epoch, batch, step } = place;
    let gradient_norm = norms.remove(0);
    let step = Step { epoch, batch, step, loss, penalty, rate, gradient_norm, layer_norms: norms };
    if let Some(progress) = &frame.progress {
        progress.step(&step, settings.epochs);
    }
    Ok(step)
}

/// Validation, and what follows from it.
#[track_caller]
fn end_of_epoch<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    frame: &Frame<'_, T>,
    run: &mut Run<T>,
    batch_size: usize,
) -> Result<Option<Stop>> {
    let is_first = trainer.is_first();
    eval_mode(&trainer.model);
    let (valid_loss, metrics) = validate(trainer, frame)?;
    if let Some(ranks) = &mut trainer.ranks {
        ranks.compare_weights(&trainer.model, run.epoch() + 1)?;
    }
    let Trainer { model, optimizer, settings, callbacks, .. } = trainer;
    run.close_epoch(batch_size, valid_loss, &metrics);
    optimizer.observe(valid_loss);
    if settings.criteria.patience.is_some() {
        run.keep_best(model);
    }
    let last = run.history.last().expect("just closed");
    if let Some(progress) = &frame.progress {
        progress.epoch(run.epoch(), settings.epochs, last);
    }
    let ended = (is_first && scope(|| callbacks.epoch(&run.history, model))).then_some(Stop::Callback);
    let stop = settings.criteria.after_epoch(&run.history).or(ended);
    let stop = trainer.agree(stop)?;
    let Trainer { model, optimizer, settings, .. } = trainer;
    run.is_over = stop.is_some_and(Stop::is_final);
    run.history.stop = stop.unwrap_or_default();
    let is_last = run.epoch() == settings.epochs;
    if let Some(store) = frame.store.as_ref().filter(|store| stop.is_some() || is_last || store.is_due_after_epoch(run))
    {
        run.history.elapsed = frame.elapsed();
        store.save(settings, run, model, optimizer)?;
    }
    Ok(stop)
}

/// The loss and the metrics of the validation set.
#[track_caller]
fn validate<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    frame: &Frame<'_, T>,
) -> Result<(f64, Vec<f64>)> {
    if let Some(mut work) = trainer.work() {
        return work.validate(frame.valid, &frame.whole);
    }
    let Trainer { model, loss, settings, callbacks, .. } = trainer;
    scope(|| {
        let computed = loss.compute(model, &frame.whole, false)?;
        scalar(&computed.value);
        let mut metrics = settings.metrics.measure(computed.outputs.as_ref(), &frame.whole);
        callbacks.measure(model, &frame.whole, &mut metrics);
        Ok((computed.value.item().primal(), metrics))
    })
}
