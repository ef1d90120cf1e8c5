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
        case("swap_axes", &[&[&[2, 3, 4]], &[&[2, 3, 0]]], |t| t[0].swap_axes(2, 0)),
        case("swap_axes", &[&[&[2, 3]]], |t| t[0].swap_axes(1, 1)),
        case("mT", &[&[&[2, 3, 4]], &[&[2, 3]], &[&[0, 2]]], |t| t[0].mT()),
        case("unsqueeze", &[&[&[2, 3]], &[&[0, 2]]], |t| t[0].unsqueeze(0) * t[0].unsqueeze(1)),
        case("unsqueeze", &[&[&[]]], |t| t[0].unsqueeze(0)),
        case("tile", &[&[&[2, 3]], &[&[]], &[&[2, 0]], &[&[2, 1, 2]]], |t| t[0].tile(&[2, 3])),
        case("tile", &[&[&[2, 3]]], |t| t[0].tile(&[0])),
        case("tile", &[&[&[2, 3]]], |t| t[0].tile(&[])),
        case("pad", &[&[&[2, 3]], &[&[0, 2]]], |t| t[0].pad(&[(1, 0), (2, 1)], T::of(0.7))),
        case("pad", &[&[&[]]], |t| t[0].pad(&[], T::of(0.7))),
        case("flip", &[&[&[2, 3]], &[&[0, 2]]], |t| t[0].flip(&[1])),
        case("flip", &[&[&[2, 3, 2]]], |t| t[0].flip(&[2, 0])),
        case("flip", &[&[&[]]], |t| t[0].flip(&[])),
        case("roll", &[&[&[2, 4]], &[&[2, 0]]], |t| t[0].roll(-3, 1) + t[0].roll(1, 1)),
        case("roll", &[&[&[3]]], |t| t[0].roll(7, 0)),
        case("diag", &[&[&[3]], &[&[2, 3]], &[&[3, 2]], &[&[0]], &[&[0, 2]]], |t| t[0].diag()),
        case("trace", &[&[&[3, 3]], &[&[2, 3]], &[&[0, 0]]], |t| t[0].trace()),
        case("tril", &[&[&[3, 4]], &[&[2, 3, 2]], &[&[0, 2]]], |t| t[0].tril(1)),
        case("tril", &[&[&[3, 3]]], |t| t[0].tril(-1) + t[0].tril(isize::MAX) * t[0].tril(isize::MIN)),
        case("triu", &[&[&[3, 4]], &[&[2, 3, 2]], &[&[2, 0]]], |t| t[0].triu(1)),
        case("triu", &[&[&[4, 3]]], |t| t[0].triu(-1)),
    ]
}
