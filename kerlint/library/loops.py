"""What iterating over a library value gives."""

from __future__ import annotations

from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import MAX_ALTERNATIVES
from kerlint.program.heap import common
from kerlint.program.iterators import GENERATOR, TAKEN
from kerlint.program.values import Array, Const, Dataset, Mapping, Object, Sequence, Unknown, Value, tuple_of

_NUMBERS = {int, float}


def _number(value: Sequence, node: syntax.Node) -> Array | None:
    """One of many known numbers."""
    numbers: list[Any] = [item.value if type(item) is Const else None for item in value.items]
    kinds = set(map(type, numbers))
    if len(numbers) <= MAX_ALTERNATIVES or not kinds <= _NUMBERS:
        return None
    dtype = "int64" if kinds == {int} else "float64"
    return Array((), dtype, float(min(numbers)), float(max(numbers)), source="range", form="number", node=node)


def element(value: Value, node: syntax.Node) -> Value:
    """One element that stands for all."""
    if isinstance(value, Dataset):
        return value.element if value.element is not None else Unknown("element", node=node)
    if isinstance(value, Array):
        if value.form == "frame" and value.rank != 1:
            return Unknown("the name of a column", node=node)
        if value.shape:
            return value.derive(node, shape=value.shape[1:], columns=None, values=None, order=None)
        return Unknown("row", node=node)
    if isinstance(value, Sequence):
        return _number(value, node) or common(value.items) or Unknown("item", node=node)
    if isinstance(value, Mapping):
        return Unknown("key", node=node)
    if isinstance(value, Object) and value.name.endswith((".weights", "GradientTape.gradient")):
        # One weight stands for all of its model, and one gradient for all of them.
        return value
    if isinstance(value, Object) and value.name == GENERATOR:
        return value.args["element"] if TAKEN not in value.state else Unknown("nothing is left", node=node)
    if isinstance(value, Object) and value.name.endswith((".split", ".enumerate")):
        # The folds of a cross-validation: any rows, whatever their labels.
        rows = Array((None,), "int64", source="permutation", order="random", node=node)
        return tuple_of(rows, rows, node=node)
    if isinstance(value, Const):
        return Unknown("character", node=node)
    return Unknown("element", node=node)
