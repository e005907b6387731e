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


def tidy() -> None:
    """Looks for garbage among what has come since `settle`, for processes that live long."""
    if not gc.isenabled():
        gc.collect()


def linted(size: int) -> None:
    """A file of so many bytes has been linted."""
    if gc.isenabled():
        return
    _seen["bytes"] += size
    if _seen["bytes"] >= _BYTES:
        _seen["bytes"] = 0
        # Nothing that is still there will ever be garbage but what the next files leave behind.
        gc.collect()
        gc.freeze()
