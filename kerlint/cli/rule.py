"""`kerlint rule`."""

from __future__ import annotations

import click

from kerlint.cli.terminal import print_lines


@click.command()
@click.argument("rule", required=False, metavar="CODE|NAME")
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
