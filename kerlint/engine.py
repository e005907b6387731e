"""From bytes to findings: the source is read, the program evaluated, the rules asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kerlint import comments, crashes, memory
from kerlint.asking import ask
from kerlint.finding import Finding, Fix, Label, Safety, Severity, Span
from kerlint.placing import brought_home
from kerlint.records import dataclass, replace
from kerlint.report import FileReport
from kerlint.rules.options import OptionError
from kerlint.selection import OWN_NAMES, SelectionError, Settings, is_asked_for, is_on, rules_for, severity_of
from kerlint.source import Broken, Source, SourceError, mentions_keras, read_source

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.edits.text import Text
    from kerlint.program.facts import Program
    from kerlint.program.modules import Modules
    from kerlint.rules.base import Found, Rule
    from kerlint.summaries.facts import ModelSummary
    from kerlint.summaries.outline import Outline
    from kerlint.surroundings import Surroundings
    from kerlint.syntax.places import Locate

INTERNAL_ERROR, SYNTAX_ERROR, UNREADABLE, UNUSED_IGNORE, INVALID_IGNORE = OWN_NAMES

#: Is told which part crashed.
OnCrash = Callable[[str, Exception], None]
#: Is told which budget has run out.
OnLimit = Callable[[str], None]

_DEFAULT = Settings()


def visible(findings: Iterable[Finding], settings: Settings) -> tuple[list[Finding], list[Finding]]:
    """The findings to show and the advice that stays hidden.

    Advice is shown on request: with `pedantic`, or where its rule is selected by its full code or name.
    """
    shown: list[Finding] = []
    hidden: list[Finding] = []
    for finding in findings:
        if finding.code in OWN_NAMES and not is_on(finding.code, finding.name, settings):
            continue
        if finding.severity is Severity.ADVICE and not is_asked_for(finding.code, finding.name, settings):
            hidden.append(finding)
        else:
            shown.append(finding)
    return shown, hidden


def check_bytes(
    data: bytes,
    filename: str,
    settings: Settings,
    *,
    is_test: bool = False,
    path: str | None = None,
    around: Surroundings | None = None,
) -> FileReport:
    """Everything there is to show about one file. Never fails: what goes wrong is a finding.

    Args:
        path: where the file is, so that what it imports from its project and what the project requires can be read;
            None for a text that is nowhere.
        around: keeps in mind what is asked about other files.
    """
    if not mentions_keras(data):
        return FileReport(filename)
    return _report(lambda: read_source(data, filename), filename, settings, is_test=is_test, path=path, around=around)


def check_read(source: Source, settings: Settings, *, is_test: bool = False, path: str | None = None) -> FileReport:
    """`check_bytes` for a text that is decoded already, as editors have it."""
    if not mentions_keras(source.text.encode("utf-8", "replace")):
        return FileReport(source.filename)
    return _report(lambda: source, source.filename, settings, is_test=is_test, path=path)


def _report(
    read: Callable[[], Source],
    filename: str,
    settings: Settings,
    *,
    is_test: bool,
    path: str | None,
    around: Surroundings | None = None,
) -> FileReport:
    tracebacks: list[str] = []

    def on_crash(_: str, error: Exception) -> None:
        tracebacks.append(crashes.report(error))

    source: Source | None = None
    ignored = 0
    limits: list[str] = []
    limits_elsewhere: list[str] = []
    try:
        source = read()
        rules = rules_for(settings)
        if settings.symptom is not None:
            from kerlint.symptoms.innocents import innocents

            rules += innocents(settings.symptom)
        findings = check_source(
            source,
            rules,
            settings,
            is_test=is_test,
            on_crash=on_crash,
            on_limit=limits.append,
            on_limit_elsewhere=limits_elsewhere.append,
            path=path,
            around=around,
            fix_all=False,
        )
        cut = limits or limits_elsewhere
        if settings.comments and (findings or not cut) and comments.may_silence(source.text):
            # Where a budget ended nobody knows what would have been found.
            ran = {rule.code for rule in rules if rule.in_tests or not is_test} if not cut else set()
            findings, ignored = _silenced(findings, source, ran, settings)
    except SourceError as error:
        findings = [own_finding(UNREADABLE, filename, error.message, error.line, error.column)]
    except (SelectionError, OptionError):
        raise
    except Exception as error:  # noqa: BLE001 - one file must not end the run
        on_crash("kerlint", error)
        findings = [_crash("kerlint", error, filename)]
    shown, hidden = visible(findings, settings)
    return FileReport(
        filename,
        tuple(shown),
        len(hidden),
        source if shown else None,
        tuple(tracebacks),
        hidden_codes=tuple(finding.code for finding in hidden),
        ignored=ignored,
        limits=tuple(dict.fromkeys(limits)),
        limits_elsewhere=tuple(dict.fromkeys(limits_elsewhere)),
    )


def _silenced(findings: list[Finding], source: Source, ran: set[str], settings: Settings) -> tuple[list[Finding], int]:
    """The findings that no comment silences, with those about the comments, and how many are silenced."""
    from kerlint.edits.unused import without_name
    from kerlint.rules import all_rules

    names = {rule.code: rule.name for rule in all_rules()}
    names.update((code, name) for code, name in OWN_NAMES.items() if code != INTERNAL_ERROR)
    if any(finding.code in OWN_NAMES for finding in findings):
        # Not everything was looked at.
        ran = set()
    outcome = comments.apply(findings, source, names, ran)
    own: list[Finding] = []
    for ignore, named, code, elsewhere in outcome.unused:
        what = f"{code} ({names[code]})"
        if elsewhere is None:
            finding = _about_comment(UNUSED_IGNORE, source, named.span, f"{what} finds nothing here", settings)
            own.append(replace(finding, fix=without_name(source, ignore.span, named.span)))
        else:
            place = source.place(elsewhere.start_line)
            there = f"line {place.line}" + (f" of cell {place.cell}" if place.cell is not None else "")
            finding = _about_comment(UNUSED_IGNORE, source, named.span, f"{what} stands in {there}, not here", settings)
            own.append(replace(finding, help=f"put it there: in {there}"))
    own += [_about_comment(INVALID_IGNORE, source, span, fault, settings) for span, fault in outcome.wrong]
    silenced = sum(finding.severity is not Severity.ADVICE for finding in outcome.silenced)
    return sorted([*outcome.kept, *own], key=_order), silenced


def _about_comment(code: str, source: Source, span: Span, message: str, settings: Settings) -> Finding:
    severity = severity_of(code, OWN_NAMES[code], Severity.WARNING, Severity.WARNING, settings)
    unused = code == UNUSED_IGNORE
    return Finding(
        code,
        OWN_NAMES[code],
        severity,
        f"unused comment: {message}" if unused else message,
        source.filename,
        span,
        label="silences nothing" if unused else "",
        why="it would hide the next finding of this rule, which nobody has seen" if unused else "",
        help="take it out" if unused else "",
    )


def check_source(
    source: Source,
    rules: Sequence[Rule],
    settings: Settings = _DEFAULT,
    *,
    is_test: bool = False,
    on_crash: OnCrash = lambda *_: None,
    on_limit: OnLimit = lambda _: None,
    on_limit_elsewhere: OnLimit = lambda _: None,
    path: str | None = None,
    around: Surroundings | None = None,
    fix_all: bool = True,
) -> list[Finding]:
    """All findings in a source, advice and what comments silence included, in the order of the file.

    Args:
        settings: what is said about the program and about severities; the rules are chosen already.
        path, around: as in `check_bytes`.
        fix_all: whether advice that will be hidden has its fixes, too.
    """
    findings = [_syntax_finding(error, source.filename) for error in source.broken]
    module = _parse(source.text, path)
    memory.parsed()
    if isinstance(module, Broken):
        if module.is_budget:
            on_limit(module.message)
        else:
            findings.append(_syntax_finding(module, source.filename))
        return sorted(findings, key=_order)
    wrong: list[tuple[str, Exception]] = []
    found: list[tuple[Rule, Found]] = []
    program = _evaluate(module, source, path, settings, wrong, around)
    if program is not None:
        for limit in program.limits:
            on_limit(limit)
        for limit in program.limits_elsewhere:
            on_limit_elsewhere(limit)
        found = ask(program, [rule for rule in rules if rule.in_tests or not is_test], wrong)
        if settings.severity:
            found = [(rule, _with_severity(rule, one, settings)) for rule, one in found]
        found = brought_home(found, module, program, path or source.filename)
    for part, error in wrong:
        on_crash(part, error)
        findings.append(_crash(part, error, source.filename))
    found = _without_subsumed(found)
    if found:
        if not fix_all:
            found = [(rule, _without_fix(rule, one, settings)) for rule, one in found]
        placed = _placed(found, module, source, program, on_crash)
        findings.extend(_with_experiments(placed, found, program) if settings.probe and program is not None else placed)
    return sorted(_unique(findings), key=_order)


def summarize_bytes(
    data: bytes,
    filename: str,
    path: str | None = None,
    root: str | None = None,
    on_limit: OnLimit = lambda _: None,
) -> tuple[list[ModelSummary], Source]:
    """The models of a file.

    Args:
        path: as in `check_bytes`.
        root: as in `Settings`.
        on_limit: is told which budgets have run out: there may be more models then.

    Raises:
        SourceError: the file cannot be read, or is no Python.
    """
    source = read_source(data, filename)
    return summarize_read(source, path, root, on_limit), source


def summarize_read(
    source: Source, path: str | None = None, root: str | None = None, on_limit: OnLimit = lambda _: None
) -> list[ModelSummary]:
    """The models of a text; otherwise as `summarize_bytes`."""
    from kerlint import target
    from kerlint.library import evaluate
    from kerlint.summaries.models import summarize
    from kerlint.syntax.places import locate

    module = _module(source, path)
    if module is None:
        return []
    program = evaluate(module, _modules(path, root), unfold=True)
    if program.failures:
        raise program.failures[0][1]
    for limit in dict.fromkeys(program.limits):
        on_limit(limit)
    program.target = target.decide(None, source, path, program, root)
    place = locate(module, alone=not program.followed)
    return summarize(program, lambda node: place(node) if node is not None else None)


def outline_read(source: Source, path: str | None = None, root: str | None = None) -> Outline:
    """What there is to tell about the models of a text and about the places where they are built and used.

    Args and errors are those of `summarize_read`.
    """
    from kerlint.library import evaluate
    from kerlint.summaries.outline import Outline, Watched, outline
    from kerlint.syntax.places import locate

    module = _module(source, path)
    if module is None:
        return Outline()
    watched = Watched()
    program = evaluate(module, _modules(path, root), unfold=True, watch=watched)
    place = locate(module, alone=not program.followed)
    return outline(program, watched, module, place) if watched.values else Outline()


def _module(source: Source, path: str | None) -> syntax.Module | None:
    """The syntax tree of a text; None if it has nothing to do with Keras.

    Raises:
        SourceError: it is no Python.
    """
    if not mentions_keras(source.text.encode("utf-8", "replace")):
        return None
    module = _parse(source.text, path)
    if isinstance(module, Broken):
        prefix = "" if module.is_budget else "syntax error: "
        raise SourceError(prefix + module.message, module.line, module.column)
    return module


def _modules(path: str | None, root: str | None, around: Surroundings | None = None) -> Modules | None:
    from kerlint.modules import DiskModules

    return DiskModules(path, root, around) if path is not None else None


def own_finding(code: str, filename: str, message: str, line: int = 1, column: int = 1, help: str = "") -> Finding:
    """A finding of kerlint's own, which is about the file or about kerlint."""
    span = Span(line, column, line, column + 1)
    return Finding(code, OWN_NAMES[code], Severity.ERROR, message, filename, span, help=help)


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
    return own_finding(INTERNAL_ERROR, filename, f"{part} crashed: {crashes.summary(error)}", help=crashes.ADVICE)


