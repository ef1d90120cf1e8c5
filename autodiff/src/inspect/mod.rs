//! Reading a tape without changing it: names, statistics, entries one by one.

mod names;
pub(crate) mod reader;
pub(crate) mod recording;
mod stats;

pub use self::stats::{Stats, StatsRow};
