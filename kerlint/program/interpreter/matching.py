"""`match`: the case that is taken where that is known, else each that may be."""

from __future__ import annotations

from functools import partial
from typing import Any

import libcst as cst

from kerlint.program.constants import NOTHING, constant
from kerlint.program.heap import Captured
from kerlint.program.interpreter.assign import assign_target
from kerlint.program.interpreter.flow import BREAK, CONTINUE, FALL
from kerlint.program.interpreter.instances import is_instance
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.statements import run_arm
from kerlint.program.values import Unknown, Value


def run_match(machine: Machine, node: cst.Match) -> int:
    """A `match` statement. Cases that may be taken are evaluated as arms, and the arms are joined."""
    subject = machine.evaluate(node.subject)
    possible: list[tuple[int, cst.MatchCase]] = []
    is_sure = False
    for index, case in enumerate(node.cases):
        taken = _is_taken(machine, case, subject)
        if taken is not False:
            possible.append((index, case))
        if taken is True:
            is_sure = True
            break
    if is_sure and len(possible) == 1:
        return _run_case(machine, possible[0][1], subject)
    return _run_arms(machine, node, possible, subject, may_pass=not is_sure)


def _run_arms(
    machine: Machine, node: cst.Match, cases: list[tuple[int, cst.MatchCase]], subject: Value, *, may_pass: bool
) -> int:
    heap = machine.heap
    arms: list[Captured] = [{}] if may_pass else []
    flow = FALL
    for index, case in cases:
        flow, changes = run_arm(machine, node, index, partial(_run_case, machine, case, subject))
        if flow in (FALL, BREAK, CONTINUE):
            arms.append(changes)
    if not arms:
        return flow
    joined = arms[0]
    for arm in arms[1:]:
        mark = heap.mark()
        heap.merge(joined, arm)
        joined = heap.capture(mark)
        heap.undo(mark)
    heap.apply(joined)
    return FALL


def _run_case(machine: Machine, case: cst.MatchCase, subject: Value) -> int:
    _bind(machine, case.pattern, subject)
    return machine.execute(case.body)


def _is_taken(machine: Machine, case: cst.MatchCase, subject: Value) -> bool | None:
    """Whether a case is taken if those before it are not; None if that is not known."""
    fits = _fits(machine, case.pattern, subject)
    if fits and case.guard is not None:
        # The guard may read what the pattern binds: it is not evaluated ahead.
        return None
    return fits


def _fits(machine: Machine, pattern: cst.MatchPattern, subject: Value) -> bool | None:
    if isinstance(pattern, cst.MatchAs):
        return True if pattern.pattern is None else _fits(machine, pattern.pattern, subject)
    if isinstance(pattern, cst.MatchOr):
        answers = [_fits(machine, element.pattern, subject) for element in pattern.patterns]
        if True in answers:
            return True
        return None if None in answers else False
    if isinstance(pattern, (cst.MatchValue, cst.MatchSingleton)):
        known, wanted = constant(subject), constant(machine.evaluate(pattern.value))
        if known is NOTHING or wanted is NOTHING:
            return None
        return known is wanted if isinstance(pattern, cst.MatchSingleton) else bool(known == wanted)
    if isinstance(pattern, cst.MatchClass) and not pattern.patterns and not pattern.kwds:
        return is_instance(subject, machine.evaluate(pattern.cls))
    return None


def _bind(machine: Machine, pattern: cst.MatchPattern, subject: Value) -> None:
    """Gives the names of a pattern what they stand for; what is taken apart is not known."""
    if isinstance(pattern, cst.MatchAs):
        if pattern.name is not None:
            assign_target(machine, pattern.name, subject)
        if pattern.pattern is not None:
            _bind(machine, pattern.pattern, subject)
        return
    if isinstance(pattern, (cst.MatchValue, cst.MatchSingleton)):
        return
    for name in _captures(pattern):
        assign_target(machine, name, Unknown("part of a pattern", node=name))


def _captures(pattern: cst.MatchPattern) -> list[cst.Name]:
    """The names that a pattern binds."""
    found: list[cst.Name | None] = []
    pending: list[Any] = [pattern]
    while pending:
        part = pending.pop()
        if isinstance(part, (cst.MatchAs, cst.MatchStar)):
            found.append(part.name)
        if isinstance(part, cst.MatchMapping):
            found.append(part.rest)
            pending.extend(element.pattern for element in part.elements)
        elif isinstance(part, cst.MatchClass):
            pending.extend(element.value for element in part.patterns)
            pending.extend(element.pattern for element in part.kwds)
        elif isinstance(part, (cst.MatchOr, cst.MatchAs)):
            pending.extend([part.pattern] if isinstance(part, cst.MatchAs) else [e.pattern for e in part.patterns])
        elif isinstance(part, cst.MatchSequence):
            pending.extend(part.patterns)
        elif isinstance(part, cst.MatchSequenceElement):
            pending.append(part.value)
    return [name for name in found if name is not None]
