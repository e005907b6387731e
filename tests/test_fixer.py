"""What fixing leaves alone: encodings, newlines, notebooks; and what it refuses."""

from __future__ import annotations

import json
from functools import partial

import pytest

from kerlint import engine
from kerlint.finding import Edit, Finding, Fix, Safety, Severity, Span
from kerlint.fixer import Fixed, Unfixable, applied, edited_text, fix_bytes
from kerlint.report import FileReport
from kerlint.source import read_source
from tests.notebook import notebook

BAD = """\
from tensorflow import keras  # ä
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy")
"""
GOOD = BAD.replace("softmax", "sigmoid")


def fix(data: bytes, filename: str = "train.py", *, unsafe: bool = True) -> Fixed:
    lint = partial(engine.check_bytes, filename=filename, settings=engine.Settings(pedantic=True))
    return fix_bytes(data, lint, lint, unsafe=unsafe)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "head", "mark"),
    [
        ("utf-8", "", b""),
        ("utf-8", "", b"\xef\xbb\xbf"),
        ("latin-1", "# coding: latin-1\n", b""),
        ("cp1252", "# -*- coding: cp1252 -*-\n", b""),
    ],
)
def test_encodings_and_newlines_are_kept(newline: str, encoding: str, head: str, mark: bytes) -> None:
    def data(text: str) -> bytes:
        return mark + (head + text).replace("\n", newline).encode(encoding)

    assert fix(data(BAD)).data == data(GOOD)


def test_mixed_newlines_and_a_missing_last_one_are_kept() -> None:
    before = BAD.encode().replace(b"\n", b"\r\n", 1).rstrip(b"\n")
    assert fix(before).data == GOOD.encode().replace(b"\n", b"\r\n", 1).rstrip(b"\n")


def test_several_fixes_in_one_file_and_several_rounds() -> None:
    text = BAD + BAD.replace("model", "other").replace("from tensorflow import keras  # ä\n", "")
    text += "import numpy as np\nclasses = np.argmax(model.predict(x), axis=1)\n"
    outcome = fix(text.encode())
    assert "softmax" not in outcome.data.decode()
    # The second rule sees its fault only when the first one is mended.
    assert '(model.predict(x)[:, 0] > 0.5).astype("int32")' in outcome.data.decode()
    assert [finding.code for finding in outcome.applied] == ["KL001", "KL001", "KE005"]
    assert fix(outcome.data).data == outcome.data


def test_unsafe_fixes_are_made_on_request_only() -> None:
    text = BAD.replace('1, activation="softmax"', '1, activation="sigmoid"').replace(
        '"adam"', "keras.optimizers.Adam(0.0)"
    )
    assert fix(text.encode(), unsafe=False).data == text.encode()
    assert b"Adam(1e-3)" in fix(text.encode()).data


def reporter(*codes: str, text: str = "") -> FileReport:
    """A report with a finding and a fix for each code, on lines of their own."""
    findings = tuple(
        Finding(
            code,
            "x",
            Severity.ERROR,
            code,
            "a.py",
            Span(line, 1, line, 2),
            fix=Fix("", (Edit(Span(line, 1, line, 2), text or code.lower()),), Safety.SAFE),
        )
        for line, code in enumerate(codes, start=1)
        if code
    )
    return FileReport("a.py", findings, source=read_source(b"A\nB\nC\n", "a.py"))


def fake(text: str = "", **after: tuple[str, ...]) -> Fixed:
    """Fixes `A`, `B` and `C`, where what is found in a text is given for it, without newlines."""

    def lint(data: bytes) -> FileReport:
        lines = data.decode().split("\n")
        codes = after.get("_".join(lines[:3]), tuple(line if line.isupper() else "" for line in lines[:3]))
        report = reporter(*codes, text=text)
        return FileReport("a.py", report.findings, source=read_source(data, "a.py"))

    return fix_bytes(b"A\nB\nC\n", lint, lint)


def test_all_at_once() -> None:
    assert fake().data == b"a\nb\nc\n"


def test_a_fix_that_does_not_help_is_left_out() -> None:
    outcome = fake(A_b_C=("A", "B", "C"), a_b_c=("", "B", ""), a_b_C=("", "B", "C"), A_b_c=("A", "B", ""))
    assert outcome.data == b"a\nB\nc\n"
    assert [(finding.code, reason) for finding, reason in outcome.refused] == [("B", "the finding would stay")]


def test_a_fix_that_brings_something_new_is_left_out() -> None:
    outcome = fake(A_b_C=("A", "X", "C"), a_b_c=("", "X", ""), a_b_C=("", "X", "C"), A_b_c=("A", "X", ""))
    assert outcome.data == b"a\nB\nc\n"
    assert [(finding.code, reason) for finding, reason in outcome.refused] == [("B", "it would bring X (x)")]


def test_a_fix_that_breaks_the_syntax_is_left_out() -> None:
    outcome = fake(text="(")
    assert outcome.data == b"A\nB\nC\n"
    assert {reason for _, reason in outcome.refused} == {"the result is no Python"}


