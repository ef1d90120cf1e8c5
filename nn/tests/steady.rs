//! Training for a long time: memory stays where it is, and a warm step asks the allocator for little.
//!
//! A binary of its own, because its allocator counts; without the usual harness, whose threads would be counted too.

use allocation_counter::measure;
use autodiff::{Tape, Tensor};
use nn::{Activation, Layer, Mlp, Optimizer, Sgd, loss};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const MEBIBYTE: i64 = 1 << 20;

/// A network 784-128-10 in single precision and a batch of 32.
struct Run {
    tape: Tape<f32>,
    model: Mlp<f32>,
    sgd: Sgd<f32>,
    x: Tensor<f32>,
    t: Tensor<f32>,
}

impl Run {
    fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let model = Mlp::new(&[784, 128, 10], Activation::Relu, &mut rng);
        let x = Tensor::constant(ndarray::Array2::from_shape_simple_fn((32, 784), || rng.random::<f32>()));
        let labels: Vec<usize> = (0..32).map(|i| i * 7 % 10).collect();
        let t = Tensor::constant(loss::one_hot(&labels, 10).expect("labels below 10"));
        Self { tape: Tape::new(), model, sgd: Sgd::new(0.05).momentum(0.9), x, t }
    }

    fn step(&mut self) -> f32 {
        self.tape.reset();
        nn::watch(&self.model, &self.tape);
        let error = loss::softmax_cross_entropy(&self.model.forward(&self.x), &self.t);
        self.sgd.step(&self.model, &error.backward()).expect("every parameter has a gradient");
        error.item()
    }

    /// How many allocations the parts of a step make: watching, forward, backward, update.
    fn by_parts(&mut self) -> [u64; 4] {
        self.tape.reset();
        let watch = measure(|| nn::watch(&self.model, &self.tape));
        let (mut error, mut gradients) = (None, None);
        let forward = measure(|| error = Some(loss::softmax_cross_entropy(&self.model.forward(&self.x), &self.t)));
        let backward = measure(|| gradients = error.as_ref().map(Tensor::backward));
        let gradients = gradients.expect("just computed");
        let update = measure(|| self.sgd.step(&self.model, &gradients).expect("every parameter has a gradient"));
        [watch, forward, backward, update].map(|part| part.count_total)
    }
}

/// Bytes of memory that the process has resident.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line on resident memory");
    1024 * line.trim().trim_end_matches(" kB").parse::<i64>().expect("a number of kilobytes")
}

/// With `LONG=1` four times as many steps.
fn memory_stays_flat() {
    let steps = if std::env::var_os("LONG").is_some() { 1000 } else { 250 };
    let mut run = Run::new();
    let first = run.step();
    for _ in 0..100 {
        run.step();
    }
    let (before, mut last) = (resident(), f32::NAN);
    for _ in 0..steps {
        last = run.step();
    }
    let grown = resident() - before;
    println!("resident memory after {steps} steps: {grown:+} bytes of {before}");
    assert!(grown.abs() <= MEBIBYTE, "{steps} steps changed the resident memory by {grown} bytes");
    assert!(last < 0.1 * first, "it learned: {first} to {last}");
}

fn a_warm_step_allocates_little() {
    let mut run = Run::new();
    for _ in 0..20 {
        run.step();
    }
    let whole = measure(|| {
        run.step();
    });
    println!("a step: {whole:?}");
    println!("watching, forward, backward, update: {:?}", run.by_parts());
    // All by the matrix library, up to two for each of five products: it packs operands into memory that it takes for each,
    // and has no argument by which it could be given some.
    assert!(whole.count_total <= 10, "{} allocations in a warm step", whole.count_total);
    assert!(whole.bytes_max < 512 << 10, "{} bytes taken in a warm step", whole.bytes_max);
    assert_eq!((whole.count_current, whole.bytes_current), (0, 0), "a step leaves nothing behind");
}

/// Where no product is large enough for the matrix library.
fn a_warm_step_of_a_small_network_allocates_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let model = Mlp::<f32>::new(&[2, 2, 1], Activation::Sigmoid, &mut rng);
    let x = Tensor::constant(ndarray::array![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let t = Tensor::constant(ndarray::array![[0.0_f32], [1.0], [1.0], [0.0]]);
    let (tape, mut sgd) = (Tape::new(), Sgd::new(0.5));
    let mut step = || {
        tape.reset();
        nn::watch(&model, &tape);
        let gradients = loss::squared_error(&model.forward(&x), &t).backward();
        tape.reset();
        sgd.step(&model, &gradients).expect("every parameter has a gradient");
    };
    (0..20).for_each(|_| step());
    let whole = measure(step);
    println!("a small step: {whole:?}");
    assert_eq!(whole.count_total, 0, "allocations in a warm step");
}

fn main() {
    let tests: [(&str, fn()); 3] = [
        ("memory_stays_flat", memory_stays_flat),
        ("a_warm_step_allocates_little", a_warm_step_allocates_little),
        ("a_warm_step_of_a_small_network_allocates_nothing", a_warm_step_of_a_small_network_allocates_nothing),
    ];
    // As with the usual harness, arguments choose tests by parts of their names.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, test) in tests {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
}
