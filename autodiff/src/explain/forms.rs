//! The same in three forms.

use crate::rules::mathml;
use crate::rules::notation::Markup;

/// The same in plain text, in LaTeX and in MathML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Text {
    pub(crate) plain: String,
    pub(crate) latex: String,
    pub(crate) mathml: String,
}

impl Text {
    /// Signs, numbers and names that stand side by side.
    pub(super) fn signs(plain: &str, latex: impl Into<String>) -> Self {
        Self { plain: plain.to_owned(), latex: latex.into(), mathml: mathml::signs(plain) }
    }

    /// Words, in LaTeX as text.
    pub(super) fn words(words: &str) -> Self {
        let latex = words.replace('…', r"\ldots{}").replace('−', "-").replace('_', r"\_");
        Self { plain: words.to_owned(), latex: format!(r"\text{{{latex}}}"), mathml: mathml::words(words) }
    }

    /// `dy/dx`, with this in place of `d`.
    pub(super) fn ratio(d: &str, latex: &str, of: &Self, by: &Self) -> Self {
        let mathml: String =
            [of, by].iter().map(|x| mathml::element("mrow", &(mathml::signs(d) + &x.mathml))).collect();
        Self {
            plain: format!("{d}{}/{d}{}", of.plain, by.plain),
            latex: format!(r"\frac{{{latex}{}}}{{{latex}{}}}", of.latex, by.latex),
            mathml: mathml::element("mfrac", &mathml),
        }
    }

    pub(super) fn then(mut self, other: &Self) -> Self {
        self.plain.push_str(&other.plain);
        self.latex.push_str(&other.latex);
        self.mathml.push_str(&other.mathml);
        self
    }

    /// Brackets around each.
    pub(super) fn bracketed(self) -> Self {
        Self {
            plain: Markup::Text.bracketed(&self.plain),
            latex: Markup::Latex.bracketed(&self.latex),
            mathml: Markup::Mathml.bracketed(&self.mathml),
        }
    }

    /// With these signs between.
    pub(super) fn joined(texts: &[Self], plain: &str, latex: &str) -> Self {
        let list = |of: fn(&Self) -> &str| texts.iter().map(of).collect::<Vec<_>>();
        Self {
            plain: list(|t| &t.plain).join(plain),
            latex: list(|t| &t.latex).join(latex),
            mathml: list(|t| &t.mathml).join(&mathml::signs(plain.trim())),
        }
    }

    /// Without the sign of a negative number or product.
    pub(super) fn without_minus(&self) -> Self {
        let bare = self.mathml.strip_prefix("<mrow><mo>−</mo>");
        Self {
            plain: self.plain.trim_start_matches('−').to_owned(),
            latex: self.latex.trim_start_matches('-').trim_start().to_owned(),
            mathml: bare.map_or_else(|| self.mathml.clone(), |rest| format!("<mrow>{rest}")),
        }
    }
}
