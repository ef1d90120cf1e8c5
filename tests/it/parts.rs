//! Training in parts: the same bits for any number of ranks, and the gradient of the whole batch.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use autodiff::{Real, Tensor};
use ndarray::{Array1, Array2};
use nn::loss::{CrossEntropy, HalfSquaredError, Reduction};
use nn::{
    Activation, AdamW, BatchNorm1d, Checkpoints, Dataset, Dropout, Element, Embedding, Engine, History, Init, Layer,
    Linear, Loss, Mlp, Regularizer, Sequential, Sgd, Stop, Threads, Trainer, Visit, loss,
};
use num_traits::ToPrimitive;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type Error<T> = fn(&Tensor<T>, &Tensor<T>) -> Tensor<T>;
type Run<T> = Trainer<Sequential<T>, Error<T>, AdamW<T>>;

fn data<T: Real>(items: usize) -> Dataset<T> {
    let x = Array2::from_shape_fn((items, 5), |(i, j)| T::of(((i * (3 + j)) as f64 * 0.37).sin()));
    let t = Array2::from_shape_fn((items, 3), |(i, j)| T::of(f64::from(u8::from(i % 3 == j))));
    Dataset::new(x, t).unwrap()
}

/// All that depends on a batch: a normalisation, random masks, a penalty, an optimiser that remembers.
fn trainer<T: Element>() -> Run<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let model = Sequential::new().then(Linear::new(5, 8, Init::XavierUniform, &mut rng)).then(BatchNorm1d::new(8));
    let model = model.then(Activation::Tanh).then(Dropout::new(0.3, &mut rng));
    let model = model.then(Linear::new(8, 3, Init::XavierUniform, &mut rng));
    let trainer: Run<T> = Trainer::new(model, loss::softmax_cross_entropy, AdamW::new(0.01));
    let measure = |model: &Sequential<T>, batch: &nn::Batch<T>| {
        (model.forward(batch.inputs()) - batch.targets()).square().mean().item().primal()
    };
    trainer.epochs(3).batch_size(27).progress(false).regularizer(Regularizer::l2(0.01, 80)).measure("mse", measure)
}

/// All that a run ends with.
fn bits<T: Real, M: Layer<T>, L, O>(trainer: &Trainer<M, L, O>, history: &History) -> Vec<u64> {
    let mut bits = Vec::new();
    nn::parameters(trainer.model(), |_, p| bits.extend(p.value().view().iter().map(|x| x.primal().to_bits())));
    nn::buffers(trainer.model(), |_, b| bits.extend(b.value().view().iter().map(|x| x.primal().to_bits())));
    for (_, state) in nn::random_states(trainer.model()) {
        bits.extend(state.to_bytes().map(u64::from));
    }
    bits.extend(history.columns().iter().flat_map(|(_, column)| column.iter().map(|x| x.to_bits())));
    bits
}

fn fit<T: Element>(mut trainer: Run<T>) -> Vec<u64> {
    let history = trainer.fit(&data(80), &data(31)).unwrap();
    bits(&trainer, &history)
}

