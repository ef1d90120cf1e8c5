//! This program under `mpirun`.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Set for the program that `mpirun` starts: what it is to do.
pub(crate) const MODE: &str = "NN_MPI_MODE";

/// A run under `mpirun`.
pub(crate) struct Run {
    child: Child,
    output: Arc<Mutex<String>>,
    errors: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    ranks: usize,
}

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Starts this program with so many ranks.
pub(crate) fn mpirun(ranks: usize, mode: &str, settings: &[(&str, &OsStr)]) -> Run {
    let mut command = Command::new("mpirun");
    command.args(["--oversubscribe", "-n", &ranks.to_string()]).arg(std::env::current_exe().unwrap());
    command.env(MODE, mode).envs(settings.iter().copied()).env("RAYON_NUM_THREADS", "1");
    // Open MPI asks for this where root starts it, as in containers.
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("mpirun: {error}; install openmpi-bin"));
    let (output, first) = reader(child.stdout.take().unwrap());
    let (errors, second) = reader(child.stderr.take().unwrap());
    Run { child, output, errors, readers: vec![first, second], ranks }
}

fn reader(mut pipe: impl Read + Send + 'static) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let text = Arc::new(Mutex::new(String::new()));
    let shared = Arc::clone(&text);
    let read = move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = pipe.read(&mut bytes) {
            shared.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    };
    (text, thread::spawn(read))
}

/// Lines that start so, without their beginnings.
fn lines(text: &str, start: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix(start)).map(str::to_owned).collect()
}

impl Run {
    /// The processes of the ranks, once all have begun to train.
    pub(crate) fn wait_for_pids(&self) -> Vec<u32> {
        let start = Instant::now();
        loop {
            let pids = lines(&self.output.lock().unwrap(), "pid ");
            if pids.len() == self.ranks {
                return pids.iter().map(|pid| pid.parse().unwrap()).collect();
            }
            assert!(start.elapsed() < Duration::from_mins(1), "no start: {}", self.errors.lock().unwrap());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to `mpirun`.
    pub(crate) fn signal(&self, name: &str) {
        kill(name, self.child.id());
    }

    /// Waits for the end.
    pub(crate) fn end(mut self, most: Duration) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > most {
                let _ = self.child.kill();
                panic!("mpirun was not done after {most:?}: {}", self.errors.lock().unwrap());
            }
            thread::sleep(Duration::from_millis(5));
        };
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let take = |text: &Mutex<String>| std::mem::take(&mut *text.lock().unwrap());
        Ended { success: status.success(), output: take(&self.output), errors: take(&self.errors) }
    }
}

impl Ended {
    /// Lines of the output that start so, without their beginnings.
    pub(crate) fn lines(&self, start: &str) -> Vec<String> {
        lines(&self.output, start)
    }

    pub(crate) fn errors_starting(&self, start: &str) -> Vec<String> {
        self.errors.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }

    /// What the program itself said on standard error; `mpirun` adds to it in its own words.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.errors_starting("rank ")
    }

    /// No rank is left.
    pub(crate) fn no_orphans(&self) {
        thread::sleep(Duration::from_millis(100));
        for pid in self.lines("pid ") {
            let state = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            assert!(state.is_empty() || state.contains("State:\tZ"), "process {pid} is left:\n{state}");
        }
    }
}

/// Sends a signal.
pub(crate) fn kill(name: &str, pid: u32) {
    // The process may have ended by itself.
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
}
