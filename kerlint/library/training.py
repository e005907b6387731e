"""`compile`, `fit`, `evaluate`, `predict`: what a model is told to do, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.copies import as_it_is, place_of
from kerlint.library.defaults import named
from kerlint.library.graphs import mark_used, outputs_of, snapshot, snapshot_when_built
from kerlint.library.models import layers_of, prediction, shapes_of_data, trains_itself
from kerlint.library.objects import bind_arguments
from kerlint.library.own_batches import as_dataset
from kerlint.program.constants import constant
from kerlint.program.events import ApplyGradients, Compile, Fit, HistoryRead, OldCall, Use
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    External,
    Instance,
    Layer,
    Model,
    Object,
    Sequence,
    Transform,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

FITS = frozenset({"fit", "fit_generator", "train_on_batch"})
COMPILE = "keras.Model.compile"
#: Where a history keeps the training call that it is of.
FIT = "fit"
#: Methods of optimizers that change weights.
STEPS = frozenset({"apply_gradients", "apply", "minimize"})
USES = frozenset(
    {
        "evaluate",
        "evaluate_generator",
        "test_on_batch",
        "predict",
        "predict_generator",
        "predict_on_batch",
        "predict_classes",
        "predict_proba",
        "predict_step",
        "save",
        "save_weights",
        "load_weights",
        "set_weights",
        "export",
        "summary",
        "reset_states",
    }
)
#: Arguments that may be objects which give batches.
_DATA = ("x", "generator", "validation_data")
_PREDICTIONS = ("predict", "predict_generator", "predict_on_batch", "predict_proba")


#: From so many layers and models on, those of a model count when it is compiled.
_MANY = 500


def as_object(kind: str, value: Value | None) -> Value | None:
    """A loss, metric or optimizer given by name, class or function, as an object.

    Args:
        kind: `losses`, `metrics` or `optimizers`.
    """
    name: str | None = None
    if isinstance(value, Const) and isinstance(value.value, str) and not value.assumed:
        known = named(kind, value.value)
        name = known.name if known is not None else None
    elif isinstance(value, External) and value.name.startswith(
        ("keras.losses.", "keras.metrics.", "keras.optimizers.")
    ):
        name = value.name
    if name is None or value is None:
        return value
    return Object(name, node=value.node, state={"identifier": value})


def compile_model(machine: Machine, model: Model, arguments: Arguments, node: syntax.Node) -> Value:
    """`model.compile(...)`."""
    args, places = bind_arguments(COMPILE, arguments)
    if "metrics" not in args and _are_metrics(args.get("loss_weights")):
        # They were the third parameter in Keras 2, and what is meant is plain.
        args["metrics"] = args.pop("loss_weights")
        places["metrics"] = places.pop("loss_weights", node)
        machine.emit(OldCall(node=node, callee=COMPILE, positional=(args["metrics"],)))
    metrics = args.get("metrics")
    event = Compile(
        node=node,
        model=model,
        optimizer=_optimizer(args, arguments),
        loss=as_object("losses", args.get("loss")),
        metrics=_metrics(metrics),
        args=args,
        places=places,
        snapshot=snapshot_when_built(machine, model),
        frozen=_frozen(machine, model),
    )
    if machine.built > _MANY and event.snapshot.outputs is not None:
        # Rules look at every layer of every model that is compiled.
        machine.burn(len(event.graph.nodes))
    machine.emit(event)
    machine.heap.write(model.state, "compile", event)
    return Const(None, node=node)


def _optimizer(args: dict[str, Value], arguments: Arguments) -> Value | None:
    value = args.get("optimizer")
    if value is None:
        return None if arguments.open else Object("keras.optimizers.RMSprop")
    return as_object("optimizers", value)


def _are_metrics(value: Value | None) -> bool:
    """Whether this is a list of metrics, given by name or as objects, and none of numbers."""
    items = value.exact if isinstance(value, Sequence) else None
    return bool(items) and all(
        isinstance(item.value, str) if isinstance(item, Const) else _is_metric(item) for item in items or ()
    )


def _is_metric(value: Value) -> bool:
    return isinstance(value, (Object, External)) and value.name.startswith("keras.metrics.")


def _metrics(value: Value | None) -> tuple[Value, ...] | None:
    """The metrics in order; None where they are not known or belong to outputs by name."""
    if value is None or (isinstance(value, Const) and value.value is None):
        return ()
    if isinstance(value, Sequence) and value.exact is not None:
        found = [as_object("metrics", item) for item in value.exact]
        return tuple(item for item in found if item is not None)
    if isinstance(value, (Const, Object, External)):
        single = as_object("metrics", value)
        return (single,) if single is not None else None
    return None


def _frozen(machine: Machine, model: Model) -> frozenset[int]:
    """The layers and models inside, and the model itself, that are frozen now (by identity)."""
    found: set[int] = set()
    pending: list[Value] = [model]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if id(item) in seen or not isinstance(item, (Layer, Model)):
            continue
        seen.add(id(item))
        if constant(item.state.get("trainable")) is False or constant(item.args.get("trainable")) is False:
            found.add(id(item))
        if isinstance(item, Model):
            pending.extend(layers_of(machine, item))
    return frozenset(found)


def fit_model(
    machine: Machine, model: Model, method: str, arguments: Arguments, node: syntax.Node
) -> tuple[Fit, Value]:
    """`model.fit(...)` and its older forms: the event, and the history that it returns."""
    args, places = bind_arguments(f"keras.Model.{method}", arguments)
    _take_batches(machine, args)
    x = args.get("x") or args.get("generator")
    y = args.get("y")
    if isinstance(y, Const) and y.value is None:
        y = None
    x, y = unpacked(_as_dataset(x), y)
    compiled = model.state.get("compile")
    mark_used(machine, model)
    if trains_itself(model):
        x = y = None
    event = Fit(
        node=node,
        method=method,
        model=model,
        compile=compiled if isinstance(compiled, Compile) else None,
        x=x,
        y=y,
        validation=args.get("validation_data"),
        args=args,
        places=places,
        snapshot=snapshot(machine, model, shapes_of_data(x)),
        open=arguments.open,
    )
    machine.emit(event)
    machine.heap.write(model.state, "fitted", Const(True, node=node))
    return event, Object("keras.callbacks.History", {"model": model}, node=node, state={FIT: event})


def apply_gradients(machine: Machine, optimizer: Object, method: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`optimizer.apply_gradients(zip(gradients, model.trainable_variables))` and its kin."""
    given = [value for value, _ in (*arguments.positional, *arguments.keywords.values())]
    paired: tuple[Value, ...] = ()
    if len(given) == 1 and isinstance(given[0], Object) and given[0].name == "generator":
        pair = given[0].args["element"]
        given = list(pair.items) if isinstance(pair, Sequence) else []
        paired = tuple(given)
    models = [
        value.args["model"] for value in given if isinstance(value, Object) and value.name == "keras.Model.weights"
    ]
    model = models[0] if len(models) == 1 and isinstance(models[0], Model) else None
    made = snapshot(machine, model) if model is not None else None
    in_graph = any(trace.kind == "tf.function" for trace in machine.traces)
    machine.emit(
        ApplyGradients(
            node=node,
            optimizer=optimizer,
            model=model,
            snapshot=made,
            pair=paired,
            in_graph=in_graph,
            method=method,
        )
    )
    return Const(None, node=node)


