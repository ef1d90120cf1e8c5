//! How a training run is set up.

use std::any::Any;
use std::ops::ControlFlow;
use std::time::Duration;

use autodiff::{Real, Tensor};

use super::callback::{Callbacks, Step};
use super::checkpoints::Checkpoints;
use super::criteria::Criteria;
use super::engine::Engine;
use super::history::{Epoch, History};
use super::metric::Metrics;
use super::objective::Objective;
use super::ranks::Ranks;
use crate::data::batch::Batch;
use crate::expect;
use crate::regularizer::Regularizer;

/// Trains a model: minibatches in a seeded random order, a progress bar when the output is a terminal.
///
/// ```
/// use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
/// let line = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]])?;
/// let model = Mlp::<f64>::new(&[1, 1], Activation::Identity, &mut rng);
/// let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(200).batch_size(3).seed(1);
/// let history = trainer.fit(&line, &line)?;
/// assert!(history.last().unwrap().valid_loss < 1e-3);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// | | |
/// |---|---|
/// | on-line, minibatch and batch descent (L22) | [`batch_size`](Self::batch_size) 1, `n`, or [`full_batch`](Self::full_batch); [`batch_sizes`](Self::batch_sizes) that grow |
/// | when to stop | [`epochs`](Self::epochs), [`loss_change_below`](Self::loss_change_below), [`gradient_below`](Self::gradient_below), [`time_limit`](Self::time_limit), [`early_stopping`](Self::early_stopping), callbacks; [`History::stop`] says which |
/// | what to see | [`metric`](Self::metric), [`on_step`](Self::on_step), [`on_epoch`](Self::on_epoch), [`History`] |
/// | continuing later | [`checkpoints`](Self::checkpoints), [`interruptible`](Self::interruptible) |
/// | more than one thread or machine | [`parts`](Self::parts), [`engine`](Self::engine) |
pub struct Trainer<M, L, O> {
    pub(super) model: M,
    pub(super) loss: L,
    pub(super) optimizer: O,
    pub(super) settings: Settings,
    pub(super) callbacks: Callbacks<M>,
    /// Who computes the parts of batches, if these are cut.
    pub(super) ranks: Option<Ranks>,
}

impl<M, L, O> Trainer<M, L, O> {
    /// Creates a trainer with 20 epochs, batches of 32, seed 0 and a progress bar.
    pub fn new(model: M, loss: L, optimizer: O) -> Self {
        let settings = Settings {
            epochs: 20,
            batch_sizes: Box::new(|_| 32),
            seed: 0,
            progress: true,
            metrics: Metrics::default(),
            regularizer: None,
            criteria: Criteria::default(),
            checkpoints: None,
            interruptible: false,
            drop_last: false,
        };
        Self { model, loss, optimizer, settings, callbacks: Callbacks::default(), ranks: None }
    }

    /// Creates a trainer that minimises a function of model and batch, with the same settings as [`new`](Self::new): for losses
    /// that read more than outputs and targets, run the model several times, or hold gradients.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// use nn::{Activation, Batch, Dataset, Layer, Mlp, Sgd, Trainer};
    /// use rand::SeedableRng;
    /// let data = Dataset::new(array![[0.0], [0.5], [1.0]], array![[0.0], [0.25], [1.0]])?.with("weight", array![1.0, 2.0, 1.0])?;
    /// let model = Mlp::<f64>::new(&[1, 8, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    /// // Weighted squares, and a penalty on the slope.
    /// let objective = |model: &Mlp<f64>, batch: &Batch<f64>| -> Tensor<f64> {
    ///     let x = nn::track(model, batch.inputs());
    ///     let y = model.forward(&x);
    ///     let slope = &y.sum().grad(&[&x])[0];
    ///     ((y - batch.targets()).square() * batch.array("weight").expand(1)).mean() + 1e-3 * slope.square().mean()
    /// };
    /// let mut trainer = Trainer::objective(model, objective, Sgd::new(0.1)).epochs(50).full_batch();
    /// let history = trainer.fit(&data, &data)?;
    /// assert!(history.last().unwrap().valid_loss < 0.1);
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn objective<T: Real>(model: M, objective: L, optimizer: O) -> Trainer<M, Objective<L>, O>
    where
        L: Fn(&M, &Batch<T>) -> Tensor<T>,
    {
        Trainer::new(model, Objective(objective), optimizer)
    }

