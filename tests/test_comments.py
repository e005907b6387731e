"""Comments that silence findings, and those that should and do not."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from kerlint import comments, ignoring
from kerlint.engine import check_bytes
from kerlint.finding import Finding, Severity, Span
from kerlint.selection import Settings
from kerlint.source import Source
from tests.notebook import notebook
from tests.test_cli import run

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
        "  # Kerlint: Ignore[kl001]",
        "  # KERLINT: IGNORE[Single-Unit-Multiclass-Head]",
        "  # noqa: kl001",
        "  # NoQA: e501, Kl001",
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
    partly = message("  # kerlint: ignore[KL001, KL999]")
    assert partly.startswith("a comment names an unknown rule, 'KL999'; did you mean KL")
    assert message("  # kerlint: ignore").startswith("this comment silences nothing: ")
    assert "did you mean ignore?" in message("  # kerlint: ignored[KL001]")
    assert "there are ignore and file-ignore" in message("  # kerlint: disable=KL001")
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


@pytest.mark.parametrize("comment", ["kerlint: ignore[KL001]", "noqa: KL001", "noqa: E501,kl001"])
def test_a_comment_beside_the_finding(comment: str, tmp_path: Path) -> None:
    """On a line that the finding only names: it does not count there, and nobody is told that there is no finding."""
    text = f"{HEAD}{FAULT}\n{COMPILE.rstrip()}  # {comment}\n"
    first, second = check_bytes(text.encode(), "train.py", Settings()).findings
    assert (first.code, first.span.start_line) == ("KL001", 2)
    assert (second.code, second.span.start_line, second.fix) == ("KX003", 3, None)
    assert second.message == "unused comment: KL001 (single-unit-multiclass-head) stands in line 2, not here"
    assert second.help == "put it there: in line 2"
    cells = (HEAD, FAULT, f"{COMPILE.rstrip()}  # {comment}")
    assert (
        "stands in line 1 of cell 2, not here"
        in check_bytes(notebook(*cells), "n.ipynb", Settings()).findings[1].message
    )
    # Moved there it counts.
    assert check(faulty(f"  # {comment}")) == ([], 1)
    # Where the finding is silenced at its place, the other is one too many.
    both = f"{HEAD}{FAULT}  # {comment}\n{COMPILE.rstrip()}  # {comment}\n"
    (left,) = check_bytes(both.encode(), "train.py", Settings()).findings
    assert left.message == "unused comment: KL001 (single-unit-multiclass-head) finds nothing here"
    assert left.fix is not None


def test_a_file_is_ignored_whatever_the_case() -> None:
    assert check(f"{faulty()}# Kerlint: File-Ignore[kl001] on purpose\n") == ([], 1)
    assert check(f"{faulty()}# kerlint: File-Ignore[kl002]\n")[0] == [(2, "KL001"), (4, "KX003")]


def test_hidden_advice_can_be_silenced() -> None:
    text = """
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y){}
    """
    assert check(text.format(""), pedantic=True, select=("KO",))[0] == [(5, "KO010")]
    assert check(text.format("  # kerlint: ignore[KO010]"), select=("KO",)) == ([], 0)
    assert check(text.format("  # kerlint: ignore[KO010]"), pedantic=True, select=("KO",)) == ([], 0)


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


# Writing comments


def added(root: Path, *arguments: str) -> str:
    done = run("--add-ignore", *arguments, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_add_ignore(tmp_path: Path, encoding: str, newline: str) -> None:
    text = "# coding: latin-1\n" * (encoding == "latin-1") + f"{HEAD}x = 'é'\n{FAULT}  # one unit  \n{COMPILE}"
    path = tmp_path / "train.py"
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    path.chmod(0o640)
    assert added(tmp_path) == "Added 1 comment in 1 file.\n"
    expected = text.replace("# one unit  ", "# one unit  # kerlint: ignore[KL001]  ")
    assert path.read_bytes() == expected.replace("\n", newline).encode(encoding)
    assert path.stat().st_mode & 0o777 == 0o640
    assert run("train.py", cwd=tmp_path).stdout == "No problems found in 1 file. 1 ignored by comments.\n"
    assert added(tmp_path) == "Added 0 comments.\n"


def test_add_ignore_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(HEAD + faulty())
    done = run("--add-ignore=old code", "train.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Added 1 comment in 1 file.\n")
    assert (tmp_path / "train.py").read_text() == HEAD + faulty("  # kerlint: ignore[KL001] old code")


def test_add_ignore_where_a_line_takes_no_comment(tmp_path: Path) -> None:
    text = (
        "import keras\n"
        "build = lambda text, model: model\n"
        'model = build("""a\n# no comment\nb""", keras.Sequential([\n'
        "    keras.Input((4,)), \\\n"
        '    keras.layers.Dense(1, activation="softmax")  # kerlint: ignore[KO002] why\n'
        "]))\n" + COMPILE
    )
    (tmp_path / "train.py").write_text(text)
    assert added(tmp_path) == "Added 1 comment in 1 file.\n"
    assert (tmp_path / "train.py").read_text() == text.replace("[KO002]", "[KO002, KL001]")
    source = Source("x = 1 + \\\n    2\ny = '''\n'''\n\n# z\n", "a.py")
    findings = [Finding("KL001", "a-b", Severity.ERROR, "", "a.py", Span(row, 1, row, 2)) for row in (1, 3, 4, 6)]
    assert [edit.span.start_line for edit in ignoring.edits(findings, source)] == [2, 4]


def test_add_ignore_to_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(notebook("import keras", "md:text", f"%matplotlib inline\n{FAULT}", COMPILE))
    assert added(tmp_path) == "Added 1 comment in 1 file.\n"
    cells = json.loads(path.read_text())["cells"]
    assert "".join(cells[2]["source"]) == f"%matplotlib inline\n{FAULT}  # kerlint: ignore[KL001]"
    assert run("n.ipynb", cwd=tmp_path).returncode == 0


def test_add_ignore_says_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import keras\nx = (\n")
    assert added(tmp_path, "broken.py") == "Added 0 comments.\n"
    done = run("--add-ignore", "-", cwd=tmp_path)
    assert (done.returncode, "standard input is none" in done.stderr) == (2, True)


def test_no_ignores(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(HEAD + faulty("  # kerlint: ignore[KL001]"))
    assert run("train.py", cwd=tmp_path).returncode == 0
    assert run("train.py", "--no-ignores", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # kerlint: ignore[KL001] why", "x = 1"),
        ("x = 1  # kerlint: ignore[KL001, KL002] why", "x = 1"),
        ("x = 1  # note  # kerlint: ignore[KL001]  # more", "x = 1  # note  # more"),
        ("# kerlint: ignore[KL001]\nx = 1", "x = 1"),
        ("x = 1  # noqa: E501, KL001", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: KL001, E501", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: KL001", "x = 1"),
    ],
)
def test_unused_comments_are_taken_out(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "train.py").write_text(f"{HEAD}{before}\n")
    assert run("--fix", "train.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "train.py").read_text() == f"{HEAD}{after}\n"
