"""Operators on constants and containers, with limits on what they may build."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.element_types import DType, same_type
from kerlint.program.interpreter.containers import overlaid
from kerlint.program.interpreter.enumerations import equal
from kerlint.program.interpreter.machine import Machine
from kerlint.program.iterators import take
from kerlint.program.values import Const, Gap, Mapping, OneOf, Sequence, Unknown, Value, list_of, mapping_of

#: Longest string or sequence that an operator may build.
MAX_LENGTH = 4096
#: Largest absolute value of an integer that is followed.
MAX_INTEGER = 10**30

_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

#: Operators that ask whether two values are the same, and what is asked.
_EQUALITY = {"==": "==", "!=": "==", "is": "is", "is not": "is"}


def operate(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value:
    """`left symbol right`."""
    if machine.in_callbacks:
        decided = machine.library.operate_logged(machine, symbol, left, right, node)
        if decided is not None:
            return decided
    if isinstance(left, Const) and isinstance(right, Const):
        return fold(symbol, left, right, node)
    if isinstance(left, OneOf) or isinstance(right, OneOf):
        return _alternatives(machine, symbol, left, right, node)
    if isinstance(left, Sequence) or isinstance(right, Sequence):
        built = _on_sequences(symbol, left, right, node)
        if built is not None:
            return built
    if symbol == "|" and isinstance(left, Mapping) and isinstance(right, Mapping):
        entries, may_hold_more = overlaid(left.entries, right)
        return mapping_of(entries, open=left.open or may_hold_more, node=node)
    found = machine.library.operate(machine, symbol, left, right, node)
    return found if found is not None else Unknown("operator", node=node)


def _alternatives(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value:
    lefts = left.options if isinstance(left, OneOf) else (left,)
    rights = right.options if isinstance(right, OneOf) else (right,)
    if len(lefts) * len(rights) > 16:
        return Unknown("too many alternatives", node=node)
    return one_of([operate(machine, symbol, a, b, node) for a in lefts for b in rights], node)


def fold(symbol: str, left: Const, right: Const, node: syntax.Node) -> Value:
    """The operator on two constants."""
    function = _FUNCTIONS.get(symbol)
    a, b = left.value, right.value
    if function is None or not _is_small(symbol, a, b):
        return Unknown("operator", node=node)
    try:
        value = function(a, b)
    except (TypeError, ValueError, ArithmeticError, MemoryError):
        return Unknown("operator fails", node=node)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        return Unknown("large number", node=node)
    return Const(value, max(left.assumed, right.assumed), node=node)


def _is_small(symbol: str, a: Any, b: Any) -> bool:
    """Whether the result is certainly of a reasonable size."""
    if symbol == "**":
        return (
            isinstance(a, (int, float))
            and isinstance(b, (int, float))
            and (isinstance(a, float) or isinstance(b, float) or (abs(b) <= 100 and abs(a) <= 10**6))
        )
    if symbol == "<<":
        return isinstance(b, int) and 0 <= b <= 64
    if symbol == "*" and (isinstance(a, (str, bytes)) or isinstance(b, (str, bytes))):
        length = len(a) if isinstance(a, (str, bytes)) else len(b)
        times = b if isinstance(a, (str, bytes)) else a
        return isinstance(times, int) and length * times <= MAX_LENGTH
    if symbol == "+" and isinstance(a, (str, bytes)) and isinstance(b, (str, bytes)):
        return len(a) + len(b) <= MAX_LENGTH
    if symbol == "%" and isinstance(a, (str, bytes)):
        # A width in the format could ask for any amount of padding.
        return len(a) <= 200 and not any(character.isdigit() for character in str(a)) and len(str(b)) <= MAX_LENGTH
    return True


def _on_sequences(symbol: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
    if symbol == "+" and isinstance(left, Sequence) and isinstance(right, Sequence):
        items = (*left.items, *right.items)
        if len(items) > MAX_LENGTH:
            items = (Gap(node=node),)
        return list_of(items, left.kind, node)
    if symbol == "*":
        sequence, times = (left, right) if isinstance(left, Sequence) else (right, left)
        if isinstance(sequence, Sequence) and isinstance(times, Const) and isinstance(times.value, int):
            # Of an empty list any number is one, and Python takes no larger ones.
            count = min(max(times.value, 0), MAX_LENGTH + 1)
            if len(sequence.items) * count > MAX_LENGTH:
                return list_of((Gap(node=node),), sequence.kind, node)
            return list_of(sequence.items * count, sequence.kind, node)
        if isinstance(sequence, Sequence):
            return list_of((Gap(node=node),), sequence.kind, node)
    if symbol == "%" and isinstance(left, Const):
        return Unknown("formatted", node=node)
    if symbol in ("==", "!=", "<", ">", "<=", ">=") and isinstance(left, Sequence) and isinstance(right, Sequence):
        return _compare_sequences(symbol, left, right, node)
    return None


def _compare_sequences(symbol: str, left: Sequence, right: Sequence, node: syntax.Node) -> Value:
    plain_left, plain_right = plain(left), plain(right)
    if plain_left is None or plain_right is None:
        return Unknown("comparison", node=node)
    try:
        return Const(bool(_FUNCTIONS[symbol](plain_left, plain_right)), node=node)
    except TypeError:
        return Unknown("comparison", node=node)


def plain(value: Value) -> Any:
    """Nested constants as Python objects; None if something in them is not a constant."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Sequence) and value.exact is not None:
        items = [plain(item) for item in value.exact]
        if any(item is None for item in items):
            return None
        return tuple(items) if value.kind == "tuple" else items
    return None


