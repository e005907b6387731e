"""What is told about the place under the pointer: findings, rules in comments, models, layers and tensors."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from kerlint.comments import Ignore
from kerlint.finding import Finding, Span
from kerlint.server.analysis import Analysis
from kerlint.summaries.outline import About, Spot


def hover(analysis: Analysis, uri: str, position: types.Position, *, markdown: bool = True) -> types.Hover | None:
    """What there is to tell; None if nothing.

    Args:
        markdown: whether the editor shows Markdown; it is sent as plain text otherwise.
    """
    snapshot = analysis.snapshot
    place = snapshot.find(uri, position) if snapshot.is_shown else None
    if place is None:
        return None
    sections: list[str] = []
    spans: list[Span] = []
    pages: list[str] = []
    for finding in analysis.shown:
        if _holds(finding.span, place):
            sections.append("\n\n".join(_finding(finding)))
            spans.append(finding.span)
            pages.append(finding.code)
    for ignore, word, span in _named(analysis.ignores):
        if _holds(span, place) and not ignore.fault:
            spans.append(span)
            pages.append(word)
    sections += [page for word in dict.fromkeys(pages) if (page := _page(word))]
    spot = analysis.outline.at(*place)
    if spot is not None:
        sections.append(_spot(analysis, spot))
        spans.append(spot.span)
    if not sections:
        return None
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    smallest = max(spans, key=lambda span: (span.start_line, span.start_column))
    found = snapshot.place(smallest)
    return types.Hover(types.MarkupContent(kind, "\n\n---\n\n".join(sections)), found.range)


def _holds(span: Span, place: tuple[int, int]) -> bool:
    """Whether a place is in a span, or just behind it, where the cursor stands after typing."""
    return (span.start_line, span.start_column) <= place <= (span.end_line, span.end_column)


def _named(ignores: tuple[Ignore, ...]) -> Iterator[tuple[Ignore, str, Span]]:
    for ignore in ignores:
        for named in ignore.rules:
            yield ignore, named.word, named.span


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{finding.severity.value}: {finding.message}**"
    if finding.label:
        yield f"Here: {finding.label}."
    if finding.why:
        yield f"Why: {finding.why}."
    if finding.help:
        yield f"Help: {finding.help}."
    if finding.fix is not None:
        yield f"Fix: {finding.fix.title} ({finding.fix.safety.value})."
    if finding.probe is not None:
        yield f"Probe: {finding.probe.verdict}. {finding.probe.text}"


def _page(word: str) -> str:
    """The page of a rule, by code or name; empty if there is none."""
    from kerlint.rules import all_rules
    from kerlint.rules.documentation import OWN_PAGES, page_of

    for rule in all_rules():
        if word.lower() in (rule.code.lower(), rule.name):
            return page_of(rule).markdown().rstrip()
    return next((page.markdown().rstrip() for page in OWN_PAGES if word.lower() in (page.code.lower(), page.name)), "")


def _spot(analysis: Analysis, spot: Spot) -> str:
    return "\n\n".join(_about(analysis, about) for about in spot.abouts)


def _about(analysis: Analysis, about: About) -> str:
    if about.model is not None:
        from kerlint.output.text import Paint
        from kerlint.summaries.output import words
        from kerlint.summaries.text import render

        source = analysis.snapshot.source
        lines = render([about.model], lambda span: words(source, span), Paint(False))
        return "\n".join(["```text", *lines, "```"])
    facts = [f"`{about.shape}`" if about.shape else "the output shape is not known"]
    if about.params is not None:
        facts.append(f"{about.params:,} params")
    if about.doubt:
        facts.append(about.doubt)
    return f"**{about.title}**: " + ", ".join(facts)
