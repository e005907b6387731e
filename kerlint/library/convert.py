"""Values as arrays, shapes and dtypes, and the type of a handler of a library function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library import literals
from kerlint.library.shapes import dims
from kerlint.program.constants import text
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    External,
    Sequence,
    Shape,
    Value,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Answers for a call of a library function: machine, arguments as written, the call.
Handler = Callable[["Machine", Arguments, cst.CSTNode], Value]


def as_array(value: Value | None, node: cst.CSTNode | None = None) -> Array | None:
    """The value as an array, literals included; None if it is no known data."""
    if isinstance(value, Array):
        return value
    if isinstance(value, (Sequence, Const)) and not (
        isinstance(value, Const) and not isinstance(value.value, (int, float))
    ):
        return literals.from_literal(value, node)
    return None


def shape_of(value: Value | None) -> Shape:
    """A shape given as an argument; no argument is a scalar."""
    return dims(value) if value is not None else ()


def dtype_name(value: Value | None) -> str | None:
    """The name of a dtype given as string, builtin type or symbol: `float32`."""
    found = text(value)
    if found is not None:
        return {"int": "int64", "float": "float64", "f": "float32", "i": "int32", "bool_": "bool"}.get(found, found)
    if isinstance(value, External):
        short = value.name.rpartition(".")[2]
        names = {
            "int": "int64",
            "float": "float64",
            "single": "float32",
            "double": "float64",
            "float_": "float64",
            "int_": "int64",
            "bool_": "bool",
            "half": "float16",
        }
        return names.get(short, short)
    return None
