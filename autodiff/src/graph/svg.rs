//! SVG: boxes, arrows, groups and a legend.

use std::fmt::Write;

use super::layout::{Places, Point, Rect, place};
use super::parts::{Graph, Node};
use crate::rules::mathml::escaped;

const FONT: f64 = 13.0;
const LINE: f64 = 17.0;
const MARGIN: f64 = 24.0;
/// Around the nodes of a group, and above them for its name.
const AROUND: f64 = 10.0;
const ABOVE: f64 = 16.0;

/// The width of text, about.
fn width(text: &str) -> f64 {
    text.chars().count() as f64 * FONT * 0.56
}

fn size(node: &Node) -> (f64, f64) {
    let widest = node.lines.iter().map(|line| width(line)).fold(1.08 * width(&node.title), f64::max);
    (widest.max(24.0) + 20.0, LINE * (1 + node.lines.len()) as f64 + 12.0)
}

impl Graph {
    /// The graph as an SVG picture, with a legend of the roles. The same graph gives the same bytes.
    ///
    /// ```
    /// let tape = autodiff::Tape::<f64>::new();
    /// let x = tape.var(2.0).named("x");
    /// let svg = autodiff::graph::Graph::of(x.exp())?.svg();
    /// assert!(svg.starts_with("<svg") && svg.contains(">x</text>"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    pub fn svg(&self) -> String {
        let places = self.placed();
        let rects = &places.nodes;
        let groups = self.group_rects(rects);
        let points = places.arrows.iter().flatten().flatten().map(|&(x, y)| (x, y, 0.0, 0.0));
        let all = rects.iter().chain(groups.iter().flatten()).copied().chain(points);
        let (left, top, right, bottom) = bounds(all).unwrap_or_default();
        let legend: f64 = self.roles().iter().map(|role| width(role.name()) + 44.0).sum();
        let (w, h) = ((right - left).max(legend) + 2.0 * MARGIN, bottom - top + 3.0 * MARGIN + LINE);
        let (dx, dy) = (MARGIN - left, MARGIN - top);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.1} {h:.1}\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{FONT}\">\n\
             <defs><marker id=\"arrow\" viewBox=\"0 0 10 8\" refX=\"9\" refY=\"4\" markerWidth=\"9\" markerHeight=\"8\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L10 4L0 8z\" fill=\"#4b5563\"/></marker></defs>\n\
             <rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"white\"/>\n<g transform=\"translate({dx:.1} {dy:.1})\">\n"
        );
        for (k, (group, rect)) in self.groups.iter().zip(&groups).enumerate() {
            let Some((x, y, w, h)) = rect else { continue };
            let parent = group.parent.map_or(String::new(), |parent| format!(" data-parent=\"{parent}\""));
            let _ = writeln!(
                out,
                "<g class=\"group\" data-group=\"{k}\"{parent}>\n<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"8\" fill=\"#111827\" fill-opacity=\"0.03\" \
                 stroke=\"#9ca3af\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#4b5563\" font-size=\"11\">{}</text>\n</g>",
                x + 6.0,
                y + 13.0,
                escaped(&group.name)
            );
        }
        for (edge, path) in self.edges.iter().zip(&places.arrows) {
            let _ = writeln!(
                out,
                "<path class=\"edge\" data-from=\"{}\" data-to=\"{}\" d=\"{}\" fill=\"none\" stroke=\"#4b5563\" stroke-width=\"1.2\" marker-end=\"url(#arrow)\"/>",
                edge.from,
                edge.to,
                curve(path)
            );
        }
        for (edge, path) in self.edges.iter().zip(&places.arrows).filter(|(edge, _)| !edge.label.is_empty()) {
            let (x, y) = beside(path);
            let _ = writeln!(
                out,
                "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#4b5563\" stroke=\"white\" \
                 stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
                x,
                y + 4.0,
                escaped(&edge.label)
            );
        }
        for (i, (node, &rect)) in self.nodes.iter().zip(rects).enumerate() {
            let group = node.group.map_or(String::new(), |group| format!(" data-group=\"{group}\""));
            let _ = writeln!(out, "<g class=\"node {}\" data-node=\"{i}\"{group}>", node.role.name());
            draw(&mut out, node, rect);
            out.push_str("</g>\n");
        }
        out.push_str("</g>\n");
        let mut x = MARGIN;
        for role in self.roles() {
            let (fill, border) = role.colors();
            let y = h - MARGIN;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"14\" height=\"14\" rx=\"3\" fill=\"{fill}\" stroke=\"{border}\"/>\
                 <text x=\"{:.1}\" y=\"{y:.1}\" font-size=\"12\">{}</text>",
                y - 11.0,
                x + 20.0,
                role.name()
            );
            x += width(role.name()) + 44.0;
        }
        out.push_str("</svg>\n");
        out
    }

    fn placed(&self) -> Places {
        // The size is taken from the text: as wide as the widest line, as high as their number.
        let sizes: Vec<(f64, f64)> = self.nodes.iter().map(size).collect();
        let groups: Vec<Option<usize>> = self.nodes.iter().map(|node| node.group).collect();
        let edges: Vec<(usize, usize)> = self.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        place(&sizes, &groups, &edges)
    }

    /// The boxes around groups, from the outermost on.
    fn group_rects(&self, rects: &[Rect]) -> Vec<Option<Rect>> {
        let around = |group: Option<usize>| std::iter::successors(group, |&k| self.groups[k].parent);
        let depth = |k: usize| around(Some(k)).count();
        let deepest = (0..self.groups.len()).map(depth).max().unwrap_or(0);
        let rect = |k: usize| {
            let inside = self.nodes.iter().zip(rects).filter(|(node, _)| around(node.group).any(|group| group == k));
            let (x0, y0, x1, y1) = bounds(inside.map(|(_, rect)| *rect))?;
            let rings = (1 + deepest - depth(k)) as f64;
            let (side, above) = (AROUND * rings, AROUND + ABOVE * rings);
            Some((x0 - side, y0 - above, x1 - x0 + 2.0 * side, y1 - y0 + above + side))
        };
        (0..self.groups.len()).map(rect).collect()
    }
}

