"""Which rules apply, how severe they are, and what else a file's settings say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.finding import Severity
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint.rules.base import Rule

#: Kerlint's own codes and their names, as in `rules.documentation.OWN_PAGES`, which takes longer to import.
OWN_NAMES = {
    "KX000": "internal-error",
    "KX001": "syntax-error",
    "KX002": "unreadable-file",
    "KX003": "unused-ignore",
    "KX004": "invalid-ignore",
}


@dataclass(frozen=True)
class Settings:
    """What applies to a file.

    Args:
        select: codes, prefixes of codes, names or `ALL`; empty means all.
        ignore: likewise. Where a rule is both selected and ignored, the longer selector wins.
        pedantic: show advice, too.
        target_keras: the version that the code is written for, `2`, `3` or `3.4`; None to find out.
        off: rules that are off whatever is selected.
        severity: other severities, by selector; the longest wins.
        options: values of rules' options, by the name of the rule and of the option.
        root: the folder that imports are followed in; None to find out.
        comments: whether comments in the file may silence findings.
        symptom: what is asked about, of `kerlint.rules.base.SYMPTOMS`: advice is shown, and what can be ruled out.
        probe: prepare experiments for findings that can be probed.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    target_keras: str | None = None
    off: tuple[str, ...] = ()
    # Dictionaries have no hash; settings that differ only in them are told apart all the same.
    severity: Mapping[str, Severity] = field(default_factory=dict, hash=False)
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)
    root: str | None = None
    comments: bool = True
    probe: bool = False
    symptom: str | None = None


class SelectionError(ValueError):
    """A selector that selects nothing, or a rule that does not exist.

    Args:
        selector: what was written.
        close: what may have been meant; None if nothing comes close.
    """

    def __init__(self, selector: str, close: str | None) -> None:
        super().__init__(f"unknown rule {selector!r}" + (f"; did you mean {close}?" if close else ""))
        self.selector = selector
        self.close = close


@lru_cache(maxsize=64)
def selected(settings: Settings) -> tuple[type[Rule], ...]:
    """The classes of the rules that the settings ask for, sorted by code.

    Raises:
        SelectionError: for a selector that fits no rule.
    """
    from kerlint.rules import all_rules

    validate((*settings.select, *settings.ignore, *settings.off, *settings.severity))
    return tuple(rule for rule in all_rules() if is_on(rule.code, rule.name, settings))


def rules_for(settings: Settings) -> list[Rule]:
    """The rules that the settings ask for, with their options, sorted by code.

    Raises:
        SelectionError: for a selector that fits no rule.
        OptionError: for an option that a rule does not have, or a value that it cannot have.
    """
    return [rule(settings.options.get(rule.name)) for rule in selected(settings)]


def validate(selectors: Iterable[str]) -> None:
    """Does nothing if every selector fits a rule.

    Raises:
        SelectionError: for the first that does not.
    """
    known = _identities()
    for selector in selectors:
        if not any(weight(selector, code, name) for code, name in known):
            prefixes = {code[:length] for code, _ in known for length in (2, 3)}
            raise unknown_rule(selector, ["ALL", *prefixes, *(word for pair in known for word in pair)])


def check_version(text: str) -> None:
    """Does nothing for a version of Keras that code can be for.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[23](\.[0-9]{1,3})?", text):
        raise ValueError("must be a version of Keras: 2, 3, or one like 3.4")


def unknown_rule(word: str, words: Iterable[str]) -> SelectionError:
    """The complaint about a word that is no rule, with the one that comes closest.

    Codes are all alike: of several that are as close, the first that begins most like the word is named.
    """
    import difflib

    folded = {known.lower(): known for known in sorted(words)}
    near = word.lower()
    close = difflib.get_close_matches(near, folded, n=20, cutoff=0.6)

    def closeness(known: str) -> tuple[float, int]:
        same = next((index for index, (one, other) in enumerate(zip(known, near)) if one != other), len(near))
        return difflib.SequenceMatcher(None, known, near).ratio(), same

    return SelectionError(word, folded[max(sorted(close), key=closeness)] if close else None)


def is_on(code: str, name: str, settings: Settings) -> bool:
    """Whether the settings ask for a rule."""
    return not reason_off(code, name, settings)


def reason_off(code: str, name: str, settings: Settings) -> str:
    """Why a rule is off: the key that decides it; empty if it is on."""
    if code in OWN_NAMES:
        # No broad selector silences what kerlint says about itself.
        if _closest(settings.off, code, name) > 2:
            return "per-file-ignores"
        return "ignore" if _closest(settings.ignore, code, name) > 2 else ""
    if _closest(settings.off, code, name):
        return "per-file-ignores"
    ignored = _closest(settings.ignore, code, name)
    if not settings.select:
        return "ignore" if ignored else ""
    wanted = _closest(settings.select, code, name)
    return "" if wanted > ignored else "ignore" if wanted else "select"


def _closest(selectors: Iterable[str], code: str, name: str) -> int:
    return max((weight(selector, code, name) for selector in selectors), default=0)


def weight(selector: str, code: str, name: str) -> int:
    """How closely a selector fits a rule; 0 if it does not."""
    if selector in (code, name):
        return 100
    if selector == "ALL":
        return 1
    return 1 + len(selector) if selector and code.startswith(selector) else 0


def _identities() -> list[tuple[str, str]]:
    """Code and name of everything that can be selected."""
    from kerlint.rules import all_rules

    return [*((rule.code, rule.name) for rule in all_rules()), *OWN_NAMES.items()]


def is_asked_for(code: str, name: str, settings: Settings) -> bool:
    """Whether advice is shown: on request, for a symptom, or where its rule is selected by its full code or name."""
    return settings.pedantic or settings.symptom is not None or code in settings.select or name in settings.select


#: From the least to the most severe.
RANKS = (Severity.ADVICE, Severity.WARNING, Severity.ERROR)


def severity_of(code: str, name: str, usual: Severity, found: Severity, settings: Settings) -> Severity:
    """The severity of a finding under the settings.

    A rule that is raised lifts its findings; those that it itself holds for less sure stay as they are. A rule that
    is lowered has no finding above the new severity.

    Args:
        usual: the rule's own severity.
        found: that of the finding as the rule gives it.
    """
    if not settings.severity:
        return found
    selector = max(settings.severity, key=lambda one: weight(one, code, name))
    if not weight(selector, code, name):
        return found
    rank, own, wanted = map(RANKS.index, (usual, found, settings.severity[selector]))
    if wanted < rank:
        return RANKS[min(own, wanted)]
    return RANKS[max(own, wanted)] if own >= rank else found
