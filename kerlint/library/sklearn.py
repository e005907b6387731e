"""scikit-learn: splits, scalers, encoders and its toy data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.convert import as_array
from kerlint.library.datasets import toy_data
from kerlint.library.numerics import one_hot
from kerlint.library.objects import argument, bind_arguments, make_object
from kerlint.program.constants import constant, integer, number, truth
from kerlint.program.facts import Scaled
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Object, Sequence, Shape, Unknown, Value, list_of, tuple_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Scalers and the range of what they give; None where it depends on the data.
SCALERS: dict[str, tuple[float | None, float | None]] = {
    "StandardScaler": (None, None),
    "MinMaxScaler": (0.0, 1.0),
    "MaxAbsScaler": (-1.0, 1.0),
    "RobustScaler": (None, None),
    "Normalizer": (-1.0, 1.0),
    "QuantileTransformer": (0.0, 1.0),
    "PowerTransformer": (None, None),
}
ENCODERS = frozenset({"LabelEncoder", "OneHotEncoder", "LabelBinarizer", "MultiLabelBinarizer", "OrdinalEncoder"})
_TRANSFORMS = frozenset({"fit_transform", "transform", "inverse_transform"})


def is_transformer(name: str) -> bool:
    """Whether the class is a scaler or encoder that kerlint knows."""
    return name.startswith("sklearn.preprocessing.") and (
        name.rpartition(".")[2] in SCALERS or name.rpartition(".")[2] in ENCODERS
    )


def transformer_method(
    machine: Machine, transformer: Object, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """`scaler.fit_transform(x)` and its kin."""
    data = arguments.get(0, "X") or arguments.get(None, "y")
    array = as_array(data)
    if name == "fit":
        machine.heap.write(transformer.state, "fitted", data or Unknown("data"))
        return transformer
    if name not in _TRANSFORMS:
        return Unknown(name, node=node)
    if name == "fit_transform":
        machine.heap.write(transformer.state, "fitted", data or Unknown("data"))
    if transformer.short in ENCODERS:
        if name == "inverse_transform":
            return Array(node=node)
        return _encoded(transformer, array, node)
    if array is None:
        array = Array()
    if name == "inverse_transform":
        return array.derive(node, "inverse_transform", low=None, high=None, columns=None, values=None)
    low, high = SCALERS[transformer.short]
    bounds = transformer.args.get("feature_range")
    if transformer.short == "MinMaxScaler" and isinstance(bounds, Sequence) and len(bounds.items) == 2:
        low, high = number(bounds.items[0]), number(bounds.items[1])
    elif transformer.short == "MinMaxScaler" and "feature_range" in transformer.args:
        low = high = None
    labels = Labels("continuous") if array.labels is not None else None
    scaled = array.derive(
        node,
        transformer.short,
        low=low,
        high=high,
        columns=None,
        dtype="float64",
        values=None,
        labels=labels,
        source=array.source or "scaled",
    )
    if truth(argument(transformer, "copy")) is not False:
        machine.emit(Scaled(node=node, how=transformer.short, before=array, after=scaled))
    return scaled


def _encoded(encoder: Object, array: Array | None, node: cst.CSTNode) -> Value:
    rows = array.rows if array is not None else None
    classes = array.labels.classes if array is not None and array.labels is not None else None
    if encoder.short == "LabelEncoder":
        kind = "binary" if classes == 2 else "classes"
        high = None if classes is None else classes - 1
        return Array(
            (rows,),
            "int64",
            0,
            high,
            labels=Labels(kind, classes),
            source="LabelEncoder",
            order=array.order if array else None,
            node=node,
        )
    if encoder.short == "OneHotEncoder":
        sparse = argument(encoder, "sparse_output")
        single = array is None or array.rank is None or array.shape is None or array.shape[-1] in (1, None)
        labels = Labels("onehot", classes) if single else Labels("multihot")
        found = Array((rows, classes), "float64", 0, 1, tight=True, labels=labels, source="onehot", node=node)
        if truth(sparse) is not False and "sparse" not in encoder.args:
            return found.derive(node, "sparse matrix")
        return found
    if encoder.short == "LabelBinarizer":
        if classes == 2:
            return Array(
                (rows, 1), "int64", 0, 1, tight=True, labels=Labels("binary", 2), source="LabelBinarizer", node=node
            )
        return Array(
            (rows, classes),
            "int64",
            0,
            1,
            labels=Labels("onehot", classes) if classes else None,
            source="onehot",
            node=node,
        )
    return Array(None, node=node)


def train_test_split(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """Two parts of each array, shuffled unless `shuffle=False`."""
    parts: list[Value] = []
    test, train = arguments.get(None, "test_size"), arguments.get(None, "train_size")
    shuffled = truth(arguments.get(None, "shuffle")) is not False
    for value, _ in arguments.positional:
        array = as_array(value)
        if array is None:
            parts.extend([Array(node=node), Array(node=node)] if arguments.positional else [])
            continue
        for rows in _sizes(array.rows, test, train):
            shape: Shape = None if array.shape is None else (rows, *array.shape[1:])
            order = "random" if shuffled else array.order
            parts.append(array.derive(node, "train_test_split", shape=shape, order=order, values=None))
    return list_of(parts, "list", node)


def _sizes(rows: int | None, test: Value | None, train: Value | None) -> tuple[int | None, int | None]:
    """Rows for training and for testing, as scikit-learn rounds them."""
    if rows is None:
        return (None, None)
    share = number(test)
    if any(part is not None and not math.isfinite(part) for part in (share, number(train))):
        return (None, None)
    if test is None and train is None:
        share = 0.25
    if (share is not None and constant(test) is not None) or (test is None and train is None):
        assert share is not None
        size = int(share) if share >= 1 else -int(-rows * share // 1)
        return (rows - size, size)
    kept = number(train)
    if kept is not None:
        size = int(kept) if kept >= 1 else int(rows * kept)
        return (size, rows - size)
    return (None, None)


def make_data(kind: str) -> Callable[[Machine, Arguments, cst.CSTNode], Value]:
    """`make_classification`, `make_regression`, `make_blobs` ...: random data with known labels."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        name = f"sklearn.datasets.{kind}"
        made = Object(name, *bind_arguments(name, arguments), arguments.open, node=node)
        rows = integer(argument(made, "n_samples"))
        features = 2 if kind in ("make_circles", "make_moons") else integer(argument(made, "n_features"))
        data = Array((rows, features), "float64", source=name, order="random", node=node)
        if kind == "make_regression":
            targets = integer(argument(made, "n_targets"))
            shape: Shape = (rows,) if targets == 1 else (rows, targets)
            # A sum of standard normal features with weights of up to 100: hundreds on both sides of 0.
            labels = Array(
                shape, "float64", -100.0, 100.0, labels=Labels("continuous"), source=name, order="random", node=node
            )
        else:
            labels = _made_labels(made, kind, rows, node)
        return tuple_of(data, labels, node=node)

    return handler


