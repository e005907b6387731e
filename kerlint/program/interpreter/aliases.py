"""Values that several names stand for: what changes in place changes under all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from kerlint import syntax
from kerlint.program.scope import Scope
from kerlint.program.values import Array, Instance, Mapping, Sequence, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: The dict and key of a place, and what it holds.
_Place: TypeAlias = "tuple[dict[Any, Any], Any, Any]"
#: Places that are looked at for one change.
MAX_PLACES = 5000
#: Containers in containers that are looked into.
_DEPTH = 2
_HOLDERS = frozenset({Instance, Sequence, Mapping})
#: Steps after which an array still shares its numbers with the one before.
_VIEWS = frozenset({"reshape", "T", "turned", "numpy", "to_numpy", "iloc", "loc", "columns", "filled", "overwritten"})


def rebind(machine: Machine, before: Value, after: Value) -> None:
    """A value is changed in place: every name and container that has it, in the callers too, has what it became."""
    _replace(machine, _places(machine, type(before)), {id(before): after})


def change_in_place(
    machine: Machine,
    before: Array,
    after: Array,
    node: syntax.Node,
    spoiled: Callable[[Array], Array] | None = None,
) -> None:
    """An array is changed in place, and with it what it may be a view of, and what may be a view of it.

    Args:
        spoiled: what the change makes of an array of which this is a part; else its values are not known.
    """
    if _says_nothing_new(before, after):
        return
    spoil = spoiled or (lambda array: array.overwritten(node))
    changes: dict[int, Array] = {id(before): after}
    wholes = [before]
    part = after
    while wholes[-1].parent is not None and is_view(wholes[-1]):
        wholes.append(wholes[-1].parent)
        changed = changes[id(wholes[-1])] = spoil(wholes[-1])
        # The view stays one.
        part.parent, part = changed, changed
    places = _places(machine, Array)
    found = _arrays(places)
    # `x[0] += 1` changes x, and all that shows it; a part with a name of its own stands for rows of its own.
    named = any(value is before for value in found)
    roots = {id(before)} if named else {id(whole) for whole in wholes}
    for value in found:
        root = _shown(value, roots) if id(value) not in changes else None
        if root is not None:
            changes[id(value)] = spoil(value)
            changes[id(value)].parent = changes[id(root)]
    _replace(machine, places, dict(changes))


def _says_nothing_new(before: Array, after: Array) -> bool:
    """Whether an array that has been written into is written into once more, and no more is known of it."""
    if not before.steps or not after.steps or {before.steps[-1].name, after.steps[-1].name} != {"overwritten"}:
        return False
    facts = ("shape", "dtype", "low", "high", "tight", "labels", "order")
    return before.low is None and before.high is None and all(getattr(before, f) == getattr(after, f) for f in facts)


def is_view(array: Array) -> bool:
    """Whether an array may share its numbers with the one that it was derived from."""
    if array.parent is None:
        return False
    return _VIEWS.issuperset([step.name for step in array.steps[len(array.parent.steps) :]])


def _shown(array: Array, roots: set[int]) -> Array | None:
    """Which of these an array may be a view of."""
    while array.parent is not None and is_view(array):
        array = array.parent
        if id(array) in roots:
            return array
    return None


def _replace(machine: Machine, places: list[_Place], changes: dict[int, Value]) -> None:
    write = machine.heap.write
    touched = changes.keys()
    for container, key, value in places:
        kind = type(value)
        if kind is tuple:
            if not touched.isdisjoint(map(id, value)):
                write(container, key, tuple([changes.get(id(item), item) for item in value]))
        elif kind is dict:
            if not touched.isdisjoint(map(id, value.values())):
                write(container, key, {name: changes.get(id(item), item) for name, item in value.items()})
        elif id(value) in touched:
            write(container, key, changes[id(value)])


def _arrays(places: list[_Place]) -> list[Array]:
    """The arrays that names, attributes of objects and containers stand for."""
    found: list[Array] = []
    for _, _, value in places:
        kind = type(value)
        if kind is Array:
            found.append(value)
        elif kind is tuple or kind is dict:
            parts = value if kind is tuple else value.values()
            found.extend([part for part in parts if type(part) is Array])
    return found


def _namespaces(machine: Machine) -> list[dict[str, Value]]:
    """The names that are in use: of the scopes around, of the callers, of other modules."""
    found: list[dict[str, Value]] = []
    seen: set[int] = set()
    others = (module.scope for module in machine.loaded.values())
    for start in (machine.scope, *(frame.caller for frame in machine.frames), *others):
        scope: Scope | None = start
        while scope is not None and id(scope) not in seen:
            seen.add(id(scope))
            found.append(scope.names)
            scope = scope.parent
    return found


def _places(machine: Machine, kind: type) -> list[_Place]:
    """The names that stand for values of a kind, and what is in the objects and containers that have names."""
    found: list[_Place] = []
    pending: list[tuple[Value, int]] = []
    for names in _namespaces(machine):
        for name, value in names.items():
            one = type(value)
            if one is kind:
                found.append((names, name, value))
            if one in _HOLDERS:
                pending.append((value, _DEPTH))
    seen: set[int] = set()
    left = MAX_PLACES
    while pending and left > 0:
        holder, depth = pending.pop()
        if id(holder) not in seen:
            seen.add(id(holder))
            places, inner = _inside(holder, kind)
            found.extend(places)
            left -= len(holder.state) if type(holder) is Instance else 1
            if depth > 0:
                pending.extend([(one, depth - 1) for one in inner])
    return found


def _inside(holder: Value, kind: type) -> tuple[list[_Place], list[Value]]:
    """The places in an object or container that hold values of a kind, and the objects and containers in it."""
    places: list[_Place] = []
    inner: list[Value] = []
    if type(holder) is Instance:
        state = holder.state
        for name, value in state.items():
            one = type(value)
            if one is tuple or one is dict:
                _look_into(state, name, value, kind, places, inner)
            elif one is kind:
                places.append((state, name, value))
            if one in _HOLDERS:
                inner.append(value)
    elif isinstance(holder, (Sequence, Mapping)):
        key = "items" if type(holder) is Sequence else "entries"
        _look_into(holder.state, key, holder.state[key], kind, places, inner)
    return places, inner


def _look_into(
    state: dict[str, Any], key: str, parts: Any, kind: type, places: list[_Place], inner: list[Value]
) -> None:
    """The same for the parts of a container."""
    values = parts if type(parts) is tuple else parts.values()
    # Most are long lists of numbers.
    kinds = set(map(type, values))
    if kind in kinds:
        places.append((state, key, parts))
    if not kinds.isdisjoint(_HOLDERS):
        inner.extend([part for part in (values[:100] if type(parts) is tuple else values) if type(part) in _HOLDERS])
