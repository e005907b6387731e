"""Where nodes are in the text, computed only for files with something to report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kerlint.deep import with_deep_stack
from kerlint.finding import Span

if TYPE_CHECKING:
    import libcst


#: The place of a node; None for one that is not in the module.
Locate = Callable[["libcst.CSTNode"], "Span | None"]


def locate(module: libcst.Module) -> Locate:
    """What knows the places of all nodes of a module."""
    try:
        ranges = _ranges(module)
    except Exception:  # noqa: BLE001 - a full stack comes out of libcst as more than one kind of error
        ranges = with_deep_stack(lambda: _ranges(module))

    def find(node: libcst.CSTNode) -> Span | None:
        place = ranges.get(node)
        if place is None:
            return None
        return Span(place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)

    return find


def spans(module: libcst.Module, nodes: Iterable[libcst.CSTNode]) -> dict[int, Span]:
    """The spans of nodes by their `id`. A node that is not in the module has none."""
    find = locate(module)
    return {id(node): span for node in nodes if (span := find(node)) is not None}


def _ranges(module: libcst.Module) -> Mapping[libcst.CSTNode, Any]:
    from libcst.metadata import MetadataWrapper, PositionProvider

    # The tree is the parser's own and no node of it appears twice, so that it needs no copy.
    return MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
