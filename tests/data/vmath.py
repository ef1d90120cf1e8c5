"""Writes `vmath.csv`: arguments in f64 for each vector function, with the exact value as a sum of two f64, all in bits.

    python3 vmath.py > vmath.csv

Needs mpmath. Arguments: random bit patterns, ranges in which the functions bend, neighbourhoods of the edges of ranges, of
multiples of π/2 and of powers of 2, and the worst arguments that a search over millions of points found.
"""

import random
import struct

from mpmath import cos, erf, erfc, exp, expm1, log, log1p, mp, mpf, pi, sin, sqrt, tanh

mp.dps = 60


def wide(f):
    """In so many digits that cancellation leaves enough."""

    def evaluate(x):
        with mp.workdps(800):
            return f(x)

    return evaluate


functions = {
    "exp": exp,
    "exp_m1": expm1,
    "ln": log,
    "ln_1p": log1p,
    "tanh": tanh,
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "softplus": lambda x: log1p(exp(x)),
    "log_sigmoid": lambda x: -log1p(exp(-x)),
    "sin": wide(sin),
    "cos": wide(cos),
    "normal_cdf": lambda x: erfc(-x / sqrt(mpf(2))) / 2,
    "normal_pdf": lambda x: exp(-x * x / 2) / sqrt(2 * pi),
    "erf": erf,
    "erfc": erfc,
}
worst = {
    "exp": [-1.0278733478741628, -29.442356161058612],
    "ln": [1.401646820731406],
    "tanh": [-0.173612846458993, 0.030453830706877683],
    "sin": [-0.807590691914891],
    "cos": [164.1303837949581],
    "exp_m1": [0.34669774201083126],
    "ln_1p": [-0.3011987599633107, -0.0],
    "sigmoid": [-4.846445917979169, -3.4407473364541463],
    "softplus": [-1.2982092210478355, -0.4371589260029286],
    "log_sigmoid": [0.4391088160041703, 0.4333194681113759],
}


def bits(x):
    return struct.unpack("Q", struct.pack("d", x))[0]


def number(b):
    return struct.unpack("d", struct.pack("Q", b))[0]


def to_double(x):
    """Rounded to nearest, subnormals too; infinite beyond the largest."""
    if x == 0:
        return 0.0
    unit = mpf(2) ** max(int(mp.floor(mp.log(abs(x), 2))) - 52, -1074)
    y = mp.nint(x / unit) * unit
    return float("inf") if abs(y) >= mpf(2) ** 1024 and y > 0 else float("-inf") if abs(y) >= mpf(2) ** 1024 else float(y)


def arguments(name, rng):
    yield from worst.get(name, [])
    for _ in range(60):
        x = number(rng.getrandbits(64))
        if x == x and abs(x) != float("inf"):
            yield x
    for scale in [0.1, 0.7, 2.0, 10.0, 40.0, 800.0, 1e9]:
        for _ in range(12):
            yield rng.uniform(-scale, scale)
    for _ in range(30):
        yield rng.choice([-1, 1]) * 10 ** rng.uniform(-18, 0)
        yield 1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-16, 0)
    for edge in [709.782712893384, 710.4, -708.3964185322641, -745.1332191019412, -37.43, 22.0, 1e9, 5e-324, 2.2250738585072014e-308, 1.4142135623730951, 0.7071067811865476]:
        for step in [-1, 0, 1]:
            yield number(bits(edge) + step)
    for k in [1, 2, 3, 4, 5, 100, 12345, 573204, 600000000]:
        yield float(k * pi / 2)
        yield -float(k * pi / 2)


def main():
    rng = random.Random(20)
    for name, f in functions.items():
        for x in arguments(name, rng):
            if name in ("ln",) and x <= 0:
                x = -x
            if name == "ln_1p" and x <= -1 or name == "ln" and x == 0:
                continue
            if abs(x) > 1e4 and name not in ("ln", "ln_1p", "sin", "cos"):
                continue
            if name in ("sigmoid", "softplus", "log_sigmoid") and abs(x) > 760:
                continue
            y = f(mpf(x))
            high = to_double(y)
            if high == 0 or abs(high) == float("inf"):
                low = 0.0
            else:
                low = to_double(y - mpf(high))
            print(f"{name},{bits(x):016x},{bits(high):016x},{bits(low):016x}")


main()
