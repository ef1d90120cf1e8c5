//! Sums of products in index notation.

use smallvec::SmallVec;

use super::Tensor;
use super::layout::{Dims, Layout};
use super::rule::Rule;
use super::written::Written;
use crate::Real;
use crate::error::{Error, Result, sure};
use crate::kernels::loops;
use crate::rules::notation::sign::Word;

/// A layout in which one axis walks two at once.
fn diagonal(layout: &Layout, first: usize, second: usize) -> Layout {
    let mut diagonal = layout.clone();
    let stride = diagonal.strides.remove(second);
    diagonal.shape.remove(second);
    diagonal.strides[first] += stride;
    diagonal
}

/// The indices of an operand or of the result, one for each axis.
type Indices = SmallVec<[char; 6]>;

/// The parts of a specification, with `...` written out.
struct Spec {
    terms: Vec<Indices>,
    result: Indices,
}

/// The axes of `...` as indices of their own, counted from the last; private characters, so that no letter is one.
fn hidden(axis: usize) -> char {
    char::from_u32(0xE000 + axis as u32).expect("tensors have few axes")
}

fn is_hidden(index: char) -> bool {
    !index.is_ascii()
}

impl Spec {
    fn parse(text: &str, shapes: &[&[usize]]) -> Result<Self> {
        let wrong = |what: String| Error::custom(format!("einsum(\"{text}\"): {what}"));
        let plain: String = text.split_whitespace().collect();
        let (inputs, result) = plain.split_once("->").map_or((&*plain, None), |(i, r)| (i, Some(r)));
        let written: Vec<&str> = inputs.split(',').collect();
        if written.len() != shapes.len() {
            let (terms, operands) = (written.len(), shapes.len());
            return Err(wrong(format!("{terms} terms for {operands} operands; each operand needs a term of its own")));
        }
        for term in written.iter().copied().chain(result) {
            let letters = term.replacen("...", "", 1);
            if let Some(c) = letters.chars().find(|c| !c.is_ascii_alphabetic()) {
                let rule = "an index is a letter, `...` stands for further axes (once in a term), commas separate the \
                            operands, and the result follows after one `->`";
                return Err(wrong(format!("{c:?} is not an index: {rule}")));
            }
        }
        let mut spread = 0;
        let mut terms = Vec::with_capacity(shapes.len());
        for (number, (term, shape)) in written.iter().zip(shapes).enumerate() {
            let letters = term.bytes().filter(u8::is_ascii_alphabetic).count();
            let more = shape.len().saturating_sub(letters);
            if letters > shape.len() || more > 0 && !term.contains("...") {
                let axes = format!("operand {number} of shape {shape:?} has {} axes", shape.len());
                return Err(wrong(format!("{axes}, and its term \"{term}\" has {letters} indices")));
            }
            spread = spread.max(more);
            terms.push(spell(term, more));
        }
        let result = if let Some(result) = result {
            if spread > 0 && !result.contains("...") {
                return Err(wrong("the result needs `...`, too; to add up, name the axes".into()));
            }
            spell(result, spread)
        } else {
            let mut once: Vec<char> = terms.iter().flatten().copied().filter(|&c| !is_hidden(c)).collect();
            once.sort_unstable();
            let alone = |&c: &char| terms.iter().flatten().filter(|&&d| c == d).count() == 1;
            (0..spread).rev().map(hidden).chain(once.into_iter().filter(alone)).collect()
        };
        for (i, c) in result.iter().enumerate() {
            if result[..i].contains(c) {
                return Err(wrong(format!("the result has the index {c:?} twice; each can stand there once")));
            }
            if !is_hidden(*c) && !terms.iter().any(|term| term.contains(c)) {
                return Err(wrong(format!("the result has the index {c:?}, which no operand has")));
            }
        }
        let mut lengths: Vec<(char, usize, usize)> = Vec::new();
        for (number, (term, shape)) in terms.iter().zip(shapes).enumerate() {
            for (axis, (&c, &len)) in term.iter().zip(*shape).enumerate() {
                let differ = |known: usize, first: usize, rule: &str| {
                    let name = if is_hidden(c) { "an axis of `...`".into() } else { format!("the index {c:?}") };
                    let lengths = format!("{known} in operand {first} and {len} in operand {number}");
                    Err(wrong(format!("{name} has length {lengths}; {rule}")))
                };
                if let Some(before) = term[..axis].iter().position(|&d| c == d).filter(|&before| shape[before] != len) {
                    return differ(shape[before], number, "a diagonal needs one length");
                }
                match lengths.iter_mut().find(|(d, ..)| c == *d) {
                    None => lengths.push((c, len, number)),
                    Some(known) if known.1 == 1 => (known.1, known.2) = (len, number),
                    Some(&mut (_, known, first)) if known != len && len != 1 => {
                        return differ(known, first, "they must be equal or 1");
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(Self { terms, result })
    }
}

/// A term with `...` replaced by the indices of `more` axes.
fn spell(term: &str, more: usize) -> Indices {
    let letters = |part: &str| part.chars().filter(char::is_ascii_alphabetic).collect::<Indices>();
    let (before, after) = term.split_once("...").unwrap_or((term, ""));
    let mut indices = letters(before);
    indices.extend((0..more).rev().map(hidden));
    indices.extend(letters(after));
    indices
}

/// An operand with its indices.
struct Term<T: Real> {
    tensor: Tensor<T>,
    indices: Indices,
}

impl<T: Real> Term<T> {
    /// The lengths of some indices, with `one` for those that the operand has not.
    fn lengths<'a>(&'a self, indices: &'a [char]) -> impl Iterator<Item = usize> + 'a {
        indices.iter().map(|c| self.indices.iter().position(|d| c == d).map_or(1, |axis| self.tensor.shape()[axis]))
    }

    /// Repeated indices walk the diagonal.
    #[track_caller]
    fn distinct(mut self) -> Self {
        while let Some((first, second)) = repeated(&self.indices) {
            self.tensor = self.tensor.diagonal_of(first, second);
            self.indices.remove(second);
        }
        self
    }

    /// Without the axes along which it stretches: those of length 1 whose index is longer elsewhere.
    #[track_caller]
    fn unstretched(mut self, others: &[Indices], shapes: &[&[usize]]) -> Self {
        let longer = |c: char| {
            let long =
                |(term, shape): (&Indices, &&[usize])| term.iter().zip(*shape).any(|(&d, &len)| c == d && len != 1);
            others.iter().zip(shapes).any(long)
        };
        while let Some(axis) = (0..self.indices.len()).find(|&i| self.tensor.shape()[i] == 1 && longer(self.indices[i]))
        {
            self.tensor = self.tensor.squeeze(axis);
            self.indices.remove(axis);
        }
        self
    }

    /// Added up over the indices that are not to be kept.
    #[track_caller]
    fn summed(mut self, keep: impl Fn(char) -> bool) -> Self {
        let axes: Dims = (0..self.indices.len()).filter(|&axis| !keep(self.indices[axis])).collect();
        if !axes.is_empty() {
            self.tensor = self.tensor.sum_axes(&axes, false);
            self.indices.retain(|c| keep(*c));
        }
        self
    }

    /// With its axes in this order.
    #[track_caller]
    fn ordered(&self, order: impl Iterator<Item = char>) -> Tensor<T> {
        let axes: Dims = order.filter_map(|c| self.indices.iter().position(|&d| c == d)).collect();
        if axes.iter().copied().eq(0..self.indices.len()) { self.tensor.clone() } else { self.tensor.permute(&axes) }
    }

    /// The product with another operand, added up over common indices that are not to be kept.
    #[track_caller]
    fn times(self, other: Self, keep: impl Fn(char) -> bool) -> Self {
        let (left, right) = (self.indices.clone(), other.indices.clone());
        let (a, b) = (self.summed(|c| keep(c) || right.contains(&c)), other.summed(|c| keep(c) || left.contains(&c)));
        let pick = |from: &Indices, test: &dyn Fn(char) -> bool| from.iter().copied().filter(|&c| test(c)).collect();
        let batch: Indices = pick(&a.indices, &|c| right.contains(&c) && keep(c));
        let inner: Indices = pick(&a.indices, &|c| right.contains(&c) && !keep(c));
        let (rows, cols): (Indices, Indices) =
            (pick(&a.indices, &|c| !right.contains(&c)), pick(&b.indices, &|c| !left.contains(&c)));
        let all = || batch.iter().chain(&rows).chain(&cols).copied();
        let indices: Indices = all().collect();
        if inner.is_empty() || rows.is_empty() && cols.is_empty() && !batch.is_empty() {
            // Element by element: the library's products would be single numbers.
            let order: Indices = all().chain(inner.iter().copied()).collect();
            let spread = |t: &Self| t.ordered(order.iter().copied()).reshape(&t.lengths(&order).collect::<Dims>());
            let product = spread(&a) * spread(&b);
            return Self { tensor: product, indices: order }.summed(|c| !inner.contains(&c));
        }
        let outer: Dims = a.lengths(&batch).collect();
        let one = |t: &Self, group: &[char]| t.lengths(group).product::<usize>();
        let (m, k, n) = (one(&a, &rows), one(&a, &inner), one(&b, &cols));
        let shape = |m, n| outer.iter().copied().chain([m, n]).collect::<Dims>();
        let x = a.ordered(batch.iter().chain(&rows).chain(&inner).copied()).reshape(&shape(m, k));
        let y = b.ordered(batch.iter().chain(&inner).chain(&cols).copied()).reshape(&shape(k, n));
        let whole: Dims = outer.iter().copied().chain(a.lengths(&rows)).chain(b.lengths(&cols)).collect();
        Self { tensor: x.matmul(&y).reshape(&whole), indices }
    }
}

/// The places of the first index that comes twice.
fn repeated(indices: &[char]) -> Option<(usize, usize)> {
    let second = (0..indices.len()).find(|&i| indices[..i].contains(&indices[i]))?;
    let first = indices.iter().position(|c| *c == indices[second])?;
    Some((first, second))
}

impl<T: Real> Tensor<T> {
    /// Einstein's notation: a letter for each axis of each operand; the result is the product, added up over the letters
    /// that it does not have. So `"ij,jk->ik"` is the matrix product `y_ik = Σ_j a_ij b_jk`, `"ii->"` the trace,
    /// `"ij->ji"` the transpose, `"bi,bj->bij"` a batch of outer products.
    ///
    /// A letter that an operand has twice walks the diagonal. A length of 1 stretches to the letter's length in other operands,
    /// as in `NumPy`. Without `->` the result has the letters that come once, in alphabetical order. `...` stands for all further
    /// axes; the result has them first if it is not written. Operands are multiplied from left to right, by [`matmul`](Tensor::matmul) where something is added up.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let a = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let v = Tensor::constant(array![1.0, 10.0]);
    /// assert_eq!(Tensor::einsum("ij,j->i", &[&a, &v]).to_array(), array![21.0, 43.0].into_dyn());
    /// assert_eq!(Tensor::einsum("i,ij,j", &[&v, &a, &v]).item(), 451.0);
    /// assert_eq!(Tensor::einsum("ii", &[&a]).item(), 5.0);
    /// assert_eq!(Tensor::einsum("...i,ji->...j", &[&a, &a]).to_array(), array![[5.0, 11.0], [11.0, 25.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the text is not of this form, or does not fit the operands' shapes.
    #[doc(alias("tensordot", "contract"))]
    #[track_caller]
    pub fn einsum(spec: &str, operands: &[&Self]) -> Self {
        let shapes: SmallVec<[&[usize]; 4]> = operands.iter().map(|x| x.shape()).collect();
        let Spec { terms, result } = sure(Spec::parse(spec, &shapes));
        let mut product: Option<Term<T>> = None;
        for (i, operand) in operands.iter().enumerate() {
            let term = Term { tensor: (*operand).clone(), indices: terms[i].clone() };
            let term = term.unstretched(&terms, &shapes).distinct();
            let later = |c: char| result.contains(&c) || terms[i + 1..].iter().any(|term| term.contains(&c));
            product = Some(match product {
                None => term.summed(later),
                Some(before) => before.times(term, later),
            });
        }
        let Some(product) = product else { unreachable!("the text has a term, so there is an operand") };
        product.ordered(result.iter().copied())
    }

    /// The elements along which axes `first` and `second` have one index; the axis stays in `first`'s place.
    #[track_caller]
    fn diagonal_of(&self, first: usize, second: usize) -> Self {
        Rule {
            name: "diagonal",
            with: (first, second),
            forward: |x, &(first, second)| Ok(x[0].diagonal_of(first, second)),
            vjp: |cx, &(first, second)| cx.grad().undiagonal(first, second, cx.input(0).shape()).into(),
            notation: |_, _| Written::linear(Word("undiagonal")),
        }
        .record(&[self], self.with_layout(diagonal(self.layout(), first, second)))
    }

    /// The adjoint of a diagonal: the elements put back among zeros.
    #[track_caller]
    fn undiagonal(&self, first: usize, second: usize, shape: &[usize]) -> Self {
        let mut whole = Self::zeros(shape);
        let strides = diagonal(&Layout::row_major(shape), first, second).strides;
        loops::update(self.shape(), whole.make_mut(), &strides, 0, self.strided(), |_, x| x);
        Rule {
            name: "undiagonal",
            with: (first, second, Dims::from(shape)),
            forward: |x, (first, second, shape)| Ok(x[0].undiagonal(*first, *second, shape)),
            vjp: |cx, &(first, second, _)| cx.grad().diagonal_of(first, second).into(),
            notation: |_, _| Written::linear(Word("diagonal")),
        }
        .record(&[self], whole)
    }
}
