//! Parameters are listed once: what is listed twice is shared, what has one name with another or is not listed is refused.

use autodiff::{Tape, Tensor};
use ndarray::{ArrayD, array};
use nn::{
    Activation, Adam, Batch, BatchNorm1d, BatchNorm2d, Buffer, Dag, Dataset, Dropout, Embedding, Init, Layer, Linear,
    Mlp, Mode, Optimizer, Param, Reshape, Residual, Sequential, Sgd, Trainer, Visit, loss,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{panics, raises_here, values_of};

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn line() -> Dataset<f64> {
    Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]]).unwrap()
}

/// `b (a x)`, with names and places to be chosen.
#[derive(Clone)]
struct Scales {
    a: Param<f64>,
    b: Param<f64>,
    names: [&'static str; 2],
    listed: usize,
}

impl Scales {
    fn new(names: [&'static str; 2], listed: usize) -> Self {
        Self { a: Param::new(array![1.0]), b: Param::new(array![2.0]), names, listed }
    }
}

impl Layer<f64> for Scales {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x * self.a.tensor() * self.b.tensor()
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        [&self.a, &self.b].into_iter().zip(self.names).take(self.listed).for_each(|(param, name)| v.param(name, param));
    }
}

/// One layer in two places: `inner(inner(x))`.
#[derive(Clone)]
struct Tied(Linear<f64>);

impl Layer<f64> for Tied {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.0.forward(&self.0.forward(x))
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("first", &self.0);
        v.layer("second", &self.0);
    }
}

/// Two things under one name.
struct Both(Param<f64>, Buffer<f64>);
impl Layer<f64> for Both {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x * self.0.tensor() + self.1.value()
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("scale", &self.0);
        v.buffer("scale", &self.1);
    }
}

/// Parameters on the heap, the first of which is listed.
struct Many(Vec<Param<f64>>);
impl Layer<f64> for Many {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        self.0.iter().fold(x.clone(), |x, scale| x * scale.tensor())
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("first", &self.0[0]);
    }
}

/// A layer that says nothing of copies.
struct Plain;
impl Layer<f64> for Plain {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x.clone()
    }
    fn visit(&self, _: &mut Visit<'_, f64>) {}
}

/// One parameter under two names.
struct Twice(Param<f64>);
impl Layer<f64> for Twice {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x * self.0.tensor()
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("scale", &self.0);
        v.param("again", &self.0);
    }
}

