//! The loop of the full-batch methods in a box: a direction among the unknowns that are free, a search along its projection.

use autodiff::Real;

use super::bounds::Bounds;
use super::line_search::{Point, dot, rounding};
use super::minimize::{Direction, Minimum, Outcome, Progress, Stop};
use super::objective::Objective;
use crate::error::{Kind, Result};

/// How much of the decrease that the slope promises is enough.
const ENOUGH: f64 = 1e-4;
/// Halvings of a step.
const HALVINGS: usize = 40;

pub(super) fn minimize<T: Real>(
    stop: Stop,
    method: &mut dyn Direction<T>,
    objective: &mut dyn Objective<T>,
    x: &[T],
    bounds: &Bounds<T>,
) -> Result<Minimum<T>> {
    let tolerance = stop.tolerance.map_or_else(|| T::epsilon().sqrt(), T::of);
    let mut evaluations = 0;
    let mut evaluate = |objective: &mut dyn Objective<T>, x: Vec<T>| {
        evaluations += 1;
        objective.value_and_gradient(&x).map(|(value, gradient)| Point { x, value, gradient })
    };
    let mut point = evaluate(objective, bounds.project(x))?;
    if !point.value.is_finite() {
        return Err(Kind::Start { value: point.value.primal() }.into());
    }
    if let Some(g) = point.gradient.iter().find(|g| !g.is_finite()) {
        return Err(Kind::StartGradient { value: g.primal() }.into());
    }
    let progress = |point: &Point<T>| {
        let downhill: Vec<T> = point.x.iter().zip(&point.gradient).map(|(&x, &g)| x - g).collect();
        let sizes = bounds.project(&downhill).into_iter().zip(&point.x).zip(&point.gradient);
        // What is left of the gradient's element where it is cut at a bound.
        let left = |((cut, &x), &g): ((T, &T), &T)| if cut == x - g { g.abs() } else { (cut - x).abs().min(g.abs()) };
        Progress { value: point.value, gradient: sizes.map(left).fold(T::zero(), T::max) }
    };
    let mut course = vec![progress(&point)];
    let outcome = loop {
        if course[course.len() - 1].gradient <= tolerance {
            break Outcome::Converged;
        }
        if course.len() > stop.steps {
            break Outcome::StepLimit;
        }
        let free = bounds.free(&point.x, &point.gradient);
        let held =
            |v: &[T]| v.iter().zip(&free).map(|(&v, &free)| if free { v } else { T::zero() }).collect::<Vec<T>>();
        let inner = |at: &Point<T>| Point { x: held(&at.x), value: at.value, gradient: held(&at.gradient) };
        let from = inner(&point);
        let chosen = held(&method.choose(objective, &from)?);
        let steepest: Vec<T> = from.gradient.iter().map(|&g| -g).collect();
        let mut found = None;
        // Along the gradient where the direction leads nowhere.
        for (direction, first) in [(chosen, method.first(&from)), (steepest, T::one())] {
            let mut length = first;
            for _ in 0..HALVINGS {
                let next: Vec<T> = point.x.iter().zip(&direction).map(|(&x, &d)| x + length * d).collect();
                let next = bounds.project(&next);
                let step: Vec<T> = next.iter().zip(&point.x).map(|(&a, &b)| a - b).collect();
                let slope = dot(&step, &point.gradient);
                if slope >= T::zero() {
                    break;
                }
                let trial = evaluate(objective, next)?;
                let finite = trial.value.is_finite() && trial.gradient.iter().all(|g| g.is_finite());
                let lower = trial.value <= point.value + T::of(ENOUGH) * slope;
                // Where values differ by rounding only, gradients decide.
                let level = (trial.value - point.value).abs() <= rounding(point.value);
                if finite && (lower || level && progress(&trial).gradient < course[course.len() - 1].gradient) {
                    found = Some(trial);
                    break;
                }
                length *= T::of(0.5);
            }
            if found.is_some() {
                break;
            }
        }
        let Some(next) = found else { break Outcome::Stalled };
        method.learn(&from, &inner(&next));
        course.push(progress(&next));
        point = next;
    };
    Ok(Minimum { x: point.x, value: point.value, outcome, evaluations, course })
}