def _parse(text: str, path: str | None) -> syntax.Module | Broken:
    from kerlint import parsing

    return parsing.parse(text) if path is None else parsing.parse_file(os.path.realpath(path), text)


def _evaluate(
    module: syntax.Module,
    source: Source,
    path: str | None,
    settings: Settings,
    wrong: list[tuple[str, Exception]],
    around: Surroundings | None,
) -> Program | None:
    """The facts; None if they cannot be found out. What goes wrong is added to `wrong`."""
    part = "the evaluation of the program"
    try:
        from kerlint import target
        from kerlint.library import evaluate

        program = evaluate(module, _modules(path, settings.root, around))
        program.cells = tuple(cell.start for cell in source.cells)
        program.target = target.decide(settings.target_keras, source, path, program, settings.root, around)
    except Exception as error:  # noqa: BLE001
        wrong.append((part, error))
        return None
    wrong.extend((part, failure) for _, failure in program.failures)
    return program


def _with_severity(rule: Rule, one: Found, settings: Settings) -> Found:
    severity = severity_of(rule.code, rule.name, rule.severity, one.severity, settings)
    return one if severity is one.severity else replace(one, severity=severity)


def _without_fix(rule: Rule, one: Found, settings: Settings) -> Found:
    """The finding, without its fix where nobody will see it: it takes long to write one down."""
    if one.fix is None or one.severity is not Severity.ADVICE or is_asked_for(rule.code, rule.name, settings):
        return one
    return replace(one, fix=None)


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