#[test]
fn a_layer_in_two_places_is_updated_counted_and_saved_once() {
    let fresh = || Tied(Linear::from_weights(array![[0.5]], array![1.0]));
    assert_eq!(nn::names(&fresh()), ["first.weight", "first.bias"]);
    assert_eq!(nn::count(&fresh()), 2);
    // Both uses count in the gradient: w (w x + b) + b.
    let model = fresh();
    let gradient = nn::param_grad(&model, |model| model.forward(&array![[3.0]].into()).sum()).unwrap();
    assert_eq!([gradient[0].item(), gradient[1].item()], [2.0 * 0.5 * 3.0 + 1.0, 1.5]);
    // It is changed once a step, by every optimiser.
    let mut sgd = Sgd::new(0.1);
    sgd.step_with(&model, &gradient).unwrap();
    assert_eq!(model.0.weight().value().item(), 0.5 - 0.1 * 4.0);
    Adam::new(0.1).step_with(&model, &gradient).unwrap();
    let mut trainer =
        Trainer::new(fresh(), loss::squared_error, Adam::new(0.05)).epochs(300).full_batch().progress(false);
    let data = Dataset::new(array![[0.0], [1.0]], array![[3.0], [7.0]]).unwrap();
    assert!(trainer.fit(&data, &data).unwrap().last().unwrap().train_loss < 1e-3);
    // It is saved once, and read back.
    let file = std::env::temp_dir().join(format!("tied-{}.safetensors", std::process::id()));
    nn::save(trainer.model(), &file).unwrap();
    let other = fresh();
    nn::load(&other, &file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(other.0.weight().value().item(), trainer.model().0.weight().value().item());
    nn::check::model(&other, |model| model.forward(&array![[3.0]].into()).sum()).assert_pass();
}

#[test]
fn one_parameter_listed_twice_is_one() {
    let model = Twice(Param::new(array![2.0]));
    assert_eq!((nn::names(&model), nn::count(&model)), (vec!["scale".to_owned()], 1));
    for mut optimizer in [Box::new(Sgd::new(0.5)) as Box<dyn Optimizer<f64>>, Box::new(Adam::new(0.5))] {
        let before = model.0.value().item();
        optimizer.step_with(&model, &[Tensor::constant(array![1.0])]).unwrap();
        assert!((before - 0.5 - model.0.value().item()).abs() < 1e-6);
    }
}

#[test]
fn two_things_under_one_name_are_refused_before_anything_happens() {
    let wrong = "the model has two things called `scale`; in a layer's `visit` each needs a name of its own";
    let model = Scales::new(["scale", "scale"], 2);
    let mut sgd = Sgd::new(0.1);
    assert_eq!(sgd.step_with(&model, &[array![1.0].into(), array![1.0].into()]).unwrap_err().to_string(), wrong);
    let file = std::env::temp_dir().join(format!("same-{}.safetensors", std::process::id()));
    assert_eq!(nn::save(&model, &file).unwrap_err().to_string(), wrong);
    assert!(!file.exists());
    assert_eq!(nn::load(&model, &file).unwrap_err().to_string(), wrong);
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).progress(false);
    assert_eq!(trainer.fit(&line(), &line()).unwrap_err().to_string(), wrong);
    assert_eq!(trainer.model().a.value().item(), 1.0);

    // A buffer too.
    let model = Both(Param::new(array![1.0]), Buffer::new(array![1.0]));
    assert_eq!(nn::save(&model, &file).unwrap_err().to_string(), wrong);
}

#[test]
fn a_parameter_that_is_used_but_not_listed_is_refused() {
    let wrong = "computes with a parameter of shape [1] that its `visit` does not list, so it would never be trained; list it \
                 (`v.param(\"name\", &self.name)`), or compute with its `value()` if it is a constant";
    let fit = |model| Trainer::new(model, loss::squared_error, Sgd::new(0.1)).progress(false).fit(&line(), &line());
    assert_eq!(fit(Scales::new(["a", "b"], 1)).unwrap_err().to_string(), format!("`Scales` {wrong}"));
    // The innermost layer is named; so it is where other functions differentiate.
    let inner = || Sequential::new().then(Activation::Identity).then(Scales::new(["a", "b"], 1));
    let mut trainer = Trainer::new(inner(), loss::squared_error, Sgd::new(0.1)).progress(false);
    assert_eq!(trainer.fit(&line(), &line()).unwrap_err().to_string(), format!("`Scales` {wrong}"));
    let x = Tensor::constant(array![[1.0]]);
    let error = nn::param_grad(&inner(), |model| model.forward(&x).sum()).unwrap_err();
    assert_eq!(error.to_string(), format!("`Scales` {wrong}"));
    let error = nn::Lbfgs::new().fit(&inner(), |model| model.forward(&x).square().sum()).unwrap_err();
    assert_eq!(error.to_string(), format!("`Scales` {wrong}"));

    // On the heap it lies in no layer's memory.
    let many = Many(vec![Param::new(array![1.0]), Param::new(array![1.0])]);
    let mut trainer = Trainer::new(many, loss::squared_error, Sgd::new(0.1)).progress(false);
    assert_eq!(trainer.fit(&line(), &line()).unwrap_err().to_string(), format!("`Many` {wrong}"));

    // Another model in an objective is a constant, as a teacher is.
    let teacher = Linear::from_weights(array![[2.0]], array![1.0]);
    let objective = move |model: &Linear<f64>, batch: &Batch<f64>| {
        (model.forward(batch.inputs()) - teacher.forward(batch.inputs())).square().mean()
    };
    let model = Linear::from_weights(array![[0.0]], array![0.0]);
    let mut trainer = Trainer::objective(model, objective, Sgd::new(0.1)).epochs(200).full_batch().progress(false);
    assert!(trainer.fit(&line(), &line()).unwrap().last().unwrap().train_loss < 1e-3);
}

