"""Data that a model is trained on, and the layers that read it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from kerlint import syntax
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.defaults import DATA
from kerlint.library.heads import heads
from kerlint.library.imaging import SOURCE
from kerlint.library.kinds import (
    AUGMENTATION_PREFIXES,
    NOISE,
    NORMALIZATION,
    PARAMETRIC,
    POOLING,
    RESHAPING,
    is_parametric,
    own_activation,
    pure_activation,
    unwrapped,
)
from kerlint.library.optimizers import Optimizer, read_optimizer
from kerlint.library.preprocessing import LOADERS
from kerlint.program.events import Compile, Event, Fit, Forward, Scaled, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node
from kerlint.program.values import Array, Dataset, Mapping, OneOf, Sequence, Unknown, Value
from kerlint.records import dataclass

#: Steps that leave the scale of the values as it is.
_KEEPING = NOISE | RESHAPING | POOLING
_KEEPING_FUNCTIONS = frozenset({"cast", "reshape", "expand_dims", "squeeze", "transpose", "identity", "flatten"})
_IMAGES = frozenset(data.name for data in DATA.values() if data.is_image)
_IMAGE_LOADERS = frozenset(name for name in LOADERS if "image" in name) | {SOURCE}


@dataclass(frozen=True, eq=False, slots=True)
class Feed:
    """Data that goes into a model which is trained on it.

    Args:
        kernels: the layers with a kernel that read it before anything scales it.
        compile: the compile in force; None in a hand-written loop, or if it is not known.
    """

    event: Fit | Forward
    array: Array
    place: syntax.Node | None
    graph: Graph
    kernels: tuple[Node, ...]
    compile: Compile | None

    @property
    def scale(self) -> dict[str, Any]:
        """The range of the values, as an experiment is told."""
        array = self.array
        columns = [[float(low), float(high)] for low, high in array.columns] if array.columns is not None else None
        return {"low": array.low, "high": array.high, "tight": array.tight, "columns": columns}

    @property
    def key(self) -> tuple[int, int]:
        """Tells the same data into the same layer from other data: training calls may repeat."""
        return id(self.array.origin), id(self.kernels[0].place)

    @property
    def normalised(self) -> bool:
        """Whether a normalisation reads what the first layers give, and takes a common scale out again."""
        return all(_is_normalised(node) for node in self.kernels)

    @property
    def optimizer(self) -> Optimizer | None:
        """What trains the model, if it is known."""
        return read_optimizer(self.compile.optimizer, self.compile) if self.compile is not None else None


def feeds(program: Program) -> Iterator[Feed]:
    """Known data that reaches a kernel unscaled, for each training call and each forward pass of a training loop."""
    for event in program.events:
        if isinstance(event, Fit):
            value, place = inputs_of(event), event.places.get("x") or event.places.get("generator") or event.node
            compiled = event.compile
        elif isinstance(event, Forward) and event.in_tape:
            value, place, compiled = event.inputs, event.node, None
        else:
            continue
        array = as_data(value)
        graph = event.snapshot.graph
        kernels = first_kernels(graph)
        if array is not None and kernels:
            yield Feed(event, array, place, graph, kernels, compiled)


def made_at(program: Program, array: Array, event: Event) -> syntax.Node | None:
    """The variable that data was given to last before an event: a place where it can still be scaled.

    What a training is given on the spot (`fit(x[..., None], y)`) was a variable before, or is part of a dataset.
    """
    for version in array.history():
        found = program.bound_before(version, event)
        if found is not None:
            return found
    return program.bound_before(event.x, event) if isinstance(event, Fit) else None


def loaded_at(program: Program, array: Array, event: Event) -> syntax.Node | None:
    """The variable that data was given to first: where it was loaded."""
    for version in reversed(list(array.history())):
        found = program.bound_before(version, event)
        if found is not None:
            return found
    return made_at(program, array, event)


def first_kernels(graph: Graph) -> tuple[Node, ...]:
    """The layers with a kernel that read the only input as it is.

    Empty where a step on the way scales the data, makes something else of it (an embedding) or is not
    understood.
    """
    starts = [node for node in graph.nodes if node.kind == "input"]
    pending = list(starts[0].consumers) if len(starts) == 1 else []
    found: dict[int, Node] = {}
    while pending:
        node = pending.pop()
        if _is_born_trained(node):
            # Its weights fit the range that they were trained on.
            return ()
        if _has_kernel(node):
            found[id(node)] = node
        elif keeps_scale(node):
            pending.extend(node.consumers)
        else:
            return ()
    return tuple(found.values())


def _has_kernel(node: Node) -> bool:
    return is_parametric(node) or (node.layer is not None and unwrapped(node.layer).short in PARAMETRIC)


def _is_born_trained(node: Node) -> bool:
    """Whether a layer is one of a model of `keras.applications` that comes with its weights."""
    given = node.layer.state.get("pretrained") if node.layer is not None else None
    return given is not None and node.layer is not None and given.node is node.layer.node


def keeps_scale(node: Node) -> bool:
    """Whether a step leaves the values in their range, as far as rules on scaling care."""
    if node.kind == "function":
        return node.short in _KEEPING_FUNCTIONS and len(node.inputs) == 1
    if node.kind != "layer" or len(node.inputs) != 1:
        return False
    return node.short in _KEEPING or node.short.startswith(AUGMENTATION_PREFIXES)


def _is_normalised(node: Node) -> bool:
    """Whether the output of a layer goes into a normalisation and nowhere else."""
    linear = node.layer is not None and own_activation(unwrapped(node.layer)) == "linear"
    return linear and bool(node.consumers) and all(reader.short in NORMALIZATION for reader in node.consumers)


def is_pixels(array: Array) -> bool:
    """Whether the values are certainly those of images, from 0 to 255."""
    if array.noise or array.low != 0 or array.high not in (254, 255, 256):
        return False
    if not array.tight and (array.source not in _IMAGES or array.dtype != "uint8"):
        # A part of some images has the bytes of images, too.
        return False
    made = array.source in _IMAGES or array.source in _IMAGE_LOADERS or "ImageDataGenerator" in array.source
    return made or (array.rank is not None and array.rank >= 3)


def has_hidden_nonlinearity(graph: Graph) -> bool:
    """Whether a known activation stands before the last layer with a kernel."""
    ends: set[int] = set()
    for head in heads(graph):
        if head is None:
            return False
        ends.update(id(activation.node) for activation in head.activations)
        ends.add(id(head.node))
    return any(id(node) not in ends and _activates(node) for node in graph.nodes)


def _activates(node: Node) -> bool:
    name = pure_activation(node)
    if name is None and _has_kernel(node) and node.layer is not None:
        name = own_activation(unwrapped(node.layer))
    return name not in (None, "", "linear")


def unused_scaling(program: Program, feed: Feed) -> Scaled | None:
    """A scaled version of the same data that was made before, while only the unscaled one is ever used with a model."""
    history = {id(array) for array in feed.array.history()}
    made = [event for event in program.all(Scaled) if event.order < feed.event.order]
    if any(id(event.after) in history for event in made):
        return None
    candidates = [
        event for event in made if id(event.before) in history and not _is_overwritten(feed.array, event.before)
    ]
    used = _used(program) if candidates else None
    if used is None:
        return None
    return next((event for event in candidates if id(event.after) not in used), None)


def _is_overwritten(array: Array, before: Array) -> bool:
    """Whether numbers were set in place since an earlier version of an array: it may be scaled by now."""
    for version in array.history():
        if version is before:
            return False
        if version.steps and version.steps[-1].name == "overwritten":
            return True
    return False


def _used(program: Program) -> set[int] | None:
    """All inputs that models get, with all that they were derived from; None if those of a training are not known."""
    found: set[int] = set()
    for event in program.events:
        values: list[Value | None] = []
        if isinstance(event, Fit):
            validation = event.validation
            values = [inputs_of(event), validation.items[0] if _is_pair(validation) else validation]
            if isinstance(values[0], Unknown) or values[0] is None:
                return None
        elif isinstance(event, Use):
            values = [event.args.get("x"), event.args.get("generator")]
        elif isinstance(event, Forward):
            values = [event.inputs]
        for value in values:
            found.update(id(array) for made in _arrays_in(value) for array in made.history())
    return found


def _is_pair(value: Value | None) -> TypeGuard[Sequence]:
    return isinstance(value, Sequence) and value.kind == "tuple" and bool(value.items)


def _arrays_in(value: Value | None) -> Iterator[Array]:
    """The arrays of a structure."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Dataset):
        yield from _arrays_in(value.element)
    elif isinstance(value, (Sequence, OneOf, Mapping)):
        parts: Iterable[Value] = value.entries.values() if isinstance(value, Mapping) else ()
        if isinstance(value, OneOf):
            parts = value.options
        elif isinstance(value, Sequence):
            parts = value.items
        for part in parts:
            yield from _arrays_in(part)
