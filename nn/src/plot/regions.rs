//! Which class a model predicts where.

use std::path::Path;

use autodiff::{Real, Tensor};
use ndarray::{Array2, Array3, Axis as Along};
use plotters::prelude::*;

use super::axis::Axis;
use super::canvas;
use super::canvas::{Canvas, Picture, Rect};
use super::color::{NOTHING, class, tint};
use super::contour::between;
use super::error::Error;
use super::frame::{Frame, Labels, Plot, Sheet};
use super::legend::Mark;
use crate::data::dataset::Dataset;
use crate::expect;

/// Places at which the model is asked, across and down; in between its outputs are taken to be linear.
const GRID: (usize, usize) = (240, 180);
const DOT: f64 = 4.0;

/// The class that a model predicts at each point of the plane, with the data over it: a point in another colour than the
/// ground around it is classified wrongly. Only for two inputs.
///
/// As in [`metrics`](crate::metrics), the class is the place of the largest output; with one output it is 1 from 0.5 on, so
/// a model that gives logits is asked through `sigmoid`. Where an output is NaN the ground is grey.
///
/// ```
/// use nn::{Activation, Adam, Layer, Mlp, Trainer, data::generate, loss, plot::DecisionRegions};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let moons = generate::moons::<f64>(100, 0.1, &mut rng);
/// let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rng);
/// let mut trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.05)).epochs(5);
/// trainer.fit(&moons, &moons)?;
/// let folder = tempfile::tempdir()?;
/// DecisionRegions::new("Moons", &moons, |x| trainer.model().forward(x).sigmoid())
///     .names(["upper", "lower"])
///     .save(folder.path().join("moons.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DecisionRegions {
    sheet: Sheet,
    x: Axis,
    y: Axis,
    /// Output, row from below, column.
    scores: Array3<f64>,
    points: Vec<((f64, f64), usize)>,
    names: Vec<String>,
}

impl DecisionRegions {
    /// A picture of 1200 by 800 pixels around these data. `outputs` gives the model's outputs, a row an item, and is asked
    /// at once.
    ///
    /// # Panics
    /// If the data do not have two inputs an item, or if there are not as many rows of outputs as of inputs.
    #[track_caller]
    pub fn new<T: Real>(
        title: impl Into<String>,
        data: &Dataset<T>,
        outputs: impl Fn(&Tensor<T>) -> Tensor<T>,
    ) -> Self {
        let shape = data.inputs().shape();
        assert!(shape.len() == 2 && shape[1] == 2, "DecisionRegions: inputs of shape {shape:?}, expected [items, 2]");
        let column = |k| data.inputs().index_axis(Along(1), k).iter().map(|x| x.primal()).collect::<Vec<f64>>();
        let (across, up) = (column(0), column(1));
        let [x, y] = [&across, &up].map(|all| Axis::new(all.iter().copied().filter(|x| x.is_finite()), false));

        let (columns, rows) = GRID;
        let place = |k: usize, of: usize| k as f64 / (of - 1) as f64;
        let grid = Array2::from_shape_fn((columns * rows, 2), |(k, input)| {
            let (row, column) = (k / columns, k % columns);
            T::of(if input == 0 { x.between(place(column, columns)) } else { y.between(place(row, rows)) })
        });
        let found = outputs(&Tensor::constant(grid));
        let items = columns * rows;
        assert!(
            found.shape().first() == Some(&items) && found.len().is_multiple_of(items),
            "DecisionRegions: outputs of shape {:?} for {items} inputs, expected a row for each",
            found.shape()
        );
        let scores: Vec<f64> = found.view().iter().map(|y| y.primal()).collect();
        let scores = Array3::from_shape_vec((rows, columns, found.len() / items), scores).expect("counted above");
        let scores = scores.permuted_axes([2, 0, 1]);

        let targets = data.targets().view();
        let classes = targets.axis_iter(Along(0)).map(|target| {
            let flat: Vec<f64> = target.iter().map(|t| t.primal()).collect();
            #[expect(clippy::cast_sign_loss, reason = "class numbers; what is none becomes the first")]
            if flat.len() == 1 { flat[0].round() as usize } else { class_of(&flat).unwrap_or(0) }
        });
        let points: Vec<_> = across.into_iter().zip(up).zip(classes).collect();
        let outputs = scores.len_of(Along(0)).max(2);
        let known = points.iter().map(|&(_, class)| class + 1).fold(outputs, usize::max);
        let mut sheet = Sheet::new(title, (1200, 800));
        (sheet.x_label, sheet.y_label) = ("first input".to_owned(), "second input".to_owned());
        Self { sheet, x, y, scores, points, names: (0..known).map(|class| format!("class {class}")).collect() }
    }

