//! What may stand beside a tensor, a variable, a dual number: numbers, variables, tensors, with the same bits.

use autodiff::{Dual, Operand, Real, Tape, Tensor, Var};
use ndarray::{Array1, ArrayD, array};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{all_close, raises_here};

/// What records an entry: functions and operators with `s` as the second argument.
fn functions<T: Real, S: Operand<Tensor<T>> + Copy>(x: &Tensor<T>, s: S) -> Vec<Tensor<T>> {
    vec![
        x.powf(s),
        x.log(s),
        x.hypot(s),
        x.atan2(s),
        x.max(s),
        x.min(s),
        x.abs_sub(s),
        x.copysign(s),
        x.xlogy(s),
        x.xlog1py(s),
        x.log_add_exp(s),
        x + s,
        x.clone() - s,
        x * s,
        x.clone() / s,
        x % s,
        x.clamp(s, 2.0),
        Tensor::select(&x.greater(1.0), x, s),
        x.masked_fill(&x.less(1.0), s),
    ]
}

fn comparisons<T: Real, S: Operand<Tensor<T>> + Copy>(x: &Tensor<T>, s: S) -> Vec<Tensor<T>> {
    vec![x.less(s), x.less_equal(s), x.greater(s), x.greater_equal(s), x.equal(s), x.not_equal(s)]
}

