//! Tensors side by side.

use autodiff::{Real, Tensor};

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("concat", &[&[&[2, 3], &[1, 3]], &[&[2], &[2]], &[&[0, 2], &[2, 2]]], |t| {
            Tensor::concat(&[&t[0], &t[1], &t[0]], 0)
        }),
        case("concat", &[&[&[2, 1], &[2, 3], &[2, 0]]], |t| Tensor::concat(&[&t[0], &t[2], &t[1]], 1)),
        case("stack", &[&[&[2, 3], &[2, 3]], &[&[2], &[2]], &[&[0, 3], &[0, 3]]], |t| {
            Tensor::stack(&[&t[0], &t[1]], 1)
        }),
        case("stack", &[&[&[], &[]]], |t| Tensor::stack(t, 0)),
        case("concat", &[&[&[2, 3], &[1, 3]]], |t| Tensor::concat(&[t[1].square(), t[0].clone()], 0)),
        case("split", &[&[&[2, 4]], &[&[0, 4]]], |t| {
            let parts = t[0].split(1, &[1, 0, 3]);
            Tensor::concat(&[&parts[2], &parts[1], &parts[0], &parts[2].square()], 1)
        }),
        case("chunks", &[&[&[5]], &[&[5, 2]], &[&[3, 0]]], |t| {
            let parts = t[0].chunks(0, 2);
            Tensor::concat(&parts.iter().rev().collect::<Vec<_>>(), 0) * &parts[0].sum()
        }),
    ]
}
