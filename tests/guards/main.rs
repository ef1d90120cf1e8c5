//! What programs take note of: all by which a number that is recorded can steer a function.

mod cases;
mod sources;
mod special;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use autodiff::interop::nalgebra::SendVar;
use autodiff::{Dual, Var};

use cases::{Case, check, fields, general};

#[test]
fn variables() {
    check("Var", |x| x, |x| x, &general());
}

#[test]
fn variables_that_can_be_sent() {
    check::<SendVar<f64>>("SendVar", Var::send, SendVar::var, &general());
    check::<SendVar<f64>>("SendVar", Var::send, SendVar::var, &fields());
}

#[test]
fn duals_over_variables() {
    check::<Dual<Var<f64>>>("Dual<Var>", Dual::constant, Dual::value, &general());
    check::<Dual<SendVar<f64>>>("Dual<SendVar>", |x| Dual::constant(x.send()), |x| x.value().var(), &fields());
}

/// What becomes of a method that gives something else than a number of its type.
enum Decision {
    /// It is noted; there is a case for each that shows it.
    Guarded,
    /// It is refused, as `special` shows.
    Refused,
    /// It needs neither, for this reason.
    Free(&'static str),
}
use Decision::{Free, Guarded, Refused};

const FIXED: Decision = Free("whether there is a place on a tape is the same at all inputs that pass the guards");
const READ: Decision = Free("reads a gradient, which `backward` refuses to give");

/// The methods that the sources show.
const LISTED: &[(&str, &str, Decision)] = &[
    ("AbsDiffEq for $number", "abs_diff_eq", Guarded),
    ("Adjoint<R> for R", "is_nothing", FIXED),
    ("Algebra for R", "less equals", Guarded),
    ("Beside<T> for &A", "beside", Free("gives the number itself")),
    ("ComplexField for $number", "is_finite try_sqrt", Guarded),
    ("Dual<T,N>", "value tangent", Free("gives the numbers of which it is made")),
    ("Flow<T> for T", "plain", Free("of this crate alone, for the numbers of which a tape is made")),
    ("From<Var<T>> for Tensor<T>", "from", Refused),
    ("Handle<T> for &X", "index_on tape_of pick", FIXED),
    ("Handle<T> for Var<T>", "index_on tape_of", FIXED),
    ("Operand<Tensor<T>> for S", "operand", Refused),
    ("PartialEq for $number", "eq", Guarded),
    ("PartialEq<T> for $number", "eq", Guarded),
    ("PartialOrd for $number", "partial_cmp lt le gt ge", Guarded),
    ("PartialOrd<T> for $number", "partial_cmp lt le gt ge", Guarded),
    ("Real for Dual<T,N>", "primal", Guarded),
    ("Real for Dual<T,N>", "is_exact_zero is_exact_one", FIXED),
    ("Real for SendVar<T>", "primal", Guarded),
    ("Real for SendVar<T>", "is_exact_zero is_exact_one", FIXED),
    ("Real for Var<T>", "primal", Guarded),
    ("Real for Var<T>", "is_exact_zero is_exact_one", FIXED),
    ("RealField for $number", "is_sign_positive is_sign_negative", Guarded),
    ("RelativeEq for $number", "relative_eq", Guarded),
    ("Root<T> for &Y", "seed", FIXED),
    ("Root<T> for Var<T>", "seed", FIXED),
    ("SendVar<T>", "is_tracked", FIXED),
    ("SendVar<T>", "value", Free("the way out, for what is to be a constant of the program")),
    ("Signed for $number", "is_positive is_negative", Guarded),
    ("SubsetOf<$number> for $plain", "from_superset_unchecked", Guarded),
    ("SubsetOf<$number> for $plain", "is_in_subset", Free("a recorded number is never plain")),
    ("SubsetOf<Self> for $number", "is_in_subset", Free("always true")),
    ("UlpsEq for $number", "ulps_eq", Guarded),
    ("Var<T>", "backward", Refused),
    ("Var<T>", "grad", Free("gives recorded numbers")),
    ("Var<T>", "is_tracked", FIXED),
    ("Var<T>", "value", Free("the way out, for what is to be a constant of the program")),
    ("Wrt<T> for &Var<T>", "find zeros", READ),
    ("Wrt<T> for Var<T>", "find zeros", READ),
    ("fmt::Debug for Dual<T,N>", "fmt", Guarded),
    ("fmt::Debug for SendVar<T>", "fmt", Guarded),
    ("fmt::Debug for Var<T>", "fmt", Guarded),
    ("fmt::Display for Dual<T,N>", "fmt", Guarded),
    ("fmt::Display for SendVar<T>", "fmt", Guarded),
    ("fmt::Display for Var<T>", "fmt", Guarded),
    ("num_traits::Float for $number", "classify integer_decode is_nan is_infinite is_finite is_normal", Guarded),
    ("num_traits::Float for $number", "is_subnormal is_sign_positive is_sign_negative", Guarded),
    ("num_traits::ToPrimitive for $number", "to_i64 to_u64 to_f64", Guarded),
    ("num_traits::Zero for $number", "is_zero", Guarded),
    ("trait Real", "bits", Free("none, for all but plain numbers")),
    ("trait Wrt", "demand", READ),
];

/// Methods of other crates' traits that are not written here: defaults, and impls for all types of some kind.
const FOREIGN: &[(&str, &str)] = &[
    ("PartialEq", "ne"),
    ("One", "is_one"),
    ("real::Real", "is_sign_positive is_sign_negative"),
    ("ToPrimitive", "to_isize to_i8 to_i16 to_i32 to_i128 to_usize to_u8 to_u16 to_u32 to_u128 to_f32"),
    ("NumCast", "from"),
    ("AbsDiffEq", "abs_diff_ne"),
    ("RelativeEq", "relative_ne"),
    ("UlpsEq", "ulps_ne"),
    ("ComplexField", "argument to_polar to_exp cosc coshc"),
    ("SupersetOf", "to_subset_unchecked"),
    ("SimdPartialOrd", "simd_gt simd_lt simd_ge simd_le simd_eq simd_ne"),
    ("Matrix", "is_identity is_invertible"),
];

#[test]
fn every_method_has_a_decision() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("in the workspace");
    let found = sources::read(&top.join("autodiff/src"));
    let found: BTreeSet<(&str, &str)> = found
        .iter()
        .flat_map(|(head, methods)| methods.iter().map(move |name| (head.as_str(), name.as_str())))
        .collect();
    let each = |&(head, names, ref decision): &'static (&str, &'static str, Decision)| {
        names.split(' ').map(move |name| ((head, name), decision))
    };
    let decided: BTreeMap<(&str, &str), &Decision> = LISTED.iter().flat_map(each).collect();
    let known: BTreeSet<(&str, &str)> = decided.keys().copied().collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "nothing is decided about {new:?}: can it steer a function that is recorded?");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "the sources have no such methods: {gone:?}");

    let names = |cases: &[Case<SendVar<f64>>]| cases.iter().map(|case| case.0).collect::<BTreeSet<_>>();
    let shown = &names(&general()) | &names(&fields());
    let guarded =
        decided.iter().filter(|(_, decision)| matches!(decision, Guarded)).map(|((head, name), _)| (*head, *name));
    let foreign = FOREIGN.iter().flat_map(|(head, names)| names.split(' ').map(move |name| (*head, name)));
    for (head, name) in guarded.map(|(head, name)| (sources::name(head), name)).chain(foreign) {
        assert!(shown.contains(format!("{head}::{name}").as_str()), "no case shows that `{head}::{name}` is noted");
    }
    for (method, decision) in decided {
        assert!(!matches!(decision, Free("")), "{method:?} needs a reason");
    }
}
