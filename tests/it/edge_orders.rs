//! Every row of the table at every one of its edge points, and at more: all that computes derivatives computes the same ones, to
//! fourth order and in every order of the operands.

use autodiff::rules::{Algebra, Binary, Unary};
use autodiff::tensor::{Elem, Formula};
use autodiff::{Dual, Program, Real, Tape, Tensor, Var, fuse};
use tests::constant_second;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

type D1 = Dual<f64>;
type D2 = Dual<D1>;
type D3 = Dual<D2>;
type D4 = Dual<D3>;

/// A number that carries derivatives along so many directions.
trait Nested: Real {
    /// `x`, with its tangent in each direction.
    fn seed(x: f64, along: &[f64]) -> Self;

    /// The derivative along all directions.
    fn top(self) -> f64;
}

impl Nested for f64 {
    fn seed(x: f64, _: &[f64]) -> f64 {
        x
    }

    fn top(self) -> f64 {
        self
    }
}

impl<T: Nested> Nested for Dual<T> {
    fn seed(x: f64, along: &[f64]) -> Self {
        Self::new(T::seed(x, &along[1..]), [T::of(along[0])])
    }

    fn top(self) -> f64 {
        self.tangent()[0].top()
    }
}

#[derive(Clone, Copy, Debug)]
enum Row {
    One(Unary),
    Two(Binary),
}

impl Row {
    fn of<R: Real>(self, x: &[R]) -> R {
        match self {
            Self::One(f) => x[0].unary(f),
            Self::Two(f) => x[0].binary(f, x[1]),
        }
    }

    fn tensor(self, x: &[Tensor<f64>]) -> Tensor<f64> {
        match self {
            Self::One(f) => x[0].unary(f),
            Self::Two(f) => x[0].binary(f, &x[1]),
        }
    }

    fn elementwise(self, x: &[Tensor<f64>]) -> Tensor<f64> {
        match self {
            Self::One(f) => Tensor::elementwise(One(f), [&x[0]]),
            Self::Two(f) => Tensor::elementwise(Two(f), [&x[0], &x[1]]),
        }
    }
}

/// A row as a formula, for the rows that have edges.
struct One(Unary);

impl Formula<1> for One {
    const NAME: &'static str = "row";

    #[inline(always)]
    fn eval<A: Algebra>(&self, [x]: [Elem<A>; 1]) -> Elem<A> {
        match self.0 {
            Unary::Recip => x.recip(),
            Unary::Abs => x.abs(),
            Unary::Signum => x.signum(),
            Unary::Step => x.step(),
            Unary::Floor => x.floor(),
            Unary::Sqrt => x.sqrt(),
            Unary::Cbrt => x.cbrt(),
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Log2 => x.log2(),
            Unary::Log10 => x.log10(),
            Unary::Ln1p => x.ln_1p(),
            Unary::Asin => x.asin(),
            Unary::Acos => x.acos(),
            Unary::Tanh => x.tanh(),
            Unary::Acosh => x.acosh(),
            Unary::Atanh => x.atanh(),
            Unary::Sigmoid => x.sigmoid(),
            Unary::LogSigmoid => x.log_sigmoid(),
            Unary::Softplus => x.softplus(),
            Unary::Relu => x.relu(),
            Unary::InvErf => x.inv_erf(),
            Unary::LnGamma => x.ln_gamma(),
            Unary::Digamma => x.digamma(),
            Unary::Logit => x.logit(),
            Unary::Sinc => x.sinc(),
            f => unreachable!("{} has edges: write it here, too", f.name()),
        }
    }
}

struct Two(Binary);

impl Formula<2> for Two {
    const NAME: &'static str = "row";

    #[inline(always)]
    fn eval<A: Algebra>(&self, [a, b]: [Elem<A>; 2]) -> Elem<A> {
        match self.0 {
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Rem => a % b,
            Binary::Pow => a.powf(b),
            Binary::Log => a.log(b),
            Binary::Hypot => a.hypot(b),
            Binary::Atan2 => a.atan2(b),
            Binary::Max => a.max(b),
            Binary::Min => a.min(b),
            Binary::AbsSub => a.abs_sub(b),
            Binary::Copysign => a.copysign(b),
            Binary::Xlogy => a.xlogy(b),
            Binary::Xlog1py => a.xlog1py(b),
            Binary::LogAddExp => a.log_add_exp(b),
            f => unreachable!("{} has edges: write it here, too", f.name()),
        }
    }
}

