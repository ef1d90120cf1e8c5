//! Training by functions of model and batch: data sets of many arrays, gradients inside, and all that a trainer has.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use autodiff::Tensor;
use ndarray::{Array1, Array2, array};
use nn::{
    Activation, Adam, Batch, BatchNorm1d, Checkpoints, Dataset, Embedding, Layer, Lbfgs, Linear, Mlp, Newton,
    Sequential, Sgd, Stop, Trainer, Visit, loss, metrics,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{panics, raises_here, values_of};

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn mlp(units: &[usize]) -> Mlp<f64> {
    Mlp::new(units, Activation::Tanh, &mut rng())
}

fn curve() -> Dataset<f64> {
    let x = Array2::from_shape_fn((20, 1), |(k, _)| k as f64 / 10.0 - 1.0);
    let t = x.mapv(f64::sin);
    Dataset::new(x, t).unwrap()
}

fn squares(model: &Mlp<f64>, batch: &Batch<f64>) -> Tensor<f64> {
    loss::squared_error(&model.forward(batch.inputs()), batch.targets())
}

/// The mean square of `u'' + u`, with `u''` by two gradients.
fn oscillation(model: &Mlp<f64>, points: &Tensor<f64>) -> Tensor<f64> {
    let x = nn::track(model, points);
    let u = model.forward(&x);
    let du = u.sum().grad(&[&x]).remove(0);
    let ddu = du.sum().grad(&[&x]).remove(0);
    (ddu + u).square().mean()
}

/// Matrix factorisation.
struct Factors(Embedding<f64>, Embedding<f64>);
impl Layer<f64> for Factors {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x.clone()
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("users", &self.0);
        v.layer("films", &self.1);
    }
}

#[test]
fn a_loss_is_an_objective_of_inputs_and_targets() {
    let (data, early) = (curve(), 3);
    let mut by_loss = Trainer::new(mlp(&[1, 4, 1]), loss::squared_error, Adam::new(0.01)).metric("r2", metrics::r2);
    let r2 = |model: &Mlp<f64>, batch: &Batch<f64>| metrics::r2(&model.forward(batch.inputs()), batch.targets());
    let mut by_objective = Trainer::objective(mlp(&[1, 4, 1]), squares, Adam::new(0.01)).measure("r2", r2);
    by_loss = by_loss.epochs(20).batch_size(6).seed(7).progress(false).early_stopping(early);
    by_objective = by_objective.epochs(20).batch_size(6).seed(7).progress(false).early_stopping(early);
    let (one, two) = (by_loss.fit(&data, &data).unwrap(), by_objective.fit(&data, &data).unwrap());
    assert_eq!(values_of(by_loss.model()), values_of(by_objective.model()));
    assert_eq!((one.best_epoch, &one.layers, &one.metrics), (two.best_epoch, &two.layers, &two.metrics));
    let figures =
        |history: &nn::History| history.epochs.iter().map(|e| (e.train_loss, e.valid_loss)).collect::<Vec<_>>();
    assert_eq!(figures(&one), figures(&two));
    assert!(two.last().unwrap().valid_accuracy.is_nan() && one.steps == two.steps);

    let wrong = || {
        let trainer =
            Trainer::objective(mlp(&[1, 4, 1]), squares, Sgd::new(0.1)).metric("r2", metrics::r2).progress(false);
        { trainer }.fit(&data, &data)
    };
    let text = "Trainer: the metric `r2` is a function of outputs and targets; an objective has none, `measure` takes functions \
                of model and batch";
    assert_eq!(panics(wrong).as_deref(), Some(text));
    raises_here(wrong, text);
}

