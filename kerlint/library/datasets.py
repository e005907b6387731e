"""Known data sets: what `keras.datasets.*.load_data()`, scikit-learn's loaders and `tfds.load` give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.defaults import DATA, Data
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Shape, Unknown, Value, tuple_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Data sets whose rows stand class by class.
_GROUPED = frozenset({"iris", "wine"})


def arrays_of(data: Data, rows: int | None, shape: tuple[int, ...], node: cst.CSTNode) -> tuple[Array, Array]:
    """Inputs and targets of one part of a data set."""
    order = "grouped" if data.name in _GROUPED else "random"
    full: Shape = (rows, *shape)
    columns = tuple(zip(data.low, data.high)) if len(data.low) == len(data.high) > 1 else None
    inputs = Array(
        full,
        data.dtype,
        None if data.ragged else data.lowest,
        None if data.ragged else data.highest,
        tight=not data.ragged,
        columns=columns,
        source=data.name,
        order=order,
        node=node,
    )
    kind = "continuous" if data.classes == 0 else "binary" if data.classes == 2 else "classes"
    targets = Array(
        (rows, *data.labels),
        data.label_dtype,
        data.label_low,
        data.label_high,
        tight=True,
        labels=Labels(kind, data.classes or None),
        source=data.name,
        order=order,
        node=node,
    )
    return inputs, targets


def toy_data(function: str, node: cst.CSTNode) -> tuple[Value, Value]:
    """Inputs and targets of a scikit-learn loader."""
    data = DATA.get(function)
    if data is None:
        return Unknown(function, node=node), Unknown(function, node=node)
    return arrays_of(data, data.train[0], data.train[1:], node)


def _loader(data: Data) -> Callable[[Machine, Arguments, cst.CSTNode], Value]:
    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        # `test_split`, `num_words` and the like change the rows, not what a row is.
        fixed = not any(name.endswith("split") for name in arguments.keywords)
        parts = [
            tuple_of(*arrays_of(data, shape[0] if fixed else None, shape[1:], node), node=node)
            for shape in (data.train, data.test)
        ]
        return tuple_of(*parts, node=node)

    return handler


def _tfds(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`tfds.load(...)`: datasets that are not known further; files are shuffled by their own argument."""
    return Unknown("tfds", node=node)


FUNCTIONS: dict[str, Callable[[Machine, Arguments, cst.CSTNode], Value]] = {
    **{name: _loader(data) for name, data in DATA.items() if name.startswith("keras.datasets.")},
    "tensorflow_datasets.load": _tfds,
}
