//! Handles in the wrong place: stale, of another tape, constant, not scalar; and tapes that are full.

use autodiff::{Tape, Tensor, Var, dot, grad, hessian, hvp, jvp, logsumexp, tensor, vjp};
use ndarray::array;
use tests::{raises, raises_here};

const STALE: &str = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on \
                     a tape live until the next reset";
const STALE_TENSOR: &str = "stale handle: this tensor was recorded before its tape was reset or dropped; values \
                            recorded on a tape live until the next reset";

fn foreign(op: &str) -> String {
    format!(
        "{op}: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
         (`.value()`, `.detach()`)"
    )
}

fn foreign_tensor(op: &str) -> String {
    format!(
        "{op}: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
         (`.detach()`)"
    )
}

fn not_on_tape(what: &str) -> String {
    format!(
        "{what} was not recorded on this tape, or was recorded before the tape was reset; ask the tape it came from"
    )
}

fn constant_root(op: &str) -> String {
    format!(
        "{op}: the root is a constant: no tracked variable went into it, so there is nothing to differentiate; make \
         inputs with `tape.var` or `tape.tensor`"
    )
}

/// A stale scalar, alone and beside a good one.
fn refuses_scalar(old: Var<f64>, tape: &Tape<f64>) {
    let new = tape.var(1.0);
    let before = tape.len();
    raises_here(|| old + 1.0, STALE);
    raises_here(|| 1.0 - old, STALE);
    raises_here(|| old * new, STALE);
    raises_here(|| new * old, STALE);
    raises_here(|| -old, STALE);
    raises_here(|| old.sin(), STALE);
    raises_here(|| new.powf(old), STALE);
    raises_here(|| old.powi(2), STALE);
    raises_here(|| old.mul_add(new, new), STALE);
    raises_here(|| dot(&[new, old], &[new, new]), STALE);
    raises_here(|| logsumexp([old, new]), STALE);
    raises_here(|| old.backward(), STALE);
    raises_here(|| tape.grad(old, &[new]), STALE);
    raises_here(|| tape.grad(new, &[old]), STALE);
    raises_here(|| Tensor::from_vars(&[new, old], &[2]), STALE);
    raises_here(|| Tensor::<f64>::from(old), STALE);
    // The standard library's `sum` stands between.
    raises(|| [new, old].iter().sum::<Var<f64>>(), STALE);
    assert_eq!(tape.len(), before, "nothing of this was recorded");
    assert_eq!(old.value(), 2.0, "the value stays");
    raises_here(|| new.backward().wrt(old), &not_on_tape("the variable"));
}

fn refuses_tensor(old: &Tensor<f64>, tape: &Tape<f64>) {
    let new = &tape.tensor(array![1.0, 2.0]);
    raises_here(|| old + new, STALE_TENSOR);
    raises_here(|| new + old, STALE_TENSOR);
    raises_here(|| old.tanh(), STALE_TENSOR);
    raises_here(|| old.sum(), STALE_TENSOR);
    raises_here(|| old.matmul(new), STALE_TENSOR);
    raises_here(|| old.slice(ndarray::s![..1]), STALE_TENSOR);
    raises_here(|| old.transpose(), STALE_TENSOR);
    raises_here(|| old.softmax(0), STALE_TENSOR);
    raises_here(|| old.at([0]), STALE_TENSOR);
    raises_here(|| Tensor::concat(&[new, old], 0), STALE_TENSOR);
    raises_here(|| Tensor::select(new, new, old), STALE_TENSOR);
    raises_here(|| old.backward(), STALE_TENSOR);
    raises_here(|| old.backward_with(&Tensor::ones(&[2])), STALE_TENSOR);
    raises_here(|| tape.grad(new.sum(), &[old]), STALE_TENSOR);
    raises_here(|| new.sum().backward().wrt(old), &not_on_tape("the tensor"));
    assert_eq!(old.detach().sum().item(), 3.0, "the values stay");
}

#[test]
fn stale_after_reset() {
    let tape = Tape::new();
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    tape.reset();
    assert!(tape.is_empty());
    refuses_scalar(x, &tape);
    refuses_tensor(&t, &tape);
}

