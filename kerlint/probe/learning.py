"""Verdicts about models that were trained for a moment."""

from __future__ import annotations

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
        text += f". The loss fell all the same, from {number(run['first_loss'])} to {number(run['last_loss'])}"
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
        # A model may be lucky before any training, so that some skill is none of the training.
        nothing = run["gained"] < ALIKE / 2 and other["gained"] > 2 * ALIKE
        if not run["finite"] or run["skill"] <= NOTHING or run["skill"] <= other["skill"] - FAR or nothing:
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
    lag = lag_of(list(zip(original, repaired)))
    if opinion.verdict != CONFIRMED and lag >= 2 * LATE:
        return Opinion(CONFIRMED, f"{opinion.text}; {_late(list(zip(original, repaired)))}")
    if opinion.verdict == REFUTED and not all(_same_course(run, other) for run, other in zip(original, repaired)):
        # Made-up data is easier than most: only where nothing at all differs, nothing is the matter.
        return Opinion(INCONCLUSIVE, f"{opinion.text}; {_late(list(zip(original, repaired)))}")
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
        and max(run["losses"]) <= 1.5 * max(run["first_loss"], *other["losses"])
        and run["moved"] <= max(LARGE_MOVE, 2 * other["moved"])
        for run, other in zip(original, repaired)
    )
    if not any(run["finite"] for run in original) and all(_is_calm(run) for run in repaired):
        # Whether it learns in so short a time is another matter.
        return Opinion(CONFIRMED, opinion.text)
    if opinion.verdict == INCONCLUSIVE and all(_explodes(*pair) and _rises(*pair) for pair in zip(original, repaired)):
        text = f"{opinion.text}; the loss rose to {_worst(original)} on the way, repaired {_worst(repaired)}"
        if _average(original) <= _average(repaired) - ALIKE / 2:
            return Opinion(CONFIRMED, text)
    if opinion.verdict == REFUTED and not calm:
        # It came through this time, on data that is easier than most.
        return Opinion(INCONCLUSIVE, f"{opinion.text}; the largest loss on the way was {_worst(original)}")
    return opinion


