//! Operations of a user's own: their rights, their mistakes, and what they may do during a sweep.

use std::cell::Cell;
use std::rc::Rc;

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Error, Result, Tape, Tensor};
use ndarray::{ArrayD, ArrayViewD, array};
use tests::{raises, raises_here};

/// `x³`, elementwise, with a vjp given as a closure.
struct Own<F>(F);

impl<F: Fn(&Vjp<'_, f64>) -> Grads<f64>> Op<f64> for Own<F> {
    fn name(&self) -> &'static str {
        "own"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        if x[0].is_empty() {
            return Err(Error::custom("own: nothing to do"));
        }
        Ok(x[0].mapv(|x| x * x * x))
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        (self.0)(cx)
    }
}

fn right(cx: &Vjp<'_, f64>) -> Grads<f64> {
    (3.0 * cx.input(0).square() * cx.grad()).into()
}

fn own(x: &Tensor<f64>, vjp: impl Fn(&Vjp<'_, f64>) -> Grads<f64> + 'static) -> Tensor<f64> {
    Tensor::apply(Own(vjp), &[x]).expect("has elements")
}

/// What a sweep does to a vjp's mistake: plain and recorded.
#[track_caller]
fn fails(vjp: impl Fn(&Vjp<'_, f64>) -> Grads<f64> + 'static, message: &str) {
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 2.0]);
    let y = own(&x, vjp).sum();
    raises(|| y.backward(), message);
    raises(|| tape.grad(&y, &[&x]), message);
    works(&tape, &x);
}

/// The tape is as good as new.
#[track_caller]
fn works(tape: &Tape<f64>, x: &Tensor<f64>) {
    let y = own(x, right).sum();
    assert_eq!(y.backward().wrt(x), array![3.0, 12.0].into_dyn());
    let first = &tape.grad(&y, &[x])[0];
    assert_eq!(first.sum().backward().wrt(x), array![6.0, 12.0].into_dyn());
    assert_eq!((x.at([1]) * 2.0).backward().wrt(x), array![0.0, 2.0].into_dyn());
}

#[test]
fn wrong_vjps() {
    let twice = |cx: &Vjp<'_, f64>| Grads::from([Some(cx.grad().clone()), None]);
    fails(twice, "own: vjp returned 2 gradients for 1 inputs");
    fails(|_| Grads::from(Vec::new()), "own: vjp returned 0 gradients for 1 inputs");
    let shape = "own: vjp returned a gradient of shape [3] for input 0 of shape [2]";
    fails(|_| Tensor::ones(&[3]).into(), shape);
    let shape = "own: vjp returned a gradient of shape [2, 0] for input 0 of shape [2]";
    fails(|_| Tensor::ones(&[2, 0]).into(), shape);
    fails(|_| panic!("boom"), "boom");
}

#[test]
fn forward_errors() {
    let tape = Tape::new();
    let x = tape.tensor(ndarray::Array1::zeros(0));
    let before = tape.len();
    let error = Tensor::apply(Own(right), &[&x]).expect_err("no elements");
    assert_eq!((error.to_string().as_str(), tape.len()), ("own: nothing to do", before));
}

#[test]
fn gradients_of_any_shape_that_broadcasts() {
    let tape = Tape::new();
    let x = tape.tensor(array![[1.0, 2.0]]);
    for (gradient, want) in [
        (Tensor::scalar(5.0), [5.0, 5.0]),
        (Tensor::constant(array![[7.0]]), [7.0, 7.0]),
        (Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]), [4.0, 6.0]),
        (Tensor::constant(array![[[1.0], [2.0]]]), [3.0, 3.0]),
    ] {
        let y = own(&x, move |_| gradient.clone().into()).sum();
        assert_eq!(y.backward().wrt(&x), ndarray::arr2(&[want]).into_dyn());
        assert_eq!(tape.grad(&y, &[&x])[0].to_array(), ndarray::arr2(&[want]).into_dyn());
    }
}

#[test]
fn no_gradient_and_no_need() {
    /// A product that counts the gradients it computes.
    struct Count(Rc<Cell<usize>>);

    impl Op<f64> for Count {
        fn name(&self) -> &'static str {
            "count"
        }

        fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
            Ok(&x[0] * &x[1])
        }

        fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
            assert_eq!((cx.arity(), cx.output().len()), (2, 1));
            let each = |i: usize| {
                cx.needs(i).then(|| {
                    self.0.set(self.0.get() + 1);
                    cx.grad() * cx.input(1 - i)
                })
            };
            Grads::from([each(0), each(1)])
        }
    }

    let count = Rc::new(Cell::new(0));
    let tape = Tape::new();
    let (x, z) = (tape.tensor(array![2.0]), tape.tensor(array![5.0]));
    let product = |a: &Tensor<f64>, b: &Tensor<f64>| Tensor::apply(Count(Rc::clone(&count)), &[a, b]).expect("fits");
    let y = product(&x, &z);
    assert_eq!((y.backward().wrt(&x)[0], count.take()), (5.0, 2));
    assert_eq!((tape.grad(&y, &[&z])[0].item(), count.take()), (2.0, 1));
    assert_eq!((product(&x, &z.detach()).backward().wrt(&x)[0], count.take()), (5.0, 1));
    assert_eq!((product(&x, &x).backward().wrt(&x)[0], count.take()), (4.0, 2));
    assert!(!product(&x.detach(), &z.detach()).is_tracked());
    // `None` cuts the path.
    let y = own(&x, |_| Grads::from([None]));
    assert!(y.backward().get(&x).is_none());
}

