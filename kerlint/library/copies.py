"""Models made from others: loaded, cloned, or built anew from a description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import OWN_WEIGHTS
from kerlint.library.graphs import DATA, USED
from kerlint.library.models import COPIED, mark_copied, new_model
from kerlint.library.naming import NAME
from kerlint.library.objects import bind_arguments
from kerlint.program.constants import text
from kerlint.program.events import Created, Load
from kerlint.program.values import Arguments, Model, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: What a model is described by, for another one to be made from that.
DESCRIPTION = "keras.Model.description"
#: Where a description keeps that its content was used.
_OPENED = "opened"


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
    made = as_it_is(machine, model, node)
    machine.register(made)
    machine.emit(Created(node=node, model=made))
    return made


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
