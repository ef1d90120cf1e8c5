//! The rule of each tensor operation: its formula, and the gradient of an input in terms of the gradient of the result.

use super::expr::{Arena, Id};
use super::symbol::{self, Symbol};
use super::text;
use crate::Real;
use crate::rules::{Binary, Unary};
use crate::tensor::entry::OpRef;
use crate::tensor::op::Row;

/// Gradients of the inputs, where they have one form: `{0}` is the gradient `G` of the result, `{1}` the result `Y`, `{2}`
/// and on the inputs.
const GRADIENTS: &[(&str, &[&str])] = &[
    ("sum", &[r"\operatorname{spread}\left({0}\right)"]),
    ("broadcast_to", &[r"\sum_{\text{stretched}} {0}"]),
    ("reshape", &[r"\operatorname{reshape}\left({0}\right)"]),
    ("permute", &[r"\operatorname{permute}^{-1}\left({0}\right)"]),
    ("slice", &[r"\operatorname{unslice}\left({0}\right)"]),
    ("unslice", &[r"\operatorname{slice}\left({0}\right)"]),
    ("index_select", &[r"\operatorname{index\_add}\left({0}\right)"]),
    ("index_add", &[r"\operatorname{index\_select}\left({0}\right)"]),
    ("gather", &[r"\operatorname{scatter\_add}\left({0}\right)"]),
    ("scatter_add", &["{0}", r"\operatorname{gather}\left({0}\right)"]),
    ("pad", &[r"\operatorname{unpad}\left({0}\right)"]),
    ("flip", &[r"\operatorname{flip}\left({0}\right)"]),
    ("roll", &[r"\operatorname{roll}^{-1}\left({0}\right)"]),
    ("unfold", &[r"\operatorname{fold}\left({0}\right)"]),
    ("fold", &[r"\operatorname{unfold}\left({0}\right)"]),
    ("diag", &[r"\operatorname{diag}\left({0}\right)"]),
    ("diagonal", &[r"\operatorname{undiagonal}\left({0}\right)"]),
    ("undiagonal", &[r"\operatorname{diagonal}\left({0}\right)"]),
    ("tril", &[r"\operatorname{tril}\left({0}\right)"]),
    ("triu", &[r"\operatorname{triu}\left({0}\right)"]),
    ("cumsum", &[r"\operatorname{cumsum}^{\leftarrow}\left({0}\right)"]),
    ("prod", &[r"{0} \odot \prod_{j \neq i} {2}_j"]),
    ("var", &[r"{0} \odot 2\left({2} - \operatorname{mean} {2}\right)/f"]),
    ("std", &[r"{0} \odot \left({2} - \operatorname{mean} {2}\right)/\left(f {1}\right)"]),
    ("norm", &[r"{0} \odot \operatorname{sgn}\left({2}\right) \odot \left(|{2}|/{1}\right)^{p-1}"]),
    ("max_axes", &[r"{0} \odot \left[{2} = {1}\right]/n"]),
    ("min_axes", &[r"{0} \odot \left[{2} = {1}\right]/n"]),
    ("max_pool1d", &[r"\operatorname{fold}\left({0} \odot \left[{2} = {1}\right]/n\right)"]),
    ("max_pool2d", &[r"\operatorname{fold}\left({0} \odot \left[{2} = {1}\right]/n\right)"]),
    ("softmax", &[r"{1} \odot \left({0} - \sum {0} \odot {1}\right)"]),
    ("log_softmax", &[r"{0} - \operatorname{softmax}\left({2}\right) \odot \sum {0}"]),
    ("logsumexp", &[r"{0} \odot \operatorname{softmax}\left({2}\right)"]),
    ("solve", &[r"-{2}^{-\top} {0} {1}^{\top}", r"{2}^{-\top} {0}"]),
    ("solve_triangular", &[r"-{2}^{-\top} {0} {1}^{\top}", r"{2}^{-\top} {0}"]),
    ("inverse", &[r"-{1}^{\top} {0} {1}^{\top}"]),
    ("cholesky", &[r"\operatorname{sym}\left({1}^{-\top} \Phi\left({1}^{\top} {0}\right) {1}^{-1}\right)"]),
    ("map_rows", &[r"{0} \cdot \frac{d f}{d \text{row}}"]),
    ("checkpoint", &[r"\text{vjp of checkpoint}\left({0}\right)"]),
    ("on_grad", &[r"\text{hook}\left({0}\right)"]),
];

