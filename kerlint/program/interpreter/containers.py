"""Changes of lists and dicts, kept from growing without end or holding themselves, and a dict's unknown entry."""

from __future__ import annotations

from typing import Any

import libcst as cst

from kerlint.program.alternatives import one_of
from kerlint.program.constants import NOTHING
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import MAX_DEPTH, MAX_WEIGHT, Array, Gap, Mapping, Sequence, Tensor, Unknown, Value, extent

#: Containers looked at when asking whether one holds another.
_MAX_LOOKED_AT = 1000


def set_items(machine: Machine, receiver: Sequence, items: tuple[Value, ...]) -> None:
    """Gives a list new items."""
    weight, depth = extent(items)
    if weight > MAX_WEIGHT or depth > MAX_DEPTH or any(holds(item, receiver) for item in items):
        items, weight, depth = (Gap(node=receiver.node),), 2, 1
    elif items and not isinstance(items[-1], (Unknown, Gap, Array, Tensor)):
        machine.filled += 1
    machine.heap.write(receiver.state, "items", items)
    machine.heap.write(receiver.state, "weight", weight)
    machine.heap.write(receiver.state, "depth", depth)


def set_entries(machine: Machine, receiver: Mapping, entries: dict[Any, Value]) -> None:
    """Gives a dict new entries."""
    weight, depth = extent(entries.values())
    if weight > MAX_WEIGHT or depth > MAX_DEPTH or any(holds(item, receiver) for item in entries.values()):
        entries, weight, depth = {}, 1, 1
        machine.heap.write(receiver.state, "open", True)
    else:
        machine.filled += 1
    machine.heap.write(receiver.state, "entries", entries)
    machine.heap.write(receiver.state, "weight", weight)
    machine.heap.write(receiver.state, "depth", depth)


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


def some_entry(receiver: Mapping, key: Any, node: cst.CSTNode) -> Value:
    """The entry of a key that is not known, where all entries are arrays of one shape: a table of encoded labels."""
    entries = list(receiver.entries.values())
    if key is NOTHING and not receiver.open and entries and all(isinstance(entry, Array) for entry in entries):
        found = one_of(entries, node)
        if isinstance(found, Array):
            return found.derive(node, values=None, parent=None)
    return Unknown("dict entry", node=node)
