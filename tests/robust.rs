//! Under pressure: little memory, many threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use autodiff::{Tape, Tensor, Var, grad};
use ndarray::Array2;

/// What a panic said.
fn message<R>(work: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).err().expect("too much was asked for");
    payload.downcast_ref::<String>().expect("a text").clone()
}

/// The tape does as before.
fn works(tape: &Tape<f64>) {
    tape.reset();
    let (x, t) = (tape.var(3.0), tape.tensor(Array2::from_elem((2, 2), 0.5)));
    let g = (x * x * t.square().sum().item() + t.at([0, 1])).backward();
    assert_eq!((g.wrt(x), g.wrt(&t)[[0, 1]]), (6.0, 1.0));
}

/// Fills the tape with scalars until no more fit.
fn scalars(tape: &Tape<f64>) -> String {
    message(|| {
        let x = tape.var(1.000_000_1);
        let mut y = x;
        loop {
            y = y * x + 1.0;
        }
    })
}

/// Fills it with the results of tensor operations.
fn tensors(tape: &Tape<f64>) -> String {
    message(|| {
        let mut y = tape.tensor(Array2::from_elem((1000, 1000), 0.5));
        loop {
            y = y.tanh();
        }
    })
}

/// Asks for one tensor that does not fit.
fn large(_: &Tape<f64>) -> String {
    message(|| Tensor::<f64>::zeros(&[1 << 20, 1 << 12]))
}

/// Takes all memory that is left, and then asks for what needs some more.
fn with_nothing_left<R>(tape: &Tape<f64>, ask: impl FnOnce(Var<f64>, Var<f64>) -> R) -> String {
    let x = tape.var(1.000_000_1);
    let y = (0..1_000_000).fold(x, |y, _| y * x + 1.0);
    let mebibyte = || {
        let mut part = Vec::<u8>::new();
        part.try_reserve_exact(1 << 20).ok().map(|()| part)
    };
    let all: Vec<Vec<u8>> = std::iter::from_fn(mebibyte).collect();
    let said = message(|| ask(x, y));
    drop(all);
    said
}

fn adjoints(tape: &Tape<f64>) -> String {
    with_nothing_left(tape, |_, y| y.backward())
}

fn recorded(tape: &Tape<f64>) -> String {
    with_nothing_left(tape, |x, y| tape.grad(y, &[x]))
}

type Child = (&'static str, fn(&Tape<f64>) -> String, &'static str);

const CHILDREN: [Child; 5] = [
    ("scalars", scalars, "bytes for the tape after "),
    ("tensors", tensors, "bytes for a buffer of "),
    ("large", large, "bytes for a buffer of 4294967296 elements"),
    ("adjoints", adjoints, "bytes for a buffer of "),
    ("recorded", recorded, "bytes for a buffer of "),
];

/// Run by [`memory_runs_out`] in a process with little memory; alone it does nothing.
#[test]
fn child() {
    let Ok(name) = std::env::var("ROBUST_CHILD") else { return };
    let (_, fill, expected) = CHILDREN.into_iter().find(|child| child.0 == name).expect("one of these");
    let tape = Tape::new();
    let said = fill(&tape);
    assert!(said.starts_with("out of memory: could not reserve ") && said.contains(expected), "{said}");
    works(&tape);
    println!("survived: {said}");
}

/// A failed allocation is a panic with the library's message, after which the tape is usable; the process goes on.
#[cfg(target_os = "linux")]
#[test]
fn memory_runs_out() {
    let exe = std::env::current_exe().expect("this program");
    for (name, ..) in CHILDREN {
        let limited = "ulimit -v 600000 && exec \"$0\" child --exact --nocapture --test-threads=1";
        let mut child = Command::new("sh");
        child.args(["-c", limited]).arg(&exe).envs([("ROBUST_CHILD", name), ("RUST_BACKTRACE", "0")]);
        let output = child.output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("survived: out of memory"), "{name}: {text}\n{complaint}");
    }
}

/// Twelve threads, each with 300 tapes of its own, one after another: every round finds what one thread alone does.
#[test]
fn a_tape_for_each_thread() {
    let round = |k: u32| {
        let start = f64::from(k % 7) * 0.25 + 0.3;
        let tape = Tape::new();
        let (x, t) = (tape.var(start), tape.tensor(Array2::from_elem((3, 3), start)));
        let mut y = x;
        for _ in 0..20 {
            y = (y * x + t.at([1, 2])).sin();
        }
        let root = y + t.matmul(&t.tanh()).softmax(1).square().sum().at([]);
        let first = tape.grad(root, &[x])[0];
        let g = first.backward();
        let inner = grad(|v| v[0] * v[1].exp(), &[start, 0.5]);
        let all = [root.value(), first.value(), g.wrt(x), inner[0]];
        let of_t = root.backward().wrt(&t);
        all.iter().chain(&of_t).map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let expected: Vec<Vec<u64>> = (0..7).map(round).collect();
    std::thread::scope(|scope| {
        for thread in 0..12 {
            let expected = &expected;
            scope.spawn(move || {
                for k in 0..300_u32 {
                    let k = k + thread;
                    assert_eq!(round(k), expected[(k % 7) as usize], "thread {thread}, round {k}");
                }
            });
        }
    });
}
