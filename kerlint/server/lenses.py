"""Above a finding that can be tried out: a lens that does so, and then says what came out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from lsprotocol import types

from kerlint.finding import Finding
from kerlint.server.analysis import Analysis
from kerlint.server.probing import Probing, can_be_probed

PROBE, CANCEL = "kerlint.probe", "kerlint.cancelProbe"


def lenses(analysis: Analysis, probing: Probing, uri: str, key: str) -> Iterator[types.CodeLens]:
    """Yields the lenses of a document.

    Args:
        key: what the document is a part of: its notebook, or itself.
    """
    if not analysis.snapshot.is_shown:
        return
    for finding in filter(can_be_probed, analysis.shown):
        place = analysis.snapshot.place(finding.span)
        if place.uri == uri:
            arguments = [{"key": key, "code": finding.code, "span": dataclasses.astuple(finding.span)}]
            if probing.is_running(finding):
                command = types.Command(f"probing {finding.code} ... (cancel)", CANCEL, arguments=arguments)
            elif finding.probe is not None:
                command = types.Command(f"{finding.code}: {finding.probe.verdict}", PROBE, arguments=arguments)
            else:
                command = types.Command(f"probe this ({finding.code})", PROBE, arguments=arguments)
            yield types.CodeLens(place.range, command)


def find(analysis: Analysis, arguments: Mapping[str, object]) -> Finding | None:
    """The finding that a lens is about; None if it is not found any more."""
    span, code = arguments.get("span"), arguments.get("code")
    wanted = tuple(span) if isinstance(span, (list, tuple)) else ()
    return next((one for one in analysis.shown if one.code == code and dataclasses.astuple(one.span) == wanted), None)
