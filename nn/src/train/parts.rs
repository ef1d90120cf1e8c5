//! Batches in parts: each evaluated by itself, all summed in one order.

use autodiff::{Real, Tensor};
use ndarray::{Array1, arr0};

use super::callback::Callbacks;
use super::diverged::cause;
use super::engine::Carry;
use super::evaluate::{Evaluated, Evaluator, Found, scalar};
use super::objective::Criterion;
use super::ranks::{Block, Ranks, add, generators};
use super::trainer::Settings;
use crate::data::batch::Batch;
use crate::data::dataset::Dataset;
use crate::error::{Kind, Result};
use crate::layer::{Layer, Part};
use crate::random::RandomState;
use crate::state::evaluating;
use crate::track::scope;
use crate::visit::{unnamed, unnamed_parts};

/// What is evaluated, and by whom.
pub(super) struct Work<'a, M, L> {
    pub(super) model: &'a M,
    pub(super) loss: &'a L,
    pub(super) settings: &'a Settings,
    pub(super) callbacks: &'a Callbacks<M>,
    pub(super) ranks: &'a mut Ranks,
}

impl<M, L> Work<'_, M, L> {
    /// Evaluates the items of a step; `None` if they have no loss.
    #[track_caller]
    pub(super) fn evaluate<T: Real, K>(
        &mut self,
        evaluator: &mut Evaluator<T>,
        data: &Dataset<T>,
        items: &[usize],
    ) -> Result<Option<Evaluated<T>>>
    where
        M: Layer<T>,
        L: Criterion<T, M, K>,
    {
        if evaluator.is_fresh() {
            self.check(data, items)?;
        }
        let share = self.share(data, items)?;
        let weights = share.iter().map(|(_, batch)| weight(self.loss, batch)).collect();
        let Some(scales) = scales(&self.ranks.numbers(weights)?) else { return Ok(None) };
        let first = scales.iter().position(|&scale| scale > 0.0);
        let (forks, start) = (Forks::new(self.model), buffers(self.model));
        let (mut sums, mut numbers, mut causes) = (Carry::default(), Vec::new(), Vec::new());
        for (part, batch) in &share {
            let (part, scale) = (*part, scales[*part]);
            if batch.is_empty() {
                numbers.extend(vec![0.0; self.width()]);
                sums.push(part..part + 1, nothing(self.model), add);
                continue;
            }
            forks.enter(self.model, part);
            set_buffers(self.model, &start);
            let search = evaluator.begin(self.model);
            let computed = self.loss.compute(self.model, batch, search)?;
            scalar(&computed.value);
            let value = computed.value.item().primal();
            let regularizer = self.settings.regularizer.as_ref().filter(|_| Some(part) == first);
            let penalty = regularizer.map(|regularizer| regularizer.penalty(self.model));
            let penalty_value = penalty.as_ref().map_or(0.0, |penalty| penalty.item().primal());
            numbers.extend([value, penalty_value]);
            if scale == 0.0 || value.is_finite() && penalty_value.is_finite() {
                let root = (scale > 0.0).then(|| {
                    let root = if scale == 1.0 { computed.value } else { computed.value * T::of(scale) };
                    penalty.map_or(root.clone(), |penalty| root + penalty)
                });
                let block = found(self.model, root, &start, T::of(scale));
                sums.push(part..part + 1, block, add);
            } else if causes.is_empty() {
                causes = cause(self.model, batch).into_bytes();
            }
            let found = self.measured(computed.outputs.as_ref(), batch);
            numbers.extend(found);
        }
        forks.leave(self.model);
        set_buffers(self.model, &start);
        let numbers = self.ranks.numbers(numbers)?;
        let rows = || numbers.chunks_exact(self.width()).zip(&scales);
        let loss = rows().filter(|(_, scale)| **scale > 0.0).fold(0.0, |sum, (row, scale)| sum + scale * row[0]);
        let penalty = rows().map(|(row, _)| row[1]).sum::<f64>();
        let found = if loss.is_finite() && penalty.is_finite() {
            let metrics = self.mean(&numbers, items.len());
            let total = self.ranks.sum(sums, &shapes(self.model))?;
            Ok(Found { gradients: evaluator.given(self.model, total, &start), metrics })
        } else {
            let causes = self.ranks.bytes(causes)?;
            let first = causes.iter().find(|cause| !cause.is_empty());
            Err(first.map_or_else(String::new, |cause| String::from_utf8_lossy(cause).into_owned()))
        };
        Ok(Some(Evaluated { items: items.len(), loss, penalty, found }))
    }

    /// The loss and the metrics of a whole data set, whose outputs are computed in parts.
    #[track_caller]
    pub(super) fn validate<T: Real, K>(&mut self, data: &Dataset<T>, whole: &Batch<T>) -> Result<(f64, Vec<f64>)>
    where
        M: Layer<T>,
        L: Criterion<T, M, K>,
    {
        let items: Vec<usize> = (0..data.len()).collect();
        let share = self.share(data, &items)?;
        let weights = share.iter().map(|(_, batch)| weight(self.loss, batch)).collect();
        let scales = scales(&self.ranks.numbers(weights)?);
        let forks = Forks::new(self.model);
        let (mut numbers, mut outputs) = (Vec::new(), Vec::new());
        for (part, batch) in &share {
            if batch.is_empty() {
                numbers.extend(vec![0.0; self.width()]);
                continue;
            }
            forks.enter(self.model, *part);
            let row = scope(|| {
                let computed = self.loss.compute(self.model, batch, false)?;
                scalar(&computed.value);
                let mut row = vec![computed.value.item().primal(), 0.0];
                // Those of outputs are measured on all of them.
                row.resize(2 + self.settings.metrics.len(), 0.0);
                self.callbacks.measure(self.model, batch, &mut row);
                outputs.extend(computed.outputs.map(|outputs| outputs.detach()));
                Ok::<_, crate::Error>(row)
            })?;
            numbers.extend(row);
        }
        forks.leave(self.model);
        let numbers = self.ranks.numbers(numbers)?;
        let mut metrics = self.mean(&numbers, data.len());
        if L::HAS_OUTPUTS {
            let outputs = Tensor::concat(&self.ranks.arrays(outputs)?, 0);
            let loss = self.loss.value(&outputs, whole).expect("there are outputs");
            scalar(&loss);
            let measured = self.settings.metrics.measure(Some(&outputs), whole);
            metrics[..measured.len()].copy_from_slice(&measured);
            return Ok((loss.item().primal(), metrics));
        }
        let rows = numbers.chunks_exact(self.width()).zip(scales.unwrap_or_default());
        Ok((rows.filter(|(_, scale)| *scale > 0.0).fold(0.0, |sum, (row, scale)| sum + scale * row[0]), metrics))
    }

    /// The parts that this rank computes, with their numbers.
    fn share<T: Real>(&self, data: &Dataset<T>, items: &[usize]) -> Result<Vec<(usize, Batch<T>)>> {
        let parts = self.ranks.parts();
        let batch = |part| Ok((part, data.try_batch(&items[parts.items(items.len(), part)])?));
        parts.share(self.ranks.rank()).map(batch).collect()
    }

    /// How many numbers a part gives: loss, penalty, metrics.
    fn width(&self) -> usize {
        2 + self.settings.metrics.len() + self.callbacks.measures.len()
    }

    fn measured<T: Real>(&self, outputs: Option<&Tensor<T>>, batch: &Batch<T>) -> Vec<f64>
    where
        M: Layer<T>,
    {
        let mut metrics = self.settings.metrics.measure(outputs, batch);
        scope(|| self.callbacks.measure(self.model, batch, &mut metrics));
        metrics
    }

    /// The metrics' means over the items.
    fn mean(&self, numbers: &[f64], items: usize) -> Vec<f64> {
        let parts = self.ranks.parts();
        let mut means = vec![0.0; self.width() - 2];
        for (part, row) in numbers.chunks_exact(self.width()).enumerate() {
            let share = parts.items(items, part).len() as f64 / items as f64;
            if share > 0.0 {
                means.iter_mut().zip(&row[2..]).for_each(|(mean, value)| *mean += share * value);
            }
        }
        means
    }

    /// Refuses a loss that does not come of its parts, as far as a first batch shows it: of outputs and targets it is the mean by
    /// weights or the sum; an objective may be something else, as a variance is, but is no sum.
    #[track_caller]
    fn check<T: Real, K>(&mut self, data: &Dataset<T>, items: &[usize]) -> Result<()>
    where
        M: Layer<T>,
        L: Criterion<T, M, K>,
    {
        let parts = self.ranks.parts();
        let forks = Forks::peek(self.model);
        let value = |items: &[usize]| {
            let batch = data.try_batch(items)?;
            forks.enter(self.model, 0);
            let value = scope(|| Ok::<_, crate::Error>(self.loss.compute(self.model, &batch, false)?.value))?;
            Ok::<_, crate::Error>((value, weight(self.loss, &batch)))
        };
        let [whole, mean, sum, size, is_sum] = evaluating(self.model, || {
            let (whole, _) = value(items)?;
            if whole.len() != 1 {
                return Ok([0.0; 5]); // to be refused
            }
            let pieces = (0..parts.count()).map(|part| &items[parts.items(items.len(), part)]);
            let pieces = pieces.filter(|items| !items.is_empty()).map(value).collect::<Result<Vec<_>>>()?;
            let weights: Vec<f64> = pieces.iter().map(|&(_, weight)| weight).collect();
            let values: Vec<f64> = pieces.iter().map(|(value, _)| value.item().primal()).collect();
            let Some(scales) = scales(&weights) else { return Ok([0.0; 5]) };
            let counted = || scales.iter().zip(&values).filter(|(scale, _)| **scale > 0.0);
            let mean = counted().map(|(scale, value)| scale * value).sum();
            let size = counted().map(|(scale, value)| (scale * value).abs()).sum();
            let sum = counted().map(|(_, value)| value).sum();
            let is_sum = f64::from(weights.iter().any(|weight| weight.is_nan()));
            Ok::<_, crate::Error>([whole.item().primal(), mean, sum, size, is_sum])
        })?;
        forks.leave(self.model);
        let is_off = (whole - mean).abs() > 1e-3 * (whole.abs() + size);
        let is_near_sum = (whole - sum).abs() < 0.5 * (whole - mean).abs();
        if is_off && (L::HAS_OUTPUTS || is_near_sum) {
            let rule = "the loss is to be a mean over items, or to have a `weight` in its `Loss` that says what it is";
            return Err(self.ranks.met(Kind::Parts { whole, parts: mean, mean: is_sum == 0.0, rule }));
        }
        Ok(())
    }
}

