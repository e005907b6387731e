"""Tries kerlint with other versions of Python and of what it stands on: it must find the same everywhere.

    python tools/matrix.py PYTHON...

Builds a wheel, installs it for each Python with the oldest versions that the metadata allows and with the newest, and
lints `fixtures/` there: also isolated, without a home, and out of an archive.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from hashlib import sha256
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
_LINT = ["fixtures", "--no-cache", "--isolated", "--output-format", "json"]


def lowest(wheel: Path, version: str) -> list[str]:
    """The oldest version of each requirement that the wheel states for a version of Python like `3.14`, as pins."""
    with zipfile.ZipFile(wheel) as whole:
        (name,) = (name for name in whole.namelist() if name.endswith(".dist-info/METADATA"))
        stated = BytesParser().parsebytes(whole.read(name)).get_all("Requires-Dist", [])
    pins = []
    for one in map(Requirement, stated):
        if one.marker is None or one.marker.evaluate({"python_version": version, "extra": ""}):
            (bound,) = one.specifier
            assert bound.operator == ">=", one
            pins.append(f"{one.name}=={bound.version}")
    return pins


def _run(
    *words: str | Path,
    environment: dict[str, str] | None = None,
    folder: Path = ROOT,
    fine: tuple[int, ...] = (0,),
) -> str:
    """What a command prints. Ends this one if its exit status is not among those that are `fine`."""
    done = subprocess.run(  # noqa: S603 - the commands are those below
        [str(word) for word in words],
        cwd=folder,
        env=environment if environment is not None else {**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in fine or "Traceback" in done.stderr:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def _outcomes(python: Path, wheel: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Yields ways to run kerlint with a digest of what is found."""
    command = python.parent / "kerlint"
    bare = {"PATH": os.environ["PATH"]}
    archive = folder / "kerlint.zip"
    # Not in the repository: there its own kerlint would come first.
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(archive, "w") as part:
        for name in whole.namelist():
            if name.startswith("kerlint/"):
                part.writestr(name, whole.read(name))
    ways = {
        "command": ([command, *_LINT], None),
        "isolated": ([python, "-I", "-m", "kerlint", *_LINT], None),
        "without a home": ([command, *_LINT], bare),
        "a home that is read-only": ([command, *_LINT], {**bare, "HOME": "/proc", "XDG_CACHE_HOME": "/proc"}),
        "an archive": ([python, "-c", _FROM_ARCHIVE, *_LINT], {**bare, "PYTHONPATH": str(archive)}),
    }
    for way, (words, environment) in ways.items():
        # 1 says that something was found.
        printed = _run(*words, environment=environment, folder=folder, fine=(1,))
        yield way, sha256(printed.encode()).hexdigest()[:16]


_FROM_ARCHIVE = """
import kerlint, sys
assert ".zip" in kerlint.__file__, kerlint.__file__
from kerlint.__main__ import main
main()
"""


def main() -> None:
    """Prints a line for each way, and fails if they do not all find the same."""
    pythons = sys.argv[1:] or [sys.executable]
    found: set[str] = set()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for index, python in enumerate(pythons):
            for kind in ("oldest", "newest"):
                own = folder / f"{index}-{kind}"
                _run(python, "-m", "venv", own)
                inner = own / "bin/python"
                _run(inner, "-m", "pip", "-q", "wheel", "--no-deps", "-w", own, ROOT)
                (wheel,) = own.glob("*.whl")
                version = _run(inner, "-c", "import platform; print(platform.python_version())").strip()
                pins = lowest(wheel, version.rpartition(".")[0])
                _run(inner, "-m", "pip", "-q", "install", wheel, *(pins if kind == "oldest" else []))
                versions = _run(inner, "-m", "pip", "list", "--format=freeze").split()
                shown = [one for one in versions if one.split("==")[0] in {pin.split("==")[0] for pin in pins}]
                for way, digest in _outcomes(inner, wheel, own):
                    found.add(digest)
                    sys.stdout.write(f"{version} {kind:6} {way:24} {digest}  {' '.join(shown)}\n")
                    sys.stdout.flush()
    if len(found) != 1:
        raise SystemExit("they do not find the same")


if __name__ == "__main__":
    main()
