"""What a model computes: its outputs as tensors, by itself or called on the tensors of another graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kerlint import syntax
from kerlint.library.calling import FIRST_CALL, follow_call, output_value, relabelled, remember_call
from kerlint.library.layers import bind_call, call_layer, declared_input, infer, input_tensor, shapes_in
from kerlint.library.masks import MAKE_MASKS, follow_masks, name_masks
from kerlint.library.naming import automatic_name, name_of
from kerlint.library.shapes import dims, show
from kerlint.library.weights import is_input
from kerlint.program.constants import text
from kerlint.program.events import Mismatch
from kerlint.program.graph import MAX_NESTING, Graph, Snapshot, tensors_in
from kerlint.program.values import (
    Arguments,
    Const,
    Function,
    Layer,
    Mapping,
    Model,
    Op,
    Shape,
    Tensor,
    Unknown,
    Value,
    list_of,
    mapping_of,
)
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.library.shapes import Output
    from kerlint.program.interpreter.machine import Machine

#: The shapes of data that a model is used with: one, or a list or dict of such.
Data: TypeAlias = "Output"

#: Set in a model once something has gone through it.
USED = "used"
#: Where a model keeps the shapes of the first data it was used with, which is what Keras builds it on.
DATA = "data"
#: Where a model keeps the shape that it was told to build itself for.
DECLARED = "declared"
#: Where a sequential model keeps which of its layers take names.
TAKERS = "takers"
#: Where a model keeps the snapshot that has to wait until it is built.
WAITING = "waiting"
#: Where a sequential model keeps the name of the input that Keras makes for it.
INPUT_NAME = "input name"


def outputs_of(machine: Machine, model: Model, data: Data = None) -> Value | None:
    """The output tensors of a model, None if they are not known.

    Args:
        data: the shapes of the data, for a model that declares no input itself.
    """
    if "outputs" in model.state:
        return model.state["outputs"]  # type: ignore[no-any-return]
    if data is None:
        data = model.state.get(DATA)
    elif DATA not in model.state:
        machine.heap.write(model.state, DATA, data)
    if model.kind == "sequential" and not defines_call(model):
        return chain(machine, model, None, data if isinstance(data, tuple) else None)
    return _trace(machine, model, data) if model.cls is not None else None


def mark_used(machine: Machine, model: Model) -> None:
    """Data or tensors go through the model: Keras has built it from here on."""
    _name_built(machine, model)
    machine.heap.write(model.state, USED, True)


def defines_call(model: Model) -> bool:
    """Whether the class of the model has a `call` of its own."""
    return model.cls is not None and isinstance(model.cls.lookup("call"), Function)


@dataclass(eq=False, slots=True)
class _Trace:
    """What `call` of a subclassed model returned for data of these shapes."""

    data: Data
    inputs: Value
    outputs: Value


def _trace(machine: Machine, model: Model, data: Data) -> Value:
    known = model.state.get("trace")
    if isinstance(known, _Trace) and (data is None or known.data is not None):
        return known.outputs
    node = model.node or (model.cls.node if model.cls is not None else None)
    assert node is not None
    start = _start_values(data, node)
    found = follow_call(machine, model, Arguments([(start, node)]), node) or Unknown("call", node=node)
    machine.heap.write(model.state, "trace", _Trace(data, start, found))
    _arrived(machine, model, found)
    return found


def traced_inputs(model: Model) -> Value | None:
    """The inputs of a subclassed model whose `call` has been followed."""
    known = model.state.get("trace")
    return known.inputs if isinstance(known, _Trace) else None


def _start_values(data: Data, node: syntax.Node) -> Value:
    """Input tensors in the structure of the data."""
    if isinstance(data, list):
        return list_of([_start_values(item, node) for item in data], "tuple", node)
    if isinstance(data, dict):
        return mapping_of({name: _start_values(item, node) for name, item in data.items()}, node=node)
    return input_tensor(data, node)


def snapshot(machine: Machine, model: Model, data: Data = None) -> Snapshot:
    """The model's graph at this moment; models that did not change share one."""
    outputs = outputs_of(machine, model, data)
    known = model.state.get("snapshot")
    if isinstance(known, Snapshot) and known.outputs is outputs and outputs is not None:
        return known
    made = Snapshot(outputs)
    machine.heap.write(model.state, "snapshot", made)
    return made


