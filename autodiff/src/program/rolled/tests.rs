//! What is found in programs, as text: it stands in `found.txt`, by names. That it computes what the programs do is tested
//! elsewhere, by numbers.

use super::form::For;
use super::shown::shown;
use super::whole::Rolled;
use crate::{Program, Var, dot, logsumexp, sum};

fn found(wanted: For, inputs: usize, f: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) -> Option<(Program<f64>, Rolled<f64>)> {
    let x: Vec<f64> = (0..inputs).map(|i| 1.0 + 0.01 * i as f64).collect();
    let program = Program::record(|x| f(x), &x);
    let rolled = Rolled::find(program.code(), inputs, &program.outputs, &program.guards, false, wanted)?;
    Some((program, rolled))
}

/// What is expected under a name; a line that ends with an ellipsis is the beginning.
fn holds(name: &str, found: Option<Vec<String>>) {
    let found = found.unwrap_or_default();
    let sections = include_str!("found.txt").split("\n\n").filter_map(|section| section.split_once('\n'));
    let expected: Vec<&str> = sections.filter(|(own, _)| *own == name).flat_map(|(_, lines)| lines.lines()).collect();
    let is_so = |(line, expected): (&String, &&str)| match expected.strip_suffix('…') {
        Some(beginning) => line.starts_with(beginning),
        None => line == expected,
    };
    let is_so = found.len() == expected.len() && found.iter().zip(&expected).all(is_so);
    assert!(is_so, "{name}\n{}\nnot\n{}", found.join("\n"), expected.join("\n"));
}

fn has(name: &str, wanted: For, inputs: usize, f: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) {
    holds(name, found(wanted, inputs, f).map(|(_, rolled)| shown(&rolled)));
}

/// The same with tangents.
fn moves(name: &str, wanted: For, inputs: usize, f: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) {
    let made = found(wanted, inputs, f).and_then(|(program, rolled)| rolled.with_tangents(program.code()));
    holds(name, made.map(|rolled| shown(&rolled)));
}

/// Operations in an order in which nothing stands three times in a row.
fn straight(x: Var<f64>, count: usize) -> Var<f64> {
    (0..count as u32).fold(x, |y, k| if k.count_ones() % 2 == 0 { y.sin() } else { y.exp() })
}

fn map(f: fn(Var<f64>) -> Var<f64>) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| x.iter().map(|&x| f(x)).collect()
}

/// For each of so many trips.
fn each(trips: usize, f: impl Fn(usize, &[Var<f64>]) -> Var<f64>) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| (0..trips).map(|k| f(k, x)).collect()
}

/// So many trips in order, each with the state before it.
fn chain(trips: usize, f: impl Fn(Var<f64>, usize, &[Var<f64>]) -> Var<f64>) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| vec![(0..trips).fold(x[0], |y, k| f(y, k, x))]
}

/// The same with two states.
fn chain2(f: impl Fn(Var<f64>, Var<f64>) -> (Var<f64>, Var<f64>)) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| {
        let (a, b) = (0..14).fold((x[0], x[1]), |(a, b), _| f(a, b));
        vec![a, b]
    }
}

/// The states of a chain, of which these are read.
fn states(read: impl Fn(&[Var<f64>]) -> Vec<Var<f64>>) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| {
        let mut all = vec![x[0]];
        (0..14).for_each(|k| all.push((all[k] * x[1]).sin()));
        read(&all)
    }
}

/// Rows of so many values times a vector behind them all.
fn product(rows: usize, columns: usize) -> impl Fn(&[Var<f64>]) -> Vec<Var<f64>> {
    move |x| (0..rows).map(|i| dot(&x[i * columns..][..columns], &x[rows * columns..][..columns])).collect()
}

fn numbers(count: u32) -> impl Iterator<Item = Var<f64>> {
    (0..count).map(|k| Var::constant(f64::from(k)))
}

