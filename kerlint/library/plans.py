"""Learning rates that a function of the program plans, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.library.optimizers import read_optimizer
from kerlint.program.constants import integer, number
from kerlint.program.events import Fit
from kerlint.program.trials import OwnRates
from kerlint.program.values import Arguments, BoundMethod, Const, Function, Object, Sequence, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_SCHEDULER = "keras.callbacks.LearningRateScheduler"
#: Epochs at the start that are all tried: the rate of one is often made from that of the one before.
_FIRST = 4
#: Plans of one program that are tried.
_MAX_PLANS = 20


def follow_plans(machine: Machine) -> None:
    """Asks the function of each `LearningRateScheduler` that a training call has for the rates of its epochs."""
    for fit, scheduler in list(_scheduled(machine))[:_MAX_PLANS]:
        plan = scheduler.args.get("schedule")
        function = plan.function if isinstance(plan, BoundMethod) else plan
        epochs = integer(fit.args.get("epochs"))
        if not isinstance(function, Function) or epochs is None or epochs < 1 or "initial_epoch" in fit.args:
            continue
        _try(machine, fit, function, plan.receiver if isinstance(plan, BoundMethod) else None, epochs)


def _scheduled(machine: Machine) -> Iterator[tuple[Fit, Object]]:
    """The training calls with the schedulers among their callbacks."""
    for fit in machine.program.fits:
        callbacks = fit.args.get("callbacks")
        for item in callbacks.items if isinstance(callbacks, Sequence) else (callbacks,):
            if isinstance(item, Object) and item.name == _SCHEDULER and not item.open:
                yield fit, item


def _try(machine: Machine, fit: Fit, function: Function, receiver: Value | None, epochs: int) -> None:
    from kerlint.program.interpreter.calls import follow

    optimizer = read_optimizer(fit.compile.optimizer, fit.compile) if fit.compile is not None else None
    rate = optimizer.rate if optimizer is not None else None
    place = function.node
    if place is None:
        return
    takes_rate = len(function.parameters) - (receiver is not None) > 1
    found: list[tuple[int, float]] = []
    returned: Value | None = None
    events, machine.program.events = machine.program.events, []
    mark = machine.heap.mark()
    try:
        for epoch in sorted({*range(min(_FIRST, epochs)), epochs // 2, 3 * epochs // 4, epochs - 1}):
            given: list[Value] = [Const(epoch), *([Const(rate)] if takes_rate and rate is not None else [])]
            returned = follow(machine, function, Arguments([(one, place) for one in given]), place, receiver=receiver)
            rate = number(returned)
            if rate is None:
                return
            found.append((epoch, float(rate)))
    finally:
        machine.heap.undo(mark)
        machine.program.events = events
    if returned is not None:
        machine.assumed = fit.assumed
        machine.emit(OwnRates(node=place, fit=fit, rates=tuple(found), returned=returned))
