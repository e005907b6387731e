"""Methods and attributes of arrays, frames, tensors and layers, and library calls with no home of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import arrays, layout, numerics
from kerlint.library.calling import FIRST_CALL, dimension_value, shape_value
from kerlint.library.convert import as_array, dtype_name
from kerlint.library.objects import argument
from kerlint.library.shapes import dims
from kerlint.program.constants import constant, text
from kerlint.program.facts import Seed
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Gap,
    Layer,
    Mapping,
    Model,
    Object,
    Op,
    Sequence,
    Tensor,
    Unknown,
    Value,
    list_of,
    one_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_REDUCTIONS = {"mean": "mean", "std": "std", "min": "min", "max": "max", "sum": "sum", "var": "var", "ptp": "range"}
_SAME = frozenset(
    {
        "copy",
        "numpy",
        "to_numpy",
        "toarray",
        "todense",
        "reset_index",
        "fillna",
        "dropna",
        "eval",
        "as_matrix",
        "head",
        "tail",
    }
)
_READERS = frozenset(
    {
        "pandas.read_csv",
        "pandas.read_excel",
        "pandas.read_table",
        "pandas.read_parquet",
        "numpy.loadtxt",
        "numpy.genfromtxt",
    }
)


def array_method(machine: Machine, array: Array, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`x.reshape(...)`, `x.astype(...)`, `x.mean()` ..."""
    if name == "reshape":
        shape = arguments.get(0, "shape")
        if len(arguments.positional) > 1:
            sizes = [constant(value) for value, _ in arguments.positional]
            return layout.reshape(array, tuple(size if isinstance(size, int) else None for size in sizes), node)
        return layout.reshape(array, dims(shape), node)
    if name in ("flatten", "ravel"):
        return layout.reshape(array, (-1,), node)
    if name == "astype":
        return numerics.cast(machine, array, dtype_name(arguments.get(0, "dtype")), node)
    if name in _REDUCTIONS:
        return arrays.statistic(_REDUCTIONS[name], array, arguments.get(0, "axis"), node)
    if name == "argmax":
        return numerics.argmax(machine, array, arguments.get(0, "axis"), node)
    if name in ("round", "clip", "squeeze", "transpose", "repeat"):
        handler = numerics.FUNCTIONS[f"numpy.{name}"]
        return handler(machine, Arguments([(array, node), *arguments.positional], arguments.keywords), node)
    if name in _SAME:
        kept = name not in ("dropna", "head", "tail")
        return array.derive(
            node,
            name,
            shape=array.shape if kept or not array.shape else (None, *array.shape[1:]),
            values=array.values if kept else None,
        )
    if name in ("tolist", "to_list"):
        return array
    if name == "sort_values":
        # A frame is sorted by some of its columns: the others may stand in any order.
        return array.derive(node, name, order="sorted" if array.rank == 1 else None, values=None)
    if name == "sample":
        return array.derive(node, name, order="random", values=None)
    if name == "drop":
        return array.derive(
            node,
            name,
            shape=None if array.shape is None else (array.rows, None),
            columns=None,
            values=None,
            labels=None,
        )
    if name == "pop":
        return column(array, node)
    if name == "dot":
        other = as_array(arguments.get(0))
        return arrays.product(array, other, node) if other is not None else Array(node=node)
    if name in ("map", "apply", "replace"):
        return Array(array.shape, steps=array.steps, source=array.source, node=node)
    if name == "item":
        return Unknown("number", node=node)
    return Unknown(name, node=node)


def array_attribute(value: Array | Tensor, name: str, node: cst.CSTNode) -> Value | None:
    """`x.shape`, `df.values`, `df.iloc` ..."""
    if name == "shape":
        if isinstance(value, Tensor):
            return shape_value(value.shape, node)
        if value.shape is None:
            return Unknown("shape", node=node)
        return Sequence(
            "tuple",
            state={
                "items": tuple(
                    Unknown("size", node=node) if size is None else Const(size, node=node) for size in value.shape
                )
            },
            node=node,
        )
    if name == "ndim" and value.shape is not None:
        return Const(len(value.shape), node=node)
    if isinstance(value, Tensor):
        return dimension_value(None, 1, node) if name in ("dtype", "name") else None
    if name in ("values", "iloc", "loc", "str", "data"):
        return value
    if name == "T":
        return value.derive(
            node,
            "T",
            shape=None if value.shape is None else value.shape[::-1],
            columns=None,
            values=None,
            labels=None,
            order=None,
        )
    if name == "dtype":
        return Const(value.dtype, node=node) if value.dtype else Unknown("dtype", node=node)
    if name in ("size", "columns", "index"):
        return Unknown(name, node=node)
    if value.source.startswith("pandas") and name not in _METHODS and name not in _REDUCTIONS and name not in _SAME:
        return column(value, node)
    return None


