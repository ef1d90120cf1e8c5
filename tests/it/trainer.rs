//! What the trainer does around its steps: when it stops, what it shows, what it says of numbers that are not finite.

use std::cell::RefCell;
use std::fs;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use autodiff::Tensor;
use ndarray::{Array2, array};
use nn::schedule::growing_batches;
use nn::{
    Activation, Adam, Dataset, Init, Layer, Linear, Loss, Mlp, Regularizer, Sequential, Sgd, Stop, Trainer, is_bias,
    loss, metrics, restarts,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;
use tests::{is_long, values_of};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Points on a line.
fn line() -> Dataset<f64> {
    let x = Array2::from_shape_fn((6, 1), |(i, _)| i as f64 / 5.0);
    let t = x.mapv(|x| 2.0 * x - 0.5);
    Dataset::new(x, t).unwrap()
}

fn flat() -> Linear<f64> {
    Linear::from_weights(array![[0.0]], array![0.0])
}

#[test]
fn each_criterion_is_the_reason_it_gives() {
    let data = line();
    let sgd = || Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(0.5)).full_batch().epochs(500);
    let stop = |trainer: Trainer<Linear<f64>, _, _>| {
        let mut trainer = trainer;
        trainer.fit(&data, &data).unwrap()
    };
    let all = stop(sgd());
    assert_eq!((all.stop, all.steps, all.epochs.len()), (Stop::Epochs, 500, 500));

    let settled = stop(sgd().loss_change_below(1e-6));
    assert_eq!(settled.stop, Stop::LossChange);
    let change = |k: usize| (settled.epochs[k].train_loss - settled.epochs[k - 1].train_loss).abs();
    let last = settled.epochs.len() - 1;
    assert!(change(last) < 1e-6 && (1..last).all(|k| change(k) >= 1e-6));

    let vanished = stop(sgd().gradient_below(1e-5));
    assert_eq!(vanished.stop, Stop::Gradient);
    let (last, before) = vanished.epochs.split_last().unwrap();
    assert!(last.gradient_norm < 1e-5 && before.iter().all(|epoch| epoch.gradient_norm >= 1e-5));

    let timed = stop(sgd().time_limit(Duration::ZERO));
    assert_eq!((timed.stop, timed.steps), (Stop::Time, 1));
    let called = stop(sgd().on_epoch(|_, history, _| {
        if history.epochs.len() == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }));
    assert_eq!((called.stop, called.epochs.len()), (Stop::Callback, 7));
}

#[test]
fn the_gradients_norm_is_that_of_the_formula() {
    // E = mean (w x + b - t)^2 at w = b = 0: dE/dw = -2 mean x t, dE/db = -2 mean t.
    let data = line();
    let pairs: Vec<(f64, f64)> = data.inputs().iter().copied().zip(data.targets().iter().copied()).collect();
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / pairs.len() as f64;
    let expected = (2.0 * mean(&|(x, t)| x * t)).hypot(2.0 * mean(&|(_, t)| *t));
    let model = Sequential::new().then(Activation::Identity).then(flat());
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::<f64>::new(0.1)).full_batch().epochs(1);
    let history = trainer.fit(&data, &data).unwrap();
    assert!((history.epochs[0].gradient_norm - expected).abs() < 1e-15);
    assert_eq!((&*history.layers[0].name, history.layers[0].norms.len()), ("layers.1", 1));
    assert!((history.layers[0].norms[0] - expected).abs() < 1e-15);
}

#[test]
fn deep_sigmoid_networks_show_gradients_that_vanish() {
    let mut builder = Mlp::<f64>::builder(1);
    for _ in 0..8 {
        builder = builder.layer(6, Activation::Sigmoid);
    }
    let model = builder.layer(1, Activation::Identity).build(&mut rng(1));
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.01)).epochs(1);
    let norms: Vec<f64> = trainer.fit(&line(), &line()).unwrap().layers.iter().map(|layer| layer.norms[0]).collect();
    assert_eq!(norms.len(), 9);
    assert!(norms[0] < 1e-4 * norms[8] && norms.windows(2).all(|pair| pair[0] < pair[1]), "{norms:?}");
}

