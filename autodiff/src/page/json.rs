//! JSON, as far as the page takes it.

use std::fmt::Write;

/// A text. What would end a script is written by its number, as are control characters.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '<' | '>' | '&' | '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out + "\""
}

/// A number; one that is not finite is a text that JavaScript's `Number` reads.
pub(super) fn number(x: f64) -> String {
    if x.is_finite() {
        return format!("{x:e}");
    }
    text(if x.is_nan() {
        "NaN"
    } else if x > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    })
}

pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// An object of the members that there are.
pub(super) fn object<const N: usize>(members: [(&str, Option<String>); N]) -> String {
    let member = |(key, value): (&str, Option<String>)| Some(format!("\"{key}\":{}", value?));
    format!("{{{}}}", members.into_iter().filter_map(member).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script() {
        assert_eq!(text("</script>\"\\\u{1}é\u{202e}"), "\"\\u003c/script\\u003e\\\"\\\\\\u0001é\u{202e}\"");
        assert_eq!([1.5, -0.0, 1e300, f64::NAN].map(number), ["1.5e0", "-0e0", "1e300", "\"NaN\""]);
        assert_eq!(object([("a", Some(list([number(1.0)]))), ("b", None)]), "{\"a\":[1e0]}");
    }
}
