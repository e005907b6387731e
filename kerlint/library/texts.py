"""Texts as numbers: what a `Tokenizer` of Keras has learned, and where its numbers go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.program.events import Transformed
from kerlint.program.values import Arguments, Array, Object, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

TOKENIZER = "keras.preprocessing.text.Tokenizer"
#: The method that learns the words, and those that give numbers for them.
LEARNING = "fit_on_texts"
_NUMBERING = ("texts_to_sequences", "texts_to_matrix")
_NUMBERS = "numbers"


def note(machine: Machine, tokenizer: Object, name: str, arguments: Arguments, made: Object) -> None:
    """Notes that a tokenizer learns words, or numbers them."""
    if name not in (LEARNING, *_NUMBERING) or made.node is None:
        return
    after: Value = made
    if name in _NUMBERING:
        after = Array(source=TOKENIZER, node=made.node)
        made.state[_NUMBERS] = after
    data = arguments.get(0, "texts")
    machine.emit(Transformed(node=made.node, transformer=tokenizer, method=name, data=data, after=after))


def numbers(value: Value | None) -> Array | None:
    """The numbers that a tokenizer gave for texts, from which some data comes; None if none did."""
    if isinstance(value, Object):
        found = value.state.get(_NUMBERS)
        return found if isinstance(found, Array) else None
    if isinstance(value, Array):
        return next((made for made in value.history() if made.source == TOKENIZER and made.parent is None), None)
    return None
