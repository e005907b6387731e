"""The arguments of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.values import Value


@dataclass(eq=False, slots=True)
class Arguments:
    """The arguments of a call as written, evaluated.

    Args:
        positional: values with the node of each argument.
        keywords: likewise by keyword.
        open: whether there was a `*` or `**` argument whose content is not known.
    """

    positional: list[tuple[Value, syntax.Node | None]] = field(default_factory=list)
    keywords: dict[str, tuple[Value, syntax.Node | None]] = field(default_factory=dict)
    open: bool = False

    def get(self, index: int | None, name: str | None = None) -> Value | None:
        """The argument at a position or under a keyword."""
        if name is not None and name in self.keywords:
            return self.keywords[name][0]
        if index is not None and index < len(self.positional):
            return self.positional[index][0]
        return None

    def place(self, index: int | None, name: str | None = None) -> syntax.Node | None:
        """Where `get` would find its argument."""
        if name is not None and name in self.keywords:
            return self.keywords[name][1]
        if index is not None and index < len(self.positional):
            return self.positional[index][1]
        return None
