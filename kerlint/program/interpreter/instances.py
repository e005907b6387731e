"""Whether a value is of a kind: `isinstance`."""

from __future__ import annotations

import collections.abc
import numbers

from kerlint import syntax
from kerlint.program.interpreter.enumerations import Member
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import (
    Arguments,
    Class,
    Const,
    External,
    Instance,
    Layer,
    Mapping,
    Model,
    Sequence,
    Unknown,
    Value,
)

#: Python's own types: what a constant is, and what no constant is.
_CONSTANTS: dict[str, type] = {
    "bool": bool,
    "bytes": bytes,
    "complex": complex,
    "float": float,
    "int": int,
    "object": object,
    "str": str,
}
_CONTAINERS: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "dict": dict}
#: Layer classes that others derive from, under names that do not show it.
_DERIVED_FROM = frozenset({"Layer", "RNN", "Wrapper"})


def call_isinstance(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """The result of `isinstance(value, kind)`."""
    value, kinds = arguments.get(0), arguments.get(1)
    wanted = kinds.items if isinstance(kinds, Sequence) else (kinds,)
    answers = [is_instance(value, kind) for kind in wanted]
    if True in answers:
        return Const(True, node=node)
    return Unknown("isinstance", node=node) if None in answers else Const(False, node=node)


def is_instance(value: Value | None, kind: Value | None) -> bool | None:
    """Whether a value is of a kind; None if that is not known."""
    if isinstance(kind, Class):
        return _is_of_class(value, kind)
    if not isinstance(kind, External):
        return None
    if isinstance(value, Layer) and kind.name.startswith("keras.layers."):
        return _is_layer(value, kind)
    if kind.name.startswith("keras."):
        return False if isinstance(value, (Const, Sequence, Mapping)) else None
    wanted = _python_type(kind.name)
    if wanted is None:
        return None
    if isinstance(value, Const):
        return isinstance(value.value, wanted)
    if isinstance(value, Sequence):
        if wanted in (set, frozenset) and value.kind == "set":
            return None
        return issubclass(_CONTAINERS[value.kind], wanted)
    if isinstance(value, Mapping):
        return issubclass(dict, wanted)
    if isinstance(value, Instance) and is_plain(value) and kind.name.startswith("builtins."):
        return wanted is object
    return None


def is_plain(value: Instance) -> bool:
    """Whether an object is of a class that derives from nothing but classes of the program."""
    return value.cls.knows_its_bases() and set(value.cls.external_bases()) <= {"builtins.object"}


def _python_type(name: str) -> type | None:
    """A type of Python by its dotted name; None for any other."""
    module, _, last = name.rpartition(".")
    if module == "builtins":
        return _CONSTANTS.get(last) or _CONTAINERS.get(last)
    if module in ("collections.abc", "typing"):
        return getattr(collections.abc, last, None) if last in collections.abc.__all__ else None
    return getattr(numbers, last, None) if module == "numbers" else None


def _is_of_class(value: Value | None, kind: Class) -> bool | None:
    cls = value.cls if isinstance(value, (Instance, Layer, Model, Member)) else None
    if cls is not None:
        if kind in cls.ancestry():
            return True
        return False if cls.knows_its_bases() else None
    if isinstance(value, Model):
        # What is loaded may be of a class of the program.
        return None if value.kind == "loaded" else False
    return False if isinstance(value, (Const, Sequence, Mapping, Layer)) else None


def _is_layer(value: Layer, kind: External) -> bool | None:
    wanted = kind.name.rpartition(".")[2]
    if wanted == "Layer" or value.name == kind.name:
        return True
    if value.cls is not None or wanted in _DERIVED_FROM or wanted in value.short:
        # `SpatialDropout1D` is a `Dropout`, and in some versions `DepthwiseConv2D` is a `Conv2D`.
        return None
    return False
