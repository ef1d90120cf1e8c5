//! Derivations written out: the text as people write it, the numbers in it, LaTeX that compiles, tapes of any length.

use autodiff::explain::{self, Derivation, Explain};
use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tape, Tensor, Var, fuse};
use ndarray::{ArrayD, ArrayViewD, array};
use nn::Reduction::Sum;
use nn::loss::{BinaryCrossEntropy, CrossEntropy, HalfSquaredError};
use nn::{Activation, Linear, Mlp};
use rand::SeedableRng;
use tests::panics;

use crate::ops;

fn lecture(tape: &Tape<f64>) -> (Var<f64>, Var<f64>) {
    let y = tape.var(1.3).named("y");
    let x = (2.0 * y).named("x");
    let z = y.sin().named("z");
    ((x * x * z).named("f"), y)
}

#[test]
fn two_paths_as_in_the_lecture() {
    // L14.
    let tape = Tape::new();
    let (f, y) = lecture(&tape);
    let text = explain::derivation(f, y).to_string();
    let want = "\
df/dy

values
  y = 1.3
  x = 2y = 2.6
  z = sin y = 0.963558
  f = x²z = 6.51365

derivatives
  df/dz = x² = 6.76
  df/dx = 2xz = 5.0105
  df/dy = df/dx · dx/dy + df/dz · dz/dy
        = 2xz · 2 + x² · cos y
        = 5.0105 · 2 + 6.76 · 0.267499
        = 10.021 + 1.80829
        = 11.8293
";
    assert_eq!(text, want);
    let exact = 8.0 * 1.3 * 1.3_f64.sin() + 4.0 * 1.3 * 1.3 * 1.3_f64.cos();
    assert_eq!(format!("{exact:.4}"), "11.8293");
    assert_eq!(f.backward().wrt(y), exact);
}

#[test]
fn the_paths_are_the_terms_of_the_sum() {
    let tape = Tape::new();
    let (f, y) = lecture(&tape);
    let paths = explain::paths(f, y);
    let want = "\
df/dy: 2 paths over 5 edges
  y → x → x² → f: z · 2x · 2 = 10.021
  y → z → f: x² · cos y = 1.80829
  sum: 11.8293
";
    assert_eq!(paths.to_string(), want);
    let sum: f64 = paths.list().iter().map(|path| path.value).sum();
    assert!((sum - f.backward().wrt(y)).abs() < 1e-14);
}

#[test]
fn diamonds_fold_and_their_paths_are_counted() {
    // L15: 2^n paths.
    let tape = Tape::<f64>::new();
    for n in [1, 5, 100, 127] {
        let x = tape.var(0.5);
        let f = (0..n).fold(x, |x, _| x.sin() + x.cos());
        let paths = explain::paths(f, x);
        assert_eq!((paths.count(), paths.log2(), paths.edges()), (Some(1 << n), n as f64, 4 * n));
        assert_eq!(paths.list().len(), if n > 5 { 0 } else { 1 << n });
    }
    let x = tape.var(0.5).named("x");
    let f = (0..1000).fold(x, |x, _| x.sin() + x.cos());
    let paths = explain::paths(f, x);
    assert_eq!(paths.count(), None);
    assert!((paths.log2() - 1000.0).abs() < 1e-9);
    assert_eq!(paths.to_string(), "df/dx: more than 2^128 paths, about 2^1000.0, over 4000 edges\n");
    let text = explain::derivation(f, x).to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[3..6], ["x = 0.5", "v1 = sin x + cos x = 1.35701", "… and 999 more like this one"]);
    assert!(text.contains("dv999 = cos v999 − sin v999 = ") && text.contains("df/dv1 · (cos x − sin x)"), "{text}");
    assert!(lines.len() < 20);
}

