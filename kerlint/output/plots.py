"""Curves of experiments as drawings for a page: SVG without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from kerlint.finding import Probe
from kerlint.output.verdict import BROKEN, gradients_of, losses_of

_WIDTH, _HEIGHT, _EDGE = 320, 120, 8


def plots(probe: Probe) -> Iterator[str]:
    """Yields a figure for the loss and one for the gradients, where they were measured."""
    named = (("Loss over the steps of training", losses_of(probe)), ("Gradient of each layer", gradients_of(probe)))
    for title, found in named:
        if found:
            yield _figure(title, found)


def _figure(title: str, found: dict[str, list[float]]) -> str:
    known = [value for values in found.values() for value in values if abs(value) < BROKEN]
    if not known:
        return ""
    top, bottom = max(known), min(0.0, *known)
    lines = "".join(
        f'<polyline class="{name}" points="{_points(values, bottom, top)}"/>' for name, values in found.items()
    )
    legend = ", ".join(f'<span class="{name}">{name}</span> {_ends(values)}' for name, values in found.items())
    label = escape(f"{title}: {', '.join(f'{name} {_ends(values)}' for name, values in found.items())}")
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{lines}</svg>'
        f"<figcaption>{escape(title)}: {legend}</figcaption></figure>"
    )


def _points(values: Sequence[float], bottom: float, top: float) -> str:
    room = max(top - bottom, 1e-30)
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    return " ".join(
        f"{_EDGE + index * step:.1f},{_HEIGHT - _EDGE - (value - bottom) / room * (_HEIGHT - 2 * _EDGE):.1f}"
        for index, value in enumerate(values)
        if abs(value) < BROKEN
    )


def _ends(values: Sequence[float]) -> str:
    first, last = (f"{value:.3g}" if abs(value) < BROKEN else "NaN" for value in (values[0], values[-1]))
    return f"{first} to {last}"
