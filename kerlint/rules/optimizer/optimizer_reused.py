"""KO005."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.budget import layers_of_graph
from kerlint.program.events import ApplyGradients, Compile, Created, Event, Fit, Made
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.scope import Loop, exclusive
from kerlint.program.values import Object
from kerlint.rules.base import Found, Rule


class OptimizerReused(Rule):
    """One optimizer object trains the weights of two models, or weights that it has not been built for.

    An optimizer keeps numbers of its own for every weight: momentum, the mean square of its gradients.
    It makes them when it trains for the first time, for the weights of that model. Others it refuses.

    ## Why is this bad?
    The first training runs well. The second one (the next fold, the next configuration, the fine-tuning
    after hours of a first phase) ends with `Unknown variable` before its first step.

    ## Example
    ```python
    from tensorflow import keras

    optimizer = keras.optimizers.Adam(1e-3)
    for units in (16, 32):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
        model.compile(optimizer=optimizer, loss="mse")  # KO005
        model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    for units in (16, 32):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
        model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Silent where `optimizer.build(...)` is called by hand, where the models share all of their layers, and
    for programs written for TensorFlow before 2.11, whose optimizers took new weights as they came.

    ## References
    - Measured on Keras 3.15.1: the second fit raises `ValueError: Unknown variable ... This optimizer can only
      be called for the variables it was originally built with`; tf_keras 2.21 raises a KeyError.
    - https://github.com/mrosol/Nonlincausality/issues/12
    - https://github.com/Esri/arcgis-python-api/issues/1849
    """

    code = "KO005"
    name = "optimizer-reused-for-new-variables"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        target = program.target
        if target.keras < 3 and (target.tensorflow is None or target.tensorflow < (2, 11)):
            return
        made = {id(event.made): event for event in program.all(Made)}
        created = {id(event.model): event for event in program.all(Created)}
        first: dict[int, list[Event]] = {}
        told: set[int] = set()
        for event in program.events:
            compiled = event.compile if isinstance(event, Fit) else None
            if isinstance(event, ApplyGradients):
                optimizer: object = event.optimizer
            else:
                optimizer = compiled.optimizer if compiled is not None else None
            if not isinstance(optimizer, Object) or event.assumed or id(optimizer) not in made:
                continue
            if "built" in optimizer.state or id(optimizer) in told:
                continue
            used = first.setdefault(id(optimizer), [])
            place = made[id(optimizer)]
            earlier = next((one for one in used if _is_refused(one, event)), None)
            if earlier is None and compiled is not None and _in_a_new_model(event, compiled, place, created):
                earlier = event
            if earlier is not None:
                told.add(id(optimizer))
                yield from self._report(event, compiled, optimizer, place, earlier)
            used.append(event)

    def _report(
        self, event: Event, compiled: Compile | None, optimizer: Object, place: Made, earlier: Event
    ) -> Iterator[Found]:
        same = earlier is event
        again = compiled is not None and isinstance(earlier, Fit) and earlier.model is compiled.model
        if same:
            what = "is made once and given to a new model in every pass of the loop"
        elif again:
            what = "was built while part of the model was frozen, and is given the unfrozen weights"
        elif _node(earlier) is _node(event):
            what = "trains one model after another"
        else:
            what = "is built for the weights of one model, and then given those of another"
        yield from self.found(
            (compiled.places.get("optimizer") or compiled.node) if compiled is not None else event.node,
            f"one {optimizer.short} object {what}: the second training fails",
            label="this optimizer knows other weights",
            also=[(place.node, "made here, once")]
            + ([] if same or _node(earlier) is _node(event) else [(earlier.node, "has trained here already")]),
            why="an optimizer makes its state for the first weights that it trains and refuses all others",
            help="make a new optimizer for each model and each phase",
            about=compiled or event,
        )

    bad = (
        """
        import keras
        from sklearn.model_selection import KFold
        opt = keras.optimizers.Adam(1e-3)
        for train, test in KFold(5).split(x):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile(opt, "mse")  # KO005
            model.fit(x[train], y[train])
        """,
        """
        import keras
        base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
        base.trainable = False
        model = keras.Sequential([base, keras.layers.Dense(1)])
        optimizer = keras.optimizers.Adam()
        model.compile(optimizer, "mse")
        model.fit(x, y)
        base.trainable = True
        model.compile(optimizer, "mse")  # KO005
        model.fit(x, y)
        """,
        """
        import keras
        import tensorflow as tf
        first = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
        second = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as one, tf.GradientTape() as two:
                loss = compute(second(first(x)), y)
            g1 = one.gradient(loss, first.trainable_variables)
            optimizer.apply_gradients(zip(g1, first.trainable_variables))
            g2 = two.gradient(loss, second.trainable_variables)
            optimizer.apply_gradients(zip(g2, second.trainable_variables))  # KO005
        """,
    )
    good = (
        """
        import keras
        for units in (16, 32):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
            model.compile("adam", "mse")
            model.fit(x, y)
        """,
        """
        import keras
        optimizer = keras.optimizers.Adam()
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(optimizer, "mse")
        model.fit(x, y)
        model.compile(optimizer, "mae")
        model.fit(x, y)
        """,
        """
        import keras
        optimizer = keras.optimizers.Adam()
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(3)(inputs)
        model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
        model.compile(optimizer, "mse")
        part = keras.Model(inputs, hidden)
        part.compile(optimizer, "mse")
        model.fit(x, y)
        """,
        """
        import tensorflow as tf
        from tensorflow.keras.layers.experimental import preprocessing
        optimizer = tf.keras.optimizers.Adam()
        for units in (16, 32):
            model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(units)])
            model.compile(optimizer, "mse")
            model.fit(x, y)
        """,
        """
        import keras
        optimizer = keras.optimizers.Adam()
        if small:
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile(optimizer, "mse")
            model.fit(x, y)
        else:
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(1)])
            model.compile(optimizer, "mse")
            model.fit(x, y)
        """,
    )


def _node(event: Event) -> syntax.Node:
    compiled = event.compile if isinstance(event, Fit) else None
    return compiled.node if compiled is not None else event.node


def _graph(event: Event) -> Graph | None:
    if isinstance(event, Fit):
        return event.graph
    return event.snapshot.graph if isinstance(event, ApplyGradients) and event.snapshot is not None else None


def _is_refused(earlier: Event, later: Event) -> bool:
    """Whether the later training has weights that the earlier one did not have."""
    if exclusive(earlier.path, later.path):
        return False
    if isinstance(earlier, Fit) and isinstance(later, Fit) and earlier.model is later.model:
        before, after = earlier.compile, later.compile
        return before is not None and after is not None and bool(before.frozen - after.frozen)
    left, right = _graph(earlier), _graph(later)
    if left is None or right is None or not left.complete or not right.complete:
        return False
    known, wanted = layers_of_graph(left), _with_weights(right)
    return bool(wanted) and not wanted & known


def _with_weights(graph: Graph) -> set[int]:
    from kerlint.library.heads import parametric_layers

    return {id(node.layer) for node in parametric_layers(graph)}


def _in_a_new_model(event: Event, compiled: Compile, place: Made, created: dict[int, Created]) -> bool:
    """Whether a loop that stands for several passes makes a model in each, and the optimizer was made before."""
    birth = created.get(id(compiled.model))
    return birth is not None and any(
        not loop.unrolled
        and (loop.count is None or loop.count > 1)
        and _holds(birth, loop)
        and _holds(compiled, loop)
        and not _holds(place, loop)
        for loop in event.loops
    )


def _holds(event: Event, loop: Loop) -> bool:
    return any(loop is outer for outer in event.loops)
