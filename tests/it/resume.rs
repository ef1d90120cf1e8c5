//! Runs that are stopped and go on: the same bits as runs that never stopped.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use autodiff::{Gradients, Tensor};
use ndarray::Array2;
use nn::schedule::{Plateau, cosine, growing_batches};
use nn::{
    Activation, Adam, Checkpoints, Dataset, History, Init, Layer, Linear, Loss, Mlp, Optimizer, Regularizer, Sgd, Stop,
    Trainer, loss,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;

type Error = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;
type Run = Trainer<Mlp<f64>, Error, Box<dyn Optimizer<f64>>>;

fn data() -> Dataset<f64> {
    let x = Array2::from_shape_fn((11, 2), |(i, j)| ((i * (3 + j)) as f64 * 0.37).sin());
    let t = Array2::from_shape_fn((11, 1), |(i, _)| f64::from(u8::from(i % 3 == 0)));
    Dataset::new(x, t).unwrap()
}

fn trainer(optimizer: impl Optimizer<f64> + 'static) -> Run {
    let model = Mlp::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(5));
    let optimizer: Box<dyn Optimizer<f64>> = Box::new(optimizer);
    let trainer: Run = Trainer::new(model, loss::bce_with_logits, optimizer);
    trainer.epochs(4).seed(9).batch_size(4).progress(false)
}

/// Runs with everything that has to be remembered.
fn runs() -> Vec<fn() -> Run> {
    vec![
        || trainer(Sgd::new(0.1).momentum(0.9).schedule(cosine(12, 0.1))),
        || {
            let adam = Adam::new(0.5).plateau(Plateau::new(0.5, 0).threshold(0.5)).clip_norm(0.5);
            trainer(adam).batch_sizes(growing_batches(3, 2.0, 1, 11)).metric("mse", nn::metrics::mse)
        },
        || trainer(Adam::new(0.3)).early_stopping(1).regularizer(Regularizer::l2(0.1, 11)),
        || trainer(Sgd::new(0.5)).loss_change_below(0.02).batch_size(11).epochs(12),
    ]
}

/// All that a run ends with.
fn ending(trainer: &Run, history: &History) -> (Vec<u64>, Stop, usize, Option<usize>) {
    let mut bits = Vec::new();
    nn::parameters(trainer.model(), |_, p| bits.extend(p.value().view().iter().map(|x| x.to_bits())));
    let state = trainer.optimizer().state();
    bits.extend(state.numbers.iter().map(|(_, x)| x.to_bits()));
    bits.extend(state.arrays.iter().flat_map(|(_, array)| array.to_array()).map(f64::to_bits));
    bits.extend(history.columns().iter().flat_map(|(_, column)| column.iter().map(|x| x.to_bits())));
    (bits, history.stop, history.steps, history.best_epoch)
}

fn run(mut trainer: Run) -> (Vec<u64>, Stop, usize, Option<usize>) {
    let history = trainer.fit(&data(), &data()).unwrap();
    ending(&trainer, &history)
}

