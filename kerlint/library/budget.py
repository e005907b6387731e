"""How long the program trains a model: epochs, steps of an epoch, and passes of the loops around."""

from __future__ import annotations

from kerlint.library.training import structure_rows
from kerlint.program.constants import constant, integer, number
from kerlint.program.events import ApplyGradients, Compile, Created, Event, Fit, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.trials import TrainStep
from kerlint.program.values import Dataset, Object, Value
from kerlint.records import dataclass


@dataclass(frozen=True)
class Duration:
    """How long a training call trains: epochs of so many steps, all of it so many times."""

    epochs: int
    steps: int
    times: int

    @property
    def updates(self) -> int:
        """The steps in all."""
        return self.epochs * self.steps * self.times


def trainings_of(fits: list[Fit], compiled: Compile) -> list[Duration] | None:
    """How long each training call trains; None if that is not known of all of them."""
    found: dict[object, Duration] = {}
    for fit in fits:
        training = duration(fit, compiled)
        # The passes of one loop count together: the loop says how many there are.
        call = (fit.node, fit.loops)
        if training is None or found.setdefault(call, training) != training:
            return None
    return list(found.values())


def duration(fit: Fit, compiled: Compile) -> Duration | None:
    """How long one training call trains at most; None if that is not known."""
    times = 1
    for loop in fit.loops:
        if not any(loop is outer for outer in compiled.loops):
            if loop.count is None:
                return None
            times *= loop.count
    if fit.open or fit.assumed or compiled.assumed:
        return None
    if fit.method == "train_on_batch":
        return Duration(1, 1, times)
    epochs, steps = epochs_of(fit), steps_of(fit)
    return None if epochs is None or steps is None else Duration(epochs, steps, times)


def steps_of(fit: Fit) -> int | None:
    """The steps of one epoch."""
    given = fit.args.get("steps_per_epoch")
    if given is not None and constant(given) is not None:
        return integer(given)
    if isinstance(fit.x, Dataset):
        return fit.x.cardinality
    rows = structure_rows(fit.x)
    size = integer_or(fit.args.get("batch_size"), 32)
    split = fit.args.get("validation_split")
    share = number(split) if split is not None else 0.0
    if rows is None or not size or share is None or not 0 <= share < 1:
        return None
    return -(-int(rows * (1 - share)) // size)


def epochs_of(fit: Fit) -> int | None:
    """The epochs that a training call trains at most."""
    epochs = integer_or(fit.args.get("epochs") or fit.args.get("nb_epoch"), 1)
    first = integer_or(fit.args.get("initial_epoch"), 0)
    return None if epochs is None or first is None or fit.open else max(epochs - first, 0)


def batch_of(fit: Fit) -> int | None:
    """The batch size of a training call on arrays."""
    return None if fit.open or isinstance(fit.x, Dataset) else integer_or(fit.args.get("batch_size"), 32)


def integer_or(value: Value | None, default: int) -> int | None:
    """The integer, the default where none is given, None where it is not known."""
    return default if value is None or constant(value) is None else integer(value)


def starts_here(program: Program, compiled: Compile) -> bool:
    """Whether the model starts from random weights, and is trained by this compile alone."""
    model, graph = compiled.model, compiled.graph
    layers = layers_of_graph(graph)
    if (
        not graph.complete
        or not layers
        or any(_is_loaded(node.layer) for node in graph.nodes)
        or "pretrained" in model.state
    ):
        return False
    if next(program.made("tensorflow.train.Checkpoint"), None) is not None:
        return False
    if any(event.model is model and not _same_loops(event, compiled) for event in program.all(Created)):
        return False
    # A step that `fit` runs is part of the training call.
    inside = {id(event) for step in program.all(TrainStep) if step.fit is not None for event in step.events}
    for update in program.all(ApplyGradients):
        if id(update) in inside:
            continue
        if update.snapshot is None or layers & layers_of_graph(update.snapshot.graph):
            return False
    if any(fit.compile is not compiled for fit in program.fits_on(layers)):
        return False
    if any(fit.model is model and fit.compile is not compiled for fit in program.fits):
        return False
    loading = ("load_weights", "set_weights")
    return not any(use.method in loading and use.model is model for use in program.all(Use))


def layers_of_graph(graph: Graph) -> set[int]:
    """The layers of a graph, by identity."""
    return {id(node.layer) for node in graph.nodes if node.layer is not None}


def _is_loaded(layer: object) -> bool:
    return isinstance(layer, Object) and ("weights" in layer.args or "pretrained" in layer.state)


def _same_loops(left: Event, right: Event) -> bool:
    return len(left.loops) == len(right.loops) and all(a is b for a, b in zip(left.loops, right.loops))
