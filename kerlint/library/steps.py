"""Training that the program writes by hand: tapes, metrics, and the `train_step` of a model class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.objects import bind_arguments
from kerlint.program.constants import integer
from kerlint.program.events import Gradient, Made, MetricCall
from kerlint.program.trials import OwnLoss, TrainStep
from kerlint.program.values import Arguments, Const, Function, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

TAPE = "tensorflow.GradientTape"
#: Where a tape keeps how often it has been entered.
_ENTRIES = "entries"
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
        machine.emit(Gradient(node=node, tape=tape, target=target, sources=sources, entries=entries))
    return Object(f"{TAPE}.{name}", {"self": tape}, node=node)


def follow_losses(machine: Machine) -> None:
    """Follows each loss function of the program that a model is compiled with, on tensors for both arguments."""
    from kerlint.library.calling import follow_inside
    from kerlint.library.layers import input_tensor

    done: set[int] = set()
    for event in list(machine.program.compiles):
        loss = event.loss
        if not isinstance(loss, Function) or loss.node is None or id(loss.node) in done:
            continue
        done.add(id(loss.node))
        target, prediction = (input_tensor(None, loss.node) for _ in range(2))
        events = machine.program.events
        machine.program.events = []
        machine.assumed = event.assumed
        mark = machine.heap.mark()
        machine.inside_loss = True
        try:
            given = Arguments([(target, loss.node), (prediction, loss.node)])
            returned = follow_inside(machine, loss, given, loss.node)
        finally:
            machine.inside_loss = False
            machine.heap.undo(mark)
            machine.program.events = events
        if returned is not None:
            made = OwnLoss(node=loss.node, loss=loss, compile=event, prediction=prediction, returned=returned)
            machine.emit(made)


def follow_train_steps(machine: Machine) -> None:
    """Follows the `train_step` of each model class that has one, for the first model that is trained, or else made."""
    from kerlint.program.interpreter.calls import follow

    done: set[int] = set()
    for model in sorted(machine.program.models, key=lambda model: "fitted" not in model.state):
        step = model.cls.lookup("train_step") if model.cls is not None else None
        if not isinstance(step, Function) or id(step) in done or step.node is None:
            continue
        done.add(id(step))
        events = machine.program.events
        machine.program.events = []
        machine.assumed = "assumed" in model.state
        mark = machine.heap.mark()
        try:
            returned = follow(machine, step, Arguments([(Unknown("data"), step.node)]), step.node, receiver=model)
        finally:
            machine.heap.undo(mark)
            inner, machine.program.events = machine.program.events, events
        machine.emit(TrainStep(node=step.node, model=model, step=step, returned=returned, events=tuple(inner)))
