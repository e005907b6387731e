"""The models of `keras.applications`: one step with known ends, until somebody asks for what is inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import made_tensor
from kerlint.library.defaults import application, preprocess_mode
from kerlint.library.layers import input_tensor
from kerlint.library.naming import automatic_name, give_name, name_operation
from kerlint.library.objects import bind_arguments, default_of
from kerlint.library.ops import operation_class
from kerlint.library.shapes import dims
from kerlint.program.constants import integer, number, text, truth
from kerlint.program.events import Created
from kerlint.program.graph import tensors_in
from kerlint.program.values import Arguments, Const, Model, Op, Shape, Tensor, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Models whose names say how large they are.
_SIZED_NAMES = {"MobileNet": "mobilenet", "MobileNetV2": "mobilenetv2"}
#: How many automatic names there were before the model was made.
_TAKEN = "names taken"


def make_application(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Model:
    """`keras.applications.VGG16(...)`."""
    args, places = bind_arguments(name, arguments)
    model = Model("application", name, args, places, node=node)
    if machine.assumed:
        model.state["assumed"] = Const(True)
    name_application(machine, model)
    machine.register(model)
    machine.emit(Created(node=node, model=model))
    known = application(name)
    if known is not None:
        _add_ends(machine, model, known.features, known.output_size)
    return model


def _add_ends(machine: Machine, model: Model, features: int, output_size: Callable[[int], int]) -> None:
    from kerlint.library.application_parts import start_shape
    from kerlint.library.applications import counts

    node = model.node
    taken = dict(machine.name_counts)
    given = [tensor for tensor in tensors_in(model.args.get("input_tensor")) if tensor is not None]
    size = given[0].shape if given else start_shape(model)
    start = given[0] if given else input_tensor(size, node, _declared(model))
    if not given:
        start.op.label = automatic_name(machine, "InputLayer")
        machine.name_counts["input_layer"] -= 1
    for prefix, count in (counts(model, machine, start) or {}).items():
        machine.name_counts[prefix] = machine.name_counts.get(prefix, 0) + count
    op = Op("gap", model.name, (start,), node=node)
    shape: Shape
    if truth(_argument(model, "include_top")) is True:
        shape = (None, integer(_argument(model, "classes")))
    elif truth(_argument(model, "include_top")) is None:
        shape = None
    elif text(_argument(model, "pooling")) in ("avg", "max"):
        shape = (None, features)
    else:
        sizes = size[1:3] if size is not None else (None, None)
        shape = (None, *(output_size(s) if s is not None else None for s in sizes), features)
    op.results = made = Tensor(op, shape, node=node)
    model.state.update({"inputs": start, "outputs": made, _TAKEN: taken})


def name_application(machine: Machine, model: Model) -> None:
    """Names a model as its function does; MobileNets have the width and the size in their names."""
    name = _argument(model, "name")
    prefix = _SIZED_NAMES.get(model.name.rpartition(".")[2])
    if prefix is not None and isinstance(name, Const) and name.value is None:
        alpha, shape = number(_argument(model, "alpha")), model.args.get("input_shape")
        rows = 224 if shape is None else (dims(shape) or (None,))[0]
        known = alpha is not None and rows is not None
        name = Const(f"{prefix}_{alpha:0.2f}_{rows}", node=model.node) if known else Unknown("name", node=model.node)
    give_name(machine, model, name or Unknown("name", node=model.node))


def _declared(model: Model) -> dict[str, Value]:
    """What says that an open dimension of the input is open: the argument, or that there is none."""
    shape = model.args.get("input_shape")
    return {"shape": shape if shape is not None else Const(None, node=model.node)}


#: What `preprocess_input` does to a tensor of a graph once its channels are in order, by its mode.
#: The operators, each with its number where it is one for all channels.
_PREPROCESSING: dict[str, tuple[tuple[str, float | None], ...]] = {
    "tf": (("/", 127.5), ("-", 1.0)),
    "caffe": (("+", None),),
    "torch": (("/", 255.0), ("+", None), ("/", None)),
    "none": (),
}


def preprocess(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`preprocess_input(x)` on a tensor of a graph: the operations that it is made of."""
    x = arguments.get(0, "x")
    mode = text(arguments.get(2, "mode")) or preprocess_mode(name)
    if not isinstance(x, Tensor):
        return Unknown(name, node=node)
    if mode not in _PREPROCESSING or "data_format" in arguments.keywords:
        return made_tensor(Op("gap", name, (x,), node=node), None, node)
    if mode == "caffe":
        # From red-green-blue to blue-green-red.
        shape = None if x.shape is None else x.shape[:-1]
        channels = tuple(_operation(machine, "subscript", (x,), shape, node) for _ in range(3))
        x = _operation(machine, "keras.ops.stack", channels, x.shape, node)
    for symbol, right in _PREPROCESSING[mode]:
        x = _operation(machine, symbol, (x,), x.shape, node, right)
    return x


def _operation(
    machine: Machine,
    name: str,
    inputs: tuple[Tensor, ...],
    shape: Shape,
    node: syntax.Node,
    right: float | None = None,
) -> Tensor:
    kind = "operator" if len(name) == 1 else "function"
    args: dict[str, Value] = {} if right is None else {"right": Const(right, node=node)}
    made = made_tensor(Op(kind, name, inputs, args=args, node=node), shape, node)
    name_operation(machine, made, operation_class(name, node))
    return made


def unfold(machine: Machine, model: Model) -> None:
    """Puts the real layers into a model of `keras.applications`, if they are known."""
    start = model.state.get("inputs")
    if model.kind != "application" or "unfolded" in model.state or not isinstance(start, Tensor):
        return
    from kerlint.library.applications import expand
    from kerlint.library.models import freeze

    machine.heap.write(model.state, "unfolded", Const(True))
    output = expand(model, machine, start, model.state.get(_TAKEN))
    if output is None:
        return
    machine.heap.write(model.state, "outputs", output)
    trainable = model.state.get("trainable")
    if trainable is not None:
        # What was said of the model as a whole now reaches its layers.
        machine.heap.delete(model.state, "trainable")
        freeze(machine, model, trainable)


def _argument(model: Model, name: str) -> Value | None:
    return model.args[name] if name in model.args else default_of(model.name, name)
