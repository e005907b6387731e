"""`kerlint rule`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from kerlint.cli.terminal import print_lines, use_color

if TYPE_CHECKING:
    from kerlint.rules.documentation import Page

#: Longer lines are hard to read.
_WIDTH = 100


def _names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Codes and names that begin so, for the completion of shells."""
    from kerlint.rules import all_rules
    from kerlint.rules.documentation import OWN_PAGES

    known = [*((rule.code, rule.name) for rule in all_rules()), *((page.code, page.name) for page in OWN_PAGES)]
    codes = [code for code, _ in known if code.startswith(incomplete.upper())]
    return codes + [name for _, name in known if incomplete and name.startswith(incomplete.lower())]


@click.command(short_help="Explain a rule.")
@click.argument("rule", required=False, metavar="CODE|NAME", shell_complete=_names)
@click.option("--all", "every", is_flag=True, help="Explain all rules.")
@click.option(
    "--output-format",
    "form",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="text is Markdown that is laid out where there are colours.",
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="When to use colours.")
def rule(rule: str | None, every: bool, form: str, color: str) -> None:
    """Explain a rule, by its code or its name."""
    from kerlint.rules import all_rules
    from kerlint.rules.documentation import OWN_PAGES, page_of
    from kerlint.selection import unknown_rule

    pages = [*(page_of(one) for one in all_rules()), *OWN_PAGES]
    if every == (rule is not None):
        raise click.UsageError("name one rule, or use --all")
    if rule is not None:
        chosen = [page for page in pages if rule.upper() == page.code or rule.lower() == page.name]
        if not chosen:
            words = (word for page in pages for word in (page.code, page.name))
            raise click.UsageError(str(unknown_rule(rule, words)))
        pages = chosen
    if form == "json":
        print_lines(_json(pages, every))
    elif form == "text" and use_color(color):
        print_lines(_laid_out(page.markdown() for page in pages))
    else:
        print_lines(line for page in pages for line in page.markdown().split("\n"))


def _laid_out(texts: Iterable[str]) -> Iterator[str]:
    """Markdown for a terminal."""
    from io import StringIO

    from rich.console import Console
    from rich.markdown import Markdown

    width = min(shutil.get_terminal_size().columns, _WIDTH)
    for text in texts:
        console = Console(file=StringIO(), force_terminal=True, width=width, legacy_windows=False)
        with console.capture() as capture:
            # The terminal's own colours, which are readable on its background.
            console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))
        yield from (line.rstrip() for line in capture.get().split("\n"))


def _json(pages: Sequence[Page], every: bool) -> Iterator[str]:
    """A list for all rules, an object for one."""
    rows = [_row(page) for page in pages]
    yield json.dumps(rows if every else rows[0], indent=2, ensure_ascii=False)


def _row(page: Page) -> dict[str, object]:
    from kerlint.finding import documentation_url

    return {
        "code": page.code,
        "name": page.name,
        "severity": page.severity.value,
        "summary": page.summary,
        "symptoms": list(page.symptoms),
        "fix": page.fix.value if page.fix is not None else None,
        "in_tests": page.in_tests,
        "keras": page.keras,
        "since": page.since,
        "url": documentation_url(page.code, page.name),
        "options": [
            {"name": one.name, "default": one.default_text, "type": one.type_name, "help": one.help}
            for one in page.options
        ],
        "markdown": page.markdown(),
    }
