//! A trainable parameter.

use autodiff::{Real, Tape, Tensor};

use crate::error::{Kind, Result};

/// A trainable part of a model: weights or a bias.
///
/// Between steps a parameter is plain values. [`watch`](crate::watch) puts a model's parameters on a tape for one step;
/// once the tape is reset they are plain values again.
///
/// ```
/// use autodiff::Tape;
/// use nn::Param;
/// let mut w = Param::new(ndarray::array![1.0, 2.0]);
/// let tape = Tape::new();
/// w.watch(&tape);
/// let loss = w.tensor().square().sum();
/// assert_eq!(w.gradient(&loss.backward()).unwrap().to_array(), ndarray::array![2.0, 4.0].into_dyn());
/// ```
pub struct Param<T: Real> {
    value: Tensor<T>,
    watched: Option<Tensor<T>>,
}

impl<T: Real> Param<T> {
    /// A parameter with these values.
    pub fn new(value: impl Into<Tensor<T>>) -> Self {
        Self { value: value.into().detach(), watched: None }
    }

    /// The values.
    pub fn value(&self) -> &Tensor<T> {
        &self.value
    }

    /// Replaces the values.
    ///
    /// # Panics
    /// If the shape differs.
    #[track_caller]
    pub fn set(&mut self, value: impl Into<Tensor<T>>) {
        let value = value.into().detach();
        assert_eq!(value.shape(), self.value.shape(), "a parameter keeps its shape");
        self.value = value;
        self.watched = None;
    }

    /// Puts the values on a tape as an independent variable, without a copy.
    #[track_caller]
    pub fn watch(&mut self, tape: &Tape<T>) {
        self.watched = Some(tape.tensor(self.value.clone()));
    }

    /// Computes with this tensor from now on, which may be on a tape.
    pub(crate) fn lend(&mut self, tensor: &Tensor<T>) {
        self.value = tensor.detach();
        self.watched = Some(tensor.clone()).filter(Tensor::is_tracked);
    }

    /// Returns what a layer computes with: the variable while it is on a tape, otherwise the values as a constant.
    pub fn tensor(&self) -> &Tensor<T> {
        self.watched.as_ref().filter(|tensor| tensor.is_current()).unwrap_or(&self.value)
    }

    /// Returns the gradient that a sweep found; `None` if it did not reach this parameter, or that was not on the tape.
    pub fn gradient<'g>(&self, gradients: &'g autodiff::Gradients<T>) -> Option<&'g Tensor<T>> {
        gradients.tensor(self.watched.as_ref()?)
    }

    /// Returns the gradient that a sweep found, or says why there is none for the parameter, which is called `name`.
    ///
    /// # Errors
    /// If none reaches the parameter: the message names it and the place at which the path to the root ends.
    pub fn require<'g>(&self, name: &str, gradients: &'g autodiff::Gradients<T>) -> Result<&'g Tensor<T>> {
        if let Some(gradient) = self.gradient(gradients) {
            return Ok(gradient);
        }
        let why = self
            .watched
            .as_ref()
            .and_then(|tensor| Some((gradients.why_missing(tensor)?, gradients.is_unread(tensor))));
        let why = match why {
            None => "it was not on the tape; `nn::watch` puts it there".to_owned(),
            Some((why, true)) => format!("{why}; did a layer read its values instead of its tensor?"),
            Some((why, false)) => why,
        };
        Err(Kind::MissingGradient { name: name.to_owned(), why }.into())
    }

    /// Updates the values in place, `value[i] = f(value[i], other[i])`, and takes the parameter off its tape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn update(&mut self, other: &Tensor<T>, f: impl Fn(T, T) -> T) {
        self.watched = None;
        self.value.update(other, f);
    }

    /// Updates the values in place, `value[i] = f(value[i])`, and takes the parameter off its tape.
    pub fn map(&mut self, f: impl Fn(T) -> T) {
        let old = self.value.clone();
        self.update(&old, |w, _| f(w));
    }
}

impl<T: Real> std::fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Param({:?})", self.value.shape())
    }
}
