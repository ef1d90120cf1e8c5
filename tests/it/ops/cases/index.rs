//! Parts of tensors, and scalars.

use autodiff::{Real, Tensor};
use ndarray::{Array1, Array2, NewAxis, array, s};

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("slice", &[&[&[3, 4]]], |t| t[0].slice(s![1, ..;2])),
        case("slice", &[&[&[3, 4]]], |t| t[0].slice(s![..;-1, -3..])),
        case("slice", &[&[&[3, 2]]], |t| t[0].slice(s![NewAxis, 1.., ..])),
        case("slice", &[&[&[3, 2]], &[&[3, 0]]], |t| t[0].slice(s![1..1, ..])),
        case("slice", &[&[&[]]], |t| t[0].slice(s![NewAxis])),
        case("narrow", &[&[&[3, 4]], &[&[0, 3]]], |t| t[0].narrow(1, 1..3)),
        case("narrow", &[&[&[3, 4]]], |t| t[0].narrow(0, 3..3)),
        case("narrow", &[&[&[4]]], |t| t[0].narrow(0, 0..3) * t[0].narrow(0, 1..4)),
        case("index_select", &[&[&[3, 2]], &[&[3, 0]], &[&[4]]], |t| t[0].index_select(0, &[2, 0, 2, 2])),
        case("index_select", &[&[&[2, 3, 2]]], |t| t[0].index_select(1, &[1, 1])),
        // Several parts of one operand, among them the same elements, before and after uses of all of it.
        case("slice", &[&[&[3, 4]]], |t| t[0].slice(s![1, ..]) * t[0].slice(s![2, ..;-1]) + &t[0] * t[0].slice(s![0, 1])),
        case("index_select", &[&[&[8, 2]]], |t| {
            let [a, b] = [&[3, 1, 3][..], &[1, 1, 7]].map(|rows| t[0].index_select(0, rows));
            (a * b).sum() * &t[0] + t[0].narrow(0, 1..2)
        }),
        case("index_select", &[&[&[3, 2]]], |t| t[0].index_select(1, &[])),
        case("argsort", &[&[&[2, 3]], &[&[2, 0]]], |t| {
            Tensor::constant(t[0].argsort(1).mapv(|i| T::of(i as f64)))
        })
        .constant(),
        case("sort", &[&[&[2, 4]], &[&[5]], &[&[2, 0]], &[&[0, 2]]], |t| t[0].sort(t[0].ndim() - 1)),
        case("sort", &[&[&[2, 3, 2]]], |t| t[0].sort(1)).between(-1.5, 1.5),
        case("top_k", &[&[&[2, 4]], &[&[2, 2]], &[&[2, 0]]], |t| t[0].top_k(2, 0).0),
        case("top_k", &[&[&[2, 4]]], |t| t[0].top_k(0, 1).0),
        case("one_hot", &[&[&[2, 3]], &[&[]], &[&[0, 2]]], |t| t[0].greater(0.8).one_hot(3)).constant(),
        case("at", &[&[&[2, 3]]], |t| (t[0].at([1, 2]) * t[0].at([0, 1]) + t[0].at([1, 2])).into()),
        case("at", &[&[&[2, 2]]], |t| &t[0] * Tensor::from(t[0].at([1, 0]))),
        case("at", &[&[&[]]], |t| t[0].at([]).into()),
        case("to_vars", &[&[&[2, 3]], &[&[3, 2]]], |t| {
            let squares: Vec<_> = t[0].to_vars().into_iter().map(|x| x * x).collect();
            Tensor::from_vars(&squares, &[3, 2])
        }),
        case("to_vars", &[&[&[]], &[&[0, 2]]], |t| Tensor::from_vars(&t[0].to_vars(), t[0].shape())),
        case("from_vars", &[&[&[]], &[&[0, 2]], &[&[2, 2]]], |t| Tensor::from_vars(&t[0].to_vars(), &[t[0].len()])),
        case("gather", &[&[&[2, 3]]], |t| t[0].gather(1, &array![[2, 0, 2, 2], [1, 1, 0, 2]])),
        case("gather", &[&[&[3, 2, 2]]], |t| t[0].gather(0, &array![[[2, 0], [0, 1]], [[2, 2], [2, 1]]])),
        case("gather", &[&[&[3]], &[&[4]]], |t| t[0].gather(0, &array![2, 0, 2])),
        case("gather", &[&[&[0, 3]], &[&[0, 2]]], |t| t[0].gather(1, &Array2::zeros((0, 4)))),
        case("scatter_add", &[&[&[2, 3], &[2, 4]]], |t| {
            t[0].scatter_add(1, &array![[2, 0, 2, 2], [1, 1, 0, 2]], &t[1])
        }),
        case("scatter_add", &[&[&[3, 2], &[2, 2]], &[&[2, 2], &[2, 2]]], |t| {
            t[0].scatter_add(0, &array![[1, 0], [1, 1]], &t[1])
        }),
        case("scatter_add", &[&[&[3], &[0]], &[&[0], &[0]]], |t| t[0].scatter_add(0, &Array1::zeros(0), &t[1])),
    ]
}
