from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import kerlint
from kerlint import cache as caching
from kerlint import engine
from kerlint.cache import Cache
from kerlint.finding import Severity
from kerlint.linting import known_report, lint_file
from kerlint.report import FileReport
from kerlint.selection import Settings
from tests.notebook import notebook

ROOT = Path(kerlint.__file__).parent.parent
PROGRAM = """\
import keras
from keras import layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation="softmax")])
model.compile(optimizer="adam", loss="binary_crossentropy")
"""
ADVICE = PROGRAM + "model.summary()\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "train.py").write_text(PROGRAM)
    return tmp_path


def lint(path: Path, cache: Cache | None, settings: Settings | None = None, *, is_test: bool = False) -> FileReport:
    return lint_file(str(path), settings or Settings(), cache, is_test=is_test)


def known(path: Path, folder: Path, settings: Settings | None = None, *, is_test: bool = False) -> FileReport | None:
    """What a new run finds in the cache."""
    return known_report(path.read_bytes(), str(path), settings or Settings(), Cache(str(folder)), is_test=is_test)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*-*/*"))


def run(*arguments: str, cwd: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "kerlint"]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )


def same(one: FileReport, other: FileReport | None) -> bool:
    return other is not None and one == other and one.source == other.source


@pytest.mark.parametrize("pedantic", [False, True])
def test_findings_are_the_same(tmp_path: Path, pedantic: bool) -> None:
    """All that a report has is in the cache: fixes, labels, symptoms, what is hidden and what is ignored."""
    settings = Settings(pedantic=pedantic)
    cache = Cache(str(tmp_path / "cache"))
    files = sorted((ROOT / "fixtures" / "faulty").glob("*.py"))
    ignored = tmp_path / "ignored.py"
    ignored.write_text(PROGRAM.replace("\nmodel.compile", "  # kerlint: ignore[KL001] known\nmodel.compile"))
    found = [lint(path, cache, settings) for path in [*files, ignored]]
    assert any(report.findings for report in found)
    assert any(finding.fix for report in found for finding in report.findings)
    for path, report in zip([*files, ignored], found):
        assert same(report, known(path, tmp_path / "cache", settings)), path
        assert same(report, lint(path, None, settings)), path


def test_notebook(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook("%matplotlib inline\nimport keras\n", "x = = 1\n", "  " + PROGRAM.replace("\n", "\n  ")))
    report = lint(path, Cache(str(tmp_path / "cache")))
    assert report.findings
    again = known(path, tmp_path / "cache")
    assert same(report, again)
    assert again is not None
    assert again.source is not None
    assert again.source.place(report.findings[-1].span.start_line) == report.source.place(  # type: ignore[union-attr]
        report.findings[-1].span.start_line
    )


def test_a_change_is_noticed(project: Path) -> None:
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    assert known(project / "train.py", folder) is not None
    (project / "train.py").write_text(PROGRAM + "\n")
    assert known(project / "train.py", folder) is None


DIFFERENT = {
    "select": ("KL",),
    "ignore": ("KL001",),
    "pedantic": True,
    "target_keras": "2",
    "off": ("KL",),
    "severity": {"KL": Severity.ADVICE},
    "options": {"learning-rate-too-high": {"limits": {"SGD": 2.0}}},
    "root": "/somewhere",
    "comments": False,
    "symptom": "constant-output",
}


def test_experiments_are_prepared_anew(project: Path) -> None:
    """What is kept has no models, so a run that probes neither reads nor writes it."""
    folder, probing = project / "cache", dataclasses.replace(Settings(), probe=True)
    lint(project / "train.py", Cache(str(folder)), probing)
    assert known(project / "train.py", folder, probing) is None


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Settings) if field.name != "probe"])
def test_every_setting_counts(project: Path, name: str) -> None:
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    other = dataclasses.replace(Settings(), **{name: DIFFERENT[name]})
    assert known(project / "train.py", folder, other) is None
    lint(project / "train.py", Cache(str(folder)), other)
    assert known(project / "train.py", folder, other) is not None
    assert known(project / "train.py", folder) is not None


def test_symptom(project: Path) -> None:
    """What is in the cache is weighed for the symptom like what has just been found."""
    settings = Settings(symptom="constant-output")
    report = lint(project / "train.py", Cache(str(project / "cache")), settings)
    assert report.findings or report.ruled_out
    assert same(report, known(project / "train.py", project / "cache", settings))
    assert same(report, lint(project / "train.py", None, settings))


def test_tests_are_others(project: Path) -> None:
    lint(project / "train.py", Cache(str(project / "cache")))
    assert known(project / "train.py", project / "cache", is_test=True) is None


def test_options_that_differ_deep_inside(project: Path) -> None:
    one = Settings(options={"learning-rate-too-high": {"limits": {"SGD": 2.0, "Adam": 1.0}}})
    equal = Settings(options={"learning-rate-too-high": {"limits": {"Adam": 1.0, "SGD": 2.0}}})
    other = Settings(options={"learning-rate-too-high": {"limits": {"Adam": 1.0, "SGD": 2.5}}})
    lint(project / "train.py", Cache(str(project / "cache")), one)
    assert known(project / "train.py", project / "cache", equal) is not None
    assert known(project / "train.py", project / "cache", other) is None


IMPORTING = "import keras\nfrom net import build\nmodel = build()\nmodel.compile(loss='mse', optimizer='adam')\n"
NET = "import keras\ndef build():\n    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"


def _write(name: str, text: str) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)

    return change


@pytest.mark.parametrize(
    "change",
    [
        _write("net.py", NET + "# changed\n"),
        lambda project: (project / "net.py").unlink(),
        # A package goes before a module.
        _write("net/__init__.py", NET),
        _write("requirements.txt", "keras==2.12\n"),
        _write("pyproject.toml", "[project]\nname = 'x'\ndependencies = ['tensorflow==2.10']\n"),
        # The root is another one then.
        lambda project: (project / "pyproject.toml").rename(project.parent / "pyproject.toml"),
    ],
    ids=["module", "module gone", "package", "requirements", "manifest", "root"],
)
def test_what_is_around_counts(tmp_path: Path, change: Callable[[Path], object]) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name, text in {"pyproject.toml": "[project]\nname='x'\n", "net.py": NET, "main.py": IMPORTING}.items():
        (project / name).write_text(text)
    lint(project / "main.py", Cache(str(tmp_path / "cache")))
    assert known(project / "main.py", tmp_path / "cache") is not None
    change(project)
    assert known(project / "main.py", tmp_path / "cache") is None


def test_a_module_that_appears(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(IMPORTING)
    lint(tmp_path / "main.py", Cache(str(tmp_path / "cache")))
    (tmp_path / "unrelated.py").write_text("")
    assert known(tmp_path / "main.py", tmp_path / "cache") is not None
    (tmp_path / "net.py").write_text(NET)
    assert known(tmp_path / "main.py", tmp_path / "cache") is None


def test_a_module_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(IMPORTING)
    (tmp_path / "net.py").write_text("from deep import build\n")
    (tmp_path / "deep.py").write_text(NET)
    lint(tmp_path / "main.py", Cache(str(tmp_path / "cache")))
    assert known(tmp_path / "main.py", tmp_path / "cache") is not None
    (tmp_path / "deep.py").write_text(NET.replace("Dense(1)", "Dense(2)"))
    assert known(tmp_path / "main.py", tmp_path / "cache") is None


def test_another_installation(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lint(project / "train.py", Cache(str(project / "cache")))
    monkeypatch.setattr(caching, "__version__", "99.0")
    assert known(project / "train.py", project / "cache") is None
    assert caching.environment().startswith("99.0-")


def test_what_an_installation_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another libcst, another Python, or kerlint's own files changed."""
    package = tmp_path / "some_package"
    (package / "rules").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "rules" / "one.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = list(caching._installed("some_package", deep=True))
    assert before == list(caching._installed("some_package", deep=True))
    (package / "rules" / "one.py").write_text("x = 10\n")
    assert before != list(caching._installed("some_package", deep=True))
    assert list(caching._installed("libcst", deep=False))
    own = caching.environment()
    monkeypatch.setattr(sys, "version", "4.0")
    assert caching.environment() != own


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"KL001", b"KL002"),
        lambda data: b"\0" * len(data),
        lambda data: b"not an entry",
        lambda data: b"[" * 100_000,
    ],
)
def test_damaged_entries(project: Path, damage: Callable[[bytes], bytes]) -> None:
    folder = project / "cache"
    report = lint(project / "train.py", Cache(str(folder)))
    (entry,) = entries(folder)
    entry.write_bytes(damage(entry.read_bytes()))
    assert known(project / "train.py", folder) is None
    assert same(report, lint(project / "train.py", Cache(str(folder))))
    assert same(report, known(project / "train.py", folder))


def _sealed(value: object, key: str) -> bytes:
    payload = json.dumps(value).encode()
    return caching._seal(payload, key) + b"\n" + payload


def test_foreign_entries(project: Path) -> None:
    """Entries with a right seal, and anything in them."""
    folder = project / "cache"
    report = lint(project / "train.py", Cache(str(folder)))
    (entry,) = entries(folder)
    good = json.loads(entry.read_bytes().partition(b"\n")[2])
    assert good[2][0], "there is a finding to damage"
    wrong: list[object] = [None, {}, [], good[:2], [1, *good[1:]], [good[0], {}, good[2]]]
    wrong += [[good[0], [answer], good[2]] for answer in (1, [], ["file"], ["file", 1, ""], ["eval", "x", "y"])]
    wrong += [[good[0], [["file", "a\0b", "x"]], good[2]]]
    for index in range(len(good[2])):
        for value in (None, -1, True, "x", [1], [[]], 1.5, {}):
            if index == 5 and value is None:
                continue
            wrong.append([*good[:2], [*good[2][:index], value, *good[2][index + 1 :]]])
    finding = good[2][0][0]
    for index in range(len(finding)):
        for value in (None, 1, "x", [1], [[1]], {"a": 1}, [0, 0, 0, 0], True):
            if type(value) is type(finding[index]) and isinstance(value, str) and index != 2:
                continue
            if index == 10 and value is None:
                continue
            wrong.append([*good[:2], [[[*finding[:index], value, *finding[index + 1 :]]], *good[2][1:]]])
    for value in wrong:
        entry.write_bytes(_sealed(value, entry.name))
        assert known(project / "train.py", folder) is None, value
    entry.write_bytes(_sealed(good, entry.name))
    assert same(report, known(project / "train.py", folder))


def test_an_entry_in_the_wrong_place(project: Path) -> None:
    (project / "other.py").write_text(PROGRAM.replace("softmax", "sigmoid"))
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    (first,) = entries(folder)
    lint(project / "other.py", Cache(str(folder)))
    (second,) = set(entries(folder)) - {first}
    first.write_bytes(second.read_bytes())
    assert known(project / "train.py", folder) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_and_a_folder_in_the_place_of_an_entry(project: Path) -> None:
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    (entry,) = entries(folder)
    entry.unlink()
    os.mkfifo(entry)
    assert known(project / "train.py", folder) is None
    entry.unlink()
    entry.mkdir()
    assert lint(project / "train.py", Cache(str(folder))).findings


def test_crashes_are_not_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ValueError("as told")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "ask", crash)
        assert lint(project / "train.py", Cache(str(project / "cache"))).tracebacks
    assert known(project / "train.py", project / "cache") is None


def test_markers(project: Path) -> None:
    cache = Cache(str(project / "cache"))
    assert cache.find(b"keras", "a.py", Settings(), is_test=False) is None
    assert not (project / "cache").exists(), "nothing is made to find nothing"
    lint(project / "train.py", cache)
    tag = (project / "cache" / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (project / "cache" / ".gitignore").read_text().splitlines()[-1] == "*"
    assert not list(project.glob("cache/**/.new-*"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_links_are_not_followed(project: Path) -> None:
    """A repository may come with a cache that leads to somebody's folder."""
    precious = project / "precious"
    precious.mkdir()
    (project / "cache").symlink_to(precious)
    assert lint(project / "train.py", Cache(str(project / "cache"))).findings
    assert not list(precious.iterdir())
    assert caching.clean(str(project / "cache")) == 0


