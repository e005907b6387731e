"""KE037."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.budget import layers_of_graph
from kerlint.library.graphs import graph_of
from kerlint.program.events import ApplyGradients, Created, Event, Fit, Forward, Load, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.scope import exclusive
from kerlint.program.values import Model, Object
from kerlint.rules.base import Found, Rule


class LoadedModelNotUsed(Rule):
    """Weights are loaded into one model, and another one that has never learned anything makes the predictions.

    A function that makes a model, loads its weights and returns it changes no other model. Where its result is dropped,
    or a second model is made of the same parts, that one begins with random weights.

    ## Why is this bad?
    The predictions are random, and nothing says so: the model has the right layers and the right shapes.

    ## Example
    ```python
    from tensorflow import keras

    def build():
        return keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])

    def restore(path):
        model = build()
        model.load_weights(path)
        return model

    restore("prices.weights.h5")
    model = build()
    print(model.predict(rows))  # KE037
    ```

    Use instead:
    ```python
    from tensorflow import keras

    def build():
        return keras.Sequential([keras.Input((8,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])

    def restore(path):
        model = build()
        model.load_weights(path)
        return model

    model = restore("prices.weights.h5")
    print(model.predict(rows))
    ```

    ## Known limits
    Only where the model with the loaded weights is never used, and the other one is neither trained nor given weights
    anywhere in the program.

    ## References
    - Measured on Keras 3.15.1: two models that one function makes have different weights, and `load_weights` of the one
      changes nothing in the other.
    """

    code = "KE037"
    name = "loaded-model-not-used"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        loads: list[Load | Use] = [
            *program.all(Load),
            *(use for use in program.all(Use) if use.method == "load_weights"),
        ]
        if not loads or next(program.made("tensorflow.train.Checkpoint"), None) is not None:
            return
        if any(step.model is None for step in program.all(ApplyGradients)):
            return
        idle = [load for load in loads if not load.assumed and not load.tried and _is_idle(program, load)]
        told: set[int] = set()
        for use in program.all(Use) if idle else ():
            if use.method not in _ANSWERS or id(use.model) in told or use.assumed or use.tried:
                continue
            made = next((event for event in program.all(Created) if event.model is use.model), None)
            load = next((one for one in idle if one.order < use.order and not exclusive(one.path, use.path)), None)
            if made is None or load is None or not _knows_nothing(program, use.model):
                continue
            told.add(id(use.model))
            yield from self.found(
                use.node,
                "this model has random weights: those that were loaded belong to another one, which is never used",
                label="predicts at random" if use.method.startswith("predict") else "scores random weights",
                also=[(load.node, "the loaded model"), (made.node, "begins with random weights")],
                why="a new model begins with random weights, whatever another one of the same parts has learned",
                help="keep the loaded model, and use that one",
                about=use,
            )

    bad = (
        """
        import keras
        def build():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            net.compile("adam", "binary_crossentropy")
            return net
        keras.models.load_model("best.keras")
        net = build()
        print(net.evaluate(x, y))  # KE037
        for row in rows:
            print(net.predict(row))
        """,
        """
        import keras
        start = keras.Input((4,))
        first = keras.Model(start, keras.layers.Dense(1)(start))
        second = keras.Model(start, keras.layers.Dense(1)(start))
        first.load_weights("first.weights.h5")
        print(second.predict(x))  # KE037
        """,
    )
    good = (
        """
        import keras
        def build():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            net.compile("adam", "binary_crossentropy")
            return net
        # An untrained model for comparison, a model that gets its weights from the other, one that is trained.
        plain = build()
        loaded = build()
        loaded.load_weights("best.weights.h5")
        print(plain.evaluate(x, y), loaded.evaluate(x, y))
        source, copy = build(), build()
        source.load_weights("best.weights.h5")
        copy.set_weights(source.get_weights())
        copy.predict(x)
        third, fourth = build(), build()
        third.load_weights("best.weights.h5")
        for mine, theirs in zip(fourth.layers, third.layers):
            mine.set_weights(theirs.get_weights())
        fourth.predict(x)
        """,
        """
        import keras
        def build():
            net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
            net.compile("adam", "binary_crossentropy")
            return net
        # Loaded for later, on a way that does not meet the other, or on top of the same layers.
        teacher = build()
        teacher.load_weights("teacher.weights.h5")
        distil(teacher)
        student = build()
        student.predict(x)
        if resume:
            model = keras.models.load_model("best.keras")
        else:
            model = build()
            model.predict(x)
        base = build()
        base.load_weights("base.weights.h5")
        features = keras.Model(base.inputs, base.layers[0].output)
        features.predict(x)
        """,
        """
        import keras
        class Agent:
            def __init__(self):
                self.local = self.build()
                self.target = self.build()
            def build(self):
                return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            def load(self, path):
                self.local.load_weights(path)
            def act(self, state):
                return self.local.predict(state)
            def later(self, state):
                return self.target.predict(state)
        agent = Agent()
        agent.load("agent.weights.h5")
        agent.act(state)
        """,
    )


_ANSWERS = frozenset(
    {"evaluate", "predict", "predict_on_batch", "predict_proba", "predict_classes", "predict_generator"}
)
_ELSEWHERE = frozenset({"pretrained", "adapted", "handed over"})
#: What is done with a model without using it.
_IDLE = frozenset({"load_weights", "summary"})


def _is_idle(program: Program, load: Load | Use) -> bool:
    """Whether the model with the loaded weights is nowhere used, nor part of another."""
    model = load.model
    graph = graph_of(model)
    if "handed over" in model.state or (graph is None and isinstance(load, Use)):
        return False
    events: list[Event] = [*program.all(Use), *program.all(Forward), *program.all(Fit), *program.all(Load)]
    for event in events:
        if event is not load and getattr(event, "model", None) is model and getattr(event, "method", "") not in _IDLE:
            return False
    return not _is_shared(program, model, graph) and not _is_bound(program, load)


def _is_shared(program: Program, model: Model, graph: Graph | None) -> bool:
    """Whether another model has a layer of this one."""
    own = layers_of_graph(graph) if graph is not None else set()
    others = [found for other in program.models if other is not model and (found := graph_of(other)) is not None]
    return any(own & layers_of_graph(other) or any(model in node.owners for node in other.nodes) for other in others)


def _is_bound(program: Program, load: Load | Use) -> bool:
    """Whether anything that nobody follows may reach a model that was loaded from a file."""
    return isinstance(load, Load) and not program.drops(load.node)


def _knows_nothing(program: Program, model: Model) -> bool:
    """Whether a model has the random weights that it began with, wherever the program uses it."""
    graph = graph_of(model)
    if graph is None or not graph.complete or "handed over" in model.state or "pretrained" in model.state:
        return False
    layers = layers_of_graph(graph)
    if not layers or model.kind not in ("sequential", "functional"):
        return False
    if any(_has_weights_from_elsewhere(node.layer) for node in graph.nodes):
        return False
    if next(iter(program.fits_on(layers)), None) is not None or any(fit.model is model for fit in program.fits):
        return False
    steps = [step for step in program.all(ApplyGradients) if step.snapshot is not None]
    if any(layers & layers_of_graph(step.snapshot.graph) for step in steps if step.snapshot is not None):
        return False
    return not any(
        use.method in ("load_weights", "set_weights") and _may_touch(use.model, model, layers)
        for use in program.all(Use)
    )


def _may_touch(other: Model, model: Model, layers: set[int]) -> bool:
    graph = graph_of(other)
    return other is model or graph is None or bool(layers & layers_of_graph(graph))


def _has_weights_from_elsewhere(layer: object) -> bool:
    return isinstance(layer, Object) and bool(_ELSEWHERE & layer.state.keys() or "weights" in layer.args)
