from __future__ import annotations

import json
import textwrap

import pytest

from kerlint.finding import Finding, Label, Severity, Span
from kerlint.output import FORMATS, Options, renderer
from kerlint.output.text import clean, summary, width
from kerlint.report import FileReport, Report
from kerlint.source import read_source
from tests.notebook import notebook

TRAIN = """\
import keras
from keras import layers

model = keras.Sequential([
    layers.Dense(1, activation="softmax"),
])

x = 1

model.compile(optimizer="adam", loss="binary_crossentropy")
"""


def span(text: str, part: str, after: str = "") -> Span:
    """Where a part of a text is."""
    start = text.index(part, text.index(after))
    end = start + len(part)
    return Span(
        text.count("\n", 0, start) + 1,
        start - text.rfind("\n", 0, start),
        text.count("\n", 0, end) + 1,
        end - text.rfind("\n", 0, end),
    )


def finding(text: str, part: str, *labels: tuple[str, str], **fields: object) -> Finding:
    given: dict[str, object] = {
        "code": "KL001",
        "name": "single-unit-multiclass-head",
        "severity": Severity.ERROR,
        "message": "a softmax over one unit always outputs 1.0",
        "filename": "train.py",
        "span": span(text, part),
        "labels": tuple(Label(span(text, place), words) for place, words in labels),
    }
    return Finding(**{**given, **fields})  # type: ignore[arg-type]


def report(text: str | bytes, *findings: Finding, filename: str = "train.py", **fields: int) -> Report:
    data = text if isinstance(text, bytes) else text.encode()
    file = FileReport(filename, findings, source=read_source(data, filename))
    return Report((file,) if findings else (), **{"checked": 1, **fields})


def render(name: str, result: Report, *, color: bool = False) -> str:
    return "\n".join(renderer(name)(result, Options(color))) + "\n"


EXAMPLE = finding(
    TRAIN,
    '"softmax"',
    ('"binary_crossentropy"', "this loss expects one sigmoid unit"),
    label="one unit: every prediction is exactly 1.0",
    why="softmax divides each output by the sum of all outputs, here by itself",
    help='use activation="sigmoid", or Dense(2) with sparse_categorical_crossentropy',
    symptoms=("constant-output",),
)


def test_full() -> None:
    assert render("full", report(TRAIN, EXAMPLE)) == textwrap.dedent(
        """\
        error[KL001] a softmax over one unit always outputs 1.0 (single-unit-multiclass-head)
          --> train.py:5:32
           |
         5 |     layers.Dense(1, activation="softmax"),
           |                                ^^^^^^^^^ one unit: every prediction is exactly 1.0
        ...
        10 | model.compile(optimizer="adam", loss="binary_crossentropy")
           |                                      --------------------- this loss expects one sigmoid unit
           |
           = why: softmax divides each output by the sum of all outputs, here by itself
           = help: use activation="sigmoid", or Dense(2) with sparse_categorical_crossentropy
           = docs: kerlint rule KL001

        Found 1 error in 1 of 1 file.
        """
    )


def snippet(text: str, one: Finding) -> str:
    """The lines between the heading and the explanations."""
    lines = render("full", report(text, one)).splitlines()
    return "\n".join(line for line in lines[2:] if "= docs" not in line and not line.startswith("Found")).rstrip()


def test_labels_on_one_line_and_a_line_between() -> None:
    text = "a = one(two, three)\nb = 2\nc = one\n"
    one = finding(text, "three", ("two", "second"), ("one(two, three)", "first"), ("c", "last"), label="third")
    assert snippet(text, one) == textwrap.dedent(
        """\
          |
        1 | a = one(two, three)
          |     --------------- first
          |         --- second
          |              ^^^^^ third
        2 | b = 2
        3 | c = one
          | - last
          |"""
    )


def test_several_lines_are_marked_in_the_first() -> None:
    text = "x = f(  # why\n    1,\n)\n"
    one = finding(text, "f(  # why\n    1,\n)", label="called here")
    assert snippet(text, one) == "  |\n1 | x = f(  # why\n  |     ^^^^^^^^^ called here\n  |"


def test_tabs_and_wide_characters() -> None:
    text = "if x:\n\ta = '日本', y\t+ 1\n"
    one = finding(text, "y", ("+", "plus"), label="here")
    assert snippet(text, one) == (
        "  |\n2 |     a = '日本', y   + 1\n  |                 ^ here\n  |                     - plus\n  |"
    )
    assert width("日本e\u0301") == 5


