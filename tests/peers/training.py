#!/usr/bin/env python3
"""Times the training steps W1 to W15 of `cargo bench -p nn` beside PyTorch and JAX.

    python3 -m venv ~/peers && ~/peers/bin/pip install torch jax numpy
    cargo bench -p nn --no-run                             # prints the path of the executable
    (cd tests/peers && cargo build --release --bin dfdx)   # for W1, may be left out
    ~/peers/bin/python tests/peers/training.py EXECUTABLE [W1 W2 ...]

Each program is a process of its own that takes its first step, whose result is checked, and then waits. They run in turn,
a second each, several rounds; the table has the medians over the rounds in microseconds. With one thread, all are bound to
one processor.
"""

import os
import statistics
import subprocess
import sys
import time

import networks
from networks import hashes

FIRST = {"W1": 0.2526166, "W2": 2.457989, "W3": 2.392396, "W4": 2.529686, "W5": 2.45798931, "W6": 2.217011,
         "W7": 0.1030489, "W8": 1.519983, "W9": 84.82928, "W10": 5.806248, "W11": 2.4247866, "W12": 1.7054913,
         "W13": 0.10759524, "W14": 1.43167126, "W15": 4.80448986}
UNITS = {"W1": [2, 2, 1], "W2": [784, 128, 10], "W3": [784, 512, 512, 10], "W4": [1024, 2048, 2048, 2048, 10],
         "W5": [784, 128, 10], "W6": [784, 128, 10], "W7": [64] * 65, "W9": [784, 128, 10], "W10": [64, 256, 256, 64]}
RATE = {"W1": 0.5, "W2": 0.05, "W3": 0.05, "W4": 0.02, "W5": 0.05, "W6": 0.01, "W7": 0.05}
SYSTEMS = ["autodiff", "eager", "compile", "jax", "dfdx"]
HEADERS = {"autodiff": "autodiff", "eager": "PyTorch", "compile": "torch.compile", "jax": "JAX jit", "dfdx": "dfdx"}
DFDX = os.path.join(os.path.dirname(os.path.abspath(__file__)), "target/release/dfdx")
ROUNDS, SECONDS = 5, 0.7


# Data, by their place in a stream (see nn/benches/training/data.rs).

def unit(stream, n):
    return (hashes(stream, n) >> 40).astype("f8") * 2.0**-24


def symmetric(stream, *shape):
    n = 1
    for length in shape:
        n *= length
    return (2 * unit(stream, n) - 1).reshape(shape)


def parameters(workload):
    number, units = 2 if workload in ("W5", "W6", "W9") else int(workload[1:]), UNITS[workload]
    out = []
    for layer, (i, o) in enumerate(zip(units, units[1:])):
        limit = 1.0 if workload == "W1" else ((3 if workload in ("W7", "W10") else 6) / i) ** 0.5
        out.append((symmetric(1000 * number + layer, i, o) * limit).astype("f4"))
        out.append((0.1 * symmetric(1000 * number + 100 + layer, o)).astype("f4"))
    return out


def batch(workload):
    import numpy as np
    if workload == "W1":
        return np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "f4"), np.array([[0], [1], [1], [0]], "f4")
    if workload == "W7":
        return symmetric(7200, 16, 64).astype("f4"), (0.5 * symmetric(7300, 16, 64)).astype("f4")
    number, items = {"W2": (2, 32), "W3": (3, 128), "W4": (4, 512), "W5": (2, 32), "W6": (6, 256), "W9": (2, 32)}[workload]
    inputs = UNITS[workload][0]
    x = unit(1000 * number + 200, items * inputs).reshape(items, inputs).astype("f4")
    return x, ((hashes(1000 * number + 300, items) >> 40) % 10).astype("i8")


def direction():
    units = UNITS["W9"]
    return [symmetric(stream + layer, *shape).astype("f4") for layer, (i, o) in enumerate(zip(units, units[1:]))
            for stream, shape in ((2400, (i, o)), (2500, (o,)))]


def elements():
    import numpy as np
    n = 1_000_000
    return (4 * symmetric(8200, n)).astype("f4"), np.where(hashes(8300, n) >> 63 == 1, 1, -1).astype("f4")


# Steps: functions that return something to wait for, which the first step can be checked by.