/// A rule written in terms of the result is differentiated through the result.
#[test]
fn second_order_through_the_output() {
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 2.0]);
    let y = own(&x, |cx| (3.0 * cx.output() / cx.input(0) * cx.grad()).into());
    let first = &tape.grad(y.sum(), &[&x])[0];
    let second = &tape.grad(first.sum(), &[&x])[0];
    assert_eq!(first.to_array(), array![3.0, 12.0].into_dyn());
    assert_eq!(second.to_array(), array![6.0, 12.0].into_dyn());
}

/// Something done to the tape that is being swept.
type Action = Box<dyn Fn(&Tape<f64>)>;

#[test]
fn a_tape_is_not_recorded_on_while_it_is_swept() {
    let rest = "a tape while it is being swept: a vjp may use what its context gives it, or a tape of its own";
    let tape = Rc::new(Tape::new());
    let x = tape.tensor(array![1.0, 2.0]);
    let v = tape.var(1.0);
    let refused = |action: Action, what: &str| {
        let held = Rc::clone(&tape);
        let y = own(&x, move |_| {
            action(&held);
            unreachable!("refused")
        });
        raises(|| y.sum().backward(), &format!("{what} {rest}"));
        works(&tape, &x);
    };
    refused(Box::new(move |_| assert!((v + 1.0).is_tracked())), "a scalar was recorded on");
    refused(Box::new(|tape| assert!(tape.var(1.0).is_tracked())), "a scalar was recorded on");
    refused(Box::new(|tape| drop(tape.tensor(array![1.0]))), "a scalar was recorded on");
    refused(Box::new(Tape::reset), "`reset` was called on");
    refused(Box::new(move |_| drop(v.backward())), "a gradient was asked of");
    refused(Box::new(move |tape| drop(tape.grad(v, &[v]))), "a gradient was asked of");
    let z = x.sum();
    refused(Box::new(move |_| drop(z.backward())), "a gradient was asked of");
    let z = x.sum();
    refused(Box::new(move |tape| drop(tape.grad(&z, &[&z]))), "a gradient was asked of");
}

#[test]
fn a_vjp_may_drop_its_own_tape() {
    let owner = Rc::new(Cell::new(Some(Tape::new())));
    let tape = owner.take().expect("just put there");
    let x = tape.tensor(array![1.0, 2.0]);
    let held = Rc::clone(&owner);
    let y = own(&x, move |cx| {
        // From here on the inputs are stale handles.
        let gradient = right(cx);
        drop(held.take());
        // Neither this tape nor the next takes over what is still being swept.
        let next = Tape::new();
        works(&next, &next.tensor(array![1.0, 2.0]));
        gradient
    });
    let y = y.sum();
    owner.set(Some(tape));
    assert_eq!(y.backward().wrt(&x), array![3.0, 12.0].into_dyn());
    let (next, second) = (Tape::<f64>::new(), Tape::<f64>::new());
    assert!(next.is_empty() && second.is_empty());
    works(&next, &next.tensor(array![1.0, 2.0]));
}

/// During a plain sweep, tensor operations on the tape's own tensors are not recorded.
#[test]
fn a_plain_sweep_leaves_no_trace() {
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 2.0]);
    let y = own(&x, |cx| {
        let g = right(cx);
        assert!(!cx.input(0).square().is_tracked() && !cx.input(0).at([0]).is_tracked());
        g
    });
    let y = y.sum();
    let before = tape.len();
    assert_eq!(y.backward().wrt(&x), array![3.0, 12.0].into_dyn());
    assert_eq!(tape.len(), before);
}

#[test]
fn a_vjp_may_sweep_another_tape() {
    let tape = Tape::new();
    let x = tape.tensor(array![1.0, 2.0]);
    let y = own(&x, |cx| {
        let inner = Tape::new();
        let x = inner.tensor(cx.input(0).clone());
        let g = (x.square() * &x).sum().backward().wrt(&x);
        let slope = autodiff::grad(|x| x[0].powi(3), &[2.0])[0];
        assert_eq!(slope, 12.0);
        (Tensor::constant(g) * cx.grad()).into()
    });
    assert_eq!(y.sum().backward().wrt(&x), array![3.0, 12.0].into_dyn());
    works(&tape, &x);
}

#[test]
fn a_panic_in_a_closure_leaves_the_pool_usable() {
    raises(|| autodiff::grad(|_| panic!("boom"), &[1.0]), "boom");
    raises(|| autodiff::tensor::grad(|_: &[Tensor<f64>]| panic!("boom"), &[Tensor::scalar(1.0)]), "boom");
    let tape = Tape::new();
    works(&tape, &tape.tensor(array![1.0, 2.0]));
    let x = tape.var(3.0);
    raises_here(|| x.clamp(x + 1.0, x), "clamp: the lower bound is 4, the upper 3; the lower must not be above");
    assert_eq!((x * x).backward().wrt(x), 6.0);
}