def test_long_lines_are_cut_around_the_marks() -> None:
    text = "x = [" + "1, " * 100 + "bad, " + "2, " * 100 + "worse]\n"
    one = finding(text, "bad", ("worse", "b"), label="a")
    lines = snippet(text, one).splitlines()
    assert all(len(line) < 130 for line in lines)
    for source, marks, word in ((lines[1], lines[2], "bad"), (lines[3], lines[4], "worse")):
        at = source.index(word)
        assert marks[at : at + len(word)] in ("^" * len(word), "-" * len(word))
        assert marks[at - 1] == " "
    assert lines[1].startswith("1 | ...")
    assert lines[1].endswith("...")
    assert lines[3].endswith("worse]")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_finding_fits_on_the_terminal(columns: int) -> None:
    text = "model.compile(optimizer=Adam(learning_rate=10.0), loss=keras.losses.BinaryCrossentropy(from_logits=True))\n"
    why = "a sentence that is far longer than any terminal is wide, and has a word_that_cannot_be_broken in it " * 3
    given = finding(text, "10.0", (text.rstrip(), "the model is trained with it"), why=why, label="too large a step")
    lines = list(renderer("full")(report(text, given), Options(width=columns)))
    # The heading is one line, so that it can be searched for.
    assert [line for line in lines[1:-1] if len(line) > columns] == []
    assert " ".join(" ".join(lines).split()).count("the model is trained with it") == 1
    assert why.split() == " ".join(lines).partition("= why: ")[2].partition(" = docs")[0].split()
    marked = next(line for line in lines if line.endswith(("^^^^ too large a step", "^^^^")))
    above = [line for line in lines[: lines.index(marked)] if "10.0" in line][-1]
    assert above[marked.index("^") :].startswith("10.0")


@pytest.mark.parametrize(("number", "told"), [(50, False), (51, True)])
def test_there_are_shorter_ways_to_show_many(number: int, told: bool) -> None:
    text = render("full", report(TRAIN, *[EXAMPLE] * number))
    assert ("--statistics" in text) is told


def test_a_long_line_with_a_long_mark() -> None:
    text = "x = " + "y" * 1000 + "\n"
    lines = snippet(text, finding(text, "y" * 1000, label="long")).splitlines()
    assert all(len(line) < 130 for line in lines)
    assert lines[2].endswith("^ long")


def test_empty_places_and_places_beyond_the_text() -> None:
    text = "x\n"
    assert snippet(text, finding(text, "x", span=Span(1, 2, 1, 2))) == "  |\n1 | x\n  |  ^\n  |"
    assert snippet(text, finding(text, "x", span=Span(1, 99, 1, 100))) == "  |\n1 | x\n  |  ^\n  |"
    assert snippet(text, finding(text, "x", span=Span(99, 1, 99, 2))) == ""


def test_without_a_source() -> None:
    one = finding("x", "x", code="KX002", name="unreadable-file", message="not utf-8", span=Span(3, 4, 3, 5))
    assert render("full", Report((FileReport("train.py", (one,)),), 3)) == textwrap.dedent(
        """\
        error[KX002] not utf-8 (unreadable-file)
         --> train.py:3:4
          = docs: kerlint rule KX002

        Found 1 error in 1 of 3 files.
        """
    )


NOTEBOOK = notebook("import keras", "md:# Model", "%matplotlib inline\nmodel = 1\n", "x\ny = model")


def notebook_report() -> Report:
    text = read_source(NOTEBOOK, "nb.ipynb").text
    one = finding(text, "y = model", ("model = 1", "made here"), label="used here", filename="nb.ipynb")
    return report(NOTEBOOK, one, filename="nb.ipynb")


def test_full_in_a_notebook() -> None:
    assert render("full", notebook_report()) == textwrap.dedent(
        """\
        error[KL001] a softmax over one unit always outputs 1.0 (single-unit-multiclass-head)
         --> nb.ipynb:cell 4:2:1
          |
         ::: nb.ipynb:cell 3:2:1
          |
        2 | model = 1
          | --------- made here
          |
         ::: nb.ipynb:cell 4:2:1
          |
        2 | y = model
          | ^^^^^^^^^ used here
          |
          = docs: kerlint rule KL001

        Found 1 error in 1 of 1 file.
        """
    )


def test_concise() -> None:
    assert render("concise", report(TRAIN, EXAMPLE)) == (
        "train.py:5:32: error[KL001] a softmax over one unit always outputs 1.0\nFound 1 error in 1 of 1 file.\n"
    )
    assert render("concise", notebook_report()).startswith("nb.ipynb:cell 4:2:1: error[KL001] a softmax")


