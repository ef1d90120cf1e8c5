//! nalgebra's decompositions on duals and recorded variables, against closed forms and numerical differentiation.

use std::fmt::Display;

use autodiff::interop::nalgebra::{SendVar, send};
use autodiff::{Dual, Real, Tape, Var, grad, hvp, numeric};
use nalgebra::{DMatrix, DVector, RealField, Unit, UnitQuaternion, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::{all_close, close, is_long};

fn variables(x: &[Var<f64>]) -> Vec<SendVar<f64>> {
    x.iter().map(|x| x.send()).collect()
}

/// Checks the gradient of one function, given twice for its two number types: in reverse, forward, numerically.
#[track_caller]
fn agree(
    what: impl Display,
    reverse: impl Fn(&[SendVar<f64>]) -> SendVar<f64>,
    forward: impl Fn(&[Dual<f64>]) -> Dual<f64>,
    x: &[f64],
    want: &[f64],
) {
    let recorded = |x: &[Var<f64>]| reverse(&variables(x)).var();
    all_close(format_args!("{what}: reverse"), &grad(recorded, x), want, 1e-10);
    let along = |i: usize| {
        let seeded = |(k, &x): (usize, &f64)| Dual::new(x, [if i == k { 1.0 } else { 0.0 }]);
        forward(&x.iter().enumerate().map(seeded).collect::<Vec<_>>()).tangent()[0]
    };
    all_close(format_args!("{what}: forward"), &(0..x.len()).map(along).collect::<Vec<_>>(), want, 1e-10);
    for (i, (estimate, &want)) in numeric::gradient(recorded, x).iter().zip(want).enumerate() {
        let off = (estimate.value - want).abs();
        assert!(off <= 2.0 * estimate.error + 1e-10 && off < 1e-7, "{what}: numeric [{i}]: {estimate}, want {want:e}");
    }
}

fn random(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    DMatrix::from_fn(rows, columns, |_, _| rng.random_range(-1.0..1.0))
}

/// Well away from singular, and not symmetric.
fn regular(n: usize) -> DMatrix<f64> {
    random(n, n, 1) + DMatrix::identity(n, n) * 2.5
}

fn orthogonal(n: usize) -> DMatrix<f64> {
    random(n, n, 2).qr().q()
}

/// Symmetric, with eigenvalues 1, 2, ..., n.
fn symmetric(n: usize) -> DMatrix<f64> {
    let (q, values) = (orthogonal(n), DVector::from_fn(n, |i, _| 1.0 + i as f64));
    &q * DMatrix::from_diagonal(&values) * q.transpose()
}

/// A square matrix from its elements, column by column.
fn square<R: RealField>(x: &[R]) -> DMatrix<R> {
    let n = x.len().isqrt();
    DMatrix::from_column_slice(n, n, x)
}

/// Its symmetric part.
fn symmetrised<R: RealField + Copy>(x: &[R]) -> DMatrix<R> {
    let (a, half) = (square(x), nalgebra::convert::<f64, R>(0.5));
    (&a + a.transpose()) * half
}

/// `Σ w_i x_i`, with different weights.
fn weigh<R: RealField + Copy>(x: &[R]) -> R {
    let terms = x.iter().zip(weights(x.len())).map(|(&x, w)| x * nalgebra::convert(w));
    terms.fold(R::zero(), |sum, term| sum + term)
}

fn weights(n: usize) -> Vec<f64> {
    (0..n).map(|i| 1.0 - 0.3 * i as f64).collect()
}

fn sorted<R: RealField + Copy>(values: &[R]) -> Vec<R> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    values
}

/// `∂ det A = det A · A⁻ᵀ`; sizes up to 3 have formulas of their own in nalgebra.
#[test]
fn determinant() {
    fn det<R: RealField>(x: &[R]) -> R {
        square(x).determinant()
    }
    fn by_qr<R: RealField + Copy>(x: &[R]) -> R {
        square(x).qr().r().diagonal().product()
    }
    for n in 1..=6 {
        let a = regular(n);
        let want = a.clone().try_inverse().expect("regular").transpose() * a.determinant();
        agree(format_args!("det, n = {n}"), det, det, a.as_slice(), want.as_slice());
        // R's diagonal is positive.
        let want = want * a.determinant().signum();
        agree(format_args!("det by QR, n = {n}"), by_qr, by_qr, a.as_slice(), want.as_slice());
    }
}

