"""`%load_ext kerlint`, in a real IPython and in a real kernel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("IPython")

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output

ROOT = Path(__file__).parent.parent
IMPORTS = "import keras"
MADE = "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation='softmax')])"
COMPILED = "model.compile('adam', 'binary_crossentropy')"


class Fake:
    """Stands for Keras, which takes seconds to import: cells are really run."""

    def __call__(self, *_: object, **__: object) -> Fake:
        return self

    def __getattr__(self, name: str) -> Fake:
        return self


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setitem(sys.modules, "keras", Fake())  # type: ignore[misc]
    InteractiveShell.clear_instance()
    found = InteractiveShell.instance()
    found.history_manager.enabled = False
    yield found
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, text: str, cell_id: str | None = None) -> tuple[Any, CapturedIO]:
    with capture_output() as shown:
        result = shell.run_cell(text, store_history=True, cell_id=cell_id)
    return result, shown


def fake_keras(folder: Path) -> Path:
    """A folder with such a Keras, for other processes. It is no part of the project."""
    place = folder / "elsewhere"
    place.mkdir()
    text = "import sys\nclass Fake:\n    def __getattr__(self, name): return self\n    def __call__(self, *a, **k): return self\n"
    (place / "keras.py").write_text(f"{text}sys.modules[__name__] = Fake()\n")
    return place


def text_of(shown: CapturedIO) -> str:
    return shown.stdout + "".join(str(one.data["text/plain"]) for one in shown.outputs)


def test_the_notebook_so_far(shell: InteractiveShell) -> None:
    for text in (IMPORTS, "%load_ext kerlint", MADE, COMPILED):
        assert run(shell, text)[0].success
    result, shown = run(shell, "%kerlint")
    assert result.success
    (output,) = shown.outputs
    plain, page = output.data["text/plain"], output.data["text/html"]
    # The number is that of the prompt.
    assert "error[KL001] a softmax over one unit always outputs 1.0" in plain
    assert "--> notebook.ipynb:cell 3:1:" in plain
    assert "::: notebook.ipynb:cell 4:1:" in plain
    assert '<b class="error">error KL001</b>' in page
    assert "<html" not in page
    assert "<script" not in page
    assert shown.stdout.strip() == "Found 1 error."
    assert text_of(run(shell, "%kerlint --ignore KL001")[1]).strip() == "No problems found."
    assert "Found 1 error." in text_of(run(shell, "%kerlint --select KL001")[1])


def test_a_folder_that_is_gone(shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(shell, "%load_ext kerlint")
    run(shell, f"{IMPORTS}\n{MADE}\n{COMPILED}")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for text in ("%kerlint", "%%kerlint\nx = keras.Input((3,))"):
        _, shown = run(shell, text)
        told = shown.stdout + shown.stderr
        assert "UsageError: the current folder is gone; %cd leads to another" in told
        assert "Traceback" not in told
    os.chdir(tmp_path)
    assert "Found 1 error." in run(shell, "%kerlint")[1].stdout


def test_nothing_of_the_text_gets_into_the_page(shell: InteractiveShell) -> None:
    run(shell, "%load_ext kerlint")
    run(shell, f"{IMPORTS}\n{MADE}  # <img src=x onerror=alert(1)>\n{COMPILED}")
    _, shown = run(shell, "%kerlint")
    page = shown.outputs[0].data["text/html"]
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_cell_is_linted_and_run(shell: InteractiveShell) -> None:
    run(shell, f"%load_ext kerlint\n{IMPORTS}")
    run(shell, MADE)
    result, shown = run(shell, f"%%kerlint\n\n{COMPILED}\ndone = 6 * 7\nprint(done)")
    assert result.success
    assert shell.user_ns["done"] == 42
    # It takes part in a finding of the cell above, and comes before what the cell prints.
    assert "--> notebook.ipynb:cell 2:1:" in text_of(shown)
    assert "::: notebook.ipynb:cell 3:3:" in text_of(shown)
    assert shown.stdout.strip() == "42"
    # What is about other cells is not told again.
    _, shown = run(shell, "%%kerlint\nx = keras.Input((3,))\nx is None")
    assert text_of(shown) == "Out[4]: False\n"


def test_a_cell_that_is_only_linted(shell: InteractiveShell) -> None:
    run(shell, f"%load_ext kerlint\n{IMPORTS}")
    _, shown = run(shell, f"%%kerlint --no-run\n{MADE}\n{COMPILED}\ndone = 1")
    assert "KL001" in text_of(shown)
    assert "done" not in shell.user_ns
    _, shown = run(shell, "%%kerlint --no-run\nkeras.Input((3,))")
    assert text_of(shown) == "No problems found.\n"


def test_what_was_not_read_is_told(shell: InteractiveShell) -> None:
    run(shell, f"%load_ext kerlint\n{IMPORTS}")
    calls = "".join(f"def f{one + 1}(x):\n    return f{one}(f{one}(x))\n" for one in range(30))
    _, shown = run(shell, f"%%kerlint --no-run\ndef f0(x):\n    return x\n{calls}f30(1)\n{MADE}\n{COMPILED}")
    first, second = text_of(shown).splitlines()
    assert first.startswith("Note: the program is too large to follow to its end")
    assert second == "No problems found."


def test_a_cell_that_fails_has_failed(shell: InteractiveShell) -> None:
    """So that those behind it do not run; its error is shown once."""
    run(shell, "%load_ext kerlint")
    result, shown = run(shell, "%%kerlint\nimport keras\n1 / 0")
    assert not result.success
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    told = re.sub("\x1b\\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert told.count("ZeroDivisionError: division by zero") == 1
    result, shown = run(shell, "%%kerlint\nimport keras\nx = = 1")
    assert not result.success
    told = re.sub("\x1b\\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert told.count("SyntaxError: ") == 1
    assert "Traceback" not in told


def test_other_magics_inside(shell: InteractiveShell) -> None:
    run(shell, "%load_ext kerlint")
    result, shown = run(shell, f"%%kerlint\n%%time\n{IMPORTS}\n{MADE}\n{COMPILED}\ninside = 1")
    assert result.success
    assert "KL001" in text_of(shown)
    assert shell.user_ns["inside"] == 1


def test_a_cell_that_is_run_again_counts_as_it_is_now(shell: InteractiveShell) -> None:
    run(shell, "%load_ext kerlint", "0")
    run(shell, IMPORTS, "a")
    run(shell, MADE, "b")
    run(shell, COMPILED, "c")
    run(shell, MADE.replace("softmax", "sigmoid"), "b")
    assert text_of(run(shell, "%kerlint", "d")[1]).strip() == "No problems found."
    run(shell, MADE, "b")
    shown = text_of(run(shell, "%kerlint", "d")[1])
    assert "--> notebook.ipynb:cell 7:1:" in shown
    assert shown.count("KL001]") == 1


def test_the_configuration_of_the_folder(shell: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text('ignore = ["KL001"]\n')
    run(shell, "%load_ext kerlint")
    run(shell, f"{IMPORTS}\n{MADE}\n{COMPILED}")
    assert text_of(run(shell, "%kerlint")[1]).strip() == "No problems found."


@pytest.mark.parametrize("words", ["--nonsense", "--select NOPE", "more", "--target-keras banana", "--target-keras ''"])
def test_wrong_usage(shell: InteractiveShell, words: str) -> None:
    run(shell, "%load_ext kerlint")
    result, shown = run(shell, f"%kerlint {words}")
    assert not result.success
    assert "UsageError: " in shown.stderr + shown.stdout
    assert "Traceback" not in shown.stderr + shown.stdout


def test_a_configuration_that_cannot_be_used(shell: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("nonsense = 1\n")
    run(shell, "%load_ext kerlint")
    result, shown = run(shell, "%kerlint")
    assert not result.success
    assert "UsageError: kerlint.toml: nonsense: unknown key" in shown.stderr + shown.stdout
    assert "Traceback" not in shown.stderr + shown.stdout


def test_unload(shell: InteractiveShell) -> None:
    run(shell, "%load_ext kerlint")
    assert run(shell, "%reload_ext kerlint")[0].success
    assert run(shell, "%kerlint")[0].success
    run(shell, "%unload_ext kerlint")
    assert not run(shell, "%kerlint")[0].success


def test_a_terminal(tmp_path: Path) -> None:
    """The real `ipython`."""
    text = f"%load_ext kerlint\nimport keras\n{MADE}; {COMPILED}\n%kerlint\nexit\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--quick", "--no-banner", "--ipython-dir", str(tmp_path)],
        input=text,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{fake_keras(tmp_path)}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "error[KL001]" in done.stdout, done.stdout + done.stderr
    assert "<div" not in done.stdout


def test_a_kernel(tmp_path: Path) -> None:
    """The real kernel, as Jupyter talks to it."""
    manager = pytest.importorskip("jupyter_client.manager")
    kernel, client = manager.start_new_kernel(
        kernel_name="python3", cwd=str(tmp_path), startup_timeout=120, extra_arguments=[f"--ipython-dir={tmp_path}"]
    )
    try:

        def tell(text: str) -> list[dict[str, Any]]:
            messages: list[dict[str, Any]] = []
            reply = client.execute_interactive(text, output_hook=messages.append, timeout=60, store_history=True)
            messages.append({"msg_type": "reply", "content": reply["content"]})
            return messages

        tell(f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(fake_keras(tmp_path))!r}]")
        tell("%load_ext kerlint")
        tell("import keras")
        told = tell(f"%%kerlint\n{MADE}\n{COMPILED}")
        (shown,) = [one["content"]["data"] for one in told if one["msg_type"] == "display_data"]
        assert '<b class="error">error KL001</b>' in shown["text/html"]
        assert "notebook.ipynb:cell 4:2:" in shown["text/plain"]
        told = tell("%%kerlint\n1 / 0")
        assert told[-1]["content"]["status"] == "error"
        assert told[-1]["content"]["ename"] == "ZeroDivisionError"
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def test_the_package_stays_light() -> None:
    code = "import sys, kerlint; print([name for name in sys.modules if name.startswith(('kerlint.', 'IPython'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
