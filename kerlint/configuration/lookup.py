"""The configuration of a file: that of the nearest folder that has one. Nothing is merged.

Most projects have none, so that what reads the files is imported only where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from kerlint.configuration.model import CommandLine, Configuration, ConfigurationError
from kerlint.files import STDIN, read_file

#: The names of configuration files; in one folder the first of them counts.
NAMES = (".kerlint.toml", "kerlint.toml", "pyproject.toml")


class Lookup:
    """The configurations of a run.

    Args:
        line: the options of the command line.
        given: what `--config` names: one file at most, and any number of `KEY=VALUE`.
        isolated: whether no file is looked for.

    Raises:
        ConfigurationError: if what `--config` names cannot be used.
    """

    def __init__(self, line: CommandLine, given: Sequence[str] = (), *, isolated: bool = False) -> None:
        self._line = line
        self._found: dict[str, Configuration] = {}
        files = [one for one in given if "=" not in one or os.path.isfile(one)]
        self._settings = [one for one in given if one not in files]
        if len(files) > 1:
            raise ConfigurationError("--config", "", f"there is one file at most, not {' and '.join(files)}")
        if line.selectors:
            from kerlint.configuration.checking import check_selectors

            check_selectors(line.selectors, "")
        if line.patterns:
            from kerlint.configuration.checking import check_patterns

            check_patterns(line.patterns, os.getcwd(), "")
        self._default = self._finished(Configuration(None, os.getcwd()))
        self._fixed = self._default if isolated else None
        if files:
            if not os.path.exists(files[0]):
                raise ConfigurationError("--config", "", f"{files[0]!r} is neither a file nor KEY=VALUE")
            if isolated:
                raise ConfigurationError("--config", "", f"{files[0]!r} makes no sense together with --isolated")
            self._fixed = self._read(files[0], folder=os.getcwd())
            if self._fixed is None:
                raise ConfigurationError(files[0], "", "there is no [tool.kerlint]")

    def of_file(self, path: str) -> Configuration:
        """The configuration of a file that is linted; for standard input, of the current directory.

        Raises:
            ConfigurationError: if it cannot be used.
        """
        return self.of_folder(os.curdir if path == STDIN else os.path.dirname(path))

    def of_folder(self, folder: str) -> Configuration:
        """The configuration of the files in a folder.

        Raises:
            ConfigurationError: if it cannot be used.
        """
        if self._fixed is not None:
            return self._fixed
        start = directory = os.path.abspath(folder)
        passed: list[str] = []
        found = self._found.get(directory)
        while found is None:
            passed.append(directory)
            found = self._in(directory)
            parent = os.path.dirname(directory)
            if found is None and parent == directory:
                found = self._default
            directory = parent
            found = found or self._found.get(directory)
        self._found.update(dict.fromkeys(passed, found))
        return self._found[start]

    def excludes(self, path: str, is_directory: bool) -> bool:
        """Whether a file or a folder is left out by the configuration of the folder that it lies in."""
        return self.of_folder(os.path.dirname(os.path.abspath(path))).excludes(path, is_directory)

    def _in(self, directory: str) -> Configuration | None:
        for name in NAMES:
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                found = self._read(path, folder=directory)
                if found is not None:
                    return found
        return None

    def _read(self, path: str, folder: str) -> Configuration | None:
        """What a file says; None for a `pyproject.toml` that says nothing about kerlint."""
        try:
            data = read_file(path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
            raise ConfigurationError(path, "", reason) from error
        within = "tool.kerlint" if os.path.basename(path) == "pyproject.toml" else ""
        if within and b"kerlint" not in data:
            return None
        from kerlint.configuration.decoding import read_file_text

        found = read_file_text(data, Configuration(path, folder), within)
        return None if found is None else self._finished(found)

    def _finished(self, configuration: Configuration) -> Configuration:
        """With what the command line says."""
        for setting in self._settings:
            from kerlint.configuration.decoding import read_setting

            configuration = read_setting(setting, configuration)
        return configuration.under(self._line)
