"""Classes of the program that give batches: `PyDataset`, which was called `Sequence`, as the dataset that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.library.trying import trying
from kerlint.program.constants import integer
from kerlint.program.values import (
    Arguments,
    Array,
    Dataset,
    Function,
    Instance,
    Mapping,
    Sequence,
    Transform,
    Unknown,
    Value,
    list_of,
    mapping_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

SOURCE = "keras.utils.PyDataset"
#: What a class that gives batches derives from.
_BASES = frozenset({SOURCE})
#: Nested structures deeper than this are no batch.
_DEPTH = 4


def is_batches(value: Value | None) -> bool:
    """Whether this is an object of a class of the program that gives batches."""
    if not isinstance(value, Instance) or not value.cls.knows_its_bases() or value.cls.decorators:
        return False
    bases = set(value.cls.external_bases()) - {"builtins.object"}
    return bool(bases & _BASES) and bases <= _BASES


def as_dataset(machine: Machine, value: Value | None) -> Value | None:
    """The batches of such an object as a dataset of a known number of elements; anything else as it is."""
    if not isinstance(value, Instance) or not is_batches(value):
        return value
    parts = tuple(value.state.values())
    key = id(value), tuple(map(id, parts))
    known = machine.batches.get(key)
    if known is None:
        # With what the key is made of, so that their identities stay their own.
        known = machine.batches[key] = ((value, *parts), _dataset(machine, value))
    return known[1]


def _dataset(machine: Machine, value: Instance) -> Value:
    given = _call(machine, value, "__getitem__", Unknown("index"))
    element = _batch(given, 0) if given is not None else None
    if element is None:
        return value
    length = integer(_call(machine, value, "__len__"))
    # What follows the first batch is another part of the data.
    steps = (Transform("batch", {}, node=value.node),)
    return Dataset(SOURCE, {"object": value}, element, steps, length, node=value.node)


def _call(machine: Machine, value: Instance, name: str, *given: Value) -> Value | None:
    """What a method returns; None if that is not known."""
    from kerlint.program.interpreter.calls import follow

    method = value.cls.lookup(name)
    if not isinstance(method, Function) or method.decorators or method.node is None:
        return None
    place = method.node
    returned: Value | None = None
    with trying(machine, assumed=machine.assumed) as trial:
        returned = follow(machine, method, Arguments([(one, place) for one in given]), place, receiver=value)
    return returned if trial.finished else None


def _batch(value: Value, depth: int) -> Value | None:
    """A batch without what only holds for the data as a whole: its order; None if its structure is not known."""
    if depth > _DEPTH:
        return None
    if isinstance(value, Array):
        return value.derive(value.node, order=None, values=None) if value.order or value.values is not None else value
    if isinstance(value, Sequence):
        items = [_batch(item, depth + 1) for item in value.exact or ()]
        known = [item for item in items if item is not None]
        # Keras takes a list of inputs and targets as if it were a tuple.
        kind = value.kind if depth else "tuple"
        return list_of(known, kind, value.node) if items and len(known) == len(items) else None
    if isinstance(value, Mapping):
        parts = {name: _batch(item, depth + 1) for name, item in value.entries.items()}
        found = {name: item for name, item in parts.items() if item is not None}
        return mapping_of(found, node=value.node) if not value.open and found and len(found) == len(parts) else None
    return value if depth else None