def test_rules_that_undo_one_another_come_to_an_end() -> None:
    def lint(data: bytes) -> FileReport:
        new = "b" if data.startswith(b"a") else "a"
        finding = Finding(
            f"K{new}", "x", Severity.ERROR, "", "a.py", Span(1, 1, 1, 2), fix=Fix("", (Edit(Span(1, 1, 1, 2), new),))
        )
        return FileReport("a.py", (finding,), source=read_source(data, "a.py"))

    assert fix_bytes(b"a\n", lint, lambda data: FileReport("a.py"), unsafe=True).data == b"a\n"


def test_what_the_encoding_cannot_hold_is_refused() -> None:
    source = read_source(b"# coding: latin-1\nx = 1\n", "a.py")
    with pytest.raises(Unfixable, match="cannot hold"):
        applied(b"# coding: latin-1\nx = 1\n", source, [Edit(Span(2, 5, 2, 6), "'日'")])


def test_edited_text() -> None:
    edits = [Edit(Span(1, 1, 1, 1), "a"), Edit(Span(1, 2, 2, 1), "b"), Edit(Span(3, 2, 3, 2), "c")]
    assert edited_text("1\r\n2\r\n3", edits) == "a1b2\r\n3c"


CELLS = ("md:# ä", "%matplotlib inline\nfrom tensorflow import keras\n", BAD.split("\n", 1)[1].rstrip("\n"))


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_notebooks_keep_their_layout(indent: int | str | None, ascii_only: bool, end: str) -> None:
    document = json.loads(notebook(*CELLS, zeta=1, alpha=1e-5))
    document["cells"][2]["outputs"] = [{"output_type": "stream", "text": ["softmax ä\n"], "name": "stdout"}]
    before = json.dumps(document, indent=indent, ensure_ascii=ascii_only) + end
    # A number in a form that no program would print again.
    before = before.replace("1e-05", "1.00E-5")
    after = fix(before.encode(), "n.ipynb").data.decode()
    assert after == before.replace('activation=\\"softmax\\"', 'activation=\\"sigmoid\\"')
    assert after != before


def test_a_cell_in_one_string_and_new_lines() -> None:
    text = "import keras\nstop = keras.callbacks.EarlyStopping(\n    patience=5,\n)\nmodel = keras.Sequential([keras.Input((4,)), "
    text += "keras.layers.Dense(1)])\nmodel.compile('adam', 'mse')\n"
    text += "model.fit(x, y, validation_split=0.2, callbacks=[stop])\nmodel.evaluate(a, b)"
    expected = text.replace("    patience=5,\n", "    patience=5,\n    restore_best_weights=True,\n")
    document = json.loads(notebook(text))
    assert json.loads(fix(json.dumps(document, indent=1).encode(), "n.ipynb").data)["cells"][0]["source"] == (
        expected.splitlines(keepends=True)
    )
    document["cells"][0]["source"] = text
    assert json.loads(fix(json.dumps(document).encode(), "n.ipynb").data)["cells"][0]["source"] == expected


def test_lines_with_magics_are_left_alone() -> None:
    line = 'm = !ls; model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])'
    timed = "%time " + line.partition("; ")[2]
    cells = ("from tensorflow import keras", f"{timed}\nmodel.compile('adam', 'binary_crossentropy')")
    data = notebook(*cells)
    outcome = fix(data, "n.ipynb")
    assert outcome.data == data
    assert [reason for _, reason in outcome.refused] == ["the line holds a command of IPython"]


def test_indented_cells() -> None:
    body = BAD.split("\n", 1)[1].rstrip("\n")
    data = notebook("from tensorflow import keras", "\n".join(f"    {line}" for line in body.split("\n")))
    assert json.loads(fix(data, "n.ipynb").data)["cells"][1]["source"] == [
        f"    {line}" for line in body.replace("softmax", "sigmoid").splitlines(keepends=True)
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # kerlint: ignore[KL001] why", "x = 1"),
        ("x = 1  # kerlint: ignore[KL001, KL002]", "x = 1"),
        ("x = 1  # note  # kerlint: ignore[KL001]", "x = 1  # note"),
        ("x = 1  # kerlint: ignore[KL001]  # note", "x = 1  # note"),
        ("x = 1  # noqa: E501, KL001", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: KL001, E501", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: KL001", "x = 1"),
        ("# kerlint: file-ignore[single-unit-multiclass-head] why\nx = 1", "x = 1"),
        ("if x:\n    # kerlint: ignore[KL001]\n    y = 1", "if x:\n    y = 1"),
    ],
)
def test_unused_comments_are_taken_out(before: str, after: str) -> None:
    outcome = fix(f"import keras\n{before}\n".encode(), unsafe=False)
    assert outcome.data.decode() == f"import keras\n{after}\n"
    assert {finding.code for finding in outcome.applied} == {"KX003"}


def test_a_comment_that_silences_something_stays() -> None:
    text = BAD.replace(")])\n", ")])  # kerlint: ignore[KL001, KL003] why\n")
    expected = BAD.replace(")])\n", ")])  # kerlint: ignore[KL001] why\n")
    assert fix(text.encode()).data.decode() == expected
