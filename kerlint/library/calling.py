"""Layers and models of the program called on tensors: their `build` and `call` are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.shapes import Output
from kerlint.program.constants import truth
from kerlint.program.graph import in_order, tensors_in
from kerlint.program.interpreter.traces import tracing
from kerlint.program.values import (
    Arguments,
    Const,
    Function,
    Layer,
    Mapping,
    Model,
    Op,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


#: Where a layer keeps the weights that `add_weight` made, and those of them that are older than its `build`.
OWN_WEIGHTS, _WEIGHTS_BEFORE = "own weights", "weights before build"
#: Where a layer or model keeps the op of its first call, which its `input` and `output` are of.
FIRST_CALL = "first call"
#: What is told of an open dimension other than the batch; and the argument under which an op keeps the shape that the
#: class of its layer says it gives.
OPEN_DIMENSION, TOLD_SHAPE = "dimension", "output_shape"


def remember_call(machine: Machine, made: Layer | Model, op: Op) -> None:
    """Keeps the op of the first call."""
    if FIRST_CALL not in made.state:
        machine.heap.write(made.state, FIRST_CALL, op)


def follow_call(machine: Machine, made: Layer | Model, arguments: Arguments, node: syntax.Node) -> Value | None:
    """What the `call` of a layer or model class of the program returns for these tensors; None if no tensors."""
    cls = made.cls
    if cls is None:
        return None
    _follow_build(machine, made, arguments, node)
    method = cls.lookup("call")
    if not isinstance(method, Function):
        return None
    if method.takes("training") and "training" not in arguments.keywords:
        # The graph that kerlint looks at is the one that is trained.
        arguments = Arguments(
            arguments.positional, {**arguments.keywords, "training": (Const(True), node)}, arguments.open
        )
    if method.takes("mask") and "mask" not in arguments.keywords and len(arguments.positional) == 1:
        mask = getattr(arguments.positional[0][0], "mask", None)
        if isinstance(mask, Tensor):
            arguments = Arguments(arguments.positional, {**arguments.keywords, "mask": (mask, node)}, arguments.open)
    return follow_inside(machine, method, arguments, node, made)


def told_shape(machine: Machine, made: Layer, arguments: Arguments, node: syntax.Node) -> Value | None:
    """What `compute_output_shape` of a layer of the program says of a call; None if that is not wholly known.

    Keras asks it before it looks at `call`. What the layer holds inside would stay unbuilt then, so such layers are
    left alone.
    """
    method = made.cls.lookup("compute_output_shape") if made.cls is not None else None
    if not isinstance(method, Function) or len(method.parameters) != 2 or len(arguments.positional) != 1:
        return None
    from kerlint.library.weights import attributes
    from kerlint.program.interpreter.calls import follow

    if any(isinstance(item, (Layer, Model)) for item in attributes(made)):
        return None
    shapes = shapes_value(arguments.positional[0][0], node)
    told = follow(machine, method, Arguments([(shapes, node)]), node, receiver=made)
    return told if isinstance(told, Sequence) and told.exact is not None and all(map(_is_size, told.exact)) else None


def _is_size(value: Value) -> bool:
    """Whether a dimension is known, or as open as that of an input."""
    if isinstance(value, Unknown):
        return value.reason == OPEN_DIMENSION
    return isinstance(value, Const) and (value.value is None or type(value.value) is int)


def follow_inside(
    machine: Machine, function: Function, arguments: Arguments, node: syntax.Node, receiver: Value | None = None
) -> Value | None:
    """What a function returns that runs inside a layer; None if that holds no tensors."""
    from kerlint.program.interpreter.calls import follow

    machine.inside_call += 1
    try:
        with tracing(machine, "call", function.node or node):
            result = follow(machine, function, arguments, node, receiver=receiver)
    finally:
        machine.inside_call -= 1
    return result if any(tensor is not None for tensor in tensors_in(result)) else None


def _follow_build(machine: Machine, made: Layer | Model, arguments: Arguments, node: syntax.Node) -> None:
    # The program may have called `build` itself, and said so.
    if "built" in made.state or made.cls is None or truth(made.state.get(".built")) is True:
        return
    from kerlint.program.interpreter.calls import follow

    build = made.cls.lookup("build")
    given = [value for value, _ in (*arguments.positional, *arguments.keywords.values())]
    shapes = [(shapes_value(value, node), node) for value in given if any(tensors_in(value))]
    found = [tensor for value in given for tensor in tensors_in(value) if tensor is not None]
    if all(tensor.shape is not None for tensor in found):
        machine.heap.write(made.state, "built", Const(True))
    # A build on shapes that were not known yet is done again: what it added is added anew.
    before = made.state.get(_WEIGHTS_BEFORE, made.state.get(OWN_WEIGHTS, ()))
    machine.heap.write(made.state, _WEIGHTS_BEFORE, before)
    machine.heap.write(made.state, OWN_WEIGHTS, before)
    if isinstance(build, Function) and shapes:
        # `build(self, input_shape)` or one shape for each tensor that `call` takes.
        count = max(1, len(build.parameters) - 1)
        follow(machine, build, Arguments(list(shapes[:count])), node, receiver=made)


def relabelled(op: Op, inner: Value, node: syntax.Node) -> Value:
    """What a followed call returned, as the output of `op`: each tensor is one of its results."""
    count = 0

    def wrap(value: Value) -> Value:
        nonlocal count
        if isinstance(value, Sequence):
            return list_of([wrap(item) for item in value.items], value.kind, node)
        if isinstance(value, Mapping):
            return mapping_of({key: wrap(item) for key, item in in_order(value)}, open=value.open, node=node)
        count += 1
        return Tensor(op, value.shape, value.dtype, count - 1, node=node) if isinstance(value, Tensor) else value

    return _kept(op, wrap(inner))


def output_value(op: Op, output: Output, node: syntax.Node | None) -> Value:
    """What a layer or function gives, by the shapes of its results."""
    count = 0

    def wrap(part: Output) -> Value:
        nonlocal count
        if isinstance(part, list):
            return list_of([wrap(item) for item in part], "list", node)
        if isinstance(part, dict):
            return mapping_of({key: wrap(item) for key, item in part.items()}, node=node)
        count += 1
        return Tensor(op, part, index=count - 1, node=node)

    return _kept(op, wrap(output))


def made_tensor(op: Op, shape: Shape, node: syntax.Node | None) -> Tensor:
    """The only result of an op."""
    made = Tensor(op, shape, node=node)
    op.results = made
    return made


def _kept(op: Op, made: Value) -> Value:
    op.results = made
    return made


def shapes_value(value: Value, node: syntax.Node | None) -> Value:
    """The shapes of a structure of tensors, as `build` gets them."""
    if isinstance(value, Sequence):
        return list_of([shapes_value(item, node) for item in value.items], "list", node)
    if isinstance(value, Mapping):
        return mapping_of({key: shapes_value(item, node) for key, item in value.entries.items()}, node=node)
    return shape_value(value.shape, node) if isinstance(value, Tensor) else Unknown("shape", node=node)


def shape_value(shape: Shape, node: syntax.Node | None) -> Value:
    """A shape as the tuple that `tensor.shape` gives."""
    if shape is None:
        return Unknown("shape", node=node)
    return tuple_of(*[dimension_value(size, index, node) for index, size in enumerate(shape)], node=node)


def dimension_value(size: int | None, index: int, node: syntax.Node | None) -> Value:
    """One dimension: the batch is None in a model, another unknown one is unknown."""
    if size is not None:
        return Const(size, node=node)
    return Const(None, node=node) if index == 0 else Unknown(OPEN_DIMENSION, node=node)
