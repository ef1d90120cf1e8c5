//! Where functions have kinks, edges and poles: the points of the published table.

use super::{Binary, Unary};

const INF: f64 = f64::INFINITY;

impl Unary {
    /// Kinks, edges of the domain, poles and infinities, at which the table of edge values says what holds.
    pub const fn edges(self) -> &'static [f64] {
        match self {
            Self::Abs
            | Self::Signum
            | Self::Step
            | Self::Relu
            | Self::Sqrt
            | Self::Cbrt
            | Self::Recip
            | Self::Floor
            | Self::Sinc => &[0.0],
            Self::Ln | Self::Log2 | Self::Log10 | Self::LnGamma | Self::Digamma => &[0.0, -1.0],
            Self::Ln1p => &[-1.0, -2.0],
            Self::Asin | Self::Acos | Self::Atanh | Self::InvErf => &[1.0, -1.0, 2.0],
            Self::Acosh => &[1.0, 0.5],
            Self::Logit => &[0.0, 1.0, 2.0],
            Self::Exp => &[710.0, -INF],
            Self::Softplus | Self::LogSigmoid | Self::Sigmoid | Self::Tanh => &[1e3, -1e3],
            _ => &[],
        }
    }
}

impl Binary {
    /// As [`Unary::edges`], for functions of two arguments.
    pub const fn edges(self) -> &'static [(f64, f64)] {
        match self {
            Self::Pow => &[(0.0, 2.0), (0.0, 1.0), (0.0, 0.5), (0.0, 0.0), (-2.0, 2.0), (-2.0, 0.5)],
            Self::Div => &[(1.0, 0.0), (0.0, 0.0)],
            Self::Rem => &[(2.0, 0.0)],
            Self::Hypot | Self::Atan2 => &[(0.0, 0.0)],
            Self::Max | Self::Min => &[(1.0, 1.0), (INF, INF), (f64::NAN, 1.0)],
            Self::AbsSub => &[(1.0, 1.0)],
            Self::Copysign => &[(0.0, -1.0)],
            Self::Xlogy => &[(0.0, 0.0), (0.0, 2.0), (2.0, 0.0)],
            Self::Xlog1py => &[(0.0, -1.0), (0.0, 1.0), (2.0, -1.0)],
            Self::LogAddExp => &[(-INF, -INF), (INF, 3.0), (INF, INF), (1000.0, 1000.0)],
            _ => &[],
        }
    }
}
