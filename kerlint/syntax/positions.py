"""Where the nodes of libcst's tree are in the text.

libcst knows the place of a node only as the place at which it writes it out. What listens here notes two numbers for
each node; libcst's own `PositionProvider` says the same (a test compares them) in five times the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint.deep import with_deep_stack
from kerlint.finding import Span
from kerlint.syntax.lines import Lines

if TYPE_CHECKING:
    from types import TracebackType

    import libcst


#: The place of a node; None for one that is not in the module.
Locate = Callable[["libcst.CSTNode"], "Span | None"]


def locate(module: libcst.Module) -> Locate:
    """What knows the places of all nodes of a module."""
    writing = _written(module)
    lines = Lines("".join(writing.tokens))

    def find(node: libcst.CSTNode) -> Span | None:
        place = writing.places.get(id(node))
        return Span(*lines.place(place[0]), *lines.place(place[1])) if place is not None else None

    return find


def extents(module: libcst.Module) -> dict[int, tuple[int, int]]:
    """The indices of the first character of each node and the one behind its last, by the node's identity."""
    return _written(module).places


def _written(module: libcst.Module) -> _Writing:
    try:
        return _write(module)
    except Exception:  # noqa: BLE001 - a full stack comes out of libcst as more than one kind of error
        return with_deep_stack(lambda: _write(module))


def _write(module: libcst.Module) -> _Writing:
    writing = _Writing(module)
    # Every way to the places leads through this method. It takes whatever behaves like libcst's `CodegenState`.
    module._codegen(writing)  # type: ignore[arg-type]  # noqa: SLF001
    return writing


class _Writing:
    """Notes where each node begins and ends while a module is written out, as offsets into the text.

    Its methods are those of libcst's `CodegenState`.
    """

    __slots__ = ("_indents", "_offset", "_starts", "default_indent", "default_newline", "module", "places", "tokens")

    def __init__(self, module: libcst.Module) -> None:
        self.module = module
        self.default_indent = module.default_indent
        self.default_newline = module.default_newline
        #: By identity, which no other node takes as long as the module is there.
        self.places: dict[int, tuple[int, int]] = {}
        self.tokens: list[str] = []
        self._indents: list[str] = []
        self._offset = 0
        self._starts: list[int] = []

    def increase_indent(self, value: str) -> None:
        self._indents.append(value)

    def decrease_indent(self) -> None:
        self._indents.pop()

    def add_indent_tokens(self) -> None:
        for token in self._indents:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self._offset += len(value)

    def before_codegen(self, _: libcst.CSTNode) -> None:
        self._starts.append(self._offset)

    def after_codegen(self, node: libcst.CSTNode) -> None:
        # A place without the blanks around it goes before one with them.
        self.places.setdefault(id(node), (self._starts.pop(), self._offset))

    def pop_trailing_newline(self) -> None:
        """The end of a module without a newline: it stays, so that the end of the module has a place."""

    def record_syntactic_position(
        self,
        node: libcst.CSTNode,
        *,
        start_node: libcst.CSTNode | None = None,
        end_node: libcst.CSTNode | None = None,
    ) -> _Place:
        return _Place(self, self._offset, node, start_node, end_node)

    def note(
        self, node: libcst.CSTNode, start: int, start_node: libcst.CSTNode | None, end_node: libcst.CSTNode | None
    ) -> None:
        """Notes a place; it begins and ends with other nodes where these are given."""
        places = self.places
        places[id(node)] = (
            start if start_node is None else places[id(start_node)][0],
            self._offset if end_node is None else places[id(end_node)][1],
        )


class _Place:
    """What is written out while this is entered is the place of a node."""

    __slots__ = ("_about", "_writing")

    def __init__(
        self,
        writing: _Writing,
        start: int,
        node: libcst.CSTNode,
        start_node: libcst.CSTNode | None,
        end_node: libcst.CSTNode | None,
    ) -> None:
        self._writing = writing
        self._about = node, start, start_node, end_node

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._writing.note(*self._about)
