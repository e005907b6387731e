"""Trying out what a library calls: a function of the program is followed, and everything is as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kerlint.program.events import Event
from kerlint.program.interpreter.machine import OutOfFuel
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Statements and calls that one trial may take: what is tried is a method, or one of a thousand epochs of a plan.
TRIAL_FUEL = 10_000
#: Fuel that has to be left for the program itself: a trial is an extra.
_RESERVE = 2_000
#: What a trial costs at least, so that their number is limited, too.
_LEAST = 300


@dataclass(eq=False, slots=True)
class Trial:
    """What a trial was like.

    Args:
        events: what happened in it; these are no events of the program unless somebody makes them so.
        finished: whether it came to its end; if not, nothing can be said.
    """

    events: list[Event] = field(default_factory=list)
    finished: bool = False


@contextmanager
def elsewhere(machine: Machine) -> Iterator[None]:
    """Follows what stands in the block as if a library called it: where we are in the program does not count there."""
    outer = machine.frames, machine.path, machine.loops, machine.traces, machine.tries, machine.tapes
    machine.frames, machine.path, machine.loops, machine.traces, machine.tries, machine.tapes = [], (), (), [], 0, 0
    fuel = machine.fuel
    machine.fuel = machine.callback_fuel + _RESERVE
    try:
        yield
    finally:
        machine.callback_fuel = machine.fuel - _RESERVE - _LEAST
        machine.fuel = fuel
        machine.frames, machine.path, machine.loops, machine.traces, machine.tries, machine.tapes = outer


@contextmanager
def trying(machine: Machine, *, assumed: bool = False) -> Iterator[Trial]:
    """Follows what stands in the block and takes it back: events, changes, and what was made or called on the way.

    A trial that takes too long ends without an error, and is not `finished`.

    Args:
        assumed: whether nobody in the program is known to reach it.
    """
    trial = Trial()
    program = machine.program
    events, program.events = program.events, trial.events
    called, machine.called = machine.called, set(machine.called)
    births = machine.births
    before = machine.assumed, machine.depth, machine.doubts
    machine.doubts = 0
    names = dict(machine.name_counts)
    machine.assumed = assumed
    fuel = machine.fuel
    allowed = max(0, min(TRIAL_FUEL, fuel - _RESERVE))
    machine.fuel = allowed
    start = machine.heap.position()
    machine.heap.mark()
    try:
        yield trial
        trial.finished = True
    except OutOfFuel:
        pass
    finally:
        machine.heap.restore(start)
        machine.fuel = fuel - (allowed - max(machine.fuel, 0))
        machine.assumed, machine.depth, machine.doubts = before
        machine.name_counts = names
        machine.called = called
        program.events = events
        del program.models[births[0] :], program.objects[births[1] :]


def publish(machine: Machine, events: list[Event], under: Event) -> None:
    """Makes events of a trial events of the program, where what is tried is part of another one.

    Args:
        under: what the library calls the function in, such as the training call.
    """
    for event in events:
        event.order = len(machine.program.events)
        event.path = (*under.path, *event.path)
        event.tried = event.tried or under.tried
        machine.program.events.append(event)