/// An operation with what is known of its operands.
pub(super) struct Operation<'a> {
    pub(super) arena: &'a Arena,
    pub(super) inputs: Vec<Id>,
    pub(super) shapes: Vec<Vec<usize>>,
    /// Whether an input is a constant without effect: a bias of zeros.
    pub(super) zeros: Vec<bool>,
    /// Whether the second input is a constant whose last axis adds up to 1: targets that are probabilities.
    pub(super) unit_targets: bool,
    pub(super) shape: Vec<usize>,
    /// What the function is called, if it has a name.
    pub(super) function: Option<String>,
}

impl Operation<'_> {
    /// Whether a layer is given one item: a vector, or a batch of one row. It is written `W x + b` then, else `x Wᵀ + b`.
    fn one_item(&self) -> bool {
        let shape = &self.shapes[0];
        shape[..shape.len() - 1].iter().all(|&n| n == 1)
    }

    /// Whether the result differs from the first input in axes of length 1 only.
    fn same_but_ones(&self) -> bool {
        let longer = |shape: &[usize]| shape.iter().copied().filter(|&n| n != 1).collect::<Vec<_>>();
        longer(&self.shapes[0]) == longer(&self.shape)
    }

    fn transposed(&self, x: Id) -> Id {
        self.arena.pattern(r"{0}^{\top}", &[x], true)
    }

    fn product(&self, a: Id, b: Id) -> Id {
        self.arena.pattern("{0} {1}", &[a, b], true)
    }

    fn outer(&self, a: Id, b: Id) -> Id {
        self.arena.pattern(r"{0} \otimes {1}", &[a, b], true)
    }

    fn general(&self, name: &str) -> Id {
        let places: Vec<String> = (0..self.inputs.len().min(6)).map(|k| format!("{{{k}}}")).collect();
        let more = if self.inputs.len() > 6 { r", \ldots" } else { "" };
        let name = text::escaped(name);
        let latex = format!(r"\operatorname{{{name}}}\left({}{more}\right)", places.join(", "));
        self.arena.pattern(&latex, &self.inputs[..places.len()], !self.shape.is_empty())
    }

    /// The formula of the result.
    pub(super) fn formula<T: Real>(&self, op: &OpRef<T>) -> Id {
        let (arena, x) = (self.arena, &self.inputs);
        match op.row() {
            Some(Row::Unary(f)) => match &self.function {
                Some(function) => called(arena, function, "", x[0]),
                None => symbol::unary(arena, f, x[0]),
            },
            Some(Row::Binary(f)) => symbol::binary(arena, f, x[0], x[1]),
            None if op.is_own() => self.general(op.name()),
            None => match op.name() {
                "linear" => {
                    let product = if self.one_item() {
                        self.product(x[1], x[0])
                    } else {
                        self.product(x[0], self.transposed(x[1]))
                    };
                    if self.zeros[2] { product } else { arena.add(product, x[2]) }
                }
                "matmul" => match (self.shapes[0].len(), self.shapes[1].len()) {
                    (1, _) => self.product(self.transposed(x[0]), x[1]),
                    _ => self.product(x[0], x[1]),
                },
                // Σ ½ a is ½ Σ a.
                "sum" if self.shape.is_empty() => {
                    let (coefficient, rest) = arena.split(x[0]);
                    arena.scale(coefficient, arena.pattern(r"\sum {0}", &[rest], false))
                }
                "sum" => arena.pattern(r"\sum_{\text{axes}} {0}", x, true),
                "mean" => {
                    let (coefficient, rest) = arena.split(x[0]);
                    let total = arena.pattern(r"\sum {0}", &[rest], false);
                    arena.mul(arena.scale(coefficient, self.share()), total)
                }
                "broadcast_to" | "on_grad" => x[0],
                "reshape" if self.same_but_ones() => x[0],
                "permute" if self.shape.len() == 2 => self.transposed(x[0]),
                "inverse" => arena.pattern("{0}^{-1}", x, true),
                "solve" => arena.pattern("{0}^{-1} {1}", x, true),
                name => self.general(name),
            },
        }
    }

    /// The gradient of input `k`, where that of the result `y` is `g`; `None` if nothing flows.
    pub(super) fn gradient<T: Real>(&self, op: &OpRef<T>, k: usize, y: Id, g: Id) -> Option<Id> {
        let (arena, x) = (self.arena, &self.inputs);
        let gradient = match op.row() {
            Some(Row::Unary(f)) => {
                if f.is_step() {
                    return None;
                }
                let slope = match &self.function {
                    Some(function) => called(arena, function, "'", x[0]),
                    None => slope(arena, f, x[0], y),
                };
                arena.mul(g, slope)
            }
            Some(Row::Binary(f)) => {
                let (a, b) = f.points().first().copied().unwrap_or((0.3, 0.7));
                let symbol = |id: Id, value: f64| match arena.as_number(id) {
                    Some(number) => Symbol::new(arena, id, number),
                    None => Symbol::new(arena, id, value),
                };
                let (a, b, y) = (symbol(x[0], a), symbol(x[1], b), Symbol::new(arena, y, f.value(a, b)));
                let slope = match (f, k) {
                    (Binary::Max, 0) | (Binary::Min, 1) => arena.pattern(r"\left[{0} > {1}\right]", x, true),
                    (Binary::Max, 1) | (Binary::Min, 0) => arena.pattern(r"\left[{0} < {1}\right]", x, true),
                    (_, 0) => f.derivative_a(a, b, y).id(arena),
                    _ => f.derivative_b(a, b, y).id(arena),
                };
                arena.mul(g, slope)
            }
            None if op.is_own() => {
                let name = text::escaped(op.name());
                arena.pattern(&format!(r"\text{{vjp of {name}}}\left({{0}}\right)"), &[g], true)
            }
            None => self.built_in(op.name(), k, y, g),
        };
        let elementwise = matches!(op.row(), Some(Row::Binary(_))) || op.name() == "linear" && k == 2;
        let len = |shape: &[usize]| shape.iter().product::<usize>();
        let stretched = elementwise && len(&self.shapes[k]) != len(&self.shape) && arena.is_tensor(gradient);
        Some(if stretched { self.summed(gradient, &self.shapes[k]) } else { gradient })
    }

    /// One element's share in a mean of all.
    fn share(&self) -> Id {
        let elements: usize = self.shapes[0].iter().product();
        self.arena.pow(self.arena.number(elements as f64), -1)
    }

    /// The sum over the axes along which an input was stretched.
    fn summed(&self, gradient: Id, shape: &[usize]) -> Id {
        let items = self.shape.len() == shape.len() + 1 && self.shape[1..] == *shape;
        let latex = if items {
            r"\sum_{\text{items}} {0}"
        } else if shape.is_empty() {
            r"\sum {0}"
        } else {
            r"\sum_{\text{stretched}} {0}"
        };
        self.arena.pattern(latex, &[gradient], !shape.is_empty())
    }

    fn built_in(&self, name: &str, k: usize, y: Id, g: Id) -> Id {
        let (arena, x) = (self.arena, &self.inputs);
        let number = g;
        // The same number for each element is an array of ones times it.
        let g = if self.shape.is_empty() || arena.is_tensor(g) {
            g
        } else {
            arena.mul(g, arena.name("𝟏", r"\mathbf{1}", true))
        };
        match (name, k) {
            ("linear", 0) if self.one_item() => self.product(self.transposed(x[1]), g),
            ("linear", 0) => self.product(g, x[1]),
            ("linear", 1) if self.one_item() => self.outer(g, x[0]),
            ("linear", 2) => g,
            ("reshape", _) if self.same_but_ones() => g,
            ("linear", 1) => self.product(self.transposed(g), x[0]),
            ("matmul", k) => match (self.shapes[0].len(), self.shapes[1].len(), k) {
                (1, 1, k) => arena.mul(g, x[1 - k]),
                (_, 1, 0) => self.outer(g, x[1]),
                (1, _, 0) => self.product(x[1], g),
                (1, _, _) => self.outer(x[0], g),
                (_, _, 0) => self.product(g, self.transposed(x[1])),
                _ => self.product(self.transposed(x[0]), g),
            },
            ("det", _) => {
                let inverse = arena.pattern(r"{0}^{-\top}", &[x[0]], true);
                arena.mul(arena.mul(g, y), inverse)
            }
            ("logdet", _) => arena.mul(g, arena.pattern(r"{0}^{-\top}", &[x[0]], true)),
            ("sum" | "broadcast_to" | "reshape" | "permute" | "on_grad", _) if !arena.is_tensor(number) => {
                if name == "broadcast_to" { self.summed(g, &self.shapes[0]) } else { number }
            }
            ("mean", _) if arena.is_tensor(number) => {
                arena.mul(self.share(), arena.pattern(r"\operatorname{spread}\left({0}\right)", &[g], true))
            }
            ("mean", _) => arena.mul(self.share(), number),
            ("permute", _) if self.shape.len() == 2 => self.transposed(g),
            ("softmax_cross_entropy", 0) => {
                let softmax = arena.pattern(r"\operatorname{softmax}\left({0}\right)", &[x[0]], true);
                let total = arena.pattern(r"\sum {0}", &[x[1]], true);
                let first = if self.unit_targets { softmax } else { arena.mul(softmax, total) };
                arena.mul(number, arena.sum(&[(1.0, first), (-1.0, x[1])]))
            }
            ("softmax_cross_entropy", _) => {
                let ln = arena.pattern(r"\ln \operatorname{softmax}\left({0}\right)", &[x[0]], true);
                arena.scale(-1.0, arena.mul(number, ln))
            }
            ("bce_with_logits", 0) => {
                let sigmoid = symbol::unary(arena, Unary::Sigmoid, x[0]);
                arena.mul(number, arena.sum(&[(1.0, sigmoid), (-1.0, x[1])]))
            }
            ("bce_with_logits", _) => arena.scale(-1.0, arena.mul(number, x[0])),
            ("select", k) => {
                let sign = if k == 1 { r"\neq" } else { "=" };
                let mask = arena.pattern(&format!(r"\left[{{0}} {sign} 0\right]"), &[x[0]], true);
                arena.mul(number, mask)
            }
            ("concat", k) => {
                arena.pattern(&format!(r"\operatorname{{part}}_{{ {}}}\left({{0}}\right)", k + 1), &[g], true)
            }
            _ => match pattern(name, k) {
                Some("{0}") => g,
                Some(latex) => {
                    let all: Vec<Id> = [g, y].into_iter().chain(x.iter().copied()).collect();
                    match latex.strip_prefix(r"{0} \odot ") {
                        Some(slope) => arena.mul(number, arena.pattern(slope, &all, true)),
                        None => arena.pattern(latex, &all, true),
                    }
                }
                None => {
                    let name = text::escaped(name);
                    arena.pattern(&format!(r"\text{{vjp of {name}}}\left({{0}}\right)"), &[g], true)
                }
            },
        }
    }
}

