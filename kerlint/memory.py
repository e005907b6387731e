"""When to look for garbage: not all the time, and not never.

Python frees at once what nobody refers to any more, but for what refers to itself in circles. A syntax tree has none.
The values of a program do: a function stands in its scope, and its scope in the function. It costs little to look
through them after each file, as long as the trees, with more than twice as many parts, are left out.
"""

from __future__ import annotations

import gc

#: Bytes of source after which a process that lives long looks for garbage. Each leaves some 200 bytes of nodes and
#: values in circles behind.
_BYTES = 100_000

_seen = {"bytes": 0}
#: Whether garbage was looked for, and nothing has been done since that could leave any.
_state = {"clean": True}


def settle() -> None:
    """Says that what is there now stays: garbage is not looked for among it any more."""
    gc.collect()
    gc.freeze()


def tidy(size: int) -> None:
    """A text of so many bytes has been linted in a process that lives long: what it left behind may be garbage soon."""
    if gc.isenabled():
        return
    _seen["bytes"] += size
    if _seen["bytes"] >= _BYTES:
        _seen["bytes"] = 0
        gc.collect()


def parsed() -> None:
    """A file has been parsed, and is about to be evaluated."""
    if _state["clean"] and not gc.isenabled():
        # What exists is not looked through any more. It is freed all the same when nobody refers to it.
        gc.freeze()
    _state["clean"] = False


def linted() -> None:
    """A file has been linted."""
    if not gc.isenabled():
        gc.collect()
    _state["clean"] = True
