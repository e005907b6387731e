"""KS029."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.program.constants import constant
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ModelReplacedByNone(Rule):
    """A model's variable is given the result of `compile`, which is None: `model = model.compile(...)`.

    ## Why is this bad?
    `compile` changes the model and returns None. The model is gone, and the next line that uses it raises an
    AttributeError about NoneType.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model = model.compile(optimizer="adam", loss="mse")  # KS029
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Only where the variable on the left is the one that the method is called on.

    ## References
    - Measured on Keras 3.15.1: `compile` returns None.
    """

    code = "KS029"
    name = "model-replaced-by-none"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        compiles = {id(event.node) for event in program.compiles}
        told: set[int] = set()
        for bound in (one for group in program.bound.values() for one in group):
            node = bound.value.node
            if node is None or id(node) not in compiles or id(node) in told or constant(bound.value) is not None:
                continue
            owner = fixing.receiver(node)
            if not isinstance(owner, syntax.Name) or not isinstance(bound.node, syntax.Name):
                continue
            if owner.value != bound.node.value:
                continue
            told.add(id(node))
            yield from self.found(
                node,
                f"compile() returns None, and `{owner.value}` is no model any more",
                label="gives None",
                also=[(bound.node, "the model was here")],
                why="it does something to the model that it is called on, and has nothing to return",
                help=f"leave `{owner.value} =` out",
                about=node,
            )

    bad = (
        """
        import keras
        def build():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            net = net.compile("adam", "mse")  # KS029
            return net
        build().fit(x, y)
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        done = model.compile("adam", "mse")
        history = model.fit(x, y)
        model = keras.models.clone_model(model)
        model = None
        """,
    )
