//! Pictures are checked by their SVG text, by their decoded pixels, and by their bytes being the same twice.

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::Tensor;
use ndarray::{Array2, array};
use nn::metrics::Confusion;
use nn::plot::{
    DecisionRegions, Error, Figure, HeatMap, ImageGrid, LineChart, confusion_matrix, gradient_histograms,
    gradient_norm_map, gradient_norms, learning_curves, loss_surface, random_direction, weight_histograms,
};
use nn::{Activation, Curve, Dataset, Epoch, GradientNorm, History, Linear, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

/// Red, green and blue.
type Color = [u8; 3];

const WHITE: Color = [255; 3];
const INK: Color = [34; 3];
const FRAME: Color = [120; 3];
const NOTHING: Color = [205; 3];
const BLUE: Color = [0, 114, 178];
const VERMILION: Color = [213, 94, 0];
/// Three parts in ten of blue and of vermilion on white.
const TINTS: [Color; 2] = [[179, 213, 232], [242, 207, 179]];
/// The colour map's beginning, middle and end.
const VIRIDIS: [Color; 3] = [[68, 1, 84], [32, 144, 140], [253, 231, 37]];

fn losses() -> LineChart {
    let epochs = || (1..=40).map(f64::from);
    LineChart::new("Cross-entropy of 1 & 2 <hidden> layers")
        .x_label("epoch")
        .y_label("loss")
        .log_y()
        .series("training", epochs().map(|t| (t, 2.3 * (-0.15 * t).exp() + 0.004)))
        .series("validation", epochs().map(|t| (t, 2.3 * (-0.12 * t).exp() + 0.05 + 0.001 * t)))
}

fn accuracies() -> LineChart {
    let epochs = || (1..=40).map(f64::from);
    LineChart::new("Accuracy")
        .x_label("epoch")
        .y_label("share of correct digits")
        .series("training", epochs().map(|t| (t, 1.0 - 0.9 * (-0.2 * t).exp())))
        .points("validation", epochs().map(|t| (t, 0.97 - 0.87 * (-0.17 * t).exp() + 0.01 * (3.0 * t).sin())))
}

fn digits() -> ImageGrid {
    let ring = |filled: f64| -> Vec<f64> {
        let pixel = |i: usize| ((i % 8) as f64 - 3.5, (i / 8) as f64 - 3.5);
        (0..64).map(pixel).map(|(x, y)| if (x.hypot(y) - 2.7).abs() < 0.8 { 0.9 } else { filled }).collect()
    };
    (0..10).fold(ImageGrid::new("First test digits", 4), |grid, i| {
        let wrong = i % 4 == 3;
        grid.image(8, 8, ring(f64::from(i) / 20.0), if wrong { "predicted 3, is 8" } else { "7" }, wrong)
    })
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

fn svg_of(save: impl FnOnce(&Path) -> Result<(), Error>) -> String {
    let folder = tempfile::tempdir().unwrap();
    save(&file(&folder, "a.svg")).unwrap();
    fs::read_to_string(file(&folder, "a.svg")).unwrap()
}

struct Pixels {
    width: usize,
    height: usize,
    colors: Vec<Color>,
}

impl Pixels {
    fn color(&self, x: usize, y: usize) -> Color {
        self.colors[y * self.width + x]
    }

    fn count(&self, color: Color) -> usize {
        self.colors.iter().filter(|&&found| found == color).count()
    }
}

fn png_of(save: impl FnOnce(&Path) -> Result<(), Error>) -> Pixels {
    let folder = tempfile::tempdir().unwrap();
    save(&file(&folder, "a.png")).unwrap();
    let reader = std::io::BufReader::new(fs::File::open(file(&folder, "a.png")).unwrap());
    let mut reader = png::Decoder::new(reader).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let colors = bytes.chunks(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Pixels { width: info.width as usize, height: info.height as usize, colors }
}

/// An SVG text as plotters writes it.
fn element(text: &str) -> String {
    format!(">\n{text}\n</text>")
}

#[track_caller]
fn assert_error(result: Result<(), Error>, wording: &str) {
    assert_eq!(result.unwrap_err().to_string(), wording);
}

#[test]
fn svg_names_everything() {
    let svg = svg_of(|path| Figure::new("Run 7").panel(losses()).panel(accuracies()).save(path));
    assert!(svg.starts_with("<svg width=\"1200\" height=\"500\" "));
    for text in ["Run 7", "Cross-entropy of 1 &amp; 2 &lt;hidden&gt; layers", "Accuracy", "epoch", "loss", "training"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
    assert_eq!(svg.matches(&element("validation")).count(), 2);
    // 40 points of validation accuracy and one in the legend.
    assert_eq!(svg.matches("<circle").count(), 41);
}

#[test]
fn png_has_the_size_and_the_colours() {
    let picture = png_of(|path| losses().size(640, 360).save(path));
    assert_eq!((picture.width, picture.height), (640, 360));
    assert!(picture.count(BLUE) > 300, "the first curve");
    assert!(picture.count(VERMILION) > 300, "the second curve");
    assert!(picture.count(INK) > 100, "text");
    assert!(picture.count(WHITE) > 640 * 360 / 2, "ground");
}

#[test]
fn text_is_drawn_in_png() {
    let blank = png_of(|path| LineChart::new("").save(path));
    let titled = png_of(|path| Figure::new("").panel(LineChart::new("")).panel(LineChart::new("Title")).save(path));
    assert_ne!(blank.colors, titled.colors);
    // The figure's title stands in the upper 40 pixels, all white otherwise.
    let dark = |title: &str| {
        let picture = png_of(|path| Figure::new(title).save(path));
        picture.colors[..40 * 1200].iter().filter(|color| color[0] < 128).count()
    };
    assert_eq!(dark(""), 0);
    assert!(dark("Δf ≈ ∇f·Δx") > 100);
}

#[test]
fn same_data_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for extension in ["svg", "png", "PNG"] {
        let [first, second] = ["a", "b"].map(|name| file(&folder, &format!("{name}.{extension}")));
        Figure::new("Run 7").panel(losses()).panel(accuracies()).save(&first).unwrap();
        Figure::new("Run 7").panel(losses()).panel(accuracies()).save(&second).unwrap();
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
        digits().save(&first).unwrap();
        digits().save(&second).unwrap();
        assert_eq!(fs::read(&first).unwrap(), fs::read(&second).unwrap());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 6, "no temporary file is left");
}

#[test]
fn an_empty_chart_shows_its_axes() {
    for chart in [LineChart::new("Empty"), LineChart::new("Empty").log_x().log_y(), losses().size(1, 1)] {
        svg_of(|path| chart.save(path));
        png_of(|path| chart.save(path));
    }
    let svg = svg_of(|path| LineChart::new("Empty").series("nothing", []).save(path));
    for text in ["Empty", "nothing", "0", "0.5", "1.0"] {
        assert!(svg.contains(&element(text)), "{text}");
    }
}

#[test]
fn a_constant_series_is_drawn_with_finite_numbers() {
    let chart = LineChart::new("").size(400, 300);
    for value in [0.0, 1.0, -2e-300, 1e-300, 7e20, -1e299] {
        let svg = svg_of(|path| chart.clone().series("", [(0.0, value), (1.0, value)]).save(path));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn unusable_points_are_gaps() {
    let nan = f64::NAN;
    let points = [(0.0, 1.0), (1.0, 2.0), (2.0, nan), (3.0, 1.0), (f64::INFINITY, 1.0), (4.0, 3.0), (5.0, 1.0)];
    let count = |chart: LineChart, element: &str| svg_of(|path| chart.save(path)).matches(element).count();
    let lines =
        |points: &[(f64, f64)]| count(LineChart::new("").series("", points.iter().copied()), "stroke=\"#0072B2\"");
    assert_eq!(lines(&points), 2);
    assert_eq!(count(LineChart::new("").series("", points), "<circle"), 1, "the point between two gaps");
    assert_eq!(lines(&[(nan, nan), (1e301, 0.0), (0.0, f64::NEG_INFINITY)]), 0);
    let positive = LineChart::new("").log_x().log_y().points("", [(0.0, 1.0), (1.0, -1.0), (2.0, 5e-324), (1.0, 1.0)]);
    assert_eq!(count(positive, "<circle"), 1);
}

#[test]
fn a_long_text_ends_in_an_ellipsis() {
    let name = "validation loss of the third run ".repeat(9);
    let svg = svg_of(|path| LineChart::new(&name).size(500, 300).series(&name, [(0.0, 0.0)]).save(path));
    assert_eq!(svg.matches("…\n</text>").count(), 2);
    assert!(!svg.contains(&name));
}

#[test]
fn a_grid_draws_pixels_and_marks_errors() {
    let svg = svg_of(|path| digits().save(path));
    assert_eq!(svg.matches(&element("predicted 3, is 8")).count(), 2);
    assert_eq!(svg.matches(&element("7")).count(), 8);
    let picture = png_of(|path| ImageGrid::new("", 3).image(1, 2, [f64::NAN, 7.0], "", true).save(path));
    // The image is 96 × 48 pixels between gaps of 16 and half a gap beside the cell.
    assert_eq!((picture.width, picture.height), (96 + 48, 16 + 48 + 14 + 32));
    assert_eq!(picture.color(30, 30), [0; 3]);
    assert_eq!(picture.color(100, 30), WHITE);
    assert_eq!(picture.color(22, 30), VERMILION);
    assert_eq!(picture.color(10, 30), WHITE);
    for grid in [ImageGrid::new("Nothing", 3), ImageGrid::new("", 1).image(0, 5, [], "no pixels", false)] {
        png_of(|path| grid.save(path));
    }
}

#[test]
fn errors_name_the_file() {
    let chart = LineChart::new("Loss");
    assert_error(chart.save("out.jpg"), "cannot write out.jpg: the extension must be .svg or .png");
    assert_error(chart.save("out"), "cannot write out: the extension must be .svg or .png");
    assert_error(Figure::new("").save("no/such/out.svg"), "cannot write no/such/out.svg: there is no folder no/such");
    assert_error(chart.clone().size(0, 5).save("a.svg"), "cannot draw 0×5 pixels: each side must be from 1 to 10000");
    assert_error(ImageGrid::new("", 0).save("a.svg"), "an image grid needs at least 1 column");
    let grid = digits().image(2, 3, [0.0; 7], "", false);
    assert_error(grid.save("a.svg"), "image 10 has 7 pixels, expected 2×3");
    let tall = ImageGrid::new("", 1).image(20_000, 1, vec![0.0; 20_000], "", false);
    assert_error(tall.save("a.svg"), "cannot draw 49×20062 pixels: each side must be from 1 to 10000");
}

#[test]
fn a_failed_write_leaves_the_folder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "taken.svg");
    fs::create_dir(&path).unwrap();
    let error = losses().save(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write {}: ", path.display())), "{error}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn a_picture_is_as_open_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let [plain, picture] = ["plain.txt", "picture.svg"].map(|name| file(&folder, name));
    fs::write(&plain, "").unwrap();
    losses().save(&picture).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(plain), mode(picture));
}

/// A map without text is a margin, the cells, and the bar to their right; gives the pixel at a share of the cells.
fn cell(map: HeatMap, across: f64, down: f64) -> Color {
    let picture = png_of(|path| map.size(400, 300).save(path));
    let middle = picture.height / 2;
    let row: Vec<Color> = (0..picture.width).map(|x| picture.color(x, middle)).collect();
    let left = row.iter().position(|&color| color != WHITE && color[0] == color[1] && color[0] < 200).unwrap();
    let frames = |range: std::ops::Range<usize>| range.filter(|&x| row[x] == FRAME).collect::<Vec<_>>();
    let right = frames(left + 20..picture.width)[0];
    let column: Vec<usize> = (0..picture.height).filter(|&y| picture.color(left, y) == FRAME).collect();
    let (top, bottom) = (column[0], column[column.len() - 1]);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let at = |from: usize, to: usize, share: f64| from + ((to - from) as f64 * share) as usize;
    picture.color(at(left, right, across), at(top, bottom, down))
}

#[test]
fn cells_have_the_colours_of_their_values() {
    let map = || HeatMap::new("", array![[0.0, 5.0], [10.0, f64::NAN]]);
    assert_eq!(cell(map(), 0.25, 0.25), VIRIDIS[0]);
    assert_eq!(cell(map(), 0.75, 0.25), VIRIDIS[1]);
    assert_eq!(cell(map(), 0.25, 0.75), VIRIDIS[2]);
    assert_eq!(cell(map(), 0.75, 0.75), NOTHING);
    // With numbers on the vertical axis the first row is at the bottom.
    assert_eq!(cell(map().y_range(0.0..=1.0), 0.25, 0.75), VIRIDIS[0]);
    let decades = HeatMap::new("", array![[1.0, 10.0, 100.0, 0.0]]).log();
    assert_eq!(cell(decades.clone(), 0.375, 0.5), VIRIDIS[1]);
    assert_eq!(cell(decades, 0.875, 0.5), NOTHING);
    // All alike, nothing, and nothing at all.
    assert_eq!(cell(HeatMap::new("", array![[3.0]]), 0.5, 0.5), VIRIDIS[1]);
    assert_eq!(cell(HeatMap::new("", array![[f64::INFINITY]]), 0.5, 0.5), NOTHING);
    svg_of(|path| HeatMap::new("", Array2::zeros((0, 0))).save(path));
    svg_of(|path| HeatMap::new("", Array2::zeros((1, 1))).contours(5).save(path));
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
    assert_eq!(colors(&one), TINTS);
    assert_eq!(colors(&two), [TINTS[1], TINTS[0]], "the larger output counts");
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
    let model = Linear::from_weights(array![[3.0, -4.0], [0.0, 2.0]], array![0.1, 0.2]);
    let squares = |model: &Linear<f64>| model.weight().tensor().square().sum();
    let [one, two] = [array![[1.0, 0.0], [0.0, 0.0]], array![[0.0, 0.0], [0.0, 1.0]]]
        .map(|direction| vec![Tensor::constant(direction), Tensor::zeros(&[2])]);
    let before = model.weight().value().to_array();
    let map = loss_surface("", &model, [&one, &two], 2.0, 5, squares).unwrap();
    let step = |k: usize| k as f64 - 2.0;
    for ((row, column), &loss) in map.values().indexed_iter() {
        assert_eq!(loss, (3.0 + step(column)).powi(2) + 16.0 + (2.0 + step(row)).powi(2));
    }
    assert_eq!(model.weight().value().to_array(), before);
    let error = loss_surface("", &model, [&one[..1], &two], 1.0, 3, squares).unwrap_err().to_string();
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