#[test]
fn early_stopping_gives_back_the_best_weights() {
    // The way from 0 to the training set's line leads past the validation set's.
    let (data, valid) = (line(), line().with_targets(line().targets().mapv(|t| 0.5 * t)).unwrap());
    let kept = Rc::new(RefCell::new(Vec::new()));
    let all = Rc::clone(&kept);
    let mut trainer = Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(0.05)).full_batch().epochs(400);
    trainer = trainer.early_stopping(4).on_epoch(move |_, _, model| {
        all.borrow_mut().push(values_of(model));
        ControlFlow::Continue(())
    });
    let history = trainer.fit(&data, &valid).unwrap();
    assert_eq!(history.stop, Stop::Patience);
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.valid_loss).collect();
    let best = history.best_epoch.unwrap();
    assert!(best > 1 && losses.iter().all(|&loss| loss >= losses[best - 1]));
    assert_eq!(losses.len(), best + 5);
    assert_eq!(values_of(trainer.model()), kept.borrow()[best - 1]);
    assert_ne!(values_of(trainer.model()), *kept.borrow().last().unwrap());
}

#[test]
fn batches_grow_and_one_rate_serves_all_sizes() {
    let data = line();
    let sizes = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&sizes);
    let trainer = Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(0.1)).epochs(4);
    let mut trainer = trainer.batch_sizes(growing_batches(1, 2.0, 1, 100)).on_step(move |step, _| {
        seen.borrow_mut().push((step.epoch, step.batch, step.step));
        ControlFlow::Continue(())
    });
    let history = trainer.fit(&data, &data).unwrap();
    assert_eq!(history.epochs.iter().map(|epoch| epoch.batch_size).collect::<Vec<_>>(), [1, 2, 4, 6]);
    let batches = |epoch: usize| sizes.borrow().iter().filter(|step| step.0 == epoch).count();
    assert_eq!([1, 2, 3, 4].map(batches), [6, 3, 2, 1]);
    assert_eq!(*sizes.borrow().last().unwrap(), (4, 1, 12));
    // The error of a batch of equal items is that of one: divided by its size.
    let twice = Dataset::new(array![[0.3], [0.3]], array![[1.0], [1.0]]).unwrap();
    let step = |size: usize, data: &Dataset<f64>| {
        let mut trainer = Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(0.1)).epochs(1).batch_size(size);
        trainer.fit(data, data).unwrap();
        values_of(trainer.model())
    };
    assert_eq!(step(2, &twice), step(1, &twice.subset(&[0])));
}

#[test]
fn the_penalty_is_minimised_and_shown_apart() {
    let data = line();
    let l2 = || Regularizer::l2(0.6, 6).except(is_bias);
    let model = || Linear::from_weights(array![[3.0]], array![0.0]);
    let mut with = Trainer::new(model(), loss::squared_error, Sgd::<f64>::new(0.1)).full_batch().epochs(5);
    with = with.regularizer(l2());
    let history = with.fit(&data, &data).unwrap();
    assert_eq!(history.epochs[0].penalty, l2().penalty(&model()).item());
    // The same steps as with the penalty's gradient in the optimiser, and the same loss.
    let mut before =
        Trainer::new(model(), loss::squared_error, Sgd::<f64>::new(0.1).before(l2())).full_batch().epochs(5);
    let other = before.fit(&data, &data).unwrap();
    for (a, b) in values_of(with.model()).iter().zip(values_of(before.model())) {
        assert!((a - b).abs() < 1e-15, "{a} and {b}");
    }
    assert_eq!(other.epochs[0].train_loss, history.epochs[0].train_loss);
    assert_eq!(other.epochs[0].penalty, 0.0);
}

#[test]
fn metrics_are_chosen_and_histories_written() {
    let data = line();
    let trainer = Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(0.5)).full_batch().epochs(3);
    let history = trainer.metric("r2", metrics::r2).metric("mae", metrics::mae).fit(&data, &data).unwrap();
    assert!(history.last().unwrap().valid_accuracy.is_nan());
    assert!(history.metric("r2").unwrap().valid.iter().all(|r2| r2.is_finite()));
    assert!(history.metric("accuracy").is_none());
    let folder = tempdir().unwrap();
    let (table, object) = (folder.path().join("h.csv"), folder.path().join("h.json"));
    history.save_csv(&table).unwrap();
    history.save_json(&object).unwrap();
    let text = fs::read_to_string(&table).unwrap();
    assert_eq!(
        text.lines().next().unwrap(),
        "train_loss,train_accuracy,valid_loss,valid_accuracy,penalty,rate,gradient_norm,batch_size,\
         train_r2,valid_r2,train_mae,valid_mae,gradient_norm_"
    );
    assert_eq!(text.lines().count(), 4);
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&object).unwrap()).unwrap();
    assert_eq!((json["stop"].as_str(), json["steps"].as_u64()), (Some("all epochs done"), Some(3)));
    for (k, epoch) in history.epochs.iter().enumerate() {
        let row = &json["epochs"][k];
        assert_eq!(row["train_accuracy"].as_str(), Some("NaN"));
        assert_eq!(row["valid_r2"].as_f64(), Some(history.metric("r2").unwrap().valid[k]));
        assert!((row["train_loss"].as_f64().unwrap() - epoch.train_loss).abs() <= f64::EPSILON * epoch.train_loss);
    }
}

