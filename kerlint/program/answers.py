"""What a program reads from the outputs of its models, besides what `events.py` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.program.events import Event
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.program.graph import Snapshot


@dataclass(eq=False, slots=True, kw_only=True)
class Threshold(Event):
    """The output of a model is compared with a number, or rounded.

    Args:
        bound: the number; 0.5 where it is rounded.
        snapshot: the model.
    """

    bound: float
    snapshot: Snapshot