fn same_for_all_ranks<T: Element>() {
    for parts in [8, 3] {
        let plain = fit(trainer::<T>().parts(parts));
        for ranks in [1, 2, 3, 4, 9] {
            for found in Threads::run(ranks, |engine| fit(trainer::<T>().engine(engine).parts(parts))) {
                assert!(found == plain, "{ranks} ranks, {parts} parts");
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_ranks() {
    same_for_all_ranks::<f32>();
    same_for_all_ranks::<f64>();
}

/// The weights after a few steps, with parts or without.
fn ending<L: Loss<f64>>(loss: impl Fn() -> L, data: &Dataset<f64>, parts: Option<usize>) -> Vec<f64> {
    let model = Mlp::<f64>::new(&[5, 6, 3], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
    let trainer = Trainer::new(model, loss(), Sgd::new(0.1)).epochs(2).batch_size(9).progress(false);
    let mut trainer = parts.into_iter().fold(trainer, |trainer, n| trainer.parts(n));
    let history = trainer.fit(data, data).unwrap();
    let mut numbers = Vec::new();
    nn::parameters(trainer.model(), |_, p| numbers.extend(p.value().to_array()));
    // Metrics are means over the parts, which accuracy where items are ignored is not.
    numbers.extend(history.epochs.iter().flat_map(|epoch| [epoch.train_loss, epoch.valid_loss, epoch.gradient_norm]));
    numbers
}

/// The gradient of the whole batch is the sum over parts of any size, also where there are more parts than items.
fn as_whole<L: Loss<f64>>(name: &str, loss: impl Fn() -> L, data: &Dataset<f64>) {
    let whole = ending(&loss, data, None);
    for parts in [1, 2, 4, 13] {
        for (a, b) in ending(&loss, data, Some(parts)).iter().zip(&whole) {
            assert!((a - b).abs() < 1e-11 || a.is_nan() && b.is_nan(), "{name}, {parts} parts: {a} and {b}");
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_whole_batch() {
    let rows = data(31);
    as_whole("means", || loss::softmax_cross_entropy, &rows);
    as_whole("sums", || HalfSquaredError::new().reduction(Reduction::Sum), &rows);
    let weighted = || CrossEntropy::from_logits().class_weights(&[1.0, 3.0, 0.5]);
    as_whole("weights of classes, rows", weighted, &rows);
    let classes = Array1::from_shape_fn(31, |i| if i % 4 == 1 { 9.0 } else { (i % 3) as f64 });
    let classes = rows.with_targets(classes).unwrap();
    as_whole("ignored items", || CrossEntropy::from_logits().ignore(9), &classes);
    as_whole("both", || CrossEntropy::from_logits().class_weights(&[1.0, 0.0, 0.5]).ignore(9), &classes);
}

#[test]
fn a_loss_that_is_no_mean_is_an_error() {
    let fit = |parts| {
        let model = Mlp::<f64>::new(&[5, 3], Activation::Identity, &mut ChaCha8Rng::seed_from_u64(3));
        let sum = |y: &Tensor<f64>, t: &Tensor<f64>| (y - t).square().sum();
        Trainer::new(model, sum, Sgd::new(1e-3)).epochs(1).progress(false).parts(parts).fit(&data(31), &data(31))
    };
    assert!(fit(1).is_ok());
    let message = fit(4).unwrap_err().to_string();
    assert!(message.starts_with("parts: the loss of a batch is ") && message.contains("`weight`"), "{message}");

    let model = Mlp::<f64>::new(&[5, 3], Activation::Identity, &mut ChaCha8Rng::seed_from_u64(3));
    let sum =
        |model: &Mlp<f64>, batch: &nn::Batch<f64>| (model.forward(batch.inputs()) - batch.targets()).square().sum();
    let trainer = Trainer::objective(model, sum, Sgd::new(1e-3)).epochs(1).progress(false);
    assert!(trainer.parts(4).fit(&data(31), &data(31)).is_err());
}

/// Of an embedding each step changes the rows that it read.
struct Words(Embedding<f64>, Linear<f64>);

impl Layer<f64> for Words {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        let ids: Vec<usize> = x.view().iter().map(|x| x.to_usize().expect("a number")).collect();
        self.1.forward(&self.0.lookup(&Array1::from_vec(ids).into_dyn()))
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("words", &self.0);
        v.layer("out", &self.1);
    }
}

#[test]
fn rows_that_no_part_read_stay_as_they_are() {
    let items = Array2::from_shape_fn((12, 1), |(i, _)| (i % 5) as f64);
    let data = Dataset::new(items.clone(), items).unwrap();
    let run = |parts: Option<usize>| {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let model = Words(Embedding::new(9, 4, &mut rng), Linear::new(4, 1, Init::XavierUniform, &mut rng));
        let trainer = Trainer::new(model, loss::squared_error, AdamW::new(0.1)).progress(false);
        let mut trainer = parts.into_iter().fold(trainer.epochs(3).batch_size(4), |trainer, n| trainer.parts(n));
        trainer.fit(&data, &data).unwrap();
        trainer.into_model().0.weight().value().to_array()
    };
    let (whole, parts) = (run(None), run(Some(3)));
    for (a, b) in whole.iter().zip(&parts) {
        assert!((a - b).abs() < 1e-9, "{a} and {b}");
    }
}

#[test]
fn callbacks_clock_and_checkpoints_are_the_first_rank_s() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fit(trainer::<f64>().parts(8));
    let stops = Threads::run(3, |engine| {
        let (rank, called) = (engine.rank(), Rc::new(Cell::new(0)));
        let count = Rc::clone(&called);
        let mut trainer = trainer::<f64>()
            .engine(engine)
            .checkpoints(Checkpoints::new(folder.path()).every_steps(1))
            .on_step(move |step, _| {
                count.set(step.step);
                if step.step == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        let history = trainer.fit(&data(80), &data(31)).unwrap();
        (rank, called.get(), history.stop, history.steps)
    });
    assert_eq!(stops, [(0, 4, Stop::Callback, 4), (1, 0, Stop::Callback, 4), (2, 0, Stop::Callback, 4)]);
    // Another number of ranks goes on.
    let kept = || trainer::<f64>().checkpoints(folder.path());
    for found in Threads::run(2, |engine| fit(kept().engine(engine))) {
        assert!(found == whole);
    }
    let message = kept().parts(4).fit(&data(80), &data(31)).unwrap_err().to_string();
    assert!(message.contains("has a number of parts Some(8), this one Some(4)"), "{message}");
}

#[test]
fn an_error_or_a_panic_on_one_rank_ends_all() {
    let results = Threads::run(3, |engine| {
        let seed = engine.rank() as u64 / 2;
        let result = trainer::<f64>().seed(seed).engine(engine).fit(&data(80), &data(31));
        result.unwrap_err().to_string()
    });
    assert!(results.iter().all(|message| message.contains("rank 2 has other settings")), "{results:?}");

    let results = Threads::run(3, |engine| {
        let rank = engine.rank();
        let panics = move |_: &Sequential<f64>, _: &nn::Batch<f64>| if rank == 1 { panic!("here") } else { 0.0 };
        let mut trainer = trainer::<f64>().engine(engine).measure("bad", panics);
        let result = catch_unwind(AssertUnwindSafe(|| trainer.fit(&data(80), &data(31)).map(drop)));
        drop(trainer);
        result.map_err(drop).map(|result| result.unwrap_err().to_string())
    });
    assert_eq!(results[1], Err(()));
    for rank in [0, 2] {
        assert_eq!(results[rank], Ok("ranks: rank 1 has ended".to_owned()), "{results:?}");
    }
}

#[test]
fn weights_that_part_are_an_error() {
    let results = Threads::run(2, |engine| {
        let change = |_: &nn::Step, model: &Sequential<f64>| {
            nn::parameters(model, |_, p| p.map(|x| x * 1.5));
            ControlFlow::Continue(())
        };
        trainer::<f64>().engine(engine).on_step(change).fit(&data(80), &data(31)).unwrap_err().to_string()
    });
    assert!(results.iter().all(|message| message.contains("other weights after epoch 1 than rank 0")), "{results:?}");
}

#[test]
fn a_rank_that_goes_is_missed() {
    let results =
        Threads::run(2, |mut engine| if engine.rank() == 0 { None } else { Some(engine.gather(&[1]).is_err()) });
    assert_eq!(results, [None, Some(true)]);
}