#[test]
fn stale_after_drop() {
    let tape = Tape::new();
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    drop(tape);
    raises_here(|| x + 1.0, STALE);
    raises_here(|| &t + 1.0, STALE_TENSOR);
    // The next tape takes over the memory, not the handles. A second one is certain to be in another place.
    let (tape, other) = (Tape::new(), Tape::new());
    refuses_scalar(x, &tape);
    refuses_tensor(&t, &tape);
    let (y, u) = (other.var(1.0), other.tensor(array![1.0, 2.0]));
    raises_here(|| x + y, STALE);
    raises_here(|| y + x, STALE);
    raises_here(|| &t + &u, STALE_TENSOR);
    raises_here(|| &u + &t, STALE_TENSOR);
}

#[test]
fn gradients_outlive_the_tape() {
    let tape = Tape::new();
    let (x, t) = (tape.var(2.0), tape.tensor(array![1.0, 2.0]));
    let g = (x * t.at([1])).backward();
    tape.reset();
    assert_eq!((g.wrt(x), g.wrt(&t)), (2.0, array![0.0, 2.0].into_dyn()));
    let x = tape.var(2.0);
    raises_here(|| g.wrt(x), &not_on_tape("the variable"));
}

#[test]
fn two_tapes() {
    let (here, there) = (Tape::new(), Tape::new());
    let (x, y) = (here.var(1.0), there.var(2.0));
    raises_here(|| x + y, &foreign("add"));
    raises_here(|| x.hypot(y), &foreign("hypot"));
    raises_here(|| x.mul_add(y, x), &foreign("mul_add"));
    raises_here(|| dot(&[x], &[y]), &foreign("dot"));
    raises_here(|| logsumexp([x, y]), &foreign("logsumexp"));
    raises_here(|| Tensor::from_vars(&[x, y], &[2]), &foreign("from_vars"));
    raises_here(|| here.grad(y, &[x]), &not_on_tape("the root"));
    raises_here(|| here.grad(x, &[y]), &not_on_tape("a variable"));
    raises_here(|| x.backward().wrt(y), &not_on_tape("the variable"));
    raises_here(|| x.backward().get(&y), &not_on_tape("the variable"));
    raises_here(|| x.backward().wrt(Var::constant(1.0)), &not_on_tape("the variable"));
    let (t, u) = (here.tensor(array![1.0]), there.tensor(array![2.0]));
    raises_here(|| &t * &u, &foreign_tensor("mul"));
    raises_here(|| t.matmul(&u), &foreign_tensor("matmul"));
    raises_here(|| Tensor::stack(&[&t, &u], 0), &foreign_tensor("concat"));
    raises_here(|| here.grad(&u, &[&t]), &not_on_tape("the root"));
    raises_here(|| here.grad(&t, &[&u]), &not_on_tape("a tensor"));
    raises_here(|| t.backward().wrt(&u), &not_on_tape("the tensor"));
    raises_here(|| t.backward().tensor(&Tensor::scalar(1.0)).is_none(), &not_on_tape("the tensor"));
    // A constant of another tape's value is fine.
    assert_eq!((x * y.value()).backward().wrt(x), 2.0);
    assert_eq!((&t * u.detach()).backward().wrt(&t)[0], 2.0);
}

#[test]
fn closures_that_return_a_variable_of_another_tape() {
    let tape = Tape::new();
    let y = tape.var(3.0).square();
    let message = &not_on_tape("an output");
    raises(|| grad(|_| y, &[1.0]), message);
    raises(|| hvp(|_| y, &[1.0], &[1.0]), message);
    raises(|| hessian(|_| y, &[1.0]), message);
    raises(|| jvp(|x| [x[0], y], &[1.0], &[1.0]), message);
    raises(|| vjp(|x| [y, x[0]], &[1.0], &[1.0, 1.0]), message);
}

