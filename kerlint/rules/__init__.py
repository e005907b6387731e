"""The rules, one file each, in a package for each topic. A rule is registered by being there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
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
    for topic, is_package in _entries(__path__):
        if is_package:
            package = importlib.import_module(f"{__name__}.{topic}")
            for name, _ in _entries(package.__path__):
                yield f"{__name__}.{topic}.{name}"


def _entries(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yields the names of the modules in folders, and whether each is a package."""
    for path in paths:
        if os.path.isdir(path):
            for entry in sorted(os.listdir(path)):
                name, ending = os.path.splitext(entry)
                if ending == ".py" and name != "__init__":
                    yield name, False
                elif not ending and not name.startswith("_") and os.path.isdir(os.path.join(path, entry)):
                    yield name, True
        else:
            # In a zip archive, for one. `pkgutil` imports a lot that is not needed else.
            import pkgutil

            for module in pkgutil.iter_modules([path]):
                yield module.name, module.ispkg


def _rules_in(name: str) -> list[type[Rule]]:
    """The rules that a module defines itself; a base that rules share has no code."""
    module = importlib.import_module(name)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name and "code" in vars(value)
    ]