#[test]
fn trips_side_by_side() {
    has("eleven trips", For::Inputs, 11, map(|x| x.sin().exp()));
    has("twelve trips", For::Inputs, 12, map(|x| x.sin().exp()));
    let late = |x: &[Var<f64>]| [vec![x[0].exp()], map(|x| x.sin().exp())(x)].concat();
    has("begins within a body", For::Inputs, 12, late);
    let both =
        |x: &[Var<f64>]| [vec![x[0].ln()], map(|x| x.sin().exp().ln())(x), vec![x[0].cos(), x[1].cos()]].concat();
    has("begins within a body and ends within one", For::Inputs, 13, both);
    let other = |k: usize, x: &[Var<f64>]| {
        let (a, b) = (x[k].sin(), x[k].exp());
        if k < 13 { a * b * a } else { a * b * b }
    };
    has("another result of the same trip", For::Inputs, 28, each(28, other));
    let constant = |k: usize, x: &[Var<f64>]| sum([x[0], if k == 11 { Var::constant(2.0) } else { x[1] }, x[k + 2]]);
    has("a constant in one trip", For::Inputs, 28, each(26, constant));
    let earlier = |x: &[Var<f64>]| {
        let mut all: Vec<Var<f64>> = Vec::new();
        (0..28).for_each(|k| all.push(if k == 13 { all[3].sin() } else { x[k].sin() }));
        all
    };
    let eight = |x: Var<f64>, y: Var<f64>| [x.exp(), x.cos(), x.ln(), x.tan(), x.sinh(), x.cosh(), y.atan()];
    let late = |x: &[Var<f64>]| {
        let trips = x[..14].iter().flat_map(|&x| eight(x, x.sin()));
        eight(x[14], x[14]).into_iter().chain(trips).collect()
    };
    has("what a body begins with is read at its end", For::Inputs, 15, late);
    has("reads an earlier trip", For::Inputs, 28, earlier);
    has("other numbers of terms", For::Inputs, 27, each(24, |k, x| sum(&x[k..][..if k < 12 { 2 } else { 3 }])));
}

#[test]
fn lengths_of_bodies() {
    let long = |count: usize| {
        move |x: &[Var<f64>]| x.iter().map(|x| (1..count).fold(*x, |y, _| y.sin()).exp()).collect::<Vec<_>>()
    };
    has("a body of 48", For::Columns, 12, long(48));
    has("a body of 49", For::Columns, 12, long(49));
    has("a body of 128, in order", For::Inputs, 12, long(128));
    let found = found(For::Inputs, 12, long(129)).map(|(_, rolled)| shown(&rolled)).unwrap();
    assert_eq!(found.len(), 25);
    assert!(found.iter().take(24).step_by(2).all(|line| line.starts_with("chain 1 × 128")), "{found:?}");
}

