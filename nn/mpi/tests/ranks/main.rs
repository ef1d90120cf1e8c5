//! Runs under `mpirun` with 1 to 4 ranks: bits, errors, panics, signals, kills.
//!
//! A binary of its own, which starts itself under `mpirun`. `cargo test --test ranks NAME` runs the tests whose names contain that;
//! `KILLS=100` kills more often.

mod launch;
mod work;

use std::time::Duration;

use launch::{Ended, mpirun};

fn main() -> std::process::ExitCode {
    if let Ok(mode) = std::env::var(launch::MODE) {
        return work::run(&mode);
    }
    let tests: [(&str, fn()); 9] = [
        ("bits_do_not_depend_on_the_ranks", bits_do_not_depend_on_the_ranks),
        ("more_ranks_than_parts", more_ranks_than_parts),
        ("an_error_on_one_rank_ends_all", an_error_on_one_rank_ends_all),
        ("a_panic_on_one_rank_ends_all", a_panic_on_one_rank_ends_all),
        ("a_loss_that_is_not_finite_ends_all_with_one_message", a_loss_that_is_not_finite_ends_all_with_one_message),
        ("programs_that_differ_are_refused", programs_that_differ_are_refused),
        ("ctrl_c_ends_all_in_order", ctrl_c_ends_all_in_order),
        ("killed_at_random_moments", killed_at_random_moments),
        ("data_beyond_memory", data_beyond_memory),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, test) in tests {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    std::process::ExitCode::SUCCESS
}

/// What the first rank says at its end.
fn result(ended: &Ended) -> String {
    assert!(ended.success, "{}", ended.errors);
    ended.lines("result ").first().unwrap_or_else(|| panic!("no result: {}", ended.errors)).clone()
}

fn bits_do_not_depend_on_the_ranks() {
    let plain = work::plain();
    for threads in [1, 2, 4] {
        for (rank, found) in work::threads(threads).into_iter().enumerate() {
            assert_eq!(found, plain, "rank {rank} of {threads} threads");
        }
    }
    for ranks in 1..=4 {
        let ended = mpirun(ranks, "digits", &[]).end(Duration::from_mins(5));
        assert_eq!(result(&ended), plain, "{ranks} ranks");
        assert_eq!(ended.lines("rank ").len(), ranks, "every rank has the same weights and history: {}", ended.output);
    }
}

fn more_ranks_than_parts() {
    let of = |ranks| result(&mpirun(ranks, "three parts", &[]).end(Duration::from_mins(2)));
    assert_eq!(of(4), of(1));
}

/// One message, a status that is not 0, soon.
fn one_message(mode: &str, expected: &str) {
    for ranks in [2, 4] {
        let ended = mpirun(ranks, mode, &[]).end(Duration::from_secs(30));
        let messages = ended.messages();
        assert!(!ended.success && messages.len() == 1, "{mode}: {}", ended.errors);
        assert!(messages[0].starts_with(expected), "{mode}: {messages:?}");
        ended.no_orphans();
    }
}

fn an_error_on_one_rank_ends_all() {
    one_message("error before", "rank 1: no such file");
    one_message("error in", "rank 1: ");
}

fn a_panic_on_one_rank_ends_all() {
    one_message("panic", "rank 1: panicked at ");
}

fn a_loss_that_is_not_finite_ends_all_with_one_message() {
    one_message("nan", "rank 0: the loss became ");
}

fn programs_that_differ_are_refused() {
    one_message("other seeds", "rank 0: ranks: rank 1 has other settings, data or parameters than rank 0");
}

fn ctrl_c_ends_all_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let run = mpirun(3, "kept", &[(work::FOLDER, folder.path().as_os_str()), (work::PAUSE, "30".as_ref())]);
    run.wait_for_pids();
    std::thread::sleep(Duration::from_millis(600));
    run.signal("INT");
    let ended = run.end(Duration::from_secs(10));
    let messages = ended.errors_starting("interrupted in epoch ");
    assert_eq!(messages.len(), 1, "{}", ended.errors);
    ended.no_orphans();
    go_on(folder.path(), 2);
}

/// The run goes on in a folder and ends with the bits of one that was never stopped.
fn go_on(folder: &std::path::Path, ranks: usize) {
    let ended = mpirun(ranks, "kept", &[(work::FOLDER, folder.as_os_str())]).end(Duration::from_mins(2));
    assert_eq!(result(&ended), work::kept());
    let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["checkpoint.safetensors"]);
}

fn killed_at_random_moments() {
    use rand::{RngExt, SeedableRng};
    let kills: usize = std::env::var("KILLS").map_or(20, |kills| kills.parse().expect("KILLS: a number"));
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (mut slowest, mut before_the_end) = (Duration::ZERO, 0);
    for kill in 0..kills {
        let folder = tempfile::tempdir().unwrap();
        let ranks = 2 + kill % 3;
        let run = mpirun(ranks, "kept", &[(work::FOLDER, folder.path().as_os_str()), (work::PAUSE, "30".as_ref())]);
        let pids = run.wait_for_pids();
        std::thread::sleep(Duration::from_secs_f64(rng.random::<f64>() * 0.8));
        launch::kill("KILL", pids[rng.random_range(0..ranks)]);
        let start = std::time::Instant::now();
        let ended = run.end(Duration::from_secs(10));
        slowest = slowest.max(start.elapsed());
        before_the_end += usize::from(!ended.success);
        ended.no_orphans();
        go_on(folder.path(), 1 + (kill + 1) % 4);
    }
    println!("{before_the_end} of {kills} runs killed before their end; mpirun ended after at most {slowest:.2?}");
    assert!(before_the_end * 2 > kills);
}

fn data_beyond_memory() {
    let folder = tempfile::tempdir().unwrap();
    work::sparse(folder.path());
    for ranks in [1, 3] {
        let ended = mpirun(ranks, "stored", &[(work::FOLDER, folder.path().as_os_str())]).end(Duration::from_mins(2));
        result(&ended);
        for line in ended.lines("MiB ") {
            let peak: f64 = line.parse().unwrap();
            assert!(peak < 200.0, "a rank took {peak} MiB");
        }
        println!("{ranks} ranks took {} MiB at most each, beside 4 GiB of data", ended.lines("MiB ").join(", "));
    }
}
