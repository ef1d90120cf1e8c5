//! Formulas and numbers in all forms.

use super::expr::{Arena, Id, Node};
use super::forms::Text;
use crate::rules::mathml::{self, element};
use crate::rules::notation::{Level, Markup};

/// A number in six digits.
pub(super) fn number(x: f64) -> Text {
    in_all(|markup| marked_number(x, markup))
}

fn in_all(write: impl Fn(Markup) -> String) -> Text {
    Text { plain: write(Markup::Text), latex: write(Markup::Latex), mathml: write(Markup::Mathml) }
}

fn digits(size: f64) -> String {
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{size:.5e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", short(mantissa));
    }
    let decimals = usize::try_from(5 - size.log10().floor() as i32).unwrap_or(0);
    short(&format!("{size:.decimals$}")).to_owned()
}

/// Without zeros at the end of a fraction.
fn short(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A number in six digits, in plain text.
pub(crate) fn plain_number(x: f64) -> String {
    marked_number(x, Markup::Text)
}

fn marked_number(x: f64, markup: Markup) -> String {
    if x.is_nan() {
        return markup.sign("NaN", r"\mathrm{NaN}").into_owned();
    }
    if markup == Markup::Mathml {
        return mathml_number(x);
    }
    let minus = if x < 0.0 { markup.sign("−", "-") } else { "".into() };
    let size = if x.is_infinite() { markup.sign("∞", r"\infty").into_owned() } else { digits(x.abs()) };
    match size.split_once('e') {
        Some((mantissa, exponent)) if markup == Markup::Latex => {
            format!(r"{minus}{mantissa} \cdot 10^{{{exponent}}}")
        }
        _ => format!("{minus}{size}"),
    }
}

fn mathml_number(x: f64) -> String {
    let size = if x.is_infinite() { "∞".to_owned() } else { digits(x.abs()) };
    let size = match size.split_once('e') {
        Some((mantissa, exponent)) => {
            let power = element("msup", &(element("mn", "10") + &element("mn", &exponent.replace('-', "−"))));
            element("mrow", &(element("mn", mantissa) + "<mo>·</mo>" + &power))
        }
        None => element("mn", &size),
    };
    if x < 0.0 { element("mrow", &format!("<mo>−</mo>{size}")) } else { size }
}

/// A number as it stands between others: in brackets if it is negative.
pub(super) fn factor_number(x: f64) -> Text {
    if x < 0.0 { number(x).bracketed() } else { number(x) }
}

/// A formula in all forms.
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
    in_all(|markup| write(arena, id, needs, markup))
}

/// How tightly a formula holds together.
fn level(arena: &Arena, id: Id) -> Level {
    match &*arena.node(id) {
        Node::Number(x) if x.get() < 0.0 => Level::Sum,
        Node::Number(_) | Node::Name(_) | Node::Label(_) => Level::Atom,
        Node::Sum(_) => Level::Sum,
        Node::Product { coefficient, .. } if coefficient.get() < 0.0 => Level::Sum,
        Node::Product { coefficient, factors } if coefficient.get() == 1.0 && matches!(factors[..], [(_, 2..)]) => {
            Level::Power
        }
        Node::Product { .. } => Level::Product,
        Node::Apply { notation, .. } => notation.level(),
    }
}

fn write(arena: &Arena, id: Id, needs: Level, markup: Markup) -> String {
    let text = match &*arena.node(id) {
        Node::Number(x) => marked_number(x.get(), markup),
        Node::Name(text) | Node::Label(text) => match markup {
            Markup::Text => text.plain.clone(),
            Markup::Latex => text.latex.clone(),
            Markup::Mathml => text.mathml.clone(),
        },
        Node::Sum(terms) => {
            let mut out = String::new();
            for (k, &(c, of)) in terms.iter().enumerate() {
                let c = c.get();
                out.push_str(&match (k, c < 0.0) {
                    (0, false) => "".into(),
                    (0, true) => markup.sign("−", "-"),
                    (_, false) => markup.sign(" + ", " + "),
                    (_, true) => markup.sign(" − ", " - "),
                });
                out.push_str(&write(arena, arena.scale(c.abs(), of), Level::Product, markup));
            }
            in_row(out, markup)
        }
        Node::Product { coefficient, factors } => in_row(product(arena, coefficient.get(), factors, markup), markup),
        Node::Apply { notation, arguments, .. } => {
            notation.print(markup, arguments.len(), &|k, needs| write(arena, arguments[k], needs, markup))
        }
    };
    if level(arena, id) >= needs { text } else { markup.bracketed(&text) }
}

