//! Pictures are checked by their SVG text, by their decoded pixels, and by their bytes being the same twice.

use std::fs;
use std::path::{Path, PathBuf};

use plotters::style::{RGBColor, WHITE};
use tempfile::TempDir;

mod maps;

use super::axis::{Axis, Tick};
use super::color::{INK, VERMILION};
use super::{Error, Figure, ImageGrid, LineChart};

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
    colors: Vec<RGBColor>,
}

impl Pixels {
    fn color(&self, x: usize, y: usize) -> RGBColor {
        self.colors[y * self.width + x]
    }

    fn count(&self, color: RGBColor) -> usize {
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
    let colors = bytes.chunks(3).map(|pixel| RGBColor(pixel[0], pixel[1], pixel[2])).collect();
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

#[track_caller]
fn assert_labels(ticks: &[Tick], labels: &[&str]) {
    let found: Vec<_> = ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert_eq!(found, labels);
}

fn ticks(ends: [f64; 2], log: bool, most: usize) -> Vec<Tick> {
    Axis::new(ends.into_iter(), log).ticks(most, |_| true)
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
    assert!(picture.count(RGBColor(0, 114, 178)) > 300, "the first curve");
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
        picture.colors[..40 * 1200].iter().filter(|color| color.0 < 128).count()
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
fn a_constant_series_lies_in_the_middle() {
    let chart = LineChart::new("").size(400, 300);
    for value in [0.0, 1.0, -2e-300, 1e-300, 7e20, -1e299] {
        let svg = svg_of(|path| chart.clone().series("", [(0.0, value), (1.0, value)]).save(path));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let axis = Axis::new([value, value].into_iter(), false);
        assert!((axis.place(value) - 0.5).abs() < 1e-12, "{value}");
    }
    assert_eq!(Axis::new([3.0].into_iter(), true).place(3.0), 0.5);
    // Logarithms can be further apart than the values' last digits.
    for log in [false, true] {
        let near = ticks([1.0, 1.0 + f64::EPSILON], log, 8);
        assert!(near.windows(2).all(|pair| pair[0].label != pair[1].label), "{near:?}");
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
fn tick_labels() {
    assert_labels(&ticks([0.0, 1.0], false, 6), &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_labels(&ticks([-40.0, 40.0], false, 5), &["−40", "−20", "0", "20", "40"]);
    assert_labels(&ticks([0.0, 2e-7], false, 5), &["0", "5.0e−8", "1.0e−7", "1.5e−7", "2.0e−7"]);
    assert_labels(&ticks([0.0, 3e6], false, 4), &["0", "1e6", "2e6", "3e6"]);
    assert_labels(&ticks([1e-3, 10.0], true, 6), &["0.001", "0.01", "0.1", "1", "10"]);
    assert_labels(&ticks([1e-16, 1.0], true, 6), &["10⁻¹⁵", "10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
    assert_labels(&ticks([0.9, 11.0], true, 6), &["1", "2", "5", "10"]);
    assert_labels(&ticks([3.0, 4.0], true, 3), &["3.0", "3.5", "4.0"]);
    assert_labels(&Axis::new([0.0, 1.0].into_iter(), false).ticks(6, |ticks| ticks.len() < 4), &["0", "0.5", "1.0"]);
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
    assert_eq!(picture.color(30, 30), RGBColor(0, 0, 0));
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