def test_other_folders_are_left_alone(project: Path) -> None:
    precious = project / "precious"
    precious.mkdir()
    (precious / "thesis.tex").write_text("years of work")
    assert not caching.is_usable(str(precious))
    assert lint(project / "train.py", Cache(str(precious))).findings
    assert [path.name for path in precious.iterdir()] == ["thesis.tex"]
    result = run("train.py", "--cache-dir", "precious", cwd=project)
    assert "no results are cached" in result.stderr
    assert result.returncode == 1


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_cannot_be_written(project: Path) -> None:
    project.chmod(0o500)
    try:
        assert lint(project / "train.py", Cache(str(project / "cache"))).findings
    finally:
        project.chmod(0o700)


def test_a_file_in_the_place_of_the_folder(project: Path) -> None:
    (project / "cache").write_text("")
    assert lint(project / "train.py", Cache(str(project / "cache"))).findings


def test_pruning(project: Path) -> None:
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    (entry,) = entries(folder)
    old = entry.with_name("0" * 32)
    old.write_bytes(b"")
    foreign = entry.with_name("notes.txt")
    foreign.write_bytes(b"")
    long_ago = time.time() - 40 * 24 * 3600
    for path in (old, foreign):
        os.utime(path, (long_ago, long_ago))
    others = [folder / f"0.0.{number}-aa" for number in range(6)]
    for age, other in enumerate(others):
        other.mkdir()
        (other / ("1" * 32)).write_bytes(b"")
        os.utime(other, (time.time() - 100 * (age + 1),) * 2)
    Cache(str(folder)).prune()
    assert old.exists(), "it is looked for once a day"
    yesterday = time.time() - 25 * 3600
    os.utime(folder / "CACHEDIR.TAG", (yesterday, yesterday))
    Cache(str(folder)).prune()
    assert entry.exists()
    assert foreign.exists()
    assert not old.exists()
    assert [other.exists() for other in others] == [True] * 3 + [False] * 3


