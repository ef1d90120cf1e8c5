//! Names as LaTeX and MathML set them.

use super::forms::Text;
use crate::rules::mathml::{self, element};

/// The Greek letters, by LaTeX's name and as they are.
#[rustfmt::skip]
const GREEK: &[(&str, &str)] = &[
    ("alpha", "α"), ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("varepsilon", "ε"), ("zeta", "ζ"),
    ("eta", "η"), ("theta", "θ"), ("kappa", "κ"), ("lambda", "λ"), ("mu", "μ"), ("nu", "ν"), ("xi", "ξ"),
    ("pi", "π"), ("rho", "ρ"), ("sigma", "σ"), ("tau", "τ"), ("phi", "φ"), ("varphi", "φ"), ("chi", "χ"),
    ("psi", "ψ"), ("omega", "ω"), ("Gamma", "Γ"), ("Delta", "Δ"), ("Theta", "Θ"), ("Lambda", "Λ"),
    ("Sigma", "Σ"), ("Phi", "Φ"), ("Psi", "Ψ"), ("Omega", "Ω"), ("sum", "Σ"), ("prod", "Π"),
];

/// A name as it is set: `W[1]` with its index up, `x1` with it below, Greek letters as such.
pub(super) fn name(name: &str) -> Text {
    let (latex, mathml) = set(name);
    Text { plain: name.to_owned(), latex, mathml }
}

/// A name in LaTeX and in MathML.
fn set(name: &str) -> (String, String) {
    if let Some((base, index)) = name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        let ((latex, mathml), up) = (set(base), format!("[{index}]"));
        return (format!("{latex}^{{[{}]}}", escaped(index)), element("msup", &(mathml + &mathml::words(&up))));
    }
    let base = name.trim_end_matches('\'');
    if base.len() < name.len() {
        let ((latex, mathml), primes) = (set(base), &name[base.len()..]);
        // A prime is a superscript, and LaTeX takes one only.
        let latex = if latex.contains(['^', '\'']) { format!("{{{latex}}}{primes}") } else { latex + primes };
        return (latex, element("msup", &(mathml + &element("mo", &primes.replace('\'', "′")))));
    }
    if let Some((base, index)) = name.split_once('_')
        && !base.is_empty()
        && !index.is_empty()
        && !index.contains('_')
    {
        return below(&set(base), &word(index));
    }
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if !base.is_empty() && base.len() < name.len() && base.chars().all(char::is_alphabetic) {
        return below(&word(base), &word(&name[base.len()..]));
    }
    word(name)
}

fn below(base: &(String, String), index: &(String, String)) -> (String, String) {
    (format!("{}_{{{}}}", base.0, index.0), element("msub", &format!("{}{}", base.1, index.1)))
}

fn word(word: &str) -> (String, String) {
    if let Some((command, sign)) = GREEK.iter().find(|(command, sign)| *command == word || *sign == word) {
        return (format!(r"\{command}"), element("mi", sign));
    }
    let is_number = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let is_letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let latex = if is_number || is_letter { word.to_owned() } else { format!(r"\mathrm{{{}}}", escaped(word)) };
    (latex, if is_number { element("mn", word) } else { element("mi", &mathml::escaped(word)) })
}

/// Text for LaTeX: signs that mean something there, and letters that it lacks, are written out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let mut bytes = [0; 4];
        let sign: &str = c.encode_utf8(&mut bytes);
        let greek = GREEK.iter().find(|(_, letter)| *letter == sign);
        match (c, greek) {
            (_, Some((command, _))) => out += &format!(r"\{command} "),
            ('_' | '%' | '&' | '#' | '$' | '{' | '}', _) => out.extend(['\\', c]),
            ('\\' | '^' | '~', _) => out.push('-'),
            (' ', _) => out.push_str(r"\ "),
            _ if c.is_control() => out.push_str(r"\ "),
            _ => out.push(if c.is_ascii() { c } else { '?' }),
        }
    }
    out
}
