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
        case("stack", &[&[&[], &[]]], |t| Tensor::stack(&[&t[0], &t[1]], 0)),
    ]
}
