"""Layers: made, called on tensors, and asked for their attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.objects import argument, bind_arguments
from kerlint.library.shapes import Misfit, dims, output_shape
from kerlint.program.constants import truth
from kerlint.program.facts import Mismatch
from kerlint.program.graph import tensors_in
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Function,
    Layer,
    Model,
    Object,
    Op,
    Shape,
    Tensor,
    Unknown,
    Value,
    list_of,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Layers that give back their states, and how many.
_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1, "CuDNNLSTM": 2, "CuDNNGRU": 1}


def make_layer(machine: Machine, name: str, arguments: Arguments, node: cst.CSTNode) -> Layer:
    """A layer of the library."""
    args, places = bind_arguments(name, arguments)
    if machine.image_data_format is not None and "data_format" not in args:
        args["data_format"] = machine.image_data_format
    layer = Layer(name, args, places, arguments.open, node=node)
    machine.register(layer)
    return layer


def make_input(name: str, arguments: Arguments, node: cst.CSTNode) -> Tensor:
    """`keras.Input(...)`: the start of a functional model."""
    args, _ = bind_arguments(name, arguments)
    shape = dims(args.get("shape"))
    batch = dims(args.get("batch_size"))
    whole = dims(args.get("batch_shape") or args.get("batch_input_shape"))
    if whole is not None:
        full: Shape = whole
    else:
        full = None if shape is None else ((batch[0] if batch else None), *shape)
    return input_tensor(full, node, args)


def input_tensor(shape: Shape, node: cst.CSTNode | None, args: dict[str, Value] | None = None) -> Tensor:
    """A fresh input of a graph."""
    op = Op("input", "keras.Input", args=args or {}, node=node)
    return Tensor(op, shape, node=node)


def declared_input(layer: Object) -> tuple[Shape, bool]:
    """The input shape that a layer declares (`input_shape=`, `input_dim=`), and whether it declares one."""
    args = layer.args
    if layer.name in ("keras.Input", "keras.layers.InputLayer"):
        shape = dims(args.get("shape") or args.get("input_shape"))
        whole = dims(args.get("batch_shape") or args.get("batch_input_shape"))
        return (whole if whole is not None else None if shape is None else (None, *shape)), True
    if "batch_input_shape" in args:
        return dims(args["batch_input_shape"]), True
    if "input_shape" in args:
        shape = dims(args["input_shape"])
        return (None if shape is None else (None, *shape)), True
    if "input_dim" in args and layer.short != "Embedding":
        found = dims(args["input_dim"])
        if layer.short in ("LSTM", "GRU", "SimpleRNN", "Conv1D"):
            length = dims(args.get("input_length"))
            return (None, length[0] if length else None, found[0] if found else None), True
        return (None, found[0] if found else None), True
    if layer.short == "Embedding" and "input_length" in args:
        length = dims(args["input_length"])
        return (None, length[0] if length else None), True
    return None, False


def call_layer(machine: Machine, layer: Layer, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`layer(x)`: on tensors a step of a graph, on data its result."""
    given = [value for value, _ in arguments.positional] + [value for value, _ in arguments.keywords.values()]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        data = next((value for value in given if isinstance(value, Array)), None)
        if data is None:
            return Unknown("layer on an unknown value", node=node)
        return call_on_data(machine, layer, data, arguments, node)
    inner = _follow(machine, layer, arguments, node) if layer.cls is not None else None
    op = Op("layer", layer.name, inputs, layer, inner=inner, node=node)
    if inner is not None:
        produced = [tensor for tensor in tensors_in(inner) if tensor is not None]
        if len(produced) == 1 and inner is produced[0]:
            return Tensor(op, produced[0].shape, node=node)
        return inner if produced else Tensor(op, None, node=node)
    shape = infer(machine, layer, op, [tensor.shape for tensor in inputs])
    return _outputs(layer, op, shape, node)


def infer(machine: Machine, layer: Layer, op: Op, shapes: list[Shape]) -> Shape:
    """The output shape; a misfit is recorded as a fact."""
    if layer.cls is not None:
        return None
    try:
        return output_shape(layer, shapes)
    except Misfit as misfit:
        machine.emit(Mismatch(node=op.node or layer.node, op=op, message=str(misfit)))  # type: ignore[arg-type]
        return None