@symptom("scale")
def _scale(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same, where it is the size of the data that does it: losses or gradients are of another size at the start."""
    opinion = _diverges(job, original, repaired)
    pairs = list(zip(original, repaired))
    if opinion.verdict == CONFIRMED and not all(_off_scale(run, other) for run, other in pairs):
        return Opinion(INCONCLUSIVE, f"{opinion.text}; but it starts like the repaired model")
    if opinion.verdict == INCONCLUSIVE and all(_far_off_scale(run, other) for run, other in pairs):
        if all(_explodes(run, other) for run, other in pairs):
            return Opinion(CONFIRMED, f"{opinion.text}; the first steps throw the weights away")
        if lag_of(pairs) >= LATE:
            return Opinion(CONFIRMED, f"{opinion.text}; {_late(pairs)}")
    return opinion


#: How much larger a loss and a gradient start that no model with usual data starts with.
FAR_LOSS, FAR_GRADIENT = 5.0, 20.0
#: How many times as far as usual weights move that are thrown away.
THROWN = 100.0
#: A model whose skill is behind by so much on the way, on average, learns late.
LATE = 0.1


def _far_off_scale(run: Numbers, other: Numbers) -> bool:
    """Whether the loss and the gradient of the first layer start many times too large."""
    first = next(iter(run["gradients"]), None)
    usual = other["gradients"].get(first)
    far = bool(usual) and run["gradients"][first] > FAR_GRADIENT * usual
    return bool(far and abs(run["first_loss"]) > FAR_LOSS * abs(other["first_loss"]))


def _is_calm(run: Numbers) -> bool:
    """Whether the loss falls, and the weights stay about where they were."""
    return bool(run["finite"] and run["moved"] <= LARGE_MOVE and run["last_loss"] < run["first_loss"])


def _rises(run: Numbers, other: Numbers) -> bool:
    return bool(max(run["losses"]) > 3 * max(run["first_loss"], *other["losses"]))


def _average(runs: list[Numbers]) -> float:
    """The mean skill."""
    return float(sum(run["skill"] for run in runs)) / len(runs)


def _explodes(run: Numbers, other: Numbers) -> bool:
    return not run["finite"] or float(run["moved"]) > THROWN * max(other["moved"], 0.1)


def lag_of(pairs: list[tuple[Numbers, Numbers]]) -> float:
    """How far the skill of the original is behind on the way, on average; 0 where the repaired one learns nothing."""
    if not all(other["finite"] and other["skill"] >= LEARNED for _, other in pairs):
        return 0.0
    marks = [max(b, 0.0) - max(a, 0.0) for run, other in pairs for a, b in zip(run["course"], other["course"])]
    return float(sum(marks) / max(len(marks), 1))


def _same_course(run: Numbers, other: Numbers) -> bool:
    return all(abs(a - b) < 0.2 * LATE for a, b in zip(run["course"], other["course"]))


def _late(pairs: list[tuple[Numbers, Numbers]]) -> str:
    """The skill after the first steps."""
    own, other = ([f"{pair[side]['course'][0]:.2f}" for pair in pairs] for side in (0, 1))
    return f"after the first steps the skill was {listed(own)}, repaired {listed(other)}"


def _off_scale(run: Numbers, other: Numbers) -> bool:
    if not abs(run["first_loss"]) <= 2 * abs(other["first_loss"]):
        return True
    pairs = [(size, other["gradients"].get(step)) for step, size in run["gradients"].items()]
    ratios = [size / usual for size, usual in pairs[:1] if usual]
    return any(ratio > OFF_SCALE or ratio < 1 / OFF_SCALE for ratio in ratios)


def _worst(runs: list[Numbers]) -> str:
    return number(max(max(run["losses"]) for run in runs))


#: Weights that move less leave a model as it was: measured over optimizers, rates and 600 steps.
TOO_LITTLE = 0.006


@symptom("budget")
def _budget(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Weights hardly move, and nothing is learned."""
    more = f"; weights moved by up to {most(original, 'moved')}, repaired {most(repaired, 'moved')}"
    opinion = _by_skill(original, repaired, more)
    less = all(run["moved"] <= 0.2 * other["moved"] for run, other in zip(original, repaired))
    if opinion.verdict == CONFIRMED:
        return opinion if less else Opinion(INCONCLUSIVE, opinion.text)
    learned = all(run["finite"] and run["skill"] >= LEARNED and run["gained"] > 2 * ALIKE for run in repaired)
    as_before = all(run["moved"] < TOO_LITTLE and abs(run["gained"]) < ALIKE for run in original)
    if less and learned and as_before:
        # What it can, it could before any training.
        gained = [f"{run['gained']:.2f}" for run in original]
        return Opinion(CONFIRMED, f"{opinion.text}; of its skill training brought {listed(gained)}")
    return opinion


@symptom("logits")
def _logits(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Outputs that are no probabilities, although the loss reads them so."""
    # With few outputs it may be chance that they are small: larger inputs show that nothing bounds them.
    beyond = max(run["beyond"] for run in original)
    outside = [max(run["before"]["outside"], run["beyond"]) for run in original]
    other, wanted = repaired[0]["first_loss"], original[0]["expected_loss"]
    text = f"{percent(max(run['before']['outside'] for run in original))} of the outputs lie outside 0..1, where the "
    text += f"loss clips them ({percent(beyond)} for inputs ten times as large)"
    if wanted is not None:
        text += (
            f"; the first loss is {listed([number(run['first_loss']) for run in original])}, "
            f"repaired {number(other)} (expected {number(wanted)})"
        )
    return decide(
        [share >= 0.05 if share >= 0.05 or share == 0 else None for share in outside],
        [run["before"]["outside"] > 0 or run["beyond"] > 0 for run in repaired],
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
        return Opinion(CONFIRMED, f"it raises {error}; repaired, it does not")
    if error is None:
        if original[0].get("size") == 0:
            return Opinion(INCONCLUSIVE, "it raises no error, but what it gives is empty: a size has become 0")
        how = "called" if "size" in original[0] else "gives a loss"
        return Opinion(REFUTED, f"it is built and {how} without an error")
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
        f"{number(other['after']['low'])} to {number(other['after']['high'])}; {skill_pair(original, repaired)}"
    )
    return decide(
        [_stops(run, low, high) for run in original],
        [False if _passes(run, low, high) else None for run in repaired],
        text,
    )


def _passes(run: Numbers, low: float | None, high: float | None) -> bool:
    """Whether predictions lie clearly beyond a bound."""
    room = 1e-3 * max(run["targets"][1] - run["targets"][0], 1e-9)
    below = low is not None and run["after"]["low"] < low - room
    return bool(run["finite"] and (below or (high is not None and run["after"]["high"] > high + room)))


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


def skill_pair(original: list[Numbers], repaired: list[Numbers]) -> str:
    own = [f"{run['skill']:.2f}" for run in original]
    return "skill " + listed(own) + ", repaired " + listed([f"{run['skill']:.2f}" for run in repaired])


def _noises(runs: list[Numbers]) -> str:
    return listed([f"{run['noise']:.2f}" for run in runs])


#: From here on the answer in training depends as much on what is dropped as on the row.
DROWNED = 0.5
#: What passes a dropout that lets next to nothing through.
HARDLY_ANYTHING = 0.15


@symptom("drops")
def _drops(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Dropout that lets next to nothing through."""
    passed = [min(run.get("passes", {"": 1.0}).values()) for run in original]
    more = f"; in training {percent(sum(passed) / len(passed))} of the values pass"
    pairs = list(zip(original, repaired))
    if all("noise" in run for run in (*original, *repaired)):
        more += f"; two passes over the same rows differ by {_noises(original)} of what different rows do, "
        more += f"repaired {_noises(repaired)}"
    opinion = _by_skill(original, repaired, more)
    if opinion.verdict == CONFIRMED or max(passed) >= HARDLY_ANYTHING:
        return opinion
    learned = all(run["finite"] and run["skill"] >= LEARNED for run in repaired)
    if learned and all(run.get("noise", 0.0) > max(DROWNED, 3 * other.get("noise", 1.0)) for run, other in pairs):
        return Opinion(CONFIRMED, opinion.text)
    # It learned all the same, on data that is easier than most.
    return Opinion(INCONCLUSIVE, opinion.text)
