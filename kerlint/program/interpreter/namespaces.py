"""What a command line gives, once something that is not followed may have changed it."""

from __future__ import annotations

from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import CHOICE, MAY_HAVE_CHANGED, Const, Object, Value

NAMESPACE = "argparse.Namespace"


def is_namespace(value: Value | None) -> bool:
    """Whether this is what `parse_args()` gives."""
    return isinstance(value, Object) and value.name == NAMESPACE


def may_change(machine: Machine, namespace: Object) -> None:
    """The defaults are still good for a summary, but nothing rests on them any more."""
    for key, value in list(namespace.state.items()):
        if isinstance(value, Const) and value.assumed == CHOICE:
            machine.heap.write(namespace.state, key, Const(value.value, MAY_HAVE_CHANGED, node=value.node))
