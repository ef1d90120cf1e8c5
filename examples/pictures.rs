//! Every picture in which a training run can be looked at.
//!
//! `cargo run --release -p examples --example pictures` trains one network on three spirals, one on iris and a deep one whose
//! gradients vanish (L20), and writes the pictures to `target/pictures/`.

use std::cell::RefCell;
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use nn::data::{Standardizer, generate};
use nn::metrics::Confusion;
use nn::plot::{self, DecisionRegions, Figure};
use nn::{Activation, Adam, Csv, GradientNorm, Layer, Mlp, Sgd, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const OUT: &str = "target/pictures";

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    fs::create_dir_all(OUT)?;
    spirals()?;
    iris()?;
    deep()?;
    println!("the pictures are in {OUT}");
    Ok(())
}

/// In both formats.
fn save(name: &str, save: impl Fn(&Path) -> Result<(), plot::Error>) -> Result<(), plot::Error> {
    ["svg", "png"].iter().try_for_each(|extension| save(&Path::new(OUT).join(name).with_extension(extension)))
}

fn spirals() -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let data = generate::spirals::<f64>(300, 3, 1.0, 0.03, &mut rng);
    let (train, valid) = data.split(0.7, &mut rng)?;
    let model = Mlp::new(&[2, 32, 32, 3], Activation::Tanh, &mut rng);
    let before = plot::weight_histograms("Weights before training", &model);
    save("weights_before", |path| before.save(path))?;

    let trainer = Trainer::new(model, loss::softmax_cross_entropy, Adam::new(0.01)).epochs(150).early_stopping(50);
    let mut trainer = trainer.batch_size(20);
    let history = trainer.fit(&train, &valid)?;
    let model = trainer.into_model();
    save("curves", |path| plot::learning_curves("Three spirals", &history).save(path))?;
    save("weights_after", |path| plot::weight_histograms("Weights after training", &model).save(path))?;
    let regions = DecisionRegions::new("Three spirals", &data, |x| model.forward(x)).names(["one", "two", "three"]);
    save("regions", |path| regions.save(path))?;

    let (x, t) = train.all();
    let loss = |model: &Mlp<f64>| loss::softmax_cross_entropy(&model.forward(&x), &t);
    let gradient = nn::param_grad(&model, loss)?;
    save("gradient", |path| plot::gradient_histograms("Gradient after training", &model, &gradient).save(path))?;
    let [one, two] = [(); 2].map(|()| plot::random_direction(&model, &mut rng));
    let surface = plot::loss_surface("Loss around the weights", &model, [&one, &two], 1.0, 51, loss)?.log();
    save("surface", |path| surface.save(path))?;
    Ok(())
}

fn iris() -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let columns = Csv::new().read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/iris.csv"))?;
    let data = columns.dataset::<f64>("species")?;
    let (train, test) = data.stratified_split(0.5, &mut rng)?;
    let standard = Standardizer::fit(train.inputs())?;
    let (train, test) = (standard.dataset(&train)?, standard.dataset(&test)?);
    let model = Mlp::new(&[4, 8, 3], Activation::Tanh, &mut rng);
    let mut trainer = Trainer::new(model, loss::softmax_cross_entropy, Adam::new(0.02)).epochs(30);
    trainer.fit(&train, &test)?;
    let (x, t) = test.all();
    let confusion = Confusion::of(&trainer.model().forward(&x), &t).names(["setosa", "versicolor", "virginica"]);
    save("confusion", |path| plot::confusion_matrix("Iris, items not trained on", &confusion).save(path))?;
    Ok(())
}

/// Twelve layers of sigmoid units: each makes the gradient smaller on its way back.
fn deep() -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let moons = generate::moons::<f64>(200, 0.1, &mut rng);
    let units: Vec<usize> = [2].into_iter().chain([16; 11]).chain([1]).collect();
    let model = Mlp::new(&units, Activation::Sigmoid, &mut rng);
    let steps = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&steps);
    let trainer = Trainer::new(model, loss::bce_with_logits, Sgd::new(0.5).momentum(0.9)).epochs(20);
    let mut trainer = trainer.batch_size(20).on_step(move |step, _| {
        kept.borrow_mut().push(step.layer_norms.clone());
        ControlFlow::Continue(())
    });
    let history = trainer.fit(&moons, &moons)?;
    let norms = |k: usize| steps.borrow().iter().map(|norms: &Vec<f64>| norms[k]).collect();
    let layers = history.layers.iter().enumerate();
    let layers: Vec<_> = layers.map(|(k, layer)| GradientNorm { name: layer.name.clone(), norms: norms(k) }).collect();
    assert!(layers[0].norms[0] < 1e-4 * layers[11].norms[0], "the gradient vanishes");
    let map = plot::gradient_norm_map("Gradients in a deep network of sigmoid units", &layers).x_label("step");
    save("gradient_norms", |path| map.save(path))?;
    let lines = [0, 4, 8, 11].map(|k| layers[k].clone());
    let lines = plot::gradient_norms("Four of the layers", &lines).x_label("step");
    save("both_norms", |path| Figure::new("").panel(map.clone()).panel(lines.clone()).save(path))?;
    Ok(())
}
