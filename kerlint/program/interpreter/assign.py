"""Assignment targets: names, attributes, subscripts and unpacking."""

from __future__ import annotations

from typing import Any

from kerlint import syntax
from kerlint.program.bindings import BoundData
from kerlint.program.constants import NOTHING, constant, text
from kerlint.program.interpreter.containers import forget_entries, forget_items, overlaid, set_entries, set_items
from kerlint.program.interpreter.fields import forget_attributes, tuple_items
from kerlint.program.interpreter.machine import Machine
from kerlint.program.iterators import take
from kerlint.program.modules import Module
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Dataset,
    External,
    Function,
    Gap,
    Instance,
    Layer,
    Mapping,
    Model,
    Mutable,
    Sequence,
    Unknown,
    Value,
    tuple_of,
)

#: Values whose names are kept, as places where they can still be changed.
_DATA = frozenset({Array, Dataset, Const})


def assign_target(machine: Machine, target: Any, value: Value) -> None:
    """Binds a target (a node of any kind that may stand left of `=`) to a value."""
    kind = type(target)
    if kind is syntax.Name:
        machine.assign(target.value, value)
        if type(value) in _DATA and machine.at_home:
            bound = machine.program.bound.setdefault(id(value), [])
            bound.append(BoundData(target, value, len(machine.program.events)))
    elif kind is syntax.Attribute:
        _assign_attribute(machine, target, value)
    elif kind is syntax.Subscript:
        _assign_subscript(machine, target, value)
    elif kind is syntax.Tuple or kind is syntax.List:
        _unpack(machine, target, value)
    elif kind is syntax.StarredElement:
        assign_target(machine, target.value, value)


def _unpack(machine: Machine, target: syntax.Tuple | syntax.List, value: Value) -> None:
    targets = list(target.elements)
    starred = [index for index, element in enumerate(targets) if type(element) is syntax.StarredElement]
    items: list[Value] | None = None
    if isinstance(value, Sequence) and value.exact is not None:
        items = list(value.exact)
    elif isinstance(value, Sequence) and not starred:
        items = _around_gap(value.items, len(targets))
    elif isinstance(value, Instance):
        parts = tuple_items(value)
        items = list(parts) if parts is not None else None
    elif (isinstance(value, Mapping) and not value.open) or (isinstance(value, Array) and value.rows == len(targets)):
        items = [machine.library.element(machine, value, target) for _ in targets]
    if items is not None and starred and len(items) >= len(targets) - 1:
        start = starred[0]
        end = len(items) - (len(targets) - start - 1)
        items = [*items[:start], tuple_of(*items[start:end], node=value.node), *items[end:]]
    if items is None or len(items) != len(targets):
        # Each name its own: that two are the same value would say that they hold the same.
        items = [machine.library.element(machine, value, target) for _ in targets]
    take(machine, value, partly=True)
    for element, item in zip(targets, items):
        assign_target(machine, element, item)


def _around_gap(items: tuple[Value, ...], count: int) -> list[Value]:
    """The first items of a sequence with a gap; what the gap may hold is unknown."""
    known: list[Value] = []
    for item in items[:count]:
        if isinstance(item, Gap):
            break
        known.append(item)
    return known + [Unknown("not known which item") for _ in range(count - len(known))]


def _assign_attribute(machine: Machine, target: syntax.Attribute, value: Value) -> None:
    set_attribute(machine, machine.evaluate(target.value), target.attr, value, target)


def set_attribute(machine: Machine, receiver: Value, name: str, value: Value, target: syntax.Node) -> None:
    """`receiver.name = value`, or `setattr`."""
    setter = _setter(receiver, name) if isinstance(receiver, (Instance, Model, Layer)) else None
    if setter is not None:
        from kerlint.program.interpreter.calls import follow

        follow(machine, setter, Arguments([(value, target)]), target, receiver=receiver)
        return
    if isinstance(receiver, Instance) and name == "__dict__":
        forget_attributes(machine, receiver, target)
        if isinstance(value, Mapping):
            for key, item in value.entries.items():
                machine.heap.write(receiver.state, str(key), item)
        return
    if isinstance(receiver, (Instance, Class)):
        machine.heap.write(receiver.state, name, value)
        return
    if isinstance(receiver, Module):
        machine.heap.write(receiver.scope.names, name, value)
        return
    if isinstance(receiver, (Model, Layer)) and receiver.cls is not None and name != "trainable":
        machine.heap.write(receiver.state, f".{name}", value)
        return
    if isinstance(receiver, Array):
        machine.library.set_attribute(machine, receiver, name, value, target)
        return
    machine.library.set_attribute(machine, receiver, name, value, target)


def _setter(receiver: Instance | Model | Layer, name: str) -> Function | None:
    """The function of the program that an assignment to an attribute calls."""
    found = receiver.cls.lookup(name) if receiver.cls is not None else None
    return found.setter if isinstance(found, Function) else None


