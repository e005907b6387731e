"""When to look for garbage: not all the time, and not never.

Python frees at once what nobody refers to any more, but for what refers to itself in circles. A syntax tree has none.
The values of a program do: a function stands in its scope, and its scope in the function. They are few, so that it
costs little to look through them after each file, as long as the trees, with a hundred times as many parts, are left
out.
"""

from __future__ import annotations

import gc


def parsed() -> None:
    """A file has been parsed, and nothing else has been done since the last was linted."""
    if not gc.isenabled():
        # What exists is not looked through any more. It is freed all the same when nobody refers to it.
        gc.freeze()


def linted() -> None:
    """A file has been linted."""
    if not gc.isenabled():
        gc.collect()
