"""What all verdicts share: how seeds are combined, and how numbers are written.

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
#: Two skills that differ by less are the same; by more, the worse one fails.
ALIKE, FAR = 0.1, 0.4

#: How the assumption begins that says that a model is not as large as the program's.
SMALLER = "the model is made smaller: "

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


def error_of(runs: Sequence[Numbers]) -> str | None:
    """The error that Keras raised, with its message; None if there is none."""
    found = next((run["error"] for run in runs if "error" in run), None)
    if found is None:
        return None
    return f"{found['type']}: {found['message']}".rstrip(":. ")


def decide(
    original: Sequence[bool | None], repaired: Sequence[bool | None], text: str, *, absent: str = "", unclear: str = ""
) -> Opinion:
    """Combines seeds: True is the symptom, False its absence, None neither.

    Args:
        absent: the sentence where the original has no symptom, if it is another one.
        unclear: likewise where it remains open.
    """
    if all(one is True for one in original) and all(one is False for one in repaired):
        return Opinion(CONFIRMED, text)
    if all(one is False for one in original):
        return Opinion(REFUTED, absent or text)
    return Opinion(INCONCLUSIVE, unclear or text)


def times(count: int) -> str:
    """`2 seeds`."""
    return f"{count} seed{'s' if count > 1 else ''}"


def most(runs: list[Numbers], key: str) -> str:
    """The largest of a number over the seeds."""
    return number(max(run[key] for run in runs))


def count(run: Numbers) -> str:
    """How many different predictions there are after training."""
    return str(run["after"]["distinct"])


def distinct(run: Numbers) -> str:
    """The same in words; a single prediction with its value."""
    if run["after"]["distinct"] == 1 and run["after"]["high"] - run["after"]["low"] < 1e-6:
        return f"1 prediction ({number(run['after']['high'])})"
    return f"{run['after']['distinct']} different predictions"


def number(value: float | None) -> str:
    """Three digits."""
    if value is None:
        return "unknown"
    if abs(value) >= 1e29:
        return "NaN"
    return f"{value:.3g}" if abs(value) < 1e5 else f"{value:.1e}"


def percent(share: float) -> str:
    """`12%`."""
    return f"{share:.0%}" if share >= 0.01 or share == 0 else f"{share:.1%}"


def listed(words: Sequence[str]) -> str:
    """One word for each seed: `0.1/0.2`; only one if all are the same."""
    different = list(dict.fromkeys(words))
    return different[0] if len(different) == 1 else "/".join(words)