#[test]
fn gradients_inside_train_validate_report_and_resume() {
    let points = curve();
    let objective = |model: &Mlp<f64>, batch: &Batch<f64>| {
        oscillation(model, batch.inputs()) + (model.forward(&array![[0.0]].into()) - 1.0).square().sum()
    };
    let seen = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&seen);
    let trainer = |epochs| {
        let noted = Rc::clone(&noted);
        let trainer = Trainer::objective(mlp(&[1, 8, 1]), objective, Adam::new(0.02)).epochs(epochs).batch_size(7);
        // In metrics and callbacks too.
        let trainer =
            trainer.measure("residual", |model, batch: &Batch<f64>| oscillation(model, batch.inputs()).item());
        trainer.progress(false).seed(3).on_epoch(move |_, _, model| {
            noted.borrow_mut().push(oscillation(model, &array![[0.5]].into()).item());
            ControlFlow::Continue(())
        })
    };
    let mut whole = trainer(12);
    let history = whole.fit(&points, &points).unwrap();
    assert_eq!(seen.borrow().len(), 12);
    assert!(history.last().unwrap().valid_loss < history.epochs[0].valid_loss);
    assert!(history.metric("residual").unwrap().valid.iter().all(|r| r.is_finite()));
    assert!(history.layers.iter().all(|layer| layer.norms.iter().all(|norm| *norm > 0.0)));

    let folder = std::env::temp_dir().join(format!("objective-{}", std::process::id()));
    trainer(5).checkpoints(Checkpoints::new(&folder)).fit(&points, &points).unwrap();
    let mut resumed = trainer(12).checkpoints(Checkpoints::new(&folder));
    let continued = resumed.fit(&points, &points).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(values_of(resumed.model()), values_of(whole.model()));
    let figures = |history: &nn::History| history.columns().into_iter().map(|(_, column)| column).collect::<Vec<_>>();
    let bits = |columns: Vec<Vec<f64>>| columns.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(figures(&continued)), bits(figures(&history)));
    assert_eq!(continued.metrics, history.metrics);
}

#[test]
fn gradients_inside_whatever_calls_the_objective() {
    let x = Tensor::constant(array![[-0.5], [0.2], [0.9]]);
    let objective = |model: &Mlp<f64>| oscillation(model, &x);
    let model = mlp(&[1, 3, 1]);
    nn::check::model(&model, objective).assert_pass();
    nn::check::model_hessian(&model, objective).assert_pass();
    let gradient = nn::param_grad(&model, objective).unwrap();
    let along = nn::param_hvp(&model, objective, &gradient).unwrap();
    // The Hessian along the gradient is the slope of the gradient, by differences.
    let at = |h: f64| {
        let moved = model.clone();
        let mut gradient = gradient.iter();
        nn::parameters(&moved, |_, param| param.update(gradient.next().unwrap(), |w, g| w + h * g));
        nn::param_grad(&moved, objective).unwrap()
    };
    let (plus, minus) = (at(1e-5), at(-1e-5));
    for ((h, plus), minus) in along.iter().zip(&plus).zip(&minus) {
        let slope = (plus - minus) / 2e-5;
        assert!(h.view().iter().zip(&slope.view()).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + a.abs())));
    }
    let (lbfgs, newton) = (model.clone(), model.clone());
    let ridge = |model: &Mlp<f64>| {
        let mut squares = Tensor::scalar(0.0);
        nn::parameters(model, |_, param| squares = &squares + param.tensor().square().sum());
        oscillation(model, &x) + squares * 0.1
    };
    let least = Lbfgs::new().steps(200).fit(&lbfgs, ridge).unwrap();
    assert!(least.course.last().unwrap().gradient < 1e-4);
    assert!(
        Newton::new().steps(3).fit(&newton, ridge).unwrap().value <= nn::param_value_and_grad(&model, ridge).unwrap().0
    );

    let call = || nn::track(&model, &x);
    let text = "track: the model's parameters are on no tape; put them on one with `nn::watch(&model, &tape)`";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
}

