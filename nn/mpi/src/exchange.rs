//! The engine: sums and gathering on MPI.

use std::io;
use std::ops::{AddAssign, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mpi::datatype::{Partition, PartitionMut};
use mpi::topology::{Communicator, SimpleCommunicator};
use mpi::traits::{CommunicatorCollectives, Equivalence};
use nn::{Carry, Engine, Parts};

use crate::program::say;

/// The ranks of an MPI program, from [`run`](crate::run).
///
/// A sum goes by segments: every rank gets its segment of all ranks' sums, adds them up in the order of parts, and gives the
/// result to all. That moves as many numbers as the usual all-reduce does, and makes the same bits for any number of ranks.
///
/// SIGTERM, by which `mpirun` passes on Ctrl-C and schedulers say that time is up, ends a run after the step that it is in.
pub struct Mpi {
    world: SimpleCommunicator,
    rank: usize,
    size: usize,
    asked_to_end: Arc<AtomicBool>,
    single: Room<f32>,
    double: Room<f64>,
}

/// What the other ranks' sums are received in.
struct Room<T>(Vec<T>);

impl Mpi {
    pub(crate) fn new(world: SimpleCommunicator) -> Self {
        let asked_to_end = Arc::new(AtomicBool::new(false));
        // Without it the signal ends the program at once.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&asked_to_end));
        let number = |n: i32| usize::try_from(n).expect("MPI counts from 0");
        let (rank, size) = (number(world.rank()), number(world.size()));
        Self { world, rank, size, asked_to_end, single: Room(Vec::new()), double: Room(Vec::new()) }
    }

    /// Adds up the segments of all ranks' sums, and puts the segments together.
    fn sum<T>(&self, room: &mut Room<T>, parts: Parts, own: &[Vec<T>], total: &mut [T]) -> io::Result<()>
    where
        T: Copy + Default + AddAssign + Equivalence,
    {
        let blocks: Vec<Vec<Range<usize>>> = (0..self.size).map(|rank| parts.blocks(rank)).collect();
        let rounds = blocks.iter().map(Vec::len).max().unwrap_or(0);
        let length = total.len();
        let bounds = (0..=self.size).map(|rank| rank * length / self.size).collect::<Vec<_>>();
        let (lengths, starts) = layout(bounds.windows(2).map(|ends| ends[1] - ends[0]))?;
        let here = bounds[self.rank + 1] - bounds[self.rank];
        // A rank's next block in every round, one segment beside the other.
        let received = blocks.iter().map(Vec::len).sum::<usize>() * here;
        room.0.resize(received.max(room.0.len()), T::default());
        let mut rest = &mut room.0[..received];
        let mut found = Vec::new();
        let none = vec![0; self.size];
        for round in 0..rounds {
            let senders = blocks.iter().map(|blocks| blocks.len() > round);
            let (counts, places) = layout(senders.clone().map(|sends| if sends { here } else { 0 }))?;
            let (now, later) = rest.split_at_mut(senders.clone().filter(|&sends| sends).count() * here);
            let (block, counts_sent) = own.get(round).map_or((&[][..], &none), |block| (&block[..], &lengths));
            let sent = Partition::new(block, &counts_sent[..], if block.is_empty() { &none[..] } else { &starts[..] });
            self.world.all_to_all_varcount_into(&sent, &mut PartitionMut::new(&mut *now, counts, places));
            let mut now = now;
            for (rank, blocks) in blocks.iter().enumerate() {
                let Some(range) = blocks.get(round) else { continue };
                let (segment, after) = now.split_at_mut(here);
                found.push((rank, range.clone(), segment));
                now = after;
            }
            rest = later;
        }
        found.sort_by_key(|(_, range, _)| range.start);
        let mut sums: Vec<(Range<usize>, &mut [T])> = found.into_iter().map(|(_, range, sum)| (range, sum)).collect();
        Carry::of(sums.iter_mut().map(|(range, sum)| (range.clone(), &mut **sum)));
        self.world.all_gather_varcount_into(&*sums[0].1, &mut PartitionMut::new(total, lengths, starts));
        Ok(())
    }
}

/// Lengths, and where each begins, as MPI counts.
fn layout(lengths: impl Iterator<Item = usize>) -> io::Result<(Vec<i32>, Vec<i32>)> {
    let (mut start, mut counts, mut starts) = (0_i32, Vec::new(), Vec::new());
    for length in lengths {
        let too_long = || io::Error::other("MPI counts to 2147483647; the ranks exchange more numbers at a time");
        let length = i32::try_from(length).map_err(|_| too_long())?;
        counts.push(length);
        starts.push(start);
        start = start.checked_add(length).ok_or_else(too_long)?;
    }
    Ok((counts, starts))
}

/// What fits into a first message with its length.
const FRAME: usize = 256;

impl Engine for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn sum_f32(&mut self, parts: Parts, own: &[Vec<f32>], total: &mut [f32]) -> io::Result<()> {
        let mut room = std::mem::replace(&mut self.single, Room(Vec::new()));
        let result = self.sum(&mut room, parts, own, total);
        self.single = room;
        result
    }

    fn sum_f64(&mut self, parts: Parts, own: &[Vec<f64>], total: &mut [f64]) -> io::Result<()> {
        let mut room = std::mem::replace(&mut self.double, Room(Vec::new()));
        let result = self.sum(&mut room, parts, own, total);
        self.double = room;
        result
    }

    fn gather(&mut self, own: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        // The length and the beginning, which mostly is all.
        let beginning = own.len().min(FRAME - 8);
        let mut frame = [0; FRAME];
        frame[..8].copy_from_slice(&(own.len() as u64).to_le_bytes());
        frame[8..8 + beginning].copy_from_slice(&own[..beginning]);
        let mut frames = vec![0; FRAME * self.size];
        self.world.all_gather_into(&frame[..], &mut frames[..]);
        let (frames, _) = frames.as_chunks::<FRAME>();
        let length = |frame: &[u8; FRAME]| u64::from_le_bytes(frame[..8].try_into().expect("eight bytes"));
        let lengths: Vec<usize> = frames.iter().map(|frame| length(frame) as usize).collect();
        let begin = |(frame, &length): (&[u8; FRAME], &usize)| frame[8..8 + length.min(FRAME - 8)].to_vec();
        let mut all: Vec<Vec<u8>> = frames.iter().zip(&lengths).map(begin).collect();
        let rests = lengths.iter().map(|&length| length.saturating_sub(FRAME - 8));
        let (counts, starts) = layout(rests)?;
        if counts.iter().any(|&count| count > 0) {
            let mut rests = vec![0; lengths.iter().map(|&length| length.saturating_sub(FRAME - 8)).sum()];
            let mut received = PartitionMut::new(&mut rests[..], &counts[..], &starts[..]);
            self.world.all_gather_varcount_into(&own[beginning..], &mut received);
            let mut rest = &rests[..];
            for (found, length) in all.iter_mut().zip(&lengths) {
                let (here, after) = rest.split_at(length - found.len());
                found.extend(here);
                rest = after;
            }
        }
        Ok(all)
    }

    fn fail(&mut self, message: &str, everywhere: bool) {
        if everywhere && self.rank > 0 {
            // The first rank says it, and ends this one.
            std::thread::sleep(Duration::from_secs(10));
        }
        say(&format!("rank {}: {message}", self.rank));
        self.world.abort(1)
    }

    fn is_interrupted(&self) -> bool {
        self.asked_to_end.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mpi(rank {} of {})", self.rank, self.size)
    }
}
