//! Matrix operations: products, convolution, factorisations; forward, and forward with a full sweep backward.
//!
//! `cargo bench -p autodiff --bench matrix`. `RAYON_NUM_THREADS=1` measures one thread.

use std::hint::black_box;

use autodiff::tensor::{Conv, Pool};
use autodiff::{Real, Tape, Tensor};
use criterion::Criterion;

/// Numbers between -0.5 and 0.5 in no order.
fn numbers<T: Real>(shape: &[usize]) -> Tensor<T> {
    let number = |k: usize| T::of((k.wrapping_mul(7919) % 1009) as f64 / 1009.0 - 0.5);
    let flat = (0..shape.iter().product()).map(number).collect::<Vec<_>>();
    Tensor::constant(ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(shape), flat).expect("as many"))
}

/// Times `f` on constants, and on variables with the gradient of its sum.
fn both<T: Real>(c: &mut Criterion, name: &str, inputs: &[Tensor<T>], f: impl Fn(&[Tensor<T>]) -> Tensor<T>) {
    c.bench_function(&format!("{name} forward"), |b| b.iter(|| f(black_box(inputs))));
    let tape = Tape::new();
    c.bench_function(&format!("{name} gradient"), |b| {
        b.iter(|| {
            tape.reset();
            let leaves: Vec<Tensor<T>> = inputs.iter().map(|x| tape.tensor(x.clone())).collect();
            f(&leaves).sum().backward()
        });
    });
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let product = |t: &[Tensor<f32>]| t[0].matmul(&t[1]);
    for [m, k, n] in [[4, 2, 2], [16, 16, 16], [64, 64, 64], [32, 784, 128], [512, 512, 512]] {
        both(&mut c, &format!("matmul {m}x{k}x{n}"), &[numbers(&[m, k]), numbers(&[k, n])], product);
    }
    let heads = [numbers(&[8, 4, 64, 32]), numbers(&[8, 4, 32, 64])];
    both(&mut c, "matmul 8x4 of 64x32x64", &heads, product);
    both(&mut c, "matmul 16x64x64 by 64x64", &[numbers(&[16, 64, 64]), numbers(&[64, 64])], product);
    both(
        &mut c,
        "einsum bhqd,bhkd->bhqk",
        &[numbers(&[8, 4, 64, 32]), numbers(&[8, 4, 64, 32])],
        |t: &[Tensor<f32>]| Tensor::einsum("bhqd,bhkd->bhqk", &[&t[0], &t[1]]),
    );
    let images = [numbers(&[32, 3, 32, 32]), numbers(&[16, 3, 3, 3]), numbers(&[16])];
    both(&mut c, "conv2d 32x3x32x32, 16 of 3x3", &images, |t: &[Tensor<f32>]| {
        t[0].conv2d(&t[1], Some(&t[2]), Conv::new().padding(1))
    });
    both(&mut c, "max_pool2d 32x16x32x32, 2x2", &[numbers(&[32, 16, 32, 32])], |t: &[Tensor<f32>]| {
        t[0].max_pool2d(Pool::new(2))
    });
    for n in [16, 256] {
        let identity = Tensor::constant(ndarray::Array2::<f64>::eye(n));
        let a = numbers::<f64>(&[n, n]);
        let regular = a.matmul(&a.transpose()) + identity;
        let b = numbers(&[n, 1]);
        both(&mut c, &format!("solve {n}"), &[regular.clone(), b], |t| t[0].solve(&t[1]).expect("regular"));
        both(&mut c, &format!("cholesky {n}"), &[regular], |t| t[0].cholesky().expect("definite"));
    }
    c.final_summary();
}
