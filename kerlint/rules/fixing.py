"""How rules say what they want changed: in values and nodes. The edits are made in `kerlint.edits`.

Each function gives None where the change cannot be meant, and `draft` makes no fix of these.
New text is Python with double quotes; see `kerlint.edits.drafts` for what may stand in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kerlint import syntax
from kerlint.edits.drafts import (
    Begin,
    Callee,
    Drop,
    DropStep,
    Hoist,
    Insert,
    Parameter,
    Put,
    RenameAttribute,
    RenameKeyword,
    Replace,
    Swap,
    SwapLayers,
    SwapSteps,
    Unroll,
)
from kerlint.edits.drafts import Change as Change  # noqa: PLC0414
from kerlint.edits.drafts import Draft as Draft  # noqa: PLC0414
from kerlint.edits.drafts import draft as draft  # noqa: PLC0414
from kerlint.library.kinds import unwrapped
from kerlint.program.events import Compile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kerlint.library.contracts import Contract
    from kerlint.library.heads import Activation
    from kerlint.library.optimizers import Optimizer
    from kerlint.program.graph import Graph, Node


class Called(Protocol):
    """Something that a call with known arguments made: a layer, a callback, a training."""

    @property
    def node(self) -> syntax.Node | None:
        """The call."""

    @property
    def places(self) -> dict[str, syntax.Node]:
        """The expression of each argument."""


def put(made: Called | None, name: str, text: str, *, variable: bool = False) -> Change | None:
    """An argument gets a value; it is added if it is not there."""
    if made is None or not isinstance(made.node, syntax.Call):
        return None
    return Put(made.node, name, text, made.places.get(name), variable=variable)


def put_instead(made: Called, old: str, name: str, text: str) -> Change | None:
    """An argument takes the place of another one."""
    if not isinstance(made.node, syntax.Call) or old not in made.places or name in made.places:
        return None
    return Put(made.node, name, text, instead=old)


def drop(made: Called | None, name: str) -> Change | None:
    """An argument is left out."""
    if made is None or not isinstance(made.node, syntax.Call) or name not in made.places:
        return None
    return Drop(made.node, name, made.places[name])


def put_in_call(node: syntax.Node | None, name: str, text: str) -> Change | None:
    """A keyword is added to a call of something whose arguments are not bound."""
    return Put(node, name, text) if isinstance(node, syntax.Call) else None


def drop_in_call(node: syntax.Node | None, name: str) -> Change | None:
    """A keyword is taken out of a call of something whose arguments are not bound."""
    return Drop(node, name) if isinstance(node, syntax.Call) else None


def rename_keyword(node: syntax.Node | None, old: str, new: str) -> Change | None:
    """A keyword of a call under another name; its value and what stands around it stay."""
    if not isinstance(node, syntax.Call):
        return None
    names = [one.keyword for one in node.args if one.keyword in (old, new)]
    # Where the new one is there, too, nobody can say which of them is meant.
    return RenameKeyword(node, old, new) if names == [old] else None


def rename_attribute(node: syntax.Node | None, new: str) -> Change | None:
    """Another attribute of the same object."""
    return RenameAttribute(node, new) if isinstance(node, syntax.Attribute) else None


def replace(node: syntax.Node | None, text: str, *parts: syntax.Node, variable: bool = False) -> Change | None:
    """Another text in the place of a node."""
    return None if node is None else Replace(node, text, parts, variable)


def swap(left: syntax.Node | None, right: syntax.Node | None) -> Change | None:
    """Two nodes change places."""
    return None if left is None or right is None else Swap(left, right)


def swap_layers(left: Node, right: Node) -> Change | None:
    """Two layers of one model change places."""
    if left.layer is None or right.layer is None or left.layer.node is None or right.layer.node is None:
        return None
    return SwapLayers(left.layer.node, right.layer.node)


def swap_steps(call: syntax.Node | None) -> Change | None:
    """The last two calls of a chain change places."""
    return None if call is None else SwapSteps(call)


def drop_step(call: syntax.Node | None) -> Change | None:
    """A call is taken out of a chain."""
    return None if call is None else DropStep(call)


def begin(layer: syntax.Node | None, text: str, *parts: syntax.Node) -> Change | None:
    """Something comes before the first layer of a model."""
    return None if layer is None else Begin(layer, text, parts)


def hoist(node: syntax.Node, loop: syntax.Node) -> Change:
    """A statement is moved before the loop around it."""
    return Hoist(node, loop)


def unroll(node: syntax.Node | None) -> Change | None:
    """`[item] * n` becomes a comprehension."""
    return None if node is None else Unroll(node)


def insert_after(node: syntax.Node, text: str, *parts: syntax.Node) -> Change:
    """A statement after the one that a node stands in."""
    return Insert(node, text, "after", parts)


def begin_loop(loop: syntax.Node, text: str, *parts: syntax.Node) -> Change:
    """A statement at the beginning of a loop's body."""
    return Insert(loop, text, "first", parts)


