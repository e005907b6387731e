"""What the probe says of a finding, as text and as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kerlint.finding import Finding, Probe, Severity

_VARIANTS = ("original", "repaired")
#: Heights of the bars of a curve.
_BARS = "▁▂▃▄▅▆▇█"
#: What stands for a number that is none.
BROKEN = 1e29


def verdict_of(finding: Finding) -> str:
    """`confirmed. 256 inputs gave 1 prediction`; empty where nothing was tried out."""
    return sentence(finding.probe) if finding.probe is not None else ""


def sentence(probe: Probe) -> str:
    """The verdict and its sentence."""
    return f"{probe.verdict}. {probe.text}" if probe.text else f"{probe.verdict}."


def level_of(finding: Finding) -> Severity:
    """The severity that counts: that of advice for a warning that an experiment has refuted."""
    return Severity.ADVICE if finding.is_refuted else finding.severity


def losses_of(probe: Probe) -> dict[str, list[float]]:
    """The loss over the steps of training, in the original and in the repaired variant, with the first seed."""
    found: dict[str, list[float]] = {}
    for name in _VARIANTS:
        losses = _first(probe, name, "losses")
        if not isinstance(losses, Sequence) or len(losses) < 2:
            return {}
        found[name] = [float(loss) for loss in losses]
    return found


def gradients_of(probe: Probe) -> dict[str, list[float]]:
    """The size of the gradient of each layer before training, from the first to the last."""
    found: dict[str, list[float]] = {}
    for name in _VARIANTS:
        sizes = _first(probe, name, "gradients")
        if not isinstance(sizes, Mapping) or len(sizes) < 2:
            return {}
        found[name] = [float(size) for _, size in sorted(sizes.items(), key=lambda pair: int(pair[0]))]
    return found


def _first(probe: Probe, variant: str, key: str) -> object:
    """What was measured in a variant with the first seed."""
    runs = probe.evidence.get(variant)
    run = runs[0] if isinstance(runs, Sequence) and runs else None
    return run.get(key) if isinstance(run, Mapping) else None


def curves(probe: Probe) -> list[str]:
    """Lines with a bar for each point: the loss in training, where there was one, and the gradients of the layers."""
    shown = []
    for what, found in (("loss over the steps", losses_of(probe)), ("gradient of each layer", gradients_of(probe))):
        if found:
            top = max((value for values in found.values() for value in values if value < BROKEN), default=0.0)
            parts = [f"{name} {bars(values, top)}" for name, values in found.items()]
            shown.append(f"{what}: {', '.join(parts)}")
    return shown


def bars(values: Sequence[float], top: float) -> str:
    """A bar for each value, as high as it is against `top`; an exclamation mark for what is no number."""
    if top <= 0:
        return _BARS[0] * len(values)
    return "".join(
        "!" if value >= BROKEN else _BARS[max(min(int(value / top * (len(_BARS) - 1) + 0.5), len(_BARS) - 1), 0)]
        for value in values
    )
