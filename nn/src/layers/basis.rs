//! Fixed basis functions before a linear map: a generalised linear model (L1).

use autodiff::{Real, Tensor};
use ndarray::{Array1, Array2};

use crate::buffer::Buffer;
use crate::expect;
use crate::layer::{Layer, Visit};

/// Fixed functions `φ_j` of the input, for a [`Linear`](crate::Linear) layer to weigh (L1): items × inputs becomes items ×
/// functions. None of them is constant: that part is the linear layer's bias.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{BasisFunctions, Layer};
/// use ndarray::array;
/// let x = Tensor::constant(array![[2.0, 3.0]]);
/// let y = BasisFunctions::polynomial(2, 2).forward(&x);
/// assert_eq!(y.to_array(), array![[2.0, 3.0, 4.0, 6.0, 9.0]].into_dyn()); // x1, x2, x1², x1 x2, x2²
/// let y = BasisFunctions::gaussian(array![[2.0, 3.0], [2.0, 4.0]], 1.0).forward(&x);
/// assert_eq!(y.to_array(), array![[1.0, (-0.5_f64).exp()]].into_dyn());
/// ```
///
/// Centres are a [`Buffer`], so they are saved with the weights; degree and width are not.
///
/// # Panics
/// `forward`, if the input is not items × inputs.
#[derive(Clone, Debug)]
#[doc(alias("RBF", "PolynomialFeatures"))]
pub struct BasisFunctions<T: Real>(Kind<T>);

#[derive(Clone, Debug)]
enum Kind<T: Real> {
    /// Each monomial is an earlier one, or 1, times an input.
    Polynomial { inputs: usize, degree: usize, factors: Vec<(Option<usize>, usize)> },
    /// Centres × inputs.
    Gaussian { centres: Buffer<T>, width: f64 },
    /// One axis.
    Sigmoid { centres: Buffer<T>, width: f64 },
}

impl<T: Real> BasisFunctions<T> {
    /// All products of up to `degree` of the `inputs`, by rising degree: for one input `x, x², …`, for two of degree two
    /// `x1, x2, x1², x1 x2, x2²`.
    ///
    /// # Panics
    /// If one of the numbers is 0.
    #[track_caller]
    pub fn polynomial(inputs: usize, degree: usize) -> Self {
        expect::at_least_one("BasisFunctions: the number of inputs", inputs);
        expect::at_least_one("BasisFunctions: the degree", degree);
        let mut factors: Vec<(Option<usize>, usize)> = (0..inputs).map(|input| (None, input)).collect();
        let mut lower = 0..inputs;
        for _ in 1..degree {
            for k in lower.clone() {
                // Inputs in rising order: each product comes once.
                factors.extend((factors[k].1..inputs).map(|input| (Some(k), input)).collect::<Vec<_>>());
            }
            lower = lower.end..factors.len();
        }
        Self(Kind::Polynomial { inputs, degree, factors })
    }

    /// `exp(-|x - c|² / (2 width²))` for each row `c` of `centres`, which is functions × inputs.
    ///
    /// # Panics
    /// If the width is not above 0.
    #[track_caller]
    pub fn gaussian(centres: Array2<T>, width: f64) -> Self {
        Self(Kind::Gaussian { centres: Buffer::new(centres), width: expect::positive("BasisFunctions: width", width) })
    }

    /// `sigmoid((x_i - c) / width)` for each input `x_i` and each centre `c`: all centres for the first input, then for the
    /// second.
    ///
    /// # Panics
    /// If the width is not above 0.
    #[track_caller]
    pub fn sigmoid(centres: Array1<T>, width: f64) -> Self {
        Self(Kind::Sigmoid { centres: Buffer::new(centres), width: expect::positive("BasisFunctions: width", width) })
    }
}

impl<T: Real> Layer<T> for BasisFunctions<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let inputs = match &self.0 {
            Kind::Polynomial { inputs, .. } => Some(*inputs),
            Kind::Gaussian { centres, .. } => Some(centres.value().shape()[1]),
            Kind::Sigmoid { .. } => None,
        };
        assert!(
            x.ndim() == 2 && inputs.is_none_or(|inputs| x.shape()[1] == inputs),
            "BasisFunctions: the input has shape {:?}, expected [items, {}]",
            x.shape(),
            inputs.map_or_else(|| "inputs".to_owned(), |inputs| inputs.to_string())
        );
        let (items, width) = (x.shape()[0], x.shape()[1]);
        match &self.0 {
            Kind::Polynomial { factors, .. } => {
                let mut powers: Vec<Tensor<T>> = Vec::with_capacity(factors.len());
                for &(lower, input) in factors {
                    let x = x.narrow(1, input..input + 1);
                    powers.push(lower.map_or_else(|| x.clone(), |lower| &powers[lower] * &x));
                }
                Tensor::concat(&powers.iter().collect::<Vec<_>>(), 1)
            }
            Kind::Gaussian { centres, width } => {
                let distances = (x.expand(1) - centres.value().expand(0)).square().sum_axis(2);
                (distances * T::of(-0.5 / (width * width))).exp()
            }
            Kind::Sigmoid { centres, width: scale } => {
                let (centres, rows) = (centres.value(), x.expand(2));
                ((rows - &centres) / T::of(*scale)).sigmoid().reshape(&[items, width * centres.len()])
            }
        }
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        if let Kind::Gaussian { centres, .. } | Kind::Sigmoid { centres, .. } = &self.0 {
            v.buffer("centres", centres);
        }
    }

    fn describe(&self) -> String {
        match &self.0 {
            Kind::Polynomial { degree, .. } => format!("BasisFunctions(degree {degree})"),
            Kind::Gaussian { width, .. } => format!("BasisFunctions(Gaussian, width {width})"),
            Kind::Sigmoid { width, .. } => format!("BasisFunctions(sigmoid, width {width})"),
        }
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
