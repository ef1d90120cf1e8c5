#!/usr/bin/env python3
"""Writes edges.csv: value and derivatives at the table's edge points, in PyTorch and in JAX:

    pip install torch==2.9.1 jax==0.10.2
    cargo run -q -p tests --example edges -- points | python3 tests/data/edges.py > tests/data/edges.csv

Empty where a library has no such function.
"""

import csv
import sys

import jax
import jax.numpy as jnp
import torch
from jax.scipy import special as js

jax.config.update("jax_enable_x64", True)

TORCH = {
    "abs": torch.abs, "signum": torch.sign, "floor": torch.floor, "sqrt": torch.sqrt, "recip": torch.reciprocal,
    "ln": torch.log, "log2": torch.log2, "log10": torch.log10, "ln_1p": torch.log1p, "asin": torch.asin, "acos": torch.acos,
    "acosh": torch.acosh, "atanh": torch.atanh, "inv_erf": torch.erfinv, "logit": torch.logit, "relu": torch.relu,
    "sinc": lambda x: torch.sinc(x / torch.pi), "ln_gamma": torch.lgamma, "digamma": torch.digamma,
    "softplus": torch.nn.functional.softplus, "sigmoid": torch.sigmoid, "log_sigmoid": torch.nn.functional.logsigmoid,
    "tanh": torch.tanh, "exp": torch.exp,
    "powf": torch.pow, "div": torch.div, "hypot": torch.hypot, "atan2": torch.atan2, "max": torch.maximum,
    "min": torch.minimum, "copysign": torch.copysign, "xlogy": torch.special.xlogy, "xlog1py": torch.special.xlog1py,
    "log_add_exp": torch.logaddexp, "abs_sub": lambda a, b: torch.relu(a - b), "rem": torch.fmod,
}
JAX = {
    "abs": jnp.abs, "signum": jnp.sign, "floor": jnp.floor, "sqrt": jnp.sqrt, "cbrt": jnp.cbrt, "recip": jnp.reciprocal,
    "ln": jnp.log, "log2": jnp.log2, "log10": jnp.log10, "ln_1p": jnp.log1p, "asin": jnp.arcsin, "acos": jnp.arccos,
    "acosh": jnp.arccosh, "atanh": jnp.arctanh, "inv_erf": js.erfinv, "logit": js.logit, "relu": jax.nn.relu,
    "sinc": lambda x: jnp.sinc(x / jnp.pi), "ln_gamma": js.gammaln, "digamma": js.digamma, "softplus": jax.nn.softplus,
    "sigmoid": jax.nn.sigmoid, "log_sigmoid": jax.nn.log_sigmoid, "tanh": jnp.tanh, "exp": jnp.exp,
    "step": lambda x: jnp.heaviside(x, 0.0),
    "powf": jnp.power, "div": jnp.divide, "hypot": jnp.hypot, "atan2": jnp.arctan2, "max": jnp.maximum, "min": jnp.minimum,
    "copysign": jnp.copysign, "xlogy": js.xlogy, "xlog1py": js.xlog1py, "log_add_exp": jnp.logaddexp,
    "abs_sub": lambda a, b: jax.nn.relu(a - b), "rem": jnp.fmod,
}


def in_torch(name, point):
    x = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in point]
    y = TORCH[name](*x)
    grads = torch.autograd.grad(y, x, allow_unused=True) if y.requires_grad else [None] * len(x)
    return [y.item()] + [0.0 if g is None else g.item() for g in grads]


def in_jax(name, point):
    f = JAX[name]
    return [float(f(*point))] + [float(g) for g in jax.grad(f, argnums=tuple(range(len(point))))(*point)]


def shown(number):
    return repr(float(number))


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow("function a b torch torch_a torch_b jax jax_a jax_b".split())
    for name, a, b in csv.reader(sys.stdin):
        point = [float(a)] + ([float(b)] if b else [])
        row = [name, a, b]
        for table, run in ((TORCH, in_torch), (JAX, in_jax)):
            cells = [shown(v) for v in run(name, point)] if name in table else []
            row += cells + [""] * (3 - len(cells))
        writer.writerow(row)


main()
