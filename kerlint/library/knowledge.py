"""The dispatch: which part of the library knowledge answers for a call, a method, an attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import (
    arrays,
    backbones,
    companions,
    copies,
    distribution,
    downloads,
    frames,
    graphs,
    images,
    initializers,
    joining,
    layers,
    legacy,
    loops,
    loss_calls,
    methods,
    models,
    moving,
    names,
    numerics,
    options,
    own_callbacks,
    own_losses,
    own_steps,
    pipelines,
    plans,
    preprocessing,
    randomness,
    rates,
    readers,
    sklearn,
    steps,
    tensors,
    tfds,
    training,
    unbound,
    variables,
)
from kerlint.library.convert import handler
from kerlint.library.objects import make_object
from kerlint.library.routes import HANDLERS, KEPT, route
from kerlint.library.signatures import has_signature
from kerlint.program.constants import FETCHED, text
from kerlint.program.events import Trainable
from kerlint.program.graph import tensors_in
from kerlint.program.interpreter.traces import kept_on_purpose, note_draw
from kerlint.program.values import (
    Arguments,
    Array,
    Class,
    Const,
    Dataset,
    External,
    Layer,
    Mapping,
    Model,
    Object,
    Partial,
    Sequence,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_LAYER_FUNCTIONS = {
    "keras.layers.add": "Add",
    "keras.layers.concatenate": "Concatenate",
    "keras.layers.multiply": "Multiply",
    "keras.layers.average": "Average",
    "keras.layers.maximum": "Maximum",
    "keras.layers.minimum": "Minimum",
    "keras.layers.subtract": "Subtract",
    "keras.layers.dot": "Dot",
}


class Knowledge:
    """What kerlint knows of Keras, TensorFlow, NumPy and scikit-learn (`program.library.Library`).

    Args:
        unfold: look into the models of `keras.applications` in the end.
    """

    def __init__(self, *, unfold: bool = False) -> None:
        self._unfold = unfold
        #: The command-line flags of absl by the symbol that reads them.
        self._flags: dict[str, Value] = {}

    def canonical(self, name: str) -> str:
        """The one name of a symbol."""
        return names.canonical(name)

    def symbol(self, name: str, node: syntax.Node) -> Value:
        """A symbol; `np.pi` and the like are their numbers."""
        one = names.canonical(name)
        if one in numerics.NUMBERS:
            return Const(numerics.NUMBERS[one], node=node)
        flag = self._flags.get(name)
        if flag is not None:
            return flag
        return External(one, "" if one == name else name, node=node)

    def exports(self, module: str, name: str) -> bool:
        """Whether a star import brings the name."""
        return has_signature(names.canonical(f"{module}.{name}"))

    def unbound(self, name: str, stars: tuple[str, ...]) -> str | None:
        """What a name without an import stands for."""
        return unbound.stands_for(name, stars)

    def call(self, machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
        """A call of a library function or class."""
        found = route(name)
        if machine.traces:
            if found.draws:
                note_draw(machine, name, node)
            if found.keeps:
                kept_on_purpose(machine, arguments)
        if found.is_variable and variables.is_within(machine):
            return variables.variable_from(machine, name, arguments, node)
        if machine.spelled.startswith("tensorflow."):
            legacy.note_tensors(machine, name, arguments, node)
        if found.is_keras:
            legacy.note_call(machine, name, arguments, node)
            return self._call_keras(machine, name, arguments, node)
        if found.is_operation and name in loss_calls.FROM_LOGITS:
            loss_calls.note_from_logits(machine, name, arguments, node)
        if found.is_operation and _has_tensor(arguments):
            return tensors.tensor_function(machine, name, arguments, node)
        if machine.inside_loss and name.startswith("numpy.") and _has_tensor(arguments):
            return tensors.outside(name, arguments, node)
        if found.handler is not None:
            return found.handler(machine, arguments, node)
        if found.is_flag:
            return options.define_flag(self._flags, name, arguments, node)
        if name == "functools.partial" and arguments.positional:
            return Partial(
                arguments.positional[0][0],
                Arguments(arguments.positional[1:], arguments.keywords, arguments.open),
                node=node,
            )
        return methods.other_call(machine, name, arguments, node)

    def _call_keras(self, machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
        if name == "keras.Sequential":
            return models.make_sequential(machine, arguments, node)
        if name == "keras.Model":
            return models.make_functional(machine, arguments, node)
        if name == "keras.Input":
            return layers.make_input(machine, name, arguments, node)
        if name in _LAYER_FUNCTIONS:
            made = layers.make_layer(
                machine, f"keras.layers.{_LAYER_FUNCTIONS[name]}", Arguments([], arguments.keywords), node
            )
            return layers.call_layer(machine, made, Arguments(arguments.positional), node)
        short = name.rpartition(".")[2]
        if name.startswith("keras.layers.") and short[:1].isupper():
            return layers.make_layer(machine, name, arguments, node)
        if name.startswith("keras.applications.") and short == "preprocess_input" and not _has_tensor(arguments):
            return handler(name, images.preprocess)(machine, arguments, node)
        if name.startswith("keras.applications.") and short[:1].isupper():
            return backbones.make_application(machine, name, arguments, node)
        if name in (
            "keras.models.load_model",
            "keras.saving.load_model",
            "keras.models.model_from_json",
            "keras.Model.from_config",
            "keras.Sequential.from_config",
        ):
            return copies.load(machine, name, arguments, node)
        if name in ("keras.models.save_model", "keras.saving.save_model"):
            return copies.save(machine, name, arguments, node)
        if name == "keras.models.clone_model":
            return copies.clone(machine, arguments, node)
        if short == "from_config" and name.startswith("keras.layers."):
            return copies.layer_from(machine, name, arguments, node)
        if _has_tensor(arguments):
            if name.startswith("keras.applications.") and short == "preprocess_input":
                return backbones.preprocess(machine, name, arguments, node)
            if machine.inside_loss and name.startswith("keras.losses.") and not short[:1].isupper():
                loss_calls.call_loss(machine, make_object(machine, name, arguments, node), arguments, node)
            return tensors.tensor_function(machine, name, arguments, node)
        if short == "clear_session":
            machine.name_counts.clear()
            return Const(None, node=node)
        if short in ("set_image_data_format", "set_image_dim_ordering"):
            old = {"th": "channels_first", "tf": "channels_last"}
            given = arguments.get(0)
            machine.image_data_format = Const(old.get(text(given) or "", text(given)), node=node)
            return Const(None, node=node)
        if short == "image_data_format":
            # What layers that are not told otherwise take, too.
            return machine.image_data_format or Const("channels_last", node=node)
        if name in preprocessing.LOADERS:
            return preprocessing.directory_loader(machine, name, arguments, node)
        known = HANDLERS.get(name)
        if known is not None:
            return known(machine, arguments, node)
        if name.startswith("keras.losses.") and not short[:1].isupper() and len(arguments.positional) >= 2:
            return loss_calls.call_loss(machine, make_object(machine, name, arguments, node), arguments, node)
        if name.startswith(("keras.losses.get", "keras.optimizers.get", "keras.metrics.get", "keras.activations.get")):
            value = training.as_object(name.split(".")[1], arguments.get(0))
            return value or Unknown("get", node=node)
        if name.startswith(KEPT):
            return steps.made(machine, make_object(machine, name, arguments, node), node)
        return tensors.made(name, arguments, node)

    def method(self, machine: Machine, receiver: Value, name: str, arguments: Arguments, node: syntax.Node) -> Value:
        """A method of a library object."""
        if isinstance(receiver, Model):
            return self._model_method(machine, receiver, name, arguments, node)
        if isinstance(receiver, Dataset):
            return pipelines.dataset_method(machine, receiver, name, arguments, node)
        if isinstance(receiver, Array):
            return methods.array_method(machine, receiver, name, arguments, node)
        if isinstance(receiver, Tensor):
            return tensors.method(machine, receiver, name, arguments, node)
        if isinstance(receiver, Layer):
            if name == "adapt":
                return preprocessing.adapt(machine, receiver, arguments, node)
            if name in ("__call__", "call"):
                return layers.call_layer(machine, receiver, arguments, node)
            if name == "__init__":
                layers.initialize(machine, receiver, arguments)
                return Const(None, node=node)
            if name == "add_weight":
                return variables.add_weight(machine, receiver, arguments, node)
            if name in ("get_vocabulary", "vocabulary_size"):
                return preprocessing.vocabulary(receiver, name, arguments, node)
            if name == "compute_mask" and receiver.short == "Embedding" and "mask_zero" not in receiver.args:
                return Const(None, node=node)
            if name == "get_config":
                return copies.describe_layer(receiver, node)
            if name == "set_weights":
                machine.heap.write(receiver.state, "pretrained", Const(True, node=node))
            return Unknown(name, node=node)
        if isinstance(receiver, Object):
            return self._object_method(machine, receiver, name, arguments, node)
        return Unknown(name, node=node)

    def _model_method(
        self, machine: Machine, model: Model, name: str, arguments: Arguments, node: syntax.Node
    ) -> Value:
        legacy.note_call(machine, f"keras.Model.{name}", arguments, node)
        if name == "compile":
            return training.compile_model(machine, model, arguments, node)
        if name in training.FITS:
            fit, history = training.fit_model(machine, model, name, arguments, node)
            plans.follow_plans(machine, fit)
            own_callbacks.follow_callbacks(machine, fit)
            return history
        if name in training.USES:
            return training.use_model(machine, model, name, arguments, node)
        if name == "add":
            models.add_layer(machine, model, arguments.get(0, "layer"))
            return Const(None, node=node)
        if name == "pop":
            return models.remove_layer(machine, model, node)
        if name == "get_layer":
            return models.get_layer(machine, model, arguments, node)
        if name == "__init__":
            models.initialize(machine, model, arguments)
            return Const(None, node=node)
        if name in ("call", "__call__"):
            return graphs.call_model(machine, model, arguments, node)
        if name == "build":
            models.build(machine, model, arguments.get(0, "input_shape"))
            return Const(None, node=node)
        if name == "add_weight":
            return variables.add_weight(machine, model, arguments, node)
        if name in ("to_json", "get_config"):
            return copies.describe(machine, model, node)
        return Unknown(name, node=node)

    def _object_method(
        self, machine: Machine, receiver: Object, name: str, arguments: Arguments, node: syntax.Node
    ) -> Value:
        if receiver.name.endswith(".weights") and name.startswith("assign"):
            for owner in receiver.args.values():
                if isinstance(owner, (Layer, Model)):
                    machine.heap.write(owner.state, "pretrained", Const(True, node=node))
            return Const(None, node=node)
        found = sklearn.object_method(machine, receiver, name, arguments, node)
        if found is not None:
            return found
        if receiver.name == FETCHED:
            found = downloads.method(machine, receiver, name, arguments, node)
            if found is not None:
                return found
        known = companions.method(f"{receiver.name}.{name}")
        if known is not None:
            return known(machine, receiver, arguments, node)
        if receiver.name.startswith(("keras.optimizers.", "tensorflow.compat.v1.train.")) and name in training.STEPS:
            return training.apply_gradients(machine, receiver, name, arguments, node)
        if receiver.name.startswith("keras.metrics."):
            return steps.metric_method(machine, receiver, name, arguments, node)
        if receiver.name == rates.RATE:
            return rates.method(machine, receiver, name, arguments, node)
        if receiver.name == steps.TAPE:
            return steps.tape_method(machine, receiver, name, arguments, node)
        if receiver.name.startswith("keras.optimizers.") and name == "build":
            machine.heap.write(receiver.state, "built", Const(True, node=node))
        if receiver.name == distribution.STRATEGY:
            return distribution.method(machine, receiver, name, arguments, node)
        if receiver.name == copies.DESCRIPTION:
            copies.open_up(machine, receiver)
            return Unknown(name, node=node)
        if receiver.name in options.HOLDERS:
            return options.method(machine, receiver, name, arguments, node)
        if receiver.name.startswith("numpy.random."):
            note_draw(machine, f"numpy.random.{name}", node)
            return randomness.generator_method(machine, receiver, name, arguments, node)
        if receiver.name == "tensorflow_datasets.builder":
            return tfds.builder_method(receiver, name, arguments, node)
        return readers.method(machine, receiver, name, arguments, node)

    def invoke(self, machine: Machine, receiver: Value, arguments: Arguments, node: syntax.Node) -> Value:
        """An object called: layer, model, loss."""
        if isinstance(receiver, Layer):
            return layers.call_layer(machine, receiver, arguments, node)
        if isinstance(receiver, Model):
            return graphs.call_model(machine, receiver, arguments, node)
        if isinstance(receiver, Object) and receiver.name.startswith("keras.losses."):
            return loss_calls.call_loss(machine, receiver, arguments, node)
        if isinstance(receiver, Object) and receiver.name.startswith("keras.metrics."):
            return steps.metric_method(machine, receiver, "__call__", arguments, node)
        if isinstance(receiver, Object) and receiver.name.startswith("keras.initializers."):
            return initializers.initial_values(receiver, arguments, node)
        known = companions.method(f"{receiver.name}.__call__") if isinstance(receiver, Object) else None
        if known is not None and isinstance(receiver, Object):
            return known(machine, receiver, arguments, node)
        found = [tensor for value, _ in arguments.positional for tensor in tensors_in(value) if tensor is not None]
        return tensors.gap(tuple(found), node) if found else Unknown("call of an object", node=node)

    def parameter(self, name: str, node: syntax.Node | None) -> Value | None:
        """A builder for KerasTuner takes `hp`."""
        return Object("keras_tuner.HyperParameters", node=node) if name == "hp" else None

    def attribute(self, machine: Machine, receiver: Value, name: str, node: syntax.Node) -> Value | None:
        """An attribute of a library object; None for a method."""
        if isinstance(receiver, Model):
            return models.model_attribute(machine, receiver, name, node)
        if isinstance(receiver, (Array, Tensor)):
            return methods.array_attribute(receiver, name, node)
        if isinstance(receiver, Dataset):
            return pipelines.dataset_attribute(machine, receiver, name, node)
        if isinstance(receiver, Layer):
            return methods.layer_attribute(machine, receiver, name, node)
        if isinstance(receiver, Object):
            if receiver.name.startswith("sklearn.datasets."):
                return sklearn.bunch_item(receiver, name, node)
            if receiver.name == "keras.callbacks.History" and name == "history":
                return Object("keras.callbacks.History.history", {"self": receiver}, node=node)
            if receiver.name == distribution.STRATEGY:
                return distribution.attribute(name, node)
            if receiver.name == FETCHED:
                return downloads.attribute(receiver, name, node)
            if sklearn.is_transformer(receiver.name):
                return sklearn.transformer_attribute(receiver, name, node)
            legacy.note_attribute(machine, receiver, name, node)
            found = receiver.state.get(f".{name}")
            return found if isinstance(found, Value) else None
        return None

    def set_attribute(self, machine: Machine, receiver: Value, name: str, value: Value, node: syntax.Node) -> None:
        """An assignment to an attribute of a library object."""
        if isinstance(receiver, Array):
            methods.set_attribute(machine, receiver, name, value, node)
            return
        if isinstance(receiver, (Layer, Model)) and name == "trainable":
            machine.emit(Trainable(node=node, target=receiver, value=value))
            models.freeze(machine, receiver, value)
        elif isinstance(receiver, Object) and receiver.name == copies.DESCRIPTION:
            copies.open_up(machine, receiver)
        elif isinstance(receiver, (Layer, Model, Object)):
            legacy.note_attribute(machine, receiver, name, node, value)
            if type(receiver) is Object and rates.assigned(machine, receiver, name, value):
                return
            machine.heap.write(receiver.state, f".{name}", value)
        elif isinstance(receiver, Unknown) and name == "trainable":
            models.freeze_unknown(machine, node)

    def store(self, machine: Machine, array: Array, index: list[Value], value: Value, node: syntax.Node) -> Value:
        """`array[index] = value`."""
        return methods.store(machine, array, index, value, node)

    def in_place(self, machine: Machine, array: Array, value: Array, node: syntax.Node) -> Array:
        """`array += ...`."""
        after = methods.in_place(array, value, node)
        if array.form in ("", "frame") and array.rank != 0:
            machine.change_in_place(array, after, node)
        return after

    def instantiate(self, machine: Machine, cls: Class, arguments: Arguments, node: syntax.Node) -> Value | None:
        """An object of a model or layer class of the program."""
        for base in cls.external_bases():
            if base in ("keras.Model", "keras.Sequential", "keras.models.Functional"):
                return models.model_instance(machine, cls, arguments, node, base)
            if base.startswith("keras.layers."):
                return layers.layer_instance(machine, cls, arguments, node)
        return None

    def operate(self, machine: Machine, operator: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
        """An operator on tensors or arrays."""
        if operator == "/" and isinstance(left, Object) and left.name == FETCHED:
            return downloads.below(left, right, node)
        found = tensors.operate(machine, operator, left, right, node)
        if found is not None:
            return found
        made = arrays.operate(machine, operator, left, right, node)
        return frames.named_as(made, left, right, node) if type(made) is Array else made

    def subscript(self, machine: Machine, receiver: Value, index: list[Value], node: syntax.Node) -> Value:
        """`receiver[index]`."""
        if isinstance(receiver, Array):
            found = methods.array_subscript(receiver, index, node)
            if machine.loops or len(index) > 1:
                moving.note(machine, receiver, index, found, node)
            return found
        if isinstance(receiver, Tensor):
            return tensors.subscript(machine, receiver, index, node)
        if isinstance(receiver, External) and receiver.name in ("numpy.c_", "numpy.r_"):
            return joining.by_index(receiver.name, index, node)
        if (
            isinstance(receiver, Object)
            and receiver.name.startswith("sklearn.datasets.")
            and isinstance(index[0], Const)
        ):
            return sklearn.bunch_item(receiver, str(index[0].value), node)
        if isinstance(receiver, Object) and receiver.name == copies.DESCRIPTION:
            copies.open_up(machine, receiver)
        if isinstance(receiver, Object) and receiver.name == "keras.callbacks.History.history":
            return training.read_history(machine, receiver, text(index[0]), node)
        return Unknown("subscript", node=node)

    def missing(self, machine: Machine, logs: Mapping, key: object, method: str, node: syntax.Node) -> Value | None:
        """What is read of the `logs` of a callback where there is nothing under a name."""
        return own_callbacks.missing(machine, logs, key, method, node)

    def operate_logged(
        self, machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node
    ) -> Value | None:
        """An operator on a number that `fit` logs, or on the lack of one."""
        return own_callbacks.operate(machine, symbol, left, right, node)

    def element(self, machine: Machine, receiver: Value, node: syntax.Node) -> Value:
        """What a loop over the value gives."""
        if machine.inside_loss and type(receiver) is Tensor:
            # Where it comes from counts, even if no more is known of it.
            return tensors.gap((receiver,), node)
        return loops.element(receiver, node)

    def finish(self, machine: Machine) -> None:
        """Models that are never compiled: their shapes have not been followed yet; and hand-written training steps."""
        for model in list(machine.program.models):
            if self._unfold:
                backbones.unfold(machine, model)
            if "snapshot" not in model.state or graphs.WAITING in model.state or self._unfold:
                machine.assumed = "assumed" in model.state
                graphs.snapshot(machine, model)
        own_steps.follow_train_steps(machine)
        own_losses.follow_losses(machine)

    def enter(self, machine: Machine, manager: Value, node: syntax.Node) -> Value:
        """`with manager as name`."""
        if isinstance(manager, Object) and manager.name == steps.TAPE:
            machine.tapes += 1
            steps.enter_tape(machine, manager)
        return manager


def _has_tensor(arguments: Arguments) -> bool:
    """Whether a symbolic tensor is among the arguments."""
    for value, _ in arguments.positional:
        kind = type(value)
        if kind is Tensor:
            return True
        if kind is Sequence:
            for item in value.items:  # type: ignore[attr-defined]
                if type(item) is Tensor:
                    return True
    return bool(arguments.keywords) and any(type(value) is Tensor for value, _ in arguments.keywords.values())