/// `∂ (W · A⁻¹) = -A⁻ᵀ W A⁻ᵀ`.
#[test]
fn inverse() {
    fn inverse<R: RealField + Copy>(x: &[R]) -> R {
        weigh(square(x).try_inverse().expect("regular").as_slice())
    }
    for n in 1..=5 {
        let a = regular(n);
        let (w, inverted) = (square(&weights(n * n)), a.clone().try_inverse().expect("regular").transpose());
        let want = -&inverted * w * &inverted;
        agree(format_args!("inverse, n = {n}"), inverse, inverse, a.as_slice(), want.as_slice());
    }
}

/// `∂ (w · A⁻¹ b)` is `-A⁻ᵀ w (A⁻¹ b)ᵀ` with respect to `A` and `A⁻ᵀ w` with respect to `b`.
#[test]
fn linear_systems() {
    const N: usize = 5;
    fn split<R: RealField>(x: &[R]) -> (DMatrix<R>, DVector<R>) {
        let (a, b) = x.split_at(N * N);
        (square(a), DVector::from_column_slice(b))
    }
    fn lu<R: RealField + Copy>(x: &[R]) -> R {
        let (a, b) = split(x);
        weigh(a.lu().solve(&b).expect("regular").as_slice())
    }
    fn full_lu<R: RealField + Copy>(x: &[R]) -> R {
        let (a, b) = split(x);
        weigh(a.full_piv_lu().solve(&b).expect("regular").as_slice())
    }
    fn qr<R: RealField + Copy>(x: &[R]) -> R {
        let (a, b) = split(x);
        weigh(a.qr().solve(&b).expect("regular").as_slice())
    }
    fn cholesky<R: RealField + Copy>(x: &[R]) -> R {
        let (a, b) = split(x);
        weigh(symmetrised(a.as_slice()).cholesky().expect("positive definite").solve(&b).as_slice())
    }
    let b = random(N, 1, 3);
    let derivatives = |a: &DMatrix<f64>| {
        let inverted = a.clone().try_inverse().expect("regular");
        let db = inverted.transpose() * DVector::from_vec(weights(N));
        (-&db * (&inverted * &b).transpose(), db)
    };
    let join = |a: &DMatrix<f64>, b: &[f64]| [a.as_slice(), b].concat();

    // With zeros in it, whose derivatives count as well.
    let triangular = regular(N).upper_triangle();
    for (kind, a) in [("full", regular(N)), ("upper", triangular.clone()), ("lower", triangular.transpose())] {
        let (da, db) = derivatives(&a);
        let (x, want) = (join(&a, b.as_slice()), join(&da, db.as_slice()));
        agree(format_args!("LU, {kind}"), lu, lu, &x, &want);
        agree(format_args!("LU with full pivoting, {kind}"), full_lu, full_lu, &x, &want);
        agree(format_args!("QR, {kind}"), qr, qr, &x, &want);
    }
    for (kind, a) in [("full", symmetric(N)), ("diagonal", DMatrix::from_diagonal(&symmetric(N).diagonal()))] {
        let (da, db) = derivatives(&a);
        let want = join(&((&da + da.transpose()) / 2.0), db.as_slice());
        agree(format_args!("Cholesky, {kind}"), cholesky, cholesky, &join(&a, b.as_slice()), &want);
    }
}

