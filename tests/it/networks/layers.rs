//! Every layer: derivatives, batches item by item, modes, summaries.

use std::cell::RefCell;

use autodiff::{Real, Tape, Tensor};
use ndarray::{ArrayD, Axis};
use nn::{Activation, Layer, Mode, RandomState};
use tests::all_close;

use super::cases::{LayerCase, layers};
use super::harness::{Derivatives, check, derivatives, numbers};

/// The values of the input, then of all parameters.
fn point(case: &LayerCase<f64>) -> Vec<f64> {
    let inputs: usize = case.input.iter().product();
    let mut at = numbers(inputs + nn::count(&case.layer), 0);
    // Parameters near where they start: positive scales stay positive.
    let mut place = inputs;
    nn::parameters(&case.layer, |_, p| {
        for w in &p.value().to_array() {
            at[place] = f64::from((w + 0.1 * at[place]) as f32);
            place += 1;
        }
    });
    at
}

/// A scalar function of the input and all parameters, differentiated, with the generators where they stood at first.
fn evaluate<T: Real>(case: &mut LayerCase<T>, states: &States, order: usize, at: &[f64]) -> Derivatives {
    let (layer, input) = (&mut *case.layer, &case.input);
    nn::restore_random_states(layer, states).unwrap();
    let (x, mut weights) = at.split_at(input.iter().product());
    let array = |shape: &[usize], values: &[f64]| {
        ArrayD::from_shape_vec(shape, values.iter().map(|&x| T::of(x)).collect()).unwrap()
    };
    nn::parameters(layer, |_, p| {
        let (own, rest) = weights.split_at(p.value().len());
        weights = rest;
        let values = array(p.value().shape(), own);
        p.set(values);
    });
    let tape = Tape::new();
    nn::watch(layer, &tape);
    let mut leaves = vec![tape.tensor(array(input, x))];
    nn::parameters(layer, |_, p| leaves.push(p.tensor().clone()));
    let y = layer.forward(&leaves[0]);
    // Nonlinear, so that a linear layer has second derivatives too.
    let weights = array(y.shape(), &numbers(y.len(), 5));
    derivatives(order, &tape, &(y.sin() * Tensor::constant(weights)).sum(), &leaves)
}

type States = [(String, RandomState)];

fn check_case(mut double: LayerCase<f64>, mut single: LayerCase<f32>, mode: Mode) {
    set(&mut *double.layer, mode);
    set(&mut *single.layer, mode);
    let (at, name) = (point(&double), format!("{} {mode:?}", double.name));
    let states = nn::random_states(&double.layer);
    assert_eq!(states, nn::random_states(&single.layer), "{name}");
    let (double, single) = (RefCell::new(double), RefCell::new(single));
    check(
        &name,
        &at,
        |order, at| evaluate(&mut double.borrow_mut(), &states, order, at),
        |order, at| evaluate(&mut single.borrow_mut(), &states, order, at),
    );
}

#[test]
fn derivatives_of_first_and_second_order_in_both_precisions() {
    for mode in [Mode::Eval, Mode::Train] {
        for (double, single) in layers().into_iter().zip(layers()) {
            check_case(double, single, mode);
        }
    }
}

#[test]
#[should_panic(expected = "straight through Eval: gradient[0]")]
fn what_is_no_derivative_is_noticed() {
    fn case<T: Real>() -> LayerCase<T> {
        let layer = Box::new(Activation::HeavisideStraightThrough);
        LayerCase { name: "straight through".to_owned(), layer, input: vec![2, 2] }
    }
    check_case(case(), case(), Mode::Eval);
}

fn set<T: Real>(layer: &mut dyn Layer<T>, mode: Mode) {
    match mode {
        Mode::Train => nn::train_mode(layer),
        Mode::Eval => nn::eval_mode(layer),
    }
}

/// The output for an input that is made of numbers, in a mode.
fn output(case: &mut LayerCase<f64>, mode: Mode) -> ArrayD<f64> {
    set(&mut *case.layer, mode);
    case.layer.forward(&input(case)).to_array()
}

fn input(case: &LayerCase<f64>) -> Tensor<f64> {
    let values = numbers(case.input.iter().product(), 6);
    Tensor::constant(ArrayD::from_shape_vec(&case.input[..], values).unwrap())
}

/// Whether the case holds a layer that looks at the batch as a whole or draws at random while it is trained.
fn differs_in_training(case: &LayerCase<f64>) -> bool {
    ["BatchNorm1d", "Dropout", "Sequential"].iter().any(|name| case.name.starts_with(name))
}

#[test]
fn modes_differ_only_where_they_must() {
    for mut case in layers::<f64>() {
        let differs = differs_in_training(&case);
        assert_eq!(nn::mode(&case.layer), differs.then_some(Mode::Eval), "{}: a new layer", case.name);
        let before = output(&mut case, Mode::Eval);
        let trained = output(&mut case, Mode::Train);
        assert_eq!(before != trained, differs, "{}", case.name);
        if differs {
            assert_eq!(nn::mode(&case.layer), Some(Mode::Train), "{}", case.name);
        }
        assert_eq!(output(&mut case, Mode::Eval), output(&mut case, Mode::Eval), "{}: a function", case.name);
    }
}

#[test]
fn a_batch_is_its_items_one_by_one() {
    for mode in [Mode::Eval, Mode::Train] {
        for mut case in layers::<f64>() {
            if mode == Mode::Train && differs_in_training(&case) {
                continue;
            }
            let (all, x) = (output(&mut case, mode), input(&case));
            for item in 0..case.input[0] {
                let one = case.layer.forward(&x.narrow(0, item..item + 1)).to_array();
                let what = format!("{} {mode:?}, item {item}", case.name);
                all_close(what, one.index_axis(Axis(0), 0), all.index_axis(Axis(0), item), 1e-14);
            }
        }
    }
}

#[test]
fn a_summary_changes_nothing_and_counts_everything() {
    for mut case in layers::<f64>() {
        set(&mut *case.layer, Mode::Train);
        let state = |layer: &dyn Layer<f64>| {
            let mut buffers = Vec::new();
            nn::buffers(layer, |name, buffer| buffers.push((name.to_owned(), buffer.value().to_array())));
            (nn::random_states(layer), nn::mode(layer), buffers)
        };
        let before = state(&*case.layer);
        let summary = nn::summary(&case.layer, &case.input);
        assert_eq!(state(&*case.layer), before, "{}", case.name);
        let want = output(&mut case, Mode::Eval);
        assert_eq!(summary.rows[0].shape.as_deref(), Some(want.shape()), "{}", case.name);
        assert_eq!(summary.parameters, nn::count(&case.layer), "{}", case.name);
        assert_eq!(summary.rows.iter().map(|row| row.parameters).sum::<usize>(), summary.parameters, "{}", case.name);
        assert!(summary.rows.iter().all(|row| row.shape.is_some()), "{}: all inner layers are traced", case.name);
    }
}

#[test]
fn a_weights_file_holds_all_that_forward_needs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    for (mut saved, mut fresh) in layers::<f64>().into_iter().zip(layers::<f64>()) {
        let name = saved.name.clone();
        // Statistics and weights that are not those of a new layer.
        output(&mut saved, Mode::Train);
        nn::parameters(&*saved.layer, |_, p| p.map(|w| w + 0.25));
        nn::save(&saved.layer, &file).unwrap();
        nn::load(&fresh.layer, &file).unwrap();
        assert_eq!(output(&mut fresh, Mode::Eval), output(&mut saved, Mode::Eval), "{name}");
    }
}