    /// Sets the number of passes through the training set.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.settings.epochs = epochs;
        self
    }

    /// Sets the number of items in a step: 1 is on-line descent, the size of the training set is batch descent (L22).
    ///
    /// The losses of [`crate::loss`] divide a batch's error by its size, so that one rate serves all sizes.
    pub fn batch_size(self, size: usize) -> Self {
        self.batch_sizes(move |_| size)
    }

    /// Takes one step an epoch, with all items: batch descent.
    pub fn full_batch(self) -> Self {
        self.batch_size(usize::MAX)
    }

    /// Sets a batch size for each epoch, counted from 0, as [`growing_batches`](crate::schedule::growing_batches) makes them.
    pub fn batch_sizes(mut self, sizes: impl Fn(usize) -> usize + 'static) -> Self {
        self.settings.batch_sizes = Box::new(sizes);
        self
    }

    /// Leaves out the last batch of an epoch where it is smaller than the others. Layers that look at a whole batch, as
    /// [`BatchNorm1d`](crate::BatchNorm1d), cannot train on a single item that is left.
    pub fn drop_last(mut self) -> Self {
        self.settings.drop_last = true;
        self
    }

    /// Sets the seed of the order in which items are served.
    #[doc(alias = "manual_seed")]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Sets whether a progress bar is shown on a terminal.
    pub fn progress(mut self, show: bool) -> Self {
        self.settings.progress = show;
        self
    }

    /// Measures a function of outputs and targets, as those in [`crate::metrics`], on both data sets. Without a choice the
    /// [accuracy](crate::metrics::accuracy) is measured where it fits outputs and targets; with one, what was chosen and nothing
    /// else. [`measure`](Self::measure) has functions of model and batch.
    ///
    /// ```
    /// # use nn::{Linear, Sgd, Trainer, loss, metrics};
    /// # let model = Linear::from_weights(ndarray::array![[0.0]], ndarray::array![0.0]);
    /// let trainer = Trainer::new(model, loss::squared_error::<f64>, Sgd::<f64>::new(0.1))
    ///     .metric("r2", metrics::r2)
    ///     .metric("within 1", |y, t| (y - t).abs().to_array().mapv(|d| f64::from(d < 1.0)).mean().unwrap());
    /// ```
    ///
    /// # Panics
    /// If there is a metric of that name.
    #[track_caller]
    pub fn metric(mut self, name: &str, measure: impl Fn(&Tensor<f64>, &Tensor<f64>) -> f64 + 'static) -> Self {
        self.settings.metrics.choose(name.to_owned(), Box::new(measure));
        self
    }

    /// Measures a function of model and batch on both data sets, once a batch and over the whole validation set; on the training
    /// set it is the mean over the items.
    ///
    /// # Panics
    /// If there is a metric of that name. The run, if its data sets hold another number type than `T`.
    #[track_caller]
    pub fn measure<T: Real>(mut self, name: &str, measure: impl Fn(&M, &Batch<T>) -> f64 + 'static) -> Self {
        let named = self.callbacks.measures.iter().map(|(name, _)| name);
        assert!(named.into_iter().all(|known| known != name), "Trainer: two metrics are named `{name}`");
        let measure = move |model: &M, batch: &dyn Any| match batch.downcast_ref() {
            Some(batch) => measure(model, batch),
            None => panic!("Trainer: a metric is measured on batches of {}", std::any::type_name::<T>()),
        };
        self.callbacks.measures.push((name.to_owned(), Box::new(measure)));
        self
    }

    /// Adds a penalty to the loss that is minimised. Losses are reported without it; [`Epoch::penalty`]
    /// has it.
    pub fn regularizer(mut self, regularizer: Regularizer) -> Self {
        self.settings.regularizer = Some(regularizer);
        self
    }

    /// Ends the run when the training loss changes by less than `bound` from one epoch to the next.
    ///
    /// # Panics
    /// If the bound is not a finite number above 0.
    #[track_caller]
    pub fn loss_change_below(mut self, bound: f64) -> Self {
        self.settings.criteria.loss_change = Some(expect::positive("Trainer: the change of the loss", bound));
        self
    }

    /// Ends the run when [`Epoch::gradient_norm`] is below `bound`: in batch descent, near a point where the gradient is 0.
    ///
    /// # Panics
    /// If the bound is not a finite number above 0.
    #[track_caller]
    pub fn gradient_below(mut self, bound: f64) -> Self {
        self.settings.criteria.gradient = Some(expect::positive("Trainer: the gradient's norm", bound));
        self
    }

    /// Ends the run after the step in which this time has passed; never on `wasm32-unknown-unknown`, which has no clock.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.criteria.time = Some(limit);
        self
    }

    /// Ends the run when the validation loss has not improved on its best for more than `patience` epochs in a row.
    /// However the run ends, the model has the weights of the epoch with the lowest validation loss.
    #[doc(alias = "EarlyStopping")]
    pub fn early_stopping(mut self, patience: usize) -> Self {
        self.settings.criteria.patience = Some(patience);
        self
    }

    /// Calls a function after every step; a [`ControlFlow::Break`] ends the run.
    pub fn on_step(mut self, call: impl FnMut(&Step, &M) -> ControlFlow<()> + 'static) -> Self {
        self.callbacks.steps.push(Box::new(call));
        self
    }

    /// Calls a function after every epoch; a [`ControlFlow::Break`] ends the run.
    ///
    /// ```
    /// use nn::{Dataset, Linear, Sgd, Stop, Trainer, loss};
    /// use ndarray::array;
    /// use std::ops::ControlFlow;
    /// let line = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
    /// let model = Linear::from_weights(array![[0.0]], array![0.0]);
    /// let trainer = Trainer::new(model, loss::squared_error, Sgd::<f64>::new(0.1)).epochs(1000);
    /// let mut trainer = trainer.on_epoch(|epoch, _history, _model| {
    ///     if epoch.train_loss < 0.01 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// assert_eq!(trainer.fit(&line, &line)?.stop, Stop::Callback);
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn on_epoch(mut self, call: impl FnMut(&Epoch, &History, &M) -> ControlFlow<()> + 'static) -> Self {
        self.callbacks.epochs.push(Box::new(call));
        self
    }

    /// Keeps the run in a folder, and continues what is kept there: see [`Checkpoints`]. Ctrl-C ends the run in order,
    /// as with [`interruptible`](Self::interruptible).
    #[doc(alias = "ModelCheckpoint")]
    pub fn checkpoints(mut self, checkpoints: impl Into<Checkpoints>) -> Self {
        self.settings.checkpoints = Some(checkpoints.into());
        self.interruptible()
    }

    /// Lets Ctrl-C end the run after the step that it is in; a second Ctrl-C ends the program.
    pub fn interruptible(mut self) -> Self {
        self.settings.interruptible = true;
        self
    }

    /// Cuts each batch into `n` parts of consecutive items, whose gradients are summed in an order that depends on `n` alone: the
    /// run ends with the same bits whether one rank computes them all or several share them, see [`engine`](Self::engine).
    /// Without this a batch is one piece.
    ///
    /// The gradient is that of the whole batch but for rounding, since a part's loss counts by its [weight](crate::Loss::weight);
    /// a loss that is neither a mean over items nor says that it is a sum is an error of the first step. What looks at several
    /// items at a time sees those of a part: [`BatchNorm1d`](crate::BatchNorm1d), whose running statistics move by the mean of
    /// the parts' moves, objectives that are no means over items, and metrics, which on the training set are means of the parts'
    /// by their numbers of items. On the validation set, losses and metrics of outputs are those of all outputs together.
    /// A layer draws from a [generator](crate::Random) of its own for each part.
    ///
    /// ```
    /// use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
    /// use ndarray::Array2;
    /// use rand::SeedableRng;
    /// let x = Array2::from_shape_fn((12, 2), |(i, j)| (i as f64 * 0.7 + j as f64).sin());
    /// let data = Dataset::new(x.clone(), x)?;
    /// let run = |parts: Option<usize>| {
    ///     let model = Mlp::<f64>::new(&[2, 4, 2], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(3));
    ///     let trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(3).progress(false);
    ///     let mut trainer = parts.into_iter().fold(trainer, |trainer, n| trainer.parts(n));
    ///     Ok::<_, nn::Error>(trainer.fit(&data, &data)?.last().unwrap().train_loss)
    /// };
    /// assert!((run(Some(4))? - run(None)?).abs() < 1e-12);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Panics
    /// If `n` is 0.
    #[doc(alias("gradient accumulation", "micro-batches"))]
    #[track_caller]
    pub fn parts(mut self, n: usize) -> Self {
        let n = expect::at_least_one("Trainer: the number of parts", n);
        self.ranks.get_or_insert_with(|| Ranks::new(n)).set_count(n);
        self
    }

    /// Trains on the ranks of an [`Engine`], which share the [`parts`](Self::parts) of each batch, 8 unless that says otherwise;
    /// where there are more ranks than parts, some have nothing to do.
    ///
    /// Every rank builds the same trainer and calls [`fit`](Self::fit) with the same data; it reads the items of its own parts.
    /// All start with the first rank's weights and end with the same ones, and have the same history but for the time that it
    /// took. The first rank alone shows progress, reads and writes checkpoints, calls [`on_step`](Self::on_step) and
    /// [`on_epoch`](Self::on_epoch), and looks at the clock; what it decides holds for all. A callback that changes the model
    /// is an error at the end of the epoch, since the ranks' weights part. Functions for [`measure`](Self::measure) run on
    /// every rank. Ctrl-C on one rank ends all in order, and an error or a panic on one ends all.
    ///
    /// [`Threads`](crate::Threads) has an example; the package `nn-mpi` has an engine whose ranks are processes on any number
    /// of machines.
    pub fn engine(mut self, engine: impl Engine + 'static) -> Self {
        self.ranks.get_or_insert_with(|| Ranks::new(PARTS)).set_engine(Box::new(engine));
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The optimiser.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// Takes out the trained model.
    pub fn into_model(self) -> M {
        self.model
    }
}

/// How many parts a batch has for an engine.
const PARTS: usize = 8;

/// What does not depend on the model's type.
pub(super) struct Settings {
    pub(super) epochs: usize,
    pub(super) batch_sizes: Box<dyn Fn(usize) -> usize>,
    pub(super) seed: u64,
    pub(super) progress: bool,
    pub(super) metrics: Metrics,
    pub(super) regularizer: Option<Regularizer>,
    pub(super) criteria: Criteria,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) interruptible: bool,
    pub(super) drop_last: bool,
}

impl Settings {
    /// The size of a full batch in an epoch from 0.
    pub(super) fn batch_size(&self, epoch: usize, items: usize) -> usize {
        (self.batch_sizes)(epoch).clamp(1, items)
    }

    /// The number of items that an epoch serves.
    pub(super) fn served(&self, epoch: usize, items: usize) -> usize {
        if self.drop_last { items - items % self.batch_size(epoch, items) } else { items }
    }

    /// The number of batches of an epoch.
    pub(super) fn batches(&self, epoch: usize, items: usize) -> usize {
        self.served(epoch, items).div_ceil(self.batch_size(epoch, items))
    }
}
