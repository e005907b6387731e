"""`kerlint server` on the command line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kerlint.cli import cli


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    done = CliRunner().invoke(cli, ["server"])
    assert done.exit_code == 1
    assert "pip install 'kerlint[server]'" in done.output


def test_other_commands_do_not_load_it() -> None:
    code = "import sys, kerlint.cli; print([name for name in sys.modules if name.startswith(('pygls', 'lsprotocol'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_ends_with_its_input() -> None:
    """An editor that has died takes the server with it."""
    pytest.importorskip("pygls")
    done = subprocess.run(
        [sys.executable, "-m", "kerlint", "server"], input=b"", capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")
