"""KF001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.program.constants import truth
from kerlint.program.events import Compile, Fit, Trainable
from kerlint.program.facts import Program
from kerlint.program.scope import exclusive
from kerlint.program.values import Model, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule

#: The first minor version of Keras 3 that ignores that layers are unfrozen.
_UNFREEZING_IGNORED = 2


class TrainableAfterCompile(Rule):
    """Layers are frozen or unfrozen between two training calls, and the model is not compiled again.

    Which weights are trained is decided once, when the model is compiled and first trained. Setting
    `trainable` later changes nothing until the next `compile`.

    ## Why is this bad?
    What was to be frozen goes on being trained, or what was to be fine-tuned stays as it is. Nothing
    warns.

    ## Example
    ```python
    from tensorflow import keras

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=5)
    base.trainable = True  # KF001
    model.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=5)
    base.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="binary_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Between `compile` and the first training call Keras 3 still takes the change, so this is reported
    for programs for Keras 2 only. Keras 3.0 and 3.1 take it whenever layers are unfrozen: their programs
    are left alone there. GANs freeze the discriminator for the combined model, and are left alone.

    ## References
    - Measured: Keras 3.2 to 3.15.1 and a nightly build of 3.16 ignore the change in both directions once the model has
      been trained, Keras 3.0 and 3.1 only that layers are frozen, Keras 2 always both.
    - https://www.tensorflow.org/guide/keras/transfer_learning
    """

    code = "KF001"
    name = "trainable-after-compile"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("slow-learning", "overfit", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        for fit in program.fits:
            if fit.method == "train_on_batch" or fit.compile is None or fit.loops:
                continue
            change = self._ignored(program, fit, fit.compile)
            if change is not None:
                earlier = any(other.order < fit.order for other in program.fits_of(fit.compile))
                yield from self._report(program, change, fit, fit.compile, earlier)

    def _ignored(self, program: Program, fit: Fit, compiled: Compile) -> Trainable | None:
        """The first change that comes too late for this training call, and before any other call."""
        earlier = [other for other in program.fits_of(compiled) if other.order < fit.order]
        if any(exclusive(other.path, fit.path) for other in earlier):
            return None
        since = earlier[-1].order if earlier else compiled.order
        if not earlier and program.target.keras >= 3:
            return None
        inside = _parts(compiled)
        settled = _settled(program, compiled, earlier[0].order if earlier and program.target.keras >= 3 else 0)
        others = [event for event in program.compiles if event.model is not compiled.model]
        for event in program.all(Trainable):
            if not since < event.order < fit.order or event.loops != fit.loops or event.path != fit.path:
                continue
            wanted = truth(event.value)
            if wanted is None or id(event.target) not in inside:
                continue
            if wanted and program.target.keras == 3 and program.target.before(3, _UNFREEZING_IGNORED):
                continue
            if wanted is (id(event.target) not in settled):
                continue
            if any(id(event.target) in _parts(other) or id(compiled.model) in _parts(other) for other in others):
                # The change is for another model that holds the same layers: how GANs are written.
                continue
            return event
        return None

    def _report(
        self, program: Program, change: Trainable, fit: Fit, compiled: Compile, earlier: bool
    ) -> Iterator[Found]:
        wanted = truth(change.value)
        yield from self.found(
            change.node,
            f"trainable = {wanted} has no effect on the training that follows: the model is not compiled again",
            label="after the model was compiled",
            also=[(compiled.node, "compiled here"), (fit.node, "trains the same weights as before")],
            why="which weights are trained is settled when the model is compiled and first trained",
            help="compile the model again after the change"
            + (", with a smaller learning rate for fine-tuning" if wanted else ""),
            about=fit,
            experiment=Experiment(fit, "ignored", details={"wanted": wanted, "fitted": earlier}),
            fix=_again(change, compiled, gentle=wanted is True),
        )

    bad = (
        """
        import keras
        hidden = keras.layers.Dense(8, activation="relu")
        model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        hidden.trainable = False  # KF001
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        hidden = keras.layers.Dense(8, activation="relu")
        model = keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        hidden.trainable = False
        model.fit(x, y)
        hidden.trainable = False
        model.fit(x, y)
        hidden.trainable = True
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        judge = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        judge.compile("adam", "binary_crossentropy")
        judge.fit(x, y)
        judge.trainable = False
        maker = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])
        gan = keras.Sequential([maker, judge])
        gan.compile("adam", "binary_crossentropy")
        judge.fit(x, y)
        """,
    )


def _again(change: Trainable, compiled: Compile, *, gentle: bool) -> fixing.Draft | None:
    """The compile repeated after the change; `gentle` if pretrained weights are set free."""
    call, optimizer = compiled.node, compiled.places.get("optimizer")
    if change.function is not compiled.function or not isinstance(call, syntax.Call) or len(call.args) > 9:
        return None
    if optimizer is not None and not (syntax.is_string(optimizer) or isinstance(optimizer, syntax.Call)):
        # An optimizer that is kept in a variable refuses other weights.
        return None
    parts: list[syntax.Node] = [call.func]
    written: list[str] = []
    for argument in call.args:
        if argument.value is optimizer and gentle:
            name = "" if argument.keyword is None else f"{argument.keyword}="
            written.append(f"{name}{{keras.optimizers.Adam}}(1e-5)")
        else:
            written.append(f"{{{len(parts)}}}")
            parts.append(argument)
    text = f"{{0}}({', '.join(written)})"
    return fixing.draft("compile again", fixing.insert_after(change.node, text, *parts))


def _settled(program: Program, compiled: Compile, first: int) -> set[int]:
    """What is frozen, by identity, for the trainings under this compile; changes up to the first of them count."""
    frozen = set(compiled.frozen)
    for event in program.all(Trainable):
        if compiled.order < event.order < first:
            if truth(event.value) is True:
                frozen.discard(id(event.target))
            else:
                frozen.add(id(event.target))
    return frozen


def _parts(event: Compile) -> set[int]:
    """The compiled model and all layers and models inside it, by identity."""
    found: set[int] = {id(event.model)}
    pending: list[Value] = list(event.model.state.get("layers", ()))
    for node in event.graph.nodes:
        found.update(id(owner) for owner in node.owners)
        pending.extend(part for part in (node.layer, node.op.layer) if part is not None)
    while pending:
        part = pending.pop()
        if id(part) not in found:
            found.add(id(part))
            pending.extend(part.state.get("layers", ()) if isinstance(part, Model) else ())
    return found