/// The least and the greatest coordinates of boxes.
fn bounds(rects: impl Iterator<Item = Rect>) -> Option<(f64, f64, f64, f64)> {
    let corners = rects.map(|(x, y, w, h)| (x, y, x + w, y + h));
    corners.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3)))
}

/// A path through pairs of points.
fn curve(path: &[[Point; 2]]) -> String {
    let mut curve = String::new();
    let mut before: Option<Point> = None;
    for &[(x, y), end] in path {
        let _ = match before {
            None => write!(curve, "M{x:.1} {y:.1}"),
            Some((x0, y0)) => {
                let middle = f64::midpoint(y0, y);
                write!(curve, "C{x0:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}")
            }
        };
        if end != (x, y) {
            let _ = write!(curve, "L{:.1} {:.1}", end.0, end.1);
        }
        before = Some(end);
    }
    curve
}

/// Where an arrow's label stands: on its last stretch.
fn beside(path: &[[Point; 2]]) -> Point {
    let [.., [_, a], [b, _]] = path else { return (0.0, 0.0) };
    (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1))
}

fn draw(out: &mut String, node: &Node, (x, y, w, h): Rect) {
    let (fill, border) = node.role.colors();
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"6\" fill=\"{fill}\" stroke=\"{border}\" stroke-width=\"1.2\"/>"
    );
    let lines = [(&node.title, " font-weight=\"bold\"")].into_iter().chain(node.lines.iter().map(|line| (line, "")));
    let first = y + (h - LINE * (1 + node.lines.len()) as f64) / 2.0 + FONT;
    for (k, (line, style)) in lines.enumerate() {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\"{style}>{}</text>",
            x + w / 2.0,
            first + LINE * k as f64,
            escaped(line)
        );
    }
}
