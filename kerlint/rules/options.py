"""What the configuration can set in a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar, cast, overload

T = TypeVar("T", bool, int, float, "tuple[str, ...]", "Mapping[str, float]")


class OptionError(ValueError):
    """A value that an option cannot have, or an option that a rule does not have.

    Args:
        key: the option and, in a table, the key within it.
    """

    def __init__(self, key: tuple[str, ...], message: str) -> None:
        super().__init__(f"{'.'.join(key)}: {message}" if key else message)
        self.key = key
        self.message = message


class Option(Generic[T]):
    """A threshold or a list of a rule that the configuration may set.

    In a rule, `self.max_rate` is the value; on the class, `Rule.max_rate` is the option itself. The type is that of
    the default: a whole number, a number, true or false, several texts, or a table of numbers. A table's keys are
    fixed; what the configuration leaves out keeps its default.

    Args:
        default: the value where the configuration says nothing. Where it was measured, the rule's page says how.
        help: one line of documentation, a sentence.
        low: the smallest number, that one included.
        above: a number below all that are allowed.
        high: the largest number, that one included.
    """

    def __init__(
        self,
        default: T,
        help: str,
        *,
        low: float | None = None,
        above: float | None = None,
        high: float | None = None,
    ) -> None:
        self.default: T = default
        self.help = help
        self.low = low
        self.above = above
        self.high = high
        #: The name of the attribute, and the name that the configuration uses.
        self.attribute = ""
        self.name = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = attribute.replace("_", "-")

    @overload
    def __get__(self, rule: None, owner: type) -> Option[T]: ...

    @overload
    def __get__(self, rule: object, owner: type) -> T: ...

    def __get__(self, rule: object | None, owner: type) -> Option[T] | T:
        return self if rule is None else self.default

    @property
    def type_name(self) -> str:
        """What the value is, in the words of the documentation."""
        default: object = self.default
        if isinstance(default, bool):
            return "true or false"
        if isinstance(default, int):
            return "a whole number"
        if isinstance(default, float):
            return "a number"
        return "a table of numbers" if isinstance(default, Mapping) else "a list of strings"

    @property
    def default_text(self) -> str:
        """The default as TOML has it."""
        return _toml(self.default)

    @property
    def bounds(self) -> str:
        """The range of a number in words; empty if there is none."""
        parts = (("at least", self.low), ("above", self.above), ("at most", self.high))
        return " and ".join(f"{word} {bound:g}" for word, bound in parts if bound is not None)

    def read(self, value: object) -> T:
        """A value from the configuration.

        Raises:
            OptionError: if the option cannot have it.
        """
        default: object = self.default
        if isinstance(default, Mapping):
            return cast("T", self._table(value, default))
        return cast("T", self._single(value, default, (self.name,)))

    def _table(self, value: object, default: Mapping[str, float]) -> dict[str, float]:
        if not isinstance(value, Mapping):
            raise OptionError((self.name,), f"must be {self.type_name}, not {_shown(value)}")
        for key in value:
            if key not in default:
                raise unknown_option(str(key), default, (self.name,))
        own = {key: self._number(one, float, (self.name, key)) for key, one in value.items()}
        return {**default, **own}

    def _single(self, value: object, default: object, key: tuple[str, ...]) -> object:
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise OptionError(key, f"must be {self.type_name}, not {_shown(value)}")
            return value
        if isinstance(default, (int, float)):
            return self._number(value, type(default), key)
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
            raise OptionError(key, f"must be {self.type_name}, not {_shown(value)}")
        return tuple(value)

    def _number(self, value: object, kind: type, key: tuple[str, ...]) -> float:
        kinds = (int, float) if kind is float else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds):
            what = "a number" if kind is float else "a whole number"
            raise OptionError(key, f"must be {what}, not {_shown(value)}")
        fits = (
            value == value  # not a number is not equal to itself
            and (self.low is None or value >= self.low)
            and (self.above is None or value > self.above)
            and (self.high is None or value <= self.high)
        )
        if not fits:
            raise OptionError(key, f"must be {self.bounds or 'a number'}, not {value}")
        return float(value) if kind is float else value


def unknown_option(name: str, known: Iterable[str], inside: tuple[str, ...] = ()) -> OptionError:
    """The complaint about a name that is none, with the one that comes closest."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        hint = f"; did you mean {close[0]}?"
    else:
        hint = f"; there are {', '.join(names)}" if names else "; the rule has none"
    return OptionError((*inside, name), f"unknown option{hint}")


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _shown(value: object) -> str:
    """A value as TOML has it, as far as it is short."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
