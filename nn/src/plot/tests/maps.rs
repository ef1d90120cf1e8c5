//! Maps, regions, surfaces, and pictures of runs and layers.

use autodiff::Tensor;
use ndarray::{Array2, array};
use plotters::style::{RGBColor, WHITE};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::super::color::{NOTHING, PALETTE, text_on, tint, viridis};
use super::super::contour::{between, contour};
use super::super::{
    DecisionRegions, Figure, HeatMap, LineChart, confusion_matrix, gradient_histograms, gradient_norm_map,
    gradient_norms, learning_curves, loss_surface, random_direction, weight_histograms,
};
use super::{element, png_of, svg_of};
use crate::metrics::Confusion;
use crate::{Activation, Curve, Dataset, Epoch, GradientNorm, History, Linear, Mlp};

/// A map without text is a margin, the cells, and the bar to their right; gives the pixel at a share of the cells.
fn cell(map: HeatMap, across: f64, down: f64) -> RGBColor {
    let picture = png_of(|path| map.size(400, 300).save(path));
    let middle = picture.height / 2;
    let row: Vec<RGBColor> = (0..picture.width).map(|x| picture.color(x, middle)).collect();
    let left = row.iter().position(|&color| color != WHITE && color.0 == color.1 && color.0 < 200).unwrap();
    let frames =
        |range: std::ops::Range<usize>| range.filter(|&x| row[x] == RGBColor(120, 120, 120)).collect::<Vec<_>>();
    let right = frames(left + 20..picture.width)[0];
    let column: Vec<usize> =
        (0..picture.height).filter(|&y| picture.color(left, y) == RGBColor(120, 120, 120)).collect();
    let (top, bottom) = (column[0], column[column.len() - 1]);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let at = |from: usize, to: usize, share: f64| from + ((to - from) as f64 * share) as usize;
    picture.color(at(left, right, across), at(top, bottom, down))
}

#[test]
fn cells_have_the_colours_of_their_values() {
    let map = || HeatMap::new("", array![[0.0, 5.0], [10.0, f64::NAN]]);
    assert_eq!(cell(map(), 0.25, 0.25), viridis(0.0));
    assert_eq!(cell(map(), 0.75, 0.25), viridis(0.5));
    assert_eq!(cell(map(), 0.25, 0.75), viridis(1.0));
    assert_eq!(cell(map(), 0.75, 0.75), NOTHING);
    // With numbers on the vertical axis the first row is at the bottom.
    assert_eq!(cell(map().y_range(0.0..=1.0), 0.25, 0.75), viridis(0.0));
    let decades = HeatMap::new("", array![[1.0, 10.0, 100.0, 0.0]]).log();
    assert_eq!(cell(decades.clone(), 0.375, 0.5), viridis(0.5));
    assert_eq!(cell(decades, 0.875, 0.5), NOTHING);
    // All alike, nothing, and nothing at all.
    assert_eq!(cell(HeatMap::new("", array![[3.0]]), 0.5, 0.5), viridis(0.5));
    assert_eq!(cell(HeatMap::new("", array![[f64::INFINITY]]), 0.5, 0.5), NOTHING);
    svg_of(|path| HeatMap::new("", Array2::zeros((0, 0))).save(path));
    svg_of(|path| HeatMap::new("", Array2::zeros((1, 1))).contours(5).save(path));
}

#[test]
fn the_colour_map_grows_lighter_and_text_stands_out() {
    let light = |color: RGBColor| {
        [(0.2126, color.0), (0.7152, color.1), (0.0722, color.2)]
            .iter()
            .map(|&(weight, channel)| weight * (f64::from(channel) / 255.0).powf(2.2))
            .sum::<f64>()
    };
    let colors: Vec<f64> = (0..=20).map(|k| light(viridis(f64::from(k) / 20.0))).collect();
    assert!(colors.windows(2).all(|pair| pair[0] < pair[1]), "{colors:?}");
    for k in 0..=20 {
        let ground = viridis(f64::from(k) / 20.0);
        let (a, b) = (light(ground) + 0.05, light(text_on(ground)) + 0.05);
        assert!(a.max(b) / a.min(b) > 3.5, "text on {ground:?}");
    }
}

