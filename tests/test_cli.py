from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kerlint
from tests.notebook import notebook

ROOT = Path(kerlint.__file__).parent.parent

#: The command line without rules and with an evaluation that does as it is told.
STUBBED = """
import sys
import kerlint.library, kerlint.rules
from kerlint.program.facts import Program
def evaluate(module, modules=None):
    if "crash" in module.text:
        raise ValueError("as told")
    if "interrupt" in module.text:
        raise KeyboardInterrupt
    return Program()
kerlint.library.evaluate = evaluate
kerlint.rules.all_rules = lambda: ()
from kerlint.cli import main
main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "clean.py").write_text("import os\n")
    (tmp_path / "broken.py").write_text("import keras\nx = (\n")
    (tmp_path / "crash.py").write_text("import keras\ncrash\n")
    return tmp_path


def run(
    *arguments: str, cwd: Path, stdin: bytes = b"", env: dict[str, str] | None = None, code: str | None = None
) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "kerlint"]
    clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    result = subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={**clean, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **(env or {})},
        timeout=120,
        check=False,
    )
    out, err = (text.decode().replace("\r\n", "\n") for text in (result.stdout, result.stderr))
    return subprocess.CompletedProcess(result.args, result.returncode, out, err)


BROKEN = "broken.py:2:5: error[KX001] syntax error: '(' was never closed\n"


def test_exit_status(project: Path) -> None:
    assert run("clean.py", cwd=project).returncode == 0
    result = run("broken.py", "clean.py", "--output-format", "concise", cwd=project)
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == BROKEN + "Found 1 error in 1 of 2 files.\n"
    assert run("broken.py", "--exit-zero", cwd=project).returncode == 0
    assert run("broken.py", "--ignore", "KX001", cwd=project).returncode == 0
    assert run("missing.py", cwd=project).returncode == 2


def test_an_internal_error_is_loud_and_the_rest_goes_on(project: Path) -> None:
    result = run("crash.py", "broken.py", "--output-format", "concise", "--exit-zero", cwd=project, code=STUBBED)
    assert result.returncode == 2
    assert re.sub(r"engine\.py:\d+", "PLACE", result.stdout) == (
        "crash.py:1:1: error[KX000] the evaluation of the program crashed: ValueError at PLACE\n"
        f"{BROKEN}Found 2 errors in 2 of 2 files.\n"
    )
    assert result.stderr == ""
    assert "Traceback" in run("crash.py", "-v", cwd=project, code=STUBBED).stderr


@pytest.mark.parametrize("arguments", [("clean.py",), ("check", "clean.py"), ("--pedantic", "clean.py"), ("check",)])
def test_check_is_the_default(project: Path, arguments: tuple[str, ...]) -> None:
    for name in ("broken.py", "crash.py"):
        (project / name).unlink()
    result = run(*arguments, cwd=project)
    assert (result.returncode, result.stdout) == (0, "No problems found in 1 file.\n")


def test_no_arguments_and_help(project: Path) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        result = run(*arguments, cwd=project)
        assert result.returncode == 0
        assert "Usage: kerlint" in result.stdout
        assert "check" in result.stdout
    assert "--select" in run("check", "--help", cwd=project).stdout


def test_version(project: Path) -> None:
    assert run("--version", cwd=project).stdout == f"kerlint {kerlint.__version__}\n"


@pytest.mark.parametrize("arguments", [["--version"], ["clean.py"], ["."], ["-"]])
def test_what_is_not_needed_is_not_imported(project: Path, arguments: list[str]) -> None:
    for name in ("broken.py", "crash.py"):
        (project / name).unlink()
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print([name for name in sys.modules if name in "
        "('libcst', 'pathspec', 'tensorflow', 'kerlint.program', 'kerlint.library', 'difflib')], file=sys.stderr))\n"
        "from kerlint.cli import main\nmain()\n"
    )
    result = run(*arguments, cwd=project, code=code)
    assert (result.returncode, result.stderr) == (0, "[]\n")


def test_misuse(project: Path) -> None:
    for arguments, text in (
        (("--select", "KX01", "clean.py"), "unknown rule 'KX01'; did you mean KX0"),
        (("--ignore", "syntax-eror", "clean.py"), "did you mean syntax-error?"),
        (("--output-format", "xml", "clean.py"), "'xml' is not one of"),
        (("--nonsense", "clean.py"), "No such option"),
        (("missing",), "does not exist"),
        (("rule", "KX0001"), "unknown rule 'KX0001'; did you mean KX00"),
        (("rule",), "name one rule"),
        (("rule", "KX001", "--all"), "name one rule"),
    ):
        result = run(*arguments, cwd=project)
        assert (result.returncode, result.stdout) == (2, ""), arguments
        assert text in result.stderr
        assert "Traceback" not in result.stderr


def test_selectors_may_be_lists(project: Path) -> None:
    result = run("--ignore", "KX000,KX002", "--ignore", "syntax-error", "broken.py", cwd=project)
    assert result.stdout == "No problems found in 1 file.\n"


def test_rule(project: Path) -> None:
    by_code = run("rule", "KX001", cwd=project)
    assert by_code.returncode == 0
    assert by_code.stdout.startswith("# syntax-error (KX001)\n\nseverity: error | since 0.1.0\n\n")
    assert run("rule", "syntax-error", cwd=project).stdout == by_code.stdout
    everything = run("rule", "--all", cwd=project).stdout
    assert all(code in everything for code in ("KX000", "KX001", "KX002"))


def test_stdin(project: Path) -> None:
    text = b"import keras\nx = (\n"
    concise = ("--output-format", "concise")
    assert run("-", *concise, cwd=project, stdin=text).stdout.startswith("<stdin>:2:5: error[KX001]")
    named = run("-", "--stdin-filename", "a/b.py", *concise, cwd=project, stdin=text)
    assert named.stdout.startswith("a/b.py:2:5: ")
    assert run("--stdin-filename", "a/b.py", *concise, cwd=project, stdin=text).stdout == named.stdout
    data = notebook("import keras", "x = (")
    result = run("-", "--stdin-filename", "n.ipynb", *concise, cwd=project, stdin=data, code=STUBBED)
    assert result.stdout.startswith("n.ipynb:cell 2:1:5: error[KX001]")
    result = run("-", *concise, cwd=project, stdin=data, code=STUBBED)
    assert result.stdout.startswith("<stdin>:cell 2:1:5: error[KX001]")
    result = run("-", *concise, cwd=project, stdin=b'{"cells": 0, "nbformat": 4}  # keras\nx = (\n')
    assert "not a notebook" in result.stdout
    result = run("-", *concise, cwd=project, stdin=b'{"cells": 0}  # keras\nx = (\n')
    assert result.stdout.startswith("<stdin>:2:5: error[KX001]")
    result = run("-", "--stdin-filename", "n.ipynb", *concise, cwd=project, stdin=text)
    assert result.stdout.startswith("n.ipynb:2:5: error[KX001]")


def test_formats(project: Path) -> None:
    from_option = run("--output-format", "json", "broken.py", cwd=project)
    from_environment = run("broken.py", cwd=project, env={"KERLINT_OUTPUT_FORMAT": "json"})
    assert from_option.stdout == from_environment.stdout
    assert json.loads(from_option.stdout)[0]["code"] == "KX001"
    assert json.loads(run("--output-format", "json", "clean.py", cwd=project).stdout) == []
    assert run("--output-format", "github", "broken.py", cwd=project).stdout.startswith("::error title=kerlint (KX001)")


def test_inside_github_actions(project: Path) -> None:
    """Annotations, unless something else is asked for, or what is asked for is no annotation."""
    inside = {"GITHUB_ACTIONS": "true"}
    annotated = run("broken.py", cwd=project, env=inside)
    assert annotated.returncode == 1
    assert annotated.stdout == run("--output-format", "github", "broken.py", cwd=project).stdout
    assert annotated.stdout.startswith("::error title=kerlint (KX001),file=broken.py,line=2,")
    plain = run("broken.py", cwd=project)
    assert plain.stdout.startswith("error[KX001]")
    for words, more in (
        (("--output-format", "full"), {}),
        ((), {"KERLINT_OUTPUT_FORMAT": "full"}),
        ((), {"GITHUB_ACTIONS": "false"}),
        ((), {"GITHUB_ACTIONS": ""}),
    ):
        assert run(*words, "broken.py", cwd=project, env={**inside, **more}).stdout == plain.stdout
    for option in (("--statistics",), ("--symptom", "crash")):
        asked = run(*option, "broken.py", cwd=project, env=inside)
        assert asked.returncode == 1, asked.stderr
        assert asked.stdout == run(*option, "broken.py", cwd=project).stdout
        assert "::" not in asked.stdout
    only_file = run("--output-format", "json=found.json", "broken.py", cwd=project, env=inside)
    assert only_file.stdout == ""
    assert json.loads((project / "found.json").read_text())[0]["code"] == "KX001"


def test_paths_are_relative_to_the_current_directory(project: Path) -> None:
    (project / "sub").mkdir()
    result = run(str(project / "broken.py"), "--output-format", "concise", cwd=project)
    assert result.stdout.startswith("broken.py:2:5")
    result = run("../broken.py", "--output-format", "concise", cwd=project / "sub")
    assert result.stdout.startswith("../broken.py:2:5")


def test_colors(project: Path) -> None:
    def colored(*arguments: str, **env: str) -> bool:
        return "\x1b[" in run("broken.py", *arguments, cwd=project, env=env).stdout

    assert not colored()
    assert colored(FORCE_COLOR="1")
    assert not colored(FORCE_COLOR="0")
    assert not colored(FORCE_COLOR="1", NO_COLOR="1")
    assert colored("--color", "always", NO_COLOR="1")
    assert not colored("--color", "never", FORCE_COLOR="1")


def test_an_encoding_that_lacks_a_character(project: Path) -> None:
    (project / "ü.py").write_text("import keras\nx = 'é日' (\n", encoding="utf-8")
    result = run("ü.py", cwd=project, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
    assert result.returncode == 1
    assert "\\xfc.py:2:" in result.stdout
    assert "x = '\\xe9\\u65e5'" in result.stdout


def test_unreadable_files(project: Path) -> None:
    (project / "latin.py").write_bytes(b"import keras\n# \xe9\n")
    (project / "bad.ipynb").write_bytes(b'{"keras": 1}')
    result = run("latin.py", "bad.ipynb", "--output-format", "concise", cwd=project)
    assert result.returncode == 1
    assert [line.split(" ")[1] for line in result.stdout.splitlines()[:-1]] == ["error[KX002]"] * 2


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_utf_16_is_told_rather_than_passed_over(tmp_path: Path, codec: str) -> None:
    mark = b"" if codec == "utf-16" else b"\xfe\xff"
    for name, text in (("a.py", "import keras\n"), ("b.py", "import os\n"), ("c.ipynb", '{"cells": ["keras"]}')):
        (tmp_path / name).write_bytes(mark + text.encode(codec))
    result = run(".", "--output-format", "concise", cwd=tmp_path)
    assert result.returncode == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines()[:-1]] == ["a.py", "c.ipynb"]
    assert "a.py:1:1: error[KX002] the text is UTF-16, which neither Python nor Jupyter reads" in result.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    result = run("pipe.py", "--output-format", "concise", cwd=project)
    assert result.returncode == 1
    assert result.stdout.startswith("pipe.py:1:1: error[KX002] cannot be read: not a regular file\n")


def test_nothing_to_lint(tmp_path: Path) -> None:
    result = run(".", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "No files were checked.\n")
    assert result.stderr == "warning: no Python files or notebooks were found\n"


@pytest.mark.skipif(os.name == "nt", reason="needs signals and pipes of Unix")
@pytest.mark.parametrize(
    "arguments", [["{file}"], ["."], ["summary", "{file}"], ["check", "{file}", "--diff-base=HEAD"]]
)
def test_a_folder_that_is_gone(project: Path, arguments: list[str]) -> None:
    gone = project / "gone"
    gone.mkdir()
    words = [word.format(file=project / "clean.py") for word in arguments]
    leave = f"import os; os.rmdir({str(gone)!r})"
    result = run(*words, cwd=gone, code=f"{leave}; from kerlint.cli import main; main()")
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert "the current folder is gone" in result.stderr or "'.' does not exist" in result.stderr
    gone.mkdir()
    start = f"{leave}; import sys; os.execv(sys.executable, [sys.executable, '-m', 'kerlint', '--version'])"
    assert run(cwd=gone, code=start).stdout.startswith("kerlint ")


@pytest.mark.skipif(os.name == "nt", reason="needs signals and pipes of Unix")
def test_a_closed_pipe_ends_quietly(project: Path) -> None:
    # More than a pipe holds, so that the writer notices.
    for index in range(2000):
        (project / f"broken_{index}.py").write_text("import keras\nx = (\n")
    with subprocess.Popen(
        [sys.executable, "-m", "kerlint", "."],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)
    assert process.returncode in (1, 2)


@pytest.mark.skipif(os.name == "nt", reason="needs signals of Unix")
def test_an_interrupt_ends_quietly(project: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "kerlint", "-"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        # It waits for its input by then.
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err.strip() == b""


def test_an_interrupt_inside_a_file(project: Path) -> None:
    (project / "late.py").write_text("import keras\ninterrupt\n")
    result = run("late.py", cwd=project, code=STUBBED)
    assert (result.returncode, result.stdout, result.stderr.strip()) == (130, "", "")
