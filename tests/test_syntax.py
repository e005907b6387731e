"""The tree that programs are read from, held against libcst's: the same nodes at the same places."""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

import kerlint
from kerlint import syntax
from kerlint.edits.walking import children as concrete_children
from kerlint.finding import Span
from kerlint.syntax import newer, places
from kerlint.syntax.concrete import parse
from kerlint.syntax.positions import locate
from kerlint.syntax.reading import LONGEST_DISPLAY
from tests.trees import tree

ROOT = Path(kerlint.__file__).parent.parent
PROGRAMS = sorted(ROOT.glob("fixtures/*/*.py"))[::4]
TEXTS = {
    "empty": "",
    "comment": "# nothing\n",
    "no newline": "x = 1",
    "carriage returns": "x = 1\r\ndef f():\r\n    return (\r\n        x)\r\n",
    "old newlines": "x = 1\rif x:\r    y = '''a\rb'''\r",
    "mixed": "x = 1\r\ny = 2\nz = '''\r\n\r'''\n",
    "tabs": "if x:\n\tif y:\n\t\tf(a , b,  *c )\n",
    "form feed": "\x0cx = 1\n\x0c\ny = 2\n",
    "wide": "x = 'ä\U0001f600'; y = f'{x!r:>{10}} ä' ; z = 3\n",
    "semicolons": "a = 1; b = 2 ;\nc = (\n  1,\n)\n",
    "joined": "x = 1 + \\\n    2\nassert x, \\\n  y\n",
    "decorators": "# a\n@f\n\n# b\n@g(1)\nasync def h(x: int = 3, /, *y, z=2, **w) -> None:\n    # c\n    await x\n    # d\n",
    "compound": "with (a as b, c):\n  try:\n    pass\n  except E as e: x\n  else: y\n  finally:\n     z\nfor a, in b: pass\nelse: c\n",
    "expressions": "f(x)[1:2, ::3].y ; lambda x, *y: (yield) ; [a for b in c if d] ; {**e} ; not a is not b ; (a := 1)\n",
    "more expressions": "a and b or not c and d; x < y <= z != w in v not in u is None; -1j ** ~2 @ 3 // 4 << 5 >> 6 & 7 | 8 ^ 9\n"
    "{1: 2, **a}; {1, *b}; {k: v for k, v in c for d in e if f if g}; {a for b in c}; a if b else c; ...; b'x' b'y'\n"
    "(await x); f(a=1, *b, **c); a[b, 1:, ...]; a[*b] if 0 else 1; print(f'{x=} {y:{z}.2f} {{}}' 'a'); del (a, b), c\n",
    "brackets": "(a), (b)\n((a), b)\n((a, b))\n( a, )\n(a),\n()\n(x for x in y)\nf(x for x in y)\nf(\nx for x in y\n)\n( ( a ) )\n",
    "match": "match x:\n    case {'a': [1, *_], **r} | P(y, z=2) if r: pass\n    case None | 'a' as b: pass\n    case _: pass\n",
    "statements": "import a.b as c, d\nfrom . import (e as f,)\nfrom .a.b import *\nglobal g, h\ndel h, i\nraise J from K\n"
    "while 1: break\nelse: continue\nx: int\ny += 1\nz **= 2\nclass A(B, metaclass=C): x = 1; y: int = 2\n"
    "async def f():\n  async for x in y: pass\n  async with z as w, v: return\n  yield from a\n  x = yield\n",
}  # fmt: skip
if sys.version_info >= (3, 11):
    TEXTS["newer"] = "try: a\nexcept* B as c: d\nx[*y] = 1\n"
if sys.version_info >= (3, 12):
    TEXTS["newest"] = "type X[T] = list[T]\ndef f[T](x: T): ...\nprint(f'{'a'}')\n"


def concrete(text: str) -> libcst.Module:
    module = parse(text)
    assert module is not None
    return module


def shape(node: object, *, is_text: bool = False) -> object:
    """A tree without its places."""
    if isinstance(node, syntax.Node):
        fields = [name for base in reversed(type(node).__mro__) for name in getattr(base, "__slots__", ())]
        is_text = isinstance(node, (syntax.FormattedString, syntax.FormattedStringExpression))
        parts = [shape(getattr(node, name), is_text=is_text) for name in fields if name not in ("at", "text")]
        return (type(node).__name__, *parts)
    if isinstance(node, list):
        joined: list[object] = []
        for part in node:
            if is_text and isinstance(part, str) and joined and isinstance(joined[-1], str):
                # Whether two texts in a formatted string stand apart is nothing to a program.
                joined[-1] += part
            elif part != "":
                joined.append(part)
        return [shape(part) for part in joined]
    return repr(node)


