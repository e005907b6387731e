"""Files in which a budget ended: nobody is told that there are no problems without being told that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_bombs import ENDED, HEAD, TAIL, TOO_MUCH
from tests.test_cli import run
from tests.test_fixer import BAD

TOLD = "1 file was not read to its end, and may hold more: --verbose says why."


@pytest.fixture(params=[TOO_MUCH["names"], ENDED["calls"]], ids=["tokens", "steps"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "large.py").write_text(HEAD + request.param + TAIL)
    (tmp_path / "small.py").write_text("import keras\n")
    return tmp_path


@pytest.mark.parametrize("name", ["full", "concise", "grouped"])
def test_people_are_told(project: Path, name: str) -> None:
    for _ in range(2):
        # The second time from the cache.
        done = run(".", "--output-format", name, cwd=project)
        assert done.returncode == 0
        assert done.stdout == f"No problems found in 2 files.\n{TOLD}\n"
        assert done.stderr == ""
    done = run("small.py", "--output-format", name, cwd=project)
    assert done.stdout == "No problems found in 1 file.\n"


def test_a_plain_command_line(project: Path) -> None:
    assert TOLD in run("large.py", cwd=project).stdout
    assert "too large" in run("large.py", "-v", cwd=project).stderr


@pytest.mark.parametrize("name", ["json", "json-lines", "gitlab", "junit", "sarif", "github", "html"])
def test_programs_get_what_they_understand(project: Path, name: str) -> None:
    done = run(".", "--output-format", name, cwd=project)
    assert done.returncode == 0
    assert done.stderr == f"note: {TOLD}\n"
    assert "note:" not in done.stdout
    if name in ("json", "gitlab", "sarif"):
        json.loads(done.stdout)
    if name == "github":
        assert done.stdout.startswith("::notice title=kerlint,file=large.py::large.py: ")


def test_where_nothing_is_printed(project: Path) -> None:
    for words in (["--output-format", "sarif=x.sarif"], ["--statistics", "--output-format", "json"], ["--diff"]):
        done = run(".", *words, cwd=project)
        assert done.returncode == 0
        assert f"note: {TOLD}\n" in done.stderr, words
    (project / "large.py").unlink()
    assert "note:" not in run(".", "--diff", cwd=project).stderr


def test_the_difference_and_a_report(tmp_path: Path) -> None:
    """A report that is asked for is written, and is about the file as it is."""
    (tmp_path / "train.py").write_text(BAD)
    plain = run("train.py", "--output-format", "json", cwd=tmp_path)
    done = run("train.py", "--diff", "--output-format", "json=report.json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("--- train.py\n")
    assert (tmp_path / "train.py").read_text() == BAD
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(plain.stdout) != []
