//! A step of [`Descent`], and its memory.

use autodiff::{Gradients, Real};

use super::chain::Moment;
use super::descent::Descent;
use super::optimizer::Optimizer;
use super::slot::{Slot, Work, describe};
use super::state::{State, numbers};
use super::transform::Transform;
use crate::error::{Error, Kind, Result, quoted};
use crate::layer::Layer;
use crate::schedule::plateau::Plateau;
use crate::visit::{distinct, parameters, try_parameters, unnamed};

impl<T: Real, R: Transform<T>> Optimizer<T> for Descent<T, R> {
    /// One step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters that are not frozen, if two have one name, if a group holds none, if the schedule gives no
    /// rate, if the model is not that of the steps before, or if a link of the chain refuses. No parameter is changed
    /// then.
    fn step(&mut self, model: &dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
        let factor = self.factor();
        if !(factor.is_finite() && factor >= 0.0) {
            return Err(Kind::Factor { step: self.steps, factor }.into());
        }
        if self.slots.is_empty() {
            self.slots = self.fresh_slots(model)?;
        }
        let moment = Moment { step: self.steps + 1, factor };
        check(&self.slots, model, gradients)?;
        // Links that look at all updates at once come first, for all parameters; the others parameter by parameter.
        let mut staged = 0;
        if self.chain.staged() > 0 {
            collect(&mut self.slots, model, gradients);
            // A step that is broken off is forgotten.
            let forget = |slots: &mut [Slot<T>]| slots.iter_mut().for_each(|slot| slot.work = None);
            staged = self.chain.stage(&mut self.slots, moment).inspect_err(|_| forget(&mut self.slots))?;
        }
        self.steps = moment.step;
        let chain = &self.chain;
        let mut slots = self.slots.iter_mut();
        unnamed(model, |param| {
            let slot = slots.next().expect("a slot for each parameter");
            if slot.is_frozen() {
                return;
            }
            let update = slot.work.take().map(|work| work.update);
            let eta = T::of(slot.rate * factor);
            if let Some(rows) = param.rows_read() {
                let mut part = slot.part(&rows);
                let update = match update {
                    Some(whole) => Some(whole.index_select(0, &rows)),
                    None => param.gradient_rows(gradients, &rows),
                };
                let (mut update, value) = (update.expect("just checked"), param.value().index_select(0, &rows));
                chain.each(staged.., &mut part, moment, |link, at| link.apply(&mut update, &value, at));
                param.update_rows(&rows, &update, |w, u| w - eta * u);
                slot.put(&rows, &part);
            } else {
                let mut update = update.unwrap_or_else(|| param.gradient(gradients).expect("just checked").clone());
                // Let go before the values are updated, which copies what others hold.
                let value = param.value();
                chain.each(staged.., slot, moment, |link, at| link.apply(&mut update, &value, at));
                drop(value);
                param.update(&update, |w, u| w - eta * u);
            }
            chain.settle(param, slot, moment);
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
        distinct(model)?;
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
        let names: Vec<&str> = slots.iter().map(|slot: &Slot<T>| slot.name.as_str()).collect();
        if let Some(group) = holds.iter().position(|&holds| !holds) {
            return Err(Kind::EmptyGroup { group: group + 1, names: quoted(&names) }.into());
        }
        self.chain.links().try_for_each(|link| link.begin(&names))?;
        Ok(slots)
    }
}

/// Whether the slots are this model's, and the gradients reach all that are to change.
fn check<T: Real>(slots: &[Slot<T>], model: &dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
    let mut slots = slots.iter();
    try_parameters(model, |name, param| {
        let is_its = |slot: &Slot<T>| slot.name == name && param.has_shape(&slot.shape);
        match slots.next() {
            Some(slot) if is_its(slot) && slot.is_frozen() => Ok(()),
            // Rows of a gradient are not asked for as a whole, which would make it.
            Some(slot)
                if is_its(slot) && param.rows_read().is_some() && param.gradient_rows(gradients, &[]).is_some() =>
            {
                Ok(())
            }
            Some(slot) if is_its(slot) => param.require(name, gradients).map(drop),
            slot => Err(other_model(slot, Some(describe(name, param.value().shape())))),
        }
    })?;
    slots.next().map_or(Ok(()), |slot| Err(other_model(Some(slot), None)))
}

/// Takes the gradients and values of a step into the slots.
fn collect<T: Real>(slots: &mut [Slot<T>], model: &dyn Layer<T>, gradients: &Gradients<T>) {
    let mut slots = slots.iter_mut();
    parameters(model, |_, param| {
        let slot = slots.next().expect("a slot for each parameter");
        if !slot.is_frozen() {
            let update = param.gradient(gradients).expect("just checked").clone();
            slot.work = Some(Work { update, value: param.value() });
        }
    });
}

fn other_model<T: Real>(slot: Option<&Slot<T>>, found: Option<String>) -> Error {
    let nothing = || "no further parameter".to_owned();
    let expected = slot.map_or_else(nothing, |slot| describe(&slot.name, &slot.shape));
    Kind::OtherModel { expected, found: found.unwrap_or_else(nothing) }.into()
}
