"""KT002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.kinds import is_modal
from kerlint.library.models import trains_itself
from kerlint.program.facts import Program
from kerlint.program.values import Function
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class CallWithoutTraining(Rule):
    """`call` of a model class has no `training` parameter: Dropout and batch normalisation do nothing in `fit`.

    Keras 3 tells a model that it is being trained through this parameter, and only if `call` has it. From
    there every layer inside learns of it. Without it they all run as they do in use.

    ## Why is this bad?
    Dropout lets everything through, the means of batch normalisation stay 0 and its variances 1, random
    augmentation does not happen. `fit` runs without a warning. The same class worked in Keras 2, which
    passed the mode around in a global variable.

    ## Example
    ```python
    import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(64, activation="relu")
            self.dropout = keras.layers.Dropout(0.5)
            self.out = keras.layers.Dense(1)

        def call(self, inputs):  # KT002
            return self.out(self.dropout(self.hidden(inputs)))

    net = Net()
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    import keras

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(64, activation="relu")
            self.dropout = keras.layers.Dropout(0.5)
            self.out = keras.layers.Dense(1)

        def call(self, inputs, training=None):
            return self.out(self.dropout(self.hidden(inputs), training=training))

    net = Net()
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=10)
    ```

    ## Known limits
    For Keras 3 only, and for models that the program trains with `fit`. Layer classes need no such
    parameter: they are told by the model around them.

    ## References
    - Measured on Keras 3.15.1: without the parameter the moving mean of a BatchNormalization stays 0.0 (5.06 with it)
      and Dropout(0.9) has no effect; a Sequential model inside is not told either. tf_keras 2.21 is not affected.
    - https://github.com/keras-team/keras-hub/issues/1500
    """

    code = "KT002"
    name = "call-without-training-argument"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("overfit", "wrong-result", "accuracy-stuck")
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            model = fit.model
            method = model.cls.lookup("call") if model.cls is not None else None
            if not isinstance(method, Function) or id(method) in told or trains_itself(model) or fit.assumed:
                continue
            definition = method.node
            told_mode = method.takes("training") or method.takes_any_keyword
            if not isinstance(definition, syntax.FunctionDef) or told_mode:
                continue
            modal = [node for node in fit.graph.nodes if is_modal(node)]
            if not modal:
                continue
            told.add(id(method))
            names = " and ".join(sorted({node.short for node in modal})[:3])
            assert model.cls is not None
            yield from self.found(
                definition.name,
                f"`call` of {model.cls.name} has no `training` parameter: its {names} run as in predict() during fit()",
                label="is never told that the model is being trained",
                also=[*((node.place, "does nothing") for node in modal[:3]), (fit.node, "trained here")],
                why="Keras 3 tells the mode to a `call` that has this parameter, and from there to all layers inside",
                help="def call(self, inputs, training=None)",
                about=method,
                experiment=Experiment(
                    fit, "idle", details={"how": "call", "normalises": modal[0].short == "BatchNormalization"}
                ),
                fix=fixing.draft("add the parameter", fixing.parameter(definition, "training=None")),
            )

    good = (
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dropout = keras.layers.Dropout(0.5)
                self.out = keras.layers.Dense(1)
            def call(self, inputs, **kwargs):
                return self.out(self.dropout(inputs))
        net = Net()
        net.compile("adam", "mse")
        net.fit(x, y)
        """,
        """
        import keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dropout = keras.layers.Dropout(0.5)
                self.out = keras.layers.Dense(1)
            def call(self, inputs):
                return self.out(self.dropout(inputs, training=True))
        net = Net()
        net.compile("adam", "mse")
        net.fit(x, y)
        """,
        """
        import tf_keras
        class Net(tf_keras.Model):
            def __init__(self):
                super().__init__()
                self.dropout = tf_keras.layers.Dropout(0.5)
                self.out = tf_keras.layers.Dense(1)
            def call(self, inputs):
                return self.out(self.dropout(inputs))
        net = Net()
        net.compile("adam", "mse")
        net.fit(x, y)
        """,
        """
        import keras
        class Block(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.dropout = keras.layers.Dropout(0.5)
            def call(self, inputs):
                return self.dropout(inputs)
        model = keras.Sequential([keras.Input((4,)), Block(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
    )