/// `∂ λ = v vᵀ`, and `∂ v = Σ_m v_m (v_mᵀ ∂A v) / (λ - λ_m)`.
#[test]
fn symmetric_eigen() {
    fn values<R: RealField + Copy>(x: &[R]) -> R {
        weigh(&sorted(symmetrised(x).symmetric_eigenvalues().as_slice()))
    }
    // The projection on the eigenspace of the smallest eigenvalue: free of the eigenvector's sign.
    fn projection<R: RealField + Copy>(x: &[R]) -> R {
        let eigen = symmetrised(x).symmetric_eigen();
        let v = eigen.eigenvectors.column(eigen.eigenvalues.imin());
        weigh((v * v.transpose()).as_slice())
    }
    for n in 2..=if is_long() { 6 } else { 4 } {
        let (a, v) = (symmetric(n), orthogonal(n));
        let want = &v * DMatrix::from_diagonal(&weights(n).into()) * v.transpose();
        agree(format_args!("eigenvalues, n = {n}"), values, values, a.as_slice(), want.as_slice());
        // In the eigenvectors' frame the projection's derivative has entries in its first row and column.
        let w = v.transpose() * square(&weights(n * n)) * &v;
        let w = (&w + w.transpose()) / 2.0;
        let framed = DMatrix::from_fn(n, n, |i, j| match (i, j) {
            (0, 0) => 0.0,
            (0, m) | (m, 0) => w[(0, m)] / -(m as f64),
            _ => 0.0,
        });
        let want = &v * framed * v.transpose();
        agree(format_args!("eigenvector, n = {n}"), projection, projection, a.as_slice(), want.as_slice());
    }
    let diagonal = DMatrix::from_diagonal(&vec![1.0, 2.0, 4.0, 3.0].into());
    let want = DMatrix::from_diagonal(&vec![1.0, 0.7, 0.1, 0.4].into());
    agree("eigenvalues, diagonal", values, values, diagonal.as_slice(), want.as_slice());
}

/// `∂ σ = u vᵀ`; sizes 2 and 3 have algorithms of their own in nalgebra.
#[test]
fn singular_values() {
    fn check(
        shape: &str,
        reverse: impl Fn(&[SendVar<f64>]) -> SendVar<f64>,
        forward: impl Fn(&[Dual<f64>]) -> Dual<f64>,
        a: &DMatrix<f64>,
    ) {
        let svd = a.clone().svd(true, true);
        let (u, v) = (svd.u.expect("asked for"), svd.v_t.expect("asked for"));
        let want = u * DMatrix::from_diagonal(&weights(svd.singular_values.len()).into()) * v;
        agree(format_args!("singular values, {shape}"), reverse, forward, a.as_slice(), want.as_slice());
    }
    fn tall<R: RealField + Copy>(x: &[R]) -> R {
        weigh(DMatrix::from_column_slice(5, 3, x).singular_values().as_slice())
    }
    fn wide<R: RealField + Copy>(x: &[R]) -> R {
        weigh(DMatrix::from_column_slice(3, 5, x).singular_values().as_slice())
    }
    fn static2<R: RealField + Copy>(x: &[R]) -> R {
        weigh(nalgebra::Matrix2::from_column_slice(x).singular_values().as_slice())
    }
    fn static3<R: RealField + Copy>(x: &[R]) -> R {
        weigh(nalgebra::Matrix3::from_column_slice(x).singular_values().as_slice())
    }
    check("5 x 3", tall, tall, &random(5, 3, 4));
    check("3 x 5", wide, wide, &random(3, 5, 5));
    check("2 x 2", static2, static2, &regular(2));
    check("3 x 3", static3, static3, &regular(3));
}

/// In rising order; `None` if they are not all real, as can be far from `x`, where differences start.
fn eigenvalues<R: RealField + Copy>(x: &[R]) -> Option<Vec<R>> {
    square(x).eigenvalues().map(|values| sorted(values.as_slice()))
}

/// `∂ λ = w vᵀ` with the right eigenvector `v` and the left one `w`, `wᵀ v = 1`.
#[test]
fn general_eigenvalues() {
    fn real<R: RealField + Copy>(x: &[R]) -> R {
        eigenvalues(x).map_or(nalgebra::convert(f64::NAN), |values| weigh(&values))
    }
    // The sum of squared moduli.
    fn complex<R: RealField + Copy>(x: &[R]) -> R {
        let values = square(x).complex_eigenvalues();
        values.iter().fold(R::zero(), |sum, z| sum + z.re * z.re + z.im * z.im)
    }
    for n in 2..=5 {
        let (v, values) = (regular(n), DVector::from_fn(n, |i, _| 1.0 + i as f64));
        let left = v.clone().try_inverse().expect("regular");
        let a = &v * DMatrix::from_diagonal(&values) * &left;
        let want = (&v * DMatrix::from_diagonal(&weights(n).into()) * &left).transpose();
        agree(format_args!("eigenvalues, n = {n}"), real, real, a.as_slice(), want.as_slice());

        // 1 ± 2i in the first block, real ones after it; a transposed block is the conjugate.
        let mut blocks = DMatrix::from_diagonal(&values);
        blocks.view_mut((0, 0), (2, 2)).copy_from_slice(&[1.0, 2.0, -2.0, 1.0]);
        let a = &v * &blocks * &left;
        let want = (&v * blocks.transpose() * 2.0 * &left).transpose();
        agree(format_args!("complex eigenvalues, n = {n}"), complex, complex, a.as_slice(), want.as_slice());
    }
}

