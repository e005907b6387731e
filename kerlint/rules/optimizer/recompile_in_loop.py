"""KO015."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.library.budget import epochs_of
from kerlint.program.alternatives import same
from kerlint.program.events import Compile, Created, Event, Fit, Made, Trainable, Use
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.program.values import Const, Object, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class RecompileInLoop(Rule):
    """The model is compiled anew before every short training in a loop, which resets its optimizer.

    `compile` with a name, or with an optimizer that is made in the loop, gives the model a new optimizer.
    What the old one had gathered is lost.

    ## Why is this bad?
    Momentum, the scales of Adam and the position in a schedule start from zero in every pass. Training is
    slower and less steady than the same number of epochs in one go, and nothing warns.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    for epoch in range(100):
        model.compile(optimizer="adam", loss="mse")  # KO015
        model.fit(x, y, epochs=1)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    for epoch in range(100):
        model.fit(x, y, epochs=1)
    ```

    ## References
    - Measured on Keras 3.15.1: after each of three passes the optimizer has made 2 steps, not 2, 4 and 6.
    """

    code = "KO015"
    name = "recompile-resets-optimizer"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("slow-learning",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for compiled in program.compiles:
            loop = compiled.loops[-1] if compiled.loops else None
            if loop is None or loop.count == 1 or compiled.assumed or id(compiled.node) in told:
                continue
            if not _is_new(compiled, loop, program) or not _is_the_same(compiled, loop, program):
                continue
            fits = [fit for fit in program.fits_of(compiled) if any(loop is outer for outer in fit.loops)]
            if not fits or any(_trains_long(fit, loop) for fit in fits):
                continue
            told.add(id(compiled.node))
            assert isinstance(compiled.optimizer, Object)
            name = compiled.optimizer.short
            yield from self.found(
                compiled.node,
                f"every pass of the loop gives the model a new {name}: what it has gathered is lost",
                label="a new optimizer in every pass",
                also=[(fits[0].node, "a short training with it")],
                why=f"{name} keeps running means of the gradients and its number of steps, which start from zero again",
                help="compile once, before the loop",
                about=compiled,
                fix=fixing.draft("compile before the loop", fixing.hoist(compiled.node, loop.node)),
            )

    bad = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        for x, y in batches:
            model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")  # KO015
            model.train_on_batch(x, y)
        """,
    )
    good = (
        """
        import keras
        def pinball(q):
            return lambda t, p: keras.ops.mean(keras.ops.maximum(q * (t - p), (q - 1) * (t - p)))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        for q in (0.1, 0.5, 0.9):
            model.compile("adam", pinball(q))
            model.fit(x, y)
        for name in ("mse", "mae"):
            model.compile("adam", name)
            model.fit(x, y)
        """,
        """
        import keras
        for units in range(8, 64):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
            model.compile("adam", "mse")
            model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        for name in ("adam", "sgd"):
            model.compile(name, "mse")
            model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(1)])
        for index in range(2):
            model.layers[index].trainable = False
            model.compile("adam", "mse")
            model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        start = model.get_weights()
        for fold in folds:
            model.set_weights(start)
            model.compile("adam", "mse")
            model.fit(x[fold], y[fold])
        """,
    )


def _is_new(compiled: Compile, loop: Loop, program: Program) -> bool:
    """Whether each pass makes an optimizer with state, for a model that was made before the loop."""
    made = compiled.optimizer
    if not isinstance(compiled.loss, (Object, Const)):
        return False
    if not isinstance(made, Object) or not made.name.startswith("keras.optimizers."):
        return False
    if made.short == "SGD" and "momentum" not in made.args and "learning_rate" not in made.args:
        return False
    if "identifier" not in made.state and not any(
        event.made is made and _in(event, loop) for event in program.all(Made)
    ):
        return False
    births = [event for event in program.all(Created) if event.model is compiled.model]
    return bool(births) and not _in(births[0], loop)


def _is_the_same(compiled: Compile, loop: Loop, program: Program) -> bool:
    """Whether nothing is known to differ from pass to pass that would call for a new compile."""
    for event in program.events:
        if isinstance(event, Trainable) and _in(event, loop):
            return False
        if isinstance(event, Use) and event.method in ("set_weights", "load_weights") and _in(event, loop):
            return False
        if isinstance(event, Compile) and event is not compiled and event.model is compiled.model and _in(event, loop):
            left, right = event.optimizer, compiled.optimizer
            if event.node is not compiled.node or not isinstance(left, Object) or not isinstance(right, Object):
                return False
            if left.name != right.name or ("identifier" not in left.state and not _alike(left, right)):
                return False
            if not (event.loss is not None and compiled.loss is not None and _alike(event.loss, compiled.loss)):
                return False
    return True


def _alike(left: Value, right: Value) -> bool:
    if isinstance(left, Object) and isinstance(right, Object):
        names = left.args.keys() | right.args.keys()
        return left.name == right.name and all(same(left.args.get(name), right.args.get(name)) for name in names)
    return same(left, right)


def _trains_long(fit: Fit, loop: Loop) -> bool:
    """Whether this is a training of its own rather than one of many short ones."""
    inner = fit.loops[-1] is not loop
    return inner or (fit.method != "train_on_batch" and epochs_of(fit) != 1)


def _in(event: Event, loop: Loop) -> bool:
    return any(loop is outer for outer in event.loops)
