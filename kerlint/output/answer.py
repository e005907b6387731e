"""The answer to `--symptom`: what can cause it, what cannot, and what to measure next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from kerlint.finding import Span
from kerlint.output.text import Paint, clean, display_path, position
from kerlint.report import UNLIKELY, Answer, FileReport, RuledOut

_WIDTH = 80
#: So many further places are named.
_PLACES = 3


def lines(answer: Answer, paint: Paint) -> Iterator[str]:
    """Yields the answer, in lines that fit on a terminal of 80 columns as far as names of files do."""
    yield paint.bold(f"{answer.symptom}: {answer.meaning}")
    innocent = [(file, one) for file, one in answer.ruled_out if one.explains]
    is_likely = any(likelihood != UNLIKELY for _, _, likelihood in answer.causes)
    if innocent:
        yield "It need not be a fault:"
        yield from _reasons(innocent)
    if answer.causes:
        yield "Can cause it, the likeliest first:" if is_likely else "Can cause it, but seldom does:"
        for file, finding, likelihood in answer.causes:
            place = _place(file, finding.span)
            yield from _wrapped(f"  {likelihood:<9} {finding.code} {place} ", clean(finding.message), 17)
    else:
        yield f"{'No fault' if innocent else 'Nothing'} that kerlint knows of in this code causes it."
    reasons = [(file, one) for file, one in answer.ruled_out if one.why and not one.explains]
    if reasons:
        yield "Often blamed, and not the cause:"
        yield from _reasons(reasons)
    others = [f"{one.code} {_place(file, one.span)}" for file, one in answer.ruled_out if not one.why]
    if others:
        yield from _wrapped("Found as well, but it looks different: ", ", ".join(others) + ".", 2)
    if not is_likely:
        yield "What to measure next:"
        for step in answer.measure:
            yield from _wrapped("  - ", step, 4)


def _reasons(reasons: Sequence[tuple[FileReport, RuledOut]]) -> Iterator[str]:
    """Yields what each is, and below it why; what is the same in several places is told once."""
    groups: dict[tuple[str, str], list[tuple[FileReport, RuledOut]]] = {}
    for file, one in reasons:
        groups.setdefault((one.code or one.message, one.why), []).append((file, one))
    for (file, one), *others in groups.values():
        yield from _wrapped(f"  {_place(file, one.span)} ", _named(one), 6)
        if others:
            places = ", ".join(_place(other, again.span) for other, again in others[:_PLACES])
            more = f" and {len(others) - _PLACES} more" if len(others) > _PLACES else ""
            yield from _wrapped("      ", f"likewise in {places}{more}", 6)
        yield from _wrapped("      ", clean(one.why), 6)


def _named(one: RuledOut) -> str:
    return clean(one.message) + (f" ({one.code})" if one.code else "")


def _place(file: FileReport, span: Span) -> str:
    return f"{clean(display_path(file.filename))}:{position(file, span.start_line, span.start_column)}"


def _wrapped(start: str, text: str, indent: int) -> list[str]:
    """The text behind its beginning, whose blanks stay as they are."""
    if len(start) > _WIDTH // 2:
        # A long name: the text begins on the next line.
        return [start.rstrip(), *_wrapped(" " * indent, text, indent)]
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
