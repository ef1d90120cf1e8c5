//! Formulas and numbers as text, in both forms.

use super::expr::{Arena, Id, Node};
use super::template::{self, Level, Piece};

/// The same in plain text and in LaTeX.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) plain: String,
    pub(super) latex: String,
}

impl Text {
    pub(super) fn new(plain: impl Into<String>, latex: impl Into<String>) -> Self {
        Self { plain: plain.into(), latex: latex.into() }
    }

    /// Words, in LaTeX as text.
    pub(super) fn words(words: &str) -> Self {
        let latex = words.replace('…', r"\ldots{}").replace('−', "-").replace('_', r"\_");
        Self::new(words, format!(r"\text{{{latex}}}"))
    }

    pub(super) fn then(mut self, other: &Self) -> Self {
        self.plain.push_str(&other.plain);
        self.latex.push_str(&other.latex);
        self
    }

    /// Brackets around both.
    pub(super) fn bracketed(self) -> Self {
        Self { plain: format!("({})", self.plain), latex: format!(r"\left({}\right)", self.latex) }
    }

    pub(super) fn joined(texts: &[Self], plain: &str, latex: &str) -> Self {
        let list = |of: fn(&Self) -> &str| texts.iter().map(of).collect::<Vec<_>>();
        Self { plain: list(|t| &t.plain).join(plain), latex: list(|t| &t.latex).join(latex) }
    }
}

/// Which of the two forms is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Latex,
}

/// A number in six digits.
pub(super) fn number(x: f64) -> Text {
    Text::new(plain_number(x), latex_number(x))
}

fn digits(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs();
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{x:.5e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", short(mantissa));
    }
    let decimals = usize::try_from(5 - size.log10().floor() as i32).unwrap_or(0);
    short(&format!("{x:.decimals$}")).to_owned()
}

/// Without zeros at the end of a fraction.
fn short(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A number in six digits, in plain text.
pub(crate) fn plain_number(x: f64) -> String {
    if x.is_nan() {
        "NaN".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { "∞".to_owned() } else { "−∞".to_owned() }
    } else {
        digits(x).replacen('-', "−", usize::from(x < 0.0))
    }
}

fn latex_number(x: f64) -> String {
    if x.is_nan() {
        return r"\mathrm{NaN}".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { r"\infty".to_owned() } else { r"-\infty".to_owned() };
    }
    let text = digits(x);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!(r"{mantissa} \cdot 10^{{{exponent}}}"),
        None => text,
    }
}

/// A number as it stands between others: in brackets if it is negative.
pub(super) fn factor_number(x: f64) -> Text {
    if x < 0.0 { number(x).bracketed() } else { number(x) }
}

/// A name as it is set in LaTeX: `W[1]` with its index up, `x1` with it below, Greek letters as such.
pub(super) fn latex_name(name: &str) -> String {
    if let Some((base, index)) = name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        return format!("{}^{{[{}]}}", latex_name(base), escaped(index));
    }
    if let Some(base) = name.strip_suffix('\'') {
        return format!("{}'", latex_name(base));
    }
    if let Some((base, index)) = name.split_once('_')
        && !base.is_empty()
        && !index.is_empty()
        && !index.contains('_')
    {
        return format!("{}_{{{}}}", latex_name(base), latex_word(index));
    }
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if !base.is_empty() && base.len() < name.len() && base.chars().all(char::is_alphabetic) {
        return format!("{}_{{{}}}", latex_word(base), &name[base.len()..]);
    }
    latex_word(name)
}

fn latex_word(word: &str) -> String {
    if let Some((command, _)) = template::greek().find(|(command, sign)| *command == word || *sign == word) {
        return format!(r"\{command}");
    }
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if c.is_ascii_alphanumeric() => word.to_owned(),
        _ if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) => word.to_owned(),
        _ => format!(r"\mathrm{{{}}}", escaped(word)),
    }
}

/// Text for LaTeX: signs that mean something there, and letters that it lacks, are written out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let mut bytes = [0; 4];
        let sign: &str = c.encode_utf8(&mut bytes);
        let greek = template::greek().find(|(_, letter)| *letter == sign);
        match (c, greek) {
            (_, Some((command, _))) => out += &format!(r"\{command} "),
            ('_' | '%' | '&' | '#' | '$' | '{' | '}', _) => out.extend(['\\', c]),
            ('\\' | '^' | '~', _) => out.push('-'),
            (' ', _) => out.push_str(r"\ "),
            _ => out.push(if c.is_ascii() { c } else { '?' }),
        }
    }
    out
}

