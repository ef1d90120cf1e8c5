//! Convolution and pooling.

use autodiff::tensor::{Conv, Pool};

use super::{Program, hot};

pub(super) const PROGRAMS: &[Program] = &[
    ("conv_net", |_, t| {
        let x = t[0].conv2d(&t[1], Some(&t[2]), Conv::new().padding(1)).relu().max_pool2d(Pool::new(2));
        let x = x.conv2d(&t[3], None, Conv::new().padding(1)).tanh().avg_pool2d(Pool::new(2));
        x.reshape(&[2, 12]).linear(&t[4], &t[5]).softmax_cross_entropy(&hot(2, 5), 1).mean()
    }),
    ("conv_dilated_groups", |_, t| {
        let how = Conv::new().stride(2).padding(2).dilation(2).groups(2);
        t[0].conv2d(&t[1], Some(&t[2]), how).tanh().square().sum()
    }),
    ("conv1d_strided", |_, t| t[0].conv1d(&t[1], Some(&t[2]), Conv::new().stride(2).padding(1)).softplus().mean()),
    ("max_pool_padded", |_, t| t[0].max_pool2d(Pool::new(3).stride(2).padding(1)).powi(3).sum()),
    ("avg_pool_padded", |_, t| t[0].avg_pool2d(Pool::new(3).stride(2).padding(1)).exp().sum()),
];
