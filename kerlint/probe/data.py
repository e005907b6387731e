"""What is known of the data of a training, for data that is made to be like it."""

from __future__ import annotations

from collections.abc import Callable

from kerlint.library.budget import batch_of
from kerlint.library.contracts import as_data, inputs_of, targets_of
from kerlint.library.kinds import unwrapped
from kerlint.probe.description import Input, Made, Targets
from kerlint.probe.literal import Refused
from kerlint.program.constants import integer
from kerlint.program.events import Fit, Use
from kerlint.program.graph import Node
from kerlint.program.values import Array, Sequence, Shape, Value

#: Numbers beyond this are as good as unknown.
LARGEST = 1e12
#: The range of targets that are not known, for outputs with bounds: well inside.
_REACHABLE = {
    "sigmoid": (0.05, 0.95),
    "hard_sigmoid": (0.05, 0.95),
    "softmax": (0.05, 0.95),
    "tanh": (-0.9, 0.9),
    "softsign": (-0.8, 0.8),
    "relu": (0.5, 3.0),
    "softplus": (0.5, 3.0),
    "exponential": (0.5, 3.0),
}
#: Losses that need targets above 0 to mean anything.
_POSITIVE = frozenset({"mean_absolute_percentage_error", "mean_squared_logarithmic_error", "poisson"})


class Data:
    """The data of one training.

    Args:
        shapes: the shapes of rows of the inputs, None for those that are not known.
    """

    def __init__(self, x: list[Array | None], y: Array | None, batch: int, notes: list[str]) -> None:
        self._x, self._y, self._notes = x, y, notes
        self.batch = batch
        self.shapes = [_row(array) for array in x]

    def keep(self, places: list[int]) -> None:
        """Leaves out the data of all other inputs."""
        if len(self._x) > 1:
            self._x = [self._x[index] for index in places if index < len(self._x)]
            self.shapes = [_row(array) for array in self._x]

    def inputs(self, starts: list[tuple[Node, list[int]]]) -> list[Input]:
        """What each input gets."""
        found: list[Input] = []
        for index, (node, shape) in enumerate(starts):
            array = self._x[index] if index < len(self._x) else None
            vocabulary = _vocabulary(node)
            made: Input = {
                "shape": self._shape(index, shape),
                "low": None,
                "high": None,
                "tight": False,
                "columns": None,
                "vocabulary": vocabulary,
            }
            if array is not None and not vocabulary:
                _bounds(made, array, shape[-1] if shape else 0)
            if array is None or (made["low"] is None and made["columns"] is None and not vocabulary):
                words = f"numbers from 0 to {vocabulary - 1}" if vocabulary else "standard normal"
                self._notes.append(f"the inputs are {words}")
            found.append(made)
        return found

    def _shape(self, index: int, declared: list[int]) -> list[int]:
        """The shape of rows of the data, where it is known."""
        known = self.shapes[index] if index < len(self.shapes) else None
        return list(known if known is not None else declared)

    def targets(self, loss: Made, output: Shape, activation: str) -> Targets:
        """What the model is trained to give.

        Args:
            output: the shape of the output, as far as it is known.

        Raises:
            Refused: the output has too many axes for data to be made up.
        """
        if output is None:
            raise Refused("the shape of the output is not known")
        known = self._known(loss["type"])
        if known is not None:
            return known
        made = by_loss(loss["type"], known_row(output), activation)
        shape = _row(self._y)
        if shape is not None and shape != made["shape"]:
            made = _reshaped(made, shape, known_row(output)[-1:])
        what = {"classes": "class numbers", "onehot": "one-hot rows", "binary": "0 and 1"}.get(made["kind"], "numbers")
        if made["low"] is not None:
            what = f"numbers from {made['low']:g} to {made['high']:g}"
        count = f" of {made['classes']} classes" if made["kind"] in ("classes", "onehot") else ""
        self._notes.append(f"the targets are {what}{count}")
        return made

    def _known(self, loss: str) -> Targets | None:
        array = self._y
        if array is None or array.shape is None:
            return None
        if self._x and array is self._x[0]:
            return {"kind": "same", "shape": _row(array) or [], "classes": 0, "low": None, "high": None}
        row = _row(array)
        if row is None:
            return None
        labels = array.labels
        kind = labels.kind if labels is not None else None
        count = labels.classes if labels is not None and labels.classes else 0
        if kind == "onehot":
            return {"kind": "onehot", "shape": row, "classes": row[-1] if row else count, "low": None, "high": None}
        if kind in ("binary", "multihot", "signs"):
            return {"kind": kind, "shape": row, "classes": 2, "low": None, "high": None}
        if kind == "classes":
            if not count and array.high is not None and array.tight:
                count = int(array.high) + 1
            return {"kind": kind, "shape": row, "classes": count, "low": None, "high": None} if count else None
        if kind is None and loss.startswith("sparse"):
            return None
        low, high = _finite(array.low), _finite(array.high)
        if kind == "continuous" or (low is not None and high is not None and high > low):
            loose = low is None or high is None or not array.tight
            made: Targets = {"kind": "numbers", "shape": row, "classes": 0, "low": low, "high": high}
            if loose and (low is None or high is None):
                made["low"] = made["high"] = None
            return made
        return None


