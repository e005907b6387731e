"""Experiments on single operations, where nothing has to be learned to see the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerlint.probe.description import Job

Work = Callable[[Any, Any, Job, str], "list[dict[str, Any]]"]

WORK: dict[str, Work] = {}
