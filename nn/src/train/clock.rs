//! The time that a run takes.

use std::time::{Duration, Instant};

/// When a run began; nothing where there is no clock, as on `wasm32-unknown-unknown`.
#[derive(Clone, Copy)]
pub(super) struct Clock(Option<Instant>);

impl Clock {
    pub(super) fn start() -> Self {
        let has_clock = !cfg!(all(target_family = "wasm", target_os = "unknown"));
        Self(has_clock.then(Instant::now))
    }

    /// The time since then; 0 without a clock.
    pub(super) fn elapsed(self) -> Duration {
        self.0.map_or(Duration::ZERO, |start| start.elapsed())
    }
}
