"""The rules, one file each, in a package for each topic. A rule is registered by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import lru_cache

from kerlint.rules.base import Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[type[Rule], ...]:
    """Every rule, sorted by code.

    Raises:
        ValueError: if two rules have the same code or the same name.
    """
    rules = sorted((rule for module in _modules() for rule in _rules_in(module)), key=lambda rule: rule.code)
    for attribute in ("code", "name"):
        seen: dict[str, type[Rule]] = {}
        for rule in rules:
            other = seen.setdefault(getattr(rule, attribute), rule)
            if other is not rule:
                places = f"{other.__module__} and {rule.__module__}"
                raise ValueError(f"two rules have the {attribute} {getattr(rule, attribute)}: {places}")
    return tuple(rules)


def _modules() -> Iterator[str]:
    """Yields the modules of the topics' packages."""
    for topic in pkgutil.iter_modules(__path__, f"{__name__}."):
        if topic.ispkg:
            package = importlib.import_module(topic.name)
            for module in pkgutil.iter_modules(package.__path__, f"{topic.name}."):
                yield module.name


def _rules_in(name: str) -> list[type[Rule]]:
    """The rules that a module defines itself; a base that rules share has no code."""
    module = importlib.import_module(name)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name and "code" in vars(value)
    ]
