//! The pages that are looked at.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::sync::OnceLock;

use autodiff::page::Page;
use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::Reduction::Sum;
use nn::loss::{self, HalfSquaredError};
use nn::plot::{DecisionRegions, RunPage};
use nn::{Activation, Adam, Csv, Layer, Linear, Mlp, Trainer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// L14: `f = x² z` with `x = 2y` and `z = sin y` at 1.3.
pub(crate) fn two_paths() -> String {
    let tape = Tape::<f64>::new();
    tape.trace_lines(true);
    let y = tape.var(1.3).named("y");
    let x = (2.0 * y).named("x");
    let z = y.sin().named("z");
    let f = (x * x * z).named("f");
    Page::of(f).title("The chain rule with two paths").checked().html()
}

/// The network 2-2-1 for XOR, of L18.
pub(crate) fn xor() -> String {
    let layer = |w, b| (Linear::from_weights(w, b), Activation::Sigmoid);
    let model = Mlp::from_layers(vec![
        layer(array![[0.1, 0.2], [0.3, -0.4]], array![0.1, 0.2]),
        layer(array![[0.5, 0.6]], array![0.3]),
    ]);
    let (x, t) = (Tensor::from(array![[1.0, 0.0]]), Tensor::from(array![[1.0]]));
    model.page(HalfSquaredError::new().reduction(Sum), &x, &t).title("XOR, 2-2-1").checked().html()
}

/// Three layers on handwritten digits, a batch of eight.
pub(crate) fn digits() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/digits.csv");
    let data = Csv::new().header(false).classes(65, 10).read(file).and_then(|table| table.dataset(65)).expect("digits");
    let mut rng = ChaCha8Rng::seed_from_u64(25);
    let model = Mlp::<f64>::new(&[64, 32, 16, 10], Activation::Tanh, &mut rng);
    let (x, t) = data.with_inputs(data.inputs() / 16.0).expect("as many").all();
    let rows = |all: &Tensor<f64>| all.narrow(0, 0..8);
    model.page(loss::softmax_cross_entropy, &rows(&x), &rows(&t)).title("Handwritten digits, 64-32-16-10").html()
}

/// A product whose first factor was taken off the tape.
pub(crate) fn severed() -> String {
    let tape = Tape::<f64>::new();
    tape.trace_lines(true);
    let (x, w) = (tape.tensor(array![1.0, -2.0]).named("x"), tape.tensor(array![0.5, 1.5]).named("w"));
    let h = x.sin().named("h");
    Page::of((h.detach() * &w).sum().named("y")).html()
}

/// Everything called by this name.
pub(crate) fn named(name: &str) -> String {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.5).named(name);
    let y = tape.group(name, || (x.sin() * x).named(name).adjoint_named(name).function_named(name)).exp();
    let w = tape.tensor(array![1.0, 2.0]).named(name);
    Page::of((w * y).sum()).title(name).constant(name, &Tensor::constant(array![1.0])).html()
}

/// A chain of about so many entries.
pub(crate) fn long(entries: usize) -> String {
    let tape = Tape::<f64>::new();
    let x = tape.vars(&[0.5, 0.9]);
    Page::of((0..entries / 5).fold(x[0], |y, _| (y.sin() * x[1] + y.cos()) * 0.9)).html()
}

/// Two moons, learned in six epochs.
pub(crate) fn run() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(train)
}

fn train() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let moons = nn::data::generate::moons::<f64>(120, 0.15, &mut rng);
    let model = Mlp::new(&[2, 8, 8, 1], Activation::Tanh, &mut rng);
    let frames = Rc::new(RefCell::new(Vec::new()));
    let (kept, data) = (Rc::clone(&frames), moons.clone());
    let regions = move |_: &_, _: &_, model: &Mlp<f64>| {
        let regions = DecisionRegions::new("", &data, |x| model.forward(x).sigmoid()).size(800, 520);
        kept.borrow_mut().push(regions);
        ControlFlow::Continue(())
    };
    let mut trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.05)).epochs(6).on_epoch(regions);
    let history = trainer.fit(&moons, &moons).expect("a run");
    let page = frames.borrow().iter().zip(1..).fold(RunPage::new("Two moons", &history), |page, (frame, epoch)| {
        page.regions(format!("epoch {epoch}"), frame.clone())
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run.html");
    page.save(&file).expect("a page");
    std::fs::read_to_string(file).expect("a page")
}

/// What people may call a thing.
pub(crate) const NAMES: [&str; 6] = [
    "<script>window.harm = 1</script>",
    "</script><img src=x onerror=\"window.harm = 1\">",
    "\"'`&<b>bold</b>",
    "a\u{0}b\u{1b}[31m\r\nc\u{85}",
    "\u{202e}שלום\u{2066} مرحبا",
    "<!-- ]]> -->",
];
