//! Penalties on the size of weights (L13).

use autodiff::{Real, Tensor};

use crate::error::{Kind, Result, quoted};
use crate::expect;
use crate::layer::Layer;
use crate::optim::transform::{At, Transform};
use crate::param::Param;
use crate::visit::{names, parameters};

/// The regularised part `(λ/N) Ω(w)` of the error `E = (1/N) Σ L + (λ/N) Ω(w)` (L13), with N the number of items in the
/// training set.
///
/// | | `Ω(w)` |
/// |---|---|
/// | [`l2`](Self::l2) | `½ Σ w²`: weight decay |
/// | [`l1`](Self::l1) | `½ Σ \|w\|`: sparse weights |
/// | [`elastic_net`](Self::elastic_net) | `share · ½ Σ \|w\| + (1 - share) · ½ Σ w²` |
///
/// Use it in one of three ways. [`penalty`](Self::penalty) is a term of a recorded loss. As a link
/// [`before`](crate::optim::Descent::before) an optimiser's rule it adds the gradient of that term, which is the same, and
/// needs no change of the loss. [`proximal`](Self::proximal) sets the weights that do not matter to exactly 0.
///
/// ```
/// use nn::{Linear, Regularizer, Sgd, is_bias};
/// use ndarray::array;
/// let items = 100;
/// let l2 = Regularizer::l2(0.5, items).except(is_bias);
/// let model = Linear::from_weights(array![[3.0, -4.0]], array![7.0]);
/// assert_eq!(l2.penalty(&model).item(), 0.5 / 100.0 * 0.5 * 25.0);
/// let sgd = Sgd::<f64>::new(0.1).before(l2);
/// let sparse = Sgd::<f64>::new(0.1).after(Regularizer::l1(0.5, items).except(is_bias).proximal());
/// ```
pub struct Regularizer {
    /// The factor of `Σ |w|`.
    l1: f64,
    /// The factor of `½ Σ w²`.
    l2: f64,
    filter: Box<dyn Fn(&str) -> bool>,
}

impl Regularizer {
    /// Penalises squares: `Ω = ½ Σ w²`.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite, or if `items` is 0.
    #[track_caller]
    pub fn l2(lambda: f64, items: usize) -> Self {
        Self::elastic_net(lambda, 0.0, items)
    }

    /// Penalises absolute values: `Ω = ½ Σ |w|`.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite, or if `items` is 0.
    #[track_caller]
    pub fn l1(lambda: f64, items: usize) -> Self {
        Self::elastic_net(lambda, 1.0, items)
    }

    /// Penalises both: `Ω = share · ½ Σ |w| + (1 - share) · ½ Σ w²`.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite, if `share` is not between 0 and 1, or if `items` is 0.
    #[track_caller]
    pub fn elastic_net(lambda: f64, share: f64, items: usize) -> Self {
        expect::not_negative("Regularizer: lambda", lambda);
        expect::fraction("Regularizer: the share of L1", share);
        let scale = lambda / expect::at_least_one("Regularizer: the number of items", items) as f64;
        Self { l1: scale * share / 2.0, l2: scale * (1.0 - share), filter: Box::new(|_| true) }
    }

    /// Keeps, of the parameters chosen so far, only those for whose full names (`layers.0.weight`) `filter` holds.
    pub fn only(mut self, filter: impl Fn(&str) -> bool + 'static) -> Self {
        let before = self.filter;
        self.filter = Box::new(move |name| before(name) && filter(name));
        self
    }

    /// Leaves out the parameters for whose full names `filter` holds; [`is_bias`](crate::is_bias) leaves out biases.
    pub fn except(self, filter: impl Fn(&str) -> bool + 'static) -> Self {
        self.only(move |name| !filter(name))
    }

    /// Computes `(λ/N) Ω` of a model's parameters; recorded if these are watched.
    ///
    /// # Panics
    /// If the filter holds for none of the model's parameters.
    #[track_caller]
    pub fn penalty<T: Real>(&self, model: &(impl Layer<T> + ?Sized)) -> Tensor<T> {
        let names = names(model);
        if let Err(error) = self.check(&names.iter().map(String::as_str).collect::<Vec<_>>()) {
            panic!("{error:?}");
        }
        let mut sum = Tensor::scalar(T::zero());
        parameters(model, |name, param| {
            if !(self.filter)(name) {
                return;
            }
            let w = param.tensor();
            if self.l1 != 0.0 {
                sum = &sum + w.abs().sum() * T::of(self.l1);
            }
            if self.l2 != 0.0 {
                sum = &sum + w.square().sum() * T::of(self.l2 / 2.0);
            }
        });
        sum
    }

    /// Returns the proximal step of the penalty, for [`after`](crate::optim::Descent::after) an optimiser's step without it:
    /// with `κ = η λ share / (2N)`, `w ← sign(w) max(|w| - κ, 0) / (1 + η λ (1 - share) / N)`.
    ///
    /// For L1 this sets to exactly 0 every weight that the penalty outweighs, where its subgradient would make it swing
    /// around 0. After plain gradient descent it is the proximal gradient method (ISTA), which converges to the minimum of
    /// the regularised error; after a rule that scales each weight's gradient the minimum is another penalty's.
    pub fn proximal(self) -> Proximal {
        Proximal(self)
    }

    /// Whether the filter holds for any of the names.
    fn check(&self, names: &[&str]) -> Result<()> {
        if names.iter().any(|name| (self.filter)(name)) {
            return Ok(());
        }
        Err(Kind::EmptyFilter { names: quoted(names) }.into())
    }
}

/// Adds the gradient of the penalty, that of `|w|` being 0 at 0.
impl<T: Real> Transform<T> for Regularizer {
    fn begin(&self, names: &[&str]) -> Result<()> {
        self.check(names)
    }

    fn apply(&self, update: &mut Tensor<T>, value: &Tensor<T>, at: &mut At<'_, T>) {
        if !(self.filter)(at.name()) {
            return;
        }
        let (l1, l2) = (T::of(self.l1), T::of(self.l2));
        let sign = |w: T| if w.is_zero() { w } else { w.signum() };
        update.update(value, |u, w| u + (l1 * sign(w) + l2 * w));
    }
}

/// A [`Regularizer`] as a step of its own: see [`Regularizer::proximal`].
pub struct Proximal(Regularizer);

impl<T: Real> Transform<T> for Proximal {
    fn begin(&self, names: &[&str]) -> Result<()> {
        self.0.check(names)
    }

    fn settle(&self, param: &Param<T>, at: &mut At<'_, T>) {
        let Self(Regularizer { l1, l2, filter }) = self;
        if !filter(at.name()) {
            return;
        }
        let threshold = at.rate() * T::of(*l1);
        let shrink = T::one() + at.rate() * T::of(*l2);
        param.map(|w| if w.abs() <= threshold { T::zero() } else { (w - threshold * w.signum()) / shrink });
    }
}
