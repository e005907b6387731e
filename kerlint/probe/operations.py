"""Experiments on single operations: what they run is fixed, and the facts only say which.

Nothing of the program's model matters for them: whether batch normalisation acts in a call, what `argmax` gives over
one column, whether a weight changes after it was frozen. They run in a model of a few units.
"""

from __future__ import annotations

import copy

from kerlint.probe.description import Description

#: Which work of the lab a symptom asks for. All other symptoms train the program's model.
KINDS = {
    "idle": "mode",
    "overridden": "mode",
    "ignored": "switch",
    "untracked": "report",
    "repeated": "draws",
    "one_choice": "choice",
    "outer": "outer",
    "metric": "metric",
    "frozen": "passes",
    "leaks": "parts",
    "endless": "end",
    "one_class": "order",
    "unseen": "order",
    "traced": "trace",
    "unadapted": "adapt",
    "unseeded": "start",
}

#: A job has two descriptions in any case; these experiments bring their own models.
TINY: Description = {
    "steps": [
        {"id": 0, "type": "Input", "config": {"shape": [4]}, "inputs": [], "layer": 0, "trainable": True, "call": {}},
        {"id": 1, "type": "Dense", "config": {"units": 1}, "inputs": [0], "layer": 1, "trainable": True, "call": {}},
    ],
    "output": 1,
    "optimizer": {"type": "SGD", "config": {}},
    "loss": {"type": "mean_squared_error", "config": {}},
    "metrics": [],
    "x": [{"shape": [4], "low": None, "high": None, "tight": False, "columns": None, "vocabulary": 0}],
    "y": {"kind": "numbers", "shape": [1], "classes": 0, "low": None, "high": None},
    "run": {"rows": 64, "batch": 16, "steps": 4},
}


def tiny() -> Description:
    """A description that stands for a model of the experiment's own."""
    return copy.deepcopy(TINY)
