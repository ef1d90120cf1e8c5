//! Choice by mask, and operations with plain numbers.

use autodiff::{Real, Tensor};

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("clamp", &[&[&[3, 4]], &[&[]], &[&[0, 2]]], |t| t[0].clamp(T::of(0.6), T::of(1.0))),
        case("mask", &[&[&[3, 4]], &[&[]], &[&[0, 2]]], |t| t[0].mask(|x| x > T::of(0.8))).constant(),
        case("select", &[&[&[3, 4], &[4]], &[&[], &[]], &[&[0, 4], &[4]]], |t| {
            Tensor::select(&t[0].mask(|x| x > T::of(0.8)), &t[0].square(), &t[1])
        }),
        case("select", &[&[&[2, 1], &[], &[3]]], |t| {
            Tensor::select(&t[0].mask(|x| x > T::of(0.6)), &t[1], &(&t[2] * &t[0]))
        }),
        case("mul", &[&[&[2, 3]]], |t| (&t[0] * T::of(2.0) + T::one()) / T::of(3.0) - T::one()),
        case("neg", &[&[&[2, 3]]], |t| -&t[0]),
    ]
}
