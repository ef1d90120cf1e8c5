#!/usr/bin/env python3
"""Derivatives of 15 smooth functions at 200 points each, to 50 digits (needs mpmath):

    python3 tests/data/smooth.py > tests/data/smooth.csv

Points are f64 numbers spread by the golden ratio. Derivatives are central differences with a step of 1e-60 in 600 digits,
so nothing here knows a rule of differentiation.
"""

import csv
import sys

from mpmath import mp, mpf

mp.dps = 600
STEP = mpf(10) ** -60
DIGITS = 50

FUNCTIONS = [
    ("sin", mp.sin, -5.0, 5.0),
    ("exp", mp.exp, -5.0, 5.0),
    ("ln", mp.ln, 0.01, 10.0),
    ("sqrt", mp.sqrt, 0.01, 10.0),
    ("recip", lambda x: 1 / x, -1.0, 1.0),
    ("tan", mp.tan, -3.0, 3.0),
    ("tanh", mp.tanh, -4.0, 4.0),
    ("atan", mp.atan, -5.0, 5.0),
    ("asin", mp.asin, -0.99, 0.99),
    ("gauss", lambda x: mp.exp(-x * x), -3.0, 3.0),
    ("exp_sin", lambda x: mp.exp(mp.sin(x)), -4.0, 4.0),
    ("fast_sine", lambda x: mp.sin(20 * x), -2.0, 2.0),
    ("runge", lambda x: 1 / (1 + 25 * x * x), -1.0, 1.0),
    ("softplus", lambda x: mp.ln(1 + mp.exp(x)), -6.0, 6.0),
    ("power", lambda x: x**x, 0.05, 4.0),
]
POINTS = 200


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["function", "x", "derivative"])
    for name, f, low, high in FUNCTIONS:
        for i in range(POINTS):
            spread = ((i + 0.5) * 0.6180339887498948) % 1.0
            x = low + (high - low) * spread
            h = STEP * min(1, abs(mpf(x)))
            slope = (f(mpf(x) + h) - f(mpf(x) - h)) / (2 * h)
            writer.writerow([name, repr(x), mp.nstr(slope, DIGITS, min_fixed=0, max_fixed=0)])


main()
