"""`match`: the case that is taken where that is known, else each that may be."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from kerlint import syntax
from kerlint.program.constants import NOTHING, constant
from kerlint.program.heap import Captured
from kerlint.program.interpreter.assign import assign_target
from kerlint.program.interpreter.enumerations import equal
from kerlint.program.interpreter.fields import fields_of, has_fields, tuple_items
from kerlint.program.interpreter.flow import BREAK, CONTINUE, FALL
from kerlint.program.interpreter.instances import is_instance, is_plain
from kerlint.program.interpreter.machine import Machine
from kerlint.program.interpreter.statements import run_arm
from kerlint.program.interpreter.truth import truth_of
from kerlint.program.values import (
    Class,
    Const,
    External,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    list_of,
    mapping_of,
)

#: Patterns within a pattern, with what each is held against.
_Parts = list[tuple[syntax.MatchPattern, Value]]
#: Types of Python of which a pattern in brackets is held against the whole.
_WHOLE = frozenset(
    f"builtins.{name}" for name in "bool bytearray bytes dict float frozenset int list set str tuple".split()
)


def run_match(machine: Machine, node: syntax.Match) -> int:
    """A `match` statement. Cases that may be taken are evaluated as arms, and the arms are joined."""
    subject = machine.evaluate(node.subject)
    possible: list[tuple[int, syntax.MatchCase]] = []
    is_sure = False
    for index, case in enumerate(node.cases):
        taken = _is_taken(machine, node, index, subject)
        if taken is not False:
            possible.append((index, case))
        if taken is True:
            is_sure = True
            break
    if is_sure and len(possible) == 1:
        return _run_case(machine, possible[0][1], subject)
    return _run_arms(machine, node, possible, subject, may_pass=not is_sure)


def _run_arms(
    machine: Machine, node: syntax.Match, cases: list[tuple[int, syntax.MatchCase]], subject: Value, *, may_pass: bool
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


def _run_case(machine: Machine, case: syntax.MatchCase, subject: Value) -> int:
    _bind(machine, case.pattern, subject)
    return machine.execute(case.body)


def _is_taken(machine: Machine, node: syntax.Match, index: int, subject: Value) -> bool | None:
    """Whether a case is taken if those before it are not; None if that is not known."""
    case = node.cases[index]
    fits = _fits(machine, case.pattern, subject)
    if fits is False or case.guard is None:
        return fits
    guard: syntax.Expression = case.guard
    answers: list[bool | None] = []

    def ask() -> int:
        # The guard may read what the pattern binds.
        _bind(machine, case.pattern, subject)
        answers.append(truth_of(machine.evaluate(guard)))
        return FALL

    run_arm(machine, node, index, ask)
    return answers[0] if fits else (False if answers[0] is False else None)


def _fits(machine: Machine, pattern: syntax.MatchPattern, subject: Value) -> bool | None:
    if isinstance(pattern, syntax.MatchAs):
        return True if pattern.pattern is None else _fits(machine, pattern.pattern, subject)
    if isinstance(pattern, syntax.MatchOr):
        answers = [_fits(machine, element, subject) for element in pattern.patterns]
        if True in answers:
            return True
        return None if None in answers else False
    if isinstance(pattern, (syntax.MatchValue, syntax.MatchSingleton)):
        value = machine.evaluate(pattern.value)
        answer = equal("is" if isinstance(pattern, syntax.MatchSingleton) else "==", subject, value)
        if answer is not None:
            return answer
        known, wanted = constant(subject), constant(value)
        if known is NOTHING or wanted is NOTHING:
            # No list and no dict equals a constant.
            return False if isinstance(subject, (Sequence, Mapping)) and wanted is not NOTHING else None
        return known is wanted if isinstance(pattern, syntax.MatchSingleton) else bool(known == wanted)
    parts = _parts(machine, pattern, subject)
    if parts is None or parts is False:
        return parts
    fits = [_fits(machine, part, value) for part, value in parts]
    if False in fits:
        return False
    return None if None in fits else True


def _parts(machine: Machine, pattern: syntax.MatchPattern, subject: Value) -> _Parts | Literal[False] | None:
    """What each inner pattern is held against; False if the subject is of another make, None if that is not known."""
    if isinstance(pattern, syntax.MatchSequence):
        return _items(pattern, subject)
    if isinstance(pattern, syntax.MatchMapping):
        return _entries(machine, pattern, subject)
    if isinstance(pattern, syntax.MatchClass):
        return _attributes(machine, pattern, subject)
    return None


def _items(pattern: syntax.MatchSequence, subject: Value) -> _Parts | Literal[False] | None:
    if isinstance(subject, (Const, Mapping)) or (isinstance(subject, Sequence) and subject.kind == "set"):
        return False
    items = subject.exact if isinstance(subject, Sequence) else tuple_items(subject)
    if items is None:
        return False if isinstance(subject, Instance) and is_plain(subject) else None
    wanted = list(pattern.patterns)
    starred = [index for index, part in enumerate(wanted) if isinstance(part, syntax.MatchStar)]
    if len(items) < len(wanted) - len(starred) or (not starred and len(items) > len(wanted)):
        return False
    values: list[Value] = list(items)
    if starred:
        end = len(values) - (len(wanted) - starred[0] - 1)
        values[starred[0] : end] = [list_of(values[starred[0] : end], "list", subject.node)]
    # A star is a pattern that takes anything.
    return [
        (syntax.MatchAs(part.at, None, part.name) if isinstance(part, syntax.MatchStar) else part, value)
        for part, value in zip(wanted, values)
    ]


def _entries(machine: Machine, pattern: syntax.MatchMapping, subject: Value) -> _Parts | Literal[False] | None:
    if isinstance(subject, (Const, Sequence)):
        return False
    if isinstance(subject, Instance) and is_plain(subject):
        return False
    if not isinstance(subject, Mapping) or subject.open:
        return None
    rest, parts = dict(subject.entries), []
    for element in pattern.elements:
        key = constant(machine.evaluate(element.key))
        if key is NOTHING:
            return None
        if key not in rest:
            return False
        parts.append((element.pattern, rest.pop(key)))
    if pattern.rest is not None:
        parts.append((syntax.MatchAs(pattern.at, None, pattern.rest), mapping_of(rest, node=subject.node)))
    return parts


def _attributes(machine: Machine, pattern: syntax.MatchClass, subject: Value) -> _Parts | Literal[False] | None:
    kind = machine.evaluate(pattern.cls)
    answer = is_instance(subject, kind)
    given = pattern.patterns
    if not answer or not (given or pattern.kwds):
        return [] if answer else answer
    if isinstance(kind, External):
        # `int(n)`: Python's own types take the whole.
        whole = kind.name in _WHOLE and len(given) == 1 and not pattern.kwds
        return [(given[0], subject)] if whole else None
    if not isinstance(kind, Class) or not isinstance(subject, Instance) or (given and not has_fields(kind)):
        return None
    names = fields_of(kind)[: len(given)] + [element.key for element in pattern.kwds]
    values = [subject.state.get(name) for name in names]
    known = [value for value in values if value is not None]
    wanted = [*given, *(element.pattern for element in pattern.kwds)]
    return list(zip(wanted, known)) if len(known) == len(wanted) else None


def _bind(machine: Machine, pattern: syntax.MatchPattern, subject: Value) -> None:
    """Gives the names of a pattern what they stand for."""
    if isinstance(pattern, syntax.MatchAs):
        if pattern.name is not None:
            assign_target(machine, pattern.name, subject)
        if pattern.pattern is not None:
            _bind(machine, pattern.pattern, subject)
        return
    if isinstance(pattern, (syntax.MatchValue, syntax.MatchSingleton)):
        return
    if isinstance(pattern, syntax.MatchOr):
        fits = [_fits(machine, element, subject) for element in pattern.patterns]
        first = next((index for index, answer in enumerate(fits) if answer is not False), None)
        if first is not None and fits[first]:
            _bind(machine, pattern.patterns[first], subject)
            return
    parts = _parts(machine, pattern, subject)
    if parts:
        for part, value in parts:
            _bind(machine, part, value)
        return
    for name in _captures(pattern):
        assign_target(machine, name, Unknown("part of a pattern", node=name))


def _captures(pattern: syntax.MatchPattern) -> list[syntax.Name]:
    """The names that a pattern binds."""
    found: list[syntax.Name | None] = []
    pending: list[Any] = [pattern]
    while pending:
        part = pending.pop()
        if isinstance(part, (syntax.MatchAs, syntax.MatchStar)):
            found.append(part.name)
        if isinstance(part, syntax.MatchMapping):
            found.append(part.rest)
            pending.extend(element.pattern for element in part.elements)
        elif isinstance(part, syntax.MatchClass):
            pending.extend(part.patterns)
            pending.extend(element.pattern for element in part.kwds)
        elif isinstance(part, (syntax.MatchOr, syntax.MatchAs)):
            pending.extend([part.pattern] if isinstance(part, syntax.MatchAs) else part.patterns)
        elif isinstance(part, syntax.MatchSequence):
            pending.extend(part.patterns)
    return [name for name in found if name is not None]
