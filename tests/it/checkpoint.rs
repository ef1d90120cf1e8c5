//! Checkpointed sequences against the plain loop: bits, counts, second order, mistakes.

use std::cell::Cell;
use std::rc::Rc;

use autodiff::checkpoint::{self, Sequence};
use autodiff::{Dual, Real, Tape, Tensor, Var, check, grad, hessian, hvp, jacobian, jvp};
use proptest::prelude::*;
use tests::{all_close, close};

use crate::random::cases;

/// One explicit Euler step of the Lorenz system, its parameters carried along.
fn lorenz<R: Real>(s: &[R], dt: f64) -> [R; 6] {
    let [x, y, z, sigma, rho, beta] = *s else { panic!("six elements") };
    let dt = R::of(dt);
    [x + dt * sigma * (y - x), y + dt * (x * (rho - z) - y), z + dt * (x * y - beta * z), sigma, rho, beta]
}

const START: [f64; 6] = [1.0, 1.5, 20.0, 10.0, 28.0, 8.0 / 3.0];

/// The loop that is to be matched.
fn plain<R: Real, Y: AsRef<[R]>>(state: &[R], steps: usize, step: impl Fn(&[R], usize) -> Y) -> Vec<R> {
    (0..steps).fold(state.to_vec(), |state, k| step(&state, k).as_ref().to_vec())
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// Of what a loop started from and what it led to.
type Loss = fn(&[Var<f64>], &[Var<f64>]) -> Var<f64>;

/// Value, gradient and recorded gradient of a loss of a loop's results and of what it started from.
fn derivatives(
    start: &[f64],
    run: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>,
    loss: impl Fn(&[Var<f64>], &[Var<f64>]) -> Var<f64>,
) -> [Vec<u64>; 3] {
    let tape = Tape::new();
    let state = tape.vars(start);
    let end = run(&state);
    let y = loss(&state, &end);
    let g = y.backward();
    let first: Vec<f64> = state.iter().map(|&x| g.wrt(x)).collect();
    let recorded: Vec<f64> = tape.grad(y, &state).into_iter().map(Var::value).collect();
    let values: Vec<f64> = end.iter().map(|x| x.value()).chain([y.value()]).collect();
    [bits(&values), bits(&first), bits(&recorded)]
}

#[test]
fn lorenz_to_the_bit() {
    let step = |s: &[Var<f64>], _: usize| lorenz(s, 0.01);
    // Uses of a carried parameter after the loop, as the caller's own variable and as a result, come first in its sum.
    let losses: [Loss; 4] = [
        |_, end| end[0],
        |_, end| end[2] * end[3] + end[1].sin(),
        |start, end| end[0] * end[1] + 0.1 * start[3].square() + end[4] * 0.7 + start[0] * start[4] * end[5],
        |start, _| start[0] * start[5],
    ];
    for loss in losses {
        for steps in [0, 1, 2, 3, 7, 50, 333] {
            let want = derivatives(&START, |s| plain(s, steps, step), loss);
            assert_eq!(derivatives(&START, |s| checkpoint::sequence(s, steps, step), loss), want, "{steps} steps");
            for slots in [1, 2, 3, 10, 1000] {
                let run = |s: &[Var<f64>]| Sequence::new(steps).slots(slots).run(s, step);
                assert_eq!(derivatives(&START, run, loss), want, "{steps} steps, {slots} slots");
            }
        }
    }
}

#[test]
fn every_output_of_f32() {
    let step = |s: &[Var<f32>], _: usize| lorenz(s, 0.01);
    let start = START.map(|x| x as f32);
    let want = jacobian(|s| plain(s, 100, step), &start);
    let got = jacobian(|s| checkpoint::sequence(s, 100, step), &start);
    assert!(got.iter().zip(&want).all(|(got, want)| got.to_bits() == want.to_bits()), "{got} {want}");
}

/// The optimum by dynamic programming, over all places for the next kept state: evaluations to reverse `l` steps from a
/// kept state with `s` states, that one included; every step is evaluated once more to record it.
fn optimum(steps: usize, slots: usize) -> Vec<Vec<u64>> {
    let mut table = vec![vec![0; slots + 1]; steps + 1];
    for l in 1..=steps {
        for s in 1..=slots {
            let again = (1..=l as u64).sum();
            let split = |k: usize| k as u64 + table[l - k][s - 1] + table[k][s];
            table[l][s] = (1..l).filter(|_| s > 1).map(split).min().unwrap_or(again).min(again);
        }
    }
    table
}

#[test]
fn as_many_evaluations_as_the_optimum() {
    let table = optimum(60, 8);
    for (steps, row) in table.iter().enumerate() {
        for (slots, &least) in row.iter().enumerate().skip(1) {
            let calls = Rc::new(Cell::new(0));
            let count = Rc::clone(&calls);
            let sequence = Sequence::new(steps).slots(slots);
            let tape = Tape::new();
            let x = tape.var(0.5);
            let y = sequence.run(&[x], move |s, _| {
                count.set(count.get() + 1);
                0.9 * s[0]
            })[0];
            assert_eq!(calls.get(), steps as u64, "the run");
            let _ = y.backward();
            // The run evaluates every step, the last one on top of what the sweep needs.
            let want = least + u64::from(steps > 0);
            let plan = sequence.plan();
            assert_eq!((calls.get(), plan.evaluations()), (want, want), "{plan}");
            // Another sweep begins with the same kept states.
            let _ = y.backward();
            assert_eq!(calls.get(), 2 * want - steps as u64, "{plan}");
        }
    }
}

#[test]
fn the_plan_in_words() {
    let plan = Sequence::new(1_000_000).plan();
    assert_eq!(plan.to_string(), "1000000 steps, 1412 slots: 2999596 step evaluations, work factor 3.000");
    assert_eq!((plan.steps(), plan.slots(), plan.evaluations()), (1_000_000, 1412, 2_999_596));
    let one = Sequence::new(10).slots(1).plan();
    assert_eq!(one.to_string(), "10 steps, 1 slot: 56 step evaluations, work factor 5.600");
    let all = Sequence::new(10).slots(99).plan();
    assert_eq!(all.to_string(), "10 steps, 10 slots: 20 step evaluations, work factor 2.000");
    let none = Sequence::new(0).plan();
    assert_eq!(none.to_string(), "0 steps, 1 slot: 0 step evaluations, work factor 0.000");
}

#[test]
fn a_long_loop_in_little_memory() {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(|| {
        let steps = 100_000;
        let sequence = Sequence::new(steps);
        assert!(sequence.plan().work_factor() <= 3.0 && sequence.plan().slots() < 450, "{}", sequence.plan());
        let tape = Tape::new();
        let state = tape.vars(&START);
        // `Debug` tells an entry's index on the tape of its step.
        let last = Rc::new(Cell::new(0));
        let peak = Rc::clone(&last);
        let step = move |s: &[Var<f64>], k: usize| {
            let next = lorenz(s, 1e-4);
            if k.is_multiple_of(97) {
                let text = format!("{:?}", next[2]);
                let index = text.trim_end_matches(')').rsplit(' ').next().map(str::parse::<usize>);
                peak.set(peak.get().max(index.expect("a place").expect("a number")));
            }
            next
        };
        let end = sequence.run(&state, step);
        // Six variables, the sequence, three results.
        assert_eq!(tape.len(), 10);
        let bytes = tape.bytes();
        assert!(bytes < 200, "{bytes} bytes");
        let g = end[0].backward();
        assert_eq!((tape.len(), tape.bytes()), (10, bytes));
        assert!((10..40).contains(&last.get()), "entries on a step's tape: {}", last.get());
        // Against forward mode, which needs no tape at all.
        let duals = START.map(|x| if x == 28.0 { Dual::<f64>::variable(x) } else { Dual::constant(x) });
        let duals = plain(&duals, steps, |s, _| lorenz(s, 1e-4));
        assert_eq!(end[0].value().to_bits(), duals[0].value().to_bits());
        close("d x / d rho", g.wrt(state[4]), duals[0].tangent()[0], 1e-8);
    });
    thread.expect("a thread").join().expect("enough stack");
}

#[test]
fn second_derivatives() {
    let step = |s: &[Var<f64>], _: usize| lorenz(s, 0.01);
    for (steps, slots) in [(1, 1), (7, 2), (40, 3)] {
        let want = |s: &[Var<f64>]| plain(s, steps, step)[0] * s[3] + plain(s, steps, step)[2].sin();
        let got = move |s: &[Var<f64>]| {
            let end = Sequence::new(steps).slots(slots).run(s, step);
            end[0] * s[3] + end[2].sin()
        };
        let v = [0.3, -0.2, 0.5, 0.1, -0.7, 1.0];
        all_close("hessian", &hessian(got, &START), &hessian(want, &START), 1e-11);
        all_close("hvp", &hvp(got, &START, &v), &hvp(want, &START, &v), 1e-11);
        let (got, want) = (
            jvp(move |s| Sequence::new(steps).slots(slots).run(s, step), &START, &v),
            jvp(|s| plain(s, steps, step), &START, &v),
        );
        all_close("jvp", &got, &want, 1e-12);
    }
}

#[test]
fn third_derivatives_and_gradients_in_a_loss() {
    fn third(run: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) -> [f64; 6] {
        let tape = Tape::new();
        let s = tape.vars(&[0.7, 1.3]);
        let y = run(&s)[0];
        let dy = tape.grad(y, &s);
        // A gradient penalty: the value, its recorded gradient and the state go into one loss.
        let loss = y + dy[0].square() * s[1] + dy[1];
        let g = loss.backward();
        let ddy = tape.grad(dy[0], &s);
        let dddy = tape.grad(ddy[1], &s);
        [g.wrt(s[0]), g.wrt(s[1]), ddy[0].value(), ddy[1].value(), dddy[0].value(), dddy[1].value()]
    }
    let step = |s: &[Var<f64>], _: usize| [s[0] + 0.1 * (s[0] * s[1]).sin(), s[1]];
    let want = third(|s| plain(s, 12, step));
    let got = third(move |s| Sequence::new(12).slots(3).run(s, step));
    all_close("derivatives", &got, &want, 1e-12);
}

#[test]
fn second_derivatives_in_dual_numbers() {
    // Forward over reverse: the Hessian's column of rho, in bounded memory.
    let tape = Tape::<Dual<f64>>::new();
    let duals: Vec<Dual<f64>> =
        (0..6).map(|i| if i == 4 { Dual::variable(START[i]) } else { Dual::constant(START[i]) }).collect();
    let state = tape.vars(&duals);
    let end = checkpoint::sequence(&state, 60, |s, _| lorenz(s, 0.01));
    let g = end[0].backward();
    assert!(tape.len() <= 10);
    let column: Vec<f64> = state.iter().map(|&x| g.wrt(x).tangent()[0]).collect();
    let want = hessian(|s| plain(s, 60, |s, _| lorenz(s, 0.01))[0], &START);
    all_close("column", &column, want.column(4), 1e-11);
}

#[test]
fn what_is_handed_on() {
    let tape = Tape::new();
    let (x, p) = (tape.var(0.5), tape.var(2.0));
    let c = Var::constant(3.0);
    // A new value, twice; a parameter; a constant; a parameter that is dropped at step 2; one that is only passed on.
    let step = |s: &[Var<f64>], k: usize| {
        let next = s[0] * s[2] + s[3] * s[4];
        vec![next, next, s[2], s[3], if k == 2 { Var::constant(1.0) } else { s[4] }, s[5]]
    };
    let state = [x, x, p, c, p, x];
    let before = tape.len();
    let end = checkpoint::sequence(&state, 5, step);
    assert_eq!(tape.len(), before + 2, "the sequence and the one new value");
    let text = |x: Var<f64>| format!("{x:?}");
    assert_eq!([text(end[2]), text(end[5])], [text(p), text(x)]);
    assert_eq!(text(end[0]), text(end[1]));
    assert_eq!([text(end[3]), text(end[4])], ["Var(3.0, constant)", "Var(1.0, constant)"]);
    let want = plain(&state, 5, step);
    let loss = |s: &[Var<f64>]| (s[0] * s[1] + s[2]) * s[3] + s[4] * s[5] + 0.3 * p;
    let (got, want) = (loss(&end).backward(), loss(&want).backward());
    assert_eq!(bits(&[got.wrt(x), got.wrt(p)]), bits(&[want.wrt(x), want.wrt(p)]));
}

#[test]
fn nothing_to_record() {
    let tape = Tape::<f64>::new();
    let x = tape.var(1.0);
    let before = tape.len();
    let constants = [Var::constant(1.0), Var::constant(2.0)];
    let fibonacci = checkpoint::sequence(&constants, 30, |s, _| [s[1], s[0] + s[1]]);
    assert!(!fibonacci[0].is_tracked() && !fibonacci[1].is_tracked());
    assert_eq!(fibonacci[0].value(), 2_178_309.0);
    assert!(checkpoint::sequence(&[], 3, |_: &[Var<f64>], _| Vec::new()).is_empty());
    let swapped = checkpoint::sequence(&[x, constants[0]], 3, |s, _| [s[1], s[0]]);
    assert_eq!((swapped[1].backward().wrt(x), swapped[0].is_tracked()), (1.0, false));
    let cut = checkpoint::sequence(&[x], 3, |s, _| Var::constant(s[0].value()));
    assert!(!cut[0].is_tracked());
    assert_eq!(tape.len(), before);
}

#[test]
fn an_adjoint_of_zero_passes_nothing_on() {
    let tape = Tape::new();
    let x: Var<f64> = tape.var(0.0);
    let end = checkpoint::sequence(&[x, x], 3, |s, _| [s[0].sqrt(), s[1] + 1.0]);
    // The infinite slope of the square root is not met.
    assert_eq!((0.0 * end[0] + end[1]).backward().wrt(x), 1.0);
    assert_eq!((0.0 * end[1]).backward().wrt(x), 0.0);
    assert_eq!(end[0].backward().wrt(x), f64::INFINITY);
}

#[test]
fn tensors_in_a_step() {
    // A recurrent network's cell: matrix products inside, scalars outside.
    let cell = |s: &[Var<f64>], k: usize| {
        let (h, w) = (Tensor::from_vars(&s[..2], &[2, 1]), Tensor::from_vars(&s[2..], &[2, 2]));
        let h = (w.matmul(&h) + 0.1 * k as f64).tanh();
        [h.to_vars(), s[2..].to_vec()].concat()
    };
    let start = [0.1, -0.4, 0.8, 0.3, -0.5, 0.9];
    let loss = |_: &[Var<f64>], end: &[Var<f64>]| end[0] * end[1] + end[2];
    let want = derivatives(&start, |s| plain(s, 25, cell), loss);
    let got = derivatives(&start, |s| Sequence::new(25).slots(4).run(s, cell), loss);
    assert_eq!(got, want);
    let want = hessian(|s| loss(&[], &plain(s, 25, cell)), &start);
    let got = hessian(|s| loss(&[], &Sequence::new(25).slots(4).run(s, cell)), &start);
    all_close("hessian", &got, &want, 1e-12);
    // The sequence's results go into tensors as well.
    let tape = Tape::new();
    let s = tape.vars(&start);
    let joined = |end: Vec<Var<f64>>| Tensor::from_vars(&end, &[2, 3]).square().sum().backward();
    let (got, want) = (joined(checkpoint::sequence(&s, 25, cell)), joined(plain(&s, 25, cell)));
    assert!(s.iter().all(|&x| got.wrt(x).to_bits() == want.wrt(x).to_bits()));
}

#[test]
fn sequences_of_sequences() {
    let inner = |s: &[Var<f64>], _: usize| [s[0] + 0.01 * (s[1] * s[0]).cos(), s[1]];
    let nested = move |s: &[Var<f64>], _: usize| checkpoint::sequence(s, 30, inner);
    let start = [0.2, 1.1];
    let loss = |start: &[Var<f64>], end: &[Var<f64>]| end[0].square() + end[1] * start[0] * end[0];
    let want = derivatives(&start, |s| plain(s, 600, inner), loss);
    assert_eq!(derivatives(&start, move |s| Sequence::new(20).slots(3).run(s, nested), loss), want);
    // One after the other.
    let chained = |s: &[Var<f64>]| plain(s, 6, move |s, _| checkpoint::sequence(s, 100, inner));
    assert_eq!(derivatives(&start, chained, loss), want);
    let want = hessian(|s| loss(s, &plain(s, 600, inner)), &start);
    all_close("nested", &hessian(|s| loss(s, &checkpoint::sequence(s, 20, nested)), &start), &want, 1e-11);
    all_close("chained", &hessian(|s| loss(s, &chained(s)), &start), &want, 1e-11);
}

#[test]
fn variables_inside_variables() {
    let run = |checkpointed: bool| {
        let (outer, tape) = (Tape::<f64>::new(), Tape::<Var<f64>>::new());
        let u = outer.var(0.4);
        let x = tape.vars(&[u, Var::constant(1.5)]);
        let step = |s: &[Var<Var<f64>>], _: usize| [s[0] + (s[0] * s[1]).sin() * Var::constant(0.1), s[1]];
        let end = if checkpointed { Sequence::new(20).slots(2).run(&x, step) } else { plain(&x, 20, step) };
        let slope = end[0].backward().wrt(x[0]);
        [slope.value(), slope.backward().wrt(u)]
    };
    all_close("second derivative", &run(true), &run(false), 1e-13);
}

/// A random state: variables, some of them twice, and constants.
fn starts() -> impl Strategy<Value = Vec<(usize, f64)>> {
    prop::collection::vec((0..6_usize, -1.5..1.5), 1..6)
}

/// For each step in turn, how each element comes about.
fn rules() -> impl Strategy<Value = Vec<Vec<(usize, usize, usize)>>> {
    prop::collection::vec(prop::collection::vec((0..9_usize, any::<usize>(), any::<usize>()), 6), 1..4)
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn random_loops_to_the_bit(
        start in starts(), rules in rules(), steps in 0..40_usize, slots in 1..8_usize, uses in prop::collection::vec(any::<usize>(), 1..8)
    ) {
        let width = start.len();
        let step = move |s: &[Var<f64>], k: usize| {
            let rules = &rules[k % rules.len()];
            let mut next: Vec<Var<f64>> = Vec::with_capacity(width);
            for (j, &(kind, a, b)) in rules.iter().take(width).enumerate() {
                let (a, b) = (a % width, b % width);
                next.push(match kind {
                    0 => s[j],
                    1 => s[a],
                    2 => next.get(a).copied().unwrap_or(s[b]),
                    3 => Var::constant(0.25),
                    4 => (s[a] * s[b]).sin(),
                    5 => 0.5 * s[a] - s[b] * 0.3,
                    6 if s[a] > s[b] => s[a].cos() + next.first().copied().unwrap_or(s[a]),
                    7 => autodiff::dot(&[s[a], s[j]], &[s[b], s[a]]).tanh(),
                    _ => (s[a] + s[j] + s[b]).atan(),
                });
            }
            next
        };
        let values: Vec<f64> = start.iter().map(|&(_, value)| value).collect();
        // Element j is variable `which`, or a constant if there is none of that number.
        let state = |x: &[Var<f64>]| -> Vec<Var<f64>> {
            start.iter().map(|&(which, value)| x.get(which).copied().unwrap_or(Var::constant(value))).collect()
        };
        let loss = |s: &[Var<f64>], end: &[Var<f64>]| {
            uses.iter().fold(Var::constant(0.5), |sum, &k| {
                let x = if k % 3 == 0 { s[k / 3 % s.len()] } else { end[k / 3 % end.len()] };
                sum * 0.7 + x * (1.0 + (k % 5) as f64)
            }) + 0.0 * s[0]
        };
        let sequence = Sequence::new(steps).slots(slots);
        let got = derivatives(&values, |x| sequence.run(&state(x), step.clone()), loss);
        let want = derivatives(&values, |x| plain(&state(x), steps, &step), loss);
        prop_assert_eq!(got, want);
        let weigh = |x: &[Var<f64>], end: Vec<Var<f64>>| loss(x, &end).sin() * x[0];
        let got = hessian(|x| weigh(x, sequence.run(&state(x), step.clone())), &values);
        let want = hessian(|x| weigh(x, plain(&state(x), steps, &step)), &values);
        all_close("hessian", &got, &want, 1e-9);
    }
}

#[test]
fn newton_and_the_gradient_of_its_limit() {
    let root = |a: &[Var<f64>]| checkpoint::sequence(&[a[0], a[0]], 30, |s, _| [0.5 * (s[0] + s[1] / s[0]), s[1]])[0];
    close("first", grad(root, &[2.0])[0], 0.5 / 2.0_f64.sqrt(), 1e-15);
    close("second", hessian(root, &[2.0])[[0, 0]], -0.25 / 2.0_f64.powf(1.5), 1e-14);
    check::gradient(root, &[2.0]).assert_pass();
    check::hessian(root, &[2.0]).assert_pass();
}
