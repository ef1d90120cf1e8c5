//! What the example programs share: the page that a row of the lectures writes its numbers, verdicts and pictures on, the
//! index of these pages, and digits.

mod digits;
mod index;
mod numbers;
mod page;
mod rows;
mod slope;
mod timing;

pub use digits::{digits, with_shifts};
pub use index::Index;
pub use numbers::{matrix, numbers, weights};
pub use page::{Finding, Outcome, Page};
pub use rows::{Row, Shown, Summary, run};
pub use slope::Slope;
pub use timing::seconds;