/// The factors' product is the matrix again, derivatives included.
#[test]
fn recomposed() {
    fn lu<R: RealField + Copy>(x: &[R]) -> R {
        let (p, l, u) = square(x).lu().unpack();
        let mut a = l * u;
        p.inv_permute_rows(&mut a);
        weigh(a.as_slice())
    }
    fn qr<R: RealField + Copy>(x: &[R]) -> R {
        let (q, r) = square(x).qr().unpack();
        weigh((q * r).as_slice())
    }
    fn svd<R: RealField + Copy>(x: &[R]) -> R {
        weigh(square(x).svd(true, true).recompose().expect("both sides").as_slice())
    }
    fn schur<R: RealField + Copy>(x: &[R]) -> R {
        let (q, t) = square(x).schur().unpack();
        weigh((&q * t * q.transpose()).as_slice())
    }
    fn symmetric_eigen<R: RealField + Copy>(x: &[R]) -> R {
        weigh(symmetrised(x).symmetric_eigen().recompose().as_slice())
    }
    fn cholesky<R: RealField + Copy>(x: &[R]) -> R {
        let l = symmetrised(x).cholesky().expect("positive definite").unpack();
        weigh((&l * l.transpose()).as_slice())
    }
    for n in 2..=if is_long() { 5 } else { 3 } {
        let (a, w) = (regular(n), square(&weights(n * n)));
        agree(format_args!("LU, n = {n}"), lu, lu, a.as_slice(), w.as_slice());
        agree(format_args!("QR, n = {n}"), qr, qr, a.as_slice(), w.as_slice());
        agree(format_args!("singular values, n = {n}"), svd, svd, a.as_slice(), w.as_slice());
        agree(format_args!("Schur, n = {n}"), schur, schur, a.as_slice(), w.as_slice());
        let (a, w) = (symmetric(n), (&w + w.transpose()) / 2.0);
        agree(format_args!("eigen, n = {n}"), symmetric_eigen, symmetric_eigen, a.as_slice(), w.as_slice());
        agree(format_args!("Cholesky, n = {n}"), cholesky, cholesky, a.as_slice(), w.as_slice());
    }
}

