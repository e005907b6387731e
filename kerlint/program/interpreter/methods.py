"""The methods of strings, lists and dicts."""

from __future__ import annotations

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.interpreter.builtins import constants_of, spread
from kerlint.program.interpreter.containers import forget_entries, forget_items, overlaid, set_entries, set_items
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.operators import MAX_LENGTH
from kerlint.program.interpreter.runs import note_append
from kerlint.program.values import (
    LOGS,
    Arguments,
    Const,
    Gap,
    Mapping,
    Sequence,
    Unknown,
    Value,
    list_of,
    mapping_of,
    tuple_of,
)

#: Methods after which a list or set does not hold what it held, in the order in which it did.
_CHANGING = frozenset(
    """add appendleft difference_update discard extendleft insert intersection_update pop popleft remove rotate sort
    symmetric_difference_update update""".split()
)


def call_method(machine: Machine, receiver: Value, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """The result of a method of a value that has no class in the program."""
    if isinstance(receiver, Sequence):
        return _sequence_method(machine, receiver, name, arguments, node)
    if isinstance(receiver, Mapping):
        return _mapping_method(machine, receiver, name, arguments, node)
    if isinstance(receiver, Const):
        return _string_method(receiver, name, arguments, node)
    return machine.library.method(machine, receiver, name, arguments, node)


def _sequence_method(machine: Machine, receiver: Sequence, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    items = receiver.items
    first = arguments.get(0)
    changed: tuple[Value, ...] | None = None
    runs: dict[object, object] = {}
    result: Value = Const(None, node=node)
    if name == "append" and first is not None:
        changed = (*items, first)
        runs = note_append(machine, receiver, first, node) if machine.loops else {}
    elif name == "extend":
        changed = (*items, *spread(machine, first, node))
    elif name == "insert" and constant(first) == 0 and len(arguments.positional) == 2:
        changed = (arguments.positional[1][0], *items)
    elif name == "pop" and first is None and items and not isinstance(items[-1], Gap):
        changed, result = items[:-1], items[-1]
    elif name in ("insert", "pop") and receiver.exact is not None and isinstance(constant(first), int):
        moved, position = list(items), int(constant(first))
        if name == "insert" and len(arguments.positional) == 2:
            moved.insert(position, arguments.positional[1][0])
        elif name == "pop" and receiver.kind == "list" and -len(moved) <= position < len(moved):
            result = moved.pop(position)
        else:
            forget_items(machine, receiver)
            return Unknown(name, node=node)
        changed = tuple(moved)
    elif name == "clear":
        changed = ()
    elif name == "reverse":
        changed = items[::-1]
    elif name in _CHANGING:
        forget_items(machine, receiver)
        return Unknown(name, node=node)
    elif name == "as_list" and receiver.kind == "tuple":
        # Of a shape.
        return list_of(items, "list", node)
    elif name == "copy":
        return list_of(items, receiver.kind, node)
    elif name == "index" and receiver.exact is not None:
        wanted = constant(first)
        positions = [i for i, item in enumerate(items) if wanted is not NOTHING and constant(item) == wanted]
        return Const(positions[0], node=node) if positions else Unknown("index", node=node)
    else:
        return Unknown(name, node=node)
    if len(changed) > MAX_LENGTH:
        changed = (Gap(node=node),)
    set_items(machine, receiver, changed, runs)
    return result


def _mapping_method(machine: Machine, receiver: Mapping, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    entries = receiver.entries
    if name in ("get", "pop", "setdefault"):
        return _entry_method(machine, receiver, name, arguments, node)
    if name in ("keys", "values", "items"):
        found: list[Value] = []
        for entry, value in entries.items():
            shown = Const(entry, node=node)
            found.append({"keys": shown, "values": value, "items": tuple_of(shown, value, node=node)}[name])
        if receiver.open:
            found.append(Gap(node=node))
        return list_of(found, "tuple", node)
    if name == "update":
        changed, is_open = overlaid(entries, arguments.get(0))
        changed.update({keyword: value for keyword, (value, _) in arguments.keywords.items()})
        set_entries(machine, receiver, changed, is_open=receiver.open or is_open or arguments.open)
        return Const(None, node=node)
    if name == "copy":
        return mapping_of(dict(entries), open=receiver.open, node=node)
    if name == "clear":
        set_entries(machine, receiver, {}, is_open=False)
        return Const(None, node=node)
    if name in ("popitem", "move_to_end"):
        forget_entries(machine, receiver)
    return Unknown(name, node=node)


def _entry_method(machine: Machine, receiver: Mapping, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`get`, `pop` and `setdefault`."""
    entries, key = receiver.entries, constant(arguments.get(0))
    if key is NOTHING:
        if name != "get":
            forget_entries(machine, receiver)
        return Unknown("dict entry", node=node)
    if key in entries:
        if name == "pop":
            set_entries(machine, receiver, {one: value for one, value in entries.items() if one != key})
        return entries[key]
    if LOGS in receiver.state and name == "get" and len(arguments.positional) == 1 and not arguments.keywords:
        nothing = machine.library.missing(machine, receiver, key, name, node)
        if nothing is not None:
            return nothing
    if receiver.open:
        return Unknown("dict entry", node=node)
    missing = arguments.get(1, "default") or Const(None, node=node)
    if name == "setdefault":
        set_entries(machine, receiver, {**entries, key: missing})
    return missing


_STRING_METHODS = frozenset(
    "lower upper strip lstrip rstrip title capitalize startswith endswith replace removeprefix removesuffix".split()
)


def _string_method(receiver: Const, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    if name in ("numpy", "item") and isinstance(receiver.value, (int, float)):
        # A number that a tensor or an array holds.
        return receiver
    if name == "format" and isinstance(receiver.value, str):
        from kerlint.program.interpreter.strings import filled_in

        return filled_in(receiver.value, arguments, node)
    found = constants_of(arguments)
    lengths = [len(value) for value in (receiver.value, *(found or ())) if isinstance(value, str)]
    if isinstance(receiver.value, str) and found is not None and (max(lengths) + 1) ** 2 <= MAX_LENGTH * 64:
        try:
            if name in _STRING_METHODS:
                return Const(getattr(receiver.value, name)(*found), receiver.assumed, node=node)
            if name == "split":
                return list_of([Const(part, node=node) for part in receiver.value.split(*found)], "list", node)
        except (TypeError, ValueError, OverflowError, AttributeError):
            pass
    return Unknown("method of a constant", node=node)
