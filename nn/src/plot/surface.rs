//! The loss around a model's weights.

use autodiff::{Real, Tensor};
use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::map::HeatMap;
use crate::error::Result;
use crate::expect;
use crate::layer::Layer;
use crate::track::scope;
use crate::visit::{one_for_each, unnamed, values, with_parameters};

/// Colours of the picture.
const BANDS: usize = 24;

/// The loss on the plane through a model's weights `w` along two directions: `loss(w + a d₁ + b d₂)` at `samples` times
/// `samples` places with `a` and `b` from `-reach` to `reach`, as a picture with contours and a cross at `w`.
///
/// Directions have a tensor for each parameter, in the order of [`parameters`](crate::parameters): two of
/// [`random_direction`] show what kind of minimum the weights lie in, two eigenvectors of the Hessian the axes of that, and
/// the way from one model's weights to another's whether a hill is between them. The model is not
/// changed. Use an odd number of samples, so that one is at the weights; [`HeatMap::values`] has the losses, row by row
/// from `b = -reach`, and [`HeatMap::log`] shows a deep valley.
///
/// ```
/// use nn::{Activation, Layer, Mlp, data::generate, loss, plot};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let (x, t) = generate::moons::<f64>(50, 0.1, &mut rng).all();
/// let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rng);
/// let [one, two] = [(); 2].map(|()| plot::random_direction(&model, &mut rng));
/// let loss = |model: &Mlp<f64>| loss::bce_with_logits(&model.forward(&x), &t);
/// let map = plot::loss_surface("Around the start", &model, [&one, &two], 1.0, 5, loss)?;
/// assert_eq!(map.values()[(2, 2)], loss::bce_with_logits(&model.forward(&x), &t).item());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a direction lacks a tensor of its shape for a parameter.
///
/// # Panics
/// If `reach` is not a finite number above 0, or if there are fewer than 2 samples.
#[track_caller]
pub fn loss_surface<T: Real, M: Layer<T>>(
    title: impl Into<String>,
    model: &M,
    directions: [&[Tensor<T>]; 2],
    reach: f64,
    samples: usize,
    loss: impl Fn(&M) -> Tensor<T>,
) -> Result<HeatMap> {
    expect::positive("loss_surface: the reach", reach);
    assert!(samples >= 2, "loss_surface: {samples} samples along each direction, expected at least 2");
    directions.iter().try_for_each(|direction| one_for_each("loss_surface", "direction", model, direction))?;
    let start = values(model);
    let [one, two] = directions;
    let step =
        |k: usize| if 2 * k + 1 == samples { 0.0 } else { reach * (2.0 * k as f64 / (samples - 1) as f64 - 1.0) };
    let losses = Array2::from_shape_fn((samples, samples), |(row, column)| {
        let (a, b) = (T::of(step(column)), T::of(step(row)));
        let all = start.iter().zip(one).zip(two);
        let moved: Vec<Tensor<T>> = all.map(|((w, one), two)| w + &(one * a) + two * b).collect();
        scope(|| with_parameters(model, &moved, &loss).item().primal())
    });
    let map = HeatMap::new(title, losses).contours(BANDS).mark(0.0, 0.0).size(1000, 800);
    let map = map.x_range(-reach..=reach).y_range(-reach..=reach).value_label("loss");
    Ok(map.x_label("along the first direction").y_label("along the second direction"))
}

/// A random direction in the space of a model's weights, for [`loss_surface`]: normal numbers, with the weights of each unit
/// as long as the unit's own, so that a unit with large weights is moved as much as one with small weights, and pictures
/// of different models can be compared. Parameters with one axis, biases for one, stay where they are.
///
/// Source: Li, Xu, Taylor, Studer and Goldstein, "Visualizing the Loss Landscape of Neural Nets", 2018 (filter
/// normalisation).
pub fn random_direction<T: Real>(model: &impl Layer<T>, rng: &mut impl Rng) -> Vec<Tensor<T>> {
    let mut direction = Vec::new();
    unnamed(model, |param| {
        let value = param.value();
        let mut moves = value.to_array().mapv(|_| 0.0);
        if value.ndim() > 1 {
            for (mut unit, weights) in moves.outer_iter_mut().zip(value.to_array().outer_iter()) {
                unit.map_inplace(|x| *x = StandardNormal.sample(rng));
                let length = weights.iter().fold(0.0_f64, |length, w| length.hypot(w.primal()));
                let drawn = unit.iter().fold(0.0_f64, |length, &x| length.hypot(x));
                unit.map_inplace(|x| *x *= if drawn > 0.0 { length / drawn } else { 0.0 });
            }
        }
        direction.push(Tensor::constant(moves.mapv(T::of)));
    });
    direction
}
