//! Programs that are killed or interrupted while they train.
//!
//! A binary of its own, which starts itself as the program that is killed. `cargo test -p nn --test killed` kills it a few
//! times; `KILLS=200 cargo test --release -p nn --test killed` does so at 200 random moments.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ndarray::Array2;
use nn::schedule::{Plateau, growing_batches};
use nn::{Activation, Adam, Checkpoints, Dataset, History, Mlp, Stop, Trainer, loss};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;

/// Set for the program that is to be killed: the folder of its checkpoints.
const FOLDER: &str = "NN_TEST_FOLDER";
/// Set with it: how long a step takes at least, in milliseconds.
const PAUSE: &str = "NN_TEST_PAUSE";

fn main() {
    if let Ok(folder) = std::env::var(FOLDER) {
        let pause = Duration::from_millis(std::env::var(PAUSE).unwrap().parse().unwrap());
        let (_, history) = train(Path::new(&folder), pause, || println!("training"));
        println!("{}", history.stop);
        return;
    }
    let tests: [(&str, fn()); 3] = [
        ("killed_at_random_moments", killed_at_random_moments),
        ("ctrl_c_ends_the_run_in_order", ctrl_c_ends_the_run_in_order),
        ("a_second_ctrl_c_ends_the_program", a_second_ctrl_c_ends_the_program),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, test) in tests {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
}

/// The run, with what has a memory.
fn train(folder: &Path, pause: Duration, mut started: impl FnMut() + 'static) -> (Mlp<f64>, History) {
    let x = Array2::from_shape_fn((40, 2), |(i, j)| ((i * (3 + j)) as f64 * 0.37).sin());
    let t = Array2::from_shape_fn((40, 1), |(i, _)| f64::from(u8::from(i % 3 == 0)));
    let data = Dataset::new(x, t).unwrap();
    let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(5));
    let adam = Adam::new(0.05).plateau(Plateau::new(0.5, 1).threshold(0.1));
    let mut trainer = Trainer::new(model, loss::bce_with_logits, adam)
        .epochs(12)
        .batch_sizes(growing_batches(4, 2.0, 4, 40))
        .early_stopping(50)
        .checkpoints(Checkpoints::new(folder).every_steps(1))
        .on_step(move |_, _| {
            started();
            thread::sleep(pause);
            ControlFlow::Continue(())
        });
    let history = trainer.fit(&data, &data).unwrap();
    (trainer.into_model(), history)
}

fn bits(model: &Mlp<f64>, history: &History) -> Vec<u64> {
    let mut numbers = Vec::new();
    nn::parameters(model, |_, p| numbers.extend(p.value().to_array()));
    numbers.extend(history.columns().into_iter().flat_map(|(_, column)| column));
    numbers.into_iter().map(f64::to_bits).collect()
}

/// Starts this program as the one that trains, and waits for its first step.
fn start(folder: &Path, pause: u64) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(FOLDER, folder).env(PAUSE, pause.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    (child, output)
}

fn killed_at_random_moments() {
    let kills: usize = std::env::var("KILLS").map_or(12, |kills| kills.parse().expect("KILLS: a number"));
    let whole = tempdir().unwrap();
    let (model, history) = train(whole.path(), Duration::ZERO, || ());
    let expected = bits(&model, &history);
    let start_time = Instant::now();
    let (mut child, mut output) = start(&whole.path().join("timed"), 0);
    output.read_to_string(&mut String::new()).unwrap();
    assert!(child.wait().unwrap().success());
    let duration = start_time.elapsed().as_secs_f64();

    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut before_the_end, mut unfinished) = (0, 0);
    for kill in 0..kills {
        let folder = tempdir().unwrap();
        // Some are killed again while they go on.
        for _ in 0..=kill % 2 {
            let (mut child, _output) = start(folder.path(), 0);
            thread::sleep(Duration::from_secs_f64(duration * rng.random::<f64>() * 0.8));
            child.kill().unwrap();
            before_the_end += usize::from(!child.wait().unwrap().success());
            // Killed in its first step, it has left none yet.
            let file = folder.path().join("checkpoint.safetensors");
            let is_there = file.exists();
            unfinished += fs::read_dir(folder.path()).unwrap().count() - usize::from(is_there);
            if is_there {
                let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut rng);
                nn::load(&model, &file).unwrap();
            }
        }
        let (model, history) = train(folder.path(), Duration::ZERO, || ());
        assert!(bits(&model, &history) == expected, "kill {kill}: other bits");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left behind");
    }
    println!("{before_the_end} runs killed before their end, {unfinished} of them while a file was written");
    assert!(before_the_end * 2 > kills, "{before_the_end} of {kills} runs were killed before their end");
}

/// Presses Ctrl-C.
fn interrupt(child: &Child) {
    let status = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
}

fn end(mut child: Child, mut output: BufReader<std::process::ChildStdout>) -> (ExitStatus, String, String) {
    let (mut text, mut errors) = (String::new(), String::new());
    output.read_to_string(&mut text).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (child.wait().unwrap(), text, errors)
}

fn ctrl_c_ends_the_run_in_order() {
    let (folder, whole) = (tempdir().unwrap(), tempdir().unwrap());
    let (child, output) = start(folder.path(), 50);
    interrupt(&child);
    let (status, text, errors) = end(child, output);
    assert!(status.success(), "{errors}");
    assert_eq!(text.lines().last(), Some(&*Stop::Interrupted.to_string()));
    let go_on = format!(": start the same run again to go on from {}\n", folder.path().display());
    assert!(errors.starts_with("interrupted in epoch ") && errors.ends_with(&go_on), "{errors}");
    let ending = |folder: &Path| {
        let (model, history) = train(folder, Duration::ZERO, || ());
        bits(&model, &history)
    };
    assert!(ending(folder.path()) == ending(whole.path()));
}

fn a_second_ctrl_c_ends_the_program() {
    let folder = tempdir().unwrap();
    let (child, output) = start(folder.path(), 60_000);
    interrupt(&child);
    // Two signals that are not apart may arrive as one.
    thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let (status, text, _) = end(child, output);
    assert_eq!(status.code(), Some(130), "{text}");
}
