//! Softmax and its relatives.

use autodiff::Real;

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("softmax", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].softmax(1)).between(-2.0, 2.0),
        case("softmax", &[&[&[2, 3, 2]], &[&[3]]], |t| t[0].softmax(0)),
        case("log_softmax", &[&[&[2, 3]], &[&[2, 3, 2]], &[&[2, 0]]], |t| t[0].log_softmax(1)).between(-2.0, 2.0),
        case("logsumexp", &[&[&[2, 3]], &[&[3]], &[&[3, 0]]], |t| t[0].logsumexp(0)),
        case("logsumexp", &[&[&[2, 3]]], |t| t[0].logsumexp(1)).between(-2.0, 2.0),
        case("logsumexp_axes", &[&[&[2, 3, 2]], &[&[2, 3, 0]]], |t| t[0].logsumexp_axes(&[2, 0], true)).between(-2.0, 2.0),
        case("logsumexp_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].logsumexp_axes(&[], false)).between(-2.0, 2.0),
    ]
}
