"""Learning rates that follow the number of steps."""

from __future__ import annotations

import math
from typing import TypeGuard

from kerlint.library.objects import argument
from kerlint.program.constants import number, truth
from kerlint.program.values import Object, Value
from kerlint.records import dataclass

_PREFIX = "keras.optimizers.schedules."


def is_schedule(value: Value | None) -> TypeGuard[Object]:
    """Whether the value is a schedule of the library."""
    return isinstance(value, Object) and value.name.startswith(_PREFIX)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule whose course is known.

    Args:
        kind: `CosineDecay`, `ExponentialDecay`, `InverseTimeDecay` or `PolynomialDecay`.
        last: what is left at the end, as a share of the start; None if the rate falls for ever.
        factor: `decay_rate`.
        power: of the polynomial.
        staircase: whether the rate falls by whole steps only.
    """

    kind: str
    start: float
    steps: float
    last: float | None = None
    factor: float = 1.0
    power: float = 1.0
    staircase: bool = False

    def share(self, step: float) -> float:
        """The rate at a step, as a share of that at the start."""
        passed = step / self.steps
        if self.last is not None:
            passed = min(passed, 1.0)
            left = 0.5 * (1 + math.cos(math.pi * passed)) if self.kind == "CosineDecay" else (1 - passed) ** self.power
            return (1 - self.last) * left + self.last
        if self.staircase:
            passed = math.floor(passed)
        if self.kind == "InverseTimeDecay":
            return 1 / (1 + self.factor * passed)
        return math.exp(passed * math.log(self.factor))


def read_schedule(value: Value | None) -> Schedule | None:
    """A schedule as its numbers; None if it is none of these kinds, warms up, starts over, or is not known."""
    if not is_schedule(value) or value.open:
        return None
    start, steps = number(value.args.get("initial_learning_rate")), number(value.args.get("decay_steps"))
    if not start or not steps or start <= 0 or steps <= 0:
        return None
    if value.short == "CosineDecay" and "warmup_target" not in value.args and "warmup_steps" not in value.args:
        alpha = number(argument(value, "alpha"))
        return None if alpha is None else Schedule(value.short, start, steps, alpha)
    if value.short == "PolynomialDecay" and truth(argument(value, "cycle")) is False:
        end, power = number(argument(value, "end_learning_rate")), number(argument(value, "power"))
        return None if end is None or not power else Schedule(value.short, start, steps, end / start, power=power)
    factor, staircase = number(value.args.get("decay_rate")), truth(argument(value, "staircase"))
    if value.short in ("ExponentialDecay", "InverseTimeDecay") and factor and factor > 0 and staircase is not None:
        return Schedule(value.short, start, steps, factor=factor, staircase=staircase)
    return None