#[test]
fn a_clone_has_parameters_of_its_own() {
    let mut rng = rng();
    let mlp = Mlp::<f64>::new(&[2, 3, 2], Activation::Tanh, &mut rng);
    let dag = Dag::builder().concat("y", &["input"], mlp.clone()).build("y").unwrap();
    let model = Sequential::new()
        .then(dag.clone())
        .then(Residual::new(mlp.clone()))
        .then(BatchNorm1d::new(2))
        .then(Dropout::new(0.5, &mut rng))
        .then(Reshape::new(&[1, 1, 2]))
        .then(BatchNorm2d::new(1))
        .then(nn::Conv2d::new(1, 1, [1, 1], Init::XavierUniform, &mut rng))
        .then(nn::Flatten)
        .then(nn::LayerNorm::new(&[2]))
        .then(Box::new(Linear::new(2, 1, Init::XavierUniform, &mut rng)) as Box<dyn Layer<f64>>);
    let x = Tensor::constant(array![[0.3, -0.2], [0.1, 0.7]]);
    nn::train_mode(&model);
    let copy = model.clone();
    // The same numbers, drawn ones too; then each goes its own way.
    assert_eq!(model.forward(&x).view(), copy.forward(&x).view());
    nn::eval_mode(&copy);
    let before = model.forward(&x).to_array();
    nn::parameters(&copy, |_, param| param.map(|w| w + 1.0));
    assert_eq!(nn::mode(&model), Some(Mode::Train));
    assert_ne!(copy.forward(&x).to_array(), before);
    assert_eq!(nn::names(&model), nn::names(&copy));
    assert!(values_of(&model).iter().zip(values_of(&copy)).all(|(a, b)| (b - a - 1.0).abs() < 1e-12));

    // A watched parameter's clone is on no tape.
    let (tape, linear) = (Tape::new(), Linear::from_weights(array![[1.0]], array![0.0]));
    nn::watch(&linear, &tape);
    assert!(linear.weight().tensor().is_tracked() && !linear.clone().weight().tensor().is_tracked());

    // A layer that says nothing of copies is refused, by name.
    let text = panics(|| Sequential::new().then(Plain).clone()).unwrap();
    assert_eq!(text, "`Plain` cannot be copied: give its `Layer` the method `boxed`, `Some(Box::new(self.clone()))`");
}

#[test]
fn parameters_are_lent_and_come_back() {
    let model = Linear::from_weights(array![[2.0]], array![1.0]);
    let tape = Tape::new();
    let lent = [tape.tensor(array![[3.0]]), tape.tensor(array![0.0])];
    let y = nn::with_parameters(&model, &lent, |model| model.forward(&array![[5.0]].into()).sum());
    assert_eq!(y.item(), 15.0);
    assert_eq!(y.backward().wrt(&lent[0]), array![[5.0]].into_dyn());
    assert_eq!(model.weight().value().item(), 2.0);
    assert!(!model.weight().tensor().is_tracked());
    // They come back on a panic, watched as they were.
    let tape = Tape::new();
    nn::watch(&model, &tape);
    assert!(panics(|| nn::with_parameters(&model, &lent, |_| panic!("inside"))).is_some());
    assert_eq!(model.weight().tensor().item(), 2.0);
    assert!(model.weight().tensor().is_tracked());
    // An inner step by hand, second order: w' = w - 0.1 dL/dw, and the outer gradient through it.
    let outer = |model: &Linear<f64>| {
        let at = |model: &Linear<f64>, x: f64| model.forward(&array![[x]].into()).square().sum();
        let inner = [model.weight().tensor(), model.bias().tensor()];
        let slopes = at(model, 1.0).grad(&[&inner[0], &inner[1]]);
        let moved: Vec<_> = inner.iter().zip(&slopes).map(|(w, g)| w - g * 0.1).collect();
        nn::with_parameters(model, &moved, |model| at(model, 2.0))
    };
    let fresh = || Linear::from_weights(array![[0.7]], array![-0.2]);
    // w' = w - 0.2 (w + b), b' = b - 0.2 (w + b), L = (2 w' + b')².
    let (w, b) = (0.7, -0.2);
    let value = 2.0 * (w - 0.2 * (w + b)) + b - 0.2 * (w + b);
    let gradient = nn::param_grad(&fresh(), outer).unwrap();
    let expected = [2.0 * value * (2.0 * 0.8 - 0.2), 2.0 * value * (-0.4 + 0.8)];
    assert!((gradient[0].item() - expected[0]).abs() < 1e-14 && (gradient[1].item() - expected[1]).abs() < 1e-14);

    let wrong = |tensors: &[Tensor<f64>]| {
        let call = || nn::with_parameters(&model, tensors, |_| ());
        let text = panics(call).unwrap();
        raises_here(call, &text);
        text
    };
    assert_eq!(wrong(&[]), "with_parameters: 0 tensors given for 2 parameters");
    let shape = "with_parameters: the tensor of `weight` has shape [2], the parameter [1, 1]";
    assert_eq!(wrong(&[Tensor::zeros(&[2]), Tensor::zeros(&[1])]), shape);
}