_METHODS = frozenset(
    {
        "reshape",
        "flatten",
        "ravel",
        "astype",
        "argmax",
        "round",
        "clip",
        "squeeze",
        "transpose",
        "tolist",
        "to_list",
        "sort_values",
        "sample",
        "drop",
        "pop",
        "dot",
        "map",
        "apply",
        "replace",
        "item",
        "repeat",
        "isnull",
        "isna",
        "describe",
        "info",
        "groupby",
        "merge",
        "join",
        "value_counts",
        "unique",
        "nunique",
        "get",
        "append",
        "assign",
        "corr",
        "plot",
        "hist",
        "iterrows",
        "itertuples",
        "set_index",
        "rename",
        "query",
        "melt",
        "pivot",
        "shift",
        "diff",
        "rolling",
        "cumsum",
        "between",
        "isin",
        "to_csv",
        "items",
        "keys",
        "count",
    }
)


def column(frame: Array, node: cst.CSTNode) -> Array:
    """One column of a frame."""
    return Array((frame.rows,), source=frame.source, order=frame.order, steps=frame.steps, node=node)


def array_subscript(array: Array, index: list[Value], node: cst.CSTNode) -> Value:
    """`x[...]`; strings and lists of strings pick columns of a frame."""
    if len(index) == 1:
        if text(index[0]) is not None:
            return column(array, node)
        part = index[0]
        if isinstance(part, Sequence) and part.items and all(text(item) is not None for item in part.items):
            return array.derive(
                node, "columns", shape=(array.rows, len(part.items)), columns=None, values=None, labels=None
            )
        if isinstance(part, Unknown) and array.source.startswith("pandas"):
            return Array(node=node)
    return arrays.subscript(array, index, node)


def layer_attribute(machine: Machine, layer: Layer, name: str, node: cst.CSTNode) -> Value | None:
    """Attributes of a layer that the program reads."""
    found = layer.state.get(name)
    if name == "trainable" and isinstance(found, Value):
        return found
    if name == "name" and isinstance(found, Value):
        return found
    if name in ("units", "filters", "rate", "activation", "name"):
        return argument(layer, name) or Unknown(name, node=node)
    if name in ("weights", "variables", "trainable_variables", "trainable_weights", "kernel", "bias"):
        return Object("keras.layers.Layer.weights", {"layer": layer}, node=node)
    if name in ("output", "input"):
        return end_of_call(layer, name, node)
    if name in ("losses", "trainable"):
        machine.program.losses_read |= name == "losses"
        return Unknown(name, node=node)
    stored = layer.state.get(f".{name}")
    return stored if isinstance(stored, Value) else None


def end_of_call(layer: Layer | Model, name: str, node: cst.CSTNode) -> Value:
    """`layer.output` and `layer.input`: of its first call."""
    op = layer.state.get(FIRST_CALL)
    if not isinstance(op, Op):
        return Unknown(name, node=node)
    if name == "input":
        return op.inputs[0] if len(op.inputs) == 1 else list_of(op.inputs, "list", node)
    return op.results or Unknown(name, node=node)


def other_call(machine: Machine, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """Calls of packages that have no module of their own here."""
    if name in _READERS:
        return Array((None, None), source=name, node=node)
    if name in ("pandas.DataFrame", "pandas.Series"):
        return _frame(arguments, node)
    if name == "pandas.get_dummies":
        data = as_array(arguments.get(0))
        single = data is not None and data.rank == 1
        return Array(
            (data.rows if data is not None else None, None),
            "uint8",
            0,
            1,
            labels=Labels("onehot") if single else None,
            source="onehot",
            node=node,
        )
    if name in ("random.choice", "random.sample") and isinstance(arguments.get(0), Sequence):
        items = [item for item in arguments.positional[0][0].items if not isinstance(item, Gap)]  # type: ignore[attr-defined]
        return one_of(items, node) if name == "random.choice" else Unknown(name, node=node)
    if name in ("os.environ.get", "os.getenv"):
        return Unknown("environment", node=node)
    if name == "numpy.genfromtxt":
        return Array((None, None), source=name, node=node)
    if name.startswith("numpy.random.RandomState") or name == "numpy.random.default_rng":
        return Object(name, {"seed": arguments.get(0) or Const(None)}, node=node)
    if name == "torch.manual_seed":
        machine.emit(Seed(node=node, name=name, seed=arguments.get(0)))
    tensors_given = [value for value, _ in arguments.positional if isinstance(value, Tensor)]
    if tensors_given:
        # Some library's function on a tensor of the graph: the graph goes on, unknown.
        return Tensor(Op("gap", name, tuple(tensors_given), node=node), None, node=node)
    if name.startswith(("numpy.", "tensorflow.", "keras.ops.", "pandas.")):
        return Unknown(name, node=node)
    return Unknown(name, node=node)


def _frame(arguments: Arguments, node: cst.CSTNode) -> Value:
    data = arguments.get(0, "data")
    if isinstance(data, Mapping) and not data.open:
        parts = [as_array(item) for item in data.entries.values()]
        rows = {part.rows for part in parts if part is not None} - {None}
        return Array((rows.pop() if len(rows) == 1 else None, len(parts)), source="pandas.DataFrame", node=node)
    known = as_array(data)
    if known is not None:
        return known.derive(node, source="pandas.DataFrame")
    return Array((None, None), source="pandas.DataFrame", node=node)
