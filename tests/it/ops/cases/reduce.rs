//! Reductions and broadcasting.

use autodiff::Real;

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("sum", &[&[&[2, 3]], &[&[0, 3]], &[&[]]], |t| t[0].sum()),
        case("sum_axis", &[&[&[2, 3]], &[&[0, 3]], &[&[3]]], |t| t[0].sum_axis(0)),
        case("sum_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].sum_axis(1)),
        case("sum_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].sum_axes(&[2, 0], false)),
        case("sum_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].sum_axes(&[1], true)),
        case("sum_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].sum_axes(&[], false)),
        case("mean", &[&[&[2, 3]], &[&[]], &[&[0]]], |t| t[0].mean()),
        case("mean_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].mean_axis(0)),
        case("mean_axes", &[&[&[2, 3, 2]], &[&[2, 3, 0]]], |t| t[0].mean_axes(&[0, 1], true)),
        case("mean_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].mean_axes(&[], false)),
        case("broadcast_to", &[&[&[2, 1]], &[&[]], &[&[1, 3]]], |t| t[0].broadcast_to(&[4, 2, 3])),
        case("broadcast_to", &[&[&[1]], &[&[0]]], |t| t[0].broadcast_to(&[2, 0])),
        case("broadcast_to", &[&[&[3, 1]]], |t| t[0].broadcast_to(&[3, 2]).sum_axis(0)),
    ]
}