fn stop_after(steps: usize, trainer: Run) -> Run {
    trainer.on_step(move |step, _| if step.step == steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

#[test]
fn a_run_stopped_after_any_step_goes_on_with_the_same_bits() {
    for (k, build) in runs().into_iter().enumerate() {
        let whole = run(build());
        for steps in 1..=whole.2 {
            let folder = tempdir().unwrap();
            let first = run(stop_after(steps, build()).checkpoints(folder.path()));
            assert_eq!((first.1, first.2), (Stop::Callback, steps));
            assert_eq!(run(build().checkpoints(folder.path())), whole, "run {k} stopped after {steps} steps");
            // Once more: there is nothing left to do.
            assert_eq!(run(build().checkpoints(folder.path())), whole, "run {k}");
        }
    }
}

#[test]
fn a_run_stopped_after_every_step_in_turn_goes_on_with_the_same_bits() {
    for build in runs() {
        let whole = run(build());
        let folder = tempdir().unwrap();
        for steps in 1..whole.2 {
            assert_eq!(run(stop_after(steps, build()).checkpoints(folder.path())).2, steps);
        }
        assert_eq!(run(build().checkpoints(folder.path())), whole);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_run_goes_on_for_more_epochs() {
    for build in &runs()[..2] {
        let folder = tempdir().unwrap();
        run(build().checkpoints(Checkpoints::new(folder.path()).every_epochs(3)).epochs(3));
        assert_eq!(run(build().checkpoints(folder.path()).epochs(7)), run(build().epochs(7)));
    }
}

#[test]
fn a_run_whose_last_checkpoint_lies_in_an_epoch_goes_on_from_there() {
    // An own step that fails stands for a program that is killed: no checkpoint is written at the end.
    struct Failing(Sgd<f64>, usize);
    impl Optimizer<f64> for Failing {
        fn step(&mut self, model: &dyn Layer<f64>, gradients: &Gradients<f64>) -> nn::Result<()> {
            assert!(self.1 > 0, "killed");
            self.1 -= 1;
            self.0.step(model, gradients)
        }

        fn rate(&self) -> f64 {
            Optimizer::<f64>::rate(&self.0)
        }

        fn state(&self) -> nn::optim::State<f64> {
            self.0.state()
        }

        fn restore(&mut self, model: &dyn Layer<f64>, state: &nn::optim::State<f64>) -> nn::Result<()> {
            self.0.restore(model, state)
        }
    }
    let sgd = || Sgd::new(0.1).momentum(0.9);
    let whole = run(trainer(sgd()));
    for steps in 0..12 {
        let folder = tempdir().unwrap();
        let kept = Checkpoints::new(folder.path()).every_epochs(2).every_steps(2);
        let first = trainer(Failing(sgd(), steps)).checkpoints(kept);
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(first)));
        assert!(killed.is_err());
        assert_eq!(run(trainer(sgd()).checkpoints(folder.path())), whole, "killed after {steps} steps");
    }
}

#[test]
fn the_weights_of_a_checkpoint_are_a_weights_file() {
    let folder = tempdir().unwrap();
    let mut trainer = runs()[0]().checkpoints(folder.path());
    trainer.fit(&data(), &data()).unwrap();
    let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(6));
    let file = folder.path().join("checkpoint.safetensors");
    nn::load(&model, &file).unwrap();
    let values = |model: &Mlp<f64>| {
        let mut all = Vec::new();
        nn::parameters(model, |_, p| all.extend(p.value().to_array()));
        all
    };
    assert_eq!(values(&model), values(trainer.model()));
    let info = nn::weights_info(&file).unwrap().unwrap();
    assert_eq!((&*info.version, &*info.numbers), (env!("CARGO_PKG_VERSION"), "F64"));
    assert_eq!(info.architecture, trainer.model().architecture());
}

/// What a run says of the checkpoint in a folder, less the file's name; nothing is changed.
#[track_caller]
fn refusal<M: Layer<f64>, L: Loss<f64>>(
    folder: &Path,
    trainer: Trainer<M, L, impl Optimizer<f64>>,
    data: &Dataset<f64>,
) -> String {
    let file = folder.join("checkpoint.safetensors");
    let before = fs::read(&file).unwrap();
    let mut trainer = trainer.checkpoints(folder);
    let values = |model: &M| {
        let mut all = Vec::new();
        nn::parameters(model, |_, p| all.extend(p.value().to_array()));
        all
    };
    let weights = values(trainer.model());
    let message = trainer.fit(data, data).unwrap_err().to_string();
    assert_eq!(values(trainer.model()), weights, "a refused checkpoint changes nothing");
    assert_eq!(fs::read(&file).unwrap(), before);
    message.strip_prefix(&format!("{}: ", file.display())).unwrap().to_owned()
}

#[test]
fn other_runs_checkpoints_are_refused_in_words() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let sgd = || Sgd::new(0.1).momentum(0.9);
    run(stop_after(4, trainer(sgd())).checkpoints(folder));
    let set = data();
    let other = "use another folder";
    assert_eq!(
        refusal(folder, trainer(sgd()).seed(8), &set),
        format!("the checkpoint's run has seed 9, this one 8; {other} for another run")
    );
    assert_eq!(
        refusal(folder, trainer(sgd()).batch_size(5), &set),
        format!("the checkpoint's run has batches of 4, this one 5; {other} for another run")
    );
    assert_eq!(
        refusal(folder, trainer(sgd()).metric("mse", nn::metrics::mse), &set),
        format!("the checkpoint's run has metrics [\"accuracy\"], this one [\"mse\"]; {other} for another run")
    );
    assert_eq!(
        refusal(folder, trainer(Sgd::new(0.2).momentum(0.9)), &set),
        format!("the checkpoint's run goes on with the learning rate 0.1, this one with 0.2; {other} for another run")
    );
    assert_eq!(
        refusal(folder, trainer(Adam::new(0.1)), &set),
        "optimiser state: `layers.0.weight/rule/mean` is missing, expected an array of shape [3, 2]"
    );
    let fewer = set.subset(&[0, 1, 2, 3]);
    assert_eq!(
        refusal(folder, trainer(sgd()), &fewer),
        format!("the checkpoint's run has a training set of size 11, this one 4; {other} for another run")
    );
    let moved = set.with_inputs(set.inputs().mapv(|x| x + 1e-16)).unwrap();
    assert_eq!(
        refusal(folder, trainer(sgd()), &moved),
        format!("the checkpoint's run has other training data; {other}")
    );
    let linear = Linear::new(2, 1, Init::XavierUniform, &mut ChaCha8Rng::seed_from_u64(5));
    assert_eq!(
        refusal(folder, Trainer::new(linear, loss::bce_with_logits, sgd()).seed(9).batch_size(4), &set),
        "`weight` is missing from the file; the model has shape [1, 2]"
    );
    let sigmoid = Mlp::new(&[2, 3, 1], Activation::Sigmoid, &mut ChaCha8Rng::seed_from_u64(5));
    assert_eq!(
        refusal(folder, Trainer::new(sigmoid, loss::bce_with_logits, sgd()).seed(9).batch_size(4), &set),
        r#"the weights are those of the architecture {"mlp":{"activations":["tanh","identity"],"units":[2,3,1]}}, the model's is {"mlp":{"activations":["sigmoid","identity"],"units":[2,3,1]}}"#
    );
    let file = folder.join("checkpoint.safetensors");
    let whole = fs::read(&file).unwrap();
    for length in (0..whole.len()).step_by(97) {
        fs::write(&file, &whole[..length]).unwrap();
        let message = refusal(folder, trainer(sgd()), &set);
        assert!(message.starts_with("not a weights file: "), "{length}: {message}");
    }
    nn::save(trainer(sgd()).model(), &file).unwrap();
    let message = refusal(folder, trainer(sgd()), &set);
    assert!(message.starts_with("not a weights file: its header: missing field"), "{message}");
}

