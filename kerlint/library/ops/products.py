"""Sums of products: matrices, `tensordot`, `einsum`, attention."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, axis_in, broadcast, known_sizes, operand
from kerlint.library.shapes.base import Misfit, dims, show, volume
from kerlint.program.values import Dimension, Sequence, Shape

Sizes = tuple[Dimension, ...]


def matrices(left: Shape, right: Shape, name: str) -> Shape:
    """The shape of a product of matrices.

    Raises:
        Misfit: the sizes that are summed over differ.
    """
    if not left or not right:
        return None
    one, two = len(left) == 1, len(right) == 1
    first: Sizes = (1, *left) if one else left
    second: Sizes = (*right, 1) if two else right
    if not _same(first[-1], second[-2]):
        raise Misfit(f"{name} sums over equal sizes, not {first[-1]} of {show(left)} and {second[-2]} of {show(right)}")
    front = broadcast(first[:-2], second[:-2], name)
    assert front is not None
    return (*front, *(() if one else first[-2:-1]), *(() if two else second[-1:]))


def _same(left: Dimension, right: Dimension) -> bool:
    return left is None or right is None or left == right


def _matmul(call: OpCall) -> Answer:
    return matrices(call.shape("x1"), call.shape("x2"), call.short)


def _tf_matmul(call: OpCall) -> Answer:
    left = _turned(call, call.shape("a"), "transpose_a", "adjoint_a")
    right = _turned(call, call.shape("b"), "transpose_b", "adjoint_b")
    if left is None or right is None or min(len(left), len(right)) < 2:
        return None
    return matrices(left, right, call.short)


def _turned(call: OpCall, shape: Shape, *flags: str) -> Shape:
    turned = [call.truth(flag) for flag in flags]
    if shape is None or None in turned or len(shape) < 2:
        return None
    return (*shape[:-2], shape[-1], shape[-2]) if any(turned) else shape


def _matvec(call: OpCall) -> Answer:
    matrix, vector = _turned(call, call.shape("a"), "transpose_a", "adjoint_a"), call.shape("b")
    if matrix is None or not vector:
        return None
    product = matrices(matrix, (*vector, 1), call.short)
    return None if product is None else product[:-1]


def _dot(call: OpCall) -> Answer:
    left, right = call.shape("x1"), call.shape("x2")
    if left is None or right is None:
        return None
    if not left or not right:
        return broadcast(left, right, call.short)
    inner = right[0] if len(right) == 1 else right[-2]
    if not _same(left[-1], inner):
        raise Misfit(f"{call.short} sums over equal sizes, not {left[-1]} of {show(left)} and {inner} of {show(right)}")
    return (*left[:-1], *(() if len(right) == 1 else (*right[:-2], right[-1])))


def _inner(call: OpCall) -> Answer:
    left, right = call.shape("x1"), call.shape("x2")
    if left is None or right is None:
        return None
    if not left or not right:
        return left or right
    if not _same(left[-1], right[-1]):
        raise Misfit(f"{call.short} sums over the last axes, of sizes {left[-1]} and {right[-1]}")
    return (*left[:-1], *right[:-1])


def _outer(call: OpCall) -> Answer:
    left, right = call.shape("x1"), call.shape("x2")
    return None if left is None or right is None else (volume(left), volume(right))


def _tensordot(call: OpCall) -> Answer:
    left, right = call.shape("x1"), call.shape("x2")
    if left is None or right is None:
        return None
    axes = _axes(call, len(left), len(right))
    if axes is None:
        return None
    for a, b in zip(*axes):
        if not _same(left[a], right[b]):
            looks = call.integer("axes") is None if call.symbolic else None not in left + right
            if not looks:
                # It is noticed only when the model runs.
                return None
            raise Misfit(
                f"{call.short} sums over axes of sizes {left[a]} and {right[b]} of {show(left)} and {show(right)}"
            )
    kept = [size for axis, size in enumerate(left) if axis not in axes[0]]
    return (*kept, *(size for axis, size in enumerate(right) if axis not in axes[1]))


def _axes(call: OpCall, left: int, right: int) -> tuple[list[int], list[int]] | None:
    """The axes that are summed over, of each tensor."""
    count = call.integer("axes")
    if count is not None:
        if not 0 <= count <= min(left, right):
            return None
        return list(range(left - count, left)), list(range(count))
    given = call.value("axes")
    if not isinstance(given, Sequence) or given.exact is None or len(given.exact) != 2:
        return None
    first, second = (known_sizes(dims(item)) for item in given.exact)
    if first is None or second is None or len(first) != len(second):
        return None
    return [axis_in(a, left, call.short) for a in first], [axis_in(b, right, call.short) for b in second]


def _batch_dot(call: OpCall) -> Answer:
    left, right = call.shape("x"), call.shape("y")
    if left is None or right is None or min(len(left), len(right)) < 2:
        return None
    if call.is_none("axes"):
        axes: tuple[int, ...] | None = (len(left) - 1, 1 if len(right) == 2 else len(right) - 2)
    else:
        axes = call.integers("axes")
    if axes is None or len(axes) not in (1, 2):
        return None
    a, b = axis_in(axes[0], len(left), call.short), axis_in(axes[-1], len(right), call.short)
    if a == 0 or b == 0:
        return None
    if not _same(left[a], right[b]):
        raise Misfit(f"{call.short} sums over axes of sizes {left[a]} and {right[b]} of {show(left)} and {show(right)}")
    first = [size for axis, size in enumerate(left) if axis != a]
    second = [size for axis, size in enumerate(right) if axis not in (0, b)]
    return (*first, *second) if len(first) + len(second) > 1 else (left[0], 1)


def _einsum(call: OpCall) -> Answer:
    rule = call.text("subscripts") or call.text("equation")
    given = call.star()
    if rule is None or given is None or rule.count("->") > 1:
        return None
    inputs, arrow, output = rule.replace(" ", "").partition("->")
    if not arrow:
        letters = [letter for letter in inputs if letter.isalpha()]
        output = ("..." if "..." in inputs else "") + "".join(sorted({x for x in letters if letters.count(x) == 1}))
    shapes = [operand(item) for item in given]
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise Misfit(f"einsum {rule!r} has {len(terms)} inputs, not {len(shapes)}")
    sizes: dict[str, Dimension] = {}
    wide: Shape = ()
    try:
        for term, shape in zip(terms, shapes):
            if shape is None:
                return None
            wide = broadcast(wide, _bind(rule, term, shape, sizes), "einsum")
    except Misfit:
        if call.symbolic:
            # Keras looks only at the sizes that are left.
            return None
        raise
    if wide is None or any(letter not in sizes for letter in output.replace("...", "")):
        return None
    front, dots, back = output.partition("...")
    return (*(sizes[x] for x in front), *(wide if dots else ()), *(sizes[x] for x in back))


def _bind(rule: str, term: str, shape: Sizes, sizes: dict[str, Dimension]) -> Shape:
    """Gives each letter its size; returns the sizes that the dots stand for.

    Raises:
        Misfit: another number of axes, or two sizes for one letter.
    """
    front, dots, back = term.partition("...")
    count = len(front) + len(back)
    if count > len(shape) or (not dots and count != len(shape)):
        raise Misfit(f"einsum {rule!r} has {count} letters for a tensor of shape {show(shape)}")
    middle = len(shape) - len(back)
    for letter, size in zip(front + back, (*shape[: len(front)], *shape[middle:])):
        known = sizes.setdefault(letter, size)
        if size == 1 or size == known:
            continue
        if known == 1 or known is None:
            sizes[letter] = size
        elif size is not None:
            raise Misfit(f"einsum {rule!r} has two sizes for {letter!r}: {known} and {size}")
    return shape[len(front) : middle]


def _attention(call: OpCall) -> Answer:
    return call.shape("query")


def _distances(call: OpCall) -> Answer:
    left, right = call.shape("x"), call.shape("y")
    if left is None or right is None or min(len(left), len(right)) < 2:
        return None
    if not _same(left[-1], right[-1]):
        raise Misfit(f"{call.short} takes points of the same size, not {left[-1]} and {right[-1]}")
    front = broadcast(left[:-2], right[:-2], call.short)
    return None if front is None else (*front, left[-2], right[-2])


RULES: dict[str, Rule] = {
    "matmul": _matmul,
    "tf_matmul": _tf_matmul,
    "matvec": _matvec,
    "dot": _dot,
    "inner": _inner,
    "outer": _outer,
    "tensordot": _tensordot,
    "batch_dot": _batch_dot,
    "einsum": _einsum,
    "dot_product_attention": _attention,
    "cdist": _distances,
}
