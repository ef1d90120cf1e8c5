//! How functions are written: data, from which text, LaTeX and MathML are printed.

use std::borrow::Cow;

use super::mathml::{self, element};

/// How tightly a formula holds together, from sums to what needs no brackets anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Sum,
    Product,
    /// A function without brackets.
    Prefix,
    Matrix,
    Power,
    Atom,
}

/// What a formula is printed as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    Text,
    Latex,
    Mathml,
}

impl Markup {
    /// A sign in this form.
    pub(crate) fn sign<'a>(self, text: &'a str, latex: &'a str) -> Cow<'a, str> {
        match self {
            Self::Text => text.into(),
            Self::Latex => latex.into(),
            Self::Mathml => mathml::signs(text).into(),
        }
    }

    pub(crate) fn bracketed(self, inner: &str) -> String {
        Fence::Round.around(self, inner)
    }

    /// A base with a whole exponent.
    pub(crate) fn power(self, base: String, exponent: i32) -> String {
        match self {
            Self::Text => base + &script('^', &exponent.to_string()),
            Self::Latex => format!("{}^{{{exponent}}}", one_script(base)),
            Self::Mathml => element("msup", &(base + &element("mn", &exponent.to_string()))),
        }
    }
}

/// LaTeX takes one superscript only.
fn one_script(base: String) -> String {
    if base.contains('^') && !base.starts_with(r"\left") { format!("{{{base}}}") } else { base }
}

/// Brackets that grow with what stands between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fence {
    Round,
    Square,
    Bars,
    Floor,
    Ceil,
}

impl Fence {
    fn around(self, markup: Markup, inner: &str) -> String {
        let (text, latex) = match self {
            Self::Round => (["(", ")"], [r"\left(", r"\right)"]),
            Self::Square => (["[", "]"], [r"\left[", r"\right]"]),
            Self::Bars => (["|", "|"], [r"\left|", r"\right|"]),
            Self::Floor => (["⌊", "⌋"], [r"\left\lfloor ", r" \right\rfloor"]),
            Self::Ceil => (["⌈", "⌉"], [r"\left\lceil ", r" \right\rceil"]),
        };
        let [open, close] = [0, 1].map(|i| markup.sign(text[i], latex[i]));
        let whole = format!("{open}{inner}{close}");
        if markup == Markup::Mathml { element("mrow", &whole) } else { whole }
    }
}