/// A derivative: of a row at a point, with some operands constant, with respect to these operands one after the other.
struct Derivative<'a> {
    row: Row,
    at: &'a [f64],
    varies: &'a [bool],
    wrt: &'a [usize],
}

impl Derivative<'_> {
    /// The operands, with a tangent for each derivative but the first `reverse`.
    fn operands<T: Nested>(&self, reverse: usize) -> Vec<T> {
        let along = |i: usize| self.wrt[reverse..].iter().map(|&k| f64::from(u8::from(k == i))).collect::<Vec<_>>();
        self.at.iter().enumerate().map(|(i, &x)| T::seed(x, &along(i))).collect()
    }

    fn variables<T: Nested>(&self, tape: &Tape<T>, reverse: usize) -> Vec<Var<T>> {
        let one = |(x, &varies): (T, &bool)| if varies { tape.var(x) } else { Var::constant(x) };
        self.operands(reverse).into_iter().zip(self.varies).map(one).collect()
    }

    fn forward<T: Nested>(&self) -> f64 {
        self.row.of(&self.operands::<T>(0)).top()
    }

    /// So many derivatives recorded on a tape of `T`, whose tangents give the rest.
    fn recorded<T: Nested>(&self, reverse: usize) -> f64 {
        let tape = Tape::<T>::new();
        let x = self.variables(&tape, reverse);
        let next =
            |y: Var<T>, &i: &usize| if y.is_tracked() { tape.grad(y, &[x[i]])[0] } else { Var::constant(T::zero()) };
        self.wrt[..reverse].iter().fold(self.row.of(&x), next).value().top()
    }

    fn tensor(&self, f: fn(Row, &[Tensor<f64>]) -> Tensor<f64>) -> f64 {
        let tape = Tape::new();
        let one = |(&x, &varies): (&f64, &bool)| {
            let x = ndarray::array![x];
            if varies { tape.tensor(x) } else { Tensor::constant(x) }
        };
        let x: Vec<_> = self.at.iter().zip(self.varies).map(one).collect();
        let mut y = f(self.row, &x);
        for &i in self.wrt {
            y = if y.is_tracked() { tape.grad(y.sum(), &[&x[i]]).remove(0) } else { Tensor::zeros(&[1]) };
        }
        y.to_array()[0]
    }

    /// A replay's gradient and directional derivative, or its Hessian.
    fn program<T: Nested>(&self, reverse: usize) -> Vec<f64> {
        let x = self.operands::<T>(reverse);
        let free: Vec<usize> = (0..x.len()).filter(|&i| self.varies[i]).collect();
        let place = |i: usize| free.iter().position(|&k| k == i).expect("varies");
        let at: Vec<T> = free.iter().map(|&i| x[i]).collect();
        let run = |v: &[Var<T>]| {
            let mut all: Vec<Var<T>> = x.iter().map(|&x| Var::constant(x)).collect();
            free.iter().zip(v).for_each(|(&i, &v)| all[i] = v);
            self.row.of(&all)
        };
        let program = Program::record(run, &at);
        let i = place(self.wrt[0]);
        if reverse == 2 {
            return vec![program.hessian(&at).expect("the same way")[[i, place(self.wrt[1])]].top()];
        }
        let along: Vec<T> = (0..at.len()).map(|k| if k == i { T::one() } else { T::zero() }).collect();
        let gradient = program.gradient(&at).expect("the same way")[i];
        vec![gradient.top(), program.jvp(&at, &along).expect("the same way")[0].top()]
    }

    fn fused<T: Nested>(&self) -> f64 {
        let (tape, row) = (Tape::<T>::new(), self.row);
        let x = self.variables(&tape, 1);
        let y = match x[..] {
            [x] => fuse([x], move |x| row.of(&x)),
            [a, b] => fuse([a, b], move |x| row.of(&x)),
            _ => unreachable!("one or two operands"),
        };
        y.backward().wrt(x[self.wrt[0]]).top()
    }

    /// What each engine gives.
    fn by_all(&self) -> Vec<(String, f64)> {
        let order = self.wrt.len();
        let mut all = vec![
            (
                "duals".to_owned(),
                [Self::forward::<D1>, Self::forward::<D2>, Self::forward::<D3>, Self::forward::<D4>][order - 1](self),
            ),
            (
                "fuse".to_owned(),
                [Self::fused::<f64>, Self::fused::<D1>, Self::fused::<D2>, Self::fused::<D3>][order - 1](self),
            ),
            ("tensors".to_owned(), self.tensor(Row::tensor)),
        ];
        if !matches!(self.row, Row::Two(f) if constant_second(f)) {
            all.push(("elementwise!".to_owned(), self.tensor(Row::elementwise)));
        }
        for reverse in 1..=order {
            let deep = order - reverse;
            let recorded =
                [Self::recorded::<f64>, Self::recorded::<D1>, Self::recorded::<D2>, Self::recorded::<D3>][deep];
            all.push((format!("recorded {reverse} times, in {deep} duals"), recorded(self, reverse)));
            if reverse < 3 {
                let program =
                    [Self::program::<f64>, Self::program::<D1>, Self::program::<D2>, Self::program::<D3>][deep];
                all.extend(
                    program(self, reverse).into_iter().map(|y| (format!("program, {reverse} and {deep} duals"), y)),
                );
            }
        }
        all
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-8 * a.abs().max(b.abs())
}

