"""The process that runs experiments: the only part of kerlint that imports TensorFlow.

It reads jobs as lines of JSON and answers with lines of JSON. It is started by its path, by any Python that has
TensorFlow, and takes nothing but its own files from the installation of kerlint. It runs no code of the linted
program: a job is data, and is checked as such.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import types
from typing import Any, TextIO


def main() -> None:
    """Answers jobs until there are no more."""
    _end_with_parent()
    answers = _private_output()
    _borrow_own_files()
    limit = int(os.environ.get("KERLINT_PROBE_MEMORY", "0"))
    started = time.monotonic()
    try:
        tf, keras = _tensorflow()
    except ModuleNotFoundError as error:
        _answer(answers, {"missing": error.name or str(error)})
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no TensorFlow to be used
        _answer(answers, {"broken": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})
        return
    _close_doors(limit)
    _answer(answers, {"ready": keras.__version__, "seconds": time.monotonic() - started})
    for line in sys.stdin:
        _answer(answers, _run(tf, keras, line))


def _end_with_parent() -> None:
    """Ends this process soon after the one that started it, however that ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def _private_output() -> TextIO:
    """Standard output for answers alone; whatever else is printed goes where errors go."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def _borrow_own_files() -> None:
    """Makes `kerlint.probe` importable, and nothing else that is installed beside it."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
    package = types.ModuleType("kerlint")
    package.__path__ = [os.path.dirname(here)]
    sys.modules["kerlint"] = package


def _tensorflow() -> tuple[Any, Any]:
    import tensorflow as tf

    # One thread: small models are faster so, and sums have one order.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices([], "GPU")
    import keras

    from kerlint.probe.lab.backend import version
    from kerlint.probe.lab.choice import OLDEST

    if version(keras) < OLDEST:
        least = ".".join(map(str, OLDEST))
        raise ModuleNotFoundError(name=f"Keras {least} or a later one")
    tf.config.experimental.enable_op_determinism()
    # Operations that draw without a seed of their own are refused otherwise.
    tf.random.set_seed(0)
    return tf, keras


def _close_doors(memory: int) -> None:
    """Nothing that follows may open a connection or start a process, or take more than `memory` bytes."""

    def refuse(event: str, _: object) -> None:
        if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
            raise PermissionError(f"{event} is not for experiments")

    sys.addaudithook(refuse)
    try:
        import resource
    except ImportError:
        # Windows: the process that waits for the answers looks after the memory.
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))
    if memory:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (memory if hard < 0 else min(memory, hard), hard))


def _run(tf: Any, installed: Any, line: str) -> dict[str, Any]:
    from kerlint.probe.description import Invalid, check
    from kerlint.probe.lab import measure
    from kerlint.probe.lab.choice import Unsuited, keras_for, versions
    from kerlint.probe.lab.pipelines import WORK, answer

    try:
        job = check(json.loads(line))
        keras = keras_for(job, installed)
        started = time.monotonic()
        run = answer if job["kind"] in WORK else measure.run
        found = {name: run(tf, keras, job, name) for name in ("original", "repaired")}
        # A graph that nobody needs any more is memory that the next job needs.
        keras.backend.clear_session()
        seconds = time.monotonic() - started
        return {"result": measure.rounded(found), "seconds": seconds, "versions": versions(tf, keras)}
    except (Invalid, Unsuited) as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": "the memory is not enough"}
    except Exception as error:  # noqa: BLE001 - one experiment must not end the others
        return {"refused": f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]}


def _answer(stream: TextIO, answer: dict[str, Any]) -> None:
    stream.write(json.dumps(answer) + "\n")
    stream.flush()


if __name__ == "__main__":
    main()