/// One element, where the form has elements.
fn in_row(text: String, markup: Markup) -> String {
    if markup == Markup::Mathml { element("mrow", &text) } else { text }
}

fn product(arena: &Arena, coefficient: f64, factors: &[(Id, i32)], markup: Markup) -> String {
    let (above, below): (Vec<_>, Vec<_>) = factors.iter().partition(|factor| factor.1 > 0);
    let minus = if coefficient < 0.0 { markup.sign("−", "-") } else { "".into() };
    let size = coefficient.abs();
    if below.is_empty() {
        return format!("{minus}{}", factors_of(arena, size, &above, markup, Level::Sum));
    }
    let below: Vec<(Id, i32)> = below.iter().map(|&&(id, power)| (id, -power)).collect();
    let below: Vec<&(Id, i32)> = below.iter().collect();
    // People write 1/(2x) for 0.5/x.
    let (size, below_size) =
        if above.is_empty() && matches!(size, 0.5 | 0.25) { (1.0, 1.0 / size) } else { (size, 1.0) };
    let alone = if markup == Markup::Text { Level::Prefix } else { Level::Sum };
    let top = factors_of(arena, size, &above, markup, alone);
    let bottom = factors_of(arena, below_size, &below, markup, Level::Sum);
    if markup == Markup::Latex {
        return format!(r"{minus}\frac{{{top}}}{{{bottom}}}");
    }
    if markup == Markup::Mathml {
        return format!("{minus}{}", element("mfrac", &(element("mrow", &top) + &element("mrow", &bottom))));
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

/// Factors with positive powers, side by side; one alone needs no brackets if it holds together as well as `alone`.
fn factors_of(arena: &Arena, coefficient: f64, factors: &[&(Id, i32)], markup: Markup, alone: Level) -> String {
    let mut out = match coefficient {
        1.0 if !factors.is_empty() => String::new(),
        0.5 if !factors.is_empty() => markup.sign("½", r"\tfrac{1}{2}").into_owned(),
        0.25 if !factors.is_empty() => markup.sign("¼", r"\tfrac{1}{4}").into_owned(),
        x => marked_number(x, markup),
    };
    let mut before = (!out.is_empty()).then_some(Look::Number);
    let mut tensor_before = false;
    for &&(id, power) in factors {
        let single = factors.len() == 1 && coefficient == 1.0;
        let needs = match power {
            2.. => Level::Atom,
            _ if single => alone,
            _ => Level::Prefix,
        };
        let mut text = write(arena, id, needs, markup);
        if power > 1 {
            text = markup.power(text, power);
        }
        let tensor = arena.is_tensor(id);
        if tensor && tensor_before {
            out.push_str(&markup.sign(" ⊙ ", r" \odot "));
        } else if let Some(before) = before {
            out.push_str(between(before, look(arena, id), &text, markup));
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
        Node::Name(text) if text.plain.chars().count() == 1 => Look::Short,
        Node::Name(_) => Look::Name,
        _ => Look::Other,
    }
}

/// What stands between two factors: nothing between `2` and `x` or `x` and `z`, a dot between longer names.
fn between(before: Look, after: Look, text: &str, markup: Markup) -> &'static str {
    if markup == Markup::Latex {
        // A number behind a number would be read as one.
        return if text.starts_with(|c: char| c.is_ascii_digit()) { r" \cdot " } else { r" \, " };
    }
    if markup == Markup::Mathml {
        let number = text.trim_start_matches("<mrow>").trim_start_matches("<msup>").starts_with("<mn>");
        return match before {
            _ if number => "<mo>·</mo>",
            Look::Number => "<mo>\u{2062}</mo>",
            _ => mathml::SPACE,
        };
    }
    match (before, after) {
        (Look::Number | Look::Short, Look::Short) => "",
        (Look::Number, _) if text.starts_with(['(', '[', '|', '√']) => "",
        (_, Look::Other) | (Look::Number | Look::Other, Look::Name) => " ",
        _ => "·",
    }
}
