"""Ordinary Python objects around models - dicts, sets, dataclasses, decorators: what Python itself makes of them."""

from __future__ import annotations

import pytest

from kerlint.program.constants import NOTHING
from tests.test_python import agree, by_kerlint, do_not_contradict

PROGRAMS = {
    "len set": """
        size(len(set([0,1,1,2])))
        size(len({1,1,2}))
        for u in sorted(set([3,3])): size(u)
        """,
    "dict pop": """
        d = {"a": 3, "b": 4}
        size(d.pop("a"))
        size(len(d))
        for k in d: size(d[k])
        size(10 if "a" in d else 20)
        """,
    "setdefault": """
        d = {}
        size(d.setdefault("a", 3))
        size(len(d))
        """,
    "dict clear": """
        d = {"a": 3}
        d.clear()
        size(len(d))
        """,
    "alias +=": """
        a = [1]
        b = a
        b += [2]
        size(len(a))
        def add(xs):
            xs += [5]
        add(a)
        size(len(a))
        """,
    "alias |=": """
        a = {"x": 1}
        b = a
        b |= {"y": 2}
        size(len(a))
        """,
    "mixin annotated": """
        from dataclasses import dataclass
        class M:
            other: int = 7
        @dataclass
        class A(M):
            units: int = 3
        size(A(5).units)
        size(A(5).other)
        """,
    "kw_only base": """
        from dataclasses import dataclass, field, KW_ONLY
        @dataclass(kw_only=True)
        class Base:
            name: str = "x"
        @dataclass
        class A(Base):
            units: int = 3
            _: KW_ONLY
            depth: int = 2
        @dataclass
        class B(A):
            more: int = 9
        size(A(5).units)
        size(B(5, 6).more)
        size(B(5, 6).depth)
        """,
    "field kw_only, init False": """
        from dataclasses import dataclass, field
        @dataclass
        class A:
            idn: int = field(init=False, default=1)
            k: int = field(kw_only=True, default=11)
            units: int = 4
        size(A(7).units)
        size(A(7).idn)
        size(A(7).k)
        """,
    "initvar": """
        from dataclasses import dataclass, InitVar
        @dataclass
        class A:
            units: int
            scale: InitVar[int] = 2
            def __post_init__(self, scale=1):
                self.units *= scale
        size(A(3).units)
        size(A(3, 4).units)
        size(A(3, scale=5).units)
        """,
    "replace": """
        from dataclasses import dataclass, replace
        @dataclass
        class A:
            units: int
            def __post_init__(self):
                self.twice = self.units * 2
        a = A(3)
        b = replace(a, units=5)
        size(b.twice)
        size(a.twice)
        """,
    "frozen": """
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class A:
            units: int
            def __post_init__(self):
                object.__setattr__(self, "units", self.units * 2)
        size(A(3).units)
        """,
    "own init": """
        from dataclasses import dataclass
        @dataclass
        class A:
            units: int = 3
            def __init__(self, n):
                self.units = n * 2
        @dataclass
        class B(A):
            more: int = 4
        size(A(5).units)
        size(B(5, 7).units)
        size(B(5, 7).more)
        """,
    "inherit init": """
        from dataclasses import dataclass
        class Base:
            def __init__(self, units=9): self.units = units
        @dataclass
        class A(Base):
            units: int = 3
        size(A().units)
        """,
    "diamond dataclass": """
        from dataclasses import dataclass
        @dataclass
        class A:
            a: int = 1
        @dataclass
        class B(A):
            b: int = 2
        @dataclass
        class C(A):
            c: int = 3
        @dataclass
        class D(B, C):
            d: int = 4
        x = D(10, 20, 30, 40)
        size(x.a); size(x.b); size(x.c); size(x.d)
        """,
    "asdict copy": """
        from dataclasses import dataclass, asdict, field
        @dataclass
        class A:
            sizes: list = field(default_factory=list)
        a = A([1])
        d = asdict(a)
        d["sizes"].append(3)
        size(len(a.sizes))
        size(len(d["sizes"]))
        """,
    "class over a named tuple": """
        from collections import namedtuple
        class A(namedtuple("A", "units rate")):
            @property
            def twice(self): return self.units * 2
        size(A(3, 4).twice)
        x, y = A(3, 4)
        size(y)
        """,
    "__dict__ update": """
        class Config:
            units = 3
            def __init__(self, **kw):
                self.__dict__.update(kw)
        size(Config(units=5).units)
        """,
    "__dict__ update 2": """
        class Config:
            units = 3
            def __init__(self, **kw):
                vars(self).update(kw)
        size(Config(units=5).units)
        """,
    "isinstance multiple": """
        class A: pass
        class B: pass
        class C(A, B): pass
        size(1 if isinstance(C(), B) else 2)
        """,
    "deco same thrice": """
        def log(f):
            def inner(*a, **k):
                return f(*a, **k)
            return inner
        @log
        def one(x): return x + 1
        @log
        def two(x): return one(x) * 2
        @log
        def three(x): return two(x) + 5
        size(three(1))
        """,
    "deco bound method": """
        class Registry:
            def __init__(self): self.items = []
            def add(self, f):
                self.items.append(f)
                return f
        reg = Registry()
        @reg.add
        def one(): return 1
        @reg.add
        def two(): return 2
        size(len(reg.items))
        for f in reg.items: size(f())
        """,
    "class decorators": """
        REG = {}
        def register(name):
            def deco(cls):
                REG[name] = cls
                return cls
            return deco
        @register("a")
        class A:
            units = 4
        size(10 if "a" in REG else 20)
        size(REG["a"]().units)
        """,
    "class decorator instance": """
        class Memo:
            def __init__(self, f): self.f = f
            def __call__(self, *a): return self.f(*a) * 2
        @Memo
        def f(x): return x
        size(f(3))
        """,
    "deco in class": """
        def twice(f):
            def inner(self, *a): return 2 * f(self, *a)
            return inner
        class A:
            @twice
            def units(self): return 3
        size(A().units())
        """,
    "deleter": """
        class A:
            def __init__(self): self._u = 1
            @property
            def u(self): return self._u
            @u.setter
            def u(self, v): self._u = v * 2
            @u.deleter
            def u(self): del self._u
        a = A()
        a.u = 4
        size(a.u)
        """,
    "product repeat": """
        import itertools
        for t in itertools.product([1, 2], repeat=3): size(len(t))
        for a, b in itertools.product([1, 2], repeat=2): size(a * 10 + b)
        """,
    "match guard": """
        def f(n):
            match n:
                case x if x > 3: return x
                case 1 | 2: return 7
                case _: return 9
        for n in (5, 1, 3): size(f(n))
        """,
    "lru cache": """
        from functools import lru_cache
        @lru_cache(maxsize=None)
        def f(n):
            size(n)
            return n
        f(3); f(3)
        """,
    "cached property": """
        from functools import cached_property
        class A:
            @cached_property
            def u(self):
                size(3)
                return 3
        a = A()
        a.u; a.u
        """,
    "dataclass options": """
        from dataclasses import dataclass
        @dataclass(frozen=True)
        class A:
            units: int = 3
        size(A(units=5).units)
        size(A(6).units)
        size(A().units)
        """,
    "patterns": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
            y: int
        def of(spec):
            match spec:
                case ["go", n] if n > 5:
                    return n
                case ["go", n]:
                    return n + 1
                case {"k": 1, **rest}:
                    return len(rest) + 10
                case (a, (b, *c)):
                    return a + b + len(c)
                case Point(0, y):
                    return y
                case Point(x=x, y=0):
                    return x
                case Point():
                    return 20
                case []:
                    return 21
                case int(n) | float(n):
                    return n + 22
                case str(s) if s.startswith("x"):
                    return 23
                case str(s):
                    return len(s)
        for spec in (["go", 9], ["go", 3], {"k": 1, "u": 2}, (1, [2, 3, 4])):
            size(of(spec))
        for spec in (Point(0, 4), Point(5, 0), Point(6, 7), [], 30, "xy", "abc"):
            size(of(spec))
        """,
    "attributes": """
        class A:
            k = 9
        a = A()
        a.k = 1
        size(a.k)
        del a.k
        size(a.k)
        setattr(a, "k", 4)
        size(a.k)
        delattr(a, "k")
        size(a.k)
        a.__dict__ = {"k": 5}
        size(a.k)
        vars(a)["k"] = 6
        size(a.k)
        """,
    "or": """
        def f(a=None, b=0):
            a = a or [1, 2]
            return len(a) + (b or 5) + (b and 7)
        size(f())
        size(f([1], 2))
        """,
}

#: Programs of which kerlint may not know all, but says nothing wrong.
CAREFUL = {
    "popitem": """
        d = {"a": 3, "b": 4}
        d.popitem()
        size(len(d))
        """,
    "next twice": """
        it = iter([3,4,5])
        size(next(it))
        size(next(it))
        """,
    "isinstance abc": """
        from collections.abc import Iterable, Mapping, Sequence
        from numbers import Number
        size(1 if isinstance([1], Iterable) else 2)
        size(1 if isinstance(3, Number) else 2)
        size(1 if isinstance({}, Mapping) else 2)
        size(1 if isinstance((1,), Sequence) else 2)
        size(1 if isinstance("a", Iterable) else 2)
        size(1 if isinstance(frozenset([1]), frozenset) else 2)
        size(1 if isinstance(3, object) else 2)
        size(1 if isinstance(3, int | float) else 2)
        size(1 if isinstance(3, (int, str)) else 2)
        """,
    "bool of instance": """
        class A:
            def __len__(self): return 0
        class B(list): pass
        class C:
            def __bool__(self): return False
        size(1 if A() else 2)
        size(1 if B() else 2)
        size(1 if C() else 2)
        """,
    "dataclass by function": """
        import dataclasses, functools
        def config(cls): return dataclasses.dataclass(cls)
        @config
        class A:
            units: int = 3
        size(A(units=5).units)
        fz = functools.partial(dataclasses.dataclass, frozen=True)
        @fz
        class B:
            units: int = 3
        size(B(units=6).units)
        @dataclasses.dataclass
        class Base:
            pass
        C = dataclasses.make_dataclass("C", [("units", int, 4)])
        size(C(8).units)
        """,
    "singledispatch": """
        from functools import singledispatch
        @singledispatch
        def units(x): return 1
        @units.register(int)
        def _(x): return 2
        size(units(3))
        """,
    "chain long": """
        import itertools
        size(len(list(itertools.chain(range(4000), range(4000)))))
        """,
    "deque": """
        from collections import deque
        q = deque([1, 2, 3])
        q.popleft()
        size(len(q))
        q.appendleft(7)
        size(q[0])
        """,
    "super init of a dataclass": """
        from dataclasses import dataclass
        @dataclass
        class A:
            units: int = 3
        class B(A):
            def __init__(self, n):
                super().__init__(n * 2)
        size(B(5).units)
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_python_agrees(program: str) -> None:
    agree(program)


@pytest.mark.parametrize("program", CAREFUL.values(), ids=CAREFUL)
def test_python_is_not_contradicted(program: str) -> None:
    do_not_contradict(program)


def test_what_may_have_been_replaced_is_not_known() -> None:
    for change in ("d.update(unknown)", "d |= unknown", "d = {**d, **unknown}", "d[unknown] = 4", "d.pop(unknown)"):
        assert by_kerlint(f"d = {{'a': 3}}\n{change}\nsize(d['a'])") == [(NOTHING, None)], change


@pytest.mark.parametrize("change", ["d.setdefault('a', 3)", "d['a'] = 3", "d.update(a=3)"])
def test_an_entry_that_one_arm_makes_is_not_sure(change: str) -> None:
    program = f"d = {{}}\nif unknown:\n    {change}\n"
    assert by_kerlint(f"{program}size(d.get('a', 7))") == [(NOTHING, None)]


def test_one_of_two_is_not_just_true() -> None:
    assert by_kerlint("size(unknown or 32)") == by_kerlint("size(unknown and 32)") == [(NOTHING, None)]


def test_nested_fields_end() -> None:
    program = (
        "from dataclasses import asdict, dataclass\n@dataclass\nclass A:\n    l: object\n    r: object\na = A(1, 2)\n"
    )
    nested = "a = A(a, a)\n" * 50
    assert by_kerlint(f"{program}{nested}a.l = a\nasdict(a)\nsize(3)") == [(3, None)]
