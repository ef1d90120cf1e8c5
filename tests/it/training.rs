//! Training: losses, the optimiser, the loop, weights files, tables.

use std::fs;
use std::path::Path;

use autodiff::{Tape, Tensor};
use ndarray::{Array2, array};
use nn::Reduction::Sum;
use nn::loss::{BinaryCrossEntropy, CrossEntropy, HalfSquaredError, Loss};
use nn::{Activation, Dataset, Init, Layer, Mlp, Optimizer, Param, Sgd, Trainer, Visit, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;
use tests::values_of;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[test]
fn losses_are_finite_for_any_logit() {
    let tape = Tape::new();
    let a = tape.tensor(array![[1e4, -1e4], [-1e4, 1e4]]);
    let t = Tensor::constant(array![[1.0, 0.0], [1.0, 0.0]]);
    for error in [
        BinaryCrossEntropy::from_logits().reduction(Sum).loss(&a, &t),
        CrossEntropy::from_logits().reduction(Sum).loss(&a, &t),
    ] {
        assert_eq!(error.item(), 2e4);
        assert!(error.backward().wrt(&a).iter().all(|&g: &f64| g.is_finite()));
    }
    // From probabilities, certainty is free where it is right.
    let y = Tensor::constant(array![[1.0, 0.0]]);
    let t = Tensor::constant(array![[1.0, 0.0]]);
    assert_eq!((loss::bce(&y, &t).item(), loss::cross_entropy(&y, &t).item()), (0.0, 0.0));
    assert_eq!(loss::bce(&y, &Tensor::constant(array![[0.0, 0.0]])).item(), f64::INFINITY);
}

#[test]
fn means_are_sums_over_items() {
    let y = Tensor::constant(array![[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]);
    let t = Tensor::constant(array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    let near = |a: Tensor<f64>, b: f64| assert!((a.item() - b).abs() < 1e-15, "{a} and {b}");
    near(loss::cross_entropy(&y, &t), -(0.5_f64.ln() + 0.6_f64.ln()) / 2.0);
    near(CrossEntropy::from_probabilities().reduction(Sum).loss(&y, &t), -(0.5_f64.ln() + 0.6_f64.ln()));
    let binary = [BinaryCrossEntropy::from_probabilities(), BinaryCrossEntropy::from_logits()];
    let [of_y, of_logits] = binary.map(|loss| loss.reduction(Sum).loss(&y, &t).item());
    near(loss::bce(&y, &t), of_y / 2.0);
    near(loss::bce_with_logits(&y, &t), of_logits / 2.0);
    near(loss::softmax_cross_entropy(&y, &t), CrossEntropy::from_logits().reduction(Sum).loss(&y, &t).item() / 2.0);
    near(loss::squared_error(&y, &t), HalfSquaredError::new().reduction(Sum).loss(&y, &t).item() * 2.0 / 6.0);
}

#[test]
#[should_panic(expected = "squared_error: outputs have shape [2, 1] and targets [2]; they need the same shape")]
fn losses_do_not_broadcast() {
    loss::squared_error(&Tensor::<f64>::zeros(&[2, 1]), &Tensor::zeros(&[2]));
}

#[test]
fn momentum_by_hand() {
    let (mut w, mut v) = (2.0, 0.0);
    let model = nn::Linear::from_weights(array![[2.0]], array![0.0]);
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    for _ in 0..5 {
        let tape = Tape::new();
        nn::watch(&model, &tape);
        let error = model.weight().tensor().square().sum() + model.bias().tensor().sum();
        sgd.step(&model, &error.backward()).unwrap();
        v = 0.9 * v + 2.0 * w;
        w -= 0.1 * v;
        assert_eq!(model.weight().value().item(), w);
    }
}

/// A layer whose second parameter never takes part.
struct Careless {
    used: Param<f64>,
    forgotten: Param<f64>,
}

impl Layer<f64> for Careless {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x * self.used.tensor() + self.forgotten.value()
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("used", &self.used);
        v.param("forgotten", &self.forgotten);
    }
}

#[test]
fn a_severed_parameter_is_named_and_nothing_changes() {
    let layer = Careless { used: Param::new(array![1.0]), forgotten: Param::new(array![2.0]) };
    let model = nn::Sequential::new().then(Activation::Tanh).then(layer);
    let tape = Tape::new();
    nn::watch(&model, &tape);
    let error = model.forward(&Tensor::ones(&[1, 1])).sum();
    let message = Sgd::new(0.1).step(&model, &error.backward()).unwrap_err().to_string();
    assert!(message.starts_with("no gradient reaches parameter `layers.1.forgotten`: "), "{message}");
    assert_eq!(values_of(&model), [1.0, 2.0]);
}

fn spiral() -> Dataset<f64> {
    let x = Array2::from_shape_fn((40, 2), |(i, j)| ((i * (3 + j)) as f64 * 0.37).sin());
    let t = Array2::from_shape_fn((40, 1), |(i, _)| f64::from(u8::from(i % 3 == 0)));
    Dataset::new(x, t).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let data = spiral();
    let run = |seed: u64| {
        let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut rng(5));
        let mut trainer =
            Trainer::new(model, loss::bce_with_logits, Sgd::new(0.1).momentum(0.9)).epochs(5).batch_size(7).seed(seed);
        let history = trainer.fit(&data, &data).unwrap();
        (values_of(trainer.model()), history.epochs)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

#[test]
fn the_trainer_is_the_written_out_loop() {
    let data = spiral();
    let model = || Mlp::<f64>::new(&[2, 4, 1], Activation::Sigmoid, &mut rng(5));
    let mut trainer =
        Trainer::new(model(), HalfSquaredError::new().reduction(Sum), Sgd::new(0.05)).epochs(2).batch_size(1).seed(9);
    trainer.fit(&data, &data).unwrap();

    let by_hand = model();
    let mut order = rng(9);
    for _ in 0..2 {
        for (x, t) in nn::Batches::new(&data, 1, &mut order) {
            let tape = Tape::new();
            nn::watch(&by_hand, &tape);
            let g = HalfSquaredError::new().reduction(Sum).loss(&by_hand.forward(&x), &t).backward();
            nn::parameters(&by_hand, |_, p| {
                let g = p.gradient(&g).unwrap().clone();
                p.update(&g, |w, g| w - 0.05 * g);
            });
        }
    }
    assert_eq!(values_of(trainer.model()), values_of(&by_hand));
}

#[test]
fn a_diverging_run_stops_with_its_place() {
    let data = Dataset::new(array![[1e200]], array![[0.0]]).unwrap();
    let model = Mlp::<f64>::builder(1).layer(1, Activation::Identity).init(Init::Normal(1.0)).build(&mut rng(1));
    let before = values_of(&model);
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1));
    let message = trainer.fit(&data, &data).unwrap_err().to_string();
    assert_eq!(
        message,
        "the loss became inf in epoch 1, batch 1; the weights are those of the step before. \
         In step 1 the model's output was finite"
    );
    assert_eq!(values_of(trainer.model()), before);
}

#[test]
fn data_sets_are_checked() {
    let message = |r: nn::Result<Dataset<f64>>| r.unwrap_err().to_string();
    let two = Array2::<f64>::zeros((2, 1));
    assert_eq!(message(Dataset::new(Array2::zeros((3, 1)), two.clone())), "data set: 3 inputs but 2 targets");
    assert_eq!(
        message(Dataset::new(array![[0.0], [f64::NAN]], two.clone())),
        "data set: inputs[1, 0] is NaN, expected a finite number"
    );
    assert_eq!(
        message(Dataset::new(ndarray::arr0(1.0), two.clone())),
        "data set: inputs need a first axis that counts the items"
    );
    let data = Dataset::new(two.clone(), two).unwrap();
    let split = |f| data.split(f, &mut rng(1)).unwrap_err().to_string();
    assert_eq!(split(1.5), "data set: cannot split off a fraction of 1.5, expected 0 to 1");
    assert_eq!(split(0.1), "data set: splitting 2 items at 0.1 leaves one part empty");
    assert_eq!(
        loss::one_hot::<f64>(&[0, 3], 3).unwrap_err().to_string(),
        "data set: label 3 of item 1 is not below the number of classes, 3"
    );
    let empty = Dataset::new(Array2::zeros((0, 1)), Array2::zeros((0, 1))).unwrap();
    let model = Mlp::<f64>::new(&[1, 1], Activation::Identity, &mut rng(1));
    let fit = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).fit(&empty, &data);
    assert_eq!(fit.unwrap_err().to_string(), "data set: the training set is empty");
}