def _made_labels(made: Object, kind: str, rows: int | None, node: cst.CSTNode) -> Array:
    classes: int | None = 2
    if kind == "make_classification":
        classes = integer(argument(made, "n_classes"))
    elif kind == "make_blobs":
        centers = argument(made, "centers")
        found = constant(centers)
        classes = 3 if found is None else integer(centers)
        if isinstance(centers, Sequence) and centers.exact is not None:
            classes = len(centers.exact)
    elif kind == "make_gaussian_quantiles":
        classes = integer(argument(made, "n_classes"))
    labels = Labels("binary" if classes == 2 else "classes", classes)
    high = None if classes is None else classes - 1
    return Array((rows,), "int64", 0, high, tight=True, labels=labels, source=made.name, order="random", node=node)


def load_toy(kind: str) -> Callable[[Machine, Arguments, cst.CSTNode], Value]:
    """`load_iris` and its kin."""

    def handler(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
        name = f"sklearn.datasets.{kind}"
        data, target = toy_data(name, node)
        if truth(arguments.get(None, "return_X_y")) is True:
            return tuple_of(data, target, node=node)
        made = make_object(machine, name, arguments, node)
        made.state.update({"data": data, "target": target})
        return made

    return handler


MAKERS = (
    "make_classification",
    "make_regression",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_gaussian_quantiles",
)
TOYS = (
    "load_iris",
    "load_digits",
    "load_wine",
    "load_breast_cancer",
    "load_diabetes",
    "fetch_california_housing",
    "load_boston",
)
FUNCTIONS: dict[str, Callable[[Machine, Arguments, cst.CSTNode], Value]] = {
    "sklearn.model_selection.train_test_split": train_test_split,
    "sklearn.cross_validation.train_test_split": train_test_split,
    **{f"sklearn.datasets.{kind}": make_data(kind) for kind in MAKERS},
    **{f"sklearn.datasets.{kind}": load_toy(kind) for kind in TOYS},
    "sklearn.preprocessing.scale": lambda machine, arguments, node: _scaled(arguments, node),
    "sklearn.preprocessing.normalize": lambda machine, arguments, node: _scaled(arguments, node),
    "sklearn.utils.shuffle": lambda machine, arguments, node: _shuffled(arguments, node),
    "sklearn.preprocessing.label_binarize": lambda machine, arguments, node: one_hot(arguments.get(0), None, node),
}


def _scaled(arguments: Arguments, node: cst.CSTNode) -> Value:
    array = as_array(arguments.get(0)) or Array()
    return array.derive(node, "scale", low=None, high=None, columns=None, dtype="float64", values=None)


def _shuffled(arguments: Arguments, node: cst.CSTNode) -> Value:
    mixed: list[Value] = []
    for value, _ in arguments.positional:
        array = as_array(value)
        mixed.append(
            array.derive(node, "shuffled", order="random", values=None) if array is not None else Array(node=node)
        )
    if len(mixed) == 1:
        return mixed[0]
    return list_of(mixed, "list", node)


def bunch_item(bunch: Object, name: str, node: cst.CSTNode) -> Value:
    """`iris.data`, `iris["target"]`."""
    found = bunch.state.get(name)
    if isinstance(found, Value):
        return found
    if name == "target_names":
        target = bunch.state.get("target")
        classes = target.labels.classes if isinstance(target, Array) and target.labels else None
        return Array((classes,), "object", node=node)
    return Unknown(name, node=node)