def parameter(definition: syntax.Node, text: str) -> Change:
    """One more parameter of a function."""
    return Parameter(definition, text)


def operand(node: syntax.Node | None) -> syntax.Node | None:
    """The node, if something may be done with what it stands for."""
    return node if isinstance(node, _OPERANDS) else None


_OPERANDS = (syntax.Name, syntax.Attribute, syntax.Call, syntax.Subscript, syntax.BinaryOperation)


def key(node: syntax.Node, text: str) -> Change | None:
    """Another key in `container[key]`."""
    if isinstance(node, syntax.Subscript) and len(node.slice) == 1 and not isinstance(node.slice[0], syntax.Slice):
        return replace(node.slice[0], text)
    return None


def receiver(node: syntax.Node | None) -> syntax.Node | None:
    """What a method is called on, if it is a name."""
    if isinstance(node, syntax.Call) and isinstance(node.func, syntax.Attribute):
        return node.func.value if isinstance(node.func.value, (syntax.Name, syntax.Attribute)) else None
    return None


#: Layers whose `activation` is what they apply to their result.
_ACTIVATED = ("Dense", "EinsumDense", "Conv", "SeparableConv", "DepthwiseConv", "Activation")


def activation(found: Activation | None, name: str) -> Change | None:
    """Another activation, where it is an argument of a layer."""
    layer = unwrapped(found.node.layer) if found is not None and found.node.layer is not None else None
    if layer is None or "activation" not in layer.places or not layer.short.startswith(_ACTIVATED):
        return None
    return put(layer, "activation", f'"{name}"')


def activate(node: Node, name: str) -> Change | None:
    """An activation for a layer, whether it has one or not."""
    layer = unwrapped(node.layer) if node.layer is not None else None
    return put(layer, "activation", f'"{name}"') if layer is not None and layer.short.startswith(_ACTIVATED) else None


def are_made_alone(nodes: Iterable[Node], graph: Graph) -> bool:
    """Whether the calls that made these layers made no others of the model, as those in functions and classes may."""
    own = [node.layer for node in nodes if node.layer is not None]
    layers, calls = {id(layer) for layer in own}, {id(layer.node) for layer in own}
    others = (node.layer for node in graph.nodes if node.layer is not None and id(node.layer) not in layers)
    return not any(id(layer.node) in calls for layer in others)


def callee(made: Called | None, name: str) -> Change | None:
    """Another class with the same arguments."""
    return Callee(made.node, name) if made is not None and isinstance(made.node, syntax.Call) else None


_LOSSES = {
    "binary_crossentropy": "keras.losses.BinaryCrossentropy",
    "categorical_crossentropy": "keras.losses.CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "keras.losses.SparseCategoricalCrossentropy",
}


def loss(contract: Contract, function: str) -> Change | None:
    """Another loss, where it is a string in `compile` or an object with none but common arguments."""
    event, found = contract.event, contract.loss
    if "identifier" in found.value.state:
        given = event.places.get("loss") if isinstance(event, Compile) else None
        return replace(given, f'"{function}"') if syntax.is_string(given) else None
    common = found.value.args.keys() <= {"from_logits", "reduction", "name"}
    if not isinstance(found.value.node, syntax.Call) or not common or found.value.open:
        return None
    return Callee(found.value.node, _LOSSES[function])


def rate(optimizer: Optimizer, value: float) -> Change | None:
    """Another learning rate, where one is written."""
    text = {1e-2: "1e-2", 1e-3: "1e-3"}.get(value, f"{value:g}")
    return put(optimizer.value, "learning_rate", text) if optimizer.given else None


def all_of(changes: Sequence[Change | None]) -> tuple[Change | None, ...]:
    """The changes for several places, each place once: loops and functions make several things at one."""
    return tuple(dict.fromkeys(changes))
