"""KM002."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.objects import argument
from kerlint.program.constants import text, truth
from kerlint.program.events import Event, Fit, Load, OldCall, Use
from kerlint.program.facts import Program
from kerlint.program.values import Object, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule
from kerlint.rules.migration.versions import aside, severity


class SavePathExtension(Rule):
    """A model is saved or loaded under a name without one of the endings that Keras 3 asks for.

    `model.save` wants `.keras` or `.h5`, `save_weights` wants `.weights.h5`, and a `ModelCheckpoint` the one or
    the other, depending on what it saves. Keras 2 took a name without an ending for a folder in the SavedModel format,
    which Keras 3 neither writes nor reads: for serving there is `model.export`. What `save_weights` has written is no
    model: `load_model` cannot read it.

    ## Why is this bad?
    Saving raises an error, and it does so after the training: hours of work are lost.

    ## Example
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100)
    model.save("model")  # KM002
    ```

    Use instead:
    ```python
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=100)
    model.save("model.keras")
    ```

    ## Known limits
    Only names that are known to their end. Where nothing says which Keras a program is for, it is taken for the current
    one, and the finding is a warning.

    ## References
    - Measured on Keras 3.0.5, 3.3, 3.6 and 3.7: a `ModelCheckpoint` of whole models takes `.keras` only; 3.8 takes
      `.h5`, too.
    - Measured on Keras 3.15.1: `save` takes `.keras`, `.h5` and `.hdf5`, `save_weights` only `.weights.h5`,
      `ModelCheckpoint` `.keras` and `.h5`, and `.weights.h5` with `save_weights_only=True`; `load_model` takes what
      `save` takes, `load_weights` `.weights.h5` too. Everything else raises ValueError, a checkpoint when it is made,
      the others when they are called. `save_weights(save_format=...)` raises TypeError. `load_model` on what
      `save_weights` wrote raises ValueError, "No model config found".
    - https://github.com/keras-team/keras/issues/18467
    """

    code = "KM002"
    name = "save-path-extension"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("crash",)
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.events:
            if event.tried or id(event.node) in seen:
                continue
            found = list(self._event(program, event))
            if found:
                seen.add(id(event.node))
                yield from found
        for made in program.made("keras.callbacks.ModelCheckpoint"):
            yield from self._checkpoint(program, made)

    def _weights(self, program: Program, load: Load) -> Iterator[Found]:
        """A file that the program has saved weights in, read as if it held a model."""
        path = text(load.args.get("filepath"))
        if path is None or not path.endswith(".weights.h5"):
            return
        saves = [use for use in program.all(Use) if text(use.args.get("filepath")) == path and use.order < load.order]
        if any(use.method == "save" for use in saves):
            return
        written: list[syntax.Node | None] = [use.node for use in saves if use.method == "save_weights"]
        written += [made.node for made in program.made("keras.callbacks.ModelCheckpoint") if _keeps_weights(made, path)]
        if not written:
            return
        yield from self.found(
            load.places.get("filepath") or load.node,
            "load_model gets a file of weights: there is no model in it",
            label="raises an error",
            also=[(written[-1], "saves the weights only")],
            why="save_weights writes numbers; which layers they belong to is not in the file",
            help="save the model with model.save and the ending .keras, or build it anew and call load_weights",
            about=load,
        )

    def _event(self, program: Program, event: Event) -> Iterator[Found]:
        if isinstance(event, Use) and event.method in _ENDINGS:
            if "zipped" not in event.args:
                yield from self._path(program, event.method, event.args, event.places, event)
        elif isinstance(event, Load):
            yield from self._path(program, "load_model", event.args, event.places, event)
            yield from self._weights(program, event)
        elif isinstance(event, OldCall) and event.callee == "keras.Model.save_weights":
            for keyword in event.keywords:
                yield from self.found(
                    keyword.place,
                    f"save_weights of Keras 3 has no {keyword.name}",
                    label="raises an error",
                    why="there is one format for weights now, told by the ending .weights.h5",
                    help='leave it out, and let the name end in ".weights.h5"' + aside(program.target),
                    severity=severity(program.target),
                    about=event,
                )

    def _path(
        self,
        program: Program,
        method: str,
        args: dict[str, Value],
        places: dict[str, syntax.Node],
        event: Use | Load,
    ) -> Iterator[Found]:
        path = text(args.get("filepath"))
        endings = _ENDINGS[method]
        if path is None or path.endswith(endings) or "://" in path:
            return
        trained = [fit for fit in program.fits if fit.model is event.model and fit.order < event.order]
        last: Fit | None = trained[-1] if trained and method.startswith("save") else None
        yield from self.found(
            places.get("filepath") or event.node,
            f"{method} of Keras 3 takes no {_named(path)}: it raises an error{' after the training' if last else ''}",
            label=_ends(endings),
            also=[(last.node if last else None, "trained before")],
            why=_WHY.get(method, _SAVING),
            help=_help(method, path) + aside(program.target),
            severity=severity(program.target),
            about=event,
            fix=self._same_ending(program, method, path, places.get("filepath")),
        )

    def _same_ending(self, program: Program, method: str, path: str, place: syntax.Node | None) -> fixing.Draft | None:
        """The name with another ending: what is loaded has the name under which the program saves it."""
        if method.startswith("load"):
            saves = "save" if method == "load_model" else "save_weights"
            names = [
                event.places.get("filepath")
                for event in program.all(Use)
                if event.method == saves and text(event.args.get("filepath")) == path
            ]
            # A name that comes from elsewhere stays what it is.
            if not names or not all(map(syntax.is_string, names)):
                return None
            method = saves
        return _ended(place, path, _ENDINGS[method][0])

    def _checkpoint(self, program: Program, made: Object) -> Iterator[Found]:
        path = text(made.args.get("filepath"))
        weights = truth(argument(made, "save_weights_only"))
        if path is None or weights is None:
            return
        endings = (".weights.h5",) if weights else (".keras", ".h5")
        if program.target.since(3, 0) and program.target.before(3, 8):
            endings = endings[:1]
        if path.endswith(endings):
            return
        purpose = " for weights" if weights else ""
        yield from self.found(
            made.places.get("filepath") or made.node,
            f"ModelCheckpoint of Keras 3 takes no {_named(path)}{purpose}: it raises an error",
            label=_ends(endings),
            also=[(made.places.get("save_weights_only"), "saves weights only")] if weights else [],
            why=_SAVING,
            help=f'let the name end in "{endings[0]}"' + aside(program.target),
            severity=severity(program.target),
            about=made,
            fix=_ended(made.places.get("filepath"), path, endings[0]),
        )

    bad = (
        """
        import keras
        PATH = "model.weights.h5"
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=10)
        model.save_weights(PATH)
        again = keras.models.load_model(PATH)  # KM002
        best = keras.callbacks.ModelCheckpoint("best.weights.h5", save_best_only=True, save_weights_only=True)
        model.fit(x, y, epochs=10, validation_split=0.1, callbacks=[best])
        again = keras.models.load_model("best.weights.h5")  # KM002
        """,
        """
        from tensorflow import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        best = keras.callbacks.ModelCheckpoint("best-{epoch:02d}.hdf5", monitor="loss")  # KM002
        last = keras.callbacks.ModelCheckpoint("last.h5", save_weights_only=True)  # KM002
        model.fit(x, y, callbacks=[best, last])
        model.save_weights("weights.h5")  # KM002
        model.load_weights("checkpoints/last")  # KM002
        again = keras.models.load_model("saved_model/")  # KM002
        """,
        """
        import keras
        FOLDER = "out"
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        keras.models.save_model(model, FOLDER + "/model.tf")  # KM002
        model.save_weights("model.weights.h5", save_format="h5")  # KM002
        """,
    )
    good = (
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.save_weights("model.weights.h5")
        model.save("model.keras")
        again = keras.models.load_model("model.keras")
        again.load_weights("model.weights.h5")
        other = keras.models.load_model("other.weights.h5")
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.save("model.keras")
        model.save("model.h5")
        model.save(path)
        model.export("model")
        model.save_weights(folder + "/model.weights.h5")
        model.load_weights("model.h5")
        again = keras.models.load_model("model.hdf5")
        keras.callbacks.ModelCheckpoint("best.keras", save_weights_only=only)
        """,
        """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        model.save("model")
        model.save_weights("weights", save_format="tf")
        """,
    )


_MODELS = (".keras", ".h5", ".hdf5")
_ENDINGS = {
    "save": _MODELS,
    "load_model": _MODELS,
    "save_weights": (".weights.h5",),
    "load_weights": _MODELS,
}
_SAVING = "Keras 3 tells the format by the ending, and writes no SavedModel and no TensorFlow checkpoint"
_OLD_ENDINGS = (".h5", ".hdf5", ".ckpt", ".tf", ".pb")
_WHY = {
    "load_model": "Keras 3 reads .keras and .h5 files, and no SavedModel",
    "load_weights": "Keras 3 reads .weights.h5, .keras and .h5 files, and no TensorFlow checkpoint",
}


def _keeps_weights(checkpoint: Object, path: str) -> bool:
    """Whether a callback saves the weights, and nothing else, in this file."""
    only = truth(argument(checkpoint, "save_weights_only")) is True
    return only and text(checkpoint.args.get("filepath")) == path


def _ended(place: syntax.Node | None, path: str, ending: str) -> fixing.Draft | None:
    """The same name with the ending that Keras wants, where it is written as it is."""
    start, old = os.path.splitext(path.rstrip("/"))
    start = start if old in _OLD_ENDINGS else start + old
    if not syntax.is_string(place) or not start or any(char in path for char in "\"'\\{}"):
        return None
    return fixing.draft(f'write "{start}{ending}"', fixing.replace(place, f'"{start}{ending}"'))


def _named(path: str) -> str:
    return f'"{path}"' if len(path) <= 60 else f'name that ends in "{path[-40:]}"'


def _ends(endings: tuple[str, ...]) -> str:
    return f"does not end in {' or '.join(endings)}"


def _help(method: str, path: str) -> str:
    if method == "load_model":
        return "save the model as .keras, or wrap the folder in keras.layers.TFSMLayer"
    if method == "load_weights":
        return 'save the weights as ".weights.h5", and load that'
    ending = _ENDINGS[method][0]
    return f'let the name end in "{ending}"' + ("" if method == "save_weights" else ", or use model.export for serving")
