//! What ranks tell each other during a run.

use std::any::Any;

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};

use super::engine::{Carry, Engine, Parts};
use super::run::weights;
use super::stop::Stop;
use crate::error::{Error, Kind, Result};
use crate::layer::{Layer, Part};
use crate::persist::element::Codec;
use crate::random::RandomState;
use crate::visit::unnamed_parts;

/// The parts of each batch, and who computes them.
pub(super) struct Ranks {
    count: usize,
    engine: Option<Box<dyn Engine>>,
    /// All ranks have met the error with which the run ends.
    everywhere: bool,
}

/// A part of a sum: tensors of known shapes.
pub(super) type Block<T> = Vec<Tensor<T>>;

/// Adds the second to the first.
pub(super) fn add<T: Real>(a: &mut Block<T>, b: Block<T>) {
    a.iter_mut().zip(b).for_each(|(a, b)| a.update(&b, |a, b| a + b));
}

impl Ranks {
    pub(super) fn new(count: usize) -> Self {
        Self { count, engine: None, everywhere: false }
    }

    pub(super) fn set_count(&mut self, count: usize) {
        self.count = count;
    }

    pub(super) fn set_engine(&mut self, engine: Box<dyn Engine>) {
        self.engine = Some(engine);
    }

    pub(super) fn parts(&self) -> Parts {
        Parts::new(self.count, self.size())
    }

    pub(super) fn rank(&self) -> usize {
        self.engine.as_ref().map_or(0, |engine| engine.rank())
    }

    pub(super) fn size(&self) -> usize {
        self.engine.as_ref().map_or(1, |engine| engine.size())
    }

    /// The engine, unless this rank is the only one.
    fn others(&mut self) -> Option<&mut Box<dyn Engine>> {
        self.engine.as_mut().filter(|engine| engine.size() > 1)
    }

    /// Begins a run of the same program on every rank, which is made plain by a text, with the first one's weights.
    pub(super) fn begin<T: Real>(&mut self, model: &impl Layer<T>, program: &str) -> Result<()> {
        self.everywhere = false;
        self.compare(program.to_owned().into_bytes(), "settings, data or parameters")?;
        self.share(model)
    }

    /// Gives back an error that all ranks have met.
    pub(super) fn met<E: Into<Error>>(&mut self, error: E) -> Error {
        self.everywhere = true;
        error.into()
    }

    /// Ends the other ranks too.
    pub(super) fn fail(&mut self, error: &Error) {
        let everywhere = self.everywhere;
        if let Some(engine) = self.others() {
            engine.fail(&error.to_string(), everywhere);
        }
    }

    /// What each rank has, in order.
    pub(super) fn bytes(&mut self, own: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        match self.others() {
            Some(engine) => engine.gather(&own).map_err(ended),
            None => Ok(vec![own]),
        }
    }

    /// What the first rank has.
    pub(super) fn first(&mut self, own: Vec<u8>) -> Result<Vec<u8>> {
        let own = if self.rank() == 0 { own } else { Vec::new() };
        Ok(self.bytes(own)?.swap_remove(0))
    }

    /// The numbers of all ranks, one after the other.
    pub(super) fn numbers(&mut self, own: Vec<f64>) -> Result<Vec<f64>> {
        let Some(engine) = self.others() else { return Ok(own) };
        let bytes: Vec<u8> = own.iter().flat_map(|x| x.to_le_bytes()).collect();
        let all = engine.gather(&bytes).map_err(ended)?;
        Ok(all.iter().flat_map(|bytes| bytes.as_chunks().0).map(|&bytes| f64::from_le_bytes(bytes)).collect())
    }

