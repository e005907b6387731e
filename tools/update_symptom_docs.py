"""Writes `docs/symptoms/`, one page a symptom, and the rules into the navigation of the site.

It is called by `update_rule_docs.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerlint.finding import Finding, Span
from kerlint.rules import all_rules
from kerlint.rules.base import Rule
from kerlint.symptoms.verdict import likelihood
from kerlint.symptoms.words import WORDS

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "symptoms"
SITE = ROOT / "zensical.toml"
_DEGREES = ("likely", "possible", "unlikely")
_RULES = re.compile(r"(?<=  # The rules, by topic.\n).*?(?=  # end\n)", re.DOTALL)


def pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    return {f"{symptom}.md": _page(symptom) for symptom in WORDS}


def _page(symptom: str) -> str:
    words = WORDS[symptom]
    lines = [
        f"# {symptom}: {words.meaning}",
        "",
        f"`kerlint --symptom {symptom} FILE` looks for what in a program can cause it;",
        "[Asking for a symptom](../symptoms.md) says how the answer is to be read, and [Causes](../causes.md) tells",
        "them in plain words.",
        "",
        "## What can cause it",
        "",
        "The likeliest first: how certain the rule is of what it says, and how often this is what is seen of it.",
        "",
        "| | code | rule | |",
        "|---|---|---|---|",
    ]
    rules = [rule for rule in all_rules() if symptom in rule.symptoms]
    for degree in _DEGREES:
        lines += [
            f"| {degree} | {rule.code} | [{rule.name}](../rules/{rule.name}.md) | {_summary(rule)} |"
            for rule in sorted(rules, key=lambda rule: (rule.symptoms.index(symptom), rule.code))
            if _degree(rule, symptom) == degree
        ]
    if words.no_cause:
        names = {rule.code: rule.name for rule in all_rules()}
        lines += [
            "",
            "## What is blamed for it, and is not the cause",
            "",
            "Each was measured: [myths](../myths.md).",
            "",
        ]
        lines += [
            f"- [{code}](../rules/{names[code]}.md) {names[code]}: {why}." for code, why in words.no_cause.items()
        ]
    lines += ["", "## What to measure, if nothing in the code explains it", ""]
    lines += [f"- {_escaped(measure)}" for measure in words.measure]
    return "\n".join(lines) + "\n"


def _degree(rule: type[Rule], symptom: str) -> str:
    """How likely a finding of the rule is what is seen."""
    severity, nowhere = rule.severity, Span(1, 1, 1, 1)
    return likelihood(Finding(rule.code, rule.name, severity, "", "", nowhere, symptoms=rule.symptoms), symptom)


def _summary(rule: type[Rule]) -> str:
    from kerlint.rules.documentation import page_of

    return page_of(rule).summary


def _escaped(text: str) -> str:
    return re.sub(r"([\[\]*<>])", r"\\\1", text)


def navigation(topics: Mapping[str, str]) -> str:
    """`zensical.toml` with the rules in its navigation.

    Args:
        topics: the prefixes of the codes, with what they stand for.
    """
    text = SITE.read_text(encoding="utf-8")
    lines: list[str] = []
    for prefix, topic in topics.items():
        rules = [rule for rule in all_rules() if rule.code.startswith(prefix)]
        if rules:
            lines += [f"    {{ {json.dumps(topic)} = [", *map(_entry, rules), "    ] },"]
    return _RULES.sub(lambda _: "".join(f"{line}\n" for line in lines), text)


def _entry(rule: type[Rule]) -> str:
    return f'      {{ "{rule.code} {rule.name}" = "rules/{rule.name}.md" }},'


def update(topics: Mapping[str, str], check: bool) -> int:
    """Writes the pages and the navigation, or says with 1 that some are stale."""
    wanted = {FOLDER / name: text for name, text in pages().items()} | {SITE: navigation(topics)}
    present = {path: path.read_text(encoding="utf-8") for path in (*FOLDER.glob("*.md"), SITE) if path.exists()}
    if wanted == present:
        return 0
    stale: Sequence[Path] = sorted(path for path in {*wanted, *present} if wanted.get(path) != present.get(path))
    if check:
        print("stale:", *(path.relative_to(ROOT) for path in stale))  # noqa: T201
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return 0
