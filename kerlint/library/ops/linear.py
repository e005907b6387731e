"""Linear algebra."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, axis_in, operand
from kerlint.library.shapes.base import Misfit, show, volume
from kerlint.program.values import Dimension, Shape


def _matrix(call: OpCall, square: bool = False) -> Shape:
    """The shape of the first argument, which is a matrix or a batch of them.

    Raises:
        Misfit: it is none, or it is not square.
    """
    shape = operand(call.first())
    if shape is None:
        return None
    if len(shape) < 2:
        raise Misfit(f"{call.short} takes matrices, not a tensor of shape {show(shape)}")
    if square and None not in shape[-2:] and shape[-1] != shape[-2]:
        raise Misfit(f"{call.short} takes square matrices, not a tensor of shape {show(shape)}")
    return shape


def _square(call: OpCall) -> Answer:
    return _matrix(call, square=True)


def _determinant(call: OpCall) -> Answer:
    shape = _matrix(call, square=True)
    return None if shape is None else shape[:-2]


def _rank(call: OpCall) -> Answer:
    shape = _matrix(call)
    return None if shape is None else shape[:-2]


def _sign_and_log(call: OpCall) -> Answer:
    shape = operand(call.first())
    return None if shape is None else [(), shape[:-2]]


def _eigen(call: OpCall) -> Answer:
    shape = _matrix(call, square=True)
    return None if shape is None else [shape[:-1], shape]


def _eigenvalues(call: OpCall) -> Answer:
    shape = _matrix(call, square=True)
    return None if shape is None else shape[:-1]


def _smaller(a: Dimension, b: Dimension) -> Dimension:
    return None if a is None or b is None else min(a, b)


def _factors(call: OpCall) -> Answer:
    shape = _matrix(call)
    return None if shape is None else [shape, (*shape[:-2], _smaller(*shape[-2:]))]


def _qr(call: OpCall) -> Answer:
    shape, mode = _matrix(call), call.text("mode")
    if shape is None or mode is None:
        return None
    rows, columns = shape[-2:]
    inner = _smaller(rows, columns) if mode == "reduced" else rows
    return [(*shape[:-2], rows, inner), (*shape[:-2], inner, columns)]


def _svd(call: OpCall) -> Answer:
    shape, whole, both = _matrix(call), call.truth("full_matrices"), call.truth("compute_uv")
    if shape is None or whole is None or both is None:
        return None
    front, rows, columns = shape[:-2], shape[-2], shape[-1]
    inner = _smaller(rows, columns)
    if not both:
        return (*front, inner)
    left, right = (rows, columns) if whole else (inner, inner)
    return [(*front, rows, left), (*front, inner), (*front, right, columns)]


def _tf_svd(call: OpCall) -> Answer:
    """TensorFlow gives the singular values first, and the right matrix the other way round."""
    found, shape = _svd(call), _matrix(call)
    if not isinstance(found, list) or shape is None:
        return found
    whole, rows, columns = call.truth("full_matrices"), shape[-2], shape[-1]
    return [found[1], found[0], (*shape[:-2], columns, columns if whole else _smaller(rows, columns))]


def _solve(call: OpCall) -> Answer:
    _matrix(call, square=True)
    return operand(call.first(1))


def _least_squares(call: OpCall) -> Answer:
    left, right = operand(call.first()), operand(call.first(1))
    if left is None or right is None or len(left) != 2 or len(right) not in (1, 2):
        return None
    return (left[1], *right[1:])


def _inverse(call: OpCall) -> Answer:
    shape = _matrix(call)
    return None if shape is None else (*shape[:-2], shape[-1], shape[-2])


def _diagonal(call: OpCall) -> Answer:
    shape = operand(call.first())
    first, second, offset = call.integer("axis1"), call.integer("axis2"), call.integer("offset")
    if shape is None or first is None or second is None or offset is None or len(shape) < 2:
        return None
    first, second = axis_in(first, len(shape), call.short), axis_in(second, len(shape), call.short)
    rows, columns = shape[first], shape[second]
    rest = [size for axis, size in enumerate(shape) if axis not in (first, second)]
    return (*rest, _along(rows, columns, offset))


def _along(rows: Dimension, columns: Dimension, offset: int) -> Dimension:
    if rows is None or columns is None:
        return None
    return max(0, min(columns - offset if offset > 0 else rows + offset, rows, columns))


def _diag(call: OpCall) -> Answer:
    shape, offset = operand(call.first()), call.integer("k")
    if shape is None or offset is None:
        return None
    if len(shape) == 1:
        size = None if shape[0] is None else shape[0] + abs(offset)
        return (size, size)
    return (_along(*shape, offset),) if len(shape) == 2 else None


def _diagflat(call: OpCall) -> Answer:
    shape, offset = operand(call.first()), call.integer("k")
    if shape is None or offset is None:
        return None
    count = volume(shape)
    size = None if count is None else count + abs(offset)
    return (size, size)


def _vander(call: OpCall) -> Answer:
    shape = operand(call.first())
    if shape is None or len(shape) != 1:
        return None
    return (*shape, shape[0] if call.is_none("N") else call.integer("N"))


def _tf_diag(call: OpCall) -> Answer:
    shape = operand(call.first())
    if not shape or call.integer("k") != 0 or call.integer("num_rows") != -1 or call.integer("num_cols") != -1:
        return None
    return (*shape, shape[-1])


def _tf_diag_part(call: OpCall) -> Answer:
    shape = _matrix(call)
    return None if shape is None or call.integer("k") != 0 else (*shape[:-2], _smaller(*shape[-2:]))


RULES: dict[str, Rule] = {
    "square": _square,
    "det": _determinant,
    "rank": _rank,
    "slogdet": _sign_and_log,
    "eig": _eigen,
    "eigenvalues": _eigenvalues,
    "lu_factor": _factors,
    "qr": _qr,
    "svd": _svd,
    "tf_svd": _tf_svd,
    "solve": _solve,
    "lstsq": _least_squares,
    "pinv": _inverse,
    "diagonal": _diagonal,
    "diag": _diag,
    "diagflat": _diagflat,
    "vander": _vander,
    "tf_diag": _tf_diag,
    "tf_diag_part": _tf_diag_part,
}
