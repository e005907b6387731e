from __future__ import annotations

import pytest

from kerlint.source import Unreadable, mentions_keras, read_source, syntax_error
from kerlint.syntax import concrete, places
from tests.trees import tree


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"x = 1\n", "x = 1\n", "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8-sig"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n", "iso-8859-1"),
        (b"#!/usr/bin/python\r# -*- coding: cp1251 -*-\rx = '\xff'", None, "cp1251"),
        ("x = 'é'\r\ny = 2\r".encode(), "x = 'é'\r\ny = 2\r", "utf-8"),
        (b"", "", "utf-8"),
    ],
)
def test_python_files_are_decoded_as_python_does(data: bytes, text: str | None, encoding: str) -> None:
    source = read_source(data, "a.py")
    assert source.encoding == encoding
    if text is not None:
        assert source.text == text
    assert source.bom == data.startswith(b"\xef\xbb\xbf")
    assert syntax_error(source.text) is None


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"x = 1\ny = 2\nz = 3\nw = '\xff'\n", 4, 6),
        (b"x = '\xff'\n", 1, 6),
        (b"# coding: nonsense\n", 1, 1),
        (b"# coding: rot13\n", 1, 1),
        (b"# coding: punycode\nimport keras\n", 1, 1),
        (b"# coding: IDNA\nimport keras\n", 1, 1),
        (b"# coding: ascii\n\n'\xc3'\n", 3, 2),
        (b"\xff\xfeimport keras", 1, 1),
    ],
)
def test_what_cannot_be_decoded_says_where(data: bytes, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as caught:
        read_source(data, "a.py")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_parsers(newline: str) -> None:
    text = newline.join(["a = 1", "\tb".strip(), "\x0cif a:", "\tc = '\u2028\x0b\x1c'", "", "d = (1 +", "  )"])
    source = read_source(text.encode(), "a.py")
    assert len(source.lines) == 7
    assert source.line(3) == "\x0cif a:"
    assert source.line(4) == "\tc = '\u2028\x0b\x1c'"
    assert source.line(8) == source.line(0) == ""
    error = syntax_error(source.text)
    assert error is not None
    assert error.line in (6, 7)
    good = source.text.replace("1 +", "1  ")
    module = tree(good)
    span = places.locate(module)(module.body[-1])
    assert span is not None
    assert span.start_line == 6


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("x = 1\ndef f(:\n    pass\n", 2, 7),
        ("x = 1\ny = '\0'\n", 2, 6),
        ("if x:\n\ty\n        z\n", 3, 1),
        ("(" * 5000, 1, 1),
        ("-" * 100_000 + "1", 1, 1),
        ("x = (\n", 1, 5),
        ("print 'a'\n", 1, 1),
    ],
)
def test_syntax_errors_are_located(text: str, line: int, column: int) -> None:
    error = syntax_error(text)
    assert error is not None
    assert error.line == line
    if len(text) < 1000:
        assert error.column == column
    assert error.message


@pytest.mark.parametrize("data", [b"x = '\0'\n", b"# coding: latin-1 \0\nx = 1\n", b"#!/bin/python\n# \0\n", b"\0"])
def test_a_null_byte_where_the_encoding_may_stand(data: bytes) -> None:
    """Some versions of `tokenize` refuse it there; then nobody would say where it is."""
    error = syntax_error(read_source(data, "a.py").text)
    assert error is not None
    assert error.line == data[: data.index(b"\0")].count(b"\n") + 1
    assert error.message == "a null byte is not allowed in source code"


def test_no_syntax_error_and_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert syntax_error("x = '\\d'\nreturn x\nawait x\n") is None
    assert not recwarn


def test_place_of_a_python_file() -> None:
    place = read_source(b"a\nb\n", "a.py").place(2, 5)
    assert (place.cell, place.line, place.column) == (None, 2, 5)


def test_mentions_keras() -> None:
    assert mentions_keras(b"from tensorflow import x")
    assert mentions_keras(b"import keras")
    assert not mentions_keras(b"import torch")


def test_a_program_without_its_imports_is_of_interest() -> None:
    assert mentions_keras(b"model = Sequential()\nmodel.compile('adam', loss='mse')\n")
    assert not mentions_keras(b"model = nn.Sequential(nn.Linear(1, 2))\nmodel.compile(loss=1)\n")
    assert not mentions_keras(b"model = Sequential()\nmodel(x).backward()\n")


def test_long_chains_are_not_for_libcst() -> None:
    """libcst nests what Python keeps flat; its stack would overflow."""
    for text in ("x = " + " and ".join(["1"] * 20_000), "import " + "a." * 20_000 + "b"):
        assert syntax_error(text + "\n") is None
        assert tree(text + "\n").body
        assert concrete.parse(text + "\n") is None
    assert concrete.parse("x = 1 and 2 or 3\nimport a.b.c\n") is not None
