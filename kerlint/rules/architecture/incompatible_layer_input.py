"""KS001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.graphs import graph_of
from kerlint.library.kinds import CONVOLUTION, NOISE, NORMALIZATION, VOCABULARY, is_parametric, unwrapped
from kerlint.library.objects import argument
from kerlint.library.shapes import Misfit, output_shape, show
from kerlint.program.constants import truth
from kerlint.program.events import Fit, Forward, Mismatch, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node, tensors_in
from kerlint.program.values import Array, Dimension, Layer, Object, Op, Sequence, Shape, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class IncompatibleLayerInput(Rule):
    """A layer gets an input whose shape it cannot take.

    Shapes are followed from the input of the model (or the data, where the model declares no
    input) through every layer: a window that is larger than the map, a layer for images that gets
    rows, recurrent layers stacked without `return_sequences=True`, branches that cannot be joined,
    data of another shape than the model declares.

    ## Why is this bad?
    Keras raises an error, but without a declared input only when training starts, after the data
    has been loaded.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20, 8)),
        keras.layers.LSTM(32),
        keras.layers.LSTM(16),  # KS001
        keras.layers.Dense(1),
    ])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((20, 8)),
        keras.layers.LSTM(32, return_sequences=True),
        keras.layers.LSTM(16),
        keras.layers.Dense(1),
    ])
    ```

    ## Known limits
    A dimension that is not known fits everything.

    ## References
    - Measured on Keras 3.15.1: a ValueError when the model is built if an Input is given, otherwise in the first
      training step. A window larger than the map is built all the same before Keras 3.14 (a pooling before 3.15),
      with a map of size 0, if it is only one too large or a pooling; the first training step raises then.
    """

    code = "KS001"
    name = "incompatible-layer-input"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(Mismatch):
            if event.assumed:
                # The sizes may be no more than the defaults of a function that nobody calls.
                continue
            source = event.op.inputs[0]
            what = "layer" if event.op.kind == "layer" else "operation"
            yield from self.found(
                event.node,
                f"this {what} cannot be made: {event.message}"
                if event.argument
                else f"this {what} cannot take its input: {event.message}",
                label="" if event.argument else f"gets {show(source.shape)}",
                also=[(source.node if source.node is not event.node else None, f"gives {show(source.shape)}")],
                why="Keras raises an error when the model is built, or at the latest with its first batch",
                help="give the layer a number: of units, or of classes"
                if event.argument
                else _help(event.op.name.rpartition(".")[2], source.shape),
                # A sequential model is built anew with each layer that is added: the op is another one each time.
                about=event.op.layer or event.op,
                experiment=Experiment(event, "raises", [Change(event.op.layer, drop=True)])
                if isinstance(event.op.layer, Layer)
                else None,
                fix=fixing.draft(
                    "add return_sequences=True", fixing.put(_last_rnn(event.op), "return_sequences", "True")
                ),
            )
        for fit in program.fits:
            # A list is several inputs, not rows of one.
            data = as_data(inputs_of(fit)) if not isinstance(fit.x, Sequence) else None
            yield from self._data(program, fit, fit.graph, data)
            yield from self._several(fit, fit.x)
        for call in program.all(Forward):
            given = call.inputs if isinstance(call.inputs, Array) else None
            yield from self._data(program, call, call.snapshot.graph, given)
        told: set[int] = set()
        for use in program.all(Use):
            graph = graph_of(use.model)
            if use.method in ("predict", "evaluate") and graph is not None and id(use.node) not in told:
                found = list(self._data(program, use, graph, _given(use))) or list(
                    self._several(use, use.args.get("x"))
                )
                told.update([id(use.node)] if found else [])
                yield from found

    def _several(self, event: Fit | Use, data: Value | None) -> Iterator[Found]:
        """A list of data for the inputs of a functional model, one for each in order."""
        model = event.model
        parts = data.exact if isinstance(data, Sequence) and model.kind == "functional" else None
        inputs = tensors_in(model.state.get("inputs")) if parts is not None else []
        if parts is None or len(parts) < 2 or len(parts) != len(inputs) or model.cls is not None:
            return
        given = [part.shape if isinstance(part, Array) else None for part in parts]
        declared = [tensor.shape if tensor is not None else None for tensor in inputs]
        off = [index for index, (one, other) in enumerate(zip(declared, given)) if not fits(one, other)]
        wanted, got, start = (declared[off[0]], given[off[0]], inputs[off[0]]) if off else (None, None, None)
        if wanted is None or got is None or start is None or None in declared or None in given:
            return
        first = off[0]
        turned = len(parts) == 2 and fits(declared[0], given[1]) and fits(declared[1], given[0])
        yield from self.found(
            parts[first].node if len(off) == 1 else event.places.get("x"),
            f"input {first + 1} of the model takes rows of shape {show(wanted[1:])}, but gets {show(got[1:])}"
            + (": the two are in the wrong order" if turned else ""),
            label=f"part {first + 1} has rows of shape {show(got[1:])}",
            also=[(start.node, f"declares {show(wanted[1:])}"), (event.node, "given here")],
            why="a list of data is given to the inputs in the order in which Model(inputs=[...]) names them",
            help="give the data in the order of the inputs, or as a dict by the names of the inputs",
            about=event,
        )

    def _data(self, program: Program, event: Fit | Use | Forward, graph: Graph, array: Array | None) -> Iterator[Found]:
        inputs = [node for node in graph.nodes if node.kind == "input"]
        if len(inputs) != 1 or array is None or array.shape is None:
            return
        declared, given = inputs[0].shape, array.shape
        if declared is None or fits(declared, given):
            return
        known = [size for size in declared[1:] if size is not None]
        # A sequential model compares no sizes, nor does one that is all `call`, but Keras 3 compares how many axes
        # there are.
        is_declared = bool(inputs[0].op.args)
        other_rank = program.target.keras >= 3 and is_declared and not _same_rank(declared, given)
        other_rank |= is_declared and _lacks_axis(declared, given)
        model = event.model
        is_called = model.kind == "subclass" and "outputs" not in model.state
        if (
            (is_called or model.kind == "sequential")
            and not other_rank
            and not _stops(inputs[0], _adjusted(declared, given))
        ):
            return
        call = event.node if isinstance(event, Forward) else event.places.get("x") or event.node
        declares = inputs[0].place
        rows, shape = f"rows of shape {show(given[1:])}" if given else "one number", f"declares {show(declared[1:])}"
        # What a model is trained on is the data it is for; what it is asked about later is the caller's matter.
        at_model = isinstance(event, Fit) and is_declared and declares is not None
        yield from self.found(
            declares if at_model else call,
            f"the model takes inputs of shape {show(declared[1:])}, but "
            + (f"the rows of the data have {show(given[1:])}" if given else "it is given a single number"),
            label=shape if at_model else rows,
            also=[(call, rows) if at_model else (declares, shape), (array.node, "the data comes from here")],
            why="the layers were built for the declared shape, and the first batch raises an error",
            help="give a batch of one row: x[None] or np.expand_dims(x, 0)"
            if given == declared[1:]
            else "reshape the data, or change the input shape of the model",
            about=event,
            experiment=Experiment(event, "raises", [Change("x", {"shape": list(known)})])
            if isinstance(event, (Fit, Use)) and len(known) == len(declared) - 1
            else None,
        )

    bad = (
        """
        import keras
        import numpy as np
        words, numbers = np.random.randint(0, 9, (100, 20)), np.random.rand(100, 6)
        text, meta = keras.Input((20,), name="text"), keras.Input((6,), name="meta")
        joined = keras.layers.Concatenate()([keras.layers.Embedding(9, 4)(text)[:, 0], meta])
        model = keras.Model([text, meta], keras.layers.Dense(1)(joined))
        model.compile("adam", "mse")
        model.fit([numbers, words], y)  # KS001
        model.predict([numbers, words])  # KS001
        """,
        """
        import keras
        from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
        model = keras.Sequential([
            keras.Input((8, 8, 1)),
            MaxPooling2D(4),
            Conv2D(16, 3, activation="relu"),  # KS001
            Flatten(),
            Dense(10),
        ])
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.layers.Conv2D(16, 3), keras.layers.Flatten(), keras.layers.Dense(10)])  # KS001
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])  # KS001
        model.compile("adam", "mse")
        model.fit(np.random.rand(100, 4), y)
        frames = keras.Sequential([
            keras.Input((1, 8, 8, 1)),  # KS001
            keras.layers.TimeDistributed(keras.layers.Flatten()),
            keras.layers.LSTM(4),
        ])
        frames.compile("adam", "mse")
        frames.fit(np.random.rand(100, 8, 8, 1), y)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(4)])
        answer = model(tf.random.uniform(shape=[]))  # KS001
        answer = model(tf.random.uniform(shape=[2, 5]))
        """,
        """
        import keras
        import numpy as np
        x = np.zeros((100, 8))
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(x[0])])  # KS001
        """,
        """
        import keras
        (x, y), (a, b) = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3), keras.layers.Flatten()])
        answer = model.predict(a[0])  # KS001
        for row in a:
            answer = model.predict([row])  # KS001
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([
            keras.Input((48, 48, 3)),  # KS001
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        words, numbers = np.random.randint(0, 9, (100, 20)), np.random.rand(100, 6)
        text, meta = keras.Input((20,), name="text"), keras.Input((6,), name="meta")
        joined = keras.layers.Concatenate()([keras.layers.Embedding(9, 4)(text)[:, 0], meta])
        model = keras.Model([text, meta], keras.layers.Dense(1)(joined))
        model.compile("adam", "mse")
        model.fit([words, numbers], y)
        model.fit((words, numbers), y)
        model.fit({"meta": numbers, "text": words}, y)
        model.fit([load("words"), numbers], y)
        """,
        """
        import keras
        import numpy as np
        # A number out of an array.
        x = np.zeros((100, 8))
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(x.shape[1]), keras.layers.Dense(len(x[0]))])
        """,
        """
        import keras
        import numpy as np
        # A sequential model does not compare shapes, and these layers take sequences of any length.
        model = keras.Sequential([keras.Input((100,)), keras.layers.Embedding(10, 4)])
        model.add(keras.layers.GlobalAveragePooling1D())
        model.compile("adam", "mse")
        model.fit(np.random.randint(0, 10, (96, 50)), y)
        model.predict(np.random.randint(0, 10, (1, 30)))
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(8, 3), keras.layers.MaxPooling2D()])
        """,
        """
        import keras
        (x, y), _ = keras.datasets.mnist.load_data()
        model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(16, 3), keras.layers.Flatten()])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        # Nothing behind the convolutions depends on the size of the images.
        model = keras.Sequential([
            keras.Input((48, 48, 3)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x / 255, y)
        """,
        """
        import keras
        import numpy as np
        # What a model makes of its last step does not depend on how many there are.
        class LastStep(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(4)
            def call(self, inputs):
                return self.dense(inputs[:, -1, :])
        model = LastStep()
        model.compile("adam", "mse")
        model.fit(np.random.rand(96, 12, 3), np.random.rand(96, 4))
        model.predict(np.random.rand(8, 24, 3))
        """,
    )


def _last_rnn(op: Op) -> Object | None:
    """The recurrent layer that gives its last state to one that wants a sequence."""
    layer = unwrapped(op.layer) if isinstance(op.layer, Layer) else None
    if layer is None or layer.short not in ("LSTM", "GRU", "SimpleRNN"):
        return None
    while len(op.inputs) == 1:
        op = op.inputs[0].op
        layer = unwrapped(op.layer) if isinstance(op.layer, Layer) else None
        if layer is not None and layer.short in ("LSTM", "GRU", "SimpleRNN"):
            return layer if truth(argument(layer, "return_sequences")) is False else None
        if layer is None or layer.short not in NOISE | NORMALIZATION:
            return None
    return None


def fits(declared: Shape, given: Shape) -> bool:
    """Whether Keras takes data of this shape: it adds or drops a last axis of size 1."""
    if declared is None or given is None:
        return True
    if len(given) == len(declared) - 1 and declared[-1] == 1:
        given = (*given, 1)
    elif len(given) == len(declared) + 1 and given[-1] in (1, None):
        given = given[:-1]
    if len(given) != len(declared):
        return False
    return all(a is None or b is None or a == b for a, b in zip(declared[1:], given[1:]))


def _lacks_axis(declared: tuple[Dimension, ...], given: tuple[Dimension, ...]) -> bool:
    """Whether the data is as declared but for the first axis of a row: Keras adds one at the end instead."""
    return None not in declared[1:] and given[1:] == declared[2:] and given[1:] != declared[1:-1]


def _adjusted(declared: tuple[Dimension, ...], given: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """The data with a last axis of 1 added or dropped, as Keras does it for a model that declares its input."""
    if len(given) == len(declared) - 1 and declared[-1] == 1:
        return (*given, 1)
    return given[:-1] if len(given) == len(declared) + 1 and given[-1] == 1 else given


def _same_rank(declared: tuple[Dimension, ...], given: tuple[Dimension, ...]) -> bool:
    """Whether there are as many axes, a last one of size 1 added or dropped."""
    if len(given) == len(declared) - 1:
        return declared[-1] in (1, None)
    if len(given) == len(declared) + 1:
        return given[-1] in (1, None)
    return len(given) == len(declared)


def _given(use: Use) -> Array | None:
    """The data that a model is to give answers for; in a list of one, that one."""
    value = use.args.get("x")
    if isinstance(value, Sequence):
        value = value.exact[0] if value.kind == "list" and value.exact and len(value.exact) == 1 else None
    return value if isinstance(value, Array) else None


def _stops(start: Node, given: Shape) -> bool:
    """Whether a sequential model raises on such data: it looks at no shape itself, only its layers do."""
    declared, node = start.shape, start
    while len(node.consumers) == 1:
        node = node.consumers[0]
        if node.layer is None or node.short in VOCABULARY:
            return False
        try:
            after = output_shape(node.layer, [given])
        except Misfit:
            return True
        if is_parametric(node):
            if None in (declared, given) or None in (_last(declared), _last(given)):
                return False
            if _last(declared) != _last(given):
                return True
            if node.short not in CONVOLUTION:
                return False
        declared, given = node.shape, after
    return False


def _last(shape: Shape) -> int | None:
    return shape[-1] if shape else None


def _help(layer: str, shape: Shape) -> str:
    """What is usually meant."""
    if shape is not None and len(shape) == 2 and layer in ("LSTM", "GRU", "SimpleRNN"):
        return "give the recurrent layer before it return_sequences=True"
    if shape is not None and len(shape) == 3 and layer.startswith(("Conv2D", "MaxPooling2D", "AveragePooling2D")):
        return "images need an axis for channels: use x[..., None] or Reshape"
    return "change the input, the sizes, or the padding so that the shapes fit"