/// A formula in both forms.
pub(super) fn render(arena: &Arena, id: Id) -> Text {
    rendered(arena, id, Level::Sum)
}

/// A formula as it stands among the factors of a product that are written with dots between.
pub(super) fn factor(arena: &Arena, id: Id) -> Text {
    match &*arena.node(id) {
        Node::Number(x) => factor_number(x.get()),
        Node::Product { coefficient, .. } if coefficient.get() < 0.0 => rendered(arena, id, Level::Sum).bracketed(),
        _ => rendered(arena, id, Level::Product),
    }
}

fn rendered(arena: &Arena, id: Id, needs: Level) -> Text {
    Text { plain: write(arena, id, needs, Form::Plain), latex: write(arena, id, needs, Form::Latex) }
}

/// How tightly a formula holds together.
fn level(arena: &Arena, id: Id) -> Level {
    match &*arena.node(id) {
        Node::Number(x) if x.get() < 0.0 => Level::Sum,
        Node::Number(_) | Node::Name { .. } => Level::Atom,
        Node::Sum(_) => Level::Sum,
        Node::Product { coefficient, .. } if coefficient.get() < 0.0 => Level::Sum,
        Node::Product { coefficient, factors } if coefficient.get() == 1.0 && matches!(factors[..], [(_, 2..)]) => {
            Level::Power
        }
        Node::Product { .. } => Level::Product,
        Node::Apply { template, .. } => template.level,
    }
}

fn write(arena: &Arena, id: Id, needs: Level, form: Form) -> String {
    let text = match &*arena.node(id) {
        Node::Number(x) => match form {
            Form::Plain => plain_number(x.get()),
            Form::Latex => latex_number(x.get()),
        },
        Node::Name { plain, latex } => match form {
            Form::Plain => plain.to_string(),
            Form::Latex => latex.to_string(),
        },
        Node::Sum(terms) => {
            let mut out = String::new();
            for (k, &(c, of)) in terms.iter().enumerate() {
                let c = c.get();
                let minus = if form == Form::Plain { "−" } else { "-" };
                match (k, c < 0.0) {
                    (0, false) => {}
                    (0, true) => out.push_str(minus),
                    (_, false) => out.push_str(" + "),
                    (_, true) => out += &format!(" {minus} "),
                }
                out.push_str(&write(arena, arena.scale(c.abs(), of), Level::Product, form));
            }
            out
        }
        Node::Product { coefficient, factors } => product(arena, coefficient.get(), factors, form),
        Node::Apply { template, arguments } => {
            let pieces = if form == Form::Plain { &template.plain } else { &template.latex };
            let mut out = String::new();
            for (at, piece) in pieces.iter().enumerate() {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Argument(k, needs) => {
                        let mut argument = write(arena, arguments[*k], *needs, form);
                        let power =
                            matches!(pieces.get(at + 1), Some(Piece::Text(text)) if text.starts_with(['^', '\'']));
                        if form == Form::Latex && power && argument.contains('^') && !argument.starts_with(r"\left") {
                            // LaTeX takes one superscript only.
                            argument = format!("{{{argument}}}");
                        }
                        // `sin(2y)`, but `sin y`.
                        let function = |out: &str| {
                            out.trim_end().ends_with(|c: char| c.is_ascii_alphanumeric() || ('₀'..='₉').contains(&c))
                        };
                        if argument.starts_with(['(', '\\'])
                            && argument.ends_with(')')
                            && function(&out)
                            && form == Form::Plain
                        {
                            out.truncate(out.trim_end().len());
                        }
                        out.push_str(&argument);
                    }
                }
            }
            out
        }
    };
    if level(arena, id) >= needs {
        return text;
    }
    if form == Form::Plain { format!("({text})") } else { format!(r"\left({text}\right)") }
}

