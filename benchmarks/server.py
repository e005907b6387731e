"""Measures how long the language server takes from a keystroke to the findings; see the README beside this."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kerlint
from benchmarks.timing import ROOT, environment, table
from kerlint import processes

LINES = 500
#: Keystrokes before anything is measured: rules and grammar are loaded, and caches filled.
WARM_UP = 10
#: Seconds between two keystrokes, as when somebody types fast.
PAUSE = 0.15


class Client:
    """An editor, as far as the messages go that are measured."""

    def __init__(self, folder: Path) -> None:
        self.uri = (folder / "train.py").as_uri()
        self.version = 0
        self._number = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kerlint", "server"],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        folders = [{"uri": folder.as_uri(), "name": "folder"}]
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": folders})
        self.tell("initialized", {})

    def open(self, text: str) -> int:
        """Opens a text; the answer is how many findings it has."""
        self.version = 1
        document = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return len(self.published()["diagnostics"])

    def type(self, line: int, column: int, letter: str) -> None:
        """Presses a key."""
        self.version += 1
        place = {"line": line, "character": column}
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": {"start": place, "end": place}, "text": letter}],
            },
        )

    def published(self) -> Mapping[str, Any]:
        """Waits for the findings in the text as it is now."""
        while True:
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics":
                found: Mapping[str, Any] = message["params"]
                if found["version"] == self.version:
                    return found

    def lenses(self) -> None:
        """Asks for something that needs the findings, and for which the server does not wait."""
        self.ask("textDocument/codeLens", {"textDocument": {"uri": self.uri}})

    def cpu(self) -> float:
        """The seconds of CPU time that the server has taken; not a number where the system does not say."""
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return float("nan")
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Says goodbye."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self._process.wait(30)

    def ask(self, method: str, params: object) -> None:
        """Sends a request, and waits for the answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while self._read().get("id") != self._number:
            pass

    def tell(self, method: str, params: object) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: Mapping[str, object]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode("utf-8")
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        stream.flush()

    def _read(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        size = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        if not size:
            raise EOFError("the server has gone")
        found: dict[str, Any] = json.loads(stream.read(size))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the language server and prints a table in Markdown.")
    parser.add_argument("files", nargs="*", type=Path, help="scripts to type in besides those of the repository")
    parser.add_argument("--keystrokes", type=int, default=60, metavar="N", help="so many are measured (60)")
    options = parser.parse_args()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"kerlint {kerlint.__version__}, {python}, {platform.system()}, {processes.cores()} cores\n")
    head = ["", "lines", "findings", "shown: best", "median", "answered: best", "median", "CPU per keystroke"]
    rows = [measured(name, text, options.keystrokes) for name, text in scripts(options.files)]
    print(table(head, rows))


def scripts(files: list[Path]) -> Iterator[tuple[str, str]]:
    """Yields names and texts: programs in a row, with twenty models, which is more than scripts have; and the files."""
    programs = [path for kind in ("clean", "faulty") for path in sorted((ROOT / "fixtures" / kind).glob("*.py"))]
    lines: list[str] = []
    for path in itertools.cycle(programs):
        more = [line for line in path.read_text(encoding="utf-8").rstrip().split("\n") if "__future__" not in line]
        if len(lines) + len(more) > LINES:
            break
        lines += more
    yield "programs in a row", "\n".join(lines) + "\n"
    for file in files:
        yield f"`{file.name}`", file.read_text(encoding="utf-8")


def measured(name: str, text: str, keystrokes: int) -> list[str]:
    """A row: from the keystroke until findings are shown, and until a question about them is answered at once."""
    with tempfile.TemporaryDirectory() as folder:
        client = Client(Path(folder).resolve())
        # What is typed is code, at the top of the file: nothing of the rest can be kept.
        found = client.open(f"name = 1\n{text}")
        column = len("name")
        shown: list[float] = []
        answered: list[float] = []
        before = 0.0
        for index in range(WARM_UP + keystrokes):
            if index == WARM_UP:
                before = client.cpu()
            time.sleep(PAUSE)
            start = time.perf_counter()
            client.type(0, column + index, "x")
            if index % 2:
                client.published()
                shown.append(time.perf_counter() - start)
            else:
                client.lenses()
                answered.append(time.perf_counter() - start)
        cpu = (client.cpu() - before) / keystrokes
        client.close()
    shown, answered = shown[WARM_UP // 2 :], answered[WARM_UP // 2 :]
    figures = [min(shown), statistics.median(shown), min(answered), statistics.median(answered), cpu]
    return [name, str(text.count("\n")), str(found), *(f"{1000 * one:.0f} ms" for one in figures)]


if __name__ == "__main__":
    main()