/// A part of a notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// The same in text and in LaTeX: digits, letters, spaces.
    Same(&'static str),
    /// A sign, in text and in LaTeX.
    Sign(&'static str, &'static str),
    /// A function that LaTeX has a command for: `\sin`.
    Command(&'static str),
    /// A function that LaTeX has none for: `\operatorname{erf}`.
    Word(&'static str),
    /// An argument, in brackets if it holds together too loosely.
    Argument(usize),
    /// An argument between brackets or commas, which needs none of its own.
    Item(usize),
    /// All arguments from this one on, with commas.
    Items(usize),
    In(Fence, &'static [Self]),
    /// A superscript.
    Up(&'static [Self]),
    /// A subscript.
    Down(&'static [Self]),
    /// A fraction.
    Over(&'static [Self], &'static [Self]),
    Root(&'static [Self]),
    CubeRoot(&'static [Self]),
}

/// How a function is written, named by how tightly the result holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Notation {
    /// `sin x`.
    Function(Piece),
    /// `max(a, b)`.
    Call(Piece),
    Sum(&'static [Piece]),
    Product(&'static [Piece]),
    Prefix(&'static [Piece]),
    /// `Σ x`, which needs brackets around products too.
    Series(&'static [Piece]),
    Matrix(&'static [Piece]),
    Power(&'static [Piece]),
    Atom(&'static [Piece]),
}

impl Notation {
    /// How tightly the result holds together.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Sum(_) => Level::Sum,
            Self::Product(_) => Level::Product,
            Self::Function(_) | Self::Prefix(_) | Self::Series(_) => Level::Prefix,
            Self::Matrix(_) => Level::Matrix,
            Self::Power(_) => Level::Power,
            Self::Call(_) | Self::Atom(_) => Level::Atom,
        }
    }

    /// The notation of `count` arguments. `argument(k, level)` is argument `k`, in brackets if it holds together less tightly.
    pub(crate) fn print(self, markup: Markup, count: usize, argument: &dyn Fn(usize, Level) -> String) -> String {
        let needs = match self {
            Self::Series(_) => Level::Power,
            Self::Matrix(_) => Level::Matrix,
            _ => Level::Atom,
        };
        let mut printer = Printer { markup, count, argument, needs, out: String::new(), last: 0 };
        match self {
            Self::Function(function) => printer.print(&[function, Piece::Same(" "), Piece::Argument(0)]),
            Self::Call(function) => {
                printer.print(&[function, Piece::In(Fence::Round, const { &[Piece::Items(0)] })]);
            }
            Self::Sum(pieces)
            | Self::Product(pieces)
            | Self::Prefix(pieces)
            | Self::Series(pieces)
            | Self::Matrix(pieces)
            | Self::Power(pieces)
            | Self::Atom(pieces) => printer.print(pieces),
        }
        if markup == Markup::Mathml { element("mrow", &printer.out) } else { printer.out }
    }

    /// LaTeX, with these in place of the arguments.
    pub(super) fn latex(self, arguments: &[&str]) -> String {
        self.print(Markup::Latex, arguments.len(), &|k, _| arguments[k].to_owned())
    }
}

/// What notations are made of, under short names.
pub(crate) mod sign {
    pub(crate) use super::Fence::*;
    pub(crate) use super::Notation::*;
    pub(crate) use super::Piece::{self, *};

    pub(crate) const X: Piece = Argument(0);
    pub(crate) const A: Piece = Argument(0);
    pub(crate) const B: Piece = Argument(1);
    pub(crate) const ONE: Piece = Same("1");
    pub(crate) const TWO: Piece = Same("2");
    pub(crate) const PI: Piece = Sign("π", r"\pi");
    pub(crate) const SPACE: Piece = Same(" ");
    pub(crate) const PLUS: Piece = Same(" + ");
    pub(crate) const LESS: Piece = Sign(" − ", " - ");
    pub(crate) const MINUS: Piece = Sign("−", "-");
    pub(crate) const DOT: Piece = Sign(" · ", r" \cdot ");
    pub(crate) const BY_ELEMENT: Piece = Sign(" ⊙ ", r" \odot ");
    pub(crate) const SIGMA: Piece = Sign("Σ ", r"\sum ");
    pub(crate) const TRANSPOSED: Piece = Up(&[Sign("ᵀ", r"\top")]);
    pub(crate) const INVERSE: Piece = Up(&[Sign("−1", "-1")]);
    pub(crate) const INVERSE_TRANSPOSED: Piece = Up(&[Sign("−ᵀ", r"-\top")]);
}

struct Printer<'a> {
    markup: Markup,
    count: usize,
    argument: &'a dyn Fn(usize, Level) -> String,
    needs: Level,
    out: String,
    /// Where the last piece begins, to which scripts are set.
    last: usize,
}

impl Printer<'_> {
    fn print(&mut self, pieces: &[Piece]) {
        for (at, piece) in pieces.iter().enumerate() {
            let start = self.out.len();
            match (*piece, self.markup) {
                (Piece::Up(inner), Markup::Mathml) => self.scripted("msup", inner),
                (Piece::Down(inner), Markup::Mathml) => self.scripted("msub", inner),
                (Piece::Same("'"), Markup::Mathml) => self.scripted("msup", const { &[Piece::Same("′")] }),
                (Piece::Same(sign), markup) => self.out.push_str(&markup.sign(sign, sign)),
                (Piece::Sign(text, latex), markup) => self.out.push_str(&markup.sign(text, latex)),
                (Piece::Command(name) | Piece::Word(name), Markup::Text) => self.out.push_str(name),
                (Piece::Command(name), Markup::Latex) => self.out.extend([r"\", name]),
                (Piece::Word(name), Markup::Latex) => self.out.extend([r"\operatorname{", name, "}"]),
                (Piece::Command(name) | Piece::Word(name), Markup::Mathml) => self.out += &element("mi", name),
                (Piece::Argument(k), _) => self.argument(k, self.needs, pieces.get(at + 1)),
                (Piece::Item(k), _) => self.argument(k, Level::Sum, None),
                (Piece::Items(from), _) => {
                    for k in from..self.count {
                        if k > from {
                            self.out.push_str(&self.markup.sign(", ", ", "));
                        }
                        self.argument(k, Level::Sum, None);
                    }
                }
                (Piece::In(fence, inner), markup) => {
                    let inner = self.apart(|printer| printer.print(inner));
                    self.out += &fence.around(markup, &inner);
                }
                (Piece::Up(inner), _) => self.script('^', inner),
                (Piece::Down(inner), _) => self.script('_', inner),
                (Piece::Over(top, bottom), Markup::Latex) => {
                    self.out.push_str(r"\frac");
                    self.group(top);
                    self.group(bottom);
                }
                (Piece::Over(top, bottom), Markup::Text) => {
                    // A function of a quotient.
                    let function = is_word(&self.out);
                    self.out.push_str(if function { "(" } else { "" });
                    self.group(top);
                    self.out.push('/');
                    self.group(bottom);
                    self.out.push_str(if function { ")" } else { "" });
                }
                (Piece::Over(top, bottom), Markup::Mathml) => {
                    let both = self.row(top) + &self.row(bottom);
                    self.out += &element("mfrac", &both);
                }
                (Piece::Root(inner), Markup::Mathml) => {
                    let inner = self.row(inner);
                    self.out += &element("msqrt", &inner);
                }
                (Piece::CubeRoot(inner), Markup::Mathml) => {
                    let inner = self.row(inner);
                    self.out += &element("mroot", &(inner + "<mn>3</mn>"));
                }
                (Piece::Root(inner), markup) => {
                    self.out.push_str(&markup.sign("√", r"\sqrt"));
                    self.group(inner);
                }
                (Piece::CubeRoot(inner), markup) => {
                    self.out.push_str(&markup.sign("∛", r"\sqrt[3]"));
                    self.group(inner);
                }
            }
            if !matches!(piece, Piece::Up(_) | Piece::Down(_) | Piece::Same("'")) {
                self.last = start;
            }
        }
    }

    /// What is printed by itself.
    fn apart(&mut self, print: impl FnOnce(&mut Self)) -> String {
        let (out, last) = (std::mem::take(&mut self.out), std::mem::take(&mut self.last));
        print(self);
        self.last = last;
        std::mem::replace(&mut self.out, out)
    }

    /// What stands together, as one element.
    fn row(&mut self, inner: &[Piece]) -> String {
        let inner = self.apart(|printer| match inner {
            [Piece::Argument(k)] => printer.argument(*k, Level::Sum, None),
            _ => printer.print(inner),
        });
        element("mrow", &inner)
    }

    /// The last piece with a script.
    fn scripted(&mut self, tag: &str, script: &[Piece]) {
        let (base, script) = (self.out.split_off(self.last), self.row(script));
        self.out += &element(tag, &(element("mrow", &base) + &script));
    }

    fn argument(&mut self, k: usize, needs: Level, next: Option<&Piece>) {
        let mut text = (self.argument)(k, needs);
        match self.markup {
            Markup::Latex if matches!(next, Some(Piece::Up(_) | Piece::Same("'"))) => text = one_script(text),
            // `sin(2y)`, but `sin y`.
            Markup::Text if text.starts_with('(') && text.ends_with(')') && is_word(self.out.trim_end()) => {
                self.out.truncate(self.out.trim_end().len());
            }
            _ => {}
        }
        self.out.push_str(&text);
    }

    /// What stands together below a root or above a stroke: in braces, in text in brackets if there is a space in it.
    fn group(&mut self, inner: &[Piece]) {
        let spaced = |piece: &Piece| matches!(piece, Piece::Same(sign) | Piece::Sign(sign, _) if sign.contains(' '));
        let [open, close] = match self.markup {
            Markup::Latex => ["{", "}"],
            _ if inner.iter().any(spaced) => ["(", ")"],
            _ => ["", ""],
        };
        self.out.push_str(open);
        match inner {
            [Piece::Argument(k)] if self.markup == Markup::Latex => self.argument(*k, Level::Sum, None),
            _ => self.print(inner),
        }
        self.out.push_str(close);
    }

    fn script(&mut self, sign: char, inner: &[Piece]) {
        match (inner, self.markup) {
            ([Piece::Same(short)], Markup::Latex) if short.len() == 1 => {
                self.out.extend([sign.to_string().as_str(), short]);
            }
            (_, Markup::Latex) => {
                self.out.push(sign);
                self.group(inner);
            }
            ([Piece::Argument(k)], Markup::Text) => {
                self.out.push(sign);
                self.argument(*k, self.needs, None);
            }
            _ => {
                let start = self.out.len();
                self.print(inner);
                let text = self.out.split_off(start);
                self.out.push_str(&script(sign, &text));
            }
        }
    }
}

/// Whether text ends like the name of a function.
fn is_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric() || ('₀'..='₉').contains(&c))
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
    ('j', 'ʲ', 'ⱼ'),
];

/// Text as a superscript (`^`) or subscript (`_`), in small letters where there are any.
fn script(sign: char, text: &str) -> String {
    let small = |c: char| SCRIPTS.iter().find(|s| s.0 == c).map(|s| if sign == '^' { s.1 } else { s.2 });
    if let Some(small) = text.chars().map(small).collect::<Option<String>>() {
        return small;
    }
    let word = sign == '_' && text.chars().all(char::is_alphanumeric);
    if word || text.chars().count() <= 1 || text.starts_with('(') && text.ends_with(')') {
        return format!("{sign}{text}");
    }
    format!("{sign}({text})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Binary, Unary};

    /// The text and the LaTeX of a row of the table with so many arguments, `x` and `y`.
    fn both(notation: Notation, count: usize) -> [String; 2] {
        [Markup::Text, Markup::Latex].map(|markup| notation.print(markup, count, &|k, _| ["x", "y"][k].to_owned()))
    }

    #[test]
    fn rows_in_text_and_in_latex() {
        for (row, text, latex) in [
            (Unary::Sigmoid.notation(), "σ(x)", r"\sigma\left(x\right)"),
            (Unary::Sin.notation(), "sin x", r"\sin x"),
            (Unary::Asinh.notation(), "arsinh x", r"\operatorname{arsinh} x"),
            (Unary::Exp.notation(), "e^x", "e^{x}"),
            (Unary::ExpM1.notation(), "(e^x − 1)", r"\left(e^{x} - 1\right)"),
            (Unary::InvErf.notation(), "erf⁻¹(x)", r"\operatorname{erf}^{-1}\left(x\right)"),
            (Unary::Logit.notation(), "ln(x/(1 − x))", r"\ln\frac{x}{1 - x}"),
            (Unary::Relu.notation(), "[x]₊", r"\left[x\right]_+"),
            (Unary::Log2.notation(), "log₂ x", r"\log_2 x"),
            (Unary::Log10.notation(), "log₁₀ x", r"\log_{10} x"),
            (Unary::Floor.notation(), "⌊x⌋", r"\left\lfloor x \right\rfloor"),
            (Unary::LnGamma.notation(), "ln|Γ(x)|", r"\ln\left|\Gamma\left(x\right)\right|"),
            (Unary::Cbrt.notation(), "∛x", r"\sqrt[3]{x}"),
            (Unary::ToDegrees.notation(), "180/π x", r"\frac{180}{\pi} x"),
            (Binary::Pow.notation(), "x^y", "x^{y}"),
            (Binary::Hypot.notation(), "√(x² + y²)", r"\sqrt{x^2 + y^2}"),
            (Binary::Log.notation(), "log_y x", r"\log_{y} x"),
            (Binary::Max.notation(), "max(x, y)", r"\max\left(x, y\right)"),
            (Binary::Rem.notation(), "x mod y", r"x \bmod y"),
            (Binary::Polygamma.notation(), "ψ^(y)(x)", r"\psi^{\left(y\right)}\left(x\right)"),
            (Binary::SphericalJn.notation(), "j_y(x)", r"j_{y}\left(x\right)"),
        ] {
            assert_eq!(both(row, 1 + usize::from(text.contains('y'))), [text, latex]);
        }
        assert_eq!(Binary::Xlog1py.latex(), r"{a} \ln\left(1 + {b}\right)");
        let rows = Unary::ALL.iter().map(|f| f.notation()).chain(Binary::ALL.iter().map(|f| f.notation()));
        for [text, latex] in rows.map(|row| both(row, 2)) {
            assert!(text.contains('x') && !text.contains('\\') && latex.is_ascii(), "{text} {latex}");
        }
    }

    #[test]
    fn what_is_bracketed_needs_no_space_before() {
        let sine = |argument: &str| Unary::Sin.notation().print(Markup::Text, 1, &|_, _| argument.to_owned());
        assert_eq!([sine("y"), sine("(2y)")], ["sin y", "sin(2y)"]);
        let square = |base: &str| Unary::Square.notation().print(Markup::Latex, 1, &|_, _| base.to_owned());
        assert_eq!(
            [square("x"), square("x^2"), square(r"\left(x^2\right)")],
            ["x^2", "{x^2}^2", r"\left(x^2\right)^2"]
        );
    }
}
