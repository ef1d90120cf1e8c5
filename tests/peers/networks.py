"""W11 to W15 of `training.py`: networks beside multilayer perceptrons, in PyTorch and in JAX."""

import math

RATE = 0.01


def hashes(stream, n):
    import numpy as np
    with np.errstate(over="ignore"):
        z = np.uint64(stream << 32) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit(stream, *shape):
    return ((hashes(stream, math.prod(shape)) >> 40).astype("f8") * 2.0**-24).reshape(shape)


def symmetric(stream, shape, scale):
    return (scale * (2 * unit(stream, *shape) - 1)).astype("f4")


def places(stream, n, count):
    return ((hashes(stream, n) >> 40) % count).astype("i8")


def convolutional():
    weights = [symmetric(11000, [16, 1, 3, 3], (6 / 9) ** 0.5), symmetric(11001, [32, 16, 3, 3], (6 / 144) ** 0.5),
               symmetric(11002, [10, 4608], (6 / 4608) ** 0.5)]
    return [p for layer, w in enumerate(weights) for p in (w, symmetric(11100 + layer, w.shape[:1], 0.1))]


def attention():
    import numpy as np
    out = []
    for s in (12000, 12010):
        for k, (o, i) in enumerate([(192, 64), (64, 64), (256, 64), (64, 256)]):
            out += [symmetric(s + k, [o, i], (3 / i) ** 0.5), symmetric(s + 100 + k, [o], 0.1)]
        out += [np.ones(64, "f4"), np.zeros(64, "f4"), np.ones(64, "f4"), np.zeros(64, "f4")]
    return out


def recurrent():
    return [symmetric(13000, [192, 32], 0.125), symmetric(13100, [192], 0.125),
            symmetric(13001, [192, 64], 0.125), symmetric(13101, [192], 0.125)]


def factorisation():
    return [symmetric(14000, [10000, 16], 0.5), symmetric(14001, [1000, 16], 0.5)]


def physics():
    units = [1, 32, 32, 1]
    return [p.astype("f8") for layer, (i, o) in enumerate(zip(units, units[1:]))
            for p in (symmetric(15000 + layer, [o, i], (3 / i) ** 0.5), symmetric(15100 + layer, [o], 0.1))]


PARAMETERS = {"W11": convolutional, "W12": attention, "W13": recurrent, "W14": factorisation, "W15": physics}


def batches(workload):
    """What the steps use in turn."""
    import numpy as np
    if workload == "W11":
        return [(unit(11200, 32, 1, 28, 28).astype("f4"), places(11300, 32, 10))]
    if workload == "W12":
        return [(symmetric(12200, [8, 64, 64], 1), symmetric(12300, [8, 64, 64], 0.5))]
    if workload == "W13":
        return [(symmetric(13200, [16, 50, 32], 1), symmetric(13300, [16, 64], 0.5))]
    if workload == "W14":
        users, items, ratings = places(14200, 8192, 10000), places(14300, 8192, 1000), symmetric(14400, [8192], 2)
        return [(users[i:i + 256], items[i:i + 256], ratings[i:i + 256]) for i in range(0, 8192, 256)]
    return [(np.arange(128)[:, None] * np.pi / 127,)]


def torch_step(workload, compiled):
    import torch
    import torch.nn.functional as F
    params = [torch.from_numpy(p).requires_grad_(True) for p in PARAMETERS[workload]()]
    turns = [tuple(map(torch.from_numpy, batch)) for batch in batches(workload)]
    mask = torch.full((64, 64), -math.inf).triu(1)

    def convolutional(p, x, t):
        x = F.relu(F.conv2d(F.relu(F.conv2d(x, p[0], p[1])), p[2], p[3]))
        return F.cross_entropy(F.linear(F.max_pool2d(x, 2).flatten(1), p[4], p[5]), t)

    def attention(p, x, t):
        for b in (0, 12):
            q, k, v = F.linear(F.layer_norm(x, (64,), p[b + 8], p[b + 9]), p[b], p[b + 1]).view(8, 64, 3, 4, 16).permute(2, 0, 3, 1, 4)
            seen = torch.softmax(q @ k.mT / 4 + mask, -1) @ v
            x = x + F.linear(seen.transpose(1, 2).reshape(8, 64, 64), p[b + 2], p[b + 3])
            hidden = F.gelu(F.linear(F.layer_norm(x, (64,), p[b + 10], p[b + 11]), p[b + 4], p[b + 5]))
            x = x + F.linear(hidden, p[b + 6], p[b + 7])
        return F.mse_loss(x, t)

    def recurrent(p, x, t):
        given, h = F.linear(x, p[0], p[1]), x.new_zeros(16, 64)
        for a in given.unbind(1):
            b = F.linear(h, p[2], p[3])
            r, z = torch.sigmoid(a[:, :128] + b[:, :128]).chunk(2, 1)
            n = torch.tanh(a[:, 128:] + r * b[:, 128:])
            h = (1 - z) * n + z * h
        return F.mse_loss(h, t)

    def factorisation(p, users, items, ratings):
        sparse = not compiled
        rows = F.embedding(users, p[0], sparse=sparse) * F.embedding(items, p[1], sparse=sparse)
        return F.mse_loss(rows.sum(1), ratings)

    def physics(p, x):
        def u(x):
            return F.linear(torch.tanh(F.linear(torch.tanh(F.linear(x, p[0], p[1])), p[2], p[3])), p[4], p[5])
        x = x.detach().requires_grad_(True)
        y = u(x)
        slope, = torch.autograd.grad(y.sum(), x, create_graph=True)
        bend, = torch.autograd.grad(slope.sum(), x, create_graph=True)
        return ((bend + y) ** 2).mean() + y[0, 0] ** 2 + (slope[0, 0] - 1) ** 2

    def functional(p, x):
        # torch.compile knows no double backward of a graph: derivatives with respect to x as tangents.
        u = lambda x: F.linear(torch.tanh(F.linear(torch.tanh(F.linear(x, p[0], p[1])), p[2], p[3])), p[4], p[5])
        one = torch.ones_like(x)
        slope = lambda x: torch.func.jvp(u, (x,), (one,))[1]
        d, bend = torch.func.jvp(slope, (x,), (one,))
        y = u(x)
        return ((bend + y) ** 2).mean() + y[0, 0] ** 2 + (d[0, 0] - 1) ** 2

    loss = {"W11": convolutional, "W12": attention, "W13": recurrent, "W14": factorisation,
            "W15": functional if compiled else physics}[workload]
    loss = torch.compile(loss) if compiled else loss
    count = 0

    def step():
        nonlocal count
        value = loss(params, *turns[count % len(turns)])
        count += 1
        gradients = torch.autograd.grad(value, params)
        with torch.no_grad():
            if gradients[0].is_sparse:
                for p, g in zip(params, gradients):
                    p.add_(g, alpha=-RATE)
            else:
                torch._foreach_add_(params, gradients, alpha=-RATE)
        return value
    return step


