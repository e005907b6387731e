"""From bytes to findings: the source is read, the program evaluated, the rules asked."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.finding import Finding, Label, Severity, Span
from kerlint.placing import brought_home
from kerlint.report import FileReport
from kerlint.rules.documentation import OWN_PAGES
from kerlint.source import Broken, Source, SourceError, mentions_keras, read_source

if TYPE_CHECKING:
    import libcst

    from kerlint.program.facts import Program
    from kerlint.rules.base import Found, Rule
    from kerlint.summary.facts import ModelSummary

ISSUES = "https://github.com/kerlint/kerlint/issues"

INTERNAL_ERROR, SYNTAX_ERROR, UNREADABLE = (page.code for page in OWN_PAGES)
_OWN_NAMES = {page.code: page.name for page in OWN_PAGES}

#: Is told which part crashed.
OnCrash = Callable[[str, Exception], None]


@dataclass(frozen=True)
class Settings:
    """Which rules apply.

    Args:
        select: codes, prefixes of codes, names or `ALL`; empty means all.
        ignore: likewise. Where a rule is both selected and ignored, the longer selector wins.
        pedantic: show advice, too.
        target_keras: the version that the code is written for, `2`, `3` or `3.4`; None to find out.
        probe: prepare experiments for findings that can be probed.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    target_keras: str | None = None
    probe: bool = False


class SelectionError(ValueError):
    """A selector that selects nothing."""


@lru_cache(maxsize=16)
def _selected(settings: Settings) -> tuple[type[Rule], ...]:
    from kerlint.rules import all_rules

    rules = all_rules()
    known = _identities()
    for selector in (*settings.select, *settings.ignore):
        if not any(_weight(selector, code, name) for code, name in known):
            raise SelectionError(_unknown(selector))
    return tuple(rule for rule in rules if _is_on(rule.code, rule.name, settings))


def rules_for(settings: Settings) -> list[Rule]:
    """The rules that the settings ask for, sorted by code.

    Raises:
        SelectionError: for a selector that fits no rule.
    """
    return [rule() for rule in _selected(settings)]


def _is_on(code: str, name: str, settings: Settings) -> bool:
    ignored = max((_weight(selector, code, name) for selector in settings.ignore), default=0)
    if code in _OWN_NAMES:
        # No broad selector silences what kerlint says about itself.
        return ignored <= len("K") + 1
    if not settings.select:
        return not ignored
    return max(_weight(selector, code, name) for selector in settings.select) > ignored


def _weight(selector: str, code: str, name: str) -> int:
    """How closely a selector fits a rule; 0 if it does not."""
    if selector in (code, name):
        return 100
    if selector == "ALL":
        return 1
    return 1 + len(selector) if selector and code.startswith(selector) else 0


def _identities() -> list[tuple[str, str]]:
    """Code and name of everything that can be selected."""
    from kerlint.rules import all_rules

    return [*((rule.code, rule.name) for rule in all_rules()), *_OWN_NAMES.items()]


def _unknown(selector: str) -> str:
    known = _identities()
    prefixes = {code[:length] for code, _ in known for length in (2, 3)}
    return unknown_rule(selector, ["ALL", *prefixes, *(word for pair in known for word in pair)])


def unknown_rule(word: str, words: Iterable[str]) -> str:
    """The complaint about a word that is no rule, with the one that comes closest."""
    import difflib

    folded = {known.lower(): known for known in sorted(words)}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return f"unknown rule {word!r}" + (f"; did you mean {folded[close[0]]}?" if close else "")


def visible(findings: Iterable[Finding], settings: Settings) -> tuple[list[Finding], int]:
    """The findings to show and the number of pieces of advice that stay hidden.

    Advice is shown on request: with `pedantic`, or where its rule is selected by its full code or name.
    """
    shown: list[Finding] = []
    hidden = 0
    for finding in findings:
        if finding.code in _OWN_NAMES and not _is_on(finding.code, finding.name, settings):
            continue
        asked = settings.pedantic or finding.code in settings.select or finding.name in settings.select
        if finding.severity is Severity.ADVICE and not asked:
            hidden += 1
        else:
            shown.append(finding)
    return shown, hidden