def test_use_is_noted(project: Path) -> None:
    folder = project / "cache"
    lint(project / "train.py", Cache(str(folder)))
    (entry,) = entries(folder)
    past = time.time() - 3 * 24 * 3600
    os.utime(entry, (past, past))
    assert known(project / "train.py", folder) is not None
    assert time.time() - entry.stat().st_mtime < 3600


def test_command_line(project: Path) -> None:
    first = run(".", cwd=project)
    assert first.returncode == 1
    assert len(entries(project / ".kerlint_cache")) == 1
    assert run(".", cwd=project).stdout == first.stdout == run(".", "--no-cache", cwd=project).stdout
    (project / "sub").mkdir()
    # The cache of the project, whatever the folder; and names as they were given.
    assert "../train.py" in run("../train.py", "--output-format", "concise", cwd=project / "sub").stdout.replace(
        "\\", "/"
    )
    assert not (project / "sub" / ".kerlint_cache").exists()
    assert len(entries(project / ".kerlint_cache")) == 1
    assert run("clean", cwd=project / "sub").stdout.startswith("Removed 1 cached result from")
    assert not (project / ".kerlint_cache").exists()
    assert run("clean", cwd=project).stdout == "Nothing was cached.\n"
    run(".", "--no-cache", cwd=project)
    assert not (project / ".kerlint_cache").exists()
    run(".", "--cache-dir", "elsewhere", cwd=project)
    assert len(entries(project / "elsewhere")) == 1
    assert run("clean", "--cache-dir", "elsewhere", cwd=project).stdout == "Removed 1 cached result from elsewhere.\n"


