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

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
#: On which `tools/matrix.py` has been run.
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
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


@pytest.mark.parametrize("version", VERSIONS)
def test_what_each_python_is_given(version: str) -> None:
    """One line for each requirement applies, so that no version of Python goes without or gets two."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]
    needed = [Requirement(line.strip().strip('",')) for line in listed.splitlines() if "#" not in line]
    names = [one.name for one in needed if one.marker is None or one.marker.evaluate({"python_version": version})]
    extra = ["tomli"] if version == "3.10" else []
    assert sorted(names) == ["click", "libcst", "msgspec", "pathspec", "rich", *extra]
    assert f'"Programming Language :: Python :: {version}"' in text


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
