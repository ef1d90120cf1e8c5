//! Matrix products.

use autodiff::Real;

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case(
            "matmul",
            &[
                &[&[2, 3], &[3, 4]],
                &[&[3], &[3]],
                &[&[3], &[3, 2]],
                &[&[2, 3], &[3]],
                &[&[2, 2], &[2, 2]],
                &[&[3, 1], &[1, 2]],
                &[&[0, 3], &[3, 2]],
                &[&[2, 0], &[0, 3]],
            ],
            |t| t[0].matmul(&t[1]),
        ),
        case("matmul", &[&[&[2, 3]]], |t| t[0].transpose().matmul(&t[0])),
        case("matmul", &[&[&[3], &[3, 2]]], |t| t[0].broadcast_to(&[2, 3]).matmul(&t[1])),
        case("matmul", &[&[&[2, 3], &[3, 2], &[2]]], |t| t[0].matmul(&t[1]).matmul(&t[2]).tanh()),
        case("matmul", &[&[&[2, 3]]], |t| {
            let y = t[0].tanh();
            y.matmul(&y.transpose()) * y.sum() + y.mean_axis(1)
        }),
        case("linear", &[&[&[2, 3], &[4, 3], &[4]], &[&[3], &[4, 3], &[4]], &[&[0, 3], &[4, 3], &[4]]], |t| {
            t[0].linear(&t[1], &t[2])
        }),
        case("linear", &[&[&[3, 3], &[3]]], |t| t[0].linear(&t[0], &t[1])),
        case("linear", &[&[&[3], &[4, 3], &[4]]], |t| t[0].broadcast_to(&[2, 3]).linear(&t[1], &t[2])),
    ]
}
