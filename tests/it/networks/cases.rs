//! The tables of cases, generic over the number type.

use autodiff::tensor::{Conv, Pool};
use autodiff::{Real, Tensor};
use ndarray::{Array1, Array2};
use nn::loss::{self, Loss};
use nn::{
    Activation, AvgPool2d, BasisFunctions, BatchNorm1d, Conv2d, Dag, Dropout, Flatten, Init, Layer, LayerNorm, Linear,
    LogVariance, MaxPool2d, Mlp, Reduction, Reshape, Residual, Sequential,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::harness::numbers;

/// A layer, named by its type and what is special about it, with an input's shape.
pub(crate) struct LayerCase<T: Real> {
    pub(crate) name: String,
    pub(crate) layer: Box<dyn Layer<T>>,
    pub(crate) input: Vec<usize>,
}

/// A loss with outputs and targets.
pub(crate) struct LossCase<T: Real> {
    pub(crate) name: &'static str,
    pub(crate) loss: Box<dyn Loss<T>>,
    pub(crate) y: Tensor<T>,
    pub(crate) t: Tensor<T>,
}

fn of<T: Real>(numbers: &[f64]) -> Array1<T> {
    numbers.iter().map(|&x| T::of(x)).collect()
}

/// One case or more of every layer.
pub(crate) fn layers<T: Real>() -> Vec<LayerCase<T>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let init = Init::XavierNormal;
    let mut cases: Vec<LayerCase<T>> = Vec::new();
    let mut case = |name: &str, input: &[usize], layer: Box<dyn Layer<T>>| {
        cases.push(LayerCase { name: name.to_owned(), layer, input: input.to_vec() });
    };
    // The straight-through estimator is no derivative.
    let smooth = Activation::ALL.into_iter().filter(|&a| a != Activation::HeavisideStraightThrough);
    for activation in smooth.chain([Activation::LeakyRelu(0.3), Activation::Elu(0.7)]) {
        case(&format!("Activation {activation}"), &[3, 4], Box::new(activation));
    }
    case("Linear", &[3, 2], Box::new(Linear::new(2, 4, init, rng)));
    case("Linear without bias", &[3, 2], Box::new(Linear::new(2, 4, init, rng).without_bias()));
    case("Mlp", &[3, 2], Box::new(Mlp::new(&[2, 4, 3, 2], Activation::Tanh, rng)));
    case("BatchNorm1d", &[4, 3], Box::new(BatchNorm1d::new(3)));
    case("BatchNorm1d with places", &[2, 3, 2], Box::new(BatchNorm1d::new(3)));
    case("BatchNorm1d of pictures", &[2, 2, 2, 3], Box::new(BatchNorm1d::new(2)));
    case("LayerNorm", &[2, 4], Box::new(LayerNorm::new(&[4])));
    case("LayerNorm over two axes", &[2, 2, 3], Box::new(LayerNorm::new(&[2, 3])));
    case("Dropout", &[3, 4], Box::new(Dropout::new(0.4, rng)));
    case("Flatten", &[2, 3, 2], Box::new(Flatten));
    case("Reshape", &[2, 6], Box::new(Reshape::new(&[3, 2])));
    case("LogVariance", &[3, 2], Box::new(LogVariance::new(2)));
    case("BasisFunctions polynomial", &[2, 3], Box::new(BasisFunctions::polynomial(3, 3)));
    let centres = Array2::from_shape_vec((2, 3), of::<T>(&numbers(6, 4)).to_vec()).unwrap();
    case("BasisFunctions Gaussian", &[2, 3], Box::new(BasisFunctions::gaussian(centres, 0.8)));
    case("BasisFunctions sigmoid", &[2, 3], Box::new(BasisFunctions::sigmoid(of(&[-0.5, 0.5]), 0.3)));
    let conv = Conv2d::new(2, 3, [2, 3], init, rng).how(Conv::new().stride([1, 2]).padding([0, 1]));
    case("Conv2d", &[2, 2, 3, 4], Box::new(conv));
    let conv = Conv2d::new(1, 4, [2, 2], init, rng).how(Conv::new().groups(2).dilation([1, 2])).without_bias();
    case("Conv2d in groups without bias", &[2, 2, 3, 3], Box::new(conv));
    case("MaxPool2d", &[2, 2, 3, 4], Box::new(MaxPool2d(Pool::new([2, 2]).stride(1))));
    case("AvgPool2d", &[2, 2, 3, 4], Box::new(AvgPool2d(Pool::new([2, 2]).padding([1, 0]))));
    case("Residual", &[3, 2], Box::new(Residual::new(Mlp::new(&[2, 3, 2], Activation::Gelu, rng))));
    let shortcut = Residual::new(Activation::Silu).shortcut(Linear::new(2, 2, init, rng).without_bias());
    case("Residual with a shortcut", &[3, 2], Box::new(shortcut));
    let dag = Dag::builder()
        .concat("y", &["input", "a", "b"], Linear::new(6, 1, init, rng))
        .sum("b", &["input", "a"], Activation::Sigmoid)
        .concat("a", &["input"], Mlp::new(&[2, 3, 2], Activation::Tanh, rng));
    case("Dag", &[3, 2], Box::new(dag.build("y").unwrap()));
    let model = Sequential::new()
        .then(Linear::new(3, 4, init, rng))
        .then(BatchNorm1d::new(4))
        .then(Activation::Tanh)
        .then(Dropout::new(0.3, rng))
        .then(Linear::new(4, 2, init, rng));
    case("Sequential", &[4, 3], Box::new(model));
    cases
}