#[test]
fn data_sets_hold_any_number_of_arrays() {
    let data = Dataset::new(array![[1.0], [2.0], [3.0]], array![[0.0], [1.0], [0.0]])
        .unwrap()
        .with("mask", array![1.0, 0.0, 1.0])
        .unwrap()
        .with_ids("class", array![[4, 5], [6, 7], [8, 9]])
        .unwrap();
    let batch = data.batch(&[2, 0]);
    assert_eq!((batch.len(), data.len()), (2, 3));
    assert_eq!(batch.array("mask").to_array(), array![1.0, 1.0].into_dyn());
    assert_eq!((batch.array(1).view(), batch.array(2).view()), (batch.targets().view(), batch.array("mask").view()));
    assert_eq!((batch.ids(0), data.ids("class").shape()), (&array![[8, 9], [4, 5]].into_dyn(), &[3, 2][..]));
    // Splits and folds take all of them along.
    let (one, two) = data.split(0.4, &mut rng()).unwrap();
    assert_eq!((one.ids(0).shape(), two.array("mask").shape()), (&[1, 2][..], &[2][..]));
    assert!(
        data.k_fold(3, &mut rng()).unwrap().all(|(train, valid)| train.ids(0).len() == 4 && valid.ids(0).len() == 2)
    );
    let scaled = data.with_inputs(array![[10.0], [20.0], [30.0]]).unwrap();
    assert_eq!((scaled.inputs()[[1, 0]], scaled.ids("class")), (20.0, data.ids("class")));

    let fails = |result: nn::Result<Dataset<f64>>| result.unwrap_err().to_string();
    assert_eq!(fails(data.clone().with("weight", array![1.0])), "data set: 3 inputs but 1 weight");
    assert_eq!(fails(data.clone().with_ids("user", array![1])), "data set: 3 inputs but 1 user");
    assert_eq!(
        fails(data.clone().with("mask", array![1.0, f64::NAN, 0.0])),
        "data set: mask[1] is NaN, expected a finite number"
    );
    let twice = "data set: there are numbers and ids called `mask`; each array needs a name of its own";
    assert_eq!(fails(data.clone().with_ids("mask", array![1, 2, 3])), twice);
    let call = || data.array("weights").len();
    let text = "data set: no array \"weights\"; there are `inputs`, `targets`, `mask`";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
    assert_eq!(panics(|| batch.ids(1).len()).as_deref(), Some("data set: no array of ids 1; there are `class`"));
}

#[test]
fn ids_train_and_a_checkpoint_knows_them() {
    let fresh = || {
        let mut rng = rng();
        Factors(Embedding::new(4, 2, &mut rng), Embedding::new(3, 2, &mut rng))
    };
    let (users, films) = (Array1::from_iter((0..9).map(|k| k % 3)), Array1::from_iter((0..9).map(|k| k / 3)));
    let ratings = ndarray::Zip::from(&users).and(&films).map_collect(|&u, &f| (u as f64 - 1.0) * (f as f64 + 1.0));
    let data = Dataset::default().with_ids("user", users).unwrap().with_ids("film", films).unwrap();
    let data = data.with("rating", ratings).unwrap();
    let objective = |model: &Factors, batch: &Batch<f64>| {
        let y = (model.0.lookup(batch.ids("user")) * model.1.lookup(batch.ids("film"))).sum_axis(1);
        (y - batch.array("rating")).square().mean()
    };
    let trainer = || Trainer::objective(fresh(), objective, Adam::new(0.05)).epochs(150).batch_size(4).progress(false);
    let folder = std::env::temp_dir().join(format!("ids-{}", std::process::id()));
    let mut first = trainer().checkpoints(Checkpoints::new(&folder));
    assert!(first.fit(&data, &data).unwrap().last().unwrap().valid_loss < 1e-2);
    // User 3 was never seen.
    assert_eq!(values_of(first.model())[6..8], values_of(&fresh())[6..8]);
    let other = data.clone().with_ids("film", Array1::from_iter((0..9).map(|k| k % 2))).unwrap();
    let error = trainer().checkpoints(Checkpoints::new(&folder)).fit(&other, &other).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(error.ends_with("the checkpoint's run has other training data; use another folder"), "{error}");
}

#[test]
fn a_last_batch_that_is_smaller_can_be_left_out() {
    let sizes =
        |data: &Dataset<f64>| nn::Batches::new(data, 6, &mut rng()).drop_last().map(|(x, _)| x.shape()[0]).collect();
    assert_eq!((sizes(&curve()), sizes(&curve().subset(&[0, 1]))), (vec![6, 6, 6], vec![2]));
    let data = curve().subset(&(0..13).collect::<Vec<_>>());
    let model = || Sequential::new().then(BatchNorm1d::new(1)).then(Linear::from_weights(array![[1.0]], array![0.0]));
    let trainer = || Trainer::new(model(), loss::squared_error, Sgd::new(0.1)).epochs(2).batch_size(4).progress(false);
    let text = panics(|| trainer().fit(&data, &data)).unwrap();
    let expected = "BatchNorm1d: 1 value a feature in a batch of shape [1, 1]; in training the variance needs at least two \
                    (`Trainer::drop_last` leaves out a last batch of one), in evaluation (`nn::eval_mode`) one is enough";
    assert_eq!(text, expected);
    let history = trainer().drop_last().fit(&data, &data).unwrap();
    assert_eq!(history.steps, 6);
    assert!(history.epochs.iter().all(|epoch| epoch.train_loss.is_finite()));
}

