"""Callbacks of a training call, and the names of what they can watch."""

from __future__ import annotations

import re

from kerlint.library.objects import argument
from kerlint.library.signatures import Marker, signature
from kerlint.program.constants import constant, integer, number, text
from kerlint.program.events import Compile, Fit, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Const, Dataset, Function, Layer, Object, Sequence, Value
from kerlint.records import dataclass

#: Callbacks that choose or stop by a watched number.
WATCHERS = frozenset({"EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"})
_METHODS = frozenset({"fit", "fit_generator"})
#: What callbacks of Keras itself add to the numbers.
_ADDED = frozenset({"learning_rate", "lr"})


@dataclass(frozen=True, eq=False, slots=True)
class Callbacks:
    """What a training call is given as callbacks.

    Args:
        known: the callbacks of Keras, in order.
        complete: whether there are no others, which may do anything.
    """

    known: tuple[Object, ...]
    complete: bool

    def of(self, *names: str) -> list[Object]:
        """Those of these classes."""
        return [callback for callback in self.known if callback.short in names]


def callbacks_of(fit: Fit) -> Callbacks:
    """The callbacks of a training call."""
    given = fit.args.get("callbacks")
    if given is None or constant(given) is None:
        return Callbacks((), not fit.open)
    items = given.items if isinstance(given, Sequence) else (given,)
    known = tuple(item for item in items if isinstance(item, Object) and item.name.startswith("keras.callbacks."))
    return Callbacks(known, len(known) == len(items) and not fit.open)


def monitor_of(callback: Object) -> str | None:
    """The number that a callback watches, the default included; None if it is not known."""
    return text(argument(callback, "monitor"))


def saves_best(callback: Object) -> bool:
    """Whether this is a checkpoint of the best epoch only."""
    return callback.short == "ModelCheckpoint" and constant(argument(callback, "save_best_only")) is True


def has_validation(fit: Fit) -> bool | None:
    """Whether a training call validates after each epoch; None if that is not known."""
    if fit.method not in _METHODS:
        return None
    answers = [_is_data(fit.args.get("validation_data")), _is_share(fit.args.get("validation_split"))]
    if True in answers:
        return True
    return None if None in answers or fit.open else False


def _is_data(value: Value | None) -> bool | None:
    if value is None or constant(value) is None:
        return False
    return True if isinstance(value, (Sequence, Dataset, Array)) else None


def _is_share(value: Value | None) -> bool | None:
    if value is None or constant(value) is None:
        return False
    share = number(value)
    return None if share is None else share > 0


def watched_names(compiled: Compile) -> dict[str, re.Pattern[str]] | None:
    """What `fit` logs of a compiled model with one output, validation left out; None if it is not known.

    The keys are names as people write them, the values what they match: Keras numbers metrics that are made again.
    """
    model = compiled.model
    single = model.kind == "sequential" or (model.kind == "functional" and compiled.graph.output is not None)
    if not single or model.cls is not None or compiled.metrics is None or "weighted_metrics" in compiled.args:
        return None
    if any(isinstance(node.layer, Layer) and node.layer.cls is not None for node in compiled.graph.nodes):
        # A layer of the program may add metrics.
        return None
    found = {"loss": re.compile("loss")}
    for metric in compiled.metrics:
        name = metric_name(metric)
        if name is None:
            return None
        found[name] = re.compile(rf"{re.escape(name)}(_\d+)?")
    return found


def metric_name(metric: Value) -> str | None:
    """The name under which a metric is logged, without the number that Keras may add; None if it is not known."""
    if isinstance(metric, Const) and isinstance(metric.value, str):
        return metric.value
    if isinstance(metric, Function):
        return metric.name
    if not isinstance(metric, Object) or not metric.name.startswith(("keras.metrics.", "keras.losses.")):
        return None
    given = metric.state.get("identifier")
    if isinstance(given, Const) and isinstance(given.value, str):
        return given.value
    if not metric.short[:1].isupper():
        return metric.short
    if "name" in metric.args or metric.open:
        return text(metric.args.get("name"))
    known = signature(metric.name)
    default = known.default("name") if known is not None else Marker.NO_DEFAULT
    return default if isinstance(default, str) else _snake_case(metric.short)


def _snake_case(name: str) -> str:
    """A class name as Keras makes a name of it: `MeanIoU` is `mean_io_u`."""
    parted = re.sub(r"\W+", "", name)
    parted = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", parted)
    return re.sub("([a-z])([A-Z])", r"\1_\2", parted).lower()


def is_watched(name: str, names: dict[str, re.Pattern[str]]) -> bool:
    """Whether a number of this name is logged, validation or not."""
    plain = name.removeprefix("val_")
    return plain in _ADDED or any(pattern.fullmatch(plain) for pattern in names.values())


def later_uses(program: Program, fit: Fit, *methods: str) -> list[Use]:
    """The uses of a model after a training call, up to the next time that it gets other weights."""
    found: list[Use] = []
    for use in program.all(Use):
        if use.model is fit.model and use.order > fit.order:
            if use.method in ("load_weights", "set_weights"):
                break
            if use.method.startswith(methods):
                found.append(use)
    return found


def patience_of(callback: Object) -> int | None:
    """How many epochs without an improvement a callback bears."""
    return integer(argument(callback, "patience"))
