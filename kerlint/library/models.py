"""Models: made, grown, called and asked for their attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.library.defaults import application
from kerlint.library.layers import call_layer, declared_input, follow_call, infer, input_tensor, shape_value
from kerlint.library.objects import bind_arguments, default_of
from kerlint.library.shapes import dims
from kerlint.program.constants import integer, text, truth
from kerlint.program.facts import Created, Forward
from kerlint.program.graph import MAX_NESTING, Snapshot, tensors_in
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Function,
    Gap,
    Layer,
    Model,
    Object,
    Op,
    Sequence,
    Shape,
    Tensor,
    Unknown,
    Value,
    list_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


def make_sequential(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Model:
    """`keras.Sequential([...])`."""
    args, places = bind_arguments("keras.Sequential", arguments)
    layers = args.get("layers")
    items: tuple[Value, ...] = ()
    if isinstance(layers, Sequence):
        items = layers.items
    elif layers is not None and not (isinstance(layers, Const) and layers.value is None):
        items = (Gap(node=node),)
    return _new(machine, "sequential", "keras.Sequential", args, places, node, layers=items)


def make_functional(machine: Machine, arguments: Arguments, node: cst.CSTNode) -> Model:
    """`keras.Model(inputs, outputs)`."""
    args, places = bind_arguments("keras.Model", arguments)
    positional = [value for value, _ in arguments.positional]
    inputs = args.get("inputs") or (positional[0] if positional else None)
    outputs = args.get("outputs") or (positional[1] if len(positional) > 1 else None)
    return _new(machine, "functional", "keras.Model", args, places, node, inputs=inputs, outputs=outputs)


def make_opaque(machine: Machine, kind: str, name: str, arguments: Arguments, node: cst.CSTNode) -> Model:
    """A model whose layers are not known: `load_model`, `keras.applications`, a hub layer."""
    args, places = bind_arguments(name, arguments)
    return _new(machine, kind, name, args, places, node)


def _new(
    machine: Machine,
    kind: str,
    name: str,
    args: dict[str, Value],
    places: dict[str, cst.CSTNode],
    node: cst.CSTNode,
    *,
    cls: Class | None = None,
    **state: object,
) -> Model:
    model = Model(kind, name, args, places, cls, node=node, state={k: v for k, v in state.items() if v is not None})
    if machine.assumed:
        model.state["assumed"] = Const(True)
    machine.register(model)
    machine.emit(Created(node=node, model=model))
    return model


def model_instance(machine: Machine, cls: Class, arguments: Arguments, node: cst.CSTNode, base: str) -> Model:
    """An object of a model class of the program."""
    from kerlint.program.interpreter.calls import follow

    kind = "sequential" if base == "keras.Sequential" else "subclass"
    args = {name: value for name, (value, _) in arguments.keywords.items()}
    layers = () if kind == "sequential" else None
    model = _new(machine, kind, f"<program>.{cls.name}", args, {}, node, cls=cls, layers=layers)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=model)
    else:
        initialize(machine, model, arguments)
    return model


def initialize(machine: Machine, model: Model, arguments: Arguments) -> None:
    """`super().__init__(...)` in a model class: with inputs and outputs it is functional, with layers sequential."""
    if model.kind == "sequential":
        layers = arguments.get(0, "layers")
        if isinstance(layers, Sequence):
            machine.heap.write(model.state, "layers", layers.items)
        return
    inputs, outputs = arguments.get(0, "inputs"), arguments.get(1, "outputs")
    if inputs is not None and outputs is not None:
        machine.heap.write(model.state, "inputs", inputs)
        machine.heap.write(model.state, "outputs", outputs)


def add_layer(machine: Machine, model: Model, layer: Value | None) -> None:
    """`model.add(layer)`."""
    if isinstance(layer, Model) and _holds(layer, model):
        item: Value = Gap(node=layer.node)
    elif isinstance(layer, (Layer, Model)) or (isinstance(layer, Tensor) and layer.op.kind == "input"):
        item = layer
    else:
        item = Gap(node=layer.node if layer is not None else None)
    machine.heap.write(model.state, "layers", (*model.state.get("layers", ()), item))


def _holds(outer: Model, wanted: Model) -> bool:
    """Whether a sequential model is, or holds at any depth, another."""
    pending, seen = [outer], set[int]()
    while pending:
        current = pending.pop()
        if current is wanted:
            return True
        if id(current) not in seen:
            seen.add(id(current))
            pending.extend(item for item in current.state.get("layers", ()) if isinstance(item, Model))
    return False


def outputs_of(machine: Machine, model: Model, data: Shape = None) -> Value | None:
    """The output tensors of a model, None if they are not known.

    Args:
        data: the shape of the training data, where the model itself declares none.
    """
    if "outputs" in model.state:
        return model.state["outputs"]  # type: ignore[no-any-return]
    if model.kind == "sequential" and not _defines_call(model):
        return chain(machine, model, None, data)
    if model.cls is not None:
        cached = model.state.get("trace")
        if cached is None:
            node = model.node or model.cls.node
            assert node is not None
            start = input_tensor(data, node)
            cached = follow_call(machine, model, Arguments([(start, node)]), node) or Unknown("call", node=node)
            machine.heap.write(model.state, "trace", cached)
        return cached
    return None


def _defines_call(model: Model) -> bool:
    return model.cls is not None and isinstance(model.cls.lookup("call"), Function)


def snapshot(machine: Machine, model: Model, data: Shape = None) -> Snapshot:
    """The model's graph at this moment; models that did not change share one."""
    outputs = outputs_of(machine, model, data)
    known = model.state.get("snapshot")
    if isinstance(known, Snapshot) and known.outputs is outputs and outputs is not None:
        return known
    made = Snapshot(outputs)
    machine.heap.write(model.state, "snapshot", made)
    return made


