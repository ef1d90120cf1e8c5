//! The same elements in another shape.

use autodiff::Real;

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("reshape", &[&[&[2, 3]], &[&[6]]], |t| t[0].reshape(&[3, 1, 2])),
        case("reshape", &[&[&[1, 1]], &[&[]]], |t| t[0].reshape(&[])),
        case("reshape", &[&[&[0, 2]], &[&[3, 0]]], |t| t[0].reshape(&[4, 0, 1])),
        case("reshape", &[&[&[2]]], |t| t[0].broadcast_to(&[3, 2]).reshape(&[2, 3])),
        case("flatten", &[&[&[2, 3]], &[&[]], &[&[2, 0]]], |t| t[0].flatten()),
        case("squeeze", &[&[&[2, 1, 3]], &[&[0, 1]]], |t| t[0].squeeze(1)),
        case("expand", &[&[&[2, 3]], &[&[0, 2]]], |t| (t[0].expand(0) * t[0].expand(1)).expand(3)),
        case("expand", &[&[&[]]], |t| t[0].expand(0)),
        case("permute", &[&[&[2, 3, 2]], &[&[2, 0, 3]]], |t| t[0].permute(&[2, 0, 1])),
        case("permute", &[&[&[]]], |t| t[0].permute(&[])),
        case("transpose", &[&[&[2, 3, 4]], &[&[2, 3]], &[&[3]], &[&[]], &[&[0, 2]]], |t| t[0].transpose()),
    ]
}