#[test]
fn tables_name_file_line_and_field() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let csv = || nn::Csv::new().header(false).classes(3, 3);
    let read = |text: &[u8]| {
        fs::write(&file, text).unwrap();
        let message = csv().read(&file).unwrap_err().to_string();
        message.strip_prefix(file.to_str().unwrap()).unwrap().to_owned()
    };
    assert_eq!(read(b""), ": the file holds no rows; expected at least one row");
    assert_eq!(read(b"1,2,0\n1,2\n"), ":2: 2 fields, expected 3");
    assert_eq!(read(b"1,2,0\n1,2,0,0\n"), ":2: 4 fields, expected 3");
    assert_eq!(
        read(b"1,2,0\n\n1,x,0\n"),
        ":3: field 2 is \"x\", expected a finite number as in line 1; a column of categories that may be numbers has to be named as such"
    );
    assert_eq!(read(b"1,inf,0\n"), ":1: field 2 is \"inf\", expected a finite number");
    assert_eq!(read(b"1,2,3\n"), ":1: field 3 is \"3\", expected a class from 0 to 2");
    assert_eq!(read(b"1,2,-1\n"), ":1: field 3 is \"-1\", expected a class from 0 to 2");
    assert!(read(b"1,2,0\n1,\xff,0\n").starts_with(":2: invalid utf-8"));
    fs::remove_file(&file).unwrap();
    let missing = csv().read(&file).unwrap_err().to_string();
    assert!(missing.ends_with("t.csv: cannot read: No such file or directory (os error 2)"), "{missing}");
}

