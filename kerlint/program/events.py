"""What happens in a program, one class for each kind of event.

`Program.events` (`facts.py`) holds them in the order of execution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.program.labels import Step
from kerlint.program.values import Array, Dataset, Function, Model, Object, Op, Tensor, Value
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.graph import Graph, Snapshot
    from kerlint.program.scope import Loop, Path


@dataclass(eq=False, slots=True, kw_only=True)
class Event:
    """Something that happens at a place in the program.

    Args:
        order: its position among all events.
        loops: the loops around it, outermost first, across function calls.
        path: the arms of unknown conditions that lead to it.
        function: the function whose body it stands in, None at the top level.
        assumed: it stands in a function that nobody in the program calls.
        tried: it stands in a `try` with handlers, where a failure is expected, or in an arm for one version of a
            library.
    """

    node: syntax.Node
    order: int = -1
    loops: tuple[Loop, ...] = ()
    path: Path = ()
    function: Function | None = None
    assumed: bool = False
    tried: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Created(Event):
    """A model comes into being."""

    model: Model


@dataclass(eq=False, slots=True, kw_only=True)
class Compile(Event):
    """`model.compile(...)`.

    Args:
        loss: an `Object` for library losses, strings resolved; else the value as it is.
        optimizer: likewise.
        metrics: the metrics by themselves, strings resolved, where known; else None.
        places: the expression of each argument.
        snapshot: the model's layers at this moment.
        frozen: the layers and models whose `trainable` is known to be False at this moment.
    """

    model: Model
    optimizer: Value | None
    loss: Value | None
    metrics: tuple[Value, ...] | None
    args: dict[str, Value]
    places: dict[str, syntax.Node]
    snapshot: Snapshot
    frozen: frozenset[int] = frozenset()

    @property
    def graph(self) -> Graph:
        """The model's layers at this moment."""
        return self.snapshot.graph


@dataclass(eq=False, slots=True, kw_only=True)
class Fit(Event):
    """`fit`, `fit_generator` or `train_on_batch`.

    Args:
        compile: the compile in force, None if it is not known.
        x, y: the training data; for a dataset or generator `y` is None and `x` the source.
        open: whether there were `*args` or `**kwargs` whose content is not known.
        validation: `validation_data`.
        snapshot: the model's layers at this moment.
    """

    method: str
    model: Model
    compile: Compile | None
    x: Value | None
    y: Value | None
    validation: Value | None
    args: dict[str, Value]
    places: dict[str, syntax.Node]
    snapshot: Snapshot
    open: bool = False

    @property
    def graph(self) -> Graph:
        """The model's layers at this moment."""
        return self.snapshot.graph


@dataclass(eq=False, slots=True, kw_only=True)
class Use(Event):
    """`evaluate`, `predict`, `predict_on_batch`, `save`, `load_weights` ... of a model.

    Args:
        open: whether there were `*args` or `**kwargs` whose content is not known.
    """

    method: str
    model: Model
    compile: Compile | None
    args: dict[str, Value]
    places: dict[str, syntax.Node]
    in_tape: bool = False
    open: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Load(Event):
    """`load_model(...)`.

    Args:
        saved: the model that the program has saved under this name before, if it has.
    """

    model: Model
    saved: Model | None
    args: dict[str, Value]
    places: dict[str, syntax.Node]


@dataclass(eq=False, slots=True, kw_only=True)
class Forward(Event):
    """A model called on data outside a functional graph: `model(x)`, `model(x, training=True)`.

    Args:
        snapshot: the model's layers at this moment.
    """

    model: Model
    inputs: Value | None
    args: dict[str, Value]
    in_tape: bool
    snapshot: Snapshot


