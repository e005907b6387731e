"""Which versions a file is written for: decided by settings, the project's requirements, and the code itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache

from kerlint.program.facts import Program
from kerlint.program.target import CURRENT, OLD_NAMES, Target, Used
from kerlint.records import replace
from kerlint.requirements import Requirement, installed_in_cells, project_requirements
from kerlint.source import Source
from kerlint.surroundings import Surroundings

Version = tuple[int, int, int]

#: The first TensorFlow whose Keras is Keras 3, and the first whose Keras 2 has its own minor version.
_KERAS_3, _SAME_MINOR = (2, 16), (2, 6)
#: Versions that stand for all: the first of each minor version, and a late one.
_KNOWN: dict[str, list[Version]] = {
    package: [(major, minor, micro) for major, minors in lines for minor in range(minors) for micro in (0, 1, 2, 3, 9)]
    for package, lines in {
        "keras": [(0, 4), (1, 3), (2, 16), (3, 100)],
        "tensorflow": [(0, 13), (1, 16), (2, 100)],
    }.items()
}
#: The version that stands for all of Keras 3 that are still to come.
_TO_COME = (3, 99)

#: Names that only Keras 3 has.
_NEW = frozenset(
    """keras.config keras.distribution keras.dtype_policies keras.ops keras.quantizers
    keras.random keras.tree keras.visualization keras_core keras_hub""".split()
)
#: What programs for any version use of `tensorflow.compat.v1`.
_HARMLESS = ("tensorflow.compat.v1.logging", "tensorflow.compat.v1.set_random_seed")
_MOST_PARTS = 6


def decide(
    setting: str | None,
    source: Source,
    path: str | None,
    program: Program,
    root: str | None = None,
    around: Surroundings | None = None,
) -> Target:
    """The versions that a program is written for, by the first of these that says anything.

    The setting; a package that is one version by its name (`tf_keras`); what a notebook installs; what the project
    requires, from the folder of the file up to its root; names that only one version has.

    Args:
        setting: the major version, with or without a minor one.
        path: where the file is, None for a text that is nowhere.
        root: the project's root, if somebody has said what it is.
        around: keeps in mind what is asked about other files.
    """
    if setting is not None:
        major, _, minor = setting.partition(".")
        return Target(int(major), int(minor) if minor else None, source=f"the setting target-keras = {setting}")
    package = _by_package(program)
    if package is None:
        asked = _by_requirements(
            installed_in_cells(cell.source for cell in source.cells), "the notebook installs"
        ) or _by_project(path, root, around if around is not None else Surroundings())
        if asked is not None:
            return asked
    found = (
        package
        or _by_names(program.used, "")
        or _by_names(program.used_elsewhere, "a module that it imports ")
        or CURRENT
    )
    return replace(found, sure=False) if program.limits else found


def _by_package(program: Program) -> Target | None:
    """A package that is one version of Keras whatever is installed beside it."""
    used = program.used
    if not any("keras" in name for name in used.imports | used.symbols):
        used = program.used_elsewhere
    roots = {name.partition(".")[0] for name in used.imports}
    plain = "keras" in roots
    from_tensorflow = any(_written(name) != name for name in used.imports | used.symbols)
    if "tf_keras" in roots and not plain and not from_tensorflow:
        return Target(2, source="it imports tf_keras")
    if "keras_core" in roots and not plain and not from_tensorflow:
        return Target(3, source="it imports keras_core")
    environment = {**program.used_elsewhere.environment, **program.used.environment}
    if environment.get("TF_USE_LEGACY_KERAS") in ("1", "True", "true") and from_tensorflow and not plain:
        return Target(2, source="it sets TF_USE_LEGACY_KERAS")
    if environment.get("KERAS_BACKEND") in ("jax", "torch"):
        return Target(3, source=f"its KERAS_BACKEND is {environment['KERAS_BACKEND']}")
    return None


def _by_project(path: str | None, root: str | None, around: Surroundings) -> Target | None:
    if path is None:
        return None
    folder = os.path.dirname(os.path.abspath(path))
    for name, requirements in project_requirements(folder, around.root(folder, root), around):
        found = _by_requirements(requirements, f"{name} asks for")
        if found is not None:
            return found
    return None


@lru_cache(maxsize=256)
def _by_requirements(asked: tuple[Requirement, ...], who: str) -> Target | None:
    """What the versions that a file allows have in common; None if they are of Keras 2 and of Keras 3."""
    tensorflow, own = _allowed("tensorflow", asked), _allowed("keras", asked)
    known = _common(tensorflow)
    for package, versions in (("keras", own), ("tensorflow", tensorflow)):
        majors = {_keras_major(package, version) for version in versions}
        if majors and (majors == {3} or 3 not in majors):
            # Of a Keras that may be 2 or 3 only those count that go with the TensorFlow.
            fitting = {version for version in own if version[0] == 3} if majors == {3} else set()
            oldest, newest = _minors("keras", fitting) if fitting else _minors(package, versions)
            only = len({version[:2] for version in fitting or versions}) == 1
            return Target(
                max(majors),
                newest if only else None,
                known,
                f"{who} {_written_as(package, asked)}",
                oldest=oldest,
                newest=newest,
            )
    if any(one.package == "tf-keras" for one in asked) and not tensorflow:
        return Target(2, source=f"{who} {_written_as('tf-keras', asked)}")
    return None


def _written_as(package: str, asked: tuple[Requirement, ...]) -> str:
    return ", ".join(dict.fromkeys(str(one) for one in asked if one.package == package))


def _keras_major(package: str, version: Version) -> int:
    if package == "keras":
        return max(version[0], 1)
    return 3 if version[:2] >= _KERAS_3 else 2


def _common(versions: set[Version]) -> tuple[int, int | None] | None:
    """The major and minor version that all share."""
    majors, pairs = {version[0] for version in versions}, {version[:2] for version in versions}
    if len(majors) != 1:
        return None
    return pairs.pop() if len(pairs) == 1 else (majors.pop(), None)


def _minors(package: str, versions: set[Version]) -> tuple[int, int | None]:
    """The lowest and the highest minor version of Keras that is allowed; None for the highest if there is no end."""
    lowest, highest = min(versions)[:2], max(versions)[:2]
    if package == "tensorflow":
        # Before 2.6 it does not say which Keras it brings; from 2.16 on it brings the newest that it finds.
        return (
            lowest[1] if _SAME_MINOR <= lowest < _KERAS_3 else 0,
            highest[1] if _SAME_MINOR <= highest < _KERAS_3 else None,
        )
    return (lowest[1] if lowest[0] == highest[0] else 0), (None if highest == _TO_COME else highest[1])


def _allowed(package: str, asked: tuple[Requirement, ...]) -> set[Version]:
    """The versions that any of the requirements allows: they may be for different platforms. Empty for all."""
    found: set[Version] = set()
    for one in asked:
        if one.package == package:
            allowed = {version for version in _KNOWN[package] if _fits(version, one.spec)}
            if len(allowed) == len(_KNOWN[package]):
                return set()
            found |= allowed
    return found


def _fits(version: Version, spec: str) -> bool:
    """Whether a version is one that a specification allows. What is not understood allows all."""
    if "|" in spec or not spec:
        return True
    return all(_fits_clause(version, clause) for clause in spec.split(",") if clause)


_CLAUSE = re.compile(r"(?P<sign>===|[=<>!~]=|[<>=^~])v?(?P<number>\d{1,6}(?:\.\d{1,6})*)(?P<any>\.\*)?")


def _fits_clause(version: Version, clause: str) -> bool:
    match = _CLAUSE.match(clause)
    if match is None:
        return True
    number = tuple(map(int, match["number"].split(".")))[:3]
    full = (*number, 0, 0)[:3]
    sign = match["sign"]
    if sign in ("==", "===", "="):
        # Of a pin the minor version counts.
        depth = len(number) if match["any"] else 2
        return version[:depth] == full[:depth]
    if sign == "!=":
        return not (match["any"] and version[: len(number)] == number)
    if sign in ("~=", "~", "^"):
        same = {"~=": max(len(number) - 1, 1), "~": min(len(number), 2), "^": 1 if number[0] else 2}[sign]
        return version >= full and version[:same] == full[:same]
    return {
        ">=": version >= full,
        ">": version > full,
        "<=": version[:2] <= full[:2] if len(number) < 3 else version <= full,
        "<": version < full,
    }[sign]


def _by_names(used: Used, who: str) -> Target | None:
    """What the names say that only one version has; None if they contradict each other."""
    old, new = next(_among(OLD_NAMES, used), None), next(_among(_NEW, used), None)
    if (old is None) == (new is None):
        return None
    uses = f"{who}uses {old or new}" if who else f"it uses {old or new}"
    return replace(CURRENT, source=uses) if new else Target(2, source=uses)


def _among(names: frozenset[str], used: Used) -> Iterator[str]:
    """The first of the names, or of what they hold, that a program uses."""
    for name in sorted(used.imports | used.symbols):
        if name.startswith(_HARMLESS) or (name == "tensorflow.compat.v1" and name not in used.imports):
            continue
        parts = _written(name).split(".")[:_MOST_PARTS]
        for length in range(1, len(parts) + 1):
            if ".".join(parts[:length]) in names:
                yield ".".join(parts[:length])


def _written(name: str) -> str:
    """The name in Keras of what TensorFlow exports as its own."""
    return name.removeprefix("tensorflow.") if f"{name}.".startswith("tensorflow.keras.") else name
