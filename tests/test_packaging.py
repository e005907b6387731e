"""What is published: the same bytes from the same sources, all that belongs to it, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from kerlint import __version__

pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[1]
PARTS = ("kerlint", "tests", "docs", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore")


def build(folder: Path) -> dict[str, bytes]:
    """A wheel and a source archive out of a copy of the repository."""
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".kerlint_cache"))
        elif source.exists():
            shutil.copy(source, folder / name)
    # What lies about in a working copy.
    (folder / "kerlint/__pycache__").mkdir(exist_ok=True)
    (folder / "kerlint/__pycache__/junk.pyc").write_bytes(b"junk")
    (folder / ".venv").mkdir()
    (folder / ".venv/junk.py").write_text("junk")
    code = (
        "import sys\nfrom hatchling.build import build_sdist, build_wheel\nbuild_sdist('dist')\nbuild_wheel('dist')\n"
    )
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


def test_what_is_published(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    first, second = map(build, folders)
    wheel, archive = f"kerlint-{__version__}-py3-none-any.whl", f"kerlint-{__version__}.tar.gz"
    assert set(first) == {wheel, archive}
    assert first == second, "the same sources have to make the same bytes"
    with zipfile.ZipFile(folders[0] / "dist" / wheel) as whole:
        names = set(whole.namelist())
    own = {path.relative_to(ROOT).as_posix() for path in (ROOT / "kerlint").rglob("*") if path.suffix == ".py"}
    assert own <= names
    assert {"kerlint/py.typed", "kerlint/configuration/kerlint.schema.json"} <= names
    assert f"kerlint-{__version__}.dist-info/licenses/LICENSE" in names
    others = {name for name in names if not name.startswith("kerlint-")} - own
    assert all(name.endswith((".typed", ".json", ".bin")) for name in others)
    with tarfile.open(folders[0] / "dist" / archive) as whole_archive:
        listed = {name.partition("/")[2] for name in whole_archive.getnames()}
    assert own | {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO"} <= listed
    assert not [name for name in listed if name.endswith(".pyc") or name.startswith((".venv", "dist"))]
