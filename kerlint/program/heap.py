"""Changes that can be taken back: how both branches of an unknown condition are evaluated.

Everything that can change lives in dicts (scopes, and the `state` of mutable values).
Writing goes through `Heap.write`, which remembers the old entry, so that a branch can be
run, captured and undone, and the other branch run from the same start. The cost is that
of the changes made, not that of what exists.
"""

from __future__ import annotations

from typing import Any

from kerlint.program.alternatives import one_of, options, same
from kerlint.program.iterators import ONCE
from kerlint.program.modules import Module
from kerlint.program.values import Array, Gap, Op, Sequence, Shape, Tensor, Unknown, Value

#: What `Captured` holds for a key that did not exist.
ABSENT = object()

#: The name of the op that stands for one of several tensors.
SEVERAL = "one of several"

#: Changes since a mark: (dict, key) by identity of the dict -> (dict, key, new entry).
Captured = dict[tuple[int, Any], tuple[dict[Any, Any], Any, Any]]


class Heap:
    """The trail of all writes since the first open mark."""

    def __init__(self) -> None:
        self.trail: list[tuple[dict[Any, Any], Any, Any]] = []
        self.marks = 0

    def write(self, container: dict[Any, Any], key: Any, value: Any) -> None:
        """Sets `container[key]`."""
        if self.marks:
            self.trail.append((container, key, container.get(key, ABSENT)))
        container[key] = value

    def delete(self, container: dict[Any, Any], key: Any) -> None:
        """Removes `container[key]` if it is there."""
        if key in container:
            if self.marks:
                self.trail.append((container, key, container[key]))
            del container[key]

    def mark(self) -> int:
        """Opens a branch; its changes end with `release` or `undo`."""
        self.marks += 1
        return len(self.trail)

    def position(self) -> tuple[int, int]:
        """Where the trail and its open marks are now, for `restore`."""
        return len(self.trail), self.marks

    def restore(self, position: tuple[int, int]) -> None:
        """Takes back what was done since, and closes the marks that were left open, after a failure."""
        length, marks = position
        for container, key, old in reversed(self.trail[length:]):
            if old is ABSENT:
                container.pop(key, None)
            else:
                container[key] = old
        del self.trail[length:]
        self.marks = marks

    def capture(self, mark: int) -> Captured:
        """What has changed since the mark, with the present entries."""
        changed: Captured = {}
        for container, key, _ in self.trail[mark:]:
            changed[id(container), key] = (container, key, container.get(key, ABSENT))
        return changed

    def undo(self, mark: int) -> None:
        """Takes back everything since the mark and closes the branch."""
        for container, key, old in reversed(self.trail[mark:]):
            if old is ABSENT:
                container.pop(key, None)
            else:
                container[key] = old
        del self.trail[mark:]
        self.marks -= 1

    def apply(self, changes: Captured) -> None:
        """Makes the captured changes again."""
        for container, key, new in changes.values():
            if new is ABSENT:
                self.delete(container, key)
            else:
                self.write(container, key, new)

    def merge(self, first: Captured, second: Captured) -> None:
        """Joins two alternative sets of changes onto the state before both."""
        grown: list[dict[Any, Any]] = []
        for slot in {**first, **second}:
            container, key, _ = first.get(slot) or second[slot]
            before = container.get(key, ABSENT)
            left = first[slot][2] if slot in first else before
            right = second[slot][2] if slot in second else before
            joined = join_entries(left, right)
            if key == "entries" and isinstance(left, dict) and isinstance(right, dict) and left.keys() != right.keys():
                # A dict that has a key in one of the two only: whether it has it is not known.
                joined = {name: value for name, value in joined.items() if name in left and name in right}
                grown.append(container)
            if joined is ABSENT:
                self.delete(container, key)
            else:
                self.write(container, key, joined)
        for container in grown:
            self.write(container, "open", True)


