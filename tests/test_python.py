"""Ordinary Python around models: the sizes that kerlint finds are those that Python itself gives.

Each program calls `size(...)`; Python runs it and notes what it was called with, and kerlint follows it.
"""

from __future__ import annotations

import sys
import textwrap

import pytest

from kerlint.library import evaluate
from kerlint.program.constants import NOTHING, constant
from kerlint.program.values import Layer
from tests.trees import tree

PROGRAMS = {
    "f-string": """
        for i, u in enumerate([3, 12]):
            size(u, name=f"d_{i:02d}_{u!r}_{u:>4}_{{x}}".replace(" ", "-"))
        """,
    "filled-in text": """
        for i, u in enumerate([3, 12]):
            size(u, name="d_{:02d}_{!r}_{name:>4}_{{x}}".format(*[i, u], name="a").replace(" ", "-"))
            size(u, name="d_{1}_{0:.2f}_{0!s:5}".format(u / 7, i).replace(" ", "-"))
        size(len("{}{}".format(True, None)), name="{:>2}_2017".format("e").strip())
        """,
    "sorted": """
        size(sorted(["b", "a", "c"])[0] == "a" and 4 or 5, name=sorted("cab")[1])
        pairs = sorted({"z": 3, "x": 4, "y": 5}.items())
        for key, value in pairs:
            size(value, name=key)
        for u in sorted([3, 9, 4], reverse=True):
            size(u)
        for u, _ in sorted([(8, "b"), (2, "c")], reverse=True):
            size(u)
        """,
    "dict union": """
        a = {"x": 1, "y": 2}
        b = a | {"y": 3}
        a |= {"z": 4}
        size(b["x"] + b["y"], name="b")
        size(a["z"], name="a")
        """,
    "named tuple": """
        from collections import namedtuple
        A = namedtuple("A", "units rate", defaults=[0.5])
        B = namedtuple("B", ["units"])
        size(A(3).units)
        size(A(units=4, rate=1).units)
        size(int(A(3).rate * 10))
        size(B(7).units)
        units, rate = A(8)
        size(units)
        first, *rest = A(9, 2)
        size(first)
        for u in A(4, 5):
            size(u)
        """,
    "class of named tuple": """
        from typing import NamedTuple
        class A(NamedTuple):
            units: int
            more: int = 6
        size(A(3).units)
        size(A(3).more)
        size(A(3, more=8).more)
        """,
    "dataclass": """
        from dataclasses import asdict, dataclass, field, replace
        from typing import ClassVar
        @dataclass
        class A:
            count: ClassVar[int] = 9
            units: int
            depth: int = 2
            sizes: list = field(default_factory=lambda: [4, 5])
            rate: float = field(default=0.5)
            def __post_init__(self):
                self.twice = self.units * 2
        @dataclass
        class B(A):
            pass
        a = A(3)
        size(a.units)
        size(a.depth)
        size(a.twice)
        for u in a.sizes:
            size(u)
        size(int(replace(a, rate=8).rate))
        size(asdict(A(11))["units"])
        size(B(12, 13).depth)
        size(A.count)
        """,
    "product": """
        import itertools
        for a, b in itertools.product([1, 2], [3, 4]):
            size(a * b)
        """,
    "chain, slice, repeat, pairs": """
        import itertools
        from itertools import chain, islice
        for u in chain([1, 2], (3,)):
            size(u)
        for u in itertools.chain.from_iterable([[4], [5, 6]]):
            size(u)
        for u in islice([7, 8, 9], 1, None):
            size(u)
        for u in itertools.repeat(5, 2):
            size(u)
        for a, b in itertools.pairwise([2, 3, 4]):
            size(a * b)
        for a, b in itertools.zip_longest([1, 2], [3], fillvalue=9):
            size(a * b)
        """,
    "reduce": """
        import functools
        size(functools.reduce(lambda a, b: a * b, [2, 3, 4]))
        size(functools.reduce(lambda a, b: a + b, [2, 3, 4], 10))
        """,
    "ordered dict": """
        from collections import OrderedDict
        for name, u in OrderedDict([("a", 3), ("b", 4)]).items():
            size(u, name=name)
        """,
    "match": """
        def of(kind):
            match kind:
                case "small" | "tiny":
                    return 2
                case None:
                    return 3
                case int() as n if n > 3:
                    return n
                case other:
                    return 5
        size(of("tiny"))
        size(of(None))
        size(of("large"))
        match "x":
            case "y":
                size(100)
        """,
    "registry": """
        TABLE = {}
        def register(name):
            def keep(function):
                TABLE[name] = function
                return function
            return keep
        @register("a")
        def first():
            return 3
        def twice(function):
            def inner(*args, **kwargs):
                return 2 * function(*args, **kwargs)
            return inner
        @twice
        def second(x, y=1):
            return x + y
        size(TABLE["a"]())
        size(second(4, y=6))
        """,
    "property": """
        class A:
            def __init__(self):
                self._u = 3
            @property
            def u(self):
                return self._u
            @u.setter
            def u(self, value):
                self._u = value * 2
        a = A()
        size(a.u)
        a.u = 5
        size(a.u)
        """,
    "recursion": """
        def fact(n):
            return 1 if n <= 1 else n * fact(n - 1)
        size(fact(5))
        def depth(tree):
            return 1 + max([depth(child) for child in tree] + [0])
        size(depth([[], [[[]]]]))
        def even(n):
            return True if n == 0 else odd(n - 1)
        def odd(n):
            return False if n == 0 else even(n - 1)
        size(4 if even(6) else 5)
        """,
    "list methods": """
        xs = [1, 2, 3, 4]
        del xs[0]
        size(xs[0])
        xs.insert(1, 9)
        size(xs[1])
        size(xs.pop(0))
        size(xs.pop(-1))
        size(len(xs))
        """,
}