#[test]
fn trips_in_order() {
    has("a chain of eleven", For::Inputs, 2, chain(11, |y, _, x| (y * x[1]).sin()));
    has("a chain of twelve", For::Inputs, 2, chain(12, |y, _, x| (y * x[1]).sin()));
    has("a chain of thirteen", For::Inputs, 2, chain(13, |y, _, x| (y * x[1]).sin()));
    has("a chain for columns", For::Columns, 2, chain(200, |y, _, x| (y * x[1]).sin()));
    has("two states", For::Inputs, 2, chain2(|a, b| ((b + a).sin(), a.exp())));
    let joined = |a: Var<f64>, b: Var<f64>| ((a + b.exp()).sin(), (a + b.exp()).sin());
    has("a result that begins as two", For::Inputs, 2, chain2(joined));
    has("two back", For::Inputs, 2, chain2(|a, b| (b, (a * b).sin())));
    has("begins anew", For::Inputs, 2, chain(28, |a, k, x| if k == 14 { x[1].sin() + a } else { a.sin() }));
    let one_behind = |x: &[Var<f64>]| {
        let a = (0..14).fold(x[0], |a, _| a.sin());
        vec![(0..14).fold(x[1], |a, _| a.sin()) + a]
    };
    let anew = |x: &[Var<f64>]| {
        let squares = |a: Var<f64>| (0..14).fold(a, |a, _| a * a);
        vec![squares(x[0]), squares(x[0] * x[1])]
    };
    has("begins anew with two", For::Inputs, 2, anew);
    let three_back = |x: &[Var<f64>]| {
        let (a, b, c) = (0..20).fold((x[0], x[1], x[2]), |(a, b, c), _| (b, c, (a * c).sin()));
        vec![a, b, c]
    };
    has("three back", For::Inputs, 3, three_back);
    has("one chain behind another", For::Inputs, 2, one_behind);
    has("the last state is read", For::Inputs, 2, states(|y| vec![y[14]]));
    has("the last state but one is read", For::Inputs, 2, states(|y| vec![y[13], y[14]]));
    has("the third state is read", For::Inputs, 2, states(|y| vec![y[3], y[14]]));
    has("a loop reads all states", For::Inputs, 2, states(map(|y| y.exp())));
    let guarded = |a: Var<f64>, _: usize, _: &[Var<f64>]| {
        let b = a.sin();
        assert!(b < 2.0);
        b * a
    };
    has("a guard in each trip", For::Inputs, 2, chain(14, guarded));
    let between = |x: &[Var<f64>]| {
        let a = (0..14).fold(x[0], |a, _| a.sin());
        let all = map(|x| x.sin())(x);
        [vec![(0..14).fold(a, |a, _| a.sin())], all].concat()
    };
    has("a loop between two halves", For::Inputs, 14, between);
    let products = |a: Var<f64>, k: usize, x: &[Var<f64>]| {
        dot(&x[8 * k + 1..][..8], [a, x[0], x[1], x[2], x[3], x[4], x[5], x[6]]) * (k as f64 + 2.0)
    };
    has("rows in order", For::Inputs, 97, chain(12, products));
    let after = |x: &[Var<f64>]| {
        let y = map(|x| x.sin())(x);
        vec![y.iter().fold(x[0], |a, y| a * *y)]
    };
    has("a chain behind a loop", For::Inputs, 14, after);
    has("two operations back", For::Inputs, 14, chain(14, |a, k, x| (a.sin() + x[k]).exp() * a));
}

#[test]
fn entries_by_themselves() {
    has("96 entries", For::Inputs, 1, |x| vec![straight(x[0], 96)]);
    has("97 entries", For::Inputs, 1, |x| vec![straight(x[0], 97)]);
    has("a sum of 31", For::Inputs, 31, |x| vec![sum(x).exp(), x[0].sin()]);
    has("a sum of 32", For::Inputs, 32, |x| vec![sum(x).exp(), x[0].sin()]);
    has("31 products", For::Inputs, 62, |x| vec![dot(&x[..31], &x[31..]).exp(), x[0].sin()]);
    has("32 products", For::Inputs, 64, |x| vec![dot(&x[..32], &x[32..]).exp(), x[0].sin()]);
    has("254 operands", For::Columns, 127, map(|x| x * x));
    has("256 operands", For::Columns, 128, map(|x| x * x));
    let half = |n: usize| move |x: &[Var<f64>]| [map(|x| x * x)(x), vec![straight(x[3] * x[3], n)]].concat();
    has("half of the operands are in loops", For::Columns, 64, half(128));
    has("less than half of the operands are in loops", For::Columns, 64, half(129));
    let parts = |n: usize| found(For::Native, 64, half(n)).map(|(_, rolled)| rolled.items.len());
    assert_eq!([parts(1024), parts(1025)], [Some(12), None]);
    let mixed = |x: &[Var<f64>]| {
        let first = x[0].sin() + x[1].exp();
        let total = sum(x.iter().map(|&x| x * first));
        vec![total, (total - first).ln()]
    };
    has("around a loop and a sum, for columns", For::Columns, 130, mixed);
    has("around a loop and a sum, for inputs", For::Inputs, 130, mixed);
    let largest = |x: &[Var<f64>]| vec![x[0].sin(), logsumexp(x), x[1].exp() * logsumexp(x)];
    has("an operation that loops do not have", For::Inputs, 3, largest);
    let behind = |x: &[Var<f64>]| {
        let y = map(|x| (x * 2.0).sin())(x);
        vec![logsumexp(&y), logsumexp([y[3].exp(), y[5], Var::constant(1.0)])]
    };
    has("such behind a loop", For::Columns, 100, behind);
}

