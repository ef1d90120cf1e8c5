//! The bits of the scalar rules: value and derivatives at every check point, in both precisions, as committed.
//!
//! What uses arithmetic and square roots only, or plain Rust code, has the same bits on every machine. The rest goes through
//! the standard library to the system's mathematical library, which may differ in the last places from machine to machine:
//! `autodiff::rules` says which. `GOLDEN=write cargo test -p tests --test it golden` writes the file anew.

use std::fmt::Write;
use std::path::Path;

use autodiff::Real;
use autodiff::rules::{Binary, Unary};

/// Whether value and derivative have the same bits everywhere.
fn portable(f: Unary) -> (bool, bool) {
    use Unary::{
        Abs, Acos, Asin, Atan, Ceil, Erf, Erfc, Floor, Fract, LnGamma, Neg, NormalLnPdf, Recip, Relu, Round, Signum,
        Sqrt, Square, Step, ToDegrees, ToRadians, Trunc,
    };
    let value = matches!(
        f,
        Abs | Ceil
            | Erf
            | Erfc
            | Floor
            | Fract
            | LnGamma
            | Neg
            | NormalLnPdf
            | Recip
            | Relu
            | Round
            | Signum
            | Sqrt
            | Square
            | Step
            | ToDegrees
            | ToRadians
            | Trunc
    );
    let slope = matches!(f, Acos | Asin | Atan) || value && !matches!(f, Erf | Erfc | LnGamma);
    (value, slope)
}

fn portable_binary(f: Binary) -> bool {
    use Binary::{AbsSub, Add, Chain, Copysign, Div, Max, Min, Mul, Rem, Sub};
    matches!(f, AbsSub | Add | Chain | Copysign | Div | Max | Min | Mul | Rem | Sub)
}

/// A line of the file: what, and for each number whether its bits are the same everywhere.
struct Line {
    key: String,
    numbers: Vec<(f64, bool)>,
}

fn lines<T: Real>(precision: &str, bits: impl Fn(f64) -> String) -> Vec<Line> {
    let mut all = Vec::new();
    for &f in Unary::ALL {
        let (value, slope) = portable(f);
        for x in f.points().iter().map(|&x| T::of(x)) {
            let y = x.unary(f);
            let numbers = vec![(y.primal(), value), (f.derivative(x, y).primal(), slope)];
            all.push(Line { key: format!("{precision},{},{}", f.name(), bits(x.primal())), numbers });
        }
    }
    for &f in Binary::ALL {
        let same = portable_binary(f);
        for (a, b) in f.points().iter().map(|&(a, b)| (T::of(a), T::of(b))) {
            let y = a.binary(f, b);
            let slopes = [f.derivative_a(a, b, y), f.derivative_b(a, b, y)];
            let numbers = [y, slopes[0], slopes[1]].map(|x| (x.primal(), same)).into();
            all.push(Line {
                key: format!("{precision},{},{} {}", f.name(), bits(a.primal()), bits(b.primal())),
                numbers,
            });
        }
    }
    all
}

/// NaN has one spelling: its payload is nobody's promise.
fn double(x: f64) -> String {
    if x.is_nan() { "nan".to_owned() } else { format!("{:016x}", x.to_bits()) }
}

fn single(x: f64) -> String {
    if x.is_nan() { "nan".to_owned() } else { format!("{:08x}", (x as f32).to_bits()) }
}

fn read(bits: &str) -> f64 {
    let number = |digits: &str| u64::from_str_radix(digits, 16).expect("hexadecimal digits");
    match bits.len() {
        3 => f64::NAN,
        8 => f64::from(f32::from_bits(number(bits) as u32)),
        _ => f64::from_bits(number(bits)),
    }
}

/// Units in the last place by which what the system computes may differ.
const SYSTEM: f64 = 8.0;

#[test]
fn golden_bits() {
    let doubles = lines::<f64>("f64", double).into_iter().map(|line| (line, double as fn(f64) -> String, f64::EPSILON));
    let singles = lines::<f32>("f32", single).into_iter();
    let singles = singles.map(|line| (line, single as fn(f64) -> String, f64::from(f32::EPSILON)));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/bits.csv");
    let write = std::env::var("GOLDEN").is_ok_and(|how| how == "write");
    let text = if write { String::new() } else { std::fs::read_to_string(&path).expect("data/bits.csv") };
    let (mut fresh, mut old, mut count) =
        (String::from("precision,row,arguments,value,derivatives\n"), text.lines(), 0);
    let header = old.next();
    for (line, bits, eps) in doubles.chain(singles) {
        let found: Vec<String> = line.numbers.iter().map(|&(x, _)| bits(x)).collect();
        writeln!(fresh, "{},{}", line.key, found.join(",")).expect("text");
        if write {
            continue;
        }
        let stored = old.next().unwrap_or_default();
        let rest = stored.strip_prefix(&format!("{},", line.key));
        let renew =
            "a row or point has changed; `GOLDEN=write cargo test -p tests --test it golden` writes the file anew";
        let Some(rest) = rest else { panic!("{} where the file has `{stored}`: {renew}", line.key) };
        for ((found, &(x, same)), stored) in found.iter().zip(&line.numbers).zip(rest.split(',')) {
            let want = read(stored);
            let near = (x - want).abs() <= SYSTEM * eps * want.abs().max(f64::MIN_POSITIVE) || x == want;
            let agrees = found == stored || !same && (near || x.is_nan() && want.is_nan());
            assert!(agrees, "{}: {x:e} ({found}) where the file has {want:e} ({stored})", line.key);
        }
        count += 1;
    }
    if write {
        std::fs::write(&path, fresh).expect("data/bits.csv");
    } else {
        assert_eq!((header, old.next()), (Some("precision,row,arguments,value,derivatives"), None));
        assert!(count > 700, "{count}");
    }
}