#[test]
fn batches_of_ignored_items_weigh_nothing() {
    let x = Array2::from_shape_fn((6, 1), |(i, _)| i as f64);
    let data = Dataset::new(x, array![0.0, -100.0, 1.0, -100.0, -100.0, 1.0]).unwrap();
    let weights = || Linear::from_weights(array![[0.5], [-0.25]], array![0.1, 0.0]);
    let loss = || loss::CrossEntropy::from_logits().ignore(-100);
    let trainer = |rate| {
        let sgd = Sgd::<f64>::new(rate).momentum(0.9);
        Trainer::new(weights(), loss(), sgd).epochs(3).batch_size(1).seed(4).metric("one", |_, _| 1.0).progress(false)
    };
    // Steps that move nothing: each epoch's loss is the mean of the items that count.
    let history = trainer(1e-300).fit(&data, &data).unwrap();
    let (x, t) = data.items(&[0, 2, 5]);
    let mean = loss().loss(&weights().forward(&x), &t).item();
    assert_eq!((history.steps, history.epochs.len()), (9, 3));
    for epoch in &history.epochs {
        assert!((epoch.train_loss - mean).abs() < 1e-15 && (epoch.valid_loss - mean).abs() < 1e-15, "{epoch:?}");
    }
    assert_eq!(history.metric("one").unwrap().train, [1.0; 3]);
    // Stopped between, and gone on with, to the same bits.
    let mut whole = trainer(0.1);
    whole.fit(&data, &data).unwrap();
    let folder = tempdir().unwrap();
    let stop = |step: &nn::Step, _: &Linear<f64>| {
        if step.step == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    trainer(0.1).on_step(stop).checkpoints(folder.path()).fit(&data, &data).unwrap();
    let mut rest = trainer(0.1).checkpoints(folder.path());
    assert_eq!(rest.fit(&data, &data).unwrap().steps, 9);
    assert_eq!(values_of(rest.model()), values_of(whole.model()));
}

#[test]
#[should_panic(expected = "Trainer: two metrics are named `mse`")]
fn metrics_have_names_of_their_own() {
    let trainer = Trainer::new(flat(), loss::squared_error::<f64>, Sgd::<f64>::new(0.5));
    let _ = trainer.metric("mse", metrics::mse).metric("mse", metrics::mse);
}

/// The message of a run that diverges; the model has the weights of the step before the last.
fn divergence(model: Sequential<f64>, data: &Dataset<f64>, rate: f64) -> String {
    let kept = Rc::new(RefCell::new(vec![values_of(&model)]));
    let all = Rc::clone(&kept);
    let trainer = Trainer::new(model, loss::squared_error, Sgd::new(rate)).epochs(100).full_batch();
    let mut trainer = trainer.on_step(move |_, model| {
        all.borrow_mut().push(values_of(model));
        ControlFlow::Continue(())
    });
    let message = trainer.fit(data, data).unwrap_err().to_string();
    let kept = kept.borrow();
    // The last weights gave no finite loss.
    assert_eq!(values_of(trainer.model()), kept[kept.len().saturating_sub(2)], "{message}");
    assert!(values_of(trainer.model()).iter().all(|w| w.is_finite()));
    message
}

#[test]
fn a_number_that_is_not_finite_is_traced_to_its_layer() {
    let linear = |w: f64| Linear::from_weights(array![[w]], array![0.0]);
    let data = Dataset::new(array![[1.0]], array![[0.0]]).unwrap();
    let inner = Sequential::new().then(Activation::Identity).then(linear(1e300));
    let nested = Sequential::new().then(linear(1e300)).then(inner);
    assert_eq!(
        divergence(nested, &data, 0.1),
        "the loss became inf in epoch 1, batch 1; the weights are those of the step before. \
         In step 1 `layers.1.layers.1` was the first layer whose output was not finite"
    );
    let message = divergence(Sequential::new().then(linear(1.0)).then(linear(1.0)), &data, 50.0);
    assert!(message.contains(" became ") && message.contains("; the weights are those of the step before. In step "));

    let mlp = Mlp::from_layers(vec![(linear(1e300), Activation::Relu), (linear(1e300), Activation::Identity)]);
    let mut trainer = Trainer::new(mlp, loss::squared_error, Sgd::new(0.1)).epochs(1);
    let message = trainer.fit(&data, &data).unwrap_err().to_string();
    assert!(message.ends_with("In step 1 `layers.1` was the first layer whose output was not finite"), "{message}");
}

#[test]
fn a_gradient_that_is_not_finite_is_named() {
    // The square root has an infinite derivative at 0.
    let length = |y: &Tensor<f64>, t: &Tensor<f64>| (y - t).square().sum().sqrt();
    let data = Dataset::new(array![[1.0]], array![[0.0]]).unwrap();
    let mut trainer = Trainer::new(Sequential::new().then(flat()), length, Sgd::new(0.1));
    assert_eq!(
        trainer.fit(&data, &data).unwrap_err().to_string(),
        "the gradient of `layers.0.weight` became NaN in epoch 1, batch 1; the weights are those of the step before. \
         In step 1 the loss was finite"
    );
    assert_eq!(values_of(trainer.model()), [0.0, 0.0]);
}

/// XOR by a 2-2-1 network of sigmoid units and on-line descent.
fn xor(seed: u64) -> Trainer<Mlp<f64>, impl Loss<f64>, Sgd<f64>> {
    let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
    let model = builder.init(Init::Normal(2.0)).build(&mut rng(seed));
    let trainer = Trainer::new(model, loss::bce, Sgd::new(0.5)).epochs(300).batch_size(1).seed(seed);
    // All four are right, and clearly so.
    trainer
        .on_epoch(|epoch, _, _| if epoch.valid_loss < 0.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

#[test]
fn xor_from_fifty_starts() {
    let data = Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]]).unwrap();
    let is_solved = |row: &nn::Trial| row.metrics[0].1 == 1.0;
    let starts = if is_long() { 50 } else { 15 };
    let alone = restarts(1..=starts, &data, &data, xor);
    let solved = alone.rows.iter().filter(|row| is_solved(row)).count() as u64;
    println!("XOR 2-2-1: {solved} of {starts} starts succeed");
    // Some end in a local minimum (L24), most do not.
    assert!((starts / 2..starts).contains(&solved), "{solved} of {starts}");
    // The best of five starts always succeeds.
    for (five, rows) in alone.rows.chunks(5).enumerate() {
        assert!(rows.iter().any(is_solved), "seeds from {} on", 5 * five + 1);
    }
    let best = alone.best.unwrap();
    assert!(is_solved(&alone.rows[best]));
    assert!(alone.rows.iter().all(|row| row.valid_loss >= alone.rows[best].valid_loss));
    let (x, t) = data.all();
    assert_eq!(metrics::accuracy(&alone.model().unwrap().forward(&x), &t), 1.0);
    let mark = format!("* {:>4}", alone.rows[best].label);
    assert_eq!(alone.to_string().lines().filter(|line| line.starts_with('*')).count(), 1);
    assert!(alone.to_string().contains(&mark), "{alone}");
}

