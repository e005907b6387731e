"""KT025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.parts import initializer, parts
from kerlint.program.constants import text, truth
from kerlint.program.events import Compile, Load, Use
from kerlint.program.facts import Program
from kerlint.program.target import Target
from kerlint.program.values import Array, Class, Function, Layer, Model, Object, Sequence, Value
from kerlint.rules.base import Found, Rule


class CustomLayerNotSerializable(Rule):
    """A model with parts of the program's own is saved, and cannot be loaded again.

    Keras saves the class of each layer and the arguments that it was made with. To load the model it has to find the
    class, and to call it with these arguments and with `name`, `trainable` and `dtype`.

    ## Why is this bad?
    Saving works, mostly, and the loss shows when the model is needed. `load_model` raises an error if it is not told
    about the class (`custom_objects=`, or `@keras.saving.register_keras_serializable()` on the class), if `__init__`
    does not take `**kwargs`, or if the layer holds a Python lambda. Without a `get_config` a layer that was given
    another layer, a function or an array cannot even be saved, nor can a model class whose `__init__` needs arguments;
    before Keras 3.12 such a model is saved without a word, and `load_model` fails.

    ## Example
    ```python
    import keras

    class Scale(keras.layers.Layer):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, x):
            return self.factor * x

    model = keras.Sequential([keras.Input((4,)), Scale(2.0), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    model.save("model.keras")  # KT025
    ```

    Use instead:
    ```python
    import keras

    @keras.saving.register_keras_serializable()
    class Scale(keras.layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return self.factor * x

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    model = keras.Sequential([keras.Input((4,)), Scale(2.0), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    model.save("model.keras")
    ```

    ## Known limits
    Only programs for Keras 3. Whether `get_config` gives all that `__init__` needs is not looked at. That a class is
    found is asked only where the program loads itself what it has saved.

    ## References
    - Measured on Keras 3.15.1: a layer without `get_config` whose `__init__` takes `**kwargs` is loaded with
      `custom_objects`; without `**kwargs` it raises TypeError. Without a `get_config` a model class whose
      `__init__` needs arguments, and a layer that was given a layer or an array, raise NotImplementedError in `save`. A
      `Lambda` with a Python lambda needs `safe_mode=False`. An own loss needs `custom_objects`, or `compile=False`.
    - Measured on 3.0.5, 3.3, 3.6, 3.9, 3.10 and 3.11: the model class is saved, and `load_model` raises TypeError with
      and without `custom_objects`. What a layer was given raises in `save` on all of them, on 3.11 a ValueError. From
      an `.h5` file a lambda is loaded before 3.11, and an own loss is not asked for on 3.16.
    - Measured on 3.0.5 to 3.8: a class of a module that is imported is found by the name of the module, on 3.9 no more.
    """

    code = "KT025"
    name = "custom-layer-not-serializable"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"
    keras = 3

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.events:
            if event.tried or id(event.node) in seen:
                continue
            found: list[Found] = []
            if isinstance(event, Use) and event.method == "save":
                found = list(self._saved(event, program.target))
            elif isinstance(event, Load) and event.saved is not None and not _names_objects(program):
                found = list(self._loaded(program, event, event.saved))
            if found:
                seen.add(id(event.node))
                yield found[0]

    def _saved(self, event: Use, target: Target) -> Iterator[Found]:
        for part in parts(event.model):
            cls = part.cls
            made_by = initializer(cls) if cls is not None else None
            if cls is None or made_by is None or cls.lookup("get_config") is not None:
                continue
            if not cls.knows_its_bases():
                continue
            # Without `self`.
            parameters = made_by.parameters[1:]
            taken = {parameter.name for parameter in parameters}
            needs = any(parameter.default is None for parameter in parameters)
            held = [value for value in part.args.values() if _is_held(value)]
            if held:
                yield from self._not_savable(event, part, cls, held[0])
            elif isinstance(part, Model) and part.kind == "subclass" and needs:
                yield from self._not_recorded(event, part, cls, target)
            elif not made_by.takes_any_keyword and not {"name", "trainable", "dtype"} <= taken:
                yield from self.found(
                    event.node,
                    f"load_model will fail: {cls.name} takes no name, trainable and dtype",
                    label="saved, and lost",
                    also=[(_start(cls), "has no **kwargs"), (part.node, "part of the model")],
                    why="a layer is loaded by calling its class with the arguments that it had and with these three",
                    help="add **kwargs to __init__, and give them to super().__init__(**kwargs)",
                    severity=Severity.WARNING,
                    about=event,
                )

    def _not_savable(self, event: Use, part: Layer | Model, cls: Class, held: Value) -> Iterator[Found]:
        yield from self.found(
            event.node,
            f"{cls.name} cannot be saved: it has no get_config",
            label="raises an error",
            also=[
                (part.node, "part of the model" if isinstance(part, Layer) else "the model"),
                (held.node, "given to it, and nothing that Keras writes by itself"),
            ],
            why="Keras saves the arguments of __init__, if they are plain values",
            help="write a get_config that returns all arguments of __init__, or save the weights only",
            about=event,
        )

    def _not_recorded(self, event: Use, part: Model, cls: Class, target: Target) -> Iterator[Found]:
        """A model class whose arguments nobody writes down; what Keras does about it has changed with 3.12."""
        old = target.before(3, 12)
        yield from self.found(
            event.node,
            f"load_model will fail: {cls.name} needs arguments, and has no get_config"
            if old
            else f"{cls.name} cannot be saved: it has no get_config",
            label="saved, and lost"
            if old
            else "raises NotImplementedError"
            + ("" if target.since(3, 12) else "; before Keras 3.12 it is load_model that fails"),
            also=[(part.node, "the model")],
            why="Keras does not record the arguments of a model class by itself",
            help="write a get_config that returns all arguments of __init__, or save the weights only",
            severity=Severity.WARNING if old else None,
            about=event,
        )

    def _loaded(self, program: Program, event: Load, saved: Model) -> Iterator[Found]:
        target = program.target
        told = event.args.get("custom_objects")
        # What is in the older kind of file is read by other code, which asks for less.
        in_h5 = (text(event.args.get("filepath")) or "").endswith((".h5", ".hdf5"))
        unsafe = "safe_mode" in event.args and truth(event.args["safe_mode"]) is not True
        for part in parts(saved):
            function = part.args.get("function") if isinstance(part, Layer) and part.short == "Lambda" else None
            is_lambda = isinstance(function, Function) and isinstance(function.node, syntax.Lambda)
            if is_lambda and not unsafe and (not in_h5 or target.since(3, 11)):
                yield from self.found(
                    event.node,
                    "load_model refuses the Lambda layer of this model",
                    label="raises ValueError",
                    also=[(part.node, "holds a Python lambda")],
                    why="the file holds the code of the lambda, and Keras runs no code from a file unasked",
                    help="write safe_mode=False for a file of your own, or a layer class instead of Lambda",
                    about=event,
                )
            elif part.cls is not None and told is None and not part.cls.decorators and not _is_found(program, part.cls):
                yield from self._unknown(event, part.cls.name, part.cls)
        compiled = saved.state.get("compile")
        loss = compiled.args.get("loss") if isinstance(compiled, Compile) else None
        if in_h5 and not target.before(3, 16):
            return
        if not isinstance(loss, Function) or loss.decorators or _is_found(program, loss):
            return
        if told is None and "compile" not in event.args:
            yield from self._unknown(event, loss.name, loss)

    def _unknown(self, event: Load, name: str, thing: Class | Function) -> Iterator[Found]:
        yield from self.found(
            event.node,
            f"load_model does not find {name}",
            label="raises an error",
            also=[(thing.node, "defined here, and not registered")],
            why="the file has only the name, and Keras does not look for it in the program",
            help=f'give custom_objects={{"{name}": {name}}}, or put '
            "@keras.saving.register_keras_serializable() above the definition",
            about=event,
        )

    bad = (
        """
        import keras
        class Twice(keras.layers.Layer):
            def call(self, x):
                return 2 * x
        def own(y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred))
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.Dense(1)(Twice()(inputs)))
        model.compile("adam", "mse")
        model.save("a.keras")
        again = keras.models.load_model("a.keras")  # KT025
        model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x)])
        model.save("b.keras")
        again = keras.models.load_model("b.keras")  # KT025
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", own)
        model.save("c.keras")
        again = keras.models.load_model("c.keras")  # KT025
        """,
        """
        import keras
        class Net(keras.Model):
            def __init__(self, units):
                super().__init__()
                self.dense = keras.layers.Dense(units)
            def call(self, x):
                return self.dense(x)
        class Outer(keras.layers.Layer):
            def __init__(self, inner, **kwargs):
                super().__init__(**kwargs)
                self.inner = inner
            def call(self, x):
                return self.inner(x)
        model = Net(3)
        model.save("net.keras")  # KT025
        model = keras.Sequential([keras.Input((4,)), Outer(keras.layers.Dense(3))])
        model.save("outer.keras")  # KT025
        """,
    )
    good = (
        """
        import keras
        # Not every version asks about what is in a file of the older kind.
        def own(y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x)])
        model.compile("adam", own)
        model.save("a.h5")
        again = keras.models.load_model("a.h5")
        """,
        """
        import keras
        class Scale(keras.layers.Layer):
            def __init__(self, factor=2, name=None, trainable=True, dtype=None):
                super().__init__(name=name, trainable=trainable, dtype=dtype)
                self.factor = factor
            def call(self, x):
                return self.factor * x
        class Twice(keras.layers.Layer):
            def call(self, x):
                return 2 * x
        def own(y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred))
        model = keras.Sequential([keras.Input((4,)), Scale(3), Twice(), keras.layers.Lambda(lambda x: 2 * x)])
        model.compile("adam", own)
        model.save("a.keras")
        again = keras.models.load_model("a.keras", custom_objects=objects, safe_mode=False)
        model.save_weights("a.weights.h5")
        """,
        """
        import keras
        @keras.saving.register_keras_serializable()
        class Twice(keras.layers.Layer):
            def call(self, x):
                return 2 * x
        model = keras.Sequential([keras.Input((4,)), Twice()])
        model.save("a.keras")
        again = keras.models.load_model("a.keras")
        """,
        """
        import keras
        class Twice(keras.layers.Layer):
            def call(self, x):
                return 2 * x
        class Net(keras.Model):
            def __init__(self, name=None, **kwargs):
                super().__init__(**kwargs)
        Net(name="net").save("net.keras")
        model = keras.Sequential([keras.Input((4,)), Twice()])
        model.save("a.keras")
        with keras.saving.custom_object_scope({"Twice": Twice}):
            again = keras.models.load_model("a.keras")
        """,
    )


_TELLING = ("custom_object", "CustomObject", "unsafe_deserialization")


def _names_objects(program: Program) -> bool:
    """Whether the program tells Keras about its classes in some other way."""
    used = program.used.symbols | program.used.imports
    return any(word in name for name in used for word in _TELLING)


def _is_found(program: Program, thing: Class | Function) -> bool:
    """Whether Keras imports the module again in which it is defined: it did so before 3.9."""
    return (
        program.target.before(3, 9) and program.module is not None and not syntax.stands_in(program.module, thing.node)
    )


def _is_held(value: Value) -> bool:
    """Whether an argument is nothing that Keras can write into a file by itself."""
    if isinstance(value, Array):
        return bool(value.shape)
    if isinstance(value, Sequence):
        return any(map(_is_held, value.items))
    return isinstance(value, (Object, Model, Function))


def _start(cls: Class) -> syntax.Node | None:
    """Where the `__init__` of a class is written."""
    found = cls.lookup("__init__")
    return found.node if isinstance(found, Function) else None