@dataclass(eq=False, slots=True)
class _Chain:
    """A sequential model's output, for these layers and this shape of data."""

    layers: tuple[Value, ...]
    data: Shape
    output: Tensor


def chain(machine: Machine, model: Model, start: Tensor | None, data: Shape = None) -> Value | None:
    """The output of a sequential model, for a given input tensor or its own."""
    layers = model.state.get("layers", ())
    known = model.state.get("chain")
    if start is None and isinstance(known, _Chain) and known.layers is layers and known.data == data:
        return known.output
    tensor = start if start is not None else _start(machine, model, layers, data)
    for item in layers:
        if isinstance(item, Tensor) or (isinstance(item, Layer) and item.short == "InputLayer"):
            continue
        tensor = _step(machine, tensor, item)
    if start is None:
        machine.heap.write(model.state, "chain", _Chain(layers, data, tensor))
    return tensor


def _start(machine: Machine, model: Model, layers: tuple[Value, ...], data: Shape) -> Tensor:
    first = layers[0] if layers else None
    if isinstance(first, Tensor):
        return first
    if isinstance(first, Layer):
        shape, declared = declared_input(first)
        if declared:
            return input_tensor(shape, first.node)
    if isinstance(first, Model):
        inner = [tensor for tensor in tensors_in(first.state.get("inputs")) if tensor is not None]
        if len(inner) == 1:
            return input_tensor(inner[0].shape, inner[0].node)
        if first.kind == "sequential" and machine.nesting < MAX_NESTING:
            machine.nesting += 1
            try:
                return _start(machine, first, first.state.get("layers", ()), data)
            finally:
                machine.nesting -= 1
    return input_tensor(data, model.node)


def _step(machine: Machine, tensor: Tensor, item: Value) -> Tensor:
    node = item.node or tensor.node
    machine.burn()
    if isinstance(item, Layer) and item.cls is None:
        op = Op("layer", item.name, (tensor,), item, node=item.node)
        return Tensor(op, infer(machine, item, op, [tensor.shape]), node=item.node)
    if isinstance(item, (Layer, Model)) and node is not None:
        arguments = Arguments([(tensor, node)])
        call = call_layer if isinstance(item, Layer) else call_model
        result = call(machine, item, arguments, node)  # type: ignore[arg-type]
        if isinstance(result, Tensor):
            return result
    op = Op("gap", "not known", (tensor,), node=node)
    return Tensor(op, None, node=node)


