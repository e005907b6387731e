"""Python's `random` module, and the generators of NumPy."""

from __future__ import annotations

import libcst as cst

from kerlint.library import creation, inplace, layout
from kerlint.library.convert import Handler
from kerlint.library.creation import random_integers
from kerlint.program.constants import number
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Arguments, Object, Value


def _integer(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`random.randint(a, b)`: both ends included."""
    return random_integers((), number(arguments.get(0, "a")), number(arguments.get(1, "b")), "int64", node)


def _below(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`random.randrange(stop)` or `random.randrange(start, stop)`."""
    first, second = number(arguments.get(0, "start")), number(arguments.get(1, "stop"))
    low, high = (first, second) if len(arguments.positional) > 1 else (0, first)
    return random_integers((), low, None if high is None else high - 1, "int64", node)


def generator_method(machine: Machine, generator: Object, name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A method of `numpy.random.default_rng()` or `RandomState()`: as the function of the same name."""
    if name == "shuffle":
        return inplace.shuffle(machine, arguments, node)
    handler = creation.FUNCTIONS.get(f"numpy.random.{'randint' if name == 'integers' else name}")
    if name == "permutation":
        handler = layout.FUNCTIONS["numpy.random.permutation"]
    if handler is None:
        return Object(f"{generator.name}.{name}", {"self": generator}, node=node)
    return handler(machine, arguments, node)


FUNCTIONS: dict[str, Handler] = {"random.randint": _integer, "random.randrange": _below}
