"""The documentation of rules, taken from their docstrings.

Markdown with fixed headings. `kerlint rule`, the tests and the pages in `docs/` all read it here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kerlint.finding import Safety, Severity
from kerlint.records import dataclass
from kerlint.rules.base import Option, Rule

#: What every rule's docstring has.
HEADINGS = ("Why is this bad?", "Example", "References")

_HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^```(?:python)?[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_USE_INSTEAD = re.compile(r"^Use instead:[ \t]*$", re.MULTILINE)
_MARKER = re.compile(r"#[ \t]*(K[A-Z]\d{3}(?:[ \t,]+K[A-Z]\d{3})*)[ \t]*$")


@dataclass(frozen=True)
class Page:
    """What there is to read about one code.

    Args:
        body: Markdown, the docstring without its indentation.
        options: what the configuration can set.
        fix: whether its fixes are safe; None if it has none.
        keras: the first major version of Keras that it is about.
    """

    code: str
    name: str
    severity: Severity
    symptoms: tuple[str, ...]
    since: str
    in_tests: bool
    body: str
    options: tuple[Option[Any], ...] = ()
    fix: Safety | None = None
    keras: int = 1

    @property
    def summary(self) -> str:
        """The first paragraph."""
        return " ".join(self.body.split("\n\n", 1)[0].split())

    @property
    def sections(self) -> Mapping[str, str]:
        """The text under each heading, in order."""
        pieces = _HEADING.split(self.body)
        return {title: text.strip("\n") for title, text in zip(pieces[1::2], pieces[2::2], strict=True)}

    @property
    def example(self) -> str:
        """The first block under `## Example`: the program with the fault, empty if there is none."""
        return _block(_USE_INSTEAD.split(self.sections.get("Example", ""))[0])

    @property
    def use_instead(self) -> str:
        """The block after `Use instead:`: the program without the fault, empty if there is none."""
        return _block("\n".join(_USE_INSTEAD.split(self.sections.get("Example", ""))[1:]))

    def markdown(self) -> str:
        """The whole page."""
        facts = [f"severity: {self.severity.value}"]
        if self.symptoms:
            facts.append(f"symptoms: {', '.join(self.symptoms)}")
        if self.fix is not None:
            facts.append(f"fix: {self.fix.value}")
        if self.keras > 1:
            facts.append(f"from Keras {self.keras} on")
        if not self.in_tests:
            facts.append("silent in test files")
        facts.append(f"since {self.since}")
        return f"# {self.name} ({self.code})\n\n{' | '.join(facts)}\n\n{self.body}\n{self._options()}"

    def _options(self) -> str:
        """The section about the options; empty if there are none."""
        if not self.options:
            return ""
        head = f"\n## Options\nIn `[tool.kerlint.rules.{self.name}]` of the configuration:\n\n"
        rows = [f"| `{option.name}` | `{option.default_text}` | {_described(option)} |" for option in self.options]
        return head + "\n".join(["| option | default | |", "|---|---|---|", *rows]) + "\n"


def _described(option: Option[Any]) -> str:
    kind = f"{option.type_name}, {option.bounds}" if option.bounds else option.type_name
    return f"{option.help} ({kind})"


def page_of(rule: type[Rule] | Rule) -> Page:
    """A rule's page."""
    body = inspect.cleandoc(rule.__doc__ or "")
    options = tuple(rule.options().values())
    return Page(
        rule.code,
        rule.name,
        rule.severity,
        rule.symptoms,
        rule.since,
        rule.in_tests,
        body,
        options,
        rule.fix,
        rule.keras,
    )


def marked(text: str) -> set[tuple[int, str]]:
    """The lines and codes that a program's trailing comments announce, as in `# KL001 KL002`."""
    return set(_marked(text))


def _marked(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if match := _MARKER.search(line):
            for code in re.split(r"[ \t,]+", match[1]):
                yield number, code


def _block(text: str) -> str:
    match = _FENCE.search(text)
    return match[1] if match else ""


def _own(code: str, name: str, body: str, severity: Severity = Severity.ERROR) -> Page:
    return Page(code, name, severity, (), "0.1.0", True, inspect.cleandoc(body))


#: What kerlint says about itself and about files that it cannot lint.
OWN_PAGES = (
    _own(
        "KX000",
        "internal-error",
        """
        kerlint failed.

        A rule, or the evaluation of the program, crashed. All other rules and files are reported as usual,
        and the exit status is 2. `--verbose` shows the traceback. Please report it.
        """,
    ),
    _own(
        "KX001",
        "syntax-error",
        """
        The file, or a cell of a notebook, is not Python.

        A file with a syntax error is not linted any further. In a notebook only the cell is left out.
        """,
    ),
    _own(
        "KX002",
        "unreadable-file",
        """
        The file cannot be read.

        It may be missing, not be text in the encoding that it declares, or not be a notebook although its name
        says so. Files that do not mention Keras or TensorFlow are never decoded, and so never reported.
        """,
    ),
    _own(
        "KX003",
        "unused-ignore",
        """
        A comment silences a rule that finds nothing there.

        What it was written for has been mended, or it stands beside the wrong statement. It would silence the next
        finding of that rule, which nobody has seen. Only rules that ran are looked at: comments for rules that are not
        selected, or silent in test files, are left alone.
        """,
        Severity.WARNING,
    ),
    _own(
        "KX004",
        "invalid-ignore",
        """
        A comment is meant to silence a finding, but does not.

        It names no rule, or one that does not exist: `# kerlint: ignore` alone silences nothing, so that it cannot
        hide what nobody has seen. Write `# kerlint: ignore[KL001] reason`, with codes or names of rules.
        """,
        Severity.WARNING,
    ),
)