def torch_step(workload, compiled):
    import torch
    if workload in networks.PARAMETERS:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        return networks.torch_step(workload, compiled), float
    import torch.nn.functional as F
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    compile_ = torch.compile if compiled else lambda f: f
    dtype = torch.float64 if workload == "W5" else torch.float32
    tensor = lambda a: torch.from_numpy(a).to(dtype)

    if workload == "W8":
        y, t = map(tensor, elements())
        y.requires_grad_(True)
        loss = compile_(lambda y, t: (torch.log1p(torch.exp(-t * y)) + 0.1 * y.abs() ** 1.5
                                      + torch.sin(y) * torch.exp(-y * y)).mean())

        def step():
            value = loss(y, t)
            y.grad, = torch.autograd.grad(value, y)
            return value
        return step, float

    params = [tensor(p) for p in parameters(workload)]
    hidden = {"W1": torch.sigmoid, "W7": torch.tanh, "W10": torch.tanh}.get(workload, torch.relu)
    last = hidden if workload in ("W1", "W7") else lambda x: x

    def forward(params, x):
        for k in range(0, len(params), 2):
            x = torch.addmm(params[k + 1], x, params[k])
            x = hidden(x) if k + 2 < len(params) else last(x)
        return x

    if workload == "W10":
        x = tensor(symmetric(10200, 64).astype("f4"))
        jacobian = compile_(torch.func.jacrev(lambda x: forward(params, x[None])[0]))
        return lambda: jacobian(x), lambda j: float(j.norm())

    x, t = batch(workload)
    x, t = tensor(x), tensor(t) if t.dtype == "f4" else torch.from_numpy(t)
    error = F.mse_loss if t.is_floating_point() else F.cross_entropy
    if workload == "W9":
        v = [tensor(a) for a in direction()]
        gradient = torch.func.grad(lambda *params: error(forward(params, x), t), argnums=tuple(range(len(params))))
        product = compile_(lambda: torch.func.jvp(gradient, tuple(params), tuple(v))[1])
        return product, lambda h: float(sum((a * b).sum() for a, b in zip(h, v)))

    for p in params:
        p.requires_grad_(True)
    loss = compile_(lambda params, x, t: error(forward(params, x), t))
    rate, count = RATE[workload], 0

    def step():
        nonlocal count
        one = slice(count % 256, count % 256 + 1) if workload == "W6" else slice(None)
        count += 1
        value = loss(params, x[one], t[one])
        gradients = torch.autograd.grad(value, params)
        with torch.no_grad():
            torch._foreach_add_(params, gradients, alpha=-rate)
        return value
    return step, float


def jax_step(workload):
    import jax
    if workload in networks.PARAMETERS:
        return networks.jax_step(workload), float
    import jax.numpy as jnp
    if workload == "W5":
        jax.config.update("jax_enable_x64", True)
    dtype = jnp.float64 if workload == "W5" else jnp.float32
    array = lambda a: jnp.asarray(a, dtype)

    if workload == "W8":
        y, t = map(array, elements())
        loss = lambda y: (jnp.log1p(jnp.exp(-t * y)) + 0.1 * jnp.abs(y) ** 1.5 + jnp.sin(y) * jnp.exp(-y * y)).mean()
        step = jax.jit(jax.value_and_grad(loss))
        return lambda: step(y), lambda result: float(result[0])

    params = [array(p) for p in parameters(workload)]
    hidden = {"W1": jax.nn.sigmoid, "W7": jnp.tanh, "W10": jnp.tanh}.get(workload, jax.nn.relu)
    last = hidden if workload in ("W1", "W7") else lambda x: x

    def forward(params, x):
        for k in range(0, len(params), 2):
            x = x @ params[k] + params[k + 1]
            x = hidden(x) if k + 2 < len(params) else last(x)
        return x

    if workload == "W10":
        x = array(symmetric(10200, 64))
        jacobian = jax.jit(jax.jacrev(lambda x: forward(params, x)))
        return lambda: jacobian(x), lambda j: float(jnp.linalg.norm(j))

    x, t = batch(workload)
    if t.dtype == "f4":
        x, t = array(x), array(t)
        error = lambda params, x, t: ((forward(params, x) - t) ** 2).mean()
    else:
        x, t = array(x), jnp.asarray(t, "i4")
        error = lambda params, x, t: -jnp.take_along_axis(jax.nn.log_softmax(forward(params, x)), t[:, None], 1).mean()
    if workload == "W9":
        v = [array(a) for a in direction()]
        gradient = jax.grad(lambda params: error(params, x, t))
        product = jax.jit(lambda params, v: jax.jvp(gradient, (params,), (v,))[1])
        return lambda: product(params, v), lambda h: float(sum((a * b).sum() for a, b in zip(h, v)))

    rate, count = RATE[workload], 0

    def update(params, x, t):
        value, gradients = jax.value_and_grad(error)(params, x, t)
        return value, [p - rate * g for p, g in zip(params, gradients)]
    update = jax.jit(update, donate_argnums=0)
    batches = [(x[i:i + 1], t[i:i + 1]) for i in range(256)] if workload == "W6" else [(x, t)]

    def step():
        nonlocal params, count
        value, params = update(params, *batches[count % len(batches)])
        count += 1
        return value
    return step, float


