"""From measurements to a verdict and one sentence of numbers.

A verdict is taken over all seeds and never from the loss alone. Confirmed: the symptom is in the original and not in
the repaired variant, for every seed. Refuted: the symptom is in the original for no seed. Everything between is
inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerlint.probe.description import Job

CONFIRMED, REFUTED, INCONCLUSIVE = "confirmed", "refuted", "inconclusive"

#: From here on a variant has learned its task; up to there it has learned nothing. Measured on four small
#: architectures: see docs/probe.md.
LEARNED, NOTHING = 0.5, 0.15
#: Two skills that differ by less are the same.
ALIKE = 0.1

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Opinion:
    """A verdict and its sentence."""

    verdict: str
    text: str


Judge = Callable[[Job, list[Numbers], list[Numbers]], Opinion]
SYMPTOMS: dict[str, Judge] = {}


def symptom(name: str) -> Callable[[Judge], Judge]:
    """Registers the judge of a symptom."""

    def register(judge: Judge) -> Judge:
        SYMPTOMS[name] = judge
        return judge

    return register


def judge(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The verdict about one experiment."""
    if job["symptom"] != "raises":
        for name, runs in (("original", original), ("repaired model", repaired)):
            error = _error(runs)
            if error is not None:
                return Opinion(INCONCLUSIVE, f"the {name} raises {error}")
    return SYMPTOMS[job["symptom"]](job, original, repaired)


def _error(runs: Sequence[Numbers]) -> str | None:
    found = next((run["error"] for run in runs if "error" in run), None)
    if found is None:
        return None
    return f"{found['type']}: {found['message']}".rstrip(": ")


def _decide(
    original: list[bool | None], repaired: list[bool | None], confirmed: str, refuted: str, otherwise: str
) -> Opinion:
    """Combines seeds: True is the symptom, False its absence, None neither."""
    if all(one is True for one in original) and all(one is False for one in repaired):
        return Opinion(CONFIRMED, confirmed)
    if all(one is False for one in original):
        return Opinion(REFUTED, refuted)
    return Opinion(INCONCLUSIVE, otherwise)


