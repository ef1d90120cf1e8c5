//! The index of the lectures' rows: one page for a browser.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::{Finding, Shown, Summary};

const STYLE: &str = include_str!("index.css");

/// A page that shows rows: what each states, its derivation, what was measured and whether it holds, its pictures, and the pages
/// on which a sweep is watched.
#[derive(Clone, Debug, Default)]
pub struct Index {
    contents: String,
    sections: String,
}

impl Index {
    /// Adds a row.
    pub fn add(&mut self, shown: &Shown) {
        let (row, page) = (shown.row, &shown.page);
        let (name, label, statement) = (row.name, row.name.to_uppercase(), escaped(row.statement));
        let (kind, verdict) = if shown.holds { ("holds", "holds") } else { ("fails", "does not hold") };
        let _ = writeln!(self.contents, "<li><a href=\"#{name}\">{label}</a> {statement}</li>");
        let mut section = format!(
            "<section id=\"{name}\" class=\"card\">\n<h2>{label} {statement} <span class=\"{kind}\">{verdict}</span></h2>\n"
        );
        let (pictures, steps) = page.files();
        for (k, steps) in steps.iter().enumerate() {
            let more = if k == 0 { String::new() } else { format!(" ({})", k + 1) };
            let _ =
                writeln!(section, "<p><a class=\"steps\" href=\"{steps}\">Watch the sweep, step by step{more}</a></p>");
        }
        section += &prose(row.source);
        for derivation in page.derivations() {
            let _ = writeln!(section, "<div class=\"math\">{derivation}</div>");
        }
        section += "<ul class=\"findings\">\n";
        for Finding { measured, holds } in page.findings() {
            let kind = if *holds { "holds" } else { "fails" };
            let _ = writeln!(section, "<li class=\"{kind}\">{}</li>", escaped(measured));
        }
        section += "</ul>\n";
        for picture in pictures {
            let alt = format!("{label}: {}", picture.trim_end_matches(".svg").replace('_', " "));
            let _ =
                writeln!(section, "<a href=\"{picture}\"><img src=\"{picture}\" alt=\"{alt}\" loading=\"lazy\"></a>");
        }
        let text = escaped(page.text());
        let _ = writeln!(
            section,
            "<details><summary>All that was written</summary><pre>{text}</pre></details>\n</section>"
        );
        self.sections += &section;
    }

    /// Writes `index.html` into a folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, folder: &Path, summary: Summary) -> io::Result<()> {
        let Self { contents, sections } = self;
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>The lectures, row by row</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>The lectures, row by row</h1>\n<p>{summary}.</p>\n\
             <nav aria-label=\"Rows\"><ul>\n{contents}</ul></nav>\n<main>\n{sections}</main>\n</body>\n</html>\n"
        );
        fs::create_dir_all(folder)?;
        fs::write(folder.join("index.html"), html)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The header of a module without its title: paragraphs, formulas on lines of their own, and between backquotes.
fn prose(source: &str) -> String {
    let header = source.lines().map_while(|line| line.strip_prefix("//!")).skip(1);
    let (mut html, mut open) = (String::new(), "");
    for line in header {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let fence = line.starts_with("```");
        if fence || line.is_empty() && open != "pre" {
            if !open.is_empty() {
                let _ = writeln!(html, "</{open}>");
            }
            open = if fence && open != "pre" { "pre" } else { "" };
            html += if open == "pre" { "<pre>" } else { "" };
            continue;
        }
        if open.is_empty() {
            open = "p";
            html += "<p>";
        }
        for (k, part) in line.split('`').enumerate() {
            let code = k % 2 == 1;
            html += if code { "<code>" } else { "" };
            html += &escaped(part);
            html += if code { "</code>" } else { "" };
        }
        html += "\n";
    }
    if !open.is_empty() {
        let _ = writeln!(html, "</{open}>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::prose;

    #[test]
    fn headers_become_paragraphs_and_formulas() {
        let source = "//! L0 Title.\n//!\n//! One `a < b`,\n//! two.\n//!\n//! ```text\n//! x = 1\n//!\n//! y = 2\n//! ```\n//! End.\n\nuse x;\n";
        let want = "<p>One <code>a &lt; b</code>,\ntwo.\n</p>\n<pre>x = 1\n\ny = 2\n</pre>\n<p>End.\n</p>\n";
        assert_eq!(prose(source), want);
        assert_eq!(prose(""), "");
    }
}
