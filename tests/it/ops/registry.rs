//! Every operation has a case: the list of operations is that of the public interface.

use std::collections::BTreeSet;

use autodiff::rules::{Binary, Unary};

use super::cases;

/// Public methods of `Tensor` that are no operations from tensors to a tensor.
const NO_OPERATIONS: &[&str] = &[
    // Constants, and what is asked of a tensor.
    "constant",
    "scalar",
    "full",
    "zeros",
    "ones",
    "eye",
    "arange",
    "linspace",
    "randn",
    "rand_uniform",
    "shape",
    "ndim",
    "len",
    "is_empty",
    "is_tracked",
    "is_current",
    "is_finite",
    "view",
    "to_array",
    "into_array",
    "item",
    // Nothing is recorded.
    "beside",
    "detach",
    "grad",
    "backward",
    "backward_with",
    "update",
    "update_rows",
    // The table's rows by number: each row has cases of its own.
    "unary",
    "binary",
    // Own operations (`own_ops`).
    "apply",
];

/// Operations without a case in which an operand has no elements, and why.
const NEVER_EMPTY: &[(&str, &str)] = &[
    ("at", "there must be an element"),
    ("max_all", "nothing to choose from"),
    ("min_all", "nothing to choose from"),
    ("var", "no mean"),
    ("std", "no mean"),
    ("map_rows", "there must be a row"),
];

/// Operations without a case in which an operand has no axes, and why.
const NEVER_WITHOUT_AXES: &[(&str, &str)] = &[
    ("map_rows", "there must be a row"),
    ("sum_axis", "an axis is named"),
    ("max_axis", "an axis is named"),
    ("min_axis", "an axis is named"),
    ("prod_axis", "an axis is named"),
    ("cumprod", "an axis is named"),
    ("logcumsumexp", "an axis is named"),
    ("argsort", "an axis is named"),
    ("sort", "an axis is named"),
    ("top_k", "an axis is named"),
    ("swap_axes", "axes are named"),
    ("mT", "two axes or more"),
    ("mean_axis", "an axis is named"),
    ("softmax", "an axis is named"),
    ("log_softmax", "an axis is named"),
    ("logsumexp", "an axis is named"),
    ("squeeze", "an axis is named"),
    ("narrow", "an axis is named"),
    ("split", "an axis is named"),
    ("chunks", "an axis is named"),
    ("gather", "an axis is named"),
    ("scatter_add", "an axis is named"),
    ("roll", "an axis is named"),
    ("cumsum", "an axis is named"),
    ("argmax", "an axis is named"),
    ("argmin", "an axis is named"),
    ("diag", "one or two axes"),
    ("trace", "two axes"),
    ("tril", "two axes or more"),
    ("triu", "two axes or more"),
    ("std", "the root of a variance of 0 is a kink"),
    ("std_axes", "the root of a variance of 0 is a kink"),
    ("index_select", "an axis is named"),
    ("concat", "an axis is named"),
    ("matmul", "each operand needs an axis"),
    ("linear", "each operand needs an axis"),
    ("dot", "operands are vectors"),
    ("outer", "operands are vectors"),
    ("conv1d", "operands have three axes"),
    ("conv2d", "operands have four axes"),
    ("max_pool1d", "the operand has three axes"),
    ("max_pool2d", "the operand has four axes"),
    ("avg_pool1d", "the operand has three axes"),
    ("avg_pool2d", "the operand has four axes"),
    ("softmax_cross_entropy", "an axis is named"),
    ("solve", "operands are matrices"),
    ("inverse", "the operand is a matrix"),
    ("det", "the operand is a matrix"),
    ("logdet", "the operand is a matrix"),
    ("cholesky", "the operand is a matrix"),
    ("solve_triangular", "operands are matrices"),
];

/// Held to the sources by `public_api`.
const INTERFACE: &str = include_str!("../../data/api_autodiff.txt");

/// The public methods of `Tensor`.
fn methods(interface: &str) -> BTreeSet<String> {
    let mut of_tensor = false;
    let mut names = BTreeSet::new();
    for line in interface.lines() {
        let item = line.trim_start();
        match line.len() - item.len() {
            0 => of_tensor = false,
            4 => of_tensor = item.starts_with("impl") && item.contains("Tensor<") && !item.contains(" for "),
            _ => {
                if let Some(rest) = item.strip_prefix("fn ")
                    && of_tensor
                {
                    names.insert(rest.split(['(', '<']).next().expect("a name").to_owned());
                }
            }
        }
    }
    names
}

/// All operations: the methods of `Tensor` and the rows of the table.
fn operations() -> BTreeSet<String> {
    let mut found = methods(INTERFACE);
    for name in NO_OPERATIONS {
        assert!(found.remove(*name), "there is no method `{name}`: it has no place in this list");
    }
    found.extend(Unary::ALL.iter().map(|f| f.name().to_owned()));
    found.extend(Binary::ALL.iter().map(|f| f.name().to_owned()));
    found
}

/// Compares what the cases cover with what they should, by name.
fn compare(what: &str, covered: &BTreeSet<String>, exceptions: &[(&str, &str)]) {
    let exceptions: BTreeSet<String> = exceptions.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> =
        operations().difference(covered).filter(|name| !exceptions.contains(*name)).cloned().collect();
    assert!(missing.is_empty(), "operations without a case {what} (tests/it/ops/cases): {missing:?}");
    let needless: Vec<_> = exceptions.intersection(covered).collect();
    assert!(needless.is_empty(), "operations that have a case {what} and are listed as exceptions: {needless:?}");
}

/// The operations with a case for which a set of shapes has this property.
fn covered(holds: impl Fn(&[Vec<usize>]) -> bool) -> BTreeSet<String> {
    let cases = cases::all::<f64>();
    cases.iter().filter(|case| case.sets.iter().any(|set| holds(set))).map(|case| case.op.to_owned()).collect()
}

#[test]
fn every_operation_has_a_case() {
    let names = covered(|_| true);
    compare("at all", &names, &[]);
    let unknown: Vec<_> = names.difference(&operations()).cloned().collect();
    assert!(unknown.is_empty(), "cases of operations that do not exist: {unknown:?}");
}

#[test]
fn every_operation_has_a_case_without_elements() {
    compare("without elements", &covered(|set| set.iter().any(|shape| shape.contains(&0))), NEVER_EMPTY);
}

#[test]
fn every_operation_has_a_case_without_axes() {
    compare("without axes", &covered(|set| set.iter().any(Vec::is_empty)), NEVER_WITHOUT_AXES);
}

#[test]
fn methods_are_found() {
    let interface = "\
tensor/one.rs
    impl<T: Real> Tensor<T>
        fn first(&self) -> Self
        fn second<D: Dimension>(array: Array<T, D>) -> Self
    impl<T: Real> Vjp<'_, T>
        fn third(&self)
    impl<T: Real> Add for Tensor<T>
    fn fourth<T: Real>(x: &Tensor<T>)
engine/two.rs
    impl<T: Real> Tensor<T>
        fn fifth(&self) -> Self
";
    assert_eq!(methods(interface).into_iter().collect::<Vec<_>>(), ["fifth", "first", "second"]);
}
