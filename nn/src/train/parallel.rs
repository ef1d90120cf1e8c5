//! Batches shared out to threads, each with a tape and a copy of the model of its own.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use autodiff::{Real, Tape, Tensor};
use ndarray::{ArrayD, Axis, concatenate};

use super::evaluate::{Evaluate, Evaluated};
use super::fit;
use super::history::History;
use super::objective::OfOutputs;
use super::trainer::Trainer;
use crate::data::batch::Batch;
use crate::data::dataset::Dataset;
use crate::error::Result;
use crate::expect;
use crate::layer::Layer;
use crate::loss::term::Loss;
use crate::optim::optimizer::Optimizer;
use crate::regularizer::Regularizer;
use crate::state::random_states;
use crate::visit::{buffers, parameters, watch};

/// Parts of a batch. Sums are taken over them in their order, so the bits are the same for any number of threads.
const PARTS: usize = 4;

impl<M, L, O> Trainer<M, L, O> {
    /// Trains as [`fit`](Self::fit) does, with each batch cut into four parts that `threads` threads work on. The bits are
    /// the same for any number of threads; they differ from `fit`'s by rounding, because sums are taken part by part.
    ///
    /// Each thread has a model of its own that `build` makes; its weights are replaced. The loss has to be a mean over the
    /// items of a batch, all of which weigh the same: no class is ignored.
    ///
    /// Weights and gradients are copied in every step, and large matrix products run on several threads by themselves: a
    /// perceptron is trained in half the time by `fit` (`cargo bench -p nn` shows both). It pays only where much else is
    /// computed for each weight.
    ///
    /// ```
    /// use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
    /// use ndarray::array;
    /// use rand::SeedableRng;
    /// let xor = Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]])?;
    /// let build = || Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(2));
    /// let mut trainer = Trainer::new(build(), loss::bce_with_logits, Sgd::new(0.5)).epochs(5).full_batch();
    /// let history = trainer.fit_parallel(&xor, &xor, 2, build)?;
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    ///
    /// # Panics
    /// As [`fit`](Self::fit). If `threads` is 0, or if the model has buffers or draws random numbers, which parts of a
    /// batch cannot do separately. If `build` makes a model with other parameters.
    #[track_caller]
    pub fn fit_parallel<T: Real + Send + Sync>(
        &mut self,
        train: &Dataset<T>,
        valid: &Dataset<T>,
        threads: usize,
        build: impl Fn() -> M + Sync,
    ) -> Result<History>
    where
        M: Layer<T>,
        L: Loss<T> + Clone + Send,
        O: Optimizer<T>,
    {
        expect::at_least_one("fit_parallel: the number of threads", threads);
        let mut held = random_states(&self.model).len();
        buffers(&self.model, |_, _| held += 1);
        assert!(held == 0, "fit_parallel: the model has buffers or draws random numbers; use `fit`");
        thread::scope(|scope| {
            let (results, done) = channel();
            let workers = (0..threads.min(PARTS)).map(|_| {
                let (tasks, todo) = channel();
                let (results, loss, build) = (results.clone(), self.loss.clone(), &build);
                scope.spawn(move || work(&build, &loss, &todo, &results));
                tasks
            });
            let mut engine = Parallel { tape: Tape::new(), workers: workers.collect(), done };
            fit::fit(self, &mut engine, train, valid)
        })
    }
}

/// A part of a batch.
struct Task<T> {
    part: usize,
    weights: Arc<Vec<ArrayD<T>>>,
    x: ArrayD<T>,
    t: ArrayD<T>,
    /// The part's share of the batch.
    share: f64,
}

/// What a part gave.
struct Done<T> {
    part: usize,
    loss: f64,
    y: ArrayD<T>,
    /// Those of the part's share in the loss; `None` where none reaches the parameter.
    gradients: Vec<Option<ArrayD<T>>>,
}

/// What a thread does: parts, until no more come.
fn work<T: Real, M: Layer<T>>(
    build: &impl Fn() -> M,
    loss: &impl Loss<T>,
    todo: &Receiver<Task<T>>,
    results: &Sender<thread::Result<Done<T>>>,
) {
    let mut model = None;
    let tape = Tape::new();
    for task in todo {
        // A panic here must not leave the others waiting.
        let result = catch_unwind(AssertUnwindSafe(|| part(model.get_or_insert_with(build), loss, &tape, task)));
        if results.send(result).is_err() {
            return;
        }
    }
}

