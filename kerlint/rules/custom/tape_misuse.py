"""KT020."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard, TypeVar

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.budget import layers_of_graph
from kerlint.library.steps import GRADIENT
from kerlint.program.constants import truth
from kerlint.program.events import ApplyGradients, Event, Forward, Gradient, LossCall, Touched, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.scope import exclusive
from kerlint.program.values import Array, Model, Object, Shape, Unknown, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

_E = TypeVar("_E", bound=Event)


class TapeMisuse(Rule):
    """A gradient tape is used in a way that gives no gradients, or those of other weights.

    A tape records what happens to tensors while it is open, a model that was called before is not part of it, and it
    forgets all with the first gradient unless it is persistent.
    `predict` computes with NumPy arrays, which no tape sees. `apply_gradients` takes pairs of
    a gradient and a weight, in this order, and the gradient has to be that of the weight.

    ## Why is this bad?
    No step is made: Keras raises, or every gradient is None. With the gradients of another model there is a step, in
    a direction that has nothing to do with the loss; the shapes need not even be the same, if one can be broadcast.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(model.trainable_variables, gradients))  # KT020
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    ```

    ## Known limits
    Gradients of one model for another one are left alone where both are built alike: a copy may learn for the original.
    `predict` under a tape is reported only if the step trains that model and calls it in no other way there.

    ## References
    - Measured on Keras 3.15.1: with `predict` under the tape, or the model called before it or not at all, every
      gradient is None, without a warning; the second gradient of a tape raises a RuntimeError; pairs that are turned
      round raise an AttributeError. Gradients of a model with one unit move the weights of one with eight without a
      warning.
    - https://www.tensorflow.org/api_docs/python/tf/GradientTape
    """

    code = "KT020"
    name = "tape-misuse"
    severity = Severity.ERROR
    fix = Safety.SAFE
    symptoms = ("crash", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        yield from self._asked_twice(program)
        steps = list(program.all(ApplyGradients))
        yield from self._called_before(program, steps)
        told: set[int] = set()
        for step in steps:
            if id(step.node) not in told and len(step.pair) == 2 and _is_swapped(*step.pair):
                told.add(id(step.node))
                yield from self.found(
                    step.node,
                    "apply_gradients gets each weight as the gradient of itself: the pairs are turned round",
                    label="(weight, gradient)",
                    why="each pair is a gradient and the weight that it belongs to, in this order",
                    help="zip(gradients, weights)",
                    about=step,
                    fix=fixing.draft("turn the pairs round", _turned(step)),
                )
        yield from self._other_weights(steps)
        yield from self._never_called(program)
        seen = {(id(call.model), id(call.function)) for call in program.all(Forward) if call.in_tape}
        trained = {(id(step.model), id(step.function)): step for step in steps if step.model is not None}
        for use in program.all(Use):
            key = (id(use.model), id(use.function))
            if not use.in_tape or not use.method.startswith("predict") or key in seen or key not in trained:
                continue
            seen.add(key)
            yield from self.found(
                use.node,
                f"{use.method}() gives NumPy arrays, which the tape does not see: there is no gradient",
                label="the tape loses the trace here",
                also=[(trained[key].node, "this step has no gradients to apply")],
                why="a tape records operations on tensors, and predict() runs on its own",
                help="model(x, training=True)",
                about=use,
                fix=_called(use),
            )

    def _called_before(self, program: Program, steps: list[ApplyGradients]) -> Iterator[Found]:
        """Models that are trained in a step which calls them outside of its tape only."""
        calls = list(program.all(Forward))
        gradients = list(program.all(Gradient))
        losses = {id(loss.node): loss for loss in program.all(LossCall)}
        under = {id(call.model) for call in calls if call.in_tape}
        busy = {id(call.function) for call in calls if call.in_tape}
        touched = {id(event.thing) for event in program.all(Touched)}
        for step in steps:
            model = step.model
            if model is None or id(model) in under or id(step.function) in busy:
                continue
            if step.function is None and not step.loops:
                continue
            asked = _each([one for one in gradients if _beside(one, step) and one.order < step.order])
            before = _each([one for one in calls if one.model is model and _beside(one, step)])
            if len(asked) != 1 or len(before) != 1 or before[0].order > asked[0].order:
                continue
            # What is not understood may call the model again, or its layers by themselves.
            used = "handed over" in model.state or _parts(model, before[0].snapshot.graph) & touched
            if used or not _is_known(asked[0].target, before[0], losses):
                continue
            under.add(id(model))
            yield from self.found(
                before[0].node,
                "the model is called before the tape begins: there is no gradient",
                label="nothing records this",
                also=[(asked[0].tape.node, "the tape begins here"), (asked[0].node, "gives None for each weight")],
                why="a tape records what happens in its with block, and nothing that happened before",
                help="call the model inside the with block",
                about=step,
            )

    def _never_called(self, program: Program) -> Iterator[Found]:
        """Gradients of the weights of a model that had no part in anything under a tape."""
        calls = [call for call in program.all(Forward) if call.in_tape]
        touched = {id(event.thing) for event in program.all(Touched)}
        for call in calls:
            touched |= _parts(call.model, call.snapshot.graph)
        told: set[int] = set()
        for asked in program.all(Gradient):
            model = asked.sources.args.get("model") if _is_whole(asked.sources) else None
            if not isinstance(model, Model) or asked.snapshot is None or id(asked.node) in told or asked.assumed:
                continue
            graph = asked.snapshot.graph
            whole = graph.complete and layers_of_graph(graph) and all(call.model.cls is None for call in calls)
            if not whole or _parts(model, graph) & touched or "handed over" in model.state or model.cls is not None:
                continue
            other = next(
                (call for call in calls if call.function is asked.function and call.loops == asked.loops), None
            )
            if other is None or not isinstance(asked.target, Array):
                continue
            told.add(id(asked.node))
            yield from self.found(
                asked.node,
                "the loss does not depend on this model: every gradient is None",
                label="gives None for each weight",
                also=[(other.node, "another model is called under the tape"), (model.node, "this one is never")],
                why="a tape records what happens under it, and nothing that happened there reads these weights",
                help="ask for the gradients of the model that the loss comes from",
                about=asked,
            )

    def _other_weights(self, steps: list[ApplyGradients]) -> Iterator[Found]:
        """Gradients of the weights of one model that are applied to those of another."""
        told: set[int] = set()
        for step in steps:
            asked = _asked(step.pair[0]) if len(step.pair) == 2 else None
            if asked is None or step.snapshot is None or step.model is None or id(step.node) in told:
                continue
            source = asked.sources.args.get("model") if _is_whole(asked.sources) else None
            if not isinstance(source, Model) or asked.snapshot is None or source is step.model:
                continue
            graphs = (asked.snapshot.graph, step.snapshot.graph)
            first, second = map(layers_of_graph, graphs)
            if not first or not second or first & second or not all(graph.complete for graph in graphs):
                continue
            if len({_build(graph) for graph in graphs}) == 1:
                # A copy learns for the original on purpose.
                continue
            told.add(id(step.node))
            yield from self.found(
                step.node,
                "apply_gradients gets the gradients of one model for the weights of another",
                label="changes the weights of this model",
                also=[(asked.node, "the gradients of another model")],
                why="a gradient says how the loss changes with its own weight; zip pairs the two lists as they come",
                help="ask the tape for the gradients of the weights that are to change",
                about=step,
            )

    def _asked_twice(self, program: Program) -> Iterator[Found]:
        first: dict[tuple[int, int], Gradient] = {}
        for event in program.all(Gradient):
            if event.tape.open or truth(event.tape.args.get("persistent", None)) is True:
                continue
            if "persistent" in event.tape.args and truth(event.tape.args["persistent"]) is None:
                continue
            earlier = first.setdefault((id(event.tape), event.entries), event)
            if earlier.node is event.node or exclusive(earlier.path, event.path) or earlier.loops != event.loops:
                continue
            yield from self.found(
                event.node,
                "the tape is asked for a second gradient, and has forgotten everything after the first",
                label="raises a RuntimeError",
                also=[(earlier.node, "the first gradient"), (event.tape.node, "not persistent")],
                why="a tape gives up what it recorded as soon as it has computed one gradient",
                help="tf.GradientTape(persistent=True), or one tape for each gradient",
                about=event,
                fix=fixing.draft("make the tape persistent", fixing.put(event.tape, "persistent", "True")),
            )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        one = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        two = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        data = np.zeros((8, 4), "float32")
        for step in range(100):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(one(data, training=True) ** 2)
            gradients = tape.gradient(loss, two.trainable_variables)  # KT020
            optimizer.apply_gradients(zip(gradients, two.trainable_variables))
        """,
        """
        import tensorflow as tf
        maker = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8)])
        judge = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        def step(noise):
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(judge(maker(noise, training=True), training=True))
            gradients = tape.gradient(loss, judge.trainable_variables)
            optimizer.apply_gradients(zip(gradients, maker.trainable_variables))  # KT020
        for noise in batches:
            step(noise)
        """,
        """
        import numpy as np
        import tensorflow as tf
        class Net(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.out = tf.keras.layers.Dense(1)
            def call(self, x, training=False):
                return self.out(x)
            def train_step(self, data):
                x, y = data
                predicted = self(x, training=True)  # KT020
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((predicted - y) ** 2)
                gradients = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                return {"error": loss}
        net = Net()
        net.compile("adam")
        net.fit(np.zeros((8, 4)), np.zeros((8, 1)), epochs=5)
        """,
        """
        import tensorflow as tf
        net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
        entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = tf.keras.optimizers.Adam()
        def train_step(images, labels):
            logits = net(images, training=True)  # KT020
            with tf.GradientTape() as tape:
                loss = entropy(labels, logits)
            gradients = tape.gradient(loss, net.trainable_variables)
            optimizer.apply_gradients(zip(gradients, net.trainable_variables))
        for epoch in range(3):
            train_step(images, labels)
        """,
        """
        import tensorflow as tf
        policy = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2, activation="softmax")])
        optimizer = tf.keras.optimizers.Adam()
        def update(states, actions, returns):
            shares = policy(states)  # KT020
            with tf.GradientTape() as tape:
                chosen = tf.reduce_sum(shares * tf.one_hot(actions, 2), axis=1)
                loss = -tf.reduce_mean(tf.math.log(chosen) * returns)
            gradients = tape.gradient(loss, policy.trainable_variables)
            optimizer.apply_gradients(zip(gradients, policy.trainable_variables))
        for states, actions, returns in play():
            update(states, actions, returns)
        """,
        """
        import tensorflow as tf
        def step(x):
            with tf.GradientTape() as tape:
                a = first(x)
                b = second(x)
            one = tape.gradient(a, first.trainable_variables)
            two = tape.gradient(b, second.trainable_variables)  # KT020
        step(x)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model.predict(x) - y) ** 2)  # KT020
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )
    good = (
        """
        import numpy as np
        import tensorflow as tf
        first = tf.keras.layers.Dense(4)
        whole = tf.keras.Sequential([tf.keras.Input((4,)), first, tf.keras.layers.Dense(1)])
        rest = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        body = tf.keras.Sequential([tf.keras.Input((4,)), first])
        data = np.zeros((8, 4), "float32")
        for step in range(100):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(rest(first(data)) ** 2)
            print(tape.gradient(loss, whole.trainable_variables))
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(whole(data) ** 2)
            print(tape.gradient(loss, body.trainable_variables))
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(rest(data) ** 2) + sum(tf.nn.l2_loss(w) for w in body.trainable_variables)
            print(tape.gradient(loss, body.trainable_variables))
        """,
        """
        import tensorflow as tf
        maker = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8)])
        judge = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
        both = tf.keras.Sequential([maker, judge])
        optimizer = tf.keras.optimizers.Adam()
        for noise in batches:
            with tf.GradientTape(persistent=True) as tape:
                loss = -tf.reduce_mean(both(noise, training=True))
            optimizer.apply_gradients(zip(tape.gradient(loss, maker.trainable_weights), maker.trainable_variables))
            gradients = tape.gradient(loss, both.trainable_weights)
            optimizer.apply_gradients(zip(gradients, both.trainable_variables))
            part = gradients[:2]
            optimizer.apply_gradients(zip(part, maker.trainable_variables))
            optimizer.apply_gradients(zip(gradients, maker.trainable_variables + judge.trainable_variables))
        def actor():
            return tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2)])
        shared, local = actor(), actor()
        for states, returns in play():
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(local(states, training=True) * returns)
            gradients = tape.gradient(loss, local.trainable_weights)
            optimizer.apply_gradients(zip(gradients, shared.trainable_weights))
            local.set_weights(shared.get_weights())
        """,
        """
        import tensorflow as tf
        policy = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2, activation="softmax")])
        other = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2, activation="softmax")])
        optimizer = tf.keras.optimizers.Adam()
        def loss_of(states, returns):
            return -tf.reduce_mean(tf.math.log(policy(states)) * returns)
        def update(states, returns):
            old = policy(states)
            with tf.GradientTape() as tape:
                loss = loss_of(states, returns) - tf.reduce_mean(old)
            gradients = tape.gradient(loss, policy.trainable_variables)
            optimizer.apply_gradients(zip(gradients, policy.trainable_variables))
        for states, returns in play():
            old = other(states)
            with tf.GradientTape() as tape:
                hidden = states
                for layer in other.layers:
                    hidden = layer(hidden)
                loss = -tf.reduce_mean(tf.math.log(hidden) * returns * old)
            gradients = tape.gradient(loss, other.trainable_variables)
            optimizer.apply_gradients(zip(gradients, other.trainable_variables))
        def given(states, returns):
            old = other(states)
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(agent.loss(other, states, returns, old))
            gradients = tape.gradient(loss, other.trainable_variables)
            optimizer.apply_gradients(zip(gradients, other.trainable_variables))
        for states, returns in play():
            update(states, returns)
            given(states, returns)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        target = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape(persistent=True) as tape:
                loss = tf.reduce_mean((model(x) - target.predict(x)) ** 2)
                other = tf.reduce_mean(model(x))
            gradients = tape.gradient(loss, model.trainable_variables)
            more = tape.gradient(other, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
        """
        import tensorflow as tf
        def step(x):
            with tf.GradientTape() as tape:
                a = first(x)
            if small:
                g = tape.gradient(a, first.trainable_variables)
            else:
                g = tape.gradient(a, first.variables)
            with tf.GradientTape() as tape:
                b = first(x)
            g = tape.gradient(b, first.trainable_variables)
        step(x)
        """,
    )


def _each(events: list[_E]) -> list[_E]:
    """The events by their places: a loop may have several passes."""
    return list({id(one.node): one for one in reversed(events)}.values())


def _beside(event: Event, step: ApplyGradients) -> bool:
    """Whether an event belongs to the same pass of the same function, or of the same loop outside of any."""
    return event.function is step.function and (step.function is not None or event.loops == step.loops)


def _is_known(target: Value | None, call: Forward, losses: dict[int, LossCall]) -> bool:
    """Whether what is differentiated is understood: numbers, or a loss of Keras of what the call has given."""
    loss = losses.get(id(target.node)) if target is not None else None
    if loss is None or loss.prediction is None:
        return isinstance(target, Array)
    return loss.prediction.node is call.node


def _parts(model: Model, graph: Graph) -> set[int]:
    """A model and its layers, by identity."""
    return {id(model), *layers_of_graph(graph)}


def _turned(step: ApplyGradients) -> fixing.Change | None:
    """The arguments of `zip` in the call, swapped."""
    call = step.node
    pairs = call.args[0].value if isinstance(call, syntax.Call) and call.args else None
    if not isinstance(pairs, syntax.Call) or len(pairs.args) != 2:
        return None
    return fixing.swap(pairs.args[0].value, pairs.args[1].value)


def _called(use: Use) -> fixing.Draft | None:
    """The model called in the place of `predict(x)`."""
    model, data = fixing.receiver(use.node), use.places.get("x")
    if model is None or data is None or use.args.keys() != {"x"}:
        return None
    change = fixing.replace(use.node, "{0}({1}, training=True)", model, data)
    return fixing.draft("call the model", change, safety=Safety.UNSAFE)


def _build(graph: Graph) -> tuple[tuple[str, Shape], ...]:
    """What kinds of layers a model has, and the shapes of what they give."""
    return tuple((node.short, node.shape) for node in graph.nodes)


def _asked(value: Value) -> Gradient | None:
    """The call of the tape that gave these gradients, if nothing was done to them since."""
    found = value.state.get(GRADIENT) if isinstance(value, Object) else None
    return found if isinstance(found, Gradient) else None


def _is_whole(value: Value | None) -> TypeGuard[Object]:
    """Whether these are all the weights of a model."""
    return isinstance(value, Object) and value.name == "keras.Model.weights"


def _is_swapped(left: Value, right: Value) -> bool:
    """Whether the pairs begin with weights, and do not end with them."""
    return _is_weight(left) and not _is_weight(right) and (isinstance(right, Unknown) or _is_gradient(right))


def _is_weight(value: Value) -> bool:
    return isinstance(value, Object) and value.name.endswith(".weights")


def _is_gradient(value: Value) -> bool:
    return isinstance(value, Object) and value.name.startswith("tensorflow.GradientTape")
