//! MathML: the elements that formulas are made of in browsers.

use crate::error::one_line;

/// Text as it stands between tags and inside of quotes.
pub(crate) fn escaped(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An element around others.
pub(crate) fn element(tag: &str, inner: &str) -> String {
    format!("<{tag}>{inner}</{tag}>")
}

/// Words, with the spaces at their ends.
pub(crate) fn words(text: &str) -> String {
    element("mtext", &escaped(text).replace(' ', "\u{a0}"))
}

/// A thin space, as between a function and its argument.
pub(crate) const SPACE: &str = r#"<mspace width="0.17em"/>"#;

/// Small letters, as the signs that they stand for.
const RAISED: &[(char, &str)] = &[('⁻', "−"), ('¹', "1"), ('²', "2"), ('ᵀ', "⊤")];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Digits,
    Letters,
    Space,
    Raised,
    Sign,
}

fn kind(c: char) -> Kind {
    match c {
        '.' => Kind::Digits,
        'Σ' | 'Π' => Kind::Sign,
        _ if RAISED.iter().any(|(raised, _)| *raised == c) => Kind::Raised,
        _ if c.is_numeric() => Kind::Digits,
        _ if c.is_alphabetic() || c == '_' => Kind::Letters,
        _ if c.is_whitespace() => Kind::Space,
        _ => Kind::Sign,
    }
}

/// The signs of a notation: numbers, names, operators, each in an element of its own; `Σ_axes` has its index below.
pub(crate) fn signs(text: &str) -> String {
    let mut out = String::new();
    // Where the last element begins, and what it is.
    let (mut last, mut before) = (0, Kind::Space);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = kind(first);
        let single = kind == Kind::Sign || kind == Kind::Letters && !first.is_ascii();
        let same = |c: char| self::kind(c) == kind && (kind != Kind::Letters || c.is_ascii());
        let end = if single { first.len_utf8() } else { rest.find(|c| !same(c)).unwrap_or(rest.len()) };
        let (part, after) = rest.split_at(end);
        rest = after;
        let start = out.len();
        match kind {
            Kind::Digits => out += &element("mn", part),
            // Below the sign before it.
            Kind::Letters if part.starts_with('_') && before == Kind::Sign => {
                let base = out.split_off(last);
                out += &element("msub", &(base + &words(&part[1..])));
            }
            Kind::Letters => out += &element("mi", &escaped(part)),
            Kind::Raised => {
                let base = out.split_off(last);
                let plain: String =
                    part.chars().filter_map(|c| RAISED.iter().find(|r| r.0 == c)).map(|r| r.1).collect();
                let raised = element("mrow", &signs(&plain));
                out += &if base.is_empty() { raised } else { element("msup", &(base + &raised)) };
            }
            // Operators bring their own room.
            Kind::Space => {
                let next = rest.chars().next().map_or(Kind::Space, self::kind);
                if next != Kind::Sign && (before != Kind::Sign || text.starts_with('Σ')) {
                    out += SPACE;
                }
            }
            Kind::Sign => {
                let sign = match first {
                    'Σ' => "∑",
                    'Π' => "∏",
                    _ => part,
                };
                out += &element("mo", &escaped(sign));
            }
        }
        if !matches!(kind, Kind::Raised) && !part.starts_with('_') {
            last = start;
        }
        before = kind;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_told_apart() {
        for (text, want) in [
            (" + ", "<mo>+</mo>"),
            ("1 + ", "<mn>1</mn><mo>+</mo>"),
            ("lnφ", "<mi>ln</mi><mi>φ</mi>"),
            ("erf⁻¹", "<msup><mi>erf</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>"),
            ("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
            ("index_add", "<mi>index_add</mi>"),
            ("Σ_axes ", r#"<msub><mo>∑</mo><mtext>axes</mtext></msub><mspace width="0.17em"/>"#),
            (" mod ", r#"<mspace width="0.17em"/><mi>mod</mi><mspace width="0.17em"/>"#),
            ("", ""),
        ] {
            assert_eq!(signs(text), want, "{text}");
        }
    }
}