/// One case or more of every loss, each a scalar.
pub(crate) fn losses<T: Real>() -> Vec<LossCase<T>> {
    let sum = Reduction::Sum;
    let array = |shape: &[usize], numbers: &[f64]| Tensor::from(of::<T>(numbers)).reshape(shape).detach();
    let real = array(&[3, 4], &numbers(12, 1));
    let target = array(&[3, 4], &numbers(12, 2));
    let signs = array(&[3, 4], &[1.0, -1.0, -1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, 1.0, -1.0]);
    let binary = array(&[3, 4], &[1.0, 0.0, 0.25, 1.0, 0.0, 0.5, 0.0, 1.0, 1.0, 0.0, 0.75, 0.0]);
    let classes = array(&[3], &[2.0, 0.0, 3.0]);
    let counts = array(&[3, 4], &[1.0, 0.0, 2.0, 3.0, 0.0, 5.0, 1.0, 1.0, 4.0, 2.0, 0.0, 1.0]);
    let one_hot = array(&[3, 4], &[0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let rows = target.softmax(1);
    let probabilities = real.softmax(1);
    let weights = [0.5, 2.0, 1.0, 1.5];
    let mut cases: Vec<LossCase<T>> = Vec::new();
    let mut case = |name, y: &Tensor<T>, t: &Tensor<T>, loss: Box<dyn Loss<T>>| {
        cases.push(LossCase { name, loss, y: y.clone(), t: t.clone() });
    };
    case("squared_error", &real, &target, Box::new(loss::squared_error));
    case("bce", &probabilities, &binary, Box::new(loss::bce));
    case("bce_with_logits", &real, &binary, Box::new(loss::bce_with_logits));
    case("cross_entropy", &probabilities, &rows, Box::new(loss::cross_entropy));
    case("softmax_cross_entropy", &real, &rows, Box::new(loss::softmax_cross_entropy));
    case("hinge", &real, &signs, Box::new(loss::hinge));
    case("squared_hinge", &real, &signs, Box::new(loss::squared_hinge));

    let (of_logits, of_probabilities) = (loss::CrossEntropy::from_logits, loss::CrossEntropy::from_probabilities);
    case("CrossEntropy summed", &real, &rows, Box::new(of_logits().reduction(sum)));
    case("CrossEntropy of rows of probabilities", &probabilities, &rows, Box::new(of_probabilities().reduction(sum)));
    let (of_logits, of_probabilities) =
        (loss::BinaryCrossEntropy::from_logits, loss::BinaryCrossEntropy::from_probabilities);
    case("BinaryCrossEntropy summed", &real, &binary, Box::new(of_logits().reduction(sum)));
    case(
        "BinaryCrossEntropy of probabilities summed",
        &probabilities,
        &binary,
        Box::new(of_probabilities().reduction(sum)),
    );
    case("HalfSquaredError summed", &real, &target, Box::new(loss::HalfSquaredError::new().reduction(sum)));
    case("Hinge summed", &real, &signs, Box::new(loss::Hinge::new().reduction(sum)));
    case("SquaredHinge summed", &real, &signs, Box::new(loss::SquaredHinge::new().reduction(sum)));
    case("HalfSquaredError", &real, &target, Box::new(loss::HalfSquaredError::new()));
    case("AbsoluteError", &real, &target, Box::new(loss::AbsoluteError::new().reduction(sum)));
    case("Huber", &real, &target, Box::new(loss::Huber::new(0.6)));
    case("GaussianNll", &real, &array(&[3, 2], &numbers(6, 3)), Box::new(loss::GaussianNll::new().reduction(sum)));
    case("BinaryCrossEntropy", &real, &binary, Box::new(loss::BinaryCrossEntropy::from_logits()));
    let weighted = loss::BinaryCrossEntropy::from_logits().pos_weight(&weights).label_smoothing(0.1);
    case("BinaryCrossEntropy with weights", &real, &binary, Box::new(weighted));
    let weighted = loss::BinaryCrossEntropy::from_probabilities().pos_weight(&[2.0]);
    case("BinaryCrossEntropy of probabilities", &probabilities, &binary, Box::new(weighted));
    let options = loss::CrossEntropy::from_logits().label_smoothing(0.1).class_weights(&weights);
    case("CrossEntropy", &real, &classes, Box::new(loss::CrossEntropy::from_logits()));
    case("CrossEntropy with options", &real, &classes, Box::new(options.clone().ignore(0)));
    case("CrossEntropy of rows", &real, &rows, Box::new(options));
    let from_probabilities = loss::CrossEntropy::from_probabilities().reduction(sum);
    case("CrossEntropy of probabilities", &probabilities, &classes, Box::new(from_probabilities));
    case("Hinge", &real, &signs, Box::new(loss::Hinge::new()));
    case("SquaredHinge", &real, &signs, Box::new(loss::SquaredHinge::new()));
    case("MultiHinge", &real, &classes, Box::new(loss::MultiHinge::new()));
    let squared = loss::MultiHinge::new().squared().margin(0.7).class_weights(&weights);
    case("MultiHinge squared", &real, &one_hot, Box::new(squared));
    case("Poisson", &real, &counts, Box::new(loss::Poisson::from_log_rates().with_constant()));
    case("Poisson of rates", &probabilities, &counts, Box::new(loss::Poisson::from_rates()));
    case("KullbackLeibler", &real, &rows, Box::new(loss::KullbackLeibler::from_logits()));
    let from_probabilities = loss::KullbackLeibler::from_probabilities();
    case("KullbackLeibler of probabilities", &probabilities, &rows, Box::new(from_probabilities));
    let logarithms = probabilities.ln();
    let from_logarithms = loss::KullbackLeibler::from_log_probabilities();
    case("KullbackLeibler of logarithms", &logarithms, &rows, Box::new(from_logarithms));
    cases
}