@dataclass(eq=False, slots=True, kw_only=True)
class LossCall(Event):
    """A loss object or function called by hand: `loss_fn(y, model(x))`.

    Args:
        snapshot: the model that made the prediction, if it comes straight from one.
    """

    loss: Object
    target: Value | None
    prediction: Value | None
    places: dict[str, syntax.Node]
    in_tape: bool
    snapshot: Snapshot | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class ApplyGradients(Event):
    """`optimizer.apply_gradients(...)` or `optimizer.minimize(...)`: a hand-written training step.

    Args:
        model: whose weights it changes, if the step says so: `zip(gradients, model.trainable_variables)`.
        snapshot: that model's layers at this moment.
        pair: what `zip` pairs, one of each, if it is called on the spot.
        in_graph: whether it is part of a `tf.function`.
        method: `apply_gradients`, `apply` or `minimize`, which asks for the gradients itself.
    """

    optimizer: Value
    model: Model | None = None
    snapshot: Snapshot | None = None
    pair: tuple[Value, ...] = ()
    in_graph: bool = False
    method: str = "apply_gradients"


@dataclass(eq=False, slots=True, kw_only=True)
class Made(Event):
    """An optimizer or a metric comes into being."""

    made: Object


@dataclass(eq=False, slots=True, kw_only=True)
class MetricCall(Event):
    """A metric is used by hand.

    Args:
        method: `update_state` (a plain call too), `result` or `reset_state`, whatever version spells it.
    """

    method: str
    metric: Object
    args: dict[str, Value]
    places: dict[str, syntax.Node]


@dataclass(eq=False, slots=True, kw_only=True)
class Gradient(Event):
    """`tape.gradient(target, sources)`.

    Args:
        tape: the `tf.GradientTape()` that was entered.
        entries: how many `with` blocks have been entered with the tape so far.
        made: the gradients.
        snapshot: the layers of the model whose weights the sources are, if they are those of one.
    """

    tape: Object
    target: Value | None
    sources: Value | None
    entries: int
    made: Object | None = None
    snapshot: Snapshot | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Touched(Event):
    """Under a tape something is read of a model or layer, or it is called by itself or given to what is not known."""

    thing: Object | Model


@dataclass(eq=False, slots=True, kw_only=True)
class HistoryRead(Event):
    """`history.history[key]` of what a training call gave back.

    Args:
        sure: False where a `try` with handlers stands around it.
    """

    fit: Fit
    key: str
    sure: bool = True


@dataclass(eq=False, slots=True, kw_only=True)
class LabelsRead(Event):
    """The labels of a dataset are read by themselves: `generator.classes`, `[y for x, y in dataset]`.

    Args:
        again: whether the dataset is gone through for it, which may give another order each time.
    """

    dataset: Dataset
    again: bool


@dataclass(eq=False, slots=True, kw_only=True)
class Adapt(Event):
    """`layer.adapt(data)`: a preprocessing layer learns its statistics or its vocabulary."""

    layer: Object
    data: Value | None


@dataclass(eq=False, slots=True, kw_only=True)
class Looked(Event):
    """A layer that has to `adapt` first is called on data, outside a model."""

    layer: Object


@dataclass(eq=False, slots=True, kw_only=True)
class Seed(Event):
    """A random seed is set: canonical function name, and the seed."""

    name: str
    seed: Value | None


@dataclass(eq=False, slots=True, kw_only=True)
class FrozenDraw(Event):
    """A random number of Python or NumPy is drawn in code that TensorFlow traces once.

    Args:
        name: canonical name of the function.
        kind: `map` or another step of a dataset, `tf.function`, or `call` of a layer or model of the program.
        traced: the step, or the function.
    """

    name: str
    kind: str
    traced: syntax.Node


@dataclass(eq=False, slots=True, kw_only=True)
class Trainable(Event):
    """`x.trainable = value`."""

    target: Value
    value: Value


@dataclass(eq=False, slots=True, kw_only=True)
class Argmax(Event):
    """The index of the largest entry is taken: NumPy, TensorFlow or `keras.ops`.

    Args:
        axis: None if there is none, or if it is not known.
        snapshot: the model whose output it is, if it is one.
    """

    array: Array
    axis: int | None
    snapshot: Snapshot | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Truncation(Event):
    """Numbers are cast to integers without rounding or a threshold.

    Args:
        snapshot: the model whose output it is, if it is one.
    """

    array: Array
    snapshot: Snapshot | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Scaled(Event):
    """Data is brought to another scale: by a scaler, or divided by a number or by a statistic of data.

    Args:
        how: `StandardScaler`, `/ std`, `/ 255`.
    """

    how: str
    before: Array
    after: Array