#[test]
fn roots_that_cannot_be() {
    let tape = Tape::new();
    let (x, t) = (tape.var(1.0), tape.tensor(array![1.0, 2.0]));
    raises_here(|| Var::constant(1.0).backward(), &constant_root("backward"));
    raises_here(|| tape.grad(Var::constant(1.0), &[x]), &constant_root("grad"));
    let constant = Tensor::constant(array![1.0, 2.0]);
    raises_here(|| constant.sum().backward(), &constant_root("backward"));
    raises_here(|| constant.backward_with(&t), &constant_root("backward_with"));
    raises_here(|| tape.grad(Tensor::scalar(1.0), &[&t]), &constant_root("grad"));
    let rule = "but a gradient needs a scalar; reduce it with `.sum()` or `.mean()`, or pass a cotangent to \
                `backward_with`";
    raises_here(|| t.backward(), &format!("backward: the root has shape [2], {rule}"));
    raises_here(|| tape.grad(&t, &[&t]), &format!("grad: the root has shape [2], {rule}"));
    let fits = "backward_with: shapes [2] and [1] do not fit: the cotangent needs the root's shape";
    raises_here(|| t.backward_with(&Tensor::ones(&[1])), fits);
    // One element is a scalar, however many axes it has.
    assert_eq!(t.narrow(0, 1..2).expand(0).backward().wrt(&t), array![0.0, 1.0].into_dyn());
}

#[test]
fn what_no_gradient_reaches() {
    let tape = Tape::new();
    let (t, u) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![[3.0]]));
    let (x, y) = (tape.var(1.0), tape.var(2.0));
    let g = (t.sum() + u.detach().sum()).backward();
    let severed = |why: &str| {
        let asked = "if that is meant, ask with `get` or `wrt_or_zeros`";
        format!("no gradient reaches this tensor of shape [1, 1]: {why}; {asked}")
    };
    let unread = tape.tensor(array![[4.0]]);
    let nobody = severed("no recorded operation reads it");
    raises_here(|| tape.tensor(array![1.0]).sum().backward().wrt(&unread), &nobody);
    assert!(g.get(&u).is_none() && g.tensor(&u).is_none());
    assert_eq!(g.get(&t), Some(array![1.0, 1.0].into_dyn()));
    assert_eq!((y.square().backward().wrt(x), x.backward().wrt(y)), (0.0, 0.0));
    let later = tape.var(5.0);
    assert_eq!(g.wrt(later), 0.0);
    // A recorded gradient is 0 of the right shape.
    assert_eq!(tape.grad(t.sum(), &[&u])[0].to_array(), array![[0.0]].into_dyn());
    assert_eq!(tape.grad(x, &[y])[0].value(), 0.0);
    assert_eq!(tape.grad(x, &[later])[0].value(), 0.0);
    let later = tape.tensor(array![[3.0]]);
    raises_here(|| g.wrt(&later), &severed("it was recorded after the root"));
}

