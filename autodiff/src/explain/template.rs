//! Patterns of formulas: written in LaTeX, once, and read as plain text too.

/// How tightly a formula holds together, from sums to what needs no brackets anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Level {
    Sum,
    Product,
    /// A function without brackets.
    Prefix,
    Matrix,
    Power,
    Atom,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    Text(String),
    /// An argument, and what it must be not to need brackets here.
    Argument(usize, Level),
}

/// A pattern in both forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Template {
    pub(super) level: Level,
    pub(super) latex: Vec<Piece>,
    pub(super) plain: Vec<Piece>,
}

impl Template {
    /// From LaTeX, in which `{0}` or `{x}` or `{a}` is the first argument and `{1}` or `{b}` the second.
    pub(super) fn new(latex: &str) -> Self {
        let latex = latex.replace("{x}", "{0}").replace("{a}", "{0}").replace("{b}", "{1}");
        let level = level(&latex);
        let needs = match level {
            Level::Matrix => Level::Matrix,
            _ if latex.starts_with(r"\sum") => Level::Power,
            _ => Level::Atom,
        };
        Self { level, plain: pieces(&plain(&latex), needs), latex: pieces(&latex, needs) }
    }
}

/// How tightly a pattern holds together, from its looks.
fn level(latex: &str) -> Level {
    let ends = |ends: &[&str]| ends.iter().any(|end| latex.ends_with(end));
    let depth_0 = |what: &str| {
        let mut depth = 0;
        latex.char_indices().any(|(i, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0 && latex[i..].starts_with(what)
        })
    };
    if latex.starts_with(r"\sqrt") || latex.starts_with(r"\left") || ends(&[r"\right)", r"\right|", r"\right]"]) {
        Level::Atom
    } else if latex.starts_with("{0}^") || latex.starts_with("e^") || latex.starts_with("2^") {
        Level::Power
    } else if latex.starts_with("{0} {1}") || depth_0(r"\otimes") {
        Level::Matrix
    } else if depth_0(" + ") || depth_0(" - ") {
        Level::Sum
    } else if depth_0(r"\cdot") || depth_0(r"\bmod") {
        Level::Product
    } else {
        Level::Prefix
    }
}

/// Cuts a pattern at its arguments. Between brackets an argument needs none of its own.
fn pieces(pattern: &str, needs: Level) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    let mut before = String::new();
    while let Some(at) = argument(rest) {
        let (text, tail) = (&rest[..at], &rest[at + 3..]);
        let number = usize::from(rest.as_bytes()[at + 1] - b'0');
        let opens = text.trim_end().ends_with(['(', '|', '[', '{', '⌊', '⌈', ','])
            || text.ends_with(r"\lfloor ")
            || text.ends_with(r"\lceil ");
        let closes = tail.trim_start().starts_with([')', '|', ']', '}', '⌋', '⌉', ','])
            || tail.trim_start().starts_with(r"\right");
        let needs = if opens && closes { Level::Sum } else { needs };
        before.push_str(text);
        if !before.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut before)));
        }
        pieces.push(Piece::Argument(number, needs));
        rest = tail;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

/// Where the next argument stands.
fn argument(pattern: &str) -> Option<usize> {
    let bytes = pattern.as_bytes();
    (0..bytes.len().saturating_sub(2))
        .find(|&i| bytes[i] == b'{' && bytes[i + 1].is_ascii_digit() && bytes[i + 2] == b'}')
}

/// Commands with a sign of their own.
const SIGNS: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("varphi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("cdot", "·"),
    ("odot", "⊙"),
    ("otimes", "⊗"),
    ("oslash", "⊘"),
    ("ast", "∗"),
    ("sum", "Σ"),
    ("prod", "Π"),
    ("bmod", "mod"),
    ("lfloor", "⌊"),
    ("rfloor", "⌋"),
    ("lceil", "⌈"),
    ("rceil", "⌉"),
    ("top", "ᵀ"),
    ("infty", "∞"),
    ("geq", "≥"),
    ("leq", "≤"),
    ("neq", "≠"),
    ("mapsto", "↦"),
    ("to", "→"),
    ("left", ""),
    ("right", ""),
    ("displaystyle", ""),
    ("ldots", "…"),
    ("prime", "′"),
];

/// The Greek letters, by name and sign.
pub(super) fn greek() -> impl Iterator<Item = (&'static str, &'static str)> {
    SIGNS.iter().copied().filter(|(_, sign)| sign.chars().all(|c| ('Α'..='ω').contains(&c)) && !sign.is_empty())
}

