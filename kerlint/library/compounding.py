"""Plans for the learning rate that reduce the rate of the epoch before by more from epoch to epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.optimizers import read_optimizer
from kerlint.library.trying import elsewhere, trying
from kerlint.program.constants import number
from kerlint.program.events import Fit
from kerlint.program.trials import CompoundRates
from kerlint.program.values import Arguments, Const, Function, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Epochs that are tried.
_MAX_EPOCHS = 200
#: Of a step from one epoch to the next: differences below this share are none.
_SAME = 1e-9
#: A share of the first rate that is as good as none.
_NOTHING = 1e-12
#: Epochs after which a plan that has taken the same share off in each of them is left.
_STEADY = 40
#: Rates that it takes to say anything.
_STAGES = 6
#: A plan that takes more off in two or three stages does so on purpose.
_FALLS = 4


def follow_compound(machine: Machine, fit: Fit, function: Function, receiver: Value | None, epochs: int) -> None:
    """Tries out a plan that is given the current rate: whether what it multiplies it by shrinks with the epoch, too."""
    from kerlint.program.interpreter.calls import follow

    optimizer = read_optimizer(fit.compile.optimizer, fit.compile) if fit.compile is not None else None
    place, count = function.node, min(epochs, _MAX_EPOCHS)
    takes = len(function.parameters) - (receiver is not None)
    if place is None or optimizer is None or optimizer.rate is None or takes != 2:
        return

    def ask(epoch: int, rate: float) -> Value:
        given: list[tuple[Value, syntax.Node | None]] = [(Const(epoch), place), (Const(rate), place)]
        return follow(machine, function, Arguments(given), place, receiver=receiver)

    rates = [optimizer.rate]
    absolute = False
    returned: Value | None = None
    with elsewhere(machine), trying(machine, assumed=fit.assumed) as trial:
        for epoch in range(count):
            returned = ask(epoch, rates[-1])
            rate = number(returned)
            if rate is None or not 0 < rate <= rates[-1] * (1 + _SAME):
                break
            rates.append(rate)
            if _is_steady(rates):
                return
            if rate < rates[1] * _NOTHING:
                break
        # A plan that does not look at the rate says each time what it shall be.
        last = len(rates) - 1
        absolute = number(ask(last, rates[-1])) == number(ask(last, rates[-1] / 2))
    if (
        absolute
        or not trial.finished
        or returned is None
        or len(rates) < _STAGES
        or (len(rates) <= count and rates[-1] >= rates[1] * _NOTHING)
    ):
        return
    factors = _factors(rates)
    pairs = list(zip(factors, factors[1:]))
    falls = sum(after < before * (1 - _SAME) for before, after in pairs)
    if falls >= _FALLS and all(after < before * (1 + _SAME) for before, after in pairs):
        machine.emit(CompoundRates(node=place, fit=fit, returned=returned, epochs=epochs, rates=tuple(rates[1:])))


def _factors(rates: list[float]) -> list[float]:
    return [after / before for before, after in zip(rates[1:], rates[2:])]


def _is_steady(rates: list[float]) -> bool:
    """Whether the plan has taken off the same share for long, or less than before."""
    last = _factors(rates[-4:])
    if len(rates) >= 5 and last[1] > last[0] * (1 + _SAME):
        return True
    if len(rates) != _STEADY + 1:
        return False
    factors = _factors(rates)
    return max(factors) - min(factors) < _SAME