#[test]
fn a_map_names_its_rows_columns_and_values() {
    let map = HeatMap::new("Norms", array![[1.0, 2.0], [3.0, 4.0]]);
    let map = map.x_names(["left", "right"]).y_names(["upper", "lower"]).value_label("norm").x_label("side");
    let svg = svg_of(|path| Figure::new("").panel(map.clone()).panel(LineChart::new("Beside")).save(path));
    for text in ["Norms", "left", "right", "upper", "lower", "norm", "side", "Beside"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
    // Too many names for their room: every other, or fewer.
    let names = || (0..80).map(|k| format!("row {k}"));
    let svg = svg_of(|path| HeatMap::new("", Array2::zeros((80, 1))).y_names(names()).size(600, 400).save(path));
    assert!(svg.contains(&element("row 0")) && !svg.contains(&element("row 1")));
    let panics = |message: &str, call: &dyn Fn()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), message);
    };
    panics("HeatMap: 1 names for 2 columns", &|| drop(map.clone().x_names(["left"])));
    panics("HeatMap: x_range(1..=1), expected finite ends in order", &|| drop(map.clone().x_range(1.0..=1.0)));
    panics("HeatMap: contours(1), expected from 2 to 256 colours", &|| drop(map.clone().contours(1)));
}

#[test]
fn contours_are_where_the_samples_say() {
    let slope = Array2::from_shape_fn((3, 4), |(_, column)| column as f64);
    let pieces = contour(&slope, 1.25);
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().flatten().all(|&(x, _)| x == 1.25), "{pieces:?}");
    assert_eq!(contour(&array![[0.0, 1.0], [1.0, 0.0]], 0.4).len(), 2, "a saddle");
    assert!(contour(&array![[0.0, f64::NAN], [1.0, 2.0]], 0.5).is_empty());
    let bowl = Array2::from_shape_fn((41, 41), |(i, j)| (i as f64 - 20.0).hypot(j as f64 - 20.0));
    for (x, y) in contour(&bowl, 13.3).into_iter().flatten() {
        assert!(((x - 20.0).hypot(y - 20.0) - 13.3).abs() < 0.02, "({x}, {y})");
    }
    assert_eq!(between(&array![[0.0, 1.0], [2.0, 5.0]], (0.5, 0.25)), 0.75 * 0.5 + 0.25 * 3.5);
    assert_eq!(between(&array![[7.0]], (0.0, 0.0)), 7.0);
    assert_eq!(between(&slope, (3.0, 2.0)), 3.0);
}

#[test]
fn a_confusion_matrix_shows_its_counts() {
    let confusion = Confusion::new(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 2], 3).names(["cat", "dog", "owl"]);
    let map = confusion_matrix("Animals", &confusion);
    assert_eq!(map.values().row(1).to_vec(), [100.0 / 3.0, 200.0 / 3.0, 0.0]);
    let svg = svg_of(|path| map.save(path));
    for text in ["Animals", "predicted class", "true class", "share of the true class, %", "2"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
    assert_eq!(svg.matches(&element("cat")).count(), 2);
    assert_eq!(svg.matches(&element("1")).count(), 3);
}

#[test]
fn regions_are_those_of_the_model() {
    let data = Dataset::new(array![[-1.0, -1.0], [1.0, 1.0], [1.0, -1.0]], array![[0.0], [1.0], [1.0]]).unwrap();
    let one = DecisionRegions::new("Halves", &data, |x| x.narrow(1, 0..1) + 0.5);
    let two = DecisionRegions::new("Halves", &data, |x| x * Tensor::constant(array![[1.0, 0.0]]));
    let none = DecisionRegions::new("Halves", &data, |x| x * f64::NAN);
    let colors = |regions: &DecisionRegions| {
        let picture = png_of(|path| regions.clone().size(400, 300).save(path));
        [100, 350].map(|x| picture.color(x, 150))
    };
    let tints = [0, 1].map(|k| tint(PALETTE[k], 0.3));
    assert_eq!(colors(&one), tints);
    assert_eq!(colors(&two), [tints[1], tints[0]], "the larger output counts");
    assert_eq!(colors(&none), [NOTHING; 2]);
    let svg = svg_of(|path| one.clone().names(["left", "right"]).save(path));
    assert!(svg.contains(&element("left")) && svg.contains(&element("right")));
    // Each point with a rim, and a mark for each class.
    assert_eq!(svg.matches("<circle").count(), 2 * 3 + 2);
}

#[test]
#[should_panic(expected = "DecisionRegions: inputs of shape [1, 3], expected [items, 2]")]
fn regions_need_two_inputs() {
    let data = Dataset::new(array![[1.0, 2.0, 3.0]], array![[0.0]]).unwrap();
    drop(DecisionRegions::new("", &data, Clone::clone));
}

