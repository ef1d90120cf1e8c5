//! A trainable parameter.

use std::cell::RefCell;

use autodiff::{Real, Tape, Tensor};

use crate::error::{Kind, Result};
use crate::uses;

/// A trainable part of a model: weights or a bias.
///
/// Between steps a parameter is plain values. [`watch`](crate::watch) puts a model's parameters on a tape for one step;
/// once the tape is reset they are plain values again. A parameter is a cell: all that changes it takes `&self`. Its clone
/// has values of its own and is on no tape.
///
/// ```
/// use autodiff::Tape;
/// use nn::Param;
/// let w = Param::new(ndarray::array![1.0, 2.0]);
/// let tape = Tape::new();
/// w.watch(&tape);
/// let loss = w.tensor().square().sum();
/// assert_eq!(w.gradient(&loss.backward()).unwrap().to_array(), ndarray::array![2.0, 4.0].into_dyn());
/// ```
#[doc(alias = "Parameter")]
pub struct Param<T: Real>(RefCell<Content<T>>);

/// What a parameter holds at a time.
pub(crate) struct Content<T: Real> {
    value: Tensor<T>,
    watched: Option<Tensor<T>>,
    /// What has been read of it since it was watched.
    read: Read,
}

/// What computations have read of a parameter.
enum Read {
    /// These rows, each as often as it was read.
    Rows(Vec<usize>),
    /// The whole.
    All,
}

impl<T: Real> Content<T> {
    pub(crate) fn new(tensor: Tensor<T>) -> Self {
        Self { value: tensor.detach(), watched: Some(tensor).filter(Tensor::is_tracked), read: Read::All }
    }
}

impl<T: Real> Param<T> {
    /// A parameter with these values.
    pub fn new(value: impl Into<Tensor<T>>) -> Self {
        Self(RefCell::new(Content::new(value.into().detach())))
    }

    /// Returns the values as a constant that shares its elements with the parameter.
    pub fn value(&self) -> Tensor<T> {
        self.0.borrow().value.clone()
    }

    /// Replaces the values. A tensor on a tape stays there: the layer computes with it, and gradients flow through it, until
    /// the tape is reset or [`watch`](crate::watch) puts the values on a tape anew.
    ///
    /// # Panics
    /// If the shape differs.
    #[track_caller]
    pub fn set(&self, value: impl Into<Tensor<T>>) {
        let (value, old) = (value.into(), self.value());
        assert!(
            value.shape() == old.shape(),
            "Param: the new values have shape {:?}, the parameter {:?}; a parameter keeps its shape",
            value.shape(),
            old.shape()
        );
        self.0.replace(Content::new(value));
    }

    /// Puts another content in; returns the one that was there.
    pub(crate) fn exchange(&self, content: Content<T>) -> Content<T> {
        self.0.replace(content)
    }

    /// Puts the values on a tape as an independent variable, without a copy.
    #[track_caller]
    pub fn watch(&self, tape: &Tape<T>) {
        let mut content = self.0.borrow_mut();
        content.watched = Some(tape.tensor(content.value.clone()));
        content.read = Read::Rows(Vec::new());
    }

    /// Returns what a layer computes with: the variable while it is on a tape, otherwise the values as a constant.
    pub fn tensor(&self) -> Tensor<T> {
        let mut content = self.0.borrow_mut();
        content.read = Read::All;
        self.computed_with(&content)
    }

    /// Returns rows of [`tensor`](Self::tensor), an index along the first axis for each. A parameter of which a step reads rows
    /// alone is changed by optimisers in these rows alone, as [`Embedding`](crate::Embedding) is.
    ///
    /// # Panics
    /// If the parameter does not have such a row.
    #[track_caller]
    pub fn rows(&self, indices: &[usize]) -> Tensor<T> {
        let mut content = self.0.borrow_mut();
        if let Read::Rows(rows) = &mut content.read {
            rows.extend(indices);
        }
        self.computed_with(&content).index_select(0, indices)
    }

    /// The rows that were read since the parameter was watched; `None` if it was read as a whole, or not at all.
    pub(crate) fn rows_read(&self) -> Option<Vec<usize>> {
        let content = self.0.borrow();
        match &content.read {
            Read::Rows(rows) if !rows.is_empty() => Some(ascending(rows, content.value.shape()[0])),
            _ => None,
        }
    }

    /// Takes note that these rows alone were read since the parameter was watched.
    pub(crate) fn note_rows(&self, rows: impl IntoIterator<Item = usize>) {
        self.0.borrow_mut().read = Read::Rows(rows.into_iter().collect());
    }

