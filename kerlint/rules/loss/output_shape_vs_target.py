"""KL010."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CROSSENTROPIES, REGRESSION, Contract, Target, contracts
from kerlint.library.heads import Head
from kerlint.library.kinds import NOISE, RECURRENT, unwrapped
from kerlint.library.shapes import show
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Dimension, Object, Shape
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class OutputShapeVsTarget(Rule):
    """The output of the model and the targets have different shapes.

    Mostly a `Flatten`, a global pooling or `return_sequences=False` is missing, so that the model
    gives an output for every position of a map or a sequence; or the last layer has more or fewer
    units than a target has columns. Where the targets are not known, a dense output for each of the places that
    pooling has left over is reported, as a warning.

    ## Why is this bad?
    A cross-entropy raises an error at the first step. Squared and absolute errors are worse: where
    the shapes can be broadcast, every output is compared with every target, training runs, and the
    model learns little more than the mean of the targets. Keras says nothing.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x, y = np.random.rand(1000, 30, 4), np.random.rand(1000, 1)
    model = keras.Sequential([
        keras.Input((30, 4)),
        keras.layers.LSTM(16, return_sequences=True),
        keras.layers.Dense(1),  # KL010
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    x, y = np.random.rand(1000, 30, 4), np.random.rand(1000, 1)
    model = keras.Sequential([
        keras.Input((30, 4)),
        keras.layers.LSTM(16),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only where both shapes are known. A last axis of size 1 more or less is no difference: Keras
    adds or drops it.

    ## References
    - Measured on Keras 3.15.1: squared error on (B, 5, 1) against (B, 1), on (B, 3) against (B, 1) and on (B, 1)
      against (B, 2) trains without a word; cross-entropies raise at the first step. On Keras 2.15 `binary_crossentropy`
      trains like squared error, and so do targets of shape (B,), which it makes (B, 1); Keras 3 does not.
    """

    code = "KL010"
    name = "output-shape-vs-target"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("crash", "constant-output", "slow-learning")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for contract in contracts(program):
            if contract.head is None or contract.loss.function not in CROSSENTROPIES | REGRESSION:
                continue
            sparse = contract.loss.function.startswith("sparse")
            for target in contract.targets:
                steps = contract.loss.function == "categorical_crossentropy" and _steps_as_classes(target)
                if steps or not agree(target.output, target.array.shape, sparse=sparse):
                    yield from self._report(program, contract, contract.head, target)
                    break
            if not contract.targets and isinstance(contract.event, Compile):
                yield from self._places(contract, contract.head, contract.event)

    def _report(self, program: Program, contract: Contract, head: Head, target: Target) -> Iterator[Found]:
        output, shape = target.output, target.array.shape
        assert output is not None
        assert shape is not None
        steps = contract.loss.function == "categorical_crossentropy" and _steps_as_classes(target)
        # Keras 2 makes a column of one number a row, and its binary_crossentropy compares like the losses for numbers.
        old = program.target.keras < 3
        column = (None, 1) if old and shape[1:] == () else shape
        spread = REGRESSION | {"binary_crossentropy"} if old else REGRESSION
        broadcast = contract.loss.function in spread and _broadcasts(output, column)
        deeper = len(output) > max(len(shape), 2)
        yield from self.found(
            head.node.argument_place("units"),
            f"the model gives {_row(output[1:])} for each row, but the targets have {_row(shape[1:])}",
            label=f"the output is {show(output)}",
            also=[
                (target.array.node, f"the targets are {show(shape)}"),
                (target.place, "trained on here"),
                (contract.loss.place, "compares the two"),
            ],
            why=f"{contract.loss.function} drops the last axis and takes the {output[1]} steps for classes, silently"
            if steps
            else f"{contract.loss.function} compares every output with every target of a row, silently"
            if broadcast
            else "the shapes cannot be compared, so the first step raises an error",
            help="add Flatten or a global pooling before the last layers, or drop return_sequences=True"
            if deeper
            else "make the last layer as wide as a target, or change the targets",
            # Steps that are taken for classes are compared with them, and made-up data has no meaning to lose.
            experiment=None
            if steps
            else Experiment(contract.event, "slower" if broadcast else "raises", [Change("y", {"kind": "fitting"})]),
            # A rule about the number of units says nothing about a missing Flatten.
            about=contract if deeper else contract.event,
            fix=fixing.draft("leave return_sequences out", fixing.drop(_sequences(head.node), "return_sequences"))
            if deeper and len(output) == 3 and len(shape) <= 2
            else None,
        )

    def _places(self, contract: Contract, head: Head, event: Compile) -> Iterator[Found]:
        """A dense output for each of some places that the layers before have made up, whatever the targets are."""
        start, end = event.graph.nodes[0], head.output
        shrunk = _shrunk(start.shape, end.shape)
        plain = all(node.kind in ("layer", "input") and len(node.inputs) < 2 for node in event.graph.nodes)
        if not shrunk or not plain or head.node.short != "Dense" or head.node is not end:
            return
        if any(node.short in ("Reshape", "Permute", "RepeatVector") for node in event.graph.nodes):
            return
        yield from self.found(
            head.node.argument_place("units"),
            f"the model gives {_row(shrunk)} for each row: one answer for each of the places that are left of "
            f"{show((start.shape or ())[1:])}",
            label=f"the output is {show(end.shape)}",
            also=[(node.place, f"gives {show(node.shape)}") for node in head.node.inputs],
            why="Dense is applied at each place by itself, so that no answer sees the whole row",
            help="add Flatten or a global pooling before the dense layers",
            severity=Severity.WARNING,
            about=contract,
        )

    bad = (
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.Input((28, 28)), keras.layers.Dense(16, activation="relu")])
        model.add(keras.layers.Dense(10, activation="softmax"))  # KL010
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y)
        """,
        """
        import keras
        import numpy as np
        y = keras.utils.to_categorical(np.random.randint(0, 4, 100), 4)
        model = keras.Sequential([keras.Input((9, 2)), keras.layers.Conv1D(8, 3, activation="relu")])
        model.add(keras.layers.Dense(4, activation="softmax"))  # KL010
        model.compile("adam", "categorical_crossentropy")
        model.fit(np.random.rand(100, 9, 2), y)
        """,
        """
        import keras
        import numpy as np
        y = keras.utils.to_categorical(np.random.randint(0, 9, 100), 9)
        model = keras.Sequential([keras.Input((9, 2)), keras.layers.Dense(8, activation="relu")])
        model.add(keras.layers.Dense(1, activation="sigmoid"))  # KL010
        model.compile("adam", "categorical_crossentropy")
        model.fit(np.random.rand(100, 9, 2), y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((30, 1)), keras.layers.Conv1D(8, 3, activation="relu")])
        model.add(keras.layers.MaxPooling1D(4))
        model.add(keras.layers.Dense(1, activation="sigmoid"))  # KL010
        model.compile("adam", "binary_crossentropy")
        """,
    )
    good = (
        # Both get an axis more before they are compared.
        """
        import keras
        import numpy as np
        x = np.zeros((64, 8), "float32")
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])
        out = model(x)
        loss = keras.losses.mean_squared_error(x[:, None], out[:, None])
        part = keras.losses.mean_squared_error(x[..., :4], out[..., :4])
        """,
        # An answer for each step, and an upsampling back to the size of the image.
        """
        import keras
        model = keras.Sequential([keras.Input((30, 1)), keras.layers.Conv1D(8, 3, padding="same", activation="relu")])
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "binary_crossentropy")
        model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, strides=2, activation="relu")])
        model.add(keras.layers.Conv2D(1, 1, activation="sigmoid"))
        model.compile("adam", "binary_crossentropy")
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(4, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(np.random.rand(100, 9), np.random.randint(0, 4, (100, 1)))
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((9, 2)), keras.layers.LSTM(8, return_sequences=True)])
        model.add(keras.layers.Dense(4, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(np.random.rand(100, 9, 2), np.random.randint(0, 4, (100, 9)))
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(np.random.rand(100, 4), np.random.rand(100))
        """,
    )


def _sequences(node: Node) -> Object | None:
    """The last recurrent layer, if it gives a sequence and only layers for single steps follow it."""
    while len(node.inputs) == 1:
        node = node.inputs[0]
        layer = unwrapped(node.layer) if node.layer is not None else None
        if layer is not None and layer.short in RECURRENT:
            return layer
        if node.short not in NOISE | {"Dense", "TimeDistributed"}:
            return None
    return None


def _shrunk(start: Shape, end: Shape) -> tuple[Dimension, ...]:
    """The output without the batch, where it has places that are fewer than those of the input; else nothing."""
    if start is None or end is None or len(start) != len(end) or len(end) < 3:
        return ()
    before, after = start[1:-1], end[1:-1]
    if None in before or None in after:
        return ()
    fewer = all(a is not None and b is not None and 0 < a < b for a, b in zip(after, before))
    return end[1:] if fewer and any(size != 1 for size in after) else ()


def _steps_as_classes(target: Target) -> bool:
    """Whether one output a step meets one-hot rows: the loss drops the last axis and compares steps with classes."""
    output, array = target.output, target.array
    one_hot = array.labels is not None and array.labels.kind == "onehot" and array.labels.sure
    return output is not None and len(output) == 3 and output[-1] == 1 and array.rank == 2 and one_hot


def agree(output: Shape, target: Shape, *, sparse: bool) -> bool:
    """Whether a loss can compare output and target, as far as is known (both with the batch first)."""
    if output is None or target is None or not target:
        return True
    a, b = output[1:], target[1:]
    if sparse:
        a = a[:-1]
        if len(b) == len(a) + 1 and b[-1] in (1, None):
            b = b[:-1]
        # One-hot rows for a sparse loss are another rule's matter.
        return len(b) == len(a) + 1 or (len(b) == len(a) and _equal(a, b))
    a, b = _aligned(a, b)
    return len(a) == len(b) and _equal(a, b)


Sizes = tuple[Dimension, ...]


def _aligned(a: Sizes, b: Sizes) -> tuple[Sizes, Sizes]:
    """Both without a last axis of 1 that only one of them has, as `Loss.__call__` of Keras does it."""
    if len(a) == len(b) + 1 and a[-1] in (1, None):
        return a[:-1], b
    if len(b) == len(a) + 1 and b[-1] in (1, None):
        return a, b[:-1]
    return a, b


def _equal(a: Sizes, b: Sizes) -> bool:
    return all(x is None or y is None or x == y for x, y in zip(a, b))


def _broadcasts(output: Shape, target: Shape) -> bool:
    """Whether the two can be subtracted by NumPy's rules, so that nothing is raised."""
    assert output is not None
    assert target is not None
    batch = "the batch"
    a, b = _aligned(output[1:], target[1:])
    pairs = zip(reversed((batch, *a)), reversed((batch, *b)))
    return all(x == y or x == 1 or y == 1 for x, y in pairs)


def _row(shape: tuple[Dimension, ...]) -> str:
    """The shape of one row, in words where it has no axis."""
    return show(shape) if shape else "one number"
