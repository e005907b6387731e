"""Texts in the editor: units, changes, settings. No server is started here."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.workspace import PositionCodec

from kerlint.server.options import Options, read
from kerlint.server.snapshot import Part, Snapshot
from kerlint.server.text import Document, characters, units

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
LETTERS = "aé中😀\x0c\x1c\u2028\t"


@pytest.mark.parametrize("encoding", CODECS)
def test_units_and_back(encoding: str) -> None:
    codec, size = CODECS[encoding]
    line = "xé中😀y\ufe0f😎"
    for column in range(len(line) + 1):
        count = units(line[:column], encoding)
        assert count == len(line[:column].encode(codec)) // size
        assert characters(line, count, encoding) == column
    assert characters(line, 1000, encoding) == len(line)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_within_a_character(encoding: str) -> None:
    before = units("a", encoding)
    for inside in range(before + 1, units("a😀", encoding)):
        assert characters("a😀b", inside, encoding) == 1


@pytest.mark.parametrize("encoding", CODECS)
def test_changes(encoding: str) -> None:
    """Random changes, made here by characters and there by units, give the same text."""
    rng = random.Random(7)
    text = "".join(rng.choice(LETTERS + "\n") for _ in range(60)) + "\r\nx\ry"
    document = Document(
        "file:///t.py", text, 1, "python", position_codec=PositionCodec(types.PositionEncodingKind(encoding))
    )
    for _ in range(300):
        start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + 6)
        if text[max(start - 1, 0) : start + 1] == "\r\n" or text[max(end - 1, 0) : end + 1] == "\r\n":
            # The place between the two is in no line.
            continue
        new = "".join(rng.choice(LETTERS + "\n\r") for _ in range(rng.randrange(6)))
        place = types.Range(position(text, start, encoding), position(text, end, encoding))
        document.apply_change(types.TextDocumentContentChangePartial(range=place, text=new))
        text = text[:start] + new + text[end:]
        assert document.source == text


def position(text: str, index: int, encoding: str) -> types.Position:
    lines = text[:index].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return types.Position(len(lines) - 1, units(lines[-1], encoding))


def test_changes_behind_the_end() -> None:
    document = Document("file:///t.py", "ab", 1, "python")
    for line, character in ((0, 99), (7, 0)):
        place = types.Range(types.Position(line, character), types.Position(line, character))
        document.apply_change(types.TextDocumentContentChangePartial(range=place, text="c"))
    assert document.source == "abcc"
    document.apply_change(types.TextDocumentContentChangeWholeDocument("new"))
    assert document.source == "new"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nc"),
        ("a\nb", "a\nb\nc"),
        ("a\nb\n", "a"),
        ("", "a\n"),
        ("é\r\nb😀", "é\r\nb"),
        ("a\nb\nc\nd\n", "b\nc\nx\nd\ny\n"),
    ],
)
def test_differences(old: str, new: str) -> None:
    snapshot = Snapshot("file:///t.py", "/t.py", (Part("file:///t.py", 1, old),), False, "utf-16")
    document = Document("file:///t.py", old, 1, "python")
    for edit in sorted(
        snapshot.differences(new.encode()).get("file:///t.py", []),
        key=lambda one: (one.range.start.line, one.range.start.character),
        reverse=True,
    ):
        document.apply_change(types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text))
    assert document.source == new


def test_half_characters() -> None:
    snapshot = Snapshot("untitled:1", None, (Part("untitled:1", 1, "import keras  # \ud800\n"),), False, "utf-16")
    assert "\ud800" not in snapshot.source.text
    assert snapshot.data


def test_settings() -> None:
    usual = Options()
    changed, wrong = read({"kerlint": {"inlayHints": True, "run": "onSave", "theme": "dark"}, "other": 1}, usual)
    assert (changed, wrong) == (Options(run="onSave", inlay_hints=True), "")
    assert read({"pedantic": True}, changed)[0] == Options(run="onSave", inlay_hints=True, pedantic=True)
    assert read({"run": None}, changed)[0] == changed
    assert read({"configuration": ""}, usual)[0].configuration is None
    for nothing in (None, [], 3, "x"):
        assert read(nothing, changed) == (changed, "")
    same, wrong = read({"run": "sometimes"}, changed)
    assert same == changed
    assert "kerlint.run" in wrong
