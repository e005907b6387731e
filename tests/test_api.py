"""Kerlint as a library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kerlint
from tests.notebook import notebook

SOFTMAX = """\
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""


def test_a_text() -> None:
    report = kerlint.lint(SOFTMAX)
    (finding,) = report.findings
    assert (finding.code, finding.severity, finding.span.start_line) == ("KL001", kerlint.Severity.ERROR, 2)
    assert finding.filename == "<string>"
    assert report.place(finding.span) == kerlint.Place(None, 2, finding.span.start_column)
    assert finding.fix is not None
    assert finding.fix.safety is kerlint.Safety.SAFE


def test_a_text_is_decoded_already() -> None:
    # The declaration is about the bytes of a file, and here are none.
    text = "# coding: latin-1\n" + SOFTMAX.replace("import keras\nmodel", "import keras; 'äöü'; model")
    (finding,) = kerlint.lint(text).findings
    assert text.splitlines()[1].index('"softmax"') == finding.span.start_column - 1
    (same,) = kerlint.lint(text.encode("latin-1")).findings
    assert same.span == finding.span


def test_bytes_and_paths(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(SOFTMAX.encode("utf-16"))
    assert kerlint.lint(SOFTMAX.encode()).findings[0].code == "KL001"
    # UTF-16, which Python does not read either.
    assert [finding.code for finding in kerlint.lint(path).findings] == ["KX002"]
    path.write_text(SOFTMAX, encoding="utf-8")
    assert kerlint.lint(path).findings[0].filename == str(path)
    with pytest.raises(OSError, match="nothing"):
        kerlint.lint(tmp_path / "nothing.py")


def test_what_python_would_warn_of_is_not_what_is_asked(recwarn: pytest.WarningsRecorder) -> None:
    """Python's own parser and its operators complain about what the text does, to standard error or as exceptions."""
    odd = "import re\nword = re.compile('\\d')\nnothing = ~True\nif word is 3: pass\nb'\\d'\nf'\\d{word}'\n"
    table = f"table = [{'0, ' * 20_000}]\n"
    for text in (odd + SOFTMAX, odd + table + SOFTMAX):
        assert [one.code for one in kerlint.lint(text).findings] == ["KL001"]
    assert [str(one.message) for one in recwarn] == []


def test_a_notebook() -> None:
    report = kerlint.lint(notebook(SOFTMAX), filename="train.ipynb")
    assert report.place(report.findings[0].span).cell == 1


def test_rules() -> None:
    assert kerlint.lint(SOFTMAX, ignore=["KL"]).findings == ()
    assert kerlint.lint(SOFTMAX, select="KD").findings == ()
    assert [one.code for one in kerlint.lint(SOFTMAX, select=["single-unit-multiclass-head"]).findings] == ["KL001"]
    with pytest.raises(kerlint.SelectionError, match="KL0011"):
        kerlint.lint(SOFTMAX, select=["KL0011"])
    with pytest.raises(ValueError, match="nonsense"):
        kerlint.lint("", ignore="nonsense")


@pytest.mark.parametrize("version", ["", "banana", "4", "3.", "3.4.1", "-2"])
def test_no_version(version: str) -> None:
    with pytest.raises(ValueError, match="must be a version of Keras"):
        kerlint.lint(SOFTMAX, target_keras=version)


def test_advice() -> None:
    text = SOFTMAX.replace("softmax", "sigmoid") + "model.fit([], [], epochs=2)\n"
    assert (
        len(kerlint.lint(text, pedantic=True).findings) == len(kerlint.lint(text).findings) + kerlint.lint(text).hidden
    )


def test_configuration(tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text('ignore = ["KL001"]\n')
    path = tmp_path / "train.py"
    path.write_text(SOFTMAX)
    assert kerlint.lint(path).findings == ()
    assert kerlint.lint(SOFTMAX, filename=str(path)).findings == ()
    assert len(kerlint.lint(path, isolated=True).findings) == 1
    assert len(kerlint.lint(path, select=["KL001"]).findings) == 1
    (tmp_path / "kerlint.toml").write_text("select = 1\n")
    with pytest.raises(kerlint.ConfigurationError, match="select"):
        kerlint.lint(path)


def test_a_syntax_error_is_a_finding() -> None:
    (finding,) = kerlint.lint("import keras\nmodel = (").findings
    assert finding.code == "KX001"


def test_summary(tmp_path: Path) -> None:
    (model,) = kerlint.summary(SOFTMAX)
    assert isinstance(model, kerlint.ModelSummary)
    assert (model.variable, model.total_params, model.outputs) == ("model", 5, ((None, 1),))
    assert [row.class_name for row in model.layers] == ["Dense"]
    path = tmp_path / "train.py"
    path.write_text(SOFTMAX)
    assert kerlint.summary(path) == kerlint.summary(SOFTMAX.encode())
    assert kerlint.summary("print()") == ()
    with pytest.raises(kerlint.SourceError):
        kerlint.summary("import keras\nmodel = (")


def test_the_name_stays_a_function() -> None:
    """No module of kerlint takes the place of `kerlint.summary` once it has been imported."""
    import kerlint.summaries.models

    assert callable(kerlint.summary)
    assert callable(kerlint.lint)


def test_everything_is_there() -> None:
    for name in kerlint.__all__:
        assert getattr(kerlint, name) is not None
        assert name in dir(kerlint)
    with pytest.raises(AttributeError, match="nothing"):
        kerlint.nothing  # noqa: B018


def test_import_is_light() -> None:
    code = "import sys, kerlint; print(sorted(name for name in sys.modules if name.startswith('kerlint')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['kerlint']"


def test_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    path = tmp_path / "use.py"
    path.write_text(
        "import kerlint\n"
        "codes: list[str] = [one.code for one in kerlint.lint('').findings]\n"
        "rows: tuple[kerlint.LayerRow, ...] = kerlint.summary(b'')[0].layers\n"
        "kerlint.lint(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(kerlint.__file__).parent.parent,
    )
    assert done.stdout.count("error:") == 1, done.stdout
    assert 'Argument 1 to "lint"' in done.stdout


def test_documentation() -> None:
    """What the page says of the classes is so."""
    import dataclasses
    import re

    page = (Path(kerlint.__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    for head, cls in (
        ("| `FileReport` |", kerlint.FileReport),
        ("| `Finding` |", kerlint.Finding),
        ("| `ModelSummary` |", kerlint.ModelSummary),
    ):
        table = page.split(head, 1)[1].split("\n\n", 1)[0]
        names = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)", row.split("|")[1])}
        known = {field.name for field in dataclasses.fields(cls)} | set(dir(cls))
        assert names
        assert names <= known
    code = page.split("```python\n", 1)[1].split("```", 1)[0]
    printed: list[object] = []
    exec(code.split("(model,)", 1)[0], {"print": lambda *words: printed.append(words)})
    assert printed == [(4, "KL001", "a softmax over one unit always outputs 1.0")]
