"""From measurements to a verdict and one sentence of numbers."""

from __future__ import annotations

from kerlint.probe import inside, learning, operating
from kerlint.probe.description import Job
from kerlint.probe.opinions import CONFIRMED, INCONCLUSIVE, REFUTED, SMALLER, SYMPTOMS, Numbers, Opinion, error_of

__all__ = ["CONFIRMED", "INCONCLUSIVE", "REFUTED", "Opinion", "inside", "judge", "learning", "operating"]

#: Symptoms that a smaller model need not have.
_BY_SIZE = frozenset({"diverges", "scale", "fails", "slower", "large", "vanishes", "budget", "drops", "raises"})
#: Symptoms for which an error of the original is an answer.
_MAY_RAISE = frozenset({"raises", "metric", "unadapted", "endless"})


def judge(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    """The verdict about one experiment, with the Keras that it was measured with."""
    opinion = _opinion(job, original, repaired)
    used = next((run["keras"] for run in (*original, *repaired) if "keras" in run), None)
    return opinion if used is None else Opinion(opinion.verdict, f"{opinion.text} ({used})")


def _opinion(job: Job, original: list[Numbers], repaired: list[Numbers]) -> Opinion:
    if any(run.get("error", {}).get("memory") for run in (*original, *repaired)):
        return Opinion(INCONCLUSIVE, "the memory is not enough for this model")
    if job["symptom"] not in _MAY_RAISE:
        for name, runs in (("original", original), ("repaired model", repaired)):
            error = error_of(runs)
            if error is not None:
                return Opinion(INCONCLUSIVE, f"the {name} raises {error}")
    opinion = SYMPTOMS[job["symptom"]](job, original, repaired)
    smaller = any(text.startswith(SMALLER) for text in job["assumptions"])
    if smaller and opinion.verdict == REFUTED and job["symptom"] in _BY_SIZE:
        return Opinion(INCONCLUSIVE, f"{opinion.text}; but the model was made smaller")
    return opinion
