"""Where names live while the program is evaluated, and where in its control flow we are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.program.values import Value
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.modules import ModuleFile


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, function or class body.

    `parent` is the enclosing scope for look-ups; class bodies are skipped by the functions in them.
    `declared_global` and `declared_nonlocal` hold the names of such statements.
    Of a module, `stars` are the libraries whose names it imports with `*`, and `file` says where it is.
    """

    kind: str
    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    declared_global: frozenset[str] = frozenset()
    declared_nonlocal: frozenset[str] = frozenset()
    stars: tuple[str, ...] = ()
    file: ModuleFile | None = None

    def lookup(self, name: str) -> Value | None:
        """The value of a name, from here outwards."""
        found = self.names.get(name)
        if found is not None:
            return found
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                found = scope.names.get(name)
                if found is not None:
                    return found
            scope = scope.parent
        return None

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def home(self, name: str) -> Scope:
        """The scope that an assignment to the name writes to."""
        if name in self.declared_global:
            return self.module
        if name in self.declared_nonlocal:
            scope = self.parent
            while scope is not None:
                if name in scope.names and scope.kind == "function":
                    return scope
                scope = scope.parent
        return self


@dataclass(eq=False, slots=True)
class Loop:
    """A loop being evaluated.

    Args:
        node: the `for` or `while` statement.
        count: how often it runs, if known.
        unrolled: whether each pass is evaluated on its own; else once for all passes.
        over: what it goes over, without `enumerate`; None for `while`.
        ends_at_once: whether it is left in its first pass, whatever happens.
    """

    node: syntax.Node
    count: int | None
    unrolled: bool
    iteration: int = 0
    over: Value | None = None
    ends_at_once: bool = False


#: The arms of unknown conditions that led here: (the statement, which arm).
Path = tuple[tuple["syntax.Node", int], ...]


def exclusive(left: Path, right: Path) -> bool:
    """Whether two places lie in different arms of one condition, so that never both run."""
    arms = {id(node): arm for node, arm in left}
    return any(arms.get(id(node), arm) != arm for node, arm in right)
