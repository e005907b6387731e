"""KP022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data
from kerlint.program.events import ApplyGradients, Fit, Use
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.rules.base import Found, Rule
from kerlint.rules.options import Option


class PredictInLoop(Rule):
    """`model.predict` is called on one row at a time in a loop.

    `predict` is made for a lot of data: each call sets up a dataset, its iterators and callbacks.

    ## Why is this bad?
    For a single row the preparation takes many times longer than the model. Memory grows, too, for as long as
    the loop runs.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    model = keras.models.load_model("model.keras")
    for image in x_test:
        print(np.argmax(model.predict(image.reshape(1, 28, 28))))  # KP022
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    model = keras.models.load_model("model.keras")
    for scores in model.predict(x_test):
        print(np.argmax(scores))
    ```

    Where each row depends on the one before, as in a game or a text that is generated, call the model itself:
    `model(row, training=False)`.

    ## Known limits
    Only where it is known that there is a single row, and not in loops that also train, which take longer anyway, or
    that run a few times only.

    ## References
    - Measured on Keras 3.15.1 with TensorFlow 2.21, a model with two small Dense layers, medians of 40 calls on two
      busy cores: `predict` takes 220 ms for one row and 220 ms for 320 rows, `model(row, training=False)` 1.6 ms.
    - https://www.tensorflow.org/api_docs/python/tf/keras/Model#predict
    """

    code = "KP022"
    name = "predict-in-loop"
    severity = Severity.WARNING
    symptoms = ("slow-run",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    few_passes = Option(10, "A loop with fewer passes is over soon; these take some two seconds.", low=1)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for use in program.all(Use):
            loop = use.loops[-1] if use.loops else None
            if use.method != "predict" or loop is None or id(use.node) in seen or not self._runs_often(use.loops):
                continue
            array = as_data(use.args.get("x"))
            if array is None or array.rows != 1 or _trains(program, loop):
                continue
            seen.add(id(use.node))
            yield from self.found(
                use.node,
                "predict is called on a single row in each pass of the loop",
                label="sets everything up for one row",
                also=[(array.node, "one row"), (loop.node, "in this loop")],
                why="the preparation of predict takes many times longer than the model needs for a row",
                help="call predict once on all rows, or model(x, training=False) where each pass needs the one before",
                about=use,
            )

    def _runs_often(self, loops: tuple[Loop, ...]) -> bool:
        if any(loop.ends_at_once for loop in loops):
            return False
        passes = 1
        for loop in loops:
            if loop.count is None:
                return True
            passes *= loop.count
        return passes >= self.few_passes

    bad = (
        """
        import numpy as np
        import keras
        model = keras.models.load_model("model.keras")
        text = np.zeros((1, 40, 60))
        for i in range(400):
            scores = model.predict(text, verbose=0)[0]  # KP022
            text = np.roll(text, -1, axis=1)
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for epoch in range(100):
            model.fit(x, y)
            print(model.predict(np.zeros((1, 4))))
        for batch in batches:
            model.predict(batch)
        for i in range(3):
            model.predict(np.zeros((1, 4)))
        while True:
            model(np.zeros((1, 4)), training=False)
        """,
    )


def _trains(program: Program, loop: Loop) -> bool:
    """Whether a model is trained in the same loop."""
    return any(isinstance(event, (Fit, ApplyGradients)) and loop in event.loops for event in program.events)
