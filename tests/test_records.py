"""Records are dataclasses: whatever one of the standard library does, one of ours does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from itertools import count
from typing import Any, ClassVar

import pytest

from kerlint import records
from kerlint.program.facts import Program
from kerlint.records import dataclass

Decorator = Callable[..., Any]
OPTIONS = [
    {},
    {"frozen": True},
    {"order": True},
    {"frozen": True, "order": True},
    {"eq": False},
    {"frozen": True, "eq": False},
    {"frozen": True, "slots": True},
    {"eq": False, "slots": True},
    {"eq": False, "slots": True, "kw_only": True},
]


def pair(make: Callable[[Decorator], Any]) -> tuple[Any, Any]:
    return make(dataclass), make(dataclasses.dataclass)


def outcome(call: Callable[[Any], object], cls: Any) -> object:
    try:
        return call(cls)
    except Exception as error:  # noqa: BLE001
        return type(error)


def shown(value: object) -> str:
    return repr(value).replace("<locals>.", "")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_class(options: dict[str, bool]) -> None:
    def make(decorator: Decorator) -> Any:
        @decorator(**options)
        class Point:
            x: int
            y: Any = 2
            z: list[int] = field(default_factory=list, kw_only=True)
            where: Any = field(default=None, compare=False, repr=False, kw_only=True)
            kind: ClassVar[str] = "point"

            @property
            def total(self) -> int:
                return self.x + self.y

        return Point

    ours, theirs = pair(make)
    calls: list[Callable[[Any], object]] = [
        lambda cls: shown(cls(x=1)),
        lambda cls: shown(cls(1, 3)),
        lambda cls: shown(cls(x=1, y=3, z=[1], where=4)),
        lambda cls: cls(),
        lambda cls: cls(1, 2, 3),
        lambda cls: cls(x=1, other=2),
        lambda cls: cls(x=1) == cls(x=1, where=5),
        lambda cls: cls(x=1) == cls(x=2),
        lambda cls: cls(x=1) != cls(x=1),
        lambda cls: cls(x=float("nan")) == cls(x=float("nan")),
        lambda cls: cls(x=1) == 1,
        lambda cls: cls(x=1) < cls(x=2),
        lambda cls: cls(x=1) >= cls(x=1, y=0),
        lambda cls: cls(x=1) < 3,
        lambda cls: hash(cls(x=1, z=())) == hash(cls(x=1, z=(), where=[])),
        lambda cls: hash(cls(x=1)),
        lambda cls: cls(x=1).z is cls(x=1).z,
        lambda cls: setattr(cls(x=1), "x", 3),
        lambda cls: delattr(cls(x=1), "x"),
        lambda cls: cls(x=1).total,
        lambda cls: cls.kind,
        lambda cls: type(getattr(cls, "x", None)),
        lambda cls: cls.y if isinstance(cls.y, int) else "a slot",
        lambda cls: cls.__match_args__,
        lambda cls: hasattr(cls(x=1), "__dict__"),
        lambda cls: [(one.name, one.init, one.compare, one.kw_only) for one in dataclasses.fields(cls)],
        lambda cls: shown(dataclasses.replace(cls(x=1), y=7)),
        lambda cls: dataclasses.asdict(cls(x=1)),
        lambda cls: shown(copy.copy(cls(x=1, y=5))),
        lambda cls: shown(copy.deepcopy(cls(x=1, y=5))),
        dataclasses.is_dataclass,
    ]
    for number, call in enumerate(calls):
        mine, expected = outcome(call, ours), outcome(call, theirs)
        if "eq" in options and number in (14, 15):
            # Identities.
            assert type(mine) is type(expected)
            continue
        if number == 15 and isinstance(expected, int):
            assert isinstance(mine, int)
            continue
        assert mine == expected, number


@pytest.mark.parametrize("base", [dataclass, dataclasses.dataclass])
@pytest.mark.parametrize("derived", [dataclass, dataclasses.dataclass])
@pytest.mark.parametrize("options", [{"frozen": True}, {"frozen": True, "slots": True}, {"eq": False, "slots": True}])
def test_inheritance_in_both_directions(base: Decorator, derived: Decorator, options: dict[str, bool]) -> None:
    @base(**options)
    class Base:
        node: Any = field(default=None, kw_only=True)

    @derived(**options)
    class Derived(Base):
        name: str
        size: int = 3

    one = Derived("a", node=5)
    assert (one.name, one.size, one.node) == ("a", 3, 5)
    assert [part.name for part in dataclasses.fields(Derived)] == ["node", "name", "size"]
    assert dataclasses.replace(one, name="b").node == 5
    assert isinstance(one, Base)
    match one:
        case Derived(name, size):
            assert (name, size) == ("a", 3)
        case _:
            raise AssertionError
    assert hasattr(one, "__dict__") is not options.get("slots", False)


def test_what_is_not_an_argument() -> None:
    def make(decorator: Decorator) -> Any:
        @decorator(slots=True, eq=False)
        class Counted:
            name: str
            line: list[int] | None = field(default=None, init=False)
            serial: int = field(default_factory=count().__next__)
            later: int = field(init=False)

            def __post_init__(self) -> None:
                self.later = self.serial + 1

        return Counted

    for cls in pair(make):
        first, second = cls("a"), cls("b")
        assert (first.serial, second.serial, second.later, second.line) == (0, 1, 2, None)
        with pytest.raises(TypeError):
            cls("a", later=3)


def test_own_methods_win() -> None:
    def make(decorator: Decorator) -> Any:
        @decorator(frozen=True)
        class Own:
            x: int

            def __repr__(self) -> str:
                return "own"

            def __eq__(self, other: object) -> bool:
                return True

            def __hash__(self) -> int:
                return 7

        return Own

    for cls in pair(make):
        assert (repr(cls(1)), cls(1) == cls(2), hash(cls(3))) == ("own", True, 7)


def test_a_record_in_itself() -> None:
    @dataclass(eq=False)
    class Loop:
        inner: Any = None

    loop = Loop()
    loop.inner = loop
    assert repr(loop).endswith("Loop(inner=...)")


def test_the_constructor_is_made_once_and_for_all_who_inherit_it() -> None:
    @dataclass(frozen=True)
    class Base:
        x: int

    class Plain(Base):
        pass

    stub = Base.__init__
    assert Plain(3).x == 3
    assert Base.__init__ is not stub
    made = Base.__init__
    assert Base(x=4).x == Plain(x=4).x == 4
    assert Base.__init__ is made
    assert Base.__init__.__qualname__.endswith("Base.__init__")


def test_pickle() -> None:
    program = Program()
    program.limits.append("steps")
    assert pickle.loads(pickle.dumps(program)).limits == ["steps"]


@pytest.mark.parametrize("replace", [records.replace, dataclasses.replace])
@pytest.mark.parametrize("decorator", [dataclass, dataclasses.dataclass])
def test_fields_and_replace(decorator: Decorator, replace: Callable[..., Any]) -> None:
    """Our own `field` makes what that of the standard library makes, and `replace` takes records of both kinds."""
    make = records.field if decorator is dataclass else field

    @decorator(frozen=True)
    class Base:
        x: int
        items: list[int] = make(default_factory=list, compare=False)
        total: int = make(init=False, default=7)

    @decorator(frozen=True)
    class Sub(Base):
        y: int = make(default=3, repr=False)

    class Plain(Sub):
        pass

    for cls in (Base, Sub, Plain):
        first = cls(1, [2])
        second = replace(first, x=5)
        assert type(second) is cls
        assert (second.x, second.total) == (5, 7)
        assert second.items is first.items
        assert first == cls(1, [3])
        assert cls(1).items == []
        # The standard library raises the one before Python 3.13, and the other since.
        with pytest.raises((ValueError, TypeError), match="init=False"):
            replace(first, total=1)
        with pytest.raises(TypeError):
            replace(first, other=1)
        assert [one.name for one in dataclasses.fields(cls)][:3] == ["x", "items", "total"]
    assert "y=" not in shown(Sub(1))
    with pytest.raises(ValueError, match="both"):
        make(default=1, default_factory=list)