    /// Names the classes.
    ///
    /// # Panics
    /// If there are more or fewer names than classes.
    #[track_caller]
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = expect::names("DecisionRegions", names, self.names.len(), "classes");
        self
    }

    /// Names the horizontal axis, that of the first input.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.sheet.x_label = label.into();
        self
    }

    /// Names the vertical axis, that of the second input.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.sheet.y_label = label.into();
        self
    }

    /// Sets width and height in pixels; in a [`Figure`](super::Figure) the figure's size counts instead.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.sheet.size = (width, height);
        self
    }

    /// Writes the picture as `.svg` or `.png`, whole or not at all, over a file of that name.
    ///
    /// # Errors
    /// As [`LineChart::save`](super::LineChart::save).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        canvas::save(self, path.as_ref())
    }

    fn draw_ground<B: DrawingBackend>(&self, canvas: &Canvas<B>, plot: &Plot) -> DrawResult<(), B> {
        let outputs: Vec<Array2<f64>> = self.scores.outer_iter().map(|scores| scores.to_owned()).collect();
        let (columns, rows) = (GRID.0 - 1, GRID.1 - 1);
        canvas.fill(plot.corner, plot.size, 0.5, |x, y| {
            let place = (x * columns as f64, (1.0 - y) * rows as f64);
            let scores: Vec<f64> = outputs.iter().map(|scores| between(scores, place)).collect();
            let found = match scores[..] {
                [score] => (!score.is_nan()).then(|| usize::from(score >= 0.5)),
                _ => class_of(&scores),
            };
            found.map_or(NOTHING, |found| tint(class(found, self.names.len()), 0.3))
        })
    }
}

impl Picture for DecisionRegions {
    fn size(&self) -> (u32, u32) {
        self.sheet.size
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>, within: Rect) -> DrawResult<(), B> {
        let classes = self.names.len();
        let legend = self.names.iter().enumerate();
        let frame = Frame {
            sheet: &self.sheet,
            x: (self.x.clone(), Labels::Numbers),
            y: (self.y.clone(), Labels::Numbers),
            legend: legend.map(|(k, name)| (name.clone(), Mark::Region(class(k, classes)))).collect(),
            grid: false,
            right: 0.0,
        };
        frame.draw(canvas, within, |plot| {
            self.draw_ground(canvas, plot)?;
            self.points.iter().filter(|((x, y), _)| x.is_finite() && y.is_finite()).try_for_each(|&(point, k)| {
                let middle = canvas.place(plot.place(point));
                canvas.dot(middle, DOT + 1.0, WHITE)?;
                canvas.dot(middle, DOT, class(k, classes))
            })
        })
    }
}

/// The place of the largest score; none if one of them is NaN.
fn class_of(scores: &[f64]) -> Option<usize> {
    let all = scores.iter().enumerate();
    let best = all.fold(None, |best: Option<(usize, f64)>, (k, &score)| match best {
        Some((_, highest)) if score <= highest => best,
        _ => Some((k, score)),
    });
    best.filter(|_| !scores.iter().any(|score| score.is_nan())).map(|(k, _)| k)
}
