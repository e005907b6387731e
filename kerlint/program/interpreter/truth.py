"""Whether a value is true."""

from __future__ import annotations

from kerlint.program.iterators import is_iterator
from kerlint.program.modules import Module
from kerlint.program.values import (
    CHOICE,
    BoundMethod,
    Class,
    Const,
    External,
    Function,
    Instance,
    Layer,
    Mapping,
    Model,
    OneOf,
    Sequence,
    Value,
)

#: Where Python's containers and numbers live: what derives from them may be false.
_COUNTED = ("builtins.", "collections.")


def truth_of(value: Value) -> bool | None:
    """True or False where that is certain, else None."""
    if isinstance(value, Const):
        return bool(value.value) if value.assumed < CHOICE else None
    if isinstance(value, Sequence):
        if is_iterator(value):
            return True
        exact = value.exact
        return bool(exact) if exact is not None else None
    if isinstance(value, Mapping):
        return True if value.entries else (None if value.open else False)
    if isinstance(value, Instance):
        return _truth_of_instance(value)
    if isinstance(value, (Function, BoundMethod, Class, Layer, Model, Module)):
        return True
    if isinstance(value, External) and value.name == "typing.TYPE_CHECKING":
        return False
    if isinstance(value, OneOf):
        answers = {truth_of(option) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    return None


def _truth_of_instance(value: Instance) -> bool | None:
    """An object is true unless its class has a say: its own methods, or those of a container that it derives from."""
    cls = value.cls
    if cls.lookup("__bool__") is not None or cls.lookup("__len__") is not None or not cls.knows_its_bases():
        return None
    bases = cls.external_bases()
    return None if any(base.startswith(_COUNTED) and base != "builtins.object" for base in bases) else True
