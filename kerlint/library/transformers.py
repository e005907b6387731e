"""scikit-learn: what scalers, encoders, decompositions and pipelines make of data."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.library import dtypes, ranges
from kerlint.library.convert import Call, Function, as_array, dtype_or, is_none
from kerlint.library.literals import distinct
from kerlint.library.objects import argument
from kerlint.program.constants import integer, number, text, truth
from kerlint.program.events import Scaled, Transformed
from kerlint.program.labels import Labels
from kerlint.program.values import Arguments, Array, Dimension, Object, Sequence, Unknown, Value

if TYPE_CHECKING:
    from kerlint.library.ranges import Bounds
    from kerlint.program.interpreter.machine import Machine

#: Scalers and the range of what they give; None where it depends on the data.
SCALERS: dict[str, Bounds] = {
    "StandardScaler": (None, None),
    "MinMaxScaler": (0.0, 1.0),
    "MaxAbsScaler": (-1.0, 1.0),
    "RobustScaler": (None, None),
    "Normalizer": (-1.0, 1.0),
    "QuantileTransformer": (0.0, 1.0),
    "PowerTransformer": (None, None),
}
#: Scalers that keep to their range whatever they were fitted on.
_ALWAYS = frozenset({"Normalizer", "QuantileTransformer"})
ENCODERS = frozenset({"LabelEncoder", "OneHotEncoder", "LabelBinarizer", "MultiLabelBinarizer", "OrdinalEncoder"})
_DECOMPOSITIONS = frozenset(
    {"PCA", "TruncatedSVD", "KernelPCA", "FastICA", "NMF", "IncrementalPCA", "TSNE", "SparsePCA"}
)
_VECTORIZERS = frozenset({"CountVectorizer", "TfidfVectorizer", "HashingVectorizer"})
_OTHERS = frozenset(
    {"PolynomialFeatures", "SimpleImputer", "Binarizer", "Pipeline", "ColumnTransformer", "FeatureUnion"}
)
_KNOWN = frozenset(SCALERS) | ENCODERS | _DECOMPOSITIONS | _VECTORIZERS | _OTHERS
_TRANSFORMS = frozenset({"fit_transform", "transform", "inverse_transform"})
#: So many rows a class, and a random draw has all of them.
_ENOUGH = 20


def is_transformer(name: str) -> bool:
    """Whether the class is a scaler, encoder or the like that kerlint knows."""
    return name.startswith("sklearn.") and name.rpartition(".")[2] in _KNOWN


def transformer_method(
    machine: Machine, transformer: Object, name: str, arguments: Arguments, node: syntax.Node
) -> Value:
    """`scaler.fit_transform(x)` and its kin."""
    data = arguments.get(0, "X") or arguments.get(None, "y") or arguments.get(None, "raw_documents")
    after = _method(machine, transformer, name, arguments, node)
    machine.emit(Transformed(node=node, transformer=transformer, method=name, data=data, after=after))
    return after


def _method(machine: Machine, transformer: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    data = arguments.get(0, "X") or arguments.get(None, "y") or arguments.get(None, "raw_documents")
    if name in ("fit", "partial_fit"):
        machine.heap.write(transformer.state, "fitted", data or Unknown("data"))
        return transformer
    if name not in _TRANSFORMS:
        return Unknown(name, node=node)
    if name == "fit_transform":
        machine.heap.write(transformer.state, "fitted", data or Unknown("data"))
    if transformer.short == "Pipeline":
        return _through(machine, transformer, name, data, node)
    array = as_array(data, node)
    if name == "inverse_transform":
        return _inverse(transformer, array, node)
    if transformer.short in SCALERS:
        return _scaled(machine, transformer, data, array or Array(), node)
    if transformer.short in ENCODERS:
        return _encoded(transformer, data, array, node)
    if transformer.short in _VECTORIZERS:
        return _vectors(transformer, data, array, node)
    if array is None:
        return Array(node=node)
    return _transformed(transformer, array, node)


def _through(machine: Machine, pipeline: Object, name: str, data: Value | None, node: syntax.Node) -> Value:
    """A pipeline: each step gets what the one before it gives."""
    steps = _steps(pipeline)
    if steps is None or data is None or name == "inverse_transform":
        return Array(node=node)
    value: Value = data
    for step in steps:
        value = transformer_method(machine, step, name, Arguments([(value, node)]), node)
    return value


def _steps(pipeline: Object) -> list[Object] | None:
    given = pipeline.args.get("steps")
    if not isinstance(given, Sequence) or given.exact is None:
        return None
    found = []
    for item in given.exact:
        step = item.exact[-1] if isinstance(item, Sequence) and item.exact else item
        if not isinstance(step, Object) or not is_transformer(step.name):
            return None
        found.append(step)
    return found


def _inverse(transformer: Object, array: Array | None, node: syntax.Node) -> Value:
    if array is None or transformer.short not in SCALERS:
        return Array(node=node)
    return array.derive(
        node,
        "inverse_transform",
        low=None,
        high=None,
        tight=False,
        columns=None,
        values=None,
        labels=Labels("continuous") if array.labels is not None else None,
        form="",
        fields=None,
    )


def _float_dtype(array: Array) -> str | None:
    """The dtype of what a scaler gives: floats stay what they are."""
    if array.dtype is None or dtypes.is_float(array.dtype):
        return array.dtype
    return "float64"


def _scaled(machine: Machine, scaler: Object, data: Value | None, array: Array, node: syntax.Node) -> Array:
    fitted = scaler.state.get("fitted")
    low, high = SCALERS[scaler.short] if fitted is data or scaler.short in _ALWAYS else ranges.UNKNOWN
    bounds = scaler.args.get("feature_range")
    if scaler.short == "MinMaxScaler" and bounds is not None and low is not None:
        ends = bounds.exact if isinstance(bounds, Sequence) else None
        low, high = (number(ends[0]), number(ends[1])) if ends is not None and len(ends) == 2 else ranges.UNKNOWN
    if scaler.short in ("MaxAbsScaler", "Normalizer") and array.low is not None and array.low >= 0 and low is not None:
        low = 0.0
    if scaler.short == "QuantileTransformer" and "output_distribution" in scaler.args:
        low, high = ranges.UNKNOWN
    if scaler.open:
        low, high = ranges.UNKNOWN
    after = array.derive(
        node,
        scaler.short,
        low=low,
        high=high,
        tight=scaler.short == "MinMaxScaler" and low is not None and high is not None,
        columns=None,
        dtype=_float_dtype(array),
        values=None,
        labels=Labels("continuous") if array.labels is not None else None,
        statistic=None,
        prediction=None,
        source=array.source or "scaled",
        form="",
        fields=None,
    )
    if truth(argument(scaler, "copy")) is not False:
        machine.emit(Scaled(node=node, how=scaler.short, before=array, after=after))
    return after


def _count(encoder: Object, data: Value | None) -> int | None:
    """How many classes an encoder was fitted on."""
    fitted = encoder.state.get("fitted")
    value = fitted if isinstance(fitted, Value) and not isinstance(fitted, Unknown) else data
    known = distinct(value)
    if known is not None:
        return known
    array = as_array(value)
    if array is None or array.labels is None or array.labels.classes is None or not array.tight:
        return None
    enough = array.rows is not None and array.rows >= _ENOUGH * array.labels.classes
    return array.labels.classes if array.labels.sure or (array.noise and enough) else None


def _encoded(encoder: Object, data: Value | None, array: Array | None, node: syntax.Node) -> Value:
    rows = array.rows if array is not None else None
    if rows is None and isinstance(data, Sequence) and data.exact is not None:
        rows = len(data.exact)
    if encoder.short == "LabelEncoder":
        classes = _count(encoder, data)
        high = None if classes is None else classes - 1
        return Array(
            (rows,),
            "int64",
            0,
            high,
            tight=classes is not None,
            labels=Labels("binary" if classes == 2 else "classes", classes),
            source="LabelEncoder",
            order=array.order if array is not None and array.rank in (1, None) else None,
            node=node,
        )
    if encoder.short == "OneHotEncoder":
        return _columns_of_ones(encoder, data, array, rows, node)
    if encoder.short == "LabelBinarizer":
        return binarized(_count(encoder, data), rows, array, node)
    if encoder.short == "MultiLabelBinarizer":
        # Where each row is a list of one label, it is a one-hot encoder.
        single = array is not None and array.rank == 2 and array.shape is not None and array.shape[1] == 1
        meaning = None if single else Labels("multihot")
        return Array((rows, None), "int64", 0, 1, labels=meaning, source="onehot", node=node)
    width = array.shape[1] if array is not None and array.shape is not None and len(array.shape) == 2 else None
    dtype = dtype_or(encoder.args.get("dtype"), "float64")
    plain = "handle_unknown" not in encoder.args
    return Array((rows, width), dtype, 0.0 if plain else None, None, source="OrdinalEncoder", node=node)


def _columns_of_ones(
    encoder: Object, data: Value | None, array: Array | None, rows: Dimension, node: syntax.Node
) -> Array:
    """`OneHotEncoder`: of one column one-hot rows, of several as many ones as columns."""
    single = array is not None and array.shape is not None and len(array.shape) == 2 and array.shape[1] == 1
    plain = is_none(encoder.args.get("drop")) and not encoder.open
    classes = _count(encoder, data) if single and plain else None
    found = Array(
        (rows, classes),
        dtype_or(encoder.args.get("dtype"), "float64"),
        0,
        1,
        tight=True,
        labels=Labels("onehot", classes) if single and plain else None,
        source="onehot",
        order=array.order if array is not None and single else None,
        node=node,
    )
    dense = encoder.args.get("sparse_output") or encoder.args.get("sparse")
    if truth(dense) is not False:
        found.form = "sparse"
        return found.derive(node, "sparse matrix")
    return found


def binarized(classes: int | None, rows: Dimension, array: Array | None, node: syntax.Node) -> Array:
    """`LabelBinarizer`: a column for two classes, one-hot rows for more."""
    order = array.order if array is not None and array.rank == 1 else None
    if classes == 2:
        meaning, width = Labels("binary", 2), 1
    else:
        meaning, width = (Labels("onehot", classes), classes) if classes else (None, None)  # type: ignore[assignment]
    source = "LabelBinarizer" if classes == 2 else "onehot"
    return Array((rows, width), "int64", 0, 1, tight=True, labels=meaning, source=source, order=order, node=node)


def _vectors(vectorizer: Object, data: Value | None, array: Array | None, node: syntax.Node) -> Array:
    """Texts as rows of numbers, one column a word."""
    rows = array.rows if array is not None else None
    if rows is None and isinstance(data, Sequence) and data.exact is not None:
        rows = len(data.exact)
    plain = not vectorizer.open and not {"dtype", "norm", "binary", "sublinear_tf"} & vectorizer.args.keys()
    counts = vectorizer.short == "CountVectorizer"
    low: float | None = 0.0 if plain and vectorizer.short != "HashingVectorizer" else None
    high = 1.0 if plain and vectorizer.short == "TfidfVectorizer" else None
    dtype = ("int64" if counts else "float64") if plain else None
    width = None
    if vectorizer.short == "HashingVectorizer":
        width = integer(argument(vectorizer, "n_features"))
    return Array((rows, width), dtype, low, high, source=vectorizer.short, form="sparse", node=node)


def _transformed(transformer: Object, array: Array, node: syntax.Node) -> Value:
    """Decompositions, imputers and features made of others."""
    changes: dict[str, Any] = {"columns": None, "values": None, "labels": None, "statistic": None, "tight": False}
    changes |= {"form": "", "fields": None, "prediction": None}
    width = array.shape[1] if array.shape is not None and len(array.shape) == 2 else None
    if transformer.short in _DECOMPOSITIONS:
        given = argument(transformer, "n_components")
        count = integer(given)
        if is_none(given) and transformer.short != "TSNE":
            known = array.rows is not None and width is not None and transformer.short == "PCA"
            count = min(array.rows, width) if known and array.rows is not None and width is not None else None
        dtype = _float_dtype(array) if transformer.short == "PCA" else None
        return array.derive(
            node, transformer.short, shape=(array.rows, count), low=None, high=None, dtype=dtype, **changes
        )
    if transformer.short == "SimpleImputer":
        plain = text(argument(transformer, "strategy")) in ("mean", "median", "most_frequent")
        span = (array.low, array.high) if plain else ranges.UNKNOWN
        return array.derive(node, "SimpleImputer", low=span[0], high=span[1], dtype=_float_dtype(array), **changes)
    if transformer.short == "Binarizer":
        return array.derive(node, "Binarizer", low=0.0, high=1.0, **changes)
    if transformer.short == "PolynomialFeatures":
        shape = (array.rows, _polynomials(transformer, width))
        return array.derive(node, "PolynomialFeatures", shape=shape, low=None, high=None, dtype="float64", **changes)
    return Array((array.rows, None), source=array.source, node=node)


def _polynomials(features: Object, width: Dimension) -> Dimension:
    """How many products of so many features there are."""
    degree = integer(argument(features, "degree"))
    plain = not features.open and "interaction_only" not in features.args
    if width is None or degree is None or not plain or not 0 <= degree <= 10:
        return None
    bias = truth(argument(features, "include_bias"))
    return None if bias is None else comb(width + degree, degree) - (0 if bias else 1)


def attribute(transformer: Object, name: str, node: syntax.Node) -> Value | None:
    """`encoder.classes_`."""
    if name == "classes_" and transformer.short in ("LabelEncoder", "LabelBinarizer"):
        return Array((_count(transformer, None),), source="classes", node=node)
    return None


def scale(short: str) -> Function:
    """`sklearn.preprocessing.scale(x)` and its kin: scalers as functions."""

    def answer(call: Call) -> Value:
        array = call.array or Array()
        scaler = Object(f"sklearn.preprocessing.{short}", _options(call), node=call.node)
        scaler.state["fitted"] = array
        axis = call.value("axis")
        if axis is not None:
            scaler.open = True
        return _scaled(call.machine, scaler, array, array, call.node)

    return answer


def _options(call: Call) -> dict[str, Value]:
    return {name: value for name, value in call.args.items() if name in ("feature_range", "copy")}


def label_binarize(call: Call) -> Value:
    """`label_binarize(y, classes=[0, 1, 2])`."""
    array, classes = call.array, call.value("classes")
    count = len(classes.exact) if isinstance(classes, Sequence) and classes.exact is not None else None
    if isinstance(classes, Array):
        count = classes.rows
    return binarized(count, array.rows if array is not None else None, array, call.node)


def make_pipeline(call: Call) -> Value:
    """`make_pipeline(a, b)` is `Pipeline([("a", a), ("b", b)])`."""
    steps: tuple[Value, ...] = tuple(call.positional)
    args: dict[str, Value] = {"steps": Sequence("list", state={"items": steps}, node=call.node)}
    return Object("sklearn.pipeline.Pipeline", args, node=call.node)
