"""A page of its own, without scripts and without anything from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from kerlint import __version__
from kerlint.finding import Finding, Probe, documentation_url
from kerlint.output import Options, statistics
from kerlint.output.answer import lines as answer_lines
from kerlint.output.full import render_finding
from kerlint.output.plots import plots
from kerlint.output.text import Paint, clean, display_path, summary, unfinished
from kerlint.report import FileReport, Report

_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kerlint</title>
<style>
:root { color-scheme: light dark; --error: #b3261e; --warning: #8a5a00; --advice: #00696b; --quiet: #5f6368;
  --line: #d5d8dc; --back: #f6f7f8; }
@media (prefers-color-scheme: dark) { :root { --error: #ff8a80; --warning: #ffcb6b; --advice: #6fd3d6;
  --quiet: #a0a6ad; --line: #3a3f45; --back: #1d2024; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; } td { padding: .15rem 1rem .15rem 0; } td:first-child { text-align: right; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; }
summary { padding: .5rem .8rem; cursor: pointer; }
pre { margin: 0; padding: .8rem; overflow-x: auto; background: var(--back); font: 13px/1.45 ui-monospace, monospace; }
.error { color: var(--error); } .warning { color: var(--warning); } .advice { color: var(--advice); }
.quiet { color: var(--quiet); }
.probe { padding: .5rem .8rem; } .probe p { margin: .3rem 0; }
figure { display: inline-block; margin: .4rem 1rem .4rem 0; max-width: 100%; }
figcaption { font-size: .85rem; max-width: 20rem; }
svg { width: 20rem; max-width: 100%; height: auto; border-bottom: 1px solid var(--line); }
polyline { fill: none; stroke-width: 2; } polyline.original { stroke: var(--error); }
polyline.repaired { stroke: var(--advice); stroke-dasharray: 5 3; }
span.original { color: var(--error); } span.repaired { color: var(--advice); }
</style>
</head>
<body>"""
_STYLES = {"1;31": "error", "1;33": "warning", "1;36": "advice", "1;34": "quiet"}
_PAINTED = re.compile("\x1b\\[([0-9;]+)m(.*?)\x1b\\[0m", re.DOTALL)


def render(report: Report, options: Options) -> Iterator[str]:
    """Yields the page."""
    yield _HEAD
    yield "<h1>kerlint</h1>"
    yield f"<p>{escape(summary(report))}</p>"
    if report.unfinished:
        yield f"<p>{escape(unfinished(report))}</p>"
    if report.findings:
        yield "<table>"
        for one in statistics.counts(report, options):
            link = f'<a href="{escape(documentation_url(one.code, one.name))}">{escape(one.name)}</a>'
            kind = f'<td class="{one.severity.value}">{one.severity.value}</td>'
            yield f"<tr><td>{one.count}</td>{kind}<td>{one.code}</td><td>{link}</td></tr>"
        yield "</table>"
    if report.answer is not None:
        answer = "\n".join(answer_lines(report.answer, Paint(True)))
        yield f"<pre>{escape_painted(answer)}</pre>"
    for file in report.files:
        yield f"<h2>{escape(clean(display_path(file.filename)))}</h2>"
        for finding in file.findings:
            yield from _finding(file, finding, probed=report.probed)
    yield f'<p class="quiet">kerlint {escape(__version__)}</p>'
    yield "</body>"
    yield "</html>"


#: For a part of somebody else's page, whose colours it takes where the page names them.
_PART = """\
<style>
.kerlint { --error: var(--jp-error-color1, #b3261e); --warning: var(--jp-warn-color0, #8a5a00);
  --advice: var(--jp-info-color0, #00696b); font-size: 14px; line-height: 1.5; }
.kerlint details { border: 1px solid rgba(128, 128, 128, .4); border-radius: .3rem; margin: .4rem 0; }
.kerlint summary { padding: .3rem .6rem; cursor: pointer; }
.kerlint pre { margin: 0; padding: .3rem .6rem .6rem; overflow-x: auto; background: none; border: none;
  font: 12px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.kerlint .error { color: var(--error); } .kerlint .warning { color: var(--warning); }
.kerlint .advice { color: var(--advice); } .kerlint .quiet { opacity: .65; }
</style>"""


def render_part(report: Report) -> Iterator[str]:
    """Yields the findings for a page that has other things in it, too."""
    yield '<div class="kerlint">'
    yield _PART
    for file in report.files:
        for finding in file.findings:
            yield from _finding(file, finding)
    yield "</div>"


def _finding(file: FileReport, finding: Finding, *, probed: bool = False) -> Iterator[str]:
    severity = finding.severity.value
    # The heading says the first line already.
    _, *lines = render_finding(file, finding, Paint(True), probed=probed)
    head = f'<b class="{severity}">{severity} {escape(finding.code)}</b> {escape(clean(finding.message))}'
    yield f"<details open><summary>{head}</summary><pre>{escape_painted(chr(10).join(lines))}</pre>"
    if finding.probe is not None:
        yield from _probe(finding.probe)
    yield "</details>"


def _probe(probe: Probe) -> Iterator[str]:
    """What was measured, as curves, and what was assumed for it."""
    yield f'<div class="probe"><p><b>probe: {escape(probe.verdict)}.</b> {escape(clean(probe.text))}</p>'
    yield from plots(probe)
    if probe.assumptions:
        yield f'<p class="quiet">Assumed: {escape("; ".join(map(clean, probe.assumptions)))}.</p>'
    yield "</div>"


def escape_painted(text: str) -> str:
    """Text with colours for a terminal as HTML. All other text is clean, so that each escape is one of ours."""
    parts: list[str] = []
    at = 0
    for match in _PAINTED.finditer(text):
        style = _STYLES.get(match[1])
        inner = escape(match[2])
        parts += (escape(text[at : match.start()]), f'<span class="{style}">{inner}</span>' if style else inner)
        at = match.end()
    return "".join((*parts, escape(text[at:])))
