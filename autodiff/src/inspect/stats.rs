//! What stands on a tape and how much memory it keeps, by operation and by source line.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;

use crate::tape::opcode;
use crate::tape::trace::{self, Place};
use crate::tensor::entry::Source;
use crate::tensor::table::Table;
use crate::{Real, Tape, Tensor};

/// What a tape holds: entries, and the bytes that are kept for the backward sweep. From [`Tape::stats`].
///
/// `Display` gives two tables, sorted by bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The number of entries.
    pub entries: usize,
    /// The bytes that entries take and keep.
    pub bytes: usize,
    /// The same by operation, the largest first.
    pub by_operation: Vec<StatsRow>,
    /// The same by the source line that recorded it, the largest first.
    pub by_line: Vec<StatsRow>,
}

/// One operation's or one line's share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsRow {
    /// The operation's name, or `file:line`.
    pub name: String,
    /// The number of entries.
    pub entries: usize,
    /// The bytes that these entries take and keep. What several keep counts for the first of them.
    pub bytes: usize,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} entries, {} bytes", self.entries, self.bytes)?;
        for (title, rows) in [("operation", &self.by_operation), ("line", &self.by_line)] {
            let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(title.len());
            writeln!(f, "\n{title:<width$} {:>10} {:>14} {:>6}", "entries", "bytes", "share")?;
            for StatsRow { name, entries, bytes } in rows {
                let share = 100.0 * *bytes as f64 / self.bytes.max(1) as f64;
                writeln!(f, "{name:<width$} {entries:>10} {bytes:>14} {share:>5.1}%")?;
            }
        }
        Ok(())
    }
}

/// Entries and bytes by some key.
type Shares<K> = HashMap<K, (usize, usize)>;

fn rows<K>(shares: Shares<K>, name: impl Fn(K) -> String) -> Vec<StatsRow> {
    let row = |(key, (entries, bytes))| StatsRow { name: name(key), entries, bytes };
    let mut rows: Vec<StatsRow> = shares.into_iter().map(row).collect();
    rows.sort_by(|a, b| (b.bytes, b.entries, &a.name).cmp(&(a.bytes, a.entries, &b.name)));
    rows
}

impl<T: Real> Tape<T> {
    /// What the tape holds: entries, and bytes kept for the backward sweep, by operation and by source line.
    ///
    /// A tensor's elements count once, for the first operation that keeps them as an input or a result; parameters and
    /// data that an operation reads are among them, because the tape keeps them alive. What an operation keeps inside
    /// itself (the states of a checkpointed sequence) is not known and not counted. Lines of scalar operations are
    /// known while [`trace_lines`](Self::trace_lines) or [`check_finite`](Self::check_finite) is on.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.tensor(Tensor::ones(&[10, 100]));
    /// let y = Tensor::ones(&[5, 10]).matmul(&w).tanh();
    /// let stats = tape.stats();
    /// assert_eq!((stats.entries, stats.by_operation[0].name.as_str()), (3, "matmul"));
    /// assert!(stats.by_operation[0].bytes > 8 * (10 * 100 + 5 * 10 + 5 * 100));
    /// println!("{stats}");
    /// ```
    ///
    /// # Panics
    /// If the tape is being swept.
    #[doc(alias = "profiler")]
    #[track_caller]
    pub fn stats(&self) -> Stats {
        let cell = self.cell();
        cell.refuse_if_frozen("`stats` was called on");
        let Some(last) = cell.len().checked_sub(1) else { return Stats::default() };
        let owned = cell.copy_code(last);
        let entries = Table::of(cell).entries.borrow();
        let mut seen = HashSet::new();
        let mut kept = |x: &Tensor<T>| {
            let elements = x.buffer();
            if elements.is_empty() || !seen.insert(elements.as_ptr()) { 0 } else { size_of_val(elements) }
        };
        let mut operations: Shares<&str> = HashMap::new();
        let mut lines: Shares<Option<(&str, u32)>> = HashMap::new();
        owned.view(&[]).walk(|index, op, words| {
            let slot = (op == opcode::TENSOR).then(|| &entries[words[0] as usize]);
            let counts = if opcode::words(op).is_none() { 2 } else { 0 };
            let mut bytes = 1 + size_of::<u32>() * (words.len() + counts) + size_of::<T>();
            if let Some(entry) = slot {
                bytes += size_of_val(entry);
                if let Source::Op { inputs, output, .. } = &entry.source {
                    bytes += inputs.iter().chain([output]).map(&mut kept).sum::<usize>();
                    if inputs.spilled() {
                        bytes += size_of_val(inputs.as_slice());
                    }
                }
            }
            let place: Option<Place> = slot.map(|entry| entry.place).or_else(|| cell.scalar_place(index));
            let line = place.map(|place: &Location<'_>| (place.file(), place.line()));
            let name = slot.map_or_else(|| trace::name(op), |entry| entry.name());
            for share in [operations.entry(name).or_default(), lines.entry(line).or_default()] {
                *share = (share.0 + 1, share.1 + bytes);
            }
        });
        let by_operation = rows(operations, str::to_owned);
        let name = |line: Option<(&str, u32)>| {
            line.map_or("scalars, lines not traced".to_owned(), |(file, line)| format!("{file}:{line}"))
        };
        let bytes = by_operation.iter().map(|row| row.bytes).sum();
        Stats { entries: last + 1, bytes, by_operation, by_line: rows(lines, name) }
    }
}