fn part<T: Real, M: Layer<T>>(model: &M, loss: &impl Loss<T>, tape: &Tape<T>, task: Task<T>) -> Done<T> {
    let mut weights = task.weights.iter();
    tape.reset();
    parameters(model, |name, param| {
        let value = weights.next().filter(|value| value.shape() == param.value().shape());
        let Some(value) = value else { panic!("fit_parallel: `build` makes a model with another parameter `{name}`") };
        param.set(value.clone());
        param.watch(tape);
    });
    assert!(weights.next().is_none(), "fit_parallel: `build` makes a model with fewer parameters");
    let y = model.forward(&Tensor::constant(task.x));
    let error = loss.loss(&y, &Tensor::constant(task.t)) * T::of(task.share);
    let gradients = error.backward();
    let mut found = Vec::with_capacity(task.weights.len());
    parameters(model, |_, param| found.push(param.gradient(&gradients).map(Tensor::to_array)));
    Done { part: task.part, loss: error.item().primal(), y: y.to_array(), gradients: found }
}

/// Hands out parts and adds up what comes back.
struct Parallel<T: Real> {
    tape: Tape<T>,
    workers: Vec<Sender<Task<T>>>,
    done: Receiver<thread::Result<Done<T>>>,
}

impl<T: Real> Parallel<T> {
    /// Has all parts of a batch done; they come in their order.
    fn run(&self, model: &impl Layer<T>, x: &Tensor<T>, t: &Tensor<T>) -> Vec<Done<T>> {
        let mut weights = Vec::new();
        parameters(model, |_, param| weights.push(param.value().to_array()));
        let weights = Arc::new(weights);
        let items = x.shape()[0];
        let parts = PARTS.min(items);
        let cut = |part: usize| part * items / parts;
        for part in 0..parts {
            let range = cut(part)..cut(part + 1);
            let share = range.len() as f64 / items as f64;
            let [x, t] = [x, t].map(|of| of.narrow(0, range.clone()).to_array());
            let task = Task { part, weights: Arc::clone(&weights), x, t, share };
            self.workers[part % self.workers.len()].send(task).expect("a worker ends only after this does");
        }
        let mut done: Vec<Done<T>> = (0..parts)
            .map(|_| self.done.recv().expect("workers wait for tasks").unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        done.sort_by_key(|done| done.part);
        done
    }
}

impl<T: Real, M: Layer<T>, L: Loss<T>> Evaluate<T, M, L, OfOutputs> for Parallel<T> {
    fn evaluate(
        &mut self,
        model: &M,
        _loss: &L,
        regularizer: Option<&Regularizer>,
        batch: &Batch<T>,
    ) -> Result<Evaluated<T>> {
        let (x, t) = batch.pair();
        let mut parts = self.run(model, x, t);
        let loss = parts.iter().map(|part| part.loss).sum::<f64>();
        let outputs: Vec<_> = parts.iter().map(|part| part.y.view()).collect();
        let y = Tensor::constant(concatenate(Axis(0), &outputs).expect("outputs differ in their number of items only"));
        let mut sums = std::mem::take(&mut parts[0].gradients);
        for part in &mut parts[1..] {
            for (sum, gradient) in sums.iter_mut().zip(part.gradients.drain(..)) {
                match (sum.as_mut(), gradient) {
                    (Some(sum), Some(gradient)) => *sum += &gradient,
                    (None, gradient) => *sum = gradient,
                    (Some(_), None) => {}
                }
            }
        }
        self.tape.reset();
        watch(model, &self.tape);
        let penalty = regularizer.map(|regularizer| regularizer.penalty(model));
        let penalty_value = penalty.as_ref().map_or(0.0, |penalty| penalty.item().primal());
        // Σ w g has exactly the gradient g.
        let mut total = penalty;
        let mut sums = sums.into_iter();
        parameters(model, |_, param| {
            if let Some(gradient) = sums.next().flatten() {
                let term = (param.tensor() * &Tensor::constant(gradient)).sum();
                total = Some(total.take().map_or(term.clone(), |total| total + term));
            }
        });
        let is_finite = loss.is_finite() && penalty_value.is_finite();
        let total = total.unwrap_or_else(|| self.tape.tensor(Tensor::scalar(T::zero())));
        let gradients = is_finite.then(|| total.backward());
        Ok(Evaluated { loss, penalty: penalty_value, outputs: Some(y), gradients })
    }

    fn release(&mut self) {
        self.tape.reset();
    }
}
