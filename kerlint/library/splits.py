"""scikit-learn: splits of data into parts, folds, and rows in another order."""

from __future__ import annotations

import math

from kerlint import syntax
from kerlint.library import frames, resampling
from kerlint.library.convert import Call, Function, as_array, is_none
from kerlint.library.objects import argument
from kerlint.program.constants import integer, number, truth
from kerlint.program.events import Shuffled, Split
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dimension,
    Object,
    Sequence,
    Unknown,
    Value,
    list_of,
    tuple_of,
)

#: Splitters whose parts hold every class, in any order.
_MIXED = frozenset(
    {"StratifiedKFold", "StratifiedShuffleSplit", "ShuffleSplit", "RepeatedKFold", "RepeatedStratifiedKFold"}
)
SPLITTERS = _MIXED | {"KFold", "GroupKFold", "TimeSeriesSplit", "LeaveOneOut", "StratifiedGroupKFold"}


def train_test_split(call: Call) -> Value:
    """Two parts of each array, shuffled unless `shuffle=False`."""
    parts: list[Value] = []
    pairs: list[tuple[Array | None, Array | None, Array | None]] = []
    test, train = call.given("test_size"), call.given("train_size")
    shuffled = truth(call.value("shuffle")) is not False
    for value in call.positional:
        array = as_array(value, call.node)
        if array is None:
            parts.extend([Array(node=call.node), Array(node=call.node)])
            pairs.append((None, None, None))
            continue
        made_of: list[Array] = []
        for rows in _sizes(array.rows, test, train):
            order = "random" if shuffled else array.order
            tight = array.tight and (shuffled or array.order not in ("sorted", "grouped"))
            made = frames.with_rows(array, rows, call.node, "train_test_split", tight=tight)
            made.order = order
            parts.append(made)
            made_of.append(made)
        pairs.append((array, made_of[0], made_of[1]))
    call.machine.emit(Split(node=call.node, pairs=tuple(pairs), args=call.args))
    return list_of(parts, "list", call.node)


def _sizes(rows: int | None, test: Value | None, train: Value | None) -> tuple[Dimension, Dimension]:
    """Rows for training and for testing, as scikit-learn rounds them."""
    if rows is None:
        return (integer(train), integer(test))
    for_test = _size(rows, test, up=True)
    for_train = _size(rows, train, up=False)
    if test is None and train is None:
        for_test = math.ceil(rows * 0.25)
    if test is None and for_test is None:
        return (for_train, None if for_train is None else rows - for_train)
    if train is None:
        return (None if for_test is None else rows - for_test, for_test)
    return (for_train, for_test)


def _size(rows: int, share: Value | None, *, up: bool) -> int | None:
    found = number(share)
    if found is None or not math.isfinite(found):
        return None
    if isinstance(found, int):
        return found
    return math.ceil(rows * found) if up else math.floor(rows * found)


def splitter_method(splitter: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`kf.split(x, y)`: pairs of row numbers."""
    if name == "get_n_splits":
        folds = integer(argument(splitter, "n_splits"))
        return Const(folds, node=node) if folds is not None else Unknown(name, node=node)
    if name != "split":
        return Unknown(name, node=node)
    data = as_array(arguments.get(0, "X"), node)
    rows = data.rows if data is not None else None
    mixed = splitter.short in _MIXED or truth(argument(splitter, "shuffle")) is True
    source, order = ("permutation", "random") if mixed else ("fold", None)
    high = None if rows is None else float(rows - 1)
    pair = [
        Array((size,), "int64", 0.0, high, source=source, order=order, node=node) for size in _folds(splitter, rows)
    ]
    return Object("generator", {"element": tuple_of(*pair, node=node), "splitter": splitter}, node=node)


def _folds(splitter: Object, rows: Dimension) -> tuple[Dimension, Dimension]:
    """How many rows each fold trains on and tests with."""
    if rows is None:
        return (None, None)
    if splitter.short == "LeaveOneOut":
        return (rows - 1, 1)
    if splitter.short in ("ShuffleSplit", "StratifiedShuffleSplit"):
        test, train = splitter.args.get("test_size"), splitter.args.get("train_size")
        if is_none(test) and is_none(train):
            test = Const(0.1)
        return _sizes(rows, None if is_none(test) else test, None if is_none(train) else train)
    folds = integer(argument(splitter, "n_splits"))
    if splitter.short in ("KFold", "RepeatedKFold") and folds and rows % folds == 0:
        return (rows - rows // folds, rows // folds)
    return (None, None)


def _shuffled(call: Call) -> Value:
    """`sklearn.utils.shuffle(x, y)`."""
    count = call.given("n_samples")
    mixed: list[Value] = []
    for value in call.positional:
        array = as_array(value, call.node)
        if array is None:
            mixed.append(Array(node=call.node))
            continue
        rows = array.rows if count is None else integer(count)
        mixed.append(frames.with_rows(array, rows, call.node, "shuffled", order="random"))
    first = mixed[0] if mixed else None
    if len(mixed) == 1 and isinstance(first, Array) and is_none(call.value("random_state")):
        call.machine.emit(Shuffled(node=call.node, after=first))
    return mixed[0] if len(mixed) == 1 else list_of(mixed, "list", call.node)


def _resampled(call: Call) -> Value:
    """`sklearn.utils.resample(x)`: rows drawn with replacement."""
    made = _shuffled(call)
    parts = made.items if isinstance(made, Sequence) else (made,)
    # Fewer rows than there are may be drawn without a thought for what is the default.
    twice = truth(call.value("replace")) if "replace" in call.args else call.given("n_samples") is None
    found: list[Value] = []
    for part in parts:
        if isinstance(part, Array):
            part.tight = False
        found.append(resampling.again(part, call.node) if isinstance(part, Array) and twice else part)
    return found[0] if len(found) == 1 else list_of(found, "list", call.node)


FUNCTIONS: dict[str, Function] = {
    "sklearn.model_selection.train_test_split": train_test_split,
    "sklearn.utils.shuffle": _shuffled,
    "sklearn.utils.resample": _resampled,
}


def is_splitter(made: Object) -> bool:
    """Whether an object gives folds."""
    return made.name.startswith("sklearn.model_selection.") and made.short in SPLITTERS
