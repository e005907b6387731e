"""Learning rates that a function of the program plans, epoch by epoch, where they stay at zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.library.compounding import follow_compound
from kerlint.library.optimizers import RATE_CALLBACKS, read_optimizer
from kerlint.library.trying import elsewhere, trying
from kerlint.program.constants import integer, number
from kerlint.program.events import Fit
from kerlint.program.trials import ZeroRates
from kerlint.program.values import Arguments, BoundMethod, Const, Function, Object, Sequence, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_SCHEDULER = "keras.callbacks.LearningRateScheduler"
#: Epochs that are tried. As soon as a rate is not zero, there is nothing to tell.
_MAX_EPOCHS = 1000


def follow_plans(machine: Machine, fit: Fit) -> None:
    """Asks the function of the `LearningRateScheduler` that a training call may have for the rates of its epochs."""
    scheduler = _scheduler(fit)
    if scheduler is None or fit.open or "initial_epoch" in fit.args or machine.callback_fuel <= 0:
        return
    plan = scheduler.args.get("schedule")
    function = plan.function if isinstance(plan, BoundMethod) else plan
    epochs = integer(fit.args.get("epochs"))
    if isinstance(function, Function) and epochs is not None and 1 <= epochs <= _MAX_EPOCHS:
        receiver = plan.receiver if isinstance(plan, BoundMethod) else None
        _try(machine, fit, function, receiver, epochs)
        follow_compound(machine, fit, function, receiver, epochs)


def _scheduler(fit: Fit) -> Object | None:
    """The only scheduler among the callbacks; None where another callback may set rates."""
    callbacks = fit.args.get("callbacks")
    items = callbacks.items if isinstance(callbacks, Sequence) else (callbacks,)
    known = [item for item in items if isinstance(item, Object) and item.name.startswith("keras.")]
    setting = [item for item in known if item.short in RATE_CALLBACKS]
    if len(known) == len(items) and len(setting) == 1 and setting[0].name == _SCHEDULER and not setting[0].open:
        return setting[0]
    return None


def _try(machine: Machine, fit: Fit, function: Function, receiver: Value | None, epochs: int) -> None:
    from kerlint.program.interpreter.calls import follow

    optimizer = read_optimizer(fit.compile.optimizer, fit.compile) if fit.compile is not None else None
    rate = optimizer.rate if optimizer is not None else None
    place = function.node
    if place is None:
        return
    takes_rate = len(function.parameters) - (receiver is not None) > 1
    returned: Value | None = None
    with elsewhere(machine), trying(machine, assumed=fit.assumed) as trial:
        for epoch in range(epochs):
            given: list[Value] = [Const(epoch), *([Const(rate)] if takes_rate and rate is not None else [])]
            returned = follow(machine, function, Arguments([(one, place) for one in given]), place, receiver=receiver)
            rate = number(returned)
            if rate is None or rate != 0:
                return
    if returned is not None and trial.finished:
        machine.emit(ZeroRates(node=place, fit=fit, returned=returned))
