//! Transforms one after the other.

use std::ops::RangeBounds;

use autodiff::Real;

use super::decay::WeightDecay;
use super::slot::{Slot, Work};
use super::transform::{At, Transform, Updates};
use crate::error::Result;
use crate::param::Param;

/// The links of an optimiser's chain, around its rule.
pub(super) struct Chain<T: Real, R> {
    pub(super) before: Vec<Box<dyn Transform<T>>>,
    pub(super) weight_decay: WeightDecay,
    /// Whether the weight decay stands after the rule.
    pub(super) decoupled: bool,
    pub(super) rule: R,
    pub(super) after: Vec<Box<dyn Transform<T>>>,
    /// What the links' surveys found in this step, for as many links as [`stage`](Self::stage) went through.
    surveys: Vec<T>,
}

/// The number of a step, from 1 on, and the factor of its rate.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) step: usize,
    pub(super) factor: f64,
}

impl<T: Real, R: Transform<T>> Chain<T, R> {
    pub(super) fn new(rule: R) -> Self {
        let weight_decay = WeightDecay::new(0.0);
        Self { before: Vec::new(), weight_decay, decoupled: false, rule, after: Vec::new(), surveys: Vec::new() }
    }

    pub(super) fn links(&self) -> impl DoubleEndedIterator<Item = &dyn Transform<T>> + ExactSizeIterator {
        let middle = self.before.len();
        (0..middle + 2 + self.after.len()).map(move |k| match k {
            _ if k < middle => &*self.before[k],
            _ if k >= middle + 2 => &*self.after[k - middle - 2],
            _ if (k == middle) == self.decoupled => &self.rule,
            _ => &self.weight_decay,
        })
    }

    /// The names of a parameter's arrays, as `rule/velocity`, in the order in which a slot holds them.
    pub(super) fn arrays(&self) -> Vec<String> {
        let numbered = |part: &'static str, n: usize| (0..n).map(move |k| format!("{part}.{k}"));
        // Weight decay keeps none: its name is nowhere to be seen.
        let middle = ["rule".to_owned(), "rule".to_owned()];
        let names = numbered("before", self.before.len()).chain(middle).chain(numbered("after", self.after.len()));
        let arrays = names
            .zip(self.links())
            .flat_map(|(name, link)| link.arrays().iter().map(move |array| format!("{name}/{array}")));
        arrays.collect()
    }

    /// Takes all parameters, whose work is in the slots, through the links up to the last one that surveys them. Gives the
    /// number of links done.
    pub(super) fn stage(&mut self, slots: &mut [Slot<T>], moment: Moment) -> Result<usize> {
        self.surveys.clear();
        let staged = self.staged();
        for k in 0..staged {
            let link = self.links().nth(k).expect("a link");
            let found = link.surveyor().map_or(Ok(T::zero()), |link| link.survey(&Updates(slots)))?;
            self.surveys.push(found);
            for slot in &mut *slots {
                let Some(Work { mut update, value }) = slot.work.take() else { continue };
                self.each(k..=k, slot, moment, |link, at| link.apply(&mut update, &value, at));
                slot.work = Some(Work { update, value });
            }
        }
        Ok(staged)
    }

    /// The number of links up to the last one that surveys.
    pub(super) fn staged(&self) -> usize {
        self.links().rposition(|link| link.surveyor().is_some()).map_or(0, |last| last + 1)
    }

    /// What the links have to say to a parameter's new value. The rule and weight decay have nothing.
    pub(super) fn settle(&self, param: &Param<T>, slot: &mut Slot<T>, moment: Moment) {
        if !(self.before.is_empty() && self.after.is_empty()) {
            self.each(0.., slot, moment, |link, at| link.settle(param, at));
        }
    }

    /// Calls some of the links with what they need to know of a parameter.
    pub(super) fn each(
        &self,
        range: impl RangeBounds<usize>,
        slot: &mut Slot<T>,
        moment: Moment,
        mut call: impl FnMut(&dyn Transform<T>, &mut At<'_, T>),
    ) {
        let (rate, mut first) = (T::of(slot.rate * moment.factor), 0);
        for (k, link) in self.links().enumerate() {
            let arrays = first..first + link.arrays().len();
            first = arrays.end;
            if range.contains(&k) {
                let mut at = At {
                    name: &slot.name,
                    step: moment.step,
                    rate,
                    weight_decay: slot.weight_decay,
                    survey: self.surveys.get(k).copied().unwrap_or_else(T::zero),
                    arrays: &mut slot.arrays[arrays],
                };
                call(link, &mut at);
            }
        }
    }
}