/// `∂² ln det A / ∂A_ij ∂A_kl = -A⁻¹_jk A⁻¹_li`, by every way there is to a second derivative.
#[test]
fn second_order_of_log_det() {
    fn log_det<R: RealField>(x: &[R]) -> R {
        square(x).determinant().ln()
    }
    const N: usize = 4;
    let a = regular(N);
    assert!(a.determinant() > 0.0);
    let inverted = a.clone().try_inverse().expect("regular");
    let entry = |m: usize| (m % N, m / N);
    let want = DMatrix::from_fn(N * N, N * N, |p, q| {
        let ((i, j), (k, l)) = (entry(p), entry(q));
        -inverted[(j, k)] * inverted[(l, i)]
    });
    let on_vars = |x: &[Var<f64>]| log_det(&variables(x)).var();
    all_close("hessian", &autodiff::hessian(on_vars, a.as_slice()), want.iter(), 1e-10);

    let tape = Tape::new();
    let x = a.map(|a| tape.var(a));
    let first = tape.grad(log_det(send(&x).as_slice()).var(), x.as_slice());
    all_close("gradient", &first.iter().map(|d| d.value()).collect::<Vec<_>>(), inverted.transpose().iter(), 1e-10);
    // A derivative of a derivative that went through nalgebra once more.
    let weighted = weigh(&variables(&first)).var();
    let second = tape.grad(weighted, x.as_slice());
    let second: Vec<f64> = second.iter().map(|d| d.value()).collect();
    all_close("recorded", &second, (&want * DVector::from_vec(weights(N * N))).iter(), 1e-10);

    for (p, row) in want.row_iter().enumerate() {
        let unit = |i: usize| if i == p { 1.0 } else { 0.0 };
        // Forward over reverse.
        let tape = Tape::new();
        let x: Vec<Var<f64>> = tape.vars(a.as_slice());
        let seeded = |(i, &x): (usize, &Var<f64>)| Dual::new(x.send(), [SendVar::of(unit(i))]);
        let slope = log_det(&x.iter().enumerate().map(seeded).collect::<Vec<_>>()).tangent()[0];
        let g = slope.var().backward();
        all_close("duals of variables", &x.iter().map(|x| g.wrt(x)).collect::<Vec<_>>(), row.iter(), 1e-10);
        // Forward over forward.
        for (q, &want) in row.iter().enumerate() {
            let seeded = |(i, &a): (usize, &f64)| {
                Dual::new(Dual::<f64>::new(a, [unit(i)]), [Dual::of(if i == q { 1.0 } else { 0.0 })])
            };
            let y = log_det(&a.iter().enumerate().map(seeded).collect::<Vec<_>>());
            close("nested duals", y.tangent()[0].tangent()[0], want, 1e-10);
        }
    }
    // Reverse over reverse, on tapes of tapes.
    let (inner, outer) = (Tape::<f64>::new(), Tape::<SendVar<f64>>::new());
    let x = inner.vars(a.as_slice());
    let z: Vec<Var<SendVar<f64>>> = x.iter().map(|&x| outer.var(x.send())).collect();
    let y = log_det(&z.iter().map(|z| z.send()).collect::<Vec<_>>()).var();
    let first = y.backward();
    let g = weigh(&z.iter().map(|z| first.wrt(z)).collect::<Vec<_>>()).var().backward();
    all_close("tapes of tapes", &x.iter().map(|x| g.wrt(x)).collect::<Vec<_>>(), &second, 1e-10);
}

/// `∂² λ (E, E) = 2 Σ_m (v_m · E v)² / (λ - λ_m)`.
#[test]
fn second_order_of_an_eigenvalue() {
    for n in 2..=6 {
        let smallest = |x: &[Var<f64>]| {
            let values = square(&variables(x)).symmetric_eigenvalues();
            values[values.imin()].var()
        };
        let (a, v) = (symmetric(n), orthogonal(n));
        let e = random(n, n, 6);
        let e = &e + e.transpose();
        let framed = v.transpose() * &e * &v;
        let want: f64 = (1..n).map(|m| -2.0 * framed[(m, 0)].powi(2) / m as f64).sum();
        let along = hvp(smallest, a.as_slice(), e.as_slice());
        let got = DVector::from_vec(along).dot(&DVector::from_column_slice(e.as_slice()));
        close(format_args!("n = {n}"), got, want, 1e-10);
    }
}

/// `w · R p` turns at the rate `w · (axis × R p)` and has gradient `Rᵀ w` in `p`.
#[test]
fn rotations() {
    fn turned<R: RealField + Copy>(x: &[R]) -> R {
        let axis = Vector3::new(1.0, -2.0, 0.5).normalize().map(nalgebra::convert);
        let rotation = UnitQuaternion::from_scaled_axis(axis * x[0]);
        weigh((rotation * Vector3::from_column_slice(&x[1..])).as_slice())
    }
    let x = [0.8, 0.3, -1.0, 2.0];
    let (axis, w) = (Unit::new_normalize(Vector3::new(1.0, -2.0, 0.5)), Vector3::from_vec(weights(3)));
    let rotation = UnitQuaternion::from_axis_angle(&axis, x[0]);
    let dp = rotation.inverse() * w;
    let da = w.dot(&axis.cross(&(rotation * Vector3::from_column_slice(&x[1..]))));
    agree("rotation", turned, turned, &x, &[da, dp.x, dp.y, dp.z]);
}