def call_model(machine: Machine, model: Model, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`model(x)`: on tensors part of a graph, on data a forward pass."""
    given = [value for value, _ in arguments.positional] or [value for value, _ in arguments.keywords.values()]
    inputs = tuple(tensor for value in given[:1] for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        return _forward(machine, model, arguments, node)
    op = Op("layer", model.name, inputs, model, node=node)
    if machine.nesting >= MAX_NESTING:
        return Tensor(Op("gap", "nested too deeply", inputs, node=node), None, node=node)
    machine.nesting += 1
    try:
        return _called(machine, model, op, arguments, node)
    finally:
        machine.nesting -= 1


def _called(machine: Machine, model: Model, op: Op, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The output of a model that is called on the tensors of `op`."""
    inputs = op.inputs
    if model.kind == "sequential" and not _defines_call(model):
        op.inner = chain(machine, model, inputs[0])
    elif model.cls is not None and "outputs" not in model.state:
        op.inner = follow_call(machine, model, arguments, node)
    if op.inner is not None:
        inner = tensors_in(op.inner)
        if isinstance(op.inner, Tensor):
            return Tensor(op, op.inner.shape, node=node)
        return op.inner if any(inner) else Tensor(op, None, node=node)
    outputs = tensors_in(model.state.get("outputs"))
    if len(outputs) > 1:
        return list_of([Tensor(op, tensor.shape if tensor else None, node=node) for tensor in outputs], "list", node)
    shape = outputs[0].shape if outputs and outputs[0] is not None else None
    return Tensor(op, shape, node=node)


def _forward(machine: Machine, model: Model, arguments: Arguments, node: cst.CSTNode) -> Value:
    data = arguments.get(0)
    machine.emit(
        Forward(
            node=node,
            model=model,
            inputs=data,
            args={name: value for name, (value, _) in arguments.keywords.items()},
            in_tape=machine.tapes > 0,
            snapshot=snapshot(machine, model, data.shape if isinstance(data, Array) else None),
        )
    )
    return prediction(machine, model, data, node)


def prediction(machine: Machine, model: Model, data: Value | None, node: cst.CSTNode) -> Value:
    """What the model gives for data: an array that knows its model."""
    rows = data.rows if isinstance(data, Array) else None
    outputs = tensors_in(outputs_of(machine, model, data.shape if isinstance(data, Array) else None))
    arrays: list[Value] = []
    for tensor in outputs:
        shape = tensor.shape if tensor is not None else None
        full: Shape = None if shape is None else (rows, *shape[1:])
        arrays.append(Array(full, "float32", prediction=model, source="prediction", node=node))
    if len(arrays) == 1:
        return arrays[0]
    return list_of(arrays, "list", node)


def model_attribute(machine: Machine, model: Model, name: str, node: cst.CSTNode) -> Value | None:
    """`model.name` for what a Keras model has by itself."""
    if name in ("output", "outputs", "input", "inputs"):
        outputs = outputs_of(machine, model)
        if name.startswith("output"):
            found = outputs
        else:
            found = model.state.get("inputs") or _first_input(outputs)
        if found is None:
            return Unknown(name, node=node)
        if name in ("inputs", "outputs") and isinstance(found, Tensor):
            return list_of([found], "list", node)
        return found
    if name == "layers":
        return _layers(machine, model, node)
    if name in ("output_shape", "input_shape"):
        tensors = tensors_in(model_attribute(machine, model, name[:-6], node))
        if len(tensors) == 1 and tensors[0] is not None:
            return shape_value(tensors[0].shape, node)
        return Unknown(name, node=node)
    if name == "optimizer":
        compiled = model.state.get("compile")
        optimizer = compiled.optimizer if compiled is not None else None
        return optimizer or Unknown("optimizer", node=node)
    if name in ("trainable_variables", "trainable_weights", "weights", "variables", "non_trainable_weights"):
        return Object("keras.Model.weights", {"model": model}, node=node)
    if name in ("trainable", "name", "history", "loss", "metrics", "metrics_names", "stop_training"):
        found = model.state.get(name)
        return found if isinstance(found, Value) else Unknown(name, node=node)
    return None


def _first_input(outputs: Value | None) -> Value | None:
    tensors = [tensor for tensor in tensors_in(outputs) if tensor is not None]
    seen: set[int] = set()
    while tensors:
        tensor = tensors.pop()
        if id(tensor.op) in seen:
            continue
        seen.add(id(tensor.op))
        if tensor.op.kind == "input":
            return tensor
        tensors.extend(tensor.op.inputs)
    return None


def _layers(machine: Machine, model: Model, node: cst.CSTNode) -> Value:
    """`model.layers`: the same objects, in order of creation for a functional model."""
    if model.kind == "sequential" and "layers" in model.state:
        items = tuple(item for item in model.state["layers"] if not isinstance(item, Tensor))
        return list_of(items, "list", node)
    found: list[Value] = []
    seen: set[int] = set()
    pending = [tensor for tensor in tensors_in(model.state.get("outputs")) if tensor is not None]
    while pending:
        op = pending.pop().op
        if id(op) in seen:
            continue
        seen.add(id(op))
        if op.layer is not None:
            found.append(op.layer)
        elif op.kind == "input":
            found.append(Layer("keras.layers.InputLayer", node=op.node))
        elif op.kind == "gap":
            found.append(Gap(node=op.node))
        pending.extend(op.inputs)
    if not found:
        return list_of((Gap(node=node),), "list", node)
    return list_of(found[::-1], "list", node)


def layers_of(machine: Machine, model: Model) -> tuple[Value, ...]:
    """The layers and models right inside a model, as far as they are known."""
    if model.kind not in ("sequential", "functional") or model.node is None:
        return ()
    found = _layers(machine, model, model.node)
    return found.items if isinstance(found, Sequence) else ()


def get_layer(machine: Machine, model: Model, arguments: Arguments, node: cst.CSTNode) -> Value:
    """`model.get_layer(name)` or `get_layer(index=...)`."""
    layers = _layers(machine, model, node)
    wanted = text(arguments.get(0, "name"))
    index = integer(arguments.get(1, "index"))
    items = layers.exact if isinstance(layers, Sequence) else None
    if items is not None:
        if wanted is not None:
            for item in items:
                if isinstance(item, (Layer, Model)) and text(item.args.get("name")) == wanted:
                    return item
        elif index is not None and -len(items) <= index < len(items):
            return items[index]
    return Unknown("layer", node=node)


def freeze(machine: Machine, target: Value, value: Value) -> None:
    """`target.trainable = value`, for all layers inside too, as Keras does."""
    pending, seen = [target], set[int]()
    while pending:
        item = pending.pop()
        if id(item) in seen or not isinstance(item, (Layer, Model)):
            continue
        seen.add(id(item))
        machine.heap.write(item.state, "trainable", value)
        if isinstance(item, Model):
            pending.extend(layers_of(machine, item))


#: Methods that decide what the compiled loss gets to see.
_TRAINING_METHODS = ("train_step", "compute_loss", "compute_loss_and_updates", "fit", "compiled_loss")


def trains_itself(model: Model) -> bool:
    """Whether the model's class says itself how it is trained: data and outputs may be changed on the way."""
    return model.cls is not None and any(model.cls.lookup(name) is not None for name in _TRAINING_METHODS)


def make_application(machine: Machine, name: str, arguments: Arguments, node: cst.CSTNode) -> Model:
    """A model of `keras.applications`: its inside is one step, its input and output shapes are known."""
    model = make_opaque(machine, "application", name, arguments, node)
    known = application(name)
    if known is None:
        return model
    given = [tensor for tensor in tensors_in(model.args.get("input_tensor")) if tensor is not None]
    size = given[0].shape if given else _application_input(model, known.size)
    start = given[0] if given else input_tensor(size, node)
    op = Op("gap", name, (start,), node=node)
    shape: Shape
    if truth(_argument(model, "include_top", name)) is True:
        shape = (None, integer(_argument(model, "classes", name)))
    elif truth(_argument(model, "include_top", name)) is None:
        shape = None
    elif text(_argument(model, "pooling", name)) in ("avg", "max"):
        shape = (None, known.features)
    else:
        sizes = size[1:3] if size is not None else (None, None)
        shape = (None, *(known.output_size(s) if s is not None else None for s in sizes), known.features)
    model.state.update({"inputs": start, "outputs": Tensor(op, shape, node=node)})
    return model


def _argument(model: Model, name: str, function: str) -> Value | None:
    return model.args[name] if name in model.args else default_of(function, name)


def _application_input(model: Model, size: int) -> Shape:
    """The input shape: the one given, the default with the classifier, else open."""
    shape = dims(model.args.get("input_shape"))
    if shape is not None and len(shape) == 3:
        return (None, *shape)
    if truth(_argument(model, "include_top", model.name)) is True:
        return (None, size, size, 3)
    return (None, None, None, 3)
