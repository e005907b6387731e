"""Python's `random` module."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from kerlint.library.creation import random_integers
from kerlint.program.constants import number
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Arguments, Value

Handler = Callable[[Machine, Arguments, cst.CSTNode], Value]


def _integer(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`random.randint(a, b)`: both ends included."""
    return random_integers((), number(arguments.get(0, "a")), number(arguments.get(1, "b")), "int64", node)


def _below(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`random.randrange(stop)` or `random.randrange(start, stop)`."""
    first, second = number(arguments.get(0, "start")), number(arguments.get(1, "stop"))
    low, high = (first, second) if len(arguments.positional) > 1 else (0, first)
    return random_integers((), low, None if high is None else high - 1, "int64", node)


FUNCTIONS: dict[str, Handler] = {"random.randint": _integer, "random.randrange": _below}
