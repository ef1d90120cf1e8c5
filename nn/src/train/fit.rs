//! The loop: epochs of batches, a step for each.

use std::time::Duration;

use autodiff::Real;

use super::callback::Step;
use super::checkpoint::Store;
use super::clock::Clock;
use super::diverged::cause;
use super::evaluate::{Evaluator, scalar};
use super::history::History;
#[cfg(feature = "interrupt")]
use super::interrupt::interrupted;
use super::norms::Norms;
use super::objective::Criterion;
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
    valid: Batch<T>,
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
    /// # Panics
    /// If the model and the data do not fit together: the message names the operation and the shapes. If the loss is no scalar.
    #[track_caller]
    pub fn fit<T: Real, K>(&mut self, train: &Dataset<T>, valid: &Dataset<T>) -> Result<History>
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
        let settings = &self.settings;
        let norms = Norms::new(&self.model);
        let mut run = Run::new(settings.seed, metrics(self), &norms.layers);
        let store = settings
            .checkpoints
            .as_ref()
            .map(|checkpoints| Store::open(checkpoints, settings, metrics(self), train))
            .transpose()?;
        if let Some(store) = &store {
            store.resume(settings, &mut run, &self.model, &mut self.optimizer)?;
        }
        let steps = |epoch| settings.batches(epoch, train.len());
        let steps = (0..settings.epochs).map(steps);
        let progress = progress::show(settings.progress, steps.sum(), run.history.steps);
        let is_interrupted = interrupted(settings.interruptible);
        let before = run.history.elapsed;
        let mut frame = Frame { train, valid: valid.whole(), norms, store, is_interrupted, progress, start, before };
        let mut evaluator = Evaluator::new();
        let result = epochs(self, &mut evaluator, &frame, &mut run);
        frame.progress = None;
        evaluator.release();
        eval_mode(&self.model);
        run.history.stop = result?;
        run.restore_best(&self.model);
        run.history.elapsed = frame.elapsed();
        if let (Stop::Interrupted, Some(store)) = (run.history.stop, &frame.store) {
            let (epoch, steps, folder) = (run.epoch() + 1, run.history.steps, store.folder().display());
            eprintln!(
                "interrupted in epoch {epoch} after step {steps}: start the same run again to go on from {folder}"
            );
        }
        Ok(run.history)
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
            let batch = frame.train.batch(items);
            if !trainer.loss.counts(&batch) {
                run.batch += 1;
                continue;
            }
            let step = step(trainer, evaluator, frame, run, &mut previous, &batch)?;
            let called = scope(|| trainer.callbacks.step(&step, &trainer.model));
            let mut stop = called.then_some(Stop::Callback);
            if trainer.settings.criteria.time.is_some_and(|limit| frame.elapsed() >= limit) {
                stop = Some(Stop::Time);
            }
            if (frame.is_interrupted)() {
                stop = Some(Stop::Interrupted);
            }
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

/// One step. `previous` has the weights of the step before, none in a first step, and takes those of this one.
#[track_caller]
fn step<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    trainer: &mut Trainer<M, L, O>,
    evaluator: &mut Evaluator<T>,
    frame: &Frame<'_, T>,
    run: &mut Run<T>,
    previous: &mut Weights<T>,
    items: &Batch<T>,
) -> Result<Step> {
    let Trainer { model, loss, optimizer, settings, callbacks } = trainer;
    let place = Place { epoch: run.epoch() + 1, batch: run.batch + 1, step: run.history.steps + 1 };
    let result = evaluator.evaluate(model, loss, settings.regularizer.as_ref(), items)?;
    let Some(gradients) = result.gradients else {
        let cause = cause(model, items);
        restore(model, previous);
        let (name, value) = if result.loss.is_finite() { ("penalty", result.penalty) } else { ("loss", result.loss) };
        return Err(Kind::Diverged { what: format!("the {name} became {value}"), place, cause }.into());
    };
    let mut norms = match frame.norms.measure(model, &gradients) {
        Ok(norms) => norms,
        Err((name, value)) => {
            restore(model, previous);
            let what = format!("the gradient of `{name}` became {value}");
            return Err(Kind::Diverged { what, place, cause: "the loss was finite".to_owned() }.into());
        }
    };
    let mut metrics = settings.metrics.measure(result.outputs.as_ref(), items);
    scope(|| callbacks.measure(model, items, &mut metrics));
    let rate = optimizer.rate();
    *previous = weights(model);
    optimizer.step(model, &gradients)?;
    let items = items.len() as f64;
    let sums = &mut run.sums;
    sums.items += items;
    sums.steps += 1.0;
    sums.loss += result.loss * items;
    sums.penalty += result.penalty;
    sums.rate = rate;
    sums.norms.iter_mut().zip(&norms).for_each(|(sum, norm)| *sum += norm);
    sums.metrics.iter_mut().zip(metrics).for_each(|(sum, metric)| *sum += metric * items);
    run.batch += 1;
    run.history.steps += 1;
    let Place { epoch, batch, step } = place;
    let gradient_norm = norms.remove(0);
    let (loss, penalty) = (result.loss, result.penalty);
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
    let Trainer { model, loss, optimizer, settings, callbacks } = trainer;
    eval_mode(model);
    let (valid_loss, metrics) = scope(|| {
        let computed = loss.compute(model, &frame.valid, false)?;
        scalar(&computed.value);
        let mut metrics = settings.metrics.measure(computed.outputs.as_ref(), &frame.valid);
        callbacks.measure(model, &frame.valid, &mut metrics);
        Ok::<_, Error>((computed.value.item().primal(), metrics))
    })?;
    run.close_epoch(batch_size, valid_loss, &metrics);
    optimizer.observe(valid_loss);
    if settings.criteria.patience.is_some() {
        run.keep_best(model);
    }
    let last = run.history.last().expect("just closed");
    if let Some(progress) = &frame.progress {
        progress.epoch(run.epoch(), settings.epochs, last);
    }
    let ended = scope(|| callbacks.epoch(&run.history, model)).then_some(Stop::Callback);
    let stop = settings.criteria.after_epoch(&run.history).or(ended);
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
