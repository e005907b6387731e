"""Values that several names stand for: what changes in place changes under all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import libcst as cst

from kerlint.program.scope import Scope
from kerlint.program.values import Array, Instance, Mapping, Mutable, Sequence, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Places that are looked at for one change.
MAX_PLACES = 5000
#: Containers in containers that are looked into.
_DEPTH = 2
#: Steps after which an array still shares its numbers with the one before.
_VIEWS = frozenset({"reshape", "T", "turned", "numpy", "to_numpy", "iloc", "loc", "columns", "filled", "overwritten"})


def rebind(machine: Machine, before: Value, after: Value) -> None:
    """A value is changed in place: every name and container that has it, in the callers too, has what it became."""
    _replace(machine, {id(before): after})


def change_in_place(
    machine: Machine,
    before: Array,
    after: Array,
    node: cst.CSTNode,
    spoiled: Callable[[Array], Array] | None = None,
) -> None:
    """An array is changed in place, and with it what it may be a view of, and what may be a view of it.

    Args:
        spoiled: what the change makes of an array of which this is a part; else its values are not known.
    """
    spoil = spoiled or (lambda array: array.overwritten(node))
    changes: dict[int, Value] = {id(before): after}
    wholes = [before]
    part = after
    while wholes[-1].parent is not None and is_view(wholes[-1]):
        wholes.append(wholes[-1].parent)
        changed = spoil(wholes[-1])
        changes[id(wholes[-1])] = changed
        # The view stays one.
        part.parent, part = changed, changed
    found = [value for _, _, value in _places(machine) if isinstance(value, Array)]
    # `x[0] += 1` changes x, and all that shows it; a part with a name of its own stands for rows of its own.
    roots = {id(before)} if any(value is before for value in found) else {id(whole) for whole in wholes}
    for value in found:
        root = _shown(value, roots) if id(value) not in changes else None
        if root is not None:
            spoilt = spoil(value)
            changed_root = changes[id(root)]
            spoilt.parent = changed_root if isinstance(changed_root, Array) else None
            changes[id(value)] = spoilt
    _replace(machine, changes)


def is_view(array: Array) -> bool:
    """Whether an array may share its numbers with the one that it was derived from."""
    if array.parent is None:
        return False
    new = array.steps[len(array.parent.steps) :]
    return all(step.name in _VIEWS for step in new)


def _shown(array: Array, roots: set[int]) -> Array | None:
    """What of these an array may be a view of."""
    while array.parent is not None and is_view(array):
        array = array.parent
        if id(array) in roots:
            return array
    return None


def _replace(machine: Machine, changes: dict[int, Value]) -> None:
    for state, key, value in list(_places(machine)):
        if isinstance(value, tuple):
            if any(id(item) in changes for item in value):
                machine.heap.write(state, key, tuple(changes.get(id(item), item) for item in value))
        elif isinstance(value, dict):
            if any(id(item) in changes for item in value.values()):
                machine.heap.write(state, key, {name: changes.get(id(item), item) for name, item in value.items()})
        elif id(value) in changes:
            machine.heap.write(state, key, changes[id(value)])


def _places(machine: Machine) -> Iterator[tuple[dict[Any, Any], Any, Any]]:
    """Where values are kept: names, attributes of objects, items of lists and dicts (as one value each)."""
    seen: set[int] = set()
    left = MAX_PLACES
    pending: list[tuple[Value, int]] = []
    for start in (machine.scope, *(frame.caller for frame in machine.frames)):
        scope: Scope | None = start
        while scope is not None and id(scope) not in seen:
            seen.add(id(scope))
            for name, value in scope.names.items():
                yield scope.names, name, value
                left -= 1
                if isinstance(value, (Instance, Sequence, Mapping)):
                    pending.append((value, _DEPTH))
            scope = scope.parent
    while pending and left > 0:
        holder, depth = pending.pop()
        if id(holder) in seen:
            continue
        seen.add(id(holder))
        for state, key, value in _inside(holder):
            yield state, key, value
            left -= 1
            if depth > 0 and not isinstance(value, Array):
                pending.extend((item, depth - 1) for item in _held(value))


def _inside(holder: Value) -> Iterator[tuple[dict[Any, Any], Any, Any]]:
    if isinstance(holder, Instance):
        yield from ((holder.state, name, value) for name, value in holder.state.items())
    elif isinstance(holder, Sequence):
        yield holder.state, "items", holder.items
    elif isinstance(holder, Mapping):
        yield holder.state, "entries", holder.entries


def _held(value: Any) -> Iterator[Value]:
    """Containers in what a place holds."""
    parts = value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else (value,)
    for part in parts[:100] if isinstance(parts, tuple) else parts:
        if isinstance(part, Mutable) and isinstance(part, (Instance, Sequence, Mapping)):
            yield part
