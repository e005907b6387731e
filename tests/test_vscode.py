"""The extension for VS Code: its settings are those of the server, and its own tests pass where Node is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import kerlint
from kerlint.server.options import Options

FOLDER = Path(__file__).parent.parent / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
SETTINGS = MANIFEST["contributes"]["configuration"]["properties"]
#: What the extension needs to start the server, and the server never sees.
OWN = {"kerlint.path", "kerlint.interpreter", "kerlint.arguments"}


def test_the_settings_are_those_of_the_server() -> None:
    usual = {f"kerlint.{name}": value for name, value in msgspec.to_builtins(Options()).items()}
    assert {name: one["default"] for name, one in SETTINGS.items() if name not in OWN} == usual
    assert set(SETTINGS) - set(usual) == OWN
    editors = (FOLDER.parent.parent / "docs" / "editors.md").read_text(encoding="utf-8")
    for text, names in ((editors, usual), ((FOLDER / "README.md").read_text(encoding="utf-8"), SETTINGS)):
        assert set(re.findall(r"^\| `(kerlint\.\w+)` \|", text, re.MULTILINE)) == set(names)


def test_what_starts_a_program_is_no_business_of_a_folder() -> None:
    for name in (*OWN, "kerlint.probePython"):
        assert SETTINGS[name]["scope"] == "machine-overridable"
    assert MANIFEST["capabilities"]["untrustedWorkspaces"]["supported"] is False


def test_the_version_is_that_of_kerlint() -> None:
    assert MANIFEST["version"] == kerlint.__version__


def test_the_lock_names_no_machine() -> None:
    lock = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    assert "file:" not in lock
    # The other addresses are those that packages give for whom to thank.
    assert "registry" not in lock
    assert "localhost" not in lock


@pytest.mark.skipif(
    os.environ.get("KERLINT_TEST_VSCODE") != "1" or shutil.which("npm") is None,
    reason="takes packages from npm; KERLINT_TEST_VSCODE=1 does it",
)
def test_it_builds_and_its_tests_pass(tmp_path: Path) -> None:
    folder = tmp_path / "editors" / "vscode"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "out"))
    shutil.copy(FOLDER.parent.parent / "LICENSE", tmp_path)
    environment = {**os.environ, "KERLINT_PYTHON": sys.executable}
    for words in (["npm", "ci"], ["npm", "test"], ["npm", "run", "package"]):
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "dist" / "kerlint.vsix").stat().st_size > 10_000