#[test]
fn a_histogram_has_all_values() {
    let svg = |values: Vec<f64>| svg_of(|path| LineChart::new("").histogram("values", values).save(path));
    assert_eq!(svg((0..1000).map(f64::from).collect()).matches("<polygon").count(), 1);
    for values in [vec![], vec![f64::NAN], vec![2.0], vec![0.0; 5], vec![f64::INFINITY, 1.0, 2.0]] {
        let svg = svg(values);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    let model = Mlp::<f64>::new(&[2, 5, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(1));
    let svg = svg_of(|path| weight_histograms("Weights", &model).save(path));
    for text in ["layers.0", "layers.1", "weight (10)", "bias (5)", "weight (5)", "bias (1)", "share, %"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
    let zeros: Vec<Tensor<f64>> = vec![Tensor::zeros(&[2]); 4];
    assert!(svg_of(|path| gradient_histograms("", &model, &zeros).save(path)).contains("derivative of the loss"));
}

#[test]
fn a_surface_is_the_loss_and_leaves_the_weights_alone() {
    let mut model = Linear::from_weights(array![[3.0, -4.0], [0.0, 2.0]], array![0.1, 0.2]);
    let squares = |model: &Linear<f64>| model.weight().tensor().square().sum();
    let [one, two] = [array![[1.0, 0.0], [0.0, 0.0]], array![[0.0, 0.0], [0.0, 1.0]]]
        .map(|direction| vec![Tensor::constant(direction), Tensor::zeros(&[2])]);
    let before = model.weight().value().to_array();
    let map = loss_surface("", &mut model, [&one, &two], 2.0, 5, squares).unwrap();
    let step = |k: usize| k as f64 - 2.0;
    for ((row, column), &loss) in map.values().indexed_iter() {
        assert_eq!(loss, (3.0 + step(column)).powi(2) + 16.0 + (2.0 + step(row)).powi(2));
    }
    assert_eq!(model.weight().value().to_array(), before);
    let error = loss_surface("", &mut model, [&one[..1], &two], 1.0, 3, squares).unwrap_err().to_string();
    assert!(error.contains("1 directions given for 2 parameters"), "{error}");

    let direction = random_direction(&model, &mut ChaCha8Rng::seed_from_u64(1));
    let lengths: Vec<f64> =
        direction[0].to_array().outer_iter().map(|unit| unit.mapv(|x| x * x).sum().sqrt()).collect();
    assert!((lengths[0] - 5.0).abs() < 1e-12 && (lengths[1] - 2.0).abs() < 1e-12, "{lengths:?}");
    assert_eq!(direction[1].to_array(), array![0.0, 0.0].into_dyn(), "the bias stays");
}

fn history() -> History {
    let epoch = |loss: f64| Epoch {
        train_loss: loss,
        train_accuracy: 0.5,
        valid_loss: loss + 0.1,
        valid_accuracy: 0.5,
        penalty: 0.0,
        rate: 0.1,
        gradient_norm: 1.0,
        batch_size: 4,
    };
    let curve = Curve { name: "accuracy".to_owned(), train: vec![0.5, 0.6], valid: vec![0.5, 0.7] };
    let layers = ["layers.0", "layers.1"].map(|name| GradientNorm { name: name.to_owned(), norms: vec![1e-3, 1e-1] });
    let (epochs, metrics, layers) = (vec![epoch(0.7), epoch(0.01)], vec![curve], layers.to_vec());
    History { epochs, metrics, layers, best_epoch: Some(2), ..History::default() }
}

#[test]
fn a_run_becomes_pictures() {
    let history = history();
    let svg = svg_of(|path| learning_curves("A run", &history).save(path));
    for text in ["A run", "Loss", "Accuracy", "epoch", "0.1", "weights kept"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
    let negative = History { epochs: vec![Epoch { train_loss: -1.0, ..history.epochs[0] }; 2], ..history.clone() };
    svg_of(|path| learning_curves("", &negative).save(path));
    svg_of(|path| learning_curves("", &History::default()).save(path));
    let svg = svg_of(|path| gradient_norms("Norms", &history.layers).save(path));
    assert!(svg.contains(&element("layers.1")) && svg.contains(&element("norm of the gradient")));
    let map = gradient_norm_map("Norms", &history.layers);
    assert_eq!(map.values(), &array![[1e-3, 1e-1], [1e-3, 1e-1]]);
    assert!(svg_of(|path| map.save(path)).contains(&element("layers.0")));
    svg_of(|path| gradient_norm_map("", &[]).save(path));
}

#[test]
#[should_panic(expected = "gradient_norm_map: 1 norms of `layers.1`, 2 of the first layer")]
fn a_norm_map_needs_as_many_norms_of_each_layer() {
    let mut layers = history().layers;
    layers[1].norms.pop();
    drop(gradient_norm_map("", &layers));
}
