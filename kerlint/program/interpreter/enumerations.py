"""Enumerations: classes that derive from `enum.Enum`, and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.values import (
    Arguments,
    Array,
    Bound,
    BoundMethod,
    Class,
    Const,
    External,
    Function,
    Instance,
    Mapping,
    Object,
    Partial,
    Sequence,
    Unknown,
    Value,
    tuple_of,
)
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Where a class keeps its members in their order, each once.
_MEMBERS = "enum members"
#: What gives a member the next value.
AUTO = "enum.auto"
#: Bases with which a member is an object of its own, and with which it is its value as well.
_PLAIN, _BY_VALUE = frozenset({"enum.Enum"}), frozenset({"enum.IntEnum", "enum.StrEnum"})
_MIXED_IN = frozenset({"builtins.int", "builtins.str", "builtins.float"})
#: Values of which it is not known here whether they become members: functions do not, and classes may.
_UNSURE = (External, Partial, BoundMethod, Class, Array)


@dataclass(eq=False, slots=True)
class Member(Const):
    """A member that is its value as well, of `IntEnum` and the like."""

    cls: Class | None = None
    name: str = ""


def is_enumeration(cls: Class) -> bool:
    """Whether a class of the program derives from one of `enum`."""
    return bool(cls.bases) and any(base.startswith("enum.") for base in cls.external_bases())


def make_members(machine: Machine, cls: Class) -> None:
    """The names in the body of an enumeration become its members; where that is not sure, they are unknown."""
    bases = set(cls.external_bases()) - {"builtins.object"}
    by_value = bool(bases & (_BY_VALUE | _MIXED_IN))
    known = cls.knows_its_bases() and bases <= _PLAIN | _BY_VALUE | _MIXED_IN and cls.lookup("__new__") is None
    members: list[Value] = []
    seen: dict[Any, Value] = {}
    values: list[Any] = []
    for name, value in list(cls.state.items()):
        if name.startswith("_") or isinstance(value, Function):
            continue
        if not known or isinstance(value, _UNSURE):
            known, cls.state[name] = False, Unknown("member of an enumeration", node=value.node)
            continue
        if isinstance(value, Object) and value.name == AUTO:
            value = _next(cls, name, values, bases, value.node)
        key = _key(value)
        values.append(key)
        member = None if key is NOTHING else seen.get(key)
        if member is None:
            member = _member(machine, cls, name, value, by_value=by_value)
            members.append(member)
            seen[key] = member
        cls.state[name] = member
    if known:
        cls.state[_MEMBERS] = tuple_of(*members)


def _member(machine: Machine, cls: Class, name: str, value: Value, *, by_value: bool) -> Value:
    if by_value:
        found = constant(value)
        return Unknown("member", node=value.node) if found is NOTHING else Member(found, 0, cls, name, node=value.node)
    named = Const(name, node=value.node)
    member = Instance(cls, state={"name": named, "_name_": named, "value": value, "_value_": value}, node=value.node)
    initializer = cls.lookup("__init__")
    if isinstance(initializer, Function):
        from kerlint.program.interpreter.calls import follow

        given = value.items if isinstance(value, Sequence) and value.kind == "tuple" else (value,)
        follow(machine, initializer, Arguments([(one, value.node) for one in given]), value.node, receiver=member)
    return member


def _next(cls: Class, name: str, before: list[Any], bases: set[str], node: syntax.Node | None) -> Value:
    """The value of `auto()`."""
    if "enum.StrEnum" in bases:
        return Const(name.lower(), node=node)
    is_plain = "builtins.str" not in bases and cls.lookup("_generate_next_value_") is None
    # Which is the last counts in older versions of Python, and which is the largest in newer ones.
    if is_plain and all(type(value) is int for value in before) and before[-1:] == sorted(before)[-1:]:
        return Const(before[-1] + 1 if before else 1, node=node)
    return Unknown("auto", node=node)


def _key(value: Value) -> Any:
    """What a value is looked up by; `NOTHING` where it is not known."""
    if isinstance(value, Sequence) and value.kind == "tuple" and value.exact is not None:
        parts = tuple(map(_key, value.exact))
        return NOTHING if NOTHING in parts else parts
    return constant(value)


def members_of(value: Value) -> tuple[Value, ...] | None:
    """What a loop over an enumeration gives; None for anything else."""
    found = value.lookup(_MEMBERS) if isinstance(value, Class) else None
    return found.items if isinstance(found, Sequence) else None


def by_value(cls: Class, arguments: Arguments, node: syntax.Node) -> Value:
    """`Color(2)`."""
    given, members = arguments.get(0), members_of(cls)
    if given is None or members is None or len(arguments.positional) != 1 or arguments.keywords:
        return Unknown("enumeration", node=node)
    if given in members:
        return given
    wanted = _key(given)
    for member in members:
        own = _key(member.state["value"] if isinstance(member, Instance) else member)
        if own is NOTHING or wanted is NOTHING:
            break
        if own == wanted:
            return member
    return Unknown("no member", node=node)


def by_name(cls: Class, name: Any, node: syntax.Node) -> Value:
    """`Color["RED"]`."""
    found = cls.lookup(name) if isinstance(name, str) and members_of(cls) is not None else None
    return found if _is_member(found) and found is not None else Unknown("subscript of a class", node=node)


def attribute(machine: Machine, member: Member, name: str, node: syntax.Node) -> Value:
    """An attribute of a member that is its value as well."""
    if name in ("name", "_name_"):
        return Const(member.name, node=node)
    if name in ("value", "_value_"):
        return Const(member.value, node=node)
    found = member.cls.lookup(name) if member.cls is not None else None
    if found is not None:
        return Unknown("attribute of a member", node=node)
    return Bound(Const(member.value, node=node), name, node=node)


def _is_member(value: Value | None) -> bool:
    if type(value) is Instance:
        return members_of(value.cls) is not None
    return type(value) is Member


def equal(symbol: str, left: Value, right: Value) -> bool | None:
    """Whether two values are the same (`is`), or equal (`==`), where one is a member; None if that is not known."""
    if not _is_member(left):
        left, right = right, left
    if not _is_member(left):
        return None
    if isinstance(left, Member):
        return _same_constants(left, right) if symbol == "is" else None
    if left is right:
        return True
    assert isinstance(left, Instance)
    if symbol == "==" and left.cls.lookup("__eq__") is not None:
        return None
    if isinstance(right, Instance) and right.cls is left.cls:
        # Two names may stand for one member, if a value is not known.
        return None if NOTHING in (_key(left.state["value"]), _key(right.state["value"])) else False
    return False if _is_member(right) or isinstance(right, (Const, Sequence, Mapping)) else None


def _same_constants(left: Member, right: Value) -> bool | None:
    if isinstance(right, Member):
        return left.cls is right.cls and left.name == right.name
    return False if isinstance(right, (Const, Sequence, Mapping, Instance)) else None
