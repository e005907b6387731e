"""Packages that people use beside Keras: layers and functions of theirs, as far as they are known.

Each package is a module with tables: `SIGNATURES` (in the format of `kerlint.library.signatures`), `LAYERS` (functions
from a `Call` to a `Result`, as in `kerlint.library.shapes`), `FUNCTIONS` (handlers of calls), and `METHODS` of its
objects. It is imported when a program first uses the package. What is in none of the tables is unknown.

Rules take such a layer for a gap, as they take a layer of the program: what it makes of its input but for the shape
is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.library.convert import Handler
    from kerlint.library.shapes import Call, Result
    from kerlint.program.interpreter.machine import Machine
    from kerlint.program.values import Arguments, Object, Value

    #: Answers for a call of a method of an object.
    Method = Callable[[Machine, Object, Arguments, syntax.Node], Value]

#: The module that knows a package.
_MODULES = {
    "gym": "gym",
    "gymnasium": "gym",
    "jax": "jax",
    "tensorflow_addons": "addons",
    "tensorflow_compression": "compression",
    "tensorflow_examples": "examples",
    "tensorflow_hub": "hub",
    "tensorflow_probability": "probability",
}


def _module(name: str) -> ModuleType | None:
    known = _MODULES.get(name.partition(".")[0])
    return import_module(f"{__name__}.{known}") if known is not None else None


def signature_line(table: str, short: str) -> str:
    """The line of a name in the table of signatures of its package; empty if there is none."""
    module = _module(table)
    text: str = module.SIGNATURES.get(table, "") if module is not None else ""
    start = text.find(f"\n{short}(")
    return text[start + 1 : text.index("\n", start + 1)] if start >= 0 else ""


@cache
def rule(layer: str) -> Callable[[Call], Result] | None:
    """What answers for a layer, by its canonical name; None if it is not known."""
    module = _module(layer)
    return module.LAYERS.get(layer) if module is not None else None


@cache
def method(name: str) -> Method | None:
    """What answers for a method, `package.Class.method`, or `__call__` where the object is called itself."""
    module = _module(name)
    return module.METHODS.get(name) if module is not None else None


@cache
def handler(name: str) -> Handler | None:
    """What answers for a call, by the canonical name of the function or class; None if it is not known."""
    module = _module(name)
    if module is None:
        return None
    known: Handler | None = module.FUNCTIONS.get(name)
    if known is not None or name not in module.LAYERS:
        return known
    from kerlint.library.layers import make_layer

    return lambda machine, arguments, node: make_layer(machine, name, arguments, node)
