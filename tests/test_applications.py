"""The layers inside the models of `keras.applications`, against the installed Keras."""

from __future__ import annotations

import contextlib
import math
import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from kerlint.library.application_parts import index
from kerlint.library.applications import LAYERS, PREPROCESSING, counts, expand, start_shape, steps
from kerlint.library.defaults import MODE_RANGES, application
from kerlint.library.knowledge import Knowledge
from kerlint.library.layers import WEIGHTS, input_tensor
from kerlint.library.shapes import NO_WEIGHTS, Weights
from kerlint.program.interpreter.machine import Machine, evaluate_module
from kerlint.program.values import Model, Tensor
from tests.trees import tree

#: Calls of model functions that together need most of the table's features.
CALLS = [
    "ResNet50(weights=None, include_top=False, input_shape=(97, 128, 3))",
    "VGG16(weights=None, include_top=False, pooling='avg', input_shape=(None, None, 1))",
    "DenseNet121(weights=None, include_top=False, pooling='max')",
    "InceptionV3(weights=None, classes=3)",
    "InceptionResNetV2(weights=None, include_top=False, pooling='avg')",
    "Xception(weights=None, include_top=False, input_shape=(150, 131, 3))",
    "MobileNet(weights=None, alpha=0.5, depth_multiplier=2, dropout=0.2)",
    "MobileNetV2(weights=None, alpha=1.4, include_top=False, input_shape=(101, 99, 3))",
    "MobileNetV2(weights=None, include_top=False, input_tensor=keras.Input((None, 101, 3)))",
    "MobileNetV3Small(weights=None, minimalistic=True, dropout_rate=0)",
    "MobileNetV3Large(weights=None, alpha=0.75, include_preprocessing=False, include_top=False, pooling='max')",
    "EfficientNetB0(include_top=False, input_shape=(75, 80, 3))",
    "EfficientNetB0(weights=None)",
    "EfficientNetV2B0(weights=None, include_top=False, input_shape=(65, 70, 4))",
    "EfficientNetV2B0(weights=None)",
    "NASNetMobile(weights=None, include_top=False)",
    "ConvNeXtTiny(weights=None, name='mine')",
    "ConvNeXtTiny(weights=None, include_top=False, pooling='avg', include_preprocessing=False)",
]


def evaluated(call: str) -> tuple[Model, Machine, Tensor]:
    """The model of a call, with a machine, and the tensor that it begins with."""
    program = evaluate_module(tree(f"import keras\nmodel = keras.applications.{call}\n"), Knowledge())
    model = program.names["model"]
    assert isinstance(model, Model)
    given = model.args.get("input_tensor")
    start = given if isinstance(given, Tensor) else input_tensor(start_shape(model), model.node)
    return model, Machine(Knowledge()), start


def weights_of(tensor: Tensor) -> Weights:
    layer = tensor.op.layer
    inner = layer.state["layers"] if isinstance(layer, Model) else [layer] if layer is not None else []
    return sum((item.state[WEIGHTS] for item in inner), NO_WEIGHTS)


@pytest.fixture(scope="module")
def keras():
    """The installed Keras, with models that have no numbers in them."""
    return pytest.importorskip("keras")


@contextlib.contextmanager
def without_numbers(keras, monkeypatch):
    """Models that are built here are never filled nor loaded."""
    from keras.src.backend.common import global_state
    from keras.src.backend.common.stateless_scope import StatelessScope
    from keras.src.utils import file_utils

    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: "")
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_, **__: None)
    keras.utils.clear_session()
    with StatelessScope():
        yield
        global_state.set_global_attribute("uninitialized_variables", [])


