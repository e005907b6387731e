"""The abstract interpreter: from a concrete syntax tree to a `Program`."""

from __future__ import annotations

from kerlint.program.interpreter.machine import Machine, evaluate_module

__all__ = ["Machine", "evaluate_module"]