def _placed(
    found: list[tuple[Rule, Found]], module: syntax.Module, source: Source, program: Program | None, on_crash: OnCrash
) -> list[Finding]:
    """The findings with their nodes turned into places."""
    from kerlint.syntax.places import locate

    filename = source.filename
    place = locate(module, alone=program is not None and not program.followed)
    findings: list[Finding] = []
    fixes = _Fixes(module, place, program, on_crash)
    for rule, one in found:
        span = place(one.node)
        if span is not None:
            findings.append(_finding(rule, one, span, place, filename, fixes.of(rule, one)))
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


@dataclass
class _Fixes:
    """Turns what rules want changed into edits."""

    module: syntax.Module
    place: Locate
    program: Program | None
    on_crash: OnCrash

    def of(self, rule: Rule, one: Found) -> Fix | None:
        """The fix of a finding; None if there is none. A crash costs the fix, not the finding."""
        if one.fix is None:
            return None
        from kerlint.edits.resolve import resolve

        try:
            return resolve(one.fix, self._text, rule.fix or Safety.UNSAFE)
        except Exception as error:  # noqa: BLE001
            self.on_crash(f"the fix of rule {rule.code}", error)
            return None

    @cached_property
    def _text(self) -> Text:
        from kerlint.edits.text import Text
        from kerlint.program.values import External

        names = self.program.names if self.program is not None else {}
        known = {name: value.name for name, value in names.items() if isinstance(value, External)}
        return Text(self.module, self.place, known)


def _finding(rule: Rule, one: Found, span: Span, place: Locate, filename: str, fix: Fix | None) -> Finding:
    texts: dict[Span, list[str]] = {}
    for node, text in one.also:
        other = place(node)
        if other is not None and text not in texts.setdefault(other, []):
            texts[other].append(text)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=one.severity,
        message=one.message,
        filename=filename,
        span=span,
        label=one.label,
        labels=tuple(Label(other, ", ".join(text)) for other, text in sorted(texts.items())),
        why=one.why,
        help=one.help,
        symptoms=rule.symptoms if one.symptoms is None else one.symptoms,
        fix=fix,
    )
