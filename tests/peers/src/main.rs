//! Gradients by `autodiff` beside gradients by `echidna`, in one run: the same functions, operation by operation, at the
//! same inputs. Values and gradients must agree before anything is timed. See README.md.

use std::hint::black_box;

use autodiff::{Program, Var};
use echidna::{BReverse64, Reverse64};

mod functions;
mod timing;
#[path = "../../../autodiff/benches/support/workloads.rs"]
mod workloads;

use functions as e;
use workloads::{self as w, idiomatic};

/// How far values and gradients may differ, relatively.
const TOLERANCE: f64 = 1e-10;

type Function<'a, T> = &'a dyn Fn(&[T]) -> T;

/// For echidna's tape that is recorded anew, and for the one that is replayed.
type Theirs<'a> = (Function<'a, Reverse64>, Function<'a, BReverse64>);

/// One function in every number type; `ours` operation by operation and idiomatic.
struct Workload<'a> {
    name: &'a str,
    x: Vec<f64>,
    plain: Function<'a, f64>,
    ours: [Function<'a, Var<f64>>; 2],
    theirs: Theirs<'a>,
}

/// Panics unless all numbers agree.
#[track_caller]
fn assert_agree(name: &str, what: &str, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{name}: {what} has another length");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let near = (got - want).abs() <= TOLERANCE * got.abs().max(want.abs());
        assert!(near, "{name}: {what}, entry {i}, is {got} and should be {want}");
    }
}

/// The ratios ours/echidna: recorded anew operation by operation, recorded anew idiomatically, replayed.
fn compare(workload: &Workload<'_>) -> [f64; 3] {
    let &Workload { name, ref x, plain, ours: [each, idiomatic], theirs: (reverse, bytecode) } = workload;

    // What is replayed is recorded elsewhere, so that agreement means that the inputs were taken up.
    let nearby: Vec<f64> = x.iter().map(|x| x * 1.001).collect();
    let program = Program::record(each, &nearby);
    let (mut tape, _) = echidna::record(bytecode, &nearby);
    tape.optimize();
    let mut adjoints = Vec::new();

    let (value, gradient) = autodiff::value_and_grad(each, x);
    let agree = |what: &str, v: f64, g: &[f64]| {
        assert_agree(name, &format!("the value of {what}"), &[v], &[value]);
        assert_agree(name, &format!("the gradient of {what}"), g, &gradient);
    };
    agree("plain code", plain(x), &gradient);
    let (v, g) = autodiff::value_and_grad(idiomatic, x);
    agree("the idiomatic form", v, &g);
    let (v, g) = program.value_and_gradient(x).expect("no comparison came out differently");
    agree("the program", v, &g);
    let (v, g) = echidna::vjp(|x| vec![reverse(x)], x, &[1.0]);
    agree("echidna", v[0], &g);
    let g = tape.gradient_with_buf(x, &mut adjoints);
    agree("echidna's replay", tape.output_value(), &g);

    let [plain, their_record, their_replay, each, idiomatic, replay] = timing::fastest([
        &mut || _ = black_box(plain(black_box(x))),
        &mut || _ = black_box(echidna::grad(reverse, black_box(x))),
        &mut || _ = black_box(tape.gradient_with_buf(black_box(x), &mut adjoints)),
        &mut || _ = black_box(autodiff::grad(each, black_box(x))),
        &mut || _ = black_box(autodiff::grad(idiomatic, black_box(x))),
        &mut || _ = black_box(program.gradient(black_box(x))),
    ]);
    let ratios = [each / their_record, idiomatic / their_record, replay / their_replay];
    let multiples = [their_record, their_replay, each, idiomatic, replay].map(|t| format!("{:>10.2}", t / plain));
    println!("{name:<12} {plain:>12.1} {} {}", multiples.join(" "), columns(ratios));
    ratios
}

/// Ratios as they stand in the table.
fn columns(ratios: [f64; 3]) -> String {
    ratios.map(|r| format!("{r:>10.3}")).join(" ")
}

fn main() {
    println!(
        "Value and gradient of one function. `plain` in ns, the next five as multiples of it: echidna (`grad`, then an\n\
         optimised bytecode tape replayed), autodiff (`grad` operation by operation and idiomatic, then a program\n\
         replayed). Last three: ours/echidna, the idiomatic form beside echidna's `grad`, too. Minimum of {} interleaved\n\
         rounds of about 1 ms.\n",
        timing::ROUNDS
    );
    println!(
        "{:<12} {:>12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "", "echidna", "echidna", "ours", "ours", "ours", "/echidna", "/echidna", "/echidna"
    );
    println!(
        "{:<12} {:>12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "workload", "plain ns", "record", "replay", "record", "idiomatic", "replay", "record", "idiomatic", "replay"
    );

    let mut logs = Vec::new();
    let mut run = |name: &str, x, plain: Function<'_, f64>, ours: [Function<'_, Var<f64>>; 2], theirs: Theirs<'_>| {
        logs.push(compare(&Workload { name, x, plain, ours, theirs }).map(f64::ln));
    };
    for n in [10, 1000] {
        let x = w::speel_inputs(n);
        run(&format!("speel_{n}"), x, &w::speel, [&w::speel, &idiomatic::speel], (&e::speel, &e::speel));
        let x = w::uniforms(-2.0, 2.0, 1, n);
        run(&format!("rosen_{n}"), x, &w::rosen, [&w::rosen, &idiomatic::rosen], (&e::rosen, &e::rosen));
    }
    let x = w::uniforms(-1.0, 1.0, 2, 1000);
    run("sinexp_1000", x, &w::sinexp, [&w::sinexp, &idiomatic::sinexp], (&e::sinexp, &e::sinexp));
    let x = w::uniforms(-3.0, 3.0, 3, 1000);
    run("lse_1000", x, &w::lse, [&w::lse, &idiomatic::lse], (&e::lse, &e::lse));
    run("normal_1000", w::normal_inputs(), &w::normal, [&w::normal, &idiomatic::normal], (&e::normal, &e::normal));
    let input = w::uniforms(-1.0, 1.0, 6, 64);
    let ours: [Function<'_, Var<f64>>; 2] = [&|p| w::mlp(p, &input), &|p| idiomatic::mlp(p, &input)];
    let theirs: Theirs<'_> = (&|p| e::mlp(p, &input), &|p| e::mlp(p, &input));
    run("mlp", w::uniforms(-0.125, 0.125, 5, 4225), &|p| w::mlp(p, &input), ours, theirs);
    run("lorenz", w::LORENZ.to_vec(), &w::lorenz, [&w::lorenz, &idiomatic::lorenz], (&e::lorenz, &e::lorenz));
    run("burgers", w::burgers_inputs(), &w::burgers, [&w::burgers, &idiomatic::burgers], (&e::burgers, &e::burgers));

    let mean = |column: usize| (logs.iter().map(|l: &[f64; 3]| l[column]).sum::<f64>() / logs.len() as f64).exp();
    println!("{:<80} {}", "geometric mean", columns([mean(0), mean(1), mean(2)]));
}
