//! Reductions and broadcasting.

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, array};

use super::{Case, case};

/// Indices as numbers.
fn places<T: Real>(indices: &ArrayD<usize>) -> Tensor<T> {
    Tensor::constant(indices.mapv(|i| T::of(i as f64)))
}

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("sum", &[&[&[2, 3]], &[&[0, 3]], &[&[]]], |t| t[0].sum()),
        case("sum_axis", &[&[&[2, 3]], &[&[0, 3]], &[&[3]]], |t| t[0].sum_axis(0)),
        case("sum_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].sum_axis(1)),
        case("sum_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].sum_axes(&[2, 0], false)),
        case("sum_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].sum_axes(&[1], true)),
        case("sum_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].sum_axes(&[], false)),
        case("mean", &[&[&[2, 3]], &[&[]], &[&[0]]], |t| t[0].mean()),
        case("mean_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].mean_axis(0)),
        case("mean_axes", &[&[&[2, 3, 2]], &[&[2, 3, 0]]], |t| t[0].mean_axes(&[0, 1], true)),
        case("mean_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].mean_axes(&[], false)),
        case("broadcast_to", &[&[&[2, 1]], &[&[]], &[&[1, 3]]], |t| t[0].broadcast_to(&[4, 2, 3])),
        case("broadcast_to", &[&[&[1]], &[&[0]]], |t| t[0].broadcast_to(&[2, 0])),
        case("broadcast_to", &[&[&[3, 1]]], |t| t[0].broadcast_to(&[3, 2]).sum_axis(0)),
        case("prod", &[&[&[2, 3]], &[&[]], &[&[0, 2]]], |t| t[0].prod()),
        case("prod_axes", &[&[&[5, 2]], &[&[2, 0]], &[&[0, 2]]], |t| t[0].prod_axes(&[0], true)),
        case("prod_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].prod_axes(&[], false)),
        case("prod_axes", &[&[&[2, 3, 2]]], |t| t[0].prod_axes(&[2, 0], false)).between(-1.5, 1.5),
        // One zero, and more than one, among the factors.
        case("prod_axes", &[&[&[3, 3]]], |t| {
            let zeros = Tensor::constant(array![[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]].mapv(T::of));
            (&t[0] * zeros).prod_axes(&[1], false)
        }),
        case("prod_axis", &[&[&[2, 3]], &[&[3, 0]]], |t| t[0].prod_axis(0)),
        case("max_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].max_axis(0)).between(-1.5, 1.5),
        case("min_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].min_axis(0)).between(-1.5, 1.5),
        case("max_all", &[&[&[2, 3]], &[&[]]], |t| t[0].max_all()).between(-1.5, 1.5),
        case("min_all", &[&[&[2, 3]], &[&[]]], |t| t[0].min_all()).between(-1.5, 1.5),
        case("max_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].max_axes(&[2, 0], true)).between(-1.5, 1.5),
        case("max_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].max_axes(&[], false)),
        case("min_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].min_axes(&[0, 2], false)).between(-1.5, 1.5),
        case("min_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].min_axes(&[], true)),
        case("argmax", &[&[&[2, 3]], &[&[3]], &[&[2, 0]]], |t| places(&t[0].argmax(0))).constant(),
        case("argmin", &[&[&[2, 3]], &[&[3]], &[&[2, 0]]], |t| places(&t[0].argmin(0))).constant(),
        case("var", &[&[&[2, 3]], &[&[4]]], |t| t[0].var(1)),
        case("var", &[&[&[]]], |t| t[0].var(0)),
        case("var_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].var_axes(&[2, 0], 2, true)),
        case("var_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].var_axes(&[], 0, false)),
        case("std", &[&[&[2, 3]], &[&[4]]], |t| t[0].std(1)),
        case("std_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].std_axes(&[0, 2], 0, false)),
        case("norm", &[&[&[2, 3]], &[&[]], &[&[0, 2]]], |t| t[0].norm(2.0)).between(-1.5, 1.5),
        case("norm", &[&[&[2, 3]], &[&[0]]], |t| t[0].norm(f64::INFINITY) + t[0].norm(1.0)).between(-1.9, 0.0),
        case("norm_axes", &[&[&[2, 3, 2]], &[&[2, 0, 2]]], |t| t[0].norm_axes(3.0, &[2, 0], true)).between(-1.9, 0.0),
        case("norm_axes", &[&[&[2, 3]], &[&[]]], |t| t[0].norm_axes(1.5, &[], false)),
        case("cumsum", &[&[&[4]], &[&[3, 2]], &[&[0, 2]], &[&[3, 0]]], |t| t[0].cumsum(0)),
        case("cumsum", &[&[&[2, 3, 2]]], |t| t[0].cumsum(1)),
        case("cumprod", &[&[&[4]], &[&[3, 2]], &[&[0, 2]], &[&[3, 0]], &[&[1, 2]]], |t| t[0].cumprod(0)),
        case("cumprod", &[&[&[2, 4, 2]]], |t| t[0].cumprod(1)).between(-1.5, 1.5),
        // Zeros among the factors.
        case("cumprod", &[&[&[3, 4]]], |t| {
            let zeros = array![[0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]];
            (&t[0] * Tensor::constant(zeros.mapv(T::of))).cumprod(1)
        }),
        case("logcumsumexp", &[&[&[5]], &[&[3, 2]], &[&[0, 2]], &[&[3, 0]], &[&[1, 2]]], |t| t[0].logcumsumexp(0)),
        case("logcumsumexp", &[&[&[2, 4, 2]]], |t| t[0].logcumsumexp(1)).between(-2.0, 2.0),
    ]
}
