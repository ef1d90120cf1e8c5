//! The loop that the full-batch methods share: a direction, a line search, until the gradient vanishes.

use autodiff::{Real, Tensor};

use super::line_search::{Point, dot, rounding, strong_wolfe};
use super::objective::{Objective, OfModel, flat, set};
use crate::error::{Kind, Result};
use crate::expect;
use crate::layer::Layer;

/// The result of a minimisation, and the way to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum<T> {
    /// The point; a model's parameters one after the other, each row by row.
    pub x: Vec<T>,
    /// The value there.
    pub value: T,
    /// Why it ended.
    pub outcome: Outcome,
    /// The number of times that value and gradient were computed.
    pub evaluations: usize,
    /// The start and the point after each step that led to this one.
    pub course: Vec<Progress<T>>,
}

impl<T: Real> Minimum<T> {
    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.course.len() - 1
    }
}

/// One point of a minimisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<T> {
    /// The function's value.
    pub value: T,
    /// The size of the gradient's largest entry.
    pub gradient: T,
}

/// Why a minimisation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No entry of the gradient is larger than the tolerance.
    Converged,
    /// No step leads to a lower value or a smaller gradient that this number type can tell from the best: it is as good as
    /// it gets.
    Stalled,
    /// The number of steps is used up.
    StepLimit,
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stop {
    pub(super) steps: usize,
    pub(super) tolerance: Option<f64>,
}

impl Stop {
    #[track_caller]
    pub(super) fn tolerance(&mut self, method: &str, tolerance: f64) {
        self.tolerance = Some(expect::not_negative(&format!("{method}: the tolerance"), tolerance));
    }
}

/// A method's choice of direction.
pub(super) trait Direction<T: Real> {
    /// Where to go from a point, downhill.
    fn choose(&mut self, objective: &mut dyn Objective<T>, at: &Point<T>) -> Result<Vec<T>>;

    /// The length to try first along the direction.
    fn first(&self, at: &Point<T>) -> T;

    /// Learns from a step.
    fn learn(&mut self, from: &Point<T>, to: &Point<T>);
}

/// Steps in a row without progress that are enough.
const IDLE: usize = 10;

pub(super) fn minimize<T: Real>(
    stop: Stop,
    method: &mut dyn Direction<T>,
    objective: &mut dyn Objective<T>,
    x: Vec<T>,
) -> Result<Minimum<T>> {
    let tolerance = stop.tolerance.map_or_else(|| T::epsilon().sqrt(), T::of);
    let mut evaluations = 0;
    let mut evaluate = |objective: &mut dyn Objective<T>, x: Vec<T>| {
        evaluations += 1;
        objective.value_and_gradient(&x).map(|(value, gradient)| Point { x, value, gradient })
    };
    let mut point = evaluate(objective, x)?;
    if !point.value.is_finite() {
        return Err(Kind::Start { value: point.value.primal() }.into());
    }
    if let Some(g) = point.gradient.iter().find(|g| !g.is_finite()) {
        return Err(Kind::StartGradient { value: g.primal() }.into());
    }
    let mut course = vec![progress(&point)];
    // Where values differ by rounding only, some steps lead nowhere before others get on: the best point is kept aside.
    let (mut best, mut held, mut idle) = (course[0], None, 0);
    let outcome = loop {
        if best.gradient <= tolerance {
            break Outcome::Converged;
        }
        if idle == IDLE {
            break Outcome::Stalled;
        }
        if course.len() > stop.steps {
            break Outcome::StepLimit;
        }
        let direction = method.choose(objective, &point)?;
        debug_assert!(dot(&direction, &point.gradient) < T::zero(), "a direction leads downhill");
        let first = method.first(&point);
        let Some(next) = strong_wolfe(&point, &direction, first, |x| evaluate(objective, x))? else {
            break Outcome::Stalled;
        };
        method.learn(&point, &next);
        let after = progress(&next);
        course.push(after);
        let before = std::mem::replace(&mut point, next);
        if after.value < best.value
            || after.value <= best.value + rounding(best.value) && after.gradient < best.gradient
        {
            (best, held, idle) = (after, None, 0);
        } else {
            held = held.or(Some(before));
            idle += 1;
        }
    };
    course.truncate(course.len() - idle);
    let Point { x, value, .. } = held.unwrap_or(point);
    Ok(Minimum { x, value, outcome, evaluations, course })
}

fn progress<T: Real>(point: &Point<T>) -> Progress<T> {
    let largest = point.gradient.iter().fold(T::zero(), |largest, g| largest.max(g.abs()));
    Progress { value: point.value, gradient: largest }
}

/// Minimises an objective on a model; the parameters are at the minimum found, or as they were if there is an error.
pub(super) fn fit<T: Real, M: Layer<T>>(
    stop: Stop,
    method: &mut dyn Direction<T>,
    model: &M,
    objective: impl Fn(&M) -> Tensor<T>,
) -> Result<Minimum<T>> {
    let before = flat(model);
    let result = minimize(stop, method, &mut OfModel { model, objective }, before.clone());
    set(model, result.as_ref().map_or(&before, |minimum| &minimum.x));
    result
}
