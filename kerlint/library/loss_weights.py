"""What the losses of a model are multiplied by before they are added up: `compile(loss_weights=...)`."""

from __future__ import annotations

from kerlint.program.constants import NOTHING, constant, number
from kerlint.program.events import Compile
from kerlint.program.values import Mapping, Sequence, Value


def adds_losses(event: Compile) -> bool:
    """Whether training makes every loss of a model small: none is multiplied by a number that may be negative."""
    return _is_positive(event.args.get("loss_weights"))


def _is_positive(value: Value | None) -> bool:
    if value is None or constant(value) is None:
        return True
    if isinstance(value, Sequence):
        return value.exact is not None and all(map(_is_positive, value.exact))
    if isinstance(value, Mapping):
        return not value.open and all(map(_is_positive, value.entries.values()))
    found = number(value) if constant(value) is not NOTHING else None
    return found is not None and found >= 0
