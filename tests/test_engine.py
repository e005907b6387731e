from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

import kerlint.library
import kerlint.rules
from kerlint import selection, syntax
from kerlint.engine import INVALID_IGNORE, UNUSED_IGNORE, Settings, check_bytes, rules_for
from kerlint.finding import Finding, Label, Severity, Span
from kerlint.program.modules import Module, ModuleFile
from kerlint.program.scope import Scope
from kerlint.program.target import CURRENT, Used
from kerlint.rules.base import Found, Rule
from kerlint.rules.documentation import OWN_PAGES
from kerlint.selection import OWN_NAMES
from tests.notebook import notebook
from tests.trees import tree


class Calls(Rule):
    code, name, severity, symptoms, since = "KL901", "call-of-one", Severity.ERROR, ("crash",), "0.1.0"
    subsumes: ClassVar[tuple[str, ...]] = ("KL902",)

    def check(self, program: Any) -> Iterator[Found]:
        for call in program["one"]:
            # Twice, because finding something twice is easily done.
            for _ in range(2):
                yield from self.found(
                    call,
                    "this calls one",
                    label="here",
                    also=[(call.func, "the function"), (None, "nowhere")],
                    why="because",
                    help="do not",
                    about=call,
                )


class Others(Rule):
    code, name, severity, symptoms, since = "KL902", "call-of-any", Severity.WARNING, (), "0.1.0"
    in_tests = False

    def check(self, program: Any) -> Iterator[Found]:
        for call in (*program["one"], *program["two"]):
            yield from self.found(call, "this calls", about=call)


class Advice(Rule):
    code, name, severity, symptoms, since = "KO901", "call-of-two", Severity.ADVICE, (), "0.1.0"

    def check(self, program: Any) -> Iterator[Found]:
        for call in program["two"]:
            yield from self.found(call, "think again")


class Crashes(Rule):
    code, name, severity, symptoms, since = "KO902", "crashes-always", Severity.ERROR, (), "0.1.0"

    def check(self, program: Any) -> Iterator[Found]:
        if program["crash"]:
            yield from self.found(program["crash"][0], "about to crash")
            raise ValueError("a\nb")


class CrashesToo(Crashes):
    code, name = "KO903", "crashes-too"


class Elsewhere(Rule):
    code, name, severity, symptoms, since = "KO904", "points-elsewhere", Severity.ERROR, (), "0.1.0"

    def check(self, program: Any) -> Iterator[Found]:
        if program["elsewhere"]:
            yield from self.found(syntax.Name(program["elsewhere"][0].at, "x"), "not in this file")


#: Where in kerlint a crash is seen, without the line.
PLACE = "engine.py"

RULES = (Calls, Others, Advice, Crashes, CrashesToo, Elsewhere)


class CallsByName(dict[str, list[syntax.Call]]):
    """What stands for a program here: calls by name."""

    failures = ()
    limits = ()
    limits_elsewhere = ()
    followed: tuple[Module, ...] = ()
    entries: ClassVar[dict[int, Any]] = {}
    used = used_elsewhere = Used()
    target = CURRENT


def evaluate(module: syntax.Module, modules: object = None) -> CallsByName:
    """A program that consists of the calls at its top level, by name."""
    calls = CallsByName({"one": [], "two": [], "crash": [], "elsewhere": [], "evaluation": []})
    for statement in module.body:
        if isinstance(statement, syntax.Expr) and isinstance(statement.value, syntax.Call):
            assert isinstance(statement.value.func, syntax.Name)
            calls[statement.value.func.value].append(statement.value)
    if calls["elsewhere"]:
        # Only what another module may have made can be out of place.
        calls.followed = (Module(ModuleFile("other", "other.py", ""), Scope("module"), node=tree("x")),)
    if calls["evaluation"]:
        raise RecursionError("too deep")
    return calls


@pytest.fixture(autouse=True)
def _stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kerlint.library, "evaluate", evaluate)
    monkeypatch.setattr(kerlint.rules, "all_rules", lambda: RULES)
    selection.selected.cache_clear()
    yield
    selection.selected.cache_clear()


def check(text: str, *, is_test: bool = False, **settings: Any) -> list[tuple[int, str]]:
    report = check_bytes(b"import keras\n" + text.encode(), "a.py", Settings(**settings), is_test=is_test)
    return [(finding.span.start_line, finding.code) for finding in report.findings]


def test_a_finding_in_full() -> None:
    report = check_bytes(b"import keras\nif 1: pass\n\none(\n  2)\n", "a.py", Settings())
    assert report.findings == (
        Finding(
            code="KL901",
            name="call-of-one",
            severity=Severity.ERROR,
            message="this calls one",
            filename="a.py",
            span=Span(4, 1, 5, 5),
            label="here",
            labels=(Label(Span(4, 1, 4, 4), "the function"),),
            why="because",
            help="do not",
            symptoms=("crash",),
        ),
    )
    assert report.source is not None


def test_subsumption_is_about_the_same_fact() -> None:
    assert check("one(1)\ntwo(2)\n") == [(2, "KL901"), (3, "KL902")]


def test_files_without_keras_are_not_read() -> None:
    report = check_bytes(b"\xff one(1)", "a.py", Settings())
    assert report.findings == ()
    assert report.source is None


