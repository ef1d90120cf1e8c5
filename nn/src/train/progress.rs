//! How far a run is, for whoever waits for it.

use super::callback::Step;
use super::history::Epoch;
#[cfg(feature = "progress")]
use crate::error::rounded;

/// Is told how far a run is.
pub(super) trait Watcher {
    /// A step of a run of so many epochs was taken.
    fn step(&self, step: &Step, epochs: usize);

    /// Epoch `number`, from 1, of so many is over.
    fn epoch(&self, number: usize, epochs: usize, epoch: &Epoch);
}

/// Without the feature `progress` nothing is shown.
#[cfg(not(feature = "progress"))]
pub(super) fn show(_wanted: bool, _steps: usize, _done: usize) -> Option<Box<dyn Watcher>> {
    None
}

/// A bar over all steps, drawn on standard error and only if that is a terminal; cleared when it is dropped.
#[cfg(feature = "progress")]
pub(super) fn show(wanted: bool, steps: usize, done: usize) -> Option<Box<dyn Watcher>> {
    use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
    if !wanted {
        return None;
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  ETA {eta}");
    let bar = ProgressBar::new(steps as u64).with_style(style.expect("a valid template"));
    bar.set_position(done as u64);
    bar.reset_eta();
    Some(Box::new(bar.with_finish(ProgressFinish::AndClear)))
}

#[cfg(feature = "progress")]
impl Watcher for indicatif::ProgressBar {
    fn step(&self, step: &Step, epochs: usize) {
        self.inc(1);
        if step.epoch == 1 && !self.is_hidden() {
            let (loss, rate) = (rounded(step.loss, 4), step.rate);
            self.set_message(format!("epoch 1/{epochs}  loss {loss} in the last step  rate {rate:.2e}"));
        }
    }

    fn epoch(&self, number: usize, epochs: usize, epoch: &Epoch) {
        let Epoch { train_loss, valid_loss, valid_accuracy, rate, .. } = epoch;
        let [train_loss, valid_loss] = [train_loss, valid_loss].map(|loss| rounded(*loss, 4));
        let accuracy = Some(100.0 * valid_accuracy).filter(|accuracy| !accuracy.is_nan());
        let accuracy = accuracy.map_or(String::new(), |accuracy| format!("  accuracy {accuracy:.1} %"));
        self.set_message(format!(
            "epoch {number}/{epochs}  loss {train_loss}, validation {valid_loss}{accuracy}  rate {rate:.2e}"
        ));
    }
}