/// A recorded gradient is asked of the root, which knows its tape.
#[test]
fn gradients_without_a_tape_at_hand() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z, t) = (tape.var(2.0), tape.var(5.0), tape.tensor(array![1.0, 2.0]));
    let y = x.powi(3) * t.at([1]);
    let values = |y: &[Var<f64>]| y.iter().map(|y| y.value()).collect::<Vec<_>>();
    assert_eq!(values(&y.grad(&[x, z])), values(&tape.grad(y, &[x, z])));
    assert_eq!(y.grad(&[&t])[0].to_array(), array![0.0, 8.0].into_dyn());
    let s = (&t * Tensor::from(x)).square().sum();
    assert_eq!(s.grad(&[&t])[0].to_array(), tape.grad(&s, &[&t])[0].to_array());
    assert_eq!(values(&s.grad(&[x, z])), [20.0, 0.0]);
    assert_eq!(s.grad(&[x])[0].grad(&[x])[0].value(), 10.0);
    assert_eq!(s.grad(&[&t])[0].sum().grad(&[x])[0].value(), 24.0);
    // A constant does not depend on anything.
    assert_eq!(values(&Var::constant(1.0).grad(&[x, z])), [0.0, 0.0]);
    assert_eq!(Var::constant(1.0).grad(&[&t])[0].to_array(), array![0.0, 0.0].into_dyn());
    assert_eq!(Tensor::scalar(1.0).grad(&[&t])[0].to_array(), array![0.0, 0.0].into_dyn());
    assert_eq!(values(&Tensor::scalar(1.0).grad(&[x])), [0.0]);
    assert_eq!(t.sum().grad(&[&t])[0].sum().grad(&[&t])[0].to_array(), array![0.0, 0.0].into_dyn());
    // What cannot be.
    let rule = "but a gradient needs a scalar; reduce it with `.sum()` or `.mean()`, or pass a cotangent to \
                `backward_with`";
    raises_here(|| t.grad(&[&t]), &format!("grad: the root has shape [2], {rule}"));
    raises_here(|| Tensor::ones(&[2]).grad(&[&t]), &format!("grad: the root has shape [2], {rule}"));
    let (of_tensor, of_var) = (not_on_tape("a tensor"), not_on_tape("a variable"));
    raises_here(|| s.grad(&[&other.tensor(array![1.0])]), &of_tensor);
    raises_here(|| y.grad(&[other.var(1.0)]), &of_var);
    raises_here(|| s.grad(&[Tensor::scalar(1.0)]), &of_tensor);
    raises_here(|| Tensor::scalar(1.0).grad(&[Tensor::scalar(1.0)]), &of_tensor);
    raises_here(|| Var::constant(1.0).grad(&[Var::constant(1.0)]), &of_var);
    tape.reset();
    raises_here(|| y.grad(&[x]), STALE);
    raises_here(|| s.grad(&[&t]), STALE_TENSOR);
    raises_here(|| Var::constant(1.0).grad(&[x]), STALE);
    raises_here(|| Tensor::scalar(1.0).grad(&[&t]), STALE_TENSOR);
}

#[test]
fn wrong_counts() {
    let two = "2 values given where 1 are needed";
    let direction = "(a direction has one element for each variable)";
    raises_here(|| jvp(|x| x[0], &[1.0], &[1.0, 2.0]), &format!("jvp: {two} {direction}"));
    raises_here(|| hvp(|x| x[0], &[1.0], &[1.0, 2.0]), &format!("hvp: {two} {direction}"));
    raises_here(|| vjp(|x| x[0], &[1.0], &[1.0, 2.0]), &format!("vjp: {two} (one weight for each output)"));
    let t = [Tensor::constant(array![1.0, 2.0])];
    let none = "0 values given where 1 are needed (one direction for each input)";
    raises_here(|| tensor::jvp(|t| t[0].sum(), &t, &[]), &format!("jvp: {none}"));
    raises_here(|| tensor::hvp(|t| t[0].square().sum(), &t, &[]), &format!("hvp: {none}"));
    let lengths = "dot: shapes [1] and [0] do not fit: both vectors need the same length";
    raises_here(|| dot(&[Var::constant(1.0)], &[]), lengths);
}

#[test]
fn full_tapes() {
    let full = "the tape is full: 3 entries recorded, the limit is 3; split the work, or `reset` between steps";
    let tape = Tape::with_limit(3);
    for _ in 0..2 {
        let (x, t) = (tape.var(1.0), tape.tensor(array![1.0, 2.0]));
        let y = x.sin();
        raises_here(|| tape.var(2.0), full);
        raises_here(|| x + y, full);
        raises_here(|| x + 1.0, full);
        raises_here(|| dot(&[x], &[y]), full);
        raises_here(|| tape.tensor(array![1.0]), full);
        raises_here(|| t.sum(), full);
        raises_here(|| t.at([0]), full);
        raises_here(|| Tensor::from_vars(&[x], &[1]), full);
        raises(|| tape.grad(y, &[x]), full);
        assert_eq!((tape.len(), y.backward().wrt(x)), (3, 1.0_f64.cos()));
        tape.reset();
    }
    drop(tape);
    // The limit goes with the tape, not with its memory.
    let tape = Tape::<f64>::new();
    assert_eq!(tape.vars(&vec![0.0; 3000]).len(), tape.len());
    raises_here(
        || Tape::with_limit(0).var(1.0),
        "the tape is full: 0 entries recorded, the limit is 0; split the work, or `reset` between steps",
    );
}