def check_bytes(
    data: bytes, filename: str, settings: Settings, *, is_test: bool = False, path: str | None = None
) -> FileReport:
    """Everything there is to show about one file. Never fails: what goes wrong is a finding.

    Args:
        path: where the file is, so that what it imports from its project and what the project requires can be read;
            None for a text that is nowhere.
    """
    if not mentions_keras(data):
        return FileReport(filename)
    tracebacks: list[str] = []

    def on_crash(_: str, error: Exception) -> None:
        tracebacks.append("".join(traceback.format_exception(error)))

    source: Source | None = None
    try:
        source = read_source(data, filename)
        findings = check_source(
            source,
            rules_for(settings),
            is_test=is_test,
            on_crash=on_crash,
            path=path,
            target_keras=settings.target_keras,
            probe=settings.probe,
        )
    except SourceError as error:
        findings = [own_finding(UNREADABLE, filename, error.message, error.line, error.column)]
    except SelectionError:
        raise
    except Exception as error:  # noqa: BLE001 - one file must not end the run
        on_crash("kerlint", error)
        findings = [_crash("kerlint", error, filename)]
    shown, hidden = visible(findings, settings)
    return FileReport(filename, tuple(shown), hidden, source if shown else None, tuple(tracebacks))


def check_source(
    source: Source,
    rules: Sequence[Rule],
    *,
    is_test: bool = False,
    on_crash: OnCrash = lambda *_: None,
    path: str | None = None,
    target_keras: str | None = None,
    probe: bool = False,
) -> list[Finding]:
    """All findings in a source, advice included, in the order of the file.

    Args:
        path: as in `check_bytes`.
        target_keras, probe: as in `Settings`.
    """
    findings = [_syntax_finding(error, source.filename) for error in source.broken]
    module = _parse(source.text, path)
    if isinstance(module, Broken):
        findings.append(_syntax_finding(module, source.filename))
        return sorted(findings, key=_order)
    wrong: list[tuple[str, Exception]] = []
    found: list[tuple[Rule, Found]] = []
    program = _evaluate(module, source, path, target_keras, wrong)
    if program is not None:
        found = _ask(program, [rule for rule in rules if rule.in_tests or not is_test], wrong)
        found = brought_home(found, module, program, path or source.filename)
    for part, error in wrong:
        on_crash(part, error)
        findings.append(_crash(part, error, source.filename))
    found = _without_subsumed(found)
    if found:
        placed = _placed(found, module, source.filename, on_crash)
        findings.extend(_with_experiments(placed, found, program) if probe and program is not None else placed)
    return sorted(_unique(findings), key=_order)


def summarize_bytes(data: bytes, filename: str, path: str | None = None) -> tuple[list[ModelSummary], Source]:
    """The models of a file.

    Args:
        path: as in `check_bytes`.

    Raises:
        SourceError: the file cannot be read, or is no Python.
    """
    from kerlint.library import evaluate
    from kerlint.modules import DiskModules
    from kerlint.positions import spans
    from kerlint.summary.models import nodes_of, summarize

    source = read_source(data, filename)
    module = _parse(source.text, path) if mentions_keras(data) else None
    if isinstance(module, Broken):
        raise SourceError(f"syntax error: {module.message}", module.line, module.column)
    if module is None:
        return [], source
    program = evaluate(module, DiskModules(path) if path is not None else None, unfold=True)
    if program.failures:
        raise program.failures[0][1]
    places = spans(module, nodes_of(program)) if program.models else {}
    return summarize(program, lambda node: places.get(id(node))), source


def own_finding(code: str, filename: str, message: str, line: int = 1, column: int = 1, help: str = "") -> Finding:
    """A finding of kerlint's own, which is about the file or about kerlint."""
    span = Span(line, column, line, column + 1)
    return Finding(code, _OWN_NAMES[code], Severity.ERROR, message, filename, span, help=help)


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.span.start_line, finding.span.start_column, finding.code


def _unique(findings: list[Finding]) -> Iterable[Finding]:
    """One finding for each place and code, the first; but several rules may crash in one file, and each counts."""
    return {
        (finding.code, finding.span, finding.message if finding.code == INTERNAL_ERROR else ""): finding
        for finding in reversed(findings)
    }.values()


def _syntax_finding(error: Broken, filename: str) -> Finding:
    return own_finding(SYNTAX_ERROR, filename, f"syntax error: {error.message}", error.line, error.column)


