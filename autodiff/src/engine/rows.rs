//! The Jacobian of a row with respect to a row in one sweep.

use smallvec::SmallVec;

use super::vjp::add;
use crate::tensor::entry::Source;
use crate::tensor::table::Table;
use crate::tensor::{Vjp, linalg};
use crate::{Real, Tensor};

/// The Jacobian of `y`, of shape `[1, outputs]`, with respect to the leaf `x`, of shape `[1, inputs]`: a matrix.
///
/// Every adjoint on the way is a matrix with a row for each output, so that products are of matrices and what is known of
/// an operation's operands is used for all rows. `None` if there is an operation that cannot do that.
pub(crate) fn jacobian<T: Real>(y: &Tensor<T>, x: &Tensor<T>) -> Option<Tensor<T>> {
    let (root, leaf) = (y.place()?, x.place()?);
    let entries = Table::of(root.cell).entries.borrow();
    let _pause = root.cell.pause();
    let mut adjoints: Vec<Option<Tensor<T>>> = vec![None; root.slot as usize + 1];
    adjoints[root.slot as usize] = Some(linalg::identity(y.len()));
    for slot in (leaf.slot as usize + 1..adjoints.len()).rev() {
        let Some(grad) = adjoints[slot].take() else { continue };
        let Source::Op { op, inputs, output } = &entries[slot].source else { return None };
        let needs: SmallVec<[bool; 4]> = inputs.iter().map(Tensor::is_tracked).collect();
        let cx = Vjp { inputs, output, grad: &grad, needs, recording: false, parts: false };
        for (gradient, input) in op.vjp_rows(&cx)?.gradients.into_iter().zip(inputs) {
            let (Some(gradient), Some(node)) = (gradient, input.place()) else { continue };
            if input.ndim() != 2 || gradient.shape() != [y.len(), input.len()] {
                return None;
            }
            add(&mut adjoints[node.slot as usize], gradient, false);
        }
    }
    adjoints[leaf.slot as usize].take()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{Tape, tensor};

    #[test]
    fn equals_the_jacobian_row_by_row() {
        let w = Tensor::constant(array![[0.5, -1.0], [2.0, 0.25], [1.0, 3.0]]);
        let b = Tensor::constant(array![0.1, -0.2, 0.3]);
        let network = |x: &Tensor<f64>| {
            let hidden = x.linear(&w, &b).tanh();
            // Used twice, beside a constant that broadcasts, and through a product with a tensor on the right.
            ((&hidden * hidden.sigmoid() - &b) / 3.0 + hidden.relu()).matmul(&w)
        };
        let x = Tensor::constant(array![[0.7, -0.4]]);
        let expected = tensor::jacobian(|t| network(&t[0]), std::slice::from_ref(&x)).remove(0);
        let tape = Tape::new();
        let leaf = tape.tensor(x.clone());
        let found = jacobian(&network(&leaf), &leaf).expect("nothing but rows");
        for (a, b) in found.view().iter().zip(&expected) {
            assert!((a - b).abs() < 1e-15, "{found} and {expected}");
        }
        // What does not go by rows is left to others, who give the same.
        let turned = |x: &Tensor<f64>| network(x).transpose().transpose();
        assert!(jacobian(&turned(&leaf), &leaf).is_none());
        let other = tensor::jacobian_rows(turned, &x);
        assert!(other.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-15));
    }
}
