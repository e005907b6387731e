"""Summaries: what `model.summary()` would print, and how each model is trained, without running anything."""
