"""Verdicts about what is inside a model: its layers, units and gradients."""

from __future__ import annotations

import math

from kerlint.probe.description import Job
from kerlint.probe.learning import FAR_LOSS, LATE, lag_of, skill_pair
from kerlint.probe.opinions import (
    ALIKE,
    CONFIRMED,
    INCONCLUSIVE,
    LEARNED,
    NOTHING,
    REFUTED,
    Numbers,
    Opinion,
    decide,
    listed,
    most,
    number,
    percent,
    symptom,
)


@symptom("alike")
def _alike(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Units of a layer that all give the same, or nothing."""
    own, other = [_units(run) for run in original], [_units(run) for run in repaired]
    text = f"after training {listed([f'{a} of {b}' for a, b in own])} units of the layer differ from each other"
    text += f", repaired {listed([f'{a} of {b}' for a, b in other])}"
    return decide([_is_alike(*pair) for pair in own], [_is_alike(*pair) for pair in other], text)


def _units(run: Numbers) -> tuple[int, int]:
    """How many units differ in the worst layer, and how many there are: before or after training, whichever more."""
    found = [
        (max(one["distinct"], run["units_before"].get(step, one)["distinct"]), one["count"])
        for step, one in run["units"].items()
    ]
    return min(found, key=lambda pair: pair[0] / max(pair[1], 1), default=(0, 0))


def _is_alike(distinct: int, count: int) -> bool | None:
    if count < 2:
        return None
    return True if distinct <= max(1, count // 8) else False if distinct > count / 2 else None


@symptom("dead")
def _dead(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Units that give 0 for every input."""
    own, other = [_dead_share(run) for run in original], [_dead_share(run) for run in repaired]
    text = f"{listed([percent(one) for one in own])} of the units of the layer give 0 for every input; repaired, "
    text += listed([percent(one) for one in other])
    return decide(
        [True if one > 0.9 else False if one < 0.5 else None for one in own],
        [True if one > 0.9 else False if one < 0.5 else None for one in other],
        text,
    )


def _dead_share(run: Numbers) -> float:
    return max((one["dead"] for one in run["units_before"].values()), default=0.0)


@symptom("vanishes")
def _vanishes(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The gradient of the first layer is far smaller than that of the last."""
    found = [_ratio(run, job) for run in (*original, *repaired)]
    known = [one for one in found if one]
    if len(known) < len(found):
        return Opinion(INCONCLUSIVE, "the gradients could not be compared")
    own, other = known[: len(original)], known[len(original) :]
    text = (
        f"the gradient of the first of these layers is {listed([number(one) for one in own])} times that of the last, "
        f"repaired {listed([number(one) for one in other])}; {skill_pair(original, repaired)}"
    )
    small, usual = _typical(own), _typical(other)
    lags = all(
        run["skill"] <= NOTHING or run["skill"] <= better["skill"] - ALIKE for run, better in zip(original, repaired)
    )
    opinion = decide(
        [True if small < 0.05 else False if small > 0.15 else None], [False if usual > 0.1 else None], text
    )
    if opinion.verdict == CONFIRMED and not (lags and all(run["skill"] >= LEARNED for run in repaired)):
        return Opinion(INCONCLUSIVE, text)
    return opinion


def _typical(ratios: list[float]) -> float:
    """The geometric mean."""
    return math.exp(sum(math.log(one) for one in ratios) / len(ratios))


def _ratio(run: Numbers, job: Job) -> float | None:
    at = [str(step) for step in job["at"]]
    known = [run["gradients"][step] for step in at if step in run["gradients"]]
    return None if len(known) < 2 or not known[-1] else known[0] / known[-1]


@symptom("linear")
def _linear(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Layers that are one linear layer together."""
    own, other = [run["bend"] for run in original], [run["bend"] for run in repaired]
    if None in own or None in other:
        return Opinion(INCONCLUSIVE, "the layers could not be taken out of the model")
    text = (
        f"together the layers deviate from a linear function by {number(max(own))} of their values, "
        f"repaired by {number(min(other))}"
    )
    return decide([one < 1e-3 for one in own], [one < 1e-2 for one in other], text)


@symptom("twins")
def _twins(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Layers that start with the same weights."""
    own, other = original[0]["kernels"], repaired[0]["kernels"]
    text = (
        f"{own['count']} layers start with {own['different']} different sets of weights, repaired {other['different']}"
    )
    return decide(
        [run["kernels"]["different"] < run["kernels"]["count"] for run in original],
        [run["kernels"]["different"] < run["kernels"]["count"] for run in repaired],
        text,
    )


@symptom("large")
def _large(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Weights so large that the first outputs are far off, and the model lags behind."""
    own = [_size(run) / max(_size(other), 1e-30) for run, other in zip(original, repaired)]
    text = f"the last of these layers starts with outputs {listed([number(one) for one in own])} times as large"
    text += f" as with the usual weights, and the loss at {listed([number(run['first_loss']) for run in original])}, "
    text += f"repaired {listed([number(run['first_loss']) for run in repaired])}; {skill_pair(original, repaired)}"
    pairs = list(zip(original, repaired))
    lags = [
        other["finite"]
        and other["skill"] >= LEARNED
        and (not run["finite"] or run["skill"] <= other["skill"] - 2 * ALIKE)
        for run, other in zip(original, repaired)
    ]
    large = all(one > 4 for one in own)
    starts = [max(run["first_loss"], 1e-30) / max(other["first_loss"], 1e-30) for run, other in pairs]
    if large and _typical(starts) > FAR_LOSS:
        return Opinion(CONFIRMED, text)
    if large and (all(lags) or lag_of(pairs) >= 2 * LATE):
        return Opinion(CONFIRMED, text)
    # Outputs that are as large as the rule says may do harm on other data; those of tanh go to its bounds.
    spreads = [_size(run, "spread") / max(_size(other, "spread"), 1e-30) for run, other in pairs]
    fine = all(one < 4 for one in (*own, *spreads)) and all(
        run["finite"]
        and run["first_loss"] <= 2 * other["first_loss"]
        and run["skill"] >= min(other["skill"] - ALIKE, 0.9)
        and other["skill"] >= LEARNED
        for run, other in zip(original, repaired)
    )
    return Opinion(REFUTED if fine else INCONCLUSIVE, text)


def _size(run: Numbers, how: str = "largest") -> float:
    last = list(run["units_before"].values())
    return float(last[-1][how]) if last else 0.0


@symptom("superfluous")
def _superfluous(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A step that changes nothing."""
    text = (
        f"the step changes no value by more than {most(original, 'changed')}, tanh in its place by up to "
        f"{most(repaired, 'changed')}"
    )
    return decide([run["changed"] == 0 for run in original], [run["changed"] == 0 for run in repaired], text)