#[test]
fn the_xor_network_is_written_as_in_the_lecture() {
    // L18, in its notation, symbol by symbol.
    let layer = |w, b| (Linear::from_weights(w, b), Activation::Sigmoid);
    let model = Mlp::from_layers(vec![
        layer(array![[0.1, 0.2], [0.3, -0.4]], array![0.1, 0.2]),
        layer(array![[0.5, 0.6]], array![0.3]),
    ]);
    let (x, t) = (Tensor::from(array![1.0, 0.0]), Tensor::from(array![1.0]));
    let half = || HalfSquaredError::new().reduction(Sum);
    let derivation = model.explain(half(), &x, &t);
    let want = "\
dE/dW[1], dE/db[1], dE/dW[2], dE/db[2]

values
  W[1] = [[0.1, 0.2], [0.3, −0.4]]
  b[1] = [0.1, 0.2]
  a[1] = W[1] z[0] + b[1] = [0.2, 0.5]
  z[1] = h(a[1]) = [0.549834, 0.622459]
  W[2] = [[0.5, 0.6]]
  b[2] = [0.3]
  a[2] = W[2] z[1] + b[2] = [0.948393]
  y = h(a[2]) = [0.720792]
  E = ½ Σ (y − t)² = 0.0389786

derivatives
  dE/dy = y − t = [−0.279208]
  delta[2] = (y − t) ⊙ h'(a[2]) = [−0.0561909]
  dE/db[2] = delta[2] = [−0.0561909]
  dE/dW[2] = delta[2] ⊗ z[1] = [[−0.0308957, −0.0349766]]
  dE/dz[1] = W[2]ᵀ delta[2] = [−0.0280955, −0.0337146]
  delta[1] = h'(a[1]) ⊙ W[2]ᵀ delta[2] = [−0.00695409, −0.00792305]
  dE/db[1] = delta[1] = [−0.00695409, −0.00792305]
  dE/dW[1] = delta[1] ⊗ z[0] = [[−0.00695409, 0], [−0.00792305, 0]]

where h(a) = σ(a), h'(a) = h(a) (1 − h(a))
";
    assert_eq!(derivation.to_string(), want);
    let latex = derivation.latex();
    for line in [
        r"\delta^{[2]} &= \left(y - t\right) \odot h'\left(a^{[2]}\right) = ",
        r"\delta^{[1]} &= h'\left(a^{[1]}\right) \odot {W^{[2]}}^{\top} \delta^{[2]} = ",
        r"\frac{dE}{dW^{[1]}} &= \delta^{[1]} \otimes z^{[0]} = ",
    ] {
        assert!(latex.contains(line), "{line}\n{latex}");
    }
    // The same for a batch of one row; several rows are a product of matrices.
    let (x, t) = (Tensor::from(array![[1.0, 0.0]]), Tensor::from(array![[1.0]]));
    assert!(model.explain(half(), &x, &t).to_string().contains("dE/dW[1] = delta[1] ⊗ z[0]"));
    let (x, t) = (Tensor::from(array![[1.0, 0.0], [0.0, 1.0]]), Tensor::from(array![[1.0], [1.0]]));
    let batch = model.explain(half(), &x, &t).to_string();
    for line in [
        "a[1] = z[0] W[1]ᵀ + b[1] = ",
        "delta[1] = h'(a[1]) ⊙ delta[2] W[2] = ",
        "dE/dW[1] = delta[1]ᵀ z[0] = ",
        "dE/db[1] = Σ_items delta[1] = ",
    ] {
        assert!(batch.contains(line), "{line}\n{batch}");
    }
}

#[test]
fn matched_losses_leave_y_minus_t() {
    let (w, b) = (array![[0.5, 0.6], [0.1, -0.7]], array![0.3, 0.0]);
    let model = Mlp::from_layers(vec![(Linear::from_weights(w, b), Activation::Identity)]);
    let (x, t) = (Tensor::from(array![[1.0, 2.0]]), Tensor::from(array![[0.0, 1.0]]));
    let cross = model.explain(CrossEntropy::from_logits().reduction(Sum), &x, &t).to_string();
    assert!(cross.contains("delta[1] = softmax(y) − t = "), "{cross}");
    let bce = model.explain(BinaryCrossEntropy::from_logits().reduction(Sum), &x, &t).to_string();
    assert!(bce.contains("delta[1] = σ(y) − t = "), "{bce}");
    let squared = model.explain(HalfSquaredError::new().reduction(Sum), &x, &t).to_string();
    assert!(squared.contains("delta[1] = y − t = "), "{squared}");
}

