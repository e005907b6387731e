"""Comments that silence findings, and those that should and do not."""

from __future__ import annotations

import textwrap

import pytest

from kerlint import comments
from kerlint.engine import check_bytes
from kerlint.finding import Severity
from kerlint.selection import Settings
from kerlint.source import Source
from tests.notebook import notebook

HEAD = "import keras\n"
FAULT = 'model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])'
COMPILE = 'model.compile("adam", "binary_crossentropy")\n'


def check(text: str, **settings: object) -> tuple[list[tuple[int, str]], int]:
    report = check_bytes((HEAD + textwrap.dedent(text)).encode(), "train.py", Settings(**settings))
    return [(finding.span.start_line, finding.code) for finding in report.findings], report.ignored


def faulty(comment: str = "", above: str = "") -> str:
    return f"{above}{FAULT}{comment}\n{COMPILE}"


def test_without_a_comment() -> None:
    assert check(faulty()) == ([(2, "KL001")], 0)


@pytest.mark.parametrize(
    "comment",
    [
        "  # kerlint: ignore[KL001]",
        "  # kerlint: ignore[KL001] the head is replaced later",
        "  # kerlint: ignore[single-unit-multiclass-head]",
        "  #kerlint:ignore [ KL001 ]",
        "  # type: ignore  # kerlint: ignore[KL001]",
        "  # noqa: KL001",
        "  # noqa: E501,KL001",
        "  # NOQA:KL001 E501",
    ],
)
def test_silenced(comment: str) -> None:
    assert check(faulty(comment)) == ([], 1)
    if "noqa" not in comment.lower():
        assert check(faulty(above=comment.strip() + "\n")) == ([], 1)
        assert check(faulty(above=f"{comment.strip()}\n# another comment\n\n")) == ([], 1)
    assert check(faulty(comment), comments=False) == ([(2, "KL001")], 0)


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("  # kerlint: ignore", ["KL001", "KX004"]),
        ("  # kerlint: ignore[]", ["KL001", "KX004"]),
        ("  # kerlint: ignore[KL001", ["KL001", "KX004"]),
        ("  # kerlint: ignore[KL]", ["KL001", "KX004"]),
        ("  # kerlint: ignore[ALL]", ["KL001", "KX004"]),
        ("  # kerlint: ignore[KL0001]", ["KL001", "KX004"]),
        ("  # kerlint: ignroe[KL001]", ["KL001", "KX004"]),
        ("  # kerlint: disable[KL001]", ["KL001", "KX004"]),
        ("  # kerlint: ignore[KL002]", ["KL001", "KX003"]),
        ("  # kerlint: ignore[KL001, KL002]", ["KX003"]),
        ("  # noqa", ["KL001"]),
        ("  # noqa: E501", ["KL001"]),
        ("  # noqa: KL002", ["KL001", "KX003"]),
        ("  # kerlint: says something else here", ["KL001"]),
        ("  # see kerlint ignore[KL001]", ["KL001"]),
    ],
)
def test_not_silenced(comment: str, codes: list[str]) -> None:
    found, _ = check(faulty(comment))
    assert sorted(code for _, code in found) == codes


def test_messages() -> None:
    def message(comment: str) -> str:
        report = check_bytes((HEAD + faulty(comment)).encode(), "train.py", Settings(select=("KO001",)))
        (finding,) = report.findings
        assert finding.severity is Severity.WARNING
        return finding.message

    assert "names no rule" in message("  # kerlint: ignore")
    assert "did you mean single-unit-multiclass-head?" in message("  # kerlint: ignore[single-unit-multiclas-head]")
    assert "did you mean ignore?" in message("  # kerlint: ignored[KL001]")
    assert "never closed" in message("  # kerlint: ignore[KL001")
    unused = message("  # kerlint: ignore[KO001]")
    assert unused == "unused comment: KO001 (zero-learning-rate) finds nothing here"