def test_selection() -> None:
    text = "one(1)\ntwo(2)\n"
    assert check(text, select=("KL902",)) == [(2, "KL902"), (3, "KL902")]
    assert check(text, select=("call-of-one",)) == [(2, "KL901")]
    assert check(text, select=("KL",), ignore=("KL901",)) == [(2, "KL902"), (3, "KL902")]
    assert check(text, select=("KL901",), ignore=("KL",)) == [(2, "KL901")]
    assert check(text, ignore=("ALL",)) == []
    assert check(text, select=("ALL",), ignore=("K",)) == []


def test_advice_is_shown_on_request() -> None:
    text = "two(2)\n"
    assert check_bytes(b"import keras\ntwo(2)", "a.py", Settings()).hidden == 1
    assert check(text) == [(2, "KL902")]
    assert check(text, pedantic=True) == [(2, "KL902"), (2, "KO901")]
    assert check(text, select=("KO901",)) == [(2, "KO901")]
    assert check(text, select=("call-of-two",)) == [(2, "KO901")]
    assert check(text, select=("KO",)) == []


def test_test_files() -> None:
    assert check("two(2)\n", is_test=True, pedantic=True) == [(2, "KO901")]


def test_unknown_selectors() -> None:
    for settings, message in (
        (Settings(select=("KL910",)), "unknown rule 'KL910'; did you mean KL90"),
        (Settings(ignore=("call-of-on",)), "did you mean call-of-one"),
        (Settings(select=("kl",)), "did you mean KL"),
        (Settings(select=("nonsense",)), "unknown rule 'nonsense'$"),
        (Settings(select=("",)), "unknown rule ''"),
    ):
        with pytest.raises(selection.SelectionError, match=message):
            rules_for(settings)
    assert rules_for(Settings(select=("KX001", "syntax-error"))) == []


def test_a_crash_is_one_finding_for_each_rule_and_the_others_go_on() -> None:
    report = check_bytes(b"import keras\ncrash()\none(1)\n", "a.py", Settings())
    assert [(finding.code, finding.span.start_line) for finding in report.findings] == [
        ("KX000", 1),
        ("KX000", 1),
        ("KL901", 3),
    ]
    messages = {re.sub(r"asking\.py:\d+$", PLACE, finding.message) for finding in report.findings[:2]}
    assert messages == {
        f"rule KO902 (crashes-always) crashed: ValueError at {PLACE}",
        f"rule KO903 (crashes-too) crashed: ValueError at {PLACE}",
    }
    assert len(report.tracebacks) == 2
    assert "Traceback" in report.tracebacks[0]


def test_a_crash_of_the_evaluation() -> None:
    report = check_bytes(b"import keras\nevaluation()\none(1)\n", "a.py", Settings())
    (finding,) = report.findings
    assert finding.code == "KX000"
    assert re.sub(r"engine\.py:\d+$", PLACE, finding.message) == (
        f"the evaluation of the program crashed: RecursionError at {PLACE}"
    )


def test_a_place_that_is_not_in_the_file() -> None:
    assert check("elsewhere()\n") == [(1, "KX000")]


def test_syntax_errors_and_unreadable_files() -> None:
    assert check("x = (\n") == [(2, "KX001")]
    assert check("x = (\n", ignore=("KX001",)) == []
    assert check("x = (\n", ignore=("ALL",)) == [(2, "KX001")]
    assert check("x = (\n", select=("KL901",)) == [(2, "KX001")]
    (finding,) = check_bytes(b"import keras\n'\xff'", "a.py", Settings()).findings
    assert (finding.code, finding.span.start_line) == ("KX002", 2)


@pytest.mark.parametrize(
    ("line", "is_a_sum"),
    [
        ("[" * 3000, False),
        ("-" * 30_000 + "1", False),
        ("1" + "+1" * 30_000, True),
        ("x" + ".y" * 30_000, False),
        ("x = (\n" + "1 +\n" * 5000 + "1)", True),
    ],
)
def test_what_is_nested_too_deeply_does_not_end_the_process(line: str, is_a_sum: bool) -> None:
    codes = {code for _, code in check(f"{line}\none()\n")}
    # The newer Python's parser is, the longer are the sums that it takes; then the rest of the file is read, too.
    assert codes == {"KX001"} or (is_a_sum and codes == {"KL901"})


def test_findings_beside_deep_expressions() -> None:
    # Deeper than libcst's positions can follow with the stack of the main thread.
    text = "x = " + "1+" * 900 + "1\none(1)\n"
    assert check(text) == [(3, "KL901")]


def test_syntax_that_is_newer_than_the_python_that_runs() -> None:
    assert check("type X[T] = list[T]\none(1)\n") == [(3, "KL901")]


def test_notebooks() -> None:
    data = notebook("import keras", "md:hello", "x = = 2", "!ls\none(1)")
    report = check_bytes(data, "a.ipynb", Settings())
    assert report.source is not None
    places = [report.source.place(finding.span.start_line) for finding in report.findings]
    assert [(finding.code, place.cell, place.line) for finding, place in zip(report.findings, places, strict=True)] == [
        ("KX001", 3, 1),
        ("KL901", 4, 2),
    ]


def test_own_codes_are_documented() -> None:
    assert {page.code: page.name for page in OWN_PAGES} == OWN_NAMES
    severities = {page.code: page.severity for page in OWN_PAGES}
    assert severities[UNUSED_IGNORE] is severities[INVALID_IGNORE] is Severity.WARNING
