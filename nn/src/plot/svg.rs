//! A scene as SVG text.

use std::fmt::Write as _;

use super::scene::{Anchor, Color, Scene, Shape, TextStyle};

pub(super) fn encode(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n"
    );
    for shape in &scene.shapes {
        out += &element(shape);
        out.push('\n');
    }
    out + "</svg>\n"
}

fn element(shape: &Shape) -> String {
    match shape {
        Shape::Line { points, color, width, dash } => {
            let (points, color, width) = (coordinates(points), hex(*color), number(*width));
            let dash = dash
                .map_or_else(String::new, |(on, off)| format!(" stroke-dasharray=\"{} {}\"", number(on), number(off)));
            format!(
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" \
                 stroke-linejoin=\"round\"{dash}/>"
            )
        }
        Shape::Rect { x, y, width, height, color } => {
            // Crisp edges: neighbouring rectangles show no seam.
            format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>",
                number(*x),
                number(*y),
                number(*width),
                number(*height),
                hex(*color)
            )
        }
        Shape::Dot { x, y, radius, color } => {
            format!(
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>",
                number(*x),
                number(*y),
                number(*radius),
                hex(*color)
            )
        }
        Shape::Text { x, y, text, style } => text_element(&number(*x), &number(*y), text, style),
    }
}

fn text_element(x: &str, y: &str, text: &str, style: &TextStyle) -> String {
    let anchor = match style.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let turn = if style.upwards { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
    let (size, color, text) = (number(style.size), hex(style.color), escape(text));
    format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{color}\" text-anchor=\"{anchor}\"{turn}>{text}</text>"
    )
}

fn coordinates(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for &(x, y) in points {
        let gap = if out.is_empty() { "" } else { " " };
        write!(out, "{gap}{},{}", number(x), number(y)).expect("a string takes all that is written");
    }
    out
}

/// A hundredth of a pixel is enough, and keeps files small.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn hex(Color(red, green, blue): Color) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
