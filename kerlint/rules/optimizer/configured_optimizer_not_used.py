"""KO004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.objects import default_of
from kerlint.program.constants import constant
from kerlint.program.events import Compile, Made
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ConfiguredOptimizerNotUsed(Rule):
    """An optimizer is made with settings of its own, and the model is compiled with another one.

    A name such as `"adam"` makes a fresh optimizer with default settings. The object that the program
    configured is never looked at.

    ## Why is this bad?
    The learning rate, the momentum and the clipping that are written in the program have no effect:
    whatever value you try, training stays the same.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)  # KO004
    model.compile(optimizer="sgd", loss="mse")
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)
    model.compile(optimizer=sgd, loss="mse")
    ```

    ## Known limits
    Reported only where nothing in the file reads the variable, and the next `compile` names its
    optimizer by a string or a class, or names none. Advice if that is another kind of optimizer.

    ## References
    - https://github.com/keras-team/keras/issues/4497
    - Measured on Keras 3.15.1: `compile(optimizer="adam")` next to a configured `Adam` trains at the default
      rate of 0.001, without a warning.
    """

    code = "KO004"
    name = "configured-optimizer-not-used"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "loss-flat", "wrong-result")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        compiles = list(program.compiles)
        for event in program.all(Made):
            made = event.made
            variable = made.state.get("variable")
            if event.assumed or not made.name.startswith("keras.optimizers.") or not _is_configured(made):
                continue
            used = next((one for one in compiles if _follows(event, one)), None)
            if used is None or not isinstance(variable, str) or not _is_fresh(used) or program.reads(variable):
                continue
            assert isinstance(used.optimizer, Object)
            yield from self.found(
                event.node,
                f"the {made.short} in `{variable}` is never used: the model is compiled with a fresh "
                f"{used.optimizer.short} that has default settings",
                label="nothing reads this",
                also=[(used.places.get("optimizer") or used.node, f"makes a new {used.optimizer.short}")],
                why="a name or a class given to compile() makes an optimizer of its own, with its default settings",
                help=f"compile(optimizer={variable}, ...)",
                # Another kind of optimizer has perhaps been put in its place on purpose.
                severity=None if used.optimizer.short == made.short else Severity.ADVICE,
                about=used,
                fix=fixing.draft(f"compile with `{variable}`", fixing.replace(used.places.get("optimizer"), variable))
                if used.optimizer.short == made.short and used.function is event.function
                else None,
            )

    bad = (
        """
        from keras.optimizers import RMSprop
        from keras.models import Sequential
        from keras.layers import Dense
        def build():
            model = Sequential([Dense(1, input_shape=(4,))])
            optimizer = RMSprop(lr=0.0001)  # KO004
            model.compile(loss="mse", optimizer="rmsprop")
            return model
        build().fit(x, y)
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        sgd = keras.optimizers.SGD(0.1)
        model.compile("sgd", "mse")
        other.compile(sgd, "mse")
        """,
        """
        import keras
        optimizer = keras.optimizers.SGD()
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        """,
        """
        import keras
        optimizer = keras.optimizers.SGD(0.1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        def step():
            return optimizer
        """,
        """
        import keras
        sgd = keras.optimizers.SGD(0.1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), "mse")
        """,
    )


def _is_configured(made: Object) -> bool:
    """Whether an argument is, or may be, another than its default."""
    for name, value in made.args.items():
        default = default_of(made.name, name)
        if name != "name" and (default is None or constant(value) != constant(default)):
            return True
    return made.open


def _follows(event: Made, compiled: Compile) -> bool:
    """Whether this compile comes after the optimizer was made, in the same function."""
    return (
        compiled.order > event.order
        and compiled.function is event.function
        and not exclusive(event.path, compiled.path)
    )


def _is_fresh(compiled: Compile) -> bool:
    """Whether the optimizer was made by the compile itself."""
    made = compiled.optimizer
    return isinstance(made, Object) and ("identifier" in made.state or made.node is None)
