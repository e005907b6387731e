"""Configuration: which file counts, what it may say, and what the command line makes of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click import Command
from jsonschema import Draft202012Validator

from kerlint.cli import cli
from kerlint.configuration.checking import SCHEMA
from kerlint.configuration.decoding import Tables
from kerlint.configuration.lookup import Lookup
from kerlint.configuration.model import CommandLine, Configuration, ConfigurationError
from kerlint.finding import Severity
from kerlint.selection import Settings, severity_of
from tests.test_cli import ROOT, run

FAULTY = """import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""
CONCISE = ("--output-format", "concise")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "train.py", FAULTY)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def configured(folder: str = ".", *given: str, line: CommandLine | None = None) -> Configuration:
    return Lookup(line or CommandLine(), given).of_folder(folder)


def found(project: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit status, and where which rule found something."""
    done = run(*arguments, *CONCISE, cwd=project)
    assert done.stderr == ""
    return done.returncode, [
        f"{name} {found}" for name, found in re.findall(r"(?m)^(\S+?):\d+:\d+: (\S+)", done.stdout)
    ]


# Which file counts


def test_the_nearest_file_wins_and_nothing_is_merged(project: Path) -> None:
    write(project, "pyproject.toml", '[tool.kerlint]\nselect = ["KL001"]\nfail-on = "error"\n')
    write(project, "a/kerlint.toml", 'ignore = ["KO"]\n')
    write(project, "a/pyproject.toml", '[tool.kerlint]\nselect = ["KN"]\n')
    write(project, "a/b/.kerlint.toml", "pedantic = true\n")
    write(project, "a/b/kerlint.toml", "pedantic = false\n")
    write(project, "a/b/c/pyproject.toml", '[project]\nname = "kerlint-user"\n')
    assert configured().select == ("KL001",)
    assert (configured("a").select, configured("a").ignore) == ((), ("KO",))
    assert configured("a").fail_on is Severity.WARNING
    for folder in ("a/b", "a/b/c", "a/b/c/d"):
        assert configured(folder).pedantic
        assert configured(folder).ignore == ()
    lookup = Lookup(CommandLine())
    assert lookup.of_file("a/b/c/train.py") is lookup.of_file("a/b/other.py")
    assert lookup.of_file("-").select == ("KL001",)


def test_each_file_has_its_own(project: Path) -> None:
    write(project, "sub/kerlint.toml", 'ignore = ["KL"]\n')
    write(project, "sub/train.py", FAULTY)
    assert found(project) == (1, ["train.py error[KL001]"])
    assert found(project, "sub/train.py") == (0, [])
    assert found(project, "sub/train.py", "--isolated") == (1, ["sub/train.py error[KL001]"])


def test_config_file(project: Path) -> None:
    write(project, "kerlint.toml", 'select = ["KO"]\n')
    write(project, "other/own.toml", 'severity = {KL001 = "warning"}\nextend-exclude = ["sub"]\n')
    write(project, "sub/train.py", FAULTY)
    assert found(project, "--config", "other/own.toml") == (1, ["train.py warning[KL001]"])
    write(project, "other/pyproject.toml", "[tool.black]\n")
    done = run("--config", "other/pyproject.toml", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no [tool.kerlint]" in done.stderr


def test_config_settings(project: Path) -> None:
    write(project, "kerlint.toml", 'select = ["KO"]\nseverity = {KL002 = "advice"}\n')
    assert found(project, "--config", 'select=["KL"]') == (1, ["train.py error[KL001]"])
    assert found(project, "--config", "select=['KL']", "--config", "severity.KL001=warning", "--fail-on", "error") == (
        0,
        ["train.py warning[KL001]"],
    )
    assert configured(".", "severity.KL001=error").severity == {"KL001": Severity.ERROR, "KL002": Severity.ADVICE}
    assert configured(".", "target-keras=3.4").target_keras == "3.4"
    assert configured(".", "target-keras=2").target_keras == "2"


# What it may say


def test_every_key(project: Path) -> None:
    text = """
        select = ["KL", "dropout-misuse"]
        ignore = ["KL002"]
        extend-select = ["KO010"]
        per-file-ignores = {"tests/**" = ["ALL"], "*.ipynb" = ["KL001"]}
        severity = {KL = "warning", KL001 = "advice"}
        exclude = ["a"]
        extend-exclude = ["b"]
        target-keras = 3
        root = "sub"
        fail-on = "advice"
        pedantic = true
        [rules.single-default-epoch]
        few-epochs = 1
        [rules.KO002.limits]
        SGD = 2
    """
    write(project, "sub/a.py", "")
    write(project, "kerlint.toml", text)
    own = configured()
    settings = own.settings("train.py")
    assert (settings.select, settings.ignore, settings.off) == (("KL", "dropout-misuse", "KO010"), ("KL002",), ())
    assert settings.severity == {"KL": Severity.WARNING, "KL001": Severity.ADVICE}
    assert (settings.target_keras, settings.root, settings.pedantic) == ("3", str(project / "sub"), True)
    assert settings.options == {
        "single-default-epoch": {"few-epochs": 1},
        "learning-rate-too-high": {"limits": {"SGD": 2}},
    }
    assert own.fail_on is Severity.ADVICE
    assert own.settings("tests/deep/a.py").off == ("ALL",)
    assert own.settings("x/n.ipynb").off == ("KL001",)
    assert [own.excludes(name, True) for name in ("a", "b", "x/a", "build", "c")] == [True, True, True, False, False]
    keys = set(Tables.__struct_encode_fields__)
    named = {line.split("=")[0].strip() for line in text.splitlines() if "=" in line}
    assert keys - named == {"rules"}


def test_the_table_of_pyproject_in_a_file_of_its_own_is_told(project: Path) -> None:
    write(project, "kerlint.toml", '[tool.kerlint]\nselect = ["KL"]\n')
    write(project, "train.py", FAULTY)
    done = run("train.py", cwd=project)
    assert done.returncode == 2
    assert "without [tool.kerlint]" in done.stderr


def test_extend_select_shows_advice_and_goes_before_ignore(project: Path) -> None:
    write(project, "kerlint.toml", 'ignore = ["KO"]\nextend-select = ["single-default-epoch"]\n')
    write(project, "train.py", FAULTY + "model.fit(x, y)\n")
    assert found(project) == (1, ["train.py error[KL001]", "train.py advice[KO010]"])


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('selct = ["KL"]', "selct", "unknown key; did you mean select?"),
        ("x = 1", "x", "unknown key; there are select, ignore, "),
        ('select = "KL"', "select", "must be a list, not a string"),
        ("select = [1]", "select[0]", "must be a string, not a whole number"),
        ('select = ["KL0001"]', "select", "unknown rule 'KL0001'; did you mean KL001?"),
        ('ignore = ["dropout-misus"]', "ignore", "unknown rule 'dropout-misus'; did you mean dropout-misuse?"),
        ('extend-select = ["kl"]', "extend-select", "did you mean KL?"),
        ('per-file-ignores = {"a/**" = ["KL99"]}', 'per-file-ignores."a/**"', "unknown rule 'KL99'"),
        ('per-file-ignores = {"a/**" = "KL"}', 'per-file-ignores."a/**"', "must be a list, not a string"),
        ('severity = {KL001 = "warn"}', "severity.KL001", "there is no 'warn'; did you mean warning?"),
        ('severity = {KL0011 = "error"}', "severity", "unknown rule 'KL0011'"),
        ('fail-on = "never"', "fail-on", "there is no 'never'; there are error, warning, advice"),
        ("target-keras = 4", "target-keras", 'must be a version of Keras: 2, 3, or one like "3.4"'),
        ("target-keras = 3.4", "target-keras", "must be a version of Keras"),
        ('target-keras = "three"', "target-keras", "must be a version of Keras"),
        ("pedantic = 1", "pedantic", "must be true or false, not a whole number"),
        ('root = "nowhere"', "root", "there is no folder 'nowhere'"),
        ('root = ".."', "root", "'..' is outside of the repository"),
        ("rules = {dropout-misuse = 3}", "rules.dropout-misuse", "must be a table, not a whole number"),
        ("rules.dropout-misus.max-rate = 0.9", "rules.dropout-misus", "did you mean dropout-misuse?"),
        ("rules.dropout-misuse.max = 0.9", "rules.dropout-misuse.max", "unknown option"),
        ("rules.dropout-misuse.max-rate = 2", "rules.dropout-misuse.max-rate", "must be above 0 and at most 1, not 2"),
        ("rules.KO002.limits.Adm = 1", "rules.KO002.limits.Adm", "did you mean Adam?"),
    ],
)
def test_what_it_may_not_say(project: Path, text: str, key: str, message: str) -> None:
    write(project, "kerlint.toml", text + "\n")
    with pytest.raises(ConfigurationError) as caught:
        configured()
    said = str(caught.value)
    assert said.startswith(f"kerlint.toml: {key}: "), said
    assert message in said
    (project / "kerlint.toml").rename(project / "other.toml")
    write(project, "pyproject.toml", f"[tool]\n[tool.kerlint]\n{text}\n")
    with pytest.raises(ConfigurationError) as caught:
        configured()
    assert str(caught.value).startswith(f"pyproject.toml: tool.kerlint.{key}: ")


@pytest.mark.parametrize("data", [b"select = [", b"a = " + b"[" * 100_000, b"x = '\xff'", b"\0"])
def test_what_is_not_toml(project: Path, data: bytes) -> None:
    (project / "kerlint.toml").write_bytes(data)
    done = run("train.py", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "kerlint.toml: not TOML: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_configuration_ends_with_2(project: Path) -> None:
    write(project, "pyproject.toml", "[tool.kerlint]\nseverty = 1\n")
    # Even where nothing is to be linted, so that the mistake is seen.
    for arguments in (("train.py",), ("-",)):
        done = run(*arguments, cwd=project)
        assert (done.returncode, done.stdout) == (2, "")
        assert "pyproject.toml: tool.kerlint.severty: unknown key; did you mean severity?" in done.stderr
        assert "https://" in done.stderr
    for setting in ("colour=1", "kerlint", "select=KL", "a/b"):
        done = run("--isolated", "--config", setting, "train.py", cwd=project)
        assert (done.returncode, done.stdout) == (2, ""), setting
        assert setting in done.stderr


def test_the_root_of_a_repository_limits_the_root(project: Path) -> None:
    write(project, "sub/kerlint.toml", 'root = ".."\n')
    (project / ".git").mkdir()
    assert configured("sub").root == str(project)
    # The command line is the user's own word.
    assert configured(".", f"root={project.parent}").root == str(project.parent)


def test_imports_are_followed_from_the_root(project: Path) -> None:
    write(project, "lib/net.py", FAULTY.replace("model = ", "def build():\n    return ").split("model.compile")[0])
    text = 'import keras\nfrom net import build\nmodel = build()\nmodel.compile("adam", "binary_crossentropy")\n'
    write(project, "lib/jobs/train.py", text)
    (project / "lib/jobs/setup.py").write_text("")
    assert found(project, "lib/jobs/train.py") == (0, [])
    write(project, "kerlint.toml", 'root = "lib"\n')
    assert found(project, "lib/jobs/train.py") == (1, ["lib/jobs/train.py error[KL001]"])
    assert "Total params: 5" in run("summary", "lib/jobs/train.py", cwd=project).stdout


# What the command line makes of it


def test_selection(project: Path) -> None:
    write(project, "train.py", FAULTY + "model.fit(x, y)\n")
    write(project, "kerlint.toml", 'select = ["KO010"]\nignore = ["KL001"]\n')
    assert found(project) == (0, ["train.py advice[KO010]"])
    assert found(project, "--select", "KL") == (0, [])
    assert found(project, "--select", "KL001") == (1, ["train.py error[KL001]"])
    assert found(project, "--extend-select", "KE020,KL") == (0, ["train.py advice[KO010]"])
    assert found(project, "--ignore", "KO010") == (0, [])


def test_per_file_ignores(project: Path) -> None:
    write(project, "old/train.py", FAULTY)
    both = ["old/train.py error[KL001]", "train.py error[KL001]"]
    assert found(project, ".") == (1, both)
    assert found(project, ".", "--per-file-ignores", "old/**:KO,KL") == (1, both[1:])
    assert found(project, ".", "--select", "KL001", "--per-file-ignores", "*.py:KL") == (0, [])
    done = run("--per-file-ignores", "old/**", cwd=project)
    assert (done.returncode, "no PATTERN:RULES" in done.stderr) == (2, True)


def test_exclusion(project: Path) -> None:
    for name in ("third/a.py", "build/b.py", "sub/c.py"):
        write(project, name, "")
    write(project, "kerlint.toml", 'extend-exclude = ["third"]\n')

    def files(*arguments: str) -> list[str]:
        done = run("--show-files", *arguments, cwd=project)
        assert done.returncode == 0
        return done.stdout.splitlines()

    assert files() == ["sub/c.py", "train.py"]
    assert files("--extend-exclude", "su*") == ["train.py"]
    assert files("--exclude", "sub,train.py") == ["build/b.py"]
    assert files("third/a.py", "build/b.py") == ["third/a.py", "build/b.py"]
    assert files("third/a.py", "build/b.py", "third", "sub/c.py", "--force-exclude") == ["sub/c.py"]
    assert files("--isolated") == ["sub/c.py", "third/a.py", "train.py"]
    write(project, ".gitignore", "train.py\n")
    (project / ".git").mkdir()
    assert files() == ["sub/c.py"]


#: Patterns that fit train.py, or all, in the folder itself or below it.
FITTING = ["./train.py", "train.py", "/train.py", ".//train.py", "././train.py", "{here}/train.py", "t*.py", "*"]


@pytest.mark.parametrize("pattern", FITTING)
def test_patterns_as_people_write_them(project: Path, pattern: str) -> None:
    pattern = pattern.format(here=project)
    write(project, "sub/train.py", FAULTY)
    write(project, "kerlint.toml", f'exclude = ["{pattern}"]\n')
    assert (project / "train.py").name not in shown(project)
    assert ("sub/train.py" in shown(project)) is ("./" in pattern or pattern.startswith("/") or ".//" in pattern)
    write(project, "kerlint.toml", f'per-file-ignores = {{"{pattern}" = ["ALL"]}}\n')
    assert "train.py error[KL001]" not in found(project)[1]
    (project / "kerlint.toml").unlink()
    assert "train.py" not in shown(project, "--exclude", pattern)
    assert "train.py error[KL001]" not in found(project, "--per-file-ignores", f"{pattern}:KL001")[1]


def shown(project: Path, *words: str) -> list[str]:
    return run(".", "--show-files", *words, cwd=project).stdout.split("\n")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("!train.py", "there is none"),
        ("../train.py", "below the folder"),
        ("sub/../train.py", "below the folder"),
        (".", "below the folder"),
        ("./", "no pattern"),
        ("", "no pattern"),
        ("/", "no pattern"),
        ("[ab", "no pattern"),
        ("train.py\\\\", "no pattern"),
        ("sub\\\\train.py", "separated by /"),
        ("# train.py", "a comment"),
    ],
)
def test_patterns_that_fit_nothing(project: Path, pattern: str, reason: str) -> None:
    for text, key in (
        (f'exclude = ["{pattern}", "x"]', "exclude"),
        (f'extend-exclude = ["{pattern}"]', "extend-exclude"),
        (f'per-file-ignores = {{"{pattern}" = ["KL"]}}', "per-file-ignores"),
    ):
        write(project, "kerlint.toml", text + "\n")
        done = run(".", cwd=project)
        assert done.returncode == 2, text
        assert done.stderr.startswith(f"Error: kerlint.toml: {key}: '{pattern}' can never fit a file: ")
        assert reason in done.stderr
    (project / "kerlint.toml").unlink()
    pattern = pattern.replace("\\\\", "\\")
    if pattern:
        for option, value in (("--exclude", pattern), ("--per-file-ignores", f"{pattern}:KL")):
            done = run(".", option, value, cwd=project)
            assert done.returncode == 2
            assert done.stderr.startswith(f"Error: {option}: ")


def test_patterns_that_take_something_back(project: Path) -> None:
    write(project, "other.py", FAULTY)
    write(project, "kerlint.toml", 'exclude = ["*.py", "!./train.py"]\n')
    assert found(project)[1] == ["train.py error[KL001]"]


def test_stdin_goes_by_its_name(project: Path) -> None:
    write(project, "sub/kerlint.toml", 'ignore = ["KL001"]\n[per-file-ignores]\n"b.py" = ["ALL"]\n')
    text = FAULTY.encode()
    for name, status in (("train.py", 1), ("sub/a.py", 0)):
        assert run("-", "--stdin-filename", name, cwd=project, stdin=text).returncode == status
    skipped = run("-", "--stdin-filename", "build/a.py", "--force-exclude", cwd=project, stdin=text)
    assert (skipped.returncode, skipped.stdout) == (0, "No files were checked.\n")


def test_fail_on(project: Path) -> None:
    write(project, "train.py", FAULTY + "model.fit(x, y)\n")
    write(project, "kerlint.toml", 'severity = {KL001 = "warning"}\n')
    for arguments, status in (
        ((), 1),
        (("--fail-on", "error"), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "warning", "--exit-zero"), 0),
        (("--ignore", "KL001", "--pedantic"), 0),
        (("--ignore", "KL001", "--pedantic", "--fail-on", "advice"), 1),
        # What is hidden cannot fail.
        (("--ignore", "KL001", "--fail-on", "advice"), 0),
    ):
        assert run("train.py", *arguments, cwd=project).returncode == status, arguments
    write(project, "kerlint.toml", 'severity = {KL001 = "warning"}\nfail-on = "error"\n')
    assert run("train.py", cwd=project).returncode == 0
    assert run("train.py", "--fail-on", "warning", cwd=project).returncode == 1


def test_show_settings(project: Path) -> None:
    write(
        project,
        "pyproject.toml",
        '[tool.kerlint]\nignore = ["KA"]\nper-file-ignores = {"sub/*" = ["KL001"]}\nseverity = {KO001 = "advice"}\n'
        "rules.KO010.few-epochs = 7\n",
    )
    write(project, "sub/a.py", "")
    done = run("--show-settings", "sub/a.py", ".", "--target-keras", "2", cwd=project)
    first, second = done.stdout.split("# .\n")
    for line in (
        "# sub/a.py",
        "# configuration: pyproject.toml",
        'ignore = ["KA"]',
        'target-keras = "2"',
        'fail-on = "warning"',
        "# KA001 missing-nonlinearity: off (ignore)",
        "# KL001 single-unit-multiclass-head: off (per-file-ignores)",
        "# KO001 zero-learning-rate: advice, hidden",
        "rules.single-default-epoch.few-epochs = 7",
    ):
        assert line in first.splitlines()
    assert "# KL001 single-unit-multiclass-head: error" in second
    selected = run("--show-settings", "--isolated", "--select", "KO010", cwd=project).stdout
    assert "# configuration: none, the defaults" in selected
    assert "# KO010 single-default-epoch: advice\n" in selected
    assert "# KL001 single-unit-multiclass-head: off (select)" in selected


def test_modes_exclude_one_another(project: Path) -> None:
    done = run("--show-files", "--show-settings", cwd=project)
    assert (done.returncode, "makes no sense together" in done.stderr) == (2, True)


# Severities


@pytest.mark.parametrize(
    ("usual", "found", "wanted", "given"),
    [
        ("warning", "warning", "error", "error"),
        ("warning", "advice", "error", "advice"),
        ("warning", "error", "error", "error"),
        ("advice", "warning", "error", "error"),
        ("error", "error", "advice", "advice"),
        ("error", "advice", "warning", "advice"),
        ("warning", "error", "warning", "error"),
        ("error", "warning", "advice", "advice"),
    ],
)
def test_severity(usual: str, found: str, wanted: str, given: str) -> None:
    settings = Settings(severity={"ALL": Severity.ADVICE, "KL": Severity(wanted), "KO001": Severity.ERROR})
    assert severity_of("KL001", "some-name", Severity(usual), Severity(found), settings) is Severity(given)
    assert severity_of("KL001", "some-name", Severity(usual), Severity(found), Settings()) is Severity(found)


# What it costs, and how it is described


def test_what_is_not_needed_is_not_imported(project: Path) -> None:
    write(project, "train.py", "import os\n")
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print([name for name in sys.modules if name in "
        "('msgspec', 'tomllib', 'tomli', 'pathspec', 'difflib', 'kerlint.rules.loss')], file=sys.stderr))\n"
        "from kerlint.cli import main\nmain()\n"
    )
    assert run("train.py", cwd=project, code=code).stderr == "[]\n"
    write(project, "pyproject.toml", '[project]\nname = "x"\n')
    assert run("train.py", cwd=project, code=code).stderr == "[]\n"
    text = (
        '[tool.kerlint]\nselect = ["KL001"]\nignore = ["KO"]\nrules.KO002.limits.SGD = 2\nrules.KO010.few-epochs = 2\n'
    )
    write(project, "pyproject.toml", text)
    needed = eval(run("train.py", cwd=project, code=code).stderr)
    assert "msgspec" in needed
    assert "kerlint.rules.loss" not in needed


def test_the_schema_is_fresh_and_right(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "update_schema.py"), "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, "run tools/update_schema.py"
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    good = {
        "select": ["KL", "KL001", "single-unit-multiclass-head", "ALL"],
        "per-file-ignores": {"tests/**": ["KO"]},
        "severity": {"KL001": "warning"},
        "target-keras": "3.4",
        "rules": {"single-default-epoch": {"few-epochs": 2}, "KO002": {"limits": {"SGD": 2}}},
    }
    assert validator.is_valid(good)
    for bad in (
        {"selct": []},
        {"select": ["KL999"]},
        {"severity": {"KL001": "warn"}},
        {"target-keras": 4},
        {"rules": {"single-default-epoch": {"few": 2}}},
        {"rules": {"single-default-epoch": {"few-epochs": 0}}},
    ):
        assert not validator.is_valid(bad), bad


def test_the_documentation_knows_every_key_and_option() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for key in Tables.__struct_encode_fields__:
        assert f"| `{key}` |" in text, key
    check = cli.commands["check"]
    assert isinstance(check, Command)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {name for parameter in check.params for name in parameter.opts if name.startswith("--")}
    assert not {name for name in names if f"`{name}" not in readme}