#[test]
fn long_sums() {
    has("a break in the places", For::Inputs, 40, |x| vec![dot(x[..35].iter().chain(&x[3..5]), &x[3..40])]);
    has("a weighted sum", For::Inputs, 40, |x| vec![x.iter().zip(0..).map(|(x, i)| x * f64::from(i)).sum()]);
    let parts = |breaks: &'static [usize]| {
        let is_constant = |k| breaks.iter().filter(|&&at| at <= k).count() % 2 == 1;
        move |x: &[Var<f64>]| {
            vec![sum(numbers(40).zip(x).zip(0..).map(|((c, x), k)| if is_constant(k) { c } else { *x }))]
        }
    };
    has("three parts and constants", For::Inputs, 40, parts(&[8, 16, 24]));
    has("five parts", For::Inputs, 40, parts(&[8, 16, 24, 32]));
    has("six parts", For::Inputs, 40, parts(&[8, 16, 24, 32, 36]));
    has("squares and weights", For::Inputs, 40, |x| vec![dot(x, x[..20].iter().copied().chain(numbers(20)))]);
}

#[test]
fn sums_of_results() {
    let double = map(|x| x.sin() * 2.0);
    has("results that are summed up", For::Inputs, 32, |x| vec![sum(double(x))]);
    has("31 of them", For::Inputs, 31, |x| vec![sum(double(x))]);
    has("two sums", For::Inputs, 40, |x| vec![sum(double(x)), sum(map(|x| x.sin() + x.cos())(x))]);
    has("what is kept is summed up", For::Columns, 130, |x| vec![sum(map(|x| (x + 1.0).sin())(x)).ln()]);
    has("from the last to the first", For::Inputs, 40, |x| vec![sum(double(x).iter().rev())]);
    has("with a term in front", For::Inputs, 40, |x| vec![sum([x[0]].iter().chain(&double(x)))]);
    has("with a term behind", For::Inputs, 40, |x| vec![sum(double(x).iter().chain(&x[..1]))]);
    has("one of them twice", For::Inputs, 40, |x| vec![sum(double(x).iter().take(39).chain([&double(x)[39]; 2]))]);
    has("all but one", For::Inputs, 40, |x| vec![sum(&double(x)[1..])]);
    let first = |x: &[Var<f64>]| sum(double(x).iter().chain(&x[..1]));
    has("a sum and another one", For::Inputs, 40, |x| vec![first(x), sum(double(x))]);
    let single = |read: usize| {
        move |x: &[Var<f64>]| {
            let y = map(|x| x.sin() * 2.0)(x);
            vec![sum(&y).exp(), y[read]]
        }
    };
    has("the first is asked for", For::Inputs, 40, single(0));
    has("the last is asked for", For::Inputs, 40, single(39));
    let weighted = |weight: fn(usize) -> f64| {
        move |x: &[Var<f64>]| {
            let terms = x.iter().enumerate().map(|(k, &x)| [x.sin() * x, Var::constant(weight(k))]);
            let (a, b): (Vec<_>, Vec<_>) = terms.map(|[a, b]| (a, b)).unzip();
            vec![dot([x[0]].iter().chain(&a), [x[0]].iter().chain(&b))]
        }
    };
    has("results times one number", For::Inputs, 40, weighted(|_| 3.0));
    has("results times numbers", For::Inputs, 40, weighted(|k| k as f64 + 0.5));
    has("results times 1", For::Inputs, 40, weighted(|_| 1.0));
    has("weights first", For::Inputs, 40, |x| vec![dot(numbers(40), map(|x| x.sin() * 2.0)(x))]);
    let two = |x: &[Var<f64>]| [map(|x| x.sin() * 2.0)(&x[..40]), map(|x| x.exp() * 3.0)(&x[40..])];
    has("two loops in one sum", For::Inputs, 80, |x| vec![sum(two(x).concat())]);
    has("the second loop first", For::Inputs, 80, |x| vec![sum(two(x).iter().rev().flatten())]);
    let both = |x: &[Var<f64>]| {
        let (a, b): (Vec<_>, Vec<_>) = x.iter().map(|x| (x.sin() * 2.0, x.exp() * 3.0)).unzip();
        vec![sum(a.iter().chain(&b))]
    };
    has("two results of each trip", For::Inputs, 40, both);
    let other = |x: &[Var<f64>]| {
        let (a, b): (Vec<_>, Vec<_>) = x.iter().map(|x| (x.sin(), x.exp() * 3.0)).unzip();
        vec![sum(a[..1].iter().chain(&b)), a.iter().map(|&a| a * a).sum()]
    };
    has("another result of the first trip in front", For::Inputs, 40, other);
    let late = |x: &[Var<f64>]| {
        let y = map(|x| x.sin() * 2.0)(x);
        vec![sum([x[0].exp()].iter().chain(&y))]
    };
    has("a term in front that comes behind the loop", For::Inputs, 40, late);
    has("a constant in front", For::Inputs, 40, |x| vec![sum(numbers(8).skip(7).chain(double(x)))]);
    has("one entry and inputs", For::Inputs, 40, |x| vec![sum([x[0].exp()].iter().chain(x))]);
    has("results times inputs", For::Inputs, 40, |x| vec![dot(map(|x| x.sin() * 2.0)(x), x)]);
    let changing = |x: &[Var<f64>]| {
        let weights = x.iter().enumerate().map(|(k, x)| if k < 20 { Var::constant(3.0) } else { *x });
        vec![dot(map(|x| x.sin() * 2.0)(x), weights)]
    };
    has("numbers, then inputs", For::Inputs, 40, changing);
    has("their squares", For::Inputs, 40, |x| vec![double(x).iter().map(|&y| y * y).sum()]);
    has("their largest", For::Inputs, 40, |x| vec![logsumexp(double(x))]);
    let functions: [fn(Var<f64>) -> Var<f64>; 12] = [
        |x| x.sin(),
        |x| x.cos(),
        |x| x.exp(),
        |x| x.ln(),
        |x| x.sqrt(),
        |x| x.tanh(),
        |x| x.sinh(),
        |x| x.cosh(),
        |x| x.atan(),
        |x| x.tan(),
        |x| x.asinh(),
        |x| x.exp2(),
    ];
    let all = |x: &[Var<f64>]| {
        let y: Vec<_> = x.iter().flat_map(|&x| functions.map(|f| f(x))).collect();
        (0..12).map(|k| sum(y.iter().skip(k).step_by(12))).collect()
    };
    has("sums in a loop", For::Inputs, 32, all);
    moves("tangents of summed results", For::Inputs, 32, |x| vec![sum(map(|x| x.sin() * 2.0)(x))]);
    moves("tangents of summed sums", For::Inputs, 32, |x| vec![sum(map(|x| sum([x, Var::constant(2.0)]))(x))]);
}

