"""Tables that were read from a file: what is in them nobody knows, but what was done to them since."""

from __future__ import annotations

from kerlint.library.transformers import SCALERS
from kerlint.program.values import Array

#: What reads tables of numbers.
READERS = frozenset({"numpy.loadtxt", "numpy.genfromtxt", "pandas.read_csv", "pandas.read_table", "pandas.read_excel"})
#: Steps that move rows and columns and leave the numbers as they are. A step that is none of these may scale.
_KEEPING = (
    "to_numpy",
    "astype",
    "reshape",
    "flatten",
    "column",
    "drop",
    "sample",
    "sort",
    "reset_index",
    "rename",
    "fillna",
    "copy",
    "shuffled",
    "train_test_split",
    "expand_dims",
    "squeeze",
)


def is_raw(array: Array) -> bool:
    """Whether the numbers are those of the file."""
    plain = all(step.name.startswith(_KEEPING) for step in array.steps)
    return array.source in READERS and array.low is None and array.high is None and array.labels is None and plain


def scaler_of(array: Array) -> str | None:
    """The scaler that the array went through last."""
    return next((step.name for step in reversed(array.steps) if step.name in SCALERS), None)