/// LaTeX as it would be typed in plain text. Arguments stay what they are.
pub(super) fn plain(latex: &str) -> String {
    let mut out = String::new();
    let mut rest = latex;
    while let Some(c) = rest.chars().next() {
        if argument(rest) == Some(0) {
            out.push_str(&rest[..3]);
            rest = &rest[3..];
            continue;
        }
        match c {
            '\\' => rest = command(rest, &mut out),
            '^' | '_' => {
                let (group, tail) = group(&rest[1..]);
                out.push_str(&script(c, &plain(group)));
                rest = tail;
            }
            '{' => {
                let (group, tail) = group(rest);
                out.push_str(&plain(group));
                rest = tail;
            }
            '-' => {
                out.push('−');
                rest = &rest[1..];
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// A command with its arguments; gives what follows.
fn command<'l>(latex: &'l str, out: &mut String) -> &'l str {
    let name_end = latex[1..].find(|c: char| !c.is_ascii_alphabetic()).map_or(latex.len(), |end| end + 1);
    let (name, mut rest) = (&latex[1..name_end], &latex[name_end..]);
    match name {
        // A space, or a sign that would be read as a command's.
        "" => {
            let mut chars = rest.chars();
            match chars.next() {
                Some(',' | ';' | ' ') => out.push(' '),
                Some(c) => out.push(c),
                None => {}
            }
            rest = chars.as_str();
        }
        "frac" | "tfrac" => {
            let (top, tail) = group(rest);
            let (bottom, tail) = group(tail);
            let wrapped = |s: String| if s.contains(' ') { format!("({s})") } else { s };
            *out += &format!("{}/{}", wrapped(plain(top)), wrapped(plain(bottom)));
            rest = tail;
        }
        "sqrt" => {
            if let Some(tail) = rest.strip_prefix("[3]") {
                out.push('∛');
                rest = tail;
            } else {
                out.push('√');
            }
            let (inner, tail) = group(rest);
            let text = plain(inner);
            *out += &if text.contains(' ') { format!("({text})") } else { text };
            rest = tail;
        }
        "operatorname" | "mathrm" | "text" | "mathbf" => {
            let (word, tail) = group(rest);
            out.push_str(&word.replace('\\', ""));
            rest = tail;
        }
        _ => {
            let sign = SIGNS.iter().find(|sign| sign.0 == name).map_or(name, |sign| sign.1);
            if matches!(sign, "⌋" | "⌉") {
                out.truncate(out.trim_end().len());
            }
            out.push_str(sign);
            if rest.starts_with(r"\frac") {
                // A function of a quotient.
                out.push('(');
                rest = command(rest, out);
                out.push(')');
            }
            let silent = matches!(name, "left" | "right" | "displaystyle");
            let letter = !matches!(name, "sum" | "prod")
                && SIGNS.iter().any(|sign| sign.0 == name && sign.1.chars().all(char::is_alphabetic));
            // The space that ends a letter's command is no space.
            if silent || ((letter || matches!(sign, "⌊" | "⌈")) && rest.starts_with(' ')) {
                rest = rest.trim_start();
            }
        }
    }
    rest
}

/// The group in braces, or the one character, that a command applies to, and what follows.
fn group(latex: &str) -> (&str, &str) {
    if !latex.starts_with('{') || argument(latex) == Some(0) {
        let end = if argument(latex) == Some(0) { 3 } else { latex.chars().next().map_or(0, char::len_utf8) };
        if let Some(command) = latex.strip_prefix('\\') {
            let end = command.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(command.len()) + 1;
            return latex.split_at(end);
        }
        return latex.split_at(end);
    }
    let mut depth = 0;
    for (i, c) in latex.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return (&latex[1..i], &latex[i + 1..]);
        }
    }
    (latex, "")
}

const SCRIPTS: &[(char, char, char)] = &[
    ('0', '⁰', '₀'),
    ('1', '¹', '₁'),
    ('2', '²', '₂'),
    ('3', '³', '₃'),
    ('4', '⁴', '₄'),
    ('5', '⁵', '₅'),
    ('6', '⁶', '₆'),
    ('7', '⁷', '₇'),
    ('8', '⁸', '₈'),
    ('9', '⁹', '₉'),
    ('+', '⁺', '₊'),
    ('−', '⁻', '₋'),
    ('ᵀ', 'ᵀ', 'ᵀ'),
    ('n', 'ⁿ', 'ₙ'),
    ('i', 'ⁱ', 'ᵢ'),
    ('j', 'ʲ', 'ⱼ'),
    ('k', 'ᵏ', 'ₖ'),
    ('′', '′', '′'),
];

/// Text as a superscript or subscript, in small letters where there are any.
pub(super) fn script(sign: char, text: &str) -> String {
    let text = text.trim();
    let small = |c: char| SCRIPTS.iter().find(|s| s.0 == c).map(|s| if sign == '^' { s.1 } else { s.2 });
    if let Some(small) = text.chars().map(small).collect::<Option<String>>() {
        return small;
    }
    let word = sign == '_' && text.chars().all(char::is_alphanumeric);
    if word
        || text.chars().count() <= 1
        || argument(text) == Some(0) && text.len() == 3
        || text.starts_with('(') && text.ends_with(')')
    {
        return format!("{sign}{text}");
    }
    format!("{sign}({text})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Binary, Unary};

    #[test]
    fn every_row_of_the_table_reads_as_plain_text() {
        let rows =
            Unary::ALL.iter().map(|f| (f.name(), f.latex())).chain(Binary::ALL.iter().map(|f| (f.name(), f.latex())));
        for (name, latex) in rows {
            let text = plain(&latex.replace("{x}", "{0}").replace("{a}", "{0}").replace("{b}", "{1}"));
            assert!(!text.contains('\\') && text.contains("{0}"), "{name}: {text}");
            let braces = |c: char| text.matches(c).count();
            assert_eq!(braces('{'), braces('}'), "{name}: {text}");
            assert_eq!(braces('{'), text.matches("{0}").count() + text.matches("{1}").count(), "{name}: {text}");
        }
    }

    #[test]
    fn plain_text() {
        for (latex, want) in [
            (r"\sigma\left({0}\right)", "σ({0})"),
            (r"\sin {0}", "sin {0}"),
            (r"e^{{0}}", "e^{0}"),
            (r"\operatorname{erf}^{-1}\left({0}\right)", "erf⁻¹({0})"),
            (r"\ln\frac{{0}}{1 - {0}}", "ln({0}/(1 − {0}))"),
            (r"\left[{0}\right]_+", "[{0}]₊"),
            (r"{0}^{\top}", "{0}ᵀ"),
            (r"\log_2 {0}", "log₂ {0}"),
            (r"\left\lfloor {0} \right\rfloor", "⌊{0}⌋"),
        ] {
            assert_eq!(plain(latex), want, "{latex}");
        }
    }
}
