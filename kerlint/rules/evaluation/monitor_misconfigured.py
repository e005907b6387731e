"""KE001."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.callbacks import (
    WATCHERS,
    callbacks_of,
    has_validation,
    is_watched,
    monitor_of,
    saves_best,
    watched_names,
)
from kerlint.library.models import trains_itself
from kerlint.library.objects import argument
from kerlint.program.constants import text
from kerlint.program.events import Fit, HistoryRead
from kerlint.program.facts import Program
from kerlint.program.trials import LogRead
from kerlint.program.values import Object
from kerlint.records import dataclass
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class MonitorMisconfigured(Rule):
    """A callback watches a number that is never logged, or takes the worst value for the best.

    `EarlyStopping`, `ReduceLROnPlateau`, `ModelCheckpoint`, `history.history[...]` and the `logs` of your own
    callbacks name a number. It exists if it is `loss` or the name of a metric that `compile` was given; with
    `val_` in front only if the training call validates.

    ## Why is this bad?
    Training never stops early, the learning rate never falls, every epoch overwrites the "best"
    checkpoint; or everything ends in an error after the first epoch. With the wrong `mode` all of
    this works, the wrong way round: the weights of the worst epoch are kept.

    ## Example
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)  # KE001
    model.fit(x, y, epochs=100, callbacks=[stop])
    ```

    Use instead:
    ```python
    from tensorflow import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
    model.fit(x, y, epochs=100, validation_split=0.2, callbacks=[stop])
    ```

    ## Known limits
    Names are compared only for models with one output and no layers of their own that could add
    metrics. Where callbacks are used that are not understood, nothing is said: they may log anything. Your own are
    followed for a few epochs as the training call runs them; what is read under a condition that is not known, or is
    expected to fail, is left alone.

    ## References
    - Measured on Keras 3.15.1: `val_loss` without validation gives a warning in each epoch and nothing
      else; any other name that is not logged is a ValueError at the end of the first epoch, as `mode="auto"`
      finds no direction for it (before 3.11 only `EarlyStopping` asks for one); a `{name}` in a checkpoint's path and
      a key of the history are KeyErrors.
    - Measured: after an epoch a model with `metrics=["accuracy"]` gives its callbacks `accuracy` and `loss`, so that
      `logs.get("acc") > 0.9` is a TypeError. After a step there are the numbers of the training alone, and before an
      epoch none.
    - Measured: `EarlyStopping("val_accuracy", mode="min", restore_best_weights=True)` gave back accuracies
      of .44 and .25 where the best epochs had .50 and .69.
    """

    code = "KE001"
    name = "monitor-misconfigured"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("crash", "overfit", "wrong-result")
    since = "0.1.0"
    #: Tests of callbacks set them up wrong on purpose.
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for callback in program.made("keras.callbacks."):
            wrong = _wrong_way(callback)
            if wrong is not None and callback.short in WATCHERS:
                seen.add(id(callback))
                yield from self._mode(callback, *wrong)
        for fit in program.fits:
            if fit.method == "train_on_batch" or trains_itself(fit.model):
                continue
            callbacks = callbacks_of(fit)
            for callback in callbacks.of(*WATCHERS) if callbacks.complete else ():
                if id(callback) not in seen and (callback.short != "ModelCheckpoint" or saves_best(callback)):
                    yield from self._monitor(program, fit, callback)
                if callback.short == "ModelCheckpoint":
                    yield from self._path(program, fit, callback)
        for read in program.all(LogRead):
            if not read.tried and not trains_itself(read.fit.model) and id(read.node) not in seen:
                yield from self._logs(program, read, seen)
        for reads in _reads(program):
            yield from self._history(program, reads)

    def _mode(self, callback: Object, watched: str, mode: str) -> Iterator[Found]:
        better = "higher" if mode == "min" else "lower"
        kept = "worst" if callback.short != "ReduceLROnPlateau" else "lowest" if mode == "min" else "highest"
        yield from self.found(
            callback.places.get("mode"),
            f'{callback.short} takes the {"lowest" if mode == "min" else "highest"} "{watched}" for the best',
            label=f"{better} is better",
            also=[(callback.places.get("monitor"), "is watched")],
            why=f"every epoch that gets better counts as one that gets worse, so the {kept} one is taken for the best",
            help=f'write mode="{"max" if mode == "min" else "min"}", or leave mode out',
            about=callback,
            fix=fixing.draft(
                "turn the mode round", fixing.put(callback, "mode", '"max"' if mode == "min" else '"min"')
            ),
        )

    def _monitor(self, program: Program, fit: Fit, callback: Object) -> Iterator[Found]:
        watched = monitor_of(callback)
        if watched is None:
            return
        problem = _missing(program, fit, watched)
        if problem is None:
            return
        plain = watched.removeprefix("val_") == "loss" or text(argument(callback, "mode")) in ("min", "max")
        # Which way is up is asked by all of them only since 3.11.
        late = callback.short != "EarlyStopping" and not program.target.since(3, 11)
        plain |= late and program.target.before(3, 11)
        effect = {
            "EarlyStopping": "training never stops early",
            "ReduceLROnPlateau": "the learning rate is never reduced",
            "ModelCheckpoint": "there is no best epoch to keep",
        }[callback.short]
        yield from self.found(
            callback.places.get("monitor") or callback.node,
            f'{callback.short} watches "{watched}", but {problem.message}',
            label="is never logged",
            also=[(problem.place, problem.label), (fit.node, "trained here")],
            why=f"{effect}: Keras only warns"
            if plain
            else f"{effect}: Keras 3{'.11' * late} raises an error after the first epoch",
            help=problem.help,
            about=callback,
            fix=fixing.draft(f'watch "{problem.name}"', fixing.put(callback, "monitor", f'"{problem.name}"'))
            if problem.name
            else None,
        )

    def _path(self, program: Program, fit: Fit, callback: Object) -> Iterator[Found]:
        path = text(callback.args.get("filepath"))
        for name in re.findall(r"(?<!\{)\{(\w+)[:}]", path or ""):
            problem = _missing(program, fit, name) if name not in ("epoch", "batch") else None
            if problem is not None:
                yield from self.found(
                    callback.places.get("filepath"),
                    f'the path of the checkpoint holds "{{{name}}}", but {problem.message}',
                    label="is never logged",
                    also=[(problem.place, problem.label), (fit.node, "trained here")],
                    why="the path cannot be filled in, which is a KeyError after the first epoch",
                    help=problem.help,
                    about=callback,
                )
                return

    def _logs(self, program: Program, read: LogRead, seen: set[int]) -> Iterator[Found]:
        problem = _missing(program, read.fit, read.key) or _too_early(read)
        if problem is None:
            return
        name = _written_key(read)
        when = "at once" if read.hook != "on_epoch_end" else "after the first epoch"
        seen.add(id(read.node))
        yield from self.found(
            read.node,
            f'the callback reads "{read.key}", but {problem.message}',
            label="is None" if read.method == "get" else "KeyError",
            also=[(problem.place, problem.label), (read.fit.node, "trained here")],
            why=f"None cannot be compared or calculated with: a TypeError {when}"
            if read.method == "get"
            else f"nothing is logged under this name: a KeyError {when}",
            help=problem.help,
            about=read.fit,
            fix=fixing.draft(f'read "{problem.name}"', fixing.replace(name, f'"{problem.name}"'))
            if problem.name and name is not None
            else None,
        )

    def _history(self, program: Program, reads: list[HistoryRead]) -> Iterator[Found]:
        first, *others = reads
        problem = _missing(program, first.fit, first.key)
        if problem is not None:
            yield from self.found(
                first.node,
                f'the history has no "{first.key}": {problem.message}',
                label="KeyError",
                also=[
                    (problem.place, problem.label),
                    (first.fit.node, "trained here"),
                    *((other.node, "likewise") for other in others),
                ],
                why="the history holds what was logged, and nothing was logged under this name",
                help=problem.help,
                about=first,
                fix=fixing.draft(
                    f'read "{problem.name}"',
                    *[fixing.key(read.node, f'"{problem.name}"') for read in reads],
                    safety=Safety.SAFE,
                )
                if problem.name and len({read.key for read in reads}) == 1
                else None,
            )

    bad = (
        """
        import tensorflow as tf
        class StopAt(tf.keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs={}):
                if logs.get("acc") > 0.99:  # KE001
                    self.model.stop_training = True
                if logs is not None and logs["val_loss"] < 0.1:  # KE001
                    self.model.stop_training = True
        model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        stop = StopAt()
        model.fit(x, y, epochs=5, callbacks=[stop, tf.keras.callbacks.TerminateOnNaN()])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x, y, epochs=5, validation_split=0.1,
            callbacks=[keras.callbacks.ReduceLROnPlateau(monitor="val_acc")],  # KE001
        )
        plot(history.history["accuracy"], history.history["val_accuracy"])
        plot(history.history["acc"])  # KE001
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae", keras.metrics.RootMeanSquaredError()])
        stop = keras.callbacks.EarlyStopping("val_mae", patience=3, mode="max")  # KE001
        other = keras.callbacks.EarlyStopping("val_root_mean_squared_error", patience=3)
        wrong = keras.callbacks.EarlyStopping("val_rmse", patience=3)  # KE001
        model.fit(x, y, validation_data=(a, b), callbacks=[stop, other, wrong])
        """,
        """
        import keras
        from keras.callbacks import ModelCheckpoint
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, callbacks=[
            ModelCheckpoint("best.keras", save_best_only=True),  # KE001
            ModelCheckpoint("{epoch:02d}-{val_loss:.2f}.keras"),  # KE001
            ModelCheckpoint("last.keras"),
        ])
        """,
    )
    good = (
        # Callbacks that are prepared, that log numbers themselves, or that read others.
        """
        import keras
        class Prepared(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if "acc" in logs and logs["acc"] > 0.9:
                    self.model.stop_training = True
                if logs.get("acc") is not None:
                    print(logs["acc"])
                try:
                    print(logs["acc"])
                except KeyError:
                    pass
        class Reading(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                logs = logs or {}
                if logs.get("accuracy") > 0.9 and logs["loss"] < 0.1:
                    self.model.stop_training = True
        class Logging(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                logs["acc"] = score(self.model)
        class Tested(keras.callbacks.Callback):
            def on_test_end(self, logs=None):
                print(logs["loss"], logs["val_own"])
        class Late(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if self.other or epoch < 3:
                    return
                print(logs["acc"])
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, callbacks=[Prepared(), Reading()])
        model.fit(x, y, callbacks=[Logging(), Late()])
        model.fit(x, y, callbacks=Late())
        model.fit(x, y, validation_split=0.1, callbacks=Tested())
        """,
        """
        import keras
        from keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
        from keras.metrics import Recall
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["acc", keras.metrics.AUC(), Recall(name="r")])
        model.fit(x, y, validation_data=data, callbacks=[
            EarlyStopping(),
            EarlyStopping("val_auc_1", mode="max"),
            EarlyStopping("r", mode="max"),
            ReduceLROnPlateau("val_acc"),
            ModelCheckpoint("{epoch}-{val_acc:.3f}-{loss}.keras"),
        ])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, **options, callbacks=[keras.callbacks.EarlyStopping()])
        model.fit(x, y, callbacks=[keras.callbacks.EarlyStopping(), ValidateEachEpoch()])
        model.fit(x, y, validation_data=data_or_none(), callbacks=[keras.callbacks.EarlyStopping()])
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["accuracy"])
        history = model.fit(x, y, callbacks=[keras.callbacks.ReduceLROnPlateau("loss")])
        rate = history.history["lr"]
        key = "acc" if "acc" in history.history else "accuracy"
        plot(history.history[key])
        try:
            plot(history.history["acc"])
        except KeyError:
            plot(history.history["accuracy"])
        if "val_loss" in history.history:
            plot(history.history["val_loss"])
        """,
        """
        import keras
        inputs = keras.Input((8,))
        outputs = [keras.layers.Dense(1, name="a")(inputs), keras.layers.Dense(1, name="b")(inputs)]
        model = keras.Model(inputs, outputs)
        model.compile("adam", "mse", metrics=["mae"])
        stop = keras.callbacks.EarlyStopping("val_a_mae", mode="min")
        history = model.fit(x, y, validation_split=0.1, callbacks=[stop])
        plot(history.history["b_loss"])
        """,
    )


def _reads(program: Program) -> list[list[HistoryRead]]:
    """What is read of histories, that of one training call under one name together, validation or not."""
    found: dict[tuple[int, str], list[HistoryRead]] = {}
    for read in program.all(HistoryRead):
        if read.sure and read.path == read.fit.path and callbacks_of(read.fit).complete:
            plain = read.key.removeprefix("val_")
            kind = "validation" if _is_unvalidated(read) else plain
            found.setdefault((id(read.fit), kind), []).append(read)
    return list(found.values())


def _is_unvalidated(read: HistoryRead) -> bool:
    """Whether there is no such number because the training call does not validate."""
    return read.key.startswith("val_") and has_validation(read.fit) is False


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a number is not logged, and what says so, if anything is written that does."""

    message: str
    place: syntax.Node | None
    label: str
    help: str
    #: What was probably meant.
    name: str = ""


def _missing(program: Program, fit: Fit, watched: str) -> _Problem | None:
    """Why nothing is logged under a name; None if something is, or if that is not known."""
    compiled = fit.compile
    if watched.startswith("val_") and has_validation(fit) is False:
        return _Problem(
            "the training call has no validation data",
            None,
            "",
            f'give fit() validation_data or validation_split, or use "{watched.removeprefix("val_")}"',
        )
    names = watched_names(compiled) if compiled is not None else None
    if compiled is None or names is None or is_watched(watched, names) or _is_old_name(program, watched):
        return None
    listed = ", ".join(f'"{name}"' for name in names)
    similar = next((name for name in names if name.startswith(("acc", watched.removeprefix("val_")[:3]))), "loss")
    prefix = "val_" if watched.startswith("val_") else ""
    renamed = ': Keras before 2.3 logged accuracy as "acc"' if watched in ("acc", "val_acc") else ""
    return _Problem(
        f"the model logs {listed}" if len(names) > 1 else "the model is compiled without metrics",
        compiled.places.get("metrics"),
        f"logged as {listed}",
        f'write "{prefix}{similar}"{renamed}' if similar != "loss" else "add the metric to compile(), or name another",
        f"{prefix}{similar}" if similar != "loss" else "",
    )


def _too_early(read: LogRead) -> _Problem | None:
    """Why a number is not there yet, although it is logged later; None if it should be there."""
    if read.hook == "on_epoch_end":
        return None
    begins = read.hook.endswith("begin")
    return _Problem(
        f"{read.hook} gets no numbers" if begins else f"{read.hook} gets the numbers of the training alone",
        None,
        "",
        "read it in on_epoch_end",
    )


def _written_key(read: LogRead) -> syntax.Constant | None:
    """Where the name is written in what reads it, if it is written there."""
    node = read.node
    inside: syntax.Node | None = None
    if isinstance(node, syntax.Subscript) and len(node.slice) == 1:
        inside = node.slice[0]
    elif isinstance(node, syntax.Call) and len(node.args) == 1:
        inside = node.args[0].value
    return inside if isinstance(inside, syntax.Constant) and syntax.is_string(inside) else None


def _is_old_name(program: Program, watched: str) -> bool:
    """Whether Keras before 2.3 logs accuracy under this name, and the program is written for Keras 2."""
    return watched.removeprefix("val_") in ("acc", "accuracy") and program.target.keras < 3


#: Metrics by what is better; what Keras numbers ends in a number.
_HIGHER = re.compile(r"(val_)?((\w+_)?(accuracy|acc)|auc|precision|recall|f1_score|f1|(\w+_)?iou)(_\d+)?")
_LOWER = re.compile(
    r"(val_)?(loss|mae|mse|mape|msle|rmse|mean_(absolute|squared)(_percentage|_logarithmic)?_error"
    r"|root_mean_squared_error)(_\d+)?"
)


def _wrong_way(callback: Object) -> tuple[str, str] | None:
    """The number and the mode, if the mode takes the worst for the best."""
    watched, mode = monitor_of(callback), text(callback.args.get("mode"))
    if watched is None or mode not in ("min", "max"):
        return None
    pattern = _HIGHER if mode == "min" else _LOWER
    return (watched, mode) if pattern.fullmatch(watched) else None
