"""Plain command lines, read without click: to import it takes longer than all that is left to do for a cached file.

What pre-commit, editors and people pass most of the time is names of files, behind `check` and an option or two.
Everything else is left to click, complaints included.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kerlint import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECK, _FORCE_EXCLUDE, _NO_CACHE = "check", "--force-exclude", "--no-cache"
#: On Windows click reads them as patterns, homes and variables.
_EXPANDED = frozenset("*?[~$%")


def run(arguments: Sequence[str]) -> int | None:
    """Does what a plain command line says, and gives the exit status; None if it takes click to read it."""
    if any(name.startswith(("KERLINT_", "_KERLINT_")) for name in os.environ):
        # Values of options, and completion in a shell.
        return None
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"kerlint {__version__}\n")
        sys.stdout.flush()
        return 0
    options, paths = _split(arguments)
    if options - {_CHECK, _FORCE_EXCLUDE, _NO_CACHE} or not paths or not all(map(_is_plain, paths)):
        return None
    if _CHECK not in options and not {".", os.sep} & set(paths[0]):
        # It may be a command.
        return None
    return _check(paths, force_exclude=_FORCE_EXCLUDE in options, no_cache=_NO_CACHE in options)


def _split(arguments: Sequence[str]) -> tuple[set[str], list[str]]:
    """The options, with `check` if it is the first word, and the rest."""
    command = set(arguments[:1]) & {_CHECK}
    words = arguments[len(command) :]
    return command | {word for word in words if word.startswith("-")}, [word for word in words if word[:1] != "-"]


def _is_plain(path: str) -> bool:
    """Whether click would take a word as it is."""
    return os.access(path, os.R_OK) and not (os.name == "nt" and _EXPANDED & set(path))


def _check(paths: Sequence[str], *, force_exclude: bool, no_cache: bool) -> int:
    """As `kerlint.cli.check.check` does it if no other option is given."""
    from kerlint.cli.fixing import Fixing
    from kerlint.cli.printing import default_formats
    from kerlint.cli.run import Inputs, Means, lint, open_cache
    from kerlint.configuration.lookup import Lookup
    from kerlint.configuration.model import CommandLine

    inputs = Inputs(paths, Lookup(CommandLine()), force_exclude=force_exclude)
    run = lint(inputs, means=Means(None if no_cache else open_cache(None)))
    return Fixing().finish(run, default_formats(for_people=False), "auto", statistics=False, exit_zero=False)
