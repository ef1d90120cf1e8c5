//! Random programs and random shapes.

use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tape, Tensor, Var, grad, hvp};
use ndarray::{ArrayD, Dimension, IxDyn};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::ops::View;
use tests::{all_close, close, constant_second, slopes};

/// The same cases on every run.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default() }
}

/// Middle and half width of an interval inside a row's domain and off its kinks.
pub(crate) fn domain(f: Unary) -> (f64, f64) {
    match f {
        Unary::Asin | Unary::Acos | Unary::Atanh | Unary::InvErf => (0.0, 0.8),
        Unary::Logit => (0.5, 0.4),
        Unary::Acosh => (2.5, 1.0),
        Unary::Ln1p => (0.8, 1.0),
        Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Fract => (0.25, 0.15),
        Unary::Tan => (0.0, 1.0),
        Unary::Ln | Unary::Log2 | Unary::Log10 | Unary::Sqrt | Unary::Cbrt | Unary::Recip => (1.5, 1.0),
        Unary::LnGamma | Unary::Digamma => (2.0, 1.0),
        Unary::Abs | Unary::Signum | Unary::Step | Unary::Relu => (-1.5, 1.0),
        _ => (0.0, 1.5),
    }
}

/// As [`domain`], for both operands.
pub(crate) fn domains(f: Binary) -> [(f64, f64); 2] {
    let (any, positive) = ((0.0, 1.5), (1.5, 1.0));
    match f {
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Powi | Binary::SphericalJn | Binary::LogAddExp => [any, any],
        Binary::Pow | Binary::Hypot | Binary::Chain => [positive, any],
        Binary::Copysign => [positive, (-1.5, 1.0)],
        Binary::Log => [positive, (3.0, 1.0)],
        Binary::Polygamma => [(2.0, 1.0), any],
        // Never equal, and never a multiple.
        Binary::Rem => [(0.5, 0.4), (1.5, 0.5)],
        Binary::Max | Binary::Min | Binary::AbsSub => [positive, (-0.5, 0.9)],
        _ => [any, positive],
    }
}

/// One step of a random program: a row and the places of its operands.
type Step = (usize, usize, usize);

/// Runs a program: every step appends a value; operands are led into the row's domain by a smooth map.
fn run<R: Real>(program: &[Step], x: &[R]) -> R {
    let mut values = x.to_vec();
    let into = |x: R, (middle, half): (f64, f64)| R::of(middle) + R::of(half) * x.sin();
    for &(row, a, b) in program {
        // Near the end of the list, so that programs are deep.
        let [a, b] = [a, b].map(|back| values[values.len() - 1 - back % 3]);
        let row = row % (Unary::ALL.len() + Binary::ALL.len());
        values.push(match row.checked_sub(Unary::ALL.len()) {
            None => into(a, domain(Unary::ALL[row])).unary(Unary::ALL[row]),
            Some(row) => {
                let f = Binary::ALL[row];
                let [da, db] = domains(f);
                let b = if constant_second(f) { R::of(3.0) } else { into(b, db) };
                into(a, da).binary(f, b)
            }
        });
    }
    values.into_iter().sum()
}