fn bits(all: &[Tensor<f64>]) -> Vec<Vec<u64>> {
    all.iter().map(|t| t.to_array().iter().map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn numbers_give_the_bits_of_tensors_and_record_nothing() {
    let tape = Tape::new();
    let x = tape.tensor(array![0.3, 0.7, 1.9]);
    let scalar = Tensor::scalar(0.7);
    let (want, masks) = (bits(&functions(&x, &scalar)), bits(&comparisons(&x, &scalar)));
    let entries = tape.len() - 1;
    assert_eq!(entries, want.len());
    let check = |found: Vec<Tensor<f64>>, compared: Vec<Tensor<f64>>| {
        assert_eq!((bits(&found), bits(&compared)), (want.clone(), masks.clone()));
        assert!(found.iter().all(Tensor::is_tracked) && !compared.iter().any(Tensor::is_tracked));
    };
    let (number, variable) = (&0.7, &Var::constant(0.7));
    check(functions(&x, 0.7), comparisons(&x, 0.7));
    check(functions(&x, number), comparisons(&x, number));
    check(functions(&x, *variable), comparisons(&x, *variable));
    check(functions(&x, variable), comparisons(&x, variable));
    assert_eq!(tape.len(), 1 + 5 * entries);
    let left = [0.7 + &x, 0.7 - &x, 0.7 * &x, 0.7 / x.clone(), 0.7 % &x];
    let by_tensors = [&scalar + &x, &scalar - &x, &scalar * &x, &scalar / &x, &scalar % &x];
    assert_eq!(bits(&left), bits(&by_tensors));
    let v = *variable;
    let by_variables = [v + &x, v - &x, variable * &x, variable / x.clone(), v % &x];
    assert_eq!(bits(&left), bits(&by_variables));
    assert_eq!(tape.len(), 1 + 5 * entries + 15);
}

#[test]
fn single_precision() {
    let x = Tensor::from(vec![0.3_f32, 0.7, 1.9]);
    let all = |t: &[Tensor<f32>]| t.iter().map(|t| t.to_array().mapv(f32::to_bits)).collect::<Vec<_>>();
    assert_eq!(all(&functions(&x, 0.7)), all(&functions(&x, 0.7_f32)));
    assert_eq!(all(&functions(&x, 0.7)), all(&functions(&x, &Tensor::scalar(0.7))));
    // Literals beside tensors need no type, and what comes out has one.
    assert_eq!((&x * 2.0).max(1.0).sum().item(), (2.0_f32 * &x).max(1.0).sum().item());
    let y: Tensor<f32> = 0.5 * &x + (1.0 - &x) * &x;
    assert_eq!(y.shape(), [3]);
}

/// `1 - z`, `0.5 x`, `max(x, 0)` as one writes them.
fn gate<T: Real>(z: &Tensor<T>, h: &Tensor<T>, own: T) -> Tensor<T> {
    ((1.0 - z) * h + z * h.max(0.0) * 0.5 + 0.5 * z / 2.0 - own * T::of(0.5)).clamp(-10.0, 10.0)
}

fn through<T: Real>(z: &Array1<f64>, h: &Array1<f64>) -> ArrayD<f64> {
    let [z, h] = [z, h].map(|x| Tensor::constant(x.mapv(T::of)));
    gate(&z, &h, T::of(2.0)).to_array().mapv(T::primal)
}

#[test]
fn code_generic_over_the_number() {
    let (z, h) = (array![0.25, 0.5], array![2.0, -4.0]);
    let want = array![1.5 + 0.25 + 0.0625 - 1.0, -2.0 + 0.125 - 1.0].into_dyn();
    assert_eq!(through::<f64>(&z, &h), want);
    assert_eq!(through::<f32>(&z, &h), want);
    assert_eq!(through::<Dual<f64, 2>>(&z, &h), want);
    assert_eq!(through::<Var<f64>>(&z, &h), want);
    assert_eq!(through::<Dual<Var<f32>>>(&z, &h), want);
}

#[test]
fn variables_beside_tensors() {
    let tape = Tape::new();
    let (x, v) = (tape.tensor(array![1.0, 2.0]), tape.var(3.0));
    let y = (v * &x - x.powf(v)).sum();
    let g = y.backward();
    assert_eq!(g.wrt(&x), array![0.0, 3.0 - 12.0].into_dyn());
    all_close("dy/dv", &[g.wrt(v)], &[3.0 - 8.0 * 2.0_f64.ln()], 1e-15);
    // Recorded, and again.
    let dv = tape.grad(&y, &[v])[0];
    let g = dv.backward();
    all_close("d2y/dv2", &[g.wrt(v)], &[-8.0 * 2.0_f64.ln().powi(2)], 1e-15);
    all_close("d2y/dvdx", &g.wrt(&x), &[1.0 - 1.0, 1.0 - (4.0 + 12.0 * 2.0_f64.ln())], 1e-15);
    // The elements of a tensor are variables.
    let z = x.at([1]) * &x;
    assert_eq!(z.sum().backward().wrt(&x), array![2.0, 3.0 + 2.0].into_dyn());
    // Numbers that are variables, and variables of them.
    let outer = Tape::<Var<f64>>::new();
    let x = outer.tensor(array![1.0, 2.0].mapv(|x| tape.var(x)));
    let (inner, own) = (tape.var(3.0), outer.var(tape.var(5.0)));
    let y = ((own * &x).max(inner) + 1.0).sum();
    assert_eq!(y.item().value(), 5.0 + 10.0 + 2.0);
    assert_eq!(y.backward().wrt(own).value(), 3.0);
}

#[test]
fn variables_and_duals_with_numbers() {
    let tape = Tape::<f32>::new();
    let (x, c) = (tape.var(0.3), Var::constant);
    let same = &x;
    let found =
        [x.powf(2.0), x.max(0.0), x.min(same), x.hypot(0.5_f32), x.atan2(0.5), x.log_add_exp(1.0), x.clamp(0.0, 1.0)];
    let want = [x.powf(c(2.0)), x.max(c(0.0)), x.min(x), x.hypot(c(0.5)), x.atan2(c(0.5)), x.log_add_exp(c(1.0)), x];
    assert_eq!(found, want);
    assert_eq!(tape.len(), 1 + 6 + 6);
    assert_eq!(x.powf(2.0).backward().wrt(x), 0.6);
    let d = Dual::<f64, 2>::new(0.5, [1.0, 0.0]);
    assert_eq!(d.powf(2.0).tangent(), &[1.0, 0.0]);
    assert_eq!(d.max(0.75).max(d).min(d).tangent(), d.max(Dual::constant(0.75)).max(d).min(d).tangent());
    assert_eq!([d, d + 1.0].into_iter().reduce(Dual::max).map(Dual::value), Some(1.5));
    let outer = Tape::<Var<f32>>::new();
    let z = outer.var(x);
    assert_eq!(z.hypot(4.0).max(x).min(2.0).value().value(), 2.0);
}

#[test]
fn variables_of_other_tapes() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, v) = (tape.tensor(array![1.0, 2.0]), other.var(3.0));
    let message = "mul: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
                   (`.detach()`)";
    raises_here(|| &x * v, message);
    raises_here(|| v * &x, message);
    raises_here(|| x.clamp(2.0, v - 2.5), "clamp: the lower bound is 2, the upper 0.5; the lower must not be above");
}

