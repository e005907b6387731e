"""What a formula of tensors gives for numbers that are put in: plain arithmetic, for the losses of a program.

One row of data is a list of numbers. Sums and means are taken of the whole row, whatever their axis is: of a formula
that is asked for the sign of a difference, or for one of its ends, that does not change the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from kerlint.program.constants import number
from kerlint.program.values import Const, Op, Tensor, Value

Row = list[float]

#: Steps of a formula that are worked out.
_MOST = 300
_SAME = frozenset(
    """reshape flatten cast convert_to_tensor identity batch_flatten squeeze expand_dims stop_gradient ravel
    permute_dimensions transpose""".split()
)
_OF_ONE: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "absolute": abs,
    "square": lambda x: x * x,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "negative": lambda x: -x,
    "tanh": math.tanh,
}
_OF_TWO: dict[str, Callable[[float, float], float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: float(x**y),
    "maximum": max,
    "minimum": min,
    "divide_no_nan": lambda x, y: x / y if y else 0.0,
}
_SPELLED = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "truediv": "/",
    "pow": "**",
    "power": "**",
}
_CLIPPING = frozenset({"clip", "clip_by_value"})
_ENDS = (("clip_value_min", "min_value", "x_min"), ("clip_value_max", "max_value", "x_max"))


def work_out(result: Tensor, given: Mapping[int, Row]) -> float | None:
    """The formula's value, the mean where it is a row; None if any of it is not known.

    Args:
        result: the tensor that the formula gives.
        given: the numbers of the tensors that it is made of, by the identity of their ops.
    """
    known: dict[int, Row] = dict(given)
    pending = [result.op]
    while pending and len(known) < _MOST:
        op = pending[-1]
        missing = [source.op for source in op.inputs if id(source.op) not in known]
        if id(op) in known or not missing:
            pending.pop()
            if id(op) not in known:
                try:
                    found = _step(op, known)
                except (ArithmeticError, ValueError, TypeError):
                    found = None
                if found is None:
                    return None
                known[id(op)] = found
        else:
            pending.extend(missing)
    row = known.get(id(result.op))
    total = sum(row) / len(row) if row else math.nan
    return total if math.isfinite(total) else None


def _step(op: Op, known: Mapping[int, Row]) -> Row | None:
    if op.kind not in ("function", "operator"):
        return None
    short = op.name.rpartition(".")[2].removeprefix("reduce_")
    short = _SPELLED.get(short, short)
    rows = [known[id(source.op)] for source in op.inputs]
    if short in _OF_TWO:
        pair = _operands(op, rows)
        return None if pair is None else _paired(_OF_TWO[short], *pair)
    if len(rows) != 1:
        return None
    (row,) = rows
    if short in _SAME:
        return row
    if short in ("sum", "mean"):
        return [math.fsum(row) / (len(row) if short == "mean" else 1)]
    if short in _OF_ONE:
        return [_OF_ONE[short](value) for value in row]
    if short in _CLIPPING:
        low, high = (next((number(op.args[name]) for name in names if name in op.args), None) for names in _ENDS)
        return None if low is None or high is None else [min(max(value, low), high) for value in row]
    return None


def _operands(op: Op, rows: list[Row]) -> tuple[Row, Row] | None:
    """Both sides; a number stands in the arguments, under the name of its side."""
    if len(rows) == 2:
        return rows[0], rows[1]
    if len(rows) != 1:
        return None
    others = [(name, value) for name, value in op.args.items() if not isinstance(value, Tensor)]
    constants = [(name, _number(value)) for name, value in others]
    if len(constants) != 1 or constants[0][1] is None:
        return (rows[0], rows[0]) if not op.args else None
    name, found = constants[0]
    value = [] if found is None else [found]
    return (value, rows[0]) if name == "left" or next(iter(op.args)) == name != "right" else (rows[0], value)


def _number(value: Value) -> float | None:
    return number(value) if isinstance(value, Const) else None


def _paired(function: Callable[[float, float], float], left: Row, right: Row) -> Row | None:
    size = max(len(left), len(right))
    if len(left) not in (1, size) or len(right) not in (1, size):
        return None
    return [function(left[i % len(left)], right[i % len(right)]) for i in range(size)]
