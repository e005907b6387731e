"""More of what happens in a program: to its data, and to what its models say of it (see `events.py`)."""

from __future__ import annotations

from kerlint.program.events import Event
from kerlint.program.values import Array, Dataset
from kerlint.records import dataclass

#: The number of a row: names with how often each is added, and a number.
Place = tuple[tuple[tuple[str, int], ...], int]
UNKNOWN_COLUMNS: tuple[object, ...] = ("?",)


@dataclass(eq=False, slots=True, kw_only=True)
class Flowed(Event):
    """`ImageDataGenerator(...).flow(...)` or its kin.

    Args:
        data: the images of one batch.
    """

    dataset: Dataset
    data: Array


@dataclass(eq=False, slots=True, kw_only=True)
class Pictured(Event):
    """An image is read from a file or from a camera.

    Args:
        colours: the order of its channels, `RGB` or `BGR`.
    """

    array: Array
    colours: str


@dataclass(eq=False, slots=True, kw_only=True)
class Windowed(Event):
    """One row or several that follow each other are taken out of an array: in a loop, or only some columns of them.

    Args:
        made: what is taken.
        start, stop: from which row up to which; None where that is not known.
        columns: what else the array is indexed with; `UNKNOWN_COLUMNS` if that is not known.
    """

    of: Array
    made: Array
    start: Place | None
    stop: Place | None
    columns: tuple[object, ...]


@dataclass(eq=False, slots=True, kw_only=True)
class Compared(Event):
    """Predictions are compared with data, number by number: `mean_squared_error(y, p)`, `y - p`.

    Args:
        how: the function, or `-`.
        truth, prediction: what stands where, both as arrays.
    """

    how: str
    truth: Array
    prediction: Array
