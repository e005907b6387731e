"""How many weights a layer or model holds, with everything inside it, and how many of them training changes."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.library.calling import OWN_WEIGHTS
from kerlint.library.layers import weights_of
from kerlint.library.shapes import UNKNOWN_WEIGHTS, Weights
from kerlint.library.shapes.base import volume, whole
from kerlint.library.variables import TRACKED, is_trained, variables_in
from kerlint.program.constants import truth
from kerlint.program.graph import tensors_in
from kerlint.program.values import Gap, Layer, Mapping, Model, Object, OneOf, Sequence, Tensor, Unknown, Value
from kerlint.records import dataclass

#: Layers whose weights belong to layers inside, which do not hear of `trainable=False` where the outer one is made.
_COMPOSED = frozenset(
    """Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GroupQueryAttention MultiHeadAttention RNN SpectralNormalization
    TimeDistributed""".split()
)
#: The argument of layers that have no weights but those of another layer, which the program may hold as well.
_WRAPPED = {"RNN": "cell", "TimeDistributed": "layer"}


@dataclass(frozen=True, slots=True)
class Part:
    """A library layer or a variable inside something larger: what holds the weights in the end.

    Args:
        key: tells the layer that holds the weights.
        held: the layers that it was given, whose weights are among its own.
    """

    key: int
    weights: Weights
    held: tuple[Layer, ...] = ()


def weights_inside(made: Layer | Model) -> Weights:
    """All weights of a layer or model, each once, as Keras counts them now."""
    total = weights_of_parts(made)
    return Weights(0, total.total) if is_frozen(made) else total


def weights_of_parts(made: Layer | Model) -> Weights:
    """The same as something around it counts them: what is frozen as a whole may have parts that are not."""
    found: dict[int, Weights] = {}
    held_by: dict[int, int] = {}
    total = Weights()
    for part in parts(made):
        known = found.get(part.key)
        if known is None or known == UNKNOWN_WEIGHTS:
            found[part.key] = part.weights
        elif part.weights not in (known, UNKNOWN_WEIGHTS):
            found[part.key] = UNKNOWN_WEIGHTS
        # What is shared in another way is not told apart.
        for layer in (part.key, *map(id, part.held)):
            if held_by.setdefault(layer, part.key) != part.key:
                total = UNKNOWN_WEIGHTS
    for weights in found.values():
        total = total + weights
    return total


def is_frozen(made: Value) -> bool | None:
    """Whether `trainable` is False; None if that is not known."""
    if not isinstance(made, (Layer, Model, Object)):
        return False
    value = made.state.get("trainable")
    if value is None:
        value = made.args.get("trainable")
    if value is None:
        return False
    known = truth(value) if isinstance(value, Value) else None
    return None if known is None else not known


def parts(made: Value) -> Iterator[Part]:
    """Everything inside that holds weights; what is shared may come twice, with one key."""
    pending: list[object] = [made]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Layer) and item.cls is None:
            frozen = is_frozen(item) if item.short not in _COMPOSED or "trainable" in item.state else False
            yield Part(id(_holder(item)), _flagged(_thawed(item) or UNKNOWN_WEIGHTS, frozen), tuple(_held(item)))
        elif isinstance(item, (Layer, Model)):
            inner = list(inside(item))
            if isinstance(item, Layer) and _derives_from_a_layer_with_weights(item):
                yield Part(id(item), UNKNOWN_WEIGHTS)
            if not inner and isinstance(item, Model) and item.kind in ("loaded", "application"):
                yield Part(id(item), UNKNOWN_WEIGHTS)
            pending.extend(reversed(inner))
        elif isinstance(item, Tensor):
            yield _variable_part(item)
        elif isinstance(item, (Gap, OneOf, Unknown)):
            yield Part(id(item), UNKNOWN_WEIGHTS)


def _holder(layer: Layer) -> Layer:
    """The layer that holds the weights of one: the cell of an `RNN`, the layer that `TimeDistributed` repeats."""
    given = layer.args.get(_WRAPPED.get(layer.short, ""))
    plain = isinstance(given, Layer) and given.cls is None and weights_of(given) in (None, weights_of(layer))
    return given if plain and isinstance(given, Layer) else layer


def _held(layer: Layer) -> Iterator[Layer]:
    """The layers in the arguments of a layer, at any depth, but for those that it copies."""
    if layer.short == "Bidirectional":
        return
    for value in layer.args.values():
        for item in tracked(value) if isinstance(value, (Layer, Sequence)) else ():
            if isinstance(item, Layer):
                yield item
                if item.cls is None:
                    yield from _held(item)


def _derives_from_a_layer_with_weights(layer: Layer) -> bool:
    """Whether the class of a layer derives from another than the base of all."""
    bases = layer.cls.external_bases() if layer.cls is not None else []
    return any(base.startswith("keras.layers.") and base != "keras.layers.Layer" for base in bases)


def _thawed(layer: Layer) -> Weights | None:
    """The weights of a layer; frozen and thawed again, the kernel that `lora_rank` froze is trained, too."""
    weights = weights_of(layer)
    if weights is None or "trainable" not in layer.state or not whole(layer.args.get("lora_rank")):
        return weights
    return Weights(weights.total, 0)


def _flagged(weights: Weights, frozen: bool | None) -> Weights:
    if frozen is None:
        return weights if weights.total == 0 else UNKNOWN_WEIGHTS
    return Weights(0, weights.total) if frozen else weights


def _variable_part(variable: Tensor) -> Part:
    if variable.op.name == "tensorflow.Variable" and TRACKED not in variable.op.args:
        # Keras 3 does not track it, and counts only its own.
        return Part(id(variable.op), Weights())
    size = volume(variable.shape) if variable.shape is not None else None
    trained = is_trained(variable)
    if trained is None:
        return Part(id(variable.op), UNKNOWN_WEIGHTS)
    return Part(id(variable.op), Weights(size, 0) if trained else Weights(0, size))


def inside(made: Layer | Model) -> Iterator[Value]:
    """The layers, models and variables right inside, in the order in which Keras lists them."""
    if isinstance(made, Model) and made.kind == "sequential" and "layers" in made.state:
        yield from (item for item in made.state["layers"] if not is_input(item))
    elif isinstance(made, Model) and "outputs" in made.state:
        yield from graph_layers(made)
    yield from attributes(made)


def is_input(item: Value) -> bool:
    """Whether an item of a sequential model is its input and no layer of `model.layers`."""
    return isinstance(item, Tensor) or (isinstance(item, Layer) and item.short == "InputLayer")


def graph_layers(model: Model) -> Iterator[Value]:
    """The layers and models that a functional model is made of; a gap for a step that is not understood."""
    pending = [tensor for tensor in tensors_in(model.state.get("outputs")) if tensor is not None]
    stop = {id(tensor.op) for tensor in tensors_in(model.state.get("inputs")) if tensor is not None}
    seen: set[int] = set()
    found: list[Value] = []
    while pending:
        op = pending.pop().op
        if id(op) in seen or (id(op) in stop and op.kind != "layer"):
            continue
        seen.add(id(op))
        if op.layer is not None:
            found.append(op.layer)
        elif op.kind == "gap":
            found.append(Gap(node=op.node))
        elif op.kind == "variable":
            continue
        if id(op) not in stop:
            pending.extend(op.inputs)
    yield from reversed(found)


def attributes(made: Layer | Model) -> Iterator[Value]:
    """The layers, models and variables that attributes of an object of the program hold, in order of assignment."""
    yield from made.state.get(OWN_WEIGHTS, ())
    for name, value in made.state.items():
        if name.startswith("."):
            yield from tracked(value)


def tracked(value: object) -> Iterator[Value]:
    """The layers, models and variables in a structure."""
    if isinstance(value, (Layer, Model)):
        yield value
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from tracked(item.element if isinstance(item, Gap) else item)
            if isinstance(item, Gap) and isinstance(item.element, (Layer, Model)):
                yield item
    elif isinstance(value, Mapping):
        for item in value.entries.values():
            yield from tracked(item)
    elif isinstance(value, OneOf) and any(isinstance(option, (Layer, Model)) for option in value.options):
        yield value
    else:
        yield from variables_in(value)
