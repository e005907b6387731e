"""Whether an experiment shows the very symptom that was asked about: the probe measures the same in both variants."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from kerlint.finding import Probe

#: What was measured in one run of one variant, as `kerlint.probe` has it.
Run = Mapping[str, object]

#: Predictions that differ by less than this share of the range of the targets are one prediction to a reader.
_ALIKE = 0.01
_ZERO = 1e-6
#: A loss that has not lost this share in a short training is flat.
_FALLEN = 0.05


def shown(symptom: str, probe: Probe) -> tuple[bool | None, str]:
    """Whether the model has the symptom and the repaired one has not, and what was measured, in words.

    True if so with every seed, False if the model itself has it with none, None if it cannot be told.
    """
    test = _TESTS.get(symptom)
    original, repaired = _runs(probe, "original"), _runs(probe, "repaired")
    if test is None or not original:
        return None, ""
    here = [test(run) for run in original]
    there = [test(run) for run in repaired]
    if all(one is False for one in here):
        return False, _text(symptom, original[0])
    if there and all(one is True for one in here) and all(one is False for one in there):
        return True, _text(symptom, original[0])
    return None, ""


def _runs(probe: Probe, variant: str) -> list[Run]:
    runs = probe.evidence.get(variant)
    return [run for run in runs if isinstance(run, Mapping)] if isinstance(runs, list) else []


def _number(run: Run, *keys: str) -> float | None:
    value: object = run
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def _is_constant(run: Run) -> bool | None:
    targets, spread, distinct = run.get("targets"), _number(run, "after", "spread"), _number(run, "after", "distinct")
    if run.get("finite") is not True or spread is None or distinct is None:
        return None
    if distinct == 1:
        return True
    if not isinstance(targets, list) or len(targets) != 2:
        return None
    return bool(spread < _ALIKE * (targets[1] - targets[0]))


def _is_zero(run: Run) -> bool | None:
    low, high = _number(run, "after", "low"), _number(run, "after", "high")
    if run.get("finite") is not True or low is None or high is None:
        return None
    return max(abs(low), abs(high)) < _ZERO


def _is_nan(run: Run) -> bool | None:
    finite = run.get("finite")
    return not finite if isinstance(finite, bool) else None


def _is_flat(run: Run) -> bool | None:
    first, last = _number(run, "first_loss"), _number(run, "last_loss")
    if run.get("finite") is not True or first is None or last is None:
        return None
    return last > (1 - _FALLEN) * first


_TESTS: Mapping[str, Callable[[Run], bool | None]] = {
    "constant-output": _is_constant,
    "zero-output": _is_zero,
    "loss-nan": _is_nan,
    "loss-flat": _is_flat,
}


def _text(symptom: str, run: Run) -> str:
    if symptom.startswith("loss"):
        first, last = _number(run, "first_loss"), _number(run, "last_loss")
        end = "is not a number" if last is None else f"ends at {last:.3g}"
        return f"the loss {end}" if first is None else f"the loss starts at {first:.3g} and {end}"
    rows, distinct = _number(run, "rows"), _number(run, "after", "distinct")
    low, high = _number(run, "after", "low"), _number(run, "after", "high")
    text = f"{rows or 0:g} inputs gave {distinct or 0:g} predictions"
    return text if low is None or high is None else f"{text}, from {low:.3g} to {high:.3g}"
