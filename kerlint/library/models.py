"""Models: made, grown, called and asked for their attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.backbones import unfold
from kerlint.library.calling import FIRST_CALL, shape_value
from kerlint.library.graphs import (
    DATA,
    DECLARED,
    USED,
    WAITING,
    Data,
    chain,
    count_names_of_build,
    declares_input,
    defines_call,
    mark_used,
    outputs_of,
    settle,
    snapshot,
)
from kerlint.library.methods import end_of_call
from kerlint.library.naming import NAME, give_name, given_name, name_of
from kerlint.library.objects import bind_arguments
from kerlint.library.order import steps
from kerlint.library.shapes import dims
from kerlint.library.weights import attributes, is_frozen, is_input
from kerlint.program.constants import integer, text, truth
from kerlint.program.events import Created, Forward
from kerlint.program.graph import tensors_in
from kerlint.program.interpreter.traces import note_draw
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Dataset,
    Function,
    Gap,
    Layer,
    Mapping,
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
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


#: Set in a model and its copies, which share their layers here, but not in Keras.
COPIED = "copied"
#: Set in a model whose layers cannot be known although those of its source are, with the reason.
LOST = "lost"
#: Set in a model with the sequential models that it is a layer of.
_HOLDERS = "holders"


def make_sequential(machine: Machine, arguments: Arguments, node: syntax.Node) -> Model:
    """`keras.Sequential([...])`."""
    args, places = bind_arguments("keras.Sequential", arguments)
    layers = args.get("layers")
    items: tuple[Value, ...] = ()
    if isinstance(layers, Sequence):
        items = layers.items
    elif layers is not None and not (isinstance(layers, Const) and layers.value is None):
        items = (Gap(node=node),)
    model = new_model(machine, "sequential", "keras.Sequential", args, places, node, layers=items)
    _note_holder(machine, model, items)
    count_names_of_build(machine, model)
    return model


def make_functional(machine: Machine, arguments: Arguments, node: syntax.Node) -> Model:
    """`keras.Model(inputs, outputs)`."""
    args, places = bind_arguments("keras.Model", arguments)
    positional = [value for value, _ in arguments.positional]
    inputs = args.get("inputs") or (positional[0] if positional else None)
    outputs = args.get("outputs") or (positional[1] if len(positional) > 1 else None)
    return new_model(machine, "functional", "keras.Model", args, places, node, inputs=inputs, outputs=outputs)


def new_model(
    machine: Machine,
    kind: str,
    name: str,
    args: dict[str, Value],
    places: dict[str, syntax.Node],
    node: syntax.Node,
    *,
    cls: Class | None = None,
    **state: object,
) -> Model:
    model = Model(kind, name, args, places, cls, node=node, state={k: v for k, v in state.items() if v is not None})
    if machine.assumed:
        model.state["assumed"] = Const(True)
    if cls is None and kind != "loaded":
        give_name(machine, model, args.get("name"))
    machine.register(model)
    machine.emit(Created(node=node, model=model))
    return model


def model_instance(machine: Machine, cls: Class, arguments: Arguments, node: syntax.Node, base: str) -> Model:
    """An object of a model class of the program."""
    from kerlint.program.interpreter.calls import follow

    kind = "sequential" if base == "keras.Sequential" else "subclass"
    args = {name: value for name, (value, _) in arguments.keywords.items()}
    layers = () if kind == "sequential" else None
    model = new_model(machine, kind, f"<program>.{cls.name}", args, {}, node, cls=cls, layers=layers)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=model)
    else:
        initialize(machine, model, arguments)
    if NAME not in model.state:
        give_name(machine, model, given_name(arguments))
    return model


def initialize(machine: Machine, model: Model, arguments: Arguments) -> None:
    """`super().__init__(...)` in a model class: with inputs and outputs it is functional, with layers sequential."""
    if NAME not in model.state:
        give_name(machine, model, given_name(arguments))
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
    settle(machine, model)
    _outgrow(machine, model)
    before = model.state.get("layers", ())
    machine.heap.write(model.state, "layers", (*before, item))
    _note_holder(machine, model, (item,))
    count_names_of_build(machine, model, before)


def _note_holder(machine: Machine, model: Model, items: tuple[Value, ...]) -> None:
    """Remembers in the models among the layers which model they are a part of."""
    for item in items:
        if isinstance(item, Model) and item.kind == "sequential":
            machine.heap.write(item.state, _HOLDERS, (*item.state.get(_HOLDERS, ()), model))


def _outgrow(machine: Machine, model: Model) -> None:
    """The model is about to get another layer: what holds it was built for what it gave before."""
    if not declares_input(model) and USED not in model.state:
        # Neither is built: all of it is made when the data comes.
        return
    for holder in model.state.get(_HOLDERS, ()):
        layers = holder.state.get("layers", ())
        kept = tuple(Gap(node=item.node) if item is model else item for item in layers)
        machine.heap.write(holder.state, "layers", kept)
        machine.heap.write(
            holder.state, LOST, f"{name_of(model) or 'a model inside'} was changed when it was part of it"
        )


def remove_layer(machine: Machine, model: Model, node: syntax.Node) -> Value:
    """`model.pop()`."""
    settle(machine, model)
    items = model.state.get("layers", ())
    machine.heap.write(model.state, "layers", items[:-1])
    count_names_of_build(machine, model)
    return items[-1] if items else Unknown("pop", node=node)


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


def forward(machine: Machine, model: Model, arguments: Arguments, node: syntax.Node) -> Value:
    """A model called on data: a forward pass."""
    data = arguments.get(0)
    mark_used(machine, model)
    event = Forward(
        node=node,
        model=model,
        inputs=data,
        args=_call_arguments(arguments),
        in_tape=machine.tapes > 0,
        snapshot=snapshot(machine, model, shapes_of_data(data, batch=True)),
    )
    machine.emit(event)
    if machine.traces and ("training" not in event.args or truth(event.args["training"]) is True):
        for layer in event.snapshot.graph.nodes:
            if layer.short.startswith("Random"):
                note_draw(machine, layer.name, layer.place or node)
    return prediction(machine, model, data, node)


def _call_arguments(arguments: Arguments) -> dict[str, Value]:
    """The arguments of a call but for the data; the second by position is `training` in a library model."""
    found = {name: value for name, (value, _) in arguments.keywords.items()}
    if len(arguments.positional) > 1:
        found.setdefault("training", arguments.positional[1][0])
    return found


def prediction(machine: Machine, model: Model, data: Value | None, node: syntax.Node) -> Value:
    """What the model gives for data: an array that knows its model."""
    rows = data.rows if isinstance(data, Array) else None
    outputs = tensors_in(outputs_of(machine, model, shapes_of_data(data)))
    arrays: list[Value] = []
    for tensor in outputs:
        shape = tensor.shape if tensor is not None else None
        full: Shape = shape and (rows if shape[0] is None else shape[0], *shape[1:])
        arrays.append(Array(full, "float32", prediction=model, source="prediction", node=node))
    if len(arrays) == 1:
        return arrays[0]
    return list_of(arrays, "list", node)


def model_attribute(machine: Machine, model: Model, name: str, node: syntax.Node) -> Value | None:
    """`model.name` for what a Keras model has by itself."""
    if name in ("output", "input") and model.kind == "sequential" and FIRST_CALL in model.state:
        return end_of_call(model, name, node)
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
    if name == "losses":
        machine.program.losses_read = True
    if name in ("trainable", "name", "history", "loss", "metrics", "metrics_names", "stop_training"):
        found = model.state.get(name)
        return found if isinstance(found, Value) else Unknown(name, node=node)
    return None


def shapes_of_data(data: Value | None, *, batch: bool = False) -> Data:
    """The shapes of data that a model is used with; the batch is open unless it is one batch as it is."""
    if isinstance(data, Array):
        return data.shape if batch or data.shape is None else (None, *data.shape[1:])
    if isinstance(data, Dataset):
        return _shapes_of_elements(data)
    if isinstance(data, Sequence) and data.exact:
        if all(text(item) is not None for item in data.exact):
            # Each string is a row.
            return (len(data.exact) if batch else None,)
        found = [shapes_of_data(item, batch=batch) for item in data.exact]
        return list(found) if all(found) else None
    if isinstance(data, Mapping) and data.entries and not data.open:
        shapes = {str(name): shapes_of_data(item, batch=batch) for name, item in data.entries.items()}
        return shapes if all(shapes.values()) else None
    return None


def _shapes_of_elements(data: Dataset) -> Data:
    element = data.element
    if isinstance(element, Sequence) and element.kind == "tuple" and element.exact:
        element = element.exact[0]
    if isinstance(element, Array) and element.shape is not None:
        batched = any(step.name in ("batch", "padded_batch") for step in data.transforms)
        return (None, *element.shape[1:]) if batched else (None, *element.shape)
    return shapes_of_data(element) if not isinstance(element, (Array, Dataset)) else None


def build(machine: Machine, model: Model, shape: Value | None) -> None:
    """`model.build(input_shape)`; a class that only has a `call` is not built by it in Keras 3."""
    if defines_call(model) and model.kind != "sequential" and "outputs" not in model.state:
        return
    mark_used(machine, model)
    data = _declared(shape)
    if data is not None and DATA not in model.state:
        machine.heap.write(model.state, DATA, data)
        machine.heap.write(model.state, DECLARED, shape)
        if defines_call(model) and isinstance(data, tuple):
            # Its layers are called one after the other, whatever its own `call` does with them.
            chain(machine, model, None, data)


def _declared(shape: Value | None) -> Data:
    if isinstance(shape, Sequence) and shape.exact and all(isinstance(item, Sequence) for item in shape.exact):
        return [_declared(item) for item in shape.exact]
    if isinstance(shape, Mapping) and shape.entries:
        return {str(name): _declared(item) for name, item in shape.entries.items()}
    return dims(shape)


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


def _layers(machine: Machine, model: Model, node: syntax.Node) -> Value:
    """`model.layers`: the same objects, in the order of Keras."""
    if model.kind == "sequential" and "layers" in model.state:
        if not defines_call(model):
            # So that each layer has its `output`.
            outputs_of(machine, model)
        items = tuple(item for item in model.state["layers"] if not is_input(item))
        return list_of(items, "list", node)
    if "outputs" not in model.state:
        found = [item for item in attributes(model) if isinstance(item, (Layer, Model, Gap))]
        return list_of(found if found and model.cls is not None else (Gap(node=node),), "list", node)
    unfold(machine, model)
    starts = {id(tensor.op): tensor for tensor in tensors_in(model.state.get("inputs")) if tensor is not None}
    items = tuple(_listed(op, starts) for op in _first_calls(machine, model))
    return list_of([item for item in items if item is not None], "list", node)


@dataclass(eq=False, slots=True)
class _Order:
    """The first call of each layer between these inputs and outputs, in the order of Keras."""

    inputs: Value | None
    outputs: Value
    calls: list[Op]


def _first_calls(machine: Machine, model: Model) -> list[Op]:
    inputs, outputs = model.state.get("inputs"), model.state["outputs"]
    known = model.state.get("order")
    if not isinstance(known, _Order) or known.inputs is not inputs or known.outputs is not outputs:
        known = _Order(inputs, outputs, [calls[0] for calls in steps(inputs, outputs)])
        machine.heap.write(model.state, "order", known)
    return known.calls


def _listed(op: Op, starts: dict[int, Tensor]) -> Value | None:
    if op.kind == "gap":
        return Gap(node=op.node)
    if op.kind == "input":
        layer = Layer("keras.layers.InputLayer", op.args, node=op.node)
        layer.state[NAME] = Const(op.label, node=op.node)
        op.results = starts.get(id(op))
        layer.state[FIRST_CALL] = op
        return layer
    return op.layer


def layers_of(machine: Machine, model: Model) -> tuple[Value, ...]:
    """The layers and models right inside a model, as far as they are known."""
    if model.node is None or (model.kind == "application" and "unfolded" not in model.state):
        return ()
    if WAITING in model.state and model.kind == "sequential":
        return tuple(item for item in model.state["layers"] if not is_input(item))
    found = _layers(machine, model, model.node)
    return found.items if isinstance(found, Sequence) else ()


def get_layer(machine: Machine, model: Model, arguments: Arguments, node: syntax.Node) -> Value:
    """`model.get_layer(name)` or `get_layer(index=...)`."""
    layers = _layers(machine, model, node)
    wanted = text(arguments.get(0, "name"))
    index = integer(arguments.get(1, "index"))
    items = layers.exact if isinstance(layers, Sequence) else None
    if items is not None:
        if wanted is not None:
            for item in items:
                if isinstance(item, (Layer, Model)) and name_of(item) == wanted:
                    return item
        elif index is not None and -len(items) <= index < len(items):
            return items[index]
    return Unknown("layer", node=node)


def mark_copied(machine: Machine, model: Model) -> None:
    """From here on a copy has the same layers: whichever of the two freezes one of them, it is not known of whom."""
    pending: list[Value] = [model]
    while pending:
        item = pending.pop()
        if isinstance(item, (Layer, Model)) and COPIED not in item.state:
            machine.heap.write(item.state, COPIED, True)
            pending.extend(layers_of(machine, item) if isinstance(item, Model) else attributes(item))


def freeze(machine: Machine, target: Value, value: Value) -> None:
    """`target.trainable = value`, for all layers inside too, as Keras does: not for those of what has it already."""
    if isinstance(target, (Layer, Model)) and COPIED in target.state:
        value = Unknown("frozen with or without its copy", node=value.node)
    pending, seen = [target], set[int]()
    wanted = truth(value)
    while pending:
        item = pending.pop()
        if id(item) in seen or not isinstance(item, (Layer, Model)):
            continue
        seen.add(id(item))
        if wanted is not None and is_frozen(item) is not wanted and is_frozen(item) is not None:
            continue
        machine.heap.write(item.state, "trainable", value)
        if isinstance(item, Model):
            pending.extend(layers_of(machine, item))
        elif item.cls is not None:
            pending.extend(attributes(item))
        elif isinstance(item.args.get("layer"), (Layer, Model)):
            pending.append(item.args["layer"])


def freeze_unknown(machine: Machine, node: syntax.Node) -> None:
    """`trainable` is set of something that is not known: it may be any layer made so far."""
    unknown = Unknown("trainable of one of the layers", node=node)
    for made in (*machine.program.objects, *machine.program.models):
        if isinstance(made, (Layer, Model)):
            machine.heap.write(made.state, "trainable", unknown)


#: Methods that decide what the compiled loss gets to see.
_TRAINING_METHODS = ("train_step", "compute_loss", "compute_loss_and_updates", "fit", "compiled_loss")


def trains_itself(model: Model) -> bool:
    """Whether the model's class says itself how it is trained: data and outputs may be changed on the way."""
    return model.cls is not None and any(model.cls.lookup(name) is not None for name in _TRAINING_METHODS)
