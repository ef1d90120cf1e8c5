//! DOT, the language of Graphviz.

use std::fmt::Write;

use super::parts::{Graph, Node, Role};
use crate::error::one_line;
use crate::rules::mathml::escaped;

/// Text inside quotes.
fn quoted(text: &str) -> String {
    one_line(text).replace('\\', r"\\").replace('"', "\\\"").replace('&', "&amp;")
}

impl Graph {
    /// The graph in DOT, to be drawn by Graphviz; groups are clusters.
    ///
    /// ```
    /// let tape = autodiff::Tape::<f64>::new();
    /// let x = tape.var(2.0).named("x");
    /// let dot = autodiff::graph::Graph::of(x.exp())?.dot();
    /// assert!(dot.contains("<b>x</b><br/>2") && dot.contains("n0 -> n1"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=12];\n  edge [color=\"#4b5563\", fontname=\"Helvetica\", fontsize=10];\n",
        );
        self.level(&mut out, None, 1);
        for edge in &self.edges {
            let label =
                if edge.label.is_empty() { String::new() } else { format!(" [label=\"{}\"]", quoted(&edge.label)) };
            let _ = writeln!(out, "  n{} -> n{}{label};", edge.from, edge.to);
        }
        out.push_str("}\n");
        out
    }

    /// The nodes and groups that stand directly in a group.
    fn level(&self, out: &mut String, group: Option<usize>, depth: usize) {
        let indent = "  ".repeat(depth);
        for (i, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.group == group) {
            let (fill, border) = node.role.colors();
            let _ = writeln!(out, "{indent}n{i} [label=<{}>, fillcolor=\"{fill}\", color=\"{border}\"];", label(node));
        }
        for (k, inner) in self.groups.iter().enumerate().filter(|(_, inner)| inner.parent == group) {
            let _ = writeln!(
                out,
                "{indent}subgraph cluster_{k} {{\n{indent}  label=\"{}\"; fontname=\"Helvetica\"; fontsize=12; color=\"#9ca3af\"; style=\"rounded\";",
                quoted(&inner.name)
            );
            self.level(out, Some(k), depth + 1);
            let _ = writeln!(out, "{indent}}}");
        }
    }

    /// The roles that occur, in order.
    #[cfg_attr(not(feature = "graph-svg"), allow(dead_code, reason = "the legend is drawn in SVG"))]
    pub(super) fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.nodes.iter().any(|node| node.role == *role)).collect()
    }
}

fn label(node: &Node) -> String {
    let title = format!("<b>{}</b>", escaped(&node.title));
    node.lines.iter().fold(title, |label, line| format!("{label}<br/>{}", escaped(line)))
}