fn programs() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((any::<usize>(), any::<usize>(), any::<usize>()), 1..8)
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn programs_agree_in_all_modes(program in programs(), x in prop::array::uniform3(-2.0..2.0)) {
        let f = |x: &[Var<f64>]| run(&program, x);
        let reverse = grad(f, &x);
        let mut seeded = x.map(Dual::<f64, 3>::constant);
        for (i, x) in seeded.iter_mut().enumerate() {
            *x = Dual::new(x.value(), std::array::from_fn(|k| if i == k { 1.0 } else { 0.0 }));
        }
        let forward = run(&program, &seeded);
        prop_assert_eq!(forward.value().to_bits(), run(&program, &x).to_bits());
        all_close("forward", forward.tangent(), &reverse, 1e-12);
        all_close("numeric", &reverse, &slopes(|x| run(&program, x), &x), 1e-6);

        let v = [0.5, -1.0, 2.0];
        let along = hvp(f, &x, &v);
        let tape = Tape::new();
        let vars = tape.vars(&x);
        let first = tape.grad(f(&vars), &vars);
        all_close("recorded", &first.iter().map(|d| d.value()).collect::<Vec<_>>(), &reverse, 1e-12);
        let inner: Var<f64> = first.iter().zip(v).map(|(d, v)| *d * v).sum();
        // A program of steps and roundings has a constant gradient.
        let second = |x| if inner.is_tracked() { inner.backward().wrt(x) } else { 0.0 };
        all_close("reverse over reverse", &vars.iter().map(second).collect::<Vec<_>>(), &along, 1e-10);
        let nested = |i: usize| {
            let outer = |k: usize| if i == k { Dual::constant(1.0) } else { Dual::constant(0.0) };
            let x: [Dual<Dual<f64>>; 3] = std::array::from_fn(|k| Dual::new(Dual::new(x[k], [v[k]]), [outer(k)]));
            run(&program, &x).tangent()[0].tangent()[0]
        };
        all_close("forward over forward", &[nested(0), nested(1), nested(2)], &along, 1e-10);
    }
}

/// An operand for a common shape: some leading axes left out, some lengths 1, in some layout.
struct Operand {
    shape: Vec<usize>,
    view: View,
    leaf: Tensor<f64>,
    seen: Tensor<f64>,
}

impl Operand {
    fn new(tape: &Tape<f64>, common: &[usize], how: u16) -> Self {
        let drop = if how & 1 == 0 { 0 } else { usize::from(how >> 1 & 3).min(common.len()) };
        let narrow = |(axis, &len): (usize, &usize)| if how >> (3 + axis) & 1 == 1 { 1 } else { len };
        let shape: Vec<usize> = common.iter().enumerate().map(narrow).skip(drop).collect();
        let view = [View::Plain, View::Transposed, View::Sliced][usize::from(how >> 8) % 3];
        let leaf = tape.tensor(values(usize::from(how), &view.stored(&shape)));
        let seen = view.seen(&leaf);
        Self { shape, view, leaf, seen }
    }

    /// The element that stands at `index` of a broadcast result.
    fn place(&self, index: &[usize]) -> Vec<usize> {
        let tail = &index[index.len() - self.shape.len()..];
        tail.iter().zip(&self.shape).map(|(&i, &len)| if len == 1 { 0 } else { i }).collect()
    }

    /// The gradient of the leaf, seen as the operand is; the rest of the leaf got nothing.
    fn check(&self, what: &str, gradient: &Tensor<f64>, want: &ArrayD<f64>) {
        let seen = self.view.seen(gradient);
        assert_eq!(seen.shape(), want.shape(), "{what}");
        all_close(what, &seen.to_array(), want, 1e-13);
        close(what, gradient.sum().item(), want.sum(), 1e-12);
    }
}

/// Positive numbers without a pattern, no two of them equal.
pub(crate) fn values(seed: usize, shape: &[usize]) -> ArrayD<f64> {
    let mut state = seed as f64;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state += 0.618_033_988_749_894_9;
        0.5 + state.fract()
    })
}

/// The shape in which operands meet; an axis is 1 only where it is 1 in all.
fn meet(shapes: &[&[usize]]) -> Vec<usize> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let length = |axis: usize| {
        let lengths = shapes.iter().filter_map(|shape| shape.len().checked_sub(rank - axis).map(|at| shape[at]));
        lengths.fold(1, |all, len| if all == 1 { len } else { all })
    };
    (0..rank).map(length).collect()
}

pub(crate) fn shape() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1 => Just(0_usize), 2 => Just(1), 8 => 2..4_usize], 0..=4)
}

