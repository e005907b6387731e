"""Makes notebooks for tests."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: str, **metadata: Any) -> bytes:
    """A notebook of code cells; those that start with `md:` are prose."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": [cell[3:]]}
                if cell.startswith("md:")
                else {
                    "cell_type": "code",
                    "execution_count": None,
                    "metadata": {},
                    "outputs": [],
                    "source": cell.splitlines(keepends=True),
                }
                for cell in cells
            ],
            "metadata": metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    ).encode()