def agree(text: str) -> None:
    """Both ways to a tree lead to the same one, and to the same places. (libcst's begin behind a form feed.)"""
    module, other = tree(text), newer.from_concrete(concrete(text), text)
    assert shape(module) == shape(other)
    place, other_place = places.locate(module), places.locate(other)
    for one, two in zip(places.walk(module), places.walk(other), strict=True):
        is_bare = isinstance(one, syntax.Tuple) and not one.elements
        if not isinstance(one, _PARTS) and not is_bare and "\f" not in text:
            assert place(one) == other_place(two), ast.dump(one.at) if isinstance(one.at, ast.AST) else one


#: What nothing is reported at, and what has no place of its own in Python's tree: brackets of an only argument.
_PARTS = (
    syntax.Module,
    syntax.Parameters,
    syntax.Param,
    syntax.ComparisonTarget,
    syntax.DictElement,
    syntax.StarredDictElement,
    syntax.CompFor,
    syntax.WithItem,
    syntax.MatchPattern,
    syntax.MatchMappingElement,
    syntax.MatchKeywordElement,
    syntax.MatchCase,
    syntax.Arg,
    syntax.Block,
    syntax.OtherStatement,
)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_the_tree_is_libcst_s(text: str) -> None:
    agree(text)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_trees_of_programs(path: Path) -> None:
    agree(path.read_text(encoding="utf-8"))


def test_names_within_something_larger() -> None:
    text = "@a\nclass  b (c):\n  async  def d (self): ...\nimport x.y as z, w\n"
    module = tree(text)
    place = places.locate(module)
    spans = {node.value: place(node) for node in places.walk(module) if isinstance(node, syntax.Name)}
    assert spans["b"] == Span(2, 8, 2, 9)
    assert spans["d"] == Span(3, 14, 3, 15)
    aliases = [place(node) for node in places.walk(module) if isinstance(node, syntax.ImportAlias)]
    assert aliases == [Span(4, 8, 4, 11), Span(4, 18, 4, 19)]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("x = f'a {f(1)} b'\n", 10),
        ("x = f'ä {f(1)!r} b'\n", 10),
        ("x = ('a'\n     f'{1} { f(1) }')\n", 14),
        ("x = f'''a {\n f(1)\n }'''\n", 2),
        ("x = f'{f(1), 2}'\n", 8),
        ("x = f'{ f(1) , 2 !r}'\n", 9),
        ("x = f'{(f(1), 2)}'\n", 9),
    ],
)
def test_places_in_formatted_strings(text: str, start: int) -> None:
    """The first versions of Python 3.10 do not know; the whole string then, and never another place."""
    module = tree(text)
    place = places.locate(module)
    (call,) = [node for node in places.walk(module) if isinstance(node, syntax.Call)]
    span = place(call)
    assert span is not None
    line = text.splitlines()[span.start_line - 1]
    found = line[span.start_column - 1 : span.end_column - 1] if span.start_line == span.end_line else ""
    if sys.version_info >= (3, 11):
        assert (span.start_column, found) == (start, "f(1)")
    (whole,) = [node for node in places.walk(module) if isinstance(node, syntax.FormattedString)]
    assert found == "f(1)" or span == place(whole)


def test_warnings_about_the_text_are_nobody_s_business() -> None:
    text = "x = '\\d'\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tree(text).body
        assert newer.read_newer(text) is not None
        assert parse(f"x = '\\d', [{'1, ' * 15_000}]\n") is not None


def test_a_long_display_of_constants_is_cut() -> None:
    module = tree(f"x = [{'1, ' * (LONGEST_DISPLAY + 1)}]\ny = [{'1, ' * LONGEST_DISPLAY} z]\n")
    sizes = [len(node.elements) for node in places.walk(module) if isinstance(node, syntax.List)]
    assert sizes[0] < LONGEST_DISPLAY < sizes[1]


def test_a_node_of_another_module() -> None:
    module, other = tree("x = 1\n"), tree("x = 1\n")
    assert places.locate(module, alone=False)(other.body[0]) is None
    assert places.locate(module, alone=False)(module.body[0]) == Span(1, 1, 1, 6)


def agree_with_provider(text: str) -> None:
    module = libcst.parse_module(text)
    expected = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    find = locate(module)
    pending: list[libcst.CSTNode] = [module]
    while pending:
        node = pending.pop()
        pending.extend(concrete_children(node))
        found = expected.get(node)
        if found is None:
            assert find(node) is None
            continue
        span = Span(found.start.line, found.start.column + 1, found.end.line, found.end.column + 1)
        assert find(node) == span, (type(node), found)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_places_are_those_of_libcst(text: str) -> None:
    agree_with_provider(text)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_places_in_programs(path: Path) -> None:
    agree_with_provider(path.read_text(encoding="utf-8"))


def test_a_concrete_node_of_another_module() -> None:
    module, other = libcst.parse_module("x = 1\n"), libcst.parse_module("x = 1\n")
    assert locate(module)(other.body[0]) is None


def test_a_deep_tree() -> None:
    module = libcst.parse_module("x = " + "-" * 900 + "1\n")
    line = module.body[0]
    assert isinstance(line, libcst.SimpleStatementLine)
    assert locate(module)(line.body[0]) == Span(1, 1, 1, 906)
