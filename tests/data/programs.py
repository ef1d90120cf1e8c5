#!/usr/bin/env python3
"""Writes programs.json: the programs of tests/it/programs.rs as JAX computes them, in double precision:

    pip install jax==0.10.2 && python3 programs.py

Each program is a scalar function of some arrays. Stored are its value, its gradient, and its Hessian's product with a
direction. The elements of arrays and directions are U(low, high; seed)_k = low + (high - low) u(seed, k), u being splitmix64.
"""

import json
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import log_softmax, relu, sigmoid, softmax, softplus
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import erf, logsumexp

jax.config.update("jax_enable_x64", True)

MASK = (1 << 64) - 1


def u(seed, k):
    z = (seed + (k + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def uniform(low, high, seed, shape):
    flat = [low + (high - low) * u(seed, k) for k in range(math.prod(shape))]
    return np.array(flat).reshape(shape)


PROGRAMS = []


def program(*inputs):
    """Arrays given as shapes, with elements between -1 and 1, or as (shape, low, high)."""
    plain = [x if len(x) == 3 and isinstance(x[0], tuple) else (x, -1.0, 1.0) for x in inputs]

    def add(f):
        PROGRAMS.append((f.__name__, plain, f))
        return f

    return add


def linear(x, w, b):
    return x @ w.T + b


def hot(n, classes):
    return jnp.eye(classes)[jnp.arange(n) % classes]


def cross_entropy(a, t):
    return -(t * log_softmax(a, axis=-1)).sum(axis=-1)


def bce(a, t):
    return softplus(a) - t * a


def alternating(shape):
    return (jnp.arange(math.prod(shape)) % 2).astype(float).reshape(shape)


def layer_norm(x, axes):
    d = x - x.mean(axis=axes, keepdims=True)
    return d / jnp.sqrt((d * d).mean(axis=axes, keepdims=True) + 1e-5)


# Networks.


@program((4, 3), (5, 3), (5,), (2, 5), (2,))
def mlp_tanh(x, w, b, v, c):
    return jnp.square(linear(jnp.tanh(linear(x, w, b)), v, c)).mean()


@program((6, 4), (8, 4), (8,), (3, 8), (3,))
def mlp_relu_cross_entropy(x, w, b, v, c):
    return cross_entropy(linear(relu(linear(x, w, b)), v, c), hot(6, 3)).mean()


@program((6, 4), (7, 4), (7,), (1, 7), (1,))
def mlp_softplus_bce(x, w, b, v, c):
    return bce(linear(softplus(linear(x, w, b)), v, c), alternating((6, 1))).mean()


@program((4, 3), (3, 3), (3,))
def deep_shared_sigmoid(x, w, b):
    for _ in range(6):
        x = sigmoid(linear(x, w, b))
    return (x * x).sum()


@program((2, 5, 4), (3, 4), (3,))
def linear_leading_axes(x, w, b):
    return jnp.sin(linear(x, w, b)).sum()


@program((4, 6), (6, 6), (6,), (6,))
def residual_layer_norm(x, w, scale, shift):
    h = x + jnp.tanh(x @ w)
    return jnp.square(layer_norm(h, 1) * scale + shift).sum() + layer_norm(x, 1)[0, 0]


@program((3, 2, 4, 4), (2,), (2,))
def batch_norm(x, scale, shift):
    y = layer_norm(x, (0, 2, 3)) * scale.reshape(2, 1, 1) + shift.reshape(2, 1, 1)
    return (y**3).mean()


@program((5, 6), (6,))
def rms_norm(x, scale):
    return jnp.tanh(x / jnp.sqrt((x * x).mean(axis=1, keepdims=True) + 1e-6) * scale).sum()


@program((5, 4), (4, 4), (4, 4), (4, 4))
def attention(x, wq, wk, wv):
    p = softmax((x @ wq) @ (x @ wk).T / 2.0, axis=1)
    return (x * (p @ (x @ wv))).sum()


@program((2, 5, 8), (24, 8), (24,), (8, 8), (8,))
def causal_heads(x, w, b, v, c):
    q, k, a = (linear(x, w, b).reshape(2, 5, 3, 2, 4).transpose(2, 0, 3, 1, 4))
    scores = q @ k.swapaxes(2, 3) / 2.0
    p = softmax(jnp.where(jnp.tril(jnp.ones((5, 5))) > 0, scores, -jnp.inf), axis=3)
    y = (p @ a).transpose(0, 2, 1, 3).reshape(2, 5, 8)
    return jnp.square(linear(y, v, c)).mean()


@program((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 4))
def attention_einsum(q, k, v):
    p = softmax(jnp.einsum("bhqd,bhkd->bhqk", q, k), axis=3)
    return jnp.sin(jnp.einsum("bhqk,bhkd->bqhd", p, v)).sum()


@program((5, 3), (4, 3), (4, 4), (4,))
def rnn(x, w, r, b):
    h = jnp.zeros(4)
    for t in range(5):
        h = jnp.tanh(w @ x[t] + r @ h + b)
    return (h * h).sum()


@program((4, 2, 3), (12, 3), (12, 3), (12,))
def lstm(x, w, r, b):
    h = c = jnp.zeros((2, 3))
    for t in range(4):
        gates = linear(x[t], w, b) + h @ r.T
        i, f, o, g = gates[:, :3], gates[:, 3:6], gates[:, 6:9], gates[:, 9:]
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(c)
    return (h * c).sum()


@program((5, 3), (3,), (3, 2))
def embedding_pool(table, query, w):
    rows = table[jnp.array([0, 2, 2, 4])]
    return jnp.square((softmax(rows @ query, axis=0) @ rows) @ w).sum()


# Windows.


def conv(x, k, stride, padding, dilation, groups=1):
    spec = ("NCHW", "OIHW", "NCHW") if x.ndim == 4 else ("NCH", "OIH", "NCH")
    n = x.ndim - 2
    return lax.conv_general_dilated(
        x, k, (stride,) * n, [(padding, padding)] * n, rhs_dilation=(dilation,) * n, dimension_numbers=spec,
        feature_group_count=groups, precision=lax.Precision.HIGHEST,
    )


def patches(x, size, stride, padding, fill):
    """The windows' elements along a new last axis."""
    x = jnp.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)], constant_values=fill)
    rows, cols = ((n - size) // stride + 1 for n in x.shape[2:])
    at = lambda i, j: x[:, :, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (cols - 1) + 1 : stride]
    return jnp.stack([at(i, j) for i in range(size) for j in range(size)], axis=-1)


@program((2, 2, 8, 8), (4, 2, 3, 3), (4,), (3, 4, 3, 3), (5, 12), (5,))
def conv_net(x, k, b, l, w, c):
    x = patches(relu(conv(x, k, 1, 1, 1) + b.reshape(4, 1, 1)), 2, 2, 0, 0.0).max(axis=-1)
    x = patches(jnp.tanh(conv(x, l, 1, 1, 1)), 2, 2, 0, 0.0).mean(axis=-1)
    return cross_entropy(linear(x.reshape(2, 12), w, c), hot(2, 5)).mean()


@program((2, 4, 7, 7), (6, 2, 3, 3), (6,))
def conv_dilated_groups(x, k, b):
    return jnp.square(jnp.tanh(conv(x, k, 2, 2, 2, 2) + b.reshape(6, 1, 1))).sum()


@program((2, 3, 10), (4, 3, 3), (4,))
def conv1d_strided(x, k, b):
    return softplus(conv(x, k, 2, 1, 1) + b.reshape(4, 1)).mean()


@program((1, 2, 7, 7))
def max_pool_padded(x):
    return (patches(x, 3, 2, 1, -jnp.inf).max(axis=-1) ** 3).sum()


@program((2, 2, 5, 6))
def avg_pool_padded(x):
    return jnp.exp(patches(x, 3, 2, 1, 0.0).mean(axis=-1)).sum()


# Linear algebra and statistics.


def kernel(x, length, noise):
    d = ((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
    return jnp.exp(-0.5 * d / jnp.exp(2.0 * length)) + jnp.exp(noise) * jnp.eye(len(x))


@program((6, 2), (6,), (), ((), -2.0, -1.0))
def gaussian_process_cholesky(x, y, length, noise):
    l = jnp.linalg.cholesky(kernel(x, length, noise))
    z = solve_triangular(l, y, lower=True)
    return 0.5 * (z * z).sum() + jnp.log(jnp.diagonal(l)).sum()


@program((6, 2), (6,), (), ((), -2.0, -1.0))
def gaussian_process_solve(x, y, length, noise):
    k = kernel(x, length, noise)
    return 0.5 * y @ jnp.linalg.solve(k, y) + 0.5 * jnp.linalg.slogdet(k)[1]


@program((4, 4), (4,))
def mahalanobis(a, x):
    return x @ jnp.linalg.inv(a @ a.T + jnp.eye(4)) @ x


@program((4, 4))
def determinant(a):
    return jnp.linalg.det(jnp.eye(4) + 0.3 * a) ** 2


@program((4, 4))
def logdet_and_trace(a):
    m = a + 3.0 * jnp.eye(4)
    return jnp.linalg.slogdet(m)[1] + jnp.trace(jnp.linalg.solve(m, a))


@program((4, 4), (4, 3))
def whitening(a, x):
    l = jnp.linalg.cholesky(a @ a.T + 2.0 * jnp.eye(4))
    return jnp.tanh(solve_triangular(l, x, lower=True)).sum() + jnp.square(l).sum()


@program((3, 3), (2, 3), (3,), (2,))
def kalman_update(a, h, x, y):
    p = a @ a.T + jnp.eye(3)
    s = h @ p @ h.T + 0.5 * jnp.eye(2)
    gain = jnp.linalg.solve(s, h @ p).T
    r = y - h @ x
    q = p - gain @ h @ p
    return jnp.square(x + gain @ r).sum() + jnp.trace(q) + 0.5 * r @ jnp.linalg.solve(s, r) + jnp.linalg.slogdet(s)[1]


@program((6, 3), (6,), (4, 3), (4,), ())
def ridge_validation(x, y, vx, vy, penalty):
    w = jnp.linalg.solve(x.T @ x + jnp.exp(penalty) * jnp.eye(3), x.T @ y)
    return jnp.square(vx @ w - vy).mean()


@program((8, 4), (3, 4), (3,))
def softmax_regression(x, w, b):
    return cross_entropy(linear(x, w, b), hot(8, 3)).mean() + 0.01 * (w * w).sum()


@program((8, 3), (3,), ())
def logistic_regression(x, w, b):
    return bce(x @ w + b, alternating((8,))).sum()


@program((7, 3), (3,), ((7,), 0.5, 3.0))
def poisson_regression(x, w, y):
    eta = x @ w
    return (jnp.exp(eta) - y * eta).mean()


@program((7,), (3,), (3,), (3,))
def mixture_nll(x, logits, mu, ln_sigma):
    z = (x[:, None] - mu) / jnp.exp(ln_sigma)
    return -logsumexp(log_softmax(logits) - 0.5 * z * z - ln_sigma, axis=1).sum()


@program((4, 5))
def logsumexp_pyramid(x):
    return logsumexp(logsumexp(3.0 * x, axis=1) * x[:, 0], axis=0)


@program((6, 5), (6,))
def softmax_extremes(x, y):
    return cross_entropy(1e4 * jnp.sign(x) + x, hot(6, 5)).mean() + bce(50.0 * y, alternating((6,))).mean()


# Contractions, broadcasting, parts.


@program((3, 2), (2, 4, 5), (3, 4))
def einsum_bilinear(x, w, y):
    return jnp.tanh(jnp.einsum("bi,ijk,bj->bk", x, w, y)).sum()


@program((4, 4), (4, 4))
def einsum_diagonals(a, b):
    return jnp.sin(jnp.einsum("ij,ji->", a, b)) + (jnp.einsum("ii->i", a) ** 3).sum() + jnp.einsum("ij,jj->i", a, b)[1] ** 2


@program((1, 2, 3), (3, 2, 3), (3, 2, 1))
def einsum_tensor_train(a, b, c):
    return jnp.exp(jnp.einsum("iaj,jbk,kci->abc", a, b, c)).sum()


@program((2, 1, 3, 4), (5, 4, 2), (2,))
def einsum_ellipsis(a, b, c):
    return jnp.cos(jnp.einsum("...ij,...jk,k->...i", a, b, c)).sum()


@program((3, 2, 4), (2, 3, 4, 2))
def matmul_broadcast(a, b):
    return jnp.sin(a @ b).sum() + (a.swapaxes(1, 2) @ a).sum()


@program((3, 1, 4), ((2, 1), 0.5, 2.0), (4,))
def broadcast_chain(a, b, c):
    return (jnp.exp(-a * a) * b + jnp.sin(c) / (1.0 + b * b) - a * jnp.log(b)).sum()


@program(((3, 4), 0.2, 0.9))
def elementary_chain(x):
    y = jnp.log1p(jnp.expm1(x)) * jnp.arctan(x) + jnp.sinh(x) / jnp.cosh(2.0 * x)
    return (y + jnp.arcsin(x) - jnp.arctanh(x) * jnp.tan(x) + erf(x)).sum()


@program(((3, 4), 0.3, 2.0), ((4,), 0.5, 1.5))
def powers(x, y):
    return (x**y + jnp.hypot(x, y) * jnp.arctan2(y, x) + jnp.sqrt(x) / y).mean()


@program((3, 5), (5,))
def huber_and_clamp(x, y):
    r = 3.0 * (x - y)
    small = jnp.abs(r) < 1.0
    return jnp.where(small, 0.5 * r * r, jnp.abs(r) - 0.5).sum() + jnp.square(jnp.clip(x * y, -0.3, 0.4)).sum()


@program((6, 5))
def smoothness(x):
    d = x[1:] - x[:-1]
    return jnp.square(d).sum() + jnp.square(d[1:] - d[:-1]).sum() + jnp.abs(x[:, 2:] - x[:, :-2]).sum() ** 2


@program((2, 3), (4, 3), (3,))
def concat_and_stack(a, b, c):
    whole = jnp.concatenate([a, b, a[::-1]], axis=0)
    return jnp.sin(whole @ jnp.stack([c, c * c], axis=1)).sum()


@program((3,), (3, 3))
def runge_kutta(x, a):
    f = lambda x: jnp.tanh(a @ x) - 0.1 * x**3
    for _ in range(4):
        k1 = f(x)
        k2 = f(x + 0.05 * k1)
        k3 = f(x + 0.05 * k2)
        k4 = f(x + 0.1 * k3)
        x = x + (k1 + 2.0 * k2 + 2.0 * k3 + k4) * (0.1 / 6.0)
    return (x * x).sum()


# Programs that differentiate.


def scorer(x, w, b, v):
    return jnp.tanh(linear(x, w, b)) @ v


@program((4, 3), (5, 3), (5,), (5,))
def gradient_penalty(x, w, b, v):
    g = jax.grad(lambda x: scorer(x, w, b, v).sum())(x)
    return jnp.square(jnp.sqrt((g * g).sum(axis=1)) - 1.0).mean() + scorer(x, w, b, v).mean()


@program((4, 3), (5, 3), (5,), (5,), (5, 3))
def curvature_along(x, w, b, v, d):
    f = lambda w: jnp.square(scorer(x, w, b, v)).mean()
    return (jax.grad(lambda w: (jax.grad(f)(w) * d).sum())(w) * d).sum()


@program((5, 3), (5,), (3,), (4, 3), (4,))
def unrolled_descent(x, y, w, vx, vy):
    f = lambda w: jnp.square(jnp.tanh(x @ w) - y).mean()
    for _ in range(3):
        w = w - 0.5 * jax.grad(f)(w)
    return jnp.square(vx @ w - vy).mean()


@program((3, 4), (5, 4), (5,))
def contractive(x, w, b):
    f = lambda x: sigmoid(linear(x, w, b))
    rows = [jax.grad(lambda x: f(x)[:, k].sum())(x) for k in range(5)]
    return sum((row * row).sum() for row in rows)


@program((1, 2, 5, 5), (2, 2, 3, 3))
def conv_gradient_norm(x, k):
    g = jax.grad(lambda x: jnp.square(jnp.tanh(conv(x, k, 1, 1, 1))).sum())(x)
    return (g * g).sum()


@program((3, 3), (3,))
def curvature_of_logdet(a, y):
    f = lambda m: jnp.linalg.slogdet(m)[1] + y @ jnp.linalg.solve(m, y)
    g = jax.grad(f)(a @ a.T + jnp.eye(3))
    return (g * g).sum()


def numbers(x):
    flat = [float(v) for v in np.asarray(x).ravel()]
    assert all(map(math.isfinite, flat)), flat
    return flat


def main():
    records = []
    for number, (name, inputs, f) in enumerate(PROGRAMS):
        seed = 100 * number
        described = [
            {"shape": list(shape), "low": low, "high": high, "seed": seed + i, "direction": seed + 50 + i}
            for i, (shape, low, high) in enumerate(inputs)
        ]
        x = [jnp.array(uniform(i["low"], i["high"], i["seed"], i["shape"])) for i in described]
        v = [jnp.array(uniform(-1.0, 1.0, i["direction"], i["shape"])) for i in described]
        every = tuple(range(len(x)))
        gradient = jax.grad(f, argnums=every)
        along = lambda *x: sum((g * d).sum() for g, d in zip(gradient(*x), v))
        records.append({
            "name": name,
            "inputs": described,
            "value": float(f(*x)),
            "gradient": [numbers(g) for g in gradient(*x)],
            "hessian_product": [numbers(g) for g in jax.grad(along, argnums=every)(*x)],
        })
    text = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("programs.json").write_text(f"[\n{text}\n]\n")


main()
