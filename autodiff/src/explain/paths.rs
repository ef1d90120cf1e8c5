//! The paths from a variable to a root: the terms of the derivative when it is multiplied out.

use std::collections::HashSet;
use std::fmt;

use super::formulas::Formulas;
use super::quantities::Quantities;
use super::text;
use crate::Real;
use crate::engine::{Handle, Root};
use crate::inspect::reader::Reader;

/// So many paths are listed one by one.
const LISTED: u128 = 32;
/// Paths over more edges are not listed.
const LONG: usize = 1000;

/// One path, with its contribution to the derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The quantities on the way, from the variable to the root.
    pub steps: Vec<String>,
    /// The local derivatives along the path, from the root to the variable, as formulas.
    pub factors: Vec<String>,
    /// The product of the local derivatives.
    pub value: f64,
}

/// All paths from a variable to a root, counted, and listed if they are few; from [`paths`].
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    title: String,
    count: Option<u128>,
    log2: f64,
    edges: usize,
    list: Vec<Path>,
}

impl Paths {
    /// How many paths there are, exactly; `None` if there are 2¹²⁸ or more.
    pub fn count(&self) -> Option<u128> {
        self.count
    }

    /// The logarithm of their number to base 2: exact enough where the number itself is too large. `-inf` if there is none.
    pub fn log2(&self) -> f64 {
        self.log2
    }

    /// How many edges, pairs of an operation and something that it reads, lie on paths: what a reverse sweep passes.
    pub fn edges(&self) -> usize {
        self.edges
    }

    /// The paths, if they are at most 32 and of at most 1000 edges in all; else none.
    pub fn list(&self) -> &[Path] {
        &self.list
    }
}

/// The number, and a line for each path if they are listed.
impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            Some(1) => write!(f, "{}: 1 path", self.title)?,
            Some(count) => write!(f, "{}: {count} paths", self.title)?,
            None => write!(f, "{}: more than 2^128 paths, about 2^{:.1},", self.title, self.log2)?,
        }
        writeln!(f, " over {} edges", self.edges)?;
        for Path { steps, factors, value } in &self.list {
            writeln!(f, "  {}: {} = {}", steps.join(" → "), factors.join(" · "), text::number(*value).plain)?;
        }
        if self.list.len() > 1 {
            let sum: f64 = self.list.iter().map(|path| path.value).sum();
            writeln!(f, "  sum: {}", text::number(sum).plain)?;
        }
        Ok(())
    }
}

/// The paths from `wrt` to the root. They are counted in time linear in the number of edges; up to 32 are listed, each with
/// its local derivatives, whose product is a term of the total derivative.
///
/// An operation that reads the same quantity twice (`x · x`) has one edge to it, whose derivative counts both uses.
///
/// ```
/// use autodiff::{Tape, explain};
/// let tape = Tape::<f64>::new();
/// let y = tape.var(1.3).named("y");
/// let (x, z) = ((2.0 * y).named("x"), y.sin().named("z"));
/// let f = (x.powi(2) * z).named("f");
/// assert_eq!(explain::paths(f, y).to_string(), "\
/// df/dy: 2 paths over 5 edges
///   y → x → x² → f: z · 2x · 2 = 10.021
///   y → z → f: x² · cos y = 1.80829
///   sum: 11.8293
/// ");
/// // A chain of 100 diamonds has 2^100 paths.
/// let x = tape.var(0.5);
/// let f = (0..100).fold(x, |x, _| x.sin() + x.cos());
/// let paths = explain::paths(f, x);
/// assert_eq!((paths.count(), paths.edges()), (Some(1 << 100), 400));
/// ```
///
/// # Panics
/// If the root is a constant, stale, or not a scalar; if `wrt` is not on its tape; if the tape is being swept.
#[track_caller]
pub fn paths<T: Real, Y: Root<T>, X: Handle<T>>(root: Y, wrt: X) -> Paths {
    let (cell, root, _) = root.seed("paths");
    let from = wrt.index_on(Some(cell));
    let reader = Reader::new(cell, root, "`paths` was called on");
    if from > root {
        let title = "no path".to_owned();
        return Paths { title, count: Some(0), log2: f64::NEG_INFINITY, edges: 0, list: Vec::new() };
    }
    let quantities = Quantities::new(&reader);
    let formulas = Formulas::new(&reader, &quantities, &[]);
    let Routes { count, log2, edges, list } = routes(&reader, from);
    let list = list.iter().map(|path| written(&formulas, path)).collect();
    let name = |i: usize| quantities.name(&reader, i);
    Paths { title: format!("d{}/d{}", name(root), name(from)), count, log2, edges, list }
}

/// The paths by their entries.
pub(crate) struct Routes {
    pub(crate) count: Option<u128>,
    pub(crate) log2: f64,
    edges: usize,
    /// Each from the root to the variable; none if they are many.
    pub(crate) list: Vec<Vec<usize>>,
}

/// Counts the paths from an entry to the root, and lists them if they are few.
pub(crate) fn routes<T: Real>(reader: &Reader<T>, from: usize) -> Routes {
    let root = reader.root;
    let depends = reader.depends(&[from]);
    let mut counts: Vec<Option<u128>> = vec![Some(0); root + 1];
    let mut logs = vec![f64::NEG_INFINITY; root + 1];
    let mut edges = 0;
    // The entries on the way that one reads, each once.
    let before = |i: usize| {
        let mut list = reader.reads(i).into_vec();
        let mut seen = HashSet::new();
        list.retain(|&k| depends[k] && seen.insert(k));
        list
    };
    (counts[from], logs[from]) = (Some(1), 0.0);
    for i in (from + 1..=root).filter(|&i| depends[i] && reader.live[i]) {
        for k in before(i) {
            edges += 1;
            counts[i] = counts[i].zip(counts[k]).and_then(|(a, b)| a.checked_add(b));
            logs[i] = add_log2(logs[i], logs[k]);
        }
    }
    let mut routes = Routes { count: counts[root], log2: logs[root], edges, list: Vec::new() };
    let few = routes.count.is_some_and(|count| count <= LISTED) && edges <= LONG;
    if few && depends[root] && reader.live[from] {
        let mut open = vec![vec![root]];
        while let Some(path) = open.pop() {
            let last = path[path.len() - 1];
            if last == from {
                routes.list.push(path);
                continue;
            }
            let further = before(last).into_iter().rev();
            open.extend(further.map(|k| [&path[..], &[k]].concat()));
        }
    }
    routes
}

fn add_log2(a: f64, b: f64) -> f64 {
    let (most, least) = if a > b { (a, b) } else { (b, a) };
    if least == f64::NEG_INFINITY { most } else { most + (least - most).exp2().ln_1p() / std::f64::consts::LN_2 }
}

/// A path given from the root to the variable.
fn written<T: Real>(formulas: &Formulas<'_, T>, path: &[usize]) -> Path {
    let arena = &formulas.arena;
    let (mut factors, mut value) = (Vec::new(), 1.0);
    for step in path.windows(2) {
        let Some(partial) = formulas.step(step[0], step[1]) else { continue };
        value *= partial.value;
        factors.push(text::factor(arena, partial.id(arena)).plain);
    }
    let steps = path.iter().rev().map(|&i| text::render(arena, formulas.written(i)).plain).collect();
    Path { steps, factors, value }
}
