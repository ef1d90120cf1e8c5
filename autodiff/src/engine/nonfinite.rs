//! Where a first-order sweep makes a NaN or an infinity, for tapes that are to notice.

use crate::error::{Error, Kind, Result};
use crate::tape::code::Code;
use crate::tape::interpreter::Adjoint;
use crate::tape::store::Store;
use crate::tape::trace;
use crate::tensor::entry::TensorEntry;
use crate::tensor::finite;
use crate::{Real, Tensor};

/// An adjoint of a first-order sweep: a number, and perhaps where it comes from.
pub(super) trait Flow<T: Real>: Adjoint<T> {
    /// A number that flows from entry `by`.
    fn term(value: T, by: u32) -> Self;

    /// The number.
    fn plain(self) -> T;

    /// Replaces the number by one to which entry `by` has added.
    fn set(&mut self, value: T, by: u32);
}

impl<T: Real> Flow<T> for T {
    #[inline(always)]
    fn term(value: T, _: u32) -> Self {
        value
    }

    #[inline(always)]
    fn plain(self) -> T {
        self
    }

    #[inline(always)]
    fn set(&mut self, value: T, _: u32) {
        *self = value;
    }
}

const NONE: u32 = u32::MAX;

/// A number that knows its entry and which entry made it infinite or NaN.
#[derive(Clone, Copy)]
pub(super) struct Noted<T> {
    value: T,
    own: u32,
    spoilt_by: u32,
}

impl<T: Real> Noted<T> {
    /// The adjoint of entry `own` before the sweep.
    pub(super) fn seed(value: T, own: u32) -> Self {
        Self { value, own, spoilt_by: NONE }
    }

    fn change(&mut self, value: T, by: u32) {
        self.value = value;
        if self.spoilt_by == NONE && !value.is_finite() {
            self.spoilt_by = by;
        }
    }
}

impl<T: Real> Adjoint<T> for Noted<T> {
    fn is_nothing(self) -> bool {
        self.value.is_exact_zero()
    }

    fn times(self, slope: T) -> Self {
        Self { value: self.value.chain(slope), ..self }
    }

    fn times_winning(self, slope: T) -> Self {
        Self { value: slope.chain(self.value), ..self }
    }

    fn negated(self) -> Self {
        Self { value: -self.value, ..self }
    }

    fn add(&mut self, term: Self) {
        let mut sum = self.value;
        sum.accumulate(term.value);
        self.change(sum, term.own);
    }
}

impl<T: Real> Flow<T> for Noted<T> {
    fn term(value: T, by: u32) -> Self {
        Self::seed(value, by)
    }

    fn plain(self) -> T {
        self.value
    }

    fn set(&mut self, value: T, by: u32) {
        self.change(value, by);
    }
}

/// Raises an error if a scalar entry with a finite adjoint has given one of its operands another kind of adjoint.
#[track_caller]
pub(super) fn born_in_sweep<T: Real>(adjoints: &[Noted<T>], code: Code<'_, T>, store: &Store<T>) {
    let finite = |index: u32| adjoints[index as usize].value.is_finite();
    let culprits = adjoints.iter().filter(|x| x.spoilt_by != NONE && finite(x.spoilt_by));
    // The first one in the order of the sweep.
    let Some(spoilt) = culprits.max_by_key(|x| (x.spoilt_by, x.own)) else { return };
    let (by, own) = (spoilt.spoilt_by as usize, spoilt.own as usize);
    let place = store.place(by).map_or_else(String::new, |place| format!(" at {place}"));
    let input = format!("its operand {}", store.values()[own]);
    let (value, came) = (spoilt.value.to_string(), adjoints[by].value.to_string());
    Error::from(Kind::NotFiniteAdjoint { op: trace::name(code.ops[by]).to_owned(), place, input, value, came }).raise();
}

/// An error if an operation's vjp made the gradient of an input infinite or NaN, or the sum that it is added to.
pub(super) fn inspect<T: Real>(
    entry: &TensorEntry<T>,
    input: usize,
    gradient: &Tensor<T>,
    came: &Tensor<T>,
    sum: Option<&Tensor<T>>,
) -> Result<()> {
    if !came.is_finite() || sum.is_some_and(|sum| !sum.is_finite()) {
        return Ok(());
    }
    let total = sum.filter(|_| gradient.is_finite()).map(|sum| sum + gradient);
    let Some((index, value)) = finite::offender(total.as_ref().unwrap_or(gradient)) else { return Ok(()) };
    let (op, place) = (entry.name().to_owned(), format!(" at {}", entry.place));
    let input = format!("input {input} of shape {:?}", gradient.shape());
    let came = format!("a finite one of shape {:?}", came.shape());
    Err(Kind::NotFiniteAdjoint { op, place, input, value: format!("{value} at {index:?}"), came }.into())
}
