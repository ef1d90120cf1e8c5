//! Parts of tensors, and gradients that are 0 but for a part of their input: how these are added without the zeros.

use std::ops::Range;
use std::rc::Rc;

use ndarray::{ArrayViewMutD, IxDyn, SliceInfo, SliceInfoElem};
use smallvec::SmallVec;

use super::Tensor;
use super::layout::{Dims, Layout, row_major_strides};
use crate::Real;
use crate::kernels::loops::{self, Strided};
use crate::kernels::{gather, once};
use crate::rules::notation::sign::{Piece, Sign, Word};

/// What `ndarray`'s `s![]` says, for arrays of any rank.
pub(super) type Cut = SliceInfo<Vec<SliceInfoElem>, IxDyn, IxDyn>;

/// A part of a tensor.
#[derive(Clone)]
pub(crate) enum Part {
    /// What a slice names.
    Cut(Rc<Cut>),
    /// A range of an axis.
    Range(usize, Range<usize>),
    /// The parts of an axis at these indices, in that order; an index may come more than once.
    At(usize, Rc<[usize]>),
}

impl Part {
    /// Where the part lies of what lies so; `None` where its elements do not lie one step after another.
    pub(super) fn layout(&self, of: &Layout) -> Option<Layout> {
        match self {
            Self::Cut(cut) => of.cut(cut),
            Self::Range(axis, range) => {
                let mut layout = of.clone();
                layout.shape[*axis] = range.len();
                layout.offset += range.start * layout.strides[*axis];
                Some(layout)
            }
            Self::At(..) => None,
        }
    }

    /// The part of a tensor, whose elements it shares if they lie one step after another. A constant.
    pub(super) fn of<T: Real>(&self, x: &Tensor<T>) -> Tensor<T> {
        match (self, self.layout(x.layout())) {
            (_, Some(layout)) => x.with_layout(layout),
            (Self::At(axis, indices), None) => {
                let mut shape = Dims::from_slice(x.shape());
                shape[*axis] = indices.len();
                let inner = shape[axis + 1..].iter().product();
                Tensor::build(&shape, |out| match x.as_slice() {
                    Some(x_elements) => gather::rows(x_elements, x.shape()[*axis], indices, inner, out),
                    None => {
                        for (k, &i) in indices.iter().enumerate() {
                            Row { axis: *axis, shape: &shape }.update(out, k, x, i, |_, x| x);
                        }
                    }
                })
            }
            (Self::Cut(cut), None) => Tensor::copied(&x.view().slice(&**cut)),
            (Self::Range(..), None) => unreachable!("a range has a layout"),
        }
    }

    /// What taking the part is called, and putting it back.
    pub(super) fn names(&self) -> [&'static str; 2] {
        if let Self::At(..) = self { ["index_select", "index_add"] } else { ["slice", "unslice"] }
    }

    /// How one of these names is written.
    pub(super) fn word(&self, which: usize) -> Piece {
        match (self, which) {
            (Self::At(..), 0) => Sign("index_select", r"\operatorname{index\_select}"),
            (Self::At(..), _) => Sign("index_add", r"\operatorname{index\_add}"),
            _ => Word(self.names()[which]),
        }
    }

    /// Pieces in their parts among zeros, or added to `to` if there is one, in order. A constant.
    pub(super) fn sum<T: Real>(
        to: Option<&Tensor<T>>,
        parts: &[Self],
        pieces: &[&Tensor<T>],
        shape: &[usize],
    ) -> Tensor<T> {
        let mut sum = to.map(Tensor::untracked);
        for (part, piece) in parts.iter().zip(pieces) {
            part.add_to(&mut sum, piece, shape);
        }
        sum.unwrap_or_else(|| Tensor::zeros(shape))
    }

    /// A tensor of a shape with this part, and zeros elsewhere. What comes more than once is added up. A constant.
    pub(super) fn among_zeros<T: Real>(&self, piece: &Tensor<T>, shape: &[usize]) -> Tensor<T> {
        let mut whole = Tensor::zeros(shape);
        match self {
            Self::At(axis, indices) => match piece.as_slice() {
                Some(elements) => {
                    let inner = shape[axis + 1..].iter().product();
                    gather::add_rows(elements, shape[*axis], indices, inner, whole.make_mut());
                }
                None => {
                    for (k, &i) in indices.iter().enumerate() {
                        Row { axis: *axis, shape }.update(whole.make_mut(), i, piece, k, |t, x| t + x);
                    }
                }
            },
            _ => self.write(&mut whole, piece, |_, x| x),
        }
        whole
    }

    /// Whether this is some rows, together much smaller than the tensor of this shape.
    pub(super) fn is_few_rows<T: Real>(&self, piece: &Tensor<T>, shape: &[usize]) -> bool {
        matches!(self, Self::At(0, _)) && 2 * piece.len() < shape.iter().product()
    }

