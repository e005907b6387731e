"""Optimizers as rules read them: class, learning rate, momentum, and who uses them."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.library.defaults import learning_rate
from kerlint.library.objects import argument
from kerlint.program.constants import constant, number
from kerlint.program.events import ApplyGradients, Compile, Fit
from kerlint.program.facts import Program
from kerlint.program.values import CHOICE, Const, Object, Sequence, Value
from kerlint.records import dataclass

#: Optimizers whose step is about the learning rate itself, whatever the size of the gradient.
ADAPTIVE = frozenset({"Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Lion", "LossScaleOptimizer"}) - {
    "LossScaleOptimizer"
}
#: Callbacks that set the learning rate while training runs.
RATE_CALLBACKS = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})


@dataclass(frozen=True, eq=False, slots=True)
class Optimizer:
    """An optimizer in use.

    Args:
        rate: the learning rate where it is a known number, the default included; else None.
        given: whether the rate is written in the program.
        chosen: the rate by default, where whoever runs the program can choose another one on the command line; then
            `rate` is None.
        place: where the rate (or else the optimizer) is written.
        event: the compile or the training step that uses it.
    """

    name: str
    rate: float | None
    given: bool
    momentum: float | None
    place: syntax.Node | None
    value: Object
    event: Compile | ApplyGradients
    chosen: float | None = None


def read_optimizer(value: Value | None, event: Compile | ApplyGradients) -> Optimizer | None:
    """An optimizer value as rules read it; None if it is not known."""
    if isinstance(value, Object) and value.name.endswith(".GradientDescentOptimizer") and isinstance(event, Compile):
        # TensorFlow 1: the same as SGD without momentum.
        given = value.args.get("learning_rate") or value.args.get("0")
        place = value.places.get("learning_rate") or value.places.get("0") or value.node
        return Optimizer("SGD", number(given), given is not None, 0.0, place, value, event)
    if not isinstance(value, Object) or not value.name.startswith("keras.optimizers."):
        return None
    if value.short == "LossScaleOptimizer":
        return read_optimizer(value.args.get("inner_optimizer"), event)
    if value.name.startswith("keras.optimizers.schedules."):
        return None
    changed = any(f".{name}" in value.state for name in ("learning_rate", "lr"))
    given = value.args.get("learning_rate")
    rate: float | None
    if changed or (value.open and given is None):
        rate = None
    elif given is not None:
        rate = number(given)
    else:
        rate = learning_rate(value.name)
    momentum = number(argument(value, "momentum")) if value.short in ("SGD", "RMSprop") else None
    place = value.places.get("learning_rate") or value.node
    chosen = None if changed else _chosen(given)
    return Optimizer(value.short, rate, given is not None, momentum, place, value, event, chosen)


def _chosen(rate: Value | None) -> float | None:
    """The default of a command-line argument."""
    if not isinstance(rate, Const) or rate.assumed != CHOICE or isinstance(rate.value, bool):
        return None
    return rate.value if isinstance(rate.value, (int, float)) else None


def optimizers(program: Program) -> Iterator[Optimizer]:
    """The optimizers that train something: those of compiles and of hand-written steps, each use once.

    Where one place compiles with several rates, the program compares them on purpose: these are left out.
    """
    seen: set[int] = set()
    uses: list[Optimizer] = []
    rates: dict[int, set[float | None]] = {}
    for event in program.events:
        if isinstance(event, (Compile, ApplyGradients)):
            found = read_optimizer(event.optimizer, event)
            if found is not None and (isinstance(event, Compile) or id(found.value) not in seen):
                seen.add(id(found.value))
                uses.append(found)
                rates.setdefault(id(event.node), set()).add(found.rate)
    for use in uses:
        if len(rates[id(use.event.node)]) == 1:
            yield use


def rate_changes(program: Program, optimizer: Optimizer) -> bool:
    """Whether a callback of the training calls may set another learning rate."""
    if not isinstance(optimizer.event, Compile):
        return False
    # Where a budget ended, what trains the model may not have been seen.
    return bool(program.limits) or any(_changes_rate(fit) for fit in program.fits_of(optimizer.event))


def _changes_rate(fit: Fit) -> bool:
    callbacks = fit.args.get("callbacks")
    if callbacks is None or constant(callbacks) is None:
        return False
    items = callbacks.items if isinstance(callbacks, Sequence) else (callbacks,)
    # A callback that is not a known one may do anything.
    return any(
        not isinstance(item, Object) or item.short in RATE_CALLBACKS or not item.name.startswith("keras.")
        for item in items
    )
