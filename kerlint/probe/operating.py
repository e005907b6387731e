"""Verdicts about single operations."""

from __future__ import annotations

from kerlint.probe.description import Job
from kerlint.probe.opinions import (
    CONFIRMED,
    INCONCLUSIVE,
    REFUTED,
    Numbers,
    Opinion,
    decide,
    error_of,
    number,
    percent,
    symptom,
)


@symptom("idle")
def _idle(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Layers that should act and do not."""
    own, other = original[0], repaired[0]
    text = f"{own['what']} changes by {number(own['moved'])}, repaired by {number(other['moved'])}"
    return decide([own["moved"] == 0], [other["moved"] == 0], text)


@symptom("overridden")
def _overridden(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Layers that act although they were told not to."""
    own, other = original[0], repaired[0]
    text = f"{own['what']} changes by {number(own['moved'])}, repaired by {number(other['moved'])}"
    return decide([own["moved"] > 0], [other["moved"] > 0], text)


@symptom("ignored")
def _ignored(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A change of `trainable` that has no effect."""
    own, other = original[0], repaired[0]
    text = (
        f"weights of the layer change by {number(own['moved'])} in the training after trainable = {own['wanted']}, "
        f"compiled again by {number(other['moved'])}"
    )
    return decide([(own["moved"] > 0) is not own["wanted"]], [(other["moved"] > 0) is not other["wanted"]], text)


@symptom("untracked")
def _untracked(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A loss that is shown as 0."""
    own, other = original[0], repaired[0]
    text = (
        f"fit() shows a loss of {number(own['shown'])} where it is {number(own['real'])}; tracked, it shows "
        f"{number(other['shown'])}"
    )
    return decide(
        [own["shown"] == 0 and own["real"] > 0], [abs(other["shown"] - other["real"]) > 0.01 * abs(other["real"])], text
    )


@symptom("repeated")
def _repeated(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same random numbers in every pass."""
    own, other = original[0], repaired[0]
    text = (
        f"{own['passes']} passes drew {own['different']} different number{'s' if own['different'] > 1 else ''}, "
        f"with the seed set once {other['different']}"
    )
    return decide([own["different"] == 1], [other["different"] == 1], text)


@symptom("one_choice")
def _one_choice(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same class for every row."""
    own, other = original[0], repaired[0]
    classes = [" and ".join(map(str, one["classes"])) for one in (own, other)]
    text = f"for {own['rows']} rows it gave {classes[0]}; a threshold gave {classes[1]}"
    return decide([len(own["classes"]) == 1], [len(other["classes"]) == 1], text)


@symptom("outer")
def _outer(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Each with each instead of one with one."""
    own, other = original[0], repaired[0]
    rows = own["rows"]
    text = f"{rows} answers and {rows} targets give a result of shape ({', '.join(map(str, own['shape']))})"
    if own["right"] is not None:
        text += f"; of answers that are all right {own['right']:.0%} count as right, without the extra axis "
        text += f"{other['right']:.0%}"
    else:
        text += f"; the error of answers without any is {number(own['mistake'])}, without the extra axis "
        text += number(other["mistake"])
    return decide([own["shape"] == [rows, rows]], [other["shape"] != [rows]], text)


@symptom("metric")
def _metric(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A metric that does not tell good answers from useless ones."""
    error = error_of(original)
    if error is not None:
        if error_of(repaired) is None:
            return Opinion(CONFIRMED, f"it raises {error}; repaired, it does not")
        return Opinion(INCONCLUSIVE, f"it raises {error}")
    if error_of(repaired) is not None:
        return Opinion(INCONCLUSIVE, f"the repaired metric raises {error_of(repaired)}")
    own, other = original[0], repaired[0]
    text = (
        f"it gives {number(own['good'])} to answers that are nearly perfect and {number(own['useless'])} to useless "
        f"ones, repaired {number(other['good'])} and {number(other['useless'])}"
    )
    if own["shifted"] is not None:
        text += f"; answers that are all too large get {number(own['shifted'])}, repaired {number(other['shifted'])}"
    fooled = own["shifted"] is not None and own["shifted"] > 0.9 * own["good"]
    misleads = own["good"] < 0.5 or own["useless"] > (own["chance"] or 0.5) + 0.3 or fooled
    if "Error" in own["metric"]:
        # The smaller the better, and without a largest value.
        misleads = not _tells(own)
    if misleads and _tells(other):
        return Opinion(CONFIRMED, text)
    sound = own["good"] > 0.9 and own["useless"] < (own["chance"] or 0.5) + 0.1
    sound = not misleads if "Error" in own["metric"] else sound
    return Opinion(REFUTED if sound else INCONCLUSIVE, text)


def _tells(one: Numbers) -> bool:
    """Whether a metric, be it an accuracy or an error, tells good answers from useless ones."""
    if "Error" in one["metric"]:
        return bool(one["good"] < 0.5 * one["useless"])
    return bool(one["good"] > 0.9 and one["useless"] < one["good"] - 0.1)


@symptom("frozen")
def _frozen(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Two epochs that are the same although they should not be."""
    own, other = original[0], repaired[0]
    text = f"two passes over {own['rows']} rows gave {_same(own)}; put right, {_same(other)}"
    changes = [name for name in ("same_order", "same_numbers") if not other[name]]
    if not changes:
        return Opinion(INCONCLUSIVE, text)
    return decide([any(own[name] for name in changes)], [False], text)


def _same(one: Numbers) -> str:
    order = f"{'the same' if one['same_order'] else 'another'} order"
    if not one["draws"]:
        return order
    return f"{order} and {'the same' if one['same_numbers'] else 'different'} random numbers"


@symptom("leaks")
def _leaks(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Rows of one part that turn up in the other."""
    own, other = original[0], repaired[0]
    text = (
        f"in {own['epochs']} epochs the part for training brought {own['trained_on']} of the {own['rows']} rows of the "
        f"other part; with a shuffle that keeps its order, {other['trained_on']}"
    )
    return decide([own["trained_on"] > 0], [other["trained_on"] > 0], text)


@symptom("endless")
def _endless(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A call that does not come to an end; Keras 2 refuses to start it."""
    error, mended = error_of(original), error_of(repaired)
    if mended is not None:
        return Opinion(INCONCLUSIVE, f"with a number of steps, it raises {mended}")
    if error is not None:
        return Opinion(CONFIRMED, f"it raises {error}; with a number of steps, it does not")
    own, other = original[0], repaired[0]
    text = (
        f"of {own['rows']} rows it took {own['batches']} batches{'' if own['ended'] else ' and went on'}; with a "
        f"number of steps {other['batches']}"
    )
    return decide([not own["ended"]], [not other["ended"]], text)


@symptom("one_class")
def _one_class(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Batches of a single class."""
    own, other = original[0]["purity"], repaired[0]["purity"]
    text = (
        f"with {original[0]['classes']} classes, {percent(own)} of the rows of a batch are of the same one on average, "
        f"shuffled {percent(other)}"
    )
    return decide([True if own > other + 0.25 else False if own < other + 0.05 else None], [False], text)


@symptom("unseen")
def _unseen(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Validation on other classes than those that the model is trained on."""
    own, other = original[0], repaired[0]
    shown = ", ".join(map(str, own["validated"]))
    text = (
        f"of {own['classes']} classes the validation rows have {shown}; the mixes of classes of training and "
        f"validation agree by {percent(own['overlap'])}, shuffled by {percent(other['overlap'])}"
    )
    return decide(
        [True if own["overlap"] < 0.5 else False if own["overlap"] > 0.8 else None],
        [False if other["overlap"] > 0.8 else None],
        text,
    )


@symptom("traced")
def _traced(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The same random number for all."""
    own, other = original[0], repaired[0]
    text = (
        f"{own['elements']} calls or elements got {own['different']} different "
        f"number{'s' if own['different'] > 1 else ''}, with tf.random {other['different']}"
    )
    return decide([own["different"] == 1], [other["different"] == 1], text)


@symptom("unadapted")
def _unadapted(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """A layer that raises, or gives back what it gets."""
    error, other = error_of(original), error_of(repaired)
    if other is not None:
        return Opinion(INCONCLUSIVE, f"adapted, it raises {other}")
    if error is not None:
        return Opinion(CONFIRMED, f"it raises {error}; adapted, it does not")
    own, after = original[0], repaired[0]
    text = (
        f"{own['what']} gives data with mean {number(own['mean'])} and deviation {number(own['spread'])}, adapted "
        f"{number(after['mean'])} and {number(after['spread'])}"
    )
    return decide([own["unchanged"]], [after["unchanged"]], text)


@symptom("unseeded")
def _unseeded(_: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """Initial weights that differ although the seed is the same."""
    own, other = original[0], repaired[0]
    text = (
        f"after the same seed for {own['library']} the initial weights differ by up to {number(own['moved'])}, with "
        f"keras.utils.set_random_seed by {number(other['moved'])}"
    )
    return decide([own["moved"] > 0], [other["moved"] > 0], text)
