"""Functions and classes that nobody in the program calls: evaluated once with their defaults.

A library file, or a builder that a notebook imports, is read this way. What happens there is
marked as assumed, and a parameter's default there is no certain value.
"""

from __future__ import annotations

from kerlint.program.interpreter.calls import follow, instantiate
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Arguments, Class, Function, Instance, Layer, Model


def evaluate_unused(machine: Machine) -> None:
    """Evaluates what has not been called yet, in the order of definition."""
    machine.assumed = True
    done = 0
    # Evaluating one function may define others.
    while done < len(machine.functions) or machine.classes:
        for function in machine.functions[done:]:
            done += 1
            if id(function.node) not in machine.called and function.owner is None:
                follow(machine, function, Arguments(), function.node)
        classes, machine.classes = machine.classes, []
        # What holds models makes them with arguments of its own: that comes before they are made with none.
        for cls in sorted(classes, key=_is_part):
            _evaluate_class(machine, cls)
        if done >= len(machine.functions) and not machine.classes:
            break


def _is_part(cls: Class) -> bool:
    """Whether a class is a layer or a model: something else makes objects of it."""
    return any(name.startswith(("keras.layers.", "keras.Model", "keras.Sequential")) for name in cls.external_bases())


def _evaluate_class(machine: Machine, cls: Class) -> None:
    methods = [value for value in cls.state.values() if isinstance(value, Function)]
    if id(cls) not in machine.instantiated:
        receiver = instantiate(machine, cls, Arguments(), cls.node or methods[0].node)  # type: ignore[arg-type]
    elif all(id(method.node) in machine.called for method in methods):
        return
    else:
        receiver = Instance(cls, node=cls.node)
        if any(name.startswith("keras.") for name in cls.external_bases()):
            return
    for method in methods:
        if id(method.node) not in machine.called and isinstance(receiver, (Instance, Model, Layer)):
            follow(machine, method, Arguments(), method.node, receiver=receiver)