@dataclass(eq=False, slots=True, kw_only=True)
class Shuffled(Event):
    """The rows of one array are mixed, by the generator that Python or NumPy shares with everybody.

    Args:
        after: the array in its new order.
    """

    after: Array


@dataclass(eq=False, slots=True, kw_only=True)
class Split(Event):
    """`train_test_split(...)`.

    Args:
        pairs: for each array that it is given the array, and the two parts; None where one is not known.
    """

    pairs: tuple[tuple[Array | None, Array | None, Array | None], ...]
    args: dict[str, Value]


@dataclass(eq=False, slots=True, kw_only=True)
class Transformed(Event):
    """A scaler, encoder or the like of scikit-learn is fitted to data, or used on it.

    Args:
        method: `fit`, `fit_transform`, `transform`, `inverse_transform` ...
        after: what it gives.
    """

    transformer: Object
    method: str
    data: Value | None
    after: Value


@dataclass(eq=False, slots=True, kw_only=True)
class Division(Event):
    """Data is divided by a statistic of data: a hand-written standardisation or min-max scaling.

    Args:
        statistic: `std` or `range`.
        per_column: whether the statistic is one number a column.
    """

    statistic: str
    per_column: bool
    divisor: Value


@dataclass(eq=False, slots=True, kw_only=True)
class Outer(Event):
    """An operator on a column of one number a row and an array with one axis: each with each.

    Args:
        symbol: the operator.
        column: the array of shape (n, 1).
        row: the array of shape (n,).
    """

    symbol: str
    column: Array
    row: Array


@dataclass(eq=False, slots=True, kw_only=True)
class Discarded(Event):
    """The result of a call of a library is thrown away: data, or a list of data.

    Args:
        step: the name of the function or method, and the call.
        given: the first argument, if it is a name.
    """

    value: Value
    step: Step
    given: Value | None = None


@dataclass(frozen=True, eq=False, slots=True)
class OldKeyword:
    """A keyword of a call that Keras 3 does not have.

    Args:
        new: what it is called now, empty if there is nothing like it.
        last: the last major version of Keras that had it.
        place: where its value is written.
    """

    name: str
    new: str
    last: int
    value: Value
    place: syntax.Node | None


@dataclass(eq=False, slots=True, kw_only=True)
class OldCall(Event):
    """A call as an older Keras took it.

    Args:
        callee: canonical name of what is called.
        positional: the positional arguments, where Keras 1 had another order for so many of them; else none.
    """

    callee: str
    keywords: tuple[OldKeyword, ...] = ()
    positional: tuple[Value, ...] = ()

    @property
    def short(self) -> str:
        """The callee as people know it: `Conv2D`, `Model.fit`."""
        parts = self.callee.split(".")
        return ".".join(parts[-2:] if parts[-2][:1].isupper() else parts[-1:])


@dataclass(eq=False, slots=True, kw_only=True)
class TensorFlowCall(Event):
    """A function of TensorFlow itself is called on symbolic tensors outside of layers and models.

    Args:
        name: as the program has it: `tensorflow.nn.relu`.
    """

    name: str
    inputs: tuple[Tensor, ...]


@dataclass(eq=False, slots=True, kw_only=True)
class AttributeUse(Event):
    """An attribute of an optimizer is read or set.

    Args:
        value: what it is set to; None where it is read.
    """

    owner: Object
    name: str
    value: Value | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class Mismatch(Event):
    """Shapes that do not fit: a layer raises when the model is built.

    Args:
        argument: it is an argument of the layer that it does not take, whatever its input is.
    """

    op: Op
    message: str
    argument: bool = False
