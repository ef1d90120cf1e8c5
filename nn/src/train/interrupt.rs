//! Ctrl-C during training.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// How a program ends that the signal ends: 128 and the signal's number.
const ENDED: i32 = 128 + SIGINT;

struct Handler {
    pressed: Arc<AtomicBool>,
    /// No run is interested: the signal does what it usually does.
    idle: Arc<AtomicBool>,
    runs: Mutex<usize>,
}

/// Says whether Ctrl-C was pressed, if the run may be interrupted and the system lets the signal be caught; a second Ctrl-C
/// ends the program. When no such run is left, Ctrl-C does what it did before.
pub(super) fn interrupted(interruptible: bool) -> Box<dyn Fn() -> bool> {
    let interrupt = if interruptible { Interrupt::watch() } else { None };
    Box::new(move || interrupt.as_ref().is_some_and(|Interrupt(handler)| handler.pressed.load(Ordering::Relaxed)))
}

struct Interrupt(&'static Handler);

impl Interrupt {
    /// `None` if the system does not let the signal be caught.
    fn watch() -> Option<Self> {
        static HANDLER: OnceLock<Option<Handler>> = OnceLock::new();
        let install = || -> std::io::Result<Handler> {
            let (pressed, idle) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
            // In the order in which they are called: the first press finds nothing pressed yet.
            flag::register_conditional_default(SIGINT, Arc::clone(&idle))?;
            flag::register_conditional_shutdown(SIGINT, ENDED, Arc::clone(&pressed))?;
            flag::register(SIGINT, Arc::clone(&pressed))?;
            Ok(Handler { pressed, idle, runs: Mutex::new(0) })
        };
        let handler = HANDLER.get_or_init(|| install().ok()).as_ref()?;
        let mut runs = handler.runs.lock().expect("nothing panics while it is held");
        *runs += 1;
        handler.idle.store(false, Ordering::SeqCst);
        Some(Self(handler))
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let mut runs = self.0.runs.lock().expect("nothing panics while it is held");
        *runs -= 1;
        if *runs == 0 {
            self.0.idle.store(true, Ordering::SeqCst);
            self.0.pressed.store(false, Ordering::SeqCst);
        }
    }
}
