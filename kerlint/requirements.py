"""Which versions of Keras and TensorFlow the files of a project ask for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from kerlint.files import read_file
from kerlint.records import dataclass
from kerlint.surroundings import LARGEST, Surroundings, digest

#: Larger files are not read. Lock files are long, and easily read.
_MAX_BYTES, _MAX_LOCKED = 500_000, LARGEST

#: Packages of interest, by normalised name; the builds of TensorFlow are one.
PACKAGES = {
    "keras": "keras",
    "tf-keras": "tf-keras",
    **dict.fromkeys(
        ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tensorflow-macos", "tensorflow-intel", "tensorflow-rocm"),
        "tensorflow",
    ),
}

_NAME = r"(?P<name>[A-Za-z][\w.-]*)\s*(?:\[[^\]]*\])?"
_REQUIREMENT = re.compile(rf"\s*{_NAME}\s*\(?(?P<spec>(?:===?|[<>~!]=?|\^)[^;#)\\]*)?")
_CONDA = re.compile(rf"\s*-\s*[\"']?(?:[\w-]+::)?{_NAME}\s*(?P<spec>[<>=!~][^#\"']*)?")
_LOCKED = re.compile(r'^name = "(?P<name>[^"]+)"\s*^version = "(?P<version>[^"]+)"', re.MULTILINE)
_INSTALL = re.compile(
    r"[!%]?\s*(?:sudo\s+)?(?:\S*python[\d.]*\s+-m\s+)?"
    r"(?P<tool>pip[\d.]*|uv\s+pip|conda|mamba|micromamba)\s+install\s+(?P<rest>.*)"
)


@dataclass(frozen=True)
class Requirement:
    """A package that something asks for.

    Args:
        package: a value of `PACKAGES`.
        spec: what is asked of its version, empty for nothing: `>=2.4,<2.16`.
    """

    package: str
    spec: str = ""

    def __str__(self) -> str:
        return f"{self.package}{self.spec}"


def project_requirements(
    folder: str, root: str, around: Surroundings | None = None
) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
    """Yields the files that name one of the packages, and what they ask for: from the folder up to the root.

    In each folder those come first that are the most exact.

    Args:
        around: keeps in mind what is read.
    """
    around = around if around is not None else Surroundings()
    while True:
        for name in _ordered(around.manifests(folder)):
            found = _asked(os.path.join(folder, name), around)
            if found:
                yield name, found
        parent = os.path.dirname(folder)
        if folder == root or parent == folder:
            return
        folder = parent


def _asked(path: str, around: Surroundings) -> tuple[Requirement, ...]:
    """What a file asks for."""
    try:
        state = os.stat(path)
    except OSError:
        around.has_read(path, None)
        return ()
    if state.st_size > (_MAX_LOCKED if path.endswith(".lock") else _MAX_BYTES):
        around.size(path)
        return ()
    content, found = _read(path, state.st_mtime_ns, state.st_size)
    around.has_read_as(path, content)
    return found


def installed_in_cells(cells: Iterable[str]) -> tuple[Requirement, ...]:
    """What the cells of a notebook install: `!pip install tensorflow==2.12`."""
    found: list[Requirement] = []
    for cell in cells:
        if "install" not in cell:
            continue
        for line in cell.replace("\\\n", " ").split("\n"):
            match = _INSTALL.match(line.strip())
            if match:
                found += _installed(match["rest"], conda="pip" not in match["tool"])
    return tuple(found)


def _installed(words: str, *, conda: bool) -> Iterator[Requirement]:
    import shlex

    try:
        parts = shlex.split(words, comments=True)
    except ValueError:
        return
    for part in parts:
        if part in ("&&", ";", "|", "||"):
            return
        if not part.startswith("-"):
            yield from _conda(f"- {part}") if conda else _pip(part)


def _ordered(names: Sequence[str]) -> list[str]:
    order = [name for name in _READERS if name in names]
    others = [name for name in names if name and name not in _READERS]
    at = order.index("requirements.txt") + 1 if "requirements.txt" in order else len(order)
    return [*order[:at], *others, *order[at:]]


@lru_cache(maxsize=256)
def _read(path: str, _: int, __: int) -> tuple[str, tuple[Requirement, ...]]:
    """The digest of a file and what it asks for; its time of change and its size make an answer stale."""
    try:
        data = read_file(path)
    except OSError:
        return "", ()
    content = digest(data)
    # Windows shells write UTF-16.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = data.decode(encoding, "replace").replace("\r\n", "\n")
    if "keras" not in text.lower() and "tensorflow" not in text.lower():
        return content, ()
    return content, tuple(_READERS.get(os.path.basename(path), _pip)(text))


def _requirement(match: re.Match[str] | None) -> Iterator[Requirement]:
    if match is not None:
        package = PACKAGES.get(re.sub(r"[-_.]+", "-", match["name"]).lower())
        if package is not None:
            yield Requirement(package, "".join((match["spec"] or "").partition("--")[0].split()))


def _strings(values: object) -> Iterator[Requirement]:
    """The requirements in a list of strings."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str):
            yield from _requirement(_REQUIREMENT.match(value))