#[test]
fn slips_are_told_as_what_they_are_where_they_are() {
    let data = curve();
    let fit = |loss: fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>| {
        Trainer::new(mlp(&[1, 2, 1]), loss, Sgd::new(0.1)).batch_size(4).progress(false)
    };
    let call = || fit(|y, t| (y - t).square()).fit(&data, &data);
    let text =
        "the loss has shape [4, 1], expected a single number: its mean or sum over the batch (`.mean()`, `.sum()`)";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
    let objective = |model: &Mlp<f64>, batch: &Batch<f64>| model.forward(batch.inputs());
    let call = || {
        Trainer::objective(mlp(&[1, 2, 1]), objective, Sgd::new(0.1)).batch_size(4).progress(false).fit(&data, &data)
    };
    raises_here(call, text);

    let flat = data.with_targets(data.targets().clone().into_shape_with_order(20).unwrap()).unwrap();
    let call = || fit(|y, t| (y - t).square().mean()).fit(&flat, &flat);
    let text = "the loss: outputs have shape [4, 1] and targets [4]; they need the same shape";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
    let call = || fit(loss::squared_error).fit(&flat, &flat);
    raises_here(call, text);
    // A layer that does not take its input: the trainer's line, or the layer's own.
    let wide = data.with_inputs(Array2::zeros((20, 3))).unwrap();
    let text = "linear: shapes [4, 3] and [2, 1] do not fit: the input's last length must equal the second length of the weights";
    raises_here(|| fit(loss::squared_error).fit(&wide, &wide), text);

    // No accuracy where outputs and targets do not fit it.
    let pairs = data.with_targets(Array2::zeros((20, 2))).unwrap();
    let history = fit(|y, t| (y - t).square().mean()).fit(&pairs, &pairs).unwrap();
    assert!(history.last().unwrap().valid_accuracy.is_nan());
}

#[test]
fn a_value_that_is_not_finite_is_reported() {
    let data = curve().with("weight", Array1::ones(20)).unwrap();
    let objective = |model: &Mlp<f64>, batch: &Batch<f64>| {
        let y = model.forward(batch.inputs());
        (y * batch.array("weight").expand(1)).sum().ln() * f64::NAN
    };
    let mut trainer = Trainer::objective(mlp(&[1, 2, 1]), objective, Sgd::new(0.1)).progress(false).full_batch();
    let error = trainer.fit(&data, &data).unwrap_err().to_string();
    let expected = "the loss became NaN in epoch 1, batch 1; the weights are those of the step before. In step 1 the model's \
                    output was finite";
    assert_eq!(error, expected);
    let ids = Dataset::default().with_ids("k", array![0, 1]).unwrap();
    let objective = |model: &Embedding<f64>, batch: &Batch<f64>| model.lookup(batch.ids("k")).sum() * f64::INFINITY;
    let mut trainer = Trainer::objective(Embedding::new(2, 1, &mut rng()), objective, Sgd::new(0.1)).progress(false);
    assert!(trainer.fit(&ids, &ids).unwrap_err().to_string().ends_with("In step 1 all parameters were finite"));
    let mut trainer = Trainer::objective(
        Embedding::new(2, 1, &mut rng()),
        |m: &Embedding<f64>, b: &Batch<f64>| m.lookup(b.ids(0)).sum(),
        Sgd::new(0.1),
    );
    trainer = trainer.progress(false).epochs(50).on_step(|_, _| ControlFlow::Break(()));
    assert_eq!(trainer.fit(&ids, &ids).unwrap().stop, Stop::Callback);
}
