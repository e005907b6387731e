"""A draft becomes a fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerlint.edits.calls import callee, drop, put, rename_attribute, rename_keyword
from kerlint.edits.drafts import (
    Begin,
    Callee,
    Change,
    Draft,
    Drop,
    DropStep,
    Hoist,
    Insert,
    Parameter,
    Put,
    RenameAttribute,
    RenameKeyword,
    Replace,
    Swap,
    SwapLayers,
    SwapSteps,
    Unroll,
)
from kerlint.edits.statements import (
    begin,
    drop_step,
    hoist,
    insert,
    parameter,
    replace,
    swap,
    swap_layers,
    swap_steps,
    unroll,
)
from kerlint.edits.text import NoFix, Text
from kerlint.finding import Edit, Fix, Safety

_MADE: Mapping[type, Callable[[Text, Any], list[Edit]]] = {
    Replace: replace,
    Put: put,
    RenameAttribute: rename_attribute,
    RenameKeyword: rename_keyword,
    Drop: drop,
    Swap: swap,
    SwapLayers: swap_layers,
    SwapSteps: swap_steps,
    DropStep: drop_step,
    Begin: begin,
    Callee: callee,
    Parameter: parameter,
    Insert: insert,
    Hoist: hoist,
    Unroll: unroll,
}


def resolve(draft: Draft, text: Text, safety: Safety) -> Fix | None:
    """The fix that a draft describes; None if it cannot be written down in this text.

    Args:
        safety: that of the rule, for a draft that does not say.
    """
    edits: list[Edit] = []
    try:
        for change in draft.changes:
            edits += _edits(text, change)
    except NoFix:
        return None
    edits = sorted(set(edits))
    for before, after in zip(edits, edits[1:]):
        # Of two insertions at one place nobody can tell which is to come first.
        if _end(before) > _start(after) or before.span == after.span:
            return None
    return Fix(draft.title, tuple(edits), draft.safety or safety)


def _edits(text: Text, change: Change) -> list[Edit]:
    return _MADE[type(change)](text, change)


def _start(edit: Edit) -> tuple[int, int]:
    return edit.span.start_line, edit.span.start_column


def _end(edit: Edit) -> tuple[int, int]:
    return edit.span.end_line, edit.span.end_column
