"""Writes torch.safetensors and torch.csv: a network of PyTorch's, and its outputs, for tests/it/weights.rs.

    pip install torch safetensors && python tests/data/weights.py

The network is 3-5-4-2 with tanh, in f64; the rows of torch.csv hold an item's three inputs and two outputs, written so
that they read back exactly. With a file's name it loads that file into the network, strictly, and prints the outputs:

    python tests/data/weights.py FILE
"""

import csv
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
FOLDER = pathlib.Path(__file__).parent


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        units = [3, 5, 4, 2]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(i, o) for i, o in zip(units, units[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


model = Mlp()
x = torch.randn(6, 3)
if len(sys.argv) > 1:
    model.load_state_dict(load_file(sys.argv[1]), strict=True)
    print(model(x).tolist())
else:
    save_file(model.state_dict(), FOLDER / "torch.safetensors")
    with open(FOLDER / "torch.csv", "w", newline="") as file:
        rows = torch.cat([x, model(x).detach()], dim=1).tolist()
        csv.writer(file, lineterminator="\n").writerows([[repr(value) for value in row] for row in rows])
