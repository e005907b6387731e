"""What is noted of data besides its numbers: what they mean as labels, and what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax


@dataclass(frozen=True, slots=True)
class Labels:
    """What the values of an array mean as labels.

    Args:
        kind: `classes` (integer ids), `onehot`, `multihot`, `binary` (0 or 1), `signs` (-1 or 1) or `continuous`.
        classes: how many, if known.
        sure: False where the values only look so (integers without a known origin).
        rarest: the share of rows that the rarest class has, if it is known.
    """

    kind: str
    classes: int | None = None
    sure: bool = True
    rarest: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """Which values a column of a table has.

    Args:
        values: each of them once, sorted; None if they are too many.
        rarest: how many rows have the rarest of them.
        gaps: how many rows of the whole table lack something.
        kind: the dtype that pandas reads them as, if it is known; `object` for text.
    """

    values: tuple[str | int, ...] | None
    rarest: int
    gaps: int
    kind: str | None = None

    @property
    def all_values(self) -> tuple[str | int, ...] | None:
        """All that is in the column, gaps included; None if that is not known."""
        return None if self.gaps else self.values


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something that was done to data, and where."""

    name: str
    node: syntax.Node | None
