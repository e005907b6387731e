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
from kerlint.program.constants import text
from kerlint.program.events import Created, Load
from kerlint.program.values import Arguments, Class, Function, Layer, Model, Object, Unknown, Value

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
        return _without_compile(_copy(machine, described.args["model"], node))  # type: ignore[arg-type]
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
    model = arguments.get(0, "model")
    if not isinstance(model, Model) or model.cls is not None or len(arguments.positional) + len(arguments.keywords) > 1:
        return make_loaded(machine, "keras.models.clone_model", arguments, node)
    return _without_compile(_copy(machine, model, node))


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
