//! The tables of cases, a file for each family of operations.

use super::case::{Case, Domain, case};
use super::harness;

/// A module with a function `cases` for each family; a test for each, and the list of all.
macro_rules! families {
    ($($family:ident)*) => {
        $(mod $family;)*

        /// Every case of every family.
        pub(crate) fn all<T: autodiff::Real>() -> Vec<Case<T>> {
            [$($family::cases::<T>(),)*].into_iter().flatten().collect()
        }

        $(
            #[test]
            fn $family() {
                harness::run(&$family::cases(), &$family::cases());
            }
        )*
    };
}
families! { factors index join linalg losses own products reduce rows select shape softmax windows }
