//! Losses from logits.

use autodiff::Real;

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("softmax_cross_entropy", &[&[&[2, 3], &[2, 3]], &[&[0, 3], &[0, 3]], &[&[2, 0], &[2, 0]]], |t| {
            t[0].softmax_cross_entropy(&t[1], 1)
        }),
        case("softmax_cross_entropy", &[&[&[2, 3, 2], &[2, 3, 2]]], |t| t[0].softmax_cross_entropy(&t[1], 1)),
        case("bce_with_logits", &[&[&[2, 3], &[2, 3]], &[&[], &[]], &[&[0], &[0]]], |t| t[0].bce_with_logits(&t[1])),
        case("bce_with_logits", &[&[&[2, 3], &[2, 3]]], |t| t[0].bce_with_logits(&t[1])).between(-2.0, -0.1),
    ]
}