#[test]
fn operands() {
    has("every other place", For::Inputs, 30, each(14, |k, x| x[2 * k] * x[29]));
    has("a table and a constant", For::Inputs, 30, each(14, |k, x| (x[k] - (k as f64 + 2.0)) / 3.0));
    has("a table before the variable", For::Inputs, 30, each(14, |k, x| (k as f64 - x[k]).sin() * 3.0));
    has("a constant before the variable", For::Inputs, 30, each(14, |k, x| (2.0 / x[k]).powf(k as f64 + 0.5)));
    has("two runs", For::Inputs, 40, each(24, |k, x| x[if k < 12 { k } else { k + 9 }].sin()));
    has("a run and one place", For::Inputs, 40, each(24, |k, x| x[if k < 12 { 39 } else { k }] * x[k]));
    has("places without order, read twice", For::Inputs, 30, each(16, |k, x| x[k * k % 30].sin() * x[k * k % 30]));
    let gathered = |k: usize, x: &[Var<f64>]| x[k * k % 31].sin() + x[k * 7 % 31] * x[k * 7 % 31] * x[k * k % 31 + 1];
    has("three orders of places", For::Inputs, 40, each(14, gathered));
    let runs = |k: usize, x: &[Var<f64>]| {
        let (a, b) = (x[if k < 12 { k } else { k + 9 }], x[if k < 13 { k + 1 } else { k + 11 }]);
        (a * b).sin() * b * a
    };
    has("two kinds of runs", For::Inputs, 40, each(24, runs));
    has("a table twice", For::Inputs, 30, each(14, |k, x| (x[k] * (k as f64 + 2.0)).sin() * (k as f64 + 2.0)));
    let one = |x: &[Var<f64>]| vec![map(|x| (x * 2.0).sin() * 3.0)(x)[3].exp(), sum(map(|x| (x * 2.0).sin() * 3.0)(x))];
    has("one result is read before the others", For::Inputs, 14, one);
    let guarded = |x: Var<f64>| {
        let a = x * 2.0;
        assert!(x < a);
        ((a + x).abs() - a).square()
    };
    has("a guard reads what would not be kept", For::Inputs, 14, map(guarded));
    let cheap =
        |k: usize, x: &[Var<f64>]| ((-(x[k] + x[0]) * x[1]).abs().square() - x[2]).relu() + sum([x[k], x[3], x[4]]);
    has("what is computed again rather than kept", For::Inputs, 30, each(14, cheap));
}

