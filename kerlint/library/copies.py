"""Models made from others: loaded, cloned, or built anew from a description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import OWN_WEIGHTS
from kerlint.library.graphs import DATA, USED
from kerlint.library.models import COPIED, LOST, mark_copied, new_model
from kerlint.library.naming import NAME
from kerlint.library.objects import bind_arguments
from kerlint.library.parts import initializer, parts
from kerlint.library.weights import is_input, tracked
from kerlint.program.constants import constant, text
from kerlint.program.events import Created, Load
from kerlint.program.values import (
    Arguments,
    BoundMethod,
    Class,
    Const,
    Function,
    Layer,
    Model,
    Object,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: What a model is described by, for another one to be made from that.
DESCRIPTION = "keras.Model.description"
#: Where a description keeps that its content was used.
_OPENED = "opened"
#: Arguments that every layer writes down.
_KEPT_BY_KERAS = frozenset({"name", "trainable", "dtype"})


def load(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`load_model(path)`: known if the program has saved it itself."""
    saved = machine.saved.get(place_of(arguments.get(0, "filepath")))
    described = arguments.get(0, "json_string")
    if isinstance(described, Object) and described.name == DESCRIPTION and _OPENED not in described.state:
        model = described.args.get("model")
        if isinstance(model, Model):
            return _without_compile(_copy(machine, model, node))
    if saved is None:
        made = make_loaded(machine, name, arguments, node)
    else:
        made = _copy(machine, saved, node)
    if name.endswith(".load_model"):
        args, places = bind_arguments(name, arguments)
        named = saved if text(args.get("filepath")) is not None else None
        machine.emit(Load(node=node, model=made, saved=named, args=args, places=places))
    return made


def place_of(path: Value | None) -> object:
    """What stands for a place where models are saved; a path that is not known is the same place as itself only."""
    return text(path) or path


