//! What stands around a plot: title, legend, axes with ticks and names.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axis::{Axis, Ruler, Tick};
use super::canvas::{Canvas, Rect};
use super::color::{FRAME, GRID, INK};
use super::legend::Entry;
use super::{font, legend};

const TITLE: f64 = 18.0;
const LABEL: f64 = 15.0;
pub(super) const SMALL: f64 = 13.0;
pub(super) const GAP: f64 = 10.0;
/// Left of and below a plot.
const EDGE: f64 = 11.0;

/// The words around a plot, and the size of a picture of the chart alone.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) size: (u32, u32),
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, size: (u32, u32)) -> Self {
        Self { title: title.into(), x_label: String::new(), y_label: String::new(), size }
    }
}

/// What an axis is labelled with.
pub(super) enum Labels<'a> {
    Numbers,
    /// A name for each of the places that the axis is divided into.
    Names(&'a [String]),
}

pub(super) struct Frame<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) x: (Axis, Labels<'a>),
    pub(super) y: (Axis, Labels<'a>),
    pub(super) legend: Vec<Entry>,
    pub(super) grid: bool,
    /// Kept free to the right.
    pub(super) right: f64,
}

/// Where values stand; lengths are in pixels.
pub(super) struct Plot {
    x: Axis,
    y: Axis,
    pub(super) corner: (f64, f64),
    pub(super) size: (f64, f64),
}

impl Plot {
    /// In pixels.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.corner.0 + self.x.place(x) * self.size.0, self.corner.1 + (1.0 - self.y.place(y)) * self.size.1)
    }
}

impl Frame<'_> {
    /// Draws into a rectangle; `content` is drawn over the grid, and not at all if labels leave no room.
    pub(super) fn draw<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        Rect { corner, size }: Rect,
        content: impl FnOnce(&Plot) -> DrawResult<(), B>,
    ) -> DrawResult<(), B> {
        let room = |label: &str, height: f64| if label.is_empty() { 0.0 } else { height + GAP };
        let rows = legend::rows(self.legend.iter().cloned(), size.0 - 4.0 * GAP);
        let top = (1.5 * GAP + room(&self.sheet.title, TITLE) + legend::ROW * rows.len() as f64).round();
        let bottom = (1.5 * GAP + SMALL + room(&self.sheet.x_label, LABEL)).round();
        let height = (size.1 - top - bottom - EDGE).floor();
        let y_ticks = match self.y.1 {
            Labels::Numbers => self.y.0.ticks(tick_count(height, 45.0), |_| true),
            Labels::Names(names) => named(names, 0.3 * size.0, (height, 1.5 * SMALL)),
        };
        let widest = y_ticks.iter().map(|tick| font::width(&tick.label, SMALL)).fold(0.0, f64::max);
        let left = (1.5 * GAP + room(&self.sheet.y_label, LABEL) + widest).round();
        let width = (size.0 - left - 2.0 * GAP - EDGE - self.right).floor();

        let middle = corner.0 + EDGE + left + width / 2.0;
        let title = font::fit(&self.sheet.title, TITLE, size.0 - 2.0 * GAP);
        // Over the plot if there is room to both sides, else over the whole rectangle.
        let center = |width: f64| {
            let half = width / 2.0 + GAP;
            middle.min(corner.0 + size.0 - half).max(corner.0 + half)
        };
        let place = (center(font::width(&title, TITLE)), corner.1 + GAP + 0.7 * TITLE);
        canvas.text(place, &title, TITLE, INK, HPos::Center)?;
        legend::draw(canvas, &rows, (center(legend::width(&rows)), corner.1 + top - 0.5 * GAP))?;

        if width < 1.0 || height < 1.0 {
            return Ok(());
        }
        let x_ticks = match self.x.1 {
            Labels::Numbers => self.x.0.ticks(tick_count(width, 65.0), |ticks| apart(&self.x.0, ticks, width)),
            Labels::Names(names) => {
                let room = width / names.len().max(1) as f64 - 0.6 * GAP;
                named(names, room, (width, 3.0 * SMALL))
            }
        };
        let plot_corner = (corner.0 + left + EDGE, corner.1 + top);
        let whole = (canvas.units(size.0), canvas.units(size.1));
        let (x, y) = (self.x.0.clone(), self.y.0.clone());
        let mut chart = ChartBuilder::on(&canvas.area.clone().shrink(canvas.place(corner), whole))
            .margin_top(canvas.units(top))
            .margin_right(whole.0 - canvas.units(left + EDGE + width))
            .margin_bottom(canvas.units(EDGE))
            .margin_left(canvas.units(EDGE))
            .x_label_area_size(canvas.units(bottom))
            .y_label_area_size(canvas.units(left))
            .build_cartesian_2d(Ruler { axis: x.clone(), ticks: x_ticks }, Ruler { axis: y.clone(), ticks: y_ticks })?;
        let grid = if self.grid { canvas.stroke(GRID, 1.0) } else { TRANSPARENT.into() };
        chart
            .configure_mesh()
            .bold_line_style(grid)
            .axis_style(TRANSPARENT)
            .set_all_tick_mark_size(canvas.units(0.4 * GAP))
            .label_style(canvas.font(SMALL, INK))
            .axis_desc_style(canvas.font(LABEL, INK))
            .x_desc(font::fit(&self.sheet.x_label, LABEL, width))
            .y_desc(font::fit(&self.sheet.y_label, LABEL, height))
            .draw()?;

        content(&Plot { x, y, corner: plot_corner, size: (width, height) })?;
        outline(canvas, plot_corner, (width, height))
    }
}

/// A thin frame around a rectangle.
pub(super) fn outline<B: DrawingBackend>(
    canvas: &Canvas<B>,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
) -> DrawResult<(), B> {
    let (right, bottom) = (x + width, y + height);
    let around = [(x, y), (right, y), (right, bottom), (x, bottom), (x, y)].map(|place| canvas.place(place));
    canvas.curve(around.to_vec(), canvas.stroke(FRAME, 1.0), None)
}

/// As many ticks as stand at a distance, from 2 to 15.
pub(super) fn tick_count(room: f64, distance: f64) -> usize {
    (3..=15).take_while(|&count| count as f64 * distance <= room).last().unwrap_or(2)
}

/// Is there a gap between any two labels under the axis, and does the last one end within the picture?
fn apart(axis: &Axis, ticks: &[Tick], room: f64) -> bool {
    let half = |tick: &Tick| font::width(&tick.label, SMALL) / 2.0;
    let place = |tick: &Tick| axis.place(tick.value) * room;
    ticks.windows(2).all(|pair| place(&pair[1]) - place(&pair[0]) >= half(&pair[0]) + half(&pair[1]) + GAP)
        && ticks.last().is_none_or(|tick| place(tick) + half(tick) <= room + 2.0 * GAP)
}

/// A tick in the middle of every place, which are 1 long; or of every second, third and so on where `least` is more than a
/// place has.
fn named(names: &[String], room: f64, (length, least): (f64, f64)) -> Vec<Tick> {
    let places = names.len() as f64;
    #[expect(clippy::cast_sign_loss, reason = "a quotient of lengths; what is too large leaves one name")]
    let stride = ((least * places / length.max(1.0)).ceil() as usize).max(1);
    let label = |name: &String| font::fit(name, SMALL, room * stride as f64);
    let all = names.iter().enumerate().step_by(stride);
    all.map(|(k, name)| Tick { value: k as f64 + 0.5, label: label(name) }).collect()
}