#[test]
fn a_parameter_set_to_a_recorded_tensor_keeps_it() {
    let (tape, w) = (Tape::new(), Param::new(array![1.0]));
    let x = tape.tensor(array![3.0]);
    w.set(x.square());
    let y = w.tensor() * 2.0;
    assert_eq!((y.item(), y.sum().backward().wrt(&x)), (18.0, array![12.0].into_dyn()));
    drop(tape);
    assert_eq!((w.value().item(), w.tensor().is_tracked()), (9.0, false));
    let call = || w.set(array![1.0, 2.0]);
    let text = "Param: the new values have shape [2], the parameter [1]; a parameter keeps its shape";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
}

#[test]
fn optimisers_take_sums_of_gradients_and_bare_lists() {
    let gradient = |x: f64| {
        let model = Linear::from_weights(array![[2.0]], array![0.5]);
        nn::param_grad(&model, |model| model.forward(&array![[x]].into()).square().sum()).unwrap()
    };
    // Accumulated over two parts, a step is that of the sum.
    let (whole, parts) =
        (Linear::from_weights(array![[2.0]], array![0.5]), Linear::from_weights(array![[2.0]], array![0.5]));
    let x = Tensor::constant(array![[1.0], [3.0]]);
    let both = nn::param_grad(&whole, |model| model.forward(&x).square().sum()).unwrap();
    let sum: Vec<_> = gradient(1.0).iter().zip(&gradient(3.0)).map(|(a, b)| a + b).collect();
    let (mut one, mut two) = (Adam::new(0.1), Adam::new(0.1));
    for _ in 0..3 {
        one.step_with(&whole, &both).unwrap();
        two.step_with(&parts, &sum).unwrap();
    }
    assert_eq!(whole.weight().value().view(), parts.weight().value().view());
    let error = one.step_with(&whole, &both[..1]).unwrap_err().to_string();
    assert_eq!(error, "step_with: 1 gradients given for 2 parameters");

    let list = vec![Param::new(array![3.0, 4.0]), Param::new(array![[1.0]])];
    assert_eq!(nn::names(&list), ["0", "1"]);
    let mut sgd = Sgd::new(0.5).momentum(0.9);
    for _ in 0..200 {
        let g = nn::param_grad(&list, |w| w[0].tensor().square().sum() * 0.1 + w[1].tensor().square().sum()).unwrap();
        sgd.step_with(&list, &g).unwrap();
    }
    assert!(list.iter().all(|w| w.value().abs().view().iter().all(|w| *w < 1e-3)));
}

