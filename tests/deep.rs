//! Programs so long that anything recursive would overflow: all in a thread with a small stack.
//!
//! A binary of its own, so that `scripts/asan` builds no more than this.

use autodiff::{Tape, Tensor, Var};
use ndarray::array;

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{got}, expected {want}");
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(work).expect("a thread");
    thread.join().expect("enough stack");
}

#[test]
fn ten_million_scalars() {
    on_a_small_stack(|| {
        let tape = Tape::new();
        let x = tape.var(1.0);
        let mut y = x;
        for k in 0..5_000_000 {
            y = (y + x) * (if k % 2 == 0 { 0.5 } else { 0.75 });
        }
        assert_eq!(tape.len(), 10_000_001);
        // y = (y + 1) c alternates between 1.4 and 1.8 in the end, and so does its derivative.
        let slope = y.backward().wrt(x);
        close(slope, y.value(), 1e-12);
        close(slope, 1.8, 1e-12);
    });
}

#[test]
fn a_long_chain_twice_differentiated() {
    on_a_small_stack(|| {
        let tape = Tape::new();
        let x = tape.var(0.5);
        let y = (0..100_000).fold(x, |y, _| y + x.square() * 1e-5);
        let first = tape.grad(y, &[x])[0];
        close(first.value(), 2.0, 1e-9);
        close(first.backward().wrt(x), 2.0, 1e-9);
    });
}

#[test]
fn long_chains_of_tensors() {
    on_a_small_stack(|| {
        let tape = Tape::new();
        let x = tape.tensor(array![1.0, 2.0]);
        let mut y = x.clone();
        for k in 0..100_000 {
            y = if k % 2 == 0 { -y } else { y + &x };
        }
        assert_eq!(tape.len(), 100_001);
        let g = y.sum().backward().wrt(&x);
        tape.reset();
        // -y + x, over and over: a sum of alternating signs that begins and ends with x itself.
        assert_eq!(g, array![1.0, 1.0].into_dyn());

        let x = tape.tensor(array![0.25, -0.5]);
        let (mut y, step) = (x.clone(), 1.0 / 5000.0);
        for _ in 0..5000 {
            y = y + x.square() * step;
        }
        let first = &tape.grad(y.sum(), &[&x])[0];
        first.to_array().iter().zip([1.5, 0.0]).for_each(|(&got, want)| close(got, want, 1e-9));
        first.sum().backward().wrt(&x).iter().for_each(|&got| close(got, 2.0, 1e-9));
    });
}

#[test]
fn fan_out() {
    on_a_small_stack(|| {
        let tape = Tape::new();
        let x = tape.var(3.0);
        let terms: Vec<Var<f64>> = (0..1_000_000).map(|_| x * 1.0).collect();
        let y: Var<f64> = terms.iter().sum();
        assert_eq!((y.value(), y.backward().wrt(x)), (3e6, 1e6));
        let shared: Var<f64> = std::iter::repeat_n(x, 1_000_000).sum();
        assert_eq!(shared.backward().wrt(x), 1e6);
        assert_eq!(tape.grad(shared.square(), &[x])[0].value(), 6e12);
        tape.reset();

        let x = tape.tensor(array![1.0, -2.0]);
        let y = (0..10_000).fold(Tensor::scalar(0.0), |sum, _| sum + x.square());
        assert_eq!(y.sum().backward().wrt(&x), array![2e4, -4e4].into_dyn());
        let many = vec![&x; 10_000];
        assert_eq!(Tensor::stack(&many, 0).sum().backward().wrt(&x), array![1e4, 1e4].into_dyn());
        assert_eq!(tape.tensor(ndarray::Array1::zeros(1_000_000)).to_vars().len(), 1_000_000);
    });
}
