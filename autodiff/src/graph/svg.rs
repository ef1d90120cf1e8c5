//! SVG: boxes and arrows are placed by the crate `layout-rs`, and drawn here with groups and a legend.

use std::fmt::Write;

use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::{Point, Position};
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::parts::{Graph, Node};
use crate::rules::mathml::escaped;

const FONT: f64 = 13.0;
const LINE: f64 = 17.0;
/// The layout measures text by letters of this size.
const GRAIN: usize = 4;
/// Half the room between two boxes.
const APART: f64 = 32.0;
const MARGIN: f64 = 24.0;
/// Around the nodes of a group, and above them for its name.
const AROUND: f64 = 10.0;
const ABOVE: f64 = 16.0;

/// A box's corner and size.
type Rect = (f64, f64, f64, f64);

/// Takes down where things are placed.
#[derive(Default)]
struct Places {
    nodes: Vec<(usize, Rect)>,
    arrows: Vec<Vec<(Point, Point)>>,
    labels: Vec<(Point, String)>,
    in_node: bool,
}

impl RenderBackend for Places {
    fn draw_rect(&mut self, at: Point, size: Point, _: &StyleAttr, number: Option<String>, _: Option<ClipHandle>) {
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            self.nodes.push((number, (at.x, at.y, size.x, size.y)));
            self.in_node = true;
        }
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_text(&mut self, at: Point, text: &str, _: &StyleAttr) {
        if !std::mem::take(&mut self.in_node) && !text.is_empty() {
            self.labels.push((at, text.to_owned()));
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _: bool,
        _: (bool, bool),
        _: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        self.arrows.push(path.to_vec());
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

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
        let mut rects = vec![(0.0, 0.0, 0.0, 0.0); self.nodes.len()];
        for &(i, rect) in &places.nodes {
            rects[i] = rect;
        }
        let groups = self.group_rects(&rects);
        let points = places.arrows.iter().flatten().flat_map(|&(a, b)| [(a.x, a.y, 0.0, 0.0), (b.x, b.y, 0.0, 0.0)]);
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
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<g transform=\"translate({dx:.1} {dy:.1})\">\n"
        );
        for (group, rect) in self.groups.iter().zip(&groups) {
            let Some((x, y, w, h)) = rect else { continue };
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"8\" fill=\"#111827\" fill-opacity=\"0.03\" \
                 stroke=\"#9ca3af\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#4b5563\" font-size=\"11\">{}</text>",
                x + 6.0,
                y + 13.0,
                escaped(&group.name)
            );
        }
        for path in &places.arrows {
            let _ = writeln!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"#4b5563\" stroke-width=\"1.2\" marker-end=\"url(#arrow)\"/>",
                curve(path)
            );
        }
        for (at, text) in &places.labels {
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#4b5563\" stroke=\"white\" \
                 stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
                at.x,
                at.y + 4.0,
                escaped(text)
            );
        }
        for (node, &rect) in self.nodes.iter().zip(&rects) {
            draw(&mut out, node, rect);
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
        let mut places = Places::default();
        if self.nodes.is_empty() {
            return places;
        }
        let mut visual = VisualGraph::new(Orientation::TopToBottom);
        let look = || StyleAttr::new(Color::fast("black"), 1, None, 4, GRAIN);
        let mut handles = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            // The size is taken from the text: as wide as the widest line, as high as their number.
            let (w, h) = size(node);
            let (shape, size) = (ShapeKind::new_box(&filler(w, h)), Point::new(w, h));
            let down = Orientation::TopToBottom;
            let mut element = Element::create_with_properties(shape, look(), down, size, i.to_string());
            element.pos = Position::new(Point::zero(), size, Point::zero(), Point::splat(APART));
            handles.push(visual.add_node(element));
        }
        for edge in &self.edges {
            let (from, to) = (LineEndKind::None, LineEndKind::Arrow);
            let arrow = Arrow::new(from, to, LineStyleKind::Normal, &edge.label, &look(), &None, &None);
            visual.add_edge(arrow, handles[edge.from], handles[edge.to]);
        }
        visual.do_it(false, false, false, &mut places);
        places
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

/// Text of about this size.
#[allow(clippy::cast_sign_loss, reason = "lengths are at least 1")]
fn filler(w: f64, h: f64) -> String {
    let letters = |length: f64| length.max(1.0) as usize / GRAIN + 1;
    vec!["x".repeat(letters(w)); letters(h)].join("\n")
}

/// The path as the layout means it: the first pair leaves its point, the others enter theirs.
fn curve(path: &[(Point, Point)]) -> String {
    let [(start, leave), (enter, end), rest @ ..] = path else { return String::new() };
    let mut curve = format!(
        "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
        start.x, start.y, leave.x, leave.y, enter.x, enter.y, end.x, end.y
    );
    for (control, point) in rest {
        let _ = write!(curve, "S{:.1} {:.1} {:.1} {:.1}", control.x, control.y, point.x, point.y);
    }
    curve
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
