"""Enumerations, iterators and programs in texts: the sizes that kerlint finds are those that Python itself gives."""

from __future__ import annotations

import pytest

from kerlint.program.constants import NOTHING
from tests.test_python import agree, by_kerlint, do_not_contradict

#: Where all is known.
PROGRAMS = {
    "members": """
        from enum import Enum, unique
        @unique
        class Size(Enum):
            SMALL = 3
            BIG = 5
            @property
            def twice(self): return self.value * 2
            def plus(self, n): return self.value + n
            @classmethod
            def default(cls): return cls.SMALL
        size(Size.SMALL.value, name=Size.BIG.name)
        size(Size(5).value, name=Size["BIG"].name)
        size(Size(Size.BIG).value)
        size(Size.BIG.twice)
        size(Size.BIG.plus(1))
        size(Size.default().value)
        size(1 if Size.BIG is Size.SMALL else 2)
        size(1 if Size.BIG == 5 else 2)
        size(1 if Size.BIG != Size.SMALL else 2)
        size(1 if Size.BIG in (Size.SMALL, Size.BIG) else 2)
        size(1 if Size.BIG not in [Size.SMALL] else 2)
        size(1 if isinstance(Size.BIG, Size) else 2)
        size(1 if Size.SMALL else 2)
        """,
    "over an enumeration": """
        from enum import Enum
        class Size(Enum):
            SMALL = 3
            BIG = 5
            LARGE = 5
            def __str__(self): return "x"
        for one in Size:
            size(one.value, name=one.name)
        size(len(Size))
        size([one.value for one in Size][-1])
        size(len(list(Size)))
        size(1 if Size.BIG is Size.LARGE else 2, name=Size.LARGE.name)
        for i, one in enumerate(Size):
            size(i + one.value)
        """,
    "auto": """
        from enum import Enum, IntEnum, auto
        class A(Enum):
            X = auto()
            Y = auto()
            Z = 7
            W = auto()
        size(A.X.value)
        size(A.Y.value)
        size(A.W.value)
        class B(IntEnum):
            X = 4
            Y = auto()
        size(B.Y)
        """,
    "members that are their values": """
        from enum import Enum, IntEnum
        class N(IntEnum):
            A = 4
            B = 6
        size(N.B, name=N.B.name)
        size(N.A + N.B)
        size(1 if N.A == 4 else 2)
        size(1 if N.A is N.A else 2)
        size(1 if N.A is N.B else 2)
        size(N.B.value)
        size(max(N.A, N.B))
        size(N(6), name=N(4).name)
        size([3, 4, 5, 6, 7][N.A])
        class S(str, Enum):
            A = "relu"
            B = "tanh"
        size(3, name=S.A.value)
        size(1 if S.A == "relu" else 2)
        size(4, name=S("tanh").name)
        size(5, name=S.B.upper())
        """,
    "members that are made": """
        from enum import Enum
        class P(Enum):
            E = (3, 4)
            M = (5, 6)
            def __init__(self, units, depth):
                self.units = units
                self.depth = depth
        size(P.E.units)
        size(P.M.depth)
        size(P((5, 6)).units)
        size(P.E.value[1])
        """,
    "members matched": """
        from enum import Enum
        class Size(Enum):
            SMALL = 3
            BIG = 5
        def f(kind):
            match kind:
                case Size.SMALL: return 11
                case Size.BIG: return 12
                case _: return 13
        size(f(Size.BIG))
        size(f(Size.SMALL))
        size(f(3))
        """,
    "twice through an iterator": """
        def twice(it):
            for u in it:
                size(u + 1)
            for u in it:
                size(u + 2)
            size(len(list(it)) + 7)
        twice(map(lambda u: u, [3, 4]))
        twice(reversed([3, 4]))
        twice(u for u in [3, 4])
        for a, b in (pairs := zip([3, 4], [5, 6])):
            size(a + b)
        for a, b in pairs:
            size(a)
        for i, u in (numbered := enumerate([3])):
            size(i + u)
        size(sum(u for _, u in numbered) + 9)
        size(1 if numbered else 2)
        """,
    "what is left of an iterator": """
        it = map(lambda u: u + 1, [3, 4, 5])
        size(next(it))
        size(next(it))
        size(sum(it))
        size(next(it, 9))
        first, second = zip([1, 2], [3, 4])
        size(first[1] + second[1])
        it = (u for u in [3, 4])
        size(max(it))
        size(max([*it, 7]))
        it = map(abs, [3, -4])
        size(max(*it))
        size(len([*it]) + 5)
        import itertools
        it = itertools.chain([1], [2])
        size(len(list(it)))
        size(len(list(it)) + 3)
        """,
    "exec": """
        u, v = 3, 4
        exec("v = 4\\nw = 5")
        size(u)
        names = {"a": 3}
        exec("b = 4", names)
        size(names["a"])
        def f():
            u = 6
            exec("u = 7")
            return u
        size(f())
        """,
    "eval": """
        u = 3
        size(eval("u"))
        size(eval("5"))
        size(eval("[1, 7]")[1])
        """,
}