def compare(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value:
    """`left symbol right` for a comparison."""
    if symbol in _EQUALITY:
        types = None if type(left) is Const and type(right) is Const else _compare_types(symbol, left, right, node)
        if types is not None:
            return types
        answer = equal(_EQUALITY[symbol], left, right)
        if answer is not None:
            return Const(answer is (symbol in ("is", "==")), node=node)
    if symbol in ("is", "is not"):
        return _identity(symbol, left, right, node)
    if symbol in ("in", "not in"):
        found = _membership(symbol, left, right, node)
        take(machine, right, partly=True)
        return found
    return operate(machine, symbol, left, right, node)


def _compare_types(symbol: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
    """What compares types or dtypes gives; None if neither side is one."""
    same = same_type(left, right)
    are_dtypes = isinstance(left, DType) or isinstance(right, DType)
    if same is not None and (symbol in ("==", "!=") or not are_dtypes):
        return Const(same is (symbol in ("is", "==")), node=node)
    # A dtype has more names than one.
    is_none = isinstance(right, Const) and right.value is None
    return Unknown("comparison", node=node) if are_dtypes and not is_none else None


def _identity(symbol: str, left: Value, right: Value, node: syntax.Node) -> Value:
    answer: bool | None = None
    assumed = 0
    if isinstance(left, Const) and isinstance(right, Const):
        answer = left.value is right.value or (type(left.value) is type(right.value) and left.value == right.value)
        assumed = max(left.assumed, right.assumed)
    elif isinstance(right, Const) and right.value is None and not isinstance(left, (Unknown, OneOf)):
        answer = False
    if answer is None:
        return Unknown("identity", node=node)
    return Const(answer if symbol == "is" else not answer, assumed, node=node)


def _membership(symbol: str, left: Value, right: Value, node: syntax.Node) -> Value:
    from kerlint.program.values import Mapping

    answer: bool | None = None
    if not isinstance(left, Const) or isinstance(left, DType):
        check = same_type if isinstance(left, DType) else partial(equal, "==")
        same = [check(left, item) for item in right.items] if isinstance(right, Sequence) else [None]
        if None in same and True not in same:
            return Unknown("membership", node=node)
        return Const((True in same) is (symbol == "in"), node=node)
    if isinstance(right, Sequence):
        constants = [item.value for item in right.items if isinstance(item, Const)]
        if any(type(item) is type(left.value) and item == left.value for item in constants):
            answer = True
        elif len(constants) == len(right.items):
            answer = False
    elif isinstance(right, Mapping):
        answer = True if left.value in right.entries else (None if right.open else False)
    elif isinstance(right, Const) and isinstance(right.value, str) and isinstance(left.value, str):
        answer = left.value in right.value
    if answer is None:
        return Unknown("membership", node=node)
    return Const(answer if symbol == "in" else not answer, left.assumed, node=node)