/// The edge points, and points beside them at which a factor vanishes, a branch is chosen, or all is infinite.
fn points() -> Vec<(Row, Vec<f64>)> {
    let more = [
        (Binary::Mul, [0.0, INF]),
        (Binary::Rem, [6.0, 3.0]),
        (Binary::Pow, [-2.0, 3.0]),
        (Binary::Pow, [0.0, 3.0]),
        (Binary::Pow, [0.0, 4.0]),
        (Binary::Pow, [0.0, 2.5]),
        (Binary::Pow, [0.0, -1.0]),
        (Binary::Pow, [2.0, 0.0]),
        (Binary::Powi, [0.0, 0.0]),
        (Binary::Powi, [0.0, 1.0]),
        (Binary::Powi, [0.0, 2.0]),
        (Binary::Powi, [0.0, 3.0]),
        (Binary::Powi, [0.0, 4.0]),
        (Binary::Powi, [-2.0, 3.0]),
        (Binary::Polygamma, [0.0, 1.0]),
        (Binary::SphericalJn, [0.0, 0.0]),
        (Binary::SphericalJn, [0.0, 1.0]),
        (Binary::SphericalJn, [0.0, 3.0]),
        (Binary::Log, [0.0, 2.0]),
        (Binary::Log, [2.0, 1.0]),
        (Binary::Hypot, [0.0, -2.0]),
        (Binary::Hypot, [2.0, 0.0]),
        (Binary::Copysign, [2.0, 0.0]),
        (Binary::Max, [1.0, NAN]),
        (Binary::Xlogy, [0.0, -1.0]),
        (Binary::Xlogy, [2.0, -1.0]),
        (Binary::Xlog1py, [0.0, -3.0]),
        (Binary::Xlog1py, [2.0, -3.0]),
        (Binary::LogAddExp, [-INF, 3.0]),
        (Binary::LogAddExp, [3.0, INF]),
        (Binary::LogAddExp, [INF, -INF]),
        (Binary::LogAddExp, [NAN, 2.0]),
    ];
    let unary = Unary::ALL.iter().flat_map(|&f| f.edges().iter().map(move |&x| (Row::One(f), vec![x])));
    let binary = Binary::ALL.iter().flat_map(|&f| f.edges().iter().map(move |&(a, b)| (Row::Two(f), vec![a, b])));
    unary.chain(binary).chain(more.into_iter().map(|(f, x)| (Row::Two(f), x.to_vec()))).collect()
}

