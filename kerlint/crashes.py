"""What is told about a crash: enough to find the fault in kerlint, and nothing that stood in the linted file."""

from __future__ import annotations

import os
import re

ISSUES = "https://github.com/kerlint/kerlint/issues"

#: What to do about a crash.
ADVICE = (
    "run with --verbose for the version and the traceback, and please report both at "
    f"{ISSUES}; they hold nothing of the file"
)

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?", re.DOTALL)
_LONGEST = 120


def summary(error: BaseException) -> str:
    """The kind of an error and the place in kerlint's own code that it comes from."""
    import traceback

    name = type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(_PACKAGE):
            inner = os.path.relpath(frame.filename, _PACKAGE).replace(os.sep, "/")
            return f"{name} at {inner}:{frame.lineno}"
    return name


def report(error: BaseException) -> str:
    """The traceback without values: of the message of an error that is left which is not quoted.

    Messages quote what they are about, and that may come from the linted file. The lines of a traceback are kerlint's.
    """
    import traceback

    lines: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        frames = traceback.format_list(traceback.extract_tb(one.__traceback__))
        lines[:0] = ["Traceback (most recent call last):\n", *frames, f"{_named(one)}\n", *(["\n"] if lines else [])]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "".join(lines)


def _named(error: BaseException) -> str:
    text = _QUOTED.sub("'...'", str(error)).split("\n", 1)[0]
    return f"{type(error).__name__}: {text[:_LONGEST]}".rstrip(": ")
