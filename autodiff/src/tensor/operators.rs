//! `+ - * / %` between tensors and what may stand beside them, by value and by reference.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::Tensor;
use crate::rules::{Binary, Unary};
use crate::{Operand, Real, Var};

macro_rules! operator {
    ($($op:ident $method:ident)*) => { $(
        impl<T: Real, S: Operand<Self>> $op<S> for Tensor<T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: S) -> Self { self.binary(Binary::$op, &other.operand()) }
        }
        impl<T: Real, S: Operand<Tensor<T>>> $op<S> for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: S) -> Tensor<T> { self.binary(Binary::$op, &other.operand()) }
        }
        left!($op $method {T: Real} f64, T);
        left!($op $method {} f32, f32);
        left!($op $method {T: Real} Var<T>, T);
        left!($op $method {T: Real} &Var<T>, T);
    )* };
}

macro_rules! left {
    ($op:ident $method:ident {$($g:tt)*} $left:ty, $t:ty) => {
        impl<$($g)*> $op<Tensor<$t>> for $left {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $method(self, other: Tensor<$t>) -> Tensor<$t> { self.$method(&other) }
        }
        impl<$($g)*> $op<&Tensor<$t>> for $left {
            type Output = Tensor<$t>;
            #[track_caller]
            fn $method(self, other: &Tensor<$t>) -> Tensor<$t> {
                Operand::<Tensor<$t>>::operand(self).binary(Binary::$op, other)
            }
        }
    };
}

operator!(Add add Sub sub Mul mul Div div Rem rem);

impl<T: Real> Neg for Tensor<T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl<T: Real> Neg for &Tensor<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn neg(self) -> Tensor<T> {
        self.unary(Unary::Neg)
    }
}
