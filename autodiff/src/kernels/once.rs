//! The loops of `f32` and `f64`, compiled once, in this crate, and the way to them from code that is generic over numbers.
//!
//! A generic function is compiled anew in each crate that uses it. Here the loops of both types stand in tables of function
//! pointers, which other crates only call. Other numbers (`Dual`, `Var`, nested) get a table where they are used.

use std::any::Any;

use super::convolve::{self, Convolution};
use super::element::Element;
use super::gemm::{self, Operand, Output};
use super::loops::{Arrays, Strided};
use super::product::{self, Axis};
use super::window::{self, Window};
use super::{accumulate, reduce, rows, softmax};
use crate::Real;
use crate::rules::{Binary, Unary};

/// For each line a place in the table of a number type, and a function that calls what stands there.
macro_rules! loops {
    ($($(#[doc = $doc:literal])* $name:ident($($x:ident: $type:ty),*) $(-> $result:ty)? = $loop:path;)*) => {
        struct Loops<T: 'static> { $($name: fn($($type),*) $(-> $result)?,)* }

        impl<T: Real> Loops<T> {
            const PLAIN: Self = Self { $($name: $loop,)* };
        }

        $(
            $(#[doc = $doc])*
            pub(crate) fn $name<T: Real>($($x: $type),*) $(-> $result)? {
                (Loops::<T>::of().$name)($($x),*)
            }
        )*
    };
}

loops! {
    /// `f(x)`.
    unary(f: Unary, arrays: Arrays<'_, T, 1, 1>) = rows::unary;
    /// `g f'(x)`, from `g`, `x` and `f(x)`.
    unary_partial(f: Unary, arrays: Arrays<'_, T, 3, 1>) = rows::unary_partial;
    /// `f(a, b)`.
    binary(f: Binary, arrays: Arrays<'_, T, 2, 1>) = rows::binary;
    /// `g` times the derivative with respect to operand 0 or 1, from `g`, `a`, `b` and `f(a, b)`.
    binary_partial(f: Binary, operand: usize, arrays: Arrays<'_, T, 4, 1>) = rows::binary_partial;
    /// `a` where the mask is not 0 and `b` elsewhere, from the mask, `a` and `b`.
    select(arrays: Arrays<'_, T, 3, 1>) = rows::select;
    /// `c = a · b`, or onto what is there, on strided matrices.
    gemm(a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>) = gemm::plain;
    /// All products of the matrices along the axes.
    products(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T]) = product::plain;
    /// Adds an array of a shape to a part of `sum`, given by strides and a starting offset.
    add_to(shape: &[usize], sum: &mut [T], strides: &[usize], offset: usize, a: Strided<'_, T>) = accumulate::plain;
    /// What a window shows; see [`Window::unfold`].
    unfold(window: &Window, planes: &[T], fill: T, patches: &mut [T]) = Window::unfold;
    /// Patches added up where they came from; see [`Window::fold`].
    fold(window: &Window, patches: &[T], planes: &mut [T]) = Window::fold;
    /// The largest elements that a window shows; see [`Window::maxima`].
    maxima(window: &Window, planes: &[T], maxima: &mut [T]) = Window::maxima;
    /// Numbers added to the elements that attain the maxima; see [`Window::spread`].
    spread(window: &Window, planes: &[T], maxima: &[T], numbers: &[T], sums: &mut [T]) = Window::spread;
    /// What a convolution gives of planes and weights.
    convolve(of: &Convolution, planes: &[T], weights: &[T], out: &mut [T]) = convolve::plain;
    /// What comes back to the planes from the weights and the results' gradient; where the weights are finite.
    convolved_images(of: &Convolution, weights: &[T], results: &[T], out: &mut [T]) = convolve::plain_images;
    /// What comes back to the weights from the planes and the results' gradient; right if it is finite.
    convolved_weights(of: &Convolution, planes: &[T], results: &[T], out: &mut [T]) = convolve::plain_weights;
    /// Softmax of rows of `n` elements; gives whether the largest of each is finite.
    softmax(x: &[T], n: usize, out: &mut [T]) -> bool = softmax::plain;
    /// Its gradient, from its value `y` and the gradient `g` with respect to that.
    softmax_slope(y: &[T], g: &[T], n: usize, out: &mut [T]) = softmax::plain_slope;
    /// The sum, in an order that depends on nothing but the length.
    sum(x: &[T]) -> T = reduce::sum;
    /// Adds up `a` (of `shape`) into `out`, whose strides are 0 along the axes that are summed away.
    sum_into(shape: &[usize], a: Strided<'_, T>, out: &mut [T], out_strides: &[usize]) = reduce::sum_into;
    /// `Σ e^(x - shift)`, in the order of [`sum`].
    sum_exp(x: &[T], shift: T) -> T = reduce::sum_exp;
}

static F32: Loops<f32> = tuned();
static F64: Loops<f64> = tuned();

/// The loops of the machine's numbers.
const fn tuned<T: Element>() -> Loops<T> {
    Loops {
        gemm: gemm::tuned,
        products: product::tuned,
        add_to: accumulate::tuned,
        unfold: window::unfold,
        fold: window::fold,
        maxima: window::maxima,
        spread: window::spread,
        convolve: convolve::tuned,
        convolved_images: convolve::tuned_images,
        convolved_weights: convolve::tuned_weights,
        softmax: softmax::tuned,
        softmax_slope: softmax::tuned_slope,
        ..Loops::PLAIN
    }
}

impl<T: Real> Loops<T> {
    /// The condition is a constant, so that nothing is compiled for `f32` and `f64` where this is used.
    #[inline]
    fn of() -> &'static Self {
        if const { T::MACHINE } {
            let table: &dyn Any = if const { size_of::<T>() == size_of::<f32>() } { &F32 } else { &F64 };
            table.downcast_ref().expect("the machine's numbers are `f32` and `f64`")
        } else {
            const { &Self::PLAIN }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dual;

    fn doubled<T: Real>() -> Vec<T> {
        let (x, mut y) = ([T::of(1.5), T::of(-2.0)], vec![T::zero(); 2]);
        let operand = Strided { data: &x, strides: &[1], offset: 0 };
        binary(Binary::Add, Arrays { shape: &[2], operands: [operand, operand], out: [&mut y] });
        y
    }

    #[test]
    fn each_number_finds_its_loops() {
        assert_eq!(doubled::<f64>(), [3.0, -4.0]);
        assert_eq!(doubled::<f32>(), [3.0, -4.0]);
        assert_eq!(doubled::<Dual<f64>>(), [3.0, -4.0]);
        assert!(std::ptr::eq(Loops::<f32>::of(), &raw const F32) && std::ptr::eq(Loops::<f64>::of(), &raw const F64));
    }
}
