"""What a linted tree may hold, and what it cannot do: docs/security.md says it, and names the test of each claim."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kerlint import crashes
from kerlint.configuration.schema import schema
from kerlint.engine import check_bytes
from kerlint.finding import Finding, Severity, Span
from kerlint.output import FORMATS
from kerlint.probe import script
from kerlint.report import FileReport
from kerlint.selection import Settings
from tests.test_fixer import BAD, GOOD

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/security.md"

#: Modules that Python or kerlint import while they run, by name.
TRAPS = """conftest sitecustomize usercustomize libcst click msgspec tensorflow keras typing dataclasses enum json re ast
tokenize difflib rich pathspec tomllib tomli hashlib logging ctypes __future__ multiprocessing pickle random socket
subprocess tempfile shutil helpers setup""".split()


def kerlint(*arguments: str, cwd: Path, start: tuple[str, ...] = ("-m", "kerlint")) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
    )


def starts() -> list[tuple[str, ...]]:
    command = shutil.which("kerlint", path=str(Path(sys.executable).parent))
    return [("-m", "kerlint"), ("-mkerlint",), *([(command,)] if command else [])]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "setup.py").touch()
    (folder / "train.py").write_text(BAD, encoding="utf-8")
    return folder


# -- Nothing is executed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", starts(), ids=lambda start: Path(start[0]).name)
def test_nothing_of_the_tree_is_imported(project: Path, start: tuple[str, ...]) -> None:
    sprung = project.parent / "sprung"
    trap = f"open({str(sprung)!r}, 'a').write(__name__ + ' ')\nimport keras\n"
    for name in TRAPS:
        (project / f"{name}.py").write_text(trap)
    (project / "sklearn").mkdir()
    (project / "sklearn/__init__.py").write_text(trap)
    text = "import keras, libcst, click, helpers\nfrom helpers import *\n" + BAD
    for number in range(3):
        (project / f"train{number}.py").write_text(text, encoding="utf-8")
    for arguments in (
        (".", "--jobs", "2"),
        ("train0.py", "--output-format", "html"),
        ("train1.py", "--fix"),
        ("train1.py", "--symptom", "loss-nan"),
        ("summary", "train2.py"),
        ("rule", "KL001", "--color", "always"),
        ("version",),
    ):
        done = kerlint(*arguments, cwd=project, start=start)
        assert done.returncode in (0, 1), done.stderr
        assert not sprung.exists(), (arguments, sprung.read_text())


def test_the_trap_can_spring(project: Path) -> None:
    sprung = project.parent / "sprung"
    (project / "click.py").write_text(f"open({str(sprung)!r}, 'w')\n")
    kerlint(cwd=project, start=("-c", "import click"))
    assert sprung.exists()


# -- Nothing is written elsewhere ----------------------------------------------------------------------------------


def test_no_configuration_names_a_file_to_write() -> None:
    """There are patterns, rules, numbers and the root of imports, and nothing that is run or written."""
    keys = set(schema()["properties"])
    assert keys == {
        "select",
        "ignore",
        "extend-select",
        "per-file-ignores",
        "exclude",
        "extend-exclude",
        "target-keras",
        "fail-on",
        "pedantic",
        "root",
        "severity",
        "rules",
    }


@pytest.mark.parametrize("key", ["cache-dir", "output-format", "baseline", "probe-python", "plugins", "extend"])
def test_other_keys_are_refused(project: Path, key: str) -> None:
    (project / "kerlint.toml").write_text(f'{key} = "/tmp/x"\n')
    done = kerlint(".", cwd=project)
    assert done.returncode == 2
    assert key in done.stderr


def test_links_that_lead_out_are_not_written_through(project: Path) -> None:
    outside = project.parent / "outside.py"
    outside.write_text(BAD, encoding="utf-8")
    (project / "link.py").symlink_to(outside)
    (project / "report").symlink_to(outside)
    (project / "new").symlink_to(project.parent / "nothing")
    done = kerlint("link.py", "train.py", "--fix", "--no-cache", cwd=project)
    assert done.returncode == 2
    assert "link.py: cannot be written: it is a link that leads out of the project" in done.stderr
    assert (project / "train.py").read_text(encoding="utf-8") == GOOD
    for name in ("report", "new"):
        for arguments in (("--write-baseline", name), ("--output-format", f"sarif={name}")):
            done = kerlint("train.py", *arguments, "--no-cache", cwd=project)
            assert done.returncode == 2
            assert "leads out of the project" in done.stderr
    assert kerlint("link.py", "--add-ignore", "--no-cache", cwd=project).returncode == 2
    assert outside.read_text(encoding="utf-8") == BAD
    assert not (project.parent / "nothing").exists()


def test_folders_that_lead_out_are_not_written_through(project: Path) -> None:
    outside = project.parent / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "train.py").write_text(BAD, encoding="utf-8")
    # What is outside may be a project itself.
    (outside / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    (project / "folder").symlink_to(outside)
    before = sorted(outside.rglob("*"))
    for arguments in (
        ("--write-baseline", "folder/new"),
        ("--output-format", "sarif=folder/deep/new"),
        ("--output-format", "json=./folder/../folder/pyproject.toml"),
    ):
        done = kerlint("train.py", *arguments, "--no-cache", cwd=project)
        assert done.returncode == 2
        assert "leads out of the project" in done.stderr
    assert kerlint("folder/train.py", "--fix", "--no-cache", cwd=project).returncode == 2
    assert (outside / "train.py").read_text(encoding="utf-8") == BAD
    assert sorted(outside.rglob("*")) == before
    # The scripts are what this is about: the experiments need not come to an end.
    trial = ("train.py", "--no-cache", "--probe-timeout", "1", "--probe-script")
    assert "leads out" in kerlint(*trial, "folder/new", cwd=project).stderr
    assert sorted(outside.rglob("*")) == before
    assert kerlint(*trial, "tries", cwd=project).returncode == 1
    (written,) = (one for one in (project / "tries").iterdir() if "KL001" in one.name)
    written.unlink()
    written.symlink_to(outside / "train.py")
    assert "leads out" in kerlint(*trial, "tries", cwd=project).stderr
    assert (outside / "train.py").read_text(encoding="utf-8") == BAD
    # A link within the project is none of them.
    (project / "real").mkdir()
    (project / "inside").symlink_to("real")
    assert kerlint("train.py", "--write-baseline", "inside/known", "--no-cache", cwd=project).returncode == 0
    assert (project / "real" / "known").is_file()


def test_a_cache_that_leads_out_is_not_used(project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (project / ".kerlint_cache").symlink_to(outside)
    assert kerlint("train.py", cwd=project).returncode == 1
    assert list(outside.iterdir()) == []


def test_reports_can_go_to_pipes(project: Path) -> None:
    done = kerlint("train.py", "--output-format", "json=/dev/stdout", "--no-cache", cwd=project)
    assert '"KL001"' in done.stdout


# -- Nothing steers the terminal -----------------------------------------------------------------------------------

EVIL = "a\x1b]0;title\x07\x1b[2J\x9b31m\x08"


@pytest.mark.parametrize(
    "arguments",
    [
        *((".", "--pedantic", "--output-format", name) for name in FORMATS),
        (".", "--statistics"),
        (".", "--diff", "--unsafe-fixes"),
        (".", "--show-files"),
        (".", "--show-settings"),
        (".", "--symptom", "slow-learning"),
        (".", "--fix", "-v"),
        (".", "--write-baseline", f"{EVIL}.json"),
        (".", "--baseline", f"{EVIL}.baseline"),
        (".", "--config", f"{EVIL}.toml"),
        (".", "--select", EVIL),
        (".", "--output-format", f"sarif={EVIL}.d/x"),
        (f"{EVIL}.py",),
        (f"{EVIL}-missing.py",),
        ("summary", f"{EVIL}.py"),
        ("summary", f"{EVIL}-broken.py"),
        ("summary", f"{EVIL}-missing.py"),
        ("rule", EVIL),
        ("clean", "--cache-dir", EVIL),
        (EVIL,),
    ],
    ids=lambda arguments: ascii(" ".join(arguments)).replace("\\", "") if isinstance(arguments, tuple) else None,
)
def test_nothing_steers_the_terminal(project: Path, arguments: tuple[str, ...]) -> None:
    evil = BAD.replace("keras.layers.Dense(", f"keras.layers.Dense(name='{EVIL}', units=") + f"# {EVIL}\nx = '{EVIL}'\n"
    (project / f"{EVIL}.py").write_text(evil, encoding="utf-8")
    (project / f"{EVIL}-broken.py").write_text(f"import keras\nx = {EVIL}(\n", encoding="utf-8")
    (project / f"{EVIL}.baseline").write_text(f'{{"{EVIL}": 1}}', encoding="utf-8")
    (project / f"{EVIL}.toml").write_text(f'"{EVIL}" = 1\nselect = ["{EVIL}"]\n', encoding="utf-8")
    (project / f"{EVIL}.d").write_text("a file")
    done = kerlint(*arguments, cwd=project)
    assert done.returncode in (0, 1, 2), done.stderr
    assert done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    steering = set(re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr))
    # A difference is made to be applied, and keeps the text as it is where it does not go to a terminal.
    assert not steering or "--diff" in arguments


# -- What the probe prints -----------------------------------------------------------------------------------------


def test_a_script_holds_texts_and_no_code_of_the_program() -> None:
    """The script for a finding is there to be run: no text of the linted program gets out of its quotes."""
    evil = "x''')\nimport os\nos.system('true')\n\"\"\"\n(r'''"
    text = script._job({"kind": evil, "x": [evil, {evil: evil}]})  # type: ignore[typeddict-item,arg-type]
    (statement,) = ast.parse("from typing import Any\nimport json\n" + text).body[2:]
    assert isinstance(statement, ast.AnnAssign)
    scope: dict[str, object] = {}
    exec("from typing import Any\nimport json\n" + text, scope)
    assert scope["JOB"] == {"kind": evil, "x": [evil, {evil: evil}]}
    assert len(ast.parse(f'"""{script._quoted(evil)}."""').body) == 1


# -- Crash reports -------------------------------------------------------------------------------------------------


def test_a_crash_report_holds_nothing_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from kerlint.rules.loss.single_unit_multiclass_head import SingleUnitMulticlassHead

    def check(self: object, program: object) -> object:
        try:
            return {}["the 'secret' of the file"]
        except KeyError as error:
            raise ValueError("cannot use 'the \\'secret\\' of the file' and \"the secret") from error

    monkeypatch.setattr(SingleUnitMulticlassHead, "check", check)
    report = check_bytes(b"import keras\npassword = 'secret'\n", "train.py", Settings(select=("KL001",)))
    (finding,) = report.findings
    (told,) = report.tracebacks
    assert finding.code == "KX000"
    assert re.search(r"crashed: ValueError at asking\.py:\d+$", finding.message)
    assert "--verbose" in finding.help
    assert crashes.ISSUES in finding.help
    assert told.count("Traceback") == 2
    assert "KeyError: '...'\n" in told
    assert "ValueError: cannot use '...' and '...'\n" in told
    for text in (finding.message, finding.help, re.sub(r"(?m)^    .*\n", "", told)):
        assert "secret" not in text


def test_a_crash_is_reported_with_the_versions(project: Path) -> None:
    code = """