def snapshot_when_built(machine: Machine, model: Model) -> Snapshot:
    """The model's graph; where that means to follow code of the program, as it is on the first data.

    Keras builds such a model then, too. To follow it on data of unknown shape before would take as long once more, and
    say less. What is never built is followed in the end.
    """
    if not _is_followed(machine, model) or not machine.certain or machine.assumed:
        return snapshot(machine, model)
    waiting = model.state.get(WAITING) or Snapshot(None)
    machine.heap.write(model.state, WAITING, waiting)
    return waiting


def _is_followed(machine: Machine, model: Model) -> bool:
    """Whether the model will be built on its first data, and code of the program be followed for that."""
    if "outputs" in model.state or DATA in model.state or "trace" in model.state or "chain" in model.state:
        return False
    if model.kind != "sequential" or defines_call(model):
        return defines_call(model)
    layers = model.state.get("layers", ())
    return any(type(item) is Layer and item.cls is not None for item in layers) and not declares_input(model)


def settle(machine: Machine, model: Model) -> None:
    """Follows a model that waits for its first data, since it is about to change."""
    if WAITING in model.state:
        outputs_of(machine, model)


def _arrived(machine: Machine, model: Model, outputs: Value) -> None:
    """The model has been followed: who waited for that sees it."""
    waiting = model.state.get(WAITING)
    if isinstance(waiting, Snapshot):
        if waiting.outputs is None:
            waiting.outputs = outputs
        machine.heap.delete(model.state, WAITING)


def graph_of(model: Model) -> Graph | None:
    """The layers of a model as they were when it was last looked at; None if it never was."""
    known = model.state.get("snapshot")
    return known.graph if isinstance(known, Snapshot) else None


@dataclass(eq=False, slots=True)
class _Chains:
    """A sequential model's outputs, for these layers, by the shape of the data."""

    layers: tuple[Value, ...]
    outputs: dict[Shape, Tensor]


def chain(machine: Machine, model: Model, start: Tensor | None, data: Shape = None) -> Value | None:
    """The output of a sequential model, for a given input tensor or its own."""
    layers = model.state.get("layers", ())
    known = model.state.get("chain")
    outputs = known.outputs if isinstance(known, _Chains) and known.layers is layers else {}
    if start is None and data in outputs:
        return outputs[data]
    tensor = start if start is not None else _start(machine, model, layers, data)
    for item in layers:
        if isinstance(item, Tensor) or (isinstance(item, Layer) and item.short == "InputLayer"):
            continue
        tensor = _step(machine, tensor, item)
        if isinstance(item, (Layer, Model)):
            if start is None:
                machine.heap.write(item.state, FIRST_CALL, tensor.op)
            elif tensor.op.layer is item:
                remember_call(machine, item, tensor.op)
    if start is None:
        machine.heap.write(model.state, "chain", _Chains(layers, {**outputs, data: tensor}))
        _arrived(machine, model, tensor)
    return tensor


def _start(machine: Machine, model: Model, layers: tuple[Value, ...], data: Shape) -> Tensor:
    first = layers[0] if layers else None
    if isinstance(first, Tensor):
        return first
    if isinstance(first, Layer):
        shape, declared = declared_input(first)
        if declared:
            made = input_tensor(shape, first.node, first.args)
            made.op.label = (name_of(first) if is_input(first) else text(model.state.get(INPUT_NAME))) or ""
            return made
    if isinstance(first, Model):
        inner = [tensor for tensor in tensors_in(first.state.get("inputs")) if tensor is not None]
        if len(inner) == 1:
            return input_tensor(inner[0].shape, inner[0].node)
        if first.kind == "sequential" and machine.nesting < MAX_NESTING:
            machine.nesting += 1
            try:
                start = _start(machine, first, first.state.get("layers", ()), data)
            finally:
                machine.nesting -= 1
            own = text(model.state.get(INPUT_NAME))
            if own is None or start.op.label == own:
                return start
            # It has an input of its own, like that of the model in it.
            made = input_tensor(start.shape, start.node, start.op.args)
            made.op.label = own
            return made
    given = model.state.get(DECLARED)
    is_known = isinstance(given, Value) and dims(given) == data
    made = input_tensor(data, model.node, {"batch_shape": given} if is_known and isinstance(given, Value) else None)
    made.op.label = text(model.state.get(INPUT_NAME)) or ""
    return made