    /// Updates some rows in place, as [`update`](Self::update) does all.
    pub(crate) fn update_rows(&self, rows: &[usize], other: &Tensor<T>, f: impl Fn(T, T) -> T) {
        let mut content = self.0.borrow_mut();
        content.watched = None;
        content.value.update_rows(rows, other, f);
    }

    fn computed_with(&self, content: &Content<T>) -> Tensor<T> {
        match &content.watched {
            Some(tensor) if tensor.is_current() => tensor.clone(),
            _ => {
                uses::note(std::ptr::from_ref(self).addr(), content.value.shape());
                content.value.clone()
            }
        }
    }

    /// Whether the values have this shape.
    pub(crate) fn has_shape(&self, shape: &[usize]) -> bool {
        self.0.borrow().value.shape() == shape
    }

    /// The variable, while it is on a tape.
    pub(crate) fn watched(&self) -> Option<Tensor<T>> {
        self.0.borrow().watched.as_ref().filter(|tensor| tensor.is_current()).cloned()
    }

    /// Returns the gradient that a sweep found; `None` if it did not reach this parameter, or that was not on the tape.
    pub fn gradient<'g>(&self, gradients: &'g autodiff::Gradients<T>) -> Option<&'g Tensor<T>> {
        gradients.tensor(self.0.borrow().watched.as_ref()?)
    }

    /// Rows of the gradient that a sweep found, which go upward.
    pub(crate) fn gradient_rows(&self, gradients: &autodiff::Gradients<T>, rows: &[usize]) -> Option<Tensor<T>> {
        gradients.rows(self.0.borrow().watched.as_ref()?, rows)
    }

    /// Returns the gradient that a sweep found, or says why there is none for the parameter, which is called `name`.
    ///
    /// # Errors
    /// If none reaches the parameter: the message names it and the place at which the path to the root ends.
    pub fn require<'g>(&self, name: &str, gradients: &'g autodiff::Gradients<T>) -> Result<&'g Tensor<T>> {
        if let Some(gradient) = self.gradient(gradients) {
            return Ok(gradient);
        }
        let content = self.0.borrow();
        let watched = content.watched.as_ref();
        let why = watched.and_then(|tensor| Some((gradients.why_missing(tensor)?, gradients.is_unread(tensor))));
        let why = match why {
            None => {
                "it was not on the tape; `nn::watch` puts it there, and a layer computes with its `tensor()`".to_owned()
            }
            Some((why, true)) => format!("{why}; did a layer read its `value()` instead of its `tensor()`?"),
            Some((why, false)) => why,
        };
        Err(Kind::MissingGradient { name: name.to_owned(), why }.into())
    }

    /// Updates the values in place, `value[i] = f(value[i], other[i])`, and takes the parameter off its tape.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn update(&self, other: &Tensor<T>, f: impl Fn(T, T) -> T) {
        let mut content = self.0.borrow_mut();
        content.watched = None;
        content.value.update(other, f);
    }

    /// Updates the values in place, `value[i] = f(value[i])`, and takes the parameter off its tape.
    pub fn map(&self, f: impl Fn(T) -> T) {
        let old = self.value();
        self.update(&old, |w, _| f(w));
    }
}

/// Numbers below `count`, in order and each once. They are marked, unless they are very few of many.
fn ascending(numbers: &[usize], count: usize) -> Vec<usize> {
    let words = count.div_ceil(64);
    if words > 8 * numbers.len() {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        return sorted;
    }
    let mut marks = vec![0_u64; words];
    for &number in numbers {
        marks[number / 64] |= 1 << (number % 64);
    }
    let mut sorted = Vec::with_capacity(numbers.len());
    for (word, mut marks) in marks.into_iter().enumerate() {
        while marks != 0 {
            sorted.push(64 * word + marks.trailing_zeros() as usize);
            marks &= marks - 1;
        }
    }
    sorted
}

/// The values alone.
impl<T: Real> Clone for Param<T> {
    fn clone(&self) -> Self {
        Self::new(self.value())
    }
}

impl<T: Real> std::fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Param({:?})", self.0.borrow().value.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::ascending;

    #[test]
    fn rows_are_put_in_order() {
        for count in [100, 1_000_000] {
            assert_eq!(ascending(&[63, 99, 0, 64, 63, 0], count), [0, 63, 64, 99]);
        }
    }
}
