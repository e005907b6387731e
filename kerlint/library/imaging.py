"""Images read from files: OpenCV, Pillow, imageio, scikit-image and Keras's own helpers.

What is read has 8 bits a channel: values from 0 to 255. (Sixteen-bit files exist; they are rare
and only make what kerlint says about the scale truer.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Handler, as_array
from kerlint.library.objects import bind_arguments
from kerlint.library.shapes import dims
from kerlint.program.constants import constant, truth
from kerlint.program.data_events import Pictured
from kerlint.program.values import Arguments, Array, External, Object, Shape, Unknown, Value, tuple_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: The `source` of an array that was read from an image file.
SOURCE = "image file"
#: Objects that become pixels when they are made an array.
PICTURES = frozenset({"PIL.Image.open", "keras.utils.load_img"})
#: The step with which red and blue change places.
TURNED = "colours turned"
_TURNING = ("cv2.COLOR_BGR2RGB", "cv2.COLOR_RGB2BGR")
_COLOURED = "cv2.IMREAD_COLOR"
#: What gives the frames of a camera or of a film.
CAMERA = "cv2.VideoCapture"
_GRAY = ("cv2.IMREAD_GRAYSCALE", "cv2.COLOR_BGR2GRAY", "cv2.COLOR_RGB2GRAY")


def pixels(shape: Shape, node: syntax.Node | None, dtype: str = "uint8") -> Array:
    """An image with values from 0 to 255."""
    return Array(shape, dtype, 0.0, 255.0, tight=True, source=SOURCE, node=node)


def _read(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`cv2.imread(path, flags)` and `imread` of other packages."""
    if len(arguments.positional) + len(arguments.keywords) == 1:
        return _coloured(machine, pixels((None, None, 3), node), "RGB", node)
    return pixels((None, None) if _is_gray(arguments.get(1, "flags")) else None, node)


def _read_turned(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`cv2.imread(path, flags)`: blue comes first."""
    made = _read(machine, arguments, node)
    plain = arguments.get(1, "flags")
    if isinstance(made, Array) and (plain is None or (isinstance(plain, External) and plain.name == _COLOURED)):
        made = _coloured(machine, pixels((None, None, 3), node), "BGR", node)
    return made


def _coloured(machine: Machine, made: Array, colours: str, node: syntax.Node) -> Array:
    """Notes the order of the channels of an image."""
    machine.emit(Pictured(node=node, array=made, colours=colours))
    return made


def frame(machine: Machine, node: syntax.Node) -> Value:
    """`cv2.VideoCapture(...).read()`: whether there is an image, and the image."""
    image = _coloured(machine, pixels((None, None, 3), node), "BGR", node)
    return tuple_of(Unknown("whether there is one", node=node), image, node=node)


def _read_any(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`scipy.misc.imread(path)`, of former versions: gray where the file is."""
    return pixels(None, node)


def _is_gray(value: Value | None) -> bool:
    return constant(value) == 0 or (isinstance(value, External) and value.name in _GRAY)


def _resize(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`cv2.resize(image, (width, height))`."""
    image, size = arguments.get(0, "src"), dims(arguments.get(1, "dsize"))
    if not isinstance(image, Array):
        return Unknown("resize", node=node)
    shape: Shape = None
    if size is not None and len(size) == 2 and image.shape is not None:
        shape = (size[1], size[0], *image.shape[2:])
    return image.derive(node, "resize", shape=shape, columns=None, values=None)


def _convert(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`cv2.cvtColor(image, code)`."""
    image = arguments.get(0, "src")
    if not isinstance(image, Array):
        return Unknown("cvtColor", node=node)
    code = arguments.get(1, "code")
    gray = _is_gray(code)
    turned = isinstance(code, External) and code.name in _TURNING
    shape = image.shape[:2] if gray and image.shape is not None else None if gray else image.shape
    return image.derive(node, TURNED if turned else "cvtColor", shape=shape, columns=None, values=None)


def _scaled(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`skimage.transform.resize`: brings the values to 0..1 unless told not to."""
    image = as_array(arguments.get(0))
    if image is None:
        return Unknown("resize", node=node)
    kept = truth(arguments.get(None, "preserve_range")) is True
    low, high = (image.low, image.high) if kept else (0.0, 1.0)
    return image.derive(node, "resize", shape=None, low=low, high=high, columns=None, values=None)


def _to_array(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`keras.utils.img_to_array(image)`."""
    image = arguments.get(0, "img")
    if isinstance(image, Object):
        made = picture(image, node, "float32")
        if made is not None and made.shape is not None:
            _coloured(machine, made, "RGB", node)
        return made or Unknown("image", node=node)
    return image if isinstance(image, Array) else Unknown("image", node=node)


def picture(value: Value | None, node: syntax.Node | None, dtype: str = "uint8") -> Array | None:
    """The pixels of a picture object; None if the value is none."""
    if not isinstance(value, Object):
        return None
    if value.name == "keras.utils.load_img":
        size = dims(value.args.get("target_size")) if "target_size" in value.args else (None, None)
        plain = not {"color_mode", "grayscale"} & value.args.keys()
        return pixels((*size, 3) if plain and size is not None and len(size) == 2 else None, node, dtype)
    if value.name in PICTURES or (value.args.get("self") is not None and picture(value.args["self"], node) is not None):
        return pixels(None, node, dtype)
    return None


def _load(name: str) -> Handler:
    def handler(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        args, places = bind_arguments(name, arguments)
        return Object(name, args, places, arguments.open, node=node)

    return handler


FUNCTIONS: dict[str, Handler] = {
    "cv2.imread": _read_turned,
    "skimage.io.imread": _read,
    **dict.fromkeys(("scipy.misc.imread", "scipy.ndimage.imread", "scipy.misc.pilutil.imread"), _read_any),
    **dict.fromkeys(("imageio.imread", "imageio.v2.imread", "imageio.v3.imread"), _read),
    "cv2.resize": _resize,
    "cv2.cvtColor": _convert,
    "skimage.transform.resize": _scaled,
    "keras.utils.img_to_array": _to_array,
    **{name: _load(name) for name in (*PICTURES, CAMERA)},
}
