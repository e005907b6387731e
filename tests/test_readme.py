"""The README and the documentation show what kerlint really says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = [
    pytest.param(command, output, id=f"{page.name}: {command}")
    for page in PAGES
    for command, output in re.findall(
        r"^```console\n\$ (kerlint [^\n]*)\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
]


def test_there_is_something_to_check() -> None:
    assert len(SHOWN) >= 2


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_the_output_is_real(command: str, output: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == (0 if command.startswith("kerlint summary") else 1)
    assert done.stdout.rstrip() == output
