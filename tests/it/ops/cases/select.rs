//! Comparisons, choice by mask, and operations with plain numbers.

use autodiff::{Real, Tensor};

use super::{Case, case};

/// Shapes for comparisons.
const PAIRS: &[&[&[usize]]] = &[&[&[2, 3], &[2, 3]], &[&[2, 1], &[3]], &[&[], &[]], &[&[0, 3], &[3]]];

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("clamp", &[&[&[3, 4]], &[&[]], &[&[0, 2]]], |t| t[0].clamp(0.6, T::of(1.0))),
        case("clamp", &[&[&[3, 4], &[4], &[3, 1]], &[&[], &[], &[]], &[&[0, 2], &[2], &[]]], |t| {
            t[0].clamp(0.2 * &t[1] + 0.5, 0.2 * &t[2] + 0.9)
        })
        .distinct(),
        case("mask", &[&[&[3, 4]], &[&[]], &[&[0, 2]]], |t| t[0].mask(|x| x > T::of(0.8))).constant(),
        case("select", &[&[&[3, 4], &[4]], &[&[], &[]], &[&[0, 4], &[4]]], |t| {
            Tensor::select(&t[0].mask(|x| x > T::of(0.8)), t[0].square(), &t[1])
        }),
        case("select", &[&[&[2, 1], &[], &[3]]], |t| {
            Tensor::select(&t[0].mask(|x| x > T::of(0.6)), &t[1], &(&t[2] * &t[0]))
        }),
        case("mul", &[&[&[2, 3]]], |t| (&t[0] * T::of(2.0) + T::one()) / T::of(3.0) - T::one()),
        case("neg", &[&[&[2, 3]]], |t| -&t[0]),
        // Numbers as operands and arguments.
        case("sub", &[&[&[2, 3]]], |t| (1.0 - &t[0]) * (0.5 - t[0].square()) - 0.25),
        case("div", &[&[&[2, 3]]], |t| 1.0 / &t[0] + &t[0] / 3.0 + (2.5 + &t[0]) % 1.3),
        case("powf", &[&[&[2, 3]]], |t| t[0].powf(2.5) + t[0].powf(T::of(0.5)) + t[0].log(3.0)),
        case("hypot", &[&[&[2, 3]]], |t| t[0].hypot(0.5) + t[0].atan2(-0.7) * t[0].log_add_exp(0.3)),
        case("max", &[&[&[2, 3]]], |t| t[0].max(0.9) * t[0].min(T::of(0.7)) + t[0].abs_sub(0.8)),
        case("xlogy", &[&[&[2, 3]]], |t| t[0].xlogy(1.5) * t[0].xlog1py(0.5) + t[0].copysign(-1.0)),
        // Variables as operands and arguments.
        case("add", &[&[&[2, 3], &[2]], &[&[3], &[3]]], |t| (t[1].at([0]) + &t[0]) * (&t[0] + t[1].at([1]))),
        case("sub", &[&[&[2, 3], &[2]]], |t| (t[1].at([0]) - t[0].square()) * (t[0].square() - t[1].at([1]))),
        case("mul", &[&[&[2, 3], &[2]]], |t| t[1].at([0]) * (t[0].exp() * t[1].at([1]))),
        case("div", &[&[&[2, 3], &[2]], &[&[2], &[2]]], |t| t[1].at([0]) / &t[0] + &t[0] / t[1].at([1])),
        case("powf", &[&[&[2, 3], &[]]], |t| t[0].powf(t[1].at([])) + t[0].hypot(t[1].at([]))),
        case("select", &[&[&[2, 3], &[2]]], |t| Tensor::select(&t[0].greater(0.8), t[1].at([0]), t[1].at([1]) * &t[0])),
        case("less", PAIRS, |t| t[0].less(&t[1])).constant(),
        case("less", &[&[&[2, 3]]], |t| t[0].less(0.8) + t[0].greater(T::of(0.6)) * t[0].not_equal(0.0)).constant(),
        case("less_equal", PAIRS, |t| t[0].less_equal(&t[1])).constant(),
        case("greater", PAIRS, |t| t[0].greater(&t[1])).constant(),
        case("greater_equal", PAIRS, |t| t[0].greater_equal(&t[1])).constant(),
        case("equal", PAIRS, |t| t[0].equal(&t[1])).constant(),
        case("not_equal", PAIRS, |t| t[0].not_equal(&t[1])).constant(),
        case("masked_fill", &[&[&[2, 3], &[3]], &[&[], &[]], &[&[0, 3], &[3]]], |t| {
            t[0].masked_fill(&t[1].greater(0.8), 0.4)
        }),
    ]
}
