"""Verdicts about models that were trained for a moment."""

from __future__ import annotations

import math

from kerlint.probe.description import Job
from kerlint.probe.opinions import (
    ALIKE,
    CONFIRMED,
    FAR,
    INCONCLUSIVE,
    LEARNED,
    NOTHING,
    REFUTED,
    Numbers,
    Opinion,
    count,
    decide,
    distinct,
    error_of,
    listed,
    most,
    number,
    percent,
    symptom,
    times,
)


@symptom("still")
def _still(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """No weight changes."""
    return decide(
        [run["moved"] == 0 for run in original],
        [run["moved"] == 0 for run in repaired],
        f"in training no weight changed by anything ({times(len(original))}); repaired, they changed by up to "
        f"{most(repaired, 'moved')}",
        absent=f"weights changed by up to {most(original, 'moved')}",
    )


@symptom("still_or_flat")
def _still_or_flat(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A loss that is 0 whatever the model says, so that nothing is learned."""
    text = (
        f"the loss is {number(original[0]['first_loss'])} before any training, and weights change by no more than "
        f"{most(original, 'moved')}; repaired {number(repaired[0]['first_loss'])} and {most(repaired, 'moved')}"
    )
    return decide([_says_nothing(run) for run in original], [_says_nothing(run) for run in repaired], text)


def _says_nothing(run: Numbers) -> bool | None:
    flat = abs(run["first_loss"]) < 1e-5 and all(abs(loss) < 1e-5 for loss in run["losses"])
    return True if flat and run["moved"] < 1e-3 else False if run["first_loss"] > 1e-3 else None


@symptom("constant")
def _constant(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same answer for every input."""
    first, other = original[0], repaired[0]
    text = f"{first['rows']} different inputs gave {distinct(first)}; repaired, {count(other)} different ones"
    falling = [run for run in original if run["last_loss"] < 0.9 * run["first_loss"] and run["finite"]]
    if falling:
        run = falling[0]
        text += f". The loss fell all the same ({number(run['first_loss'])} to {number(run['last_loss'])})"
    return decide(
        [_is_constant(run) for run in original],
        [_is_constant(run) for run in repaired],
        text,
        absent=f"{first['rows']} different inputs gave {count(first)} different predictions",
    )


def _is_constant(run: Numbers) -> bool | None:
    if not run["finite"]:
        return None
    flat = run["after"]["distinct"] == 1 and run["before"]["distinct"] == 1
    return True if flat else False if run["after"]["distinct"] > 1 else None


@symptom("fails")
def _fails(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The original learns nothing where the repaired variant does."""
    return _by_skill(original, repaired, "")


def _by_skill(original: list[Numbers], repaired: list[Numbers], more: str) -> Opinion:
    own = ["NaN" if not run["finite"] else f"{run['skill']:.2f}" for run in original]
    text = _skills(own, repaired) + more
    learned = [run["finite"] and run["skill"] >= LEARNED for run in repaired]
    if not all(learned):
        good = [run["finite"] and run["skill"] >= LEARNED for run in original]
        return Opinion(REFUTED if all(good) else INCONCLUSIVE, text)
    failed: list[bool | None] = []
    for run, other in zip(original, repaired):
        if not run["finite"] or run["skill"] <= NOTHING or run["skill"] <= other["skill"] - FAR:
            failed.append(True)
        else:
            failed.append(False if run["skill"] >= min(other["skill"] - ALIKE, 0.9) else None)
    return decide(failed, [False] * len(repaired), text)


def _skills(own: list[str], repaired: list[Numbers]) -> str:
    other = ["NaN" if not run["finite"] else f"{run['skill']:.2f}" for run in repaired]
    return f"skill after a short training (0: useless, 1: perfect) {listed(own)}, repaired {listed(other)}"


@symptom("slower")
def _slower(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same as `fails`, but a clear lag is enough."""
    opinion = _by_skill(original, repaired, "")
    if opinion.verdict != INCONCLUSIVE:
        return opinion
    margin = float(job["details"].get("margin", 0.3))  # type: ignore[arg-type]
    behind = all(
        run["finite"] and other["finite"] and other["skill"] >= LEARNED and run["skill"] <= other["skill"] - margin
        for run, other in zip(original, repaired)
    )
    return Opinion(CONFIRMED if behind else INCONCLUSIVE, opinion.text)


#: Weights start well below 1: what moves them further than this has thrown them away.
LARGE_MOVE = 2.0
#: First gradients that differ by more than this are of another size.
OFF_SCALE = 5.0


@symptom("diverges")
def _diverges(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The loss rises, or is NaN, or nothing is learned."""
    first = [number(run["first_loss"]) for run in original]
    more = f"; the loss starts at {listed(first)}, repaired {listed([number(run['first_loss']) for run in repaired])}"
    more += f"; weights moved by up to {most(original, 'moved')}, repaired {most(repaired, 'moved')}"
    opinion = _by_skill(original, repaired, more)
    calm = all(
        run["first_loss"] <= 2 * other["first_loss"]
        and max(run["losses"]) <= 1.5 * run["first_loss"]
        and run["moved"] <= LARGE_MOVE
        for run, other in zip(original, repaired)
    )
    if opinion.verdict == REFUTED and not calm:
        # It came through this time, on data that is easier than most.
        return Opinion(INCONCLUSIVE, f"{opinion.text}; the largest loss on the way was {_worst(original)}")
    return opinion


@symptom("scale")
def _scale(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same, where it is the size of the data that does it: losses or gradients are of another size at the start."""
    opinion = _diverges(job, original, repaired)
    if opinion.verdict == CONFIRMED and not all(_off_scale(run, other) for run, other in zip(original, repaired)):
        return Opinion(INCONCLUSIVE, f"{opinion.text}; but it starts like the repaired model")
    return opinion


def _off_scale(run: Numbers, other: Numbers) -> bool:
    if not abs(run["first_loss"]) <= 2 * abs(other["first_loss"]):
        return True
    pairs = [(size, other["gradients"].get(step)) for step, size in run["gradients"].items()]
    ratios = [size / usual for size, usual in pairs[:1] if usual]
    return any(ratio > OFF_SCALE or ratio < 1 / OFF_SCALE for ratio in ratios)


def _worst(runs: list[Numbers]) -> str:
    return number(max(max(run["losses"]) for run in runs))


@symptom("budget")
def _budget(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Weights hardly move, and nothing is learned."""
    moved = f"; weights moved by up to {most(original, 'moved')}, repaired {most(repaired, 'moved')}"
    opinion = _by_skill(original, repaired, moved)
    if opinion.verdict == CONFIRMED and not all(
        run["moved"] <= 0.2 * other["moved"] for run, other in zip(original, repaired)
    ):
        return Opinion(INCONCLUSIVE, opinion.text)
    return opinion


@symptom("logits")
def _logits(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Outputs that are no probabilities, although the loss reads them so."""
    outside = [run["before"]["outside"] for run in original]
    other, wanted = repaired[0]["first_loss"], original[0]["expected_loss"]
    text = f"{percent(max(outside))} of the outputs lie outside 0..1, where the loss clips them"
    if wanted is not None:
        text += (
            f"; the first loss is {listed([number(run['first_loss']) for run in original])}, "
            f"repaired {number(other)} (expected {number(wanted)})"
        )
    return decide(
        [share >= 0.05 if share >= 0.05 or share == 0 else None for share in outside],
        [run["before"]["outside"] > 0 for run in repaired],
        text,
        absent="all outputs lie between 0 and 1",
    )


@symptom("twice")
def _twice(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """An activation that is undone, or applied twice: the same training, or a worse one."""
    same = all(_close(run["losses"], other["losses"]) for run, other in zip(original, repaired))
    if same:
        return Opinion(REFUTED, "Keras undoes it: step by step the losses are those of the repaired model")
    own = [run["after"]["spread"] for run in original]
    other = [run["after"]["spread"] for run in repaired]
    text = _twice_text(original, repaired, own, other)
    squeezed = [one < 0.6 * more for one, more in zip(own, other)]
    slower = [run["last_loss"] > other_run["last_loss"] + 0.1 for run, other_run in zip(original, repaired)]
    learned = all(run["skill"] >= LEARNED for run in repaired)
    if learned and all(squeezed) and all(slower):
        return Opinion(CONFIRMED, text)
    return Opinion(INCONCLUSIVE, text)


def _twice_text(original: list[Numbers], repaired: list[Numbers], own: list[float], other: list[float]) -> str:
    losses = f"the loss stops at {listed([number(run['last_loss']) for run in original])}, repaired "
    losses += listed([number(run["last_loss"]) for run in repaired])
    spreads = f"predictions spread by {listed([number(one) for one in own])}, repaired "
    return f"{losses}; {spreads}{listed([number(one) for one in other])}"


def _close(left: list[float], right: list[float]) -> bool:
    return len(left) == len(right) and all(abs(a - b) <= 1e-3 * max(abs(a), abs(b), 1e-3) for a, b in zip(left, right))


@symptom("raises")
def _raises(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Keras refuses it."""
    error, other = error_of(original), error_of(repaired)
    if error is not None and other is None:
        return Opinion(CONFIRMED, f"it raises {error}; repaired, it trains")
    if error is None:
        return Opinion(REFUTED, "it is built and trained without an error")
    return Opinion(INCONCLUSIVE, f"it raises {error}, and the repaired one {other}")


@symptom("range")
def _range(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Targets that no output can reach."""
    low, high = job["details"].get("low"), job["details"].get("high")
    assert low is None or isinstance(low, (int, float))
    assert high is None or isinstance(high, (int, float))
    run, other = original[0], repaired[0]
    text = (
        f"targets go from {number(run['targets'][0])} to {number(run['targets'][1])}, predictions after training "
        f"from {number(run['after']['low'])} to {number(run['after']['high'])}, repaired from "
        f"{number(other['after']['low'])} to {number(other['after']['high'])}; {_skill_pair(original, repaired)}"
    )
    return decide(
        [_stops(run, low, high) for run in original],
        [False if _stops(run, low, high) is False else None for run in repaired],
        text,
    )


def _stops(run: Numbers, low: float | None, high: float | None) -> bool | None:
    """Whether targets lie beyond a bound that predictions do not pass; None if neither is clear."""
    if not run["finite"]:
        return None
    found: list[bool | None] = []
    room = (run["targets"][1] - run["targets"][0]) * 0.05
    for bound, target, made, sign in (
        (low, run["targets"][0], run["after"]["low"], -1),
        (high, run["targets"][1], run["after"]["high"], 1),
    ):
        if bound is not None and sign * (target - bound) > room:
            found.append(sign * (made - bound) <= 1e-6)
    if not found:
        return False
    return True if any(one is True for one in found) and run["skill"] < 0.9 else False if True not in found else None


def _skill_pair(original: list[Numbers], repaired: list[Numbers]) -> str:
    own = [f"{run['skill']:.2f}" for run in original]
    return "skill " + listed(own) + ", repaired " + listed([f"{run['skill']:.2f}" for run in repaired])


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
        f"repaired {listed([number(one) for one in other])}; {_skill_pair(original, repaired)}"
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


#: What passes a dropout that lets next to nothing through.
HARDLY_ANYTHING = 0.15


@symptom("drops")
def _drops(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Dropout that lets next to nothing through."""
    passed = [min(run.get("passes", {"": 1.0}).values()) for run in original]
    more = f"; in training {percent(sum(passed) / len(passed))} of the values pass"
    opinion = _by_skill(original, repaired, more)
    if opinion.verdict == REFUTED and max(passed) < HARDLY_ANYTHING:
        # It learned all the same, on data that is easier than most.
        return Opinion(INCONCLUSIVE, opinion.text)
    return opinion


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
    text += f" as with the usual weights; {_skill_pair(original, repaired)}"
    lags = [
        other["finite"]
        and other["skill"] >= LEARNED
        and (not run["finite"] or run["skill"] <= other["skill"] - 2 * ALIKE)
        for run, other in zip(original, repaired)
    ]
    if all(one > 4 for one in own) and all(lags):
        return Opinion(CONFIRMED, text)
    # Outputs that are as large as the rule says may do harm on other data.
    fine = all(one < 2 for one in own) and all(
        run["finite"] and run["skill"] >= min(other["skill"] - ALIKE, 0.9) and other["skill"] >= LEARNED
        for run, other in zip(original, repaired)
    )
    return Opinion(REFUTED if fine else INCONCLUSIVE, text)


def _size(run: Numbers) -> float:
    last = list(run["units_before"].values())
    return float(last[-1]["largest"]) if last else 0.0


@symptom("superfluous")
def _superfluous(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A step that changes nothing."""
    text = (
        f"the step changes no value by more than {most(original, 'changed')}, tanh in its place by up to "
        f"{most(repaired, 'changed')}"
    )
    return decide([run["changed"] == 0 for run in original], [run["changed"] == 0 for run in repaired], text)
