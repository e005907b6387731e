"""The user's own modules around a linted file: found and parsed, never executed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from kerlint.files import read_file
from kerlint.parsing import parse_file
from kerlint.program.modules import ModuleFile
from kerlint.source import Broken, SourceError, read_source
from kerlint.surroundings import Surroundings
from kerlint.syntax.reading import nothing

if TYPE_CHECKING:
    from kerlint import syntax

#: Larger files are not followed.
MAX_BYTES = 1_000_000
#: Nor is more than this for one linted file, in all.
MAX_BYTES_IN_ALL = 2_000_000

_INSTALLED = frozenset({"site-packages", "dist-packages"})

#: Names that are libraries, whatever a folder in the project is called. A file next to the linted one wins, as it
#: does in Python.
LIBRARIES = sys.stdlib_module_names | frozenset(
    """PIL absl albumentations bokeh cv2 h5py imageio imgaug ipywidgets jax jaxlib joblib keras keras_core
    keras_cv keras_hub keras_nlp keras_preprocessing keras_applications keras_contrib keras_tuner kerastuner lightgbm
    matplotlib mlflow nltk numba numpy nvidia onnx optuna pandas plotly psutil pydantic pytest scipy
    seaborn skimage sklearn spacy statsmodels tensorboard tensorboardX tensorflow tensorflow_addons
    tensorflow_core tensorflow_datasets tensorflow_hub tensorflow_probability tensorflow_text tf_keras theano
    torch torchvision tqdm transformers wandb xgboost yaml""".split()
)


class DiskModules:
    """The modules that a linted file can import from its project (`program.modules.Modules`).

    An absolute name is looked for in the folder of the file, in the project's root and in `src` below it.
    Nothing outside of the project's root counts, and no link leads there.

    Args:
        path: the linted file. It need not exist: an editor may hand over its text before it is saved.
        root: the project's root, if somebody has said what it is and the file is below it.
        around: keeps in mind what is asked.
    """

    def __init__(self, path: str, root: str | None = None, around: Surroundings | None = None) -> None:
        self._around = around if around is not None else Surroundings()
        path = os.path.abspath(path)
        folder = os.path.dirname(path)
        self.root = self._around.root(folder, root)
        self._real_root = os.path.join(self._around.real(self.root), "")
        self._starts = list(dict.fromkeys([folder, self.root, os.path.join(self.root, "src")]))
        is_package = os.path.basename(path) == "__init__.py"
        self._own = ModuleFile("__main__", self._around.real(path), folder, is_package)
        self._in_package = bool(self._around.file(os.path.join(folder, "__init__.py")))
        self._left = MAX_BYTES_IN_ALL
        # A program may ask for the same very often.
        self._trees: dict[str, syntax.Module | None] = {}
        self._found: dict[tuple[str, str], tuple[ModuleFile, ...]] = {}
        self._submodules: dict[tuple[str, str], ModuleFile | None] = {}

    @property
    def own(self) -> ModuleFile:
        """The linted file."""
        return self._own

    def find(self, name: str, importer: ModuleFile) -> tuple[ModuleFile, ...]:
        """The packages along a dotted name and the module; empty if the project has none."""
        key = (importer.folder if name.startswith(".") else "", name)
        if key not in self._found:
            self._found[key] = self._find(name, importer)
        return self._found[key]

    def _find(self, name: str, importer: ModuleFile) -> tuple[ModuleFile, ...]:
        if name.startswith("."):
            return self._find_relative(name, importer)
        parts = name.split(".")
        if parts[0] in LIBRARIES:
            file = self._beside(parts[0]) if len(parts) == 1 else None
            return (file,) if file is not None else ()
        for start in self._starts:
            found = self._below(start, parts, "")
            if found:
                return found
            if self._regular(start, parts[0], parts[0]) is not None:
                # Python looks no further either.
                return ()
        return ()

    def submodule(self, package: ModuleFile, name: str) -> ModuleFile | None:
        """The module of this name in a package."""
        key = (package.folder, name)
        if key not in self._submodules:
            self._submodules[key] = self._regular(package.folder, name, f"{package.name}.{name}")
        return self._submodules[key]

    def tree(self, file: ModuleFile) -> syntax.Module | None:
        """The syntax tree of a file, or of a folder without a file of its own, which is empty."""
        if file.path not in self._trees:
            self._trees[file.path] = self._parse(file.path)
        return self._trees[file.path]

    def _parse(self, path: str) -> syntax.Module | None:
        if self._around.folder(path):
            return nothing()
        size = self._around.size(path)
        if size > min(MAX_BYTES, self._left):
            return None
        data: bytes | None = None
        try:
            data = read_file(path)
            self._left -= len(data)
            source = read_source(data, path)
        except (OSError, SourceError):
            return None
        finally:
            self._around.has_read(path, data)
        tree = parse_file(path, source.text)
        return None if isinstance(tree, Broken) else tree

    def _find_relative(self, name: str, importer: ModuleFile) -> tuple[ModuleFile, ...]:
        rest = name.lstrip(".")
        folder = importer.folder
        for _ in range(len(name) - len(rest) - 1):
            folder = os.path.dirname(folder)
        if not self._is_inside(self._around.real(folder)):
            return ()
        package = self._dotted(folder)
        if rest:
            return self._below(folder, rest.split("."), package)
        file = self._inside(os.path.join(folder, "__init__.py"))
        return (ModuleFile(package, file, folder, is_package=True),) if file is not None else ()

    def _below(self, start: str, parts: list[str], package: str) -> tuple[ModuleFile, ...]:
        """The chain of packages that leads from a folder to a module; packages need no file, the module does."""
        chain: list[ModuleFile] = []
        folder = start
        for index, part in enumerate(parts):
            package = f"{package}.{part}" if package else part
            found = self._regular(folder, part, package)
            last = index == len(parts) - 1
            if found is None and not last:
                found = self._folder(os.path.join(folder, part), package)
            if found is None or (not last and not found.is_package):
                return ()
            chain.append(found)
            folder = found.folder
        return tuple(chain)

    def _regular(self, folder: str, name: str, full: str) -> ModuleFile | None:
        """A package with a file of its own, or a module."""
        below = os.path.join(folder, name)
        file = self._inside(os.path.join(below, "__init__.py"))
        if file is not None:
            return ModuleFile(full, file, below, is_package=True)
        file = self._inside(f"{below}.py")
        return ModuleFile(full, file, folder) if file is not None else None

    def _folder(self, path: str, full: str) -> ModuleFile | None:
        real = self._around.folder(path)
        if not real or not self._is_inside(real):
            return None
        return ModuleFile(full, real, path, is_package=True)

    def _beside(self, name: str) -> ModuleFile | None:
        """A file next to the linted one that hides a library."""
        if self._in_package or name in sys.builtin_module_names:
            return None
        folder = self._own.folder
        file = self._inside(os.path.join(folder, f"{name}.py"))
        return ModuleFile(name, file, folder) if file is not None and file != self._own.path else None

    def _inside(self, path: str) -> str | None:
        """The real path of a file, if it is one, and in the project."""
        real = self._around.file(path)
        return real if real and self._is_inside(real) else None

    def _is_inside(self, real: str) -> bool:
        real = os.path.join(real, "")
        return real.startswith(self._real_root) and _INSTALLED.isdisjoint(real[len(self._real_root) :].split(os.sep))

    def _dotted(self, folder: str) -> str:
        relative = os.path.relpath(folder, self.root)
        return "" if relative == os.curdir else relative.replace(os.sep, ".").removeprefix("src.")