#[test]
fn rows() {
    has("rows of eight", For::Inputs, 13 * 8, product(12, 8));
    has("rows of seven", For::Inputs, 13 * 7, product(12, 7));
    has("the vector first", For::Inputs, 13 * 8, each(12, |k, x| dot(&x[96..][..8], &x[k * 8..][..8])));
    let bias = |k: usize, x: &[Var<f64>]| dot(x[k * 9..][..9].iter().chain([&x[108]]), numbers(9).chain([x[3]]));
    has("constants, and one more term", For::Inputs, 13 * 9, each(12, bias));
    has(
        "a row out of order",
        For::Inputs,
        108,
        each(12, |k, x| dot((0..8).map(|i| x[k * 8 + i * 3 % 8]), &x[96..][..8])),
    );
    has(
        "a vector out of order",
        For::Inputs,
        108,
        each(12, |k, x| dot(&x[k * 8..][..8], (0..8).map(|i| x[96 + i * 3 % 8]))),
    );
    let strides = |k: usize, x: &[Var<f64>]| dot((0..8).map(|i| x[k * [8, 16][i % 2] + i]), &x[200..][..8]);
    has("different strides", For::Inputs, 208, each(12, strides));
    let two = |k: usize, x: &[Var<f64>]| dot(x[k * 16..][..8].iter().chain(&x[k * 16 + 9..][..7]), &x[200..][..15]);
    has("a row and a shorter one", For::Inputs, 216, each(12, two));
    let mixed = |k: usize, x: &[Var<f64>]| {
        dot(&x[k * 16..][..8], x[200..][..4].iter().copied().chain(numbers(1)).chain(x[205..][..3].iter().copied()))
    };
    has("a constant within the vector", For::Inputs, 216, each(12, mixed));
    let turned = |k: usize, x: &[Var<f64>]| {
        dot(x[k * 8..][..8].iter().chain(&x[96..][..9]), x[105..][..8].iter().chain(&x[k * 9 + 113..][..9]))
    };
    has("the second vector first", For::Inputs, 113 + 12 * 9, each(12, turned));
}