#[test]
fn many_terms_are_one_and_a_number() {
    let tape = Tape::<f64>::new();
    let w = tape.var(0.5).named("w");
    let term = |i: u32| (w * f64::from(i + 2) - 1.0).square();
    let sums: [Var<f64>; 2] = [(0..64).map(term).sum(), (1..64).fold(term(0), |sum, i| sum + term(i))];
    for e in sums {
        let text = explain::derivation(e.named("E"), w).to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let values = [
            "w = 0.5",
            "v1 = (2w − 1)² = 0",
            "… and 63 more like this one",
            "E = v1 + v2 + … + v64 (64 terms) = 21336",
        ];
        assert_eq!(lines[3..7], values, "{text}");
        assert!(text.contains("dE/dw = dE/dv64 · dv64/dw + … (63 more terms like this one)"), "{text}");
        assert!(text.contains(&format!("= {}\n", e.backward().wrt(w))), "{text}");
    }
}

#[test]
fn each_row_of_the_table_writes_its_derivative() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.7).named("x");
    let y = tape.var(0.4).named("y");
    for (f, formula, slope) in [
        (x.recip(), "1/x", "−1/x²"),
        (x.sqrt(), "√x", "1/(2√x)"),
        (x.powi(3), "x³", "3x²"),
        (x.exp(), "e^x", "e^x"),
        (x.ln(), "ln x", "1/x"),
        ((2.0 * x).sin(), "sin(2x)", "2 cos(2x)"),
        (x.tanh(), "tanh x", "1 − f²"),
        (x.sigmoid(), "σ(x)", "f (1 − f)"),
        (x.relu(), "[x]₊", "[x > 0]"),
        (x.abs(), "|x|", "sgn x"),
        (x * y + x, "xy + x", "y + 1"),
        (x / y, "x/y", "1/y"),
        (y / x, "y/x", "−y/x²"),
        (x.powf(y), "x^y", "y x^(y − 1)"),
        (x.max(y), "max(x, y)", "1"),
        (1.0 - x, "1 − x", "−1"),
        (autodiff::dot(&[x, y], &[y, x]), "2xy", "2y"),
        (autodiff::norm([x, y]), "√(x² + y²)", "x/√(x² + y²)"),
        (autodiff::logsumexp([x, y]), "ln(e^x + e^y)", ""),
    ] {
        let text = explain::derivation(f, x).to_string();
        assert!(text.contains(&format!("f = {formula} = ")), "{formula}: {text}");
        let want = format!("df/dx = {slope}");
        assert!(text.contains(&want), "{want}: {text}");
        assert!(text.contains(explain_number(f.backward().wrt(x)).as_str()), "{formula}: {text}");
    }
}

/// Six digits, as the derivation prints them.
fn explain_number(x: f64) -> String {
    let decimals = usize::try_from(5 - x.abs().log10().floor() as i32).unwrap_or(0);
    let digits = format!("{:.decimals$}", x.abs());
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

struct Cube;

impl Op<f64> for Cube {
    fn name(&self) -> &'static str {
        "cube_of"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        Ok(x[0].mapv(|x| x * x * x))
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        Grads::from(3.0 * cx.input(0).square() * cx.grad())
    }
}

/// Derivations of all kinds of operations.
pub(crate) fn zoo() -> Vec<Derivation> {
    let mut all = Vec::new();
    let tape = Tape::<f64>::new();
    let (f, y) = lecture(&tape);
    all.push(explain::derivation(f, y));
    let (a, b) = (tape.var(0.7).named("theta_1"), tape.var(-1.2).named("λ"));
    let block = fuse([a, b], |[a, b]| a * b.exp());
    let g = (a * b + a.exp()).tanh() / (1.0 + b.square()) + block - a.powi(-2) * b.abs() + (a - b).max(a * 3e-9);
    all.push(explain::derivation(g, a));
    all.push(explain::derivation(g, tape.var(1.0).named("50% & more_or_less")));
    let w = tape.tensor(array![[0.1, 0.2], [0.3, -0.4]]).named("W");
    let x = Tensor::from(array![[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]]);
    let h = x.matmul(&w).tanh();
    let parts = [
        h.softmax(1).slice(ndarray::s![.., 0..1]).sum(),
        h.permute(&[1, 0]).matmul(&x).sum_axis(0).square().mean(),
        Tensor::apply(Cube, &[&h]).unwrap().reshape(&[6]).max_all(),
        (&w + Tensor::from(a)).det() + Tensor::from_vars(&[a, b], &[2]).matmul(&w).sum(),
        Tensor::from(h.at([0, 1]) * a),
        Tensor::concat(&[&h, &h.relu()], 0).logsumexp(0).sum(),
    ];
    for part in &parts {
        all.push(explain::derivation(part, &w));
    }
    all.push(explain::derivation(&parts[3], a));
    all
}