def _step(machine: Machine, tensor: Tensor, item: Value) -> Tensor:
    node = item.node or tensor.node
    machine.burn()
    if isinstance(item, (Layer, Model)) and node is not None:
        arguments = Arguments([(tensor, node)])
        if isinstance(item, Layer) and item.cls is None and item.short != "Lambda":
            op = Op("layer", item.name, (tensor,), item, node=item.node)
            bind_call(op, item, arguments)
            result = output_value(op, infer(machine, item, op).output, item.node)
            return result if isinstance(result, Tensor) else Tensor(op, None, node=item.node)
        call = call_layer if isinstance(item, Layer) else call_model
        result = call(machine, item, arguments, node)  # type: ignore[arg-type]
        if isinstance(result, Tensor):
            return result
    op = Op("gap", "not known", (tensor,), node=node)
    return Tensor(op, None, node=node)


def declares_input(model: Model) -> bool:
    """Whether a sequential model knows its input shape before it sees data."""
    layers = model.state.get("layers", ())
    first = layers[0] if layers else None
    if isinstance(first, Layer):
        return declared_input(first)[1]
    if isinstance(first, Model) and first.kind == "sequential":
        return bool(first.state.get("layers")) and first is not model and declares_input(first)
    return isinstance(first, Tensor) or (isinstance(first, Model) and "inputs" in first.state)


@dataclass(eq=False, slots=True)
class _Takers:
    """Those of these layers that take automatic names whenever they are called."""

    layers: tuple[Value, ...]
    found: tuple[Value, ...]


def _name_takers(machine: Machine, model: Model, layers: tuple[Value, ...], before: tuple[Value, ...]) -> _Takers:
    """The takers of names of a model that had the layers `before`: only what is new is looked at."""
    known = model.state.get(TAKERS)
    if isinstance(known, _Takers) and known.layers is before and len(before) < len(layers):
        found = (*known.found, *filter(_takes_names, layers[len(before) :]))
    else:
        found = tuple(filter(_takes_names, layers))
    made = _Takers(layers, found)
    machine.heap.write(model.state, TAKERS, made)
    return made


def _takes_names(item: Value) -> bool:
    return isinstance(item, Model) or (isinstance(item, Layer) and item.short in MAKE_MASKS)


def count_names_of_build(machine: Machine, model: Model, before: tuple[Value, ...] = ()) -> None:
    """Keras builds a sequential model anew with each layer, as a functional one that takes an automatic name.

    Args:
        before: the layers at the build before, if some have come after them since.
    """
    layers = model.state.get("layers", ())
    takers = _name_takers(machine, model, layers, before)
    count = len(layers)
    if layers and isinstance(layers[0], Layer) and declared_input(layers[0])[1] and not is_input(layers[0]):
        _name_input(machine, model)
        count += 1
    if count > 1 and declares_input(model):
        _name_input(machine, model)
        for item in takers.found:
            _name_built(machine, item)
            name_masks(machine, item)
        automatic_name(machine, "Functional")


def _name_input(machine: Machine, model: Model) -> None:
    """The name of the input that Keras gives to a sequential model which does not begin with one."""
    layers = model.state.get("layers", ())
    if INPUT_NAME not in model.state and layers and not is_input(layers[0]):
        machine.heap.write(model.state, INPUT_NAME, Const(automatic_name(machine, "InputLayer")))


