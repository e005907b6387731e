"""What applies to the files of a folder, after the configuration file and the command line had their say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from kerlint.configuration.patterns import Patterns
from kerlint.files import EXCLUDED
from kerlint.finding import Severity
from kerlint.records import dataclass, field, replace
from kerlint.selection import Settings


class ConfigurationError(Exception):
    """A configuration that cannot be used.

    Args:
        source: the file, or the option of the command line.
        key: the way to the faulty place, as in `tool.kerlint.select`; empty for the file as a whole.
    """

    def __init__(self, source: str, key: str, message: str) -> None:
        here = os.path.join(os.getcwd(), "")
        super().__init__(": ".join(filter(None, [source.removeprefix(here), key, message])))


@dataclass(frozen=True)
class CommandLine:
    """The options of a run that configuration files know, too. What is None or empty says nothing."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    target_keras: str | None = None
    fail_on: Severity | None = None
    pedantic: bool = False
    comments: bool = True

    @property
    def selectors(self) -> Sequence[tuple[str, str]]:
        """Every selector with the option that names it."""
        return [
            *(("--select", one) for one in self.select),
            *(("--ignore", one) for one in self.ignore),
            *(("--extend-select", one) for one in self.extend_select),
            *(("--per-file-ignores", one) for _, rules in self.per_file_ignores for one in rules),
        ]

    @property
    def patterns(self) -> Sequence[tuple[str, tuple[str, ...]]]:
        """The patterns that are read together, with the option that names them."""
        found = [("--exclude", self.exclude), ("--extend-exclude", self.extend_exclude)]
        found += [("--per-file-ignores", (pattern,)) for pattern, _ in self.per_file_ignores]
        return [(option, patterns) for option, patterns in found if patterns]


@dataclass(frozen=True)
class Configuration:
    """What applies to the files of a folder.

    Args:
        source: the configuration file; None if there is none.
        folder: where the file is, absolute; patterns are for what is below.
        exclude: None for the default, which is a list of names of folders.
        root: the project's root, absolute; None to find out for each file.
        options: of rules, by the name of the rule and of the option.
    """

    source: str | None
    folder: str
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[Patterns, tuple[str, ...]], ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    exclude: Patterns | None = None
    extend_exclude: tuple[Patterns, ...] = ()
    target_keras: str | None = None
    root: str | None = None
    fail_on: Severity = Severity.WARNING
    pedantic: bool = False
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    comments: bool = True

    def under(self, line: CommandLine) -> Configuration:
        """With the options of the command line, whose paths are relative to the current directory.

        `select` and `exclude` take the place of what the file says, the others are added. What the file ignores stays
        ignored, unless the command line selects it by the same words.
        """
        base = os.getcwd()
        ignore = self.ignore if not line.select else tuple(one for one in self.ignore if one not in line.select)
        patterns = tuple((Patterns(base, (pattern,)), rules) for pattern, rules in line.per_file_ignores)
        return replace(
            self,
            select=line.select or self.select,
            extend_select=(*(self.extend_select if not line.select else ()), *line.extend_select),
            ignore=(*ignore, *line.ignore),
            per_file_ignores=(*self.per_file_ignores, *patterns),
            exclude=Patterns(base, line.exclude) if line.exclude else self.exclude,
            extend_exclude=(*self.extend_exclude, Patterns(base, line.extend_exclude)),
            target_keras=line.target_keras or self.target_keras,
            fail_on=line.fail_on or self.fail_on,
            pedantic=line.pedantic or self.pedantic,
            comments=line.comments,
        )

    def settings(self, path: str) -> Settings:
        """What applies to a file."""
        off = tuple(selector for patterns, rules in self.per_file_ignores if patterns.match(path) for selector in rules)
        return replace(self._settings, off=off) if off else self._settings

    @cached_property
    def _settings(self) -> Settings:
        select = self.select
        if self.extend_select:
            select = (*(select or ("ALL",)), *self.extend_select)
        return Settings(
            select=select,
            ignore=self.ignore,
            pedantic=self.pedantic,
            target_keras=self.target_keras,
            severity=self.severity,
            options=self.options,
            root=self.root,
            comments=self.comments,
        )

    def excludes(self, path: str, is_directory: bool) -> bool:
        """Whether a file or a folder is left out, as far as its own name and the patterns go."""
        if self.exclude is None:
            if is_directory and os.path.basename(os.path.abspath(path)) in EXCLUDED:
                return True
        elif self.exclude.match(path, is_directory=is_directory):
            return True
        return any(patterns.match(path, is_directory=is_directory) for patterns in self.extend_exclude)