@pytest.mark.parametrize("call", CALLS)
def test_layers_are_those_of_keras(keras, monkeypatch, call):
    from keras.src.backend.common import global_state

    with without_numbers(keras, monkeypatch):
        built = eval(f"keras.applications.{call}", {"keras": keras})
        taken = dict(global_state.get_global_attribute("object_name_uids"))
    model, machine, start = evaluated(call)
    found = steps(model, machine, start, {})
    assert found is not None
    wanted = built.operations[1:]
    places = {id(operation): place for place, operation in enumerate(built.operations)}
    own = {id(start.op): 0, **{id(step.tensor.op): place for place, step in enumerate(found, 1)}}
    assert [step.name for step in found] == [operation.name for operation in wanted]
    for step, operation in zip(found, wanted):
        op = step.tensor.op
        cls = type(operation).__name__
        assert op.name.rpartition(".")[2] == (cls if op.kind == "layer" else cls.lower())
        assert step.tensor.shape == tuple(operation.output.shape)
        assert weights_of(step.tensor).total == (operation.count_params() if op.kind == "layer" else 0)
        if op.kind == "layer":
            trainable = sum(math.prod(weight.shape) for weight in operation.trainable_weights)
            assert weights_of(step.tensor).trainable == trainable
        sources = [places[id(t._keras_history.operation)] for t in operation._inbound_nodes[0].input_tensors]
        assert [own[id(tensor.op)] for tensor in op.inputs] == sources
    if "input_tensor" not in call:
        ours = counts(model, machine, start)
        assert ours == {prefix: number for prefix, number in taken.items() if prefix in ours}
        assert {prefix for prefix in taken if prefix.startswith(("conv", "batch", "activation"))} <= set(ours)


def test_every_model_function_is_known(keras):
    functions = {name for name in dir(keras.applications) if name[0].isupper()}
    assert functions <= set(index())
    assert set(index()) == set(PREPROCESSING)


@pytest.mark.parametrize(
    "call",
    [
        "ResNet50(include_top=unknown())",
        "ResNet50(include_top=False, pooling=unknown())",
        "ResNet50(**unknown())",
        "ResNet50(weights=None, foo=3)",
        "EfficientNetB0(weights=unknown())",
        "EfficientNetV2B0(weights=None, name='other')",
        "EfficientNetV2B0(weights=None, include_top=False, input_shape=(64, 64, unknown()))",
        "ConvNeXtTiny(weights=None, name=unknown())",
        "MobileNetV2(weights=None, alpha=0.9)",
        "MobileNetV2(weights=None, alpha=unknown())",
        "MobileNetV2(weights=None, include_top=False, input_shape=(unknown(), 101, 3))",
        "NASNetMobile(weights=None, include_top=False, input_shape=(unknown(), unknown(), 3))",
    ],
)
def test_what_is_not_known_is_not_made_up(call):
    assert expand(*evaluated(call)) is None


def test_unknown_classes_leave_the_rest_known():
    output = expand(*evaluated("ResNet50(weights=None, classes=unknown())"))
    assert output is not None
    assert output.shape == (None, None)
    assert weights_of(output).total is None
    assert output.op.inputs[0].shape == (None, 2048)


def test_automatic_names_continue_those_of_the_program():
    found = steps(*evaluated("MobileNetV3Small(weights=None)"), {"add": 2, "re_lu": 1})
    assert found is not None
    names = [step.name for step in found if step.prefix]
    assert names[:3] == ["rescaling", "activation", "re_lu_1"]
    assert "add_2" in names
    assert "add" not in names


def test_names_are_left_out_without_counts():
    found = steps(*evaluated("MobileNetV3Small(weights=None)"))
    assert found is not None
    assert [(step.name, step.prefix) for step in found][:3] == [(None, "rescaling"), ("conv", ""), ("conv_bn", "")]


@pytest.mark.parametrize("name", sorted(PREPROCESSING))
def test_preprocessing_is_that_of_keras(keras, name):
    numpy = pytest.importorskip("numpy")
    known = application(f"keras.applications.{name}")
    function = getattr(keras.applications, known.module).preprocess_input
    image = numpy.zeros((2, 1, 1, 3), "float32")
    image[1] = 255
    image[1, ..., 0] = 0
    black, cyan = (pixels.ravel() for pixels in function(image.copy()))
    low, high = MODE_RANGES[PREPROCESSING[name]]
    both = numpy.concatenate([black, cyan])
    assert both.min() == pytest.approx(low, abs=1e-2)
    assert low - 1e-2 <= both.max() <= high + 1e-2
    # Only "caffe" turns the order of the colours around.
    assert bool(black[2] == cyan[2]) is (PREPROCESSING[name] == "caffe")


def test_layers_of_their_own_are_in_keras(keras):
    for name in LAYERS:
        module, _, cls = name.removeprefix("keras.").rpartition(".")
        home = __import__(f"keras.src.{module}", fromlist=[cls])
        assert issubclass(getattr(home, cls), keras.layers.Layer)
