from __future__ import annotations

from pathlib import Path

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

import kerlint
from kerlint.finding import Span
from kerlint.placing import _walk
from kerlint.positions import locate, spans

ROOT = Path(kerlint.__file__).parent.parent
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
    "compound": "with (a as b, c):\n  try:\n    pass\n  except* E as e: x\n  else: y\n  finally:\n     z\nfor a, in b: pass\nelse: c\n",
    "expressions": "f(x)[1:2, ::3].y ; lambda x, *y: (yield) ; [a for b in c if d] ; {**e} ; not a is not b ; (a := 1)\n",
    "match": "match x:\n    case {'a': [1, *_], **r} | P(y, z=2) if r: pass\n    case _: pass\n",
    "statements": "import a.b as c, d\nfrom . import (e as f,)\nglobal g\ndel h, i\nraise J from K\nwhile 1: break\nx: int\ny += 1\n",
}


def agree(text: str) -> None:
    module = libcst.parse_module(text)
    expected = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    find = locate(module)
    for node in _walk(module):
        place = expected.get(node)
        if place is None:
            assert find(node) is None
            continue
        span = Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)
        assert find(node) == span, (type(node), place)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_places_are_those_of_libcst(text: str) -> None:
    agree(text)


@pytest.mark.parametrize("path", sorted(ROOT.glob("fixtures/*/*.py"))[::4], ids=lambda path: path.name)
def test_places_in_programs(path: Path) -> None:
    agree(path.read_text(encoding="utf-8"))


def test_a_node_of_another_module() -> None:
    module, other = libcst.parse_module("x = 1\n"), libcst.parse_module("x = 1\n")
    assert locate(module)(other.body[0]) is None
    assert list(spans(module, [module.body[0], other.body[0]])) == [id(module.body[0])]


def test_a_deep_tree() -> None:
    module = libcst.parse_module("x = " + "-" * 900 + "1\n")
    line = module.body[0]
    assert isinstance(line, libcst.SimpleStatementLine)
    assert locate(module)(line.body[0]) == Span(1, 1, 1, 906)