# A program that answers a number of seconds with the median time of a step, and tells its peak memory in the end.

def serve(system, workload):
    if system == "jax":
        import jax
        step, result = jax_step(workload)
        wait = jax.block_until_ready
    else:
        step, result = torch_step(workload, system == "compile")
        wait = lambda _: None
    first, want = result(step()), FIRST[workload]
    assert abs(first - want) < 2e-5 * want, f"{system} {workload}: the first step gives {first}, expected {want}"
    print("ready", flush=True)
    for line in sys.stdin:
        print(median(step, wait, float(line)), flush=True)
    print(next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))


def median(step, wait, seconds):
    start, steps = time.perf_counter(), 0
    while steps == 0 or time.perf_counter() - start < 0.1 * seconds:
        wait(step())
        steps += 1
    run = int(1e-3 * steps / (time.perf_counter() - start)) + 1
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        for _ in range(run):
            value = step()
        wait(value)
        times.append((time.perf_counter() - begin) * 1e6 / run)
    return statistics.median(times)


class Program:
    def __init__(self, system, workload, threads, executable):
        environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
        command = {"autodiff": [executable, "--serve", workload], "dfdx": [DFDX]}.get(
            system, [sys.executable, __file__, "--serve", system, workload])
        bind = (lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})) if threads == 1 else None
        self.process = subprocess.Popen(command, env=environment, preexec_fn=bind, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ready(self):
        return self.process.stdout.readline().strip() == "ready"

    def time(self):
        self.process.stdin.write(f"{SECONDS}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        return float(self.process.stdout.readline())


def main(executable, workloads):
    print("| | threads | " + " | ".join(HEADERS[s] for s in SYSTEMS) + " | to the best |")
    print("|---" * (3 + len(SYSTEMS)) + "|")
    for workload in workloads or FIRST:
        best = {system: float("inf") for system in SYSTEMS}
        memory = {}
        for threads in (1, 2):
            wanted = [s for s in SYSTEMS if s != "dfdx" or (workload == "W1" and os.path.exists(DFDX))]
            programs = {system: Program(system, workload, threads, executable) for system in wanted}
            programs = {system: program for system, program in programs.items() if program.ready()}
            times = {system: [] for system in programs}
            for _ in range(ROUNDS):
                for system, program in programs.items():
                    times[system].append(program.time())
                    time.sleep(0.2)
            medians = {system: statistics.median(t) for system, t in times.items()}
            memory = memory or {system: program.end() for system, program in programs.items()}
            cells = [f"{medians[s]:.4g}" if s in medians else "" for s in SYSTEMS]
            best = {s: min(best[s], medians.get(s, float("inf"))) for s in SYSTEMS}
            last = ""
            if threads == 2:
                last = f"{best['autodiff'] / min(best[s] for s in SYSTEMS[1:]):.2f}"
            print(f"| {workload} | {threads} | " + " | ".join(cells) + f" | {last} |", flush=True)
        cells = [f"{memory[s]:.0f}" if s in memory else "" for s in SYSTEMS]
        print(f"| {workload} | MiB | " + " | ".join(cells) + " | |", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(*sys.argv[2:])
    else:
        main(sys.argv[1], sys.argv[2:])
