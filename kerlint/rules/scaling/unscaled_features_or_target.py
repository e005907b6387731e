"""KN002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Change, Experiment
from kerlint.finding import Severity
from kerlint.library.chains import described
from kerlint.library.contracts import as_data, contracts, inputs_of
from kerlint.library.files_read import is_raw, scaler_of
from kerlint.library.inputs import (
    Feed,
    first_kernels,
    has_hidden_nonlinearity,
    made_at,
    unused_scaling,
)
from kerlint.library.magnitudes import (
    ABSOLUTE,
    LargeTarget,
    columns_apart,
    fits_input,
    input_fault,
    large_targets,
    range_of,
    tabular_inputs,
)
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Option, Rule

#: Columns whose ranges lie further apart than this are of different scales.
RATIO = 1000.0
#: The largest input and the largest target that need no scaling.
INPUT, TARGET = 100.0, 1000.0
#: What standardising does to the data of an experiment.
_INPUTS = Change("x", {"low": None, "high": None, "columns": None})
_TARGETS = Change("y", {"low": None, "high": None})


class UnscaledFeaturesOrTarget(Rule):
    """Inputs or targets have a scale that a network with fresh weights cannot deal with.

    Initial weights are made for inputs and outputs of about unit size. A column that is thousands
    of times larger than another drowns it, large inputs give large gradients, and a target in the
    thousands lies further away than the output can travel in a usual training.

    ## Why is this bad?
    The loss starts in the thousands or millions, falls slowly or turns into NaN, and the model uses
    only the largest column or predicts about a constant. Nothing is reported: the numbers are valid.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.array([[1, 10000, 2], [2, 20000, 3], [3, 30000, 4]])  # KN002
    y = np.array([1, 2, 3])
    model = keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100)
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.array([[1, 10000, 2], [2, 20000, 3], [3, 30000, 4]])
    y = np.array([1, 2, 3])
    normalization = keras.layers.Normalization()
    normalization.adapt(x)
    model = keras.Sequential([
        keras.Input((3,)),
        normalization,
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100)
    ```

    ## Known limits
    Only known ranges are reported: literals, `numpy.random` and `linspace`, the data sets of Keras and
    scikit-learn. What a file holds is not known: that nothing scales it is advice. Also reported is data that a
    scaler has scaled, where models only ever get the unscaled version. Images belong to KN001.

    ## References
    - Measured on Keras 3.15.1, 300 steps, share of the runs that learn: relu regression with
      standardised inputs 100 % (Adam) and 100 % (SGD), with two columns of scale 1 and 10,000 none.
    - The same in a classification, one column times 1,000 or 10,000: relu with Adam explains .51 and less
      than nothing of the loss (.78 when standardised), with SGD 0.1 it gives NaN, and a
      normalisation after the first layer does not help. A linear model copes with Adam, not with SGD.
    - Targets of a relu regression that reach 1,000: Adam explains .48 of the variance (.99 when
      standardised), SGD 0.01 gives NaN; times 1e5: no run learns.
    """

    code = "KN002"
    name = "unscaled-features-or-target"
    severity = Severity.WARNING
    symptoms = ("loss-nan", "loss-flat", "slow-learning", "constant-output")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    max_ratio = Option(1000.0, "Columns whose ranges lie further apart than this are of different scales.", low=1.0)
    max_input = Option(100.0, "Larger inputs need scaling.", above=0.0)
    max_target = Option(1000.0, "Targets from this size on need scaling.", above=0.0)

    def check(self, program: Program) -> Iterator[Found]:
        targets = large_targets(program, self.max_target)
        inputs: set[int] = set()
        for feed in tabular_inputs(program):
            fault = input_fault(feed, self.max_input, self.max_ratio)
            target = targets.get(id(feed.event))
            if fault is not None:
                # A dataset brings both in one place.
                both = target is not None and target.place is feed.place
                inputs.update([id(target)] if both else [])
                yield from self._input(program, feed, fault, target if both else None)
            elif isinstance(feed.event, Fit) and not feed.normalised:
                told = list(self._forgotten(program, feed))
                yield from told or self._from_file(program, feed)
        for target in targets.values():
            if id(target) not in inputs:
                yield from self._target(program, target)
        yield from self._targets_from_file(program)
        yield from self._sketch(program)

    def _input(self, program: Program, feed: Feed, fault: str, target: LargeTarget | None) -> Iterator[Found]:
        message = f"the model is trained on unscaled inputs: {fault}"
        if target is not None:
            message += f"; and on unscaled targets: {range_of(target.array)}"
        place, use = _places(program, feed)
        yield from self.found(
            place,
            message,
            label="unscaled inputs" if target is None else "unscaled inputs and targets",
            also=[
                (use, "trained on here"),
                (feed.array.origin.node, "the data comes from here"),
                (feed.kernels[0].place, "reads it as it is"),
            ],
            why="the outputs of the first layer and the gradients of its weights grow with its inputs, "
            "so the largest column decides about everything",
            help="begin the model with keras.layers.Normalization(), adapted to the training data, "
            "or use StandardScaler, fitted on the training data",
            about=feed.event,
            experiment=Experiment(feed.event, "scale", [_INPUTS], setting=[Change("x", feed.scale), _TARGETS]),
        )

    def _target(self, program: Program, target: LargeTarget) -> Iterator[Found]:
        place, use = _places(program, target)
        yield from self.found(
            place,
            f"the model is trained on unscaled targets: {range_of(target.array)}",
            label="unscaled targets",
            also=[
                (use, "trained on here"),
                (target.array.origin.node, "they come from here"),
                (target.head, "starts with outputs of about unit size"),
            ],
            why="the weights would have to grow until the output reaches the targets, and each error starts that large",
            help="standardise the targets for training, and turn the predictions back with the same mean and deviation",
            about=target.event,
            experiment=Experiment(target.event, "scale", [_TARGETS], setting=[_INPUTS]),
        )

    def _forgotten(self, program: Program, feed: Feed) -> Iterator[Found]:
        scaled = unused_scaling(program, feed)
        if scaled is None or (scaled.how.startswith("/ ") and scaled.how not in ("/ std", "/ range")):
            return
        place, use = _places(program, feed)
        yield from self.found(
            place,
            f"the data is scaled ({scaled.how}), but the model is trained on the unscaled version of it",
            label="not scaled",
            also=[
                (use, "trained on here"),
                (scaled.node, "the scaled version, which no model gets"),
                (feed.kernels[0].place, "reads it as it is"),
            ],
            why="a scaler gives new arrays and leaves those it is given as they are",
            help="pass the scaled arrays on to the split and to fit, predict and evaluate",
            about=feed.event,
            experiment=Experiment(feed.event, "scale", [_INPUTS], setting=[Change("x", feed.scale), _TARGETS]),
        )

    def _from_file(self, program: Program, feed: Feed) -> Iterator[Found]:
        """Advice where a table goes from its file into the model as it is."""
        kernel = feed.kernels[0]
        width = kernel.input_shape[-1] if kernel.input_shape else None
        rows_of_numbers = kernel.input_shape is not None and len(kernel.input_shape) == 2 and (width or 0) > 1
        if not rows_of_numbers or not is_raw(feed.array) or not has_hidden_nonlinearity(feed.graph):
            return
        reader = feed.array.source.rpartition(".")[2]
        place, use = _places(program, feed)
        yield from self.found(
            place,
            f"nothing scales what {reader} reads before {described(kernel)} does",
            label="as it stands in the file",
            also=[
                (use, "trained on here"),
                (feed.array.origin.node, "read here"),
                (kernel.place, "reads it as it is"),
            ],
            why="weights start for inputs of about unit size; a column in the hundreds decides about everything",
            help="begin the model with keras.layers.Normalization(), adapted to the training data, "
            "or use StandardScaler, fitted on the training data",
            severity=Severity.ADVICE,
            about=feed.event,
        )

    def _targets_from_file(self, program: Program) -> Iterator[Found]:
        """Advice where the inputs of a regression are scaled, and the targets stay as they are in the file."""
        for contract in contracts(program):
            if contract.loss.function not in ABSOLUTE or contract.head is None:
                continue
            for target in contract.targets:
                fit = target.fit
                data = as_data(inputs_of(fit)) if isinstance(fit, Fit) else None
                scaler = scaler_of(data) if data is not None else None
                if scaler is None or data is None or data.source != target.array.source or not is_raw(target.array):
                    continue
                place = made_at(program, target.array, fit) or target.place
                yield from self.found(
                    place,
                    f"the inputs are scaled ({scaler}), but the targets are as they stand in the file",
                    label="not scaled",
                    also=[(target.place if place is not target.place else None, "trained on here")],
                    why="a target in the thousands lies further away than the output can travel in a usual training",
                    help="if they are larger than some tens, standardise them, too",
                    severity=Severity.ADVICE,
                    about=fit,
                )
                break

    def _sketch(self, program: Program) -> Iterator[Found]:
        """A program that builds a model and writes out data for it, without the training."""
        events = list(program.compiles)
        if len(events) != 1 or events[0].assumed or any(True for _ in program.fits):
            return
        graph = events[0].graph
        kernels = first_kernels(graph)
        data = [value for value in program.names.values() if isinstance(value, Array) and fits_input(value, graph)]
        fault = (
            columns_apart(data[0], self.max_ratio)
            if len(data) == 1 and kernels and has_hidden_nonlinearity(graph)
            else None
        )
        if fault is not None:
            yield from self.found(
                data[0].node,
                f"the inputs of the model are unscaled: {fault}",
                label="unscaled inputs",
                also=[(kernels[0].place, "has an input of this width and reads it as it is")],
                why="the outputs of the first layer and the gradients of its weights grow with its inputs, "
                "so the largest column decides about everything",
                help="begin the model with keras.layers.Normalization(), adapted to the training data",
                about=events[0],
            )

    bad = (
        """
        import numpy as np
        from keras.models import Sequential
        from keras.layers import Dense
        x = np.random.uniform(0, 10000, (1000, 3))  # KN002
        y = np.sin(x[:, 0])
        model = Sequential([Dense(16, activation="tanh", input_shape=(3,)), Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        # Both: two findings, at the names.
        """
        from tensorflow import keras
        (
            (x, y),  # KN002
            (x_test, y_test),
        ) = keras.datasets.california_housing.load_data()
        model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
        model.compile("rmsprop", "mse")
        model.fit(x, y)
        """,
        # The columns survive the split.
        """
        import keras
        from sklearn.datasets import load_wine
        from sklearn.model_selection import train_test_split
        wine = load_wine()
        x_train, x_test, y_train, y_test = train_test_split(wine.data, wine.target)  # KN002
        model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x_train, y_train)
        """,
        # Scaled, but in vain.
        """
        import keras
        from sklearn.datasets import load_iris
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        x, y = load_iris(return_X_y=True)
        x_scaled = StandardScaler().fit_transform(x)
        x_train, x_test, y_train, y_test = train_test_split(x, y)  # KN002
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x_train, y_train)
        """,
        # No training in sight, but the data for it.
        """
        import numpy as np
        import keras
        features = np.array([[1, 50000], [2, 20000], [3, 30000]])  # KN002
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        """,
        # What is in a file nobody knows.
        """
        import keras
        import numpy as np
        from sklearn.preprocessing import StandardScaler
        table = np.loadtxt("data.csv", delimiter=",")
        x = table[:, :8]  # KN002
        y = table[:, 8]  # KN002
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        if quick:
            model.fit(x, y)
        model.fit(StandardScaler().fit_transform(x), y)
        """,
    )
    good = (
        # Each column by itself, in place.
        """
        import keras
        import pandas as pd
        table = pd.DataFrame({"age": [25, 30, 45], "income": [20000, 50000, 80000], "bought": [0, 0, 1]})
        shown = (table - table.mean()) / table.std()
        table["age"] = table["age"] / 100
        table["income"] /= 1e5
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(table[["age", "income"]].to_numpy(), table["bought"].to_numpy(), epochs=1000)
        """,
        # 0 to 100 is fine, and so are targets in the hundreds.
        """
        import numpy as np
        import keras
        x = np.random.uniform(0, 100, (100, 1))
        y = 2 * x + 1 + np.random.normal(0, 10, (100, 1))
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        # A scaler, and a first experiment without one.
        """
        import keras
        from sklearn.datasets import load_iris
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y)
        scaled = StandardScaler().fit_transform(x)
        x_train, x_test, y_train, y_test = train_test_split(scaled, y)
        model.fit(x_train, y_train)
        model.fit(x, y)
        """,
        # Scaled in place.
        """
        import keras
        from sklearn.datasets import load_iris
        from sklearn.preprocessing import StandardScaler
        x, y = load_iris(return_X_y=True)
        x[:] = StandardScaler().fit_transform(x)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y)
        """,
        # Numbers of words, and class numbers as targets.
        """
        import numpy as np
        import keras
        x = np.random.randint(0, 5000, (100, 20))
        y = np.random.randint(0, 5000, (100,))
        model = keras.Sequential([keras.layers.Embedding(5000, 16), keras.layers.LSTM(16), keras.layers.Dense(5000)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(x, y)
        """,
        # The model brings its outputs to the scale of the targets.
        """
        import numpy as np
        import keras
        x = np.linspace(-1, 1, 100).reshape(-1, 1)
        y = np.linspace(0, 50000, 100)
        inputs = keras.Input((1,))
        hidden = keras.layers.Dense(8, activation="relu")(inputs)
        outputs = keras.layers.Rescaling(50000)(keras.layers.Dense(1)(hidden))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        # Standardised, and handed to a generator.
        """
        import numpy as np
        import tensorflow as tf
        (x, y), _ = tf.keras.datasets.cifar10.load_data()
        mean, std = np.mean(x, axis=(0, 1, 2, 3)), np.std(x, axis=(0, 1, 2, 3))
        x = (x - mean) / (std + 1e-7)
        model = tf.keras.Sequential([
            tf.keras.Input((32, 32, 3)),
            tf.keras.layers.Conv2D(4, 3, activation="relu"),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=15)
        model.fit(generator.flow(x, y, batch_size=64), epochs=10)
        """,
        # A part of a pretrained model gets the range that it was trained on.
        """
        import tensorflow as tf
        base = tf.keras.applications.VGG19(include_top=False, weights="imagenet")
        model = tf.keras.Model(base.input, base.get_layer("block5_conv2").output)
        image = tf.Variable(tf.random.uniform((1, 224, 224, 3)))
        optimizer = tf.keras.optimizers.Adam(0.02)
        for step in range(100):
            with tf.GradientTape() as tape:
                features = model(tf.keras.applications.vgg19.preprocess_input(image * 255))
                loss = tf.reduce_mean(features**2)
            optimizer.apply_gradients([(tape.gradient(loss, image), image)])
        """,
        # Data for something else.
        """
        import numpy as np
        import keras
        prices = np.array([[1, 50000], [2, 20000], [3, 30000]])
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        """,
    )


def _places(program: Program, data: Feed | LargeTarget) -> tuple[syntax.Node | None, syntax.Node | None]:
    """Where data can still be scaled, and where a model is trained on it if that is another place."""
    place = made_at(program, data.array, data.event) or data.place
    return place, data.place if place is not data.place else None