    /// Rows of [`among_zeros`](Self::among_zeros), where the part is rows, too; `rows` go upward. A constant.
    pub(super) fn rows_among_zeros<T: Real>(&self, piece: &Tensor<T>, rows: &[usize]) -> Tensor<T> {
        let Self::At(0, indices) = self else { unreachable!("the part is rows") };
        let mut shape = Dims::from_slice(piece.shape());
        shape[0] = rows.len();
        let (piece, width) = (piece.row_major(), shape[1..].iter().product::<usize>());
        let (elements, mut found) = (piece.as_slice().expect("row-major"), Tensor::zeros(&shape));
        let sums = found.make_mut();
        let ranks = gather::Ranks::new(rows);
        for (k, &row) in indices.iter().enumerate() {
            let Some(at) = ranks.of(row) else { continue };
            let sum = sums[at * width..][..width].iter_mut();
            sum.zip(&elements[k * width..]).for_each(|(sum, &x)| *sum += x);
        }
        found
    }

    /// Adds a part of a tensor of this shape to a sum, in place: the sum's bits are those of adding it among zeros, up to the signs of
    /// zeros.
    pub(crate) fn add_to<T: Real>(&self, sum: &mut Option<Tensor<T>>, piece: &Tensor<T>, shape: &[usize]) {
        let Some(whole) = sum else {
            *sum = Some(self.among_zeros(piece, shape));
            return;
        };
        match self {
            // A large part is sooner added with the zeros than put in order.
            Self::At(..) if 4 * piece.len() >= whole.len() => {
                whole.accumulate(&self.among_zeros(piece, shape));
            }
            Self::At(axis, indices) => {
                let (row, add) = (Row { axis: *axis, shape }, |t, x| t + x);
                let mut order: SmallVec<[(usize, usize); 8]> = indices.iter().copied().zip(0..).collect();
                order.sort_unstable();
                for same in order.chunk_by(|a, b| a.0 == b.0) {
                    match same {
                        &[(i, k)] => row.update(whole.make_mut(), i, piece, k, add),
                        several => {
                            let alone = row.one(piece);
                            let mut total = Tensor::zeros(&alone);
                            for &(_, k) in several {
                                Row { axis: *axis, shape: &alone }.update(total.make_mut(), 0, piece, k, add);
                            }
                            row.update(whole.make_mut(), several[0].0, &total, 0, add);
                        }
                    }
                }
            }
            _ => match self.layout(&Layout::row_major(whole.shape())) {
                Some(part) => once::add_to(&part.shape, whole.make_mut(), &part.strides, part.offset, piece.strided()),
                None => self.write(whole, piece, |t, x| t + x),
            },
        }
    }

    /// Sets the elements of this part to what `f` makes of them and the piece's.
    fn write<T: Real>(&self, whole: &mut Tensor<T>, piece: &Tensor<T>, f: impl Fn(T, T) -> T) {
        let layout = Layout::row_major(whole.shape());
        match (self, self.layout(&layout)) {
            (_, Some(part)) => {
                loops::update(&part.shape, whole.make_mut(), &part.strides, part.offset, piece.strided(), f);
            }
            (Self::Cut(cut), None) => {
                let whole = ArrayViewMutD::from_shape(IxDyn(&layout.shape), whole.make_mut()).expect("row-major");
                whole.slice_move(&**cut).zip_mut_with(&piece.view(), |t, &x| *t = f(*t, x));
            }
            _ => unreachable!("a range has a layout, and indices are gone through one by one"),
        }
    }
}

/// Steps along an axis of a row-major tensor.
struct Row<'a> {
    axis: usize,
    shape: &'a [usize],
}

impl Row<'_> {
    /// The shape of a single step of a tensor that differs along the axis only.
    fn one<T: Real>(&self, x: &Tensor<T>) -> Dims {
        let mut shape = Dims::from_slice(x.shape());
        shape[self.axis] = 1;
        shape
    }

    /// Sets the elements of step `i` to what `f` makes of them and of step `k` of `x`.
    fn update<T: Real>(&self, whole: &mut [T], i: usize, x: &Tensor<T>, k: usize, f: impl Fn(T, T) -> T) {
        let (strides, layout) = (row_major_strides(self.shape), x.layout());
        let source = Strided { offset: layout.offset + k * layout.strides[self.axis], ..x.strided() };
        loops::update(&self.one(x), whole, &strides, i * strides[self.axis], source, f);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{array, s};

    use super::*;

    #[test]
    fn parts_add_up_as_they_do_among_zeros() {
        let cut = |part: &[SliceInfoElem]| Part::Cut(Rc::new(Cut::try_from(part.to_vec()).expect("any rank")));
        let row = Tensor::constant(array![0.1_f64, 0.2, 0.3]);
        let rows = Tensor::constant(array![[0.1, 0.7, 0.3], [0.3, 0.1, 1e-17], [0.7, 0.3, 0.2]]);
        let parts = [
            (cut(s![1, ..].as_ref()), row.clone()),
            (cut(s![8, ..;-1].as_ref()), row),
            (cut(s![3..9;2, ..].as_ref()), rows.clone()),
            (Part::Range(0, 7..10), rows.clone()),
            (Part::At(0, [4, 1, 4].into()), rows.clone()),
            (Part::At(1, [2, 2, 0].into()), rows.narrow(0, 0..1).broadcast_to(&[30, 3])),
            (Part::At(0, [8].into()), rows.narrow(0, 2..3)),
        ];
        let shape = [30, 3];
        let (mut sum, mut expected) = (None, Tensor::zeros(&shape));
        for (part, piece) in &parts {
            part.add_to(&mut sum, piece, &shape);
            expected = expected + part.among_zeros(piece, &shape);
            assert_eq!(sum.as_ref().map(Tensor::to_array), Some(expected.to_array()));
        }
    }
}