def read_data(
    call: Fit | Use | None, target: Value | None, notes: list[str], part: Callable[[Value | None], Value | None]
) -> Data:
    """What is known of the data of a call for training or evaluation, or of the targets of a hand-written step.

    Args:
        part: takes the targets of the output in question, of those of several.
    """
    x: list[Array | None] = []
    y = as_data(target)
    batch = 32
    if call is not None:
        value = inputs_of(call) if isinstance(call, Fit) else call.args.get("x")
        if isinstance(value, Sequence) and value.exact and (as_data(value) is None or _are_inputs(value)):
            x = [as_data(item) for item in value.exact]
        else:
            x = [as_data(value)]
        y = as_data(part(targets_of(call) if isinstance(call, Fit) else call.args.get("y")))
        batch = (batch_of(call) if isinstance(call, Fit) else None) or 32
    return Data(x, y, max(batch, 1), notes)


def _are_inputs(value: Sequence) -> bool:
    """Whether the items are inputs of their own, and not rows of one: `predict([row])`, `fit([left, right], y)`."""
    return all(isinstance(item, Array) for item in value.exact or ())


def by_loss(loss: str, row: list[int], activation: str) -> Targets:
    """Targets that a loss and an output are made for."""
    width = row[-1] if row else 1
    if loss == "sparse_categorical_crossentropy":
        return {"kind": "classes", "shape": row[:-1], "classes": max(width, 2), "low": None, "high": None}
    if loss in ("categorical_crossentropy", "categorical_focal_crossentropy", "kl_divergence") and width > 1:
        return {"kind": "onehot", "shape": row, "classes": width, "low": None, "high": None}
    if loss in ("categorical_crossentropy", "binary_crossentropy", "binary_focal_crossentropy"):
        if activation == "softmax" and width > 1:
            return {"kind": "onehot", "shape": row, "classes": width, "low": None, "high": None}
        return {"kind": "binary", "shape": row, "classes": 2, "low": None, "high": None}
    if loss == "hinge":
        return {"kind": "signs", "shape": row, "classes": 2, "low": None, "high": None}
    low, high = _REACHABLE.get(activation, (None, None))
    if loss in _POSITIVE and low is None:
        low, high = 1.0, 5.0
    return {"kind": "numbers", "shape": row, "classes": 0, "low": low, "high": high}


def _reshaped(made: Targets, shape: list[int], width: list[int]) -> Targets:
    """Targets of which only the shape is known, and that is not the one that the loss asks for."""
    if made["kind"] == "onehot" and shape in ([], [1]):
        return {**made, "kind": "classes", "shape": shape}
    if made["kind"] in ("classes", "onehot") and width and shape[-1:] == width:
        return {**made, "kind": "onehot", "shape": shape}
    return {**made, "shape": shape} if made["kind"] in ("binary", "numbers", "signs", "multihot") else made


def known_row(shape: Shape) -> list[int]:
    """The shape of a row of an output; sizes that are not known are small."""
    return [size if size is not None else 4 for size in (shape or ())[1:]]


def _row(array: Array | None) -> list[int] | None:
    """The shape of a row, if all of it is known."""
    if array is None or not array.shape or any(size is None or size <= 0 for size in array.shape[1:]):
        return None
    return [size for size in array.shape[1:] if size is not None]


def _bounds(made: Input, array: Array, width: int) -> None:
    columns = array.columns
    if columns is not None and len(columns) == width:
        spans = [[_finite(low), _finite(high)] for low, high in columns]
        if all(low is not None and high is not None for low, high in spans):
            made["columns"] = spans  # type: ignore[typeddict-item]
            return
    low, high = _finite(array.low), _finite(array.high)
    if low is not None and high is not None and high > low:
        made["low"], made["high"], made["tight"] = low, high, array.tight


def _finite(value: float | None) -> float | None:
    return None if value is None or not abs(value) <= LARGEST else float(value)


def _vocabulary(node: Node) -> int:
    """How many different ids an input takes: that of the embedding that reads it, 0 if none does."""
    for reader in node.consumers:
        layer = unwrapped(reader.layer) if reader.layer is not None else None
        if layer is not None and layer.short == "Embedding":
            return max(integer(layer.args.get("input_dim")) or 50, 2)
    return 0