#[test]
fn what_a_killed_program_left_is_swept_away() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".unfinished-abc"), "half a file").unwrap();
    fs::write(folder.path().join("notes.txt"), "kept").unwrap();
    run(runs()[0]().checkpoints(folder.path()));
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["checkpoint.safetensors", "notes.txt"]);
}

#[test]
fn masks_and_running_statistics_go_on_too() {
    let build = || {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let model = nn::Sequential::new()
            .then(Linear::new(2, 6, Init::XavierUniform, &mut rng))
            .then(nn::BatchNorm1d::new(6))
            .then(Activation::Tanh)
            .then(nn::Dropout::new(0.3, &mut rng))
            .then(Linear::new(6, 1, Init::XavierUniform, &mut rng));
        let trainer = Trainer::new(model, loss::bce_with_logits, Adam::new(0.1)).epochs(3).batch_size(4).seed(9);
        trainer.early_stopping(1)
    };
    let ending =
        |steps: Option<usize>, folder: &Path| {
            let mut trainer = build().checkpoints(folder);
            if let Some(steps) = steps {
                trainer = trainer.on_step(move |step, _| {
                    if step.step == steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
            }
            let history = trainer.fit(&data(), &data()).unwrap();
            let mut bits: Vec<u64> = Vec::new();
            nn::parameters(trainer.model(), |_, p| bits.extend(p.value().view().iter().map(|x| x.to_bits())));
            nn::buffers(trainer.model(), |_, b| bits.extend(b.value().view().iter().map(|x| x.to_bits())));
            bits.extend(history.columns().iter().flat_map(|(_, column)| column.iter().map(|x| x.to_bits())));
            (bits, nn::random_states(trainer.model()), history.steps)
        };
    let whole = ending(None, tempdir().unwrap().path());
    assert_eq!(whole.2, 9);
    for steps in 1..whole.2 {
        let folder = tempdir().unwrap();
        ending(Some(steps), folder.path());
        assert_eq!(ending(None, folder.path()), whole, "stopped after {steps} steps");
    }
}
