//! What the example programs share: the page that a row of the lectures writes its numbers, verdicts and pictures on, and
//! moved digits.

mod numbers;
mod page;
mod rows;
mod shifts;
mod slope;
mod timing;

pub use numbers::{matrix, numbers, weights};
pub use page::{Finding, Outcome, Page};
pub use rows::{Row, Shown, Summary, run};
pub use shifts::with_shifts;
pub use slope::Slope;
pub use timing::seconds;
