#![allow(missing_docs)]
use autodiff::*;
use std::hint::black_box;
use std::time::Instant;
fn rosen<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        let a = w[1] - w[0] * w[0];
        let b = R::one() - w[0];
        f += R::of(100.0) * (a * a) + b * b;
    }
    f
}
fn speel<R: Real>(x: &[R]) -> R {
    x[1..].iter().fold(x[0], |p, &x| p * x)
}
fn sinexp<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        f += w[0].sin() * w[1].exp() + (R::one() + w[0] * w[0]).ln();
    }
    f
}
fn mlp<R: Real>(p: &[R], input: &[f64]) -> R {
    let (w1, rest) = p.split_at(64 * 64);
    let (b1, rest) = rest.split_at(64);
    let (w2, b2) = rest.split_at(64);
    let mut y = b2[0];
    for j in 0..64 {
        let mut s = b1[j];
        for k in 0..64 {
            s += w1[64 * j + k] * R::of(input[k]);
        }
        y += w2[j] * s.tanh();
    }
    let r = y - R::of(0.5);
    r * r
}
fn run(name: &str, ops: f64, x: &[f64], f: impl Fn(&[Var<f64>]) -> Var<f64>) {
    let tape = Tape::new();
    let (mut a, mut b, mut c) = (vec![], vec![], vec![]);
    for _ in 0..2000 {
        let t0 = Instant::now();
        tape.reset();
        let v = tape.vars(x);
        let t1 = Instant::now();
        let y = f(black_box(&v));
        let t2 = Instant::now();
        let g = y.backward();
        black_box(g.wrt(v[0]));
        drop(g);
        let t3 = Instant::now();
        a.push((t1 - t0).as_nanos() as f64);
        b.push((t2 - t1).as_nanos() as f64);
        c.push((t3 - t2).as_nanos() as f64);
    }
    let m = |v: &mut Vec<f64>| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2] / ops
    };
    println!("{name}: per op: leaves {:.2} record {:.2} sweep {:.2}", m(&mut a), m(&mut b), m(&mut c));
}
fn main() {
    let x: Vec<f64> = (0..1000).map(|i| (i as f64 + 1.0) / (i as f64 + 2.0)).collect();
    if std::env::args().len() < 2 {
        run("speel", 999.0, &x, speel);
    }
    if std::env::args().len() < 2 {
        run("rosen", 7992.0, &x, rosen);
    }
    run("sinexp", 7992.0, &x, sinexp);
    let p: Vec<f64> = (0..4225).map(|i| ((i * 37 % 101) as f64 - 50.0) / 400.0).collect();
    if std::env::args().len() < 2 {
        run("mlp", 8386.0, &p, |p| mlp(p, &x[..64]));
    }
}
