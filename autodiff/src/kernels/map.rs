//! Elementwise loops.

use super::lanes::Lanes;

/// An operand: its elements, strides and starting offset.
#[derive(Clone, Copy)]
#[allow(unreachable_pub, reason = "in the signature of a hidden method of a public trait")]
pub struct Strided<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) strides: &'a [usize],
    pub(crate) offset: usize,
}

/// `out[i] = f(a[i])`, `out` contiguous.
#[inline]
pub(crate) fn map1<T: Copy>(shape: &[usize], a: Strided<'_, T>, out: &mut [T], f: impl Fn(T) -> T) {
    let lanes = Lanes::new(shape, [a.strides], [a.offset]);
    let mut out = out.chunks_exact_mut(lanes.len.max(1));
    lanes.for_each(|[i]| {
        let out = out.next().expect("one lane of the result for each lane of the operand");
        if lanes.step == [1] {
            for (out, &x) in out.iter_mut().zip(&a.data[i..i + lanes.len]) {
                *out = f(x);
            }
        } else {
            for (k, out) in out.iter_mut().enumerate() {
                *out = f(a.data[i + k * lanes.step[0]]);
            }
        }
    });
}

/// `out[i] = f(a[i], b[i])`, `out` contiguous.
#[inline]
pub(crate) fn map2<T: Copy>(
    shape: &[usize],
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    out: &mut [T],
    f: impl Fn(T, T) -> T,
) {
    let lanes = Lanes::new(shape, [a.strides, b.strides], [a.offset, b.offset]);
    let n = lanes.len;
    let mut out = out.chunks_exact_mut(n.max(1));
    lanes.for_each(|[i, j]| {
        let out = out.next().expect("one lane of the result for each lane of the operands");
        match lanes.step {
            [1, 1] => {
                for ((out, &x), &y) in out.iter_mut().zip(&a.data[i..i + n]).zip(&b.data[j..j + n]) {
                    *out = f(x, y);
                }
            }
            [1, 0] => {
                let y = b.data[j];
                for (out, &x) in out.iter_mut().zip(&a.data[i..i + n]) {
                    *out = f(x, y);
                }
            }
            [0, 1] => {
                let x = a.data[i];
                for (out, &y) in out.iter_mut().zip(&b.data[j..j + n]) {
                    *out = f(x, y);
                }
            }
            [s, t] => {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = f(a.data[i + k * s], b.data[j + k * t]);
                }
            }
        }
    });
}

/// `target[i] = f(target[i], a[i])` with `target` strided too, for writing into a part of a larger array.
pub(crate) fn update<T: Copy>(
    shape: &[usize],
    target: &mut [T],
    strides: &[usize],
    offset: usize,
    a: Strided<'_, T>,
    f: impl Fn(T, T) -> T,
) {
    let lanes = Lanes::new(shape, [strides, a.strides], [offset, a.offset]);
    let n = lanes.len;
    lanes.for_each(|[i, j]| {
        if lanes.step == [1, 1] {
            for (t, &x) in target[i..i + n].iter_mut().zip(&a.data[j..j + n]) {
                *t = f(*t, x);
            }
        } else {
            let [s, u] = lanes.step;
            for k in 0..n {
                target[i + k * s] = f(target[i + k * s], a.data[j + k * u]);
            }
        }
    });
}
