"""kerlint finds the reasons why a Keras model does not learn, without running it."""

from __future__ import annotations

__version__ = "0.1.0"
