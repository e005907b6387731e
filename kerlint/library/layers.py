"""Layers: made, called on tensors, and asked for their attributes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import (
    FIRST_CALL,
    TOLD_SHAPE,
    follow_call,
    follow_inside,
    output_value,
    relabelled,
    remember_call,
    told_shape,
)
from kerlint.library.masks import follow_masks
from kerlint.library.naming import give_name, given_name, name_of, name_parts
from kerlint.library.objects import bind_arguments
from kerlint.library.shapes import (
    NO_WEIGHTS,
    UNKNOWN,
    BadArgument,
    Call,
    Misfit,
    Output,
    Result,
    Weights,
    apply,
    dims,
)
from kerlint.library.signatures import signature
from kerlint.program.constants import truth
from kerlint.program.events import Looked, Mismatch, Touched
from kerlint.program.graph import tensors_in
from kerlint.program.interpreter.traces import note_draw
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Function,
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
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Layers that compare each input with the one that they were built for.
_CAREFUL = (
    "BatchNormalization",
    "Conv",
    "Dense",
    "DepthwiseConv",
    "GroupNormalization",
    "SeparableConv",
    "SpectralNormalization",
)
#: Those that compare the number of axes, and where they keep it.
_RANKED = ("BatchNormalization", "EinsumDense", "PReLU")
RANK = "rank"
#: Where a layer keeps what it gave last, and for which shape.
RESULT = "result"
#: Where a layer keeps how many weights it has, once it is built.
WEIGHTS = "weights"


#: Where a layer that is made in the `call` of another one keeps that.
MADE_IN_CALL = "made in call"


def make_layer(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Layer:
    """A layer of the library."""
    args, places = bind_arguments(name, arguments)
    if machine.image_data_format is not None and "data_format" not in args:
        args["data_format"] = machine.image_data_format
    layer = Layer(name, args, places, arguments.open, node=node)
    name_parts(machine, layer)
    give_name(machine, layer, args.get("name"))
    if machine.inside_call and machine.frames and machine.frames[-1].function.name == "call":
        layer.state[MADE_IN_CALL] = machine.frames[-1].receiver
    machine.register(layer)
    return layer


def make_input(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Tensor:
    """`keras.Input(...)`: the start of a functional model."""
    from kerlint.library.naming import automatic_name

    args, _ = bind_arguments(name, arguments)
    shape = dims(args.get("shape"))
    batch = dims(args.get("batch_size"))
    whole = dims(args.get("batch_shape") or args.get("batch_input_shape"))
    if whole is not None:
        full: Shape = whole
    else:
        full = None if shape is None else ((batch[0] if batch else None), *shape)
    made = input_tensor(full, node, args)
    machine.built += 1
    given = args.get("name")
    if isinstance(given, Const) and isinstance(given.value, str):
        made.op.label = given.value
    else:
        made.op.label = automatic_name(machine, "InputLayer")
    return made


def input_tensor(shape: Shape, node: syntax.Node | None, args: dict[str, Value] | None = None) -> Tensor:
    """A fresh input of a graph."""
    op = Op("input", "keras.Input", args=args or {}, node=node)
    op.results = made = Tensor(op, shape, node=node)
    return made


def declared_input(layer: Object) -> tuple[Shape, bool]:
    """The input shape that a layer declares (`input_shape=`, `input_dim=`), and whether it declares one."""
    args = layer.args
    if layer.name in ("keras.Input", "keras.layers.InputLayer"):
        shape = dims(args.get("shape") or args.get("input_shape"))
        batch = dims(args.get("batch_size"))
        whole = dims(args.get("batch_shape") or args.get("batch_input_shape"))
        full = None if shape is None else ((batch[0] if batch else None), *shape)
        return (whole if whole is not None else full), True
    if "batch_input_shape" in args:
        return dims(args["batch_input_shape"]), True
    if "input_shape" in args:
        shape = dims(args["input_shape"])
        return (None if shape is None else (None, *shape)), True
    if "input_dim" in args and layer.short not in ("Embedding", "ReversibleEmbedding"):
        found = dims(args["input_dim"])
        if layer.short in ("LSTM", "GRU", "SimpleRNN", "Conv1D"):
            length = dims(args.get("input_length"))
            return (None, length[0] if length else None, found[0] if found else None), True
        return (None, found[0] if found else None), True
    if layer.short == "Embedding" and "input_length" in args:
        length = dims(args["input_length"])
        return (None, length[0] if length else None), True
    return None, False


def call_layer(machine: Machine, layer: Layer, arguments: Arguments, node: syntax.Node) -> Value:
    """`layer(x)`: on tensors a step of a graph, on data its result."""
    given = [value for value, _ in (*arguments.positional, *arguments.keywords.values())]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    if not inputs:
        if machine.traces and layer.short.startswith("Random") and _augments(arguments):
            note_draw(machine, layer.name, node)
        if machine.tapes:
            machine.emit(Touched(node=node, thing=layer))
        return call_on_data(machine, layer, given, node)
    inner = _followed(machine, layer, arguments, node)
    op = Op("layer", layer.name, inputs, layer, inner=inner, node=node)
    if FIRST_CALL not in layer.state:
        name_parts(machine, layer, built=True)
    remember_call(machine, layer, op)
    if inner is not None:
        made = relabelled(op, inner, node)
    elif layer.cls is not None:
        made = output_value(op, None, node)
    else:
        bind_call(op, layer, arguments)
        made = output_value(op, infer(machine, layer, op).output, node)
    if isinstance(made, Tensor) and layer.short == "Lambda":
        said = _told_shape(layer, inputs[0])
        made.shape = said if made.shape is None else _agreed(made.shape, said)
    elif isinstance(made, Tensor) and made.shape is None and layer.cls is not None:
        told = told_shape(machine, layer, arguments, node)
        made.shape = dims(told)
        op.args = {TOLD_SHAPE: told} if told is not None else op.args
    follow_masks(machine, layer, op, made, arguments, node)
    return made


def _augments(arguments: Arguments) -> bool:
    """Whether a random layer does something: it does, unless it is told that this is no training."""
    given = arguments.get(None, "training")
    return given is None or truth(given) is True


def bind_call(op: Op, layer: Object, arguments: Arguments) -> None:
    """Keeps the arguments of the call of a layer with the op, by parameter name."""
    op.args, _ = bind_arguments(f"{layer.name}.call", arguments)


def _followed(machine: Machine, layer: Layer, arguments: Arguments, node: syntax.Node) -> Value | None:
    """What a layer of the program, or a `Lambda` with a function of the program, makes of tensors."""
    if layer.cls is not None:
        return follow_call(machine, layer, arguments, node)
    function = layer.args.get("function")
    if layer.short == "Lambda" and isinstance(function, Function):
        fixed = layer.args.get("arguments")
        keywords = {k: (v, node) for k, v in fixed.entries.items()} if isinstance(fixed, Mapping) else {}
        machine.heap.write(layer.state, WEIGHTS, NO_WEIGHTS)
        first = arguments.positional[:1] or [
            arguments.keywords[name] for name in ("inputs",) if name in arguments.keywords
        ]
        return follow_inside(machine, function, Arguments(first, {**keywords}), node)
    return None


def _told_shape(layer: Layer, given: Tensor) -> Shape:
    """What a `Lambda` says that its function makes of one row (`output_shape=`); None if it says nothing."""
    told = layer.args.get("output_shape")
    sizes = dims(told) if isinstance(told, Sequence) else None
    return None if sizes is None else (given.shape[0] if given.shape else None, *sizes)


def _agreed(computed: Shape, said: Shape) -> Shape:
    """The shape that a `Lambda` computes; None where it says another, which Keras 3 believes and Keras 2 does not."""
    if computed is None or said is None:
        return computed
    same = len(computed) == len(said) and all(None in pair or pair[0] == pair[1] for pair in zip(computed, said))
    return computed if same else None


def infer(machine: Machine, layer: Layer, op: Op) -> Result:
    """What a library layer makes of the inputs of `op`; a misfit is recorded as a fact."""
    try:
        result = result_of(machine, layer, op)
        if not machine.inside_call and not machine.nesting:
            _check_built(machine, layer, op, result.weights)
    except Misfit as misfit:
        node, wrong = op.node or layer.node, isinstance(misfit, BadArgument)
        machine.emit(Mismatch(node=node, op=op, message=str(misfit), argument=wrong))  # type: ignore[arg-type]
        return UNKNOWN
    record_weights(machine, layer, result.weights)
    return result


def _check_built(machine: Machine, layer: Layer, op: Op, weights: Weights) -> None:
    """Checks that a layer that has its weights already can use them for its input.

    Raises:
        Misfit: it would need others.
    """
    known = weights_of(layer)
    shape = op.inputs[0].shape
    if layer.short in _RANKED and shape is not None:
        rank = layer.state.get(RANK)
        if rank is None:
            machine.heap.write(layer.state, RANK, len(shape))
        elif rank != len(shape):
            raise Misfit(f"{name_of(layer) or layer.short} has been built for an input with {rank} axes before")
    if known is None or not layer.short.startswith(_CAREFUL) or layer.short.startswith("ConvLSTM"):
        return
    if None not in (known.total, weights.total) and known.total != weights.total:
        raise Misfit(f"{name_of(layer) or layer.short} has been built for an input of another size before")


def result_of(machine: Machine, layer: Layer, op: Op) -> Result:
    """What a library layer makes of the inputs of `op`.

    Raises:
        Misfit: it cannot take them.
    """
    shape = op.inputs[0].shape
    # The arguments of a layer never change: for a shape it always gives the same. Layers that hold others are built
    # with them, so for those it has to be gone through each time.
    plain = len(op.args) == 1 == len(op.inputs) and type(next(iter(op.args.values()))) is Tensor and not layer.open
    known = layer.state.get(RESULT) if plain else None
    if known is not None and known[0] == shape:
        return known[1]  # type: ignore[no-any-return]
    call = _call_of(machine, layer, op)
    if layer.name.startswith("keras.applications."):
        from kerlint.library.applications import result

        return result(call)
    found = apply(call)
    if plain and not any(isinstance(value, (Layer, Model, Sequence)) for value in layer.args.values()):
        layer.state[RESULT] = (shape, found)
    return found


def record_weights(machine: Machine, layer: Layer, weights: Weights) -> None:
    """Remembers the weights of a layer, which it gets when it is called first."""
    known = layer.state.get(WEIGHTS)
    if not isinstance(known, Weights) or (known.total is None and weights.total is not None):
        machine.heap.write(layer.state, WEIGHTS, weights)


def weights_of(layer: Object) -> Weights | None:
    """How many weights a built library layer has; None before it is built."""
    known = layer.state.get(WEIGHTS)
    return known if isinstance(known, Weights) else None


def _call_of(machine: Machine, layer: Layer, op: Op) -> Call:
    """The call of a layer in terms of shapes."""

    def nested(value: Value, shape: Shape) -> Result:
        return _nested(machine, value, shape, op.node)

    if not op.args:
        return Call(layer, tuple(tensor.shape for tensor in op.inputs), nested=nested)
    first = _first_parameter(layer.name)
    if first not in op.args:
        first = next(iter(op.args))
    rest = [name for name in op.args if name != first]
    inputs = tuple(tensor.shape if tensor is not None else None for tensor in tensors_in(op.args[first]))
    return Call(layer, inputs, {name: _shapes(op.args[name]) for name in rest}, nested)


@lru_cache(maxsize=1000)
def _first_parameter(layer: str) -> str:
    """What the `call` of a layer class names its first argument; empty where that is not known."""
    known = signature(f"{layer}.call")
    return known.names[0] if known is not None and known.names else ""


def _shapes(value: Value) -> Output | Value:
    """A structure of tensors as their shapes; another value as it is."""
    if isinstance(value, Tensor):
        return value.shape
    found = tensors_in(value)
    return shapes_in(value) if found and all(tensor is not None for tensor in found) else value


def _nested(machine: Machine, value: Value, shape: Shape, node: syntax.Node | None) -> Result:
    """What a layer or model that is an argument of another layer makes of a shape."""
    from kerlint.library.graphs import call_model
    from kerlint.library.weights import weights_of_parts

    start = input_tensor(shape, node)
    if node is None or not isinstance(value, (Layer, Model)):
        return UNKNOWN
    arguments = Arguments([(start, node)])
    if isinstance(value, Layer) and value.cls is None and value.short != "Lambda":
        # Whether a misfit in there counts is for the layer around it to say.
        op = Op("layer", value.name, (start,), value, node=node)
        bind_call(op, value, arguments)
        result = result_of(machine, value, op)
        record_weights(machine, value, result.weights)
        return Result(result.output, weights_of_parts(value))
    machine.inside_call += 1
    try:
        if isinstance(value, Model):
            made = call_model(machine, value, arguments, node)
        else:
            made = call_layer(machine, value, arguments, node)
    finally:
        machine.inside_call -= 1
    return Result(shapes_in(made), weights_of_parts(value))


def shapes_in(value: Value) -> Output:
    """The shapes of a structure of tensors."""
    if isinstance(value, Sequence):
        return [shapes_in(item) for item in value.items]
    if isinstance(value, Mapping):
        return {str(key): shapes_in(item) for key, item in value.entries.items()}
    return value.shape if isinstance(value, Tensor) else None


def call_on_data(machine: Machine, layer: Layer, given: list[Value], node: syntax.Node) -> Value:
    """A layer applied to data outside a model: it is built, and preprocessing layers change what is known."""
    from kerlint.library.preprocessing import ADAPTING, apply_layer

    if layer.short in ADAPTING and layer.cls is None:
        machine.emit(Looked(node=node, layer=layer))
    data = next((value for value in given if isinstance(value, Array)), None)
    if data is None:
        return Unknown("layer on an unknown value", node=node)
    changed = apply_layer(layer, data, node)
    start = input_tensor(data.shape, node)
    if layer.cls is not None:
        _followed(machine, layer, Arguments([(start, node)]), node)
        return changed
    try:
        result = apply(_call_of(machine, layer, Op("layer", layer.name, (start,), layer, node=node)))
    except Misfit:
        return changed
    record_weights(machine, layer, result.weights)
    shape = result.output
    if isinstance(changed, Array) and changed.shape is None and isinstance(shape, tuple):
        return changed.derive(node, shape=shape)
    return changed


def layer_instance(machine: Machine, cls: Class, arguments: Arguments, node: syntax.Node) -> Layer:
    """An object of a layer class of the program."""
    from kerlint.program.interpreter.calls import follow

    args = {str(index): value for index, (value, _) in enumerate(arguments.positional)}
    args.update({name: value for name, (value, _) in arguments.keywords.items()})
    layer = Layer(f"<program>.{cls.name}", args, {}, arguments.open, cls=cls, node=node)
    machine.register(layer)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        follow(machine, initializer, arguments, node, receiver=layer)
    initialize(machine, layer, Arguments(keywords=dict(arguments.keywords)))
    return layer


def initialize(machine: Machine, layer: Layer, arguments: Arguments) -> None:
    """`super().__init__(...)` in a layer class, where Keras names the layer."""
    if "name" not in layer.state:
        give_name(machine, layer, given_name(arguments))
    trainable = arguments.get(None, "trainable")
    if trainable is not None:
        machine.heap.write(layer.state, "trainable", trainable)
