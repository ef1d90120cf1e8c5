//! Matrix products over leading axes, and sums of products in index notation.

use autodiff::{Real, Tensor};

use super::{Case, case};

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        case(
            "matmul",
            &[
                &[&[2, 2, 3], &[2, 3, 2]],
                &[&[2, 1, 2, 3], &[3, 3, 1]],
                &[&[3, 2, 2], &[2, 4]],
                &[&[2, 3], &[2, 3, 2]],
                &[&[3], &[2, 3, 2]],
                &[&[2, 2, 3], &[3]],
                &[&[2, 1, 3], &[1, 3, 2]],
                &[&[1, 2, 3], &[2, 1, 3, 2]],
                &[&[2, 2, 0], &[0, 2]],
                &[&[0, 2, 3], &[3, 2]],
                &[&[2, 3], &[0, 3, 2]],
            ],
            |t| t[0].matmul(&t[1]),
        ),
        // A batch along columns, and one operand for many.
        case("matmul", &[&[&[2, 3, 4], &[3, 2]]], |t| t[0].permute(&[0, 2, 1]).matmul(&t[1])),
        case("matmul", &[&[&[2, 3], &[3, 2]]], |t| t[0].broadcast_to(&[3, 2, 3]).matmul(&t[1])),
        case("linear", &[&[&[2, 2, 3], &[4, 3], &[4]], &[&[2, 0, 3], &[4, 3], &[4]]], |t| t[0].linear(&t[1], &t[2])),
        case("dot", &[&[&[3], &[3]], &[&[0], &[0]]], |t| t[0].dot(&t[1])),
        case("outer", &[&[&[3], &[2]], &[&[2], &[0]], &[&[3], &[3]]], |t| t[0].outer(&t[1])),
        case("einsum", &[&[&[2, 3], &[3, 4]], &[&[2, 0], &[0, 4]]], |t| Tensor::einsum("ij,jk->ik", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[4, 3]]], |t| Tensor::einsum("ij,kj->ki", &[&t[0], &t[1]])),
        case("einsum", &[&[&[3, 3]], &[&[0, 0]]], |t| Tensor::einsum("ii", &[&t[0]])),
        case("einsum", &[&[&[3, 2, 3]]], |t| Tensor::einsum("iji->ij", &[&t[0]])),
        case("einsum", &[&[&[2, 2, 2]]], |t| Tensor::einsum("iii->i", &[&t[0]])),
        case("einsum", &[&[&[2, 3]]], |t| Tensor::einsum("ba", &[&t[0]])),
        case("einsum", &[&[&[2, 3, 2]]], |t| Tensor::einsum("ijk->j", &[&t[0]])),
        case("einsum", &[&[&[], &[2], &[2]]], |t| Tensor::einsum(", i, i", &[&t[0], &t[1], &t[2]])),
        case("einsum", &[&[&[3], &[2]]], |t| Tensor::einsum("i,j->ji", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[2, 3]]], |t| Tensor::einsum("bi,bi->b", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[2, 3]]], |t| Tensor::einsum("ij,ij->ij", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[2, 4]]], |t| Tensor::einsum("bi,bj->b", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3, 2], &[2, 2, 3]]], |t| Tensor::einsum("bik,bkj->bij", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 2, 3], &[3, 2, 2]]], |t| Tensor::einsum("ijk,kjl->li", &[&t[0], &t[1]])),
        case("einsum", &[&[&[3], &[3, 2], &[2]]], |t| Tensor::einsum("i,ij,j->", &[&t[0], &t[1], &t[2]])),
        case("einsum", &[&[&[2, 3], &[3, 3], &[2, 2]]], |t| Tensor::einsum("ai,ii,aa->ia", &[&t[0], &t[1], &t[2]])),
        case("einsum", &[&[&[2, 1, 2], &[1, 3, 2]]], |t| Tensor::einsum("...i,...i->...", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 1], &[2, 3]], &[&[1, 3], &[2, 1]]], |t| Tensor::einsum("ij,ij->i", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[1, 4]]], |t| Tensor::einsum("ij,jk->ik", &[&t[0], &t[1]])),
        case("einsum", &[&[&[1, 1], &[3]]], |t| Tensor::einsum("ii,i->i", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 2, 3], &[3, 2]]], |t| Tensor::einsum("...ij,jk->k...i", &[&t[0], &t[1]])),
        case("einsum", &[&[&[2, 3], &[3, 2]]], |t| Tensor::einsum("i...,...i", &[&t[0], &t[1]])),
    ]
}