#[test]
fn own_operations_are_named_and_indices_are_written() {
    let texts: Vec<String> = zoo().iter().map(Derivation::to_string).collect();
    let all = texts.join("\n");
    for part in [
        "cube_of(",
        "vjp of cube_of(",
        "(tanh v1)[0,1]",
        "[theta_1, λ]",
        "det(W + theta_1)",
        "cof(W + theta_1)",
        "v2ᵀ 𝟏",
        "softmax(",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(texts[1].contains("+ ∂E/∂theta_1\n"), "{}", texts[1]);
    assert!(texts.iter().all(|text| !text.contains("NaN")), "{all}");
    assert!(texts[2].contains("dE/d50% & more_or_less = 0"), "{}", texts[2]);
}

#[test]
fn every_operation_writes_its_gradient() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(20);
    let mut written = std::collections::BTreeSet::new();
    // Own operations have names, and no formulas.
    for case in ops::all::<f64>().iter().filter(|case| !["elementwise", "elementwise_sum", "custom"].contains(&case.op))
    {
        for set in &case.sets {
            let tape = Tape::new();
            let values = case.values(set, &mut rng);
            let operand = |(shape, x): (&Vec<usize>, Vec<f64>)| {
                tape.tensor(ArrayD::from_shape_vec(shape.clone(), x).unwrap()).named("x")
            };
            let operands: Vec<Tensor<f64>> = set.iter().zip(values).map(operand).collect();
            let y = (case.f)(&operands).named("y");
            if y.is_tracked() {
                let text = explain::derivation(y.square().sum(), &operands[0]).to_string();
                assert!(!text.contains("vjp of"), "{}: {text}", case.op);
                written.insert(case.op);
            }
        }
    }
    assert!(written.len() > 100, "{}", written.len());
}

#[test]
fn a_function_may_have_any_name() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.5).named("x");
    let derivation = explain::derivation(x.tanh().function_named("phi_1").named("y"), x);
    assert!(derivation.to_string().contains("y = phi_1(x) = 0.462117"), "{derivation}");
    assert!(derivation.latex().contains(r"\frac{dy}{dx} &= \phi_{1}'\left(x\right) = "), "{}", derivation.latex());
}

#[test]
fn sums_that_double_are_linear() {
    let tape = Tape::<f64>::new();
    for n in [2, 3, 23, 60, 1000] {
        let x = tape.var(0.5).named("x");
        let y = (0..n).fold(x, |y, _| y + y);
        let derivation = explain::derivation(y, x);
        let text = derivation.to_string();
        assert!(text.lines().count() < 30 && derivation.latex().len() < 2000, "{text}");
        let number = if n < 60 { format!("= {}\n", 1_u64 << n) } else { "e".to_owned() };
        assert!(text.contains(&number), "{text}");
        // One edge for both uses.
        let paths = explain::paths(y, x);
        assert_eq!((paths.count(), paths.edges()), (Some(1), n));
    }
}

#[test]
fn whatever_is_read_twice_texts_are_short() {
    type OfTwo = fn(Var<f64>, Var<f64>) -> Var<f64>;
    type OfTensor = fn(&Tensor<f64>) -> Tensor<f64>;
    let scalars: [(&str, OfTwo); 10] = [
        ("y + y", |y, _| y + y),
        ("y + y + x", |y, x| y + y + x),
        ("x - (y + y)", |y, x| x - (y + y)),
        ("(y + y) x", |y, x| (y + y) * x),
        ("-(y + y)", |y, _| -(y + y)),
        ("y y", |y, _| y * y),
        ("hypot", |y, _| y.hypot(y)),
        ("sum", |y, x| autodiff::sum([y, y, x, y])),
        ("dot", |y, x| autodiff::dot(&[y, x], &[y, y])),
        ("fuse", |y, _| fuse([y, y], |[a, b]| a * b.sin())),
    ];
    let tensors: [(&str, OfTensor); 3] = [
        ("tensors y + y", |y| y + y),
        ("tensors -(y + y)", |y| -(y + y)),
        ("tensors seen as others", |y| (y + y).reshape(&[1, 2]).reshape(&[2])),
    ];
    let tape = Tape::<f64>::new();
    let short = |what: &str, derivation: &Derivation, paths: &explain::Paths| {
        let (text, latex, list) = (derivation.to_string().len(), derivation.latex().len(), paths.to_string().len());
        assert!(text < 5_000 && latex < 10_000, "{what}: {text}, {latex}");
        assert!(paths.edges() <= 801 && list < 1_000_000, "{what}: {} edges, {list}", paths.edges());
    };
    for (what, f) in scalars {
        let x = tape.var(0.5);
        let y = (0..200).fold(x, |y, _| f(y, x));
        short(what, &explain::derivation(y, x), &explain::paths(y, x));
    }
    for (what, f) in tensors {
        let x = tape.tensor(array![0.5, 0.25]);
        let y = (0..200).fold(x.clone(), |y, _| f(&y)).sum();
        short(what, &explain::derivation(&y, &x), &explain::paths(&y, &x));
    }
}

