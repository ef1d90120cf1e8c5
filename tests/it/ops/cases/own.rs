//! Operations of a user's own, in every form.

use autodiff::{Real, Tensor, elementwise};

use super::{Case, case};

elementwise!(wave(a, b) => (a * b).sin() * b.exp() + (1.0 + a * a).ln());
elementwise!(sum waves(a, b) => (a * b).sin() * b.exp() + (1.0 + a * a).ln());
elementwise!(bend(a) => a.tanh() * a - 0.5 * a);

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    let pairs: &[&[&[usize]]] =
        &[&[&[2, 3], &[2, 3]], &[&[2, 1], &[1, 3]], &[&[], &[2]], &[&[], &[]], &[&[0, 3], &[3]]];
    vec![
        case("elementwise", pairs, |t| wave(&t[0], &t[1])),
        case("elementwise", &[&[&[2, 3]], &[&[]]], |t| bend(&t[0])),
        case("elementwise_sum", &[&[&[2, 3], &[2, 3]], &[&[2, 1], &[1, 3]], &[&[2, 17], &[17]], &[&[0, 3], &[3]]], |t| {
            waves(&t[0], &t[1], &[1], false)
        }),
        case("elementwise_sum", &[&[&[2, 1, 3], &[2, 1]], &[&[2, 1, 2], &[3, 2]]], |t| waves(&t[0], &t[1], &[0, 2], true)),
        case("elementwise_sum", &[&[&[], &[]], &[&[], &[2]]], |t| waves(&t[0], &t[1], &[], false)),
        case("custom", &[&[&[2, 3], &[2, 3]], &[&[], &[]], &[&[0, 2], &[0, 2]]], |t| {
            Tensor::custom("product", &[&t[0], &t[1]], |x| &x[0] * &x[1], |cx| {
                [Some(cx.grad().chain(cx.input(1))), Some(cx.grad().chain(cx.input(0)))].into()
            })
        }),
        case("map_rows", &[&[&[2, 3]], &[&[2, 2, 2]], &[&[3]]], |t| {
            t[0].map_rows(|x| vec![x[0] * x[1].sin(), autodiff::sum_sq(x)])
        }),
        case("on_grad", &[&[&[2, 3]], &[&[]], &[&[0, 2]]], |t| t[0].on_grad(Tensor::clone).square()),
    ]
}
