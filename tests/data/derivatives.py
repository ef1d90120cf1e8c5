#!/usr/bin/env python3
"""Values and derivatives of the table's rows at their check points, to 50 digits (needs mpmath):

    python3 tests/data/derivatives.py

Lines that are there stay; remove the file to compute all of them. A new row needs its function in UNARY or BINARY below.
Derivatives are central differences with a step of 1e-60 in 600 digits, so nothing here knows a rule of differentiation.
"""

import csv
import pathlib
import subprocess
import sys
from itertools import product

from mpmath import mp, mpf

mp.dps = 600
STEP = mpf(10) ** -60
DIGITS = 50
FILE = pathlib.Path(__file__).with_name("derivatives.csv")
POINTS = ["cargo", "run", "-q", "-p", "tests", "--example", "points"]


def sign(x):
    return mpf(-1 if x < 0 else 1)


def trunc(x):
    return mp.floor(x) if x >= 0 else mp.ceil(x)


def inv_erf(x):
    """Newton's method, on the logarithm of the complement to begin with."""
    if x == 0:
        return x
    with mp.workdps(30):
        start = mp.findroot(lambda y: mp.ln(mp.erfc(y) / (1 - abs(x))), 1)
    y = sign(x) * start
    for _ in range(7):
        y -= (mp.erf(y) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y


def spherical_jn(x, n):
    """The power series."""
    n = int(n)
    term = x**n / mp.fac2(2 * n + 1)
    total, k = mpf(0), 0
    while abs(term) > abs(total) * mpf(10) ** -mp.dps:
        total += term
        k += 1
        term *= -x * x / (2 * k * (2 * (n + k) + 1))
    return total


UNARY = {
    "neg": lambda x: -x,
    "recip": lambda x: 1 / x,
    "square": lambda x: x * x,
    "abs": abs,
    "signum": sign,
    "step": lambda x: mpf(x > 0),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": lambda x: sign(x) * mp.floor(abs(x) + mpf(1) / 2),
    "trunc": trunc,
    "fract": lambda x: x - trunc(x),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: sign(x) * mp.cbrt(abs(x)),
    "exp": mp.exp,
    "exp2": lambda x: mpf(2) ** x,
    "exp_m1": mp.expm1,
    "ln": mp.ln,
    "log2": lambda x: mp.ln(x) / mp.ln(2),
    "log10": lambda x: mp.ln(x) / mp.ln(10),
    "ln_1p": lambda x: mp.ln(1 + x),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": lambda x: sign(x) * mp.asinh(abs(x)),
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "to_degrees": mp.degrees,
    "to_radians": mp.radians,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "log_sigmoid": lambda x: -mp.ln(1 + mp.exp(-x)),
    "softplus": lambda x: mp.ln(1 + mp.exp(x)),
    "relu": lambda x: x if x > 0 else mpf(0),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "inv_erf": inv_erf,
    "ln_gamma": lambda x: mp.ln(abs(mp.gamma(x))),
    "digamma": mp.digamma,
    "logit": lambda x: mp.ln(x / (1 - x)),
    "sinc": lambda x: mp.sin(x) / x if x else mpf(1),
    "normal_cdf": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "normal_pdf": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    "normal_ln_pdf": lambda x: -x * x / 2 - mp.ln(2 * mp.pi) / 2,
}

BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "rem": lambda a, b: a - b * trunc(a / b),
    "chain": lambda a, b: a * b,
    "powi": lambda a, b: a ** int(b),
    "polygamma": lambda a, b: mp.psi(int(b), a),
    "spherical_jn": spherical_jn,
    "powf": lambda a, b: a**b,
    "log": lambda a, b: mp.ln(a) / mp.ln(b),
    "hypot": mp.hypot,
    "atan2": mp.atan2,
    "max": max,
    "min": min,
    "abs_sub": lambda a, b: max(a - b, mpf(0)),
    "copysign": lambda a, b: abs(a) * sign(b),
    "xlogy": lambda a, b: a * mp.ln(b),
    "xlog1py": lambda a, b: a * mp.ln(1 + b),
    "log_add_exp": lambda a, b: mp.ln(mp.exp(a) + mp.exp(b)),
}

# The second operand is a whole number and a constant.
CONSTANT_SECOND = {"powi", "polygamma", "spherical_jn"}

# Offsets in steps and their weights, for derivatives of order 0 to 3.
STENCIL = [
    [(0, 1)],
    [(1, mpf(1) / 2), (-1, mpf(-1) / 2)],
    [(1, 1), (0, -2), (-1, 1)],
    [(2, mpf(1) / 2), (1, -1), (-1, 1), (-2, mpf(-1) / 2)],
]


def difference(f, x, orders, step):
    """The mixed derivative of f at x, of an order in each argument, by central differences."""
    steps = [step * min(1, abs(x)) if x else step for x in x]
    total = mpf(0)
    for offsets in product(*(STENCIL[order] for order in orders)):
        weight = mp.fprod(weight for _, weight in offsets)
        total += weight * f(*(x + k * h for x, h, (k, _) in zip(x, steps, offsets)))
    return total / mp.fprod(h**order for h, order in zip(steps, orders))


def derivative(f, x, orders):
    """Two steps give the same digits; where they do not, what they give is the differences' error around 0."""
    fine, coarse = difference(f, x, orders, STEP), difference(f, x, orders, 2 * STEP)
    if abs(fine - coarse) <= abs(fine) * mpf(10) ** -(DIGITS + 10):
        return mp.nstr(fine, DIGITS, min_fixed=0, max_fixed=0)
    assert abs(fine) < mpf(10) ** -(2 * DIGITS), (fine, coarse)
    return "0"


def line(name, a, b):
    if name not in (BINARY if b else UNARY):
        sys.exit(f"{sys.argv[0]}: what is `{name}`? Give its value in mpmath to {'BINARY' if b else 'UNARY'}")
    cells = []
    for order in range(4):
        for of_b in range(order + 1):
            if b and name not in CONSTANT_SECOND:
                x, f, orders = [a, b], BINARY[name], (order - of_b, of_b)
            elif of_b:
                cells.append("")
                continue
            else:
                f = (lambda x: BINARY[name](x, mpf(b))) if b else UNARY[name]
                x, orders = [a], (order,)
            cells.append(derivative(f, [mpf(float(x)) for x in x], orders))
    return [name, a, b, *cells]


def main():
    head, *known = csv.reader(FILE.open()) if FILE.exists() else ["function a b f f_a f_b f_aa f_ab f_bb f_aaa f_aab f_abb f_bbb".split()]
    known = {tuple(row[:3]): row for row in known}
    points = subprocess.run(POINTS, check=True, stdout=subprocess.PIPE, text=True, cwd=FILE.parent).stdout
    rows = [known.get(tuple(point)) or line(*point) for point in csv.reader(points.splitlines())]
    with FILE.open("w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([head, *rows])


main()
