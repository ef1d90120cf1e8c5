//! A step of [`Descent`], and its memory.

use autodiff::{Gradients, Real};

use super::slot::{Slot, Work, describe};
use super::state::numbers;
use super::{Descent, Optimizer, State, Transform};
use crate::error::Kind;
use crate::layer::{parameters, parameters_mut};
use crate::schedule::Plateau;
use crate::{Error, Layer, Result};

impl<T: Real, R: Transform<T>> Optimizer<T> for Descent<T, R> {
    /// One step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters that are not frozen, if a group holds none, if the schedule gives no
    /// rate, if the model is not that of the steps before, or if a link of the chain refuses. No parameter is changed
    /// then.
    fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
        let factor = self.factor();
        if !(factor.is_finite() && factor >= 0.0) {
            return Err(Kind::Factor { step: self.steps, factor }.into());
        }
        if self.slots.is_empty() {
            self.slots = self.fresh_slots(model)?;
        }
        let updates = collect(&mut self.slots, model, gradients);
        if let Err(error) = updates.and_then(|()| self.chain.apply(&mut self.slots, self.steps + 1, factor)) {
            self.slots.iter_mut().for_each(|slot| slot.work = None);
            return Err(error);
        }
        self.steps += 1;
        let (chain, step) = (&self.chain, self.steps);
        let mut slots = self.slots.iter_mut();
        parameters_mut(model, |_, param| {
            let slot = slots.next().expect("a slot for each parameter");
            // The value goes before it changes: nobody else holds it then.
            let Some(Work { update, .. }) = slot.work.take() else { return };
            let eta = T::of(slot.rate * factor);
            param.update(&update, |w, u| w - eta * u);
            chain.settle(param, slot, step, factor);
        });
        Ok(())
    }

    fn rate(&self) -> f64 {
        self.rate * self.factor()
    }

    fn observe(&mut self, loss: f64) {
        if let Some(plateau) = &mut self.plateau {
            plateau.observe(loss);
        }
    }

    /// The number of steps, the plateau's progress, and the arrays of the chain for each parameter.
    fn state(&self) -> State<T> {
        let mut state = State { numbers: vec![(STEP.to_owned(), self.steps as f64)], arrays: Vec::new() };
        if let Some(plateau) = &self.plateau {
            state.numbers.extend(numbers(plateau.progress).map(|(name, value)| (name.to_owned(), value)));
        }
        let names = self.chain.arrays();
        for slot in &self.slots {
            let arrays = slot.arrays.iter().zip(&names);
            state.arrays.extend(arrays.map(|(array, name)| (format!("{}/{name}", slot.name), array.clone())));
        }
        state
    }

    fn restore(&mut self, model: &dyn Layer<T>, state: &State<T>) -> Result<()> {
        let steps = state.count(STEP)?;
        // Before the first step there are no arrays.
        let mut slots = if steps == 0 { Vec::new() } else { self.fresh_slots(model)? };
        let (mut known, mut arrays) = (vec![STEP], Vec::new());
        let names = self.chain.arrays();
        for slot in &mut slots {
            for (array, name) in slot.arrays.iter_mut().zip(&names) {
                let name = format!("{}/{name}", slot.name);
                *array = state.array(&name, &slot.shape)?.detach();
                arrays.push(name);
            }
        }
        let mut plateau = self.plateau.clone();
        if let Some(plateau) = &mut plateau {
            plateau.progress = state.progress()?;
            known.extend(numbers(plateau.progress).map(|(name, _)| name));
        }
        state.only(&known, &arrays)?;
        (self.steps, self.slots, self.plateau) = (steps, slots, plateau);
        Ok(())
    }
}

const STEP: &str = "step";

impl<T: Real, R: Transform<T>> Descent<T, R> {
    /// What the schedule and the plateau make of the rate.
    fn factor(&self) -> f64 {
        let scheduled = self.schedule.as_ref().map_or(1.0, |schedule| schedule(self.steps));
        scheduled * self.plateau.as_ref().map_or(1.0, Plateau::factor)
    }

    /// A slot for each parameter of the model.
    fn fresh_slots(&self, model: &dyn Layer<T>) -> Result<Vec<Slot<T>>> {
        let arrays = self.chain.arrays().len();
        let mut slots = Vec::new();
        let mut holds = vec![false; self.groups.len()];
        parameters(model, |name, param| {
            let group = self.groups.iter().position(|group| (group.filter)(name));
            if let Some(group) = group {
                holds[group] = true;
            }
            let group = group.map(|group| &self.groups[group]);
            slots.push(Slot::new(name, param.value().shape(), self.rate, group, arrays));
        });
        if let Some(group) = holds.iter().position(|&holds| !holds) {
            let names = slots.iter().map(|slot| format!("`{}`", slot.name)).collect::<Vec<_>>().join(", ");
            return Err(Kind::EmptyGroup { group: group + 1, names }.into());
        }
        Ok(slots)
    }
}

/// Takes the gradients and values of a step into the slots.
fn collect<T: Real>(slots: &mut [Slot<T>], model: &dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
    let mut result = Ok(());
    let mut slots = slots.iter_mut();
    parameters(model, |name, param| {
        if result.is_ok() {
            let shape = param.value().shape();
            result = match slots.next() {
                Some(slot) if slot.name == name && slot.shape == shape => slot.take(param, gradients),
                slot => Err(other_model(slot.as_deref(), Some(describe(name, shape)))),
            };
        }
    });
    result?;
    slots.next().map_or(Ok(()), |slot| Err(other_model(Some(slot), None)))
}

fn other_model<T: Real>(slot: Option<&Slot<T>>, found: Option<String>) -> Error {
    let nothing = || "no further parameter".to_owned();
    let expected = slot.map_or_else(nothing, |slot| describe(&slot.name, &slot.shape));
    Kind::OtherModel { expected, found: found.unwrap_or_else(nothing) }.into()
}