def by_python(program: str) -> list[tuple[int, str | None]]:
    """What Python calls `size` with."""
    noted: list[tuple[int, str | None]] = []

    def size(units: int, name: str | None = None) -> None:
        noted.append((units, name))

    namespace = {"size": size, "__name__": "test_python_program"}
    sys.modules["test_python_program"] = sys.modules[__name__]  # dataclasses look their module up
    try:
        exec(compile(program, "program", "exec", dont_inherit=True), namespace)
    finally:
        del sys.modules["test_python_program"]
    return noted


def by_kerlint(program: str) -> list[tuple[object, object]]:
    """The layers that kerlint sees, where `size` makes one."""
    found = evaluate(tree(f"from keras.layers import Dense as size\n{program}"))
    assert not found.failures, found.failures
    layers = [made for made in found.objects if isinstance(made, Layer)]
    return [
        (constant(made.args["units"]), constant(made.args["name"]) if "name" in made.args else None) for made in layers
    ]


def agree(program: str) -> None:
    """kerlint finds what Python finds."""
    program = textwrap.dedent(program)
    assert by_kerlint(program) == by_python(program)


def do_not_contradict(program: str) -> None:
    """What kerlint finds is what Python finds, or not known."""
    program = textwrap.dedent(program)
    ours, right = by_kerlint(program), by_python(program)
    assert len(ours) == len(right)
    for (units, name), (right_units, right_name) in zip(ours, right):
        assert units in (NOTHING, right_units)
        assert name in (NOTHING, right_name)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_python_agrees(program: str) -> None:
    agree(program)


@pytest.mark.parametrize(
    "program",
    [
        "import itertools\nfor a, b in itertools.product([1, 2], unknown):\n    size(b)",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    units: int\nsize(A(*unknown).units)",
        "from collections import namedtuple\nA = namedtuple('A', unknown)\nsize(A(3).units)",
        "import functools\nsize(functools.reduce(unknown, [1, 2]))",
        "size(1, name=f'{unknown:02d}').units",
        "size(1, name='{:02d}'.format(unknown)).units",
        "size(1, name='{0.real}'.format(1)).units",
        "size(1, name='{:9999}'.format(1)).units",
        "import itertools\nfor u in itertools.count(3):\n    size(u)\n    break",
        "match unknown:\n    case 1:\n        u = 3\n    case _:\n        u = 4\nsize(f(u))",
    ],
)
def test_what_is_not_known_stays_unknown(program: str) -> None:
    for units, name in by_kerlint(program):
        assert units is NOTHING or name is NOTHING


def test_a_case_that_may_be_passed_by_leaves_what_was() -> None:
    both = by_kerlint("u = 3\nmatch unknown:\n    case 1:\n        u = 4\nsize(u)")
    assert both == [(NOTHING, None)]


@pytest.mark.parametrize(
    "program",
    [
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(60)",
        "def f(n):\n    if unknown > n:\n        return f(n - 1)\n    return f(n + 1)\nf(1)",
        "def d(f):\n    def g():\n        f()\n        return f()\n    return g\n"
        + "@d\n" * 30
        + "def h():\n    return 1\nh()",
    ],
)
def test_recursion_leaves_fuel_for_the_rest(program: str) -> None:
    assert by_kerlint(f"{program}\nsize(3)") == [(3, None)]
