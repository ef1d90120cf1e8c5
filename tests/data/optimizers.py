"""Writes optimizers.csv and schedules.csv: what PyTorch's optimisers and schedulers do, for tests/it/torch.rs.

    pip install torch && python tests/data/optimizers.py

The problem is a 2-2-1 tanh network on five items with the mean squared error, in f64, started from the weights in
`start`. A row of optimizers.csv holds the nine weights (layer by layer, weight before bias) after some of the 50 steps,
a row of schedules.csv the factor of the learning rate in a step. Numbers are written so that they read back exactly.
"""

import csv
import pathlib
import warnings

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

FOLDER = pathlib.Path(__file__).parent
INPUTS = torch.tensor([[0.0, 0.5], [1.0, -1.0], [-0.5, 2.0], [1.5, 1.0], [-2.0, -0.25]])
TARGETS = torch.tensor([[0.5], [-1.0], [2.0], [0.25], [1.0]])
STEPS = [1, 2, 3, 4, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]


def start():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[0.5, -0.25], [0.75, 0.125]]))
        model[0].bias.copy_(torch.tensor([0.1, -0.2]))
        model[2].weight.copy_(torch.tensor([[1.0, -0.5]]))
        model[2].bias.copy_(torch.tensor([0.3]))
    return model


def trajectory(make, before_step=lambda model: None, schedule=None):
    model = start()
    optimizer = make(model)
    scheduler = schedule(optimizer) if schedule else None
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(INPUTS), TARGETS).backward()
        before_step(model)
        optimizer.step()
        if scheduler:
            scheduler.step()
        if step in STEPS:
            yield step, torch.cat([p.detach().flatten() for p in model.parameters()]).tolist()


def groups(model, rate, decay):
    """The first layer at a tenth of the rate, biases of the second without weight decay."""
    return [
        {"params": model[0].parameters(), "lr": rate / 10, "weight_decay": decay},
        {"params": [model[2].weight], "lr": rate, "weight_decay": decay},
        {"params": [model[2].bias], "lr": rate, "weight_decay": 0.0},
    ]


def optimizers():
    o = torch.optim
    plain = {
        "sgd": lambda p: o.SGD(p, lr=0.1),
        "sgd momentum": lambda p: o.SGD(p, lr=0.05, momentum=0.9),
        "sgd nesterov": lambda p: o.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        "sgd decay": lambda p: o.SGD(p, lr=0.1, weight_decay=0.05),
        "sgd nesterov decay": lambda p: o.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.05),
        "adagrad": lambda p: o.Adagrad(p, lr=0.1),
        "adagrad decay": lambda p: o.Adagrad(p, lr=0.1, weight_decay=0.05, eps=1e-6),
        "rmsprop": lambda p: o.RMSprop(p, lr=0.01),
        "rmsprop momentum": lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5),
        "rmsprop centered": lambda p: o.RMSprop(p, lr=0.01, centered=True, eps=1e-6),
        "rmsprop all": lambda p: o.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.05),
        "adam": lambda p: o.Adam(p, lr=0.05),
        "adam betas": lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6),
        "adam decay": lambda p: o.Adam(p, lr=0.05, weight_decay=0.05),
        "adamw": lambda p: o.AdamW(p, lr=0.05),
        "adamw decay": lambda p: o.AdamW(p, lr=0.05, betas=(0.8, 0.95), weight_decay=0.2),
    }
    for name, make in plain.items():
        yield name, trajectory(lambda model: make(model.parameters()))
    yield "sgd groups", trajectory(lambda model: o.SGD(groups(model, 0.1, 0.05), momentum=0.5))
    yield "adamw groups", trajectory(lambda model: o.AdamW(groups(model, 0.05, 0.2)))
    clip = torch.nn.utils
    momentum = lambda model: plain["sgd momentum"](model.parameters())
    yield "clip value", trajectory(momentum, lambda model: clip.clip_grad_value_(model.parameters(), 0.2))
    yield "clip norm", trajectory(momentum, lambda model: clip.clip_grad_norm_(model.parameters(), 0.3))
    cosine = lambda optimizer: o.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    yield "sgd cosine", trajectory(momentum, schedule=cosine)
    yield "adamw groups step", trajectory(
        lambda model: o.AdamW(groups(model, 0.05, 0.2)), schedule=lambda a: o.lr_scheduler.StepLR(a, 20, 0.5)
    )


def losses(step):
    """The losses that the plateau schedulers see: falling, with ups and downs."""
    return (step * 7 % 11) / 11 + 5 / (1 + step)


def factors(make, watch=False):
    rate = 0.1
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer)
    for step in range(60):
        yield step, optimizer.param_groups[0]["lr"] / rate
        optimizer.step()
        if watch:
            scheduler.step(losses(step))
        else:
            scheduler.step()


def schedules():
    s = torch.optim.lr_scheduler
    plain = {
        "constant": lambda o: s.ConstantLR(o, 0.25, total_iters=10),
        "step": lambda o: s.StepLR(o, 7, 0.5),
        "milestones": lambda o: s.MultiStepLR(o, [5, 6, 30], 0.3),
        "exponential": lambda o: s.ExponentialLR(o, 0.93),
        "polynomial": lambda o: s.PolynomialLR(o, total_iters=40, power=1.5),
        "cosine": lambda o: s.CosineAnnealingLR(o, 59, eta_min=0.01),
        "warm up": lambda o: s.LinearLR(o, start_factor=0.2, total_iters=12),
        "one cycle": lambda o: s.OneCycleLR(o, 0.1, total_steps=61, cycle_momentum=False),
        "one cycle 2": lambda o: s.OneCycleLR(
            o, 0.1, total_steps=61, pct_start=0.4, div_factor=10, final_div_factor=50, cycle_momentum=False
        ),
        "warm up then cosine": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, 50)], [10]
        ),
        "warm up times exponential": lambda o: s.ChainedScheduler(
            [s.LinearLR(o, 0.1, total_iters=10), s.ExponentialLR(o, 0.95)]
        ),
    }
    for name, make in plain.items():
        yield name, factors(make)
    plateau = s.ReduceLROnPlateau
    yield "plateau", factors(lambda o: plateau(o, factor=0.5, patience=3), watch=True)
    yield "plateau 2", factors(
        lambda o: plateau(o, factor=0.3, patience=2, threshold=0.05, cooldown=4, min_lr=0.002), watch=True
    )


def write(name, header, rows):
    with open(FOLDER / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    # Chained schedulers warn of calls that PyTorch makes itself.
    warnings.simplefilter("ignore")
    weights = [f"w{k}" for k in range(9)]
    rows = ([name, step, *map(repr, w)] for name, course in optimizers() for step, w in course)
    write("optimizers.csv", ["optimizer", "step", *weights], rows)
    rows = ([name, step, repr(factor)] for name, course in schedules() for step, factor in course)
    write("schedules.csv", ["schedule", "step", "factor"], rows)
    print("PyTorch", torch.__version__)