def _crash(part: str, error: Exception, filename: str) -> Finding:
    advice = f"run with --verbose for the traceback, and please report it at {ISSUES}"
    reason = f"{type(error).__name__}: {error}".rstrip(": ").split("\n", 1)[0]
    return own_finding(INTERNAL_ERROR, filename, f"{part} crashed: {reason}", help=advice)


def _parse(text: str, path: str | None) -> libcst.Module | Broken:
    from kerlint import parsing

    return parsing.parse(text) if path is None else parsing.parse_file(os.path.realpath(path), text)


def _evaluate(
    module: libcst.Module,
    source: Source,
    path: str | None,
    target_keras: str | None,
    wrong: list[tuple[str, Exception]],
) -> Program | None:
    """The facts; None if they cannot be found out. What goes wrong is added to `wrong`."""
    part = "the evaluation of the program"
    try:
        from kerlint import modules, target
        from kerlint.library import evaluate

        program = evaluate(module, modules.DiskModules(path) if path is not None else None)
        program.target = target.decide(target_keras, source, path, program)
    except Exception as error:  # noqa: BLE001
        wrong.append((part, error))
        return None
    wrong.extend((part, failure) for _, failure in program.failures)
    return program


def _ask(program: Program, rules: Sequence[Rule], wrong: list[tuple[str, Exception]]) -> list[tuple[Rule, Found]]:
    """What the rules find. Where one crashes, the others go on."""
    found: list[tuple[Rule, Found]] = []
    for rule in rules:
        part = f"rule {rule.code} ({rule.name})"
        try:
            found.extend([(rule, one) for one in rule.check(program)])
        except Exception as error:  # noqa: BLE001
            wrong.append((part, error))
    return found


def _without_subsumed(found: list[tuple[Rule, Found]]) -> list[tuple[Rule, Found]]:
    """Drops what another finding about the same fact makes superfluous. Advice, which may stay hidden, drops advice."""
    silenced = {
        (code, id(one.about), severity)
        for rule, one in found
        if one.about is not None
        for code in rule.subsumes
        for severity in ([Severity.ADVICE] if one.severity is Severity.ADVICE else Severity)
    }
    return [(rule, one) for rule, one in found if (rule.code, id(one.about), one.severity) not in silenced]


def _placed(found: list[tuple[Rule, Found]], module: libcst.Module, filename: str, on_crash: OnCrash) -> list[Finding]:
    """The findings with their nodes turned into places."""
    from kerlint.positions import spans

    nodes = [node for _, one in found for node in (one.node, *(place for place, _ in one.also))]
    try:
        places = spans(module, nodes)
    except Exception as error:  # noqa: BLE001
        on_crash("the search for positions", error)
        return [_crash("the search for positions", error, filename)]
    findings: list[Finding] = []
    for rule, one in found:
        if id(one.node) in places:
            findings.append(_finding(rule, one, places, filename))
        else:
            lost = LookupError("it points at a place that is not in the file")
            on_crash(rule.code, lost)
            findings.append(_crash(f"rule {rule.code} ({rule.name})", lost, filename))
    return findings


def _with_experiments(placed: list[Finding], found: list[tuple[Rule, Found]], program: Program) -> list[Finding]:
    """The same findings, those that can be probed with what is to be done."""
    from kerlint.probe.spec import experiment_for

    if len(placed) != len(found):
        # Something went wrong, and is said.
        return placed
    return [
        replace(finding, experiment=experiment_for(program, one.experiment))
        if one.experiment is not None and finding.code == rule.code
        else finding
        for finding, (rule, one) in zip(placed, found)
    ]


def _finding(rule: Rule, one: Found, places: dict[int, Span], filename: str) -> Finding:
    texts: dict[Span, list[str]] = {}
    for node, text in one.also:
        if id(node) in places and text not in texts.setdefault(places[id(node)], []):
            texts[places[id(node)]].append(text)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=one.severity,
        message=one.message,
        filename=filename,
        span=places[id(one.node)],
        label=one.label,
        labels=tuple(Label(span, ", ".join(text)) for span, text in sorted(texts.items())),
        why=one.why,
        help=one.help,
        symptoms=rule.symptoms,
    )