#[test]
fn comparisons_say_which_runs_failed() {
    let data = line();
    let rates = [0.1, 1e200, 0.5];
    let runs = restarts(0..3, &data, &data, |seed| {
        Trainer::new(flat(), loss::squared_error, Sgd::<f64>::new(rates[seed as usize])).epochs(4).full_batch()
    });
    assert_eq!(runs.best, Some(2));
    let message = runs.rows[1].result.as_ref().unwrap_err();
    assert!(runs.rows[1].valid_loss.is_nan() && message.contains(" became "), "{message}");
    assert!(runs.to_string().contains(message));
    let folder = tempdir().unwrap();
    let file = folder.path().join("runs.csv");
    runs.save_csv(&file).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().next(), Some("seed,train_loss,valid_loss,valid_accuracy,epochs,seconds,end"));
    assert_eq!(text.lines().count(), 4);
    let losses = [runs.rows[0].valid_loss, runs.rows[2].valid_loss];
    let (mean, deviation) = runs.valid_loss().unwrap();
    assert!((mean - f64::midpoint(losses[0], losses[1])).abs() < 1e-15);
    assert!((deviation - (losses[0] - losses[1]).abs() / 2f64.sqrt()).abs() < 1e-15);
}

#[test]
fn the_order_of_items_is_the_seeds() {
    let order = |seed: u64| {
        let data = line();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let all = Rc::clone(&seen);
        let note = move |y: &Tensor<f64>, t: &Tensor<f64>| {
            all.borrow_mut().push(t.view().first().copied().unwrap().to_bits());
            loss::squared_error(y, t)
        };
        let mut trainer = Trainer::new(flat(), note, Adam::new(0.1)).batch_size(1).epochs(2).seed(seed);
        trainer.fit(&data, &data).unwrap();
        drop(trainer);
        seen.take()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}