/// What a loss of the form `Σ w y` sends to the leaves, plain and recorded.
fn gradients(tape: &Tape<f64>, y: &Tensor<f64>, w: &ArrayD<f64>, leaf: &Tensor<f64>) -> [Tensor<f64>; 2] {
    let loss = (y * Tensor::constant(w.clone())).sum();
    let plain = loss.backward().tensor(leaf).expect("reached").clone();
    [plain, tape.grad(&loss, &[leaf]).remove(0)]
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn broadcasting(common in shape(), how in any::<[u16; 2]>(), row in 0..6_usize) {
        let f = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Pow, Binary::Max][row];
        let tape = Tape::new();
        let [a, b] = how.map(|how| Operand::new(&tape, &common, how));
        let y = a.seen.binary(f, &b.seen);
        let out = meet(&[&a.shape, &b.shape]);
        prop_assert_eq!(y.shape(), &out[..]);

        let (p, q) = (a.seen.to_array(), b.seen.to_array());
        let wide = |x: &ArrayD<f64>| x.broadcast(IxDyn(&out)).expect("broadcasts").to_owned();
        let (wide_p, wide_q) = (wide(&p), wide(&q));
        let want = ndarray::Zip::from(&wide_p).and(&wide_q).map_collect(|&x, &y| f.value(x, y));
        prop_assert_eq!(y.to_array(), want.clone());

        let w = values(3, &out) - 1.0;
        let (mut da, mut db) = (ArrayD::zeros(p.raw_dim()), ArrayD::zeros(q.raw_dim()));
        for (index, &y) in want.indexed_iter() {
            let (i, j) = (a.place(index.slice()), b.place(index.slice()));
            let (x, z) = (p[&i[..]], q[&j[..]]);
            da[&i[..]] += w[&index] * f.derivative_a(x, z, y);
            db[&j[..]] += w[&index] * f.derivative_b(x, z, y);
        }
        for (operand, want) in [(&a, &da), (&b, &db)] {
            for gradient in gradients(&tape, &y, &w, &operand.leaf) {
                operand.check(f.name(), &gradient, want);
            }
        }
    }

    #[test]
    fn sums_over_axes(common in shape(), how in any::<u16>(), over in any::<[bool; 4]>(), keep in any::<bool>()) {
        let tape = Tape::new();
        let x = Operand::new(&tape, &common, how);
        let axes: Vec<usize> = (0..x.shape.len()).filter(|&axis| over[axis]).collect();
        let y = x.seen.sum_axes(&axes, keep);
        let mut want = x.seen.to_array();
        for &axis in axes.iter().rev() {
            want = want.sum_axis(ndarray::Axis(axis));
            if keep {
                want = want.insert_axis(ndarray::Axis(axis));
            }
        }
        prop_assert_eq!(y.shape(), want.shape());
        all_close("sum", &y.to_array(), &want, 1e-13);
        let w = values(5, y.shape());
        let mut kept = w.clone();
        if !keep {
            for &axis in &axes {
                kept = kept.insert_axis(ndarray::Axis(axis));
            }
        }
        let want = kept.broadcast(IxDyn(&x.shape)).expect("an axis of 1 stretches").to_owned();
        for gradient in gradients(&tape, &y, &w, &x.leaf) {
            x.check("gradient of a sum", &gradient, &want);
        }
    }

    #[test]
    fn selections(common in shape(), how in any::<[u16; 3]>()) {
        let tape = Tape::new();
        let [m, a, b] = how.map(|how| Operand::new(&tape, &common, how));
        let mask = m.seen.mask(|x| x > 1.0);
        let y = Tensor::select(&mask, &a.seen, &b.seen);
        let out = meet(&[&m.shape, &a.shape, &b.shape]);
        prop_assert_eq!(y.shape(), &out[..]);
        let (mask, p, q, w) = (mask.to_array(), a.seen.to_array(), b.seen.to_array(), values(7, &out));
        let (mut da, mut db) = (ArrayD::zeros(p.raw_dim()), ArrayD::zeros(q.raw_dim()));
        for (index, &y) in y.to_array().indexed_iter() {
            let at = |operand: &Operand| operand.place(index.slice());
            let (i, j) = (at(&a), at(&b));
            if mask[&at(&m)[..]] == 1.0 {
                prop_assert_eq!(y, p[&i[..]]);
                da[&i[..]] += w[&index];
            } else {
                prop_assert_eq!(y, q[&j[..]]);
                db[&j[..]] += w[&index];
            }
        }
        for (operand, want) in [(&a, &da), (&b, &db)] {
            for gradient in gradients(&tape, &y, &w, &operand.leaf) {
                operand.check("select", &gradient, want);
            }
        }
    }
}
