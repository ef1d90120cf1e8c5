//! The rows of the elementwise table.

use autodiff::rules::{Binary, Unary};
use autodiff::{Real, Tape, Tensor};
use ndarray::{Array1, ArrayD};

use super::{Case, Domain, case};
use crate::random::{domain, domains};
use tests::{constant_second, has_vector_function, ulps};

fn interval((middle, half): (f64, f64)) -> Domain {
    Domain::Between(middle - half, middle + half)
}

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    let unary = Unary::ALL.iter().map(|&f| {
        let sets: &[&[&[usize]]] = &[&[&[2, 3]], &[&[]], &[&[0, 3]]];
        case(f.name(), sets, move |t| t[0].unary(f)).domains(&[interval(domain(f))])
    });
    let binary = Binary::ALL.iter().map(|&f| {
        let case = if constant_second(f) {
            // The exponent or order is an operand of its own.
            let sets: &[&[&[usize]]] = &[&[&[2, 3], &[]], &[&[], &[]], &[&[0, 3], &[]]];
            let method = move |t: &[Tensor<T>]| match f {
                Binary::Powi => t[0].powi(3),
                Binary::Polygamma => t[0].polygamma(3),
                Binary::SphericalJn => t[0].spherical_jn(3),
                _ => unreachable!("no other row has a constant operand"),
            };
            case(f.name(), sets, move |t| method(t) + (t[0].binary(f, &t[1])))
        } else {
            let sets: &[&[&[usize]]] = &[
                &[&[2, 3], &[2, 3]],
                &[&[2, 3], &[3]],
                &[&[2, 1], &[1, 3]],
                &[&[2, 1, 2], &[3, 1]],
                &[&[], &[2]],
                &[&[2], &[]],
                &[&[], &[]],
                &[&[0, 3], &[3]],
                &[&[2, 1], &[1, 0]],
            ];
            case(f.name(), sets, move |t| t[0].binary(f, &t[1]))
        };
        let [a, b] = domains(f).map(interval);
        match f {
            _ if constant_second(f) => case.domains(&[a, Domain::Parameter(3.0)]),
            // Kinks and jumps where both operands are the same.
            Binary::Max | Binary::Min | Binary::AbsSub | Binary::Rem => case.domains(&[a, b]).distinct(),
            // Defined for positive numbers, and for a base other than 1.
            _ => case.domains(&[a, b]).diagonal(Domain::Between(1.3, 2.4)),
        }
    });
    unary.chain(binary).collect()
}

/// At every check point of every row a tensor has the row's own value and derivative, bit for bit; `nesting` looks at
/// those that tensors compute in their own way.
#[test]
fn check_points() {
    let same = |what: &str, got: &ArrayD<f64>, want: Vec<f64>| {
        let bits = |x: &f64| x.to_bits();
        assert!(got.iter().map(bits).eq(want.iter().map(bits)), "{what}: got {got}, want {want:?}");
    };
    // Some rows' slopes are functions that tensors compute in their own way.
    let near = |what: &str, got: &ArrayD<f64>, want: Vec<f64>| {
        let far = got.iter().zip(want).find(|&(&got, want)| !(got.is_nan() && want.is_nan() || ulps(got, want) <= 6.0));
        assert!(far.is_none(), "{what}: {far:?}");
    };
    for &f in Unary::ALL.iter().filter(|&&f| !has_vector_function(f)) {
        let tape = Tape::new();
        let x = tape.tensor(Array1::from(f.points().to_vec()));
        let y = x.unary(f);
        same(f.name(), &y.to_array(), f.points().iter().map(|&x| f.value(x)).collect());
        let want = || f.points().iter().map(|&x| f.derivative(x, f.value(x))).collect();
        for found in [y.sum().backward().wrt_or_zeros(&x), tape.grad(y.sum(), &[&x])[0].to_array()] {
            if f == Unary::InvErf { near(f.name(), &found, want()) } else { same(f.name(), &found, want()) }
        }
    }
    for &f in Binary::ALL {
        let own = matches!(f, Binary::Log | Binary::Xlogy | Binary::Xlog1py | Binary::LogAddExp);
        let tape = Tape::new();
        let (a, b): (Vec<f64>, Vec<f64>) = f.points().iter().copied().unzip();
        let (a, b) = (tape.tensor(Array1::from(a)), tape.tensor(Array1::from(b)));
        let y = a.binary(f, &b);
        same(f.name(), &y.to_array(), f.points().iter().map(|&(a, b)| f.value(a, b)).collect());
        let gradients = y.sum().backward();
        let recorded = tape.grad(y.sum(), &[&a, &b]);
        for (i, x) in [&a, &b].into_iter().enumerate() {
            let slope = |&(a, b): &(f64, f64)| {
                let y = f.value(a, b);
                if i == 0 { f.derivative_a(a, b, y) } else { f.derivative_b(a, b, y) }
            };
            let want = || f.points().iter().map(slope).collect();
            for found in [gradients.wrt(x), recorded[i].to_array()] {
                if own { near(f.name(), &found, want()) } else { same(f.name(), &found, want()) }
            }
        }
    }
}