def make_loaded(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Model:
    """A model whose layers are not known: `load_model`, a hub layer."""
    args, places = bind_arguments(name, arguments)
    return new_model(machine, "loaded", name, args, places, node)  # its name is in the file


def clone(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`clone_model(model)`: the same layers under the same names, not compiled, with fresh weights."""
    name = "keras.models.clone_model"
    args, _ = bind_arguments(name, arguments)
    model, function = args.pop("model", None), args.pop("clone_function", None)
    if not isinstance(model, Model) or model.cls is not None or args or arguments.open:
        return make_loaded(machine, name, arguments, node)
    if function is None or constant(function) is None:
        return _without_compile(_copy(machine, model, node))
    return _cloned(machine, model, function, node) or make_loaded(machine, name, arguments, node)


def _cloned(machine: Machine, model: Model, function: Value, node: syntax.Node) -> Model | None:
    """A sequential model of what a function of the program makes of each layer; None if that is not known."""
    from kerlint.program.interpreter.calls import call

    if model.kind != "sequential" or not isinstance(function, (Function, BoundMethod)):
        return None
    layers = model.state.get("layers", ())
    made = [item if is_input(item) else call(machine, function, Arguments([(item, node)]), node) for item in layers]
    if not all(isinstance(item, Layer) or is_input(item) for item in made):
        return None
    args = {"name": model.state[NAME]} if isinstance(model.state.get(NAME), Const) else {}
    # The function may have given them the weights of the others.
    weights = Unknown("weights", node=node)
    return new_model(machine, "sequential", "keras.Sequential", args, {}, node, layers=tuple(made), pretrained=weights)


def describe_layer(layer: Layer, node: syntax.Node) -> Value:
    """`layer.get_config()`: the arguments of a layer of the library, for another one to be made from them."""
    if layer.cls is not None or layer.open:
        return Unknown("description", node=node)
    return Object(DESCRIPTION, {"layer": layer}, node=node)


def layer_from(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`Class.from_config(config)`: a layer with the same arguments and the same name, but weights of its own."""
    described = arguments.get(0, "config")
    layer = described.args.get("layer") if isinstance(described, Object) and described.name == DESCRIPTION else None
    if not isinstance(layer, Layer) or not isinstance(described, Object) or _OPENED in described.state:
        return Unknown(name, node=node)
    held = any(isinstance(item, (Layer, Model)) for value in layer.args.values() for item in tracked(value))
    if held or name != f"{layer.name}.from_config":
        return Unknown(name, node=node)
    made = Layer(layer.name, layer.args, layer.places, node=node)
    if NAME in layer.state:
        made.state[NAME] = layer.state[NAME]
    machine.register(made)
    return made


def _without_compile(made: Model) -> Model:
    """A copy just made that is not compiled."""
    made.state.pop("compile", None)
    return made


def describe(machine: Machine, model: Model, node: syntax.Node) -> Value:
    """`model.to_json()` and `model.get_config()`: the model as it is now, to be made anew."""
    if model.kind == "subclass" and "outputs" not in model.state:
        return Unknown("description", node=node)
    return Object(DESCRIPTION, {"model": as_it_is(machine, model, node)}, node=node)


def open_up(machine: Machine, description: Object) -> None:
    """Something is read from a description, or written into it: what it says by now is not known."""
    machine.heap.write(description.state, _OPENED, True)


def save(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`save_model(model, path)` is `model.save(path)`."""
    from kerlint.library.training import use_model

    model = arguments.get(0, "model")
    if not isinstance(model, Model):
        return Unknown(name, node=node)
    rest = {key: given for key, given in arguments.keywords.items() if key != "model"}
    return use_model(machine, model, "save", Arguments(arguments.positional[1:], rest, arguments.open), node)


def _copy(machine: Machine, model: Model, node: syntax.Node) -> Model:
    lost = _left_out(model)
    made = as_it_is(machine, model, node) if not lost else new_model(machine, "loaded", model.name, {}, {}, node)
    if lost:
        made.state[LOST] = lost
        return made
    machine.register(made)
    machine.emit(Created(node=node, model=made))
    return made


def _left_out(model: Model) -> str:
    """Which argument of a layer a copy is made without, because `get_config` does not name it; empty if none is."""
    for part in parts(model):
        if part.cls is None or not isinstance(part, Layer):
            continue
        written = [one.state.get("get_config") for one in part.cls.ancestry() if isinstance(one, Class)]
        own = [function.node for function in written if isinstance(function, Function) and function.node is not None]
        if not own:
            # Keras itself keeps the arguments.
            continue
        named = {word for node in own for word in _words(node)}
        made_by = initializer(part.cls)
        taken = [parameter.name for parameter in made_by.parameters[1:]] if made_by is not None else []
        given = {taken[int(name)] if name.isdigit() and int(name) < len(taken) else name for name in part.args}
        for name in sorted(given - named - _KEPT_BY_KERAS):
            return f"get_config of {part.cls.name} leaves out {name}: a copy is made without it"
    return ""


def _words(node: syntax.Node) -> Iterator[str]:
    """The texts and the names of arguments in a part of the file."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, syntax.Constant) and isinstance(current.value, str):
            yield current.value
        elif isinstance(current, syntax.Arg) and current.keyword is not None:
            yield current.keyword
        pending.extend(syntax.children(current))


def as_it_is(machine: Machine, model: Model, node: syntax.Node) -> Model:
    """A copy of a model as it is now. Both have the same layers: what freezes one of the two is not told apart."""
    kept = ["layers", "inputs", "outputs", NAME, "unfolded", "trainable", DATA, "compile"]
    # What an object of a class of the program is stands in its attributes, and what it computes in its `call`.
    cls = model.cls if "outputs" not in model.state and model.kind == "subclass" else None
    if cls is not None:
        kept += [USED, OWN_WEIGHTS, "trace", *(key for key in model.state if key.startswith("."))]
    state = {key: model.state[key] for key in kept if key in model.state}
    mark_copied(machine, model)
    return Model(model.kind, model.name, model.args, model.places, cls, node=node, state={**state, COPIED: True})