fn product(arena: &Arena, coefficient: f64, factors: &[(Id, i32)], form: Form) -> String {
    let (above, below): (Vec<_>, Vec<_>) = factors.iter().partition(|factor| factor.1 > 0);
    let minus = if coefficient < 0.0 { if form == Form::Plain { "−" } else { "-" } } else { "" };
    let size = coefficient.abs();
    if below.is_empty() {
        return format!("{minus}{}", row(arena, size, &above, form, Level::Sum));
    }
    let below: Vec<(Id, i32)> = below.iter().map(|&&(id, power)| (id, -power)).collect();
    let below: Vec<&(Id, i32)> = below.iter().collect();
    // People write 1/(2x) for 0.5/x.
    let (size, below_size) =
        if above.is_empty() && matches!(size, 0.5 | 0.25) { (1.0, 1.0 / size) } else { (size, 1.0) };
    let alone = if form == Form::Latex { Level::Sum } else { Level::Prefix };
    let top = row(arena, size, &above, form, alone);
    let bottom = row(arena, below_size, &below, form, Level::Sum);
    if form == Form::Latex {
        return format!(r"{minus}\frac{{{top}}}{{{bottom}}}");
    }
    // What is more than one factor, or holds together loosely, is bracketed below the stroke.
    let single =
        below_size == 1.0 && matches!(below[..], [&(id, power)] if power > 1 || level(arena, id) >= Level::Power);
    let bottom = if single { bottom } else { unwrapped(&bottom) };
    let tensor = above.iter().any(|f| arena.is_tensor(f.0));
    let top = if tensor && above.len() > 1 { format!("({top})") } else { top };
    format!("{minus}{top}/{bottom}")
}

/// In brackets, unless it is already.
fn unwrapped(text: &str) -> String {
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    if inner.is_some_and(|inner| !inner.contains(['(', ')'])) { text.to_owned() } else { format!("({text})") }
}

/// Factors with positive powers, in a row; one alone needs no brackets if it holds together as well as `alone`.
fn row(arena: &Arena, coefficient: f64, factors: &[&(Id, i32)], form: Form, alone: Level) -> String {
    let mut out = match (coefficient, form) {
        (1.0, _) if !factors.is_empty() => String::new(),
        (0.5, Form::Plain) if !factors.is_empty() => "½".to_owned(),
        (0.5, Form::Latex) if !factors.is_empty() => r"\tfrac{1}{2}".to_owned(),
        (0.25, Form::Plain) if !factors.is_empty() => "¼".to_owned(),
        (0.25, Form::Latex) if !factors.is_empty() => r"\tfrac{1}{4}".to_owned(),
        (x, Form::Plain) => plain_number(x),
        (x, Form::Latex) => latex_number(x),
    };
    let mut before = (!out.is_empty()).then_some(Look::Number);
    let mut tensor_before = false;
    for &&(id, power) in factors {
        let single = factors.len() == 1 && coefficient == 1.0;
        let needs = if power > 1 {
            Level::Atom
        } else if single {
            alone
        } else {
            Level::Prefix
        };
        let mut text = write(arena, id, needs, form);
        if power > 1 && form == Form::Latex && text.contains('^') && !text.starts_with(r"\left") {
            text = format!("{{{text}}}");
        }
        if power > 1 {
            text += &match form {
                Form::Plain => template::script('^', &power.to_string()),
                Form::Latex => format!("^{{{power}}}"),
            };
        }
        let tensor = arena.is_tensor(id);
        if tensor && tensor_before {
            out.push_str(if form == Form::Plain { " ⊙ " } else { r" \odot " });
        } else if let Some(before) = before {
            out.push_str(between(before, look(arena, id), &text, form));
        }
        (before, tensor_before) = (Some(look(arena, id)), tensor);
        out.push_str(&text);
    }
    out
}

/// How a factor looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Number,
    /// A name of one letter.
    Short,
    Name,
    Other,
}

fn look(arena: &Arena, id: Id) -> Look {
    match &*arena.node(id) {
        Node::Number(_) => Look::Number,
        Node::Name { plain, .. } if plain.chars().count() == 1 => Look::Short,
        Node::Name { .. } => Look::Name,
        _ => Look::Other,
    }
}

/// What stands between two factors: nothing between `2` and `x` or `x` and `z`, a dot between longer names.
fn between(before: Look, after: Look, text: &str, form: Form) -> &'static str {
    if form == Form::Latex {
        // A number behind a number would be read as one.
        return if text.starts_with(|c: char| c.is_ascii_digit()) { r" \cdot " } else { r" \, " };
    }
    match (before, after) {
        (Look::Number | Look::Short, Look::Short) => "",
        (Look::Number, _) if text.starts_with(['(', '[', '|', '√']) => "",
        (_, Look::Other) | (Look::Number | Look::Other, Look::Name) => " ",
        _ => "·",
    }
}
