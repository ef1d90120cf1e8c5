//! Reductions and rearrangements.

use super::Program;

pub(super) const PROGRAMS: &[Program] = &[
    ("standardized", |_, t| {
        let z = (&t[0] - t[0].mean_axes(&[0], true)) / t[0].std_axes(&[0], 1, true);
        z.powi(3).mean() + t[0].var(0)
    }),
    ("norms", |_, t| t[0].norm(2.0) + t[0].norm_axes(3.0, &[1], false).sum() + t[0].norm(1.0).square()),
    ("cumulated", |_, t| t[0].exp().cumsum(1).ln().sum() + t[0].cumsum(0).square().sum()),
    ("picked_classes", |_, t| t[0].log_softmax(1).gather(1, &ndarray::array![[2], [0], [1], [1]]).square().mean()),
    ("products", |_, t| (0.5 * &t[0] + 1.0).prod_axes(&[1], false).sum() + t[0].narrow(1, 0..2).prod()),
    ("margins", |_, t| {
        let (x, row) = (&t[0], [1]);
        (x.max_axes(&row, false) - x.min_axes(&row, false)).square().sum() + x.max_all().exp()
    }),
    ("filtered", |_, t| {
        let y = t[0].pad(&[(2, 1)], 0.5);
        (&y * y.roll(2, 0) - y.flip(&[0])).sin().sum()
    }),
    ("triangles", |_, t| {
        let product = t[0].tril(0).matmul(&t[1].triu(1));
        product.diag().cos().sum() + product.matmul(&t[0]).trace()
    }),
];
