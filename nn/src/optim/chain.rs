//! Transforms one after the other.

use autodiff::Real;

use super::slot::Slot;
use super::{At, Transform, Updates, WeightDecay};
use crate::{Param, Result};

/// The links of an optimiser's chain, around its rule.
pub(super) struct Chain<T: Real, R> {
    pub(super) before: Vec<Box<dyn Transform<T>>>,
    pub(super) weight_decay: WeightDecay,
    /// Whether the weight decay stands after the rule.
    pub(super) decoupled: bool,
    pub(super) rule: R,
    pub(super) after: Vec<Box<dyn Transform<T>>>,
    /// What each link's survey found in this step.
    surveys: Vec<T>,
}

impl<T: Real, R: Transform<T>> Chain<T, R> {
    pub(super) fn new(rule: R) -> Self {
        let weight_decay = WeightDecay::new(0.0);
        Self { before: Vec::new(), weight_decay, decoupled: false, rule, after: Vec::new(), surveys: Vec::new() }
    }

    fn links(&self) -> impl Iterator<Item = &dyn Transform<T>> {
        let (decay, rule): (&dyn Transform<T>, &dyn Transform<T>) = (&self.weight_decay, &self.rule);
        let middle = if self.decoupled { [rule, decay] } else { [decay, rule] };
        let [before, after] = [&self.before, &self.after].map(|links| links.iter().map(|link| &**link));
        before.chain(middle).chain(after)
    }

    /// The names of a parameter's arrays, as `rule/velocity`, in the order in which a slot holds them.
    pub(super) fn arrays(&self) -> Vec<String> {
        let numbered = |part: &'static str, n: usize| (0..n).map(move |k| format!("{part}.{k}"));
        // Weight decay keeps none: its name is nowhere to be seen.
        let middle = ["rule".to_owned(), "rule".to_owned()];
        let names = numbered("before", self.before.len()).chain(middle).chain(numbered("after", self.after.len()));
        let arrays =
            names.zip(self.links()).flat_map(|(name, link)| link.arrays().iter().map(move |a| format!("{name}/{a}")));
        arrays.collect()
    }

    /// Turns the gradients in the slots into updates.
    pub(super) fn apply(&mut self, slots: &mut [Slot<T>], step: usize, factor: f64) -> Result<()> {
        let mut surveys = std::mem::take(&mut self.surveys);
        surveys.clear();
        let mut first = 0;
        for link in self.links() {
            let survey = link.survey(&Updates(slots))?;
            let arrays = first..first + link.arrays().len();
            for slot in &mut *slots {
                let Some(work) = &mut slot.work else { continue };
                let mut at = At {
                    name: &slot.name,
                    step,
                    rate: T::of(slot.rate * factor),
                    weight_decay: slot.weight_decay,
                    survey,
                    arrays: &mut slot.arrays[arrays.clone()],
                };
                link.apply(&mut work.update, &work.value, &mut at);
            }
            surveys.push(survey);
            first = arrays.end;
        }
        self.surveys = surveys;
        Ok(())
    }

    /// What the links have to say to a parameter's new value.
    pub(super) fn settle(&self, param: &mut Param<T>, slot: &mut Slot<T>, step: usize, factor: f64) {
        let mut first = 0;
        for (link, &survey) in self.links().zip(&self.surveys) {
            let arrays = first..first + link.arrays().len();
            first = arrays.end;
            let mut at = At {
                name: &slot.name,
                step,
                rate: T::of(slot.rate * factor),
                weight_decay: slot.weight_decay,
                survey,
                arrays: &mut slot.arrays[arrays],
            };
            link.settle(param, &mut at);
        }
    }
}