fn load_message(model: &mut Mlp<f64>, file: &Path) -> String {
    let before = values_of(model);
    let message = nn::load(model, file).unwrap_err().to_string();
    assert_eq!(values_of(model), before, "a failed load changes nothing");
    message.strip_prefix(&format!("{}: ", file.display())).unwrap().to_owned()
}

#[test]
fn weights_files() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    let model = |units: &[usize], seed| Mlp::<f64>::new(units, Activation::Tanh, &mut rng(seed));
    nn::save(&model(&[2, 3, 1], 1), &file).unwrap();
    let other = model(&[2, 3, 1], 2);
    nn::load(&other, &file).unwrap();
    assert_eq!(values_of(&other), values_of(&model(&[2, 3, 1], 1)));

    let wider = load_message(&mut model(&[2, 4, 1], 1), &file);
    assert_eq!(wider, "`layers.0.weight` has shape [3, 2], the model needs [4, 2]");
    let deeper = load_message(&mut model(&[2, 3, 1, 1], 1), &file);
    assert_eq!(deeper, "`layers.2.weight` is missing from the file; the model has shape [1, 1]");
    nn::save(&model(&[2, 3, 1, 1], 1), &file).unwrap();
    let shallower = load_message(&mut model(&[2, 3, 1], 1), &file);
    assert!(shallower.starts_with("`layers.2.") && shallower.ends_with("is in the file but not in the model"));
    nn::save(&Mlp::<f32>::new(&[2, 3, 1], Activation::Tanh, &mut rng(1)), &file).unwrap();
    let narrow = load_message(&mut model(&[2, 3, 1], 1), &file);
    assert_eq!(narrow, "`layers.0.weight` holds F32 numbers, the model needs F64");
    nn::save(&model(&[2, 3, 1], 1), &file).unwrap();
    let mut broken = fs::read(&file).unwrap();
    let end = broken.len() - 8;
    broken[end..].copy_from_slice(&f64::NAN.to_le_bytes());
    fs::write(&file, &broken).unwrap();
    let nan = load_message(&mut model(&[2, 3, 1], 1), &file);
    assert!(nan.ends_with("holds a number that is not finite"), "{nan}");

    // Cut short anywhere: an error, and the model as it was.
    nn::save(&other, &file).unwrap();
    let whole = fs::read(&file).unwrap();
    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        assert!(load_message(&mut model(&[2, 3, 1], 3), &file).starts_with("not a weights file: "), "{length}");
    }
}

#[test]
fn a_failed_save_leaves_nothing() {
    let folder = tempdir().unwrap();
    let model = Mlp::<f64>::new(&[2, 1], Activation::Tanh, &mut rng(1));
    let target = folder.path().join("missing").join("w.safetensors");
    let message = nn::save(&model, &target).unwrap_err().to_string();
    assert!(message.ends_with("w.safetensors: cannot write: No such file or directory (os error 2)"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
