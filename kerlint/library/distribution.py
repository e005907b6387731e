"""`tf.distribute` and DTensor: what a program runs on several devices is what it would run on one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Call, Handler, handlers
from kerlint.program.values import Arguments, Mapping, Object, Sequence, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: What a strategy stands as, whatever its class.
STRATEGY = "tensorflow.distribute.Strategy"
_CLASSES = (
    "CentralStorageStrategy MirroredStrategy MultiWorkerMirroredStrategy OneDeviceStrategy ParameterServerStrategy "
    "Strategy TPUStrategy get_strategy"
).split()
_METHODS = frozenset(
    """distribute_datasets_from_function experimental_distribute_dataset experimental_distribute_datasets_from_function
    experimental_local_results experimental_run_v2 gather reduce run scope""".split()
)


def method(machine: Machine, strategy: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`strategy.run(step, args=(batch,))` and the data sets of a strategy."""
    first = arguments.get(0)
    if name in ("run", "experimental_run_v2"):
        return _run(machine, arguments, node)
    if name == "experimental_distribute_dataset" and first is not None:
        return first
    if name.endswith("datasets_from_function"):
        from kerlint.program.interpreter.calls import call

        context = Object("tensorflow.distribute.InputContext", node=node)
        made = arguments.get(0, "dataset_fn")
        return call(machine, made, Arguments([(context, node)]), node) if made is not None else Unknown(name, node=node)
    if name == "scope":
        return Object(f"{STRATEGY}.scope", {"self": strategy}, node=node)
    return Unknown(name, node=node)


def _run(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    from kerlint.program.interpreter.calls import call

    step, given, named = arguments.get(0, "fn"), arguments.get(1, "args"), arguments.get(2, "kwargs")
    positional = given.exact if isinstance(given, Sequence) else () if given is None else None
    keywords = named.entries if isinstance(named, Mapping) and not named.open else {} if named is None else None
    if step is None or positional is None or keywords is None:
        return Unknown("run", node=node)
    inner = Arguments([(item, node) for item in positional], {name: (item, node) for name, item in keywords.items()})
    return call(machine, step, inner, node)


def attribute(name: str, node: syntax.Node) -> Value | None:
    """An attribute of a strategy: how many devices there are is known only where it runs."""
    return None if name in _METHODS else Unknown(name, node=node)


def _made(call: Call) -> Value:
    return Object(STRATEGY, node=call.node)


def _first(call: Call) -> Value:
    """The same numbers, elsewhere."""
    return call.positional[0] if call.positional else Unknown(call.name, node=call.node)


FUNCTIONS: dict[str, Handler] = {
    **handlers("tensorflow.distribute tensorflow.distribute.experimental", dict.fromkeys(_CLASSES, _made)),
    **handlers("tensorflow.experimental.dtensor", dict.fromkeys(("copy_to_mesh", "relayout"), _first)),
    # Functions that run as a graph are followed as they stand.
    **handlers("tensorflow.autograph", {"to_graph": _first}),
    **handlers("tensorflow.autograph.experimental", {"do_not_convert": _first}),
}
