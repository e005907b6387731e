"""KE022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import callbacks_of, later_uses, saves_best
from kerlint.library.objects import argument
from kerlint.program.constants import text, truth
from kerlint.program.events import Created, Fit
from kerlint.program.facts import Program
from kerlint.program.values import Object
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class BestCheckpointNotLoaded(Rule):
    """The best epoch is saved, but the model that is evaluated is the one of the last epoch.

    `ModelCheckpoint(save_best_only=True)` writes a file. The model in memory goes on being trained.

    ## Why is this bad?
    What is measured and what is kept are two different models: the score belongs to the last epoch.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    best = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)  # KE022
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[best])
    model.evaluate(x_test, y_test)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    best = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[best])
    model = keras.models.load_model("best.keras")
    model.evaluate(x_test, y_test)
    ```

    ## Known limits
    Advice: some programs want the score of the last epoch. Nothing is said where any model is loaded
    afterwards, or `EarlyStopping` restores the best weights.

    ## References
    - https://keras.io/api/callbacks/model_checkpoint/
    """

    code = "KE022"
    name = "best-checkpoint-not-loaded"
    severity = Severity.ADVICE
    fix = Safety.UNSAFE
    symptoms = ("overfit", "wrong-result")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            callbacks = callbacks_of(fit)
            checkpoint = next((one for one in callbacks.known if saves_best(one)), None)
            if checkpoint is None or not callbacks.complete or id(checkpoint) in seen:
                continue
            restores = [truth(argument(stop, "restore_best_weights")) for stop in callbacks.of("EarlyStopping")]
            loaded = any(
                event.model.kind == "loaded" and event.order > fit.order for event in program.all(Created)
            ) or any(model.state.get("pretrained") is not None for model in program.models)
            uses = later_uses(program, fit, "evaluate", "predict")
            if loaded or not uses or any(answer is not False for answer in restores):
                continue
            seen.add(id(checkpoint))
            path = text(checkpoint.args.get("filepath"))
            yield from self.found(
                checkpoint.node,
                "the best epoch is saved and never loaded: the model that is used is the one of the last epoch",
                label=f'writes "{path}"' if path else "writes a file",
                also=[(fit.node, "trained here"), (uses[0].node, "uses the last weights")],
                why="ModelCheckpoint writes a file and leaves the model alone",
                help="load the checkpoint before the model is used",
                about=checkpoint,
                fix=_load(fit, checkpoint),
            )

    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        best = keras.callbacks.ModelCheckpoint("b.weights.h5", save_best_only=True, save_weights_only=True)
        model.fit(x, y, validation_split=0.2, callbacks=[best])
        model.load_weights("b.weights.h5")
        model.evaluate(a, b)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        best = keras.callbacks.ModelCheckpoint("b.keras", save_best_only=True)
        stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        model.fit(x, y, validation_split=0.2, callbacks=[best, stop])
        model.evaluate(a, b)
        """,
    )


def _load(fit: Fit, checkpoint: Object) -> fixing.Draft | None:
    """The checkpoint loaded after the training."""
    path, model = checkpoint.places.get("filepath"), fixing.receiver(fit.node)
    name = text(checkpoint.args.get("filepath"))
    if path is None or not syntax.is_string(path) or model is None or name is None or "{" in name:
        return None
    weights = truth(argument(checkpoint, "save_weights_only"))
    if weights is None:
        return None
    new = "{0}.load_weights({1})" if weights else "{0} = {keras.models.load_model}({1})"
    return fixing.draft("load the checkpoint after the training", fixing.insert_after(fit.node, new, model, path))
