"""Options that have no other test, through a real process, and whether each option has one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import kerlint
from kerlint.cli import cli
from kerlint.configuration.checking import read_schema
from tests.test_cli import ROOT, STUBBED, run
from tests.test_fixer import BAD

PLAIN_SGD = """\
import keras
from keras import layers
model = keras.Sequential([
    keras.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(8, "tanh"), layers.Dense(1),
])
model.compile("sgd", "mse")
"""
CONCISE = ("--output-format", "concise")


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(BAD, encoding="utf-8")
    return path


def _options() -> list[tuple[str, str]]:
    commands = [("kerlint", cli), *cli.commands.items()]
    return [
        (name, word)
        for name, command in commands
        for one in command.params
        if isinstance(one, click.Option)
        for word in (*one.opts, *one.secondary_opts)
    ]


@pytest.mark.parametrize(("command", "option"), _options(), ids=str)
def test_each_option_has_a_test_through_a_process(command: str, option: str) -> None:
    """A test counts that starts a process and names the option and, if it is not that of `check`, the command."""
    own = re.compile(rf"[\"' \[]{re.escape(option)}(?=[\"'= ])")
    for path in Path(__file__).parent.glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "subprocess" not in text and "import run" not in text and "import ROOT" not in text:
            continue
        for test in re.split(r"\n(?=def |@pytest)", text):
            if own.search(test) and (command in ("kerlint", "check") or f'"{command}"' in test):
                return
    pytest.fail(f"no test of `{command} {option}`")


def test_more_rules_may_be_selected(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PLAIN_SGD)
    (tmp_path / "kerlint.toml").write_text('select = ["KL"]\n')
    assert run("train.py", cwd=tmp_path).returncode == 0
    result = run("train.py", "--extend-select", "KO013", *CONCISE, cwd=tmp_path)
    # Advice is shown where its full code is selected, and does not fail the run.
    assert (result.returncode, "advice[KO013]" in result.stdout) == (0, True)


def test_the_last_of_two_contrary_options_counts(train: Path) -> None:
    train.write_text(BAD.replace('activation="softmax"', 'activation="sigmoid"').replace('"adam"', '"sgd"'))
    train.write_text(train.read_text().replace('"sgd"', "keras.optimizers.SGD(0.0)"))
    before = train.read_text()
    result = run("--fix", "--unsafe-fixes", "--no-unsafe-fixes", "train.py", cwd=train.parent)
    assert (result.returncode, train.read_text()) == (1, before)


def test_the_number_of_processes_does_not_matter(train: Path) -> None:
    (train.parent / "other.py").write_text(BAD, encoding="utf-8")
    one, two = (run("-j", number, ".", *CONCISE, "--no-cache", cwd=train.parent) for number in ("1", "2"))
    assert (one.returncode, one.stdout) == (two.returncode, two.stdout) == (1, one.stdout)
    assert one.stdout.count("KL001") == 2
    assert run("-j", "0", ".", cwd=train.parent).returncode == 2


def test_tracebacks_are_shown_on_demand(tmp_path: Path) -> None:
    (tmp_path / "crash.py").write_text("import keras\ncrash\n")
    assert "Traceback" not in run("crash.py", cwd=tmp_path, code=STUBBED).stderr
    result = run("crash.py", "--verbose", cwd=tmp_path, code=STUBBED)
    assert (result.returncode, "ValueError: as told" in result.stderr) == (2, True)


def test_summary_takes_standard_input_colours_and_json(train: Path) -> None:
    plain = run("summary", "train.py", cwd=train.parent)
    assert (plain.returncode, "Dense" in plain.stdout, "\x1b[" in plain.stdout) == (0, True, False)
    assert "\x1b[" in run("summary", "train.py", "--color", "always", cwd=train.parent).stdout
    given = run("summary", "-", "--stdin-filename", "train.py", "--output-format", "json", cwd=train.parent,
                stdin=BAD.encode())  # fmt: skip
    own = run("summary", "train.py", "--output-format", "json", cwd=train.parent)
    assert json.loads(given.stdout) == json.loads(own.stdout)


def test_versions_as_json(tmp_path: Path) -> None:
    found = json.loads(run("version", "--output-format", "json", cwd=tmp_path).stdout)
    assert found["kerlint"] == kerlint.__version__


def test_scripts_are_written_without_tensorflow(train: Path) -> None:
    arguments = ("train.py", "--probe-script", "scripts", "--probe-python", "no-such-python", *CONCISE)
    result = run(*arguments, cwd=train.parent)
    assert (result.returncode, "KL001" in result.stdout) == (1, True)
    assert "nothing was probed: no-such-python cannot be started" in result.stderr
    (script,) = (train.parent / "scripts").iterdir()
    compile(script.read_text(encoding="utf-8"), script, "exec")


def test_the_time_for_experiments_is_positive(train: Path) -> None:
    result = run("train.py", "--probe", "--probe-timeout", "0", cwd=train.parent)
    assert (result.returncode, "--probe-timeout" in result.stderr) == (2, True)


def test_the_server_says_where_it_talks(tmp_path: Path) -> None:
    # Its input ends at once; that it understands the option is all that is asked here.
    command = [sys.executable, "-m", "kerlint", "server", "--stdio"]
    result = subprocess.run(
        command, cwd=tmp_path, input=b"", capture_output=True, timeout=120, check=False, env={"PYTHONPATH": str(ROOT)}
    )
    assert b"No such option" not in result.stderr
    assert b"Traceback" not in result.stderr


def test_the_cache_may_be_elsewhere(train: Path) -> None:
    run("train.py", "--cache-dir", "elsewhere", cwd=train.parent)
    assert not (train.parent / ".kerlint_cache").exists()
    result = run("clean", "--cache-dir", "elsewhere", cwd=train.parent)
    assert (result.returncode, result.stdout) == (0, "Removed 1 cached result from elsewhere.\n")


def test_help_fits_on_80_columns_and_lists_every_option(tmp_path: Path) -> None:
    for name in ("", *cli.commands):
        result = run(*filter(None, [name]), "--help", cwd=tmp_path, env={"COLUMNS": "80"})
        assert (result.returncode, result.stderr) == (0, "")
        assert max(map(len, result.stdout.splitlines())) <= 80, name
        wanted = [word for command, word in _options() if command == (name or "kerlint")]
        assert [word for word in wanted if word not in result.stdout] == []
        assert "..." not in result.stdout.split("Commands:")[-1] or name
    page = run("check", "--help", cwd=tmp_path, env={"COLUMNS": "80"}).stdout
    for title in ("Rules:", "Files:", "Fixes and comments:", "Output:", "Symptoms:"):
        assert f"\n{title}\n" in page
    assert "constant-output  every input gets the same prediction" in page


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--symptoms", "crash"), "--symptom"),
        (("--unsafe-fix",), "--unsafe-fixes"),
        (("--statistic",), "--statistics"),
        (("--symptom", "constant-ouput"), "constant-output"),
        (("--output-format", "sarfi"), "sarif"),
        (("--color", "alway"), "always"),
        (("--fail-on", "warn"), "warning"),
        (("--select", "KL00l"), "KL001"),
        (("--ignore", "zero-learnig-rate"), "zero-learning-rate"),
        (("--config", "exclud=['a']"), "exclude"),
        (("--config", "rules.KO002.momentum-limt=1.0"), "momentum-limit"),
        (("rule", "zero-learnig-rate"), "zero-learning-rate"),
        (("config", "exclud"), "exclude"),
        (("config", "rules.learning-rate-to-high"), "rules.learning-rate-too-high"),
        (("config", "KO002"), "rules.learning-rate-too-high"),
        (("config", "learning-rate-too-high"), "rules.learning-rate-too-high"),
        (("summry", "x"), "summary"),
    ],
)
def test_what_was_meant_is_told(tmp_path: Path, words: tuple[str, ...], hint: str) -> None:
    result = run(*words, *(() if words[0] in cli.commands or words[0] == "summry" else (".",)), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    meant = rf"(?i)did you mean (?:one of: .*)?'?{re.escape(hint)}\b|is not one of .*'{re.escape(hint)}'"
    assert re.search(meant, result.stderr), result.stderr


def test_the_keys_of_the_configuration_are_explained(tmp_path: Path) -> None:
    keys = run("config", cwd=tmp_path).stdout
    assert all(f"\n{key}  " in f"\n{keys}" for key in read_schema()["properties"])
    assert max(map(len, keys.splitlines())) <= 80
    assert "type: list of strings" in run("config", "select", cwd=tmp_path).stdout
    assert "rules.learning-rate-too-high\n" in run("config", "rules", cwd=tmp_path).stdout
    by_code = run("config", "rules.KO002", cwd=tmp_path).stdout
    assert by_code == run("config", "rules.learning-rate-too-high", cwd=tmp_path).stdout
    assert "rules.learning-rate-too-high.momentum-limit\n" in by_code
    assert "default: 0.3\n" in by_code
    one = run("config", "tool.kerlint.rules.KO002.momentum-limit", cwd=tmp_path).stdout
    assert one.splitlines()[0] == "rules.learning-rate-too-high.momentum-limit"
    assert one in by_code
    assert run("config", "rules.KO002.momentum", cwd=tmp_path).returncode == 2
    without = run("config", "rules.KL001", cwd=tmp_path)
    assert without.returncode == 2
    assert "unknown key 'rules.KL001': single-unit-multiclass-head (KL001) has no options\n" in without.stderr


def test_two_formats_do_not_go_to_one_file(train: Path) -> None:
    done = run("train.py", "--output-format", "json=out", "--output-format", "sarif=./out", cwd=train.parent)
    assert done.returncode == 2
    assert "only one --output-format can go to out" in done.stderr
    assert not (train.parent / "out").exists()
    done = run("train.py", "--output-format", f"json={os.devnull}", "--output-format", f"sarif={os.devnull}",
               cwd=train.parent)  # fmt: skip
    assert done.returncode != 2, done.stderr
