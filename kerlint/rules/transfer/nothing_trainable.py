"""KF020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Severity
from kerlint.library.layers import weights_of
from kerlint.library.models import trains_itself
from kerlint.program.constants import constant
from kerlint.program.events import Compile
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.values import Layer, Model
from kerlint.rules.base import Found, Rule


class NothingTrainable(Rule):
    """A model is trained although all of its layers are frozen.

    ## Why is this bad?
    No weight changes. The loss differs from epoch to epoch only by the order of the rows and by dropout.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.trainable = False
    model.compile(optimizer="adam", loss="mse")  # KF020
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Only where every layer of the model is known.

    ## References
    - Measured: 16 of 16 such models did not change by a single bit. Keras 3 warns that the model does not have any
      trainable weights, Keras 2 says nothing.
    """

    code = "KF020"
    name = "nothing-trainable"
    severity = Severity.ERROR
    symptoms = ("loss-flat", "accuracy-stuck")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.compiles:
            fits = [fit for fit in program.fits_of(event) if fit.method != "train_on_batch"]
            if not fits or not event.frozen or event.model.cls is not None or trains_itself(event.model):
                continue
            frozen = _all_frozen(event)
            if frozen is not None:
                yield from self.found(
                    event.node,
                    "the model is compiled with all of its weights frozen, and then trained",
                    label="nothing to train",
                    also=[(frozen.place, "frozen"), (fits[0].node, "changes no weight")],
                    why="layers with trainable=False keep their weights as they are",
                    help="leave at least the last layers trainable when the model is compiled",
                    about=event,
                    experiment=Experiment(
                        event,
                        "still",
                        [
                            Change(node, {"trainable": True})
                            for node in event.graph.nodes
                            if node.kind in ("layer", "gap")
                        ],
                    ),
                )

    bad = (
        """
        import keras
        base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
        base.trainable = False
        model = keras.Sequential([base, keras.layers.Dropout(0.1), keras.layers.Activation("softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")  # KF020
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
        base.trainable = False
        model = keras.Sequential([base, keras.layers.Dense(2)])
        model.compile("adam", "mse")
        model.fit(x, y)
        other = keras.Sequential([base, MyLayer()])
        other.compile("adam", "mse")
        other.fit(x, y)
        still = keras.Sequential([keras.layers.Flatten()])
        still.compile("adam", "mse")
        still.fit(x, y)
        """,
    )


#: Nodes that may have weights: layers, and what stands for a pretrained model.
_WEIGHTY = ("layer", "gap")


def _all_frozen(event: Compile) -> Node | None:
    """The last frozen layer, if the model has no weights that training changes; None if one is not known."""
    last: Node | None = None
    for node in event.graph.nodes:
        made = node.op.layer if node.layer is None else node.layer
        if _is_frozen(node, event):
            last = node
        elif isinstance(made, Model) or node.kind in ("gap", "variable"):
            return None
        elif isinstance(made, Layer):
            weights = weights_of(made)
            if weights is None or weights.trainable != 0:
                return None
    return last


def _is_frozen(node: Node, event: Compile) -> bool:
    makers = [event.model, *node.owners, *(made for made in (node.layer, node.op.layer) if made is not None)]
    frozen = [made for made in makers if id(made) in event.frozen]
    switches = [made.state.get("trainable") for made in makers if isinstance(made, (Layer, Model))]
    return bool(frozen) and all(constant(switch) is not None for switch in switches if switch is not None)
