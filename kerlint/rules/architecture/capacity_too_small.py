"""KS025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.heads import Head, activation_of, heads
from kerlint.library.kinds import NOISE, NORMALIZATION, RESHAPING, is_parametric, pure_activation
from kerlint.program.constants import integer
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.rules.base import Found, Option, Rule


class CapacityTooSmall(Rule):
    """A hidden layer is so narrow that most of the input cannot pass.

    What a layer of two units does not pass on, no later layer can use: the model sees each row as two
    numbers.

    ## Why is this bad?
    For data that one or two directions separate it is enough. Otherwise the model underfits, and no
    amount of training helps. A relu unit that never fires leaves even less; with one or two of
    them the model may end as a constant, though seldom.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(2, activation="relu"),  # KS025
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([
        keras.Input((10,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    ```

    ## Known limits
    Only dense layers, and only right before the output. A narrow layer of a model that is as wide at its
    end as at its start is taken for the bottleneck of an autoencoder, and one that feeds several layers for a code.

    ## References
    - Measured on Keras 3.15.1: the share of runs that end in a constant output is 4 to 29 % with one hidden relu
      unit, 3 to 10 % with two, 0 to 3 % with four, none from eight on, and none with tanh, sigmoid or leaky
      relu. The model gets better smoothly with its width; with two units and ten inputs that can be
      separated linearly it reached 99 % in five runs of five.
    """

    code = "KS025"
    name = "capacity-too-small"
    severity = Severity.ADVICE
    symptoms = ("loss-flat", "accuracy-stuck", "constant-output")
    since = "0.1.0"
    in_tests = False

    narrow_units = Option(2, "A layer of so many units, or fewer, is narrow for many inputs.", low=1)
    min_inputs = Option(8, "So many inputs are many.", low=1)
    min_classes = Option(
        4, "From so many classes on, a layer with less than half as many units before the softmax is narrow.", low=3
    )
    narrow_units_for_classes = Option(4, "... if it has no more units than this.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.compiles:
            for head in heads(event.graph):
                layer = _before(head) if head is not None else None
                if head is None or layer is None or id(layer.layer) in seen:
                    continue
                seen.add(id(layer.layer))
                yield from self._check(layer, head)

    def _check(self, node: Node, head: Head) -> Iterator[Found]:
        units = integer(node.args.get("units"))
        inputs = node.input_shape[-1] if node.input_shape else None
        if units is None or head.units is None:
            return
        classes = head.units if head.activation == "softmax" else 1
        if classes >= self.min_classes and units * 2 < classes and units <= self.narrow_units_for_classes:
            need = f"{head.units} classes"
        elif units <= self.narrow_units and inputs is not None and inputs >= self.min_inputs and head.units <= units:
            need = f"{inputs} inputs"
        elif units <= self.narrow_units and head.units > units and _is_pressed(node, head):
            need = f"{head.units} outputs"
        else:
            return
        activation = activation_of(node)
        relu = activation is not None and activation.name == "relu" and units <= self.narrow_units
        yield from self.found(
            node.argument_place("units"),
            f"a hidden layer of {units} unit{'s' if units > 1 else ''} for {need}: most of the input is lost here",
            label="all that the output can see",
            also=[(head.node.place, f"the output of {head.units} unit{'s' if head.units > 1 else ''}")],
            why="what a layer does not pass on, no later layer can use"
            + (", and a relu unit that never fires passes on nothing" if relu else ""),
            help="use more units here, 16 to 64 to begin with",
            about=node.layer,
        )

    bad = (
        """
        import keras
        inputs = keras.Input((784,))
        x = keras.layers.Dense(64, activation="relu")(inputs)
        x = keras.layers.Dropout(0.2)(x)
        x = keras.layers.Dense(3)(x)  # KS025
        x = keras.layers.ReLU()(x)
        model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
        model.compile("adam", "sparse_categorical_crossentropy")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((5,)),
            keras.layers.Dense(2, activation="relu"),  # KS025
            keras.layers.Dense(4),
        ])
        model.compile("adam", "mse")
        """,
    )
    good = (
        # An autoencoder.
        """
        import keras
        model = keras.Sequential([
            keras.Input((784,)),
            keras.layers.Dense(2),
            keras.layers.Dense(784, activation="sigmoid"),
        ])
        model.compile("adam", "mse")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((2,)),
            keras.layers.Dense(2, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ])
        model.compile("adam", "binary_crossentropy")
        """,
        """
        import keras
        model = keras.Sequential([
            keras.Input((64,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10000, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        """,
    )


def _is_pressed(node: Node, head: Head) -> bool:
    """Whether a model with rows as input goes through the layer, and does not give its input back, as autoencoders."""
    first = node
    while len(first.inputs) == 1:
        first = first.inputs[0]
    width = first.shape[-1] if first.shape is not None and len(first.shape) == 2 else None
    return (
        head.activation != "softmax"
        and width is not None
        and node.args.get("units") is not None
        and (width not in (head.units, None) and width > (integer(node.args["units"]) or width))
    )


def _before(head: Head) -> Node | None:
    """The dense layer whose only use is the head, with no more than an activation or the like between."""
    node = head.node
    while len(node.inputs) == 1:
        node = node.inputs[0]
        if len(node.consumers) != 1:
            return None
        if is_parametric(node):
            return node if node.short == "Dense" else None
        if node.short not in NOISE | NORMALIZATION | RESHAPING and pure_activation(node) is None:
            return None
    return None
