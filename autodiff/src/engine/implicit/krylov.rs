//! Linear systems from products with the matrix alone.

use crate::Real;
use crate::error::{Error, Kind, Result};

/// How systems with the matrix `∂f/∂x` are solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// By elimination, from the whole matrix.
    Dense,
    /// For positive definite matrices, from products.
    ConjugateGradients,
    /// For all regular matrices, from products.
    Gmres,
}

/// After so many vectors GMRES begins again from where it is.
const RESTART: usize = 60;
/// Products for each unknown after which there is no hope.
const MOST: usize = 20;

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

fn norm<T: Real>(a: &[T]) -> T {
    dot(a, a).sqrt()
}

/// `a += factor b`.
fn add<T: Real>(a: &mut [T], factor: T, b: &[T]) {
    a.iter_mut().zip(b).for_each(|(a, &b)| *a += factor * b);
}

/// What is left when a residual relative to the right side is small enough, if nothing else is said.
pub(super) fn enough<T: Real>() -> f64 {
    T::epsilon().primal().powf(0.75)
}

/// The solution of `A x = b` with `|A x - b| ≤ tolerance |b|`, from products with `A`.
pub(super) fn solve<T: Real>(
    op: &'static str,
    system: System,
    tolerance: f64,
    mut product: impl FnMut(&[T]) -> Vec<T>,
    b: &[T],
) -> Result<Vec<T>> {
    let goal = T::of(tolerance) * norm(b);
    let mut run = Run { op, products: 0, most: MOST * b.len() + RESTART, goal, size: norm(b) };
    match system {
        System::ConjugateGradients => run.conjugate_gradients(&mut product, b),
        System::Gmres | System::Dense => run.gmres(&mut product, b),
    }
}

struct Run<T> {
    op: &'static str,
    products: usize,
    most: usize,
    goal: T,
    size: T,
}

impl<T: Real> Run<T> {
    fn failed(&self, left: T) -> Error {
        let share = |x: T| (x / self.size).primal();
        Kind::NotSolved { op: self.op, products: self.products, left: share(left), goal: share(self.goal) }.into()
    }

    /// M. Hestenes, E. Stiefel: Methods of conjugate gradients for solving linear systems, 1952.
    fn conjugate_gradients(&mut self, product: &mut dyn FnMut(&[T]) -> Vec<T>, b: &[T]) -> Result<Vec<T>> {
        let (mut x, mut r) = (vec![T::zero(); b.len()], b.to_vec());
        let mut p = r.clone();
        let mut rr = dot(&r, &r);
        while rr.sqrt() > self.goal {
            if self.products == self.most {
                return Err(self.failed(rr.sqrt()));
            }
            let image = product(&p);
            self.products += 1;
            let bend = dot(&p, &image);
            if bend <= T::zero() || !bend.is_finite() {
                return Err(Kind::NotDefinite { op: self.op, along: (bend / dot(&p, &p)).primal() }.into());
            }
            let step = rr / bend;
            add(&mut x, step, &p);
            add(&mut r, -step, &image);
            let next = dot(&r, &r);
            let share = next / rr;
            p.iter_mut().zip(&r).for_each(|(p, &r)| *p = r + share * *p);
            rr = next;
        }
        // What the recursion takes for the residual may have lost touch with it.
        let mut left = product(&x);
        add(&mut left, -T::one(), b);
        let left = norm(&left);
        if left <= T::of(4.0) * self.goal { Ok(x) } else { Err(self.failed(left)) }
    }

    /// Y. Saad, M. Schultz: GMRES, 1986, with restarts: Arnoldi's vectors by modified Gram and Schmidt, the small least squares by
    /// rotations.
    fn gmres(&mut self, product: &mut dyn FnMut(&[T]) -> Vec<T>, b: &[T]) -> Result<Vec<T>> {
        let mut x = vec![T::zero(); b.len()];
        let mut residual = b.to_vec();
        loop {
            let size = norm(&residual);
            if size <= self.goal {
                return Ok(x);
            }
            if self.products >= self.most || !size.is_finite() {
                return Err(self.failed(size));
            }
            let mut basis: Vec<Vec<T>> = vec![residual.iter().map(|&r| r / size).collect()];
            // Columns of the triangle, the rotations that make it, and what they make of the right side.
            let (mut columns, mut rotations, mut right) = (Vec::<Vec<T>>::new(), Vec::<(T, T)>::new(), vec![size]);
            while columns.len() < RESTART.min(b.len()) && right[columns.len()].abs() > self.goal {
                let mut next = product(&basis[columns.len()]);
                self.products += 1;
                let mut column = Vec::with_capacity(basis.len() + 1);
                for v in &basis {
                    let share = dot(&next, v);
                    add(&mut next, -share, v);
                    column.push(share);
                }
                let rest = norm(&next);
                for (k, &(c, s)) in rotations.iter().enumerate() {
                    (column[k], column[k + 1]) = (c * column[k] + s * column[k + 1], c * column[k + 1] - s * column[k]);
                }
                let last = column.len() - 1;
                let radius = column[last].hypot(rest);
                // The matrix maps what was reached so far to less: it is singular there.
                if radius <= T::epsilon() * norm(&column) || !radius.is_finite() {
                    break;
                }
                let (c, s) = (column[last] / radius, rest / radius);
                column[last] = radius;
                rotations.push((c, s));
                let before = right[last];
                right[last] = c * before;
                right.push(-s * before);
                columns.push(column);
                if rest > T::zero() {
                    basis.push(next.iter().map(|&x| x / rest).collect());
                } else {
                    break;
                }
            }
            if columns.is_empty() {
                return Err(self.failed(size));
            }
            for k in (0..columns.len()).rev() {
                let known: T = (k + 1..columns.len()).map(|j| columns[j][k] * right[j]).sum();
                right[k] = (right[k] - known) / columns[k][k];
                add(&mut x, right[k], &basis[k]);
            }
            residual = product(&x).iter().zip(b).map(|(&a, &b)| b - a).collect();
            self.products += 1;
            // Nothing was won by a whole round.
            if norm(&residual) > T::of(0.99) * size && norm(&residual) > self.goal {
                return Err(self.failed(norm(&residual)));
            }
        }
    }
}