/// Where derivatives in both operands are limits that depend on the way, `inf · 0` on some: there an engine may say NaN. None may
/// give another number.
fn is_indefinite(derivative: &Derivative<'_>) -> bool {
    let both = derivative.varies == [true, true];
    let Row::Two(f) = derivative.row else { return false };
    both && match f {
        Binary::Pow => derivative.at[0] == 0.0,
        Binary::Xlogy | Binary::Xlog1py => derivative.wrt == [1, 1, 1, 0] && derivative.at[0] == 0.0,
        _ => false,
    }
}

#[test]
fn all_engines_agree_to_fourth_order() {
    let mut wrong = Vec::new();
    for (row, at) in points() {
        let masks: &[&[bool]] = match row {
            Row::One(_) => &[&[true]],
            Row::Two(f) if constant_second(f) => &[&[true, false]],
            Row::Two(_) => &[&[true, true], &[true, false], &[false, true]],
        };
        for &varies in masks {
            for order in 1..=4 {
                for code in 0..1 << order {
                    let wrt: Vec<usize> = (0..order).map(|k| code >> k & 1).collect();
                    if wrt.iter().any(|&i| !varies.get(i).is_some_and(|&varies| varies)) {
                        continue;
                    }
                    let derivative = Derivative { row, at: &at, varies, wrt: &wrt };
                    let (all, indefinite) = (derivative.by_all(), is_indefinite(&derivative));
                    let mut definite = all.iter().map(|&(_, y)| y).filter(|y| !indefinite || !y.is_nan());
                    if let Some(first) = definite.next()
                        && !definite.all(|y| same(y, first))
                    {
                        wrong.push(format!("{row:?} at {at:?}, varying {varies:?}, by {wrt:?}: {all:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// What they agree on.
#[test]
fn derivatives_at_edges_are_right() {
    let rows: &[(Row, &[f64], [f64; 4])] = &[
        (Row::Two(Binary::Pow), &[-2.0, 3.0], [12.0, -12.0, 6.0, 0.0]),
        (Row::Two(Binary::Pow), &[0.0, 4.0], [0.0, 0.0, 0.0, 24.0]),
        (Row::Two(Binary::Pow), &[0.0, 3.0], [0.0, 0.0, 6.0, 0.0]),
        (Row::Two(Binary::Pow), &[0.0, 2.0], [0.0, 2.0, 0.0, 0.0]),
        (Row::Two(Binary::Pow), &[0.0, 1.0], [1.0, 0.0, 0.0, 0.0]),
        (Row::Two(Binary::Pow), &[0.0, 0.0], [0.0; 4]),
        (Row::Two(Binary::Powi), &[0.0, 4.0], [0.0, 0.0, 0.0, 24.0]),
        (Row::Two(Binary::Hypot), &[0.0, 0.0], [0.0; 4]),
        (Row::Two(Binary::LogAddExp), &[-INF, -INF], [0.0; 4]),
        (Row::Two(Binary::LogAddExp), &[INF, 3.0], [1.0, 0.0, 0.0, 0.0]),
        (Row::Two(Binary::LogAddExp), &[3.0, INF], [0.0; 4]),
        (Row::Two(Binary::Xlogy), &[2.0, -1.0], [NAN, 0.0, 0.0, 0.0]),
        (Row::Two(Binary::Atan2), &[0.0, 0.0], [NAN; 4]),
        (Row::One(Unary::Recip), &[0.0], [-INF, INF, -INF, INF]),
        (Row::One(Unary::Sqrt), &[0.0], [INF, -INF, INF, -INF]),
        (Row::One(Unary::Ln), &[0.0], [INF, -INF, INF, -INF]),
        (Row::One(Unary::Exp), &[710.0], [INF; 4]),
        (Row::One(Unary::Sinc), &[0.0], [0.0, -1.0 / 3.0, 0.0, 0.2]),
    ];
    for &(row, at, want) in rows {
        let varies = if at.len() == 1 { &[true][..] } else { &[true, false] };
        for order in 1..=4 {
            let derivative = Derivative { row, at, varies, wrt: &[0; 4][..order] };
            for (how, got) in derivative.by_all() {
                let want = want[order - 1];
                assert!(same(got, want), "{row:?} at {at:?}, order {order}, {how}: got {got}, want {want}");
            }
        }
    }
}
