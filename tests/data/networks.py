"""Writes networks.json and network.safetensors: what PyTorch's losses, activations and normalisations give, for
tests/it/networks/torch.rs.

    pip install torch safetensors numpy && python tests/data/networks.py

All in f64; numbers are written so that they read back exactly. A loss has inputs `y` and targets `t`, its values under the
three reductions, and the gradient of the mean. Where the project's convention differs from PyTorch's (see the table in
nn::loss), the expression here says how. The safetensors file holds the state of a trained network as PyTorch names it.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(7)

FOLDER = pathlib.Path(__file__).parent

REAL = torch.tensor([[0.5, -1.25, 2.0], [3.5, 0.25, -0.75]])
TARGET = torch.tensor([[1.0, -1.0, -1.5], [0.5, 0.3, 0.75]])
LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, -3.0], [-0.5, 4.0, 1.5], [30.0, -25.0, 0.0]])
CLASSES = torch.tensor([0, 2, 1, 2])
SOME_IGNORED = torch.tensor([0, 7, 1, 7])
ROWS = torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [0.0, 0.9, 0.1], [0.25, 0.25, 0.5]])
LABELS = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.25]])
SIGNS = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, -1.0]])
COUNTS = torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, 5.0], [1.0, 1.0, 0.0], [0.0, 4.0, 2.0]])
MILD = LOGITS / 10.0
PROBABILITIES = torch.softmax(MILD, 1)
WEIGHTS = torch.tensor([0.5, 2.0, 1.5])
POSITIVE = torch.tensor([3.0, 0.5, 1.0])
GAUSS = torch.tensor([[0.5, -1.0, 0.25, -0.5], [2.0, 0.0, -1.0, 1.5], [1.0, 1.0, 0.0, 0.0]])
GAUSS_TARGET = torch.tensor([[1.0, -1.5], [2.25, 1.0], [1.0, 0.5]])


def gauss(full):
    def loss(y, t, reduction):
        return F.gaussian_nll_loss(y[:, :2], t, y[:, 2:].exp(), full=full, reduction=reduction)

    return loss


def by_hand(losses):
    def loss(y, t, reduction):
        values = losses(y, t)
        return {"none": values, "sum": values.sum(), "mean": values.mean()}[reduction]

    return loss


def divergence(log):
    """PyTorch keeps the elements apart; the mean of items is its `batchmean`."""

    def loss(y, t, reduction):
        if reduction == "none":
            return F.kl_div(log(y), t, reduction="none").sum(1)
        return F.kl_div(log(y), t, reduction="batchmean" if reduction == "mean" else "sum")

    return loss


def smooth(t, epsilon):
    return t * (1 - epsilon) + epsilon / 2


LOSSES = {
    "half_squared": (REAL, TARGET, lambda y, t, r: F.mse_loss(y, t, reduction=r) / 2),
    "absolute": (REAL, TARGET, lambda y, t, r: F.l1_loss(y, t, reduction=r)),
    "huber": (REAL, TARGET, lambda y, t, r: F.huber_loss(y, t, delta=0.8, reduction=r)),
    "gaussian": (GAUSS, GAUSS_TARGET, gauss(False)),
    "gaussian_full": (GAUSS, GAUSS_TARGET, gauss(True)),
    "binary": (PROBABILITIES, LABELS, lambda y, t, r: F.binary_cross_entropy(y, t, reduction=r)),
    "binary_logits": (LOGITS, LABELS, lambda y, t, r: F.binary_cross_entropy_with_logits(y, t, reduction=r)),
    "binary_weighted": (
        LOGITS,
        LABELS,
        lambda y, t, r: F.binary_cross_entropy_with_logits(y, t, pos_weight=POSITIVE, reduction=r),
    ),
    "binary_smooth": (
        LOGITS,
        LABELS,
        lambda y, t, r: F.binary_cross_entropy_with_logits(y, smooth(t, 0.2), reduction=r),
    ),
    "classes": (LOGITS, CLASSES, lambda y, t, r: F.cross_entropy(y, t, reduction=r)),
    "classes_weighted": (LOGITS, CLASSES, lambda y, t, r: F.cross_entropy(y, t, weight=WEIGHTS, reduction=r)),
    "classes_smooth": (LOGITS, CLASSES, lambda y, t, r: F.cross_entropy(y, t, label_smoothing=0.1, reduction=r)),
    "classes_ignored": (
        LOGITS,
        SOME_IGNORED,
        lambda y, t, r: F.cross_entropy(y, t, ignore_index=7, reduction=r),
    ),
    "classes_all": (
        LOGITS,
        SOME_IGNORED,
        lambda y, t, r: F.cross_entropy(
            y, t, weight=WEIGHTS, label_smoothing=0.1, ignore_index=7, reduction=r
        ),
    ),
    "classes_probabilities": (PROBABILITIES, CLASSES, lambda y, t, r: F.nll_loss(y.log(), t, reduction=r)),
    "rows": (LOGITS, ROWS, lambda y, t, r: F.cross_entropy(y, t, reduction=r)),
    "rows_weighted": (
        LOGITS,
        ROWS,
        lambda y, t, r: F.cross_entropy(y, t, weight=WEIGHTS, label_smoothing=0.1, reduction=r),
    ),
    "hinge": (LOGITS, SIGNS, by_hand(lambda y, t: torch.relu(1 - t * y))),
    "squared_hinge": (LOGITS, SIGNS, by_hand(lambda y, t: torch.relu(1 - t * y) ** 2)),
    "multi_hinge": (LOGITS, CLASSES, lambda y, t, r: F.multi_margin_loss(y, t, reduction=r)),
    "multi_hinge_all": (
        LOGITS,
        CLASSES,
        lambda y, t, r: F.multi_margin_loss(y, t, p=2, margin=0.7, weight=WEIGHTS, reduction=r),
    ),
    "poisson_log": (MILD, COUNTS, lambda y, t, r: F.poisson_nll_loss(y, t, reduction=r)),
    "poisson": (
        PROBABILITIES,
        COUNTS,
        lambda y, t, r: F.poisson_nll_loss(y, t, log_input=False, eps=0.0, reduction=r),
    ),
    "kullback_leibler": (PROBABILITIES, ROWS, divergence(torch.log)),
    "kullback_leibler_logits": (LOGITS, ROWS, divergence(lambda y: torch.log_softmax(y, 1))),
    "kullback_leibler_log": (PROBABILITIES.log(), ROWS, divergence(lambda y: y)),
}


def losses():
    for name, (y, t, loss) in LOSSES.items():
        y = y.clone().requires_grad_()
        mean = loss(y, t, "mean")
        (gradient,) = torch.autograd.grad(mean, y)
        yield name, {
            "y": y.tolist(),
            "t": t.to(torch.float64).tolist(),
            "none": loss(y, t, "none").flatten().tolist(),
            "sum": loss(y, t, "sum").item(),
            "mean": mean.item(),
            "gradient": gradient.flatten().tolist(),
        }


ACTIVATIONS = {
    "identity": lambda a: a * 1.0,
    "heaviside": lambda a: torch.heaviside(a.detach(), torch.tensor(1.0)) + 0.0 * a,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu(0.2)": lambda a: F.leaky_relu(a, 0.2),
    "elu(1.5)": lambda a: F.elu(a, 1.5),
    "softplus": lambda a: F.softplus(a, threshold=1e3),
    "gelu": F.gelu,
    "silu": F.silu,
    "softmax": lambda a: torch.softmax(a, 1),
    "log_softmax": lambda a: torch.log_softmax(a, 1),
}
POINTS = torch.tensor([[-3.0, -1.0, -0.5, 0.0], [0.5, 1.0, 3.0, 12.0], [-25.0, 25.0, 0.25, -7.5]])
COTANGENT = torch.tensor([[1.0, -0.5, 2.0, 0.75], [0.5, 1.0, -1.5, 1.0], [0.3, 1.0, -1.0, 2.0]])


def activations():
    for name, function in ACTIVATIONS.items():
        a = POINTS.clone().requires_grad_()
        z = function(a)
        (gradient,) = torch.autograd.grad((COTANGENT * z).sum(), a)
        yield name, {"z": z.flatten().tolist(), "gradient": gradient.flatten().tolist()}


def randomised(layer):
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn_like(p))
    return layer


def differentiated(layer, x, cotangent):
    x = x.clone().requires_grad_()
    y = layer(x)
    parameters = list(layer.parameters())
    gradients = torch.autograd.grad((y * cotangent).sum(), [x, *parameters])
    return {
        "x": x.tolist(),
        "cotangent": cotangent.tolist(),
        "y": y.flatten().tolist(),
        "parameters": [p.flatten().tolist() for p in parameters],
        "gradients": [g.flatten().tolist() for g in gradients],
    }


def batch_norm(shape):
    layer = randomised(torch.nn.BatchNorm1d(3, momentum=0.3, eps=1e-3))
    steps = [differentiated(layer, 2 * torch.randn(shape) + 1, torch.randn(shape)) for _ in range(3)]
    running = {"running_mean": layer.running_mean.tolist(), "running_var": layer.running_var.tolist()}
    layer.eval()
    return {"training": steps, **running, "evaluation": differentiated(layer, torch.randn(shape), torch.randn(shape))}


def network():
    """A network with a batch normalisation after a few training steps, saved under PyTorch's names."""

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            layers = [torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Tanh(), torch.nn.Linear(3, 1)]
            self.layers = torch.nn.Sequential(*layers)

        def forward(self, x):
            return self.layers(x)

    model = Network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(8, 2)
    for _ in range(5):
        optimizer.zero_grad()
        F.mse_loss(model(x), x[:, :1] * x[:, 1:]).backward()
        optimizer.step()
    save_file(model.state_dict(), FOLDER / "network.safetensors")
    model.eval()
    return {"x": x.tolist(), "y": model(x).flatten().tolist()}


def main():
    norm = randomised(torch.nn.LayerNorm((2, 3)))
    table = {
        "losses": dict(losses()),
        "points": POINTS.tolist(),
        "cotangent": COTANGENT.tolist(),
        "activations": dict(activations()),
        "batch_norm": batch_norm((5, 3)),
        "batch_norm_places": batch_norm((2, 3, 4)),
        "layer_norm": differentiated(norm, torch.randn(4, 2, 3), torch.randn(4, 2, 3)),
        "network": network(),
    }
    (FOLDER / "networks.json").write_text(json.dumps(table, indent=1) + "\n")


main()
