"""How rules speak of what a minor version of Keras 3 has changed."""

from __future__ import annotations

from kerlint.program.target import Target


def only_before(target: Target, minor: int) -> str:
    """What a message says where the program may also be for a Keras that has changed; empty where it cannot be.

    Args:
        minor: the minor version of Keras 3 that has changed it.
    """
    return "" if target.before(3, minor) else f" before Keras 3.{minor}"


def if_later(target: Target, minor: int) -> str:
    """What to do if the program is only for versions that have changed; empty where it cannot be."""
    if target.before(3, minor):
        return ""
    return f"; if the program is for Keras 3.{minor} or later, say so with --target-keras 3.{minor}"
