"""Which Keras an experiment is run with: a program for Keras 2 says nothing about Keras 3, nor the other way round.

Keras 2 is the `keras` of TensorFlow up to 2.15, and the package `tf_keras` beside a later one.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from kerlint.probe.description import LOSSES, Description, Job, Made, Step, Wanted
from kerlint.probe.lab.backend import PARTS_IN, find, is_old, label, version

#: The oldest Keras that experiments were tried with.
OLDEST = (2, 15)
#: Symptoms by which Keras 2 and Keras 3 differ, or may, with the versions of Keras 3 from which on they differ again.
#: All others come from arithmetic, TensorFlow or NumPy, and were measured to be the same: see docs/probe.md.
TURNS: dict[str, tuple[tuple[int, int], ...]] = {
    "endless": (),
    "idle": ((3, 16),),
    "ignored": (),
    "metric": (),
    "overridden": ((3, 16),),
    "raises": (),
    "twice": (),
    "twins": (),
    "unadapted": (),
    "unseeded": (),
    "untracked": (),
}
#: Optimizers whose learning rate by default is another one in Keras 2.
OWN_RATES = frozenset({"Lion"})
#: From here on a layer is refused whose window is larger than its image, which gave nothing before; and dropout of 1.0
#: is not, which was.
SIZES_AND_RATES = (3, 14)


class Unsuited(Exception):
    """No Keras that is there can run an experiment; says why."""


def versions(tf: Any, keras: Any) -> dict[str, str]:
    """The packages that an experiment was run with, and their versions."""
    return {keras.__name__: keras.__version__, "tensorflow": tf.__version__}


def keras_for(job: Job, installed: Any) -> Any:
    """The Keras to run an experiment with: the one that the program is written for, if it is there.

    Args:
        installed: what `import keras` gives.

    Raises:
        Unsuited: there is none, and it would matter.
    """
    chosen = installed
    if job["keras"]["major"] < 3 and not is_old(installed):
        chosen = _legacy() or installed
    reason = _mismatch(job, chosen) or next(_lacking(job, chosen), None)
    if reason is not None:
        raise Unsuited(reason)
    return chosen


def _legacy() -> Any:
    """The package `tf_keras`; None if it is not installed, or does not go with this TensorFlow."""
    try:
        return importlib.import_module("tf_keras")
    except Exception:  # noqa: BLE001 - whatever it is, it is not there to be used
        return None


def _mismatch(job: Job, keras: Any) -> str | None:
    """Why an experiment with this Keras would say nothing about the program; None if it does."""
    turns = _turns(job)
    if turns is None:
        return None
    wanted, measured = job["keras"], version(keras)
    minor = wanted["minor"]
    own = (wanted["major"], measured[1] if minor is None else minor)
    if own[0] == measured[0] and not any(min(own, measured) < turn <= max(own, measured) for turn in turns):
        return None
    more = "; the package tf_keras would do" if wanted["major"] < 3 and not is_old(keras) else ""
    return f"{_asked(wanted)}, and what was found may be different with {label(keras)}, which is installed{more}"


def _turns(job: Job) -> tuple[tuple[int, int], ...] | None:
    """The versions from which on Keras 3 does something else; None if it does the same as Keras 2."""
    is_built_only = job["symptom"] == "raises" and not job["original"]["run"]["steps"]
    if is_built_only or (job["symptom"] == "drops" and any(map(_drops_all, job["original"]["steps"]))):
        return (SIZES_AND_RATES,)
    variants = job["original"], job["repaired"]
    # Targets of another shape than the output Keras may stretch, or refuse.
    stretched = variants[0]["y"]["shape"] != variants[1]["y"]["shape"]
    depends = stretched or any(_has_usual_rate(one["optimizer"]) for one in variants)
    return TURNS.get(job["symptom"], () if depends else None)


def _drops_all(step: Step) -> bool:
    return "Dropout" in step["type"] and step["config"].get("rate") == 1


def _has_usual_rate(optimizer: Made) -> bool:
    """Whether its learning rate is the one that Keras 2 or Keras 3 has chosen, which are not the same."""
    return optimizer["type"] in OWN_RATES and "learning_rate" not in optimizer["config"]


def _asked(wanted: Wanted) -> str:
    minor = "" if wanted["minor"] is None else f".{wanted['minor']}"
    if wanted["known"]:
        return f"the program is for Keras {wanted['major']}{minor}"
    return f"nothing says which Keras the program is for (target-keras would), and Keras {wanted['major']} is assumed"


def _lacking(job: Job, keras: Any) -> Iterator[str]:
    """Yields what an experiment needs that this Keras does not have, in words."""
    for name in ("original", "repaired"):
        for place, kind in _named(job[name]):
            if all(find(keras, one, kind) is None for one in place):
                yield f"{label(keras)} has no {kind}"


def _named(one: Description) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields each class that a description names, with the modules that it may be in."""
    for step in one["steps"]:
        if step["type"] != "Input":
            yield ("layers",), step["type"]
            yield from _within(step["config"])
    yield ("optimizers",), one["optimizer"]["type"]
    yield from _within(one["optimizer"]["config"])
    yield ("losses",), LOSSES[one["loss"]["type"]]
    for metric in one["metrics"]:
        yield ("metrics",), metric["type"]


def _within(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield PARTS_IN, value["type"]
        for item in value.values():
            yield from _within(item)
