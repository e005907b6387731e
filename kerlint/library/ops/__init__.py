"""Output shapes of functions on symbolic tensors: `keras.ops` and the functions of TensorFlow that do the same.

Each family of functions is a module with a table `RULES` of functions from an `OpCall` to an `Answer`; it is
imported when a function of that family is first called. Formulas are those of Keras 3; those for functions of
TensorFlow, and for all of them inside a layer, are what TensorFlow finds out while it traces.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from kerlint.library.ops._names import LENIENT, ONLY_SYMBOLIC, ONLY_TRACED, rules
from kerlint.library.ops.base import Answer, OpCall, Rule, broadcast, operand
from kerlint.library.ops.classes import operation_class
from kerlint.library.shapes.base import Misfit
from kerlint.library.signatures import signature
from kerlint.program.values import Value

__all__ = ["Answer", "OpCall", "broadcast", "evaluate", "makes", "operand", "operation_class"]

_rules = cache(rules)


@cache
def _table(family: str) -> dict[str, Rule]:
    table: dict[str, Rule] = import_module(f"kerlint.library.ops.{family}").RULES
    return table


def evaluate(name: str, args: dict[str, Value], *, open: bool = False, traced: bool = False) -> Answer:
    """What comes out of a function by its canonical name; None if that is not known.

    Args:
        name: canonical name.
        args: the arguments by the function's own parameter names.
        open: whether there were others that are not known.
        traced: whether this happens inside a layer.

    Raises:
        Misfit: the function cannot take these tensors.
    """
    found = _rules().get(name)
    if found is None or (name in ONLY_SYMBOLIC if traced else name.startswith(ONLY_TRACED)):
        return None
    family, rule = found
    table = _table(family)
    renamed = _renamed(name, rule)
    back = {old: new for new, old in renamed.items()}
    given = {back.get(parameter, parameter): value for parameter, value in args.items()}
    try:
        answer = table[rule](OpCall(name, given, open, renamed, traced))
    except Misfit:
        if traced and name in LENIENT:
            return None
        raise
    return answer if _is_sound(answer) else None


def _is_sound(answer: Answer) -> bool:
    """Whether no size is negative: if one is, the arguments are not what the rule takes them for."""
    if isinstance(answer, list):
        return all(map(_is_sound, answer))
    return not isinstance(answer, tuple) or all(size is None or size >= 0 for size in answer)


def makes(name: str) -> bool:
    """Whether a function makes tensors of a shape that it is given."""
    return _rules().get(name, ("", ""))[0] == "creation"


@cache
def _renamed(name: str, rule: str) -> dict[str, str]:
    """The function's own name of each parameter that the rule calls otherwise."""
    known, written = signature(name), signature(f"keras.ops.{rule}")
    if known is None or written is None or name == f"keras.ops.{rule}":
        return {}
    own, wanted = known.names, written.names
    return {new: old for old, new in zip(own, wanted) if old not in wanted and new not in own}
