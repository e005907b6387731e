"""Which versions a file is written for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import kerlint
from kerlint import engine, rules, selection
from kerlint.library import evaluate
from kerlint.modules import DiskModules
from kerlint.program.facts import Program
from kerlint.program.target import CURRENT, Target
from kerlint.source import read_source
from kerlint.target import decide
from tests.notebook import notebook
from tests.trees import tree


def target(
    text: str = "import keras\n",
    files: dict[str, str] | None = None,
    folder: Path | None = None,
    name: str = "train.py",
    setting: str | None = None,
) -> Target:
    """What is decided for a text, in a folder with these files."""
    path = None
    if folder is not None:
        (folder / "setup.py").touch()
        for other, content in (files or {}).items():
            (folder / other).parent.mkdir(parents=True, exist_ok=True)
            (folder / other).write_text(textwrap.dedent(content), encoding="utf-8")
        path = str(folder / name)
    data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    source = read_source(data, name)
    program = evaluate(tree(source.text), DiskModules(path) if path is not None else None)
    return decide(setting, source, path, program)


@pytest.mark.parametrize(
    ("text", "keras"),
    [
        ("import keras", None),
        ("from tensorflow import keras", None),
        ("import tensorflow as tf\ntf.keras.layers.Dense(1)", None),
        ("import tf_keras as keras", 2),
        ("from tf_keras.layers import Dense", 2),
        ("import tf_keras, keras", None),
        ("from keras.layers.core import Dense", 2),
        ("import keras.layers.convolutional", 2),
        ("from tensorflow.keras.layers.core import Dense", 2),
        ("from keras.layers import core", 2),
        ("from keras.layers.core import *", 2),
        ("from keras.utils import np_utils", 2),
        ("import keras\nkeras.utils.np_utils.to_categorical(y)", 2),
        ("from keras.utils import to_categorical, plot_model", None),
        ("from keras.utils.np_utils import to_categorical", 2),
        ("from keras.wrappers.scikit_learn import KerasClassifier", 2),
        ("from keras.optimizers.legacy import Adam", 2),
        ("import tensorflow as tf\ntf.keras.optimizers.legacy.Adam()", 2),
        ("from tensorflow.python.keras.layers import Dense", 2),
        ("import tensorflow.compat.v1 as tf", 2),
        ("import tensorflow as tf\ntf.compat.v1.disable_eager_execution()", 2),
        ("import tensorflow as tf\ntf.compat.v1.logging.set_verbosity(3)", None),
        ("import tensorflow as tf\ntf.Session()", 2),
        ("import keras_core as keras", 3),
        ("import keras\nx = keras.ops.add(1, 2)", 3),
        ("from keras import ops", 3),
        ("import keras.random", 3),
        ("import random\nrandom.random()\nimport tensorflow as tf\ntf.random.normal((3,))", None),
        # What does not always run says nothing, and what contradicts itself neither.
        ("try:\n    from keras.utils import np_utils\nexcept ImportError:\n    import keras", None),
        ("try:\n    import keras\nexcept ImportError:\n    from tf_keras.layers.core import Dense", None),
        ("import sys\nif sys.version > '3':\n    import tf_keras", None),
        ("try:\n    from keras.utils import np_utils\nfinally:\n    pass", 2),
        ("from keras.layers.core import Dense\nfrom keras import ops", None),
        ("# from keras.layers.core import Dense\n'keras.layers.core'", None),
        ("def f():\n    from keras.layers.core import Dense", 2),
        ("import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nimport tensorflow as tf\nkeras = tf.keras", 2),
        ("import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nimport keras", None),
        ("import os\nos.environ['TF_USE_LEGACY_KERAS'] = '0'\nfrom tensorflow import keras", None),
        ("import os\nos.environ['KERAS_BACKEND'] = 'jax'\nimport keras", 3),
    ],
)
def test_what_the_code_says(text: str, keras: int | None) -> None:
    found = target(text + "\n")
    assert found.keras == (keras or 3)
    assert (found is CURRENT) == (keras is None), found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("keras==2.3.1", (2, 3, None)),
        ("Keras == 2.3.1  # old", (2, 3, None)),
        ("keras==1.2.2", (1, 2, None)),
        ("keras>=3", (3, None, None)),
        ("keras==3.4.1", (3, 4, None)),
        ("keras>=2.4", None),
        ("keras", None),
        ("keras<3", (2, None, None)),
        ("keras[extra] >= 2.0, < 3.0 ; python_version < '3.9'", (2, None, None)),
        ("keras~=2.4", (2, None, None)),
        ("keras~=3.1.0", (3, 1, None)),
        ("keras==2.*", (2, None, None)),
        ("keras!=2.4.0", None),
        ("keras @ git+https://example.org/keras.git@2.0", None),
        ("keras>=3.0.0rc1", (3, None, None)),
        ("tensorflow==2.12.0", (2, 12, (2, 12))),
        ("tensorflow==2.12.0 --hash=sha256:00", (2, 12, (2, 12))),
        ("tensorflow==2.12.0 \\\n    --hash=sha256:00", (2, 12, (2, 12))),
        ("tensorflow==2.3", (2, None, (2, 3))),
        ("tensorflow==1.15", (2, None, (1, 15))),
        ("tensorflow-gpu<2", (2, None, None)),
        ("tensorflow_cpu==2.10.1", (2, 10, (2, 10))),
        ("tensorflow>=2.16", (3, None, (2, None))),
        ("tensorflow==2.17.*", (3, None, (2, 17))),
        ("tensorflow>=2.4", None),
        ("tensorflow<2.16", (2, None, None)),
        ("tensorflow>=2.4,<=2.15", (2, None, (2, None))),
        ("tensorflow<2.17", None),
        ("tensorflow~=2.12", None),
        ("tensorflow~=2.12.0", (2, 12, (2, 12))),
        ("tensorflow>=2.16\ntf-keras", (3, None, (2, None))),
        ("tf_keras>=2.16", (2, None, None)),
        ("tensorflow==2.10; sys_platform == 'win32'\ntensorflow==2.17; sys_platform != 'win32'", None),
        ("tensorflow==2.10; sys_platform == 'win32'\ntensorflow==2.11; sys_platform != 'win32'", (2, None, (2, None))),
        ("tensorflow==2.15.0\nkeras==3.3.3", (3, 3, (2, 15))),
        ("tensorflow-datasets==4.9\nkeras-tuner==1.0", None),
        ("# tensorflow==2.12\n-r other.txt\nhttps://example.org/tensorflow-2.12.whl\n\ntensorflow<", None),
    ],
)
def test_requirements(
    tmp_path: Path, line: str, expected: tuple[int, int | None, tuple[int, int | None] | None]
) -> None:
    found = target(files={"requirements.txt": line + "\n"}, folder=tmp_path)
    if expected is None:
        assert found is CURRENT
    else:
        assert (found.keras, found.minor, found.tensorflow) == expected
        assert found.source.startswith("requirements.txt asks for ")


@pytest.mark.parametrize(
    ("line", "oldest", "newest"),
    [
        ("keras==3.15.1", 15, 15),
        ("keras==3.16.0", 16, 16),
        ("keras>=3.16", 16, None),
        ("keras<3.16,>=3", 0, 15),
        ("keras>=3.4,<3.16", 4, 15),
        ("keras~=3.12", 12, None),
        ("keras~=3.12.0", 12, 12),
        ("keras<=3.15,>3.2", 2, 15),
        ("keras>=3.2", 2, None),
        ("keras==3.2; python_version < '3.10'\nkeras==3.17; python_version >= '3.10'", 2, 17),
        ("keras==2.15.0", 15, 15),
        ("keras>=2.10,<3", 10, 15),
        ("keras<2.12", 0, 11),
        ("tensorflow>=2.10,<2.16", 10, 15),
        ("tensorflow>=2.4,<2.12", 0, 11),
        ("tensorflow==2.3", 0, None),
        # It brings the newest Keras, whichever that is.
        ("tensorflow==2.16.1", 0, None),
        ("tensorflow>=2.16,<2.20", 0, None),
        ("tensorflow==2.16.1\nkeras<3.16", 0, 15),
    ],
)
def test_the_minor_versions_that_are_allowed(tmp_path: Path, line: str, oldest: int, newest: int | None) -> None:
    found = target(files={"requirements.txt": line + "\n"}, folder=tmp_path)
    assert (found.oldest, found.newest) == (oldest, newest)
    for minor in range(20):
        assert found.since(found.keras, minor) == (oldest >= minor)
        assert found.before(found.keras, minor) == (newest is not None and newest < minor)
    assert not found.since(4, 0)
    assert found.since(1, 99)
    assert found.before(4, 0)
    assert not found.before(1, 99)


def test_the_setting_is_one_version() -> None:
    assert target(setting="3.16").since(3, 16)
    assert target(setting="3.15").before(3, 16)
    assert target(setting="3.15").since(3, 15)
    for unknown in (target(setting="3"), target()):
        assert not unknown.since(3, 16)
        assert not unknown.before(3, 16)


PIPFILE = {"default": {"tensorflow": {"version": "==2.12.0"}, "keras": {"git": "x"}, "odd": 1}, "develop": []}
PROJECTS = {
    "requirements-gpu.txt": "tensorflow-gpu==2.12\n",
    "pyproject.toml": '[project]\nname = "x"\ndependencies = ["numpy>=2", "tensorflow[and-cuda]>=2.12, <2.13"]\n',
    "setup.cfg": "[options]\ninstall_requires =\n    numpy\n    tensorflow==2.12.*\n",
    "Pipfile.lock": json.dumps(PIPFILE),
    "poetry.lock": '[[package]]\nname = "numpy"\nversion = "1.2"\n\n[[package]]\nname = "tensorflow"\nversion = "2.12.1"\n',
    "uv.lock": '[[package]]\nname = "tensorflow"\nversion = "2.12.1"\nsource = { registry = "x" }\n',
    "environment.yml": "dependencies:\n  - python=3.10\n  - conda-forge::tensorflow=2.12=gpu_py310\n",
    "environment.yaml": "dependencies:\n  - python=3.10\n  - pip:\n    - 'tensorflow==2.12.0'\n",
}


@pytest.mark.parametrize("name", PROJECTS)
def test_files_of_a_project(tmp_path: Path, name: str) -> None:
    found = target(files={name: PROJECTS[name]}, folder=tmp_path)
    assert (found.keras, found.minor, found.tensorflow) == (2, 12, (2, 12))
    assert found.source.startswith(f"{name} asks for tensorflow")


@pytest.mark.parametrize(
    ("text", "keras"),
    [
        ('[project.optional-dependencies]\ntf = ["tensorflow<2.16"]', 2),
        ('[dependency-groups]\ndev = ["keras<3", {include-group = "x"}]', 2),
        ('[tool.poetry.dependencies]\ntensorflow = "^2.12"', None),
        ('[tool.poetry.dependencies]\ntensorflow = "~2.12"', 2),
        ('[tool.poetry.dependencies]\nkeras = "2.4.3"', 2),
        ('[tool.poetry.dependencies]\nkeras = {version = "^3.1", optional = true}', 3),
        ('[tool.poetry.dependencies]\nkeras = "*"', None),
        ('[tool.poetry.dependencies]\nkeras = "2.4 || 3.1"', None),
        ('[tool.poetry.group.dev.dependencies]\nKeras = "<3"', 2),
        ('[project]\nname = "keras"\nkeywords = ["keras==2.3"]', None),
        ("[project]\ndependencies = 'keras<3'", None),
        ("not = = toml keras<3", None),
    ],
)
def test_pyproject(tmp_path: Path, text: str, keras: int | None) -> None:
    found = target(files={"pyproject.toml": text + "\n"}, folder=tmp_path)
    assert found.keras == (keras or 3)
    assert (found is CURRENT) == (keras is None)


@pytest.mark.parametrize("name", ["Pipfile.lock", "setup.cfg", "pyproject.toml", "poetry.lock", "environment.yml"])
@pytest.mark.parametrize(
    "text", ["keras", "[" * 9000 + "keras", '{"default": ["keras"]}', "keras\n = [\n", "[options\nkeras"]
)
def test_files_that_are_something_else(tmp_path: Path, name: str, text: str) -> None:
    assert target(files={name: text}, folder=tmp_path) is CURRENT


def test_utf_16(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("numpy==1.0\r\nkeras==2.4.3\r\n".encode("utf-16"))
    assert target(folder=tmp_path).minor == 4


def test_the_nearest_and_most_exact_file_decides(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "keras==2.3\n",
        "requirements-dev.txt": "keras>=3\n",
        "a/requirements.txt": "numpy\nkeras\n",
        "a/b/requirements.txt": "tensorflow==2.17\n",
        "a/c/pyproject.toml": '[project]\ndependencies = ["keras>=2.4"]\n',
        "a/c/uv.lock": '[[package]]\nname = "keras"\nversion = "2.15.0"\n',
    }
    assert target(files=files, folder=tmp_path).keras == 2
    assert target(folder=tmp_path, name="a/train.py").source == "requirements.txt asks for keras==2.3"
    assert target(folder=tmp_path, name="a/b/train.py").keras == 3
    assert target(folder=tmp_path, name="a/c/train.py").minor == 15
    # The root of the project is as far as it goes.
    (tmp_path / "a" / "d").mkdir()
    (tmp_path / "a" / "d" / "setup.py").touch()
    assert target(folder=tmp_path / "a" / "d") is CURRENT


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert target(folder=tmp_path) is CURRENT
    assert target(files={"requirements.txt": "keras==2.3\n"}, folder=tmp_path).keras == 2
    assert target(files={"requirements.txt": "keras==3.10\n"}, folder=tmp_path).keras == 3


def test_the_order_of_sources(tmp_path: Path) -> None:
    old = "from keras.layers.core import Dense\n"
    files = {"requirements.txt": "keras>=3\n"}
    assert target(old).keras == 2
    assert target(old, files, tmp_path).keras == 3
    assert target("import tf_keras\n", files, tmp_path).keras == 2
    assert target(old, files, tmp_path, setting="2") == Target(2, source="the setting target-keras = 2")
    assert target(old, files, tmp_path, setting="3.4").minor == 4


def test_what_other_modules_import_counts(tmp_path: Path) -> None:
    files = {"net.py": "from keras.layers.core import Dense\n", "old.py": "import tf_keras\n"}
    assert target("import keras, net\n", files, tmp_path).source == "a module that it imports uses keras.layers.core"
    assert target("import old\n", {}, tmp_path).keras == 2
    assert target("import keras, old\n", {}, tmp_path) is CURRENT


@pytest.mark.parametrize(
    ("cell", "keras"),
    [
        ("!pip install tensorflow==2.12", 2),
        ("%pip install -q -U 'tensorflow<2.16' numpy", 2),
        ("pip install keras==2.3.1", 2),
        ("!python3 -m pip install keras==3.1 && ls", 3),
        ("!pip3 install \\\n  numpy \\\n  tensorflow-gpu==1.15", 2),
        ("%%bash\npip install keras==2.4", 2),
        ("%%capture\n!uv pip install keras==2.4", 2),
        ("!conda install -y tensorflow=2.10", 2),
        ("!pip install -q keras tensorflow", None),
        ("# !pip install keras==2.3", None),
        ("!echo pip install keras==2.3", None),
        ("!pip install 'keras==2.3", None),
    ],
)
def test_what_a_notebook_installs(tmp_path: Path, cell: str, keras: int | None) -> None:
    data = notebook("md:!pip install keras==2.0", cell, "import keras")
    found = target(data, {"requirements.txt": "numpy\n"}, tmp_path, "n.ipynb")  # type: ignore[arg-type]
    assert found.keras == (keras or 3)
    assert (found is CURRENT) == (keras is None)


def test_rules_see_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Target] = []

    class Watcher(rules.base.Rule):
        code, name, since, symptoms = "KM900", "watcher", "0", ()

        def check(self, program: Program):
            seen.append(program.target)
            yield from ()

    monkeypatch.setattr(rules, "all_rules", lambda: (Watcher,))
    selection.selected.cache_clear()
    (tmp_path / "setup.cfg").write_text("[options]\ninstall_requires = keras==2.4\n")
    path = str(tmp_path / "train.py")
    try:
        engine.check_bytes(b"import keras", "train.py", selection.Settings())
        engine.check_bytes(b"import keras", "train.py", selection.Settings(), path=path)
        engine.check_bytes(b"import keras", "train.py", selection.Settings(target_keras="3.1"), path=path)
    finally:
        selection.selected.cache_clear()
    assert [(one.keras, one.minor) for one in seen] == [(3, None), (2, 4), (3, 1)]


@pytest.mark.parametrize(
    ("version", "status"), [("2", 0), ("3", 0), ("3.12", 0), ("4", 2), ("3.x", 2), ("", 2), ("2٣", 2)]
)
def test_the_option(tmp_path: Path, version: str, status: int) -> None:
    (tmp_path / "train.py").write_text("import keras\n")
    result = subprocess.run(
        [sys.executable, "-m", "kerlint", "check", "--target-keras", version, "train.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(kerlint.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == status
    assert ("version of Keras" in result.stderr) == bool(status)
