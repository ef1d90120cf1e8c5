//! Functions that exist in several forms, of two arguments, of many, of a tensor, under another name: at their edges all forms have
//! one value, one gradient and one Hessian.

use autodiff::{
    Dual, Real, Tape, Tensor, Var, dot, hessian, logsumexp, mean, norm, poly_eval, product, softmax, sum, sum_sq,
};
use ndarray::Array1;
use tests::close;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const THIRD: f64 = 1.0 / 3.0;

type D = Dual<Dual<f64>>;

/// A form of a function.
enum Form {
    /// Written in numbers of any type.
    Numbers(fn(&[D]) -> D, fn(&[Var<f64>]) -> Var<f64>),
    Variables(fn(&[Var<f64>]) -> Var<f64>),
    Whole(fn(&Tensor<f64>) -> Tensor<f64>),
}
use Form::{Variables, Whole};

macro_rules! numbers {
    ($f:expr) => {
        Form::Numbers($f, $f)
    };
}

/// What the ways to compute it give.
struct Answers {
    value: f64,
    gradients: Vec<Vec<f64>>,
    hessians: Vec<Vec<f64>>,
}

impl Form {
    fn answers(&self, x: &[f64]) -> Answers {
        match *self {
            Self::Numbers(dual, var) => {
                let mut answers = in_variables(var, x);
                let (mut first, mut second) = (Vec::new(), Vec::new());
                let unit = |k: usize, i: usize| f64::from(u8::from(k == i));
                for (i, j) in pairs(x.len()) {
                    let one = |(k, &x)| D::new(Dual::new(x, [unit(k, j)]), [Dual::constant(unit(k, i))]);
                    let slope = dual(&x.iter().enumerate().map(one).collect::<Vec<_>>()).tangent()[0];
                    second.push(slope.tangent()[0]);
                    if j == 0 {
                        first.push(slope.value());
                    }
                }
                answers.gradients.push(first);
                answers.hessians.push(second);
                answers
            }
            Self::Variables(f) => in_variables(f, x),
            Self::Whole(f) => as_a_whole(f, x),
        }
    }
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (0..n).map(move |j| (i, j)))
}

fn in_variables(f: fn(&[Var<f64>]) -> Var<f64>, x: &[f64]) -> Answers {
    let tape = Tape::new();
    let v = tape.vars(x);
    let y = f(&v);
    let (swept, recorded) = (y.backward(), tape.grad(y, &v));
    let again = |(i, j): (usize, usize)| {
        let slope: Var<f64> = recorded[i];
        if slope.is_tracked() { tape.grad(slope, &[v[j]])[0].value() } else { 0.0 }
    };
    Answers {
        value: y.value(),
        gradients: vec![v.iter().map(|&v| swept.wrt(v)).collect(), recorded.iter().map(|g| g.value()).collect()],
        hessians: vec![pairs(x.len()).map(again).collect(), hessian(f, x).into_raw_vec_and_offset().0],
    }
}

fn as_a_whole(f: fn(&Tensor<f64>) -> Tensor<f64>, x: &[f64]) -> Answers {
    let tape = Tape::new();
    let t = tape.tensor(Array1::from(x.to_vec()));
    let y = f(&t).sum();
    let (swept, recorded) = (y.backward().wrt(&t), tape.grad(&y, &[&t]).remove(0));
    let row = |i: usize| {
        let slope = recorded.narrow(0, i..i + 1).sum();
        if slope.is_tracked() {
            tape.grad(&slope, &[&t]).remove(0).to_array()
        } else {
            Array1::zeros(x.len()).into_dyn()
        }
    };
    Answers {
        value: y.item(),
        gradients: vec![swept.into_iter().collect(), recorded.to_array().into_iter().collect()],
        hessians: vec![(0..x.len()).flat_map(row).collect()],
    }
}

