//! Comparisons, choice by mask, and operations with plain numbers.

use autodiff::{Real, Tensor};

use super::{Case, case};

/// Shapes for comparisons.
const PAIRS: &[&[&[usize]]] = &[&[&[2, 3], &[2, 3]], &[&[2, 1], &[3]], &[&[], &[]], &[&[0, 3], &[3]]];

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
        case("less", PAIRS, |t| t[0].less(&t[1])).constant(),
        case("less_equal", PAIRS, |t| t[0].less_equal(&t[1])).constant(),
        case("greater", PAIRS, |t| t[0].greater(&t[1])).constant(),
        case("greater_equal", PAIRS, |t| t[0].greater_equal(&t[1])).constant(),
        case("equal", PAIRS, |t| t[0].equal(&t[1])).constant(),
        case("not_equal", PAIRS, |t| t[0].not_equal(&t[1])).constant(),
        case("masked_fill", &[&[&[2, 3], &[3]], &[&[], &[]], &[&[0, 3], &[3]]], |t| {
            t[0].masked_fill(&t[1].greater(&Tensor::scalar(T::of(0.8))), T::of(0.4))
        }),
    ]
}
