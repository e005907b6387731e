"""KN024."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.arrivals import expected_mode
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.imaging import TURNED
from kerlint.program.constants import text
from kerlint.program.data_events import Pictured
from kerlint.program.events import Fit, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Dataset, Value
from kerlint.records import dataclass
from kerlint.rules.base import Found, Rule


class ColoursSwapped(Rule):
    """A model is trained on images with red first, and used on images with blue first, or the other way round.

    OpenCV gives the channels of an image in the order blue, green, red; Keras, Pillow and the pretrained models have
    red first.

    ## Why is this bad?
    The model is shown the sky in orange and faces in blue. What it knows of shapes may still help, so that it is
    right often enough for nobody to look for a reason, and where the colour decides it is wrong.

    ## Example
    ```python
    import cv2
    import numpy as np
    from tensorflow import keras

    train = keras.utils.image_dataset_from_directory("lights", image_size=(48, 48))
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(train, epochs=10)
    image = cv2.resize(cv2.imread("light.png"), (48, 48))
    print(model.predict(np.expand_dims(image, 0)))  # KN024
    ```

    Use instead:
    ```python
    import cv2
    import numpy as np
    from tensorflow import keras

    train = keras.utils.image_dataset_from_directory("lights", image_size=(48, 48))
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(train, epochs=10)
    image = cv2.cvtColor(cv2.resize(cv2.imread("light.png"), (48, 48)), cv2.COLOR_BGR2RGB)
    print(model.predict(np.expand_dims(image, 0)))
    ```

    ## Known limits
    Every step from the file to the model must be understood. Models that are loaded from a file are left alone.

    ## References
    - Measured on Keras 3.15.1, a picture with red at 200 and blue at 10: a dataset from a directory gives red first;
      `cv2.imread` gives blue first, by its documentation.
    - https://docs.opencv.org/4.x/d4/da8/group__imgcodecs.html
    """

    code = "KN024"
    name = "colours-swapped"
    severity = Severity.WARNING
    symptoms = ("wrong-result",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        read = {id(event.array): event for event in program.all(Pictured)}
        if not read:
            return
        trained: dict[int, _Colours] = {}
        told: set[int] = set()
        for event in program.events:
            if isinstance(event, Fit):
                ours = _of_training(event, read)
                if ours is not None:
                    trained[id(event.model)] = ours
                continue
            if not isinstance(event, Use) or not event.method.startswith("predict") or id(event.node) in told:
                continue
            known, wanted = _of(as_data(event.args.get("x")), read), trained.get(id(event.model))
            if wanted is None and event.model.kind == "application" and expected_mode(event.model) is not None:
                wanted = _Colours("RGB", event.model.node)
            if known is None or wanted is None or known.order == wanted.order:
                continue
            told.add(id(event.node))
            first, other = ("blue", "red") if known.order == "BGR" else ("red", "blue")
            yield from self.found(
                event.places.get("x") or event.node,
                f"these images have {first} first, those that the model was trained on have {other} first",
                label=f"{known.order}",
                also=[(known.place, f"read with {first} first"), (wanted.place, f"{other} first")],
                why="OpenCV has the channels in the order blue, green, red, and everything else in the opposite one",
                help="turn the colours: cv2.cvtColor(image, cv2.COLOR_BGR2RGB)",
                about=event,
            )

    bad = (
        # A film, a pretrained model, and a training with OpenCV.
        """
        import cv2
        import keras
        import numpy as np
        from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input
        train = keras.utils.image_dataset_from_directory("lights", image_size=(48, 48))
        model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(3)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(train)
        film = cv2.VideoCapture("film.mp4")
        while True:
            there, frame = film.read()
            if not there:
                break
            part = cv2.resize(frame[40:140, 300:360], (48, 48)).astype("float32")
            model.predict(part[np.newaxis])  # KN024
        known = MobileNetV2()
        image = cv2.resize(cv2.imread("cat.png"), (224, 224))
        known.predict(preprocess_input(np.expand_dims(image, axis=0)))  # KN024
        """,
        """
        import cv2
        import keras
        import numpy as np
        images = []
        for file in files:
            images.append(cv2.resize(cv2.imread(file), (48, 48)))
        x = np.array(images) / 255
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, labels)
        image = keras.utils.img_to_array(keras.utils.load_img("cat.png", target_size=(48, 48))) / 255
        model.predict(np.expand_dims(image, 0))  # KN024
        """,
    )
    good = (
        """
        import cv2
        import keras
        import numpy as np
        train = keras.utils.image_dataset_from_directory("lights", image_size=(48, 48))
        gray = keras.utils.image_dataset_from_directory("lights", image_size=(48, 48), color_mode="grayscale")
        image = cv2.resize(cv2.imread("light.png"), (48, 48))
        for data in (train, gray):
            model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(3)])
            model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            model.fit(data)
            model.predict(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)[None])
            model.predict(image[..., ::-1][None])
            model.predict(image[:, :, [2, 1, 0]][None])
            model.predict(prepared(image)[None])
            model.predict(keras.utils.img_to_array(keras.utils.load_img("cat.png", target_size=(48, 48)))[None])
            model.predict(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[None])
        """,
        """
        import cv2
        import keras
        import numpy as np
        def read(file):
            return cv2.resize(cv2.imread(file), (48, 48)) / 255
        x = np.array([read(file) for file in files])
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, labels)
        model.predict(read("cat.png")[None])
        other = keras.models.load_model("other.keras")
        other.predict(read("cat.png")[None])
        """,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Colours:
    """The order of the channels of images, `RGB` or `BGR`, and where they come from."""

    order: str
    place: syntax.Node | None


#: Steps after which each channel is still where it was.
_KEEPING = frozenset("resize reshape expand_dims preprocess_input train_test_split shuffled copy".split())
_LOADERS = (".image_dataset_from_directory", ".flow_from_directory", ".flow_from_dataframe")


def _of_training(fit: Fit, read: dict[int, Pictured]) -> _Colours | None:
    if isinstance(fit.x, Dataset):
        mode: Value | None = fit.x.args.get("color_mode")
        if fit.x.source.endswith(_LOADERS) and (mode is None or text(mode) == "rgb"):
            return _Colours("RGB", fit.x.origin or fit.x.node)
    return _of(as_data(inputs_of(fit)), read)


def _of(images: Array | None, read: dict[int, Pictured]) -> _Colours | None:
    """The order of the channels of some data; None if they are no images, or a step is not understood."""
    for made in images.history() if images is not None else ():
        event = read.get(id(made))
        if event is not None and images is not None:
            names = [step.name for step in images.steps[len(made.steps) :]]
            if not all(
                name in _KEEPING or name == TURNED or name.startswith(("astype", "/", "*", "-", "+")) for name in names
            ):
                return None
            turned = names.count(TURNED) % 2 == 1
            other = "RGB" if event.colours == "BGR" else "BGR"
            return _Colours(other if turned else event.colours, event.node)
    return None