def test_clean_leaves_what_is_not_ours(project: Path) -> None:
    lint(project / "train.py", Cache(str(project / "cache")))
    (project / "cache" / "mine.txt").write_text("mine")
    assert caching.clean(str(project / "cache")) == 1
    assert [path.name for path in (project / "cache").iterdir()] == ["mine.txt"]


IMPORTED = """
import sys
LIGHT = {"kerlint.rules.base", "kerlint.rules.options"}
from kerlint.cli import main
try:
    main()
finally:
    heavy = [name for name in sys.modules if name.split(".")[0] in ("libcst", "msgspec", "multiprocessing", "tensorflow")]
    heavy += [name for name in sys.modules if name.startswith(("kerlint.rules.", "kerlint.library", "kerlint.program"))]
    sys.stderr.write(" ".join(sorted(set(heavy) - LIGHT)))
"""


@pytest.mark.parametrize(
    "options", [(), ("--select", "KL"), ("--output-format", "concise"), ("--output-format", "json")]
)
def test_a_warm_run_imports_little(project: Path, options: tuple[str, ...]) -> None:
    cold = run(".", *options, cwd=project, code=IMPORTED)
    assert "kerlint.program" in cold.stderr
    warm = run(".", *options, cwd=project, code=IMPORTED)
    assert warm.stdout == cold.stdout
    assert warm.stderr == ""


def test_nothing_is_imported_for_what_is_not_keras(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    result = run("a.py", cwd=tmp_path, code=IMPORTED)
    assert result.stderr == ""
    assert result.returncode == 0


def test_runs_at_the_same_time(project: Path) -> None:
    for number in range(12):
        (project / f"train{number}.py").write_text(PROGRAM + f"# {number}\n")
    command = [sys.executable, "-m", "kerlint", ".", "--output-format", "concise", "--jobs", "1"]
    started = [
        subprocess.Popen(command, cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = {process.communicate(timeout=120)[0] for process in started}
    assert len(outputs) == 1
    assert len(entries(project / ".kerlint_cache")) == 13
    assert run(".", "--output-format", "concise", cwd=project).stdout.encode() == outputs.pop().replace(b"\r\n", b"\n")
