"""Patterns for files and folders, as in a `.gitignore`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kerlint.files import is_endless
from kerlint.records import dataclass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_SLASHES = re.compile(r"/(?:\.?/)+")
_BACKSLASH = re.compile(r"(?<!\\)(?:\\\\)*\\[A-Za-z0-9_]")


@dataclass(frozen=True)
class Patterns:
    """Patterns for paths below a folder.

    Args:
        base: the folder, absolute.
    """

    base: str
    texts: tuple[str, ...]

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines([plain(text, self.base) for text in self.texts if not is_endless(text)])

    def match(self, path: str, *, is_directory: bool = False) -> bool:
        """Whether they fit a path; never for one that is not below the folder."""
        if not self.texts:
            return False
        absolute = os.path.abspath(path)
        inside = os.path.join(self.base, "")
        if not absolute.startswith(inside):
            return False
        relative = absolute[len(inside) :].replace(os.sep, "/")
        return self._spec.match_file(relative + "/" if is_directory else relative)


def plain(text: str, base: str) -> str:
    """A pattern as a `.gitignore` has it: for `./train.py`, and for the whole path of what is below the folder."""
    sign, text = ("!", text[1:]) if text.startswith("!") else ("", text)
    inside = os.path.join(base, "").replace(os.sep, "/")
    if len(inside) > 1 and text.startswith(inside):
        text = "/" + text[len(inside) :]
    elif text.startswith("./"):
        text = text[1:]
    return sign + _SLASHES.sub("/", text)


def fault(texts: Sequence[str], base: str) -> str:
    """Why one of some patterns can never fit anything, in words; empty if all can."""
    from pathspec import GitIgnoreSpec

    for index, text in enumerate(texts):
        pattern = plain(text, base)
        parts = pattern.removeprefix("!").split("/")
        if text.startswith("#"):
            reason = "it is a comment; a name that begins so is written \\#"
        elif ".." in parts or parts == ["."]:
            reason = "it does not lead to anything below the folder"
        elif _BACKSLASH.search(pattern):
            reason = "folders are separated by /"
        elif text.startswith("!") and all(one.startswith("!") for one in texts[:index]):
            reason = "it takes back what a pattern before it fits, and there is none"
        else:
            try:
                found = GitIgnoreSpec.from_lines([pattern]).patterns
            except ValueError:
                found = []
            if any(one.include is not None for one in found):
                continue
            reason = "it is no pattern"
        return f"{text!r} can never fit a file: {reason}"
    return ""