def jax_step(workload):
    import jax
    import jax.numpy as jnp
    if workload == "W15":
        jax.config.update("jax_enable_x64", True)
    params = [jnp.asarray(p) for p in PARAMETERS[workload]()]
    turns = [tuple(map(jnp.asarray, batch)) for batch in batches(workload)]
    mask = jnp.triu(jnp.full((64, 64), -jnp.inf), 1)

    def conv(x, w, b):
        return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID") + b[:, None, None]

    def norm(x, w, b):
        d = x - x.mean(-1, keepdims=True)
        return d / jnp.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * w + b

    def convolutional(p, x, t):
        x = jax.nn.relu(conv(jax.nn.relu(conv(x, p[0], p[1])), p[2], p[3]))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return -jnp.take_along_axis(jax.nn.log_softmax(x.reshape(32, -1) @ p[4].T + p[5]), t[:, None], 1).mean()

    def attention(p, x, t):
        for b in (0, 12):
            q, k, v = jnp.transpose((norm(x, p[b + 8], p[b + 9]) @ p[b].T + p[b + 1]).reshape(8, 64, 3, 4, 16), (2, 0, 3, 1, 4))
            seen = jax.nn.softmax(q @ jnp.swapaxes(k, 2, 3) / 4 + mask) @ v
            x = x + jnp.swapaxes(seen, 1, 2).reshape(8, 64, 64) @ p[b + 2].T + p[b + 3]
            hidden = jax.nn.gelu(norm(x, p[b + 10], p[b + 11]) @ p[b + 4].T + p[b + 5], approximate=False)
            x = x + hidden @ p[b + 6].T + p[b + 7]
        return ((x - t) ** 2).mean()

    def recurrent(p, x, t):
        def cell(h, a):
            b = h @ p[2].T + p[3]
            r, z = jnp.split(jax.nn.sigmoid(a[:, :128] + b[:, :128]), 2, 1)
            n = jnp.tanh(a[:, 128:] + r * b[:, 128:])
            return (1 - z) * n + z * h, None
        h, _ = jax.lax.scan(cell, jnp.zeros((16, 64), "f4"), jnp.swapaxes(x @ p[0].T + p[1], 0, 1))
        return ((h - t) ** 2).mean()

    def physics(p, x):
        def u(x):
            return (jnp.tanh(jnp.tanh(x * p[0][:, 0] + p[1]) @ p[2].T + p[3]) @ p[4].T + p[5])[0]
        slope = jax.grad(u)
        y, d, bend = (jax.vmap(f)(x[:, 0]) for f in (u, slope, jax.grad(slope)))
        return ((bend + y) ** 2).mean() + y[0] ** 2 + (d[0] - 1) ** 2

    def update(params, *batch):
        if workload == "W14":
            users, items, ratings = batch
            rows = [params[0][users], params[1][items]]
            value, g = jax.value_and_grad(lambda rows: (((rows[0] * rows[1]).sum(1) - ratings) ** 2).mean())(rows)
            return value, [params[0].at[users].add(-RATE * g[0]), params[1].at[items].add(-RATE * g[1])]
        loss = {"W11": convolutional, "W12": attention, "W13": recurrent, "W15": physics}[workload]
        value, gradients = jax.value_and_grad(loss)(params, *batch)
        return value, [p - RATE * g for p, g in zip(params, gradients)]
    update = jax.jit(update, donate_argnums=0)
    count = 0

    def step():
        nonlocal params, count
        value, params = update(params, *turns[count % len(turns)])
        count += 1
        return value
    return step