@symptom("still")
def _still(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """No weight changes."""
    steps = len(original)
    return _decide(
        [run["moved"] == 0 for run in original],
        [run["moved"] == 0 for run in repaired],
        f"in training no weight changed by anything ({_times(steps)}); repaired, they changed by up to "
        f"{_most(repaired, 'moved')}",
        f"weights changed by up to {_most(original, 'moved')}",
        f"weights changed by up to {_most(original, 'moved')}, repaired by up to {_most(repaired, 'moved')}",
    )


@symptom("still_or_flat")
def _still_or_flat(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A loss that is 0 whatever the model says, so that nothing is learned."""
    text = (
        f"the loss is {_number(original[0]['first_loss'])} before any training, and weights change by no more than "
        f"{_most(original, 'moved')}; repaired {_number(repaired[0]['first_loss'])} and {_most(repaired, 'moved')}"
    )
    return _decide(
        [_says_nothing(run) for run in original], [_says_nothing(run) for run in repaired], text, text, text
    )


def _says_nothing(run: Numbers) -> bool | None:
    flat = abs(run["first_loss"]) < 1e-5 and all(abs(loss) < 1e-5 for loss in run["losses"])
    return True if flat and run["moved"] < 1e-3 else False if run["first_loss"] > 1e-3 else None


@symptom("constant")
def _constant(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same answer for every input."""
    first, other = original[0], repaired[0]
    text = f"{first['rows']} different inputs gave {_distinct(first)}; repaired, {_count(other)} different ones"
    falling = [run for run in original if run["last_loss"] < 0.9 * run["first_loss"] and run["finite"]]
    if falling:
        run = falling[0]
        text += f". The loss fell all the same ({_number(run['first_loss'])} to {_number(run['last_loss'])})"
    return _decide(
        [_is_constant(run) for run in original],
        [_is_constant(run) for run in repaired],
        text,
        f"{first['rows']} different inputs gave {_count(first)} different predictions",
        f"{first['rows']} different inputs gave {_count(first)} different predictions, repaired {_count(other)}",
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
        if not run["finite"] or run["skill"] <= NOTHING:
            failed.append(True)
        else:
            failed.append(False if run["skill"] >= min(other["skill"] - ALIKE, 0.9) else None)
    return _decide(failed, [False] * len(repaired), text, text, text)


def _skills(own: list[str], repaired: list[Numbers]) -> str:
    other = ["NaN" if not run["finite"] else f"{run['skill']:.2f}" for run in repaired]
    return f"skill after a short training (0: useless, 1: perfect) {_list(own)}, repaired {_list(other)}"


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


@symptom("diverges")
def _diverges(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The loss rises, or is NaN, or nothing is learned."""
    moved = f"; weights moved by up to {_most(original, 'moved')}, repaired {_most(repaired, 'moved')}"
    return _by_skill(original, repaired, moved)


@symptom("budget")
def _budget(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Weights hardly move, and nothing is learned."""
    moved = f"; weights moved by up to {_most(original, 'moved')}, repaired {_most(repaired, 'moved')}"
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
    text = f"{_percent(max(outside))} of the outputs lie outside 0..1, where the loss clips them"
    if wanted is not None:
        text += (
            f"; the first loss is {_list([_number(run['first_loss']) for run in original])}, "
            f"repaired {_number(other)} (expected {_number(wanted)})"
        )
    return _decide(
        [share >= 0.05 if share >= 0.05 or share == 0 else None for share in outside],
        [run["before"]["outside"] > 0 for run in repaired],
        text,
        "all outputs lie between 0 and 1",
        text,
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
    losses = f"the loss stops at {_list([_number(run['last_loss']) for run in original])}, repaired "
    losses += _list([_number(run["last_loss"]) for run in repaired])
    spreads = f"predictions spread by {_list([_number(one) for one in own])}, repaired "
    return f"{losses}; {spreads}{_list([_number(one) for one in other])}"


def _close(left: list[float], right: list[float]) -> bool:
    return len(left) == len(right) and all(abs(a - b) <= 1e-3 * max(abs(a), abs(b), 1e-3) for a, b in zip(left, right))


@symptom("raises")
def _raises(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Keras refuses it."""
    error, other = _error(original), _error(repaired)
    if error is not None and any(run.get("error", {}).get("memory") for run in original):
        return Opinion(INCONCLUSIVE, "the memory is not enough")
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
        f"targets go from {_number(run['targets'][0])} to {_number(run['targets'][1])}, predictions after training "
        f"from {_number(run['after']['low'])} to {_number(run['after']['high'])}, repaired from "
        f"{_number(other['after']['low'])} to {_number(other['after']['high'])}; {_skill_pair(original, repaired)}"
    )
    return _decide(
        [_stops(run, low, high) for run in original],
        [False if _stops(run, low, high) is False else None for run in repaired],
        text,
        text,
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
            found.append(True if sign * (made - bound) <= 1e-6 else False)
    if not found:
        return False
    return True if any(one is True for one in found) and run["skill"] < 0.9 else False if True not in found else None


def _skill_pair(original: list[Numbers], repaired: list[Numbers]) -> str:
    own = [f"{run['skill']:.2f}" for run in original]
    return "skill " + _list(own) + ", repaired " + _list([f"{run['skill']:.2f}" for run in repaired])


@symptom("alike")
def _alike(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Units of a layer that all give the same, or nothing."""
    own, other = [_units(run) for run in original], [_units(run) for run in repaired]
    text = f"after training {_list([f'{a} of {b}' for a, b in own])} units of the layer differ from each other"
    text += f", repaired {_list([f'{a} of {b}' for a, b in other])}"
    return _decide(
        [_is_alike(*pair) for pair in own], [_is_alike(*pair) for pair in other], text, text, text
    )


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
    text = f"{_list([_percent(one) for one in own])} of the units of the layer give 0 for every input, repaired "
    text += _list([_percent(one) for one in other])
    return _decide(
        [True if one > 0.9 else False if one < 0.5 else None for one in own],
        [True if one > 0.9 else False if one < 0.5 else None for one in other],
        text,
        text,
        text,
    )


def _dead_share(run: Numbers) -> float:
    return max((min(one["dead"], run["units_before"][step]["dead"]) for step, one in run["units"].items()), default=0.0)


@symptom("vanishes")
def _vanishes(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The gradient of the first layer is far smaller than that of the last."""
    own = [_ratio(run, job) for run in original]
    other = [_ratio(run, job) for run in repaired]
    if None in own or None in other:
        return Opinion(INCONCLUSIVE, "the gradients could not be compared")
    text = (
        f"the gradient of the first of these layers is {_list([_number(one) for one in own])} times that of the last, "
        f"repaired {_list([_number(one) for one in other])}; {_skill_pair(original, repaired)}"
    )
    found = [True if one < 0.02 else False if one > 0.1 else None for one in own if one is not None]
    sound = [False if one > 0.1 else None for one in other if one is not None]
    lags = all(
        run["skill"] <= NOTHING or run["skill"] <= better["skill"] - ALIKE for run, better in zip(original, repaired)
    )
    opinion = _decide(list(found), list(sound), text, text, text)
    if opinion.verdict == CONFIRMED and not (lags and all(run["skill"] >= LEARNED for run in repaired)):
        return Opinion(INCONCLUSIVE, text)
    return opinion


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
        f"together the layers deviate from a linear function by {_number(max(own))} of their values, "
        f"repaired by {_number(min(other))}"
    )
    return _decide([one < 1e-3 for one in own], [one < 1e-2 for one in other], text, text, text)


@symptom("drops")
def _drops(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Dropout that lets next to nothing through."""
    passed = [min(run.get("passes", {"": 1.0}).values()) for run in original]
    more = f"; in training {_percent(sum(passed) / len(passed))} of the values pass"
    return _by_skill(original, repaired, more)


def _times(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"


def _most(runs: list[Numbers], key: str) -> str:
    return _number(max(run[key] for run in runs))


def _count(run: Numbers) -> str:
    return str(run["after"]["distinct"])


def _distinct(run: Numbers) -> str:
    if run["after"]["distinct"] == 1 and run["after"]["high"] - run["after"]["low"] < 1e-6:
        return f"1 prediction ({_number(run['after']['high'])})"
    return f"{run['after']['distinct']} different predictions"


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    if abs(value) >= 1e29:
        return "NaN"
    return f"{value:.3g}" if abs(value) < 1e5 else f"{value:.1e}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 or share == 0 else f"{share:.1%}"


def _list(words: Sequence[str]) -> str:
    different = list(dict.fromkeys(words))
    return different[0] if len(different) == 1 else "/".join(words)
