//! Convolution and pooling.

use autodiff::Real;
use autodiff::tensor::{Conv, Pool};

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case("conv1d", &[&[&[2, 2, 5], &[3, 2, 3], &[3]], &[&[0, 2, 5], &[3, 2, 3], &[3]]], |t| {
            t[0].conv1d(&t[1], Some(&t[2]), Conv::new())
        }),
        case("conv1d", &[&[&[1, 2, 6], &[2, 2, 2]]], |t| {
            t[0].conv1d(&t[1], None, Conv::new().stride(2).padding(2).dilation(3))
        }),
        case("conv2d", &[&[&[2, 2, 4, 3], &[2, 2, 2, 2], &[2]], &[&[2, 0, 3, 3], &[1, 0, 2, 2], &[1]]], |t| {
            t[0].conv2d(&t[1], Some(&t[2]), Conv::new())
        }),
        case("conv2d", &[&[&[1, 2, 4, 5], &[3, 2, 3, 2]]], |t| {
            t[0].conv2d(&t[1], None, Conv::new().stride([2, 1]).padding([1, 2]).dilation([1, 3]))
        }),
        case("conv2d", &[&[&[2, 4, 3, 3], &[6, 2, 2, 2], &[6]]], |t| {
            t[0].conv2d(&t[1], Some(&t[2]), Conv::new().groups(2).padding(1).stride(2))
        }),
        case("conv2d", &[&[&[1, 2, 3, 3], &[2, 1, 1, 1]]], |t| t[0].conv2d(&t[1], None, Conv::new().groups(2))),
        case("max_pool1d", &[&[&[2, 2, 5]], &[&[2, 0, 3]]], |t| t[0].max_pool1d(Pool::new(3).stride(2).padding(1))),
        case("max_pool2d", &[&[&[1, 2, 4, 5]], &[&[0, 2, 2, 2]]], |t| t[0].max_pool2d(Pool::new(2))),
        case("max_pool2d", &[&[&[2, 1, 3, 4]]], |t| t[0].max_pool2d(Pool::new([2, 3]).stride(1).padding([1, 0]))),
        case("avg_pool1d", &[&[&[2, 2, 5]], &[&[0, 1, 4]]], |t| t[0].avg_pool1d(Pool::new(3).stride(2).padding(1))),
        case("avg_pool2d", &[&[&[1, 2, 4, 5]], &[&[2, 0, 2, 2]]], |t| t[0].avg_pool2d(Pool::new(2))),
        case("avg_pool2d", &[&[&[2, 1, 3, 4]]], |t| t[0].avg_pool2d(Pool::new([2, 3]).stride([1, 2]).padding([1, 0]))),
    ]
}
