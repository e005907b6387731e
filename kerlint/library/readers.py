"""Objects that read data: image generators, cameras and tokenizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import generators, imaging, texts
from kerlint.program.values import Arguments, Const, Object, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


def method(machine: Machine, receiver: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """A method of an object of which no other module knows anything."""
    if receiver.short == "ImageDataGenerator" and name.startswith("flow"):
        return generators.generator_flow(machine, receiver, name, arguments, node)
    if receiver.short == "ImageDataGenerator" and name == "fit":
        machine.heap.write(receiver.state, "adapted", Const(True, node=node))
        return Const(None, node=node)
    if receiver.name == imaging.CAMERA and name == "read":
        return imaging.frame(machine, node)
    made = Object(f"{receiver.name}.{name}", {"self": receiver}, node=node)
    if receiver.name == texts.TOKENIZER:
        texts.note(machine, receiver, name, arguments, made)
    return made
