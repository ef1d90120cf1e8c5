"""Fits the polynomials of the vector functions and writes `coefficients.rs`.

    python3 coefficients.py > coefficients.rs

Needs mpmath. Each polynomial is the minimax approximation of a smooth remainder (the function less its leading terms, divided
by a power of the argument), found by Remez' exchange in 60 digits with the weight that makes the error relative to the function,
and rounded to the number type. The largest relative error after rounding stands beside each table.
"""

import struct

from mpmath import cos, erfc, exp, linspace, log, lu_solve, matrix, mp, mpf, pi, sin, sqrt, taylor

mp.dps = 60


def smooth(f, order, terms=40):
    """The Taylor series at 0 of `f`, without its first `order` terms and divided by `x^order`: no cancellation near 0."""
    series = taylor(f, 0, terms + order)[order:]
    return lambda x: sum(c * x**k for k, c in enumerate(series))


def remez(g, degree, low, high, weight):
    """The polynomial `p` of the degree for which the largest `|weight (p - g)|` on the interval is smallest."""
    n = degree + 2
    points = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    grid = linspace(low, high, 60 * n)
    values = [(x, g(x), weight(x)) for x in grid]
    for _ in range(12):
        rows = [[x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        solution = lu_solve(matrix(rows), matrix([g(x) for x in points]))
        p = [solution[k] for k in range(degree + 1)]
        error = [(w * (sum(c * x**k for k, c in enumerate(p)) - y), x) for x, y, w in values]
        # One extremum for each run of one sign.
        runs, new = [], []
        for e, x in error:
            if runs and (runs[-1][0] > 0) == (e > 0):
                if abs(e) > abs(runs[-1][0]):
                    runs[-1] = (e, x)
            else:
                runs.append((e, x))
        while len(runs) > n:
            runs.pop(0 if abs(runs[0][0]) < abs(runs[-1][0]) else -1)
        new = [x for _, x in runs]
        if len(new) < n:
            raise ValueError("lost an extremum")
        if max(abs(a - b) for a, b in zip(points, new)) == 0:
            break
        points = new
    return p, values


def rounded(x, single):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0]) if single else mpf(float(x))


def written(x, single):
    bits = struct.unpack("I", struct.pack("f", float(x)))[0] if single else struct.unpack("Q", struct.pack("d", float(x)))[0]
    return f"f32::from_bits(0x{bits:08x})" if single else f"f64::from_bits(0x{bits:016x})"


def parts(x, single, count, drop=0):
    """`x` as a sum of numbers; the first with `drop` trailing zeros, so that multiples of it by small integers are exact."""
    out = []
    for k in range(count):
        bits = (24 if single else 53) - (drop if k == 0 else 0)
        shift = bits - 1 - int(mp.floor(log(abs(x), 2)))
        part = mp.nint(x * mpf(2) ** shift) / mpf(2) ** shift
        out.append(part)
        x -= part
    return out


def table(name, what, single, g, degree, low, high, weight):
    p, values = remez(g, degree, low, high, weight)
    p = [rounded(c, single) for c in p]
    worst = max(abs(w * (sum(c * x**k for k, c in enumerate(p)) - y)) for x, y, w in values)
    print(f"    // {what}; relative error 2^{mp.nstr(log(worst, 2), 4)}.")
    print(f"    const {name}: &'static [Self] = &[")
    for c in p:
        print(f"        {written(c, single)},")
    print("    ];")


def constants(name, values, single):
    if len(values) == 1:
        print(f"    const {name}: Self = {written(values[0], single)};")
    else:
        print(f"    const {name}: [Self; {len(values)}] = [{', '.join(written(v, single) for v in values)}];")


def tables(single):
    reach = log(mpf(2)) / 2 * (1 + mpf(2) ** -10)
    table("EXP", "(e^r - 1 - r) / r^2, relative to (e^r - 1) / r", single, smooth(exp, 2), 4 if single else 9, -reach, reach, lambda r: max(abs(r), reach / 64))
    # ln((1 + s) / (1 - s)) = 2 s + s (z L(z)), z = s^2.
    s = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1) * (1 + mpf(2) ** -10)
    series = [mpf(2) / (2 * k + 3) for k in range(60)]
    ln = lambda z: sum(c * z**k for k, c in enumerate(series))
    table("LN", "(ln((1 + s) / (1 - s)) - 2 s) / s^3 in s^2", single, ln, 2 if single else 6, mpf(0), s**2, lambda z: max(z, s**2 / 64) / 2)
    # In f32 the quadrant may be missed by 1/128.
    angle = pi / 4 * (1 + (mpf(2) ** -6 if single else mpf(2) ** -20))
    series_of = lambda first, step: [(-1) ** k / mp.factorial(first + 2 * k) * step for k in range(30)]
    sines, cosines = series_of(3, -1), series_of(4, 1)
    value = lambda series: lambda z: sum(c * z**k for k, c in enumerate(series))
    table("SIN", "(sin r - r) / r^3 in r^2", single, value(sines), 2 if single else 5, mpf(0), angle**2, lambda z: max(z, angle**2 / 64))
    table("COS", "(cos r - 1 + r^2 / 2) / r^4 in r^2", single, value(cosines), 2 if single else 5, mpf(0), angle**2, lambda z: max(z**2 / cos(sqrt(z)), angle**4 / 64))
    # t = (a - 4) / (a + 4), from a = 0 to where the tail underflows.
    end = mpf(15 if single else 40)

    def tail(t):
        a = 4 * (1 + t) / (1 - t)
        return (1 + a) * exp(a * a / 2) * erfc(a / sqrt(mpf(2))) / 2

    table("TAIL", "(1 + a) e^(a^2 / 2) Q(a) in t = (a - 4) / (a + 4), Q the normal tail", single, tail, 10 if single else 24, mpf(-1), (end - 4) / (end + 4), lambda t: 1 / tail(t))
    errors = [2 / sqrt(pi) * (-1) ** k / (mp.factorial(k) * (2 * k + 1)) - (k == 0) for k in range(30)]
    table("ERF", "erf(x) / x - 1 in x^2, relative to erf(x) / x", single, value(errors), 4 if single else 9, mpf(0), mpf(1) / 4 * (1 + mpf(2) ** -10), lambda z: 1 / (1 + value(errors)(z)))
    constants("ROOT_TWO", parts(sqrt(mpf(2)), single, 2), single)
    constants("NORMAL", parts(1 / sqrt(2 * pi), single, 2), single)
    constants("LOG2_E", [1 / log(mpf(2))], single)
    constants("LN_2", parts(log(mpf(2)), single, 2, 9 if single else 12), single)
    constants("TWO_OVER_PI", [2 / pi], single)
    constants("HALF_PI", parts(pi / 2, single, 3), single)


if __name__ == "__main__":
    print("//! Written by `coefficients.py`: minimax polynomials, lowest power first, and constants in parts.")
    print()
    print('#![allow(clippy::unreadable_literal, reason = "bit patterns")]')
    print()
    print("use super::native::Tables;")
    for name, single in [("f32", True), ("f64", False)]:
        print(f"\nimpl Tables for {name} {{")
        tables(single)
        print("}")
