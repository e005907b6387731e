"""Experiments that need no model of the program: what they run is fixed, and the facts only say which."""

from __future__ import annotations

from kerlint.experiment import Experiment
from kerlint.probe.description import Description

#: Which work of the lab a symptom asks for; all others train the program's model.
KINDS: dict[str, str] = {}


def own_models(experiment: Experiment) -> tuple[Description, Description, list[str]] | None:
    """A model that is made for the experiment, in two variants; None for the program's own."""
    del experiment
    return None
