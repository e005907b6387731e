"""KP023."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.heads import PROBABILITIES, Head, heads
from kerlint.program.constants import text
from kerlint.program.events import Compile, LossCall
from kerlint.program.facts import Program
from kerlint.program.values import Object, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class Float16Output(Rule):
    """A model with the policy `mixed_float16` gives its probabilities in half precision.

    The policy makes all layers compute in float16. The last one should not: its numbers go into the loss.

    ## Why is this bad?
    float16 has three digits. A sigmoid is exactly 1 from an input of 8.4 on: for a row that is wrong about it the
    loss jumps from 8 to 16 and then stays there, whatever the model does, and its gradient is 0. Small
    probabilities become 0. Keras says nothing.

    ## Example
    ```python
    from tensorflow import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),  # KP023
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    model = keras.Sequential([
        keras.Input((64,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax", dtype="float32"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    ```

    ## Known limits
    Outputs without an activation are advice: they lose digits only. `mixed_bfloat16` is left alone.

    ## References
    - Measured on Keras 3.15.1 with the policy: a Dense layer gives float16; the binary cross-entropy of a wrong row is
      4.99 for an output before the sigmoid of 5, and 15.94 for 9, 12 and 30 alike.
    - https://www.tensorflow.org/guide/mixed_precision
    """

    code = "KP023"
    name = "float16-output"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("loss-nan", "wrong-result", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        half = _made_in_half(program)
        if not half:
            return
        seen: set[int] = set()
        for event in program.events:
            if not isinstance(event, (Compile, LossCall)) or event.snapshot is None:
                continue
            for head in heads(event.snapshot.graph):
                layer = head.output.layer if head is not None else None
                if head is None or layer is None or id(layer) in seen or id(layer) not in half:
                    continue
                seen.add(id(layer))
                if "dtype" not in layer.args and not layer.open:
                    yield from self._report(event, head, layer, half[id(layer)])

    def _report(self, event: Compile | LossCall, head: Head, layer: Object, policy: Object) -> Iterator[Found]:
        probabilities = head.activation in PROBABILITIES
        yield from self.found(
            head.output.place,
            f"the model gives its {'probabilities' if probabilities else 'output'} in float16",
            label="computes in half precision",
            also=[(policy.node, "because of this policy")],
            why="close to 0 and 1 float16 cannot tell probabilities apart, and the gradient of the loss becomes 0"
            if probabilities
            else "float16 has three digits, and ends at 65504",
            help='give the last layer dtype="float32"',
            severity=None if probabilities else Severity.ADVICE,
            about=event,
            fix=fixing.draft('add dtype="float32"', fixing.put(layer, "dtype", '"float32"')),
        )

    bad = (
        """
        import tensorflow as tf
        policy = tf.keras.mixed_precision.Policy("mixed_float16")
        tf.keras.mixed_precision.set_global_policy(policy)
        inputs = tf.keras.Input((4,))
        x = tf.keras.layers.Dense(1)(inputs)
        outputs = tf.keras.layers.Activation("sigmoid")(x)  # KP023
        model = tf.keras.Model(inputs, outputs)
        model.compile("adam", "binary_crossentropy")
        """,
    )
    good = (
        """
        from tensorflow import keras
        keras.mixed_precision.set_global_policy("mixed_float16")
        inputs = keras.Input((4,))
        x = keras.layers.Dense(3)(inputs)
        outputs = keras.layers.Activation("softmax", dtype="float32")(x)
        model = keras.Model(inputs, outputs)
        model.compile("adam", "categorical_crossentropy")
        keras.mixed_precision.set_global_policy("float32")
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        """,
        """
        import keras
        if gpu:
            keras.mixed_precision.set_global_policy("mixed_float16")
        else:
            keras.mixed_precision.set_global_policy("float32")
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax", dtype="float32")])
        model.compile("adam", "categorical_crossentropy")
        """,
    )


_SET_POLICY = "keras.mixed_precision.set_global_policy"


def _made_in_half(program: Program) -> dict[int, Object]:
    """The layers that were made while `mixed_float16` was the policy, by identity, and what set it."""
    found: dict[int, Object] = {}
    policy: Object | None = None
    for made in program.objects:
        if made.name == _SET_POLICY:
            policy = made if _policy_name(made.args.get("policy")) == "mixed_float16" else None
        elif policy is not None:
            found[id(made)] = policy
    return found


def _policy_name(value: Value | None) -> str | None:
    if isinstance(value, Object):
        return text(value.args.get("name"))
    return text(value)