/// A part's weight; NaN where the loss is a sum.
fn weight<T: Real, M: Layer<T>, K>(loss: &impl Criterion<T, M, K>, batch: &Batch<T>) -> f64 {
    if batch.is_empty() { 0.0 } else { loss.weight(batch).unwrap_or(f64::NAN) }
}

/// By what the losses of parts are multiplied in their sum; `None` if nothing has a loss.
fn scales(weights: &[f64]) -> Option<Vec<f64>> {
    if weights.iter().any(|weight| weight.is_nan()) {
        return Some(weights.iter().map(|weight| f64::from(weight.is_nan())).collect());
    }
    let total: f64 = weights.iter().sum();
    (total > 0.0).then(|| weights.iter().map(|weight| weight / total).collect())
}

/// Generators of the model for the parts of one step: they depend on the part's number, not on who computes it.
struct Forks {
    seeds: Vec<RandomState>,
    after: Vec<RandomState>,
}

impl Forks {
    fn new<T: Real>(model: &impl Layer<T>) -> Self {
        let (mut seeds, mut after) = (Vec::new(), Vec::new());
        generators(model, |random| {
            seeds.push(random.fork());
            after.push(random.state());
        });
        Self { seeds, after }
    }

    /// The same, after which the model's generators are where they were.
    fn peek<T: Real>(model: &impl Layer<T>) -> Self {
        let mut before = Vec::new();
        generators(model, |random| before.push(random.state()));
        Self { after: before, ..Self::new(model) }
    }

