"""Training that the program writes by hand: tapes and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.graphs import snapshot
from kerlint.library.objects import bind_arguments
from kerlint.program.constants import integer
from kerlint.program.events import Gradient, Made, MetricCall
from kerlint.program.values import Arguments, Const, Model, Object, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

TAPE = "tensorflow.GradientTape"
#: Where a tape keeps how often it has been entered.
_ENTRIES = "entries"
#: In the state of a gradient: the event that it is of.
GRADIENT = "gradient"
_METRIC_METHODS = {
    "__call__": "update_state",
    "update_state": "update_state",
    "result": "result",
    "reset_state": "reset_state",
    "reset_states": "reset_state",
}


def made(machine: Machine, thing: Object, node: syntax.Node) -> Object:
    """Records an optimizer or a metric that comes into being."""
    name = thing.short
    if thing.name in (f"keras.optimizers.{name}", f"keras.metrics.{name}") and name[:1].isupper():
        machine.emit(Made(node=node, made=thing))
    return thing


def metric_method(machine: Machine, metric: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`metric.update_state(y, p)`, `metric(y, p)`, `metric.result()`, `metric.reset_state()`."""
    method = _METRIC_METHODS.get(name)
    if method is not None:
        args, places = bind_arguments(f"{metric.name}.update_state", arguments)
        machine.emit(MetricCall(node=node, method=method, metric=metric, args=args, places=places))
    return Object(f"{metric.name}.{name}", {"self": metric}, node=node)


def enter_tape(machine: Machine, tape: Object) -> None:
    """`with tape:`."""
    machine.heap.write(tape.state, _ENTRIES, Const((integer(tape.state.get(_ENTRIES)) or 0) + 1))


def tape_method(machine: Machine, tape: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`tape.gradient(target, sources)` and its kin."""
    if name in ("gradient", "jacobian"):
        entries = integer(tape.state.get(_ENTRIES)) or 0
        target, sources = arguments.get(0, "target"), arguments.get(1, "sources")
        event = Gradient(node=node, tape=tape, target=target, sources=sources, entries=entries)
        model = sources.args.get("model") if isinstance(sources, Object) else None
        event.snapshot = snapshot(machine, model) if isinstance(model, Model) else None
        event.made = Object(f"{TAPE}.{name}", {"self": tape}, node=node, state={GRADIENT: event})
        machine.emit(event)
        return event.made
    return Object(f"{TAPE}.{name}", {"self": tape}, node=node)