#: Where what kerlint says must not be wrong.
CAREFUL = {
    "auto of old and new": """
        from enum import Enum, auto
        class A(Enum):
            X = 7
            Y = 3
            Z = auto()
        size(A.X.value)
        size(A.Z.value)
        """,
    "flags": """
        from enum import Flag, IntFlag, auto
        class A(Flag):
            X = auto()
            Y = auto()
        size(A.Y.value)
        size((A.X | A.Y).value)
        size(1 if A.X & A.Y else 2)
        class B(IntFlag):
            X = 4
            Y = 8
        size(B.X | B.Y)
        size(1 if B.X & B.Y else 2)
        """,
    "enumerations with their own ways": """
        from enum import Enum, auto
        class A(Enum):
            X = 3
            def __eq__(self, other): return True
            def __hash__(self): return 1
        size(1 if A.X == 4 else 2)
        class B(Enum):
            X = 3
            @classmethod
            def _missing_(cls, value): return cls.X
        size(B(9).value)
        class C(Enum):
            def _generate_next_value_(name, start, count, last): return count + 40
            X = auto()
        size(C.X.value)
        class D(int, Enum):
            def __new__(cls, value):
                made = int.__new__(cls, value + 1)
                made._value_ = value
                return made
            X = 3
        size(D.X)
        size(D.X.value)
        def f(x): return x
        class E(Enum):
            F = f
            X = len
            Y = 5
        size(E.Y.value)
        size(len(list(E)))
        """,
    "the look of a member": """
        from enum import Enum, IntEnum
        class N(IntEnum):
            A = 4
        class S(str, Enum):
            A = "relu"
        class P(Enum):
            A = 4
        size(3, name=f"u_{N.A}_{str(N.A)}")
        size(3, name=f"u_{S.A}".replace(".", "_"))
        size(3, name=str(S.A).replace(".", "_"))
        size(3, name=f"u_{P.A}".replace(".", "_"))
        """,
    "generators": """
        def f():
            yield 3
            yield 3
        it = f()
        size(next(it))
        size(sum(it))
        size(sum(it) + 5)
        it = iter([1, 2, 3])
        size(sum(it))
        size(sum(it) + 5)
        """,
    "one iterator twice": """
        it = map(abs, [3, 4, 5, 6])
        size(len(list(zip(it, it))))
        it = map(abs, [3, 4, 5, 6])
        size(3 in it and next(it))
        it = map(abs, [3, 4, 5, 6])
        for u in it:
            if u == 4:
                break
        size(next(it))
        it = map(abs, [3, 4, 5, 6])
        for u, _ in zip(it, [1, 2]):
            pass
        size(next(it))
        it = map(abs, [3, 0, 5, 6])
        size(1 if all(it) else 2)
        size(next(it))
        """,
    "texts": """
        u, v, f = 3, 4, abs
        exec("u = 8\\nimport os as v")
        size(u)
        exec("def f(x): return 9")
        size(f(-3))
        text = "".join(["u = ", str(7)])
        exec(text)
        size(u)
        def g():
            exec("u = 11", globals())
        g()
        size(u)
        names = {}
        exec("b = 4", names)
        size(names["b"])
        size(eval("u + 1"))
        size(eval(" 6 "))
        size(eval("(1, 2)")[1])
        for u in [1]:
            exec("[w for w in ()]")
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_python_agrees(program: str) -> None:
    agree(program)


@pytest.mark.parametrize("program", CAREFUL.values(), ids=CAREFUL)
def test_python_is_not_contradicted(program: str) -> None:
    do_not_contradict(program)


@pytest.mark.parametrize("arm", ["list(it)", "next(it)", "for u in it: break", "unknown(it)", "3 in it"])
def test_an_arm_that_may_have_taken_something_leaves_nothing_sure(arm: str) -> None:
    program = f"it = map(abs, [3, 4])\nif unknown:\n    {arm}\nsize(next(it))"
    assert by_kerlint(program) == [(NOTHING, None)]


def test_what_a_text_binds_is_forgotten_in_one_arm_too() -> None:
    assert by_kerlint("u = 3\nif unknown:\n    exec('u = 4')\nsize(u)") == [(NOTHING, None)]
    assert by_kerlint("u = 3\nexec(unknown)\nsize(u)") == [(NOTHING, None)]
    assert by_kerlint("u = 3\nexec('from x import *')\nsize(u)") == [(NOTHING, None)]


@pytest.mark.filterwarnings("error")
def test_nothing_is_warned_of_in_texts() -> None:
    """What Python would warn of in a text, an escape that is none for one, is no reason not to read it."""
    assert by_kerlint("v = 3\nexec(\"v = '\\\\d'\")\nsize(v)\nsize(eval(\"'\\\\d'\"))\n") == [
        (NOTHING, None),
        ("\\d", None),
    ]
