"""Attributes: `a.b`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerlint import syntax
from kerlint.program.alternatives import one_of
from kerlint.program.events import Touched
from kerlint.program.interpreter.calls import follow
from kerlint.program.interpreter.containers import ATTRIBUTES_OF
from kerlint.program.interpreter.decorators import is_cached_property, is_classmethod, is_property
from kerlint.program.interpreter.enumerations import Member
from kerlint.program.interpreter.enumerations import attribute as member_attribute
from kerlint.program.interpreter.fields import forget_attributes
from kerlint.program.interpreter.imports import module_attribute
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.namespaces import is_namespace, may_change
from kerlint.program.modules import Module
from kerlint.program.values import (
    Arguments,
    Bound,
    BoundMethod,
    Class,
    Const,
    External,
    Function,
    Gap,
    Instance,
    Layer,
    Mapping,
    Model,
    Mutable,
    Object,
    OneOf,
    Sequence,
    Unknown,
    Value,
    extent,
)
from kerlint.records import dataclass

#: Attributes of attributes that are looked at together.
MAX_CHAIN = 50


def read_attribute(machine: Machine, node: syntax.Attribute) -> Value:
    """`a.b.c`."""
    chain = [node]
    inner = node.value
    # `tf.keras.layers.Dense` is one symbol: there is no need to look at each of its parts.
    while type(inner) is syntax.Attribute and len(chain) < MAX_CHAIN:
        chain.append(inner)
        inner = inner.value
    value = machine.evaluate(inner)
    if type(value) is External:
        return _symbol(machine, value, chain)
    for part in reversed(chain):
        value = attribute(machine, value, part.attr, part)
    return value


def _symbol(machine: Machine, value: External, chain: list[syntax.Attribute]) -> Value:
    """The symbol of a library that is spelled out, the last name first."""
    node = chain[0]
    known = machine.symbols.get(node)
    if known is not None and known[0] is value and known[1] is machine.program:
        return known[2]
    name = ".".join([value.written, *[part.attr for part in reversed(chain)]])
    machine.note_symbol(name, node)
    found = machine.library.symbol(name, node)
    # The flags of a command line are symbols until they are defined; on ways that may not be taken nothing is noted.
    if type(found) is External and machine.certain and "FLAGS" not in name:
        machine.symbols[node] = (value, machine.program, found)
    return found


def attribute(machine: Machine, receiver: Value, name: str, node: syntax.Node) -> Value:
    """`receiver.name`."""
    kind = type(receiver)
    answer = _ATTRIBUTES.get(kind)
    if answer is not None:
        return answer(machine, receiver, name, node)
    if machine.tapes and (kind is Model or kind is Layer):
        machine.emit(Touched(node=node, thing=receiver))  # type: ignore[arg-type]
    if (kind is Model or kind is Layer) and receiver.cls is not None:  # type: ignore[attr-defined]
        own = receiver.state.get(f".{name}")  # type: ignore[attr-defined]
        if own is not None:
            return own  # type: ignore[no-any-return]
        if receiver.cls.lookup(name) is not None:  # type: ignore[attr-defined]
            return _inherited(machine, receiver, receiver.cls, name, node)  # type: ignore[attr-defined]
    if name == "__dict__" and isinstance(receiver, Object) and is_namespace(receiver):
        may_change(machine, receiver)
    found = machine.library.attribute(machine, receiver, name, node)
    return found if found is not None else Bound(receiver, name, node=node)


def _symbol_of(machine: Machine, receiver: External, name: str, node: syntax.Node) -> Value:
    full = f"{receiver.written}.{name}"
    machine.note_symbol(full, node)
    return machine.library.symbol(full, node)


def _attribute_of_instance(machine: Machine, receiver: Instance, name: str, node: syntax.Node) -> Value:
    own: Value | None = receiver.state.get(name)
    if own is not None:
        return own
    if name == "__dict__":
        entries = dict(receiver.state)
        weight, depth = extent(entries.values())
        state = {"entries": entries, "open": False, "weight": weight, "depth": depth, ATTRIBUTES_OF: receiver}
        return Mapping(state=state, node=node)
    return _inherited(machine, receiver, receiver.cls, name, node)


def _attribute_of_class(machine: Machine, receiver: Class, name: str, node: syntax.Node) -> Value:
    found = receiver.lookup(name)
    if isinstance(found, Function) and is_classmethod(found):
        return BoundMethod(found, receiver, node=node)
    return found if found is not None else Unknown("class attribute", node=node)


def _attribute_of_alternatives(machine: Machine, receiver: OneOf, name: str, node: syntax.Node) -> Value:
    return one_of([attribute(machine, option, name, node) for option in receiver.options], node)


def _method(_: Machine, receiver: Value, name: str, node: syntax.Node) -> Value:
    return Bound(receiver, name, node=node)


def _attribute_of_sequence(_: Machine, receiver: Sequence, name: str, node: syntax.Node) -> Value:
    if name in ("rank", "ndims") and receiver.kind == "tuple" and receiver.exact is not None:
        # No tuple has it but the shape of a tensor of TensorFlow.
        return Const(len(receiver.exact), node=node)
    return Bound(receiver, name, node=node)


def _no_attribute(_: Machine, __: Value, ___: str, node: syntax.Node) -> Value:
    return Unknown("attribute", node=node)


def _inherited(machine: Machine, receiver: Value, cls: Class, name: str, node: syntax.Node) -> Value:
    """An attribute that an object does not have itself."""
    found = cls.lookup(name)
    if isinstance(found, Function):
        if is_property(found):
            value = follow(machine, found, Arguments(), node, receiver=receiver)
            if is_cached_property(found) and isinstance(receiver, Mutable):
                machine.heap.write(receiver.state, name if isinstance(receiver, Instance) else f".{name}", value)
            return value
        if is_classmethod(found):
            return BoundMethod(found, cls, node=node)
        return BoundMethod(found, receiver, node=node)
    if found is not None:
        return found
    return Unknown("attribute", node=node)


@dataclass(eq=False, slots=True)
class Super(Value):
    """`super()` in a method: attributes are looked up from the bases of its class on."""

    receiver: Value | None
    bases: tuple[Value, ...]


def _super_attribute(machine: Machine, value: Super, name: str, node: syntax.Node) -> Value:
    for base in value.bases:
        found = base.lookup(name) if isinstance(base, Class) else None
        if isinstance(found, Function) and value.receiver is not None:
            return BoundMethod(found, value.receiver, node=node)
    if isinstance(value.receiver, Instance) and name == "__init__":
        # A constructor of a library, or one that takes fields.
        forget_attributes(machine, value.receiver, node)
    if isinstance(value.receiver, (Model, Layer)):
        return Bound(value.receiver, name, node=node)
    return Unknown("super", node=node)


#: Attributes of what is no value of a library.
_ATTRIBUTES: dict[type, Callable[[Machine, Any, str, syntax.Node], Value]] = {
    External: _symbol_of,
    Unknown: lambda machine, receiver, name, node: Unknown("attribute of an unknown value", node=node),
    Instance: _attribute_of_instance,
    Class: _attribute_of_class,
    OneOf: _attribute_of_alternatives,
    Module: module_attribute,
    Super: _super_attribute,
    Sequence: _attribute_of_sequence,
    Mapping: _method,
    Const: _method,
    Member: member_attribute,
    Function: _no_attribute,
    BoundMethod: _no_attribute,
    Gap: _no_attribute,
}