    fn enter<T: Real>(&self, model: &impl Layer<T>, part: usize) {
        let mut seeds = self.seeds.iter();
        generators(model, |random| random.restore(&seeds.next().expect("one for each").of_part(part)));
    }

    fn leave<T: Real>(&self, model: &impl Layer<T>) {
        let mut after = self.after.iter();
        generators(model, |random| random.restore(after.next().expect("one for each")));
    }
}

fn buffers<T: Real>(model: &impl Layer<T>) -> Vec<Tensor<T>> {
    let mut values = Vec::new();
    unnamed_parts(model, |part| {
        if let Part::Buffer(buffer) = part {
            values.push(buffer.value());
        }
    });
    values
}

fn set_buffers<T: Real>(model: &impl Layer<T>, values: &[Tensor<T>]) {
    let mut values = values.iter().cloned();
    unnamed_parts(model, |part| {
        if let Part::Buffer(buffer) = part {
            buffer.set(values.next().expect("one for each"));
        }
    });
}

/// What a part gives: the gradients, what of each parameter was reached and read, and by how much the buffers moved.
fn found<T: Real>(model: &impl Layer<T>, root: Option<Tensor<T>>, start: &[Tensor<T>], scale: T) -> Block<T> {
    let gradients = root.filter(Tensor::is_tracked).map(|root| root.backward());
    let (mut block, mut notes) = (Vec::new(), Vec::new());
    unnamed(model, |param| {
        let value = param.value();
        let gradient = gradients.as_ref().and_then(|gradients| param.gradient(gradients));
        let rows = param.rows_read();
        notes.extend([gradient.is_some(), gradient.is_some() && rows.is_none()].map(flag::<T>));
        let first = notes.len();
        notes.resize(first + value.shape().first().copied().unwrap_or(0), T::zero());
        rows.into_iter().flatten().for_each(|row| notes[first + row] = T::one());
        block.push(gradient.cloned().unwrap_or_else(|| Tensor::zeros(value.shape())));
    });
    block.push(Tensor::constant(Array1::from_vec(notes)));
    block.extend(buffers(model).iter().zip(start).map(|(now, start)| (now - start) * scale));
    block
}

