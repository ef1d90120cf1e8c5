//! Programs whose processes end together.

use std::fmt::Display;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use mpi::topology::Communicator;

use crate::Mpi;

/// Runs a program on all ranks: starts MPI, hands the engine to `work`, and ends MPI when all ranks are done.
///
/// An error or a panic on one rank ends all ranks, with one message on standard error that names the rank, and `mpirun` with a
/// status other than 0. So does a rank that is killed, which `mpirun` sees to. Started without `mpirun`, the program has one
/// rank.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     nn_mpi::run(|engine| {
///         println!("rank {} of {}", nn_mpi::Engine::rank(&engine), nn_mpi::Engine::size(&engine));
///         Ok::<_, String>(())
///     })
/// }
/// ```
pub fn run<E: Display>(work: impl FnOnce(Mpi) -> Result<(), E>) -> ExitCode {
    let Some(universe) = mpi::initialize() else {
        eprintln!("MPI was started before; `nn_mpi::run` starts it, once in a program");
        return ExitCode::FAILURE;
    };
    let world = universe.world();
    let rank = world.rank();
    // The message of a panic, with the rank, in one piece.
    std::panic::set_hook(Box::new(move |panic| say(&format!("rank {rank}: {panic}"))));
    let result = catch_unwind(AssertUnwindSafe(|| work(Mpi::new(universe.world()))));
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            say(&format!("rank {rank}: {error}"));
            world.abort(1)
        }
        Err(_) => world.abort(101),
    }
}

/// Writes a line on standard error, in one piece.
pub(crate) fn say(message: &str) {
    // Nothing is left to be done where this fails.
    let _ = std::io::stderr().write_all(format!("{message}\n").as_bytes());
}
