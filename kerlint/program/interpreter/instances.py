"""What kind a value is of."""

from __future__ import annotations

import libcst as cst

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


def call_isinstance(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`isinstance(value, kind)`."""
    value, kinds = arguments.get(0), arguments.get(1)
    wanted = kinds.items if isinstance(kinds, Sequence) else (kinds,)
    answers = [is_instance(value, kind) for kind in wanted]
    if True in answers:
        return Const(True, node=node)
    return Unknown("isinstance", node=node) if None in answers else Const(False, node=node)


_TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "bytes": bytes,
    "complex": complex,
}


def is_instance(value: Value | None, kind: Value | None) -> bool | None:
    """Whether a value is of a kind; None if that is not known."""
    if isinstance(kind, Class):
        cls = value.cls if isinstance(value, (Instance, Layer, Model)) else None
        while isinstance(cls, Class):
            if cls is kind:
                return True
            cls = next((base for base in cls.bases if isinstance(base, Class)), None)
        return False if isinstance(value, (Instance, Const)) else None
    if not isinstance(kind, External):
        return None
    name = kind.name.rpartition(".")[2]
    if isinstance(value, Const):
        known = _TYPES.get(name)
        return isinstance(value.value, known) if known else False
    if isinstance(value, Sequence):
        return value.kind == name
    if isinstance(value, Mapping):
        return name == "dict"
    if isinstance(value, Layer) and kind.name.startswith("keras.layers."):
        if kind.name == "keras.layers.Layer" or value.name == kind.name:
            return True
        return False if value.cls is None else None
    return None