fn flag<T: Real>(holds: bool) -> T {
    if holds { T::one() } else { T::zero() }
}

/// The shapes of what a part gives.
fn shapes<T: Real>(model: &impl Layer<T>) -> Vec<Vec<usize>> {
    let (mut shapes, mut notes) = (Vec::new(), 0);
    unnamed(model, |param| {
        let shape = param.value().shape().to_vec();
        notes += 2 + shape.first().copied().unwrap_or(0);
        shapes.push(shape);
    });
    shapes.push(vec![notes]);
    shapes.extend(buffers(model).iter().map(|buffer| buffer.shape().to_vec()));
    shapes
}

/// What a part without items gives.
fn nothing<T: Real>(model: &impl Layer<T>) -> Block<T> {
    shapes(model).iter().map(|shape| Tensor::zeros(shape)).collect()
}

impl<T: Real> Evaluator<T> {
    /// Gradients for the optimiser from the sum over the parts; sets the buffers.
    fn given(&mut self, model: &impl Layer<T>, mut total: Block<T>, start: &[Tensor<T>]) -> autodiff::Gradients<T> {
        let count = total.len() - start.len() - 1;
        let moved = total.split_off(count + 1);
        let notes = total.pop().expect("it follows the gradients").to_array().into_raw_vec_and_offset().0;
        // Exactly where it was if nothing moved it.
        let values = start.iter().zip(&moved).map(|(start, by)| Tensor::select(by, start + by, start));
        set_buffers(model, &values.collect::<Vec<_>>());
        self.begin(model);
        let (mut leaves, mut gradients, mut rest) = (Vec::new(), Vec::new(), &notes[..]);
        let mut total = total.into_iter();
        unnamed(model, |param| {
            let gradient = total.next().expect("one for each parameter");
            let ([reached, whole], after) = rest.split_first_chunk().expect("two for each parameter");
            let (rows, after) = after.split_at(gradient.shape().first().copied().unwrap_or(0));
            rest = after;
            if *reached > T::zero() {
                leaves.push(param.watched().expect("just put on the tape"));
                gradients.push(Some(gradient));
            }
            if *whole == T::zero() {
                param.note_rows((0..rows.len()).filter(|&row| rows[row] > T::zero()));
            }
        });
        let leaves: Vec<&Tensor<T>> = leaves.iter().collect();
        let vjp = move |_: &autodiff::tensor::Vjp<'_, T>| gradients.clone().into();
        Tensor::custom("sum over parts", &leaves, |_| arr0(T::zero()).into_dyn(), vjp).backward()
    }
}