    /// Arrays of all ranks, one after the other.
    pub(super) fn arrays<T: Real>(&mut self, own: Vec<Tensor<T>>) -> Result<Vec<Tensor<T>>> {
        let Some(engine) = self.others() else { return Ok(own) };
        let codec = codec::<T>()?;
        let mut bytes = Vec::new();
        for array in &own {
            let shape = [array.ndim()].into_iter().chain(array.shape().iter().copied());
            shape.for_each(|n| bytes.extend((n as u64).to_le_bytes()));
            in_order(array, |numbers| numbers.iter().for_each(|&x| (codec.put)(x, &mut bytes)));
        }
        let mut found = Vec::new();
        for bytes in engine.gather(&bytes).map_err(ended)? {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let axes = length(&mut rest);
                let shape: Vec<usize> = (0..axes).map(|_| length(&mut rest)).collect();
                let (here, after) = rest.split_at(codec.size() * shape.iter().product::<usize>());
                let numbers = here.chunks_exact(codec.size()).map(codec.take).collect();
                found.push(Tensor::constant(ArrayD::from_shape_vec(IxDyn(&shape), numbers).expect("as sent")));
                rest = after;
            }
        }
        Ok(found)
    }

    /// The sum over all parts, of arrays with these shapes.
    pub(super) fn sum<T: Real>(&mut self, own: Carry<Block<T>>, shapes: &[Vec<usize>]) -> Result<Block<T>> {
        let parts = self.parts();
        let Some(engine) = self.others() else { return Ok(own.finish(add).expect("one part at least")) };
        let length = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
        let line = |block: Block<T>| {
            let mut line = Vec::with_capacity(length);
            for array in &block {
                in_order(array, |numbers| line.extend_from_slice(numbers));
            }
            line
        };
        let own: Vec<Vec<T>> = own.into_blocks().map(line).collect();
        let mut total = vec![T::zero(); length];
        let (numbers, sum): (&dyn Any, &mut dyn Any) = (&own, &mut total);
        if let (Some(own), Some(total)) = (numbers.downcast_ref::<Vec<Vec<f32>>>(), sum.downcast_mut::<Vec<f32>>()) {
            engine.sum_f32(parts, own, total).map_err(ended)?;
        } else if let (Some(own), Some(total)) =
            (numbers.downcast_ref::<Vec<Vec<f64>>>(), sum.downcast_mut::<Vec<f64>>())
        {
            engine.sum_f64(parts, own, total).map_err(ended)?;
        } else {
            return Err(foreign::<T>());
        }
        let mut rest = &total[..];
        let array = |shape: &Vec<usize>| {
            let (here, after) = rest.split_at(shape.iter().product());
            rest = after;
            Tensor::constant(ArrayD::from_shape_vec(IxDyn(shape), here.to_vec()).expect("as many as the shape says"))
        };
        Ok(shapes.iter().map(array).collect())
    }

    /// What ends the run, the same on every rank: the first rank's reason, or an interruption anywhere.
    pub(super) fn agree(&mut self, stop: Option<Stop>) -> Result<Option<Stop>> {
        const ALL: [Stop; 7] = [
            Stop::Epochs,
            Stop::LossChange,
            Stop::Gradient,
            Stop::Time,
            Stop::Patience,
            Stop::Callback,
            Stop::Interrupted,
        ];
        let Some(engine) = self.others() else { return Ok(stop) };
        let stop = if engine.is_interrupted() { Some(Stop::Interrupted) } else { stop };
        let place = stop.and_then(|stop| ALL.iter().position(|&known| known == stop)).map_or(u8::MAX, |k| k as u8);
        let all = engine.gather(&[place]).map_err(ended)?;
        let reasons = all.iter().map(|bytes| ALL.get(usize::from(bytes[0])).copied());
        let mut reasons = reasons.enumerate().filter(|&(rank, stop)| rank == 0 || stop == Some(Stop::Interrupted));
        Ok(reasons
            .clone()
            .find(|(_, stop)| *stop == Some(Stop::Interrupted))
            .or(reasons.next())
            .and_then(|(_, stop)| stop))
    }

    /// Refuses ranks whose bytes differ.
    fn compare(&mut self, own: Vec<u8>, what: &str) -> Result<()> {
        let all = self.bytes(own)?;
        match all.iter().position(|bytes| *bytes != all[0]) {
            None => Ok(()),
            Some(rank) => {
                let what = format!("rank {rank} has other {what} than rank 0; all ranks run the same program");
                Err(self.met(Kind::Ranks { what }))
            }
        }
    }

    /// Gives all ranks the first one's weights, and the places of its generators.
    fn share<T: Real>(&mut self, model: &impl Layer<T>) -> Result<()> {
        if self.others().is_none() {
            return Ok(());
        }
        let own = if self.rank() == 0 { weights(model) } else { Vec::new() };
        let shared = self.arrays(own)?;
        let mut states = Vec::new();
        generators(model, |random| states.extend(random.state().to_bytes()));
        let states = self.first(states)?;
        super::run::restore(model, &shared);
        let mut states = states.as_chunks::<56>().0.iter();
        generators(model, |random| {
            states.next().into_iter().for_each(|state| random.restore(&RandomState::from_bytes(state)));
        });
        Ok(())
    }

    /// Refuses weights that have parted.
    pub(super) fn compare_weights<T: Real>(&mut self, model: &impl Layer<T>, epoch: usize) -> Result<()> {
        if self.others().is_none() {
            return Ok(());
        }
        let sum = |sum: u64, (place, x): (u64, &T)| sum.wrapping_add(x.primal().to_bits().wrapping_mul(2 * place + 1));
        let weights = weights(model);
        let sums = weights.iter().map(|array| in_order(array, |numbers| (0..).zip(numbers).fold(0, sum)));
        let bytes = sums.flat_map(u64::to_le_bytes).collect();
        self.compare(bytes, &format!("weights after epoch {epoch}"))
    }
}

/// Reads the elements row by row; an array's iterator is slow.
fn in_order<T: Real, R>(array: &Tensor<T>, read: impl FnOnce(&[T]) -> R) -> R {
    read(array.view().as_standard_layout().as_slice().expect("row by row"))
}

/// Calls `found` with every generator.
pub(super) fn generators<T: Real>(model: &impl Layer<T>, mut found: impl FnMut(&crate::random::Random)) {
    unnamed_parts(model, |part| {
        if let Part::Random(random) = part {
            found(random);
        }
    });
}

fn length(bytes: &mut &[u8]) -> usize {
    let (first, rest) = bytes.split_first_chunk().expect("as sent");
    *bytes = rest;
    usize::try_from(u64::from_le_bytes(*first)).expect("as sent")
}

fn codec<T: Real>() -> Result<Codec<T>> {
    Codec::find().ok_or_else(foreign::<T>)
}

fn foreign<T>() -> Error {
    let what = format!("ranks exchange f32 or f64, not {}", std::any::type_name::<T>());
    Kind::Ranks { what }.into()
}

fn ended(source: std::io::Error) -> Error {
    Kind::Ended { source }.into()
}