def test_only_rules_that_ran_are_called_unused() -> None:
    text = faulty("  # kerlint: ignore[KO001]")
    assert check(text, select=("KL002",)) == ([], 0)
    assert check(text, select=("KO001",)) == ([(2, "KX003")], 0)
    assert check(text, ignore=("KO001",)) == ([(2, "KL001")], 0)
    assert check(text, ignore=("KX003",)) == ([(2, "KL001")], 0)
    quiet = faulty("  # kerlint: ignore[learning-rate-too-high]")
    for is_test, codes in ((True, ["KL001"]), (False, ["KL001", "KX003"])):
        found = check_bytes((HEAD + quiet).encode(), "train.py", Settings(), is_test=is_test).findings
        assert sorted(finding.code for finding in found) == codes


def test_hidden_advice_can_be_silenced() -> None:
    text = """
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y){}
    """
    assert check(text.format(""), pedantic=True)[0] == [(5, "KO010")]
    assert check(text.format("  # kerlint: ignore[KO010]")) == ([], 0)
    assert check(text.format("  # kerlint: ignore[KO010]"), pedantic=True) == ([], 0)


def test_the_lines_of_a_statement() -> None:
    lines = [
        "model = keras.Sequential([",
        "    keras.Input((4,)),",
        "    keras.layers.Dense(",
        "        1,",
        '        activation="softmax",',
        "    ),",
        "])",
    ]
    for index in range(len(lines)):
        text = "\n".join(line + "  # kerlint: ignore[KL001]" * (number == index) for number, line in enumerate(lines))
        assert check(f"{text}\n{COMPILE}") == ([], 1)
        alone = [*lines[:index], "# kerlint: ignore[KL001]", *lines[index:]]
        assert check("\n".join(alone) + "\n" + COMPILE) == ([], 1)
    after = "\n".join(lines) + "\n# kerlint: ignore[KL001]\n" + COMPILE
    assert check(after) == ([(6, "KL001"), (9, "KX003")], 0)


def test_a_head_is_not_its_body() -> None:
    text = f"""
    def build():  # kerlint: ignore[KL001]
        {FAULT}
        model.compile("adam", "binary_crossentropy")
    """
    assert check(text) == ([(3, "KX003"), (4, "KL001")], 0)


def test_decorators_belong_to_what_they_decorate() -> None:
    text = "# kerlint: ignore[KL001]\n@one  # kerlint: ignore[KL002]\n@two(3)\ndef f(\n    x,\n):\n    pass\n"
    assert [ignore.lines for ignore in comments.read(Source(text, "a.py"))] == [(2, 6), (2, 6)]


def test_the_whole_file() -> None:
    assert check(f"{faulty()}# kerlint: file-ignore[KL001] on purpose\n") == ([], 1)
    assert check(f"# kerlint: file-ignore[KL001, KO001]\n{faulty()}") == ([(2, "KX003")], 1)


def test_strings_are_no_comments() -> None:
    text = '"""\n# kerlint: ignore[KL001]\n"""\nx = "# kerlint: ignore[KL001]"\n'
    assert list(comments.read(Source(text, "a.py"))) == []
    assert check(text + faulty()) == ([(6, "KL001")], 0)


def test_nothing_is_tokenized_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "statements_of_comments", lambda _: pytest.fail("tokenized"))
    assert list(comments.read(Source("x = 1  # noqa: E501\ny = 2  # about kerlint\n", "a.py"))) == []


@pytest.mark.parametrize("text", ["x = (\n# kerlint: ignore[KL001]\n", "if x:\n  y\n z  # kerlint: ignore[KL001]\n"])
def test_what_cannot_be_tokenized(text: str) -> None:
    assert len(list(comments.read(Source(text, "a.py")))) <= 1
    assert check(text)[1] == 0


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_newlines(newline: str) -> None:
    text = (HEAD + faulty("  # kerlint: ignore[KL001]")).replace("\n", newline)
    assert check_bytes(text.encode(), "train.py", Settings()).ignored == 1


def test_notebooks() -> None:
    cells = ("import keras\n!pip install x", f"# kerlint: ignore[KL001]\n{FAULT}\n{COMPILE}")
    report = check_bytes(notebook(*cells), "n.ipynb", Settings())
    assert (report.findings, report.ignored) == ((), 1)
    # A comment at the end of a cell has nothing to do with the next one.
    cells = ("import keras\n# kerlint: ignore[KL001]", FAULT, COMPILE)
    assert check_bytes(notebook(*cells), "n.ipynb", Settings()).ignored == 0
