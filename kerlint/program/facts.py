"""What a program builds and trains: the facts that rules read.

`Program.events` holds everything that happens, in the order of execution; the properties
of `Program` pick the kinds. Events in different arms of an unknown condition never both
happen (`exclusive`), those in a loop that is evaluated once carry that loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar, cast

from kerlint.program.bindings import BoundData, Unread
from kerlint.program.events import Compile, Event, Fit
from kerlint.program.modules import Module
from kerlint.program.target import CURRENT, Target, Used
from kerlint.program.values import Model, Object, Value
from kerlint.records import dataclass

if TYPE_CHECKING:
    import libcst as cst


E = TypeVar("E", bound=Event)


@dataclass(eq=False, slots=True)
class Program:
    """Everything that is known of one file."""

    events: list[Event] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    #: The names of the module when it has run.
    names: dict[str, Value] = field(default_factory=dict)
    #: Calls whose evaluation failed, which is a fault of kerlint: the call, and the error.
    failures: list[tuple[cst.CSTNode, Exception]] = field(default_factory=list)
    #: Budgets that ran out, in words.
    limits: list[str] = field(default_factory=list)
    #: The user's other modules that were imported, each once it had been evaluated. What happened in them when they
    #: were imported is no fact of this program; what their functions do when this file calls them is.
    followed: list[Module] = field(default_factory=list)
    #: The functions of other modules that were called, by the identity of their definitions: the definition, and the
    #: calls in this file that led to it, by their identities.
    entries: dict[int, tuple[cst.CSTNode, dict[int, cst.CSTNode]]] = field(default_factory=dict)
    #: What this file uses of libraries, and what the other modules do.
    used: Used = field(default_factory=Used)
    used_elsewhere: Used = field(default_factory=Used)
    #: Where this file mentions a symbol of Keras first, by its dotted name as it is written: an import or an attribute.
    mentions: dict[str, cst.CSTNode] = field(default_factory=dict)
    #: Whether the `losses` of a model or layer are asked for anywhere.
    losses_read: bool = False
    #: The file itself, for what nobody evaluates.
    module: cst.Module | None = None
    #: Tensors of models that were given a name which nobody reads, once the program has been evaluated to its end.
    unread: list[Unread] = field(default_factory=list)
    #: The versions that the program is written for.
    target: Target = CURRENT
    #: The variables that data and constants were given to in this file, by the identity of the value.
    bound: dict[int, list[BoundData]] = field(default_factory=dict)
    #: The first line of each cell of a notebook.
    cells: tuple[int, ...] = ()
    #: The events by their kind, and of which list they are, and how many there were then.
    _by_kind: dict[type[Event], list[Event]] = field(default_factory=dict)
    _indexed: tuple[list[Event], int] = field(default_factory=lambda: ([], 0))

    def bound_before(self, value: Value | None, event: Event | None) -> cst.CSTNode | None:
        """The variable that a value was given to last, before an event; None if it was given to none."""
        names = [name for name in self.bound.get(id(value), ()) if event is None or name.order <= event.order]
        return names[-1].node if names else None

    def add_module(self, module: Module, apart: Program) -> None:
        """Takes from the evaluation of another module what concerns this program, too."""
        self.followed += (*apart.followed, module)
        self.failures += apart.failures
        self.limits += apart.limits
        self.used_elsewhere.add(apart.used)
        self.used_elsewhere.add(apart.used_elsewhere)

    def all(self, kind: type[E]) -> Iterator[E]:
        """The events of one kind, in order of execution."""
        # Rules ask again and again, and a program may have thousands of events.
        if self._indexed[0] is not self.events or self._indexed[1] != len(self.events):
            self._indexed, self._by_kind = (self.events, len(self.events)), {}
            for event in self.events:
                self._by_kind.setdefault(type(event), []).append(event)
        return cast("Iterator[E]", iter(self._by_kind.get(kind, ())))

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
        return [fit for fit in self.fits if fit.compile is compile]

    def reads(self, name: str) -> bool:
        """Whether anything in the file may read the variable, be it evaluated or not."""
        from kerlint.program.mentions import reads

        return self.module is None or reads(self.module, name)

    def shows(self, node: cst.CSTNode) -> bool:
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
