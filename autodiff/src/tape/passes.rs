//! Derivatives of a program without tensors, put together from forward and reverse sweeps.

use ndarray::Array2;

use super::alloc;
use super::code::Code;
use super::interpreter::{Adjoint, Values};
use super::replay::replay;
use super::reverse::reverse;
use crate::kernels::storage::Storage;
use crate::{Dual, Real};

/// Directions followed, and roots swept from, at once.
pub(crate) const LANES: usize = 4;

/// The adjoints of several roots at once.
impl<T: Real, const N: usize> Adjoint<T> for [T; N] {
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.iter().all(|x| x.is_exact_zero())
    }

    #[inline(always)]
    fn times(self, slope: T) -> Self {
        self.map(|x| x.chain(slope))
    }

    fn times_winning(self, slope: T) -> Self {
        self.map(|x| if x.is_exact_zero() { x } else { slope.chain(x) })
    }

    #[inline(always)]
    fn negated(self) -> Self {
        self.map(|x| -x)
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        for (sum, term) in self.iter_mut().zip(term) {
            sum.accumulate(term);
        }
    }
}

/// An output of a program: an entry, or a number that depends on nothing.
pub(crate) type Output<T> = Result<usize, T>;

/// The adjoints of all entries, for some seeds.
pub(crate) fn adjoints<T: Real>(code: Code<'_, T>, values: &[T], seeds: &[(usize, T)]) -> Storage<T> {
    let mut adjoints = Storage::filled(code.ops.len(), T::zero());
    for &(index, seed) in seeds {
        adjoints.make_mut()[index] += seed;
    }
    reverse(code, &mut Values::<T>::new(code, values), adjoints.make_mut());
    adjoints
}

/// The values with tangents, where entry `i`, if it is one of the first `inputs`, moves along `direction(i)`.
pub(crate) fn tangents<T: Real, const N: usize>(
    code: Code<'_, T>,
    inputs: usize,
    base: &[T],
    direction: impl Fn(usize) -> [T; N],
) -> Storage<Dual<T, N>> {
    let mut moving = alloc::empty(inputs);
    moving.extend((0..inputs).map(|i| Dual::new(base[i], direction(i))));
    replay(code, &moving, base)
}

/// The gradient's derivatives along `N` directions: adjoints of the inputs as dual numbers.
pub(crate) fn second_order<T: Real, const N: usize>(
    code: Code<'_, T>,
    root: usize,
    inputs: usize,
    base: &[T],
    direction: impl Fn(usize) -> [T; N],
) -> Storage<Dual<T, N>> {
    let values = tangents(code, inputs, base, direction);
    let mut adjoints = Storage::filled(code.ops.len(), Dual::constant(T::zero()));
    adjoints.make_mut()[root] = Dual::constant(T::one());
    reverse(code, &mut Values::<Dual<T, N>>::new(code, values.as_slice()), adjoints.make_mut());
    adjoints
}

/// The Jacobian of the outputs with respect to the first `inputs` entries, several rows or columns at once: by forward
/// sweeps if there are fewer inputs than outputs, else by reverse sweeps.
pub(crate) fn jacobian<T: Real>(code: Code<'_, T>, outputs: &[Output<T>], inputs: usize, values: &[T]) -> Array2<T> {
    let mut jacobian = Array2::zeros((outputs.len(), inputs));
    if inputs < outputs.len() {
        for first in (0..inputs).step_by(LANES) {
            let tangents = tangents::<T, LANES>(code, inputs, values, |i| unit(i, first));
            for (row, output) in outputs.iter().enumerate() {
                let Ok(index) = *output else { continue };
                let tangent = tangents.as_slice()[index];
                for (k, &x) in tangent.tangent().iter().enumerate().take(inputs - first) {
                    jacobian[[row, first + k]] = x;
                }
            }
        }
    } else if let [Ok(root)] = outputs {
        let adjoints = adjoints(code, values, &[(*root, T::one())]);
        jacobian.iter_mut().zip(adjoints.as_slice()).for_each(|(x, &adjoint)| *x = adjoint);
    } else {
        for first in (0..outputs.len()).step_by(LANES) {
            let mut adjoints = alloc::filled([T::zero(); LANES], code.ops.len());
            for (k, output) in outputs[first..].iter().enumerate().take(LANES) {
                if let Ok(root) = *output {
                    adjoints[root][k] += T::one();
                }
            }
            reverse(code, &mut Values::<T, [T; LANES]>::new(code, values), &mut adjoints);
            for (i, adjoint) in adjoints.iter().enumerate().take(inputs) {
                for (k, &x) in adjoint.iter().enumerate().take(outputs.len() - first) {
                    jacobian[[first + k, i]] = x;
                }
            }
        }
    }
    jacobian
}

/// The tangents of variable `i` where lane `k` follows variable `first + k`.
pub(crate) fn unit<T: Real, const N: usize>(i: usize, first: usize) -> [T; N] {
    std::array::from_fn(|k| if i == first + k { T::one() } else { T::zero() })
}
