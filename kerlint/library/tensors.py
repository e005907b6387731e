"""Operations on symbolic tensors: functions and operators become steps of the graph."""

from __future__ import annotations

import libcst as cst

from kerlint.library.arrays import broadcast
from kerlint.program.constants import constant
from kerlint.program.graph import tensors_in
from kerlint.program.values import Arguments, Const, Op, Shape, Tensor, Unknown, Value

#: Functions that give something in the shape of their (first) input.
_KEEPING = frozenset(
    """relu relu6 sigmoid softmax tanh gelu selu elu softplus softsign leaky_relu swish silu mish hard_sigmoid
    exponential linear log_softmax dropout exp log sqrt abs square cast identity stop_gradient negative sign round
    clip clip_by_value l2_normalize normalize""".split()
)


def tensor_function(name: str, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A library function called on tensors of a graph."""
    given = [value for value, _ in arguments.positional] + [value for value, _ in arguments.keywords.values()]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        return Unknown("function", node=node)
    args = {str(index): value for index, (value, _) in enumerate(arguments.positional)}
    args.update({keyword: value for keyword, (value, _) in arguments.keywords.items()})
    op = Op("function", name, inputs, args=args, node=node)
    short = name.rpartition(".")[2]
    shape: Shape = inputs[0].shape if short in _KEEPING and len(inputs) == 1 else None
    return Tensor(op, shape, node=node)


def operate(symbol: str, left: Value, right: Value, node: cst.CSTNode) -> Tensor | None:
    """`x + y` on tensors; None if neither is one."""
    inputs = tuple(value for value in (left, right) if isinstance(value, Tensor))
    if not inputs:
        return None
    args = {name: value for name, value in (("left", left), ("right", right)) if not isinstance(value, Tensor)}
    shape: Shape = inputs[0].shape
    if len(inputs) == 2:
        shape = broadcast(inputs[0].shape, inputs[1].shape)
    elif not isinstance(left if inputs[0] is right else right, Const):
        shape = None
    return Tensor(Op("operator", symbol, inputs, args=args, node=node), shape, node=node)


def subscript(tensor: Tensor, index: list[Value], node: cst.CSTNode) -> Tensor:
    """`x[:, -1]`: part of a tensor."""
    shape: Shape = None
    if (
        tensor.shape is not None
        and len(index) <= len(tensor.shape)
        and not any(constant(part) in (None, ...) for part in index)
    ):
        sizes = []
        for size, part in zip(tensor.shape, index):
            if isinstance(constant(part), int):
                continue
            sizes.append(None if getattr(part, "args", None) else size)
        shape = (*sizes, *tensor.shape[len(index) :])
    return Tensor(Op("function", "subscript", (tensor,), node=node), shape, node=node)


def gap(inputs: tuple[Tensor, ...], node: cst.CSTNode) -> Tensor:
    """A tensor made by something that is not understood."""
    return Tensor(Op("gap", "not known", inputs, node=node), None, node=node)
