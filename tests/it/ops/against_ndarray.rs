//! Values of reductions and shape operations against `ndarray`'s own, for random shapes in random layouts.

use autodiff::Tensor;
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice, SliceInfoElem};
use proptest::prelude::*;
use tests::all_close;

use super::View;
use crate::random::{self, cases};

/// An array, and a tensor with the same elements in some layout.
fn pair(shape: &[usize], view: usize) -> (ArrayD<f64>, Tensor<f64>) {
    let array = random::values(view, shape) - 1.0;
    let elements: Vec<f64> = array.iter().copied().collect();
    let tensor = View::ALL[view % 3].lay(shape, &elements);
    (array, tensor)
}

/// Shapes of at least `axes` axes.
fn shape(axes: usize) -> impl Strategy<Value = Vec<usize>> {
    random::shape().prop_filter("too few axes", move |shape| shape.len() >= axes)
}

#[track_caller]
fn same(what: &str, got: &Tensor<f64>, want: &ArrayD<f64>) {
    assert_eq!(got.to_array(), *want, "{what}");
}

/// A copy element by element: `to_owned` fails an assertion for parts without elements in `ndarray` 0.17.
fn owned(view: &ArrayViewD<'_, f64>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(view.shape()), view.iter().copied().collect()).expect("as many as the shape says")
}

