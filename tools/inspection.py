"""What the installed packages have: their public names, and the signatures of these as lines of text."""

from __future__ import annotations

import enum
import inspect
import types
from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Objects = dict[str, Any]
#: Methods that say nothing to a linter.
BORING = frozenset({
    "get_config", "from_config", "get_build_config", "build_from_config", "get_compile_config", "compile_from_config",
    "compute_output_shape", "compute_output_spec", "compute_mask", "quantized_build", "quantized_call", "symbolic_call",
    "get_metadata_routing", "get_params", "set_params", "get_quantization_layer_structure", "save_own_variables",
    "load_own_variables", "stateless_call", "set_fit_request", "set_score_request", "set_transform_request",
    "set_partial_fit_request", "set_predict_request", "set_inverse_transform_request", "quantize_embeddings",
    "set_decision_function_request", "set_predict_proba_request", "enable_lora", "path", "compute_dtype",
    "loss", "compiled_loss",
})  # fmt: skip
#: What inspection cannot see: `Model(...)` builds a functional model, some functions choose by their arguments.
BY_HAND = {
    "keras.Model": "(inputs, outputs, name=None, **kwargs)",
    "numpy.arange": "(start, stop=None, step=1, dtype=None, *, device=None, like=None)",
    "numpy.where": "(condition, x=None, y=None, /)",
    "tensorflow.range": "(start, limit=None, delta=1, dtype=None, name='range')",
    "tensorflow.data.Dataset.range": "(*args, output_type=..., name=None)",
}


def walk(module: types.ModuleType, label: str) -> Objects:
    """The public members of a package and its public subpackages, by dotted name."""
    found: Objects = {}
    for name in sorted(dir(module)):
        if name.startswith("_"):
            continue
        value = getattr(module, name)
        if not isinstance(value, types.ModuleType):
            found[f"{label}.{name}"] = value
        elif value.__name__ == f"{module.__name__}.{name}" and name not in ("src", "api", "protobuf"):
            found.update(walk(value, f"{label}.{name}"))
    return found


def members(root: str, modules: Iterable[str], label: str = "") -> Objects:
    """The public members of some modules of a package."""
    found: Objects = {}
    for name in modules:
        module = import_module(root)
        for part in name.split(".") if name else ():
            module = getattr(module, part, None) or import_module(f"{module.__name__}.{part}")
        prefix = ".".join(filter(None, (label or root, name)))
        public = getattr(module, "__all__", None) if root == "sklearn" else None
        for member in public or sorted(dir(module)):
            if member.startswith("_"):
                continue
            try:
                value = getattr(module, member, None)
            except ImportError:  # experimental members of scikit-learn
                continue
            home = getattr(value, "__module__", None) or ""
            foreign = root == "sklearn" and public is None and not home.startswith(f"sklearn.{name}")
            if not isinstance(value, types.ModuleType) and not foreign:
                found[f"{prefix}.{member}"] = value
    return found


def render(value: object) -> str:
    """A default as source text: a constant, a dtype's name, or `...`."""
    if type(value) in (bool, str, bytes, type(None)):
        return repr(value)
    if type(value) in (int, float):
        return {"inf": "1e999", "-inf": "-1e999", "nan": "..."}.get(repr(value), repr(value))
    if type(value) is tuple:
        items = [render(item) for item in value]
        return "..." if "..." in items else f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if type(value).__name__ == "DType":
        return repr(getattr(value, "name", ""))
    if isinstance(value, type) and (value in (int, float, bool, complex) or value.__module__ == "numpy"):
        return repr(value.__name__)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return render(value.item())
    return "..."


def parameters(function: Callable[..., Any], skip_self: bool = False) -> str | None:
    """The parameter list of a callable as source text, None if nobody knows it."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return None
    parts: list[str] = []
    if skip_self and found and found[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        found = found[1:]
    last = None
    for p in found:
        if last is p.POSITIONAL_ONLY and p.kind is not p.POSITIONAL_ONLY:
            parts.append("/")
        if p.kind is p.KEYWORD_ONLY and last not in (p.VAR_POSITIONAL, p.KEYWORD_ONLY):
            parts.append("*")
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        parts.append(stars + p.name + ("" if p.default is p.empty else f"={render(p.default)}"))
        last = p.kind
    if last is inspect.Parameter.POSITIONAL_ONLY:
        parts.append("/")
    return f"({', '.join(parts)})"


def constructor(cls: type) -> str | None:
    """The parameters of a class: of `__init__`, since the `__new__` of Keras takes anything."""
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if isinstance(init, types.FunctionType):
            text = parameters(init, skip_self=True)
            if text != "(*args, **kwargs)":  # says no more than that the base knows
                return text
        elif init is not None:
            break
    return parameters(cls)


def methods(cls: type) -> Iterator[tuple[str, str]]:
    """The public methods of a class with their parameters, inherited ones too."""
    for name in sorted(dir(cls)):
        if (name.startswith("_") and name != "__call__") or name in BORING or name[0].isupper():
            continue
        static = inspect.getattr_static(cls, name)
        value = getattr(cls, name, None)
        if not callable(value) or isinstance(static, (property, type)):
            continue
        text = parameters(value, skip_self=not isinstance(static, (staticmethod, classmethod)))
        if text is not None:
            yield name, text


class Tables:
    """Collects lines by group; the first line of a name stays."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, str]] = defaultdict(dict)

    def add(self, name: str, text: str) -> None:
        group, _, short = name.rpartition(".")
        self.groups[group].setdefault(short, text)

    def get(self, name: str) -> str | None:
        group, _, short = name.rpartition(".")
        return self.groups.get(group, {}).get(short)

    def render(self) -> str:
        parts = []
        for group in sorted(self.groups):
            lines = "".join(f"{short}{text}\n" for short, text in sorted(self.groups[group].items()))
            parts.append(f'    {group!r}: """\n'.replace("'", '"') + lines.replace("\\", "\\\\") + '""",\n')
        return "{\n" + "".join(parts) + "}"


def base_of(cls: type, names: dict[int, str], own: str) -> str:
    """The canonical name of the nearest base class that has one, or "object"."""
    for base in cls.__mro__[1:]:
        name = names.get(id(base), "")
        if name and name != own:
            return name
    return "object"


def add_callables(tables: Tables, objects: Objects, with_methods: Callable[[str], bool]) -> None:
    """Adds lines for functions and classes, under the names in `objects`, which are canonical."""
    names = {id(value): name for name, value in objects.items() if inspect.isclass(value)}
    for name, value in sorted(objects.items()):
        if not callable(value) or (isinstance(value, type) and issubclass(value, enum.Enum)):
            continue
        if not inspect.isclass(value):
            text = BY_HAND.get(name) or parameters(value)
            if text is not None:
                tables.add(name, text)
            continue
        text = BY_HAND.get(name) or constructor(value)
        if text is None:
            text = "(*args, **kwargs)"
        base = base_of(value, names, name)
        group = name.rpartition(".")[0]
        tables.add(name, f"{text} < {base.removeprefix(group + '.') if base.rpartition('.')[0] == group else base}")
        if with_methods(name):
            inherited = dict(methods(objects[base])) if base in objects else {}
            for method, line in methods(value):
                if inherited.get(method) != line and (method != "__call__" or base == "object"):
                    tables.add(f"{name}.{method}", BY_HAND.get(f"{name}.{method}", line))
