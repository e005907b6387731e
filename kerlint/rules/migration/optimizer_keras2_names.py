"""KM001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.legacy import NEW_OPTIMIZERS
from kerlint.program.constants import number
from kerlint.program.events import AttributeUse, OldCall, OldKeyword
from kerlint.program.facts import Program
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.migration.versions import aside, severity, uses_tf_keras


class OptimizerKeras2Names(Rule):
    """An optimizer is configured with names of Keras 2: `lr=`, `decay=`, `optimizer.lr = ...`.

    The learning rate is `learning_rate` today, and a decay is a schedule.

    ## Why is this bad?
    Assigning to `optimizer.lr` is the worst of them: Keras 3 stores the number in an attribute that nobody
    reads, says nothing, and trains on with the old learning rate. `decay=` is ignored with a Python warning.
    `lr=` raises an error in Keras 3; the optimizers of Keras 2.11 to 2.15 and of `tf_keras` ignore it with a line in
    the log, and train with their default rate.

    ## Example
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.001)
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(x, y, epochs=10)
    optimizer.lr = 0.0001  # KM001
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.001)
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(x, y, epochs=10)
    optimizer.learning_rate = 0.0001
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    Where nothing says which Keras a program is for, it is taken for the current one, and the finding is a warning.
    In programs for Keras 2 only what its later optimizers drop is reported, and only if the version is known.

    ## References
    - Measured on Keras 3.15.1: `Adam(lr=.1)` and `Nadam(schedule_decay=.1)` raise ValueError; `Adam(decay=.1)` gives
      a UserWarning; after `optimizer.lr = .5` the learning rate is still .001; reading `optimizer.lr`, or calling
      `optimizer.minimize`, raises AttributeError. On tf_keras 2.21: `lr=` leaves the rate at .001, `decay=` raises.
    - https://github.com/keras-team/keras/issues/18467
    """

    code = "KM001"
    name = "optimizer-keras2-names"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("crash", "slow-learning", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        legacy = any(".legacy." in f"{name}." for name in program.mentions)
        for event in program.events:
            if event.tried or id(event.node) in seen:
                continue
            if isinstance(event, OldCall) and event.callee.startswith("keras.optimizers.") and not legacy:
                seen.add(id(event.node))
                for keyword in event.keywords:
                    yield from self._keyword(program, event, keyword)
            elif isinstance(event, AttributeUse) and program.target.keras >= 3:
                seen.add(id(event.node))
                yield from self._attribute(program, event)

    def _keyword(self, program: Program, event: OldCall, keyword: OldKeyword) -> Iterator[Found]:
        target = program.target
        if number(keyword.value) == 0 and keyword.name == "decay":
            return
        if target.keras == 2 and (target.since(*NEW_OPTIMIZERS) or uses_tf_keras(program)):
            yield from self._in_keras_2(event, keyword)
        if target.keras < 3:
            return
        ignored = keyword.name == "decay"
        yield from self.found(
            keyword.place,
            f"{event.short} of Keras 3 ignores {keyword.name}"
            if ignored
            else f"{event.short} of Keras 3 has no {keyword.name}",
            label="the learning rate stays as it is" if ignored else "raises an error",
            why="a decay is a schedule of the learning rate since Keras 3, no argument of the optimizer"
            if ignored
            else f"the argument is called {keyword.new} since Keras 2.3, and the old name is gone"
            if keyword.new
            else "the argument does not exist any more",
            help=_instead(keyword) + aside(target),
            severity=Severity.WARNING if ignored else severity(target),
            about=event,
            # What raises an error for certain cannot get worse.
            fix=_renamed(event, keyword, Safety.SAFE if severity(target) is Severity.ERROR else Safety.UNSAFE),
        )

    def _in_keras_2(self, event: OldCall, keyword: OldKeyword) -> Iterator[Found]:
        ignored = keyword.name == "lr"
        yield from self.found(
            keyword.place,
            f"{event.short} ignores {keyword.name}: the learning rate is its default"
            if ignored
            else f"{event.short} has no {keyword.name}",
            label="has no effect" if ignored else "raises an error",
            why=f"the optimizers of Keras 2.11 and later {'only log a line about it' if ignored else 'raise an error'}",
            help=_instead(keyword),
            about=event,
            fix=_renamed(event, keyword, Safety.UNSAFE),
        )

    def _attribute(self, program: Program, event: AttributeUse) -> Iterator[Found]:
        target, owner = program.target, event.owner
        if event.value is None:
            yield from self.found(
                event.node,
                f"{owner.short} of Keras 3 has no attribute {event.name}",
                label="raises AttributeError",
                also=[(owner.node, "the optimizer")],
                why="the learning rate is called learning_rate"
                if event.name == "lr"
                else "this part of the optimizers of Keras 2 is gone",
                help=_SUCCESSORS.get(event.name, "write it without it") + aside(target),
                severity=severity(target),
                about=event,
                fix=_attribute_renamed(event),
            )
        elif event.name == "lr":
            value = number(event.value)
            yield from self.found(
                event.node,
                f"setting lr{'' if value is None else f' to {value:g}'} changes nothing in Keras 3: "
                f"the learning rate of {owner.short} stays what it is",
                label="an attribute that nobody reads",
                also=[(owner.node, "the optimizer")],
                why="the learning rate is called learning_rate, and Python lets any other attribute be set",
                help="set optimizer.learning_rate" + aside(target),
                severity=severity(target),
                about=event,
                fix=_attribute_renamed(event),
            )

    bad = (
        """
        from tensorflow.keras.optimizers import SGD
        from tensorflow import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(SGD(lr=0.01, momentum=0.9, decay=1e-6), "mse")  # KM001 KM001
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        print(model.optimizer.lr)  # KM001
        """,
        """
        import tf_keras
        model = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(1)])
        model.compile(tf_keras.optimizers.Adam(lr=0.01), "mse")  # KM001
        """,
    )
    good = (
        # Written for Keras 2, where all of this works.
        """
        from keras.layers.core import Dense
        from keras.models import Sequential
        from keras.optimizers import SGD
        model = Sequential([Dense(1, input_dim=4)])
        optimizer = SGD(lr=0.01, decay=1e-6)
        model.compile(optimizer, "mse")
        optimizer.lr = 0.1
        """,
        """
        import tensorflow as tf
        optimizer = tf.keras.optimizers.legacy.Adam(lr=0.01, decay=1e-6)
        schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=100, decay_rate=0.9)
        """,
        """
        import keras
        optimizer = keras.optimizers.SGD(0.1, decay=0.0)
        try:
            rate = optimizer.lr
        except AttributeError:
            rate = optimizer.learning_rate
        """,
        # An optimizer of the program, and one of another library.
        """
        import torch
        from tensorflow import keras
        class Plain:
            def __init__(self, lr):
                self.lr = lr
        plain = Plain(lr=0.1)
        plain.lr = 0.2
        other = torch.optim.Adam([], lr=0.1)
        """,
    )


_SUCCESSORS = {
    "lr": "read optimizer.learning_rate",
    "minimize": "use a tape, and optimizer.apply_gradients",
    "decay": "use a schedule as the learning rate",
}


def _renamed(event: OldCall, keyword: OldKeyword, safety: Safety) -> fixing.Draft | None:
    """The keyword of today, where one means the same."""
    if not keyword.new:
        return None
    return fixing.draft(
        f"write {keyword.new}=", fixing.rename_keyword(event.node, keyword.name, keyword.new), safety=safety
    )


def _attribute_renamed(event: AttributeUse) -> fixing.Draft | None:
    if event.name != "lr":
        return None
    return fixing.draft("write learning_rate", fixing.rename_attribute(event.node, "learning_rate"))


def _instead(keyword: OldKeyword) -> str:
    if keyword.name == "decay":
        return "give a schedule as the learning rate: keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)"
    return f"write {keyword.new}=" if keyword.new else "leave it out"