#[test]
fn constants() {
    assert_eq!(Tensor::<f32>::eye(2).to_array(), array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
    assert_eq!(Tensor::<f64>::eye(0).shape(), [0, 0]);
    let list = |x: Tensor<f64>| x.to_array().into_raw_vec_and_offset().0;
    assert_eq!(list(Tensor::arange(0.0, 1.0, 0.3)), [0.0, 0.3, 0.6, 0.3 * 3.0]);
    assert_eq!(list(Tensor::arange(3.0, 1.0, -1.0)), [3.0, 2.0]);
    assert!(Tensor::arange(0.0, -1.0, 1.0).is_empty() && Tensor::arange(1.0, 1.0, 1.0).is_empty());
    assert_eq!(list(Tensor::linspace(0.0, 0.7, 8))[7], 0.7);
    assert_eq!(list(Tensor::linspace(1.0, -1.0, 5)), [1.0, 0.5, 0.0, -0.5, -1.0]);
    assert_eq!(list(Tensor::linspace(3.0, 9.0, 1)), [3.0]);
    assert!(Tensor::linspace(3.0, 9.0, 0).is_empty());
    assert_eq!(Tensor::from(vec![1.0, 2.0]).shape(), [2]);
    assert_eq!(Tensor::from(Vec::<f64>::new()).shape(), [0]);
}

#[test]
fn random_numbers() {
    let draw = |seed| Tensor::<f64>::randn(&[200, 200], &mut ChaCha8Rng::seed_from_u64(seed));
    let x = draw(3);
    assert_eq!(x.to_array(), draw(3).to_array());
    assert_ne!(x.to_array(), draw(4).to_array());
    // Moments 1 to 4 are 0, 1, 0, 3, and a share of 0.0455 lies beyond two deviations: 40,000 draws.
    let moment = |n| x.powi(n).mean().item();
    all_close("moments", &[1, 2, 3, 4].map(moment), &[0.0, 1.0, 0.0, 3.0], 0.08);
    all_close("tails", &[x.abs().greater(2.0).mean().item()], &[0.0455], 0.005);
    // Single precision has the same numbers, rounded.
    let single = Tensor::<f32>::randn(&[200, 200], &mut ChaCha8Rng::seed_from_u64(3)).to_array();
    assert_eq!(single, x.to_array().mapv(|x| x as f32));
    let u = Tensor::rand_uniform(&[40_000], -1.0, 3.0, &mut ChaCha8Rng::seed_from_u64(5));
    let (low, high) = (u.min_all().item(), u.max_all().item());
    assert!((-1.0..-0.999).contains(&low) && (2.999..=3.0).contains(&high), "{low} {high}");
    all_close("mean and variance", &[u.mean().item(), u.var(0).item()], &[1.0, 16.0 / 12.0], 0.03);
    let same = Tensor::rand_uniform(&[2], 0.5, 0.5, &mut ChaCha8Rng::seed_from_u64(5));
    assert_eq!(same.to_array(), array![0.5, 0.5].into_dyn());
    assert_eq!(Tensor::<f64>::randn(&[0, 3], &mut ChaCha8Rng::seed_from_u64(5)).shape(), [0, 3]);
}