#[test]
fn tangents() {
    moves("tangents of functions", For::Inputs, 12, map(|x| x.sin().exp()));
    moves("tangents of a chain", For::Inputs, 2, chain(12, |y, _, x| (y * x[1]).sin()));
    let sums =
        |x: &[Var<f64>]| [map(|x| sum([x, Var::constant(2.0)]))(x), each(13, |k, x| sum([x[0], x[k + 1]]))(x)].concat();
    moves("tangents of a chain of which two states are read", For::Inputs, 2, states(|y| vec![y[3], y[14]]));
    let term = |k: usize, x: &[Var<f64>]| sum([x[k], Var::constant(2.0)]).sin();
    moves("tangents of one term", For::Inputs, 14, each(14, term));
    moves("tangents of sums", For::Inputs, 14, sums);
    let shared = |x: &[Var<f64>]| x.iter().flat_map(|x| [x.sin() + 1.0, x.sin() + 2.0]).collect();
    moves("tangents that two have in common", For::Inputs, 14, shared);
    let products = |k: usize, x: &[Var<f64>]| dot(&x[k..][..3], [x[k + 13]].into_iter().chain(numbers(2)));
    moves("tangents of products", For::Inputs, 26, each(13, products));
    moves("tangents of rows times a vector", For::Inputs, 13 * 8, product(12, 8));
    moves("tangents of rows times constants", For::Inputs, 96, each(12, |k, x| dot(&x[k * 8..][..8], numbers(8))));
    moves("tangents of runs", For::Inputs, 40, each(24, |k, x| x[if k < 12 { k } else { k + 9 }].sin()));
    moves("tangents of places without order", For::Inputs, 30, each(16, |k, x| x[k * k % 30].sin()));
    moves("tangents of every other place", For::Inputs, 30, each(14, |k, x| (x[2 * k] - x[29]) / (k as f64 + 2.0)));
    moves("tangents of 97 entries", For::Inputs, 1, |x| vec![straight(x[0], 97)]);
    let interpreted = |x: &[Var<f64>]| vec![straight(sum(x.iter().map(|&x| x * x)), 98)];
    moves("tangents of what is interpreted", For::Columns, 130, interpreted);
    let wide = |n: usize| {
        move |x: &[Var<f64>]| vec![sum((0..n).map(|k| if k % 2 == 0 { x[k] } else { Var::constant(1.0) })).sin()]
    };
    moves("tangents of 4096 terms", For::Inputs, 4097, wide(4096));
    moves("tangents of 4097 terms", For::Inputs, 4097, wide(4097));
    moves("tangents of long sums", For::Inputs, 40, |x| vec![dot(x, x[..20].iter().copied().chain(numbers(20)))]);
    moves("tangents of weighted sums", For::Inputs, 32, |x| vec![dot(x, numbers(32)), Var::constant(3.0)]);
}

/// What no function records, but a file may have.
#[cfg(feature = "serde")]
#[test]
fn tangents_of_constants() {
    let constants = |count: usize, from: usize| -> Vec<_> {
        (from..from + count).map(|k| serde_json::json!({ "constant": k as f64 })).collect()
    };
    let trip = |k: usize| {
        let product = serde_json::json!([{ "entry": 2 + 3 * k }, { "entry": 3 + 3 * k }]);
        let operations =
            [("sum", constants(2, k)), ("dot", constants(4, k)), ("mul", product.as_array().unwrap().clone())];
        operations.map(|(name, operands)| serde_json::json!({ "name": name, "operands": operands }))
    };
    let mut operations: Vec<_> = (0..14).flat_map(trip).collect();
    operations.push(serde_json::json!({ "name": "sum", "operands": constants(40, 0) }));
    let written = serde_json::json!({
        "inputs": 2, "operations": operations, "outputs": [{ "entry": 4 }, { "entry": 43 }, { "entry": 44 }],
        "guards": [], "recorded_at": [1.0, 2.0],
    });
    let program: Program<f64> = serde_json::from_value(written).unwrap();
    let rolled = Rolled::find(program.code(), 2, &program.outputs, &program.guards, false, For::Inputs).unwrap();
    holds("tangents of constants", rolled.with_tangents(program.code()).map(|rolled| shown(&rolled)));
}
