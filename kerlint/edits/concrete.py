"""A text that can be changed."""

from __future__ import annotations

from collections.abc import Mapping

from kerlint.edits.text import Text
from kerlint.syntax.concrete import parse
from kerlint.syntax.places import Locate
from kerlint.syntax.positions import locate


def concrete(text: str, place: Locate, names: Mapping[str, str]) -> Text | None:
    """A text that can be changed; None if libcst should not be asked, or does not know the syntax.

    Args:
        place: where the nodes of kerlint's own tree of this text are.
        names: as for `Text`.
    """
    module = parse(text)
    return Text(module, text, locate(module), names, place) if module is not None else None
