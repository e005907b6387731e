"""When to look for garbage: not all the time, and not never."""

from __future__ import annotations

import gc

#: Bytes of source after which garbage is looked for, where Python does not do it by itself. Each leaves some 200 bytes
#: of nodes and values in circles behind.
_BYTES = 100_000

_seen = {"bytes": 0}


def settle() -> None:
    """Says that what is there now stays: garbage is not looked for among it any more."""
    gc.collect()
    gc.freeze()


def tidy(size: int) -> None:
    """A text of so many bytes has been linted in a process that lives long: what it left behind may be garbage soon."""
    if not gc.isenabled() and _is_time(size):
        gc.collect()


def linted(size: int) -> None:
    """A file of so many bytes has been linted."""
    if not gc.isenabled() and _is_time(size):
        # Nothing that is still there will ever be garbage but what the next files leave behind.
        gc.collect()
        gc.freeze()


def _is_time(size: int) -> bool:
    _seen["bytes"] += size
    if _seen["bytes"] < _BYTES:
        return False
    _seen["bytes"] = 0
    return True
