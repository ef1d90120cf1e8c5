"""Writes metrics.json: outputs, targets and what scikit-learn says: `pip install scikit-learn==1.9.1 && python metrics.py`.

Classes without a defined value count as 0 (zero_division=0), scikit-learn's default less its warning.
"""

import json
from pathlib import Path

import numpy as np
from sklearn import metrics as m

rng = np.random.default_rng(1)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def probabilities(n, classes, spread):
    logits = spread * rng.normal(size=(n, classes))
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)


def averages(score, t, p, **options):
    each = {kind: score(t, p, average=kind, zero_division=0, **options) for kind in ["macro", "micro", "weighted"]}
    # In a class's own value, what is undefined is NaN: null here.
    own = score(t, p, average=None, zero_division=np.nan, **options)
    return each | {"classes": [None if np.isnan(x) else x for x in own]}


def classification(name, y, t, classes, ks):
    """All classes occur in targets or predictions, unless the name says otherwise."""
    p = y.argmax(axis=1)
    labels = range(classes)
    present = sorted(set(t) | set(p))
    f1 = averages(m.f1_score, t, p)
    precision, recall = averages(m.precision_score, t, p), averages(m.recall_score, t, p)
    # The lists without `labels=` leave out classes that do not occur.
    spread = lambda own: [own[present.index(c)] if c in present else None for c in labels]
    for scores in (f1, precision, recall):
        scores["classes"] = spread(scores["classes"])
    case = {
        "name": name,
        "y": y.tolist(),
        "t": one_hot(t, classes).tolist(),
        "accuracy": m.accuracy_score(t, p),
        "confusion": m.confusion_matrix(t, p, labels=labels).tolist(),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "log_loss": m.log_loss(t, y, labels=labels),
        "top_k": [[k, m.top_k_accuracy_score(t, y, k=k, labels=labels)] for k in ks],
    }
    if set(t) == set(labels):
        case["roc_auc"] = m.roc_auc_score(one_hot(t, classes), y, average="macro")
    return case


def skewed(n, shares):
    return rng.choice(len(shares), size=n, p=shares)


t = skewed(200, [0.4, 0.3, 0.15, 0.1, 0.05])
multi = classification("five classes", 0.9 * probabilities(200, 5, 1.5) + 0.1 * one_hot(t, 5), t, 5, [1, 2, 3])

# Class 2 is never predicted, class 3 predicted but without items, class 4 neither.
y = probabilities(60, 5, 1.0) * [1, 1, 1e-3, 1, 1e-6]
y /= y.sum(axis=1, keepdims=True)
sparse = classification("classes that do not occur", y, skewed(60, [0.5, 0.3, 0.2, 0, 0]), 5, [1, 2])


def binary(name, y, t):
    p = (y >= 0.5).astype(int)
    return {
        "name": name,
        "y": y.tolist(),
        "t": t.tolist(),
        "accuracy": m.accuracy_score(t, p),
        "confusion": m.confusion_matrix(t, p, labels=[0, 1]).tolist(),
        "precision": averages(m.precision_score, t, p),
        "recall": averages(m.recall_score, t, p),
        "f1": averages(m.f1_score, t, p),
        "log_loss": m.log_loss(t, y),
        "roc_auc": m.roc_auc_score(t, y),
    }


t = skewed(150, [0.7, 0.3])
plain = binary("two classes", np.clip(0.3 * t + 0.5 * rng.uniform(size=150) + 0.1, 0, 1), t)
t = skewed(150, [0.4, 0.6])
# Sixteenths: many outputs are equal.
ties = binary("two classes with ties", np.clip(np.round(16 * (0.3 * t + 0.6 * rng.uniform(size=150))), 1, 15) / 16, t)


def regression(name, y, t):
    return {
        "name": name,
        "y": y.tolist(),
        "t": t.tolist(),
        "mse": m.mean_squared_error(t, y),
        "mae": m.mean_absolute_error(t, y),
        "r2": m.r2_score(t, y),
    }


t = rng.normal(5.0, 3.0, size=(80, 1))
one = regression("one column", t + rng.normal(size=(80, 1)), t)
t = rng.normal([0.0, 100.0, -1.0], [1.0, 20.0, 0.1], size=(50, 3))
three = regression("three columns", t + rng.normal(scale=[0.5, 30.0, 0.01], size=(50, 3)), t)
worse = regression("worse than the mean", rng.normal(size=(20, 1)), rng.normal(size=(20, 1)))

cases = {"classification": [multi, sparse, plain, ties], "regression": [one, three, worse]}
(Path(__file__).parent / "metrics.json").write_text(json.dumps(cases, allow_nan=False).replace("], [", "],\n[") + "\n")