def _outputs(layer: Layer, op: Op, shape: Shape, node: cst.CSTNode) -> Value:
    states = _STATES.get(layer.short, 0)
    returned = truth(argument(layer, "return_state")) if states else False
    if states and returned is None:
        return Tensor(op, None, node=node)
    if not returned:
        if layer.short == "Bidirectional":
            inner = layer.args.get("layer")
            if isinstance(inner, Object) and truth(argument(inner, "return_state")) is not False:
                count = 1 + 2 * _STATES.get(inner.short, 1)
                return list_of([Tensor(op, None, node=node) for _ in range(count)], "list", node)
        return Tensor(op, shape, node=node)
    sequences = truth(argument(layer, "return_sequences"))
    units = dims(layer.args.get("units"))
    first = op.inputs[0].shape
    batch, steps = (first[0], first[1]) if first is not None and len(first) == 3 else (None, None)
    size = units[0] if units else None
    state: Shape = (batch, size)
    main: Shape = None if sequences is None else (batch, steps, size) if sequences else state
    return list_of([Tensor(op, main, node=node)] + [Tensor(op, state, node=node) for _ in range(states)], "list", node)


def call_on_data(machine: Machine, layer: Layer, data: Array, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A layer applied to data outside a model: preprocessing layers change what is known of it."""
    from kerlint.library.preprocessing import apply_layer

    return apply_layer(layer, data, node)


def _follow(machine: Machine, layer: Layer | Model, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """What the `call` of a layer or model class of the program returns for these tensors."""
    from kerlint.program.interpreter.calls import follow

    cls = layer.cls
    if cls is None:
        return None
    if "built" not in layer.state:
        machine.heap.write(layer.state, "built", Const(True))
        build = cls.lookup("build")
        tensors = [tensor for value, _ in arguments.positional for tensor in tensors_in(value) if tensor is not None]
        if isinstance(build, Function) and tensors:
            shape = shape_value(tensors[0].shape, node)
            follow(machine, build, Arguments([(shape, node)]), node, receiver=layer)
    method = cls.lookup("call")
    if not isinstance(method, Function):
        return None
    if _takes_training(method) and "training" not in arguments.keywords:
        # The graph that kerlint looks at is the one that is trained.
        arguments = Arguments(
            arguments.positional, {**arguments.keywords, "training": (Const(True), node)}, arguments.open
        )
    result = follow(machine, method, arguments, node, receiver=layer)
    return result if any(tensor is not None for tensor in tensors_in(result)) else None


def _takes_training(method: Function) -> bool:
    definition = method.node
    if not isinstance(definition, cst.FunctionDef):
        return False
    parameters = definition.params
    return any(p.name.value == "training" for p in (*parameters.params, *parameters.kwonly_params))


def follow_call(machine: Machine, model: Model, arguments: Arguments, node: cst.CSTNode) -> Value | None:
    """`_follow` for models."""
    return _follow(machine, model, arguments, node)


def shape_value(shape: Shape, node: cst.CSTNode | None) -> Value:
    """A shape as the tuple that `tensor.shape` gives."""
    if shape is None:
        return Unknown("shape", node=node)
    return tuple_of(*[dimension_value(size, index, node) for index, size in enumerate(shape)], node=node)


def dimension_value(size: int | None, index: int, node: cst.CSTNode | None) -> Value:
    """One dimension: the batch is None in a model, another unknown one is unknown."""
    if size is not None:
        return Const(size, node=node)
    return Const(None, node=node) if index == 0 else Unknown("dimension", node=node)


def layer_instance(machine: Machine, cls: Class, arguments: Arguments, node: cst.CSTNode) -> Layer:
    """An object of a layer class of the program."""
    from kerlint.program.interpreter.calls import follow

    args = {str(index): value for index, (value, _) in enumerate(arguments.positional)}
    args.update({name: value for name, (value, _) in arguments.keywords.items()})
    layer = Layer(f"<program>.{cls.name}", args, {}, arguments.open, cls=cls, node=node)
    machine.register(layer)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=layer)
    return layer
