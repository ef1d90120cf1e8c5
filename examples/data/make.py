"""Writes the CSV files of this folder from the scikit-learn package: `pip install scikit-learn==1.9.1 && python make.py`."""

import csv
import gzip
from importlib.resources import files
from pathlib import Path

source = files("sklearn.datasets.data")
folder = Path(__file__).parent


def unpacked(name):
    return gzip.decompress((source / name).read_bytes()).decode()


def write(name, header, rows):
    with open(folder / name, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


(folder / "digits.csv").write_text(unpacked("digits.csv.gz"))

# The first line holds the numbers of rows and columns, then the names of the classes.
first, *rows = csv.reader((source / "iris.csv").read_text().splitlines())
species = first[2:]
header = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
write("iris.csv", header, [[*row[:4], species[int(row[4])]] for row in rows])

header = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression"]
inputs = [line.split() for line in unpacked("diabetes_data_raw.csv.gz").splitlines()]
targets = [f"{float(line):g}" for line in unpacked("diabetes_target.csv.gz").splitlines()]
write("diabetes.csv", header, [[*row, target] for row, target in zip(inputs, targets, strict=True)])
