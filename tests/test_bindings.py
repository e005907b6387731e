"""What is known of names is known of the values themselves, not of the places in memory where they have been."""

from __future__ import annotations

from kerlint.program.bindings import Bindings
from kerlint.program.values import Op, Tensor


def _tensor() -> Tensor:
    return Tensor(Op("input", "keras.Input", ()), (None, 2))


def test_a_tensor_that_is_gone_says_nothing_of_the_next() -> None:
    for _ in range(100):
        bindings = Bindings()
        # Nothing else holds it: Python would give its address to the next one.
        bindings.read(_tensor())
        bindings.bind("outputs", _tensor(), sure=True)
        assert [unread.name for unread in bindings.left()] == ["outputs"]


def test_a_tensor_that_is_read_is_not_left() -> None:
    bindings, tensor = Bindings(), _tensor()
    bindings.bind("outputs", tensor, sure=True)
    bindings.read(tensor)
    assert bindings.left() == []