def join_entries(left: Any, right: Any) -> Any:
    """The join of two alternative entries of a dict."""
    if left is right:
        return left
    if left is ABSENT:
        return right
    if right is ABSENT:
        return left
    if isinstance(left, Value) and isinstance(right, Value):
        return join(left, right)
    if _are_items(left) and _are_items(right):
        return join_items(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return {key: join_entries(left.get(key, ABSENT), right.get(key, ABSENT)) for key in {**left, **right}}
    return left if left == right else None


def join(left: Value, right: Value) -> Value:
    """The join of two alternative values."""
    if left is right or same(left, right):
        return left
    if isinstance(left, Module) and isinstance(right, Module) and left.file.path == right.file.path:
        # Both arms import it.
        return left
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return meet_tensors((left, right))
    if isinstance(left, Sequence) and isinstance(right, Sequence) and left.kind == right.kind == "tuple":
        once = {ONCE: True} if ONCE in left.state or ONCE in right.state else {}
        return Sequence("tuple", state={"items": join_items(left.items, right.items), **once}, node=left.node)
    return one_of([left, right], left.node)


def _are_items(entry: Any) -> bool:
    """Whether an entry is a tuple of values, and not one of plain numbers like a shape."""
    return isinstance(entry, tuple) and all(isinstance(item, Value) for item in entry)


def join_items(left: tuple[Value, ...], right: tuple[Value, ...]) -> tuple[Value, ...]:
    """The join of two sequences: what they share at both ends, and a gap between."""
    if len(left) == len(right):
        return tuple(a if a is b else join(a, b) for a, b in zip(left, right))
    shortest = min(len(left), len(right))
    start = 0
    while start < shortest and same(left[start], right[start]):
        start += 1
    end = 0
    while end < shortest - start and same(left[-1 - end], right[-1 - end]):
        end += 1
    between = (*left[start : len(left) - end], *right[start : len(right) - end])
    return (*left[:start], Gap(common(between)), *left[len(left) - end :])


def meet_tensors(tensors: tuple[Tensor, ...]) -> Tensor:
    """One tensor that is one of several: its op is a gap that all of them feed."""
    shapes = {tensor.shape for tensor in tensors}
    shape: Shape = shapes.pop() if len(shapes) == 1 else None
    op = Op("gap", SEVERAL, tensors, node=tensors[0].node)
    return Tensor(op, shape, node=tensors[0].node)


def common(items: tuple[Value, ...]) -> Value | None:
    """What each of the items is like; None if that is not known."""
    alike = [item.element if isinstance(item, Gap) else item for item in items]
    known = [item for item in alike if item is not None]
    joined = one_of(known) if known and len(known) == len(alike) else None
    return None if isinstance(joined, Unknown) else joined


def meet_shapes(left: Shape, right: Shape) -> Shape:
    """A shape that both have: a size in which they differ is not known."""
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(a if a == b else None for a, b in zip(left, right))


def _within(inner: Array, outer: Array) -> bool:
    """Whether the range of an array is known to lie in that of another."""
    if inner.low is None or inner.high is None or outer.low is None or outer.high is None:
        return False
    return outer.low <= inner.low and inner.high <= outer.high


def widen_arrays(before: Array, after: Array) -> Array:
    """What an array is when a loop has changed it any number of times.

    Its range is known if a pass leaves it as it was or makes it smaller, or only puts in values that do not
    come from the array itself.
    """
    low: float | None = None
    high: float | None = None
    new = after.steps[len(before.steps) :]
    if _within(after, before):
        low, high = before.low, before.high
    elif new and all(step.name == "filled" for step in new):
        low, high = after.low, after.high
    return after.derive(
        after.node,
        shape=meet_shapes(before.shape, after.shape),
        dtype=after.dtype if before.dtype == after.dtype else None,
        low=low,
        high=high,
        tight=False,
        columns=after.columns if before.columns == after.columns and low is not None else None,
        labels=after.labels if before.labels == after.labels else None,
        source=after.source if before.source == after.source else "computed",
        noise=before.noise and after.noise,
        order="random" if before.order == after.order == "random" else None,
        statistic=None,
        prediction=None,
        values=None,
        form=after.form if before.form == after.form else "",
        fields=None,
        parent=before,
    )


def widen(before: Any, after: Any) -> Any:
    """What an entry is after a loop that ran an unknown number of times."""
    if before is after or before is ABSENT:
        return after
    if after is ABSENT:
        return ABSENT
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        return meet_tensors((before, after))
    if isinstance(before, Value) and isinstance(after, Value):
        if same(before, after):
            return after
        after_all = options(after)
        if isinstance(before, Array) and all(isinstance(option, Array) for option in after_all):
            widened = before
            for option in after_all:
                assert isinstance(option, Array)
                widened = widen_arrays(widened, option) if option is not before else widened
            return widened
        return Unknown("changed in a loop", node=after.node)
    if _are_items(before) and _are_items(after):
        start = 0
        while start < min(len(before), len(after)) and same(before[start], after[start]):
            start += 1
        return (*before[:start], Gap(common(after[start:])))
    if isinstance(before, dict) and isinstance(after, dict):
        return {key: widen(before.get(key, ABSENT), value) for key, value in after.items()}
    return after