def read_history(machine: Machine, history: Object, key: str | None, node: syntax.Node) -> Value:
    """`history.history["accuracy"]`."""
    fit = history.args["self"].state.get(FIT) if isinstance(history.args["self"], Object) else None
    if isinstance(fit, Fit) and key is not None:
        machine.emit(HistoryRead(node=node, fit=fit, key=key, sure=not machine.tries))
    return Unknown("numbers of a history", node=node)


def structure_rows(data: Value | None) -> int | None:
    """The rows of an array, or of arrays side by side; None if they are not known."""
    if isinstance(data, Array):
        return data.rows
    if isinstance(data, Sequence) and data.exact and isinstance(data.exact[0], Array):
        return data.exact[0].rows
    return None


def unpacked(x: Value | None, y: Value | None) -> tuple[Value | None, Value | None]:
    """Data and targets of a training call; a dataset of pairs stays one value."""
    if isinstance(x, Sequence) and x.kind == "tuple" and y is None and x.exact is not None and len(x.exact) in (2, 3):
        return x.exact[0], x.exact[1]
    return x, y


def _take_batches(machine: Machine, args: dict[str, Value]) -> None:
    """Objects of the program that give batches stand as the datasets that they are."""
    for name in _DATA:
        if type(args.get(name)) is Instance:
            found = as_dataset(machine, args[name])
            if found is not None:
                args[name] = found


def _as_dataset(x: Value | None) -> Value | None:
    """A generator of the program gives batches, as a dataset does."""
    if isinstance(x, Object) and x.name == "generator":
        kept = {"endless": x.args["endless"]} if "endless" in x.args else {}
        return Dataset("generator", kept, x.args["element"], (Transform("batch", {}, node=x.node),), node=x.node)
    return x


def use_model(machine: Machine, model: Model, method: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`evaluate`, `predict`, `save` ...: recorded; predictions know their model."""
    args, places = bind_arguments(f"keras.Model.{method}", arguments)
    _take_batches(machine, args)
    compiled = model.state.get("compile")
    machine.emit(
        Use(
            node=node,
            method=method,
            model=model,
            compile=compiled if isinstance(compiled, Compile) else None,
            args=args,
            places=places,
            in_tape=machine.tapes > 0,
            open=arguments.open,
        )
    )
    if method in ("save", "export"):
        path = place_of(args.get("filepath"))
        if path is not None:
            machine.saved[path] = as_it_is(machine, model, node)
    if method in ("load_weights", "set_weights"):
        machine.heap.write(model.state, "pretrained", Const(True, node=node))
    if method.startswith(("evaluate", "test_on", "predict", "load_weights", "set_weights")):
        mark_used(machine, model)
    if method in ("evaluate", "test_on_batch"):
        outputs_of(machine, model, shapes_of_data(args.get("x")))
    if method in _PREDICTIONS:
        return prediction(machine, model, args.get("x") or args.get("generator"), node)
    return Unknown(method, node=node)
