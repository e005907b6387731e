"""Changes of lists and dicts, kept from growing without end or holding themselves, and a dict's unknown entry."""

from __future__ import annotations

from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.constants import NOTHING
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import (
    MAX_DEPTH,
    MAX_WEIGHT,
    Array,
    Const,
    Gap,
    Instance,
    Layer,
    Mapping,
    Model,
    Sequence,
    Tensor,
    Unknown,
    Value,
    extent,
    list_of,
)

#: Containers looked at when asking whether one holds another.
_MAX_LOOKED_AT = 1000
#: In the state of a list: the loops that have filled it (`runs.py`), or that something else has.
RUNS, MIXED = "runs", "mixed"
#: In the state of a dict that is the `__dict__` of an object: that object.
ATTRIBUTES_OF = "attributes of"


def set_items(
    machine: Machine, receiver: Sequence, items: tuple[Value, ...], runs: dict[object, object] | None = None
) -> None:
    """Gives a list new items; `runs` says what has filled it (`runs.py`)."""
    weight, depth = extent(items)
    if weight > MAX_WEIGHT or depth > MAX_DEPTH or any(holds(item, receiver) for item in items):
        items, weight, depth = (Gap(node=receiver.node),), 2, 1
    elif items and isinstance(items[-1], Tensor):
        # Each pass of the loop that does so adds to a graph: `outputs.append(cell(x))`.
        machine.built += 1
    elif items and not isinstance(items[-1], (Unknown, Gap, Array)):
        machine.filled += 1
    machine.heap.write(receiver.state, "items", items)
    machine.heap.write(receiver.state, "weight", weight)
    machine.heap.write(receiver.state, "depth", depth)
    if runs or RUNS in receiver.state:
        machine.heap.write(receiver.state, RUNS, runs or ({MIXED: True} if items else {}))


def set_entries(machine: Machine, receiver: Mapping, entries: dict[Any, Value], *, is_open: bool | None = None) -> None:
    """Gives a dict new entries; `is_open` says whether there may be others, None that this stays as it was."""
    weight, depth = extent(entries.values())
    if weight > MAX_WEIGHT or depth > MAX_DEPTH or any(holds(item, receiver) for item in entries.values()):
        entries, weight, depth, is_open = {}, 1, 1, True
    else:
        machine.filled += 1
    of = receiver.state.get(ATTRIBUTES_OF)
    if of is not None:
        _set_attributes(machine, of, receiver, entries, is_open=bool(is_open))
    if is_open is not None:
        machine.heap.write(receiver.state, "open", is_open)
    machine.heap.write(receiver.state, "entries", entries)
    machine.heap.write(receiver.state, "weight", weight)
    machine.heap.write(receiver.state, "depth", depth)


def _set_attributes(
    machine: Machine, instance: Instance, before: Mapping, entries: dict[Any, Value], *, is_open: bool
) -> None:
    """The `__dict__` of an object is given new entries: they are its attributes."""
    from kerlint.program.interpreter.fields import forget_attributes

    if is_open:
        forget_attributes(machine, instance, before.node)
    for name in before.entries:
        if name not in entries:
            machine.heap.delete(instance.state, name)
    for name, value in entries.items():
        if before.entries.get(name) is not value:
            machine.heap.write(instance.state, name, value)


def forget_entries(machine: Machine, receiver: Mapping) -> None:
    """Nothing is known of the entries any more."""
    set_entries(machine, receiver, {}, is_open=True)


def overlaid(entries: dict[Any, Value], other: Value | None) -> tuple[dict[Any, Value], bool]:
    """Entries after `update` with something else, and whether it may have brought others."""
    if other is None:
        return dict(entries), False
    if isinstance(other, Mapping) and not other.open:
        return {**entries, **other.entries}, False
    # What is not known of it may have replaced any.
    hidden = {key: Unknown("may be replaced", node=value.node) for key, value in entries.items()}
    return {**hidden, **(other.entries if isinstance(other, Mapping) else {})}, True


def set_of(items: tuple[Value, ...], node: syntax.Node | None) -> Sequence:
    """A new set: each item once, if it is known which are the same."""
    found: dict[object, Value] = {}
    are_numbers = True
    for item in items:
        if isinstance(item, Const) and not item.assumed:
            found.setdefault(item.value, item)
            are_numbers = are_numbers and isinstance(item.value, (int, float))
        elif isinstance(item, (Layer, Model, Instance)):
            found.setdefault(item, item)
            are_numbers = False
        else:
            return list_of((Gap(node=node),), "set", node)
    # Python has numbers in the same order each time.
    order = [found[key] for key in set(found)] if are_numbers else list(found.values())
    return list_of(order, "set", node)


def forget_items(machine: Machine, receiver: Sequence) -> None:
    """Nothing is known of the items any more."""
    set_items(machine, receiver, (Gap(node=receiver.node),))


def holds(value: Value, wanted: Sequence | Mapping) -> bool:
    """Whether a container is, or (at any depth) holds, another; True if that takes too long to say."""
    if not isinstance(value, (Sequence, Mapping)):
        return False
    pending: list[Value] = [value]
    looked_at = 0
    while pending:
        current = pending.pop()
        if current is wanted:
            return True
        looked_at += 1
        if looked_at > _MAX_LOOKED_AT:
            return True
        inside = current.items if isinstance(current, Sequence) else current.entries.values()  # type: ignore[attr-defined]
        pending.extend(item for item in inside if isinstance(item, (Sequence, Mapping)))
    return False


def some_entry(receiver: Mapping, key: Any, node: syntax.Node) -> Value:
    """The entry of a key that is not known, where all entries are arrays of one shape: a table of encoded labels."""
    entries = list(receiver.entries.values())
    if key is NOTHING and not receiver.open and entries and all(isinstance(entry, Array) for entry in entries):
        found = one_of(entries, node)
        if isinstance(found, Array):
            return found.derive(node, values=None, parent=None)
    return Unknown("dict entry", node=node)
