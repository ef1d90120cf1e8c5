//! `+ - * / %` between tensors and plain numbers, by value and by reference.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::Tensor;
use crate::Real;
use crate::rules::{Binary, Unary};

macro_rules! operator {
    ($($op:ident $method:ident)*) => { $(
        impl<T: Real> $op for Tensor<T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self { self.binary(Binary::$op, &other) }
        }
        impl<T: Real> $op<&Self> for Tensor<T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: &Self) -> Self { self.binary(Binary::$op, other) }
        }
        impl<T: Real> $op<Tensor<T>> for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: Tensor<T>) -> Tensor<T> { self.binary(Binary::$op, &other) }
        }
        impl<T: Real> $op for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: Self) -> Tensor<T> { self.binary(Binary::$op, other) }
        }
        impl<T: Real> $op<T> for Tensor<T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: T) -> Self { self.binary(Binary::$op, &Self::scalar(other)) }
        }
        impl<T: Real> $op<T> for &Tensor<T> {
            type Output = Tensor<T>;
            #[track_caller]
            fn $method(self, other: T) -> Tensor<T> { self.binary(Binary::$op, &Tensor::scalar(other)) }
        }
        plain_left!($op $method f64);
        plain_left!($op $method f32);
    )* };
}

macro_rules! plain_left {
    ($op:ident $method:ident $plain:ident) => {
        impl $op<Tensor<$plain>> for $plain {
            type Output = Tensor<$plain>;
            #[track_caller]
            fn $method(self, other: Tensor<$plain>) -> Tensor<$plain> {
                Tensor::scalar(self).binary(Binary::$op, &other)
            }
        }
        impl $op<&Tensor<$plain>> for $plain {
            type Output = Tensor<$plain>;
            #[track_caller]
            fn $method(self, other: &Tensor<$plain>) -> Tensor<$plain> {
                Tensor::scalar(self).binary(Binary::$op, other)
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