/// `h(a)` or `h'(a)` for a function with a name.
pub(super) fn called(arena: &Arena, function: &str, prime: &str, x: Id) -> Id {
    let name = arena.name(function, &text::latex_name(function), false);
    arena.pattern(&format!(r"{{0}}{prime}\left({{1}}\right)"), &[name, x], arena.is_tensor(x))
}

/// The pattern of a gradient that has one form.
fn pattern(name: &str, k: usize) -> Option<&'static str> {
    let (_, patterns) = GRADIENTS.iter().find(|row| row.0 == name)?;
    patterns.get(k).or(patterns.last()).copied()
}

/// The derivative of a row of the table, off its kinks.
pub(super) fn slope(arena: &Arena, f: Unary, x: Id, y: Id) -> Id {
    let point = f.points().iter().copied().find(|&x| x != 0.0).unwrap_or(0.3);
    f.derivative(Symbol::new(arena, x, point), Symbol::new(arena, y, f.value(point))).id(arena)
}

/// `h(a) = σ(a), h'(a) = …` for a function with a name of its own.
pub(super) fn meaning(arena: &Arena, function: &str, f: Unary) -> [(Id, Id); 2] {
    let a = arena.name("a", "a", false);
    let called = |prime: &str| called(arena, function, prime, a);
    [(called(""), symbol::unary(arena, f, a)), (called("'"), slope(arena, f, a, called("")))]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The names of operations, read from the source: literals that a `name` method of an operation gives.
    fn names() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tensor");
        let mut names: Vec<String> = Vec::new();
        for file in fs::read_dir(folder).unwrap() {
            let source = fs::read_to_string(file.unwrap().path()).unwrap();
            for body in source.split("fn name(&self) -> &'static str {").skip(1) {
                let body = &body[..body.find("\n    }").unwrap()];
                names.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
        // Named by a field or a table of their own.
        let others =
            ["solve", "inverse", "det", "logdet", "var", "std", "max_axes", "min_axes", "max_pool1d", "max_pool2d"];
        names.extend(others.map(str::to_owned));
        names
    }

    #[test]
    fn every_operation_has_a_rule() {
        let names = names();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            let arena = Arena::default();
            let list: Vec<Id> = ["a", "b", "c"].iter().map(|name| arena.name(name, name, true)).collect();
            let (y, g) = (arena.name("Y", "Y", true), arena.name("G", "G", true));
            let shape = vec![2, 2];
            let shapes = vec![shape.clone(), shape.clone(), vec![2]];
            let (zeros, function) = (vec![false; 3], None);
            let operation =
                Operation { arena: &arena, inputs: list, shapes, zeros, unit_targets: true, shape, function };
            let rule = text::render(&arena, operation.built_in(&name, 0, y, g));
            assert!(!rule.plain.contains("vjp of") || name == "checkpoint", "{name}: {}", rule.plain);
            assert!(rule.plain.contains('G') && rule.latex.is_ascii(), "{name}: {} {}", rule.plain, rule.latex);
        }
    }
}
