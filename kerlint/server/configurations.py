"""The configuration of each file, read again when a file of it changes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kerlint import files
from kerlint.configuration.lookup import NAMES, Lookup
from kerlint.configuration.model import CommandLine, Configuration, ConfigurationError
from kerlint.records import dataclass, replace
from kerlint.selection import Settings
from kerlint.server.options import Options


@dataclass(frozen=True)
class Applied:
    """What applies to a file.

    Args:
        settings: None if the configuration leaves the file out.
        problem: why a configuration cannot be used, in words; what applied before it then goes on to apply.
    """

    settings: Settings | None
    is_test: bool = False
    problem: str = ""


def is_configuration(path: str) -> bool:
    """Whether a file may hold a configuration, or decide which Keras a program is for."""
    name = os.path.basename(path)
    if name in NAMES or name in _OTHERS:
        return True
    return name.startswith(("requirements", "environment")) and name.endswith((".txt", ".in", ".yml", ".yaml"))


_OTHERS = frozenset({"setup.cfg", "setup.py", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock"})


class Configurations:
    """Looks up what applies to files. Only one thread may ask at a time."""

    def __init__(self) -> None:
        self._lookup: Lookup | None = None
        self._last_good: dict[str, Configuration] = {}
        self._options = Options()

    def forget(self) -> None:
        """Has everything read again."""
        self._lookup = None

    def of(self, path: str | None, roots: Sequence[str], options: Options) -> Applied:
        """What applies to a file; without a path, to a new file in the first of the editor's folders.

        Args:
            roots: the editor's folders.
        """
        root = _root_of(path, roots)
        folder = os.path.dirname(path) if path is not None else (root or os.curdir)
        problem = ""
        try:
            lookup = self._current(options, roots)
            configuration = lookup.of_folder(folder)
            left_out = path is not None and _is_left_out(path, root, lookup)
            self._last_good[folder] = configuration
        except ConfigurationError as error:
            configuration = self._last_good.get(folder) or Configuration(None, folder)
            left_out = False
            problem = str(error)
        if left_out:
            return Applied(None, problem=problem)
        settings = configuration.settings(path) if path is not None else configuration.settings(folder)
        if options.pedantic:
            settings = replace(settings, pedantic=True)
        return Applied(settings, path is not None and files.is_test_file(path, root), problem)

    def _current(self, options: Options, roots: Sequence[str]) -> Lookup:
        """The configurations as they are now.

        Raises:
            ConfigurationError: the file that the settings name cannot be used.
        """
        if self._lookup is None or options.configuration != self._options.configuration:
            given = os.path.expanduser(options.configuration or "")
            given = os.path.join(*roots[:1], given) if given else ""
            self._lookup = Lookup(CommandLine(), (given,) if given else ())
            self._options = options
        return self._lookup


def _root_of(path: str | None, roots: Sequence[str]) -> str | None:
    """The innermost of the editor's folders that a file is in; without a path, the first."""
    if path is None:
        return roots[0] if roots else None
    around = [root for root in roots if path.startswith(os.path.join(root, ""))]
    return max(around, key=len, default=None)


def _is_left_out(path: str, root: str | None, lookup: Lookup) -> bool:
    """Whether the configuration leaves a file out, or a folder between it and the editor's."""
    if lookup.excludes(path, False):
        return True
    folder = os.path.dirname(path)
    while root is not None and folder.startswith(os.path.join(root, "")):
        if lookup.excludes(folder, True):
            return True
        folder = os.path.dirname(folder)
    return False