import kerlint.library, sys
def evaluate(*arguments, **more):
    raise ValueError("no")
kerlint.library.evaluate = evaluate
from kerlint.cli import main
main()
"""
    done = kerlint("train.py", "-v", "--no-cache", cwd=project, start=("-c", code))
    assert done.returncode == 2
    assert re.match(r"train\.py: kerlint \d+\.\d+\S*, Python \d+\.\d+\.\d+, \w+\nTraceback ", done.stderr)
    assert "ValueError: no" in done.stderr
    assert "Traceback" not in done.stdout


# -- The page ------------------------------------------------------------------------------------------------------


def test_every_claim_has_its_test() -> None:
    """Each point of the page ends with a test, and the test is there."""
    text = PAGE.read_text(encoding="utf-8")
    points = re.findall(r"(?m)^\* .*(?:\n  .*)*", text)
    assert len(points) > 15
    for point in points:
        named = re.findall(r"`(tests/\w+\.py)::(\w+)`", point)
        assert named, f"without a test: {point}"
        for path, name in named:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"


def test_reports_are_plain() -> None:
    """A finding can hold any text, and no format fails."""
    from kerlint.output import Options, renderer
    from kerlint.report import Report

    finding = Finding("KL001", "x", Severity.ERROR, f"{EVIL}\ud800", f"{EVIL}.py", Span(1, 1, 1, 2))
    for name in FORMATS:
        for line in renderer(name)(Report((FileReport(f"{EVIL}.py", (finding,)),), 1), Options()):
            assert "\x1b" not in line
