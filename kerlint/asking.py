"""The rules are asked about a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerlint.program.facts import Program
    from kerlint.rules.base import Found, Rule


def ask(program: Program, rules: Sequence[Rule], wrong: list[tuple[str, Exception]]) -> list[tuple[Rule, Found]]:
    """What the rules find.

    Of a program that was not followed to its end, only what the rest of it cannot refute.

    Args:
        wrong: is given each rule that crashes, and how. The others go on.
    """
    if program.limits:
        rules = [rule for rule in rules if not rule.needs_end]
    found = _found(program, rules, wrong)
    target = program.target
    if target.sure:
        return found
    from kerlint.program.target import Target

    # The rest may say that it is for the other Keras. What is found for both is found for whatever it is for.
    program.target = Target(2 if target.keras >= 3 else 3)
    places = {(rule.code, id(one.node)) for rule, one in _found(program, rules, [])}
    program.target = target
    return [(rule, one) for rule, one in found if (rule.code, id(one.node)) in places]


def _found(program: Program, rules: Sequence[Rule], wrong: list[tuple[str, Exception]]) -> list[tuple[Rule, Found]]:
    found: list[tuple[Rule, Found]] = []
    for rule in rules:
        if program.target.keras < rule.keras:
            continue
        part = f"rule {rule.code} ({rule.name})"
        try:
            found.extend([(rule, one) for one in rule.check(program)])
        except Exception as error:  # noqa: BLE001 - one rule must not silence the others
            wrong.append((part, error))
    return found
