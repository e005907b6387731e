"""Output shapes behind layers."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from kerlint.finding import Span
from kerlint.server.analysis import Analysis


def hints(analysis: Analysis, uri: str, within: types.Range) -> Iterator[types.InlayHint]:
    """Yields the hints in a range of a document."""
    if not analysis.snapshot.is_shown:
        return
    for spot in analysis.outline.spots:
        shapes = list(dict.fromkeys(about.shape + ("?" if about.doubt else "") for about in spot.abouts if about.shape))
        if not spot.is_layer or not shapes:
            continue
        place = analysis.snapshot.place(Span(*(spot.span.end_line, spot.span.end_column) * 2))
        position = place.range.start
        if place.uri == uri and _is_within(position, within):
            yield types.InlayHint(
                position,
                " | ".join(shapes),
                kind=types.InlayHintKind.Type,
                padding_left=True,
                tooltip="; ".join(dict.fromkeys(_tip(about.title, about.doubt) for about in spot.abouts)),
            )


def _tip(title: str, doubt: str) -> str:
    return f"{title}: {doubt}" if doubt else title


def _is_within(position: types.Position, within: types.Range) -> bool:
    start, end = within.start, within.end
    return (start.line, start.character) <= (position.line, position.character) <= (end.line, end.character)