/// An array reduced one axis after another.
fn folded(x: &ArrayD<f64>, axes: &[usize], keep: bool, start: f64, f: impl Fn(f64, f64) -> f64) -> ArrayD<f64> {
    let mut x = x.clone();
    for &axis in axes.iter().rev() {
        x = x.fold_axis(Axis(axis), start, |&a, &b| f(a, b));
        if keep {
            x = x.insert_axis(Axis(axis));
        }
    }
    x
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn reductions(shape in shape(0), view in 0..3_usize, over in any::<[bool; 4]>(), keep in any::<bool>()) {
        let (x, t) = pair(&shape, view);
        let axes: Vec<usize> = (0..shape.len()).filter(|&axis| over[axis]).collect();
        let close = |what, got: Tensor<f64>, want: ArrayD<f64>| {
            assert_eq!(got.shape(), want.shape(), "{what}");
            all_close(what, &got.to_array(), &want, 1e-13);
        };
        close("prod", t.prod_axes(&axes, keep), folded(&x, &axes, keep, 1.0, |a, b| a * b));
        let sums = |p: i32| folded(&x.mapv(|x| x.abs().powi(p)), &axes, keep, 0.0, |a, b| a + b);
        close("norm 1", t.norm_axes(1.0, &axes, keep), sums(1));
        close("norm 2", t.norm_axes(2.0, &axes, keep), sums(2).mapv(f64::sqrt));
        close("norm 3", t.norm_axes(3.0, &axes, keep), sums(3).mapv(f64::cbrt));
        let top = folded(&x.mapv(f64::abs), &axes, keep, 0.0, f64::max);
        close("norm inf", t.norm_axes(f64::INFINITY, &axes, keep), top);
        let powers = folded(&x.mapv(f64::exp), &axes, keep, 0.0, |a, b| a + b);
        close("logsumexp", t.logsumexp_axes(&axes, keep), powers.mapv(f64::ln));
        if !x.is_empty() {
            same("max", &t.max_axes(&axes, keep), &folded(&x, &axes, keep, f64::NEG_INFINITY, f64::max));
            same("min", &t.min_axes(&axes, keep), &folded(&x, &axes, keep, f64::INFINITY, f64::min));
        }
    }

    #[test]
    fn along_an_axis(shape in shape(1), view in 0..3_usize, axis in any::<usize>(), shift in -7..7_isize, size in 1..4_usize) {
        let (x, t) = pair(&shape, view);
        let (axis, len) = (axis % shape.len(), shape[axis % shape.len()]);
        let mut sums = x.clone();
        sums.accumulate_axis_inplace(Axis(axis), |&before, sum| *sum += before);
        same("cumsum", &t.cumsum(axis), &sums);
        let mut products = x.clone();
        products.accumulate_axis_inplace(Axis(axis), |&before, product| *product *= before);
        same("cumprod", &t.cumprod(axis), &products);
        let mut powers = x.mapv(f64::exp);
        powers.accumulate_axis_inplace(Axis(axis), |&before, sum| *sum += before);
        all_close("logcumsumexp", &t.logcumsumexp(axis).to_array(), &powers.mapv(f64::ln), 1e-13);
        let mut sorted = x.clone();
        for mut lane in sorted.lanes_mut(Axis(axis)) {
            let mut values = lane.to_vec();
            values.sort_by(f64::total_cmp);
            lane.assign(&ndarray::Array1::from(values));
        }
        same("sort", &t.sort(axis), &sorted);
        sorted.invert_axis(Axis(axis));
        let largest = size.min(len);
        let (values, places) = t.top_k(largest, axis);
        same("top_k", &values, &owned(&sorted.slice_axis(Axis(axis), Slice::from(..largest))));
        same("the places of top_k", &t.gather(axis, &places), &values.to_array());
        let rolled = ArrayD::from_shape_fn(x.raw_dim(), |mut at| {
            at[axis] = (at[axis] as isize - shift).rem_euclid(len as isize) as usize;
            x[&at]
        });
        same("roll", &t.roll(shift, axis), &rolled);
        let mut flipped = x.view();
        flipped.invert_axis(Axis(axis));
        same("flip", &t.flip(&[axis]), &owned(&flipped));
        for (part, want) in t.chunks(axis, size).iter().zip(x.axis_chunks_iter(Axis(axis), size)) {
            same("chunks", part, &owned(&want));
        }
        prop_assert_eq!(t.chunks(axis, size).len(), len.div_ceil(size));
        let cut = size.min(len);
        let (left, right) = x.view().split_at(Axis(axis), cut);
        let parts = t.split(axis, &[cut, len - cut]);
        same("split", &parts[0], &owned(&left));
        same("split", &parts[1], &owned(&right));
        let indices: Vec<usize> = if len == 0 { vec![] } else { (0..size + 2).map(|k| (k * k + size) % len).collect() };
        same("index_select", &t.index_select(axis, &indices), &x.select(Axis(axis), &indices));
        let both = ndarray::concatenate(Axis(axis), &[x.view(), left]).expect("fits");
        same("concat", &Tensor::concat(&[&t, &parts[0]], axis), &both);
        let stacked = ndarray::stack(Axis(axis), &[x.view(), flipped]).expect("fits");
        same("stack", &Tensor::stack(&[&t, &t.flip(&[axis])], axis), &stacked);
        if len > 1 {
            all_close("mean", &t.mean_axis(axis).to_array(), &x.mean_axis(Axis(axis)).expect("elements"), 1e-14);
            all_close("var", &t.var_axes(&[axis], 1, false).to_array(), &x.var_axis(Axis(axis), 1.0), 1e-13);
            all_close("std", &t.std_axes(&[axis], 0, false).to_array(), &x.std_axis(Axis(axis), 0.0), 1e-13);
        }
        if !x.is_empty() {
            let largest = x.map_axis(Axis(axis), |lane| lane.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            let picked = t.gather(axis, &t.argmax(axis).insert_axis(Axis(axis)));
            same("argmax", &picked.squeeze(axis), &largest);
        }
    }

    #[test]
    fn indices(shape in shape(1), view in 0..3_usize, axis in any::<usize>(), size in 0..4_usize) {
        let (x, t) = pair(&shape, view);
        let axis = axis % shape.len();
        let mut wanted = shape.clone();
        wanted[axis] = if shape[axis] == 0 { 0 } else { size };
        let mut k = view;
        let index = ArrayD::from_shape_simple_fn(IxDyn(&wanted), || {
            k = (7 * k + 3) % 31;
            k % shape[axis]
        });
        let along = |at: &IxDyn| {
            let mut at = at.clone();
            at[axis] = index[&at];
            at
        };
        let picked = ArrayD::from_shape_fn(index.raw_dim(), |at| x[&along(&at)]);
        same("gather", &t.gather(axis, &index), &picked);
        let mut sums = x.clone();
        for (at, &y) in picked.indexed_iter() {
            sums[&along(&at)] += y;
        }
        same("scatter_add", &t.scatter_add(axis, &index, &Tensor::constant(picked)), &sums);
    }

    #[test]
    fn slices(shape in shape(0), view in 0..3_usize, bounds in any::<[(isize, isize, isize); 4]>()) {
        let (x, t) = pair(&shape, view);
        let part = |(&len, &(start, end, step)): (&usize, &(isize, isize, isize))| {
            let inside = |i: isize| i.rem_euclid(2 * len as isize + 1) - len as isize;
            match step.rem_euclid(9) {
                0 if len > 0 => SliceInfoElem::Index(start.rem_euclid(2 * len as isize) - len as isize),
                1 => SliceInfoElem::Slice { start: inside(start), end: None, step: 2 },
                step => {
                    let step = if step % 2 == 0 { step / 2 - 5 } else { step / 2 };
                    SliceInfoElem::Slice { start: inside(start), end: Some(inside(end)), step }
                }
            }
        };
        let mut parts: Vec<SliceInfoElem> = shape.iter().zip(&bounds).map(part).collect();
        if bounds[0].0 % 3 == 0 {
            parts.insert(bounds[0].1.rem_euclid(parts.len() as isize + 1) as usize, SliceInfoElem::NewAxis);
        }
        same("slice", &t.slice(&parts), &owned(&x.slice(&parts[..])));
    }

    #[test]
    fn new_shapes(shape in shape(0), view in 0..3_usize, times in prop::collection::vec(0..3_usize, 0..=4), seed in any::<usize>()) {
        let (x, t) = pair(&shape, view);
        let mut order: Vec<usize> = (0..shape.len()).collect();
        order.rotate_left(seed % shape.len().max(1));
        let permuted = x.clone().permuted_axes(order.clone());
        same("permute", &t.permute(&order), &permuted);
        same("transpose", &t.transpose(), &x.t().to_owned());
        let flat = IxDyn(&[x.len()]);
        same("flatten", &t.flatten(), &x.to_shape(flat.clone()).expect("as many elements").to_owned());
        let turned = t.permute(&order).reshape(&[1, x.len()]).squeeze(0);
        same("reshape", &turned, &permuted.to_shape(flat).expect("as many elements").to_owned());
        same("expand", &t.expand(seed % (shape.len() + 1)), &x.clone().insert_axis(Axis(seed % (shape.len() + 1))));

        let rank = shape.len().max(times.len());
        let filled = |list: &[usize]| [vec![1; rank - list.len()], list.to_vec()].concat();
        let mut tiled = x.to_shape(filled(&shape)).expect("as many elements").to_owned();
        for (axis, &times) in filled(&times).iter().enumerate() {
            let whole = tiled.clone();
            tiled.slice_axis_inplace(Axis(axis), Slice::from(0..0));
            for _ in 0..times {
                tiled.append(Axis(axis), whole.view()).expect("fits");
            }
        }
        same("tile", &t.tile(&times), &tiled);

        let widths: Vec<(usize, usize)> = (0..shape.len()).map(|k| (seed >> (2 * k) & 1, seed >> (2 * k + 1) & 1)).collect();
        let longer: Vec<usize> = shape.iter().zip(&widths).map(|(len, (a, b))| len + a + b).collect();
        let mut padded = ArrayD::from_elem(longer, 9.0);
        padded.slice_each_axis_mut(|axis| {
            let (before, len) = (widths[axis.axis.index()].0, shape[axis.axis.index()]);
            Slice::from(before..before + len)
        }).assign(&x);
        same("pad", &t.pad(&widths, 9.0), &padded);
    }

    #[test]
    fn matrices(rows in 0..4_usize, cols in 0..4_usize, many in 0..3_usize, view in 0..3_usize, k in -4..4_isize) {
        let (x, t) = pair(&[rows, cols], view);
        let diagonal = x.diag().to_owned().into_dyn();
        same("diag", &t.diag(), &diagonal);
        all_close("trace", [&t.trace().item()], [&diagonal.sum()], 1e-15);
        let square = ndarray::Array2::from_diag(&diagonal.clone().into_dimensionality().expect("a vector"));
        same("diag", &t.diag().diag(), &square.into_dyn());
        let (x, t) = pair(&[many, rows, cols], view);
        same("tril", &t.tril(k), &x.tril(k));
        same("triu", &t.triu(k), &x.triu(k));
    }
}
