"""The lens "probe this": trials in the background, with progress, that can be cancelled."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types

from tests.editor import Editor, run
from tests.test_server import GOOD, SOFTMAX
from tests.test_server_notebooks import CELLS, Notebook

needs_tensorflow = pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow")
posix = pytest.mark.skipif(os.name != "posix", reason="needs a shell")
#: Seconds for the import of TensorFlow and a training, on a machine that is busy.
PATIENCE = 120


def stand_in(folder: Path, text: str) -> str:
    """A program in the place of a Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def titles(lenses: list[types.CodeLens]) -> list[str]:
    return [lens.command.title for lens in lenses if lens.command is not None]


def field(value: Any, name: str) -> Any:
    """What a message says, however the client has decoded it."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name)


async def pid_in(path: Path) -> int:
    """The number that a process writes into a file once it runs."""
    for _ in range(600):
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        await asyncio.sleep(0.05)
    raise AssertionError("it never started")


async def ended(editor: Editor) -> str:
    """Waits until the last progress is over, and gives its last words."""
    for _ in range(PATIENCE * 10):
        steps = [step for steps in editor.progress.values() for step in steps]
        if steps and field(steps[-1], "kind") == "end":
            return str(field(steps[-1], "message"))
        await asyncio.sleep(0.1)
    raise AssertionError("it took too long")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lenses(tmp_path: Path) -> None:
    """Over what can be tried out, and nowhere else; none if they are not wanted."""
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, SOFTMAX)
            (lens,) = [one for one in await editor.lenses(uri) if one.command and "KL001" in one.command.title]
            assert lens.command is not None
            assert lens.command.title == "probe this (KL001)"
            assert (lens.range.start.line, lens.range.start.character) == (3, SOFTMAX.split("\n")[3].index('"softmax"'))
            commands = editor.answer.capabilities.execute_command_provider
            assert commands is not None
            assert lens.command.command in commands.commands
            await editor.replace(uri, GOOD)
            assert await editor.lenses(uri) == []
            await editor.replace(uri, SOFTMAX)
            editor.settings = {"codeLens": False}
            before = editor.lenses_refreshed
            editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
            await editor.until(lambda: editor.lenses_refreshed > before)
            assert await editor.lenses(uri) == []

    run(scenario)


def test_lenses_of_a_notebook_are_in_their_cells(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            notebook = Notebook(editor, tmp_path / "train.ipynb", CELLS)
            await editor.found(notebook.cells[2])
            (lens,) = await editor.lenses(notebook.cells[2])
            assert lens.range.start.line == 1
            assert await editor.lenses(notebook.cells[3]) == []

    run(scenario)


@needs_tensorflow
def test_a_verdict(tmp_path: Path) -> None:
    """It is shown wherever the finding is, and stays as long as the model does."""
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, SOFTMAX)
            (lens,) = [one for one in await editor.lenses(uri) if one.command and "KL001" in one.command.title]
            await editor.choose(lens)
            # The server goes on meanwhile.
            assert "KL001" in await editor.hover(uri, 3, lens.range.start.character + 1)
            assert await ended(editor) == "confirmed"
            ((begin, *steps, _),) = editor.progress.values()
            assert field(begin, "title") == "kerlint: probing KL001"
            assert field(begin, "cancellable") is True
            assert [field(step, "message") for step in steps][:2] == [
                "starting TensorFlow",
                "trying it out with 2 seeds",
            ]
            edited = "# one more line\n" + SOFTMAX
            for text in (SOFTMAX + "\n", edited):
                (one,) = [one for one in await editor.replace(uri, text) if one.code == "KL001"]
                assert "\nprobe: confirmed. " in one.message
            assert "KL001: confirmed" in titles(await editor.lenses(uri))
            assert "Probe: confirmed. " in await editor.hover(uri, 4, lens.range.start.character + 1)
            # Asked again, it answers at once.
            (lens,) = [one for one in await editor.lenses(uri) if one.command and "KL001" in one.command.title]
            await editor.choose(lens)
            await editor.until(lambda: editor.messages)
            assert editor.messages[0].startswith("kerlint: KL001: confirmed. ")
            assert len(editor.progress) == 1
            # Another model is another experiment.
            (one,) = [
                one for one in await editor.replace(uri, SOFTMAX.replace("Dense(8", "Dense(9")) if one.code == "KL001"
            ]
            assert "probe" not in one.message

    run(scenario)


@posix
@pytest.mark.parametrize("by_lens", [False, True])
def test_cancel(tmp_path: Path, by_lens: bool) -> None:
    """The process is gone, nothing is said, and the next trial is a new one."""
    uri = (tmp_path / "train.py").as_uri()
    python = stand_in(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 600")

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"probePython": python}) as editor:
            await editor.until(lambda: editor.registered)
            before = await editor.open(uri, SOFTMAX)
            lens, *others = await editor.lenses(uri)
            refreshed = editor.lenses_refreshed
            await editor.choose(lens)
            pid = await pid_in(tmp_path / "pid")
            await editor.until(lambda: editor.lenses_refreshed > refreshed)
            running, *_ = await editor.lenses(uri)
            assert titles([running])[0].endswith("... (cancel)")
            # Chosen twice, it runs once.
            await editor.choose(lens)
            assert len(editor.progress) == 1
            if by_lens:
                await editor.choose(running)
            else:
                (token,) = editor.progress
                editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
            assert await ended(editor) == "cancelled"
            assert not alive(pid)
            assert titles(await editor.lenses(uri)) == titles([lens, *others])
            assert [one.message for one in await editor.replace(uri, SOFTMAX)] == [one.message for one in before]
            assert editor.messages == []

    run(scenario)


@posix
def test_chosen_many_times_in_a_moment(tmp_path: Path) -> None:
    """It runs once, and can be cancelled."""
    uri = (tmp_path / "train.py").as_uri()
    python = stand_in(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 600")

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"probePython": python}) as editor:
            await editor.until(lambda: editor.registered)
            await editor.open(uri, SOFTMAX)
            lens, *_ = await editor.lenses(uri)
            await asyncio.gather(*(editor.choose(lens) for _ in range(4)))
            pid = await pid_in(tmp_path / "pid")
            assert len(editor.progress) == 1
            running, *_ = await editor.lenses(uri)
            await editor.choose(running)
            assert await ended(editor) == "cancelled"
            assert not alive(pid)
            assert titles(await editor.lenses(uri))[0].startswith("probe this")
            assert editor.logged == []

    run(scenario)


@posix
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("""echo '{"missing": "tensorflow"}'""", "tensorflow is not installed"),
        ("exit 3", "is no Python with TensorFlow: the process ended with status 3"),
    ],
)
def test_without_tensorflow(tmp_path: Path, body: str, told: str) -> None:
    uri = (tmp_path / "train.py").as_uri()
    python = stand_in(tmp_path, body)

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"probePython": python}, progress=False) as editor:
            await editor.until(lambda: editor.registered)
            await editor.open(uri, SOFTMAX)
            lens, *_ = await editor.lenses(uri)
            await editor.choose(lens)
            await editor.until(lambda: editor.messages)
            assert told in editor.messages[0]
            assert "kerlint[probe]" in editor.messages[0]
            assert editor.progress == {}
            assert titles(await editor.lenses(uri))[0].startswith("probe this")

    run(scenario)


@posix
def test_a_process_that_dies(tmp_path: Path) -> None:
    """It is told, and may be tried again."""
    uri = (tmp_path / "train.py").as_uri()
    python = stand_in(tmp_path, """echo '{"ready": "3", "tensorflow": "2"}'; read job; exit 3""")

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"probePython": python}) as editor:
            await editor.until(lambda: editor.registered)
            await editor.open(uri, SOFTMAX)
            lens, *_ = await editor.lenses(uri)
            await editor.choose(lens)
            assert await ended(editor) == "inconclusive"
            await editor.until(lambda: editor.messages)
            assert "inconclusive. the process ended with status 3" in editor.messages[0]
            assert titles(await editor.lenses(uri))[0].startswith("probe this")

    run(scenario)


def test_the_text_has_changed(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, SOFTMAX)
            lens, *_ = await editor.lenses(uri)
            await editor.replace(uri, GOOD)
            await editor.choose(lens)
            await editor.until(lambda: editor.messages)
            assert "not there any more" in editor.messages[0]

    run(scenario)


@posix
def test_the_editor_leaves(tmp_path: Path) -> None:
    """What runs for it ends with it."""
    uri = (tmp_path / "train.py").as_uri()
    python = stand_in(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 600")

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"probePython": python}) as editor:
            await editor.until(lambda: editor.registered)
            await editor.open(uri, SOFTMAX)
            lens, *_ = await editor.lenses(uri)
            await editor.choose(lens)
            await pid_in(tmp_path / "pid")

    run(scenario)
    end = time.monotonic() + 10
    while alive(int((tmp_path / "pid").read_text())) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(int((tmp_path / "pid").read_text()))
