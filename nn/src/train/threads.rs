//! Ranks that are threads.

use std::any::Any;
use std::io;
use std::ops::AddAssign;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use super::engine::{Carry, Engine, Parts};

/// Ranks that are threads of one program: each builds the model and the data for itself, as the processes of a cluster do, and
/// ends with the same weights.
///
/// The bits are those of one thread with as many [parts](super::Trainer::parts). This is for trying out and testing, without a
/// cluster, what is to run on one; it is not quicker than a trainer without it, whose large products run on all processors anyway.
///
/// ```
/// use nn::{Activation, Dataset, Mlp, Sgd, Threads, Trainer, loss};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let losses = Threads::run(2, |engine| {
///     let line = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]])?;
///     let model = Mlp::<f64>::new(&[1, 1], Activation::Identity, &mut rand_chacha::ChaCha8Rng::seed_from_u64(3));
///     let trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(200).engine(engine);
///     let history = trainer.progress(false).fit(&line, &line)?;
///     Ok::<_, nn::Error>(history.last().unwrap().valid_loss)
/// });
/// let losses: Vec<f64> = losses.into_iter().collect::<Result<_, _>>()?;
/// assert!(losses[0] == losses[1] && losses[0] < 1e-3);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Debug)]
pub struct Threads {
    rank: usize,
    meeting: Arc<Meeting>,
}

/// Where threads lay things down for each other.
#[derive(Debug)]
struct Meeting {
    size: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// What each has laid down in this round.
    things: Vec<Option<Arc<dyn Any + Send + Sync>>>,
    /// How many have seen all of it.
    seen: usize,
    /// Why one has gone.
    gone: Option<String>,
}

impl Threads {
    /// Runs a function once for each of `size` ranks, each on a thread of its own; returns what they return, in their order. If
    /// one panics, so does this.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn run<R: Send>(size: usize, run: impl Fn(Self) -> R + Sync) -> Vec<R> {
        assert!(size > 0, "Threads::run: 0 ranks, expected at least one");
        let state = State { things: vec![None; size], seen: 0, gone: None };
        let meeting = Arc::new(Meeting { size, state: Mutex::new(state), changed: Condvar::new() });
        thread::scope(|scope| {
            let start = |rank| {
                let engine = Self { rank, meeting: Arc::clone(&meeting) };
                let run = &run;
                scope.spawn(move || run(engine))
            };
            let threads: Vec<_> = (0..size).map(start).collect();
            let end = |thread: thread::ScopedJoinHandle<'_, R>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().map(end).collect()
        })
    }

    /// Lays down something, and returns what all have laid down.
    fn exchange<X: Any + Send + Sync>(&self, own: X) -> io::Result<Vec<Arc<X>>> {
        let meeting = &*self.meeting;
        // Those who are slow still look at what was laid down before.
        let mut state = meeting.wait(|state| state.things[self.rank].is_none())?;
        state.things[self.rank] = Some(Arc::new(own));
        meeting.changed.notify_all();
        drop(state);
        let mut state = meeting.wait(|state| state.things.iter().all(Option::is_some))?;
        let things = state.things.iter().flatten().cloned();
        let all = things.map(|thing| thing.downcast().expect("all call the same")).collect();
        state.seen += 1;
        if state.seen == state.things.len() {
            state.seen = 0;
            state.things.fill(None);
            meeting.changed.notify_all();
        }
        Ok(all)
    }

    fn sum<T: Copy + AddAssign + Send + Sync + 'static>(
        &self,
        parts: Parts,
        own: &[Vec<T>],
        total: &mut [T],
    ) -> io::Result<()> {
        let ranks = self.exchange(own.to_vec())?;
        // Each sums a segment.
        let segment = |rank: usize| rank * total.len() / ranks.len()..(rank + 1) * total.len() / ranks.len();
        let blocks = ranks.iter().enumerate().flat_map(|(rank, blocks)| parts.blocks(rank).into_iter().zip(&**blocks));
        let mut own: Vec<_> = blocks.map(|(range, block)| (range, block[segment(self.rank)].to_vec())).collect();
        drop(ranks);
        Carry::of(own.iter_mut().map(|(range, block)| (range.clone(), &mut block[..])));
        let segments = self.exchange(own.swap_remove(0).1)?;
        let mut rest = total;
        for segment in segments {
            let (here, after) = rest.split_at_mut(segment.len());
            here.copy_from_slice(&segment);
            rest = after;
        }
        Ok(())
    }
}

impl Meeting {
    /// Waits until something holds, or somebody has gone without whom it never will.
    fn wait(&self, holds: impl Fn(&State) -> bool) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state.lock().expect("nothing panics while it is held");
        let waits = |state: &mut State| !holds(state) && state.gone.is_none();
        let state = self.changed.wait_while(state, waits).expect("nothing panics while it is held");
        match &state.gone {
            Some(why) if !holds(&state) => Err(io::Error::other(why.clone())),
            _ => Ok(state),
        }
    }

    fn go(&self, why: String) {
        self.state.lock().expect("nothing panics while it is held").gone.get_or_insert(why);
        self.changed.notify_all();
    }
}

impl Engine for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.meeting.size
    }

    fn sum_f32(&mut self, parts: Parts, own: &[Vec<f32>], total: &mut [f32]) -> io::Result<()> {
        self.sum(parts, own, total)
    }

    fn sum_f64(&mut self, parts: Parts, own: &[Vec<f64>], total: &mut [f64]) -> io::Result<()> {
        self.sum(parts, own, total)
    }

    fn gather(&mut self, own: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.exchange(own.to_vec())?.iter().map(|thing| thing.to_vec()).collect())
    }

    fn fail(&mut self, message: &str, _everywhere: bool) {
        self.meeting.go(format!("rank {}: {message}", self.rank));
    }
}

/// Whoever waits for this rank learns that it has gone.
impl Drop for Threads {
    fn drop(&mut self) {
        let how = if thread::panicking() { "panicked" } else { "has ended" };
        self.meeting.go(format!("rank {} {how}", self.rank));
    }
}