#[test]
fn constants_among_scalars_keep_their_places() {
    let tape = Tape::<f64>::new();
    let (a, b, two) = (tape.var(0.7).named("a"), tape.var(-1.2).named("b"), Var::constant(2.5));
    let few = Tensor::from_vars(&[a, two, b], &[3]).square().sum();
    let text = explain::derivation(&few, b).to_string();
    assert!(text.contains("[a, 2.5, b]") && text.contains("[2]") && !text.contains("[1]"), "{text}");
    let many = Tensor::from_vars(&[two, two, a, two, two, two, b, two], &[8]).square().sum();
    let text = explain::derivation(&many, b).to_string();
    assert!(text.contains("[2.5, 2.5, …, 2.5] of 8") && text.contains("[6]") && !text.contains("[1]"), "{text}");
}

#[test]
fn nothing_is_changed_by_reading() {
    let tape = Tape::<f64>::new();
    let (f, y) = lecture(&tape);
    let before = (tape.len(), tape.bytes(), f.backward().wrt(y).to_bits());
    let first = explain::derivation(f, y).to_string();
    explain::paths(f, y);
    autodiff::graph::Graph::of(f).unwrap();
    assert_eq!((tape.len(), tape.bytes(), f.backward().wrt(y).to_bits()), before);
    assert_eq!(explain::derivation(f, y).to_string(), first);
    // Names go with the tape's contents.
    tape.reset();
    let x = tape.var(2.0);
    assert!(explain::derivation(x * x, x).to_string().contains("f = x1² = 4"));
    // A constant stays without a name.
    assert!(!Var::constant(1.0).named("c").is_tracked() && !Tensor::scalar(1.0).named("c").is_tracked());
}

#[test]
fn mistakes_are_named() {
    let named = |action: &dyn Fn(), text: &str| {
        let message = panics(action).unwrap_or_default();
        assert!(message.starts_with(text), "{message}");
    };
    let tape = Tape::<f64>::new();
    let (x, c) = (tape.var(1.0), Var::constant(2.0));
    let y = tape.tensor(array![1.0, 2.0]);
    named(&|| drop(explain::derivation(c, x)), "explain: the root is a constant");
    named(&|| drop(explain::derivation(x * x, c)), "a variable was not recorded on this tape");
    let text = "explain: the root has shape [2], but a gradient needs a scalar";
    named(&|| drop(explain::derivation(&y * 2.0, &y)), text);
    tape.reset();
    named(&|| _ = x.named("x"), "stale handle");
}

#[test]
fn more_lines_when_asked_for() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.5).named("x");
    let names = ["a", "b", "c", "d"];
    // Lines that differ: nothing to fold.
    let f = (0..60).fold(x, |y, i| {
        let next = match i * i % 7 {
            1 => y.sin(),
            2 => y.cos(),
            4 => y.exp(),
            _ => y.tanh(),
        };
        next.named(format!("{}{i}", names[i % 4]))
    });
    let short = Explain::of(f).lines(5).derivation(&[x]).to_string();
    assert!(short.contains("more lines, left out"), "{short}");
    assert!(short.lines().count() < 30);
    assert!(!Explain::of(f).lines(200).derivation(&[x]).to_string().contains("left out"));
}
