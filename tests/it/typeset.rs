//! Derivations in LaTeX and in MathML.

use std::process::Command;

use autodiff::explain::{self, Derivation};
use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::Reduction::Sum;
use nn::loss::HalfSquaredError;
use nn::{Activation, Linear, Mlp};

use crate::explain::zoo;
use crate::graph::well_formed;

/// What LaTeX would stumble on.
pub(crate) fn refuse(latex: &str) -> Option<String> {
    if let Some(c) = latex.chars().find(|&c| c != '\n' && !(' '..='~').contains(&c)) {
        return Some(format!("not in print: {c:?}"));
    }
    let mut depth = 0;
    let mut before = ' ';
    for c in latex.chars() {
        if before != '\\' {
            depth += i32::from(c == '{') - i32::from(c == '}');
        }
        if depth < 0 {
            return Some("a brace closes that was not opened".to_owned());
        }
        before = if before == '\\' { ' ' } else { c };
    }
    let count = |what: &str| latex.matches(what).count();
    let pairs = [(r"\left", r"\right"), (r"\begin{", r"\end{")];
    let paired = pairs.iter().all(|(open, close)| {
        // `\leftarrow` opens nothing.
        count(open) - latex.matches(r"\leftarrow").count() * usize::from(*open == r"\left") == count(close)
    });
    (depth != 0 || !paired).then(|| format!("depth {depth}, pairs {paired}"))
}

#[test]
fn the_latex_compiles() {
    let blocks: Vec<String> = zoo().iter().map(Derivation::latex).collect();
    for block in &blocks {
        assert_eq!(refuse(block), None, "{block}");
    }
    let folder = tempfile::tempdir().unwrap();
    let document = format!(
        "\\documentclass{{article}}\n\\usepackage{{amsmath}}\n\\begin{{document}}\n{}\n\\end{{document}}\n",
        blocks.join("\n")
    );
    std::fs::write(folder.path().join("derivation.tex"), document).unwrap();
    let run = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "derivation.tex"])
        .current_dir(folder.path())
        .output();
    match run {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => println!("pdflatex is not installed: braces and signs were checked"),
    }
}

/// The letters and digits of a derivation's equations, from its text and from its MathML.
fn letters(derivation: &Derivation) -> [String; 2] {
    let (text, mathml) = (derivation.to_string(), derivation.mathml());
    let small = ["⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"];
    let plain = |c: char| {
        let digit = small.iter().find_map(|digits| digits.chars().position(|small| small == c));
        digit.and_then(|digit| char::from_digit(digit as u32, 10)).unwrap_or(c)
    };
    // T and Σ are signs in one form and letters in the other.
    let kept = |c: &char| c.is_alphanumeric() && !"ᵀΣ".contains(*c);
    let equations = text.lines().skip(1).filter(|line| line.starts_with([' ', 'w']));
    let without_tags = mathml.split('<').skip(1).flat_map(|tag| tag.split_once('>').unwrap().1.chars());
    let scientific = |text: String| text.replace("e-", "10").replace("theta", "θ").replace("delta", "δ");
    [
        scientific(equations.collect()).chars().map(plain).filter(kept).collect(),
        without_tags
            .collect::<String>()
            .replace("&lt;", "")
            .replace("&gt;", "")
            .replace("&amp;", "")
            .chars()
            .filter(kept)
            .collect(),
    ]
}

#[test]
fn the_mathml_says_what_the_text_says() {
    for derivation in zoo() {
        well_formed(&derivation.mathml());
        let [text, mathml] = letters(&derivation);
        assert_eq!(text, mathml, "{derivation}\n{}", derivation.mathml());
    }
    let model = Mlp::from_layers(vec![(Linear::from_weights(array![[0.5, 0.6]], array![0.3]), Activation::Sigmoid)]);
    let (x, t) = (Tensor::from(array![1.0, 0.0]), Tensor::from(array![1.0]));
    let derivation = model.explain(HalfSquaredError::new().reduction(Sum), &x, &t);
    let mathml = derivation.mathml();
    for part in [
        "<mfrac><mrow><mi>d</mi><mi>E</mi></mrow><mrow><mi>d</mi><msup><mi>W</mi><mtext>[1]</mtext></msup></mrow></mfrac>",
        "<msup><mi>δ</mi><mtext>[1]</mtext></msup><mo>⊗</mo>",
        "<mrow><mi>h</mi></mrow><mrow><mo>′</mo></mrow></msup>",
    ] {
        assert!(mathml.contains(part), "{part}\n{mathml}");
    }
    let [text, mathml] = letters(&derivation);
    assert_eq!(text, mathml);
}

#[test]
fn a_row_of_the_table_in_mathml() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.7).named("x");
    let two_x = "<mrow><mn>2</mn><mo>\u{2062}</mo><mi>x</mi></mrow>";
    let of_two_x = format!("<mrow><mo>(</mo>{two_x}<mo>)</mo></mrow>");
    let thin = r#"<mspace width="0.17em"/>"#;
    for (f, want) in [
        (x.exp(), "<mrow><msup><mrow><mi>e</mi></mrow><mrow><mi>x</mi></mrow></msup></mrow>".to_owned()),
        (x.powi(3), "<msup><mi>x</mi><mn>3</mn></msup>".to_owned()),
        ((2.0 * x).sin(), format!("<mrow><mi>sin</mi>{thin}{of_two_x}</mrow>")),
        (x.sqrt(), "<msqrt><mrow><mi>x</mi></mrow></msqrt>".to_owned()),
        (-x, "<mrow><mo>−</mo><mi>x</mi></mrow>".to_owned()),
        (1.0 / x, "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>x</mi></mrow></mfrac>".to_owned()),
    ] {
        let mathml = explain::derivation(f, x).mathml();
        assert!(mathml.contains(&want), "{want}\n{mathml}");
    }
}
