"""`python -m kerlint`, and the command `kerlint`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Runs the command line in a process of its own."""
    # A run makes millions of nodes and values that live as long as their file. Looking for garbage among them again
    # and again takes a quarter of the time; `kerlint.memory` does it now and then.
    gc.disable()

    from kerlint.cli import main as run

    try:
        run()
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)


def _leave(status: int) -> None:
    """Ends the process at once: to take everything apart first would take longer than to lint a small file."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError, AttributeError):
        # Nobody listens any more, or there never was a stream. Python knows what to say about it.
        sys.exit(status)
    os._exit(status)


if __name__ == "__main__":
    main()
