#!/usr/bin/env python3
"""Times value and gradient of the scalar workloads in CasADi: by its virtual machine, and by the C that it writes.

    python3 -m venv ~/peers && ~/peers/bin/pip install casadi
    ~/peers/bin/python tests/peers/casadi_scalars.py       # needs gcc
    cargo bench -p autodiff --features jit --bench scalar  # ours, on the same machine

Microseconds, the least of many runs, and the size of the C and how long gcc took. Values are printed to be compared.
"""

import math
import os
import subprocess
import tempfile
import time

import casadi as ca

MASK = (1 << 64) - 1


def uniforms(a, b, seed, n):
    """As `uniforms` in autodiff/benches/support/workloads.rs."""
    out = []
    for k in range(n):
        z = (seed + (k + 1) * 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        out.append(a + (b - a) * ((z >> 11) * 2.0**-53))
    return out


def speel(x):
    p = x[0]
    for y in x[1:]:
        p = p * y
    return p


def pairs(term):
    return lambda x: sum((term(a, b) for a, b in zip(x, x[1:])), ca.SX(0))


def lse(x, m):
    return ca.log(sum((ca.exp(y - m) for y in x), ca.SX(0))) + m


def normal(x):
    mu, sigma = x[-2:]
    ls, c = ca.log(sigma), 0.5 * math.log(2 * math.pi)
    f = ca.SX(0)
    for y in x[:-2]:
        z = (y - mu) / sigma
        f = f - (0.5 * z * z + ls + c)
    return f


def mlp(p, given):
    y = p[64 * 64 + 128]
    for j in range(64):
        s = p[64 * 64 + j]
        for k in range(64):
            s = s + p[64 * j + k] * given[k]
        y = y + p[64 * 64 + 64 + j] * ca.tanh(s)
    return (y - 0.5) ** 2


def lorenz(v):
    x, y, z, sigma, rho, beta = v
    for _ in range(1000):
        x, y, z = x + 0.005 * (sigma * (y - x)), y + 0.005 * (x * (rho - z) - y), z + 0.005 * (x * y - beta * z)
    return x * x + y * y + z * z


def workloads():
    x = uniforms(-3, 3, 3, 1000)
    given = uniforms(-1, 1, 6, 64)
    yield "speel_1000", speel, [(i + 1) / (i + 2) for i in range(1000)]
    yield "rosen_1000", pairs(lambda x, y: 100 * (y - x * x) ** 2 + (1 - x) ** 2), uniforms(-2, 2, 1, 1000)
    yield "sinexp_1000", pairs(lambda x, y: ca.sin(x) * ca.exp(y) + ca.log(1 + x * x)), uniforms(-1, 1, 2, 1000)
    yield "lse_1000", lambda v: lse(v, max(x)), x
    yield "normal_1000", normal, uniforms(-2, 3, 4, 1000) + [0.3, 1.7]
    yield "mlp", lambda p: mlp(p, given), uniforms(-0.125, 0.125, 5, 4225)
    yield "lorenz", lorenz, [1.0, 1.0, 1.0, 10.0, 28.0, 8.0 / 3.0]


def least(function, x):
    """Microseconds of a call, its buffers reused."""
    import numpy as np
    buffer, run = function.buffer()
    x, value, gradient = np.array(x), np.zeros(1), np.zeros(len(x))
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))
    best, end = math.inf, time.time() + 1
    while time.time() < end:
        start = time.perf_counter()
        for _ in range(10):
            run()
        best = min(best, (time.perf_counter() - start) / 10)
    return best * 1e6, value[0]


def main():
    print(f"{'workload':<12} {'VM us':>9} {'C us':>9} {'C kB':>7} {'gcc s':>6}  value")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, f, at in workloads():
            x = ca.SX.sym("x", len(at))
            y = f(ca.vertsplit(x))
            function = ca.Function(name, [x], [y, ca.densify(ca.gradient(y, x))])
            machine, value = least(function, at)
            function.generate(f"{name}.c")
            start = time.time()
            subprocess.run(["gcc", "-O2", "-fPIC", "-shared", f"{name}.c", "-o", f"{name}.so", "-lm"], check=True)
            built = time.time() - start
            native, same = least(ca.external(name, f"./{name}.so"), at)
            assert abs(value - same) <= 1e-12 * abs(value), (value, same)
            size = os.path.getsize(f"{name}.c") / 1000
            print(f"{name:<12} {machine:>9.2f} {native:>9.2f} {size:>7.0f} {built:>6.1f}  {float(value)!r}", flush=True)


if __name__ == "__main__":
    main()
