"""Programs that build Keras models, drawn at random: what `test_summary_oracle` compares kerlint and Keras on."""

from __future__ import annotations

from tests.drawing.models import draw

__all__ = ["draw"]
