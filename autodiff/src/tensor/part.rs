//! Gradients that are 0 but for a part of their input: how they are added without the zeros.

use std::rc::Rc;

use ndarray::{ArrayViewMutD, IxDyn, SliceInfo, SliceInfoElem};
use smallvec::SmallVec;

use super::Tensor;
use super::layout::{Dims, Layout, row_major_strides};
use crate::Real;
use crate::kernels::loops::{self, Strided};

/// What `ndarray`'s `s![]` says, for arrays of any rank.
pub(super) type Cut = SliceInfo<Vec<SliceInfoElem>, IxDyn, IxDyn>;

/// A part of a tensor.
#[derive(Clone)]
pub(crate) enum Part {
    /// What a slice names.
    Cut(Rc<Cut>),
    /// The parts of an axis at these indices, in that order; an index may come more than once.
    At(usize, Rc<[usize]>),
}

impl Part {
    /// A tensor of a shape with this part, and zeros elsewhere. What comes more than once is added up. A constant.
    pub(super) fn among_zeros<T: Real>(&self, piece: &Tensor<T>, shape: &[usize]) -> Tensor<T> {
        let mut whole = Tensor::zeros(shape);
        match self {
            Self::Cut(cut) => write(&mut whole, cut, piece, |_, x| x),
            Self::At(axis, indices) => {
                for (k, &i) in indices.iter().enumerate() {
                    Row { axis: *axis, shape }.add(whole.make_mut(), i, piece, k);
                }
            }
        }
        whole
    }

    /// Adds a part of a tensor of this shape to a sum, in place: the sum's bits are those of adding it among zeros, up to the signs of
    /// zeros.
    pub(crate) fn add_to<T: Real>(&self, sum: &mut Option<Tensor<T>>, piece: &Tensor<T>, shape: &[usize]) {
        let Some(whole) = sum else {
            *sum = Some(self.among_zeros(piece, shape));
            return;
        };
        match self {
            Self::Cut(cut) => write(whole, cut, piece, |t, x| t + x),
            // A large part is sooner added with the zeros than put in order.
            Self::At(..) if 4 * piece.len() >= whole.len() => {
                whole.update(&self.among_zeros(piece, shape), |t, x| t + x);
            }
            Self::At(axis, indices) => {
                let row = Row { axis: *axis, shape };
                let mut order: SmallVec<[(usize, usize); 8]> = indices.iter().copied().zip(0..).collect();
                order.sort_unstable();
                for same in order.chunk_by(|a, b| a.0 == b.0) {
                    match same {
                        &[(i, k)] => row.add(whole.make_mut(), i, piece, k),
                        several => {
                            let mut total = Tensor::zeros(&row.shape_of(piece));
                            for &(_, k) in several {
                                Row { axis: *axis, shape: &row.shape_of(piece) }.add(total.make_mut(), 0, piece, k);
                            }
                            row.add(whole.make_mut(), several[0].0, &total, 0);
                        }
                    }
                }
            }
        }
    }
}

/// Sets the elements that a slice names to what `f` makes of them and the piece's.
fn write<T: Real>(whole: &mut Tensor<T>, cut: &Cut, piece: &Tensor<T>, f: impl Fn(T, T) -> T) {
    let layout = Layout::row_major(whole.shape());
    match layout.cut(cut) {
        Some(part) => loops::update(&part.shape, whole.make_mut(), &part.strides, part.offset, piece.strided(), f),
        None => {
            let whole = ArrayViewMutD::from_shape(IxDyn(&layout.shape), whole.make_mut()).expect("row-major");
            whole.slice_move(cut).zip_mut_with(&piece.view(), |t, &x| *t = f(*t, x));
        }
    }
}

/// Steps along an axis of a row-major tensor.
struct Row<'a> {
    axis: usize,
    shape: &'a [usize],
}

impl Row<'_> {
    /// The shape of one of the piece's.
    fn shape_of<T: Real>(&self, piece: &Tensor<T>) -> Dims {
        let mut shape = Dims::from_slice(piece.shape());
        shape[self.axis] = 1;
        shape
    }

    /// Adds step `k` of the piece at step `i`.
    fn add<T: Real>(&self, whole: &mut [T], i: usize, piece: &Tensor<T>, k: usize) {
        let strides = row_major_strides(self.shape);
        let (own, layout) = (piece.strided(), piece.layout());
        let source = Strided { offset: layout.offset + k * layout.strides[self.axis], ..own };
        loops::update(&self.shape_of(piece), whole, &strides, i * strides[self.axis], source, |t, x| t + x);
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