def _assign_subscript(machine: Machine, target: syntax.Subscript, value: Value) -> None:
    receiver = machine.evaluate(target.value)
    if isinstance(receiver, Array):
        _store(machine, receiver, target, value)
        return
    key = _key(machine, target)
    if isinstance(receiver, Mapping):
        if key is NOTHING or not isinstance(key, (str, int, float, bool, bytes, type(None))):
            set_entries(machine, receiver, overlaid(receiver.entries, Unknown())[0], is_open=True)
        else:
            set_entries(machine, receiver, {**receiver.entries, key: value})
    elif isinstance(receiver, Sequence):
        items = receiver.exact
        if items is not None and isinstance(key, int) and -len(items) <= key < len(items):
            changed = list(items)
            changed[key] = value
            set_items(machine, receiver, tuple(changed))
        else:
            forget_items(machine, receiver)
    elif isinstance(receiver, Mutable):
        machine.library.set_attribute(machine, receiver, "[]", value, target)
    elif isinstance(receiver, External) and receiver.name == "os.environ" and isinstance(key, str) and machine.certain:
        machine.program.used.environment[key] = text(value) or ""


def _key(machine: Machine, target: syntax.Subscript) -> Any:
    """The constant in `[...]`; `NOTHING` for a slice, several indices, or something unknown."""
    part = target.slice[0]
    if len(target.slice) != 1 or isinstance(part, syntax.Slice):
        return NOTHING
    return constant(machine.evaluate(part))


def _store(machine: Machine, array: Array, target: syntax.Subscript, value: Value) -> None:
    """Part of an array is replaced."""
    from kerlint.program.interpreter.expressions import indices_of

    index = indices_of(machine, target)
    owner = target.value
    after = machine.library.store(machine, array, index, value, target)
    if isinstance(owner, (syntax.Name, syntax.Attribute)) and machine.evaluate(owner) is array:
        assign_target(machine, owner, after)


def delete_target(machine: Machine, target: syntax.Node) -> None:
    """`del target`."""
    if isinstance(target, syntax.Name):
        machine.heap.delete(machine.scope.home(target.value).names, target.value)
    elif isinstance(target, syntax.Attribute):
        owner = machine.evaluate(target.value)
        if isinstance(owner, Instance):
            machine.heap.delete(owner.state, target.attr)
    elif isinstance(target, syntax.Subscript):
        receiver = machine.evaluate(target.value)
        key = _key(machine, target)
        if isinstance(receiver, Mapping) and key is not NOTHING and key in receiver.entries:
            rest = {name: value for name, value in receiver.entries.items() if name != key}
            set_entries(machine, receiver, rest)
        elif isinstance(receiver, Mapping) and key is NOTHING:
            # Whichever it is that goes, the others stay in their order: no loop over them is known any more.
            forget_entries(machine, receiver)
        elif isinstance(receiver, Sequence):
            items = receiver.exact
            if items is not None and isinstance(key, int) and -len(items) <= key < len(items):
                left = list(items)
                del left[key]
                set_items(machine, receiver, tuple(left))
            else:
                forget_items(machine, receiver)
        elif isinstance(receiver, Array) and receiver.form == "frame":
            if key is NOTHING:
                machine.rebind(receiver, receiver.overwritten(target))
            else:
                # A column goes, as with `pop`.
                machine.library.method(machine, receiver, "pop", Arguments([(Const(key), target)]), target)
        elif isinstance(receiver, Mutable):
            machine.library.set_attribute(machine, receiver, "[]", Unknown("deleted", node=target), target)


def assigned_names(loop: syntax.For | syntax.While) -> list[str]:
    """The names that a loop's body assigns, by its syntax. Nested functions and classes are left out."""
    found: dict[str, None] = {}
    pending: list[Any] = [loop.body]
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is syntax.Name:
            found[node.value] = None
        elif kind is syntax.Block:
            pending.extend(node.body)
        elif kind is syntax.Assign:
            pending.extend(node.targets)
        elif kind in _DISPLAYS:
            pending.extend(node.elements)
        elif kind is syntax.StarredElement:
            pending.append(node.value)
        elif kind in _COMPOUND:
            pending.append(node.body)
            if kind is syntax.If:
                pending.append(node.orelse)
            elif kind is syntax.For:
                pending.append(node.target)
            elif kind is syntax.Try:
                pending.extend([handler.body for handler in node.handlers])
                pending.extend([node.orelse, node.finalbody])
        elif kind is syntax.Match:
            pending.extend([case.body for case in node.cases])
        elif kind is syntax.AugAssign or kind is syntax.AnnAssign:
            pending.append(node.target)
    return list(found)


_DISPLAYS = frozenset({syntax.Tuple, syntax.List})
_COMPOUND = frozenset({syntax.For, syntax.While, syntax.With, syntax.If, syntax.Try})
