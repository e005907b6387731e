"""Readers of constants: each gives None (or `NOTHING`) unless the value is certain."""

from __future__ import annotations

from typing import Any

from kerlint.program.values import Const, Value

#: What a fetched file, and every path that leads to it or into its folder, stands as.
FETCHED = "keras.utils.get_file"


def constant(value: Value | None) -> Any:
    """The constant's value; `NOTHING` if it is not a certain constant."""
    return value.value if isinstance(value, Const) and not value.assumed else NOTHING


def number(value: Value | None) -> int | float | None:
    """The number, or None. Booleans are no numbers here."""
    found = constant(value)
    return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None


def integer(value: Value | None) -> int | None:
    """The integer, or None."""
    found = constant(value)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def text(value: Value | None) -> str | None:
    """The string, or None."""
    found = constant(value)
    return found if isinstance(found, str) else None


def truth(value: Value | None) -> bool | None:
    """The boolean, or None."""
    found = constant(value)
    return found if isinstance(found, bool) else None


class _Nothing:
    """The type of `NOTHING`, which equals nothing a program can hold."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
