"""Quick fixes, "ignore here", and "fix all". What an action changes is worked out, and tried, when it is chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from lsprotocol import types

from kerlint.finding import Finding, Safety
from kerlint.ignoring import edits as ignore_edits
from kerlint.records import dataclass
from kerlint.selection import OWN_NAMES
from kerlint.server.analysis import Analysis
from kerlint.server.diagnostics import diagnostic_of

FIX_ALL = "source.fixAll.kerlint"
NOTEBOOK_FIX_ALL = "notebook.source.fixAll.kerlint"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL, NOTEBOOK_FIX_ALL)


@dataclass(frozen=True)
class Refused:
    """A fix that is not made, and why."""

    reason: str


def actions(analysis: Analysis, params: types.CodeActionParams, key: str, edition: int) -> Iterator[types.CodeAction]:
    """Yields what can be done in a range, without the changes themselves.

    Args:
        key, edition: tell the text that it is about, so that it can be found again.
    """
    only = params.context.only
    snapshot = analysis.snapshot
    if not snapshot.is_shown:
        return
    if _is_asked_for(types.CodeActionKind.QuickFix, only):
        for finding in analysis.shown:
            uri, diagnostic = diagnostic_of(snapshot, finding)
            if uri == params.text_document.uri and _touch(diagnostic.range, params.range):
                yield from _for_finding(finding, diagnostic, {"key": key, "edition": edition})
    for kind in (FIX_ALL, NOTEBOOK_FIX_ALL):
        # The second is for saving a whole notebook, and shown to nobody.
        wanted = _is_asked_for(kind, only) and (kind == FIX_ALL or (only is not None and snapshot.is_notebook))
        if wanted and analysis.has_safe_fixes:
            data = {"key": key, "edition": edition, "what": "all"}
            yield types.CodeAction("kerlint: apply all safe fixes", kind=kind, data=data)


def _for_finding(
    finding: Finding, diagnostic: types.Diagnostic, data: Mapping[str, object]
) -> Iterator[types.CodeAction]:
    fix = finding.fix
    data = {**data, "code": finding.code, "span": dataclasses.astuple(finding.span)}
    if fix is not None:
        is_safe = fix.safety is Safety.SAFE
        yield types.CodeAction(
            f"kerlint: {fix.title}" + ("" if is_safe else " (unsafe: changes what the program does)"),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=True if is_safe else None,
            data={**data, "what": "fix"},
        )
    if finding.code not in OWN_NAMES:
        yield types.CodeAction(
            f"kerlint: ignore {finding.code} ({finding.name}) here",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            data={**data, "what": "ignore"},
        )


def edit(analysis: Analysis, data: Mapping[str, object]) -> dict[str, list[types.TextEdit]] | Refused:
    """What an action changes in each document. Runs in the worker thread: fixes are tried before they are made.

    Args:
        data: what `actions` gave the action to find itself again.
    """
    snapshot = analysis.snapshot
    try:
        if data["what"] == "all":
            return snapshot.differences(analysis.fix_all().data)
        finding = _find(analysis, data)
        if finding is None:
            return Refused("it is not found any more")
        if data["what"] == "ignore":
            return snapshot.edits(ignore_edits([finding], snapshot.source))
        fixed = analysis.fix(finding)
        if fixed.refused:
            return Refused(fixed.refused[0][1])
        assert finding.fix is not None
        return snapshot.edits(finding.fix.edits)
    except ValueError as error:
        return Refused(str(error))


def _find(analysis: Analysis, data: Mapping[str, object]) -> Finding | None:
    """The finding that an action is about."""
    span, code = data.get("span"), data.get("code")
    wanted = tuple(span) if isinstance(span, (list, tuple)) else ()
    return next(
        (one for one in analysis.findings if one.code == code and dataclasses.astuple(one.span) == wanted), None
    )


def _is_asked_for(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a kind, or one that it belongs to, is among those that are asked for."""
    if only is None:
        return True
    return any(kind == str(_text(one)) or kind.startswith(f"{_text(one)}.") or _text(one) == "" for one in only)


def _text(kind: str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _touch(left: types.Range, right: types.Range) -> bool:
    return _pair(left.start) <= _pair(right.end) and _pair(right.start) <= _pair(left.end)


def _pair(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