/// What the documentation says of zeros that branches look at, and the way out it names.
#[test]
fn branches_on_zeros() {
    fn largest<R: RealField + Copy>(x: &[R]) -> R {
        eigenvalues(x).map_or(nalgebra::convert(f64::NAN), |values| values[N - 1])
    }
    fn turned<R: RealField + Copy>(x: &[R]) -> R {
        let q: DMatrix<R> = orthogonal(N).map(nalgebra::convert);
        largest((&q * square(x) * q.transpose()).as_slice())
    }
    const N: usize = 4;
    let a = DMatrix::from_fn(N, N, |i, j| if i > j { 0.0 } else { (i + 1) as f64 + 0.25 * (j - i) as f64 });
    let eigen = |m: DMatrix<f64>| {
        let v = (m - DMatrix::identity(N, N) * N as f64).svd(false, true).v_t.expect("asked for");
        v.row(N - 1).transpose()
    };
    let (right, left) = (eigen(a.clone()), eigen(a.transpose()));
    let want = &left * right.transpose() / left.dot(&right);
    let got = square(&grad(|x| largest(&variables(x)).var(), a.as_slice()));
    all_close("at the zeros' other side", got.upper_triangle().iter(), want.upper_triangle().iter(), 1e-10);
    assert!(got.lower_triangle()[(N - 1, 0)] == 0.0 && want[(N - 1, 0)].abs() > 0.1);

    agree("turned", turned, turned, a.as_slice(), want.as_slice());

    // A column of zeros is passed over by elimination, and has a formula up to size 3.
    let by_gradient = |n: usize| {
        let mut a = regular(n);
        a.column_mut(0).fill(0.0);
        (square(&grad(|x| square(&variables(x)).determinant().var(), a.as_slice())), a)
    };
    for n in [3, 4] {
        let (got, a) = by_gradient(n);
        let cofactor = -a.remove_row(1).remove_column(0).determinant();
        close(format_args!("n = {n}"), got[(1, 0)], if n == 3 { cofactor } else { 0.0 }, 1e-14);
        assert!(cofactor.abs() > 0.1);
    }
    // By no angle at all: the identity, with nothing attached.
    let turned = UnitQuaternion::from_scaled_axis(Vector3::from_element(Dual::<f64>::variable(0.0)));
    let p = turned * Vector3::new(1.0, 2.0, 3.0).map(Dual::constant);
    assert_eq!(p.map(|p| p.tangent()[0]), Vector3::zeros());
}

#[test]
fn matrices_in_and_out() {
    use autodiff::interop::nalgebra::{array, matrix};
    let m = random(3, 2, 4);
    let a = array(&m);
    assert!(a.indexed_iter().all(|((i, k), &x)| x == m[(i, k)]) && a.dim() == (3, 2));
    // Whatever the layout: parts, transposed, with steps, and without elements.
    assert_eq!(matrix(&a), m);
    assert_eq!(matrix(&a.t()), m.transpose());
    assert_eq!(array(&m.rows(1, 2)), a.slice(ndarray::s![1.., ..]));
    assert_eq!(matrix(&a.slice(ndarray::s![..;2, ..;-1])), DMatrix::from_fn(2, 2, |i, k| m[(2 * i, 1 - k)]));
    assert_eq!(array(&DMatrix::<f64>::zeros(0, 3)).dim(), (0, 3));
    let x = autodiff::Tensor::from(&m);
    assert_eq!((x.shape(), x.to_array()), (&[3, 2][..], a.into_dyn()));
    assert_eq!(DMatrix::try_from(&x).unwrap(), m);
    assert_eq!(DMatrix::try_from(&x.transpose()).unwrap(), m.transpose());
    assert_eq!(DMatrix::try_from(&x.flatten()).unwrap().shape(), (6, 1));
    let refused = DMatrix::try_from(&x.expand(0)).unwrap_err().to_string();
    assert_eq!(refused, "DMatrix::try_from: shape [1, 3, 2]: a matrix needs one axis, as a column, or two");
    // In single precision, and a fixed size.
    let y = Tape::<f32>::new().tensor(&nalgebra::Matrix2::new(1.0, 2.0, 3.0, 4.0));
    assert_eq!(y.to_array(), ndarray::array![[1.0, 2.0], [3.0, 4.0]].into_dyn());
}