#[test]
fn an_embedding_changes_the_rows_it_was_asked_for() {
    let rows = |array: &ArrayD<f64>| array.outer_iter().map(|row| row.sum()).collect::<Vec<_>>();
    for (name, mut optimizer) in [
        ("sgd", Box::new(Sgd::new(0.1).momentum(0.9).weight_decay(0.1)) as Box<dyn Optimizer<f64>>),
        ("adam", Box::new(Adam::new(0.1))),
        ("adamw", Box::new(nn::AdamW::new(0.1).weight_decay(0.1))),
    ] {
        let table = Embedding::from_weights(array![[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]);
        let step = |optimizer: &mut dyn Optimizer<f64>, ids: &[usize]| {
            let tape = Tape::new();
            nn::watch(&table, &tape);
            let loss = table.lookup(&ndarray::Array1::from(ids.to_vec())).square().sum();
            optimizer.step(&table, &loss.backward()).unwrap();
        };
        step(&mut *optimizer, &[1, 3, 1]);
        let once = table.weight().value().to_array();
        assert_eq!((rows(&once)[0], rows(&once)[2]), (2.0, 6.0), "{name}");
        assert!(rows(&once)[1] < 4.0 && rows(&once)[3] < 8.0, "{name}");
        // Memory does not move what is not used either.
        step(&mut *optimizer, &[0]);
        let twice = table.weight().value().to_array();
        assert_eq!(rows(&once)[1..], rows(&twice)[1..], "{name}");
    }
    // For all rows at once it is the dense step, bit for bit.
    let tables = [(); 2].map(|()| Embedding::from_weights(array![[1.0, -1.0], [2.0, 0.5]]));
    let mut optimizers = [(); 2].map(|()| Adam::new(0.1).weight_decay(0.01));
    for _ in 0..3 {
        let g = nn::param_grad(&tables[0], |table| table.lookup(&array![0, 1, 1]).square().sum()).unwrap();
        optimizers[0].step_with(&tables[0], &g).unwrap();
        let tape = Tape::new();
        nn::watch(&tables[1], &tape);
        let loss = tables[1].lookup(&array![0, 1, 1]).square().sum();
        optimizers[1].step(&tables[1], &loss.backward()).unwrap();
    }
    assert_eq!(tables[0].weight().value().view(), tables[1].weight().value().view());
    // Plain descent on few rows of a large table, too.
    let tables = [(); 2]
        .map(|()| Embedding::from_weights(ndarray::Array2::from_shape_fn((40, 3), |(i, j)| (i + j) as f64 * 0.1)));
    for ids in [array![1, 3, 1], array![39, 0, 1]] {
        let g = nn::param_grad(&tables[0], |table| table.lookup(&ids).powi(3).sum()).unwrap();
        tables[0].weight().update(&g[0], |w, g| w - 0.1 * g);
        let tape = Tape::new();
        nn::watch(&tables[1], &tape);
        let loss = tables[1].lookup(&ids).powi(3).sum();
        Sgd::new(0.1).step(&tables[1], &loss.backward()).unwrap();
        assert_eq!(tables[0].weight().value().view(), tables[1].weight().value().view());
    }
    // A tied use of the whole table makes the step dense.
    let table = Embedding::from_weights(array![[1.0], [2.0]]);
    let tape = Tape::new();
    nn::watch(&table, &tape);
    let loss = table.lookup(&array![0]).sum() + table.weight().tensor().sum();
    Sgd::new(1.0).step(&table, &loss.backward()).unwrap();
    assert_eq!(table.weight().value().to_array(), array![[-1.0], [1.0]].into_dyn());

    nn::check::model(&table, |table| table.lookup(&array![[0, 1], [1, 1]]).powi(3).sum()).assert_pass();
    nn::check::model_hessian(&table, |table| table.lookup(&array![[0, 1], [1, 1]]).powi(3).sum()).assert_pass();
    let call = || table.lookup(&array![0, 2]);
    let text = "Embedding: id 2, number 1 of shape [2], of a table of 2";
    assert_eq!(panics(call).as_deref(), Some(text));
    raises_here(call, text);
    let text = panics(|| table.forward(&array![0.5].into())).unwrap();
    assert_eq!(text, "Embedding: the input holds 0.5, expected ids: whole numbers from 0");
}
