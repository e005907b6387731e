"""scikit-learn: the data sets that it makes and loads, and the way to its splits and transformers."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import resampling, splits, transformers
from kerlint.library.convert import Call, Function, Handler, as_array, handler, is_none
from kerlint.library.datasets import toy_data
from kerlint.library.objects import argument, bind_arguments, make_object
from kerlint.program.constants import constant, integer, number, text, truth
from kerlint.program.data_events import Compared
from kerlint.program.labels import Labels
from kerlint.program.values import (
    Arguments,
    Array,
    Dimension,
    Object,
    Sequence,
    Shape,
    Unknown,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

is_transformer = transformers.is_transformer
transformer_attribute = transformers.attribute


def object_method(machine: Machine, made: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value | None:
    """A method of a transformer or splitter; None if the object is neither."""
    if is_transformer(made.name):
        return transformers.transformer_method(machine, made, name, arguments, node)
    if splits.is_splitter(made):
        return splits.splitter_method(made, name, arguments, node)
    if resampling.is_sampler(made.name):
        return resampling.sampler_method(name, arguments, node)
    return None


# -- Data that is made --------------------------------------------------------------------------------------------


def _rows(made: Object) -> Dimension:
    """How many samples are asked for; several numbers are added up."""
    given = argument(made, "n_samples")
    if isinstance(given, Sequence) and given.exact is not None:
        sizes = [integer(item) for item in given.exact]
        return None if None in sizes else sum(size for size in sizes if size is not None)
    return integer(given)


def make_data(kind: str) -> Function:
    """`make_classification`, `make_regression`, `make_blobs` ...: random data with known labels."""

    def answer(call: Call) -> Value:
        made = Object(call.name, dict(call.args), node=call.node)
        rows = _rows(made)
        if kind in ("make_circles", "make_moons"):
            features: Dimension = 2
        elif kind in ("make_s_curve", "make_swiss_roll"):
            features = 3
        else:
            features = integer(argument(made, "n_features"))
        centers = argument(made, "centers")
        if kind == "make_blobs" and isinstance(centers, (Sequence, Array)):
            features = _width(centers)
        order = None if truth(argument(made, "shuffle")) is not True else "random"
        data = Array((rows, features), "float64", source=call.name, order=order, node=call.node)
        if kind == "make_friedman1":
            data.low, data.high, data.tight = 0.0, 1.0, True
        extra = {"make_regression": "coef", "make_blobs": "return_centers"}.get(kind)
        parts: list[Value] = [data, _target(made, kind, rows, order, call.node)]
        if extra in call.args and truth(call.args[extra]) is not False:
            parts.append(Array(node=call.node))
        return tuple_of(*parts, node=call.node)

    return answer


def _width(centers: Value) -> Dimension:
    """The number of features of given centers."""
    if isinstance(centers, Array):
        return centers.shape[1] if centers.shape is not None and len(centers.shape) == 2 else None
    first = centers.exact[0] if isinstance(centers, Sequence) and centers.exact else None
    return len(first.exact) if isinstance(first, Sequence) and first.exact is not None else None


def _target(made: Object, kind: str, rows: Dimension, order: str | None, node: syntax.Node) -> Array:
    if kind == "make_multilabel_classification":
        width = integer(argument(made, "n_classes"))
        plain = not {"sparse", "return_indicator"} & made.args.keys()
        shape: Shape = (rows, width) if plain else None
        return Array(shape, "int64", 0, 1, labels=Labels("multihot", width), source=made.name, order=order, node=node)
    if kind == "make_regression":
        targets = integer(argument(made, "n_targets"))
        shape = (rows,) if targets == 1 else (rows, targets) if targets is not None else None
        bound = _spread(made)
        low = None if bound is None else -bound
        return Array(
            shape,
            "float64",
            low,
            bound,
            labels=Labels("continuous"),
            source=made.name,
            order=order,
            node=node,
        )
    if kind in ("make_s_curve", "make_swiss_roll", "make_friedman1"):
        return Array((rows,), "float64", labels=Labels("continuous"), source=made.name, order="random", node=node)
    return _made_labels(made, kind, rows, order, node)


def _spread(made: Object) -> float | None:
    """How far the targets of a made regression reach: a sum of standard normal features, weights up to 100."""
    informative, features = integer(argument(made, "n_informative")), integer(argument(made, "n_features"))
    noise, bias = number(argument(made, "noise")), number(argument(made, "bias"))
    if informative is None or features is None or noise is None or bias is None or made.open:
        return None
    if not is_none(argument(made, "effective_rank")):
        return None
    reached = 500 * max(min(informative, features), 0) ** 0.5 + 5 * noise + abs(bias)
    return ceil(reached / 100) * 100.0 if isfinite(reached) else None


def _made_labels(made: Object, kind: str, rows: Dimension, order: str | None, node: syntax.Node) -> Array:
    classes: int | None = 2
    if kind in ("make_classification", "make_gaussian_quantiles"):
        classes = integer(argument(made, "n_classes"))
    elif kind == "make_blobs":
        classes = _blobs(made)
    rarest = _rarest(made, classes) if kind == "make_classification" else None
    labels = Labels("binary" if classes == 2 else "classes", classes, rarest=rarest)
    high = None if classes is None else classes - 1
    return Array((rows,), "int64", 0, high, tight=True, labels=labels, source=made.name, order=order, node=node)


def _rarest(made: Object, classes: int | None) -> float | None:
    """The share of the rarest class, by `weights=`, which may leave the last one out."""
    given = made.args.get("weights")
    shares = [number(share) for share in given.exact or ()] if isinstance(given, Sequence) else []
    known = [float(share) for share in shares if share is not None]
    if len(known) != len(shares) or not known or classes is None:
        return None
    if len(known) == classes - 1:
        known.append(1 - sum(known))
    return min(known) if len(known) == classes else None


def _blobs(made: Object) -> int | None:
    """How many blobs there are: three unless told."""
    centers, samples = argument(made, "centers"), argument(made, "n_samples")
    if constant(centers) is None:
        if isinstance(samples, Sequence):
            return len(samples.exact) if samples.exact is not None else None
        return 3 if integer(samples) is not None or samples is None else None
    if isinstance(centers, Sequence):
        return len(centers.exact) if centers.exact is not None else None
    return centers.rows if isinstance(centers, Array) else integer(centers)


# -- Data that is loaded ------------------------------------------------------------------------------------------


def load_toy(kind: str) -> Handler:
    """`load_iris` and its kin."""

    def answer(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        name = f"sklearn.datasets.{kind}"
        args, _ = bind_arguments(name, arguments)
        if arguments.open or not args.keys().isdisjoint(_OTHER_DATA):
            return Unknown(kind, node=node)
        data, target = toy_data(name, node)
        framed = args.get("as_frame")
        if framed is not None and truth(framed) is not False:
            if truth(framed) is None:
                return Unknown(kind, node=node)
            for part in (data, target):
                if isinstance(part, Array):
                    part.form = "frame"
        pair = args.get("return_X_y")
        if pair is not None and truth(pair) is None:
            return Unknown(kind, node=node)
        if pair is not None and truth(pair):
            return tuple_of(data, target, node=node)
        made = make_object(machine, name, arguments, node)
        made.state.update({"data": data, "target": target})
        return made

    return answer


#: Image data sets of OpenML: pixels from 0 to 255, labels as strings of digits.
_OPENML = {"mnist_784": 70000, "Fashion-MNIST": 70000}


def _fetched(call: Call) -> Value:
    """`fetch_openml("mnist_784")`."""
    rows = _OPENML.get(text(call.first) or "")
    if rows is None:
        return Object(call.name, dict(call.args), node=call.node)
    framed = call.value("as_frame")
    form = "" if framed is not None and truth(framed) is False else "frame"
    data = Array((rows, 784), None, 0.0, 255.0, tight=True, source=call.name, form=form, node=call.node)
    target = Array((rows,), "object" if form == "" else None, labels=Labels("classes", 10), source=call.name, form=form)
    target.low, target.high, target.tight, target.node = 0.0, 9.0, True, call.node
    if truth(call.value("return_X_y")) is True:
        return tuple_of(data, target, node=call.node)
    return Object(call.name, dict(call.args), node=call.node, state={"data": data, "target": target})


def bunch_item(bunch: Object, name: str, node: syntax.Node) -> Value:
    """`iris.data`, `iris["target"]`."""
    found = bunch.state.get(name)
    if isinstance(found, Value):
        return found
    data, target = bunch.state.get("data"), bunch.state.get("target")
    if name == "target_names" and isinstance(target, Array):
        classes = target.labels.classes if target.labels else None
        return Array((classes,), "object", node=node)
    if name == "feature_names" and isinstance(data, Array) and data.shape is not None and len(data.shape) == 2:
        return Array((data.shape[1],), "object", source="columns", node=node)
    if name == "images" and bunch.short in _SIDES and isinstance(data, Array):
        side = _SIDES[bunch.short]
        return data.derive(node, shape=(data.rows, side, side), columns=None)
    return Unknown(name, node=node)


def _error(call: Call) -> Value:
    """`mean_squared_error(y_true, y_pred)` and its kin: one number."""
    truth, said = as_array(call.value("y_true"), call.node), as_array(call.value("y_pred"), call.node)
    if truth is not None and said is not None:
        if truth.prediction is not None and said.prediction is None:
            truth, said = said, truth
        call.machine.emit(Compared(node=call.node, how=call.name.rpartition(".")[2], truth=truth, prediction=said))
    return Object(call.name, dict(call.args), node=call.node)


#: How far predictions are from the truth.
_ERRORS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "median_absolute_error",
    "mean_absolute_percentage_error",
    "r2_score",
    "explained_variance_score",
)
MAKERS = (
    "make_classification",
    "make_regression",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_gaussian_quantiles",
    "make_multilabel_classification",
    "make_s_curve",
    "make_swiss_roll",
    "make_friedman1",
)
#: The side of the images of a data set, in pixels.
_SIDES = {"load_digits": 8, "fetch_olivetti_faces": 64}
#: Arguments with which a loader gives other rows, or other values.
_OTHER_DATA = frozenset({"n_class", "scaled", "shuffle"})
TOYS = (
    "load_iris",
    "load_digits",
    "load_wine",
    "load_breast_cancer",
    "load_diabetes",
    "fetch_california_housing",
    "fetch_covtype",
    "fetch_olivetti_faces",
    "load_boston",
)
_FUNCTIONS: dict[str, Function] = {
    **splits.FUNCTIONS,
    **{f"sklearn.datasets.{kind}": make_data(kind) for kind in MAKERS},
    **{f"sklearn.metrics.{name}": _error for name in _ERRORS},
    "sklearn.datasets.fetch_openml": _fetched,
    "sklearn.preprocessing.scale": transformers.scale("StandardScaler"),
    "sklearn.preprocessing.normalize": transformers.scale("Normalizer"),
    "sklearn.preprocessing.minmax_scale": transformers.scale("MinMaxScaler"),
    "sklearn.preprocessing.maxabs_scale": transformers.scale("MaxAbsScaler"),
    "sklearn.preprocessing.robust_scale": transformers.scale("RobustScaler"),
    "sklearn.preprocessing.label_binarize": transformers.label_binarize,
    "sklearn.pipeline.make_pipeline": transformers.make_pipeline,
}
FUNCTIONS: dict[str, Handler] = {
    **{name: handler(name, function) for name, function in _FUNCTIONS.items()},
    "sklearn.cross_validation.train_test_split": handler(
        "sklearn.model_selection.train_test_split", splits.train_test_split
    ),
    **{f"sklearn.datasets.{kind}": load_toy(kind) for kind in TOYS},
}