/// A point, the value and the gradient there, and the Hessian row by row; none where it is not compared.
type Point = (&'static [f64], f64, &'static [f64], &'static [f64]);

fn check(name: &str, forms: &[Form], points: &[Point]) {
    for (k, form) in forms.iter().enumerate() {
        for &(x, value, gradient, second) in points {
            let what = format!("{name}, form {k}, at {x:?}");
            let answers = form.answers(x);
            close(&what, answers.value, value, 1e-13);
            for (way, got) in answers.gradients.iter().enumerate() {
                for (got, want) in got.iter().zip(gradient) {
                    close(format!("{what}: gradient {gradient:?}, way {way}"), *got, *want, 1e-13);
                }
            }
            for (way, got) in answers.hessians.iter().enumerate() {
                for (got, want) in got.iter().zip(second) {
                    close(format!("{what}: Hessian {second:?}, way {way}"), *got, *want, 1e-13);
                }
            }
        }
    }
}

/// The last element.
fn last(x: &Tensor<f64>) -> Tensor<f64> {
    let n = x.len();
    x.narrow(0, n - 1..n)
}

/// `a ln(1 + (b - 1))`
fn shifted<R: Real>(x: &[R]) -> R {
    x[0].xlog1py(x[1] - R::of(1.0))
}

fn divided<R: Real>(x: &[R]) -> R {
    R::of(1.0) / x[0]
}

fn column(x: &Tensor<f64>) -> Tensor<f64> {
    x.reshape(&[x.len(), 1])
}

#[test]
fn sums_of_exponentials() {
    let ln_2 = std::f64::consts::LN_2;
    let two: &[Form] = &[
        numbers!(|x| x[0].log_add_exp(x[1])),
        Variables(|x| logsumexp(x)),
        Whole(|x| x.logsumexp(0)),
        Whole(|x| column(x).logsumexp_axes(&[0], true)),
        Whole(|x| last(&x.logcumsumexp(0))),
        Whole(|x| x.narrow(0, 0..1).log_add_exp(last(x))),
    ];
    let flat: &[f64] = &[0.0; 4];
    check(
        "ln(e^a + e^b)",
        two,
        &[
            (&[-INF, -INF], -INF, &[0.0, 0.0], flat),
            (&[-INF, 3.0], 3.0, &[0.0, 1.0], flat),
            (&[INF, 3.0], INF, &[1.0, 0.0], flat),
            (&[3.0, INF], INF, &[0.0, 1.0], flat),
            (&[INF, -INF], INF, &[1.0, 0.0], flat),
            (&[INF, INF], INF, &[0.5, 0.5], flat),
            (&[1000.0, 1000.0], 1000.0 + ln_2, &[0.5, 0.5], &[0.25, -0.25, -0.25, 0.25]),
            (&[NAN, 2.0], NAN, &[NAN, NAN], &[]),
            (&[INF, NAN], NAN, &[NAN, NAN], &[]),
        ],
    );
    let many: &[Form] =
        &[Variables(|x| logsumexp(x)), Whole(|x| x.logsumexp(0)), Whole(|x| column(x).logsumexp_axes(&[0, 1], false))];
    check(
        "ln Σ e^x",
        many,
        &[
            (&[INF, 1.0, INF], INF, &[0.5, 0.0, 0.5], &[0.0; 9]),
            (&[INF, INF, INF], INF, &[THIRD, THIRD, THIRD], &[0.0; 9]),
            (&[-INF, INF, -INF], INF, &[0.0, 1.0, 0.0], &[0.0; 9]),
            (&[-INF, -INF, 2.0], 2.0, &[0.0, 0.0, 1.0], &[0.0; 9]),
        ],
    );
    let shares: &[Form] = &[Variables(|x| softmax(x)[0]), Whole(|x| x.softmax(0).narrow(0, 0..1))];
    check(
        "softmax",
        shares,
        &[
            (&[INF, 3.0], 1.0, &[0.0, 0.0], flat),
            (&[3.0, INF], 0.0, &[0.0, 0.0], flat),
            (&[INF, -INF], 1.0, &[0.0, 0.0], flat),
            (&[INF, INF], 0.5, &[0.0, 0.0], flat),
            (&[-INF, 3.0], 0.0, &[0.0, 0.0], flat),
            (&[1000.0, 1000.0], 0.5, &[0.25, -0.25], flat),
            (&[-INF, -INF], NAN, &[NAN, NAN], &[]),
            (&[NAN, 3.0], NAN, &[NAN, NAN], &[]),
        ],
    );
    let softplus: &[Form] = &[
        numbers!(|x| x[0].softplus()),
        numbers!(|x| x[0].log_add_exp(0.0)),
        numbers!(|x| -(-x[0]).log_sigmoid()),
        Variables(|x| logsumexp([x[0], Var::constant(0.0)])),
        Whole(Tensor::softplus),
        Whole(|x| Tensor::concat(&[x.clone(), Tensor::zeros(&[1])], 0).logsumexp(0)),
    ];
    check(
        "softplus",
        softplus,
        &[
            (&[INF], INF, &[1.0], &[0.0]),
            (&[-INF], 0.0, &[0.0], &[0.0]),
            (&[1000.0], 1000.0, &[1.0], &[0.0]),
            (&[-1000.0], 0.0, &[0.0], &[0.0]),
            (&[0.0], ln_2, &[0.5], &[0.25]),
            (&[NAN], NAN, &[NAN], &[NAN]),
        ],
    );
    let sigmoid: &[Form] = &[
        numbers!(|x| x[0].sigmoid()),
        Variables(|x| softmax([x[0], Var::constant(0.0)])[0]),
        Whole(Tensor::sigmoid),
        Whole(|x| Tensor::concat(&[x.clone(), Tensor::zeros(&[1])], 0).softmax(0).narrow(0, 0..1)),
    ];
    check(
        "sigmoid",
        sigmoid,
        &[
            (&[INF], 1.0, &[0.0], &[0.0]),
            (&[-INF], 0.0, &[0.0], &[0.0]),
            (&[1000.0], 1.0, &[0.0], &[0.0]),
            (&[0.0], 0.5, &[0.25], &[0.0]),
        ],
    );
}

#[test]
fn lengths() {
    let forms: &[Form] = &[
        numbers!(|x| x[0].hypot(x[1])),
        Variables(|x| norm(x)),
        Whole(|x| x.norm(2.0)),
        Whole(|x| column(x).norm_axes(2.0, &[0], true)),
        Whole(|x| x.narrow(0, 0..1).hypot(last(x))),
    ];
    check(
        "√(a² + b²)",
        forms,
        &[
            (&[0.0, 0.0], 0.0, &[0.0, 0.0], &[0.0; 4]),
            (&[0.0, -2.0], 2.0, &[0.0, -1.0], &[0.5, 0.0, 0.0, 0.0]),
            (&[3.0, -4.0], 5.0, &[0.6, -0.8], &[0.128, 0.096, 0.096, 0.072]),
            (&[3e200, -4e200], 5e200, &[0.6, -0.8], &[0.0; 4]),
            (&[3e-200, -4e-200], 5e-200, &[0.6, -0.8], &[]),
            (&[INF, 1.0], INF, &[NAN, 0.0], &[]),
            (&[NAN, 1.0], NAN, &[NAN, NAN], &[]),
        ],
    );
    let sizes: &[Form] = &[
        numbers!(|x| x[0].abs()),
        numbers!(|x| x[0].hypot(0.0)),
        Variables(|x| norm(x)),
        Whole(Tensor::abs),
        Whole(|x| x.norm(1.0)),
        Whole(|x| x.norm(2.0)),
        Whole(|x| x.norm(3.0)),
        Whole(|x| x.norm(INF)),
    ];
    check(
        "|x|",
        sizes,
        &[
            (&[0.0], 0.0, &[0.0], &[0.0]),
            (&[-0.0], 0.0, &[0.0], &[0.0]),
            (&[-2.0], 2.0, &[-1.0], &[0.0]),
            (&[1e300], 1e300, &[1.0], &[0.0]),
        ],
    );
    let squares: &[Form] = &[
        numbers!(|x| x[0].square() + x[1].square()),
        Variables(|x| sum_sq(x)),
        Variables(|x| dot(x, x)),
        Whole(|x| x.square().sum()),
        Whole(|x| x.matmul(x)),
    ];
    check(
        "a² + b²",
        squares,
        &[
            (&[0.0, 0.0], 0.0, &[0.0, 0.0], &[2.0, 0.0, 0.0, 2.0]),
            (&[INF, 1.0], INF, &[INF, 2.0], &[2.0, 0.0, 0.0, 2.0]),
        ],
    );
}

#[test]
fn sums_and_products() {
    let products: &[Form] = &[
        numbers!(|x| x[0] * x[1]),
        numbers!(|x| x[0].mul_add(x[1], Real::of(0.0))),
        Variables(|x| product(x)),
        Variables(|x| dot(&x[..1], &x[1..])),
        Variables(|x| poly_eval(x[0], [Var::constant(0.0), x[1]])),
        Whole(Tensor::prod),
        Whole(|x| last(&x.cumprod(0))),
        Whole(|x| x.narrow(0, 0..1).matmul(&last(x))),
    ];
    let cross: &[f64] = &[0.0, 1.0, 1.0, 0.0];
    check(
        "a b",
        products,
        &[
            (&[0.0, 3.0], 0.0, &[3.0, 0.0], cross),
            (&[0.0, 0.0], 0.0, &[0.0, 0.0], cross),
            (&[0.0, INF], NAN, &[INF, 0.0], cross),
            (&[INF, -INF], -INF, &[-INF, INF], cross),
        ],
    );
    let three: &[Form] = &[
        numbers!(|x| x[0] * x[1] * x[2]),
        Variables(|x| product(x)),
        Whole(Tensor::prod),
        Whole(|x| last(&x.cumprod(0))),
    ];
    check(
        "a b c",
        three,
        &[
            (&[0.0, 3.0, 0.0], 0.0, &[0.0, 0.0, 0.0], &[0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0]),
            (&[2.0, 0.0, 5.0], 0.0, &[0.0, 10.0, 0.0], &[0.0, 5.0, 0.0, 5.0, 0.0, 2.0, 0.0, 2.0, 0.0]),
        ],
    );
    let sums: &[Form] = &[
        numbers!(|x| x[0] + x[1]),
        Variables(|x| sum(x)),
        Variables(|x| mean(x) * 2.0),
        Whole(Tensor::sum),
        Whole(|x| x.mean() * 2.0),
        Whole(|x| column(x).mean_axis(0) * 2.0),
        Whole(|x| last(&x.cumsum(0))),
    ];
    check("a + b", sums, &[(&[INF, -INF], NAN, &[1.0, 1.0], &[0.0; 4]), (&[0.0, NAN], NAN, &[1.0, 1.0], &[0.0; 4])]);
    let horner: &[Form] = &[numbers!(|x| (x[3] * x[0] + x[2]) * x[0] + x[1]), Variables(|x| poly_eval(x[0], &x[1..]))];
    let curved: &[f64] = &[6.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    check("a + b x + c x²", horner, &[(&[0.0, 1.0, 2.0, 3.0], 1.0, &[2.0, 1.0, 0.0, 0.0], curved)]);
}

#[test]
fn extremes() {
    let largest: &[Form] = &[
        numbers!(|x| x[0].max(x[1])),
        Whole(|x| x.narrow(0, 0..1).max(last(x))),
        Whole(Tensor::max_all),
        Whole(|x| column(x).max_axes(&[0], true)),
    ];
    let flat: &[f64] = &[0.0; 4];
    check(
        "max",
        largest,
        &[
            (&[1.0, 1.0], 1.0, &[0.5, 0.5], flat),
            (&[0.0, -0.0], 0.0, &[0.5, 0.5], flat),
            (&[INF, INF], INF, &[0.5, 0.5], flat),
            (&[-INF, -INF], -INF, &[0.5, 0.5], flat),
            (&[1.0, 2.0], 2.0, &[0.0, 1.0], flat),
            (&[1.0, -INF], 1.0, &[1.0, 0.0], flat),
        ],
    );
    let smallest: &[Form] = &[
        numbers!(|x| x[0].min(x[1])),
        numbers!(|x| -(-x[0]).max(-x[1])),
        Whole(|x| x.narrow(0, 0..1).min(last(x))),
        Whole(Tensor::min_all),
        Whole(|x| column(x).min_axes(&[0], true)),
    ];
    check(
        "min",
        smallest,
        &[
            (&[1.0, 1.0], 1.0, &[0.5, 0.5], flat),
            (&[INF, INF], INF, &[0.5, 0.5], flat),
            (&[-INF, -INF], -INF, &[0.5, 0.5], flat),
            (&[1.0, INF], 1.0, &[1.0, 0.0], flat),
        ],
    );
}

#[test]
fn powers_and_logarithms() {
    let square: &[Form] = &[
        numbers!(|x| x[0].square()),
        numbers!(|x| x[0] * x[0]),
        numbers!(|x| x[0].powi(2)),
        numbers!(|x| x[0].powf(2.0)),
        Whole(Tensor::square),
        Whole(|x| x * x),
        Whole(|x| x.powi(2)),
        Whole(|x| x.powf(2.0)),
    ];
    check(
        "x²",
        square,
        &[
            (&[0.0], 0.0, &[0.0], &[2.0]),
            (&[-0.0], 0.0, &[0.0], &[2.0]),
            (&[-3.0], 9.0, &[-6.0], &[2.0]),
            (&[INF], INF, &[INF], &[2.0]),
            (&[-INF], INF, &[-INF], &[2.0]),
        ],
    );
    let recip: &[Form] = &[
        numbers!(|x| x[0].recip()),
        numbers!(|x| x[0].powi(-1)),
        numbers!(|x| x[0].powf(-1.0)),
        numbers!(divided),
        Whole(Tensor::recip),
        Whole(|x| x.powi(-1)),
        Whole(|x| x.powf(-1.0)),
        Whole(|x| 1.0 / x),
    ];
    check(
        "1/x",
        recip,
        &[
            (&[0.0], INF, &[-INF], &[INF]),
            (&[-0.0], -INF, &[-INF], &[-INF]),
            (&[INF], 0.0, &[0.0], &[]),
            (&[-2.0], -0.5, &[-0.25], &[-0.25]),
        ],
    );
    let root: &[Form] =
        &[numbers!(|x| x[0].sqrt()), numbers!(|x| x[0].powf(0.5)), Whole(Tensor::sqrt), Whole(|x| x.powf(0.5))];
    check(
        "√x",
        root,
        &[
            (&[0.0], 0.0, &[INF], &[-INF]),
            (&[INF], INF, &[0.0], &[]),
            (&[-1.0], NAN, &[NAN], &[NAN]),
            (&[4.0], 2.0, &[0.25], &[-0.03125]),
        ],
    );
    let cube: &[Form] = &[
        numbers!(|x| x[0].powi(3)),
        numbers!(|x| x[0].powf(3.0)),
        numbers!(|x| x[0] * x[0] * x[0]),
        Variables(|x| product([x[0]; 3])),
        Whole(|x| x.powi(3)),
        Whole(|x| x.powf(3.0)),
    ];
    check("x³", cube, &[(&[0.0], 0.0, &[0.0], &[0.0]), (&[-2.0], -8.0, &[12.0], &[-12.0])]);
    let binary: &[Form] =
        &[numbers!(|x| x[0].log2()), numbers!(|x| x[0].log(2.0)), Whole(Tensor::log2), Whole(|x| x.log(2.0))];
    check(
        "log₂ x",
        binary,
        &[(&[0.0], -INF, &[INF], &[-INF]), (&[INF], INF, &[0.0], &[]), (&[-1.0], NAN, &[NAN], &[NAN])],
    );
    let weighted: &[Form] = &[
        numbers!(|x| x[0].xlogy(x[1])),
        numbers!(shifted),
        Whole(|x| x.narrow(0, 0..1).xlogy(last(x))),
        Whole(|x| x.narrow(0, 0..1).xlog1py(last(x) - 1.0)),
    ];
    check(
        "a ln b",
        weighted,
        &[
            (&[0.0, 0.0], 0.0, &[-INF, 0.0], &[0.0, INF, INF, 0.0]),
            (&[0.0, 2.0], 0.0, &[std::f64::consts::LN_2, 0.0], &[0.0, 0.5, 0.5, 0.0]),
            (&[2.0, 0.0], -INF, &[-INF, INF], &[0.0, INF, INF, -INF]),
            (&[0.0, -1.0], 0.0, &[NAN, 0.0], &[]),
            (&[2.0, -1.0], NAN, &[NAN, NAN], &[]),
        ],
    );
    let angle: &[Form] =
        &[numbers!(|x| x[0].atan()), numbers!(|x| x[0].atan2(1.0)), Whole(Tensor::atan), Whole(|x| x.atan2(1.0))];
    check("arctan x", angle, &[(&[INF], std::f64::consts::FRAC_PI_2, &[0.0], &[]), (&[0.0], 0.0, &[1.0], &[0.0])]);
}
