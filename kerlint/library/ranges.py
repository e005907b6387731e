"""Intervals: what an operation makes of the bounds of its operands.

A bound is None where it is not known; NaN never comes out of here, and an interval that does not fit
its integer dtype is not known, because the values wrap around.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from kerlint.library.dtypes import limits

Bounds = tuple["float | None", "float | None"]

UNKNOWN: Bounds = (None, None)


def bound(symbol: str, left: Bounds, right: Bounds, *, swapped: bool = False) -> Bounds:
    """Interval arithmetic; (None, None) where nothing is known."""
    if swapped:
        left, right = right, left
    (a, b), (c, d) = left, right
    if a is None or b is None or c is None or d is None:
        return UNKNOWN
    try:
        return _checked(_bound(symbol, (a, b), (c, d)))
    except (OverflowError, ArithmeticError):
        return UNKNOWN


def _bound(symbol: str, left: tuple[float, float], right: tuple[float, float]) -> Bounds:
    (a, b), (c, d) = left, right
    if symbol == "+":
        return (a + c, b + d)
    if symbol == "-":
        return (a - d, b - c)
    if symbol == "*":
        return _ends(a * c, a * d, b * c, b * d)
    if symbol in ("/", "//") and (c > 0 or d < 0):
        low, high = _ends(a / c, a / d, b / c, b / d)
        if symbol == "//" and low is not None and high is not None:
            return (math.floor(low), math.floor(high))
        return (low, high)
    if symbol == "**":
        return _power((a, b), (c, d))
    if symbol == "%" and c == d and c > 0:
        same_lap = a // c == b // c
        return (a % c, b % c) if same_lap else (0.0, c)
    return UNKNOWN


def _power(base: tuple[float, float], exponent: tuple[float, float]) -> Bounds:
    (a, b), (c, d) = base, exponent
    if a > 0:
        return _ends(a**c, a**d, b**c, b**d)
    if c == d and float(c).is_integer() and c >= 0:
        if c % 2 or c == 0:
            return (float(a) ** c, float(b) ** c)
        return (0.0 if a <= 0 <= b else min(a**c, b**c), max(a**c, b**c))
    if c == d and c >= 0 and a >= 0:
        return (a**c, b**c)
    return UNKNOWN


def _ends(*values: float) -> Bounds:
    return (min(values), max(values))


def _checked(bounds: Bounds) -> Bounds:
    """Bounds that are numbers; -0.0 is 0.0."""
    low, high = bounds
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return UNKNOWN
    return (low + 0.0 if isinstance(low, float) else low, high + 0.0 if isinstance(high, float) else high)


def within(bounds: Bounds, dtype: str | None) -> Bounds:
    """The bounds if the integer dtype holds them; else the values wrap around and nothing is known."""
    ends = limits(dtype)
    low, high = bounds
    if ends is None or ((low is None or low >= ends[0]) and (high is None or high <= ends[1])):
        return bounds
    return UNKNOWN


def rising(function: Callable[[float], float], bounds: Bounds) -> Bounds:
    """The bounds of a function that never falls; a bound that it does not take is not known."""
    low, high = (_at(function, end) for end in bounds)
    return (low, high)


def falling(function: Callable[[float], float], bounds: Bounds) -> Bounds:
    """The bounds of a function that never rises."""
    low, high = rising(function, bounds)
    return (high, low)


def _at(function: Callable[[float], float], value: float | None) -> float | None:
    if value is None:
        return None
    try:
        found = function(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return found + 0.0 if math.isfinite(found) else None


def union(parts: list[Bounds]) -> Bounds:
    """The bounds of values from several ranges."""
    lows = [low for low, _ in parts if low is not None]
    highs = [high for _, high in parts if high is not None]
    return (
        min(lows) if parts and len(lows) == len(parts) else None,
        max(highs) if parts and len(highs) == len(parts) else None,
    )


def largest(bounds: Bounds) -> float | None:
    """The largest absolute value."""
    low, high = bounds
    return None if low is None or high is None else max(abs(low), abs(high))


def smallest(bounds: Bounds) -> float | None:
    """The smallest absolute value."""
    low, high = bounds
    if low is None or high is None:
        return None
    return 0.0 if low <= 0 <= high else min(abs(low), abs(high))


def of_range(numbers: range) -> Bounds:
    """The bounds of the numbers of a Python range."""
    if not numbers:
        return UNKNOWN
    return (float(min(numbers[0], numbers[-1])), float(max(numbers[0], numbers[-1])))
