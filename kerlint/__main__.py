"""`python -m kerlint`, and the command `kerlint`."""

from __future__ import annotations

import gc


def main() -> None:
    """Runs the command line in a process of its own."""
    # A run makes millions of nodes and values that live as long as their file. Looking for garbage among them again
    # and again takes an eighth of the time; `kerlint.memory` does it now and then.
    gc.disable()

    from kerlint.cli import main as run

    run()


if __name__ == "__main__":
    main()
