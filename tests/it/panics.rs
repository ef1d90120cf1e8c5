//! User code that panics or meddles in the middle: the tape is usable afterwards.

use std::rc::Rc;

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tape, Tensor, Var, checkpoint, fuse, grad, jvp, tensor};
use ndarray::{ArrayD, ArrayViewD, array};
use tests::raises;

/// An operation that panics in one of its halves.
struct Bomb {
    forward: bool,
}

impl Op<f64> for Bomb {
    fn name(&self) -> &'static str {
        "bomb"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        assert!(!self.forward, "boom");
        Ok(x[0].to_owned())
    }

    fn vjp(&self, _: &Vjp<'_, f64>) -> Grads<f64> {
        panic!("boom")
    }
}

/// What was recorded before still has its gradients, new recordings too, and nothing was left behind.
fn works(tape: &Tape<f64>, x: Var<f64>, t: &Tensor<f64>) {
    let before = tape.len();
    let y = x * x * 3.0 + t.square().sum().at([]);
    let g = y.backward();
    assert_eq!((g.wrt(x), g.wrt(t)), (6.0 * x.value(), array![2.0, 4.0].into_dyn()));
    let first = tape.grad(y, &[x])[0];
    assert_eq!(first.backward().wrt(x), 6.0);
    assert!(tape.len() > before);
}

#[test]
fn a_panic_in_the_middle_leaves_the_tape_usable() {
    let tape = Tape::new();
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    let cases: [(&str, &dyn Fn()); 12] = [
        ("forward", &|| drop(Tensor::apply(Bomb { forward: true }, &[&t]))),
        ("vjp", &|| drop(Tensor::apply(Bomb { forward: false }, &[&t]).expect("evaluates").sum().backward())),
        ("vjp, recorded", &|| {
            drop(tape.grad(Tensor::apply(Bomb { forward: false }, &[&t]).expect("evaluates").sum(), &[&t]));
        }),
        ("custom", &|| drop(Tensor::custom("bomb", &[&t], |_| panic!("boom"), |cx| cx.grad().clone().into()))),
        ("custom's vjp", &|| {
            drop(Tensor::custom("bomb", &[&t], |x| x[0].to_owned(), |_| panic!("boom")).sum().backward());
        }),
        ("hook", &|| drop(t.on_grad(|_| panic!("boom")).sum().backward())),
        ("rows", &|| drop(t.map_rows(|_| -> Vec<Var<f64>> { panic!("boom") }))),
        ("mask", &|| drop(t.mask(|_| panic!("boom")))),
        ("fused block", &|| {
            let _ = fuse([x], |[a]| if a < a + 1.0 { panic!("boom") } else { a });
        }),
        ("checkpoint", &|| drop(tensor::checkpoint(|_| -> Tensor<f64> { panic!("boom") }, &[&t]))),
        ("sequence", &|| drop(checkpoint::sequence(&[x], 5, |_, _| -> [Var<f64>; 1] { panic!("boom") }))),
        ("closures", &|| {
            drop(grad(|v| if v[0].value() > 0.0 { panic!("boom") } else { v[0] }, &[1.0]));
        }),
    ];
    for (name, action) in cases {
        raises(action, "boom");
        println!("{name}: survived");
        works(&tape, x, &t);
    }
}

#[test]
fn sweeps_within_sweeps() {
    let tape = Rc::new(Tape::new());
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    // A hook may sweep a tape of its own, and that one's hooks another.
    let nested = t.on_grad(|g| {
        let inner = Tape::new();
        let u = inner.tensor(g.clone());
        let v = u.on_grad(|g| {
            let slope = grad(|x| x[0].powi(3), &[2.0])[0];
            assert_eq!(slope, 12.0);
            g * slope
        });
        Tensor::constant(v.square().sum().backward().wrt(&u))
    });
    // The adjoint 1 becomes 12 · 2 · 1.
    assert_eq!(nested.sum().backward().wrt(&t), array![24.0, 24.0].into_dyn());
    works(&tape, x, &t);
    // But not the tape that is being swept, at any depth.
    let held = Rc::clone(&tape);
    let again = t.on_grad(move |g| {
        let inner = Tape::new();
        let (u, held) = (inner.tensor(g.clone()), Rc::clone(&held));
        let v = u.on_grad(move |g| {
            held.reset();
            g.clone()
        });
        Tensor::constant(v.sum().backward().wrt(&u))
    });
    let message = "`reset` was called on a tape while it is being swept: a vjp may use what its context gives it, or a tape \
                   of its own";
    raises(|| again.sum().backward(), message);
    works(&tape, x, &t);
}

/// A closure that resets another tape makes that tape's handles stale, and its own are none the worse.
#[test]
fn a_reset_inside_a_closure() {
    let stale = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a tape \
                 live until the next reset";
    let tape = Rc::new(Tape::new());
    let y = tape.var(3.0);
    let resets = |v: &[Var<f64>]| {
        tape.reset();
        v[0] * v[0]
    };
    assert_eq!(grad(resets, &[2.0]), [4.0]);
    assert_eq!(jvp(resets, &[2.0], &[1.0]), [4.0]);
    raises(|| y + 1.0, stale);
    raises(|| grad(|v| v[0] * y, &[2.0]), stale);
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    works(&tape, x, &t);
    // A tape that is reset while an operation on its tensors runs: they are stale when the result is to be recorded.
    let held = Rc::clone(&tape);
    let again = move |row: &[Var<f64>]| {
        held.reset();
        vec![row[0] * 2.0]
    };
    let stale = stale.replace("variable", "tensor");
    raises(|| t.map_rows(again), &stale);
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    works(&tape, x, &t);
}
