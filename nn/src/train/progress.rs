//! The progress bar.

use indicatif::{ProgressBar, ProgressStyle};

use super::history::Epoch;

/// A bar over all steps, drawn on standard error and only if that is a terminal.
pub(super) fn bar(steps: usize, done: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  ETA {eta}");
    let bar = ProgressBar::new(steps as u64).with_style(style.expect("a valid template"));
    bar.set_position(done as u64);
    bar.reset_eta();
    bar
}

/// What the bar says during the first epoch.
pub(super) fn first(of: usize, loss: f64, rate: f64) -> String {
    format!("epoch 1/{of}  loss {loss:.4} in the last step  rate {rate:.2e}")
}

/// What the bar says after an epoch.
pub(super) fn message(number: usize, of: usize, epoch: &Epoch) -> String {
    let accuracy = epoch.valid_accuracy;
    let accuracy = if accuracy.is_nan() { String::new() } else { format!("  accuracy {:.1} %", 100.0 * accuracy) };
    format!(
        "epoch {number}/{of}  loss {:.4}, validation {:.4}{accuracy}  rate {:.2e}",
        epoch.train_loss, epoch.valid_loss, epoch.rate
    )
}