def test_json() -> None:
    assert json.loads(render("json", report(TRAIN, EXAMPLE))) == [
        {
            "code": "KL001",
            "name": "single-unit-multiclass-head",
            "severity": "error",
            "message": "a softmax over one unit always outputs 1.0",
            "filename": "train.py",
            "cell": None,
            "location": {"row": 5, "column": 32},
            "end_location": {"row": 5, "column": 41},
            "help": 'use activation="sigmoid", or Dense(2) with sparse_categorical_crossentropy',
            "why": "softmax divides each output by the sum of all outputs, here by itself",
            "url": "https://github.com/kerlint/kerlint/blob/main/docs/rules/single-unit-multiclass-head.md",
            "label": "one unit: every prediction is exactly 1.0",
            "labels": [
                {
                    "text": "this loss expects one sigmoid unit",
                    "cell": None,
                    "location": {"row": 10, "column": 38},
                    "end_location": {"row": 10, "column": 59},
                }
            ],
            "symptoms": ["constant-output"],
            "fix": None,
            "probe": None,
        }
    ]
    assert json.loads(render("json", Report((), 3))) == []
    (row,) = json.loads(render("json", notebook_report()))
    assert (row["cell"], row["location"], row["end_location"]) == (
        4,
        {"row": 2, "column": 1},
        {"row": 2, "column": 10},
    )
    assert (row["labels"][0]["cell"], row["labels"][0]["location"]["row"]) == (3, 2)


def test_github() -> None:
    assert render("github", report(TRAIN, EXAMPLE)) == (
        "::error title=kerlint (KL001),file=train.py,line=5,col=32,endLine=5,endColumn=41::"
        "train.py:5:32: a softmax over one unit always outputs 1.0"
        "%0A  why: softmax divides each output by the sum of all outputs, here by itself"
        '%0A  help: use activation="sigmoid", or Dense(2) with sparse_categorical_crossentropy\n'
    )


def test_github_escapes_and_levels() -> None:
    text = "f(\n1)\n"
    one = finding(text, "f(\n1)", message="100%\r\n::warning::x", severity=Severity.ADVICE)
    assert render("github", report(text, one, filename="a,b:c%.py")) == (
        "::notice title=kerlint (KL001),file=a%2Cb%3Ac%25.py,line=1,endLine=2::"
        "a,b:c%25.py:1:1: 100%25%0D%0A::warning::x\n"
    )
    assert render("github", notebook_report()).startswith(
        "::error title=kerlint (KL001),file=nb.ipynb,line=1::nb.ipynb:cell 4:2:1: "
    )


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("json")])
def test_no_control_character_reaches_the_terminal(name: str) -> None:
    text = "x = '\x1b[31m\x07\x9b\u202e\x00\u2028'  # \r"
    bad = "\x1b]0;title\x07\n\udc80\u202e"
    one = finding(text, "x", message=bad, label=bad, why=bad, help=bad, labels=(Label(Span(1, 5, 1, 6), bad),))
    for color in (False, True):
        result = render(name, report(text, one, filename=f"{bad}.py"), color=color)
        visible = "".join(char for char in result if char != "\n")
        for style in ("\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m"):
            visible = visible.replace(style, "")
        assert visible.isprintable()


def test_clean() -> None:
    assert clean("é 日本 👩\u200d🔬 \xa0") == "é 日本 👩\u200d🔬 \xa0"
    assert clean("\x1b\t\u202e\U000e0001\udc80") == "\\x1b\\x09\\u202e\\U000e0001\\udc80"


def test_colors() -> None:
    colored = render("full", report(TRAIN, EXAMPLE), color=True)
    assert colored.startswith("\x1b[1;31merror[KL001]\x1b[0m \x1b[1ma softmax")
    for style in ("\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m"):
        colored = colored.replace(style, "")
    assert colored == render("full", report(TRAIN, EXAMPLE))


@pytest.mark.parametrize(
    ("severities", "checked", "hidden", "text"),
    [
        ("", 14, 0, "No problems found in 14 files."),
        ("", 1, 3, "No problems found in 1 file. 3 more with --pedantic."),
        ("", 0, 0, "No files were checked."),
        ("EEW", 14, 0, "Found 2 errors and 1 warning in 1 of 14 files."),
        ("EWAA", 2, 1, "Found 1 error, 1 warning and 2 pieces of advice in 1 of 2 files. 1 more with --pedantic."),
    ],
)
def test_summary(severities: str, checked: int, hidden: int, text: str) -> None:
    kinds = {"E": Severity.ERROR, "W": Severity.WARNING, "A": Severity.ADVICE}
    findings = [finding("x", "x", severity=kinds[letter]) for letter in severities]
    assert summary(report("x", *findings, checked=checked, hidden=hidden)) == text
