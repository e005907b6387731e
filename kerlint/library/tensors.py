"""Operations on symbolic tensors: functions and operators become steps of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import ops
from kerlint.library.calling import output_value
from kerlint.library.naming import automatic_name
from kerlint.library.objects import bind_arguments
from kerlint.library.ops.base import Answer
from kerlint.library.ops.elementwise import combined
from kerlint.library.ops.indexing import picked
from kerlint.library.ops.layout import reshaped, squeezed
from kerlint.library.ops.products import matrices
from kerlint.library.shapes import Misfit
from kerlint.library.signatures import signature
from kerlint.program.events import Mismatch
from kerlint.program.graph import tensors_in
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Op,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Operators that work number by number.
_ELEMENTWISE = frozenset("+ - * / // % ** < <= > >= == != & | ^".split())
#: Comparisons as the other side sees them.
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def tensor_function(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A library function called on tensors of a graph."""
    given = [value for value, _ in arguments.positional] + [value for value, _ in arguments.keywords.values()]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        return Unknown("function", node=node)
    if name == "keras.activations.linear":
        return inputs[0]
    args = bound(name, arguments)
    op = Op("function", name, inputs, args=args, node=node)
    return _step(machine, op, lambda: ops.evaluate(name, args, open=arguments.open, traced=machine.inside_call > 0))


def outside(name: str, arguments: Arguments, node: syntax.Node) -> Tensor:
    """A function of NumPy called on the tensors of a loss: what it gives is no tensor, but it depends on them."""
    given = [value for value, _ in (*arguments.positional, *arguments.keywords.values())]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    return Tensor(Op("function", name, inputs, node=node), node=node)


def bound(name: str, arguments: Arguments) -> dict[str, Value]:
    """Arguments by parameter name; what `*operands` takes is a tuple under `"*operands"`."""
    args, _ = bind_arguments(name, arguments)
    known = signature(name)
    star = f"*{known.star}" if known is not None and known.star else ""
    if star in args and known is not None:
        first = [parameter.name for parameter in known.parameters].index(known.star)
        args[star] = tuple_of(*[value for value, _ in arguments.positional[first:]])
    return args


def made(name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A function that makes numbers of a shape and needs no tensor for it: `keras.ops.zeros((2, 3))`."""
    try:
        shape = ops.evaluate(name, bound(name, arguments), open=arguments.open) if ops.makes(name) else None
    except Misfit:
        shape = None
    return Array(shape, source=name, node=node) if isinstance(shape, tuple) else Unknown(name, node=node)


def operate(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
    """`x + y` on tensors; None if neither is one."""
    if type(left) is not Tensor and type(right) is not Tensor:
        return None
    inputs = tuple(value for value in (left, right) if isinstance(value, Tensor))
    if symbol in ("==", "!=") and _is_no_number(left, right):
        return None
    if isinstance(node, syntax.UnaryOperation):
        # The interpreter takes `-x` for a product with -1.
        return _step(machine, Op("operator", "negative", inputs, node=node), lambda: inputs[0].shape)
    if not isinstance(left, Tensor):
        # Python asks the tensor on the right, the other way round.
        symbol = _TURNED.get(symbol, symbol)
    args = {name: value for name, value in (("left", left), ("right", right)) if not isinstance(value, Tensor)}
    op = Op("operator", symbol, inputs, args=args, node=node)
    return _step(machine, op, lambda: _result(symbol, left, right))


def _is_no_number(left: Value, right: Value) -> bool:
    return any(isinstance(value, Const) and isinstance(value.value, (str, type(None))) for value in (left, right))


def _result(symbol: str, left: Value, right: Value) -> Answer:
    if symbol == "@":
        return matrices(ops.operand(left), ops.operand(right), "@")
    return combined(left, right, symbol) if symbol in _ELEMENTWISE else None


def combination(symbol: str, inputs: tuple[Tensor, ...], args: dict[str, Value]) -> Shape:
    """The shape that an operator of a graph gives for these inputs; the other operand, if any, is in `args`.

    Raises:
        Misfit: the shapes do not fit.
    """
    if symbol == "negative":
        return inputs[0].shape
    left = args.get("left", inputs[0])
    right = args.get("right", inputs[-1])
    answer = _result(symbol, left, right)
    return answer if isinstance(answer, tuple) else None


def part_of(tensor: Tensor, args: dict[str, Value]) -> Shape:
    """The shape of a part of a tensor, by the arguments that `subscript` keeps."""
    key = args.get("key")
    answer = picked(tensor.shape, list(key.items)) if isinstance(key, Sequence) else None
    return answer if isinstance(answer, tuple) else None


def subscript(machine: Machine, tensor: Tensor, index: list[Value], node: syntax.Node) -> Value:
    """`x[:, -1]`: part of a tensor."""
    if len(index) == 1 and isinstance(index[0], Sequence) and index[0].kind == "tuple" and index[0].exact is not None:
        index = list(index[0].exact)
    inputs = (tensor, *(part for part in index if isinstance(part, Tensor)))
    op = Op("function", "subscript", inputs, args={"key": tuple_of(*index, node=node)}, node=node)
    return _step(machine, op, lambda: picked(tensor.shape, index))


def method(machine: Machine, tensor: Tensor, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`x.reshape(...)` and what else a tensor has."""
    if name == "reshape":
        op = Op("function", "keras.ops.reshape", (tensor,), args=bound_to(tensor, "newshape", arguments), node=node)
        target = arguments.get(0, "newshape") or Unknown("shape")
        return _step(machine, op, lambda: reshaped(tensor.shape, target, name))
    if name == "squeeze":
        op = Op("function", "keras.ops.squeeze", (tensor,), args=bound_to(tensor, "axis", arguments), node=node)
        axis = arguments.get(0, "axis") or Const(None)
        return _step(machine, op, lambda: squeezed(tensor.shape, axis, name))
    if name == "get_shape":
        found = ops.evaluate("tensorflow.shape", {"input": tensor})
        return found if isinstance(found, Value) else Unknown(name, node=node)
    if name == "numpy" and machine.inside_loss:
        return Tensor(Op("function", "tensorflow.Tensor.numpy", (tensor,), node=node), tensor.shape, node=node)
    return gap((tensor,), node) if machine.inside_loss else Unknown(name, node=node)


def bound_to(tensor: Tensor, parameter: str, arguments: Arguments) -> dict[str, Value]:
    """The arguments of a method as those of the function of that name."""
    given = arguments.get(0, parameter)
    return {"x": tensor} if given is None else {"x": tensor, parameter: given}


def gap(inputs: tuple[Tensor, ...], node: syntax.Node) -> Tensor:
    """A tensor made by something that is not understood."""
    return Tensor(Op("gap", "not known", inputs, node=node), None, node=node)


def _step(machine: Machine, op: Op, rule: Callable[[], Answer]) -> Value:
    """The tensors that come out of a step; a misfit is recorded as a fact."""
    try:
        answer = rule()
    except Misfit as misfit:
        if op.node is not None:
            machine.emit(Mismatch(node=op.node, op=op, message=str(misfit)))
        answer = None
    if isinstance(answer, Value):
        answer.node = op.node
        return answer
    shown = ops.operation_class(op.name, op.node)
    if shown and not machine.inside_call and any(tensor.op.kind != "variable" for tensor in op.inputs):
        op.label = automatic_name(machine, shown)
    return output_value(op, answer, op.node)
