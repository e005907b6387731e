"""The README shows what kerlint really says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_output_is_real() -> None:
    command = "kerlint examples/never_learns.py"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition(f"$ {command}\n")[2].partition("\n```")[0]
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.rstrip() == shown