def _pip(text: str) -> Iterator[Requirement]:
    for line in text.split("\n"):
        yield from _requirement(_REQUIREMENT.match(line))


def _locked(text: str) -> Iterator[Requirement]:
    """`poetry.lock` and `uv.lock`."""
    for match in _LOCKED.finditer(text):
        package = PACKAGES.get(match["name"])
        if package is not None:
            yield Requirement(package, f"=={match['version']}")


def _pipfile(text: str) -> Iterator[Requirement]:
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        for name, entry in _table(_table(document).get(section)).items():
            package = PACKAGES.get(name)
            version = _table(entry).get("version", "")
            if package is not None and isinstance(version, str):
                yield Requirement(package, version)


def _pyproject(text: str) -> Iterator[Requirement]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        document: object = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    project = _table(_table(document).get("project"))
    yield from _strings(project.get("dependencies"))
    for group in _table(project.get("optional-dependencies")).values():
        yield from _strings(group)
    for group in _table(_table(document).get("dependency-groups")).values():
        yield from _strings(group)
    poetry = _table(_table(_table(document).get("tool")).get("poetry"))
    groups = [_table(group).get("dependencies") for group in _table(poetry.get("group")).values()]
    for table in (poetry.get("dependencies"), poetry.get("dev-dependencies"), *groups):
        for name, entry in _table(table).items():
            version = _table(entry).get("version", "") if isinstance(entry, dict) else entry
            package = PACKAGES.get(name.replace("_", "-").lower())
            if package is not None and isinstance(version, str):
                # A bare number is a pin.
                yield Requirement(package, f"=={version}" if version[:1].isdigit() else version.replace(" ", ""))


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _setup_cfg(text: str) -> Iterator[Requirement]:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    lists = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        lists += [value for _, value in parser.items("options.extras_require")]
    for value in lists:
        yield from _pip(value)


def _conda(text: str) -> Iterator[Requirement]:
    """`environment.yml`."""
    for line in text.split("\n"):
        for found in _requirement(_CONDA.match(line)):
            spec = found.spec
            if spec.startswith("=") and not spec.startswith("=="):
                # `=2.10` and `=2.10=build` are any 2.10.
                spec = f"=={spec[1:].partition('=')[0].removesuffix('*').removesuffix('.')}.*"
            yield Requirement(found.package, spec)


#: What reads a file, the most exact first. Other `requirements*.txt` come after `requirements.txt`.
_READERS: dict[str, Callable[[str], Iterator[Requirement]]] = {
    "uv.lock": _locked,
    "poetry.lock": _locked,
    "Pipfile.lock": _pipfile,
    "requirements.txt": _pip,
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "environment.yml": _conda,
    "environment.yaml": _conda,
}
