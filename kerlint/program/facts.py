"""What a program builds and trains: the facts that rules read.

`Program.events` holds everything that happens, in the order of execution; the properties
of `Program` pick the kinds. Events in different arms of an unknown condition never both
happen (`exclusive`), those in a loop that is evaluated once carry that loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar, cast

from kerlint.program.bindings import BoundData, Unread
from kerlint.program.events import Compile, Event, Fit
from kerlint.program.modules import Module
from kerlint.program.target import CURRENT, Target, Used
from kerlint.program.values import Model, Object, Value
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax


E = TypeVar("E", bound=Event)


@dataclass(eq=False, slots=True)
class _Index:
    """Events by what rules ask for, again and again: a program may have thousands."""

    events: list[Event]
    count: int
    by_kind: dict[type[Event], list[Event]] = field(default_factory=dict)
    fits_of: dict[int, list[Fit]] = field(default_factory=dict)
    _fits_on: dict[int, list[Fit]] | None = None

    @classmethod
    def of(cls, events: list[Event]) -> _Index:
        """The index of these events."""
        made = cls(events, len(events))
        for event in events:
            made.by_kind.setdefault(type(event), []).append(event)
            if type(event) is Fit:
                made.fits_of.setdefault(id(event.compile), []).append(event)
        return made

    def fits_on(self) -> dict[int, list[Fit]]:
        """The training calls by the layers of their models; it takes the graphs of all."""
        if self._fits_on is None:
            self._fits_on = {}
            for fits in self.fits_of.values():
                for fit in fits:
                    for layer in {id(node.layer) for node in fit.graph.nodes if node.layer is not None}:
                        self._fits_on.setdefault(layer, []).append(fit)
        return self._fits_on


@dataclass(eq=False)
class Program:
    """Everything that is known of one file."""

    events: list[Event] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    #: The names of the module when it has run.
    names: dict[str, Value] = field(default_factory=dict)
    #: Calls whose evaluation failed, which is a fault of kerlint: the call, and the error.
    failures: list[tuple[syntax.Node, Exception]] = field(default_factory=list)
    #: Budgets that ran out, in words.
    limits: list[str] = field(default_factory=list)
    #: Likewise, of other modules: nothing is known of them then, as of any library.
    limits_elsewhere: list[str] = field(default_factory=list)
    #: The user's other modules that were imported, each once it had been evaluated. What happened in them when they
    #: were imported is no fact of this program; what their functions do when this file calls them is.
    followed: list[Module] = field(default_factory=list)
    #: The functions of other modules that were called, by the identity of their definitions: the definition, and the
    #: calls in this file that led to it, by their identities.
    entries: dict[int, tuple[syntax.Node, dict[int, syntax.Node]]] = field(default_factory=dict)
    #: What this file uses of libraries, and what the other modules do.
    used: Used = field(default_factory=Used)
    used_elsewhere: Used = field(default_factory=Used)
    #: Where this file mentions a symbol of Keras first, by its dotted name as it is written: an import or an attribute.
    mentions: dict[str, syntax.Node] = field(default_factory=dict)
    #: Whether the `losses` of a model or layer are asked for anywhere.
    losses_read: bool = False
    #: The file itself, for what nobody evaluates.
    module: syntax.Module | None = None
    #: Tensors of models that were given a name which nobody reads, once the program has been evaluated to its end.
    unread: list[Unread] = field(default_factory=list)
    #: The versions that the program is written for.
    target: Target = CURRENT
    #: The variables that data and constants were given to in this file, by the identity of the value.
    bound: dict[int, list[BoundData]] = field(default_factory=dict)
    #: The first line of each cell of a notebook.
    cells: tuple[int, ...] = ()
    _found: _Index | None = None

    def bound_before(self, value: Value | None, event: Event | None) -> syntax.Node | None:
        """The variable that a value was given to last, before an event; None if it was given to none."""
        names = [name for name in self.bound.get(id(value), ()) if event is None or name.order <= event.order]
        return names[-1].node if names else None

    def add_module(self, module: Module, apart: Program) -> None:
        """Takes from the evaluation of another module what concerns this program, too."""
        self.followed += (*apart.followed, module)
        self.failures += apart.failures
        self.limits_elsewhere += apart.limits_elsewhere
        self.used_elsewhere.add(apart.used)
        self.used_elsewhere.add(apart.used_elsewhere)

    def all(self, kind: type[E]) -> Iterator[E]:
        """The events of one kind, in order of execution."""
        return cast("Iterator[E]", iter(self._index().by_kind.get(kind, ())))

    def _index(self) -> _Index:
        found = self._found
        if found is None or found.events is not self.events or found.count != len(self.events):
            found = self._found = _Index.of(self.events)
        return found

    @property
    def compiles(self) -> Iterator[Compile]:
        """All compiles."""
        return self.all(Compile)

    @property
    def fits(self) -> Iterator[Fit]:
        """All training calls."""
        return self.all(Fit)

    def fits_of(self, compile: Compile) -> list[Fit]:
        """The training calls for which this compile is in force."""
        return list(self._index().fits_of.get(id(compile), ()))

    def fits_on(self, layers: Iterable[int]) -> Iterator[Fit]:
        """The training calls of models that have one of these layers, given by identity; some more than once."""
        fits = self._index().fits_on()
        for layer in layers:
            yield from fits.get(layer, ())

    def reads(self, name: str) -> bool:
        """Whether anything in the file may read the variable, be it evaluated or not."""
        from kerlint.program.mentions import reads

        return self.module is None or reads(self.module, name)

    def drops(self, node: syntax.Node) -> bool:
        """Whether an expression is a statement by itself, so that its value is lost."""
        from kerlint import syntax
        from kerlint.program.mentions import below

        parts = below(self.module) if self.module is not None else ()
        return any(isinstance(part, syntax.Expr) and part.value is node for part in parts)

    def times_named(self, name: str) -> int:
        """How often the variable stands in the file, be it evaluated or not; 0 if the file is not known."""
        from kerlint.program.mentions import times_named

        return times_named(self.module, name) if self.module is not None else 0

    def shows(self, node: syntax.Node) -> bool:
        """Whether a notebook shows the value of the expression, because it ends a cell."""
        from kerlint.program.cells import shown

        return self.module is not None and id(node) in shown(self.module, self.cells)

    def times_mentioned(self, attribute: str) -> int:
        """How often `.attribute` stands in the file, be it evaluated or not."""
        from kerlint.program.mentions import attributes

        return attributes(self.module, attribute) if self.module is not None else 0

    def made(self, prefix: str) -> Iterator[Object]:
        """The library objects whose canonical name starts with the prefix."""
        for made in self.objects:
            if made.name.startswith(prefix):
                yield made