def _name_built(machine: Machine, model: Value) -> None:
    """The names that a sequential model takes when it is built by its first call."""
    if not isinstance(model, Model) or model.kind != "sequential" or defines_call(model):
        return
    if INPUT_NAME in model.state or declares_input(model) or machine.nesting >= MAX_NESTING:
        return
    _name_input(machine, model)
    machine.nesting += 1
    for item in model.state.get("layers", ()):
        _name_built(machine, item)
        name_masks(machine, item)
    machine.nesting -= 1
    automatic_name(machine, "Functional")


def call_model(machine: Machine, model: Model, arguments: Arguments, node: syntax.Node) -> Value:
    """`model(x)`: on tensors part of a graph, on data a forward pass."""
    given = [value for value, _ in arguments.positional] or [value for value, _ in arguments.keywords.values()]
    inputs = tuple(tensor for value in given[:1] for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        from kerlint.library.models import forward

        return forward(machine, model, arguments, node)
    if machine.nesting >= MAX_NESTING:
        return Tensor(Op("gap", "nested too deeply", inputs, node=node), None, node=node)
    op = Op("layer", model.name, inputs, model, node=node)
    if "training" in arguments.keywords:
        op.args = {"training": arguments.keywords["training"][0]}
    remember_call(machine, model, op)
    mark_used(machine, model)
    _build_on(machine, model, given[0])
    machine.nesting += 1
    try:
        made = _called(machine, model, op, arguments, node)
    finally:
        machine.nesting -= 1
    follow_masks(machine, model, op, made, arguments, node)
    return made


def _build_on(machine: Machine, model: Model, data: Value) -> None:
    """A model that declares no input is built on the first tensors that it is called on."""
    if DATA not in model.state and "outputs" not in model.state:
        shapes = shapes_in(data)
        if shapes is not None:
            machine.heap.write(model.state, DATA, shapes)


def _as_declared(machine: Machine, model: Model, tensor: Tensor) -> Tensor:
    """A tensor of unknown shape that goes into a sequential model has the shape that the model declares."""
    if tensor.shape is not None or not declares_input(model):
        return tensor
    declared = _start(machine, model, model.state.get("layers", ()), None)
    return Tensor(tensor.op, declared.shape, tensor.dtype, tensor.index, node=tensor.node)


def _check_inputs(machine: Machine, model: Model, op: Op) -> None:
    """Records it if a model that declares its inputs is called on tensors of other sizes."""
    if "outputs" in model.state:
        formal = tensors_in(model.state.get("inputs"))
    elif model.kind == "sequential" and declares_input(model):
        formal = [_start(machine, model, model.state.get("layers", ()), None)]
    else:
        return
    if len(formal) != len(op.inputs) or op.node is None or isinstance(model.state.get("inputs"), Mapping):
        return
    for declared, given in zip(formal, op.inputs):
        if declared is not None and not _takes(declared.shape, given.shape):
            message = f"the model declares {show(declared.shape)}, and is called on {show(given.shape)}"
            machine.emit(Mismatch(node=op.node, op=op, message=message))
            return


def _takes(declared: Shape, given: Shape) -> bool:
    """Whether no size of an input is another than declared, apart from the batch and a last axis of 1."""
    if not declared or not given:
        return True
    declared, given = (shape[:-1] if shape[-1] == 1 else shape for shape in (declared, given))
    return all(None in pair or pair[0] == pair[1] for pair in list(zip(declared, given))[1:])


def _called(machine: Machine, model: Model, op: Op, arguments: Arguments, node: syntax.Node) -> Value:
    """The output of a model that is called on the tensors of `op`."""
    _check_inputs(machine, model, op)
    if model.kind == "sequential" and not defines_call(model):
        op.inner = chain(machine, model, _as_declared(machine, model, op.inputs[0]))
    elif model.cls is not None and "outputs" not in model.state:
        op.inner = follow_call(machine, model, arguments, node)
    if op.inner is not None:
        return relabelled(op, op.inner, node)
    outputs = model.state.get("outputs")
    if outputs is None or not any(tensors_in(outputs)):
        return output_value(op, None, node)
    from kerlint.library.replay import differ, replayed

    if model.kind == "application" and differ(model, op.inputs):
        from kerlint.library.backbones import unfold

        unfold(machine, model)
    return relabelled(op, replayed(machine, model, list(op.inputs)), node)
