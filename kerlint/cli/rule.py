"""`kerlint rule`."""

from __future__ import annotations

import click

from kerlint.cli.terminal import print_lines


def _names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Codes and names that begin so, for the completion of shells."""
    from kerlint.rules import all_rules
    from kerlint.rules.documentation import OWN_PAGES

    known = [*((rule.code, rule.name) for rule in all_rules()), *((page.code, page.name) for page in OWN_PAGES)]
    codes = [code for code, _ in known if code.startswith(incomplete.upper())]
    return codes + [name for _, name in known if incomplete and name.startswith(incomplete.lower())]


@click.command()
@click.argument("rule", required=False, metavar="CODE|NAME", shell_complete=_names)
@click.option("--all", "every", is_flag=True, help="Explain all rules.")
def rule(rule: str | None, every: bool) -> None:
    """Explain a rule."""
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
    print_lines(line for page in pages for line in page.markdown().split("\n"))
